"""What every adapter says and refuses alike: names, queries, and corpora that are not there."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter, ValidationError

from contracts.content.text import CorpusName
from services.errors import InputInvalidError, NotFoundError
from services.retrieval.base import Document

MAX_QUERY_CHARACTERS = 2_000
MAX_LIMIT = 100
"""Passages a search may ask for: four times what an evidence set holds."""


def is_name(corpus: str) -> bool:
    """Tell whether a corpus can have this name."""
    try:
        TypeAdapter[str](CorpusName).validate_python(corpus)
    except ValidationError:
        return False
    return True


def check_query(query: str, limit: int) -> None:
    """Refuse what no search can answer.

    Raises:
        InputInvalidError: no letter or digit in the query, too long, or a limit out of range.
    """
    if not any(character.isalnum() for character in query):
        raise InputInvalidError(f"the query {query[:80]!r} has no word in it; say what to find")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise InputInvalidError(
            f"the query has {len(query)} characters; ask with at most {MAX_QUERY_CHARACTERS}"
        )
    if not 1 <= limit <= MAX_LIMIT:
        raise InputInvalidError(f"limit {limit} is not in 1 to {MAX_LIMIT}")


def check_documents(corpus: str, documents: Sequence[Document]) -> None:
    """Refuse what no corpus can hold.

    Raises:
        InputInvalidError: the name is no corpus name, there are no documents, or ids repeat.
    """
    if not is_name(corpus):
        raise InputInvalidError(
            f"{corpus[:80]!r} is no name for a corpus: use up to 63 of a-z, 0-9, - and _,"
            " beginning with a letter or digit"
        )
    if not documents:
        raise InputInvalidError(f"there are no documents to add to corpus {corpus!r}")
    repeated, times = Counter(document.id for document in documents).most_common(1)[0]
    if times > 1:
        raise InputInvalidError(f"document id {repeated!r} stands {times} times; give it once")


def no_such_corpus(corpus: str, existing: Iterable[str]) -> NotFoundError:
    """Say which corpora there are and how to make one."""
    names = ", ".join(sorted(existing)) or "none yet"
    return NotFoundError(
        f"there is no corpus {corpus[:80]!r} (there are: {names});"
        f" add one: orchestra corpus add {corpus[:80]} FOLDER"
    )


def no_such_document(corpus: str, document_id: str) -> NotFoundError:
    """Say what was looked for and where."""
    return NotFoundError(f"corpus {corpus!r} holds no document {document_id[:80]!r}")


def nothing_to_search(corpus: str) -> InputInvalidError:
    """Say that a corpus is there and empty, which is not the same as finding nothing."""
    return InputInvalidError(
        f"corpus {corpus!r} holds no sentence to search;"
        f" add documents with text: orchestra corpus add {corpus} FOLDER"
    )
