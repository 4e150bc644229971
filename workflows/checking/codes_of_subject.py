"""Codes 25x: what a flow says of double starts."""

from typing import Final

from workflows.checking.code import Code
from workflows.checking.examples import PLAN, Example

SUBJECT: Final = (
    Code(
        code="FO250",
        title="a subject that no input has",
        meaning=(
            "`subject` names a field of an input, a text or a number that every such value has:"
            " runs in which it says the same take turns. What may be missing tells no two runs"
            " apart."
        ),
        example=Example(
            PLAN, "input: {brief: Brief@1}\n", "input: {brief: Brief@1}\nsubject: brief.headline\n"
        ),
    ),
)
