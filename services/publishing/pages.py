"""Renders posts and translations as Markdown pages. The same values give the same bytes."""

from collections.abc import Iterable, Mapping

from contracts.base import Contract, digest
from contracts.content.localised import LocalisedSet, Translation
from contracts.content.post import ChannelPost, PostSet
from services.publishing.base import Page
from services.publishing.markdown import escape, front_matter, paragraph, slug, visible


def posts_page(posts: PostSet, vouched_by: str) -> Page:
    """Put all posts on one page: what is posted stands in a block of its own, to be copied."""
    head = {"title": visible(posts.title), "status": vouched_by, "digest": digest(posts.encode())}
    parts = [
        front_matter(head),
        f"# {escape(posts.title)}",
        *(part for post in posts.posts for part in _post(post)),
    ]
    return _page(f"posts-{slug(posts.title)}", posts, parts)


def translation_page(translation: Translation, vouched_by: str) -> Page:
    """Render one translation as an article."""
    head = {
        "title": visible(translation.title),
        "language": translation.locale,
        "made_by": visible(translation.made_by),
        "status": vouched_by,
        "digest": digest(translation.encode()),
    }
    parts = [front_matter(head), f"# {escape(translation.title)}"]
    for section in translation.sections:
        parts += [f"## {escape(section.heading)}"] if section.heading else []
        parts += [paragraph(escape(each.text)) for each in section.paragraphs]
    return _page(f"{translation.locale.lower()}-{slug(translation.title)}", translation, parts)


def languages_page(localised: LocalisedSet, places: Mapping[str, str], vouched_by: str) -> Page:
    """List the translations of an article with their places, and the languages without one."""
    head = {
        "title": visible(localised.title),
        "status": vouched_by,
        "missing": list(localised.missing),
        "digest": digest(localised.encode()),
    }
    listed = [
        f"- {each.locale}: [{escape(each.title)}]({places[each.locale]})"
        for each in localised.translations
    ]
    listed += [f"- {locale}: not translated" for locale in localised.missing]
    parts = [front_matter(head), f"# {escape(localised.title)}", "\n".join(listed)]
    return _page(f"languages-{slug(localised.title)}", localised, parts)


def _post(post: ChannelPost) -> Iterable[str]:
    yield f"## {str(post.channel).replace('_', ' ')}"
    # Indented text is code to Markdown: it is shown as it stands and nothing in it is markup.
    yield "\n".join(f"    {line}".rstrip() for line in _lines(post))
    if post.alt_text:
        yield f"Picture: {escape(post.alt_text)}"


def _lines(post: ChannelPost) -> Iterable[str]:
    return (visible(line) for line in post.as_posted().split("\n"))


def _page(name: str, value: Contract, parts: Iterable[str]) -> Page:
    text = "\n\n".join(parts) + "\n"
    return Page(name=f"{name}-{digest(value.encode())[:8]}.md", text=text)
