"""The program itself: which commands there are, how fast it starts, how it fails."""

import inspect
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from services.cli.app import ENTRIES, build, called_by, main

HEAVY = ("httpx", "pydantic", "temporalio", "lancedb", "fastapi", "redis", "ruamel.yaml")


def test_help_loads_nothing_heavy() -> None:
    """The program shows its help without loading what only commands need."""
    program = (
        "import sys\n"
        "from services.cli.app import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit:\n"
        f"    sys.exit(','.join(name for name in {HEAVY} if name in sys.modules))\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert ended.stderr == "\n"
    assert "orchestra" in ended.stdout


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_title_of_each_entry_is_true(entry: object) -> None:
    """What `orchestra --help` says of a command is what the command says of itself."""
    [found] = [each for each in ENTRIES if each is entry]
    module = import_module(found.path)

    if found.is_group:
        assert isinstance(module.app, typer.Typer)
    else:
        said = inspect.getdoc(getattr(module, found.name))
        assert said is not None
        assert said.splitlines()[0].startswith(found.title.rstrip("."))


def test_all_commands_are_known_to_completion() -> None:
    """To complete a word the shell is told of every command."""
    assert called_by([], completing=True) == tuple(entry.name for entry in ENTRIES)
    assert called_by(["--debug", "runs", "list"], completing=False) == ("runs",)
    assert build(called_by([], completing=True)).registered_commands


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_command_explains_itself(entry: object, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command and group has a help page."""
    [found] = [each for each in ENTRIES if each is entry]

    with pytest.raises(SystemExit) as ended:
        main([found.name, "--help"])

    assert ended.value.code == 0
    assert f"orchestra {found.name}" in capsys.readouterr().out


def test_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt command ends with 2 and names the nearest."""
    with pytest.raises(SystemExit) as ended:
        main(["runz"])

    assert ended.value.code == 2
    assert "'runs'" in capsys.readouterr().err


def test_error_is_a_sentence_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    """A gateway that does not answer is told in one line with the remedy, and nothing on stdout."""
    monkeypatch.setenv("ORCHESTRA_GATEWAY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORCHESTRA_DATA_DIR", str(tmp_path))

    with pytest.raises(SystemExit) as ended:
        main(["runs", "list"])

    told = capsys.readouterr()
    assert ended.value.code == 3
    assert told.out == ""
    assert told.err.startswith("error: the gateway at http://127.0.0.1:9 does not answer")
    assert len(told.err.splitlines()) == 1


def test_debug_shows_where_an_error_came_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    """With --debug the traceback comes before the sentence."""
    monkeypatch.setenv("ORCHESTRA_GATEWAY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORCHESTRA_DATA_DIR", str(tmp_path))

    with pytest.raises(SystemExit):
        main(["--debug", "runs", "list"])

    told = capsys.readouterr().err
    assert "Traceback" in told
    assert told.splitlines()[-1].startswith("error: ")


def test_wrong_settings_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A setting that is wrong is told by the name of its variable."""
    monkeypatch.setenv("ORCHESTRA_GATEWAY_PORT", "eighty")

    with pytest.raises(SystemExit) as ended:
        main(["runs", "list"])

    assert ended.value.code == 3
    assert "ORCHESTRA_GATEWAY_PORT" in capsys.readouterr().err
