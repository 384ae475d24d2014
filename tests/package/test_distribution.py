"""The name of the distribution: never that of a stranger, and what version runs is known all the
same."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import NoReturn

import pytest

from planner.runtime import extras

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TOLD = sorted(
    {
        *ROOT.glob("*.md"),
        *(path for folder in ("docs", "notebooks") for path in (ROOT / folder).glob("*.[imrp]*")),
        *(ROOT / "planner").rglob("*.py"),
        *(ROOT / "models").rglob("*.md"),
        ROOT / "Makefile",
    }
)
"""Files whose words reach a user."""
STRANGER = re.compile(
    r"\b(?:pip3?|uv(?: pip)?|conda) (?:install|add)\b[^\n`]*?[\s'\"]planner\b(?!/)"
)
"""`planner` on the package index is another project."""


def test_the_distribution_is_not_the_stranger_of_that_name() -> None:
    assert PROJECT["name"] == extras.DISTRIBUTION != "planner"
    assert PROJECT["scripts"].keys() == {"planner"}


@pytest.mark.parametrize(
    "advice", ["pip install planner", "pip install 'planner[netcdf]'", "uv pip install -U planner"]
)
def test_the_pattern_knows_wrong_advice(advice: str) -> None:
    assert STRANGER.search(advice)
    assert not STRANGER.search("pip install '.[netcdf]' in the checkout")


def test_no_message_and_no_page_advises_to_install_a_stranger() -> None:
    """A reader who follows `pip install 'planner[netcdf]'` runs code of somebody else."""
    assert len(TOLD) > 100
    wrong = {path.name: STRANGER.findall(path.read_text(encoding="utf-8")) for path in TOLD}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_the_version_is_known_without_an_installed_distribution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> NoReturn:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(extras, "version", missing)
    assert extras.planner_version() == PROJECT["version"]
