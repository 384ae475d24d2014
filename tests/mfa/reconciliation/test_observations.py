"""Observations of a study reconciled under its own balance: by hand, with ranges of coefficients,
and on the shipped studies."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planner
from planner.errors import SpecError
from planner.mfa.reconciliation.observations import reconcile_study
from planner.mfa.reconciliation.observed_network import NORMAL_95
from planner.system.nouns import Observed, Place
from tests.random_studies import studies
from tests.small import Study

SD = 2 * NORMAL_95


def observe(
    study: Study,
    name: str,
    source: str,
    target: str,
    value: float,
    sd: float | None,
    *,
    metal: str = "lithium",
    year: int = 2021,
    parameter: str = "flow",
) -> None:
    """A row of observations.csv with the standard deviation as a 95 % interval; without ends where
    it is None."""
    low, high = (value - NORMAL_95 * sd, value + NORMAL_95 * sd) if sd is not None else ("", "")
    study.rows["observations"].append(
        {
            "observation": name,
            "from": source,
            "to": target,
            "metal": metal,
            "parameter": parameter,
            "year": year,
            "value": value,
            "unit": "t/year" if parameter == "flow" else "1",
            "low": low,
            "high": high,
            "source": "made for a test",
        }
    )


def chain(share: Any = 0.8, **value_row: float) -> Study:
    """Mine 100, refine to 0.8 with slag, import; all of it demanded: 130."""
    study = (
        Study(last=2022)
        .good("li/ore", "intermediate", equivalent=0.8)
        .good("li/metal", "refined", demand=130, shortage_cost=1000)
    )
    study.process("mine", "mine", gives={"li/ore": 1}, takes={"vein": 1}, loss="tailings").deposit(
        "vein", reserve=1e6
    )
    study.process("refine", "refine", takes={"li/ore": 1}, gives={"li/metal": share}, loss="slag")
    study.process("buy_a", "import", gives={"li/metal": 1}, origin="Chile").process(
        "buy_b", "import", gives={"li/metal": 1}, origin="Peru"
    )
    for row in study.rows["coefficients"]:
        if row["process"] == "refine" and row["direction"] == "out":
            row.update(value_row)
    return study


def read(study: Study, folder: Path) -> planner.System:
    return planner.read(study.write(folder / "s"))


def table(found: Any) -> Any:
    return found.measurements.set_index("observation")


def test_a_chain_by_hand(tmp_path: Path) -> None:
    """Mined 100 +- 10, imported 40 +- 4, demand 130 exact: 0.8 m + i = 130 is missed by 10. With
    variances 0.64 x 100 = 64 and 16 the mine takes 8/0.8 = 10 (110) and imports 2 (42); chi-square
    100/80 = 1.25."""
    study = chain()
    observe(study, "mined", "mine", "li/ore", 100, 10)
    observe(study, "bought", "buy_*", "li/metal", 40, 4)
    found = reconcile_study(read(study, tmp_path))
    assert table(found)["reconciled"].to_dict() == pytest.approx({"mined": 110, "bought": 42})
    assert (found.before.chi_square, found.before.freedom) == (pytest.approx(1.25), 1)
    assert table(found)["posterior_sd"].to_dict() == pytest.approx(
        {"mined": 10 * np.sqrt(16 / 80), "bought": 4 * np.sqrt(64 / 80)}
    )
    flows = found.flows.set_index(["source", "target"])
    assert flows.loc[("refine", "loss/slag"), "value"] == pytest.approx(22)
    assert flows.loc[("refine", "loss/slag"), "sd"] == pytest.approx(0.2 * 10 * np.sqrt(16 / 80))
    assert flows.loc[("deposit/vein", "mine"), "value"] == pytest.approx(110)
    assert flows.loc[("li/metal", "demand"), ["value", "sd"]].tolist() == pytest.approx([130, 0])
    # only the sum of the two origins was observed
    assert np.isnan(flows.loc[("buy_a", "li/metal"), "value"])
    assert np.isnan(flows.loc[("origin/Peru", "buy_b"), "sd"])


def test_an_observed_demand_is_no_longer_exact(tmp_path: Path) -> None:
    """With demand observed as 130 +- 6 it takes its share of the 10: variances 64, 16 and 36."""
    study = chain()
    observe(study, "mined", "mine", "li/ore", 100, 10)
    observe(study, "bought", "buy_*", "li/metal", 40, 4)
    observe(study, "served", "li/metal", "demand", 130, 6)
    found = table(reconcile_study(read(study, tmp_path)))
    assert found["reconciled"].to_dict() == pytest.approx(
        {
            "mined": 100 + 10 * 64 / 116 / 0.8,
            "bought": 40 + 10 * 16 / 116,
            "served": 130 - 10 * 36 / 116,
        }
    )


def test_a_range_of_a_coefficient_makes_it_a_measurement(tmp_path: Path) -> None:
    """Mine and imports exact: 100 c + 40 = 130 says c = 0.9, whatever its range; and with
    `coefficients` off it is a contradiction."""
    study = chain(low=0.7, high=0.9)
    observe(study, "mined", "mine", "li/ore", 100, 0)
    observe(study, "refined", "refine", "li/metal", 90, 5)
    observe(study, "bought", "buy_*", "li/metal", 40, 0)
    system = read(study, tmp_path)
    found = reconcile_study(system)
    line = found.coefficients.set_index("process").loc["refine"]
    assert line["reconciled"] == pytest.approx(0.9)
    assert line["sd"] == pytest.approx(0.2 / SD)
    assert line["score"] == pytest.approx(0.1 / (0.2 / SD))
    with pytest.raises(
        SpecError,
        match=r"contradict the balances: .*bought.*demand for li/metal.*give at least one",
    ):
        reconcile_study(system, coefficients=False)


def test_a_share_is_bilinear(tmp_path: Path) -> None:
    """Observed share of ore that becomes metal, 0.9 +- 0.05, against the recipe's exact 0.8: one
    redundant equation, (0.1 / 0.05)^2."""
    study = chain()
    observe(study, "mined", "mine", "li/ore", 100, 10)
    observe(study, "yield", "refine", "li/metal", 0.9, 0.05, parameter="share")
    found = reconcile_study(read(study, tmp_path))
    assert table(found).loc["yield", "reconciled"] == pytest.approx(0.8)
    assert found.before.chi_square == pytest.approx(4)


def test_two_sources_of_one_flow_and_the_one_at_fault(tmp_path: Path) -> None:
    """200 and 100 mined, 50 bought, 130 served: the 200 goes; without it the mine is at 100."""
    study = chain()
    observe(study, "mined by A", "mine", "li/ore", 200, 5)
    observe(study, "mined by B", "mine", "li/ore", 100, 5)
    observe(study, "bought", "buy_*", "li/metal", 50, 4)
    found = reconcile_study(read(study, tmp_path))
    assert not found.before.consistent
    assert [f.name for f in found.faults] == ["mined by A"]
    assert found.faults[0].without == pytest.approx(100)
    assert found.after.consistent


def test_collection_cannot_pass_its_rate(tmp_path: Path) -> None:
    """100 t arise each year and 0.3 can be collected; 40 +- 1 collected was observed: at most 30,
    10 deviations away."""
    study = (
        Study(last=2022)
        .good("li/metal", "refined", demand=100, shortage_cost=1000)
        .good("li/waste", "waste", collection=0.3)
    )
    study.good("li/scrap", "scrap").product(
        "thing", waste="li/waste", uses={"li/metal": 1}, inflow={2020: 100}
    )
    study.process("buy", "import", gives={"li/metal": 1}).process(
        "collect", "collect", takes={"li/waste": 1}, gives={"li/scrap": 1}
    )
    study.process("recycle", "recycle", takes={"li/scrap": 1}, gives={"li/metal": 1})
    observe(study, "collected", "collect", "li/scrap", 40, 1)
    found = reconcile_study(read(study, tmp_path))
    assert table(found).loc["collected", "reconciled"] == pytest.approx(30)
    assert found.before.suspect.startswith("collected")
    flows = found.flows.set_index(["source", "target"])["value"]
    assert flows["li/waste", "loss/uncollected"] == pytest.approx(70)


def test_what_is_taken_back_passes_the_rate(tmp_path: Path) -> None:
    """As above, where another 0.25 of what arises can be taken back: the 40 t that were seen stay,
    60 t are not collected. By the rate alone the 40 t would be an error of ten deviations."""
    study = (
        Study(last=2022)
        .good("li/metal", "refined", demand=100, shortage_cost=1000)
        .good("li/waste", "waste", collection=0.3)
        .take_back("li/waste", more=0.25, cost=1)
    )
    study.good("li/scrap", "scrap").product(
        "thing", waste="li/waste", uses={"li/metal": 1}, inflow={2020: 100}
    )
    study.process("buy", "import", gives={"li/metal": 1}).process(
        "collect", "collect", takes={"li/waste": 1}, gives={"li/scrap": 1}
    )
    study.process("recycle", "recycle", takes={"li/scrap": 1}, gives={"li/metal": 1})
    observe(study, "collected", "collect", "li/scrap", 40, 1)
    found = reconcile_study(read(study, tmp_path))
    assert table(found).loc["collected", "reconciled"] == pytest.approx(40)
    flows = found.flows.set_index(["source", "target"])["value"]
    assert flows["li/waste", "loss/uncollected"] == pytest.approx(60)


def test_what_cannot_be_reconciled_is_said_with_its_row(tmp_path: Path) -> None:
    study = chain()
    observe(study, "mined", "mine", "li/oar", 100, 10)
    observe(study, "bought", "buy_*", "li/metal", 40, None)
    with pytest.raises(SpecError) as caught:
        reconcile_study(read(study, tmp_path))
    text = str(caught.value)
    assert (
        "observations.csv row 2, column 'from': no flow of lithium goes from 'mine' to 'li/oar'"
        in text
    )
    assert "observations.csv row 3, column 'low': is empty" in text


@pytest.mark.parametrize(
    ("year", "message"),
    [(2022, "nothing was observed in 2022; observed years: 2021"), (1999, "outside 2021 to 2022")],
)
def test_a_year_without_observations(tmp_path: Path, year: int, message: str) -> None:
    study = chain()
    observe(study, "mined", "mine", "li/ore", 100, 10)
    with pytest.raises(SpecError, match=message):
        reconcile_study(read(study, tmp_path), year=year)


def test_the_plan_never_sees_observations(tmp_path: Path) -> None:
    study = chain()
    before = planner.solve(read(study, tmp_path / "a")).objective
    observe(study, "mined", "mine", "li/ore", 7, 1)
    assert planner.solve(read(study, tmp_path / "b")).objective == before


@pytest.mark.parametrize("coefficients", [False, True])
def test_china_closes_after_reconciliation(coefficients: bool) -> None:
    """Every good closes to 1e-12 of the largest flow. 14.1 and 26 kt of lithium mined contradict
    each other; the refined cobalt that customs saw leave leaves a gap to what was refined and taken
    in. Both are named, and without them the rest agrees."""
    found = reconcile_study(planner.read("china"), coefficients=coefficients)
    assert found.before.residual <= 1e-12
    assert not found.before.consistent
    mined = {"lithium mined, BGS", "lithium mined, paper"}
    first = {fault.name for fault in found.faults[:2]}
    assert "cobalt refined_export sold" in first
    assert len(first & mined) == 1
    assert found.after.consistent
    lithium = table(found)["score"].filter(like="lithium")
    assert set(lithium.nlargest(2).index) == mined


@given(made=studies(), noise=st.lists(st.floats(-2, 2), min_size=60, max_size=60))
@settings(
    derandomize=True,
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_what_a_plan_does_is_left_as_it_is_and_noise_is_balanced(
    made: Study, noise: list[float]
) -> None:
    """Observing every output of a plan's first year, within 5 %: balanced data stay, noisy data
    balance, nothing falls below 0."""
    made.years.pop("step", None)
    # nothing may be short: then what is demanded is what is served
    made.policies.clear()
    made.rows["process_values"] = [
        row for row in made.rows["process_values"] if row["parameter"] != "max_activity"
    ]
    with tempfile.TemporaryDirectory() as folder:
        system = planner.read(made.write(Path(folder) / "s"))
    plan = planner.solve(system)
    flows = plan.flows[plan.flows["year"] == 2021]
    gone = flows[flows["target"] == "loss/surplus"]["source"].isin(
        [g.name for g in system.goods.values() if g.kind != "scrap"]
    )
    outputs = flows[
        flows["source"].isin(system.processes)
        & flows["target"].isin(system.goods)
        & (flows["value"] > 1e-6)
    ]
    if gone.any() or (flows["source"] == "shortage").any() or not len(outputs):
        return
    largest = float(flows["value"].max())
    for scale in (0.0, 1.0):
        drawn = zip(outputs.itertuples(), noise, strict=False)
        sizes = [(row, row.value * (1 + scale * e / 40), 0.1 * row.value) for row, e in drawn]
        seen = tuple(
            Observed(
                f"o{i}",
                row.source,
                row.target,
                row.metal,
                "flow",
                2021,
                value,
                value - half,
                value + half,
                "",
                "",
                Place("", i),
            )
            for i, (row, value, half) in enumerate(sizes)
        )
        found = reconcile_study(dataclasses.replace(system, observations=seen))
        assert found.before.residual <= 1e-12
        assert (found.flows["value"].dropna() >= -1e-8 * largest)[
            ~found.flows["source"].str.startswith("stockpile/")
        ].all()
        if not scale:
            assert found.before.chi_square <= 1e-6
            after, before = (
                found.measurements[name].to_numpy() for name in ("reconciled", "measured")
            )
            assert after == pytest.approx(before, abs=1e-6 * largest)


def test_a_range_of_demand_is_a_measurement(tmp_path: Path) -> None:
    """As `test_an_observed_demand_is_no_longer_exact`, with the range at the demand itself, 130 +-
    6: it takes its share of the 10 missing; it was exact, and mine and imports took all."""
    study = chain()
    for row in study.rows["demand"]:
        row.update(low=130 - 6 * NORMAL_95, high=130 + 6 * NORMAL_95)
    observe(study, "mined", "mine", "li/ore", 100, 10)
    observe(study, "bought", "buy_*", "li/metal", 40, 4)
    found = reconcile_study(read(study, tmp_path))
    assert found.demand.set_index("good").loc["li/metal", "reconciled"] == pytest.approx(
        130 - 10 * 36 / 116
    )
    assert table(found)["reconciled"].to_dict() == pytest.approx(
        {"mined": 100 + 10 * 64 / 116 / 0.8, "bought": 40 + 10 * 16 / 116}
    )
    flows = found.flows.set_index(["source", "target"])
    assert flows.loc[("li/metal", "demand"), "sd"] > 0


def test_a_range_keeps_its_sides(tmp_path: Path) -> None:
    """Mined 100, 95 % between 90.2 and 139.2 (- 5, + 20), bought 40 +- 4 of 130: variances upward
    0.64 x 400 = 256 and 16, so 100 + 10 x 256/272/0.8; with half of both ends as one deviation the
    mine took less. And a range that does not hold its value is refused."""
    study = chain()
    observe(study, "mined", "mine", "li/ore", 100, 10)
    observe(study, "bought", "buy_*", "li/metal", 40, 4)
    ends = {"low": 100 - 5 * NORMAL_95, "high": 100 + 20 * NORMAL_95}
    study.rows["observations"][0].update(ends)
    found = table(reconcile_study(read(study, tmp_path)))
    assert found.loc["mined", "reconciled"] == pytest.approx(100 + 10 * 256 / 272 / 0.8)
    assert found.loc["mined", ["sd", "sd_above"]].tolist() == pytest.approx([5, 20])


@pytest.mark.parametrize("end", ["demand", "*", "dem*"])
def test_a_flow_means_the_same_however_it_is_written(tmp_path: Path, end: str) -> None:
    """Served 130 +- 1 of 100 mined and 40 bought, both +- 1, with a yield of 0.7 to 0.99 around
    0.8: the yield gives way, 0.9, and 10^2 / (0.64 + 1 + 1 + (100 x 0.19 / 1.96)^2) = 1.035 is p =
    0.309. Written `demand` no observation named the refinery, its yield was exact and a good
    measurement thrown out; written `*` it was not."""
    study = chain(low=0.7, high=0.99)
    observe(study, "mined", "mine", "li/ore", 100, 1)
    observe(study, "bought", "buy_*", "li/metal", 40, 1)
    observe(study, "served", "li/metal", end, 130, 1)
    found = reconcile_study(read(study, tmp_path))
    assert found.before.consistent
    assert not found.faults
    line = found.coefficients.set_index("process").loc["refine"]
    assert line["reconciled"] == pytest.approx(0.9, abs=0.005)
    assert found.before.p_value == pytest.approx(0.309, abs=0.005)
