"""Reads a glossary from a table in a corpus: one term a row, one language a column."""

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from pydantic import ValidationError

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.glossary import Glossary, GlossaryTerm, TermTranslation
from contracts.content.localise import DocumentName, LocaliseRequest
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given
from services.errors import NotFoundError, StepError
from services.retrieval.base import Retriever
from services.retrieval.documents import find

_KEEP: Final = "="
_FIRST: Final = "term"
_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


class GlossaryReader(Agent):
    """A request that names no glossary gets one without terms."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="glossary_reader",
        version=1,
        kind=AgentKind.CODE,
        summary="Reads the glossary that a request names.",
        receives={"request": "LocaliseRequest@1"},
        produces="Glossary@1",
        trust=Trust.UNTRUSTED,
        limits=AgentLimits(seconds=60),
    )

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Read the glossary.

        Raises:
            StepError: `rule_broken` when there is no such document or no table of terms in it.
        """
        named = given.one("request", LocaliseRequest).glossary
        if named is None:
            return Glossary()
        rows = await self._rows(named)
        try:
            return Glossary(terms=tuple(_terms(rows, named)))
        except ValidationError as error:
            said = error.errors(include_url=False)[0]["msg"]
            raise _unusable(named, said) from error

    async def _rows(self, named: DocumentName) -> list[list[str]]:
        """Find the rows of the table: a corpus keeps each as a line, its cells set apart by `;`."""
        try:
            document = await find(self._retriever, named.corpus, named.document)
        except NotFoundError as error:
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"there is no document {named.document!r} in corpus {named.corpus!r}; name one by"
                " its id or by its path, or leave glossary out",
            ) from error
        rows = [[cell.strip() for cell in line.split(";")] for line in document.text.splitlines()]
        starts = [at for at, row in enumerate(rows) if row[0].casefold() == _FIRST]
        if not starts:
            raise _unusable(named, f"it has no table whose first column is `{_FIRST}`")
        width = len(rows[starts[0]])
        return [row for row in rows[starts[0] :] if len(row) == width]


def _terms(rows: Sequence[Sequence[str]], named: DocumentName) -> Iterator[GlossaryTerm]:
    locales = rows[0][1:]
    if strange := [each for each in locales if not _LOCALE.fullmatch(each)]:
        raise _unusable(named, f"its column {strange[0]!r} is no locale, such as de or pt-BR")
    for ordinal, row in enumerate(rows[1:], start=1):
        translations = tuple(
            TermTranslation(locale=locale, text=text)
            for locale, text in zip(locales, row[1:], strict=True)
            if text not in ("", _KEEP)
        )
        keep = not translations and _KEEP in row[1:]
        yield GlossaryTerm(id=f"t{ordinal}", term=row[0], translations=translations, keep=keep)


def _unusable(named: DocumentName, why: str) -> StepError:
    return StepError(
        FailureKind.RULE_BROKEN,
        f"document {named.document!r} is no glossary: {why}; write a table"
        " `| term | de | fr |`, and = where a term is kept",
    )
