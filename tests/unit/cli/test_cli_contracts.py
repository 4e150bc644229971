"""`orchestra contracts`: the check, its exit code and formats, the list and one contract."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from contracts import schema_lock
from contracts.base import Contract
from contracts.content.topic import TopicLabel
from contracts.registry import Registry
from services.cli.app import main


class Note(Contract, version=1):
    """Some text."""

    text: str
    colour: str = "red"


class Grown(Contract, name="Note", version=1):
    """Some text, and how large it is."""

    text: str
    colour: str = "red"
    size: int = 0


class Shorter(Contract, name="Note", version=1):
    """A little text."""

    text: str = Field(max_length=3)
    colour: str = "red"


class Looser(Contract, name="Note", version=1):
    """Some text or none."""

    text: str | None
    colour: str = "red"


SAMPLES = "tests/unit/contracts/samples"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Call the program as a shell would."""
    with pytest.raises(SystemExit) as ended:
        main(("contracts", *words))
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


class Checkout:
    """A folder with a lock, a stored value, and the contracts of its code."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lock, self.samples = folder / "schemas", folder / SAMPLES
        self.lock.mkdir()
        self.samples.mkdir(parents=True)
        (self.samples / "Note@1.json").write_text('{"text":"One"}\n')
        (self.samples / "TopicLabel@1.json").write_text(
            '{"topic":"home","risk":"low","confidence":7,"rule":"none"}\n'
        )
        self._patch = monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setattr(schema_lock, "LOCK", self.lock)
        self.declare(Note)
        schema_lock.publish(Registry.of([Note]), ["Note@1"], self.lock)

    def declare(self, *contracts: type[Contract]) -> None:
        """Let the code declare these and no others."""
        self._patch.setattr(schema_lock, "PUBLISHED", Registry.of(contracts))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout in which a note is published as it is declared."""
    return Checkout(tmp_path, monkeypatch)


def test_contracts_as_published_take_one_line(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing to do: one line, and 0."""
    assert run(capsys, "check") == (
        0,
        "1 published contract: all as published, every stored value is read\n",
        "",
    )


def test_a_compatible_change_waits_to_be_published(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check ends with 1 and says how; --write does it, and then all is well."""
    checkout.declare(Grown)

    before, told, _ = run(capsys, "check")
    written, published, _ = run(capsys, "check", "--write")
    after, _, _ = run(capsys, "check")

    assert (before, written, after) == (1, 0, 0)
    assert "  size: added: whole number, default 0  [compatible]\n" in told
    assert published.startswith("published Note@1\n")


def test_a_breaking_change_is_refused(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """--write says what to do instead, and that nothing was published."""
    checkout.declare(Shorter)
    before = (checkout.lock / "Note@1.json").read_bytes()

    code, told, _ = run(capsys, "check", "--write")

    assert code == 1
    assert 'class NoteV1(Contract, name="Note", version=1)' in told
    assert told.endswith("1 published contract: 1 to see to; nothing was published\n")
    assert (checkout.lock / "Note@1.json").read_bytes() == before


def test_a_wider_contract_takes_somebody_who_vouches(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """--readers-first publishes what older programs refuse; alone it means nothing."""
    checkout.declare(Looser)

    refused, _, _ = run(capsys, "check", "--write")
    misused, _, error = run(capsys, "check", "--readers-first")
    taken, _, _ = run(capsys, "check", "--write", "--readers-first")

    assert (refused, misused, taken) == (1, 2, 0)
    assert "--readers-first says what" in error


def test_findings_are_told_to_programs(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """As JSON each change has its place, its verdict and the steps to take."""
    checkout.declare(Shorter)

    code, out, _ = run(capsys, "check", "--format", "json")

    report: dict[str, Any] = json.loads(out)
    [finding] = report["findings"]
    [change] = finding["changes"]
    assert (code, report["ok"], report["contracts"]) == (1, False, 1)
    assert (finding["contract"], finding["verdict"]) == (
        "Note@1",
        "needs a new version and a migration",
    )
    assert (change["change"]["path"], change["change"]["stored"]) == ("text", "may fail")
    assert len(finding["steps"]) == 6


def test_those_who_use_a_contract_are_named(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change that breaks somebody says which agents, slots and rules to look at."""
    stricter = type("TopicLabel", (TopicLabel,), {"__annotations__": {"note": str}}, version=1)
    schema_lock.publish(Registry.of([TopicLabel]), ["TopicLabel@1"], checkout.lock)
    checkout.declare(Note, stricter)

    _, told, _ = run(capsys, "check")

    assert "  slots: article.topic, newsletter.topic\n" in told
    assert "  looked at: article.topic.risk, newsletter.topic.risk\n" in told
    assert "  produced by: topic_classifier\n" in told


def test_stored_values_may_lie_elsewhere(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there are none the last line says so; a folder that is named has to be there."""
    nowhere = checkout.samples.parent / "nowhere"
    code, _, error = run(capsys, "check", "--samples", str(nowhere))
    (checkout.samples / "Note@1.json").write_text("{}")
    broken, told, _ = run(capsys, "check", "--samples", str(checkout.samples))

    assert (code, broken) == (4, 1)
    assert error.startswith(f"error: there is no folder {nowhere}")
    assert "the stored value is not read: text: Field required" in told


def test_a_lock_that_cannot_be_written_is_named(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever installed the program learns which file it was."""
    checkout.declare(Grown)
    schema = checkout.lock / "Note@1.json"
    schema.unlink()
    schema.mkdir()

    code, _, error = run(capsys, "check", "--write")

    assert code == 3
    assert error.startswith(f"error: {schema}: Is a directory")


def test_the_contracts_are_listed(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """With their state, and who makes them; as data too."""
    checkout.declare(Grown, TopicLabel)

    _, table, _ = run(capsys, "list")
    _, out, _ = run(capsys, "list", "--json")

    note, topic = table.splitlines()[1:]
    assert note.split()[:2] == ["Note@1", "not"]
    assert "topic_classifier" in topic
    assert [each["state"] for each in json.loads(out)] == [
        "not as it was published",
        "not published yet",
    ]


def test_one_contract_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Every field with what fits, parts in place, and who uses it; as JSON its schema."""
    _, shown, _ = run(capsys, "show", "Draft@1")
    _, out, _ = run(capsys, "show", "Draft@1", "--json")

    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "sections list of 1 to 7 items, each Section" in lines
    assert 'answers[].resolution "fixed" or "declined"' in lines
    assert "slots: article.draft, newsletter.draft" in lines
    assert list(json.loads(out)["properties"]) == ["title", "sections", "answers", "made_by"]


def test_a_part_that_holds_itself_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The conditions of a compiled flow nest without end; their table ends."""
    code, shown, _ = run(capsys, "show", "CompiledFlow@1")

    assert code == 0
    assert "steps{}.next[].when.parts" in shown


def test_an_unknown_contract_is_answered_with_those_near(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The list is short where the name is nearly right."""
    assert run(capsys, "show", "Draft@2") == (
        4,
        "",
        "error: there is no contract Draft@2; there are Draft@1\n",
    )
