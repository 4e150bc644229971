"""Pages of posts and translations: text stays text, and every version has a name of its own."""

from contracts.content.localised import LocalisedSet
from contracts.content.post import PostSet
from services.publishing.pages import languages_page, posts_page, translation_page
from tests.unit.agents.bins import OPENING, a_post, a_translation

POSTS = PostSet(title="# Bins & <b>more</b>", posts=(a_post(),))


def test_a_post_stands_as_it_is_posted() -> None:
    """Nothing in it is markup: it can be copied letter for letter from its block."""
    hostile = a_post((f"{OPENING} <script>", "p1"), ("[x](javascript:y) # z", "p2"))

    page = posts_page(POSTS.model_copy(update={"posts": (hostile,)}), "approved by a person")

    assert f"    {OPENING} <script> [x](javascript:y) # z\n\n    https://" in page.text
    assert "# \\# Bins &amp; &lt;b&gt;more&lt;/b&gt;" in page.text


def test_a_line_break_in_a_sentence_does_not_leave_its_block() -> None:
    """A sentence of several lines stays code on every line of it."""
    page = posts_page(
        POSTS.model_copy(update={"posts": (a_post((f"{OPENING}\n\n# Heading", "p1")),)}), "nobody"
    )

    assert "\n# Heading" not in page.text


def test_every_version_has_its_own_name() -> None:
    """Another text never overwrites the one before it."""
    other = POSTS.model_copy(update={"posts": (a_post(made_by="another-model"),)})
    names = {posts_page(each, "nobody").name for each in (POSTS, other)}

    assert len(names) == 2


def test_a_translation_is_an_article_of_its_own() -> None:
    """Its page names language, author and who vouches; headings and paragraphs keep their order."""
    page = translation_page(a_translation(), "approved by a person")

    assert page.name.startswith("de-gemeinsame-")
    head, _, body = page.text.removeprefix("---\n").partition("---\n")
    assert "language: de\nmade_by: a-model\nstatus: approved by a person\n" in head
    assert body.index("1.250") < body.index("## Was man") < body.index("55 °C")


def test_the_list_says_what_is_missing() -> None:
    """Readers are led to every page there is, and told of the languages without one."""
    localised = LocalisedSet(title="Bins", translations=(a_translation(),), missing=("fr", "pt-BR"))

    page = languages_page(localised, {"de": "de-page.md"}, "measured")

    assert "(de-page.md)" in page.text
    assert "- fr: not translated\n- pt-BR: not translated" in page.text
