"""Numbers that read and are probably not meant so: rates, prices of one metal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from planner.study.judgement.facts import Facts, running_cost
from planner.study.problems import Problems
from planner.system.nouns import Array, Place, Process

MOST_RATE = 0.25
"""Rate of money per year above which a percentage is suspected. Own judgement: social rates lie at
a few per cent, what risky mines must earn below a quarter."""
MOST_GROWTH = 10.0
"""Growth per year, as a share, above which a percentage is suspected (own judgement)."""
MOST_APART = 50.0
"""Times that one source of a metal may cost another before a unit is suspected: kg and t lie a
thousand apart, ore and refined metal a few times."""
PRICED_KINDS = ("intermediate", "refined")
SOURCE_COSTS = ("variable_cost", "import_price", "transport_cost")


def doubt_rates(facts: Facts, found: Problems) -> None:
    """Warn of rates that were probably meant as per cent."""
    rate = float(facts.settings["discount_rate"])
    if rate > MOST_RATE:
        found.at(facts.place_of_setting("discount_rate"), "discount_rate", _too_high(rate))
    for table, parameter, most in (
        ("plants", "interest_rate", MOST_RATE),
        ("ramps", "growth", MOST_GROWTH),
    ):
        for name in facts.numbers.names(table):
            row = facts.first(table, (name,), parameter)
            if row is not None and row.value > most:
                found.at(row, "value", f"{parameter} of '{name}' {_too_high(row.value)}")


def _too_high(rate: float) -> str:
    percent = f"{100 * rate:g} %"
    return f"is {rate:g}, that is {percent} a year; write {rate / 100:g} if {rate:g} % is meant"


def doubt_declines(facts: Facts, found: Problems) -> None:
    """Warn of limits of decline that hold nothing, since what stops would have cost nothing."""
    for name, ramp in facts.nouns.ramps.items():
        row = facts.first("ramps", (name,), "decline")
        if row is None or np.isfinite(ramp.stopping_cost).all():
            continue
        members = (p for p in facts.nouns.processes.values() if p.ramp_group == name)
        free = [process.name for process in members if _runs_for_nothing(process)]
        if free:
            found.at(
                row,
                "value",
                f"the decline of '{name}' holds nothing in years in which '{free[0]}' runs for "
                "nothing: stopping it costs no more than running it; give a stopping_cost",
            )


def _runs_for_nothing(process: Process) -> bool:
    """Return True if a process costs nothing to run in a year in which it can."""
    return bool((running_cost(process)[process.max_activity > 0] <= 0).any())


@dataclass(frozen=True, slots=True)
class _Price:
    """Least and largest cost of a source over the years, USD per t of its metal."""

    process: str
    item: str
    low: float
    high: float


def doubt_prices(facts: Facts, found: Problems) -> None:
    """Warn where one source of a metal costs a multiple of another that only a wrong unit
    explains."""
    prices: dict[str, list[_Price]] = {}
    for process in facts.nouns.processes.values():
        for metal, price in _priced(facts, process):
            prices.setdefault(metal, []).append(price)
    for metal, known in sorted(prices.items()):
        low, high = min(known, key=attrgetter("low")), max(known, key=attrgetter("high"))
        if high.high > MOST_APART * low.low:
            found.at(
                _place(facts, _further(low, high, known)),
                "value",
                f"a t of {metal} costs {low.low:.4g} USD from '{low.process}' and {high.high:.4g} "
                f"USD from '{high.process}', {high.high / low.low:.0f} times as much; check the "
                "units of both",
            )


def _further(low: _Price, high: _Price, known: list[_Price]) -> _Price:
    """The one of two prices that lies further, by its ratio, from the median of all."""
    middle = float(np.median(np.log([*(p.low for p in known), *(p.high for p in known)])))
    return high if np.log(high.high) - middle > middle - np.log(low.low) else low


def _priced(facts: Facts, process: Process) -> Iterator[tuple[str, _Price]]:
    """The metal of a source outside the economy, and what it costs; nothing for a joint one."""
    if process.inputs or len(process.outputs) != 1:
        return
    ((name, coefficient),) = process.outputs.items()
    good = facts.nouns.goods[name]
    if good.kind not in PRICED_KINDS or len(good.content) != 1:
        return
    ((metal, content),) = good.content.items()
    yield from ((metal, price) for price in _costs(process, coefficient * content))


def _costs(process: Process, given: Array) -> Iterator[_Price]:
    """What a source costs by tonne of the metal that it gives, shape (Y,); nothing where that is
    never known."""
    costs = {item: getattr(process, item) for item in SOURCE_COSTS}
    total: Array = np.sum(list(costs.values()), axis=0)
    # of a curve its first step: dear last ones are what a curve is for
    total = total + next((step.price for step in process.curve.values()), 0.0)
    known = (total > 0) & (given > 0)
    if known.any():
        each = total[known] / given[known]
        item = max(costs, key=lambda one: float(costs[one].max()))
        yield _Price(process.name, item, float(each.min()), float(each.max()))


def _place(facts: Facts, price: _Price) -> Place:
    row = facts.first("process_values", (price.process,), price.item)
    return facts.row("processes", price.process) if row is None else Place(row.file, row.row)
