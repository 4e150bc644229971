"""What the fact checker says about a draft, claim by claim."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import ClaimId, EvidenceId, Line, Prose, SectionId


class ClaimVerdict(StrEnum):
    """Whether the evidence bears a claim out."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"


class Claim(Part):
    """One sentence of the draft, judged against what it cites."""

    id: ClaimId
    section_id: SectionId
    text: Prose
    evidence_ids: tuple[EvidenceId, ...] = ()
    verdict: ClaimVerdict
    reason: Line


class ClaimReport(Contract, version=1):
    """Every claim of one version of a draft, with its verdict."""

    claims: tuple[Claim, ...] = Field(min_length=1, max_length=500)
    unsupported: int = Field(ge=0)
    """How many claims are not supported; contradicted ones count too."""

    @model_validator(mode="after")
    def _count_agrees(self) -> Self:
        counted = sum(claim.verdict is not ClaimVerdict.SUPPORTED for claim in self.claims)
        if counted != self.unsupported:
            raise ValueError(f"unsupported says {self.unsupported}, the claims say {counted}")
        return self
