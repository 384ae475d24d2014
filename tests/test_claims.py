"""The paper's claims: every target has an experiment, every input a datum that is there, and the page says what they give today."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from models.china.claims import runs
from models.china.claims.__main__ import AS_IT_STANDS, AS_READ, MISSED, PAGE, allowed, claims, judge, page
from models.china.claims.experiments import EXPERIMENTS, Answer
from models.china.claims.history import extraction
from models.world.derive import STUDY, write

ROOT = Path(__file__).resolve().parents[1]


def test_every_target_has_an_experiment_and_no_other_claim_has() -> None:
    assert {c["id"] for c in claims() if c["use"] == "target"} == set(EXPERIMENTS)


@pytest.mark.parametrize("claim", [c for c in claims() if c["use"] == "input"], ids=lambda c: c["id"])
def test_inputs_are_traced_to_a_file_that_holds_the_words_named(claim: dict[str, str]) -> None:
    file, _, words = claim["datum"].partition(": ")
    assert file
    if not file.endswith((".csv", ".toml")):
        assert file.startswith("not used"), claim["datum"]
        return
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.startswith("data/"):
        metal, region, variable = words.split()[:3]
        with (ROOT / file).open(encoding="utf-8", newline="") as stream:
            rows = [r for r in csv.DictReader(stream) if (r["region"], r["variable"]) == (region, variable)]
        assert any(metal in r["metal"].split(";") for r in rows), claim["datum"]
    else:
        assert words.split()[0] in text, claim["datum"]


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_tolerances() -> None:
    assert allowed("5%", 200.0) == pytest.approx(10)
    assert allowed("+-0.05 abs", 0.86) == 0.05
    assert allowed("+-3 yr", 2030.0) == 3
    assert allowed("", 1.0) is None


def test_verdicts() -> None:
    claim = {"id": "X", "paper": "100", "tolerance": "10%"}
    assert judge(claim, Answer(110.0, "")).word == AS_IT_STANDS
    assert judge(claim, Answer(90.0, "", reading="so")).word == AS_READ
    assert judge(claim, Answer(110.1, "", reading="so")).word == MISSED
    assert judge(claim, Answer(None, "")).word == MISSED
    assert judge({"id": "X", "paper": "", "tolerance": ""}, Answer(None, "", holds=False)).word == MISSED
    with pytest.raises(ValueError, match="neither a tolerance"):
        judge({"id": "X", "paper": "100", "tolerance": ""}, Answer(1.0, ""))


def test_deriving_the_world_again_gives_the_committed_tables(tmp_path: Path) -> None:
    made = {file.name: file.read_bytes() for file in write(tmp_path)}
    assert made == {file.name: file.read_bytes() for file in STUDY.glob("*.csv")}


@pytest.mark.parametrize("metal", ["lithium", "cobalt", "niobium", "indium"])
def test_what_the_world_mines_is_lost_or_stays(metal: str) -> None:
    """Over all years: mined = lost + growth of the stock."""
    run = runs.world()
    stocks = [s for name, s in run.balance.stocks.items() if name.startswith(f"{metal}/")]
    growth = sum(float(s.stock[-1]) - s.opening for s in stocks)
    lost = run.flows[(run.flows["metal"] == metal) & run.flows["target"].str.startswith("loss/")]["value"].sum()
    assert float(runs.activity("reference", f"mine_{metal}").sum()) == pytest.approx(lost + growth, rel=1e-9)


def test_full_recovery_loses_nothing() -> None:
    np.testing.assert_allclose(runs.activity("full-recovery", "recycle_lithium"), runs.waste("full-recovery", "lithium"), rtol=1e-9)


def test_history_holds_no_number_of_the_paper_and_no_year_twice() -> None:
    table = extraction()
    assert not table.duplicated(["metal", "year"]).any()
    assert not table["source"].str.contains("zeng2023").any()
    assert (table["value"] > 0).all()
