"""Curves of constant elasticity: steps, competitive equilibrium and market power, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.errors import SpecError
from planner.plan.plan import Plan
from tests.small import Study, plan_of, system_of

LINE = {"elasticity": 1, "reference_price": 10, "reference_amount": 10}
"""A supply of one tonne more for each dollar more: p = q."""


def buyer(power: float | None = None, **ends: float) -> Study:
    """100 t are needed; a mine gives any amount at 40, an import by p = q, between prices of 10 and
    160 in four steps that end at 20, 40, 80 and 160."""
    known = {} if power is None else {"market_power": power}
    return (
        Study()
        .good("li", "refined", demand=100, shortage_cost=1000)
        .process("mine", "mine", gives={"li": 1}, variable_cost=40)
        .process("buy", "import", gives={"li": 1}, origin="there")
        .elastic(
            "buy",
            **LINE,
            **({"lowest_price": 10, "highest_price": 160, "steps": 4} | ends),
            **known,
        )
    )


def seller(power: float) -> Study:
    """Abroad 100 t are bought at 10, by an elasticity of -2: 25 t at 20, 400 t at 5. A tonne costs
    9 to make."""
    return (
        Study()
        .good("out", "refined", export=True)
        .process("mine", "mine", gives={"out": 1}, variable_cost=9, stage="processing")
        .elastic(
            "out",
            elasticity=-2,
            reference_price=10,
            reference_amount=100,
            lowest_price=5,
            highest_price=20,
            steps=2,
            market_power=power,
        )
    )


def bought(plan: Plan, of: str) -> float:
    """What is taken of a curve, t."""
    rows = plan.curves[(plan.curves["of"] == of) & (plan.curves["quantity"] == "taken")]
    return float(rows["value"].sum())


def test_who_takes_the_price_buys_until_it_is_the_worth_of_a_tonne(tmp_path: Path) -> None:
    """p = q meets the 40 of the mine at 40 t, all paid 40: outlay 1,600, and 60 t mined at 40:
    cost 4,000. The area under the curve is 10 x 10 + (40^2 - 10^2) / 2 = 850: the objective is
    850 + 2,400 = 3,250 and the rent abroad 750. Were the steps paid one by one, cost would be
    3,250."""
    for power in (None, 0):
        plan = plan_of(buyer(power), tmp_path / str(power))
        assert bought(plan, "buy") == pytest.approx(40)
        assert plan.objective == pytest.approx(3250)
        assert plan.cost == pytest.approx(4000)
        assert plan.headline.rent_abroad == pytest.approx(750)
        assert plan.penalty == 0
        assert plan.certificate.holds


def test_who_knows_its_weight_buys_until_the_outlay_rises_by_that(tmp_path: Path) -> None:
    """The outlay is q^2 and rises by 2 q: at 20 t by the 40 of the mine. 20 t at 20 = 400, 80 t at
    40 = 3,200: 3,600, which is both cost and objective. A price taker pays 4,000 for the same. The
    price of a tonne stays 40."""
    plan = plan_of(buyer(1), tmp_path)
    assert bought(plan, "buy") == pytest.approx(20)
    assert plan.cost == plan.objective == pytest.approx(3600)
    assert plan.headline.rent_abroad == 0
    prices = plan.prices[plan.prices["family"] == "balance"]
    assert prices["value"].tolist() == pytest.approx([40])


def test_conduct_between_the_two_weighs_part_of_the_rise(tmp_path: Path) -> None:
    """With power 0.5 a tonne is weighed at 1.5 q: the second step, of mean 30, at 45 > 40, so that
    as much is bought as by a monopsonist; the first, of mean 15, at 22.5 in the objective. It is
    10 x 10 + 10 x 22.5 + 3,200 = 3,525; what is paid is 400 + 3,200."""
    plan = plan_of(buyer(0.5), tmp_path)
    assert bought(plan, "buy") == pytest.approx(20)
    assert plan.objective == pytest.approx(3525)
    assert plan.cost == pytest.approx(3600)
    assert plan.headline.rent_abroad == pytest.approx(75)


def test_a_monopolist_abroad_sells_less(tmp_path: Path) -> None:
    """Elasticity -2: the mean price from 25 t to 100 t is 2 (10 x 100 - 20 x 25) / 75 = 13.3 > 9,
    from 100 t to 400 t 6.7 < 9: who takes the price sells 100 t at 10, earns 1,000 and pays 900,
    while buyers keep 500 + 1,000 - 1,000 = 500. Revenue p q rises by 500 over those 75 t, 6.7 < 9:
    who knows its weight sells 25 t at 20, and earns 500 for 225."""
    taker, knower = (plan_of(seller(power), tmp_path / str(power)) for power in (0, 1))
    assert bought(taker, "out") == pytest.approx(100)
    assert taker.headline.export_revenue == pytest.approx(1000)
    assert taker.cost == pytest.approx(-100)
    assert taker.objective == pytest.approx(-600)
    assert taker.headline.rent_abroad == pytest.approx(500)
    assert bought(knower, "out") == pytest.approx(25)
    assert knower.cost == knower.objective == pytest.approx(-275)


def test_a_rent_at_home_stays_there(tmp_path: Path) -> None:
    """The curve of the buyer's import, of a mine at home: the area 850 is its cost, what its owners
    earn above it is paid at home."""
    study = buyer()
    study.rows["processes"][1] |= {"kind": "mine", "origin": "", "pathway": "domestic primary"}
    plan = plan_of(study, tmp_path)
    assert plan.cost == plan.objective == pytest.approx(3250)
    assert "rent_abroad" not in set(plan.costs["item"])


@pytest.mark.parametrize("elasticity", [0.4, 1.0, 3.0, -0.5, -1.0, -2.5])
def test_the_area_under_the_steps_is_that_under_the_curve(
    elasticity: float, tmp_path: Path
) -> None:
    """Amounts and areas at the end of each step are those of q = q0 (p / p0)^e, summed over a
    hundred thousand slices of the curve; at -1, where the formula of all others is 0 / 0, as well.
    With the price at the middle of a step, the area would be off by percents."""
    study = (
        Study().good("out", "refined", export=True).good("li", "refined", demand=1, shortage_cost=9)
    )
    study.process("buy", "import", gives={"li": 1}).process("mine", "mine", gives={"out": 1})
    of = "out" if elasticity < 0 else "buy"
    study.elastic(
        of,
        elasticity=elasticity,
        reference_price=30,
        reference_amount=7,
        lowest_price=5,
        highest_price=80,
        steps=3,
    )
    system = system_of(study, tmp_path)
    curve = list((system.goods[of] if elasticity < 0 else system.processes[of]).curve.values())
    ends = np.geomspace(*((80, 5) if elasticity < 0 else (5, 80)), 4)
    sold = np.cumsum([step.amount[0] for step in curve])
    assert sold == pytest.approx(7 * (ends / 30) ** elasticity, rel=1e-12)
    area = np.array([step.price[0] * step.amount[0] for step in curve])[1:]
    for found, begin, end in zip(area, ends, ends[1:], strict=False):
        prices = np.geomspace(begin, end, 100_001)
        amounts = 7 * (prices / 30) ** elasticity
        assert found == pytest.approx(np.trapezoid(prices, amounts), rel=1e-7)
    paid = np.cumsum([step.outlay[0] * step.amount[0] for step in curve if step.outlay is not None])
    assert paid == pytest.approx(sold * ends, rel=1e-12)


def test_more_steps_come_closer_within_the_bound(tmp_path: Path) -> None:
    """The equilibrium lies at 40 t and 40 USD/t. Of n steps from 10 to 150, the one that 40 falls
    in is taken or left as a whole: the amount is off by less than its ratio of price, which n
    steps take the n-th root of."""
    off = []
    for n in (3, 9, 81):
        plan = plan_of(buyer(highest_price=150, steps=n), tmp_path / str(n))
        off.append(abs(np.log(bought(plan, "buy") / 40)))
        assert off[-1] < np.log(15) / n
    assert off[0] > off[-1]


WRONG = {
    "a falling supply": ({"elasticity": -1}, "such as 'buy' is above 0"),
    "no elasticity": ({"elasticity": None}, "has no elasticity"),
    "no steps": ({"steps": None}, "has no steps"),
    "half a step": ({"steps": 2.5}, "whole number of steps"),
    "crossed ends": ({"lowest_price": 200}, "not above the lowest_price"),
    "no price": ({"reference_price": 0}, "must be greater than 0"),
    "more than all": ({"market_power": 1.5}, "must be 1 or less"),
    "steps as well": ({"step": "1"}, "keep one of both"),
    "whole in a step": ({"whole": "1"}, "is of the whole curve"),
    "step of no name": ({"price": 1}, "keep one of both"),
    "power at home": ({"kind": "mine"}, "the country may know its weight"),
    "ever less sold": ({"good": -0.8}, "would sell ever less"),
    "a rising demand": ({"good": 0.8}, "such as 'out' is below 0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_makes_no_curve_is_refused(name: str, tmp_path: Path) -> None:
    change, message = WRONG[name]
    study = buyer(1)
    rows = study.rows["curves"]
    for row in list(rows):
        if row["parameter"] in change:
            value = change[row["parameter"]]
            rows.remove(row) if value is None else row.update(value=value)
    if "step" in change:
        study.curve("buy", s1={"price": 5})
    if "price" in change:
        rows.append({**rows[0], "parameter": "price", "unit": "USD_2021/t"})
    if "whole" in change:
        rows[0]["step"] = "1"
    if "kind" in change:
        study.rows["processes"][1] |= {"kind": "mine", "origin": "", "pathway": "domestic primary"}
    if "good" in change:
        study.good("out", "refined", export=True).process("dig", "mine", gives={"out": 1})
        study.elastic(
            "out",
            **{row["parameter"]: row["value"] for row in rows} | {"elasticity": change["good"]},
        )
    with pytest.raises(SpecError) as refused:
        system_of(study, tmp_path)
    assert message in str(refused.value)
    assert "curves.csv" in str(refused.value)
