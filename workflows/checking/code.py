"""One entry of the catalogue of findings."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from workflows.checking.examples import Example
from workflows.checking.finding import Severity

KINDS: Final = {
    "1": "the file's form",
    "2": "names and types",
    "3": "behaviour on some path",
    "4": "what an author should know",
}
"""What codes are about, by their first digit."""


class Code(BaseModel):
    """What a code means, for whoever gets it as a finding."""

    model_config = ConfigDict(frozen=True)

    code: str
    """`FO203`."""

    title: str
    """What is wrong, as half a sentence."""

    meaning: str
    """Why that is a finding, and what may be meant instead; paragraphs without line breaks."""

    example: Example
    severity: Severity = Severity.ERROR

    @property
    def kind(self) -> str:
        """Severity and what the code is about."""
        return f"{self.severity.value}, {KINDS[self.code[2]]}"
