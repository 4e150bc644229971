"""The builds of a deployment in Temporal: which takes new runs, which only finish their own."""

from enum import StrEnum
from typing import Final

from pydantic import Field
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus as Status
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentResponse,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import Part
from services.errors import ConflictError, NotFoundError, OperatorError, UnavailableError

WHOLE: Final = 100
"""Per cent of new runs."""


class Standing(StrEnum):
    """How Temporal routes to a build."""

    CURRENT = "current"
    """Takes new runs."""

    RAMPING = "ramping"
    """Takes a share of them."""

    DRAINING = "draining"
    """Takes none and has open ones; its workers have to stay."""

    DRAINED = "drained"
    """Has none left; its workers may go."""

    INACTIVE = "inactive"
    """Has workers and never took a run."""


class Build(Part):
    """One build of the workers."""

    build: str
    standing: Standing
    share: int = Field(default=0, ge=0, le=WHOLE)
    """Per cent of new runs that it takes."""


_STANDINGS: Final = {
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT: Standing.CURRENT,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING: Standing.RAMPING,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING: Standing.DRAINING,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED: Standing.DRAINED,
}


class Builds:
    """The builds of one deployment."""

    def __init__(self, client: Client, deployment: str) -> None:
        self._client = client
        self._deployment = deployment

    async def list(self) -> tuple[Build, ...]:
        """List builds whose workers Temporal knows, newest first.

        Raises:
            NotFoundError: no worker of the deployment has come up yet.
            UnavailableError: Temporal does not answer.
        """
        info = (await self._described()).worker_deployment_info
        routing = info.routing_config
        share = round(routing.ramping_version_percentage)
        shares = {
            routing.current_deployment_version.build_id: WHOLE - share,
            routing.ramping_deployment_version.build_id: share,
        }
        ordered = sorted(
            info.version_summaries, key=lambda each: each.create_time.ToNanoseconds(), reverse=True
        )
        return tuple(
            Build(
                build=each.deployment_version.build_id,
                standing=_STANDINGS.get(each.status, Standing.INACTIVE),
                share=shares.get(each.deployment_version.build_id, 0),
            )
            for each in ordered
        )

    async def promote(self, build: str, share: int = WHOLE) -> None:
        """Let a build take new runs, all of them or a share; open runs stay where they are.

        Raises:
            NotFoundError: no worker of that build has come up.
            ConflictError: the build has no workers now, or Temporal refuses for another reason.
            UnavailableError: Temporal does not answer.
        """
        if build not in {each.build for each in await self.list()}:
            raise NotFoundError(
                f"no worker of build {build!r} has come up in deployment {self._deployment!r};"
                " start one, then promote it"
            )
        if share == WHOLE:
            await self._make_current(build)
        else:
            await self._make_ramping(build, share)

    async def _make_current(self, build: str) -> None:
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=self._client.namespace,
            deployment_name=self._deployment,
            build_id=build,
            identity="orchestra",
        )
        try:
            await self._client.workflow_service.set_worker_deployment_current_version(request)
        except RPCError as error:
            raise self._translated(error) from error

    async def _make_ramping(self, build: str, share: int) -> None:
        request = SetWorkerDeploymentRampingVersionRequest(
            namespace=self._client.namespace,
            deployment_name=self._deployment,
            build_id=build,
            percentage=share,
            identity="orchestra",
        )
        try:
            await self._client.workflow_service.set_worker_deployment_ramping_version(request)
        except RPCError as error:
            raise self._translated(error) from error

    async def _described(self) -> DescribeWorkerDeploymentResponse:
        request = DescribeWorkerDeploymentRequest(
            namespace=self._client.namespace, deployment_name=self._deployment
        )
        try:
            return await self._client.workflow_service.describe_worker_deployment(request)
        except RPCError as error:
            raise self._translated(error) from error

    def _translated(self, error: RPCError) -> Exception:
        match error.status:
            case RPCStatusCode.NOT_FOUND:
                return NotFoundError(
                    f"Temporal knows no deployment {self._deployment!r}; start a worker with"
                    " ORCHESTRA_DEPLOYMENT and ORCHESTRA_BUILD_ID"
                )
            case RPCStatusCode.FAILED_PRECONDITION:
                return ConflictError(f"Temporal refuses: {error.message[:200]}")
            case RPCStatusCode.UNIMPLEMENTED | RPCStatusCode.PERMISSION_DENIED:
                return OperatorError(
                    f"this Temporal server keeps no worker deployments: {error.message[:200]}"
                )
            case _:
                return UnavailableError("the Temporal server does not answer; try again later")
