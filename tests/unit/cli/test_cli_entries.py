"""`orchestra memory`: entries of long-term memory, as a person sees and writes them."""

from pathlib import Path
from typing import Any

import pytest

from services.cli.app import main
from services.cli.entry_table import difference
from services.comparing.words import word_diff
from services.gateway.memory_replies import DifferencePiece
from tests.unit.cli.conftest import CannedGateway

VERSION: dict[str, Any] = {
    "entry": "brand.voice",
    "version": 2,
    "act": "written",
    "at_ms": 1_767_607_200_000,
    "contract": "BrandVoice@1",
    "trust": "operator",
    "digest": "ab" * 32,
    "size": 2048,
    "previous": "cd" * 32,
    "provenance": {"who": "anna", "note": "warmer"},
}
ENTRY = "/v1/memory/brand.voice"


def _ended(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["memory", *arguments])
    return ended.value.code


def _rows(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_entries_are_listed(gateway: CannedGateway, capsys: pytest.CaptureFixture[str]) -> None:
    """Each entry has a line with what it is, who wrote it last and when."""
    gateway.has("GET /v1/memory", {"entries": [VERSION]})

    assert _ended("list") == 0

    [_, line] = _rows(capsys.readouterr().out)
    assert line == "brand.voice 2 BrandVoice@1 operator 2.0 KiB 2026-01-05 10:00 UTC anna"


def test_an_entry_is_shown_with_its_value(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who wrote it comes first, then the value; --value prints the value alone."""
    gateway.has(f"GET {ENTRY}", {**VERSION, "value": {"tone": "warm"}})

    assert (_ended("get", "brand.voice"), _ended("get", "brand.voice", "--value")) == (0, 0)

    shown, alone = capsys.readouterr().out.split('{\n  "tone": "warm"\n}')[:2]
    assert "written 2026-01-05 10:00 UTC by anna" in _rows(shown)
    assert alone == "\n"


def test_a_file_is_written_by_the_contract_of_its_name(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`brand.voice` takes a BrandVoice@1 unless something else is said."""
    gateway.has(f"PUT {ENTRY}", VERSION)
    file = tmp_path / "voice.yaml"
    file.write_text("tone: warm\n", "utf-8")

    assert _ended("put", "brand.voice", str(file), "--expected", "1", "--who", "anna") == 0

    sent = gateway.asked[-1][2]
    assert (sent["contract"], sent["expected"], sent["who"]) == ("BrandVoice@1", 1, "anna")
    assert capsys.readouterr().out.startswith("brand.voice version 2   BrandVoice@1")


def test_a_conflict_ends_with_4_and_says_what_to_expect(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The message names the version that is there."""
    told = {"status": 409, "code": "ConflictError", "detail": "brand.voice has version 7 now"}
    gateway.has(f"PUT {ENTRY}", told, status=409)
    file = tmp_path / "voice.json"
    file.write_text('{"tone": "warm"}', "utf-8")

    assert _ended("put", "brand.voice", str(file)) == 4

    assert "brand.voice has version 7 now" in capsys.readouterr().err


def test_the_history_shows_what_changed(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below the list each version tells its difference from the one before."""
    older = {**VERSION, "version": 1, "previous": ""}
    merged = {**VERSION, "act": "merged", "of": 1}
    gateway.has(f"GET {ENTRY}/history", {"versions": [older, merged]})
    pieces = [{"change": "added", "text": "very "}, {"change": "kept", "text": "warm"}]
    gateway.has(f"GET {ENTRY}/difference", {"before": 1, "after": 2, "pieces": pieces})

    assert _ended("history", "brand.voice", "--diff") == 0

    rows = _rows(capsys.readouterr().out)
    assert rows[2].startswith("2 merged over 1 operator")
    assert rows[-2:] == ["1 -> 2", "{+very +}warm"]


def test_a_difference_shows_changed_lines_alone() -> None:
    """Lines that are the same in both versions are left out."""
    before, after = '{\n  "a": "one",\n  "b": "two"\n}', '{\n  "a": "one",\n  "b": "three"\n}'
    pieces = [
        DifferencePiece(change=each.change, text=each.text) for each in word_diff(before, after)
    ]

    assert difference(pieces) == '  "b": "[-two-]{+three+}"'


def test_going_back_follows_the_last_version(gateway: CannedGateway) -> None:
    """Without --expected the last version is asked for first."""
    gateway.has(f"GET {ENTRY}", {**VERSION, "value": {}})
    gateway.has(f"POST {ENTRY}/restore", {**VERSION, "version": 3, "act": "restored", "of": 1})

    assert _ended("restore", "brand.voice", "1", "--who", "anna") == 0

    assert gateway.asked[-1][2]["expected"] == 2


def test_an_export_goes_to_a_file_and_comes_back(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What was written to a file is sent again line by line."""
    gateway.answers["GET /v1/memory/export"] = (200, "application/x-ndjson", b'{"entry":"a.b"}\n')
    gateway.has("POST /v1/memory/import", {"entries": 1, "written": 1, "present": 0})
    file = tmp_path / "entries.jsonl"

    assert _ended("export", "-o", str(file)) == 0
    assert _ended("import", str(file)) == 0

    assert gateway.asked[-1][2] == {"lines": ['{"entry":"a.b"}']}
    assert capsys.readouterr().out == "1 entries: 1 versions written, 0 were there\n"


def test_erasing_has_to_be_meant(gateway: CannedGateway) -> None:
    """Without --yes nothing is erased."""
    gateway.has(f"DELETE {ENTRY}", {**VERSION, "act": "erased", "contract": "", "digest": ""})

    assert _ended("erase", "brand.voice") == 2
    assert gateway.asked == []
    assert _ended("erase", "brand.voice", "--yes", "--who", "anna") == 0
    assert gateway.asked[-1][0] == f"DELETE {ENTRY}?who=anna"


def test_a_name_that_no_entry_has_is_refused(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """A namespace alone is told to be no entry, without asking anybody."""
    assert _ended("get", "brand") == 4

    assert "write namespace.name, as in brand.voice" in capsys.readouterr().err
    assert gateway.asked == []
