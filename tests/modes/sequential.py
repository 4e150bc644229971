"""A plain sequential script as a careful user writes it, for comparison.

It has: typed replies validated by pydantic with nothing unknown let in, evidence ids that exist,
transport errors tried three times, two repairs with the validation error, a fact check and a review
of every version, two revisions at most, a check of length and phrases before it publishes, and a
person for what is high-risk. It is started again when its process dies.

It has not: rules on what a valid reply says (numbers, negations, claims without a verdict, comments
without a change, a verdict that contradicts itself), and nothing that outlives its process.
"""

from typing import Final

from contracts.content.review import ReviewVerdict
from contracts.content.topic import Risk
from services.publishing.base import Publisher
from tests.modes.asking import StoppedError
from tests.modes.newsroom import Newsroom, assembled, revised, unsupported

MOST_REVISIONS: Final = 2


async def write_article(room: Newsroom, risk: Risk, publisher: Publisher) -> None:
    """Write, check, review, revise and publish.

    Raises:
        StoppedError: it noticed that it cannot go on.
    """
    outline = await room.plan()
    draft = assembled(room.brief, [await room.write(part) for part in outline.sections])
    for visit in range(1, MOST_REVISIONS + 2):
        verdicts = await room.check(draft, visit)
        opinion = await room.review(draft, verdicts, visit)
        if opinion.verdict is ReviewVerdict.ACCEPT and not unsupported(verdicts):
            break
        if visit > MOST_REVISIONS:
            raise StoppedError(f"not accepted after {MOST_REVISIONS} revisions")
        room.asking.rejected += 1
        draft = revised(draft, await room.revise(draft, verdicts, opinion, visit))
    if risk is Risk.HIGH:
        raise StoppedError("high risk: a person has to approve it")
    await room.publish(draft, publisher)
