"""Indicators of the literature by hand on one study with every kind of scrap, and what holds
between them everywhere."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from planner.plan.indicators import (
    INDIRECT_RELIANCE,
    LOSS_STAGES,
    RATES,
    indicators,
    metal_account,
)
from planner.plan.plan import Plan
from tests.small import Study, plan_of


def study(**head: object) -> Study:
    """200 t of cells (40 of them exported) take 250 t of metal and leave 50 t of new scrap, which
    gives 45; 100 t of old cells arise, 50 are collected and give 40; the mine gives 100 from 125 of
    ore, imported ore 40 from 50, and 25 are bought refined."""
    made = Study(**head)
    made.good("li/conc", "intermediate", equivalent=0.8).good("li/metal", "refined").good(
        "li/scrap", "scrap"
    ).good("li/old", "scrap")
    made.good("li/cell", "product", demand=160, shortage_cost=1e5, equivalent=1.25).good(
        "li/waste", "waste", collection=0.5
    )
    made.good(
        "li/cell_export", "product", demand=40, shortage_cost=1e5, equivalent=1.25, export=True
    )
    made.product("cells", waste="li/waste", uses={"li/cell": 1}, inflow={2020: 100})
    made.deposit("vein", reserve=1000)
    made.process(
        "mine",
        "mine",
        takes={"vein": 1.25},
        gives={"li/metal": 1},
        loss="tailings",
        max_activity=100,
        variable_cost=1,
    )
    made.process(
        "buy_ore",
        "import",
        gives={"li/conc": 1},
        stage="extraction",
        import_price=5,
        max_activity=50,
    )
    made.process(
        "refine",
        "refine",
        takes={"li/conc": 1},
        gives={"li/metal": 0.8},
        loss="slag",
        pathway="foreign primary",
        variable_cost=1,
    )
    made.process("buy", "import", gives={"li/metal": 1}, import_price=100)
    for name in ("cell", "cell_export"):
        made.process(
            f"make_{name}",
            "manufacture",
            takes={"li/metal": 1},
            gives={f"li/{name}": 0.8, "li/scrap": 0.2},
        )
    made.process(
        "remelt",
        "recycle",
        takes={"li/scrap": 1},
        gives={"li/metal": 0.9},
        loss="dross",
        pathway="new scrap",
    )
    made.process("collect", "collect", takes={"li/waste": 1}, gives={"li/old": 1})
    return made.process(
        "recycle", "recycle", takes={"li/old": 1}, gives={"li/metal": 0.8}, loss="dust"
    )


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return planner.solve(planner.read(study().write(tmp_path_factory.mktemp("s") / "s")))


def values(frame: pd.DataFrame, metal: str = "lithium", year: int = 2021) -> dict[str, float]:
    rows = frame[(frame["metal"] == metal) & (frame["year"] == year)]
    return dict(zip(rows["indicator"], rows["value"], strict=True))


BY_HAND = {
    "old scrap arising": 100,
    "EoL collection rate": 50 / 100,
    "EoL recycling rate": 40 / 100,
    "recycling process efficiency": 40 / 50,
    "old scrap ratio": 40 / (40 + 45),
    "recycled content": (40 + 45) / 250,
    "EoL recycling input rate": 40 / 205,
    "net import reliance": (40 + 25) / 205,
    "net import reliance with indirect trade": (40 + 25 - 50) / (205 - 50),
    "self-sufficiency: extraction": (100 + 40) / 155,
    "self-sufficiency: processing": (100 + 40 + 40) / 155,
    "reserve life": (1000 - 125) / 125,
    "circular use rate": 40 / 155,
    "metal kept": (160 + 40) / 300,
    "in-use stock": 160,
    "imports: ore and intermediates": 50 * 0.8,
    "imports: refined metal": 25,
    "exports: finished goods": 40 * 1.25,
    "loss: extraction": 25,
    "loss: processing": 10,
    "loss: manufacture": 0,
    "loss: use": 0,
    "loss: collection": 50,
    "loss: recycling": 15,
}


def test_every_indicator_by_hand(plan: Plan) -> None:
    found = values(indicators(plan))
    assert {name: found[name] for name in BY_HAND} == pytest.approx(BY_HAND)
    assert "in-use stock per head" not in found
    assert set(BY_HAND) >= set(RATES) - {"in-use stock per head"}


def test_metal_in_finished_goods_is_indirect_trade(tmp_path: Path) -> None:
    """60 t of cells (75 t of metal) come from abroad. The other 140 t take 175 t of metal, of which
    31.5 t are new scrap (35 x 0.9), 140 home metal and 3.5 imported as ore. In the metal's own
    forms reliance is 3.5 of 143.5; with indirect trade 3.5 + 75 - 50 of 143.5 + 75 - 50. Were the
    cells not counted, a country that buys them would look all but self-sufficient."""
    made = study().process(
        "buy_cells", "import", gives={"li/cell": 1}, stage="manufacture", max_activity=60
    )
    found = values(indicators(planner.solve(planner.read(made.write(tmp_path / "s")))))
    assert found["imports: finished goods"] == pytest.approx(75)
    assert found["net import reliance"] == pytest.approx(3.5 / 143.5)
    assert found[INDIRECT_RELIANCE] == pytest.approx(28.5 / 168.5)
    assert found["self-sufficiency: extraction"] == pytest.approx(140 / 168.5)


def test_the_table_of_the_plan_is_part_of_it(plan: Plan) -> None:
    both = indicators(plan)
    own = plan.indicators.merge(both, on=["metal", "year", "indicator", "value", "unit"])
    assert len(own) == len(plan.indicators)
    assert not both.duplicated(["metal", "year", "indicator"]).any()


def test_stock_per_head_wants_a_population(plan: Plan, tmp_path: Path) -> None:
    """160 t for 2,000 persons are 80 kg each, from the argument or from the study; outside the
    years given there is none."""
    assert values(indicators(plan, population={2020: 1500, 2022: 2500}))[
        "in-use stock per head"
    ] == pytest.approx(80)
    assert "in-use stock per head" not in values(indicators(plan, population={2030: 1500}))
    given = planner.solve(planner.read(study().series("population", 2000).write(tmp_path / "s")))
    assert values(indicators(given))["in-use stock per head"] == pytest.approx(80)


def test_new_scrap_moves_recycled_content_and_the_old_scrap_ratio_alone(tmp_path: Path) -> None:
    """Without the remelting of new scrap 45 t more are bought; no rate of old scrap counts new
    scrap."""
    made = study()
    for row in made.rows["coefficients"]:
        if row["process"] == "remelt" and row["direction"] == "out":
            row["value"] = 0.0001
    found = values(indicators(planner.solve(planner.read(made.write(tmp_path / "s")))))
    for name in ("EoL collection rate", "EoL recycling rate", "recycling process efficiency"):
        assert found[name] == pytest.approx(BY_HAND[name])
    assert found["old scrap ratio"] == pytest.approx(1, abs=1e-3)
    assert found["EoL recycling input rate"] == pytest.approx(40 / 250, abs=1e-3)


def test_what_is_not_served_is_not_exported(tmp_path: Path) -> None:
    """With 20 of the 40 t of exports too dear to serve, exports are 25 t of metal."""
    made = study()
    for row in made.rows["good_values"]:
        if row["good"] == "li/cell_export" and row["parameter"] == "shortage_cost":
            row["value"] = 1
    a = metal_account(planner.solve(planner.read(made.write(tmp_path / "s"))), "lithium")
    served = 40 - a.exported / 1.25
    assert a.exported < 50
    assert served > 0


def test_what_a_measure_spares_is_not_exported(tmp_path: Path) -> None:
    """A measure spares 10 of the 40 t of exports: 30 t go abroad, 37.5 t of metal. Without it 50
    would, though the flows say 37.5."""
    made = study().measure("less", "efficiency", "li/cell_export", cost=1, potential=0.25)
    found = planner.solve(planner.read(made.write(tmp_path / "s")))
    assert metal_account(found, "lithium").exported == pytest.approx(37.5)
    assert values(indicators(found))["exports: finished goods"] == pytest.approx(37.5)


def exporter_of_ore(home: float, foreign: float) -> Study:
    """100 t of metal are used at home, refined from ore; 100 t of ore are sold as ore. So much ore
    is dug at home, so much is bought; it mixes, and all yields and equivalents are 1."""
    made = Study().good("ore", "intermediate", equivalent=1)
    made.good("li", "refined", demand=100, shortage_cost=1e5)
    made.good(
        "sold",
        "product",
        stage="extraction",
        demand=100,
        shortage_cost=1e5,
        equivalent=1,
        export=True,
    )
    made.process("dig", "mine", gives={"ore": 1}, stage="extraction", max_activity=home)
    made.process(
        "buy", "import", gives={"ore": 1}, stage="extraction", import_price=9, max_activity=foreign
    )
    made.process("refine", "refine", takes={"ore": 1}, gives={"li": 1}, variable_cost=1)
    return made.process(
        "sell", "manufacture", stage="extraction", takes={"ore": 1}, gives={"sold": 1}
    )


@pytest.mark.parametrize(
    ("home", "foreign", "reliance"), [(200, 0, -1), (0, 200, 1), (150, 50, -0.5)]
)
def test_ore_exported_as_ore_is_produced_or_imported(
    home: float, foreign: float, reliance: float, tmp_path: Path
) -> None:
    """Of 100 t used at home, imports less exports are -100 where all 200 t of ore are dug at home,
    200 - 100 where all are bought, 50 - 100 where 50 are. Without ore that leaves as it is on the
    side of production and imports, use at home is 100 - 100 = 0, and there is no reliance."""
    made = exporter_of_ore(home, foreign)
    found = values(indicators(planner.solve(planner.read(made.write(tmp_path / "s")))))
    assert found["net import reliance"] == pytest.approx(reliance)
    assert found[INDIRECT_RELIANCE] == pytest.approx(reliance)
    assert found["self-sufficiency: extraction"] == pytest.approx(1 - reliance)


@pytest.mark.parametrize("name", ["quickstart", "china"])
def test_identities_hold_in_every_metal_and_year(name: str) -> None:
    """EoL-RR = EoL-CR x efficiency; extraction self-sufficiency = 1 - NIR with indirect trade;
    losses by stage are all losses of the flow table; shares lie between 0 and 1."""
    plan = planner.solve(planner.read(name))
    wide = indicators(plan).pivot_table(
        index=["metal", "year"], columns="indicator", values="value"
    )
    collected = wide[wide["EoL collection rate"] > 0]
    assert (
        collected["EoL collection rate"] * collected["recycling process efficiency"]
    ).to_numpy() == pytest.approx(collected["EoL recycling rate"].to_numpy(), abs=1e-12)
    assert (
        wide["self-sufficiency: extraction"] + wide[INDIRECT_RELIANCE]
    ).dropna().to_numpy() == pytest.approx(1)
    shares = wide[
        [
            "EoL collection rate",
            "EoL recycling rate",
            "old scrap ratio",
            "recycled content",
            "EoL recycling input rate",
            "metal kept",
        ]
    ]
    inside = shares.isna() | ((shares > -1e-9) & (shares < 1 + 1e-9))
    assert inside.to_numpy().all()
    lost = (
        plan.flows[plan.flows["target"].str.startswith("loss/")]
        .groupby(["metal", "year"])["value"]
        .sum()
    )
    by_stage = wide[[f"loss: {stage}" for stage in LOSS_STAGES]].sum(axis=1)
    assert by_stage.loc[lost.index].to_numpy() == pytest.approx(lost.to_numpy())


def test_every_rate_says_its_equation_and_source() -> None:
    for rate, unit in RATES.values():
        text = inspect.getdoc(rate) or ""
        assert "$$" in text
        assert "Source:" in text
        assert unit


def test_no_denominator_no_number(tmp_path: Path) -> None:
    """Nothing recycled, no deposit, no stock: those rates are absent, not zero, and no warning is
    given."""
    made = (
        Study()
        .good("li/metal", "refined", demand=10, shortage_cost=100)
        .process("buy", "import", gives={"li/metal": 1}, import_price=1)
    )
    found = values(indicators(planner.solve(planner.read(made.write(tmp_path / "s")))))
    assert not {"EoL collection rate", "old scrap ratio", "reserve life"} & set(found)
    assert found["net import reliance"] == 1
    assert np.isfinite(list(found.values())).all()


def test_china_has_a_population_with_its_source() -> None:
    """1,422 million persons in 2023, 1,260 million in 2050 (United Nations 2024), a straight line
    between; stocks per head in kg."""
    china = planner.read("china")
    assert china.population is not None
    persons = dict(zip(china.years, china.population, strict=True))
    assert (persons[2021], persons[2023], persons[2050]) == (1.422e9, 1.422e9, 1.26e9)
    assert persons[2036] == pytest.approx(1.422e9 - 162e6 * 13 / 27)
    assert all(np.diff(china.population[2:]) < 0)
    assert {d.source for d in china.data if d.path.startswith("series.population")} == {
        "un-wpp2024"
    }
    plan = planner.solve(china)
    found = indicators(plan).set_index(["indicator", "metal", "year"])["value"]
    for metal in china.metals:
        assert found["in-use stock per head", metal, 2050] == pytest.approx(
            1000 * found["in-use stock", metal, 2050] / 1.26e9
        )


def test_each_refined_good_of_a_metal_has_its_own_price(tmp_path: Path) -> None:
    """Gallium of 4N is bought at 100; of 6N it takes 1.25 t of that and 20 USD: 145. Under one name
    the dearest stood for both; a study with one refined good has no name more."""
    study = (
        Study(metals=("gallium",))
        .good("4N", "refined")
        .good("6N", "refined")
        .good("diode", "product", demand=10, shortage_cost=1e4)
        .good("laser", "product", demand=5, shortage_cost=1e4)
        .process("diodes", "manufacture", takes={"4N": 1}, gives={"diode": 1})
        .process("lasers", "manufacture", takes={"6N": 1}, gives={"laser": 1})
        .process("buy", "import", gives={"4N": 1}, import_price=100)
        .process(
            "purify",
            "refine",
            takes={"4N": 1.25},
            gives={"6N": 1},
            loss="residue",
            variable_cost=20,
            pathway="foreign primary",
        )
    )
    table = plan_of(study, tmp_path).indicators.set_index("indicator")["value"]
    assert table["price: refined metal, 4N"] == pytest.approx(100)
    assert table["price: refined metal, 6N"] == pytest.approx(145)
    assert table["price: refined metal"] == pytest.approx(145)
    alone = Study().good("li", "refined", demand=1, shortage_cost=99)
    alone.process("dig", "mine", gives={"li": 1}, variable_cost=3)
    named = plan_of(alone, tmp_path / "alone").indicators["indicator"]
    assert [name for name in named if "refined" in name] == ["price: refined metal"]
