"""What `orchestra deploy` asks of Temporal itself; it needs no gateway and no worker."""

from contracts.registry import CONTRACTS
from services.agents.catalogue import declarations
from services.deployment.builds import Build as DeployedBuild
from services.deployment.builds import Builds
from services.deployment.compatibility import Build, Compatibility, replayed
from services.errors import SettingsError
from services.settings import Settings
from services.temporal import connect


def this_build() -> Build:
    """Say what this program can run."""
    return Build(declarations(), CONTRACTS)


async def check(settings: Settings) -> tuple[Compatibility, ...]:
    """Replay all that is open against this program.

    Raises:
        UnavailableError: Temporal does not answer.
    """
    client = await connect(settings)
    return tuple([each async for each in replayed(client, settings.tenant, this_build())])


async def builds(settings: Settings) -> tuple[DeployedBuild, ...]:
    """List the builds of the deployment; raises as `Builds.list` does, and SettingsError."""
    return await (await _builds(settings)).list()


async def promote(settings: Settings, build: str, share: int) -> tuple[DeployedBuild, ...]:
    """Let a build take new runs; raises as `Builds.promote` does, and SettingsError."""
    deployment = await _builds(settings)
    await deployment.promote(build, share)
    return await deployment.list()


async def _builds(settings: Settings) -> Builds:
    if not settings.deployment:
        raise SettingsError(
            "there is no deployment: any worker takes any run. Set ORCHESTRA_DEPLOYMENT here, and"
            " with ORCHESTRA_BUILD_ID for every worker, to keep builds apart"
        )
    return Builds(await connect(settings), settings.deployment)
