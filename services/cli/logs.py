"""How processes write their logs: a line a message on standard error, facts as `name=value`."""

import logging
from datetime import UTC, datetime
from typing import Final

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_TALKATIVE: Final = ("httpx", "httpcore", "uvicorn.access")
"""They tell of every request."""


class LineFormatter(logging.Formatter):
    """Writes time, level, message and the facts that came with it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(  # noqa: N802  # logging's own name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """Write the time in UTC."""
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        """Add the facts to the line."""
        facts = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        told = "".join(f" {name}={value}" for name, value in facts.items())
        return super().formatMessage(record) + told


def log_to_stderr(level: int = logging.INFO) -> None:
    """Set logging up for a process that serves; called once, at its start."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # A failed attempt is told in the run's events; the SDK would add a traceback to each.
    logging.getLogger("temporalio.activity").setLevel(logging.ERROR)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
