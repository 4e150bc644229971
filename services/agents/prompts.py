"""Prompts are files, `prompts/<agent>.<rung>.md`: text with `$places`, no template language."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Template

from services.errors import AuthorError


@cache
def prompt(agent: str, rung: str) -> str:
    """Load the instructions of one rung of an agent.

    Raises:
        AuthorError: there is no such file.
    """
    name = f"{agent}.{rung}.md"
    try:
        return resources.files("services.agents").joinpath("prompts", name).read_text("utf-8")
    except FileNotFoundError as error:
        raise AuthorError(
            f"there is no prompt {name}; add services/agents/prompts/{name}"
        ) from error


def places(text: str) -> frozenset[str]:
    """List the places that a prompt names.

    Raises:
        AuthorError: a `$` is followed by no name; `$$` writes the sign itself.
    """
    template = Template(text)
    if not template.is_valid():
        raise AuthorError("a prompt has a $ without a name after it; write $$ for the sign itself")
    return frozenset(template.get_identifiers())


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into a prompt's places.

    Raises:
        AuthorError: a place has no value, or a value has no place.
    """
    wanted = places(text)
    if missing := sorted(wanted - values.keys()):
        raise AuthorError(f"no value for the prompt's place ${', $'.join(missing)}")
    if unknown := sorted(values.keys() - wanted):
        raise AuthorError(f"the prompt has no place ${', $'.join(unknown)}")
    return Template(text).substitute(values)
