"""How two versions of an entry differ, word by word, as people read JSON."""

import json

from services.comparing.words import Piece, word_diff
from services.long_term.record import EntryValue


def difference(before: EntryValue, after: EntryValue) -> tuple[Piece, ...]:
    """Tell two versions apart; both are shown indented, a field a line."""
    return word_diff(_shown(before), _shown(after))


def _shown(held: EntryValue) -> str:
    return json.dumps(json.loads(held.body), indent=2, ensure_ascii=False)
