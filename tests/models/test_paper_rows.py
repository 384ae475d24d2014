"""Rows of `data/` that name the paper alone carry numbers that the paper states: a number of its
own under its name is how 85 kt of niobium once passed for the paper's."""

from __future__ import annotations

import ast
import csv
import operator
import re
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
PAPER = "zeng2023"
ROUNDED = 0.005
"""What rounding to three digits may do to a number made by a formula."""
SYMBOLS = {"lithium": "Li", "cobalt": "Co", "indium": "In", "niobium": "Nb", "germanium": "Ge"}
SYMBOLS["all"] = "all"
FORMULA = re.compile(r"^= ([\d.eE()*/+\- ]+)")
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
OPERATIONS |= {ast.Div: operator.truediv}


def rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def stated(metals: str) -> set[float]:
    """Numbers of the claims on these metals and on all: their cells, several in one apart, and
    those in their words."""
    found: set[float] = set()
    asked = {SYMBOLS[metal] for metal in metals.split(";")}
    for claim in rows("claims.csv"):
        if not asked & {*claim["metal"].split(";"), "all"}:
            continue
        for cell in (claim["paper"], claim["low"], claim["high"]):
            found |= {float(part) for part in cell.split(";") if part}
        for number, percent in re.findall(r"(\d+(?:\.\d+)?)(%?)", claim["claim"]):
            found.add(float(number) / (100 if percent else 1))
    return found


def worked_out(formula: str) -> tuple[float, list[float]]:
    """Value of a sum of products, and the numbers that stand in it."""
    numbers: list[float] = []

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return OPERATIONS[type(node.op)](value(node.left), value(node.right))
        assert isinstance(node, ast.Constant)
        numbers.append(float(node.value))
        return numbers[-1]

    return value(ast.parse(formula.strip(), mode="eval").body), numbers


OF_THE_PAPER = [
    (file.name, line, row)
    for file in sorted(DATA.glob("*.csv"))
    if file.name not in ("claims.csv", "sources.csv")
    for line, row in enumerate(rows(file.name), start=2)
    if row["source"] == PAPER
]


def is_stated(row: dict[str, str], known: set[float]) -> bool:
    """Whether the number of a row is stated, or worked out in its note from stated ones and 1."""
    number = float(row["value"])
    if number in known:
        return True
    if not (found := FORMULA.match(row["note"])):
        return False
    made, parts = worked_out(found[1])
    return abs(made / number - 1) <= ROUNDED and set(parts) <= known | {1.0}


@pytest.mark.parametrize(("file", "line", "row"), OF_THE_PAPER)
def test_a_row_of_the_paper_carries_a_number_of_the_paper(
    file: str, line: int, row: dict[str, str]
) -> None:
    """Its grade is S, and its value is a number of claims.csv or a formula over such numbers."""
    assert row["grade"] == "S", f"{file} row {line}"
    assert is_stated(row, stated(row["metal"])), f"{file} row {line}: {row}"


def test_a_number_that_is_not_the_papers_is_found() -> None:
    """85,000 t of niobium, constant exports, a formula with a number from elsewhere (35 kt)."""
    known = stated("niobium")
    assert not is_stated({"value": "85000.0", "note": "85 kt in 2021 (C)"}, known)
    assert not is_stated({"value": "0.58", "note": "= 48000 / (35000 + 48000)"}, known)
    assert not is_stated({"value": "0.41", "note": "= 0.90 * 0.44"}, known)
    assert is_stated({"value": "0.396", "note": "= 0.90 * 0.44; share of all"}, known)


def test_the_base_of_niobium_is_what_its_note_says() -> None:
    """(92,000 + 11,000) t x 0.65 / 0.90 = 74,389 t, growing at 2.5 and 3.0 % a year."""
    path = {
        (r["scenario"], int(r["year"])): r
        for r in rows("demand_world.csv")
        if r["metal"] == "niobium" and r["scenario"].startswith("SEEDFIT")
    }
    base = (92_000 + 11_000) * 0.65 / 0.90
    for (scenario, year), row in path.items():
        growth = float(scenario.removeprefix("SEEDFIT_").rstrip("%")) / 100
        assert float(row["value"]) == pytest.approx(base * (1 + growth) ** (year - 2021), rel=1e-5)
        assert row["source"] == "bgs-world-mineral-statistics;zeng2023;own"
