"""The flow balance: incidence, arising waste, joint products, residuals that close, and everything
broken failing by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.errors import SpecError
from planner.mfa.balance import (
    Balance,
    Residual,
    balance,
    make_incidence,
    metal_in_and_out,
    residual,
)
from planner.mfa.flows import COLUMNS, base_account, flow_table, node_residual
from planner.system.nouns import Period, frozen_array, frozen_map
from tests.by_hand import ByHand

CLOSES = 1e-12


def mine_and_cells() -> ByHand:
    """Ore at 80 % recovery, refined metal, cells of which 30 t are used at home for 2 years and 10
    t exported."""
    study = ByHand(2021, 2022).deposit("ore", 1000.0).good("li", "refined")
    study.good("cell", "product", demand=30.0, stage="manufacture").good(
        "out", "product", demand=10.0, export=True, stage="manufacture"
    )
    study.good("waste", "waste", rate=0.5, stage="use")
    study.process(
        "mine",
        "mine",
        ore={"ore": 1.25},
        gives={"li": 1.0},
        loss="tailings",
        pathway="domestic primary",
        stage="extraction",
    )
    study.process(
        "make",
        "manufacture",
        takes={"li": 1.0},
        gives={"cell": 0.75, "out": 0.25},
        stage="manufacture",
    )
    return study.product(
        "cells",
        waste="waste",
        uses={"cell": 1.0},
        mean=2.0,
        history={2019: 10.0, 2020: 20.0},
        dissipated=0.1,
    )


def values_by_hand(shortage: float = 0.0) -> dict[str, dict[tuple[str, int], float]]:
    """40 t mined and made a year; 9 t and 18 t of waste arise, none of it collected."""
    made = 40.0
    return {
        "activity": {(name, year): made for name in ("mine", "make") for year in (2021, 2022)},
        "disposal": {("waste", 2021): 9.0, ("waste", 2022): 18.0},
        "shortage": {("li", 2021): shortage},
    }


def test_incidence_is_sparse_sorted_and_holds_every_year():
    """Of the years of a longer period too: 1 and 2 t, and not 1.5 t of both."""
    study = (
        ByHand(periods=(Period(2021, 2022), Period(2023, 2023)))
        .good("b", "refined")
        .good("a", "refined")
    )
    study.process(
        "p", "refine", takes={"b": [1.0, 2.0, 4.0]}, gives={"a": 1.0}, loss="slag"
    ).process("o", "mine", gives={"b": 1.0})
    found = balance(study.system()).incidence
    assert (found.goods, found.processes) == (("a", "b"), ("o", "p"))
    assert list(zip(found.good, found.process, strict=True)) == [(0, 1), (1, 0), (1, 1)]
    assert found.net == pytest.approx(
        np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [-1.0, -2.0, -4.0]])
    )


def test_arising_waste_by_hand():
    """Life exactly 2: the 10 t of 2019 leave in 2021, the 20 t of 2020 in 2022; a tenth is
    dissipated. Stocks 50 t, then 60 t."""
    found = balance(mine_and_cells().system())
    stock = found.stocks["cells"]
    assert found.arising["waste"] == pytest.approx([9.0, 18.0])
    assert stock.opening == pytest.approx(30.0)
    assert stock.stock == pytest.approx([50.0, 60.0])
    assert stock.outflow == pytest.approx([10.0, 20.0])
    assert stock.cohort_years == (2019, 2020, 2021, 2022)
    assert stock.cohorts == pytest.approx(np.array([[0, 20, 30, 0], [0, 0, 30, 30]]))


def test_life_may_differ_by_cohort():
    """From 2021 on a life of 1 year instead of 2: in 2022 the 20 t of 2020 leave, and the 30 t of
    2021 with them."""
    study = mine_and_cells().product(
        "cells",
        waste="waste",
        uses={"cell": 1.0},
        mean=[2.0, 2.0, 1.0, 1.0],
        history={2019: 10.0, 2020: 20.0},
    )
    assert balance(study.system()).arising["waste"] == pytest.approx([10.0, 50.0])


def test_initial_stock_of_a_cohort_stands_in_for_its_inflow():
    """The study says that 15 t of 2020 are still in use, and no inflow: they leave by the same
    life."""
    study = mine_and_cells().product(
        "cells",
        waste="waste",
        uses={"cell": 1.0},
        mean=2.0,
        history={2019: 10.0},
        initial={2020: 15.0},
    )
    assert balance(study.system()).arising["waste"] == pytest.approx([10.0, 15.0])


def test_convention_of_the_study_is_used_and_carried():
    """A life of half a year: 15 t of 30 t are in use at the end of the year if inflow is uniform,
    none if it all came at the start."""
    for convention, left in (("uniform", 15.0), ("start", 0.0), ("end", 30.0)):
        study = (
            ByHand(convention=convention)
            .good("cell", "product", demand=30.0)
            .good("waste", "waste", rate=1.0)
        )
        stock = balance(
            study.product("cells", waste="waste", uses={"cell": 1.0}, mean=0.5).system()
        ).stocks["cells"]
        assert (stock.stock[0], stock.convention) == (pytest.approx(left), convention)


def test_flows_by_hand():
    """Every flow of lithium in 2021, each of it closing at its process and good."""
    table = flow_table(balance(mine_and_cells().system()), values_by_hand())
    assert tuple(table.columns) == COLUMNS
    rows = table[table["year"] == 2021].set_index(["source", "target"])["value"].to_dict()
    assert rows == pytest.approx(
        {
            ("deposit/ore", "mine"): 50.0,
            ("mine", "li"): 40.0,
            ("mine", "loss/tailings"): 10.0,
            ("li", "make"): 40.0,
            ("make", "cell"): 30.0,
            ("make", "out"): 10.0,
            ("cell", "use/cells"): 30.0,
            ("out", "export"): 10.0,
            ("use/cells", "waste"): 9.0,
            ("use/cells", "loss/dissipated in use"): 1.0,
            ("waste", "loss/uncollected"): 9.0,
        }
    )


def test_balanced_values_close_and_the_account_adds_up():
    found = balance(mine_and_cells().system())
    table = flow_table(found, values_by_hand())
    goods, processes = residual(found, values_by_hand())
    assert goods.relative <= CLOSES
    assert processes.relative <= CLOSES
    assert node_residual(found, table).relative <= CLOSES
    assert goods.largest_flow == pytest.approx(40.0)
    account = base_account(found, table, "lithium", 2021).set_index(["stage", "item", "name"])[
        "value"
    ]
    assert account["extraction", "taken", "deposit/ore"] == pytest.approx(50.0)
    assert account["loss", "extraction", "tailings"] == pytest.approx(10.0)
    assert account["trade", "export", "out"] == pytest.approx(10.0)
    assert account["use", "stock change", "cells"] == pytest.approx(20.0)
    assert account["balance", "in", ""] == pytest.approx(account["balance", "out", ""])
    with pytest.raises(KeyError, match="no metal 'gold'"):
        base_account(found, table, "gold", 2021)


def test_a_tonne_too_much_fails_by_good_and_year():
    found = balance(mine_and_cells().system())
    goods, processes = residual(found, values_by_hand(shortage=1.0))
    assert goods.relative == pytest.approx(1 / 40)
    assert goods.place == "li, 2021"
    assert goods.failures(1e-9) == ("li, 2021: 1 t",)
    assert processes.failures(1e-9) == ()


@pytest.mark.parametrize(
    ("variable", "key", "place"),
    [("activity", ("make", 2022), "2022"), ("disposal", ("waste", 2021), "waste, 2021")],
)
def test_nan_fails_by_name_and_is_never_within_tolerance(variable, key, place):
    found = balance(mine_and_cells().system())
    values = values_by_hand()
    values[variable][key] = float("nan")
    goods, processes = residual(found, values)
    assert not goods.relative <= 1e300
    assert place in goods.place
    assert goods.failures(1e300)
    assert bool(processes.failures(1e300)) == (variable == "activity")
    assert np.isnan(flow_table(found, values)["value"]).any()


def broken(found: Balance, **changes: object) -> Balance:
    """The same balance with the process `mine` changed behind its back."""
    mine = replace(found.system.processes["mine"], **changes)
    return replace(
        found,
        system=replace(
            found.system, processes=frozen_map({**found.system.processes, "mine": mine})
        ),
    )


def test_a_process_that_makes_metal_fails_by_process_and_metal():
    """1 t out of 0.5 t of ore: the residual and the flow table both see it, though the good still
    balances."""
    found = broken(
        balance(mine_and_cells().system()), deposits=frozen_map({"ore": frozen_array([0.5, 0.5])})
    )
    goods, processes = residual(found, values_by_hand())
    assert goods.relative <= CLOSES
    assert processes.failures(1e-9) == ("mine, lithium, 2021: -20 t", "mine, lithium, 2022: -20 t")
    assert (
        node_residual(found, flow_table(found, values_by_hand()))
        .failures(1e-9)[0]
        .startswith("mine, lithium, 2021: -20")
    )


def test_a_loss_without_a_name_fails():
    _, processes = residual(broken(balance(mine_and_cells().system()), loss=""), values_by_hand())
    assert processes.place == "mine, lithium, 2021"
    assert processes.relative == pytest.approx(10 / 40)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            {"takes": {"li": 1.0}, "gives": {"cell": 1.1}},
            r"coefficients.csv: process 'bad' gives out more lithium than it takes in",
        ),
        (
            {"takes": {"li": float("nan")}, "gives": {"cell": 1.0}},
            r"coefficients.csv: process 'bad': coefficient of 'li' is not a number",
        ),
        (
            {"takes": {"li": 1.0}, "gives": {"cell": -1.0}},
            "process 'bad': coefficient of 'cell' is not a number at or above 0",
        ),
        (
            {"takes": {"li": 1.0}, "gives": {"cell": 0.9}},
            r"processes.csv, column 'loss': process 'bad' loses lithium; name the loss",
        ),
    ],
)
def test_broken_coefficients_are_refused_by_name(recipe, message):
    with pytest.raises(SpecError, match=message):
        balance(mine_and_cells().process("bad", "manufacture", **recipe).system())


@pytest.mark.parametrize(
    ("product", "message"),
    [
        ({"mean": 0.0}, "product 'cells': the mean of a lifetime must be a number above zero"),
        ({"mean": 5.0, "distribution": "normal"}, "product 'cells': the sd of a lifetime must be"),
        (
            {"uses": {"cell": -1.0}},
            "product 'cells': what enters use is negative or not a number in 2021",
        ),
        ({"uses": {"li": 1.0}}, "product 'cells': good 'li' of its uses has no demand"),
        (
            {"history": {2018: 1.0, 2020: 1.0}},
            "product 'cells': its cohorts must be consecutive years up to 2020",
        ),
        (
            {"initial": {2018: 1.0, 2019: 0.0, 2020: 0.0}, "mean": 1.5},
            "product 'cells': a cohort that entered 3 periods before",
        ),
        ({"uses": {"cell": 2.0}}, "more lithium enters cells than the goods they are made of hold"),
    ],
)
def test_broken_products_are_refused_by_name(product, message):
    fields = {"waste": "waste", "uses": {"cell": 1.0}, "mean": 2.0, **product}
    with pytest.raises(SpecError, match=message):
        balance(mine_and_cells().product("cells", **fields).system())


def joint_packs() -> ByHand:
    """Cobalt demand decides how many NCM packs there are; their lithium is not in LFP packs (a
    negative use)."""
    study = ByHand(2021, 2023, metals=("lithium", "cobalt"))
    study.good("li/ev", "product", demand=[10.0, 20.0, 30.0]).good(
        "co/ev", "product", content={"cobalt": 1.0}, demand=[2.0, 3.0, 4.0]
    )
    study.good("ncm_waste", "waste", content={"lithium": 0.02, "cobalt": 0.04}, rate=0.5)
    study.good("lfp_waste", "waste", content={"lithium": 0.01})
    study.product("ncm", waste="ncm_waste", uses={"co/ev": 25.0}, mean=1.0)
    return study.product("lfp", waste="lfp_waste", uses={"li/ev": 100.0, "co/ev": -50.0}, mean=1.0)


def test_joint_products_share_the_metal_out():
    """2 t of cobalt make 50 t of NCM with 1 t of lithium; the other 9 t of lithium make 900 t of
    LFP."""
    found = balance(joint_packs().system())
    assert found.stocks["ncm"].inflow == pytest.approx([50.0, 75.0, 100.0])
    assert found.stocks["lfp"].inflow == pytest.approx([900.0, 1850.0, 2800.0])
    flows = {key: list(series) for key, series in found.into_use.items()}
    assert flows["lithium", "li/ev", "ncm"] == pytest.approx([1.0, 1.5, 2.0])
    assert flows["lithium", "li/ev", "lfp"] == pytest.approx([9.0, 18.5, 28.0])
    assert flows["cobalt", "co/ev", "ncm"] == pytest.approx([2.0, 3.0, 4.0])


def test_joint_products_that_hold_more_than_is_demanded_are_refused():
    """Without the negative use the lithium of NCM packs would be counted twice."""
    study = joint_packs().product("lfp", waste="lfp_waste", uses={"li/ev": 100.0}, mean=1.0)
    with pytest.raises(
        SpecError, match="more lithium enters ncm than the goods they are made of hold"
    ):
        balance(study.system())


def test_shortage_closes_the_use_stocks_too():
    """5 t of cells are missing: the stock model counts on all 30 t, so the table says where the 5 t
    came from: nowhere."""
    found = balance(mine_and_cells().system())
    values = values_by_hand()
    values["activity"] |= {("make", 2021): 40.0 * 25 / 30, ("mine", 2021): 40.0 * 25 / 30}
    values["shortage"] = {("cell", 2021): 5.0, ("out", 2021): 10 - 10 * 25 / 30}
    table = flow_table(found, values)
    assert node_residual(found, table).relative <= CLOSES
    short = table[table["source"] == "shortage"].set_index("target")["value"].to_dict()
    assert short == pytest.approx({"cell": 5.0, "out": 10 - 10 * 25 / 30})


def test_sources_outside_the_economy_are_named():
    study = ByHand().good("li", "refined", demand=40.0).host("zinc", 100.0)
    study.process("a", "byproduct", gives={"li": 1.0}, host="zinc").process(
        "b", "import", gives={"li": 1.0}, origin="Chile"
    )
    study.process("c", "release", gives={"li": 1.0}).process("d", "mine", gives={"li": 1.0})
    table = flow_table(balance(study.system()), {"activity": {(p, 2021): 10.0 for p in "abcd"}})
    assert {
        (s, t) for s, t in zip(table["source"], table["target"], strict=True) if t in "abcd"
    } == {("host/zinc", "a"), ("origin/Chile", "b"), ("stockpile/li", "c"), ("origin/home", "d")}


def test_nothing_at_all_is_a_balance_too():
    found = balance(ByHand().good("li", "refined").system())
    table = flow_table(found, {})
    assert table.empty
    assert residual(found, {})[0].relative == 0.0


def two_metals() -> ByHand:
    """A mine on three deposits of two metals, over 2021 and 2022."""
    study = ByHand(2021, 2022, metals=("lithium", "cobalt")).good(
        "ore", "intermediate", content={"lithium": 0.02, "cobalt": 0.05}
    )
    for name, metal in (("north", "lithium"), ("south", "cobalt"), ("west", "lithium")):
        study.deposit(name, 1000.0, metal)
    return study.process(
        "mine",
        "mine",
        ore={"north": [1.5, 2.0], "south": 0.5, "west": 0.25},
        gives={"ore": 10.0},
        loss="tailings",
    )


def test_metal_of_several_deposits_and_a_joint_good():
    """Lithium 1.5 (then 2) + 0.25, cobalt 0.5 in; 10 t of ore with 0.02 and 0.05 out. A process on
    nothing draws what it gives."""
    system = (
        two_metals()
        .good("li", "refined")
        .process("buy", "import", gives={"ore": 4.0}, origin="Chile")
        .system()
    )
    mine, buy = system.processes["mine"], system.processes["buy"]
    assert np.array(metal_in_and_out(system, mine, "lithium")) == pytest.approx(
        np.array([[1.75, 2.25], [0.2, 0.2]])
    )
    assert np.array(metal_in_and_out(system, mine, "cobalt")) == pytest.approx(
        np.array([[0.5, 0.5], [0.5, 0.5]])
    )
    assert np.array(metal_in_and_out(system, buy, "lithium")) == pytest.approx(
        np.full((2, 2), 0.08)
    )


def test_metal_is_by_the_content_of_what_goes_in():
    """A refinery takes 10 t of ore of 0.02 and 1 t of lithium: 1.2 t lithium, 0.5 t cobalt."""
    study = (
        two_metals()
        .good("li", "refined")
        .process("refine", "refine", takes={"ore": 10.0, "li": 1.0}, gives={"li": 0.9}, loss="slag")
    )
    system = study.system()
    assert np.array(
        metal_in_and_out(system, system.processes["refine"], "lithium")
    ) == pytest.approx(np.array([[1.2, 1.2], [0.9, 0.9]]))
    assert np.array(
        metal_in_and_out(system, system.processes["refine"], "cobalt")
    ) == pytest.approx(np.array([[0.5, 0.5], [0.0, 0.0]]))


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            {"takes": {"li": 1.0}, "gives": {"cell": [1.0, 1.1]}},
            r"gives out more lithium than it takes in \(2022\)",
        ),
        (
            {"takes": {"li": 1.0}, "gives": {"cell": [1.0, float("inf")]}},
            "coefficient of 'cell' is not a number at or above 0 in 2022",
        ),
        ({"takes": {"li": 1.0}, "gives": {"cell": [1.0, 0.9]}}, "loses lithium; name the loss"),
        ({"takes": {"li": 1.0}, "gives": {"cell": 1 + 1.5e-12}}, "gives out more lithium"),
        ({"takes": {"li": 0.5}, "gives": {"cell": 0.5 + 1.5e-12}}, "gives out more lithium"),
        ({"takes": {"li": 1000.0}, "gives": {"cell": 1000 + 1.5e-9}}, "gives out more lithium"),
    ],
)
def test_coefficients_of_one_year_or_a_little_too_much_are_refused(recipe, message):
    with pytest.raises(SpecError, match=message):
        balance(mine_and_cells().process("bad", "manufacture", **recipe).system())


@pytest.mark.parametrize(
    ("taken", "given"),
    [(1.0, 1 + 5e-13), (1 + 5e-13, 1.0), (1000.0, 1000 + 5e-10), (0.5, 0.5 + 7e-13), (0.0, 0.0)],
)
def test_coefficients_may_miss_by_rounding(taken, given):
    """A billionth of a thousandth of the larger, or of 1."""
    balance(
        mine_and_cells()
        .process("fine", "manufacture", takes={"li": taken}, gives={"cell": given})
        .system()
    )


def test_no_process_is_an_incidence_without_pairs():
    found = make_incidence(ByHand(2021, 2022).good("li", "refined").system())
    assert found.net.shape == (0, 2)


def joint_market(draw: float = 30.0) -> tuple[Balance, dict[str, dict[tuple[str, int], float]]]:
    """100 t of cells wanted (0.02 lithium, 0.05 cobalt): 80 t bought, 30 drawn, 10 short, less 8
    filled and 12 thrown away."""
    study = ByHand(metals=("lithium", "cobalt")).good(
        "cell", "refined", content={"lithium": 0.02, "cobalt": 0.05}, demand=100.0
    )
    study.good("li", "refined", demand=0.25).process(
        "buy", "import", gives={"cell": 1.0}, origin="Chile"
    )
    values = {
        "activity": {("buy", 2021): 80.0},
        "draw": {("cell", 2021): draw},
        "shortage": {("cell", 2021): 10.0, ("li", 2021): 0.25},
        "fill": {("cell", 2021): 8.0},
        "disposal": {("cell", 2021): 12.0},
    }
    return balance(study.system()), values


def test_joint_goods_count_by_the_metal_they_hold_most_of():
    """Errors in t of cobalt, 0.05 of each t of cells; the largest flow is the 5 t demanded, of
    lithium 0.25 t."""
    goods, processes = residual(*joint_market())
    assert goods.error == pytest.approx(np.zeros((2, 1)), abs=1e-14)
    assert goods.largest_flow == processes.largest_flow == pytest.approx(5.0)
    assert dict(zip(goods.names, goods.own_flow, strict=True)) == pytest.approx(
        {"cell": 5.0, "li": 0.25}
    )
    assert processes.own_flow == pytest.approx(
        [0.25, 5.0] if processes.names[0].endswith("lithium") else [5.0, 0.25]
    )
    goods, _ = residual(*joint_market(draw=31.0))
    assert goods.error[goods.names.index("cell"), 0] == pytest.approx(0.05)
    assert goods.relative == pytest.approx(0.01)
    goods, _ = residual(*joint_market(draw=300.0))
    assert goods.largest_flow == pytest.approx(15.0)


def test_waste_of_joint_packs_closes_in_tonnes_of_its_main_metal():
    """50, 75 and 100 t of packs leave a year later, with 0.04 cobalt: 2 t and 3 t arise; thrown
    away they close."""
    found = balance(joint_packs().system())
    wanted = {"li/ev": (10.0, 20.0, 30.0), "co/ev": (2.0, 3.0, 4.0)}
    values = {
        "disposal": {
            ("ncm_waste", 2022): 50.0,
            ("ncm_waste", 2023): 75.0,
            ("lfp_waste", 2022): 900.0,
        },
        "shortage": {
            (good, 2021 + i): demand
            for good, series in wanted.items()
            for i, demand in enumerate(series)
        },
    }
    goods, _ = residual(found, values)
    error = dict(zip(goods.names, goods.error, strict=True))
    assert error["ncm_waste"] == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert error["lfp_waste"] == pytest.approx([0.0, 0.0, 18.5])
    assert (goods.largest_flow, goods.place) == (pytest.approx(30.0), "lfp_waste, 2023")
    assert goods.own_flow[goods.names.index("ncm_waste")] == pytest.approx(4.0)


def test_flows_of_grams_are_measured_by_grams():
    """Flows of 4 g a year that miss by 1 g: a quarter, not a millionth of a tonne."""
    study = (
        ByHand()
        .good("li", "refined", demand=4e-6)
        .process("buy", "import", gives={"li": 1.0}, origin="Chile")
    )
    goods, processes = residual(balance(study.system()), {"activity": {("buy", 2021): 3e-6}})
    assert (goods.largest_flow, goods.relative, goods.relative_to_own) == pytest.approx(
        (4e-6, 0.25, 0.25)
    )
    assert goods.own_flow == pytest.approx([4e-6])
    assert processes.relative == processes.relative_to_own == 0.0


def residual_by_hand(error: list[list[float]], own: list[float], largest: float) -> Residual:
    return Residual(np.array(error), tuple("abc"[: len(own)]), (2021, 2022), largest, np.array(own))


def test_residuals_are_shares_of_all_flows_or_of_their_own():
    """2 of 8, and 0.5 of 1 of a scarce metal."""
    found = residual_by_hand([[1.0, -2.0], [0.0, 0.5]], [8.0, 1.0], 8.0)
    assert (found.relative, found.relative_to_own, found.place) == (0.25, 0.5, "a, 2022")
    assert found.failures(0.125) == ("a, 2022: -2 t",)
    assert found.failures(0.125, own=True) == ("a, 2022: -2 t", "b, 2022: 0.5 t")
    assert found.failures(0.25, own=True) == ("b, 2022: 0.5 t",)
    assert found.failures(0.5, own=True) == found.failures(0.25) == ()


def test_residuals_without_flows():
    """An error where nothing flows is infinite, no error is none, and nothing at all is nothing."""
    still = residual_by_hand([[0.0, 0.0], [0.0, 0.5]], [4.0, 0.0], 0.0)
    assert (still.relative, still.relative_to_own, still.place) == (
        float("inf"),
        float("inf"),
        "b, 2022",
    )
    none = residual_by_hand([[0.0, 0.0], [0.0, 1.0]], [0.0, 4.0], 4.0)
    assert (none.relative, none.relative_to_own) == (0.25, 0.25)
    assert residual_by_hand([[0.0, 0.0]], [0.0], 0.0).relative == 0.0
    assert residual_by_hand([[0.0, 0.0]], [0.0], 0.0).relative_to_own == 0.0
    assert residual_by_hand([[0.0, 0.0]], [0.5], 0.5).relative == 0.0
    empty = Residual(np.zeros((0, 2)), (), (2021, 2022), 0.0, np.zeros(0))
    assert (empty.place, empty.relative, empty.relative_to_own, empty.failures(0.0)) == (
        "",
        0.0,
        0.0,
        (),
    )
    small = residual_by_hand([[0.25, 0.0]], [0.5], 0.5)
    assert (small.relative, small.relative_to_own) == (0.5, 0.5)
    odd = residual_by_hand([[float("nan"), 9.0], [0.0, float("inf")]], [4.0, 4.0], 4.0)
    assert (odd.place, np.isnan(odd.relative)) == ("a, 2021", True)
