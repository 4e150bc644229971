"""Every finding there is: explained, with an example that has it, and seen in a broken flow."""

from pathlib import Path

import pytest

from services.cli.code_page import page
from services.flows.examining import Examined, examine_file, examine_text, one_of_each_name
from services.flows.shelf import flow_files
from tests.flows.expected import (
    BROKEN,
    REGENERATE,
    ROOT,
    examined,
    installation,
    said,
    written_codes,
)
from workflows.checking.code import Code
from workflows.checking.codes import CODES
from workflows.checking.examples import LETTER, PLAN

EVERY_CODE = pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))


@pytest.mark.parametrize("name", [path.name for path in flow_files(BROKEN)])
def test_the_check_says_of_a_broken_flow_what_it_always_said(name: str) -> None:
    """Place, words, line, caret, remedy, path and witness of every finding stay as they are."""
    told = said().get(f"{name[:-5]}.txt")
    kept = BROKEN / f"{name[:-5]}.txt"

    assert (kept.read_text("utf-8") if kept.exists() else None) == told, REGENERATE


def test_no_text_is_left_over() -> None:
    """Every text kept belongs to a broken flow."""
    assert {path.name for path in BROKEN.glob("*.txt")} == set(said()), REGENERATE


def _codes(examined: Examined) -> set[str]:
    return {finding.code for finding in examined.findings}


@EVERY_CODE
def test_every_code_has_a_broken_flow(code: Code) -> None:
    """There is a broken flow for each code, and in one of them the check finds nothing else."""
    mine = [_codes(each) for name, each in examined().items() if name.startswith(code.code)]

    assert any(code.code in found for found in mine)
    assert {code.code} in mine


def test_every_code_of_the_sources_is_in_the_catalogue() -> None:
    """No finding goes unexplained, and nothing is explained that is never found."""
    assert written_codes() == set(CODES)


@EVERY_CODE
def test_an_example_has_the_finding_it_explains(code: Code, tmp_path: Path) -> None:
    """The example of a code, checked beside another flow, has findings of that code alone."""
    path = tmp_path / "example.yaml"
    path.write_bytes(code.example.broken.encode(code.example.saved_as))
    resolved = installation(code.code)

    beside = examine_text("letter.yaml", LETTER, resolved)
    *_, found = one_of_each_name([beside, examine_file(path, path.name, resolved)])

    told = [each.severity for each in found.findings if each.code == code.code]
    assert set(told) == {code.severity}
    assert _codes(found) == {code.code}


@EVERY_CODE
def test_what_mends_an_example_is_part_of_a_sound_flow(code: Code) -> None:
    """An example shows lines that stand in its flow once, and how they look with the slip."""
    example = code.example

    assert example.flow.count(example.mended) == 1
    assert example.wrong != example.mended


def test_the_page_of_findings_is_up_to_date() -> None:
    """docs/findings.md is what the catalogue says today."""
    kept = (ROOT / "docs" / "findings.md").read_text("utf-8")

    assert kept == page(), "run `orchestra flows explain-code --markdown > docs/findings.md`"


@pytest.mark.parametrize("flow", [PLAN, LETTER], ids=["plan", "letter"])
def test_the_flows_of_the_examples_are_sound(flow: str) -> None:
    """What mends an example leaves a flow without any finding, notes included."""
    found = examine_text("sound.yaml", flow, installation(""))

    assert found.findings == ()
