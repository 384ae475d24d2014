"""Places and trade against optima worked out by hand."""

from __future__ import annotations

import pytest

import planner
from planner.analysis.security.concentration import origin_shares
from planner.analysis.tradeoffs.places import country_cost
from planner.errors import SpecError
from planner.plan.plan import Plan
from tests.small import Study, plan_of, price, system_of, yearly

REFINED = "lithium/refined"


def two_places(head: dict[str, object] | None = None, **trade: float) -> Study:
    """100 t are wanted at home, where 30 t can be made at 50; B makes any amount at 10 and wants
    50 t itself."""
    study = Study(places=["B"], **(head or {}))
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
    assert (costs["duty"], costs["transport_cost"]) == (pytest.approx(1200), pytest.approx(500))


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


def test_the_country_pays_with_and_without_what_its_tariff_earns(tmp_path):
    """Home pays 500 of freight, 1,200 of duties and 1,000 to B at B's price: 2,700, of which 1,200
    come back to it. B sells for 1,000 what costs it 1,000 of its 1,500. Both add up to the
    objective, and without the revenue to what is used up. Were the revenue counted twice or the
    purchase once only, they would not."""
    plan = plan_of(two_places(tariff=10, duty=0.1, value=20), tmp_path)
    home = country_cost(plan)
    assert home["cost"] == pytest.approx(2700)
    assert home["revenue"] == pytest.approx(1200)
    assert home["cost net of revenue"] == pytest.approx(1500)
    table = planner.places(plan)
    sums = table.groupby(["place", "item"])["present_value"].sum()
    assert sums["B", "cost"] == pytest.approx(500)
    assert sums["home", "cost"] + sums["B", "cost"] == pytest.approx(plan.objective)


def test_a_ban_of_a_scenario_holds_over_narrower_rows(tmp_path):
    """In the scenario nothing leaves B, though a row of the base names the pair itself: home makes
    its 30 t and goes short of 70. Were the narrowest limit alone in force, 60 t would come."""
    study = two_places(max=60)
    study.trade("lithium/*", "B", "*", max=0, scenario="ban")
    base, ban = (plan_of(study, tmp_path, scenario=name) for name in ("", "ban"))
    flow = f"{REFINED} (B to home)"
    assert yearly(base, "activity", flow) == [pytest.approx(60)]
    assert yearly(ban, "activity", flow) == [pytest.approx(0)]
    assert yearly(ban, "shortage", REFINED) == [pytest.approx(70)]


def test_the_later_scenario_wins_and_then_the_narrowest_row(tmp_path):
    """Of the base the tariff of the pair (10) holds against that of all goods (3); in the scenario
    that of all goods there (25) holds against both."""
    study = two_places(tariff=10).trade("*", "*", "*", tariff=3)
    study.trade("lithium/*", "*", "home", tariff=25, scenario="war")
    for scenario, at_home in (("", 25.0), ("war", 40.0)):
        plan = plan_of(study, tmp_path, scenario=scenario)
        assert price(plan, "balance", REFINED) == pytest.approx(at_home)


def test_a_bloc_stands_for_its_places(tmp_path):
    """Home buys from either member at 10 and 12, freight of 5 stated once; C is the dearer and
    gives what B cannot."""
    study = two_places(head={"blocs": {"EU": ["B", "C"]}})
    study.head["places"] = ["B", "C"]
    study.rows["trade"] = []
    study.process(
        "others", "mine", stage="processing", gives={REFINED: 1}, place="C", variable_cost=12
    )
    study.trade(REFINED, "EU", "home", freight=5, max=60)
    plan = plan_of(study, tmp_path)
    bought = [yearly(plan, "activity", f"{REFINED} ({place} to home)")[0] for place in "BC"]
    assert bought == [pytest.approx(60), pytest.approx(40)]
    assert price(plan, "balance", REFINED) == pytest.approx(17)


def chain(last: int = 2024, home_ore: bool = False, **head: object) -> Study:
    """Ore is dug in A at 10 and refined in Korea at 5, or at home at 40, where 40 t can be refined;
    freight is 1. Home wants 100 t. With `home_ore` 30 t are dug at home for nothing."""
    study = Study(2021, last, places=["A", "Korea"], **head)
    study.good("lithium/ore", "intermediate", equivalent=1)
    study.good(REFINED, "refined", demand=100, shortage_cost=1000)
    study.process(
        "dig", "mine", gives={"lithium/ore": 1}, variable_cost=10, place="A", direct_emission=3
    )
    if home_ore:
        study.process("dig_home", "mine", gives={"lithium/ore": 1}, max_activity=30)
    for name, place, cost in (("refine_korea", "Korea", 5), ("refine_home", "", 40)):
        study.process(
            name,
            "refine",
            takes={"lithium/ore": 1},
            gives={REFINED: 1},
            place=place,
            pathway=None if place else "foreign primary",
            variable_cost=cost,
            direct_emission=2,
            electricity=1,
            max_activity=1000 if place else 40,
        )
    return study.trade("lithium/*", "*", "*", freight=1, emission=0.5)


def largest(plan: Plan, year: int = 2021) -> dict[str, tuple[str, float]]:
    """Largest origin by stage, with its share."""
    found = planner.concentration(plan).query(f"year == {year}").set_index("stage")
    return {stage: (row["largest"], pytest.approx(row["share"])) for stage, row in found.iterrows()}


def test_ore_of_one_place_refined_in_another_is_known_by_both(tmp_path):
    """All of it is dug in A and refined in Korea, by each of them: HHI 10,000 at both stages, and
    home does nothing. Either could stop it, in the whole or at its stage: Korea lost, home refines
    40 t of A's ore and goes short of 60; A lost, of all 100."""
    plan = plan_of(chain(), tmp_path)
    assert plan.objective == pytest.approx(4 * 100 * (10 + 1 + 5 + 1))
    assert largest(plan) == {"extraction": ("A", 1.0), "processing": ("Korea", 1.0)}
    assert set(plan.supply["pathway"]) == {"foreign primary"}
    lost = planner.disrupt(
        plan,
        losses=["A", "origin/Korea", "Korea:processing"],
        pairs=False,
        years=1,
        recovery=0,
        starts=[2022],
    ).losses.set_index("loss")
    assert dict(lost["unmet"]) == {
        "A": pytest.approx(100),
        "origin/Korea": pytest.approx(60),
        "Korea:processing": pytest.approx(60),
    }
    # home's 40 t cost 10 + 1 + 40, against the 100 t at 17 of the plan
    assert lost["cost"]["origin/Korea"] == pytest.approx(40 * 51 - 1700)
    marks = planner.crma_benchmarks(plan).set_index(["benchmark", "year"])["value"]
    assert marks["largest origin", 2021] == pytest.approx(1.0)


def test_an_import_that_refines_ore_of_another_country_is_no_home_output(tmp_path):
    """The same chain as two imports, ore of A refined in Korea, without places: once it read
    `home 10,000` and Korea could not be lost."""
    study = Study().good("lithium/ore", "intermediate", equivalent=1)
    study.good(REFINED, "refined", demand=100, shortage_cost=1000)
    study.process(
        "ore", "import", origin="A", stage="extraction", gives={"lithium/ore": 1}, import_price=10
    )
    recipe = {"takes": {"lithium/ore": 1}, "gives": {REFINED: 1}}
    study.process("refine", "import", origin="Korea", variable_cost=5, **recipe)
    plan = plan_of(study, tmp_path)
    assert largest(plan) == {"extraction": ("A", 1.0), "processing": ("Korea", 1.0)}
    lost = planner.disrupt(plan, losses=["Korea"], pairs=False, years=1, recovery=0).losses
    assert list(lost["unmet"]) == [pytest.approx(100)]


def test_metal_is_followed_from_two_mines_through_one_refinery(tmp_path):
    """30 t of home ore and 70 t of A's are mixed in Korea and come back refined, 30 to 70: home's
    tonnes are home ore, refined abroad. Of the trade of the country 100 t come in and 30 t go out,
    but the 30 t are not exported: they return."""
    study = chain(last=2021, home_ore=True)
    study.rows["process_values"] = [
        {**row, "value": 0}
        if (row["process"], row["parameter"]) == ("refine_home", "max_activity")
        else row
        for row in study.rows["process_values"]
    ]
    plan = plan_of(study, tmp_path)
    shares = plan.supply.set_index("pathway")["value"]
    assert dict(shares) == {
        "domestic primary": pytest.approx(30),
        "foreign primary": pytest.approx(70),
    }
    origins = origin_shares(plan).set_index(["stage", "origin"])["value"]
    assert origins["extraction", "home"] == pytest.approx(30)
    assert origins["extraction", "A"] == pytest.approx(70)
    assert origins["processing", "Korea"] == pytest.approx(100)
    of = planner.indicators(plan).set_index("indicator")["value"]
    assert of["self-sufficiency: extraction"] == pytest.approx(0.3)
    assert of["self-sufficiency: processing"] == pytest.approx(0.0)
    assert of["net import reliance"] == pytest.approx(0.7)
