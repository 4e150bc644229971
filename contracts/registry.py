"""Which contracts exist, how a stored value of an older version becomes the current one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from contracts.base import Contract
from contracts.content.brand_voice import BrandVoice
from contracts.content.brief import Brief
from contracts.content.claims import ClaimReport
from contracts.content.covered_topics import CoveredTopics
from contracts.content.decision import Decision, DecisionV1, decision_1_to_2
from contracts.content.draft import Draft
from contracts.content.editorial_decisions import EditorialDecisions
from contracts.content.evidence import EvidenceSet
from contracts.content.glossary import Glossary
from contracts.content.localise import LocaliseJob, LocalisePlan, LocaliseRequest
from contracts.content.localised import LocalisedSet, Translation
from contracts.content.newsletter import NewsletterRequest, StoryPlan
from contracts.content.outline import Outline
from contracts.content.post import ChannelPost, PostSet
from contracts.content.post_report import PostReport
from contracts.content.publication import Publication
from contracts.content.remembered import Remembered
from contracts.content.repurpose import PostPlan, RepurposeRequest
from contracts.content.review import Review
from contracts.content.section import Section
from contracts.content.source_article import SourceArticle
from contracts.content.style_rules import StyleRules
from contracts.content.topic import TopicLabel
from contracts.content.translation_report import LocalisedReport, TranslationReport

Migration = Callable[[Any], Contract]
"""Turns a value of one version into the next version. Pure and total."""


class UnknownContractError(LookupError):
    """A contract that nobody registered; the message lists the ones that exist."""


class MissingMigrationError(LookupError):
    """A stored value is older than what its reader wants and no path leads there."""


@dataclass(frozen=True)
class Registry:
    """A set of contract versions and the migrations between them."""

    contracts: dict[str, type[Contract]]
    migrations: dict[str, Migration]
    """From the older key, `Draft@1`, to the next version."""

    @classmethod
    def of(
        cls, contracts: Iterable[type[Contract]], migrations: dict[str, Migration] | None = None
    ) -> "Registry":
        """Build a registry; the order given is the order listed.

        Raises:
            ValueError: two classes claim one key.
        """
        by_key: dict[str, type[Contract]] = {}
        for contract in contracts:
            if by_key.setdefault(contract.key(), contract) is not contract:
                raise ValueError(f"two classes claim {contract.key()}")
        return cls(by_key, dict(migrations or {}))

    def get(self, key: str) -> type[Contract]:
        """Find the class of `Draft@1`.

        Raises:
            UnknownContractError: there is none.
        """
        try:
            return self.contracts[key]
        except KeyError:
            known = ", ".join(sorted(self.contracts))
            raise UnknownContractError(f"no contract {key!r}; there are {known}") from None

    def migrates(self, held: str, wanted: str) -> bool:
        """Whether a value of one version becomes another, newer one, or is of it already."""
        if held == wanted:
            return held in self.contracts
        (name, _, old), (other, _, new) = held.partition("@"), wanted.partition("@")
        if name != other or wanted not in self.contracts or held not in self.contracts:
            return False
        steps = range(int(old), int(new))
        return len(steps) > 0 and all(f"{name}@{version}" in self.migrations for version in steps)

    def read(self, stored: bytes | str, written_as: str, wanted: str) -> Contract:
        """Decode a stored value and migrate it, step by step, to the version wanted.

        Raises:
            UnknownContractError: either key is unknown.
            MissingMigrationError: no path of migrations leads there.
            pydantic.ValidationError: the bytes do not fit the contract they were written as.
        """
        target = self.get(wanted)
        value = self.get(written_as).decode(stored)
        while type(value) is not target:
            migrate = self.migrations.get(value.key())
            if migrate is None or value.contract_name != target.contract_name:
                raise MissingMigrationError(f"no migration leads from {value.key()} to {wanted}")
            older, value = value, migrate(value)
            if value.contract_version <= older.contract_version:
                raise MissingMigrationError(f"the migration of {older.key()} leads no further")
        return value


CONTRACTS: Final = Registry.of(
    [
        Brief,
        TopicLabel,
        EvidenceSet,
        Outline,
        Section,
        Draft,
        ClaimReport,
        Review,
        DecisionV1,
        Decision,
        Publication,
        BrandVoice,
        StyleRules,
        EditorialDecisions,
        Remembered,
        NewsletterRequest,
        StoryPlan,
        CoveredTopics,
        SourceArticle,
        Glossary,
        RepurposeRequest,
        PostPlan,
        ChannelPost,
        PostSet,
        PostReport,
        LocaliseRequest,
        LocalisePlan,
        LocaliseJob,
        Translation,
        TranslationReport,
        LocalisedSet,
        LocalisedReport,
    ],
    {"Decision@1": decision_1_to_2},
)
"""Every contract that the shipped flows use."""
