"""Valid articles for tests of publishing."""

from typing import Any

from contracts.base import digest
from services.publishing.base import Article
from tests.builders import a_draft, an_evidence_set


def an_article(**changes: Any) -> Article:
    """Make the composting article ready to be published."""
    draft = changes.pop("draft", a_draft())
    given = {
        "draft": draft,
        "digest": digest(draft.encode()),
        "cited": an_evidence_set().items,
        "vouched_by": "all 5 claims supported by their sources",
    }
    return Article.model_validate({**given, **changes})
