"""What `orchestra demo` does once a stack works: adds corpora, runs briefs, checks the texts."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from contracts.run import HandOff, RunStatus, RunView
from services.cli import samples, verbatim
from services.cli.adding import add
from services.cli.attend import ending, header, shape
from services.cli.client import Gateway, run_path
from services.cli.commands.run import start
from services.cli.facts import words_of
from services.cli.reading import WrittenFile, read_mapping
from services.cli.screen import Screen
from services.cli.verbatim import Verbatim
from services.cli.watch import Watch
from services.gateway.replies import HandOffList, RunContext
from services.retrieval.base import Document

FLOW: Final = "article"


@dataclass(frozen=True)
class Shown:
    """One run of the demonstration and what was found about it."""

    brief: str
    run: RunView
    seconds: float
    """From the request until the end was known."""

    published: str = ""
    words: int = 0
    verbatim: Verbatim | None = None
    """None where nothing was published, or the corpus is not on this machine."""

    def is_good(self, must_be_verbatim: bool) -> bool:
        """Whether it succeeded, and says nothing of its own where it must not."""
        if self.run.status is not RunStatus.SUCCEEDED:
            return False
        return not must_be_verbatim or self.verbatim is None or self.verbatim.is_true

    def as_json(self) -> dict[str, JsonValue]:
        """Write it as plain data."""
        found = self.verbatim
        return {
            "brief": self.brief,
            "run": self.run.id,
            "status": self.run.status.value,
            "seconds": round(self.seconds, 2),
            "words": self.words,
            "published": self.published,
            "sentences": found.sentences if found else None,
            "faults": list(found.faults) if found else None,
        }


class Demonstration:
    """Runs briefs on one gateway."""

    def __init__(self, gateway: Gateway, publish_dir: Path) -> None:
        self._gateway = gateway
        self._publish_dir = publish_dir
        self._documents: dict[str, list[Document]] = {}

    def add_samples(self) -> dict[str, int]:
        """Add the sample corpora; tell how many documents each has."""
        for name, reading in samples.corpora().items():
            add(self._gateway, name, reading)
            self._documents[name] = samples.as_stored(reading)
        return {name: len(documents) for name, documents in self._documents.items()}

    def briefs(self, chosen: Path | None, count: int) -> Iterator[Path]:
        """Go through the chosen brief, or the samples in turn, so many times."""
        paths = [chosen] if chosen else [samples.brief(name) for name in samples.BRIEFS]
        return islice(cycle(paths), count)

    def show(self, brief: Path, screen: Screen) -> Shown:
        """Run one brief to its end, or to a gate that waits for a person.

        Raises:
            InputInvalidError: the brief does not fit.
            UnavailableError: the gateway does not answer.
        """
        written = read_mapping(brief)
        began = time.monotonic()
        accepted = start(self._gateway, FLOW, written)
        first = self._gateway.get(RunView, run_path(accepted.id))
        screen.say(header(self._gateway, first))
        watch = Watch(self._gateway, accepted.id, screen, shape(self._gateway, FLOW))
        view = watch.follow(until_gate=True)
        seconds = time.monotonic() - began
        for text in ending(self._gateway, view, self._publish_dir):
            screen.say(text)
        return self._judged(Shown(brief.stem, view, seconds), written)

    def hand_offs(self, shown: Shown) -> tuple[HandOff, ...]:
        """Fetch what crossed each border."""
        return self._gateway.get(HandOffList, f"{run_path(shown.run.id)}/handoffs").hand_offs

    def _judged(self, shown: Shown, written: WrittenFile) -> Shown:
        """Hold what was published against the corpus."""
        if shown.run.status is not RunStatus.SUCCEEDED:
            return shown
        path = run_path(shown.run.id)
        publication = self._gateway.get_json(f"{path}/result")
        draft = self._draft(path)
        documents = self._documents.get(samples.corpus_of(written.data))
        where = str(publication.get("where")) if isinstance(publication, dict) else ""
        return replace(
            shown,
            published=str(self._publish_dir / where),
            words=words_of(draft) if isinstance(draft, dict) else 0,
            verbatim=self._check(draft, publication, documents),
        )

    def _draft(self, path: str) -> JsonValue:
        context = self._gateway.get(RunContext, f"{path}/context")
        [slot] = [each for each in context.slots if each.slot == "draft"]
        return self._gateway.get_json(f"{path}/values/{slot.versions[-1].digest}")

    def _check(
        self, draft: JsonValue, publication: JsonValue, documents: Sequence[Document] | None
    ) -> Verbatim | None:
        if documents is None:
            return None
        return verbatim.check(draft, publication, documents, self._publish_dir)
