"""Cost and emissions of a unit of activity, and refined equivalents of goods, each defined in one
place.

The linear programme prices its columns with these numbers and the result tables report with them,
so that the two can only differ by an error in the programme, which the recomputed cost then shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from planner.errors import Problem, SpecError
from planner.system.nouns import HOME, SCOPES, Array, Good, Process, Ramp, Scope, Step, System

COST_ITEMS = ("variable_cost", "import_price", "transport_cost", "credit")
"""Items of the running cost of a process; the credit is counted negative."""
RUN_DOWN = "run_down"
"""What stands for the policy in the breach of a limit of decline."""


def running_costs(system: System, process: Process) -> Mapping[str, Array]:
    """Cost of a unit of activity by item, USD per unit, shape (T,) each; the credit is negative.

    Trade pays what the place it goes to levies (`duty`, and `border_adjustment` on carbon). In a
    study with places a process abroad pays the carbon price of its place, and imports what the
    border of the country charges: in one without, the carbon price falls on `priced_scope`.
    """
    signs = {"credit": -1.0}
    items = {item: signs.get(item, 1.0) * getattr(process, item) for item in COST_ITEMS}
    if process.duty is not None and process.border_charge is not None:
        items |= {"duty": process.duty, "border_adjustment": process.border_charge}
    elif process.place != HOME:
        paid = system.abroad[process.place].carbon_price
        items["carbon_price"] = paid * sum(_emitted_there(system, process).values())
    elif system.abroad and system.border_adjustment and not process.at_home:
        abroad = sum(_emitted_abroad(system, process).values())
        items["border_adjustment"] = system.carbon_price * abroad
    return items


def stopping_cost(system: System, ramp: Ramp) -> Array:
    """Penalty on a tonne a year by which a group stops faster than its decline allows, USD/t, shape
    (T,): as stated, else a year's running cost of the cheapest of its processes that may run, and
    never below zero (`planner.lp.families.ramp`)."""
    members = [p for p in system.processes.values() if p.ramp_group == ramp.name]
    nothing = np.zeros(len(system.periods))
    least: Array = nothing + np.inf
    for process in members:
        runs = process.max_activity > 0
        cost: Array = sum(running_costs(system, process).values(), nothing)
        least = np.minimum(least, np.where(runs, cost, np.inf))
    own = np.where(np.isfinite(least), np.maximum(least, 0.0), 0.0)
    stated = ramp.stopping_cost
    return np.asarray(np.where(np.isnan(stated), own, stated))


def emission_parts(system: System, process: Process) -> tuple[tuple[Scope, str, Array], ...]:
    """Emission of a unit of activity as (scope, part, t CO2e per unit of shape (T,)); the parts of
    a scope add up to its rate.

    territorial = direct x direct_emission_index + electricity x grid_intensity, of what runs at
    home; footprint = territorial + (embodied + transport) x foreign_emission_index
    (docs/design.md), and of what runs at other places the same with the index and grid there.
    """
    there = _emitted_there(system, process)
    abroad = _emitted_abroad(system, process)
    parts: list[tuple[Scope, str, Array]] = [
        ("territorial", part, rate) for part, rate in there.items() if process.place == HOME
    ]
    return (
        *parts,
        *(("footprint", part, rate) for part, rate in {**there, **abroad}.items()),
    )


def _emitted_there(system: System, process: Process) -> dict[str, Array]:
    """Emission of a unit of activity where it runs, by part; of imports and trade none."""
    if process.place != HOME and not process.is_trade:
        place = system.abroad[process.place]
        index, grid = place.direct_emission_index, place.grid_intensity
    elif process.at_home:
        index, grid = system.direct_emission_index, system.grid_intensity
    else:
        return {}
    return {"direct": process.direct_emission * index, "electricity": process.electricity * grid}


def _emitted_abroad(system: System, process: Process) -> dict[str, Array]:
    """Emission that an import embodies, and of transport, by part."""
    return {
        "embodied": process.embodied_emission * system.foreign_emission_index,
        "transport": process.transport_emission * system.foreign_emission_index,
    }


def tranche_emission_parts(system: System, step: Step) -> tuple[tuple[Scope, str, Array], ...]:
    """Emission of a tonne dug of a tranche as `emission_parts` gives those of processes. Ore is dug
    at home, so that both scopes count it alike."""
    parts = {
        "direct": step.direct_emission * system.direct_emission_index,
        "electricity": step.electricity * system.grid_intensity,
    }
    return tuple((scope, part, rate) for scope in SCOPES for part, rate in parts.items())


def tranche_emission(system: System, step: Step) -> Array:
    """Emission of a tonne dug of a tranche, t CO2e per t of its metal, shape (T,)."""
    return np.asarray(
        step.direct_emission * system.direct_emission_index
        + step.electricity * system.grid_intensity
    )


def emission_rates(system: System, process: Process) -> Mapping[Scope, Array]:
    """Emission of a unit of activity by scope, t CO2e per unit, shape (T,): the sum of
    `emission_parts`."""
    rates: dict[Scope, Array] = {scope: np.zeros(len(system.periods)) for scope in SCOPES}
    for scope, _, rate in emission_parts(system, process):
        rates[scope] = rates[scope] + rate
    return rates


def has_equivalent(good: Good, metal: str) -> bool:
    """Return True if the study says how much refined metal a tonne of a good stands for: as stated,
    by its content where it is refined, or none where it holds none."""
    return metal in good.equivalent or good.kind == "refined" or metal not in good.content


def equivalent(good: Good, metal: str) -> float:
    """Refined metal that a tonne of a good stands for in policies, t/t: as the study states it, or
    the content where the good is refined.

    Raises SpecError where the study does not say: a target that counted the metal of an ore as
    refined would bind at another level than meant. Reports need not refuse; they take
    `reported_equivalent`, which is the same number wherever this one has one.
    """
    stated = good.equivalent.get(metal)
    if stated is not None:
        return stated
    if good.kind == "refined":
        return good.content.get(metal, 0.0)
    if not np.any(good.content.get(metal, 0.0)):
        return 0.0
    raise SpecError(
        "policies",
        [
            Problem(
                "good_values.csv",
                0,
                "",
                (
                    f"a policy counts good '{good.name}', which has no 'equivalent' in {metal}; "
                    "give the refined metal got from a tonne of it"
                ),
            )
        ],
    )


def reported_equivalent(good: Good, metal: str) -> float:
    """Refined metal that a tonne of a good stands for in reports, t/t: as the study states it, or
    the content. For goods that hold the metal."""
    return good.equivalent.get(metal, good.content[metal])


def refined_output(system: System, process: Process, metal: str) -> Array:
    """Refined metal that a unit of activity puts out in the country, t per unit, shape (T,)."""
    total = np.zeros(len(system.periods))
    for name, coefficient in process.outputs.items():
        good = system.goods[name]
        if good.kind == "refined" and good.place == HOME and metal in good.content:
            total = total + coefficient * good.content[metal]
    return total


def mean_demand(system: System, good: Good) -> Array:
    """Demand for a good, t per year, shape (T,); 0 where nothing is demanded."""
    if good.demand is None:
        return np.zeros(len(system.periods))
    return good.demand


def demand_by_good(
    system: System,
    *,
    metal: str | None = None,
    export: bool | None = None,
    place: str = HOME,
) -> dict[str, Array]:
    """Demand for each good at a place (the country of the study unless said otherwise), t per year,
    shape (T,): of all goods, or of those that hold a metal, for export only or for use only."""
    return {
        good.name: good.demand
        for good in system.goods.values()
        if good.demand is not None
        and good.place == place
        and (metal is None or metal in good.content)
        and export in (None, good.export)
    }


def in_refined_metal(
    system: System,
    metal: str,
    amounts: Mapping[str, Array],
    worth: Callable[[Good, str], float] = reported_equivalent,
) -> Array:
    """Amounts of goods in refined equivalents of a metal, t per year, shape (T,): those of reports,
    or by another `worth`, such as `equivalent` for policies."""
    total = np.zeros(len(system.periods))
    for name, amount in amounts.items():
        good = system.goods[name]
        if metal in good.content:
            total = total + amount * worth(good, metal)
    return total


def refined_requirement(
    system: System, metal: str, *, export: bool | None = None, place: str = HOME
) -> Array:
    """Requirement of a metal at a place as policies count it: demand in refined equivalents, t per
    year, shape (T,), of all uses, or of exports or home uses only.

    Raises SpecError where a good that is demanded has no equivalent.
    """
    demand = demand_by_good(system, metal=metal, export=export, place=place)
    return in_refined_metal(system, metal, demand, equivalent)


def reported_requirement(system: System, metal: str, *, place: str = HOME) -> Array:
    """Requirement of a metal at a place as reports show it: demand in refined equivalents, or in
    contained metal where the study states none; t per year, shape (T,)."""
    demand = demand_by_good(system, metal=metal, place=place)
    return in_refined_metal(system, metal, demand)


def metals_of(system: System, process: Process) -> tuple[str, ...]:
    """Metals that a process handles, in the order of the study; several for joint processes."""
    goods = [system.goods[name] for name in (*process.inputs, *process.outputs)]
    found = {metal for good in goods for metal in good.content} | {
        system.deposits[d].metal for d in process.deposits
    }
    return tuple(metal for metal in system.metals if metal in found)


def priced_scope(system: System) -> Scope:
    """The scope on which the carbon price falls: territorial, or the footprint under a border
    adjustment. In a study with places territorial: the border charges what comes in by itself
    (`running_costs`), since the footprint holds what runs at all of them."""
    return SCOPES[1] if system.border_adjustment and not system.abroad else SCOPES[0]
