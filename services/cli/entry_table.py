"""Long-term memory for a person: tables of entries and versions, and differences as text."""

import json
from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table

from contracts.long_term import Act
from services.cli.lines import moment
from services.cli.output import clean
from services.cli.tables import DIGEST_COLUMNS, pairs, size, table
from services.comparing.words import Change
from services.gateway.memory_replies import DifferencePiece, EntryReply, EntryVersion
from services.long_term.verifying import VerifiedEntry


def entries(found: Sequence[EntryVersion]) -> Table:
    """List entries, each as its last version."""
    made = table("ENTRY", "VERSION", "CONTRACT", "TRUST", "SIZE", "WRITTEN", "BY")
    for each in found:
        made.add_row(
            each.entry,
            str(each.version),
            each.contract or "erased",
            each.trust.value if each.contract else "",
            size(each.size) if each.contract else "",
            moment(each.at_ms),
            clean(author(each)),
        )
    return made


def versions(found: Sequence[EntryVersion]) -> Table:
    """List the versions of an entry."""
    made = table("VERSION", "HOW", "TRUST", "SIZE", "WRITTEN", "BY", "DIGEST", "NOTE")
    for each in found:
        made.add_row(
            str(each.version),
            _how(each),
            each.trust.value,
            size(each.size),
            moment(each.at_ms),
            clean(author(each)),
            each.digest[:DIGEST_COLUMNS],
            clean(each.provenance.note),
        )
    return made


def entry(found: EntryReply) -> Iterator[Table | str]:
    """Show one version: who wrote it, then the value itself."""
    yield pairs(
        [
            ("entry", found.entry),
            ("version", f"{found.version}, {_how(found)}"),
            ("contract", found.contract),
            ("trust", found.trust.value),
            ("written", f"{moment(found.at_ms)} by {author(found)}"),
            ("from", ", ".join(_sources(found))),
            ("note", found.provenance.note),
            ("digest", found.digest),
        ]
    )
    yield clean(json.dumps(found.value, indent=2, ensure_ascii=False), lines=True)


def verified(found: Sequence[VerifiedEntry]) -> Table:
    """List entries as verifying found them."""
    made = table("ENTRY", "VERSIONS", "WRONG", "REPAIRED")
    for each in found:
        made.add_row(each.entry, str(each.versions), str(len(each.wrong)), str(len(each.repaired)))
    return made


def difference(pieces: Iterable[DifferencePiece]) -> str:
    """Write what changed, a line of the value each: `[-removed-]` and `{+added+}`, kept as is.

    Lines in which nothing changed are left out.
    """
    marks = {Change.KEPT: "{}", Change.REMOVED: "[-{}-]", Change.ADDED: "{{+{}+}}"}
    lines, is_changed = [""], [False]
    for piece in pieces:
        for number, part in enumerate(piece.text.split("\n")):
            if number:
                lines.append("")
                is_changed.append(False)
            if part.strip() and piece.change is not Change.KEPT:
                is_changed[-1] = True
                lines[-1] += marks[piece.change].format(part)
            else:
                lines[-1] += part
    told = [line for line, changed in zip(lines, is_changed, strict=True) if changed]
    return clean("\n".join(told), lines=True) or "nothing"


def author(found: EntryVersion) -> str:
    """Name who wrote a version: a person, or a step of a run."""
    by = found.provenance
    return by.who or f"{by.step} of run {by.run}"


def _how(found: EntryVersion) -> str:
    match found.act:
        case Act.RESTORED:
            return f"restored {found.of}"
        case Act.MERGED:
            return f"merged over {found.of}"
        case act:
            return act.value


def _sources(found: EntryVersion) -> Iterator[str]:
    for each in found.provenance.made_from:
        yield f"{each.name} {each.digest[:DIGEST_COLUMNS]}"
