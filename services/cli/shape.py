"""What of a declared flow helps to show a run of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.gateway.replies import FlowView

_EACH: Final = re.compile(r"\w+ in (\w+)\.(\w+)")


@dataclass(frozen=True)
class FlowShape:
    """The form of a flow; nothing is known of one that is not offered any more."""

    follows: Mapping[str, str] = field(default_factory=dict)
    """The step after a step, where there is no choice."""

    walks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The slot and the path in it that a fan-out goes over, by step."""


def shape_of(flow: FlowView) -> FlowShape:
    """Take out what helps to show a run."""
    walks = {name: _EACH.fullmatch(step.each) for name, step in flow.steps.items()}
    return FlowShape(
        follows={
            name: step.next[0].to
            for name, step in flow.steps.items()
            if len(step.next) == 1 and step.next[0].to not in flow.ends
        },
        walks={name: (found[1], found[2]) for name, found in walks.items() if found},
    )
