"""The house's order: what every file of the project keeps to."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("contracts", "workflows", "services")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
_LEFT_OPEN = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_packages_are_empty_files() -> None:
    """Importing a package does nothing: every `__init__.py` is empty."""
    packages = [path for path in SOURCES if path.name == "__init__.py"]

    assert packages
    assert [_named(path) for path in packages if path.stat().st_size] == []


def test_every_folder_of_source_is_a_package() -> None:
    """No folder of source is left out of the wheel for want of an `__init__.py`."""
    folders = {path.parent for path in SOURCES}

    assert [_named(each) for each in sorted(folders) if not (each / "__init__.py").exists()] == []


def test_tests_are_no_packages() -> None:
    """Tests are imported by their path, so no folder of tests has an `__init__.py`."""
    assert [_named(path) for path in TESTS if path.name == "__init__.py"] == []


def test_test_files_have_names_of_their_own() -> None:
    """A test is found by the name of its file."""
    names = Counter(path.name for path in TESTS if path.name.startswith("test_"))

    assert [name for name, count in names.items() if count > 1] == []


def test_nothing_is_left_open() -> None:
    """What is not done is not written down as a note in the source."""
    left = [
        f"{_named(path)}:{number}"
        for path in (*SOURCES, *TESTS)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if _LEFT_OPEN.search(line)
    ]

    assert left == []


@pytest.mark.parametrize("path", SOURCES, ids=[_named(path) for path in SOURCES])
def test_a_module_stays_readable(path: Path) -> None:
    """No module of source is over five hundred lines."""
    assert len(path.read_text("utf-8").splitlines()) <= 500
