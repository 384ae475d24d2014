"""Trade in every form, asked of every verb that speaks of imports: finished goods, scrap, and ore
refined on its way. Each case has its right answer by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.analysis.security.concentration import (
    benchmarks,
    concentration,
    origin_shares,
    with_benchmarks,
)
from planner.analysis.security.disruption import disrupt
from planner.analysis.security.recourse import sources
from planner.analysis.security.supply_gap import gap
from planner.analysis.tradeoffs.frontier import import_columns
from planner.errors import SpecError
from planner.exchange.iamc import iamc_table
from planner.figures import plan_figures
from planner.plan.trade_flows import passing_through, trade_table
from planner.solver.compiled import compiled
from tests.small import Study, plan_of, system_of

HIGH = 1e5


def cells(first: int = 2021, last: int = 2021, **good: object) -> Study:
    """Cells bought from X at 10, or made at home for 25 of metal bought from B."""
    study = Study(first, last).good("li", "refined")
    study.good("cell", "product", **{"demand": 100, "shortage_cost": HIGH, "equivalent": 1, **good})
    study.process("buy_li", "import", gives={"li": 1}, import_price=20, origin="B")
    study.process(
        "buy_cells", "import", gives={"cell": 1}, import_price=10, origin="X", stage="manufacture"
    )
    return study.process("mk", "manufacture", takes={"li": 1}, gives={"cell": 1}, variable_cost=5)


def cap(study: Study, share: float = 0.3, of: str = "demand", origin: str = "X") -> Study:
    return study.policy("cap", "import_share", metal="lithium", origin=origin, share=share, of=of)


def chain(refiner: str = "Korea", **ore: object) -> Study:
    """Metal refined abroad from ore of Australia at 15, and metal of C at 30: demand 100."""
    study = Study().good("ore", "intermediate", equivalent=0.5)
    study.good("li", "refined", demand=100, shortage_cost=HIGH)
    study.process(
        "dig", "import", gives={"ore": 1}, stage="extraction", origin="Australia", import_price=5
    )
    study.process(
        "refine_abroad",
        "import",
        takes={"ore": 2},
        gives={"li": 1},
        origin=refiner,
        loss="slag",
        import_price=5,
    )
    return study.process("buy", "import", gives={"li": 1}, origin="C", import_price=30)


@pytest.mark.parametrize("of", ["demand", "imports"])
def test_a_cap_on_an_origin_counts_finished_goods(tmp_path: Path, of: str) -> None:
    """30 cells from X and 70 made at home, 300 + 70 x 25 = 2,050. Uncounted: 100 cells, 1,000."""
    plan = plan_of(cap(cells(), of=of), tmp_path)
    assert plan.values["activity"]["buy_cells", 2021] == pytest.approx(30)
    assert plan.objective == pytest.approx(2050)


def test_a_cap_on_an_origin_adds_its_forms_up(tmp_path: Path) -> None:
    """Magnets of X at 10 (at most 12 t) and metal of X at 8, beside metal of B at 100; making costs
    5. A fifth of 100 t may come from X: 12 t as magnets, 8 t as metal, 80 t of B: 120 + 8 x 13 + 80
    x 105 = 8,624. With magnets uncounted the cap would be kept at 32 t from X: 7,520."""
    study = Study().good("metal", "refined")
    study.good("magnet", "product", demand=100, shortage_cost=HIGH, equivalent=1)
    for name, origin, price in (("buy_x", "X", 8), ("buy_b", "B", 100)):
        study.process(name, "import", gives={"metal": 1}, origin=origin, import_price=price)
    study.process(
        "magnets",
        "import",
        gives={"magnet": 1},
        stage="manufacture",
        origin="X",
        import_price=10,
        max_activity=12,
    )
    study.process("make", "manufacture", takes={"metal": 1}, gives={"magnet": 1}, variable_cost=5)
    assert plan_of(cap(study, share=0.2), tmp_path).objective == pytest.approx(8624)


def test_the_gap_counts_finished_goods(tmp_path: Path) -> None:
    """Demand grows from 100 to 500 by 100 a year; imports held to the 100 cells of 2021 leave 100,
    200, 300 and 400 t unmet: 1,000. Uncounted there is no gap."""
    (row,) = gap(
        system_of(cells(2021, 2025, demand=[100, 200, 300, 400, 500]), tmp_path)
    ).gaps.to_dict("records")
    assert row["unmet"] == pytest.approx(1000)


def test_the_frontier_of_imports_counts_finished_goods_and_a_chain_once(tmp_path: Path) -> None:
    """A cell from X is 1 t of imports, as is a tonne of lithium; ore and its refining together are
    one too, where the steps counted singly were two."""
    for study, names in (
        (cells(), ({"buy_cells": 1.0}, {"buy_li": 1.0})),
        (chain(), ({"dig": 2.0, "refine_abroad": 1.0}, {"buy": 1.0})),
    ):
        made = compiled(system_of(study, tmp_path))
        terms = import_columns(made)
        for recipe in names:
            at = made.arrays.column_at
            total = sum(terms[at["activity", (p, 2021)]] * v for p, v in recipe.items())
            assert total == pytest.approx(1.0)


def test_scrap_and_by_products_of_imported_ore_count(tmp_path: Path) -> None:
    """30 of 100 t may come from X: 30 t as scrap (0.8 t of metal from a tonne) or in the host's
    ore, the rest at 50: 30 x 10 + 70 x 50. Uncounted: 1,000."""
    scrap = Study().good("mass", "scrap", equivalent=0.8)
    scrap.good("li", "refined", demand=100, shortage_cost=HIGH)
    scrap.process("buy", "import", gives={"mass": 1}, stage="recycling", origin="X", import_price=8)
    scrap.process(
        "leach",
        "recycle",
        takes={"mass": 1},
        gives={"li": 0.8},
        loss="residue",
        pathway="foreign secondary",
    )
    host = Study().good("li", "refined", demand=100, shortage_cost=HIGH).host("zinc", 1e6)
    host.process(
        "win",
        "byproduct",
        gives={"li": 1},
        host="zinc",
        host_content=0.1,
        origin="X",
        pathway="foreign primary",
        variable_cost=10,
    )
    for study in (scrap, host):
        study.process("dig", "mine", gives={"li": 1}, variable_cost=50)
        plan = plan_of(cap(study), tmp_path)
        assert plan.objective == pytest.approx(30 * 10 + 70 * 50)


@pytest.mark.parametrize("origin", ["Australia", "Korea"])
@pytest.mark.parametrize("of", ["demand", "imports"])
def test_ore_refined_on_its_way_counts_for_mine_and_refiner(
    tmp_path: Path, origin: str, of: str
) -> None:
    """At most 30 t through Australia, or through Korea: 30 x 15 + 70 x 30 = 2,550. Were Korea
    taken for a step that adds nothing, all would pass through it; were both steps added up, 15 t
    would do for a cap on imports."""
    plan = plan_of(cap(chain(), origin=origin, of=of), tmp_path)
    assert plan.objective == pytest.approx(2550)


def test_a_chain_within_one_origin_counts_once(tmp_path: Path) -> None:
    """Mine and refinery both in Australia: 30 t, not 15 of each."""
    plan = plan_of(cap(chain(refiner="Australia"), origin="Australia"), tmp_path)
    assert plan.values["activity"]["refine_abroad", 2021] == pytest.approx(30)


def test_a_refiner_abroad_is_an_origin_everywhere(tmp_path: Path) -> None:
    """100 t of Australian ore refined in Korea. By stage all is Australia's and Korea's (it was
    said that home refines all, and the EU's 40 % were met); both can be lost; what crosses the
    border is 100 t of metal from Korea, once."""
    system = system_of(chain(), tmp_path)
    plan = planner.solve(system)
    largest = concentration(plan).set_index("stage")["largest"].to_dict()
    assert largest == {"extraction": "Australia", "processing": "Korea"}
    judged = benchmarks(plan).set_index("benchmark")
    assert judged["value"].to_dict() == {
        "extraction": 0,
        "processing": 0,
        "recycling": 0,
        "largest origin": pytest.approx(1),
    }
    assert not judged["met"].any()
    assert sources(system) == {
        "origin/Australia": ("dig",),
        "origin/C": ("buy",),
        "origin/Korea": ("refine_abroad",),
    }
    assert passing_through(plan, "lithium") == {
        "Australia": pytest.approx([100]),
        "C": pytest.approx([0]),
        "Korea": pytest.approx([100]),
    }
    (row,) = trade_table(plan).to_dict("records")
    assert (row["origin"], row["form"], row["value"]) == ("Korea", "refined metal", 100)
    imports = iamc_table(plan).set_index("variable")["value"]
    assert imports["Imports|Lithium"] == imports["Imports|Lithium|Refined Metal"] == 100
    (trace,) = plan_figures.origins(plan, "lithium").data
    assert trace.name == "Korea"


def test_losing_the_refiner_loses_the_metal(tmp_path: Path) -> None:
    """100 t come through Korea; C could give 20. Without Korea 80 t are unmet, as without the mine
    in Australia. It was said that Korea cannot be lost."""
    study = chain()
    study.rows["processes"] = [row for row in study.rows["processes"] if row["process"] != "buy"]
    for table in ("coefficients", "process_values"):
        study.rows[table] = [row for row in study.rows[table] if row["process"] != "buy"]
    study.process("buy", "import", gives={"li": 1}, origin="C", import_price=30, max_activity=20)
    losses = disrupt(system_of(study, tmp_path), years=1, pairs=False).losses
    unmet = losses.set_index("loss")["unmet"].to_dict()
    assert unmet == {
        "origin/Korea": pytest.approx(80),
        "origin/Australia": pytest.approx(80),
        "origin/C": pytest.approx(0),
    }


def test_self_sufficiency_counts_what_is_manufactured_at_home(tmp_path: Path) -> None:
    """At least 40 of 100 cells made at home: 40 x 25 + 60 x 10 = 1,600. It was said that nothing
    can give any. With 10 t exported at that stage 50 are asked for."""
    floor = {"metal": "lithium", "stages": ["manufacture"], "share": 0.4}
    plan = plan_of(cells().policy("own", "self_sufficiency", **floor), tmp_path)
    assert plan.objective == pytest.approx(1600)
    study = cells().good(
        "sold", "product", demand=10, shortage_cost=HIGH, equivalent=1, export=True
    )
    study.process("sell", "manufacture", takes={"li": 1}, gives={"sold": 1}, variable_cost=5)
    plan = plan_of(study.policy("own", "self_sufficiency", **floor), tmp_path)
    assert plan.objective == pytest.approx(10 * 25 + 40 * 25 + 60 * 10)


def test_what_manufacture_takes_from_abroad_is_no_home_metal(tmp_path: Path) -> None:
    """Where only home metal counts, cells made of bought metal do not: with metal of a mine in a
    good of its own the 40 t come from there, mixed with bought metal nobody can tell."""
    floor = {"metal": "lithium", "stages": ["manufacture"], "share": 0.4, "provenance": "home"}
    study = cells().good("own_li", "refined")
    study.process("dig", "mine", gives={"own_li": 1}, variable_cost=90, stage="processing")
    study.process(
        "mk_own", "manufacture", takes={"own_li": 1}, gives={"cell": 1}, variable_cost=5
    ).policy("own", "self_sufficiency", **floor)
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(40 * 95 + 60 * 10)
    mixed = cells().process("dig", "mine", gives={"li": 1}, variable_cost=90, stage="processing")
    mixed.policy("own", "self_sufficiency", **floor)
    with pytest.raises(SpecError, match=r"'mk' may work up lithium of several provenances"):
        system_of(mixed, tmp_path)


def test_scrap_that_manufacture_takes_straight_counts(tmp_path: Path) -> None:
    """Collected scrap goes into cells without becoming refined metal: 40 t of it meet a floor of
    0.4 at the stage of recycling (0.9 t of metal stand for a tonne: 44.4 t). Uncounted, nothing
    could give any."""
    study = cells().good("old", "scrap", equivalent=0.9)
    study.process("gather", "collect", gives={"old": 1}, variable_cost=40)
    study.process("mk_old", "manufacture", takes={"old": 1}, gives={"cell": 1})
    study.policy("own", "self_sufficiency", metal="lithium", stages=["recycling"], share=0.4)
    plan = plan_of(study, tmp_path)
    assert plan.values["activity"]["mk_old", 2021] == pytest.approx(40 / 0.9)


def test_what_a_policy_counts_must_be_worth_something(tmp_path: Path) -> None:
    """A bought cell with no equivalent would count 0: refused at check, with place and remedy. An
    import that is closed throughout has nothing to count."""
    study = cells(demand=100, equivalent=1).good("part", "intermediate", stage="manufacture")
    study.process("parts", "import", gives={"part": 1}, origin="X", stage="manufacture")
    study.process("fit", "manufacture", takes={"part": 1}, gives={"cell": 1})
    with pytest.raises(SpecError, match=r"policies.cap.kind.*counts good 'part'.*good_values.csv"):
        system_of(cap(study), tmp_path)
    closed = cells(demand=100, equivalent=1).good("part", "intermediate", stage="manufacture")
    closed.process(
        "parts", "import", gives={"part": 1}, origin="X", stage="manufacture", max_activity=0
    )
    closed.process("fit", "manufacture", takes={"part": 1}, gives={"cell": 1})
    assert plan_of(cap(closed), tmp_path).objective == pytest.approx(2050)


def test_a_chain_that_cannot_be_counted_once_is_refused(tmp_path: Path) -> None:
    """Ore dug at home and Australian ore in one good, refined in Korea: how much of Korea's metal
    is imported ore come back cannot be told."""
    study = chain().process("dig_home", "mine", gives={"ore": 1}, variable_cost=9)
    with pytest.raises(SpecError, match=r"'ore' is made by .* and by dig_home"):
        system_of(cap(study, of="imports"), tmp_path)
    with pytest.raises(SpecError, match="dig_home"):
        with_benchmarks(system_of(study, tmp_path), start=2021)


@pytest.mark.parametrize("kind", ["intermediate", "product"])
def test_the_name_of_a_good_changes_nothing(tmp_path: Path, kind: str) -> None:
    """Cells called a product, or an intermediate, that a process fits into packs: the same cap,
    forms and concentration, since form goes by stage. Of the stage of manufacture X gives 30 t and
    home 100 (the 70 cells are in the packs and count once): not 30 and 170."""
    study = Study().good("li", "refined")
    study.good("cell", kind, stage="manufacture", equivalent=1)
    study.good("pack", "product", demand=100, shortage_cost=HIGH, equivalent=1)
    study.process("buy_li", "import", gives={"li": 1}, import_price=20, origin="B")
    study.process(
        "buy_cells", "import", gives={"cell": 1}, import_price=10, origin="X", stage="manufacture"
    )
    study.process("mk", "manufacture", takes={"li": 1}, gives={"cell": 1}, variable_cost=5)
    study.process("fit", "manufacture", takes={"cell": 1}, gives={"pack": 1})
    plan = plan_of(cap(study), tmp_path)
    assert plan.objective == pytest.approx(2050)
    forms = trade_table(plan).set_index("form")["value"].to_dict()
    assert forms == {"finished goods": pytest.approx(30), "refined metal": pytest.approx(70)}
    hhi = concentration(plan).set_index("stage")["hhi"].to_dict()
    assert hhi["manufacture"] == pytest.approx(1e4 * ((30 / 130) ** 2 + (100 / 130) ** 2))


def test_two_imports_of_one_origin_and_price_are_one(tmp_path: Path) -> None:
    """The cells of X bought by two processes change neither plan, dependence nor concentration."""
    one, two = cells(), cells()
    two.process(
        "more_cells", "import", gives={"cell": 1}, import_price=10, origin="X", stage="manufacture"
    )
    plans = [plan_of(cap(study), tmp_path) for study in (one, two)]
    assert plans[0].objective == pytest.approx(plans[1].objective)
    first, second = (concentration(plan) for plan in plans)
    assert first["hhi"].tolist() == pytest.approx(second["hhi"].tolist())
    through = [passing_through(plan, "lithium")["X"] for plan in plans]
    assert through[0] == pytest.approx(through[1])


def test_a_first_study_with_bought_batteries(tmp_path: Path) -> None:
    """The study that `planner new` writes, with batteries from Japan at a low price and at most 0.2
    of demand from there: counted, 20 % come from Japan in each year, and net import reliance with
    indirect trade says so. It was said that all metal is home secondary, reliance 0, cap kept."""
    folder = planner.new(tmp_path / "mine")
    for table, row in (
        ("processes", "buy,import,manufacture,,Japan,,,,,batteries from abroad"),
        ("coefficients", "buy,lithium/batteries,out,,,1,t/t,,,,example,D,"),
        ("process_values", "buy,import_price,,,100,USD_2021/t,,,,example,D,"),
    ):
        path = folder / f"{table}.csv"
        path.write_text(path.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    head = folder / "study.toml"
    head.write_text(
        head.read_text(encoding="utf-8")
        + '\n[policies.cap]\nkind = "import_share"\nmetal = "lithium"\norigin = "Japan"\n'
        + 'share = 0.2\nsource = "example"\n',
        encoding="utf-8",
    )
    plan = planner.solve(planner.read(folder))
    need = plan.indicators.query("indicator == 'requirement'").set_index("year")["value"]
    bought = trade_table(plan).query("form == 'finished goods'").set_index("year")["value"]
    assert (bought / need).tolist() == pytest.approx([0.2] * len(need))
    mix = plan.indicators.query("indicator == 'share: foreign primary'").set_index("year")["value"]
    supplied = plan.supply.query("pathway != 'new scrap'").groupby("year")["value"].sum()
    assert (mix * supplied).tolist() == pytest.approx(
        [*(bought + plan.supply.query("process == 'import'").set_index("year")["value"])]
    )
    wide = planner.indicators(plan).pivot_table(index="year", columns="indicator", values="value")
    assert (wide["net import reliance with indirect trade"] > 0.2 - 1e-9).all()
    assert (wide["net import reliance with indirect trade"] > wide["net import reliance"]).any()


def test_what_waits_in_a_stock_abroad_comes_in_once(tmp_path: Path) -> None:
    """100 t of ore are bought in 2021, when they cost 10 and not 90, wait in a stockpile and are
    shipped in 2022. They came in when they were bought: 100 t in 2021, and in 2022 as much shipped
    as taken out, 0, for the table, the indicators, the concentration and a share of imports alike.
    Where nobody gave the ore in the year, the table and the concentration counted them again."""
    study = Study(2021, 2022)
    study.good("port", "intermediate", equivalent=1, opening_stock=0, closing_stock=0)
    study.good("landed", "intermediate", equivalent=1)
    study.good("li", "refined", demand=[0, 100], shortage_cost=1000)
    abroad = {"stage": "extraction", "origin": "Chile"}
    study.process("buy", "import", gives={"port": 1}, import_price=[10, 90], **abroad)
    study.process("ship", "import", takes={"port": 1}, gives={"landed": 1}, **abroad)
    study.process("refine", "refine", takes={"landed": 1}, gives={"li": 1})
    plan = plan_of(study, tmp_path / "free")
    assert plan.objective == pytest.approx(1_000)
    study.policy("cap", "import_share", metal="lithium", origin="Chile", share=0, to=2021)
    assert plan_of(study, tmp_path / "capped").objective == pytest.approx(9_000)
    table = trade_table(plan)
    by_year = table.groupby("year")["value"].sum()
    assert by_year.tolist() == pytest.approx([100, 0])
    found = planner.indicators(plan)
    ore = found[found["indicator"] == "imports: ore and intermediates"]["value"]
    assert ore.tolist() == pytest.approx([100, 0])
    shares = origin_shares(plan)
    mined = shares[shares["stage"] == "extraction"]
    assert mined[["year", "value"]].to_numpy().tolist() == [[2021, pytest.approx(100)]]
