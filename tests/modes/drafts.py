"""Good drafts on every sample brief: quotes word for word, and quotes reworded without a change.

The mutants are made of these, and false alarms are counted on them.
"""

from typing import Final, NamedTuple

from contracts.content.brief import Brief
from contracts.content.evidence import EvidenceSet
from contracts.content.section import Sentence
from services.agents.checks.citations import quotes_by_id
from tests.modes.given import research_of

REWORDED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "clean-compost-bin": (
        (
            "e1",
            "Strong wire mesh under the base of a compost bin is the start of keeping rats out.",
        ),
        ("e2", "The smell of meat, fish, dairy products and cooked food attracts animals."),
        ("e3", "Rats look for food, warmth and a dry place to nest in a compost bin."),
        ("e4", "A bin that is kept moist and turned often is a poor home for rats."),
        ("e5", "Fewer rats visit a compost bin that stands beside a busy path."),
        ("e6", "Like a wrung-out sponge: that is how damp compost material should feel."),
        ("e7", "To cure a bin that smells, fork in torn cardboard and loosen the whole content."),
        ("e8", "Rotten eggs are the smell of a compost bin that is too wet and short of air."),
        ("e9", "Straw or dry leaves help a bin that smells of ammonia, which holds much nitrogen."),
    ),
    "composting-without-a-garden": (
        ("e1", "Worms are best fed with small portions of chopped scraps under the bedding."),
        (
            "e2",
            "On a balcony there is room for a worm bin or a bokashi bucket, but not a hot heap.",
        ),
        ("e3", "A worm bin turns sour from citrus peel, onions and salty leftovers in quantity."),
        ("e4", "Bokashi, a Japanese method, ferments kitchen scraps in a closed bucket with bran."),
        ("e5", "Each layer of kitchen scraps in the bokashi bucket is sprinkled with bran."),
        ("e6", "With a tight lid, a full bokashi bucket takes 2 weeks of fermenting."),
        ("e7", "A handful of worm compost in spring is enough for a balcony plant in a pot."),
        ("e8", "For most plants in pots, pure compost is too rich and holds too much water."),
        (
            "e9",
            "Most balcony plants in pots do well in three parts of potting mix to one of compost.",
        ),
    ),
    "hot-heap": (
        ("e1", "For every bucket of greens, a heap needs two to three buckets of browns."),
        ("e2", "Microbes need about 30 parts of carbon for each part of nitrogen."),
        ("e3", "Too many browns keep a heap cold, and for months it hardly changes."),
        ("e4", "Within four days the inside of a hot heap passes 40 degrees."),
        ("e5", "After a week or so a hot heap has its peak between 55 and 65 degrees Celsius."),
        ("e6", "Most weed seeds die in three days above 55 degrees Celsius inside the heap."),
        ("e7", "In the first month it is enough to turn the heap once a week."),
        ("e8", "A hot heap needs a turn every 2 weeks from the second month on."),
        ("e9", "A can of water every week may be what an open heap needs in dry summers."),
    ),
    "medicines-at-home": (
        ("e1", "Locked up, high and out of sight: so medicines are kept away from children."),
        ("e2", "A locked cupboard in a bedroom is a cool, dry and dark place for medicines."),
        ("e3", "Warmth and steam make bathrooms and kitchens poor places for storing medicines."),
        ("e4", "Until the expiry date the maker of a medicine vouches for quality and safety."),
        (
            "e5",
            "Even when they look unchanged, medicines past the expiry date should not be taken.",
        ),
        ("e6", "With month and year only, an expiry date usually means the month's last day."),
        ("e7", "Medicines are best taken when children, who copy adults, are not watching."),
        ("e8", "Visitors may have medicines in handbags and coats within reach of children."),
        ("e9", "Children may look for more if medicine is called sweets, so it never should be."),
    ),
    "warm-rooms": (
        ("e1", "A brush strip or a door snake filled with sand stops draughts under doors."),
        ("e2", "Self-adhesive foam strips on the moving part of the frame stop window draughts."),
        ("e3", "Warm air goes out and cold air comes in with draughts around windows and doors."),
        ("e4", "About 27 centimetres of mineral wool insulate a loft well."),
        ("e5", "Two layers of mineral wool go into a loft, the second across the joists."),
        ("e6", "Against the fibres of mineral wool a mask, gloves and long sleeves protect."),
        (
            "e7",
            "A thermostat set one degree lower saves roughly 5 to 10 percent of heating energy.",
        ),
        ("e8", "A room does not warm up faster with the thermostat set higher."),
        ("e9", "About 20 degrees Celsius in the room is what a thermostatic valve at three gives."),
    ),
}
"""By brief: the evidence that each rests on, and the sentence."""


class Good(NamedTuple):
    """A true sentence with everything it may rest on."""

    brief: Brief
    sentence: Sentence
    quotes: dict[str, str]
    evidence: EvidenceSet

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The trusted texts whose names may be used."""
        return (self.brief.title, *self.brief.key_points)


async def good_sentences() -> tuple[Good, ...]:
    """Collect every quote as it stands, and every quote reworded, of all sample briefs."""
    found = []
    for name, reworded in REWORDED.items():
        brief, evidence = await research_of(name)
        quotes = quotes_by_id(evidence)
        for cited, text in (*quotes.items(), *reworded):
            sentence = Sentence(text=text, evidence_ids=(cited,))
            found.append(Good(brief, sentence, quotes, evidence))
    return tuple(found)
