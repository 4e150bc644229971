"""Who wrote a value by hand, and may therefore not approve it."""

from tests.unit.workflows.runs import a_reference
from workflows.authorship import barred, begun_by, credit


def test_an_edit_is_also_the_work_of_those_who_wrote_before() -> None:
    """Somebody else's small change does not let an author approve what is mostly theirs."""
    authors: dict[str, tuple[str, ...]] = {}
    edited, edited_again = a_reference("draft", ordinal=2), a_reference("draft", ordinal=3)

    credit(authors, edited, "Ann", is_edit=True)
    credit(authors, edited_again, "bob", is_edit=True)

    assert barred(authors, (), [edited]) == {"ann"}
    assert barred(authors, (), [edited_again]) == {"ann", "bob"}


def test_what_is_made_anew_is_nobody_else_s_work() -> None:
    """A value supplied in the place of a step's own has one author, however often it was edited."""
    authors: dict[str, tuple[str, ...]] = {"draft:1": ("ann",)}
    supplied = a_reference("draft", ordinal=2)

    credit(authors, supplied, "bob", is_edit=False)
    credit(authors, supplied, "bob", is_edit=False)

    assert authors["draft:2"] == ("bob",)
    assert barred(authors, (), [supplied]) == {"bob"}


def test_whoever_starts_a_run_is_the_author_of_what_goes_in() -> None:
    """They are barred from every gate that asks for it; nobody is where nobody was named."""
    authors: dict[str, tuple[str, ...]] = {}

    begun_by(authors, ("brief",), "")
    assert barred(authors, ("brief",), []) == frozenset()

    begun_by(authors, ("brief",), " Sam  Jones")
    assert barred(authors, ("brief",), [a_reference("draft")]) == {"sam jones"}
