"""What the processes read from their environment."""

from pathlib import Path

import pytest

from contracts.agent import Capability
from services.errors import SettingsError
from services.settings import ModelSource, Settings


def test_an_empty_environment_is_enough() -> None:
    """Every setting has a default that works on one machine."""
    settings = Settings.from_environ({})

    assert (settings.tenant, settings.gateway_port) == ("default", 8080)
    assert set(settings.models) == {"writer", "judge"}


def test_settings_are_read_by_their_names() -> None:
    """Paths, numbers and choices arrive as what they are."""
    settings = Settings.from_environ(
        {
            "ORCHESTRA_GATEWAY_PORT": "9000",
            "ORCHESTRA_FLOWS_DIR": "/flows",
            "ORCHESTRA_MODEL_SOURCE": "scripted",
            "ORCHESTRA_TENANT": "acme",
            "HOME": "/home/somebody",
        }
    )

    assert settings.gateway_port == 9000
    assert settings.flows_dir == Path("/flows")
    assert settings.model_source is ModelSource.SCRIPTED
    assert settings.tenant == "acme"


def test_an_empty_variable_is_no_setting() -> None:
    """A variable set to nothing means the default, as compose files write it."""
    settings = Settings.from_environ({"ORCHESTRA_GATEWAY_PORT": "", "OPENAI_BASE_URL": ""})

    assert (settings.gateway_port, settings.openai_base_url) == (8080, "")


def test_the_endpoint_goes_by_the_names_everybody_knows() -> None:
    """What other clients of the same endpoint read is read here too."""
    settings = Settings.from_environ(
        {"OPENAI_API_KEY": "sk-123", "OPENAI_BASE_URL": "http://localhost:1/v1"}
    )

    assert settings.openai_api_key.get_secret_value() == "sk-123"
    assert settings.openai_base_url == "http://localhost:1/v1"


def test_a_secret_never_shows() -> None:
    """Printing settings, as a log might, shows no key."""
    assert "sk-123" not in repr(Settings.from_environ({"OPENAI_API_KEY": "sk-123"}))


def test_an_alias_may_have_a_model_of_its_own() -> None:
    """The general setting holds for every alias that has none of its own."""
    models = Settings.from_environ(
        {
            "ORCHESTRA_MODEL": "big",
            "ORCHESTRA_MODEL_JUDGE": "small",
            "ORCHESTRA_MODEL_WINDOW": "64000",
            "ORCHESTRA_MODEL_WRITER_WINDOW": "128000",
            "ORCHESTRA_MODEL_JUDGE_CAPABILITY": "chooses",
        }
    ).models

    assert (models["writer"].name, models["judge"].name) == ("big", "small")
    assert (models["writer"].window_tokens, models["judge"].window_tokens) == (128_000, 64_000)
    assert models["writer"].capability is Capability.WRITES
    assert models["judge"].capability is Capability.CHOOSES


def test_background_responses_are_switched_on_by_model() -> None:
    """Only the models whose setting says so are asked in the background, and by default none is."""
    environ = {
        "ORCHESTRA_MODEL_WRITER": "big",
        "ORCHESTRA_MODEL_JUDGE": "small",
        "ORCHESTRA_MODEL_WRITER_BACKGROUND": "true",
    }

    assert Settings.from_environ(environ).in_background() == {"big"}
    assert Settings.from_environ({"ORCHESTRA_MODEL_BACKGROUND": "1"}).in_background()
    assert not Settings.from_environ({}).in_background()


WRONG = [
    ({"ORCHESTRA_MODEL_BACKGROUND": "maybe"}, "ORCHESTRA_MODEL_BACKGROUND: Input should be"),
    ({"ORCHESTRA_GATEWAY_PORT": "http"}, "ORCHESTRA_GATEWAY_PORT: Input should be a valid int"),
    ({"ORCHESTRA_GATEWAY_PORT": "70000"}, "ORCHESTRA_GATEWAY_PORT: Input should be less than"),
    ({"ORCHESTRA_TENANT": "Acme Inc"}, "ORCHESTRA_TENANT: String should match pattern"),
    ({"ORCHESTRA_TENANT": "a:b"}, "ORCHESTRA_TENANT: String should match pattern"),
    ({"ORCHESTRA_MODEL_SOURCE": "magic"}, "ORCHESTRA_MODEL_SOURCE: Input should be 'embedded'"),
    (
        {"ORCHESTRA_MODEL_WRITER_WINDOW": "100"},
        "ORCHESTRA_MODEL_WRITER_WINDOW: Input should be greater than",
    ),
    ({"ORCHESTRA_MODEL_WINDOW": "wide"}, "ORCHESTRA_MODEL_WINDOW: Input should be a valid int"),
    (
        {"ORCHESTRA_MODEL_JUDGE_CAPABILITY": "sings"},
        "ORCHESTRA_MODEL_JUDGE_CAPABILITY: Input should be 'writes' or 'chooses'",
    ),
]


@pytest.mark.parametrize(
    ("environ", "message"), WRONG, ids=[" ".join(environ) for environ, _ in WRONG]
)
def test_a_wrong_value_is_told_by_its_variable(environ: dict[str, str], message: str) -> None:
    """The message names the variable that somebody set, not a field of ours."""
    with pytest.raises(SettingsError) as wrong:
        Settings.from_environ(environ)

    assert str(wrong.value).startswith(f"settings are wrong: {message}")


def test_all_problems_are_told_at_once() -> None:
    """Whoever starts the program sees every wrong setting, each once."""
    environ = {key: value for wrong, _ in WRONG[2:] for key, value in wrong.items()}

    with pytest.raises(SettingsError) as told:
        Settings.from_environ(environ)

    named = [
        line.split(":")[0]
        for line in str(told.value).removeprefix("settings are wrong: ").split("; ")
    ]
    assert sorted(named) == sorted(environ)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ORCHESTRA_TENNANT", "did you mean ORCHESTRA_TENANT?"),
        ("ORCHESTRA_MODEL_WRITER_WINDOWS", "did you mean ORCHESTRA_MODEL_WRITER_WINDOW?"),
        ("ORCHESTRA_" + "Q" * 30, "drop it"),
    ],
)
def test_a_misspelt_setting_is_refused_and_the_right_one_named(name: str, hint: str) -> None:
    """A setting that nobody reads is never lost in silence."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environ({name: "x"})

    assert f"{name}: no setting has this name; {hint}" in str(refused.value)
