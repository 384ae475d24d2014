"""Home demand that answers to price."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.mfa.demand_measures import BOUGHT


def demand_curve(m: Any, g: str, t: int) -> Any:
    r"""What is bought at home of a good is bought by the steps of its demand curve, the dearest
    first. It enters use, and like a measure with the sign turned it changes the balance of the
    good now and that of its waste later.

    $$x_{u_g,t} - \sum_{s \in s_g} e_{s,t} = 0$$   [t / yr]
    """
    return (
        sum(m.measure[u, t] for u in m.bought_of[g]) - sum(m.step[s, t] for s in m.steps_of[g]) == 0
    )


def _fill(m: Components, given: Given) -> None:
    answering = [good.name for good in given.system.goods.values() if good.answers]
    add_sets(m, "bought_of", {name: [name + BOUGHT] for name in answering})
    add_set(m, "demand_curve_rows", [(g, t) for g in answering for t in given.years], width=2)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    curve = facts.system.goods[name].curve
    words = f"{name}: is bought at home by {len(curve)} steps of price {facts.when(years)}"
    return words, facts.inputs.step(name, next(iter(curve)), "price")


DEMAND_CURVE = Physical(
    rule=demand_curve,
    rows="demand_curve_rows",
    indices=("good", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "bought_of",
            "u_g",
            ("good",),
            "",
            "column of what is bought at home of a good whose demand answers to price",
        ),
    ),
)
