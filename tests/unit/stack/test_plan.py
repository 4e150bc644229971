"""From the environment to a plan: which parts, and what they are told."""

import socket
import sys
from pathlib import Path

import pytest

from services.errors import SettingsError, StorageError
from services.settings import ModelSource, Settings
from services.stack.connection import connected
from services.stack.model_choice import choose_model
from services.stack.part import Part
from services.stack.plan import plan_stack
from services.stack.record import ModelChoice
from services.stack.stack import Stack, StackPlan

FIT = (sys.executable, "-c", "")
UNFIT = (sys.executable, "-c", "raise SystemExit('the processor has no AVX2')")
CRASHING = (sys.executable, "-c", "import os; os.kill(os.getpid(), 4)")


def chosen(environ: dict[str, str], check: tuple[str, ...] = FIT) -> ModelChoice:
    return choose_model(environ, Settings.from_environ(environ), check)


def part_of(plan: StackPlan, name: str) -> Part:
    return next(part for part in plan.parts if part.name == name)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "ORCHESTRA_DATA_DIR": str(tmp_path),
        "ORCHESTRA_MODEL_SOURCE": "scripted",
    }


def test_embedded_model_is_the_default() -> None:
    """With nothing configured, the real small model answers."""
    assert chosen({}) == ModelChoice(source=ModelSource.EMBEDDED)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_BASE_URL"])
def test_endpoint_is_used_when_set(name: str) -> None:
    """Whoever names an endpoint gets its answers."""
    assert chosen({name: "http://model"}) == ModelChoice(source=ModelSource.ENDPOINT)


def test_unfit_machine_falls_back_and_says_why() -> None:
    """Where the embedded model cannot run, answers are scripted, and the reason is kept."""
    choice = chosen({}, UNFIT)

    assert choice.source is ModelSource.SCRIPTED
    assert choice.reason == "the processor has no AVX2"


def test_crash_of_the_trial_is_a_reason() -> None:
    """A library that crashes on this processor crashes a trial process only."""
    assert chosen({}, CRASHING).reason == "loading it ended the process with SIGILL"


def test_embedded_model_that_is_asked_for_is_not_replaced() -> None:
    """Whoever asks for the embedded model is told when it cannot be had."""
    with pytest.raises(SettingsError, match="cannot be had: the processor has no AVX2"):
        chosen({"ORCHESTRA_MODEL_SOURCE": "embedded"}, UNFIT)


def test_endpoint_that_is_asked_for_needs_an_address() -> None:
    """An endpoint without address and key is a wrong setting."""
    with pytest.raises(SettingsError, match="needs OPENAI_BASE_URL or OPENAI_API_KEY"):
        chosen({"ORCHESTRA_MODEL_SOURCE": "endpoint"})


def test_parts_stand_in_the_order_of_their_start(environ: dict[str, str]) -> None:
    """Stores and model come first, what uses them after."""
    plan = plan_stack(environ)

    assert [part.name for part in plan.parts] == [
        "valkey",
        "temporal",
        "model",
        "worker",
        "gateway",
    ]
    assert part_of(plan, "worker").needs == ("valkey", "temporal", "model")
    assert part_of(plan, "gateway").needs == ("valkey", "temporal")


def test_memory_never_evicts_and_writes_through(environ: dict[str, str]) -> None:
    """The memory server is started with the settings that lose nothing."""
    command = " ".join(part_of(plan_stack(environ), "valkey").command)

    assert "--appendonly yes --appendfsync always" in command
    assert "--maxmemory-policy noeviction" in command
    assert "--bind 127.0.0.1" in command


def test_temporal_writes_through(environ: dict[str, str], tmp_path: Path) -> None:
    """Temporal keeps its state in the data folder and survives a kill."""
    command = " ".join(part_of(plan_stack(environ), "temporal").command)

    assert f"--db-filename {tmp_path}/temporal/temporal.db" in command
    assert "--sqlite-pragma synchronous=FULL" in command
    assert "--search-attribute FoNeedsPerson=Bool" in command


def test_worker_is_led_to_the_other_parts(environ: dict[str, str], tmp_path: Path) -> None:
    """What the worker reads from its environment fits what was started."""
    plan = plan_stack(environ)

    worker = Settings.from_environ(part_of(plan, "worker").environment)

    assert worker.redis_url == part_of(plan, "valkey").address
    assert worker.temporal_address == part_of(plan, "temporal").address
    assert worker.openai_base_url == part_of(plan, "model").address
    assert worker.openai_api_key.get_secret_value() == "local"
    assert worker.models["writer"].name == "scripted"
    assert worker.archive_dir == tmp_path / "archive"
    assert worker.publish_dir == Path("published").resolve()


def test_embedded_model_is_described_as_it_is(environ: dict[str, str]) -> None:
    """Agents are told that the small model chooses and does not write, and how much it reads."""
    plan = plan_stack(environ | {"ORCHESTRA_MODEL_SOURCE": "embedded"}, FIT)

    worker = Settings.from_environ(part_of(plan, "worker").environment)

    assert worker.models["judge"].name == "smollm2-135m-instruct"
    assert worker.models["judge"].capability == "chooses"
    assert worker.models["judge"].window_tokens == 4096


def test_local_model_gets_nothing_of_an_endpoint(environ: dict[str, str]) -> None:
    """A key and model names that are set for an endpoint do not reach a local model's clients."""
    theirs = {"OPENAI_API_KEY": "sk-secret", "ORCHESTRA_MODEL_WRITER": "gpt-5"}

    plan = plan_stack(environ | theirs)

    assert "sk-secret" not in str(plan)
    assert "gpt-5" not in str(plan)


def test_key_of_an_endpoint_reaches_our_parts_only(tmp_path: Path) -> None:
    """Programs that are not ours get no keys, and none is written down."""
    plan = plan_stack({"ORCHESTRA_DATA_DIR": str(tmp_path), "OPENAI_API_KEY": "sk-secret"})

    assert part_of(plan, "worker").environment["OPENAI_API_KEY"] == "sk-secret"
    assert "sk-secret" not in str(part_of(plan, "valkey").environment)
    assert "sk-secret" not in str(part_of(plan, "temporal").environment)
    assert "sk-secret" not in str(plan.environment)
    assert "model" not in [part.name for part in plan.parts]


def test_servers_of_the_user_are_used(environ: dict[str, str]) -> None:
    """A memory and a Temporal that the user names are used, and none of ours are started."""
    theirs = {
        "ORCHESTRA_REDIS_URL": "redis://:secret@memory:6379/0",
        "ORCHESTRA_TEMPORAL_ADDRESS": "cluster:7233",
    }

    plan = plan_stack(environ | theirs)

    assert [part.name for part in plan.parts] == ["model", "worker", "gateway"]
    assert part_of(plan, "worker").environment["ORCHESTRA_TEMPORAL_ADDRESS"] == "cluster:7233"
    assert "secret" not in str(plan.environment)
    assert plan.notes[-1].startswith("ORCHESTRA_TEMPORAL_ADDRESS is set")


def test_taken_gateway_port_is_stepped_around_and_told(environ: dict[str, str]) -> None:
    """A port that somebody else has is left alone, and the note says which is used instead."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        plan = plan_stack(environ | {"ORCHESTRA_GATEWAY_PORT": str(taken)})

    port = plan.environment["ORCHESTRA_GATEWAY_PORT"]
    assert f"gateway: port {taken} was taken, {port} is used" in plan.notes
    assert plan.environment["ORCHESTRA_GATEWAY_URL"] == f"http://127.0.0.1:{port}"


def test_gateway_for_all_is_asked_on_loopback(environ: dict[str, str]) -> None:
    """A gateway that listens everywhere is looked for on this machine."""
    plan = plan_stack(environ | {"ORCHESTRA_GATEWAY_HOST": "0.0.0.0"})

    assert part_of(plan, "gateway").address.startswith("http://127.0.0.1:")


def test_folder_that_cannot_be_made_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    """A store whose folder cannot be made is an error with the folder's name."""
    (tmp_path / "valkey").write_text("in the way")

    with pytest.raises(StorageError, match="/valkey cannot be made"):
        plan_stack(environ)


def test_environment_without_a_stack_stays(environ: dict[str, str]) -> None:
    """Where no stack runs, commands use what they were given."""
    assert connected(environ) == environ


async def test_commands_find_the_running_stack(environ: dict[str, str], tmp_path: Path) -> None:
    """Where a stack runs, commands are led to it, but for an address they were given."""
    (tmp_path / "logs").mkdir()
    recorded = {
        "ORCHESTRA_REDIS_URL": "redis://127.0.0.1:6380/0",
        "ORCHESTRA_GATEWAY_URL": "http://127.0.0.1:8081",
        "ORCHESTRA_GATEWAY_PORT": "8081",
        "OPENAI_BASE_URL": "http://127.0.0.1:8091/v1",
    }
    model = ModelChoice(source=ModelSource.EMBEDDED)
    given = environ | {
        "ORCHESTRA_GATEWAY_URL": "https://elsewhere",
        "ORCHESTRA_GATEWAY_PORT": "8080",
        "OPENAI_BASE_URL": "https://endpoint",
    }
    part = Part("idle", (sys.executable, "-c", "input()"), {}, _Content(), "")

    async with Stack(StackPlan(tmp_path, (part,), model, recorded)):
        seen = connected(given)

    assert seen["ORCHESTRA_REDIS_URL"] == "redis://127.0.0.1:6380/0"
    assert seen["ORCHESTRA_GATEWAY_URL"] == "https://elsewhere"
    assert seen["ORCHESTRA_GATEWAY_PORT"] == "8081"
    assert seen["OPENAI_BASE_URL"] == "http://127.0.0.1:8091/v1"


class _Content:
    async def problem(self) -> str:
        return ""
