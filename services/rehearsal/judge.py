"""The oracle: it knows what was injected, and says whether readers got it as if all were well."""

import re
from dataclasses import dataclass
from enum import StrEnum

from contracts.failure import FailureKind
from services.rehearsal.faults import Person, Port
from services.rehearsal.scene import Scene
from services.rehearsal.seen import Seen


class Garbage(StrEnum):
    """What became of the fault, as readers of the output would see it."""

    NONE = ""
    PASSED = "passed"
    """The run reported success, and its output carries the fault."""

    APPROVED = "approved"
    """The same, after the fault made the run ask an editor, who in rehearsal approves all."""


@dataclass(frozen=True)
class Verdict:
    """What the oracle says about one run."""

    garbage: Garbage
    why: str = ""


def judge(scene: Scene, run: Seen, undisturbed: Seen) -> Verdict:
    """Judge a run against the one that differs from it in nothing but the fault."""
    assert scene.target is not None, "only what was injected can be looked for"
    why = _carried(scene, run) or _decided(scene) or _differs(scene, run, undisturbed)
    if run.outcome != "succeeded" or not why:
        return Verdict(Garbage.NONE)
    further = len(run.asked) > len(undisturbed.asked)
    was_shown = further and scene.target.injection.port is Port.ANSWER
    return Verdict(Garbage.APPROVED if was_shown else Garbage.PASSED, why)


def _carried(scene: Scene, run: Seen) -> str:
    text = plain(run.carried)
    for trace in scene.traces:
        if plain(trace) in text:
            return f"the output says: {trace}"
    return ""


def _decided(scene: Scene) -> str:
    """Whether a decision counted that must not."""
    assert scene.target is not None, "only what was injected can be looked for"
    told = scene.target.injection.what in (Person.OLD_DIGEST, Person.TWICE)
    return "a decision counted that must not" if told and not scene.refusals else ""


def _differs(scene: Scene, run: Seen, undisturbed: Seen) -> str:
    """Whether the output is another one though nothing was noticed, or nothing may change it."""
    if run.output == undisturbed.output:
        return ""
    if scene.target and scene.target.injection.what is FailureKind.CONFLICT:
        return ""  # what somebody else wrote to memory is meant to be in there
    if run.fell_back and _unsigned(run) == _unsigned(undisturbed):
        return ""
    if run.missing and run.route != undisturbed.route:
        # The flow lets a fan-out end without some items, and took note of it.
        return ""
    noticed = (
        run.repaired != undisturbed.repaired or run.fell_back or run.route != undisturbed.route
    )
    # What leaves a trace is looked for by it; a note that only the next agent reads is no output.
    known = noticed or bool(scene.traces)
    if scene.target and scene.target.injection.port is Port.ANSWER and known:
        return ""
    return "another output than undisturbed"


def _unsigned(run: Seen) -> str:
    """What readers got, whichever model put its name to it; digests are of the name as well."""
    text = run.carried
    for name in run.signed:
        text = text.replace(name, "a model")
    text = re.sub(r"a model(?: and a model)+", "a model", text)
    return re.sub(r"[0-9a-f]{8,64}", "digest", text)


def plain(text: str) -> str:
    """Reduce a text to its words, so that markup and line breaks hide nothing."""
    return " ".join(re.findall(r"\w+", text.casefold().replace("\\", "")))
