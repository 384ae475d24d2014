"""Simulation without a choice: loops by hand, shares, what cannot be met, bad shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import SpecError
from planner.mfa.balance import balance, residual
from planner.mfa.flows import base_account, node_residual
from planner.mfa.simulate import (
    Simulation,
    share_table,
    shares_from,
    simulate,
    simulate_plan,
)
from planner.system.nouns import Period
from tests.by_hand import ByHand
from tests.small import Study, system_of

CLOSES = 1e-12


def new_scrap_loop(demand: float = 80.0, recovery: float = 0.9) -> ByHand:
    """A manufacture that makes a fifth of its feed into scrap, which is recycled into its feed."""
    study = (
        ByHand()
        .good("li", "refined")
        .good("cell", "product", demand=demand)
        .good("scrap", "scrap")
        .deposit("ore", 1000.0)
    )
    study.process(
        "mine",
        "mine",
        ore={"ore": 1.25},
        gives={"li": 1.0},
        loss="tailings",
        pathway="domestic primary",
        stage="extraction",
    )
    study.process("make", "manufacture", takes={"li": 1.0}, gives={"cell": 0.8, "scrap": 0.2})
    return study.process(
        "recycle",
        "recycle",
        takes={"scrap": 1.0},
        gives={"li": recovery},
        loss="slag",
        pathway="new scrap",
    )


def closes(found: Simulation) -> bool:
    goods, processes = residual(found.balance, found.values)
    return all(
        r.relative <= CLOSES for r in (goods, processes, node_residual(found.balance, found.flows))
    )


def activity(found: Simulation, name: str, year: int = 2021) -> float:
    return found.values["activity"][name, year]


def test_new_scrap_loop_by_hand():
    """80 t need 100 t of feed, which leave 20 t of scrap and 18 t of metal again: the mine gives 82
    t. Iterated once it gave 100."""
    found = simulate(balance(new_scrap_loop().system()))
    assert activity(found, "make") == pytest.approx(100.0, rel=CLOSES)
    assert activity(found, "recycle") == pytest.approx(20.0, rel=CLOSES)
    assert activity(found, "mine") == pytest.approx(82.0, rel=CLOSES)
    assert closes(found)
    assert found.unmet.empty
    assert not found.values["disposal"]


def test_loop_within_refining_by_hand():
    """Refining returns 10 % of its feed as dross that goes back to concentrate whole: x = c + 0.1
    x, so 90 t refined need 90 t mined."""
    study = (
        ByHand()
        .good("conc", "intermediate")
        .good("li", "refined", demand=90.0)
        .good("dross", "scrap")
    )
    study.process("mine", "mine", gives={"conc": 1.0}, origin="home")
    study.process(
        "refine",
        "refine",
        takes={"conc": 1.0},
        gives={"li": 0.9, "dross": 0.1},
        pathway="domestic primary",
    )
    study.process("return", "recycle", takes={"dross": 1.0}, gives={"conc": 1.0})
    found = simulate(balance(study.system()))
    assert activity(found, "refine") == pytest.approx(100.0, rel=CLOSES)
    assert activity(found, "mine") == pytest.approx(90.0, rel=CLOSES)
    assert closes(found)


def test_old_scrap_comes_from_the_stock_and_is_collected_by_the_rate():
    """40 t a year in use for 2 years: 40 t of waste, half collected, 90 % recovered: 18 t recycled,
    20 t uncollected, 22 t mined."""
    study = (
        ByHand(2021, 2023)
        .good("li", "refined")
        .good("cell", "product", demand=40.0)
        .good("waste", "waste", rate=0.5, stage="use")
    )
    study.good("scrap", "scrap").process(
        "mine", "mine", gives={"li": 1.0}, pathway="domestic primary"
    )
    study.process("make", "manufacture", takes={"li": 1.0}, gives={"cell": 1.0})
    study.process("collect", "collect", takes={"waste": 1.0}, gives={"scrap": 1.0})
    study.process(
        "recycle",
        "recycle",
        takes={"scrap": 1.0},
        gives={"li": 0.9},
        loss="slag",
        pathway="domestic secondary",
    )
    study.product(
        "cells", waste="waste", uses={"cell": 1.0}, mean=2.0, history={2019: 40.0, 2020: 40.0}
    )
    found = simulate(balance(study.system()))
    assert closes(found)
    for year in (2021, 2022, 2023):
        assert activity(found, "recycle", year) == pytest.approx(20.0, rel=CLOSES)
        assert activity(found, "mine", year) == pytest.approx(22.0, rel=CLOSES)
        assert found.values["disposal"]["waste", year] == pytest.approx(20.0, rel=CLOSES)
    account = base_account(found.balance, found.flows, "lithium", 2022).set_index(
        ["stage", "item", "name"]
    )["value"]
    assert account["waste", "arising", "cells"] == pytest.approx(40.0)
    assert account["waste", "collected", "waste"] == pytest.approx(20.0)
    assert account["recycling", "old scrap out", "li"] == pytest.approx(18.0)
    assert account["refining", "domestic secondary", "recycle"] == pytest.approx(18.0)
    assert account["use", "stock change", "cells"] == pytest.approx(0.0, abs=1e-12)
    assert account["loss", "use", "uncollected"] == pytest.approx(20.0)
    assert account["balance", "difference", ""] == pytest.approx(0.0, abs=1e-12)


def test_shares_follow_the_observed_base_year_and_stay():
    """Observed 30 t mined against 10 t imported in 2021: 3 to 1 of whatever is wanted later; who
    was not seen is listed as idle."""
    study = ByHand(2021, 2022).good("li", "refined", demand=[40.0, 80.0])
    study.process(
        "mine", "mine", gives={"li": 1.0}, observed=[30.0, np.nan], pathway="domestic primary"
    )
    study.process(
        "import",
        "import",
        gives={"li": 1.0},
        observed=[10.0, np.nan],
        origin="Chile",
        pathway="foreign primary",
    )
    study.process("clean", "mine", gives={"li": 1.0}, pathway="domestic primary")
    found = simulate(balance(study.system()))
    assert [activity(found, p, 2022) for p in ("mine", "import", "clean")] == pytest.approx(
        [60.0, 20.0, 0.0]
    )
    assert found.idle == ("clean",)
    stated = simulate(balance(study.system()), shares={"import": [0.5, 0.1]})
    assert [activity(stated, p, 2021) for p in ("mine", "import")] == pytest.approx([20.0, 20.0])
    assert [activity(stated, p, 2022) for p in ("mine", "import")] == pytest.approx([72.0, 8.0])


def test_what_nobody_makes_is_short_and_named():
    study = ByHand().good("li", "refined", demand=40.0).good("co", "refined", demand=5.0)
    study.process("mine", "mine", gives={"li": 1.0}, pathway="domestic primary")
    found = simulate(balance(study.system()), shares={"mine": 0.75})
    assert found.unmet.set_index("good")["value"].to_dict() == pytest.approx(
        {"li": 10.0, "co": 5.0}
    )
    assert closes(found)


def test_more_scrap_than_wanted_is_disposed_of_and_the_mine_stops():
    """100 t of cells leave use, 90 t are recovered, 10 t are wanted: 80 t over, and the mine does
    not run backwards."""
    study = (
        ByHand()
        .good("li", "refined")
        .good("cell", "product", demand=10.0)
        .good("waste", "waste", rate=1.0, stage="use")
    )
    study.process("mine", "mine", gives={"li": 1.0}, pathway="domestic primary")
    study.process("make", "manufacture", takes={"li": 1.0}, gives={"cell": 1.0})
    study.process(
        "recycle",
        "recycle",
        takes={"waste": 1.0},
        gives={"li": 0.9},
        loss="slag",
        pathway="domestic secondary",
    )
    study.product("cells", waste="waste", uses={"cell": 1.0}, mean=1.0, history={2020: 100.0})
    found = simulate(balance(study.system()))
    arising = found.balance.arising["waste"][0]
    assert activity(found, "mine") == 0.0
    assert found.values["disposal"]["li", 2021] == pytest.approx(0.9 * arising - 10.0)
    assert closes(found)


def test_joint_line_pushes_both_metals():
    """20 t of packs hold 2 t of lithium and 4 t of cobalt: one line yields both, and each primary
    source gives the rest."""
    study = ByHand(metals=("lithium", "cobalt")).good("li", "refined", demand=10.0)
    study.good("co", "refined", content={"cobalt": 1.0}, demand=10.0)
    study.good("pack", "product", content={"lithium": 0.1, "cobalt": 0.2}, demand=0.0)
    study.good("waste", "waste", content={"lithium": 0.1, "cobalt": 0.2}, rate=1.0, stage="use")
    study.process("mine", "mine", gives={"li": 1.0}, pathway="domestic primary")
    study.process("import", "import", gives={"co": 1.0}, origin="Congo", pathway="foreign primary")
    study.process(
        "line",
        "recycle",
        takes={"waste": 1.0},
        gives={"li": 0.08, "co": 0.19},
        loss="slag",
        pathway="domestic secondary",
    )
    study.product("packs", waste="waste", uses={"pack": 1.0}, mean=1.0, history={2020: 20.0})
    found = simulate(balance(study.system()))
    assert activity(found, "line") == pytest.approx(20.0)
    assert activity(found, "mine") == pytest.approx(10.0 - 1.6)
    assert activity(found, "import") == pytest.approx(10.0 - 3.8)
    assert closes(found)


def test_what_works_up_only_recycled_metal_is_pushed_too():
    """Black mass comes from recycling alone, so refining it follows the black mass and not the
    demand for refined metal."""
    study = (
        ByHand()
        .good("li", "refined", demand=50.0)
        .good("mass", "intermediate")
        .good("waste", "waste", rate=1.0, stage="use")
    )
    study.good("cell", "product", demand=0.0).product(
        "cells", waste="waste", uses={"cell": 1.0}, mean=1.0, history={2020: 10.0}
    )
    study.process("mine", "mine", gives={"li": 1.0}, pathway="domestic primary")
    study.process("shred", "recycle", takes={"waste": 1.0}, gives={"mass": 1.0})
    study.process(
        "leach", "refine", takes={"mass": 1.0}, gives={"li": 1.0}, pathway="domestic secondary"
    )
    found = simulate(balance(study.system()))
    assert activity(found, "leach") == pytest.approx(10.0)
    assert activity(found, "mine") == pytest.approx(40.0)


def test_limits_passed_are_listed_and_do_not_bind():
    study = new_scrap_loop(demand=800.0)
    found = simulate(balance(study.system()))
    row = found.limits.set_index("limit").loc["deposit"]
    assert (row["name"], row["value"], row["bound"]) == (
        "ore",
        pytest.approx(1025.0),
        pytest.approx(1000.0),
    )


def test_loop_that_feeds_itself_wholly_is_refused_by_name():
    study = (
        ByHand()
        .good("a", "intermediate")
        .good("b", "intermediate")
        .good("li", "refined", demand=1.0)
    )
    study.process("there", "refine", takes={"a": 1.0}, gives={"b": 1.0}).process(
        "back", "refine", takes={"b": 1.0}, gives={"a": 1.0}
    )
    study.process("mine", "mine", gives={"li": 1.0}, pathway="domestic primary")
    with pytest.raises(SpecError, match="loop of back, there feeds itself"):
        simulate(balance(study.system()))


def test_bad_shares_are_all_named():
    study = ByHand().good("li", "refined", demand=1.0)
    study.process("one", "mine", gives={"li": 1.0}).process("two", "mine", gives={"li": 1.0})
    with pytest.raises(SpecError, match="'li' may be made by one, two"):
        simulate(balance(study.system()))
    with pytest.raises(
        SpecError,
        match=(
            r"3 problems[\s\S]*no process 'three'[\s\S]*'two' is not within 0 and 1[\s\S]*more "
            r"than 1"
        ),
    ):
        simulate(balance(study.system()), shares={"three": 1.0, "one": 0.5, "two": 1.5})


def test_every_year_of_a_longer_period_is_simulated():
    """Demand of 10 and 20 t in the two years of a period: not 15 t in both."""
    study = ByHand(periods=(Period(2021, 2022), Period(2023, 2023))).good(
        "li", "refined", demand=[10.0, 20.0, 40.0]
    )
    study.process("mine", "mine", gives={"li": 1.0}, pathway="domestic primary")
    found = simulate(balance(study.system()))
    mined = [activity(found, "mine", year) for year in (2021, 2022, 2023)]
    assert mined == pytest.approx([10.0, 20.0, 40.0])


def two_routes() -> ByHand:
    """Mine and import for refined metal, collection and recycling of cells that live a year."""
    study = (
        ByHand(2021, 2023)
        .good("li", "refined")
        .good("cell", "product", demand=[40.0, 50.0, 60.0])
        .good("scrap", "scrap")
    )
    study.good("waste", "waste", rate=0.8, stage="use").process(
        "mine", "mine", gives={"li": 1.0}, pathway="domestic primary"
    )
    study.process("import", "import", gives={"li": 1.0}, origin="Chile", pathway="foreign primary")
    study.process("make", "manufacture", takes={"li": 1.0}, gives={"cell": 1.0})
    study.process("collect", "collect", takes={"waste": 1.0}, gives={"scrap": 1.0})
    study.process(
        "recycle",
        "recycle",
        takes={"scrap": 1.0},
        gives={"li": 0.9},
        loss="slag",
        pathway="domestic secondary",
    )
    return study.product("cells", waste="waste", uses={"cell": 1.0}, mean=1.0, history={2020: 30.0})


def test_shares_from_a_plan_give_the_plan_back():
    """A plan that collects half of the rate, and mines 5 t more each year: its shares make the
    simulation repeat it."""
    found = balance(two_routes().system())
    arising = found.arising["waste"]
    plan: dict[str, dict[tuple[str, int], float]] = {"activity": {}, "disposal": {}}
    for i, (year, demand) in enumerate(zip((2021, 2022, 2023), (40.0, 50.0, 60.0), strict=True)):
        collected = 0.4 * arising[i]
        plan["disposal"]["waste", year] = arising[i] - collected
        mined = 5.0 * (i + 1)
        plan["activity"] |= {
            ("make", year): demand,
            ("collect", year): collected,
            ("recycle", year): collected,
            ("mine", year): mined,
            ("import", year): demand - 0.9 * collected - mined,
        }
    assert residual(found, plan)[0].relative <= CLOSES
    again = simulate(found, shares=shares_from(found, plan))
    assert again.values["activity"] == pytest.approx(plan["activity"], rel=1e-12)


def test_a_plan_that_draws_on_a_stockpile_and_fills_it_is_repeated():
    """Drawn 12 t in 2021, filled 7 t in 2022: with the stockpiles known the plan comes back, and
    nothing is short."""
    found = balance(two_routes().system())
    drawn = {2021: 12.0, 2022: -7.0, 2023: 0.0}
    plan: dict[str, dict[tuple[str, int], float]] = {
        "activity": {},
        "disposal": {},
        "draw": {("li", 2021): 12.0},
        "fill": {("li", 2022): 7.0},
    }
    for i, (year, demand) in enumerate(zip((2021, 2022, 2023), (40.0, 50.0, 60.0), strict=True)):
        collected = 0.8 * found.arising["waste"][i]
        plan["disposal"]["waste", year] = found.arising["waste"][i] - collected
        plan["activity"] |= {
            ("make", year): demand,
            ("collect", year): collected,
            ("recycle", year): collected,
            ("mine", year): 4.0,
            ("import", year): demand - 0.9 * collected - 4.0 - drawn[year],
        }
    assert residual(found, plan)[0].relative <= CLOSES
    again = simulate_plan(found, plan)
    assert again.values["activity"] == pytest.approx(plan["activity"], rel=1e-12)
    assert (again.values["draw"], again.values["fill"], again.values["shortage"]) == (
        plan["draw"],
        plan["fill"],
        {},
    )
    assert closes(again)


def test_the_account_tells_stockpiles_from_shortage_and_dissipation_from_waste():
    """40 t wanted, 12 t from the stockpile, 5 t short, 23 t mined. 30 t leave use: a third is
    dissipated, 20 t become waste."""
    study = two_routes().product(
        "cells", waste="waste", uses={"cell": 1.0}, mean=1.0, history={2020: 30.0}, dissipated=1 / 3
    )
    study.good("waste", "waste", rate=0.0, stage="use")
    found = simulate(
        balance(study.system()),
        shares={"mine": 23 / 28, "import": 0.0},
        stockpiles={"li": [12.0, 0.0, 0.0]},
    )
    account = base_account(found.balance, found.flows, "lithium", 2021).set_index(
        ["stage", "item", "name"]
    )["value"]
    assert account["stockpile", "drawn", "li"] == pytest.approx(12.0)
    assert account["use", "shortage", "li"] == pytest.approx(5.0)
    assert account["refining", "domestic primary", "mine"] == pytest.approx(23.0)
    assert account["use", "outflow", "cells"] == pytest.approx(30.0)
    assert account["waste", "arising", "cells"] == pytest.approx(20.0)
    assert account["loss", "use", "dissipated in use"] == pytest.approx(10.0)
    assert account["loss", "use", "uncollected"] == pytest.approx(20.0)
    assert account["waste"].sum() == pytest.approx(20.0)
    assert account["balance", "difference", ""] == pytest.approx(0.0, abs=1e-12)


def test_use_that_is_wholly_dissipated_is_no_waste_even_under_the_name_of_its_good():
    """Greases: the product has the name of the good that enters it, and no waste good."""
    study = (
        ByHand()
        .good("grease", "product", demand=8.0)
        .product("grease", uses={"grease": 1.0}, mean=1.0, history={2020: 6.0})
    )
    study.process("make", "mine", gives={"grease": 1.0})
    found = simulate(balance(study.system()))
    account = base_account(found.balance, found.flows, "lithium", 2021).set_index(
        ["stage", "item", "name"]
    )["value"]
    assert account["loss", "use", "dissipated in use"] == pytest.approx(6.0)
    assert "waste" not in account.index.get_level_values("stage")


def test_a_scarce_metal_closes_by_its_own_flows():
    """A million tonnes of lithium beside a gram of cobalt waste: the gram is not lost in the
    rounding of the lithium."""
    study = ByHand(metals=("lithium", "cobalt")).good("li", "refined", demand=1e6)
    study.good("co", "product", content={"cobalt": 1.0}, demand=1e-6)
    study.good("waste", "waste", content={"cobalt": 1.0}, rate=0.0, stage="use")
    study.product("magnets", waste="waste", uses={"co": 1.0}, mean=1.0, history={2020: 1e-6})
    study.process("mine", "mine", gives={"li": 1.0}).process(
        "buy", "import", gives={"co": 1.0}, origin="Congo"
    )
    found = simulate(balance(study.system()))
    assert found.values["disposal"]["waste", 2021] == pytest.approx(1e-6)
    assert all(
        r.relative_to_own <= CLOSES
        for r in (*residual(found.balance, found.values), node_residual(found.balance, found.flows))
    )


def test_stockpiles_of_what_is_no_good_are_refused():
    with pytest.raises(
        SpecError, match=r"no good 'gold' to draw[\s\S]*drawn of 'li' is not a number"
    ):
        simulate(balance(two_routes().system()), stockpiles={"gold": 1.0, "li": np.nan})


def test_known_activities_stand_and_the_rest_follows():
    found = simulate(
        balance(two_routes().system()), activities={"mine": [10.0, 20.0, 30.0], "collect": 0.0}
    )
    assert [activity(found, "import", y) for y in (2021, 2022, 2023)] == pytest.approx(
        [30.0, 30.0, 30.0]
    )
    assert activity(found, "recycle") == 0.0
    assert closes(found)


def test_bad_activities_are_refused():
    with pytest.raises(
        SpecError,
        match=r"no process 'dig'[\s\S]*activity of process 'mine' is not a number at or above 0",
    ):
        simulate(
            balance(two_routes().system()),
            shares={"import": 1.0},
            activities={"dig": 1.0, "mine": [1.0, np.nan, -1.0]},
        )


@settings(max_examples=40, deadline=None)
@given(
    demand=st.floats(1e-3, 1e6),
    product=st.floats(0.05, 0.95),
    recovery=st.floats(0.0, 0.99),
    refining=st.floats(0.3, 1.0),
    returned=st.floats(0.0, 0.9),
    split=st.floats(0.0, 1.0),
)
def test_any_two_nested_loops_close(demand, product, recovery, refining, returned, split):
    """Property: new scrap into refined metal and dross into concentrate, two feeds; every process
    and good closes to 1e-12."""
    study = (
        ByHand()
        .good("conc", "intermediate")
        .good("li", "refined")
        .good("cell", "product", demand=demand)
    )
    study.good("scrap", "scrap").good("dross", "scrap").deposit("ore", 1e12)
    study.process("mine", "mine", ore={"ore": 1.5}, gives={"conc": 1.0}, loss="tailings")
    study.process("buy", "import", gives={"conc": 1.0}, origin="Chile")
    study.process(
        "refine",
        "refine",
        takes={"conc": 1.0},
        gives={"li": refining, "dross": (1 - refining) * 0.99},
        loss="slag",
    )
    study.process("return", "recycle", takes={"dross": 1.0}, gives={"conc": returned}, loss="slag")
    study.process(
        "make",
        "manufacture",
        takes={"li": 1.0},
        gives={"cell": product, "scrap": 1 - product},
        loss="dust",
    )
    study.process("recycle", "recycle", takes={"scrap": 1.0}, gives={"li": recovery}, loss="slag")
    found = simulate(balance(study.system()), shares={"mine": split, "buy": 1 - split})
    assert closes(found)
    feed = demand / product
    assert activity(found, "make") == pytest.approx(feed, rel=1e-10)
    assert activity(found, "refine") == pytest.approx(
        feed * (1 - (1 - product) * recovery) / refining, rel=1e-9
    )


def three_years_of_imports(**head: int) -> Study:
    """100 t wanted each year; two origins observed 90/10, 50/50 and 10/90 in 2021, 2023, 2025."""
    study = Study(2020, 2026, **head).good("li", "refined", demand=100, shortage_cost=1000)
    for name, seen in (("a", (90, 50, 10)), ("b", (10, 50, 90))):
        study.process(
            name,
            "import",
            gives={"li": 1},
            origin=name,
            observed=dict(zip((2021, 2023, 2025), seen, strict=True)),
        )
    return study


def test_observed_activities_of_later_years_steer_the_simulation(tmp_path):
    """90/10 in 2021, 50/50 in 2023, 10/90 in 2025: so simulated, 70/30 and 30/70 between, held
    before and after. It was 90/10 in every year."""
    found = simulate(balance(system_of(three_years_of_imports(), tmp_path)))
    run = [activity(found, "a", year) for year in range(2020, 2027)]
    assert run == pytest.approx([90, 90, 70, 50, 30, 10, 10])
    said = share_table(found).query("process == 'b'").set_index("year")
    assert said["value"].tolist() == pytest.approx([0.1, 0.1, 0.3, 0.5, 0.7, 0.9, 0.9])
    held, between = "held from an observed year", "between observed years"
    assert said["source"].tolist() == [
        held,
        "observed",
        between,
        "observed",
        between,
        "observed",
        held,
    ]


def test_a_longer_period_keeps_each_of_its_years(tmp_path):
    """Periods of 2020-2022, 2023-2025 and 2026: 90, 90, 70, 50, 30, 10 and 10 as in single years;
    their means said 83, 30 and 10."""
    found = simulate(balance(system_of(three_years_of_imports(step=3), tmp_path)))
    run = [activity(found, "a", year) for year in range(2020, 2027)]
    assert run == pytest.approx([90, 90, 70, 50, 30, 10, 10])


def test_an_observed_activity_of_its_own_follows_its_years_too(tmp_path):
    """What makes scrap alone follows no good: 5 t in 2021 and 9 t in 2023 are 7 t in 2022; it ran 5
    t in all years. One never observed is idle, and said to be."""
    study = Study(2021, 2024).good("li", "refined").good("scrap", "scrap")
    study.process("strip", "mine", gives={"scrap": 1}, observed={2021: 5, 2023: 9})
    study.process("scour", "mine", gives={"scrap": 1})
    found = simulate(balance(system_of(study, tmp_path)))
    assert [activity(found, "strip", year) for year in range(2021, 2025)] == [5, 7, 9, 9]
    assert found.idle == ("scour",)


def test_a_year_in_which_none_was_seen_to_run_settles_no_shares(tmp_path):
    """Both origins observed as 0 in 2021 and 50/50 in 2022: nothing says who gives the 100 of 2021;
    they were short without a word of why."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=1000)
    for name in "ab":
        study.process(name, "import", gives={"li": 1}, origin=name, observed={2021: 0, 2022: 50})
    with pytest.raises(SpecError, match="in 2021, when none was seen to run"):
        simulate(balance(system_of(study, tmp_path)))
