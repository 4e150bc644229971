r"""How data is quoted to a model: labelled blocks that nothing inside them can close.

    <<brief trust=operator 3f9a2c>>
    {"title":"Compost"}
    <<end brief 3f9a2c>>

The data is JSON on one line. The mark comes from the data's own SHA-256 and stands nowhere in the
data of any block beside it, so quoted text can neither close its block nor open another.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import count
from typing import Final, Protocol

from pydantic import JsonValue

_MARK_LENGTH: Final = 6
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BLOCK: Final = re.compile(
    r"^<<(?P<name>[A-Za-z]\w*) trust=(?P<trust>\w+) (?P<mark>[0-9a-f]{6})>>\n"
    r"(?P<data>.*)\n"
    r"<<end (?P=name) (?P=mark)>>$",
    re.MULTILINE | re.ASCII,
)
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Quotable(Protocol):
    """A piece of data and how far it may be believed."""

    @property
    def data(self) -> JsonValue:
        """What is quoted."""
        ...

    @property
    def trust(self) -> str:
        """One lower-case word: `operator`, `model` or `untrusted`."""
        ...


def render_blocks(blocks: Mapping[str, Quotable]) -> str:
    """Write blocks in their order, a blank line between them.

    Raises:
        ValueError: a name is no identifier, or a number is not finite.
    """
    texts = {name: _compact(block.data) for name, block in blocks.items()}
    return "\n\n".join(
        _block(name, block.trust, texts[name], _mark(texts[name], texts.values()))
        for name, block in blocks.items()
    )


def parse_blocks(text: str) -> dict[str, JsonValue]:
    """Read the blocks back out of a text; what stands around them is passed over.

    The inverse of `render_blocks`. Of two blocks with one name the later wins.

    Raises:
        ValueError: what stands between two borders is not JSON.
    """
    return {match["name"]: json.loads(match["data"]) for match in _BLOCK.finditer(text)}


def _block(name: str, trust: str, data: str, mark: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a block: use letters, digits and underscores")
    return f"<<{name} trust={trust} {mark}>>\n{data}\n<<end {name} {mark}>>"


def _compact(data: JsonValue) -> str:
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate cannot be encoded as UTF-8; JSON can still spell it out.
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _mark(data: str, texts: Collection[str]) -> str:
    """Derive the border's mark: the first of the data's own marks that stands in no text."""
    return next(mark for mark in _marks(data) if not any(mark in text for text in texts))


def _marks(data: str) -> Iterator[str]:
    for attempt in count():
        yield hashlib.sha256(f"{attempt}:{data}".encode()).hexdigest()[:_MARK_LENGTH]
