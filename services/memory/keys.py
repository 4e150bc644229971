"""Every key of the context store, built here and nowhere else. All begin with the tenant."""

from services.memory.base import WorkKey


def value(tenant: str, digest: str) -> str:
    """One immutable value. Kept while a kept run lists it; removed by the sweep."""
    return f"{tenant}:value:{digest}"


def all_values(tenant: str) -> str:
    """The pattern of every value of a tenant."""
    return f"{tenant}:value:*"


def run_values(tenant: str, run: str) -> str:
    """The set of digests that a run can reach."""
    return f"{tenant}:run:{run}:values"


def events(tenant: str, run: str) -> str:
    """A run's event stream."""
    return f"{tenant}:run:{run}:events"


def journal(work: WorkKey) -> str:
    """The journal of one piece of work, a list."""
    agent = f"~{work.agent}" if work.agent else ""
    item = f":{work.item}" if work.item else ""
    return f"{work.tenant}:run:{work.run}:journal:{work.step}:{work.visit}{agent}{item}"


def quarantine(tenant: str, run: str) -> str:
    """A run's rejected answers, a list."""
    return f"{tenant}:run:{run}:quarantine"


def looks(tenant: str, run: str) -> str:
    """What people saw last at a run's gates, a hash by gate and hashed person."""
    return f"{tenant}:run:{run}:looks"


def run_keys(tenant: str, run: str) -> str:
    """The pattern of every key of one run."""
    return f"{tenant}:run:{run}:*"


def runs(tenant: str) -> str:
    """All kept runs, a sorted set by the Unix second at which each may go; infinite while live."""
    return f"{tenant}:runs"


def epoch(tenant: str) -> str:
    """The name of the store's present life."""
    return f"{tenant}:epoch"
