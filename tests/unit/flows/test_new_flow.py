"""A new flow: whatever it is called, what is written passes the check and runs."""

from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.compiled import CompiledFlow
from contracts.notation import NAME
from contracts.run import DecisionRequest, RunStatus
from services import composition
from services.errors import ConflictError, InputInvalidError, StorageError
from services.flows.compile import compile_flow, inspect
from services.flows.document import FlowFile, read_text
from services.flows.new import new_flow, write_new
from services.memory.in_process import InProcessArchive, InProcessStore
from services.publishing.in_process import InProcessPublisher
from services.settings import Settings
from tests.articles import article, article_model, brief
from tests.replay.scenarios import gate_of

CATALOGUE = composition.catalogue(Settings.from_environ({}))


def _new(name: str) -> FlowFile:
    return read_text(f"{name}.yaml", new_flow(name))


def _compiled(name: str) -> CompiledFlow:
    return compile_flow(_new(name), CATALOGUE)


def test_the_check_has_nothing_to_say_about_a_new_flow() -> None:
    """No error, and no note either."""
    assert inspect(_new("mine"), CATALOGUE).findings == ()


@given(st.from_regex(NAME, fullmatch=True).map(str.strip).filter(lambda name: name != "article"))
@example("null")
@example("true")
@example("false")
@example("no")
@example("e1")
@example("new_flow")
@example("new_flow_new_flow")
@example("orchestra")
@example("a" * 48)
@settings(deadline=None, derandomize=True, max_examples=25)
def test_any_valid_name_will_do(name: str) -> None:
    """Whatever YAML takes the name for, the flow has it and nothing else changes."""
    read = _new(name)

    assert read.document.flow == name
    assert read.document.model_copy(update={"flow": "mine"}) == _new("mine").document
    assert f"orchestra run {name} --input" in new_flow(name)


def test_a_new_flow_compiles() -> None:
    """With the agents, contracts and prompts of this installation."""
    assert _compiled("mine").name == "mine"


def test_every_part_has_its_comment() -> None:
    """Each section of the file is explained in the line before it."""
    lines = new_flow("mine").splitlines()
    sections = ("flow:", "input:", "budget:", "retention:", "on_failure:", "ends:")
    bare = [
        line
        for before, line in pairwise(lines)
        if line.startswith(sections) and not before.startswith("# ")
    ]

    assert bare == []


@pytest.mark.parametrize("name", ["", "News", "1st", "my-news", "my news", "a" * 49, "x\n", "é"])
def test_what_is_no_name_is_told_what_one_is(name: str) -> None:
    """Upper case, dashes, blanks and what is too long are refused with the rule."""
    with pytest.raises(InputInvalidError, match="lower-case letters, digits and underscores"):
        new_flow(name)


def test_the_name_of_a_shipped_flow_is_taken() -> None:
    """It would never be offered, for two files cannot declare one name."""
    with pytest.raises(ConflictError, match="'article' comes with the program"):
        new_flow("article")


def test_a_file_that_is_there_is_never_lost(tmp_path: Path) -> None:
    """The file stays as it is, and the message says what to do."""
    path = tmp_path / "mine.yaml"
    path.write_text("flow: mine\n")

    with pytest.raises(ConflictError, match=r"mine\.yaml is there already .* with -o"):
        write_new(path, new_flow("mine"))

    assert path.read_text() == "flow: mine\n"


@pytest.mark.parametrize(
    ("file", "error", "message"),
    [
        ("gone/mine.yaml", StorageError, "cannot be written: No such file"),
        ("mine.txt", InputInvalidError, r"let it end in \.yaml"),
    ],
)
def test_what_cannot_be_written_says_why(
    tmp_path: Path, file: str, error: type[Exception], message: str
) -> None:
    """A missing folder, and an ending by which no flow is found."""
    with pytest.raises(error, match=message):
        write_new(tmp_path / file, "")


@pytest.mark.servers
async def test_a_run_of_a_new_flow_publishes_what_the_editor_approved(
    temporal_address: str,
) -> None:
    """From a brief, past the gate, to its declared end."""
    bench = await article(
        temporal_address,
        tenant=f"n{uuid4().hex[:8]}",
        store=InProcessStore(),
        archive=InProcessArchive(),
        publisher=InProcessPublisher(),
        model=article_model(),
    )
    bench.runs.shelf.flows["mine"] = _compiled("mine")
    async with bench.worker():
        run = (await bench.runs.start("mine", brief("hot-heap"))).run
        gate = await gate_of(bench, run)
        request = DecisionRequest(shown=gate.shown, who="eva", verdict="approve")
        await bench.gates.decide(run, "approve", request)
        ended = await bench.ended(run)

    assert (ended.status, ended.flow) == (RunStatus.SUCCEEDED, "mine")
    await bench.memory.aclose()
