"""Imports point down, and what is imported is what stands in this checkout."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["contracts", "workflows", "services"])
def test_our_packages_come_from_this_checkout(name: str) -> None:
    """No installed package of the same plain name stands in the way of ours."""
    module = import_module(name)

    assert Path(str(module.__file__)).parent == ROOT / name


@pytest.mark.parametrize("name", ["contracts", "workflows", "services"])
def test_nobody_else_installs_a_package_of_our_names(name: str) -> None:
    """Of everything that is installed only our own distribution brings this package."""
    assert packages_distributions().get(name) == ["flow-orchestra"]


def test_the_red_lines_hold() -> None:
    """services, then workflows, then contracts; and every foreign library has one owner."""
    program = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert ", 0 broken." in done.stdout
