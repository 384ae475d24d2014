"""Curves of supply and demand: steps of processes, exports and deposits, each figure by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.errors import SpecError
from planner.mfa.flows import base_account
from tests.small import Study, plan_of, system_of


def exporter(**head: object) -> Study:
    """Home uses 50 t; what is mined at 10 USD/t, at most 90 t, and imported at 30 without limit may
    be sold abroad."""
    return (
        Study(**head)  # type: ignore[arg-type]
        .good("li", "refined")
        .good("car", "product", demand=50, shortage_cost=1000)
        .good("out", "product", stage="processing", export=True)
        .process(
            "mine", "mine", stage="processing", gives={"li": 1}, variable_cost=10, max_activity=90
        )
        .process("buy", "import", gives={"li": 1}, import_price=30)
        .process("make", "manufacture", takes={"li": 1}, gives={"car": 1})
        .process("send", "manufacture", takes={"li": 1}, gives={"out": 1}, variable_cost=2)
    )


def stepped() -> Study:
    """50 t are needed; a mine gives any amount at 10, an import 20 t at 5 and 100 t at 25."""
    return (
        Study()
        .good("li", "refined")
        .good("car", "product", demand=50, shortage_cost=1000)
        .process("mine", "mine", gives={"li": 1}, variable_cost=10)
        .process("buy", "import", gives={"li": 1})
        .process("make", "manufacture", takes={"li": 1}, gives={"car": 1})
        .curve("buy", s1={"price": 5, "amount": 20}, s2={"price": 25, "amount": 100})
    )


def pit(**head: object) -> Study:
    """Three years of 30 t, from a deposit of 100 t whose ore gets dearer, or imported at 28."""
    return (
        Study(last=2023, **head)  # type: ignore[arg-type]
        .good("li", "refined", demand=30, shortage_cost=1000)
        .deposit("pit", reserve=100)
        .process("mine", "mine", takes={"pit": 1}, gives={"li": 1}, variable_cost=10)
        .process("buy", "import", gives={"li": 1}, import_price=28)
        .curve(
            "pit",
            a={"price": 0, "reserve": 30},
            b={"price": 15, "reserve": 40},
            c={"price": 40},
        )
    )


def taken(plan: planner.Plan, of: str) -> dict[str, float]:
    """What the plan takes of each step of a curve, over all years."""
    mine = plan.curves[(plan.curves["of"] == of) & (plan.curves["quantity"] == "taken")]
    return mine.groupby("step")["value"].sum().to_dict()


def test_exports_are_sold_until_the_price_meets_the_marginal_cost(tmp_path: Path) -> None:
    """Steps of 20 t at 60, 30 t at 35 and 40 t at 31. Sending costs 2. Home needs 50 t of the 90 t
    mined at 10; the other 40 t serve the first step and 20 t of the second. Its last 10 t are
    imported at 30 + 2 < 35; the third step at 31 is below 32 and is not sold. Paid: 900 for ore,
    300 for imports, 100 for sending = 1,300; earned 20 x 60 + 30 x 35 = 2,250; net -950. Were
    exports must-serve demand, all 90 t would go and the third step lose 40 USD."""
    study = exporter().curve(
        "out",
        s1={"price": 60, "amount": 20},
        s2={"price": 35, "amount": 30},
        s3={"price": 31, "amount": 40},
    )
    plan = plan_of(study, tmp_path)
    assert taken(plan, "out") == pytest.approx({"s1": 20, "s2": 30, "s3": 0})
    assert plan.cost == pytest.approx(-950)
    assert plan.headline.gross_cost == pytest.approx(1300)
    assert plan.headline.export_revenue == pytest.approx(2250)
    assert plan.penalty == 0
    assert plan.certificate.holds
    assert "net of" in plan.headline.cost_said


def test_what_does_not_pay_is_not_sold_and_nothing_is_short(tmp_path: Path) -> None:
    """A buyer at 5 does not pay the 12 that mined metal costs sent: nothing goes, no shortage."""
    plan = plan_of(exporter().curve("out", s1={"price": 5, "amount": 20}), tmp_path)
    assert taken(plan, "out") == {"s1": 0}
    assert plan.cost == pytest.approx(500)
    assert plan.exports.empty
    assert plan.headline.export_revenue == 0
    assert plan.headline.cost_said == ""
    short = plan.indicators[plan.indicators["indicator"] == "shortage"]
    assert short["value"].sum() == 0


def test_reexports_of_imported_metal_are_seen(tmp_path: Path) -> None:
    """100 t are supplied: 90 t mined, 10 t imported (see above). Of 50 t sold abroad a tenth is
    foreign: 5 t."""
    study = exporter().curve("out", s1={"price": 60, "amount": 20}, s2={"price": 35, "amount": 30})
    plan = plan_of(study, tmp_path)
    found = plan.exports.set_index(["pathway", "origin"])["value"]
    assert found["foreign primary", "abroad"] == pytest.approx(5)
    assert found["domestic primary", ""] == pytest.approx(45)


def test_what_goes_short_abroad_is_no_export(tmp_path: Path) -> None:
    """40 t are demanded abroad, 25 t can be sent: 25 t go, and nothing where none can be sent, in
    the table of exports and in the account of the metal alike."""
    for room in (25, 0):
        study = (
            Study()
            .good("li", "refined")
            .good("out", "product", stage="processing", export=True, demand=40, shortage_cost=1000)
            .process("mine", "mine", stage="processing", gives={"li": 1}, variable_cost=10)
            .process("send", "manufacture", takes={"li": 1}, gives={"out": 1}, max_activity=room)
        )
        plan = plan_of(study, tmp_path / str(room))
        assert plan.exports["value"].sum() == pytest.approx(room)
        account = base_account(plan.balance, plan.flows, "lithium", 2021)
        sent = account[(account["stage"] == "trade") & (account["item"] == "export")]
        assert sent["value"].sum() == pytest.approx(room)


def test_the_price_of_metal_is_what_the_marginal_buyer_pays(tmp_path: Path) -> None:
    """Without imports 40 t of the mine are left for 20 t at 60 and 30 t at 35: the second step is
    marginal, so that a tonne of refined metal is worth 35 - 2 = 33."""
    study = exporter().curve("out", s1={"price": 60, "amount": 20}, s2={"price": 35, "amount": 30})
    plan = planner.solve(
        system_of(study, tmp_path, overrides={"process_values.buy.import_price": 90})
    )
    prices = plan.prices[plan.prices["family"] == "balance"].set_index("index")["value"]
    assert prices["li"] == pytest.approx(33)
    assert taken(plan, "out") == pytest.approx({"s1": 20, "s2": 20})


def test_steps_of_an_import_are_bought_the_cheapest_first(tmp_path: Path) -> None:
    """50 t are needed: 20 t at 5 before the mine at 10, then 30 t mined; at 25 nothing is bought.
    Cost 100 + 300 = 400. Were the curve one price, its mean, the mine would serve all: 500."""
    study = stepped()
    plan = plan_of(study, tmp_path)
    assert taken(plan, "buy") == pytest.approx({"s1": 20, "s2": 0})
    assert plan.cost == pytest.approx(400)
    item = plan.costs[plan.costs["item"] == "curve"]
    assert item["value"].sum() == pytest.approx(100)


def test_a_curve_is_the_same_as_a_process_for_each_step(tmp_path: Path) -> None:
    """Two imports at 5 (20 t) and 25 (100 t) cost what one with these steps does, at any demand."""
    for demand in (10, 50, 130):
        one = (
            Study()
            .good("li", "refined", demand=demand, shortage_cost=1000)
            .process("mine", "mine", gives={"li": 1}, variable_cost=10, max_activity=15)
            .process("buy", "import", gives={"li": 1})
            .curve("buy", s1={"price": 5, "amount": 20}, s2={"price": 25, "amount": 100})
        )
        two = (
            Study()
            .good("li", "refined", demand=demand, shortage_cost=1000)
            .process("mine", "mine", gives={"li": 1}, variable_cost=10, max_activity=15)
            .process("b1", "import", gives={"li": 1}, import_price=5, max_activity=20)
            .process("b2", "import", gives={"li": 1}, import_price=25, max_activity=100)
        )
        costs = [plan_of(s, tmp_path / f"{demand}{i}").cost for i, s in enumerate((one, two))]
        assert costs[0] == pytest.approx(costs[1], rel=1e-12)


def test_a_deposit_is_dug_at_rising_cost(tmp_path: Path) -> None:
    """A deposit of 100 t: the first 30 t cost nothing beside the mine's 10, the next 40 t 15 more,
    the rest 40 more. Three years of 30 t: 30 t at 10, 40 t at 25, and 20 t imported at 28 rather
    than dug at 50: 300 + 1,000 + 560 = 1,860. Without the curve all 90 t at 10: 900."""
    study = pit()
    plan = plan_of(study, tmp_path)
    assert taken(plan, "pit") == pytest.approx({"a": 30, "b": 40, "c": 0})
    assert plan.cost == pytest.approx(1860)
    left = plan.curves[plan.curves["quantity"] == "left"].groupby("step")["value"].last()
    assert left.to_dict() == pytest.approx({"a": 0, "b": 0})
    rent = plan.prices[plan.prices["family"] == "deposit_step"].set_index("index")["value"]
    # a tonne more of cheap ore replaces 28 with 10, one of the second step 28 with 25
    assert rent["pit/a"] == pytest.approx(-18)
    assert rent["pit/b"] == pytest.approx(-3)


def test_what_is_sold_abroad_counts_against_self_sufficiency(tmp_path: Path) -> None:
    """Home output less exports is to be 100 % of 50 t: of 90 t mined only 40 t may go abroad,
    although 60 t would pay. Without the count 60 t would go."""
    study = exporter().curve("out", s1={"price": 60, "amount": 60})
    study.policy("own", "self_sufficiency", metal="lithium", stages=["processing"], share=1.0)
    for row in study.rows["goods"]:
        if row["good"] in ("out", "car"):
            study.rows["good_values"].append(
                {
                    "good": row["good"],
                    "metal": "lithium",
                    "parameter": "equivalent",
                    "value": 1,
                    "unit": "t/t",
                    "source": "made for a test",
                }
            )
    assert taken(plan_of(study, tmp_path / "held"), "out") == pytest.approx({"s1": 40})
    study.policies.clear()
    assert taken(plan_of(study, tmp_path / "free"), "out") == pytest.approx({"s1": 60})


def test_a_simulation_sells_what_was_observed(tmp_path: Path) -> None:
    """20 t were observed to be sent: without a plan they go abroad, 15 t at the first step and the
    rest, beyond what buyers take there, at the last; the balance closes."""
    study = exporter()
    study._values("process_values", {"process": "send"}, {"observed": {2021: 20}})
    study._values("process_values", {"process": "mine"}, {"observed": {2021: 70}})
    study._values("process_values", {"process": "buy"}, {"observed": {2021: 0}})
    study.curve("out", s1={"price": 60, "amount": 15}, s2={"price": 40, "amount": 2})
    run = planner.simulate(planner.balance(system_of(study, tmp_path)))
    assert run.values["step"] == {("out/s1", 2021): 15.0, ("out/s2", 2021): 5.0}
    gone = run.flows[run.flows["target"] == "export"]
    assert gone["value"].sum() == pytest.approx(20)
    assert run.values["activity"]["mine", 2021] == pytest.approx(70)


WRONG = {
    "falling supply": (
        "buy",
        {"s1": {"price": 20, "amount": 5}, "s2": {"price": 10, "amount": 5}},
        "must not fall from step to step",
    ),
    "rising demand": (
        "out",
        {"s1": {"price": 20, "amount": 5}, "s2": {"price": 30, "amount": 5}},
        "must not rise from step to step",
    ),
    "two prices": ("dear", {"s1": {"price": 20, "amount": 5}}, "would pay both"),
    "home demand and curve": ("car", {"s1": {"price": 20, "amount": 5}}, "keep one of both"),
    "no amount": ("out", {"s1": {"price": 20}}, "has no amount"),
    "no price": ("out", {"s1": {"amount": 20}}, "has no price"),
    "reserve of an import": ("buy", {"s1": {"price": 20, "reserve": 5}}, "is no deposit"),
    "amount of a deposit": ("pit", {"s1": {"price": 20, "amount": 5}}, "is a deposit"),
    "unknown": ("nobody", {"s1": {"price": 20, "amount": 5}}, "is not defined"),
    "negative": ("buy", {"s1": {"price": 20, "amount": -5}}, "must not be negative"),
    "a slash": ("buy", {"a/b": {"price": 20, "amount": 5}}, "holds a point or a slash"),
    "demand and curve": ("must", {"s1": {"price": 20, "amount": 5}}, "keep one of both"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_refused(name: str, tmp_path: Path) -> None:
    of, steps, message = WRONG[name]
    study = exporter()
    study.good("must", "product", stage="processing", export=True, demand=1, shortage_cost=1000)
    study.process("send2", "manufacture", takes={"li": 1}, gives={"must": 1})
    study.deposit("pit", reserve=100)
    study.process("dig", "mine", takes={"pit": 1}, gives={"li": 1}, variable_cost=9)
    study.process("dear", "import", gives={"li": 1}, import_price=50)
    study.rows["process_values"] = [
        row
        for row in study.rows["process_values"]
        if (row["process"], row["parameter"]) != ("buy", "import_price")
    ]
    study.curve(of, **steps)
    with pytest.raises(SpecError) as refused:
        system_of(study, tmp_path)
    assert message in str(refused.value)
    assert "curves.csv" in str(refused.value)


def test_steps_stand_in_the_order_of_their_names_numbers_by_size(tmp_path: Path) -> None:
    """2 comes before 10: sorted as text the prices would seem to fall."""
    study = exporter().curve(
        "out", **{"2": {"price": 60, "amount": 5}, "10": {"price": 40, "amount": 5}}
    )
    assert list(system_of(study, tmp_path).goods["out"].curve) == ["2", "10"]


def test_a_step_is_set_by_its_path(tmp_path: Path) -> None:
    """`--set curves.out.s1.amount` changes one step, and in one year with the year appended."""
    study = exporter(last=2022).curve(
        "out", s1={"price": 60, "amount": [10, 20]}, s2={"price": 35, "amount": 5}
    )
    overrides = {"curves.out.s1.amount.2022": 7, "curves.out.s2.price": "0.02 USD_2021/kg"}
    plan = planner.solve(system_of(study, tmp_path, overrides=overrides))
    curve = plan.system.goods["out"].curve
    assert curve["s1"].amount.tolist() == [10, 7]
    assert curve["s2"].price.tolist() == [20, 20]


def test_a_closure_of_an_import_with_a_curve_leaves_its_share(tmp_path: Path) -> None:
    """The steps are its bound: half of 120 t may come in, not 0 as without any bound."""
    study = (
        Study()
        .good("li", "refined", demand=100, shortage_cost=1000)
        .process("buy", "import", gives={"li": 1}, origin="there")
        .curve("buy", s1={"price": 5, "amount": 20}, s2={"price": 25, "amount": 100})
        .policy("shut", "closure", origin="there", share=0.5)
    )
    plan = plan_of(study, tmp_path)
    assert taken(plan, "buy") == pytest.approx({"s1": 20, "s2": 40})


def test_one_step_without_a_limit_is_a_price(tmp_path: Path) -> None:
    """50 t at 7 cost 350, by a price or by a curve of one step without an amount."""
    for name, price in (("price", {"import_price": 7}), ("curve", {})):
        study = (
            Study()
            .good("li", "refined", demand=50, shortage_cost=1000)
            .process("buy", "import", gives={"li": 1}, **price)
        )
        if not price:
            study.curve("buy", s1={"price": 7})
        assert plan_of(study, tmp_path / name).cost == pytest.approx(350)


def test_a_step_split_in_two_halves_is_the_same(tmp_path: Path) -> None:
    """20 t at 5 and 30 t mined at 10 cost 400, however the 20 t are cut."""
    halves = stepped()
    halves.rows["curves"].clear()
    half = {"price": 5, "amount": 10}
    halves.curve("buy", s1=half, s2=half, s3={"price": 25, "amount": 100})
    plan = plan_of(halves, tmp_path / "halves")
    assert plan.cost == pytest.approx(400)
    assert plan.cost == pytest.approx(plan_of(stepped(), tmp_path / "whole").cost)


def test_a_buyer_above_every_price_is_a_demand_served(tmp_path: Path) -> None:
    """20 t at 900 are sold as 20 t demanded would be served: the cost without what they earn is the
    same, 70 t mined at 10 and 20 t sent at 2, 740."""
    sold = plan_of(exporter().curve("out", s1={"price": 900, "amount": 20}), tmp_path / "sold")
    wanted = exporter()
    wanted._values("demand", {"good": "out"}, {"": 20})
    rows = [row for row in wanted.rows["demand"] if row["good"] == "out"]
    for row in rows:
        row.pop("parameter", None)
        row["unit"] = "t/year"
    key = {"good": "out", "parameter": "shortage_cost"}
    paid = {"value": 9000, "unit": "USD_2021/t", "source": "made for a test"}
    wanted.rows["good_values"].append(key | paid)
    served = plan_of(wanted, tmp_path / "served")
    assert sold.headline.gross_cost == pytest.approx(740)
    assert served.cost == pytest.approx(740)
    assert sold.cost == pytest.approx(740 - 18000)


def test_samples_never_reorder_the_steps(tmp_path: Path) -> None:
    """Prices of 40 (10 to 50) and 30 (5 to 45) overlap. Drawn by themselves every other sample
    would have a second buyer who pays more than the first; with one quantile none has, and a plan
    for each sample is found."""
    study = exporter().curve("out", s1={"price": 40, "amount": 20}, s2={"price": 30, "amount": 30})
    ends = {("s1", "price"): (10, 50), ("s2", "price"): (5, 45), ("s1", "amount"): (10, 40)}
    for row in study.rows["curves"]:
        if (row["step"], row["parameter"]) in ends:
            row["low"], row["high"] = ends[row["step"], row["parameter"]]
    system = system_of(study, tmp_path)
    from planner.analysis.uncertainty.sampling import draw, uncertainty

    known = uncertainty(system)
    at = known.columns()
    assert at["curves.out.s1.price"] == at["curves.out.s2.price"]
    assert at["curves.out.s1.price"] != at["curves.out.s1.amount"]
    points = draw(known, 64, seed=1)
    by_name = {each.name: each for each in known.inputs}
    one, two = (
        by_name[f"curves.out.{s}.price"].at(points[:, at[f"curves.out.{s}.price"]])
        for s in ("s1", "s2")
    )
    assert (one > two).all()
    assert np.ptp(one) > 20
    found = planner.ensemble(system, samples=64, seed=1, workers=1)
    assert (found.headline["status"] == "optimal").all()
    assert (found.headline["drawn_back"] == 0).all()
