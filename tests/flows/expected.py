"""What the check says about every broken flow beside this module: written once, then compared.

`python -m tests.flows.expected` writes the texts anew; read the difference before it is kept.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from services.catalogue import catalogue
from services.cli.flow_findings import text
from services.flows.compile import Catalogue
from services.flows.examining import Examined, examine_file, one_of_each_name
from services.flows.shelf import flow_files
from services.settings import Settings

ROOT: Final = Path(__file__).parents[2]
BROKEN: Final = ROOT / "tests" / "flows" / "broken"
REGENERATE: Final = "run `python -m tests.flows.expected` and read the difference"


def installation(code: str) -> Catalogue:
    """What a broken flow is resolved against: defaults, but for codes about the environment."""
    match code:
        case "FO219":
            return replace(catalogue(Settings.from_environ({})), models={})
        case "FO402":
            return catalogue(Settings.from_environ({"ORCHESTRA_MODEL": "house-model"}))
        case _:
            return catalogue(Settings.from_environ({}))


@cache
def examined() -> dict[str, Examined]:
    """Examine all broken flows as one folder, by file name."""
    found = (
        examine_file(path, path.name, installation(path.name[:5])) for path in flow_files(BROKEN)
    )
    return {each.file: each for each in one_of_each_name(found)}


def said() -> dict[str, str]:
    """What the check says about each broken flow, by the name of the file that keeps it."""
    return {f"{Path(name).stem}.txt": f"{text(each)}\n" for name, each in examined().items()}


def written_codes() -> set[str]:
    """Find every code that some source names, the catalogue itself aside."""
    sources = [
        path
        for folder in ("workflows", "services")
        for path in (ROOT / folder).rglob("*.py")
        if not path.name.startswith("code")
    ]
    return {
        code for path in sources for code in re.findall(r'"(FO\d{3})"', path.read_text("utf-8"))
    }


def main() -> None:
    """Write every text anew, and remove those whose flow is gone."""
    told = said()
    for path in BROKEN.glob("*.txt"):
        if path.name not in told:
            path.unlink()
    for name, words in told.items():
        (BROKEN / name).write_text(words, "utf-8")


if __name__ == "__main__":
    main()
