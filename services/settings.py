"""Everything the processes read from their environment. Read once, at start, in the CLI."""

from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from contracts.agent import Capability
from services.errors import SettingsError

ALIASES = ("writer", "judge")
"""What agents call models: one that writes, one that gives verdicts."""


class ModelSource(StrEnum):
    """Where answers come from."""

    EMBEDDED = "embedded"
    SCRIPTED = "scripted"
    ENDPOINT = "endpoint"


class ModelSetting(BaseModel):
    """Which model stands behind an alias."""

    model_config = ConfigDict(frozen=True)

    name: str
    capability: Capability = Capability.WRITES
    window_tokens: int = Field(default=32_000, ge=1024)
    concurrency: int = Field(default=0, ge=0)
    """Calls at once, of all workers together; 0 is without limit, here and below."""

    requests_a_minute: int = Field(default=0, ge=0)
    tokens_a_minute: int = Field(default=0, ge=0)
    """Prompts and answers together."""
    background: bool = False
    """Whether it is asked for background responses, which survive whoever asked."""


class Settings(BaseModel):
    """The environment, validated. Durations in seconds, sizes in bytes unless named otherwise."""

    model_config = ConfigDict(frozen=True)

    data_dir: Path = Path(".orchestra")
    tenant: str = Field(default="default", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui_url: str = ""
    task_queue: str = "orchestra"
    deployment: str = Field(default="", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$|^$")
    """Name under which Temporal tells builds of the workers apart; empty: any worker takes any run,
    as on one machine."""

    build_id: str = Field(default="", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$|^$")
    """Which build a worker is, `2026-11-23.1`; a run stays with the build that began it."""

    orphans: Literal["refused", "allowed"] = "refused"
    """Whether a worker starts though open runs need agents that it lacks."""

    redis_url: str = "redis://127.0.0.1:6379/0"
    archive_dir: Path = Path(".orchestra/archive")
    archive_url: str = ""
    """`s3://bucket/prefix?endpoint=http://host:port`; empty means the folder."""

    aws_access_key_id: str = ""
    aws_secret_access_key: SecretStr = SecretStr("")
    aws_session_token: SecretStr = SecretStr("")
    aws_region: str = ""
    publish_dir: Path = Path("published")
    publish_url: str = ""
    """Where finished texts are posted instead of written into the folder."""

    publish_secret: SecretStr = SecretStr("")
    """`whsec_…`, which signs those posts."""

    webhooks_private: Literal["", "allowed"] = ""
    """Whether posts may also go to plain HTTP, loopback and private networks."""

    corpora_uri: str = ".orchestra/corpora"
    flows_dir: Path | None = None
    """A folder of further flow files beside the shipped ones."""

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8080, ge=0, le=65_535)
    gateway_url: str = "http://127.0.0.1:8080"
    model_source: ModelSource = ModelSource.ENDPOINT
    openai_base_url: str = ""
    openai_api_key: SecretStr = SecretStr("")
    models: dict[str, ModelSetting] = Field(default_factory=dict)
    breaker_failures: int = Field(default=5, ge=1)
    """Failed calls in a row, of all workers, after which a model is left alone."""

    breaker_cooldown_seconds: int = Field(default=5, ge=1)
    """From then to the first probe; doubled after each that fails, up to the longest."""

    breaker_longest_seconds: int = Field(default=300, ge=1)
    embedding_model: str = ""
    """Model for vectors at the same endpoint; empty means full-text search only."""

    @model_validator(mode="after")
    def _build_is_of_a_deployment(self) -> Self:
        if self.build_id and not self.deployment:
            raise ValueError("ORCHESTRA_BUILD_ID needs ORCHESTRA_DEPLOYMENT, the name of the whole")
        return self

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read `ORCHESTRA_*`, `OPENAI_*`, `AWS_*` from a mapping.

        Raises:
            SettingsError: one or more values are wrong, or no setting has that name; all are named.
        """
        unknown = _unknown(environ)
        try:
            settings = cls.model_validate(_values(environ))
        except ValidationError as error:
            lines = dict.fromkeys(
                f"{_variable(environ, *problem['loc'])}: {problem['msg']}"
                for problem in error.errors()
            )
            raise SettingsError("settings are wrong: " + "; ".join([*lines, *unknown])) from error
        if unknown:
            raise SettingsError("settings are wrong: " + "; ".join(unknown))
        return settings

    def in_background(self) -> frozenset[str]:
        """Name the models that are asked for background responses."""
        return frozenset(model.name for model in self.models.values() if model.background)


_VENDOR: Final = (
    "openai_base_url",
    "openai_api_key",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_region",
)
"""Settings that go by the names every client of that vendor knows."""

_MODEL_SUFFIXES: Final = {
    "name": "",
    "capability": "_CAPABILITY",
    "window_tokens": "_WINDOW",
    "background": "_BACKGROUND",
    "concurrency": "_CONCURRENCY",
    "requests_a_minute": "_REQUESTS_A_MINUTE",
    "tokens_a_minute": "_TOKENS_A_MINUTE",
}
"""What follows `ORCHESTRA_MODEL` or `ORCHESTRA_MODEL_WRITER` for each property."""


_OF_PROCESSES: Final = ("worker_health_port", "worker_health_host")
"""Read by the command line of a process, not from here."""


def _known() -> frozenset[str]:
    """List every variable that somebody reads."""
    names = {*Settings.model_fields, *_OF_PROCESSES} - {"models"}
    models = {
        f"MODEL{alias}{suffix}"
        for alias in ("", *(f"_{each.upper()}" for each in ALIASES))
        for suffix in _MODEL_SUFFIXES.values()
    }
    return frozenset(f"ORCHESTRA_{name.upper()}" for name in names | models)


def _unknown(environ: Mapping[str, str]) -> list[str]:
    """Say which variables nobody reads: a misspelt one would be a setting that is silently lost."""
    known = _known()
    told = []
    for name in sorted(each for each in environ if each.startswith("ORCHESTRA_")):
        if name not in known:
            meant = get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {meant[0]}?" if meant else "drop it"
            told.append(f"{name}: no setting has this name; {hint}")
    return told


def _variable(environ: Mapping[str, str], *place: int | str) -> str:
    """Name the variable that a value was read from."""
    match place:
        case ("models", alias, name):
            suffix = _MODEL_SUFFIXES[str(name)]
            special = f"ORCHESTRA_MODEL_{str(alias).upper()}{suffix}"
            return special if environ.get(special) else f"ORCHESTRA_MODEL{suffix}"
        case (str() as name, *_) if name in _VENDOR and environ.get(name.upper()):
            return name.upper()
        case _:
            return f"ORCHESTRA_{place[0]}".upper()


def _values(environ: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name in Settings.model_fields:
        given = environ.get(f"ORCHESTRA_{name.upper()}", "")
        if given and name != "models":
            values[name] = given
    for name in _VENDOR:
        if environ.get(name.upper()):
            values[name] = environ[name.upper()]
    values["models"] = {alias: _model(environ, alias) for alias in ALIASES}
    return values


def _model(environ: Mapping[str, str], alias: str) -> dict[str, str]:
    """Read one alias: `ORCHESTRA_MODEL_WRITER`, else `ORCHESTRA_MODEL`, and its properties."""

    def either(suffix: str, default: str) -> str:
        general = environ.get(f"ORCHESTRA_MODEL{suffix}") or default
        return environ.get(f"ORCHESTRA_MODEL_{alias.upper()}{suffix}") or general

    return {
        name: either(_MODEL_SUFFIXES[name], default)
        for name, default in (
            ("name", "gpt-5-mini"),
            ("capability", "writes"),
            ("window_tokens", "32000"),
            ("concurrency", "0"),
            ("requests_a_minute", "0"),
            ("tokens_a_minute", "0"),
            ("background", "false"),
        )
    }
