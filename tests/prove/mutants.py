"""The shipped flow broken in every way the catalogue of findings names."""

import re

from services.catalogue import catalogue
from services.errors import FlowInvalidError
from services.flows.document import read_text
from services.settings import Settings
from tests.toys import errors_of
from tests.unit.workflows.mutations import ARTICLE, MUTATIONS, Mutation


def missed_mutants() -> tuple[int, list[str]]:
    """Count the mutants, and list those that were not caught with their code at their place."""
    missed = [problem for each in MUTATIONS if (problem := _missed(each))]
    if complaint := _complaint(ARTICLE):
        missed.append(f"the unbroken flow: {complaint}")
    return len(MUTATIONS), missed


def _missed(mutation: Mutation) -> str:
    complaint = _complaint(mutation.text())
    codes = set(re.findall(r"^\S+:\d+: (FO\d{3}) ", complaint, re.MULTILINE))
    place = f"article.yaml:{mutation.line_number()}: {mutation.code} {mutation.place}: "
    caught = codes == {mutation.code} and complaint.startswith(place)
    return "" if caught else f"{mutation.code} {mutation.new.strip()!r}: {complaint or 'nothing'}"


def _complaint(text: str) -> str:
    try:
        file = read_text("article.yaml", text)
    except FlowInvalidError as error:
        return str(error)
    return errors_of(file, catalogue(Settings.from_environ({})))
