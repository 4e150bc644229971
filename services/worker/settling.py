"""Makes one decision of what several people have decided at a gate."""

from collections.abc import Mapping, Sequence

from contracts.content.decision import DecidedBy, Decision, PersonComment
from contracts.reference import Digest
from contracts.registry import Registry
from contracts.work import GateDecision


def settled(
    decisions: Sequence[GateDecision], stored: Mapping[Digest, bytes], registry: Registry
) -> Decision:
    """Put decisions together: the last one decides, all comments count, everybody is named.

    Args:
        decisions: in the order in which they were taken, each with its value.
        stored: the bytes of the values.
        registry: reads them.
    """
    values = [_read(each, stored, registry) for each in decisions]
    return values[-1].model_copy(
        update={
            "comments": _numbered([each for value in values for each in value.comments]),
            "decided_by": tuple(
                DecidedBy(role=each.role, who=each.who, comment=value.comment)
                for each, value in zip(decisions, values, strict=True)
            ),
        }
    )


def _read(decision: GateDecision, stored: Mapping[Digest, bytes], registry: Registry) -> Decision:
    assert decision.decision is not None
    value = registry.read(stored[decision.decision.digest], Decision.key(), Decision.key())
    assert isinstance(value, Decision)
    return value


def _numbered(comments: Sequence[PersonComment]) -> tuple[PersonComment, ...]:
    """Number comments anew where two people have used the same id."""
    if len({each.id for each in comments}) == len(comments):
        return tuple(comments)
    return tuple(
        each.model_copy(update={"id": f"c{number}"}) for number, each in enumerate(comments, 1)
    )
