"""Shadow prices against finite differences: of every family on the arrays, and of data through the
ordinary reader.

The cost is convex in the right-hand sides, so that a dual y must satisfy cost(b + h) >= cost(b) + y
h for either sign of h, and reach it on one side at least. That proves sign and size at once; it
holds at a kink too, where the dual is one of many.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from planner.lp.formulation import FORMULATION
from planner.solver.compiled import compiled
from planner.solver.highs import Program
from tests.lp import test_answering_demand as answering
from tests.lp import test_curves as curved
from tests.lp import test_families_hosts as hosts
from tests.lp import test_families_plants as plants
from tests.lp import test_families_policies as policies
from tests.lp import test_families_supply as supply
from tests.lp import test_impacts as impacts
from tests.lp import test_shares as shares
from tests.lp import test_subsidies as subsidies
from tests.lp import test_take_back as returned
from tests.lp import test_unseen as unseen
from tests.mfa import test_demand_measures as measures
from tests.small import Study, Value, plan_of, price, system_of

STEP = 1e-3
WATER = {"impact": "water", "scope": "footprint"}
BUDGET = {"scope": "territorial", "cap": 500}
HOME = {"metal": "lithium", "stages": ["processing"]}


def with_policy(study: Study, kind: str, **fields) -> Study:
    return study.policy("rule", kind, **fields)


BINDING: dict[str, Callable[[], Study]] = {
    "balance": lambda: supply.imports(supply.market(2021, 2023, discount_rate=0.1)),
    "plant_capacity": lambda: plants.works(existing_capacity=60, availability=0.9),
    "capacity_balance": lambda: plants.works(
        last=2024, head={"step": 2, "discount_rate": 0.1}, existing_capacity=60, fixed_cost=3
    ),
    "build_rate": lambda: plants.works(
        last=2024, head={"step": 2, "discount_rate": 0.1}, capital_cost=40, life=4, max_new=30
    ),
    "capacity_limit": lambda: plants.works(last=2022, capital_cost=40, life=4, max_capacity=70),
    "ramp": lambda: supply.ramped(growth=0.5, step=5),
    "run_down": lambda: (
        supply.imports(supply.market(last=2022))
        .process("dig", "mine", gives={"li": 1}, variable_cost=[10, 50], ramp_group="works")
        .ramp("works", decline=0.2)
    ),
    "depletion": lambda: supply.mined(last=2024, reserve=300, step=2, discount_rate=0.1),
    "deposit_curve": lambda: curved.pit(),
    "deposit_step": lambda: curved.pit(discount_rate=0.1),
    "supply_curve": lambda: curved.stepped(),
    "demand_curve": lambda: answering.answering(),
    "unseen_rise": lambda: unseen.calibrated(),
    "exploration_limit": lambda: measures.found(most=90),
    "extension": lambda: measures.robust(potential=0.3),
    "service": lambda: measures.robust(demand=[200, 100]),
    "shortage_limit": lambda: measures.kept(),
    "host_limit": lambda: (
        Study()
        .host("zinc", 1000)
        .good("li", "refined", demand=15, shortage_cost=1000)
        .process("won", "byproduct", host="zinc", gives={"li": 1}, host_content=0.01)
    ),
    "circuit_limit": lambda: hosts.tiered(),
    "collection": lambda: supply.recycled(),
    "take_back": lambda: returned.loop(more=0.3, cost=25),
    "stockpile_balance": lambda: supply.stored(max_stock=60, discount_rate=0.1),
    "emission_account": lambda: supply.emitting(),
    "subsidy_claim": lambda: with_policy(
        policies.dig(policies.market(), 50), "subsidy", activity={"processes": "dig"}, rate=25
    ),
    "subsidy_budget": lambda: subsidies.works(rate=150, budget=4_500),
    "share_floor": lambda: shares.selling().policy(
        "rule",
        "share",
        numerator={"stages": "processing", "origins": "home", "less_exports": True},
        denominator={"stages": "processing"},
        at_least=0.4,
    ),
    "share_ceiling": lambda: shares.by_stage().policy("rule", "share", **shares.one_country()),
    "self_sufficiency": lambda: with_policy(
        policies.dig(policies.market(), 50), "self_sufficiency", share=0.4, **HOME
    ),
    "recycled_content": lambda: with_policy(
        policies.market().process("recycle", "recycle", gives={"li": 1}, variable_cost=50),
        "recycled_content",
        metal="lithium",
        share=0.25,
    ),
    "collection_target": lambda: with_policy(
        supply.recycled(rate=1.0, collect_cost=40), "collection_target", goods=["old"], share=0.5
    ),
    "stockpile_cover": lambda: policies.covered(),
    "pin_floor": lambda: with_policy(
        policies.dig(policies.market(), 50, observed={2021: 40}), "pin", tolerance=0.1
    ),
    "pin_ceiling": lambda: with_policy(
        policies.dig(policies.market(), 10, observed={2021: 40}), "pin", tolerance=0.1
    ),
    "import_share": lambda: policies.origins(),
    "quota": lambda: with_policy(
        policies.dig(policies.market(), 10), "quota", processes=["dig"], cap=50
    ),
    "carbon_cap": lambda: with_policy(
        policies.dig(policies.market(last=2022, discount_rate=0.1), 10, direct_emission=4),
        "carbon_cap",
        scope="territorial",
        cap=200,
    ),
    "carbon_budget": lambda: with_policy(
        policies.dig(policies.market(last=2022, discount_rate=0.1), 10, direct_emission=4),
        "carbon_budget",
        **BUDGET,
    ),
    "impact_account": lambda: impacts.market(price=1),
    "impact_cap": lambda: with_policy(impacts.market(last=2022), "impact_cap", **WATER, cap=250),
    "impact_budget": lambda: with_policy(
        impacts.market(last=2022), "impact_budget", **WATER, cap=650
    ),
    "capital_budget": lambda: with_policy(
        policies.dig(policies.market(), 5, plant="works").plant("works", capital_cost=40, life=4),
        "capital_budget",
        cap=1000,
    ),
}
"""For each family a small study in which a row of it binds."""


def test_every_family_has_a_study_in_which_it_binds():
    """A family added to the formulation without a test of its dual fails here."""
    assert set(BINDING) == {family.name for family in FORMULATION}


@pytest.mark.parametrize("family", list(BINDING))
def test_duals_are_finite_differences_of_the_cost(tmp_path, family):
    """d(cost)/d(right-hand side), for every row of the study, in its own orientation; the family
    itself has one that is not zero."""
    arrays = compiled(system_of(BINDING[family](), tmp_path)).arrays
    program = Program(arrays)
    base = program.run()
    assert np.abs(base.dual[arrays.rows_of(family)]).max() > 1e-3, "no row of the family binds"
    for row, (name, index) in enumerate(arrays.rows):
        at = np.array([row], dtype=np.int32)
        gaps = []
        for step in (STEP, -STEP):
            program.set_rows(at, arrays.row_lower[at] + step, arrays.row_upper[at] + step)
            moved = program.run()
            if moved.status == "optimal":
                gaps.append(moved.objective - base.objective - base.dual[row] * step)
        program.set_rows(at, arrays.row_lower[at], arrays.row_upper[at])
        assert gaps, (name, index)
        assert min(gaps) == pytest.approx(0, abs=1e-6), (name, index, gaps)


# ---- from the data to the price: basis and discounting
# ---------------------------------------------------------------


def two_years_a_period(demand: Value = 100, reserve: float = 150) -> Study:
    """A deposit, works and imports over two periods of two years at 10 %: year by year."""
    study = Study(2021, 2024, step=2, discount_rate=0.1).good(
        "li", "refined", demand=demand, shortage_cost=1000
    )
    study.deposit("lake", reserve=reserve)
    study.process(
        "dig",
        "mine",
        takes={"lake": 1},
        gives={"li": 1},
        variable_cost=10,
        plant="works",
        direct_emission=1,
    )
    supply.imports(study).plant("works", existing_capacity=60)
    return study.policy("some", "quota", processes=["dig"], cap=70)


EVEN: dict[str, Callable[..., Study]] = {
    "capacity_balance": lambda **head: plants.works(
        **{k: head.pop(k) for k in ("first", "last")}, head=head, existing_capacity=60, fixed_cost=3
    ),
    "host_limit": lambda **head: (
        Study(**head)
        .host("zinc", 1000)
        .good("li", "refined", demand=15, shortage_cost=1000)
        .process("won", "byproduct", host="zinc", gives={"li": 1}, host_content=0.01)
    ),
    "emission_account": lambda **head: supply.emitting(**head),
    "carbon_cap": lambda **head: with_policy(
        policies.dig(policies.market(**head), 10, direct_emission=4),
        "carbon_cap",
        scope="territorial",
        cap=200,
    ),
    "self_sufficiency": lambda **head: with_policy(
        policies.dig(policies.market(**head), 50), "self_sufficiency", share=0.4, **HOME
    ),
    "pin_floor": lambda **head: with_policy(
        policies.dig(policies.market(**head), 50, observed={2021: 40}), "pin", tolerance=0.1
    ),
    "pin_ceiling": lambda **head: with_policy(
        policies.dig(policies.market(**head), 10, observed={2021: 40}), "pin", tolerance=0.1
    ),
    "quota": lambda **head: with_policy(
        policies.dig(policies.market(**head), 10), "quota", processes=["dig"], cap=50
    ),
    "recycled_content": lambda **head: with_policy(
        policies.market(**head).process("recycle", "recycle", gives={"li": 1}, variable_cost=50),
        "recycled_content",
        metal="lithium",
        share=0.25,
    ),
}
"""Studies in which a year is like another."""


@pytest.mark.parametrize("family", list(EVEN))
def test_annual_prices_do_not_depend_on_the_length_of_the_period(tmp_path, family):
    """One year, and one period of two such years at 10 %: the same price of a tonne in each year.
    By the factor of the period it would be 1.909 times as high in 2021."""
    spans: tuple[dict[str, int], ...] = ({"last": 2021}, {"last": 2022, "step": 2})
    one, two = (
        plan_of(EVEN[family](first=2021, discount_rate=0.1, **span), tmp_path) for span in spans
    )
    values = [list(p.prices.loc[p.prices["family"] == family, "value"]) for p in (one, two)]
    assert max(map(abs, values[0])) > 0
    in_each = np.repeat(values[0], len(values[1]) // len(values[0]))
    assert values[1] == pytest.approx(in_each, rel=1e-9)


@pytest.mark.parametrize("year", [2021, 2022, 2024])
def test_an_annual_price_is_paid_in_its_year(tmp_path, year):
    """A tonne more of demand in one year of a period costs the price of that year times its factor,
    1.1^-age: in 2022 that of the second year of the period and not the mean of both."""
    base = plan_of(two_years_a_period(), tmp_path)
    more = plan_of(
        two_years_a_period(demand={t: 100 + STEP * (t == year) for t in range(2021, 2025)}),
        tmp_path,
    )
    factor = 1.1 ** (2021 - year)
    assert (more.objective - base.objective) / STEP == pytest.approx(
        price(base, "balance", "li", year) * factor, rel=1e-5
    )


def test_the_price_of_a_reserve_is_that_of_a_tonne_at_the_start(tmp_path):
    """60 t are mined in 2021 and in 2022, 30 t in 2023: a tonne more saves a tonne of imports in
    2023, 20/1.21 = 16.53. Its price, of the first year, is just that. Were a period planned as one,
    half of the tonne would be saved in 2024: 15.78."""
    base, more = (plan_of(two_years_a_period(reserve=150 + step), tmp_path) for step in (0, STEP))
    assert (more.objective - base.objective) / STEP == pytest.approx(
        price(base, "depletion", "lake", 2021), rel=1e-5
    )
    assert price(base, "depletion", "lake", 2021) == pytest.approx(-20 / 1.21)


@pytest.mark.parametrize(("capacity", "at_a_kink"), [(100, True), (150, False)])
def test_a_price_of_zero_in_a_row_that_binds_is_marked(tmp_path, capacity, at_a_kink):
    """Works of just the 100 t that are needed: a tonne less costs 25, a tonne more saves nothing,
    and the price may be either. Where it is 0, it is marked. Idle works are surely worth 0."""
    prices = plan_of(plants.works(existing_capacity=capacity), tmp_path).prices
    row = prices[prices["family"] == "plant_capacity"].iloc[0]
    assert -25 <= row["value"] <= 0
    assert bool(row["degenerate"]) == bool(at_a_kink and row["value"] == 0)
