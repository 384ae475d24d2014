"""Places and trade against optima worked out by hand."""

from __future__ import annotations

import pytest

import planner
from planner.analysis.security.concentration import origin_shares
from planner.analysis.tradeoffs.places import country_cost
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.reporting.places import by_place
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
    section = by_place(plan)
    assert section is not None
    assert "1.2 thousand are its own tariffs" in section.sentences[0]
    assert [row[0] for row in section.blocks[0].rows] == ["home", "B"]


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


def test_emissions_abroad_are_of_the_footprint_alone(tmp_path):
    """40 t refined at home emit 2 t each and 1 MWh of 0.5; 60 t in Korea 2 x 0.9 (its index) and
    0.8 a MWh; 100 t dug in A emit 3 t each; 100 t of ore and 60 t of metal are carried at 0.5.
    Korea's carbon price of 4 is paid there and is in its price; home pays its own on what runs at
    home."""
    study = chain(last=2021)
    study.series("grid_intensity", 0.5).series("grid_intensity", 0.8, place="Korea")
    study.series("direct_emission_index", 0.9, place="Korea")
    study.series("carbon_price", 4, place="Korea").series("carbon_price", 1)
    study.policy("at_home", "quota", processes=["refine_korea"], cap=60)
    plan = plan_of(study, tmp_path)
    at_home, in_korea = 40 * (2 + 0.5), 60 * (2 * 0.9 + 0.8)
    everywhere = at_home + in_korea + 100 * 3 + (100 + 60) * 0.5
    assert plan.record.emissions["territorial"] == pytest.approx(at_home)
    assert plan.record.emissions["footprint"] == pytest.approx(everywhere)
    paid = plan.costs.query("item == 'carbon_price'").set_index("name")["value"]
    assert dict(paid) == {
        "refine_home": pytest.approx(at_home),
        "refine_korea": pytest.approx(4 * in_korea),
    }
    by_place = planner.places(plan).query("item == 'emissions'").set_index("place")["value"]
    assert by_place["Korea"] == pytest.approx(in_korea + 60 * 0.5)


def test_a_border_charges_the_difference_of_carbon_prices(tmp_path):
    """At home a tonne of carbon costs 6 and in B 2: what embodies 3 t pays (6 - 2) x 3 = 12 at the
    border, so that B's metal costs 10 + 5 + 12 at home. Without the adjustment 15."""
    for adjusted, paid in ((True, 12), (False, 0)):
        study = two_places(head={"border_adjustment": adjusted}, embodied=3)
        study.series("carbon_price", 6).series("carbon_price", 2, place="B")
        plan = plan_of(study, tmp_path)
        assert price(plan, "balance", REFINED) == pytest.approx(15 + paid)
        assert country_cost(plan)["revenue"] == pytest.approx(100 * paid)


def test_trade_that_leaves_counts_as_export_and_what_comes_in_as_import(tmp_path):
    """Home makes 150 t at 1, wants 100 t and sends 50 t to B, which makes none: net import reliance
    is -50 %, self-sufficiency 150 %. A target of 160 % counts output less exports, 100 t, and is
    missed by 60 t. Were trade no export, by 10 t."""
    study = Study(places=["B"])
    study.good(REFINED, "refined", demand=100, shortage_cost=1000).at("B", REFINED, demand=50)
    study.process(
        "ours", "mine", stage="processing", gives={REFINED: 1}, variable_cost=1, max_activity=150
    )
    study.trade(REFINED, "home", "B", freight=1)
    of = planner.indicators(plan_of(study, tmp_path)).set_index("indicator")["value"]
    assert of["net import reliance"] == pytest.approx(-0.5)
    assert of["self-sufficiency: processing"] == pytest.approx(1.5)
    assert of["exports: refined metal"] == pytest.approx(50)
    study.policy(
        "own", "self_sufficiency", metal="lithium", stages=["processing"], share=1.6, penalty=1
    )
    breach = plan_of(study, tmp_path).values["breach"]
    assert breach["own", "lithium", 2021] == pytest.approx(60)


def test_a_use_stock_abroad_gives_scrap_that_comes_home_as_foreign(tmp_path):
    """Of 20 t of cells that leave use in B in 2021 half can be collected; the 10 t are carried home
    and recycled there: foreign secondary of B, no old scrap of home."""
    study = Study(2021, 2021, places=["B"]).good(REFINED, "refined", demand=100, shortage_cost=1000)
    study.good("lithium/cell", "product", equivalent=1).at("B", "lithium/cell", demand=20)
    study.at("B", "lithium/cell", shortage_cost=1000)
    study.good("lithium/spent", "waste").at("B", "lithium/spent", collection=0.5)
    study.good("lithium/black_mass", "scrap")
    study.process("mine", "mine", stage="processing", gives={REFINED: 1}, variable_cost=30)
    study.process("cells", "mine", gives={"lithium/cell": 1}, stage="manufacture", place="B")
    study.process(
        "gather",
        "collect",
        takes={"lithium/spent": 1},
        gives={"lithium/black_mass": 1},
        place="B",
        variable_cost=1,
    )
    study.process("again", "recycle", takes={"lithium/black_mass": 1}, gives={REFINED: 1})
    study.product(
        "cars", waste="lithium/spent", uses={"lithium/cell": 1}, inflow={2020: 20}, place="B"
    )
    study.trade("lithium/black_mass", "B", "home", freight=1)
    plan = plan_of(study, tmp_path)
    supply = plan.supply.set_index(["pathway", "origin"])["value"]
    assert supply["foreign secondary", "B"] == pytest.approx(10)
    assert supply["domestic primary", ""] == pytest.approx(90)
    of = planner.indicators(plan).set_index("indicator")["value"]
    assert (of["in-use stock"], of["old scrap arising"]) == (pytest.approx(0), pytest.approx(0))


def test_a_closed_place_sends_nothing_to_anybody(tmp_path):
    """Closed in 2022, A's ore reaches neither Korea nor home, and 100 t are short. Were only what
    comes into the country closed, Korea would refine them all."""
    study = chain(last=2022).policy("shut", "closure", origin="A", share=0, from_=2022)
    plan = plan_of(study, tmp_path)
    assert yearly(plan, "shortage", REFINED) == [pytest.approx(0), pytest.approx(100)]


def test_a_share_of_what_one_place_sends(tmp_path):
    """At most 70 % of the need comes from Korea: 30 t are refined at home, from A's ore."""
    study = chain(last=2021).policy(
        "cap", "import_share", metal="lithium", origin="Korea", share=0.7
    )
    plan = plan_of(study, tmp_path)
    assert yearly(plan, "activity", "refine_home") == [pytest.approx(30)]


def test_a_share_counts_what_passed_a_place_on_its_way(tmp_path):
    """All ore is A's, wherever it is refined: at most 70 % of the need from A leaves 30 t short.
    Were only what A sends home itself counted, nothing would be. Once Korea has ore of its own
    mixed in, the part of A hangs on the plan: `check` says that it is not counted."""
    study = chain(last=2021).policy("cap", "import_share", metal="lithium", origin="A", share=0.7)
    plan = plan_of(study, tmp_path)
    assert yearly(plan, "shortage", REFINED) == [pytest.approx(30)]
    assert not any("mixed" in warning.message for warning in plan.system.warnings)
    study.process("dig_korea", "mine", gives={"lithium/ore": 1}, variable_cost=99, place="Korea")
    mixed = system_of(study, tmp_path)
    assert any("mixed with other" in warning.message for warning in mixed.warnings)


BAD = {
    "no such place": (
        lambda s: s.process("x", "mine", gives={REFINED: 1}, place="Chlie"),
        "'Chlie' is not defined in study.toml's places",
    ),
    "no such bloc": (lambda s: s.trade(REFINED, "EU", "home", freight=1), "'EU' is unknown"),
    "no such good": (lambda s: s.trade("cobalt/*", "B", "home", freight=1), "METAL"),
    "where it is of use": (lambda s: s.trade("lithium/*", "home", "*", freight=1), None),
    "closed pair": (lambda s: s.trade(REFINED, "home", "B", tariff=1), "no open pair"),
    "nowhere": (lambda s: s.trade(REFINED, "B", "B", freight=1), "between two places"),
    "duty of nothing": (lambda s: s.trade(REFINED, "B", "home", duty=0.1), "give its value"),
    "crossed": (
        lambda s: s.trade("*", "B", "home", tariff=1).trade("lithium/*", "*", "home", tariff=2),
        "neither names it more",
    ),
    "import abroad": (
        lambda s: s.process("x", "import", gives={REFINED: 1}, origin="", place="B"),
        "is an import",
    ),
    "ore whose emission counts at home": (
        lambda s: (
            s.deposit("pit", reserve=9)
            .curve("pit", a={"grade": 0.1, "ore_cost": 1, "ore_emission": 0.1, "reserve": 9})
            .process("x", "mine", takes={"pit": 1}, gives={REFINED: 1}, place="B")
        ),
        "stated by its tonne, which counts at home",
    ),
    "home label abroad": (
        lambda s: s.process("x", "mine", gives={REFINED: 1}, place="B", pathway="domestic primary"),
        "its metal is foreign",
    ),
    "one plant, two places": (
        lambda s: (
            s.plant("works", existing_capacity=9)
            .process("x", "mine", gives={REFINED: 1}, place="B", plant="works")
            .process("y", "mine", gives={REFINED: 1}, plant="works")
        ),
        "share the plant",
    ),
    "content of a place": (
        lambda s: s.rows["good_values"].append(
            {
                "good": REFINED,
                "metal": "lithium",
                "place": "B",
                "parameter": "equivalent",
                "value": 1,
                "unit": "t/t",
                "source": "test",
            }
        ),
        "the same at every place",
    ),
    "series of a place": (lambda s: s.series("population", 9, place="B"), "of the country"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused_with_its_row_and_remedy(tmp_path, case):
    change, message = BAD[case]
    study = two_places()
    change(study)
    if message is None:
        assert f"{REFINED} (home to B)" in system_of(study, tmp_path).processes
        return
    with pytest.raises(SpecError, match=message) as caught:
        system_of(study, tmp_path)
    assert all(problem.row for problem in caught.value.problems)


IN_VAIN = {
    "nothing stands at": (lambda s: s.head.update(places=["B", "C"]), "places"),
    "its numbers there are not read": (
        lambda s: s.good("lithium/x", "scrap").at("B", "lithium/x", disposal_cost=1),
        "place",
    ),
    "multiplies nothing at 'B'": (lambda s: s.series("grid_intensity", 1, place="B"), "place"),
    "no row gives one": (lambda s: s.trade(REFINED, "B", "home", value=9), "parameter"),
    "none of these does": (lambda s: s.trade(REFINED, "B", "home", embodied=9), "parameter"),
}


@pytest.mark.parametrize("message", IN_VAIN)
def test_what_is_given_in_vain_is_warned_of(tmp_path, message):
    change, column = IN_VAIN[message]
    study = two_places()
    assert not system_of(study, tmp_path).warnings
    change(study)
    (found,) = [w for w in system_of(study, tmp_path).warnings if message in w.message]
    assert found.column == column


def test_trade_without_places_is_refused(tmp_path):
    study = Study().good(REFINED, "refined", demand=1, shortage_cost=1)
    study.process("ours", "mine", stage="processing", gives={REFINED: 1})
    with pytest.raises(SpecError, match="names no places"):
        system_of(study.trade(REFINED, "B", "home", freight=1), tmp_path)


def test_a_name_with_a_selecting_sign_is_refused(tmp_path):
    with pytest.raises(SpecError, match="rename the bloc"):
        system_of(two_places(head={"blocs": {"B:x": ["B"]}}), tmp_path)


def test_a_ban_holds_for_a_place_that_only_passes_on(tmp_path):
    """C makes nothing and takes nothing: it is opened by name, from B and to home, for 2 + 2. A ban
    on all that leaves C holds for it too, and home buys from B at 5 of freight."""
    study = two_places().trade(REFINED, "B", "C", freight=2).trade(REFINED, "C", "home", freight=2)
    study.head["places"] = ["B", "C"]
    study.trade("*", "C", "*", max=0, scenario="ban")
    for scenario, at_home in (("", 14.0), ("ban", 15.0)):
        plan = plan_of(study, tmp_path, scenario=scenario)
        assert price(plan, "balance", REFINED) == pytest.approx(at_home)
