"""The families that people set, one by one, against small studies solved by hand.

Each docstring says what the plan costs with the family, and what it would cost without.
"""

from __future__ import annotations

import pytest

import planner
from planner.errors import InfeasibleError, SpecError
from planner.lp.formulation import FORMULATION
from planner.study.schema import ROWS_OF_NATURE
from tests.small import Study, plan_of, price, yearly

SHORT = 1000


def market(first: int = 2021, last: int = 2021, **head) -> Study:
    """One refined good, 100 t a year demanded, bought at 30."""
    study = Study(first, last, **head).good("li", "refined", demand=100, shortage_cost=SHORT)
    return study.process("buy", "import", gives={"li": 1}, import_price=30)


def dig(study: Study, cost: float, **values) -> Study:
    return study.process(
        "dig", "mine", stage="processing", gives={"li": 1}, variable_cost=cost, **values
    )


# ---- self_sufficiency
# ------------------------------------------------------------------------------------------------


def test_self_sufficiency_makes_home_metal_pay(tmp_path):
    """Two fifths from a mine at 50: 40 x 50 + 60 x 30 = 3,800; without the target 3,000. One tonne
    more of it costs 20; a tonne of demand 0.6 x 30 + 0.4 x 50 = 38 in all, but its row sees the
    tonne alone: 30, and the target follows with 0.4 x 20."""
    plan = plan_of(
        dig(market(), 50).policy(
            "home", "self_sufficiency", metal="lithium", stages=["processing"], share=0.4
        ),
        tmp_path,
    )
    assert plan.objective == pytest.approx(3800)
    assert price(plan, "self_sufficiency", "home, lithium", 2021) == pytest.approx(20)
    assert price(plan, "balance", "li", 2021) == pytest.approx(30)


def test_self_sufficiency_leaves_no_export_at_home_uncounted(tmp_path):
    """80 t for home and 20 t for export, both from a mine at 50 or imports at 30. Home output less
    all exports is to be 32 t: 52 t mined, 52 x 50 + 48 x 30 = 4,040. Were exports not taken off,
    foreign metal could be sold abroad and 32 t mined: 3,640."""
    study = Study()
    for good, demand in (("home", 80), ("abroad", 20)):
        study.good(good, "refined", demand=demand, shortage_cost=SHORT, export=good == "abroad")
        study.process(f"dig_{good}", "mine", stage="processing", gives={good: 1}, variable_cost=50)
        study.process(f"buy_{good}", "import", gives={good: 1}, import_price=30)
    plan = plan_of(
        study.policy("own", "self_sufficiency", metal="lithium", stages=["processing"], share=0.4),
        tmp_path,
    )
    assert plan.objective == pytest.approx(4040)


def test_self_sufficiency_in_refined_equivalents_of_the_stage(tmp_path):
    """At the stage of extraction a tonne of home concentrate stands for 0.8 t refined: 40 t asked
    are 50 t dug, at 50 + 5 for refining against 30: 50 x 55 + 60 x 30 = 4,550. Counted in tonnes of
    concentrate 40 t would do: 32 t refined, 40 x 55 + 68 x 30 = 4,240."""
    study = market().good("conc", "intermediate", equivalent=0.8)
    study.process("dig", "mine", gives={"conc": 1}, variable_cost=50)
    study.process(
        "refine", "refine", takes={"conc": 1}, gives={"li": 0.8}, loss="slag", variable_cost=5
    )
    plan = plan_of(
        study.policy("own", "self_sufficiency", metal="lithium", stages=["extraction"], share=0.4),
        tmp_path,
    )
    assert plan.objective == pytest.approx(4550)


@pytest.mark.parametrize(("provenance", "cost"), [("home", 3450), ("any", 2850)])
def test_self_sufficiency_counts_metal_of_home_origin_once(tmp_path, provenance, cost):
    """Of 40 t asked of home provenance, neither the 30 t refined at home from ore that came from
    abroad nor the 20 t of new scrap are home metal: 40 t are mined at 50: 30 x 25 + 20 x 20 + 40 x
    50 + 10 x 30 = 3,450. Of any provenance the first counts at the stage of processing and 10 t
    mined do: 2,850. Were new scrap counted, 20 t would, 3,050."""
    study = dig(market(), 50)
    study.process(
        "refine_abroad",
        "refine",
        gives={"li": 1},
        variable_cost=25,
        max_activity=30,
        pathway="foreign primary",
        origin="abroad",
    )
    study.process(
        "offcuts",
        "recycle",
        gives={"li": 1},
        variable_cost=20,
        max_activity=20,
        pathway="new scrap",
    )
    stages = ["processing", "recycling"]
    study.policy(
        "own", "self_sufficiency", metal="lithium", stages=stages, share=0.4, provenance=provenance
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(cost)


def chain(pooled=False):
    """Ore dug and refined at home for 50, or ore from abroad refined at home for 40, or metal from
    abroad for 30."""
    study = (
        market()
        .good("ore", "intermediate", equivalent=0.9)
        .good("ore_abroad", "intermediate", equivalent=0.9)
    )
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=45)
    study.process(
        "ship",
        "import",
        stage="extraction",
        gives={"ore" if pooled else "ore_abroad": 1},
        import_price=36,
    )
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 0.9}, loss="slag")
    return study.process(
        "refine_abroad",
        "refine",
        takes={"ore_abroad": 1},
        gives={"li": 0.9},
        loss="slag",
        pathway="foreign primary",
        origin="abroad",
    )


@pytest.mark.parametrize(
    ("stages", "provenance", "cost"),
    [
        (["extraction", "processing"], "home", 3_800),
        (["extraction", "processing"], "any", 3_400),
        (["extraction"], "any", 3_800),
        (["processing"], "home", 3_800),
        (["processing"], "any", 3_400),
    ],
)
def test_self_sufficiency_counts_a_chain_once(tmp_path, stages, provenance, cost):
    """Two fifths of home provenance are 40 t of metal at 50 beside 60 t at 30: 3,800, whether
    counted as ore, as metal or at both stages; of any provenance ore from abroad refined at home at
    40 will do at the stage of processing: 3,400. Were a chain counted at each of its stages, 20 t
    from home ore would do for both: 3,400 where 3,800 is right."""
    study = chain().policy(
        "own", "self_sufficiency", metal="lithium", stages=stages, share=0.4, provenance=provenance
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(cost)


def test_a_chain_within_one_stage_counts_once_too(tmp_path):
    """Black mass and the metal won from it both stand at the stage of recycling: 40 t at 55 + 60 t
    at 30 = 4,000; counted twice 3,500."""
    study = market().good("mass", "intermediate", equivalent=1)
    study.process("shred", "recycle", gives={"mass": 1}, variable_cost=25)
    study.process("win", "recycle", takes={"mass": 1}, gives={"li": 1}, variable_cost=30)
    study.policy("own", "self_sufficiency", metal="lithium", stages=["recycling"], share=0.4)
    assert plan_of(study, tmp_path).objective == pytest.approx(4_000)


def test_a_good_from_home_and_abroad_between_two_stages_is_refused(tmp_path):
    """Of ore of both provenances in one good nobody can tell what was counted at extraction
    already; at one stage alone all is clear."""
    study = chain(pooled=True).policy(
        "own", "self_sufficiency", metal="lithium", stages=["extraction", "processing"], share=0.4
    )
    with pytest.raises(
        SpecError,
        match=r"study.toml row \d+, column 'policies.own.stages': 'ore' is made by .* and by ship",
    ):
        planner.read(study.write(tmp_path / "pooled"))
    study.policies["own"]["stages"] = ["extraction"]
    assert planner.read(study.write(tmp_path / "apart")).policies


@pytest.mark.parametrize(("penalty", "cost", "breach"), [(15, 3600, 40), (25, 3800, 0)])
def test_a_soft_floor_is_missed_where_that_is_cheaper(tmp_path, penalty, cost, breach):
    """40 t at 20 more than imports, or a penalty: at 15 a tonne it is missed (3,000 + 600), at 25
    it is met (3,800). The price is the lesser."""
    study = dig(market(), 50).policy(
        "home",
        "self_sufficiency",
        metal="lithium",
        stages=["processing"],
        share=0.4,
        penalty=penalty,
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(cost)
    assert plan.values["breach"]["home", "lithium", 2021] == pytest.approx(breach)
    assert price(plan, "self_sufficiency", "home, lithium", 2021) == pytest.approx(min(penalty, 20))


def test_the_penalty_of_a_soft_floor_is_discounted(tmp_path):
    """The same two years at 10 %: 3,600 (1 + 1/1.1); in both the floor's price is the penalty."""
    study = dig(market(last=2022, discount_rate=0.1), 50)
    plan = plan_of(
        study.policy(
            "home",
            "self_sufficiency",
            metal="lithium",
            stages=["processing"],
            share=0.4,
            penalty=15,
        ),
        tmp_path,
    )
    assert plan.objective == pytest.approx(3600 * (1 + 1 / 1.1))
    assert price(plan, "self_sufficiency", "home, lithium", 2022) == pytest.approx(15)


def test_a_hard_floor_that_cannot_be_met_is_infeasible(tmp_path):
    """Only 30 t can be mined and 40 t are asked: no plan; shortage does not cure a floor."""
    study = dig(market(), 50, max_activity=30).policy(
        "home", "self_sufficiency", metal="lithium", stages=["processing"], share=0.4
    )
    with pytest.raises(InfeasibleError, match="home"):
        plan_of(study, tmp_path)


def test_a_policy_holds_only_in_its_years(tmp_path):
    """From 2022 to 2023 the share goes from 0.2 to 0.4: 3,000, 3,400, 3,800 and 3,000 again:
    13,200. Held on in 2024: 14,000."""
    study = dig(market(last=2024), 50).policy(
        "home",
        "self_sufficiency",
        metal="lithium",
        stages=["processing"],
        share={2022: 0.2, 2023: 0.4},
        from_=2022,
        to=2023,
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(13_200)


def test_a_ceiling_outside_its_years_is_no_ceiling(tmp_path):
    """A quota of 50 t from 2022 on leaves 2021 alone: 1,000 + 2,000; a level of 0 before would
    close the mine: 3,000 + 2,000."""
    study = dig(market(last=2022), 10).policy(
        "protect", "quota", processes=["dig"], cap=50, from_=2022
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(3000)


def test_a_level_holds_in_the_years_in_force_of_a_period(tmp_path):
    """A quota of 50 t from 2022 on leaves 2021 alone, though both years are one period: 1,000 +
    2,000, as in the yearly study. In force in the whole period it would cost 4,000."""
    study = dig(market(last=2022, step=2), 10).policy(
        "protect", "quota", processes=["dig"], cap=50, from_=2022
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(3000)


def test_self_sufficiency_counts_what_gives_metal_in_some_years_only(tmp_path):
    """Works that open in 2022, for 50 a tonne: two fifths of the 100 t of that year, 3,000 + 40 x
    50 + 60 x 30."""
    study = market(last=2022).process(
        "dig", "mine", stage="processing", gives={"li": [0, 1]}, variable_cost=50
    )
    plan = plan_of(
        study.policy(
            "home",
            "self_sufficiency",
            metal="lithium",
            stages=["processing"],
            share=0.4,
            from_=2022,
        ),
        tmp_path,
    )
    assert plan.objective == pytest.approx(6800)


def test_self_sufficiency_counts_exports_by_their_equivalent(tmp_path):
    """Of concentrate, of which a tonne stands for 0.8 t, 50 t are exported and 0.4 x 100 t + 0.8 x
    50 t asked at extraction: 100 t are dug at 50, 50 t are sold, 50 t refined at 5 to 40 t, and 60
    t bought: 5,000 + 250 + 1,800."""
    study = market().good("conc", "intermediate", equivalent=0.8)
    study.good("sold", "intermediate", equivalent=0.8, demand=50, export=True, shortage_cost=SHORT)
    for good in ("conc", "sold"):
        study.process(f"dig_{good}", "mine", gives={good: 1}, variable_cost=50)
    study.process(
        "refine", "refine", takes={"conc": 1}, gives={"li": 0.8}, loss="slag", variable_cost=5
    )
    plan = plan_of(
        study.policy("own", "self_sufficiency", metal="lithium", stages=["extraction"], share=0.4),
        tmp_path,
    )
    assert plan.objective == pytest.approx(7050)


# ---- recycled_content
# ------------------------------------------------------------------------------------------------


def test_recycled_content_makes_old_metal_pay(tmp_path):
    """A quarter of what is supplied from recycling at 50: 25 x 50 + 75 x 30 = 3,500; without 3,000.
    A tonne more of recycled metal costs 20, a tonne of metal 0.75 x 30 + 0.25 x 50 = 35."""
    study = market().process("recycle", "recycle", gives={"li": 1}, variable_cost=50)
    plan = plan_of(study.policy("old", "recycled_content", metal="lithium", share=0.25), tmp_path)
    assert plan.objective == pytest.approx(3500)
    assert price(plan, "recycled_content", "old, lithium", 2021) == pytest.approx(20)
    assert price(plan, "balance", "li", 2021) == pytest.approx(35)


def test_recycled_content_does_not_count_new_scrap(tmp_path):
    """New scrap at 20 and recycling at 50, a quarter asked: 80 t that count are split 20 and 60,
    beside 20 t of new scrap: 20 x 20 + 20 x 50 + 60 x 30 = 3,200. Were new scrap recycled metal, 5
    t would do: 2,900. Were it supply, 25 t: 3,300."""
    study = market().process("recycle", "recycle", gives={"li": 1}, variable_cost=50)
    study.process(
        "offcuts",
        "recycle",
        gives={"li": 1},
        variable_cost=20,
        max_activity=20,
        pathway="new scrap",
    )
    plan = plan_of(study.policy("old", "recycled_content", metal="lithium", share=0.25), tmp_path)
    assert plan.objective == pytest.approx(3200)


# ---- collection_target
# -----------------------------------------------------------------------------------------------


def test_collection_target_brings_waste_back(tmp_path):
    """Of 40 t of waste a half is to be collected at 40 a tonne; recycled for 5 it gives 0.8 t worth
    24: 20 x 45 + 84 x 30 = 3,420; without the target 3,000. One tonne more costs 45 - 24 = 21."""
    study = (
        market()
        .good("old", "waste", collection=1.0)
        .good("scrap", "scrap")
        .product("devices", waste="old", uses={"li": 1}, inflow={2020: 40})
        .process("collect", "collect", takes={"old": 1}, gives={"scrap": 1}, variable_cost=40)
        .process(
            "recycle",
            "recycle",
            takes={"scrap": 1},
            gives={"li": 0.8},
            loss="dust",
            variable_cost=5,
        )
        .policy("half", "collection_target", goods=["old"], share=0.5)
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(3420)
    assert price(plan, "collection_target", "half, old", 2021) == pytest.approx(21)


def test_collection_target_counts_new_waste(tmp_path):
    """90 t of wire leave 10 t of offcuts, a half to be collected at 40 a tonne for nothing: 3,000 +
    200; were only waste from use counted, 3,000."""
    study = (
        Study()
        .good("li", "refined")
        .good("wire", "product", demand=90, shortage_cost=SHORT)
        .good("offcuts", "waste", collection=1.0)
        .good("scrap", "scrap")
        .process("buy", "import", gives={"li": 1}, import_price=30)
        .process("draw", "manufacture", takes={"li": 1}, gives={"wire": 0.9, "offcuts": 0.1})
        .process("collect", "collect", takes={"offcuts": 1}, gives={"scrap": 1}, variable_cost=40)
        .policy("half", "collection_target", goods=["offcuts"], share=0.5)
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(3200)


@pytest.mark.parametrize(("penalty", "cost", "breach"), [(20, 3400, 20), (25, 3420, 0)])
def test_a_soft_collection_target_is_missed_where_that_is_cheaper(tmp_path, penalty, cost, breach):
    """20 t to be collected cost 21 each more than they save, or the penalty: 3,000 + 20 x 20, or
    3,420 as where the target is hard."""
    study = (
        market()
        .good("old", "waste", collection=1.0)
        .good("scrap", "scrap")
        .product("devices", waste="old", uses={"li": 1}, inflow={2020: 40})
        .process("collect", "collect", takes={"old": 1}, gives={"scrap": 1}, variable_cost=40)
        .process(
            "recycle",
            "recycle",
            takes={"scrap": 1},
            gives={"li": 0.8},
            loss="dust",
            variable_cost=5,
        )
        .policy("half", "collection_target", goods=["old"], share=0.5, penalty=penalty)
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(cost)
    assert plan.values["breach"]["half", "old", 2021] == pytest.approx(breach)


# ---- stockpile_cover
# -------------------------------------------------------------------------------------------------


def covered(**room) -> Study:
    study = Study(2021, 2022).good(
        "li", "refined", demand=100, shortage_cost=SHORT, opening_stock=0, holding_cost=2, **room
    )
    study.process("buy", "import", gives={"li": 1}, import_price=30, origin="abroad")
    return study.policy("reserve", "stockpile_cover", goods=["li"], months=3)


def test_stockpile_cover_keeps_months_of_demand(tmp_path):
    """Three months of 100 t are 25 t: 125 x 30 + 2 x 12.5, then 100 x 30 + 2 x 25: 6,825; without
    6,000. A tonne more at the end of 2021 alone is sold in 2022 and costs its keep of 2, at the end
    of 2022 30 and half a year's keep."""
    plan = plan_of(covered(), tmp_path)
    assert plan.objective == pytest.approx(6825)
    assert yearly(plan, "stockpile", "li") == pytest.approx([25, 25])
    assert [
        price(plan, "stockpile_cover", "reserve, li", t) for t in (2021, 2022)
    ] == pytest.approx([2, 31])


@pytest.mark.parametrize(
    ("metal", "stock"), [("", [25, 0]), ("lithium", [25, 0]), ("cobalt", [25, 25])]
)
def test_stockpile_cover_is_waived_where_its_own_metal_is_closed(tmp_path, metal, stock):
    """The origin closes in 2022 and the store holds 25 t: they serve demand, 75 t are short. Held
    to the cover they would lie there and 100 t be short: 25,000 more. A closure of another metal
    waives nothing."""
    study = covered(max_stock=25)
    study.metals, study.head["metals"] = ("lithium", "cobalt"), ["lithium", "cobalt"]
    fields = {"metal": metal} if metal else {}
    plan = plan_of(
        study.policy("closed", "closure", origin="abroad", share=0, from_=2022, to=2022, **fields),
        tmp_path,
    )
    assert yearly(plan, "stockpile", "li") == pytest.approx(stock)


def test_a_soft_stockpile_cover_is_breached_where_that_is_cheaper(tmp_path):
    """Keeping 25 t costs 2 a tonne and more; at a penalty of 1 nothing is kept: 6,000 + 2 x 25."""
    study = covered()
    study.policies["reserve"]["penalty"] = 1
    assert plan_of(study, tmp_path).objective == pytest.approx(6050)


def test_stockpile_cover_is_waived_in_no_other_year(tmp_path):
    """Closed in 2021 nothing can be bought, and the cover is waived; in 2022 it holds again."""
    plan = plan_of(
        covered(max_stock=25).policy(
            "closed", "closure", origin="abroad", share=0, from_=2021, to=2021
        ),
        tmp_path,
    )
    assert yearly(plan, "stockpile", "li") == pytest.approx([0, 25])


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ROWS_OF_NATURE))
def test_a_policy_cannot_have_the_name_of_rows_of_nature(tmp_path, name):
    """A policy `run_down` with a penalty would open the breach of the rows of that name."""
    study = dig(market(), 50).policy(
        name, "self_sufficiency", metal="lithium", stages=["processing"], share=0.4, penalty=5
    )
    with pytest.raises(
        SpecError,
        match=rf"study.toml row \d+, column 'policies.{name}': the name '{name}' is that of rows",
    ):
        planner.read(study.write(tmp_path / "study"))


def test_the_names_refused_are_those_of_all_rows_that_no_policy_sets():
    assert {family.name for family in FORMULATION if not family.target} == ROWS_OF_NATURE


# ---- pin -----------------------------------------------------------------------------------------


def test_pin_floor_holds_an_activity_up(tmp_path):
    """A mine at 50 was seen at 40 t, within a tenth: 36 x 50 + 64 x 30 = 3,720; without 3,000. A
    tonne more costs 20."""
    plan = plan_of(
        dig(market(), 50, observed={2021: 40}).policy("seen", "pin", tolerance=0.1), tmp_path
    )
    assert plan.objective == pytest.approx(3720)
    assert price(plan, "pin_floor", "seen, dig", 2021) == pytest.approx(20)


def test_a_soft_pin_is_missed_where_that_is_cheaper(tmp_path):
    """36 t at 20 more than imports, or a penalty of 15 a tonne: 3,000 + 36 x 15."""
    plan = plan_of(
        dig(market(), 50, observed={2021: 40}).policy("seen", "pin", tolerance=0.1, penalty=15),
        tmp_path,
    )
    assert plan.objective == pytest.approx(3540)
    assert plan.values["breach"]["seen", "dig", 2021] == pytest.approx(36)


def test_a_soft_recycled_content_is_missed_where_that_is_cheaper(tmp_path):
    """Of 100 t a tenth is to be old metal, at 50 instead of 30: 10 t for 200 more, or a penalty of
    15 a tonne: 3,150."""
    study = market().process("recycle", "recycle", gives={"li": 1}, variable_cost=50)
    plan = plan_of(
        study.policy("old", "recycled_content", metal="lithium", share=0.1, penalty=15), tmp_path
    )
    assert plan.objective == pytest.approx(3150)
    assert plan.values["breach"]["old", "lithium", 2021] == pytest.approx(10)


def test_pin_ceiling_holds_an_activity_down(tmp_path):
    """A mine at 10 was seen at 40 t, within a tenth: 44 x 10 + 56 x 30 = 2,120; without 1,000. A
    tonne more saves 20."""
    plan = plan_of(
        dig(market(), 10, observed={2021: 40}).policy("seen", "pin", tolerance=0.1), tmp_path
    )
    assert plan.objective == pytest.approx(2120)
    assert price(plan, "pin_ceiling", "seen, dig", 2021) == pytest.approx(-20)


def test_an_observation_outside_the_study_is_refused(tmp_path):
    """What was observed in 2020 pins nothing from 2021 on: said, not dropped."""
    study = dig(market(), 10, observed={2020: 40, 2021: 40}).policy("seen", "pin", tolerance=0.1)
    with pytest.raises(
        SpecError,
        match=(
            r"process_values.csv row \d+, column 'year': 'dig' was observed in 2020, outside 2021 "
            r"to 2021"
        ),
    ):
        planner.read(study.write(tmp_path / "study"))


def test_a_pin_holds_the_year_of_a_period_that_was_observed(tmp_path):
    """40 t observed in 2021 hold that year of the period 2021-22 to 44 t, and not the next: 44 x 10
    + 56 x 30 + 1,000. Were the year lost in the period, 100 t would be dug: 2,000; were the period
    held to it, 4,240."""
    study = dig(market(last=2022, step=2), 10, observed={2021: 40}).policy(
        "seen", "pin", tolerance=0.1
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(44 * 10 + 56 * 30 + 1000)


def test_pin_holds_only_what_was_observed(tmp_path):
    """Nothing is known of imports nor of 2022: 44 t are mined in 2021 and all 100 t in 2022: 2,120
    + 1,000."""
    plan = plan_of(
        dig(market(last=2022), 10, observed={2021: 40}).policy(
            "seen", "pin", tolerance=0.1, from_=2021, to=2021
        ),
        tmp_path,
    )
    assert plan.objective == pytest.approx(3120)


def test_a_pin_holds_the_processes_it_names(tmp_path):
    """Mines at 50 and at 10 were seen at 20 t; the first alone is held to it, within a tenth, and
    the other mines the rest: 18 x 50 + 82 x 10 = 1,720. With both held 18 x 50 + 22 x 10 + 60 x 30
    = 2,920, with the other alone 22 x 10 + 78 x 30 = 2,560."""
    study = dig(market(), 50, observed={2021: 20}).process(
        "dig_too", "mine", gives={"li": 1}, variable_cost=10, observed={2021: 20}
    )
    plan = plan_of(study.policy("seen", "pin", processes=["dig"], tolerance=0.1), tmp_path)
    assert plan.objective == pytest.approx(1720)


# ---- import_share --------------------------------------------------------------------------------


def origins(**fields) -> Study:
    study = market().process("cheap", "import", gives={"li": 1}, import_price=20, origin="A")
    return study.policy("spread", "import_share", metal="lithium", origin="A", share=0.35, **fields)


def test_import_share_spreads_origins(tmp_path):
    """A at 20, others at 30, a cap of 0.35 of demand: 35 x 20 + 65 x 30 = 2,650; without 2,000. A
    tonne more of A saves 10."""
    plan = plan_of(origins(), tmp_path)
    assert plan.objective == pytest.approx(2650)
    assert price(plan, "import_share", "spread", 2021) == pytest.approx(-10)


def test_import_share_of_all_imports(tmp_path):
    """A mine gives 40 t at 10, so 60 t are imported, 21 t of them from A: 400 + 420 + 1,170 =
    1,990; of demand 35 t: 1,850; without 1,600."""
    plan = plan_of(dig(origins(of="imports"), 10, max_activity=40), tmp_path)
    assert plan.objective == pytest.approx(1990)
    assert price(plan, "import_share", "spread", 2021) == pytest.approx(-10)


def test_import_share_counts_concentrate_by_what_is_refined_from_it(tmp_path):
    """A sends concentrate at 8 that gives 0.5 t refined: 70 t of it are the 35 t allowed: 70 x 8 +
    65 x 30 = 2,510; counted by the tonne of concentrate 35 t: 35 x 8 + 82.5 x 30 = 2,755."""
    study = market().good("conc", "intermediate", equivalent=0.5)
    study.process(
        "ship", "import", gives={"conc": 1}, import_price=8, origin="A", stage="extraction"
    )
    study.process(
        "refine",
        "refine",
        takes={"conc": 1},
        gives={"li": 0.5},
        loss="slag",
        pathway="foreign primary",
        origin="A",
    )
    plan = plan_of(
        study.policy("spread", "import_share", metal="lithium", origin="A", share=0.35), tmp_path
    )
    assert plan.objective == pytest.approx(2510)


# ---- quota, carbon, capital
# ------------------------------------------------------------------------------------------


def test_quota_caps_what_runs_together(tmp_path):
    """Two mines at 10 share 50 t: 500 + 1,500 = 2,000; without 1,000, with a quota each 1,000. One
    tonne more saves 20."""
    study = dig(market(), 10).process("dig_too", "mine", gives={"li": 1}, variable_cost=10)
    plan = plan_of(study.policy("protect", "quota", processes=["dig", "dig_too"], cap=50), tmp_path)
    assert plan.objective == pytest.approx(2000)
    assert price(plan, "quota", "protect", 2021) == pytest.approx(-20)


def test_carbon_cap_in_each_year(tmp_path):
    """A mine at 10 emits 4 t a tonne, 200 t are allowed: 50 t mined, 50 t bought at 30: 2,000;
    without 1,000. A tonne of CO2e more saves 20/4 = 5. Over two years of 10 % 2,000 (1 + 1/1.1),
    and still 5 in each."""
    study = dig(market(last=2022, discount_rate=0.1), 10, direct_emission=4)
    plan = plan_of(study.policy("cap", "carbon_cap", scope="territorial", cap=200), tmp_path)
    assert plan.objective == pytest.approx(2000 * (1 + 1 / 1.1))
    assert [price(plan, "carbon_cap", "cap", t) for t in (2021, 2022)] == pytest.approx([-5, -5])


def test_carbon_budget_over_all_years(tmp_path):
    """The same mine, 500 t in two years at 10 %: later abatement is cheaper, so 400 t now and 25 t
    mined next year: 1,000 + (250 + 2,250)/1.1; without 1,000 (1 + 1/1.1). A tonne more saves 5 next
    year: 5/1.1 as present value, the horizon's basis."""
    study = dig(market(last=2022, discount_rate=0.1), 10, direct_emission=4)
    plan = plan_of(study.policy("budget", "carbon_budget", scope="territorial", cap=500), tmp_path)
    assert plan.objective == pytest.approx(1000 + 2500 / 1.1)
    assert price(plan, "carbon_budget", "budget") == pytest.approx(-5 / 1.1)


def test_carbon_budget_counts_every_year_of_a_period(tmp_path):
    """One period of two years, no rate, 500 t: 62.5 t mined a year, 2 x (625 + 1,125) = 3,500;
    counted once it would not bind: 2,000."""
    study = dig(market(last=2022, step=2), 10, direct_emission=4)
    plan = plan_of(study.policy("budget", "carbon_budget", scope="territorial", cap=500), tmp_path)
    assert plan.objective == pytest.approx(3500)


@pytest.mark.parametrize(
    ("head", "cost", "worth"), [({}, 2625, 15 / 40), ({"last": 2022, "step": 2}, 5250, 2 * 15 / 40)]
)
def test_capital_budget_is_cash_in_the_year_of_order(tmp_path, head, cost, worth):
    """1,000 a year buy 25 t of works at 40, which cost 10 a year of life: 25 x 15 + 75 x 30 =
    2,625; were the annuity counted 100 t: 1,500. A period of two years orders in its first, within
    the budget of that year: 25 t, 2 x 2,625; were the cash spread over both years, 50 t would be
    paid in 2021 with twice the budget: 4,500. A dollar more saves 15/40 in each year."""
    study = dig(market(**head), 5, plant="works").plant("works", capital_cost=40, life=4)
    plan = plan_of(study.policy("cash", "capital_budget", cap=1000), tmp_path)
    assert plan.objective == pytest.approx(cost)
    assert price(plan, "capital_budget", "cash", 2021) == pytest.approx(-worth)
