"""The section of a study with places: what the plan costs each of them, with and without what its
tariffs earn, and what it emits there."""

from __future__ import annotations

from planner.analysis.tradeoffs.places import COSTS, country_cost, places
from planner.plan.plan import Plan
from planner.reporting.blocks import Section, TextTable, number
from planner.reporting.words import amount


def by_place(plan: Plan) -> Section | None:
    """Cost and emissions of each place over the horizon; None in a study without places."""
    if not plan.system.abroad:
        return None
    found = places(plan)
    of_money = found[found["present_value"].notna()]
    money = of_money.groupby(["place", "item"], sort=False)["present_value"].sum()
    emitted = found[found["item"] == "emissions"].groupby("place")["value"].sum()
    rows = tuple(
        (
            place,
            *(number(float(money[place, item])) for item in COSTS),
            number(float(emitted.get(place, 0.0))),
        )
        for place in dict.fromkeys(found["place"])
    )
    unit = f"{plan.record.currency}, present value"
    return Section(
        "Places",
        (_said(plan),),
        (
            TextTable(
                f"Cost by place ({unit}), and emissions of all years (t CO2e)",
                ("place", *COSTS, "emissions"),
                rows,
                frozenset(range(1, 2 + len(COSTS))),
            ),
        ),
        "Purchases and sales are valued at the price of the place that sells; over all places they "
        "cancel. What a place levies is in its cost, and taken off in the cost net of revenue.",
    )


def _said(plan: Plan) -> str:
    cost, unit = country_cost(plan), plan.record.currency
    said = f"{plan.system.country} pays {amount(cost['cost'])} {unit} (present value)"
    if not cost["revenue"]:
        return f"{said}; it levies nothing on what comes in."
    return (
        f"{said}, of which {amount(cost['revenue'])} are its own tariffs: without them "
        f"{amount(cost['cost net of revenue'])}."
    )
