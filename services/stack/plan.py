"""From the environment to a plan: which parts, on which ports, leading to which settings."""

from collections.abc import Mapping
from pathlib import Path

from contracts.agent import Capability
from services.errors import StorageError
from services.settings import ModelSource, Settings
from services.stack import embedded_model, parts
from services.stack.model_choice import CHECK, choose_model, without_endpoint
from services.stack.part import Part
from services.stack.ports import choose_ports, free_port
from services.stack.record import ModelChoice
from services.stack.stack import StackPlan

PREFERRED = {"valkey": 6379, "temporal": 7233, "temporal-ui": 8233, "model": 8091, "worker": 8092}
"""Ports on loopback; the gateway's comes from the settings."""

LOCAL_KEY = "local"
"""What clients of a local model send, for they insist on sending some key."""

EMBEDDED_SETTINGS = {
    "ORCHESTRA_MODEL": embedded_model.NAME,
    "ORCHESTRA_MODEL_CAPABILITY": Capability.CHOOSES.value,
    "ORCHESTRA_MODEL_WINDOW": str(embedded_model.WINDOW_TOKENS),
}


def plan_stack(environ: Mapping[str, str], check: tuple[str, ...] = CHECK) -> StackPlan:
    """Plan the local stack: every part that the environment does not say to have elsewhere.

    `ORCHESTRA_REDIS_URL`, `ORCHESTRA_TEMPORAL_ADDRESS` and an endpoint for models, where given,
    are used and the part of ours is left out.

    Args:
        environ: settings, and what else programs read from their environment.
        check: a program that ends with 0 when the embedded model can run here.

    Raises:
        SettingsError: a setting is wrong.
        UnavailableError: a program is not installed, or no port is to be had.
        StorageError: the data folder cannot be written.
    """
    settings = Settings.from_environ(environ)
    data_dir = settings.data_dir.resolve()
    model = choose_model(environ, settings, check)
    ports = _ports(environ, settings, model)
    own = _addresses(environ, settings, ports) | _folders(environ, settings, data_dir)
    own |= _model_settings(model, ports)
    led = without_endpoint(environ, model.source) | own
    served = [*_stores(settings, ports, data_dir, environ), *_models(model, ports, environ)]
    return StackPlan(
        data_dir=data_dir,
        parts=(*served, *_ours(settings, ports, led, served)),
        environment=own,
        model=model,
        notes=_notes(environ, settings, ports),
    )


def _ports(environ: Mapping[str, str], settings: Settings, model: ModelChoice) -> dict[str, int]:
    """Choose a port for each part of ours; a name that is missing means a part that is not."""
    wanted = dict(PREFERRED)
    if environ.get("ORCHESTRA_REDIS_URL"):
        del wanted["valkey"]
    if environ.get("ORCHESTRA_TEMPORAL_ADDRESS"):
        del wanted["temporal"], wanted["temporal-ui"]
    if model.source is ModelSource.ENDPOINT:
        del wanted["model"]
    ports = choose_ports(wanted, parts.HOST)
    gateway = free_port(settings.gateway_port, settings.gateway_host, avoid=ports.values())
    return ports | {"gateway": gateway}


def _stores(
    settings: Settings, ports: Mapping[str, int], data_dir: Path, environ: Mapping[str, str]
) -> list[Part]:
    found: list[Part] = []
    if "valkey" in ports:
        _make(data_dir / parts.VALKEY)
        found.append(parts.valkey_part(ports["valkey"], data_dir, environ))
    if "temporal" in ports:
        _make(data_dir / parts.TEMPORAL)
        both = (ports["temporal"], ports["temporal-ui"])
        namespace = settings.temporal_namespace
        found.append(parts.temporal_part(*both, data_dir, namespace, environ))
    return found


def _models(model: ModelChoice, ports: Mapping[str, int], environ: Mapping[str, str]) -> list[Part]:
    if model.source is ModelSource.EMBEDDED:
        return [parts.embedded_model_part(ports["model"], environ)]
    if model.source is ModelSource.SCRIPTED:
        return [parts.scripted_model_part(ports["model"], without_endpoint(environ, model.source))]
    return []


def _ours(
    settings: Settings, ports: Mapping[str, int], environ: Mapping[str, str], served: list[Part]
) -> list[Part]:
    names = tuple(part.name for part in served)
    stores = tuple(name for name in names if name != parts.MODEL)
    return [
        parts.worker_part(ports["worker"], environ, names),
        parts.gateway_part(settings.gateway_host, ports["gateway"], environ, stores),
    ]


def _addresses(
    environ: Mapping[str, str], settings: Settings, ports: Mapping[str, int]
) -> dict[str, str]:
    addresses = {"ORCHESTRA_GATEWAY_PORT": str(ports["gateway"])}
    if not environ.get("ORCHESTRA_GATEWAY_URL"):
        url = parts.gateway_url(settings.gateway_host, ports["gateway"])
        addresses["ORCHESTRA_GATEWAY_URL"] = url
    if "valkey" in ports:
        addresses["ORCHESTRA_REDIS_URL"] = parts.redis_url(ports["valkey"])
    if "temporal" in ports:
        addresses["ORCHESTRA_TEMPORAL_ADDRESS"] = f"{parts.HOST}:{ports['temporal']}"
        addresses["ORCHESTRA_TEMPORAL_UI_URL"] = f"http://{parts.HOST}:{ports['temporal-ui']}"
    return addresses


def _folders(environ: Mapping[str, str], settings: Settings, data_dir: Path) -> dict[str, str]:
    """Name the folders in full: a part's own working folder must not matter."""
    folders = {
        "ORCHESTRA_DATA_DIR": str(data_dir),
        "ORCHESTRA_PUBLISH_DIR": str(settings.publish_dir.resolve()),
    }
    if not environ.get("ORCHESTRA_ARCHIVE_DIR"):
        folders["ORCHESTRA_ARCHIVE_DIR"] = str(data_dir / "archive")
    if not environ.get("ORCHESTRA_CORPORA_URI"):
        folders["ORCHESTRA_CORPORA_URI"] = str(data_dir / "corpora")
    return folders


def _model_settings(model: ModelChoice, ports: Mapping[str, int]) -> dict[str, str]:
    source = {"ORCHESTRA_MODEL_SOURCE": model.source.value}
    if model.source is ModelSource.ENDPOINT:
        return source
    local = {"OPENAI_BASE_URL": parts.model_url(ports["model"]), "OPENAI_API_KEY": LOCAL_KEY}
    if model.source is ModelSource.SCRIPTED:
        return source | local | {"ORCHESTRA_MODEL": "scripted"}
    return source | local | EMBEDDED_SETTINGS


def _notes(
    environ: Mapping[str, str], settings: Settings, ports: Mapping[str, int]
) -> tuple[str, ...]:
    preferred = PREFERRED | {"gateway": settings.gateway_port}
    taken = [
        f"{name}: port {preferred[name]} was taken, {port} is used"
        for name, port in ports.items()
        if preferred[name] not in (0, port)
    ]
    given = [
        f"{name} is set: that server is used, none is started"
        for name in ("ORCHESTRA_REDIS_URL", "ORCHESTRA_TEMPORAL_ADDRESS")
        if environ.get(name)
    ]
    return (*taken, *given)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the folder {folder} cannot be made: {error.strerror}") from error
