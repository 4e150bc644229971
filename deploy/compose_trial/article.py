"""Runs of the flow `article` through the published ports, as a user's program would start them."""

import hashlib
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, JsonValue
from ruamel.yaml import YAML

from compose_trial.outcome import BrokenError
from compose_trial.project import ROOT, Project, until
from contracts.content.publication import Publication
from contracts.run import HandOff, RunStatus, RunView
from services.gateway.replies import HandOffList, RunStarted
from services.retrieval.base import Ingested
from services.retrieval.documents import read_documents

SAMPLES: Final = ROOT / "deploy" / "samples"
RUN_SECONDS: Final = 300.0
"""Two minutes is what a run may take on two cores; two crashes are waited out as well."""

TIMEOUT_SECONDS: Final = 30.0
PUBLISHED: Final = "/srv/orchestra/published"
Reply = TypeVar("Reply", bound=BaseModel)


class _Pending(BaseModel):
    worker: str = Field(alias="lastWorkerIdentity", default="")


class _Execution(BaseModel):
    pending: tuple[_Pending, ...] = Field(alias="pendingActivities", default=())


class _Started(BaseModel):
    attempt: int = 1


class _Event(BaseModel):
    started: _Started | None = Field(alias="activityTaskStartedEventAttributes", default=None)


class _Events(BaseModel):
    events: tuple[_Event, ...]


class _History(BaseModel):
    history: _Events


class Articles:
    """A client of the project's gateway. Use it as a context, which closes it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._http = httpx.Client(
            base_url=project.gateway_url, timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def __enter__(self) -> Self:
        """Do nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        self._http.close()

    def add_corpus(self, corpus: str) -> Ingested:
        """Send the documents of a sample corpus."""
        found = read_documents(SAMPLES / "corpora" / corpus).documents
        documents: JsonValue = [
            {"title": each.title, "text": each.text, "uri": each.uri} for each in found
        ]
        path = f"/v1/corpora/{corpus}/documents"
        return self._ask(Ingested, "POST", path, {"documents": documents})

    def start(self, sample: str) -> str:
        """Start a run on a sample brief; gives its id."""
        brief: JsonValue = YAML(typ="safe").load(SAMPLES / "briefs" / f"{sample}.yaml")
        body: dict[str, JsonValue] = {"flow": "article", "input": brief}
        return self._ask(RunStarted, "POST", "/v1/runs", body).id

    def view(self, run: str) -> RunView:
        """Look at a run."""
        return self._ask(RunView, "GET", f"/v1/runs/{run}")

    def hand_offs(self, run: str) -> tuple[HandOff, ...]:
        """List the borders it has crossed."""
        return self._ask(HandOffList, "GET", f"/v1/runs/{run}/handoffs").hand_offs

    def await_place(self, run: str, place: str) -> None:
        """Wait until it has come to a step.

        Raises:
            BrokenError: it ended or stopped before, or does not get there.
        """

        def is_there() -> bool:
            view = self.view(run)
            if view.place != place and view.status not in (RunStatus.QUEUED, RunStatus.RUNNING):
                raise BrokenError(f"run {run} is {view.status} at {view.place}: {view.reason}")
            return view.place == place

        until(is_there, f"run {run} comes to the step {place}", RUN_SECONDS, pause_seconds=0.1)

    def await_publication(self, run: str) -> Publication:
        """Wait until it is published, and see that the volume holds exactly that.

        Raises:
            BrokenError: it ends otherwise, or the file is missing or another one.
        """
        self.await_place(run, "done")
        until(lambda: self.view(run).status.is_final, f"run {run} ends", RUN_SECONDS)
        view = self.view(run)
        if view.status is not RunStatus.SUCCEEDED:
            raise BrokenError(f"run {run} ended {view.status}: {view.reason or view.failure}")
        publication = self._ask(Publication, "GET", f"/v1/runs/{run}/result")
        path = f"{PUBLISHED}/{publication.where}"
        text = self._project.compose("exec", "-T", "worker", "cat", path)
        if hashlib.sha256(text.encode()).hexdigest() != publication.digest:
            raise BrokenError(f"the file {path} is not what run {run} says it has published")
        return publication

    def busy_worker(self, run: str) -> str:
        """Ask Temporal's UI which container works on a run; gives the beginning of its id.

        Raises:
            BrokenError: nobody takes a step of it.
        """
        found: list[str] = []

        def is_known() -> bool:
            answer = self._ask(_Execution, "GET", self._in_temporal(run))
            # The client library names a worker `process@host`; the host is the container.
            found.extend(each.worker.partition("@")[2] for each in answer.pending)
            return any(found)

        until(is_known, f"a worker takes a step of run {run}", RUN_SECONDS, pause_seconds=0.1)
        return next(filter(None, found))

    def repetitions(self, run: str) -> int:
        """Count in Temporal's UI how many pieces of work were begun more than once."""
        events = self._ask(_History, "GET", f"{self._in_temporal(run)}/history").history.events
        return sum(1 for each in events if each.started and each.started.attempt > 1)

    def _in_temporal(self, run: str) -> str:
        name = quote(f"default/{run}", safe="")
        return f"{self._project.ui_url}/api/v1/namespaces/default/workflows/{name}"

    def _ask(
        self,
        kind: type[Reply],
        method: str,
        path: str,
        body: Mapping[str, JsonValue] | None = None,
    ) -> Reply:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise BrokenError(f"{method} {path}: {error}") from error
        if not answer.is_success:
            raise BrokenError(f"{method} {path}: HTTP {answer.status_code} {answer.text[:500]}")
        return kind.model_validate_json(answer.content)
