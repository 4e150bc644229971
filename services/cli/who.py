"""Who sits at the terminal."""

import getpass

import typer


def user() -> str:
    """Name whoever is logged in.

    Raises:
        typer.BadParameter: nobody knows.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise typer.BadParameter("nobody knows who you are here; give --who NAME") from error
