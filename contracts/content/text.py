"""Constrained text and identifiers that the content contracts share."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300, pattern=r"^[^\r\n]*$"),
    AfterValidator(_not_blank),
]
"""One line of text, never blank."""

Prose = Annotated[str, StringConstraints(min_length=1, max_length=8000), AfterValidator(_not_blank)]
"""Running text, never blank."""

Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
"""A BCP 47 tag of language and, where it matters, region: `en`, `de-AT`."""

EvidenceId = Annotated[str, Field(pattern=r"^e[1-9][0-9]*$")]
SectionId = Annotated[str, Field(pattern=r"^s[1-9][0-9]*$")]
ClaimId = Annotated[str, Field(pattern=r"^c[1-9][0-9]*$")]
CommentId = Annotated[str, Field(pattern=r"^r[1-9][0-9]*$")]


def _comment_id(text: str) -> str:
    if not re.fullmatch(r"[rc][1-9][0-9]*", text):
        raise ValueError("a comment's id is r1 in a review, c1 in a person's decision")
    return text


AnyCommentId = Annotated[str, AfterValidator(_comment_id)]
"""The id of a comment of a review, `r1`, or of a person, `c1`."""

CorpusName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
ParagraphId = Annotated[str, Field(pattern=r"^p[1-9][0-9]*$")]
TermId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
WebAddress = Annotated[
    str, Field(max_length=400, pattern=r"^https?://[a-zA-Z0-9.-]+(:[0-9]{1,5})?(/[^\s<>\"]*)?$")
]
"""An address on the web that readers can open, without user and password."""
