"""Long-term memory over HTTP: typed, versioned, refused by name, gone when erased."""

import json
from typing import Any

import httpx
import pytest

ENTRY = "/v1/memory/brand.voice"
NOTE = {"contract": "Note@1", "who": "anna", "note": "first words"}


def _put(text: str, expected: int = 0, **more: object) -> dict[str, Any]:
    return {**NOTE, "value": {"text": text}, "expected": expected, **more}


@pytest.fixture
async def voice(caller: httpx.AsyncClient) -> str:
    """An entry of two versions."""
    await caller.put(ENTRY, json=_put("be warm"))
    await caller.put(ENTRY, json=_put("be very warm", 1))
    return ENTRY


async def test_an_entry_is_written_and_read(caller: httpx.AsyncClient) -> None:
    """The version tells who wrote it and what it is; the value comes back as it was sent."""
    made = await caller.put(ENTRY, json=_put("be warm"))
    read = (await caller.get(ENTRY)).json()

    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert read["value"]["text"] == "be warm"
    assert (read["contract"], read["trust"]) == ("Note@1", "operator")
    assert read["provenance"]["who"] == "anna"
    assert "body" not in read


async def test_a_version_that_was_not_expected_is_refused(
    caller: httpx.AsyncClient, voice: str
) -> None:
    """Whoever has not seen the last version is told its number, and nothing is written."""
    refused = await caller.put(voice, json=_put("be cold", 1))

    assert refused.status_code == 409
    assert "has version 2 now" in refused.json()["detail"]
    assert (await caller.get(voice)).json()["version"] == 2


async def test_a_repeated_request_writes_once(caller: httpx.AsyncClient) -> None:
    """With an Idempotency-Key the second request finds what the first one wrote."""
    headers = {"Idempotency-Key": "one"}

    first, again = [
        (await caller.put(ENTRY, json=_put("be warm"), headers=headers)).json() for _ in range(2)
    ]

    assert first == again


async def test_a_value_that_does_not_fit_is_refused_by_place(caller: httpx.AsyncClient) -> None:
    """A misspelt field and an unknown contract are named."""
    misfit = (await caller.put(ENTRY, json={**NOTE, "value": {"txt": 1}})).json()
    unknown = (await caller.put(ENTRY, json={**_put("x"), "contract": "Nothing@1"})).json()

    assert {each["pointer"] for each in misfit["errors"]} >= {"/value/txt"}
    assert [each["pointer"] for each in unknown["errors"]] == ["/contract"]


@pytest.mark.parametrize("name", ["brand", "brand.voice.x", "Brand.voice", "..%2Fx.y", "a.b%2F.."])
async def test_only_names_of_entries_are_looked_for(caller: httpx.AsyncClient, name: str) -> None:
    """What is no namespace and name reaches no store."""
    assert (await caller.get(f"/v1/memory/{name}")).status_code in (404, 422)


async def test_the_history_tells_every_version(caller: httpx.AsyncClient, voice: str) -> None:
    """Oldest first, each chained to the one before, and each can be read."""
    versions = (await caller.get(f"{voice}/history")).json()["versions"]
    old = (await caller.get(f"{voice}/versions/1")).json()

    assert [each["version"] for each in versions] == [1, 2]
    assert versions[0]["previous"] == ""
    assert len(versions[1]["previous"]) == 64
    assert old["value"]["text"] == "be warm"


async def test_versions_are_compared_by_words(caller: httpx.AsyncClient, voice: str) -> None:
    """What was added is told apart from what was kept."""
    told = (await caller.get(f"{voice}/difference", params={"before": 1, "after": 2})).json()

    assert [each["text"] for each in told["pieces"] if each["change"] == "added"] == [" very"]


async def test_going_back_is_a_new_version(caller: httpx.AsyncClient, voice: str) -> None:
    """A restored version equals the old one and says which it was."""
    body = {"version": 1, "expected": 2, "who": "otto"}

    made = (await caller.post(f"{voice}/restore", json=body)).json()

    assert (made["version"], made["act"], made["of"]) == (3, "restored", 1)
    assert (await caller.get(voice)).json()["value"]["text"] == "be warm"


async def test_an_erased_entry_is_gone(caller: httpx.AsyncClient, voice: str) -> None:
    """Reading it answers 410 with who and when; the list still names it."""
    await caller.delete(voice, params={"who": "otto"})

    gone = await caller.get(voice)
    [listed] = (await caller.get("/v1/memory", params={"namespace": "brand"})).json()["entries"]

    assert gone.status_code == 410
    assert "by otto" in gone.json()["detail"]
    assert (listed["act"], listed["contract"]) == ("erased", "")


async def test_an_export_is_imported_again(caller: httpx.AsyncClient, voice: str) -> None:
    """Every line is one version; importing what is there changes nothing."""
    exported = (await caller.get("/v1/memory/export", params={"entry": "brand.voice"})).text
    lines = exported.splitlines()

    done = (await caller.post("/v1/memory/import", json={"lines": lines})).json()

    assert [json.loads(line)["version"] for line in lines] == [1, 2]
    assert done == {"entries": 1, "written": 0, "present": 2}
