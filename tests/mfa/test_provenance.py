"""Provenance follows the tonnes: through mixed goods, loops and stockpiles, whatever the labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import planner
from planner.analysis.tradeoffs.alternatives import alternatives
from planner.analysis.uncertainty.outcomes import OutcomeReader
from planner.errors import InfeasibleError, SpecError
from planner.mfa.balance import balance
from planner.mfa.flows import base_account
from planner.mfa.provenance.account import faults
from planner.mfa.provenance.trace import trace, traces
from planner.mfa.simulate import simulate
from planner.plan.plan import Plan
from planner.plan.tables import supply_of
from planner.solver.compiled import compiled
from planner.solver.highs import Program
from planner.system.provenance import OLD_SCRAP, OPENING, Provenance, reachable
from tests.random_studies import studies
from tests.small import Study, plan_of, system_of


def mixed() -> Study:
    """100 t of ore in one good: 5 t dug at home for 50, 95 t from A for 5; 90 t refined."""
    return (
        Study()
        .good("ore", "intermediate", equivalent=0.9)
        .good("li", "refined", demand=90, shortage_cost=1e5)
        .process(
            "dig",
            "mine",
            gives={"ore": 1},
            variable_cost=50,
            stage="extraction",
            max_activity=20,
        )
        .process(
            "iore",
            "import",
            gives={"ore": 1},
            import_price=5,
            origin="A",
            stage="extraction",
            max_activity=95,
        )
        .process(
            "refh", "refine", takes={"ore": 1}, gives={"li": 0.9}, loss="slag", variable_cost=10
        )
    )


def supplied(plan: Plan, year: int = 2021) -> dict[tuple[str, str], float]:
    """Refined metal by pathway and origin."""
    rows = plan.supply[plan.supply["year"] == year]
    return rows.groupby(["pathway", "origin"])["value"].sum().to_dict()


def indicator(plan: Plan, name: str, year: int = 2021) -> float:
    found = planner.indicators(plan)
    return float(found[(found["indicator"] == name) & (found["year"] == year)]["value"].iloc[0])


def test_a_mixed_good_is_traced(tmp_path: Path) -> None:
    """Of 90 t refined 4.5 t are from home ore and 85.5 t from A. By the label of the refinery all
    was domestic primary, and net import reliance 0."""
    plan = plan_of(mixed(), tmp_path)
    assert supplied(plan) == pytest.approx(
        {("domestic primary", ""): 4.5, ("foreign primary", "A"): 85.5}
    )
    assert indicator(plan, "net import reliance") == pytest.approx(0.95)
    assert indicator(plan, "self-sufficiency: extraction") == pytest.approx(0.05)
    assert indicator(plan, "self-sufficiency: processing") == pytest.approx(1.0)
    assert indicator(plan, "share: domestic primary") == pytest.approx(0.05)
    (note,) = [note for note in plan.record.notes if "labelled" in note]
    assert "refh is labelled domestic primary" in note
    assert "95.0% foreign primary" in note
    account = base_account(plan.balance, plan.flows, "lithium", 2021)
    refining = account[account["stage"] == "refining"].set_index("item")["value"].to_dict()
    assert refining == pytest.approx({"domestic primary": 4.5, "foreign primary": 85.5})


def test_a_floor_of_home_metal_on_a_mixed_good_is_refused(tmp_path: Path) -> None:
    """At processing the floor would count all that the refinery gives: 100 % home metal was said
    to be met. Refused with the remedy; at extraction, where it is linear, 20 % is the most."""
    floor: dict[str, Any] = {"metal": "lithium", "provenance": "home"}
    study = mixed().policy("h", "self_sufficiency", stages=["processing"], share=0.1, **floor)
    with pytest.raises(SpecError, match=r"'refh' may work up .*a good and a process of its own"):
        system_of(study, tmp_path)
    for share in (0.2, 0.21):
        study = mixed().policy("h", "self_sufficiency", stages=["extraction"], share=share, **floor)
        if share <= 0.2:
            assert plan_of(study, tmp_path).objective == pytest.approx(20 * 50 + 80 * 5 + 1000)
        else:
            with pytest.raises(InfeasibleError):
                plan_of(study, tmp_path)


def test_goods_kept_apart_meet_the_floor(tmp_path: Path) -> None:
    """The remedy works: with foreign ore a good of its own the floor counts home metal alone, 18 of
    90 t, and labels that name the wrong pathway change nothing."""
    study = mixed().good("ore_a", "intermediate", equivalent=0.9)
    for row in study.rows["coefficients"]:
        if row["process"] == "iore":
            row["good"] = "ore_a"
    study.process(
        "refa", "refine", takes={"ore_a": 1}, gives={"li": 0.9}, loss="slag", variable_cost=10
    )
    floor = {"metal": "lithium", "stages": ["processing"], "provenance": "home", "share": 0.2}
    plan = plan_of(study.policy("h", "self_sufficiency", **floor), tmp_path)
    assert plan.objective == pytest.approx(20 * 50 + 80 * 5 + 1000)
    assert supplied(plan)["domestic primary", ""] == pytest.approx(18)


def test_a_by_product_of_imported_ore_is_foreign_at_extraction(tmp_path: Path) -> None:
    """Residue with an origin counted as home metal where it had no foreign label: half of 100 t
    then came from Peru at 10; home metal costs 50: 3,000, not 1,000."""
    study = (
        Study()
        .good("home", "intermediate", equivalent=1)
        .good("abroad", "intermediate", equivalent=1)
        .good("li", "refined", demand=100, shortage_cost=1e4)
        .process("residue", "byproduct", gives={"abroad": 1}, variable_cost=10, origin="Peru")
        .process("mine", "mine", gives={"home": 1}, variable_cost=50)
        .process("ra", "refine", takes={"abroad": 1}, gives={"li": 1})
        .process("rh", "refine", takes={"home": 1}, gives={"li": 1})
        .policy("h", "self_sufficiency", metal="lithium", stages=["extraction"], share=0.5)
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(3000)
    assert supplied(plan)["foreign primary", "Peru"] == pytest.approx(50)


def test_secondary_is_what_was_scrap(tmp_path: Path) -> None:
    """A recycler that is fed with home ore makes no recycled metal: labelled domestic secondary,
    it met any target of recycled content. Now nothing but going without meets it."""
    study = (
        Study()
        .good("ore", "intermediate")
        .good("li", "refined", demand=10, shortage_cost=1e4)
        .process("dig", "mine", gives={"ore": 1})
        .process("melt", "recycle", takes={"ore": 1}, gives={"li": 1})
    )
    assert supplied(plan_of(study, tmp_path)) == pytest.approx({("domestic primary", ""): 10})
    plan = plan_of(study.policy("r", "recycled_content", metal="lithium", share=0.5), tmp_path)
    assert not supplied(plan)


def test_primary_and_secondary_metal_in_one_good_are_refused(tmp_path: Path) -> None:
    """A smelter of ore and scrap in one good gives both; what of it is recycled hangs on the
    plan."""
    study = (
        Study()
        .good("feed", "intermediate")
        .good("li", "refined", demand=10, shortage_cost=1e4)
        .process("dig", "mine", gives={"feed": 1}, max_activity=6)
        .process("buy", "import", gives={"feed": 1}, stage="recycling", import_price=9)
        .process("melt", "refine", takes={"feed": 1}, gives={"li": 1})
    )
    assert supplied(plan_of(study, tmp_path)) == pytest.approx(
        {("domestic primary", ""): 6, ("foreign secondary", "abroad"): 4}
    )
    with pytest.raises(SpecError, match="domestic primary and foreign secondary"):
        system_of(study.policy("r", "recycled_content", metal="lithium", share=0.5), tmp_path)


def looped() -> Study:
    """Ore and what comes back of refining (a fifth as dross) make one feed: of a tonne of feed 0.7
    is refined, 0.2 comes back and 0.1 is lost."""
    return (
        Study()
        .good("feed", "intermediate")
        .good("li", "refined", demand=70, shortage_cost=1e5)
        .process("dig", "mine", gives={"feed": 1}, max_activity=30, variable_cost=1)
        .process("buy", "import", gives={"feed": 1}, import_price=5, origin="A")
        .process("melt", "refine", takes={"feed": 1}, gives={"li": 0.7, "feed": 0.2}, loss="fume")
    )


def test_a_loop_closes_exactly(tmp_path: Path) -> None:
    """100 t of feed: 30 of home, 50 of A, 20 round the loop. The loop has the composition of the
    feed, so 3/8 of the metal is of home: 26.25 t. Counting the loop as a source of its own, or
    following one round only, gives 21 t."""
    plan = plan_of(looped(), tmp_path)
    assert supplied(plan) == pytest.approx(
        {("domestic primary", ""): 26.25, ("foreign primary", "A"): 43.75}
    )


def test_a_stockpile_carries_its_composition(tmp_path: Path) -> None:
    """10 t are there, and 30 t of A's ore are stored in the first year for the second, when no more
    comes: 40 t drawn, of them a quarter of the opening stock's, a provenance of its own. By the
    label all was domestic primary."""
    study = (
        Study(2021, 2022)
        .good("ore", "intermediate", opening_stock=10, max_stock=100, closing_stock=0)
        .good("li", "refined", demand=[60, 40], shortage_cost=1e5)
        .process("buy", "import", gives={"ore": 1}, origin="A", max_activity=[90, 0])
        .process("melt", "refine", takes={"ore": 1}, gives={"li": 1})
    )
    plan = plan_of(study, tmp_path)
    drawn = plan.values["draw"]["ore", 2021] - plan.values["fill"]["ore", 2021]
    assert drawn == pytest.approx(-30)
    assert supplied(plan, 2022) == pytest.approx(
        {("stockpile", ""): 10, ("foreign primary", "A"): 30}
    )
    assert supplied(plan, 2021) == pytest.approx({("foreign primary", "A"): 60})


def test_a_longer_period_is_carried_on_by_its_years(tmp_path: Path) -> None:
    """Two periods of two years: 20 t stored in all are 10 t a year of the next, beside 10 t a year
    dug there: half and half. Were the level taken for a flow, two thirds."""
    study = (
        Study(2021, 2024, step=2)
        .good("ore", "intermediate", opening_stock=0, max_stock=20)
        .good("li", "refined", demand=20, shortage_cost=1e5)
        .process("buy", "import", gives={"ore": 1}, origin="A", max_activity=[30, 30, 0, 0])
        .process("dig", "mine", gives={"ore": 1}, max_activity=[0, 0, 10, 10])
        .process("melt", "refine", takes={"ore": 1}, gives={"li": 1})
    )
    assert supplied(plan_of(study, tmp_path), 2023) == pytest.approx(
        {("domestic primary", ""): 10, ("foreign primary", "A"): 10}
    )


def returning(**scrap: Any) -> Study:
    """100 t a year leave use, half is collected; new scrap of manufacture is sold into the same
    good of scrap."""
    return (
        Study(2021, 2022)
        .good("li", "refined")
        .good("p", "product", demand=90, shortage_cost=1e5, equivalent=1)
        .good("w", "waste", collection=0.5)
        .good("s", "scrap", **scrap)
        .process("buy", "import", gives={"li": 1}, import_price=50, origin="A")
        .process("mk", "manufacture", takes={"li": 1}, gives={"p": 0.9, "s": 0.1}, pathway="")
        .process("get", "collect", takes={"w": 1}, gives={"s": 1})
        .process("melt", "recycle", takes={"s": 1}, gives={"li": 0.8}, loss="dust")
        .product("b", waste="w", uses={"p": 1}, inflow={2020: 100}, life=1)
    )


def test_new_and_old_scrap_in_one_good_are_parted_by_tonnes(tmp_path: Path) -> None:
    """50 t of old and 10 t of new scrap give 40 and 8 t: a recycling rate of 0.4, below the
    collection rate of 0.5. By the label all 48 t were old scrap."""
    plan = plan_of(returning(), tmp_path)
    assert supplied(plan) == pytest.approx(
        {("domestic secondary", ""): 40, ("new scrap", ""): 8, ("foreign primary", "A"): 52}
    )
    assert indicator(plan, "EoL recycling rate") == pytest.approx(0.4)
    assert indicator(plan, "EoL collection rate") == pytest.approx(0.5)
    assert indicator(plan, "old scrap ratio") == pytest.approx(40 / 48)
    account = base_account(plan.balance, plan.flows, "lithium", 2021)
    recycling = account[account["stage"] == "recycling"].groupby("item")["value"].sum()
    assert recycling.to_dict() == pytest.approx(
        {"old scrap in": 50, "new scrap in": 10, "old scrap out": 40, "new scrap out": 8}
    )


def test_scrap_of_earlier_years_is_not_recycled_of_this_one(tmp_path: Path) -> None:
    """No scrap is melted in the first year, 115 t in the second, 60 of them stored. Of the 90 t
    that leave use then 45 are collected and 36 refined: 0.4. All 76 t of old scrap over the year's
    arising would be 0.84, above what is collected."""
    study = returning(opening_stock=0, max_stock=200)
    study._values("process_values", {"process": "melt"}, {"max_activity": [0, 200]})
    plan = plan_of(study, tmp_path)
    assert plan.values["activity"]["melt", 2022] == pytest.approx(115)
    assert supplied(plan, 2022)["domestic secondary", ""] == pytest.approx(76)
    assert indicator(plan, "EoL recycling rate", 2022) == pytest.approx(0.4)
    assert indicator(plan, "EoL collection rate", 2022) == pytest.approx(0.5)


def test_refined_metal_is_supplied_once(tmp_path: Path) -> None:
    """100 t imported as carbonate and worked into hydroxide at home: 100 t foreign, as it was first
    refined; by labels 100 t foreign and 100 t domestic primary."""
    study = (
        Study()
        .good("carbonate", "refined")
        .good("hydroxide", "refined", demand=100, shortage_cost=1e5)
        .process("buy", "import", gives={"carbonate": 1}, origin="A")
        .process("turn", "refine", takes={"carbonate": 1}, gives={"hydroxide": 1})
    )
    plan = plan_of(study, tmp_path)
    assert supplied(plan) == pytest.approx({("foreign primary", "A"): 100})
    assert any("turn takes lithium that was refined before" in note for note in plan.record.notes)
    floor = {"metal": "lithium", "stages": ["processing"], "provenance": "home", "share": 0.5}
    with pytest.raises(InfeasibleError):
        plan_of(study.policy("h", "self_sufficiency", **floor), tmp_path)


def test_metal_brought_in_two_steps_keeps_its_mine(tmp_path: Path) -> None:
    """Ore of A refined in B and bought from there is foreign, shipped from B; home ore refined in B
    comes back as domestic primary."""
    study = (
        Study()
        .good("ore", "intermediate")
        .good("li", "refined", demand=100, shortage_cost=1e5)
        .process("dig", "mine", gives={"ore": 1}, max_activity=25)
        .process("buy", "import", gives={"ore": 1}, origin="A", stage="extraction", import_price=1)
        .process("toll", "import", takes={"ore": 1}, gives={"li": 1}, origin="B")
    )
    assert supplied(plan_of(study, tmp_path)) == pytest.approx(
        {("domestic primary", "B"): 25, ("foreign primary", "B"): 75}
    )


def test_a_simulation_is_traced_too(tmp_path: Path) -> None:
    """The same linear system on flows that nobody optimised: 20 of 100 t of ore from home."""
    run = simulate(balance(system_of(mixed(), tmp_path)), shares={"dig": 0.2, "iore": 0.8})
    found = trace(run.balance, run.flows, "lithium")
    shares = dict(zip(found.labels, found.of("refh")[:, 0], strict=True))
    assert shares[Provenance("domestic primary")] == pytest.approx(0.2)
    assert shares[Provenance("foreign primary", "A")] == pytest.approx(0.8)
    assert not found.of("nothing of the kind").any()


def test_what_is_drawn_and_was_never_there_is_an_opening_stock(tmp_path: Path) -> None:
    """A simulation told to draw 60 t from a stockpile of 10 t has 60 t of stockpiled ore, and not
    50 t from nowhere."""
    study = mixed()
    study.rows["good_values"].append(
        {"good": "ore", "metal": "", "parameter": "opening_stock", "value": 10, "unit": "t"}
        | {"source": "made"}
    )
    system = system_of(study, tmp_path)
    run = simulate(balance(system), shares={"dig": 1.0, "iore": 0.0}, stockpiles={"ore": 60.0})
    found = trace(run.balance, run.flows, "lithium")
    assert found.of("refh")[found.labels.index(OPENING), 0] == pytest.approx(0.6)


def test_a_loop_that_nothing_enters_has_no_provenance(tmp_path: Path) -> None:
    """Two processes that hand one tonne to and fro, at least 5 t a year, beside a supply: the
    system would be singular; the loop supplies nothing."""
    study = (
        Study()
        .good("a", "intermediate")
        .good("b", "intermediate")
        .good("li", "refined", demand=10, shortage_cost=1e5)
        .process("there", "refine", takes={"a": 1}, gives={"b": 1}, min_activity=5)
        .process("back", "refine", takes={"b": 1}, gives={"a": 1})
        .process("buy", "import", gives={"li": 1}, origin="A")
    )
    plan = plan_of(study, tmp_path)
    assert plan.values["activity"]["there", 2021] >= 5
    assert supplied(plan) == pytest.approx({("foreign primary", "A"): 10})
    assert not trace(plan.balance, plan.flows, "lithium").of("there").any()


def test_samples_and_sweeps_trace_as_the_plan_does(tmp_path: Path) -> None:
    """Outcomes of an ensemble, the mix of a frontier and the ranges of alternatives: the first two
    give 4.5 t of home metal where labels gave 90; the last is not linear and says so."""
    system = system_of(mixed(), tmp_path)
    made = compiled(system)
    solution = Program(made.arrays).run()
    flows = OutcomeReader(system, made.arrays).read(system, made.arrays, solution).flows
    assert flows["domestic primary"][0] == pytest.approx([4.5])
    assert flows["foreign primary"][0] == pytest.approx([85.5])
    mix = planner.frontier(system, points=2).mix
    assert mix[mix["pathway"] == "domestic primary"]["value"].max() <= 18 + 1e-9
    with pytest.raises(SpecError, match="refh"):
        alternatives(system, plans=0)


def test_shipped_studies_keep_provenance_apart() -> None:
    """No process of quickstart and china mixes pathways: labels and traces agree there."""
    for name in ("quickstart", "china"):
        system = planner.read(name)
        for metal in system.metals:
            found = reachable(system, metal)
            for process in system.processes.values():
                pathways = {label.pathway for label in found[process.name]} - {"refined before"}
                if process.pathway and pathways:
                    assert pathways == {process.pathway}, (name, process.name)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(study=studies())
def test_invariants_hold_on_random_studies(study: Study, tmp_path_factory: Any) -> None:
    """Pathways add up to what is refined, home metal never exceeds home sources, recycling <=
    collection <= 1: in any plan, found anew from its flows."""
    folder = tmp_path_factory.mktemp("random")
    try:
        plan = plan_of(study, folder)
    except (SpecError, InfeasibleError):
        return
    found = traces(plan.balance, plan.flows)
    assert not faults(plan.system, plan.flows, found, plan.supply)
    rates = planner.indicators(plan).pivot_table(
        index=["metal", "year"], columns="indicator", values="value"
    )
    if {"EoL recycling rate", "EoL collection rate"} <= set(rates):
        known = rates[["EoL recycling rate", "EoL collection rate"]].dropna()
        assert (known["EoL recycling rate"] <= known["EoL collection rate"] + 1e-9).all()
        assert (known["EoL collection rate"] <= 1 + 1e-9).all()


def test_faults_are_seen(tmp_path: Path) -> None:
    """Supply that is written wrong, or a recycler's output doubled in the flows, is found out."""
    plan = plan_of(returning(), tmp_path)
    found = traces(plan.balance, plan.flows)
    wrong = plan.supply.assign(
        value=np.where(plan.supply["pathway"] == OLD_SCRAP.pathway, 500.0, plan.supply["value"])
    )
    (said,) = faults(plan.system, plan.flows, found, wrong)
    assert "more domestic secondary metal is supplied than home sources gave" in said
    doubled = plan.flows["source"].eq("melt") & plan.flows["target"].eq("li")
    flows = plan.flows.assign(value=plan.flows["value"] * np.where(doubled, 2.0, 1.0))
    said = " ".join(faults(plan.system, flows, found, plan.supply))
    assert "more old scrap is refined than collected" in said
    assert supply_of(plan.balance, plan.values).equals(plan.supply)
