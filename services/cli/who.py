"""Who works at this terminal."""

import getpass

import typer


def user_name() -> str:
    """Name the person.

    Raises:
        typer.BadParameter: the machine does not know.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise typer.BadParameter("nobody knows who you are here; give --who NAME") from error
