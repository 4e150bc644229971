"""Budgets, facts, exit codes, error sentences, verbatim checks and batches: small pure parts."""

import hashlib
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from pydantic import JsonValue

from contracts.compiled import CompiledBudget
from contracts.run import RunStatus
from contracts.usage import Usage
from services.cli import exit_code, failing, verbatim
from services.cli.adding import REQUEST_BYTES, add, read
from services.cli.budget import raised
from services.cli.client import Gateway
from services.cli.exit_code import ExitCode
from services.cli.facts import describe
from services.cli.lines import spent_in_all
from services.cli.output import clean
from services.errors import (
    ConflictError,
    FlowInvalidError,
    InputInvalidError,
    Problem,
    SettingsError,
    UnavailableError,
)
from services.publishing.markdown import escape
from services.retrieval.base import Document
from services.retrieval.documents import Reading

BUDGET = CompiledBudget(model_calls=10, tokens=1000, microusd=500_000, working_seconds=600)
DRAFT: JsonValue = {"sections": [{"sentences": [{"text": "Turn it *often*."}]}]}


def test_only_what_is_written_changes_in_a_budget() -> None:
    """A person raises one limit and the others stay."""
    changed = raised(BUDGET, "usd=4.50, working_time=1h")

    assert changed == BUDGET.model_copy(update={"microusd": 4_500_000, "working_seconds": 3600})


@pytest.mark.parametrize("written", ["money=4", "usd=much", "tokens=-1", "working_time=60", "usd"])
def test_unfit_budgets_are_refused(written: str) -> None:
    """What is no budget is an error that says how one is written."""
    with pytest.raises(InputInvalidError):
        raised(BUDGET, written)


@pytest.mark.parametrize(
    ("contract", "value", "told"),
    [
        ("EvidenceSet@1", {"items": [{"source": {"id": "a"}}] * 2}, "1 source, 2 quotes"),
        ("Outline@1", {"sections": [{}, {}]}, "2 sections"),
        ("Draft@1", DRAFT, "3 words"),
        ("ClaimReport@1", {"claims": [{}], "unsupported": 0}, "1 claim, 0 unsupported"),
        ("Review@1", {"verdict": "revise", "comments": [{}]}, "revise, 1 comment"),
        ("Decision@1", {"verdict": "reject", "who": "anna\x1b"}, "reject by anna "),
        ("TopicLabel@1", {"topic": "home", "risk": "low"}, "home, low risk"),
        ("Publication@1", {"where": "a.md"}, "a.md"),
        ("Draft@1", "of another version", ""),
        ("Unknown@1", {"a": 1}, ""),
    ],
)
def test_values_are_described_in_a_few_words(contract: str, value: JsonValue, told: str) -> None:
    """A line of progress says what a step has made."""
    assert describe(contract, value) == told


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (RunStatus.SUCCEEDED, 0),
        (RunStatus.REJECTED, 10),
        (RunStatus.FAILED, 11),
        (RunStatus.EXPIRED, 12),
        (RunStatus.CANCELLED, 13),
        (RunStatus.INPUT_REQUIRED, 14),
    ],
)
def test_outcomes_have_their_exit_codes(status: RunStatus, code: int) -> None:
    """A script can tell every outcome of a run."""
    assert exit_code.of_status(status) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnavailableError("x"), ExitCode.UNAVAILABLE),
        (SettingsError("x"), ExitCode.UNAVAILABLE),
        (ConflictError("x"), ExitCode.CALLER),
        (FlowInvalidError("x"), ExitCode.FINDINGS),
        (RuntimeError("x"), ExitCode.BUG),
    ],
)
def test_errors_have_their_exit_codes(error: Exception, code: ExitCode) -> None:
    """A script can tell who has to act."""
    assert exit_code.of_error(error) is code


def test_problems_are_listed_one_a_line() -> None:
    """An input that does not fit is told place by place."""
    error = InputInvalidError("it does not fit: a; b", [Problem("/a", "is missing")])

    assert failing.sentence(error) == "it does not fit\n  /a: is missing"


def test_unexpected_error_says_how_to_see_more() -> None:
    """A bug is one sentence with the way to its traceback."""
    told = failing.sentence(RuntimeError("boom\x1b[2J"))

    assert told.startswith("an unexpected RuntimeError: boom [2J; this is a bug")
    assert "--debug" in told


BROKEN_CONTRACT = """
from enum import StrEnum


class Mood(StrEnum):
    GLAD = "glad"


class Letter:
    mood: Mood = Mood.SAD
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which a member of an enum was removed and is still some field's default."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "letter_of_a_checkout.py").write_text(BROKEN_CONTRACT, "utf-8")
    monkeypatch.setattr(failing, "PROJECT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "contracts")
    return tmp_path


def _loading(name: str) -> Exception:
    with pytest.raises(Exception) as raised:  # noqa: PT011  what an edited module may raise
        import_module(name)
    return raised.value


def test_a_module_that_does_not_load_is_no_bug(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who removed what a default names is told which module, which line and what to do."""
    error = _loading("letter_of_a_checkout")

    with pytest.raises(SystemExit) as ended:
        failing.end(error, debug=False)

    assert ended.value.code == ExitCode.FINDINGS
    assert capsys.readouterr().err == (
        "error: contracts/letter_of_a_checkout.py does not load: line 10,"
        " `mood: Mood = Mood.SAD`: AttributeError: SAD. Mend this line, or bring back what it"
        " names: until the module loads, nothing can be checked or run.\n"
    )


def test_a_program_that_is_not_installed_whole_is_told_as_before(checkout: Path) -> None:
    """A package that is missing is nobody's slip in a contract."""
    (checkout / "contracts" / "needs_more.py").write_text("import no_such_package\n", "utf-8")

    assert "this is a bug" in failing.sentence(_loading("needs_more"))


def test_control_characters_are_taken_out() -> None:
    """Text from elsewhere cannot move the cursor or turn its direction."""
    assert clean("a\x1b[31m\u202eb\nc") == "a [31m b c"
    assert clean("a\nb", lines=True) == "a\nb"


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        (
            Usage(calls=2, input_tokens=1000, cost_microusd=1500),
            "2 model calls, 1,000 tokens, $0.0015",
        ),
        (Usage(calls=2, unpriced_calls=2), "2 model calls, 0 tokens, unpriced"),
        (
            Usage(calls=2, unpriced_calls=1, cost_microusd=1500),
            "2 model calls, 0 tokens, $0.0015 and 1 call unpriced",
        ),
        (Usage(), "0 model calls, 0 tokens, $0"),
    ],
)
def test_money_that_nobody_knows_is_called_unpriced(usage: Usage, told: str) -> None:
    """What a run has cost is never shown as less than it may have been."""
    assert spent_in_all(usage) == told


def published(folder: Path, text: str) -> dict[str, JsonValue]:
    """Publish a text."""
    (folder / "a.md").write_text(text, encoding="utf-8")
    return {"where": "a.md", "digest": hashlib.sha256(text.encode()).hexdigest()}


def a_document(text: str) -> Document:
    """Build a document of a corpus."""
    return Document(id="d", title="t", uri="d.md", text=text)


def test_verbatim_text_passes(tmp_path: Path) -> None:
    """A sentence that a document has word for word, and the file too, passes."""
    publication = published(tmp_path, f"# t\n\n{escape('Turn it *often*.')} [1]\n")

    found = verbatim.check(DRAFT, publication, [a_document("Yes. Turn it *often*. No.")], tmp_path)

    assert found.is_true
    assert found.sentences == 1


def test_made_up_sentence_is_found(tmp_path: Path) -> None:
    """One changed letter is enough to be told."""
    publication = published(tmp_path, escape("Turn it *often*."))

    found = verbatim.check(DRAFT, publication, [a_document("Turn it *Often*.")], tmp_path)

    assert found.faults == ("in no document of the corpus: Turn it *often*.",)


def test_changed_file_is_found(tmp_path: Path) -> None:
    """A published file that is not what the run wrote does not pass."""
    publication = published(tmp_path, escape("Turn it *often*."))
    (tmp_path / "a.md").write_text("Something else.")

    found = verbatim.check(DRAFT, publication, [a_document("Turn it *often*.")], tmp_path)

    assert found.faults == ("the published file is not the one that the run has written",)


def test_text_without_sentences_does_not_pass(tmp_path: Path) -> None:
    """Nothing said is not the same as everything true."""
    assert not verbatim.check({}, published(tmp_path, ""), [], tmp_path).is_true


def test_documents_are_sent_in_requests_of_the_size_allowed() -> None:
    """Many documents become several requests; one that fits into none is named as skipped."""
    sizes: list[int] = []

    def take(request: httpx.Request) -> httpx.Response:
        sizes.append(len(request.content))
        return httpx.Response(200, json={"corpus": "c", "added": 1, "unchanged": 0, "replaced": 0})

    documents = [a_document("x" * (REQUEST_BYTES // 3)) for _ in range(4)]
    documents.append(a_document("x" * REQUEST_BYTES))
    gateway = Gateway("http://gateway.test", httpx.MockTransport(take))

    done = add(gateway, "c", Reading(documents=tuple(documents), skipped=("a.png: no text",)))

    assert len(sizes) == 2
    assert max(sizes) < 1024 * 1024
    assert done.added == 2
    assert done.skipped == ("a.png: no text", "d.md: over 900 KiB; split it")


def test_files_and_folders_are_read_together(tmp_path: Path) -> None:
    """Several paths make one list of documents and one of what was skipped."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.md").write_text("# A\n\nText.\n")
    (tmp_path / "folder" / "b.png").write_bytes(b"\x00")
    (tmp_path / "c.txt").write_text("Text.\n")

    reading = read([tmp_path / "folder", tmp_path / "c.txt"])

    assert [each.uri for each in reading.documents] == ["a.md", "c.txt"]
    assert len(reading.skipped) == 1
