"""Places and trade against optima worked out by hand."""

from __future__ import annotations

import pytest

import planner
from planner.analysis.security.concentration import concentration, origin_shares
from planner.errors import SpecError
from tests.small import Study, plan_of, price, system_of, yearly

REFINED = "lithium/refined"


def two_places(**trade: float) -> Study:
    """100 t are wanted at home, where 30 t can be made at 50; B makes any amount at 10 and wants
    50 t itself."""
    study = Study(places=["B"])
    study.good(REFINED, "refined", demand=100, shortage_cost=1000).at("B", REFINED, demand=50)
    for name, place, values in (
        ("ours", "", {"variable_cost": 50, "max_activity": 30}),
        ("theirs", "B", {"variable_cost": 10}),
    ):
        study.process(name, "mine", stage="processing", gives={REFINED: 1}, place=place, **values)
    return study.trade(REFINED, "B", "home", **{"freight": 5, **trade})


def test_the_price_abroad_and_at_home_part_by_freight_and_tariff(tmp_path):
    """Bought from B at 10 + 5 freight + 10 tariff + 10 % of 20: 27 at home, 10 at B; 150 t made at
    10, 100 t carried at 17: 3,200. Were the tariff not in the buyer's price, it would be 15."""
    plan = plan_of(two_places(tariff=10, duty=0.1, value=20), tmp_path)
    assert plan.objective == pytest.approx(150 * 10 + 100 * (5 + 10 + 2))
    assert price(plan, "balance", REFINED) == pytest.approx(27)
    assert price(plan, "balance", f"{REFINED} (B)") == pytest.approx(10)
    costs = plan.costs.set_index("item")["present_value"]
    assert (costs["duty"], costs["transport_cost"]) == (
        pytest.approx(1200),
        pytest.approx(500),
    )


def test_a_prohibitive_tariff_ends_trade_and_prices_part_by_less_than_it(tmp_path):
    """A tariff of 60 lifts B's metal to 75, above the 50 of home: 30 t are made at home and trade
    serves the other 70. With 100 t of capacity at home nothing is bought, and the prices, 50 and
    10, part by less than freight and tariff."""
    plan = plan_of(two_places(tariff=60), tmp_path)
    assert yearly(plan, "activity", f"{REFINED} (B to home)") == [pytest.approx(70)]
    enough = two_places(tariff=60)
    enough.process("more", "mine", stage="processing", gives={REFINED: 1}, variable_cost=50)
    plan = plan_of(enough, tmp_path)
    assert yearly(plan, "activity", f"{REFINED} (B to home)") == [pytest.approx(0)]
    wedge = price(plan, "balance", REFINED) - price(plan, "balance", f"{REFINED} (B)")
    assert wedge == pytest.approx(40)


def test_a_pair_that_is_not_listed_is_closed(tmp_path):
    """B may not buy from home, and without its mine it goes short, however cheap home is."""
    study = two_places()
    study.rows["processes"] = [r for r in study.rows["processes"] if r["process"] != "theirs"]
    study.rows["coefficients"] = [r for r in study.rows["coefficients"] if r["process"] != "theirs"]
    study.rows["process_values"] = [
        r for r in study.rows["process_values"] if r["process"] != "theirs"
    ]
    plan = plan_of(study, tmp_path)
    assert yearly(plan, "shortage", f"{REFINED} (B)") == [pytest.approx(50)]
    assert yearly(plan, "shortage", REFINED) == [pytest.approx(70)]


def chain(**head: object) -> Study:
    """Ore is dug in A at 10 and refined in Korea at 5, or at home at 40; freight is 1. Home wants
    100 t."""
    study = Study(2021, 2024, places=["A", "Korea"], **head)
    study.good("lithium/ore", "intermediate", equivalent=1)
    study.good(REFINED, "refined", demand=100, shortage_cost=1000)
    study.process(
        "dig", "mine", gives={"lithium/ore": 1}, variable_cost=10, place="A", direct_emission=3
    )
    for name, place, cost in (("refine_korea", "Korea", 5), ("refine_home", "", 40)):
        recipe = {"takes": {"lithium/ore": 1}, "gives": {REFINED: 1}}
        pathway = {} if place else {"pathway": "foreign primary"}
        study.process(
            name,
            "refine",
            **recipe,
            **pathway,
            place=place,
            variable_cost=cost,
            direct_emission=2,
            max_activity=1000 if place else 40,
        )
    study.trade("lithium/*", "*", "*", freight=1, emission=0.5)
    return study


def test_ore_of_one_place_refined_in_another_is_known_by_both(tmp_path):
    """All of it is dug in A and refined in Korea: HHI 10,000 at both stages, of A and of Korea,
    and home does nothing. An `import` that stood for Korea's refinery once hid it."""
    plan = plan_of(chain(), tmp_path)
    assert plan.objective == pytest.approx(4 * 100 * (10 + 1 + 5 + 1))
    of = concentration(plan).query("year == 2021").set_index("stage")
    assert dict(of["largest"]) == {"extraction": "A", "processing": "Korea"}
    assert list(of["hhi"]) == [pytest.approx(10_000)] * 2
    assert set(plan.supply["origin"]) == {"Korea"}
    assert set(plan.supply["pathway"]) == {"foreign primary"}
