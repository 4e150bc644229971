"""How a worker takes part in a deployment, and what it refuses to abandon."""

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import WorkerDeploymentConfig

from services.deployment.compatibility import Build, Compatibility, orphaned
from services.errors import OrphanedRunsError, SettingsError
from services.settings import Settings

SHOWN = 20
"""How many runs an error lists; more are counted."""


def pinned(settings: Settings) -> WorkerDeploymentConfig | None:
    """Say which build a worker is; None where any worker takes any run.

    Raises:
        SettingsError: it is of a deployment and has no id of a build.
    """
    if not settings.deployment:
        return None
    if not settings.build_id:
        raise SettingsError(
            f"a worker of deployment {settings.deployment!r} needs ORCHESTRA_BUILD_ID, which build"
            " it is"
        )
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


async def refuse_orphans(client: Client, settings: Settings, build: Build) -> None:
    """Refuse to be the only build while open runs need another.

    In a deployment those runs stay with their own build, so nothing is asked there.

    Raises:
        OrphanedRunsError: there are such runs; the message lists them.
        UnavailableError: Temporal does not answer.
    """
    if settings.deployment or settings.orphans == "allowed":
        return
    found = [each async for each in orphaned(client, settings.tenant, build)]
    if found:
        raise OrphanedRunsError(_told(found))


def _told(found: list[Compatibility]) -> str:
    told = [(each.run, each.flow, "; ".join(each.problems)) for each in found[:SHOWN]]
    lines = [f"  {run} of {flow} {problems}" for run, flow, problems in told]
    if len(found) > SHOWN:
        lines.append(f"  and {len(found) - SHOWN} more")
    listed = "\n".join(lines)
    return (
        f"{len(found)} open run(s) need what this build lacks:\n{listed}\nStart the build that has"
        " it, until they have ended; or let them fail with ORCHESTRA_ORPHANS=allowed"
    )
