"""Losses of sources against small studies whose worst loss is known by hand."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from planner.analysis.security.disruption import disrupt
from planner.analysis.security.recourse import base_of, recourse, sources
from planner.errors import SpecError
from planner.solver.compiled import compiled
from planner.solver.highs import Program
from tests.small import Study, system_of

SHORT = 1000


def two_suppliers(**store) -> Study:
    """100 t a year from A (60 t at 10) and B (at 20, at most 70 t), for five years; C could give 15
    t at 50."""
    study = Study(2021, 2025).good("li", "refined", demand=100, shortage_cost=SHORT, **store)
    study.process("buy_a", "import", origin="A", gives={"li": 1}, import_price=10, max_activity=60)
    study.process("buy_b", "import", origin="B", gives={"li": 1}, import_price=20, max_activity=70)
    return study.process(
        "buy_c", "import", origin="C", gives={"li": 1}, import_price=50, max_activity=15
    )


def row(found, loss, first):
    rows = found.losses[(found.losses["loss"] == loss) & (found.losses["first"] == first)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_worst_loss_is_the_one_known_by_hand(tmp_path):
    """The plan takes 60 of A and 40 of B. Without A: 70 of B, 15 of C, 15 short a year: 15 x 1,000
    = 15,000 of penalty; cost 70 x 20 + 15 x 50 - (600 + 800) = 750. Without B: 60 of A, 15 of C, 25
    short: 25,000; cost 600 + 750 - 1,400 = -50 (less is bought). B hurts most, C not at all; the
    pair A + B leaves 15 t a year: 85 short."""
    found = disrupt(system_of(two_suppliers(), tmp_path), years=2, recovery=1, starts=[2022])
    a, b, c, pair = (
        row(found, loss, 2022)
        for loss in ("origin/A", "origin/B", "origin/C", "origin/A + origin/B")
    )
    assert (a["unmet"], a["penalty"], a["cost"]) == pytest.approx((30, 30_000, 1_500))
    assert (b["unmet"], b["penalty"], b["cost"]) == pytest.approx((50, 50_000, -100))
    assert (c["unmet"], c["penalty"], c["cost"]) == pytest.approx((0, 0, 0))
    assert pair["unmet"] == pytest.approx(170)
    assert pair["unmet_share"] == pytest.approx(0.85)
    assert found.losses.iloc[0]["loss"] == "origin/A + origin/B"
    singles = found.losses[~found.losses["loss"].str.contains("+", regex=False)]
    assert singles.iloc[0]["loss"] == "origin/B"
    assert (a["recovery"], a["worst_metal"]) == (0, "lithium")


@pytest.mark.parametrize("head", [{"step": 5}, {"periods": [2021, 2022, 2027, 2029]}])
def test_a_loss_lasts_as_long_as_it_is_said_to_in_longer_periods(tmp_path, head):
    """B can give 53.3 t of 100 t a year: a loss of A in 2028 alone leaves 46.7 t unmet,
    whatever the periods, and begins and ends in 2028. Rounded to whole periods of five years it
    lasted from 2026 to 2030 and left 233 t."""
    study = Study(2021, 2030, **head).good("li", "refined", demand=100, shortage_cost=SHORT)
    study.process("buy_a", "import", origin="A", gives={"li": 1}, import_price=10)
    study.process(
        "buy_b", "import", origin="B", gives={"li": 1}, import_price=20, max_activity=53.3
    )
    found = disrupt(system_of(study, tmp_path), years=1, starts=[2028])
    lost = row(found, "origin/A", 2028)
    assert (lost["unmet"], lost["last"], lost["recovery"]) == pytest.approx((46.7, 2028, 0))


def test_a_stock_that_stands_is_drawn_first(tmp_path):
    """A cover of 3.6 months keeps 30 t in stock: they are free for use in a loss, and cover the 30
    t that the loss of A would leave short. Were the cover still in force, or the stock not carried
    in, 30 t would be unmet."""
    study = two_suppliers(opening_stock=30, closing_stock=30, holding_cost=1)
    study.policy("cover", "stockpile_cover", goods=["li"], months=3.6)
    found = disrupt(system_of(study, tmp_path), years=2, recovery=1, starts=[2022], pairs=False)
    assert row(found, "origin/A", 2022)["unmet"] == pytest.approx(0)
    assert row(found, "origin/B", 2022)["unmet"] == pytest.approx(20)


def test_a_loss_is_not_foreseen(tmp_path):
    """A plant could be ordered that would serve all (lead time 1, cost 30 a tonne): a copy that
    foresees the loss would order it in 2021. The plan has no reason to, so the loss of 2022 leaves
    the same 15 t a year short as without the option."""
    study = two_suppliers()
    study.plant("works", capital_cost=30, life=5, lead_time=1)
    study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=30)
    found = disrupt(system_of(study, tmp_path), years=2, recovery=1, starts=[2022], pairs=False)
    assert row(found, "origin/A", 2022)["unmet"] == pytest.approx(30)


def test_a_must_run_level_is_no_reason_to_run_what_is_lost(tmp_path):
    """A refinery must run at 10 t or more, and all its ore comes from A. Were its level kept, there
    would be no recourse."""
    study = (
        Study(2021, 2023)
        .good("ore", "intermediate")
        .good("li", "refined", demand=100, shortage_cost=SHORT)
    )
    study.process("buy", "import", origin="A", gives={"ore": 1}, import_price=10)
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1}, min_activity=10)
    found = disrupt(system_of(study, tmp_path), years=1, recovery=0, starts=[2022])
    assert row(found, "origin/A", 2022)["unmet"] == pytest.approx(100)


def test_unmet_demand_is_counted_in_refined_equivalents(tmp_path):
    """A tonne of the product stands for 2 t of refined metal: 100 t of it unserved are 200 t."""
    study = Study(2021, 2022).good("cell", "product", demand=100, shortage_cost=SHORT, equivalent=2)
    study.process(
        "buy", "import", origin="A", gives={"cell": 1}, import_price=10, stage="manufacture"
    )
    found = disrupt(system_of(study, tmp_path), years=1, recovery=0, starts=[2022])
    assert row(found, "origin/A", 2022)["unmet"] == pytest.approx(200)
    assert row(found, "origin/A", 2022)["unmet_share"] == pytest.approx(1)


def test_a_plan_read_back_is_disrupted_as_it_was(tmp_path):
    """From a run folder the same losses follow as from the system; a model with a row of one's own
    is refused with the remedy."""
    import planner

    system = system_of(two_suppliers(), tmp_path)
    plan = planner.solve(system)
    again = planner.load(plan.save(tmp_path / "run"))
    found, fresh = (
        disrupt(subject, years=2, recovery=1, starts=[2022]).losses for subject in (again, system)
    )
    assert found["unmet"].tolist() == pytest.approx(fresh["unmet"].tolist())
    model = planner.build(system)
    model.own = pyo.Constraint(expr=model.activity["buy_b", 2022] <= 35)
    with pytest.raises(SpecError, match="hand over that model"):
        disrupt(planner.solve(model))
    assert (
        disrupt(compiled(model), years=2, recovery=1, starts=[2022], pairs=False).base_cost
        > plan.objective
    )


def test_recovery_waits_for_the_ramp(tmp_path):
    """All comes from A: 100 t. After one lost year it may regrow by 40 t a year from nothing: short
    100 in 2022, then 60, 20, 0: 180 t, whole again two years after the loss."""
    study = (
        Study(2021, 2026)
        .good("li", "refined", demand=100, shortage_cost=SHORT)
        .ramp("again", growth=0, step=40)
    )
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=10, ramp_group="again")
    found = disrupt(system_of(study, tmp_path), years=1, recovery=4, starts=[2022])
    a = row(found, "origin/A", 2022)
    assert a["unmet"] == pytest.approx(180)
    assert a["recovery"] == 2
    years = found.by_metal.set_index("year")["unmet"]
    assert years.to_dict() == pytest.approx({2022: 100, 2023: 60, 2024: 20})
    again = disrupt(system_of(study, tmp_path), years=1, recovery=4, starts=[2022], reopen=True)
    assert (
        row(again, "origin/A", 2022)["unmet"],
        row(again, "origin/A", 2022)["recovery"],
    ) == pytest.approx((100, 0))
    assert np.isnan(
        row(
            disrupt(system_of(study, tmp_path), years=1, recovery=1, starts=[2022]),
            "origin/A",
            2022,
        )["recovery"]
    )


@pytest.mark.parametrize("scenario", ["reference", "self-reliance"])
def test_without_a_loss_the_plan_is_its_own_optimum(scenario):
    """The suspended rows are priced, so that a window without a loss gains nothing by leaving the
    plan. Were the targets of self-reliance merely dropped, it would gain their cost."""
    import planner

    base = base_of(planner.read("china", scenario=scenario))
    window = recourse(base, 2035, 2042)
    solution = Program(window.arrays).run()
    gain = float(window.arrays.cost @ (window.own - solution.x))
    assert solution.status == "optimal"
    assert abs(gain) <= 1e-6 * float(np.abs(window.arrays.cost * window.own).sum())


def test_sources_are_where_metal_enters(tmp_path):
    """A refinery of imported ore carries its origin, but it is the import that is lost; a host is
    lost with all its by-products."""
    study = (
        Study(2021, 2021)
        .good("ore", "intermediate")
        .good("li", "refined", demand=10, shortage_cost=SHORT)
        .host("zinc", 1e6)
    )
    study.process("buy", "import", origin="A", gives={"ore": 1}).process(
        "refine", "refine", origin="A", takes={"ore": 1}, gives={"li": 1}
    )
    study.process("win", "byproduct", host="zinc", gives={"li": 1}, host_content=0.1)
    assert sources(system_of(study, tmp_path)) == {"origin/A": ("buy",), "host/zinc": ("win",)}


@pytest.mark.parametrize(
    "wrong", [{"years": 0}, {"share": 1.0}, {"recovery": -1}, {"starts": [2050]}]
)
def test_what_cannot_be_is_refused(tmp_path, wrong):
    with pytest.raises(SpecError):
        disrupt(system_of(two_suppliers(), tmp_path), **wrong)


def test_the_command_ranks_the_losses(tmp_path):
    """`planner disrupt` prints what the verb returns, as JSON and as a table."""
    import json

    from typer.testing import CliRunner

    from planner.cli import app

    folder = str(two_suppliers().write(tmp_path / "study"))
    done = CliRunner().invoke(
        app, ["disrupt", folder, "--start", "2022", "--years", "2", "--recovery", "1", "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["losses"][0]["loss"] == "origin/A + origin/B"
    shown = CliRunner().invoke(app, ["disrupt", folder, "--start", "2022", "--no-pairs", "-q"])
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert CliRunner().invoke(app, ["disrupt", folder, "--start", "1900"]).exit_code == 2
