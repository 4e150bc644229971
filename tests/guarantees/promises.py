"""Every promise about failures, once: what is promised, and how it is measured.

A test says which one it proves by `@pytest.mark.guarantee("<id>")`; the page is written from both.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Promise:
    """One promise to whoever runs a flow."""

    id: str
    sentence: str
    measured: str
    """How the tests look at it."""

    reports: tuple[str, ...] = ()
    """Reports under `docs/measured` whose figures belong to it, by the beginning of their names."""


PROMISES: Final = (
    Promise(
        "work-is-redone",
        "A worker may go at any instant. Its step is made again by another one, and nothing of it"
        " appears twice.",
        "attempts of a step and the events told of it",
        ("chaos",),
    ),
    Promise(
        "paid-once",
        "A model reply that has been noted is judged again, never bought again. A call whose"
        " outcome nobody knows counts at the most it can have cost.",
        "calls in the journal and in the scripted model's own log",
        ("chaos",),
    ),
    Promise(
        "loss-is-noticed",
        "Every value is read by its digest, so that a missing, foreign or changed one is noticed"
        " at the next read, wherever it is kept.",
        "reads after damage to store, archive and history",
    ),
    Promise(
        "loss-is-mended",
        "What memory has lost comes back from the archive or the run's own history, also across a"
        " continued run. What cannot come back is named.",
        "the ends and digests of runs whose memory was wiped under them",
        ("chaos",),
    ),
    Promise(
        "no-update-lost",
        "Of many who write one entry of long-term memory at once, none loses what another wrote:"
        " the two are united as declared, or the later one is told. An entry's versions are a"
        " chain, so that a gap, a change or a way back is noticed, in memory and in the archive.",
        "entries after 200 writers in four processes, after wipes, and after records were taken"
        " away",
    ),
    Promise(
        "memory-is-safe",
        "A memory server that may forget by itself is refused at the start; one that is full"
        " refuses to write and forgets nothing.",
        "real servers that are set to evict, or are full",
    ),
    Promise(
        "kept-while-reachable",
        "A value lives for as long as a run can reach it, and after that for as long as the flow"
        " says.",
        "what a sweep leaves and takes",
    ),
    Promise(
        "tenants-apart",
        "Nothing is addressed across tenants: not in memory, not in the archive, not to restore.",
        "keys that a real server holds, and reads under another tenant's name",
    ),
    Promise(
        "one-key-one-run",
        "A start that is sent again finds the run of the first one; the same key with another"
        " request is refused.",
        "starts repeated by key",
    ),
    Promise(
        "state-survives-restart",
        "The stack may be stopped and started again: runs, values and events are still there.",
        "a stack of real servers that is restarted, and one whose memory is killed",
        ("chaos",),
    ),
    Promise(
        "every-failure-has-a-kind",
        "Whatever goes wrong in a step is exactly one of a closed set of kinds, and each kind says"
        " who acts next.",
        "every class of error, and every way in which Temporal itself reports one",
    ),
    Promise(
        "only-the-passing-is-retried",
        "Only what may pass by itself is tried again, as often or as long as the plan says; what"
        " can never succeed is final the first time.",
        "attempts that were made",
    ),
    Promise(
        "nothing-bad-crosses",
        "An answer that is late, missing, cut, empty, off its form or against a rule never becomes"
        " a value: it is repaired with the reasons, set apart, or ends its step with its own kind.",
        "what a misbehaving scripted model says, and what became of it",
        ("rehears", "modes"),
    ),
    Promise(
        "the-plan-is-followed",
        "A step without a product leads where the flow says: another way, a declared end or a"
        " person, who is shown the agent, the kind and the reasons.",
        "the ends and gates that failed steps lead to",
        ("rehears",),
    ),
    Promise(
        "budget-holds",
        "At the budget no further paid call is made, whatever runs in parallel; the work so far is"
        " kept, and the declared way is taken.",
        "reservations in every order of work, and calls against a small budget",
    ),
    Promise(
        "running-runs-keep-their-flow",
        "A run keeps the flow it was started with. Today's program takes the recorded runs of"
        " earlier ones the same way.",
        "recorded histories, replayed",
    ),
    Promise(
        "no-stranger-does-the-work",
        "A step is done by the version of the agent that its run was started with, or not at all.",
        "agents of other versions",
    ),
    Promise(
        "decisions-name-what-was-seen",
        "A decision names what the person saw. It is taken once, refused when something else is"
        " shown by then, and not lost while no worker is up.",
        "decisions that are late, repeated, on another version, or sent with no worker",
    ),
    Promise(
        "borders-are-guarded",
        "Nothing unset, stale or unvouched goes over a border of a run, even where the check of"
        " its flow has missed it.",
        "runs of flows that were damaged after their check",
    ),
    Promise(
        "sizes-own-error-first",
        "Nothing comes near the sizes that Temporal takes without an error of our own before it,"
        " which says what is too large.",
        "sizes on a real server",
    ),
    Promise(
        "poison-stays-alone",
        "What cannot be read, in a start, a result, a task or a stored value, ends its own run at"
        " once with a reason that anybody can read, and no other run.",
        "broken bytes sent to a real server, beside a healthy run",
    ),
    Promise(
        "dead-endpoints-left-alone",
        "A model that does not answer is known to be down to all workers after a few calls; it is"
        " left alone but for one probe at a time, and a flow's stand-in does the work.",
        "calls that a dead endpoint gets from two workers",
    ),
    Promise(
        "no-tenant-starves",
        "However much one tenant starts at once, another's runs have their turn.",
        "the order in which runs of two tenants end on one worker",
    ),
    Promise(
        "errors-tell-no-secrets",
        "What is told of an error holds no text that a model, a brief or a foreign program wrote.",
        "messages of errors that quote a secret",
    ),
)
