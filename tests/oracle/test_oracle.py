"""planner and the oracle give the same answer, on the shipped studies and on random ones.

`ORACLE_STUDIES=1000` tries so many random studies in place of 40, and all of China; `ORACLE_FIRST`
says from which seed on. What differs, `python -m tests.oracle.shrink SEED FOLDER` makes small.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

import planner
from tests.oracle import faults, small
from tests.oracle.compare import compare, differences
from tests.oracle.generator import draw, write
from tests.oracle.model import Answer
from tests.oracle.programme import solve
from tests.oracle.reader import read

ROOT = Path(__file__).parents[2]
STUDIES = [ROOT / "models" / "quickstart", *sorted((ROOT / "tests" / "studies").iterdir())]
FIRST = int(os.environ.get("ORACLE_FIRST", "0"))
COUNT = int(os.environ.get("ORACLE_STUDIES", "40"))

CHINA = ["", "self-reliance", "border-adjustment", "closed-loop"]

# By hand: TWO_STEPS 40 t at 10 and 60 t at 50; DIRECT_RECYCLER 40 t of the 80 may be collected,
# 60 t are short; FOREIGN_BYPRODUCT 50 t at 50 from the mine, 50 t at 10 from Peru's residue.
MENDED = "mended"
BY_HAND = {
    "TWO_STEPS": (MENDED, 3400.0),
    "FOREIGN_BYPRODUCT": (MENDED, 3000.0),
    "DIRECT_RECYCLER": (faults.DIRECT_RECYCLING, 60000.0),
}


def scenarios(folder: Path) -> list[str]:
    """Scenarios of a study, the base first."""
    head = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    return ["", *head.get("scenarios", {})]


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_shipped_studies(folder: Path) -> None:
    """Quickstart and the studies of the tests, in all their scenarios."""
    for scenario in scenarios(folder):
        found = compare(folder, scenario)
        assert found.agrees, (scenario, str(found))


@pytest.mark.parametrize("scenario", scenarios(ROOT / "models" / "world"))
def test_world(scenario: str) -> None:
    """The world in each of its scenarios."""
    found = compare(ROOT / "models" / "world", scenario)
    assert found.agrees, str(found)


@pytest.mark.parametrize("scenario", scenarios(ROOT / "models" / "china") if COUNT > 100 else CHINA)
def test_china(scenario: str) -> None:
    """China in four of its scenarios, in the long mode in all of them."""
    found = compare(ROOT / "models" / "china", scenario)
    assert found.agrees, str(found)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_random_studies(seed: int, tmp_path: Path) -> None:
    """Random studies, but for those with a policy that planner refuses."""
    folder = write(draw(seed), tmp_path / "study")
    try:
        found = compare(folder)
    except planner.SpecError as error:
        reason = str(error).splitlines()[-1]
        assert "column 'policies." in reason, reason
        pytest.skip(reason[:100])
    assert list(differences(read(folder), found)) == []


def by_own_reading(folder: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """The oracle's answer where it does not follow a fault of planner."""
    monkeypatch.setattr(faults, "FOLLOWED", faults.FOLLOWED - {fault})
    return solve(read(folder))


@pytest.mark.parametrize("name", BY_HAND)
def test_oracle_reads_the_pages_by_hand(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where planner is at fault, the oracle's own reading gives the value worked out by hand."""
    fault, right = BY_HAND[name]
    folder = small.write(getattr(small, name), tmp_path / "study")
    assert by_own_reading(folder, fault, monkeypatch).objective == pytest.approx(right)


@pytest.mark.parametrize("name", BY_HAND)
def test_faults_of_planner(name: str, tmp_path: Path) -> None:
    """Strict: one that is mended fails here, and its name leaves `faults.FOLLOWED`."""
    fault, right = BY_HAND[name]
    found = planner.solve(planner.read(small.write(getattr(small, name), tmp_path / "study")))
    if fault in faults.FOLLOWED:
        assert found.objective != pytest.approx(right), f"mended: {fault}"
    else:
        assert found.objective == pytest.approx(right)


def test_small_coefficients(tmp_path: Path) -> None:
    """A share of 1e-10 of what is spared is no reason to refuse a plan that costs 448,213.95."""
    folder = small.write(small.TINY_SHARE, tmp_path / "study")
    assert compare(folder).agrees
    assert planner.solve(planner.read(folder)).objective == pytest.approx(448_213.95, abs=0.01)
