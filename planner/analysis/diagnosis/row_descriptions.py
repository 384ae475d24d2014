"""Rows and bounds of the linear programme in words, with their numbers and the input lines that
these come from.

One sentence for each family of rows (a test holds that none lacks one) and for each kind of column
that the study bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.lp.formulation import FORMULATION
from planner.mfa.balance import Balance
from planner.solver.highs import Arrays, Name
from planner.study.provenance import Inputs, figures, plain, span, years_of
from planner.system.nouns import Array, Policy, System

FAMILIES = {family.name: family for family in FORMULATION}
TARGETS = frozenset(family.name for family in FORMULATION if family.target)
POLICY_UNITS = {
    "quota": "t/year",
    "carbon_cap": "tCO2e/year",
    "carbon_budget": "tCO2e",
    "capital_budget": "USD/year",
    "stockpile_cover": "months",
}
"""Units of levels that are no shares."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A row or a bound of an irreducible set, or of its years together: none can be left out of the
    clash."""

    family: str
    """Family of rows; or the variable whose bound it is, with `most` or `least` before it."""
    name: str
    first: int | None
    """First and last year for which it is needed; None where it is of all years."""
    last: int | None
    words: str
    place: str
    """`file:line` of the number, empty where none is given (a rule of nature)."""
    target: bool
    """Whether people set it."""

    @property
    def sentence(self) -> str:
        """The words with their place."""
        return f"{self.words} ({self.place})" if self.place else self.words


class Teller:
    """Tells rows of one System in words. Made once; holds what the words need."""

    def __init__(self, system: System, balance: Balance, arrays: Arrays) -> None:
        self.system, self.balance, self.arrays = system, balance, arrays
        self.inputs = Inputs(system)
        self.first = [period.first for period in system.periods]

    # ---- numbers

    def mean(self, series: Array | None, years: Iterable[int]) -> Array:
        """A yearly series in the periods that begin in these years, mean of each."""
        if series is None:
            return np.array([0.0])
        return np.asarray(
            self.system.period_mean(series)[[self.first.index(t) for t in sorted(years)]]
        )

    def when(self, years: Iterable[int]) -> str:
        """Years in words."""
        return span(years_of(self.system, years))

    def bounds(self, family: str, index: tuple[Any, ...], years: Iterable[int]) -> Array:
        """Right-hand sides of rows, whichever side is held."""
        at = [self.arrays.row_at[family, (*index, t)] for t in sorted(years)]
        return np.where(
            np.isfinite(self.arrays.row_lower[at]),
            self.arrays.row_lower[at],
            self.arrays.row_upper[at],
        )

    # ---- reasons

    def rows(self, names: Iterable[Name]) -> list[Reason]:
        """Reasons of rows, those of one family and subject together over their years; targets
        first."""
        grouped: dict[tuple[str, tuple[Any, ...]], list[int]] = {}
        for family, index in names:
            key = (family, tuple(index[:-1] if self.dated(family) else index))
            grouped.setdefault(key, [])
            if self.dated(family):
                grouped[key].append(int(str(index[-1])))
        found = [
            self.reason(family, index, sorted(years)) for (family, index), years in grouped.items()
        ]
        order = {family.name: i for i, family in enumerate(FORMULATION)}
        return sorted(found, key=lambda r: (not r.target, order.get(r.family, len(order)), r.name))

    @staticmethod
    def dated(family: str) -> bool:
        """Whether the rows of a family are of single years."""
        return family in FAMILIES and "year" in FAMILIES[family].indices

    def reason(self, family: str, index: tuple[Any, ...], years: list[int]) -> Reason:
        """The reason of one row over some years."""
        tell = WORDS.get(family)
        words, place = (
            tell(self, index, years)
            if tell is not None
            else (f"{family}[{', '.join(map(str, index))}] holds", "")
        )
        first, last = (years[0], years_of(self.system, years)[-1]) if years else (None, None)
        return Reason(
            family, ", ".join(map(str, index)), first, last, words, place, family in TARGETS
        )

    def bound(
        self, variable: str, index: tuple[Any, ...], years: list[int], upper: bool
    ) -> Reason | None:
        """The reason of a column's bound; None where it is only that nothing is less than nothing,
        or what its own row says already."""
        tell = BOUNDS.get((variable, upper))
        words, place = tell(self, index, years) if tell is not None else ("", "")
        if not words:
            return None
        side = "most" if upper else "least"
        return Reason(
            f"{side} {variable}",
            ", ".join(map(str, index)),
            years[0],
            years_of(self.system, years)[-1],
            words,
            place,
            False,
        )

    # ---- policies

    def policy(self, name: str) -> Policy:
        return self.system.policies[name]


def level(system: System, policy: Policy) -> str:
    """A level with its unit and years: 76 % in 2031-2040, or 50 % going to 70 % in 2025-2040."""
    held = np.flatnonzero(np.isfinite(policy.level))
    if not len(held):
        return "in no year"
    first, last = (amount(policy, float(policy.level[i])) for i in (held[0], held[-1]))
    years = span(
        [system.years[held[0]], *(range(system.years[held[0]], system.years[held[-1]] + 1))]
    )
    return f"{first} {years}" if first == last else f"{first} going to {last} {years}"


def amount(policy: Policy, value: float) -> str:
    """A level with its unit."""
    unit = POLICY_UNITS.get(policy.kind)
    return f"{plain(value * 100)} %" if unit is None else f"{plain(value)} {unit}"


Telling = tuple[str, str]
Index = tuple[Any, ...]


# ---- rows of nature and plant


def _balance(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    good, when = t.system.goods[name], t.when(years)
    if good.demand is not None:
        return (
            (
                f"{name}: {figures(t.mean(good.demand, years), 't/year')} {when} must be served or "
                "go short"
            ),
            t.inputs.line("demand", name, "demand", year=years[0]),
        )
    if name in t.balance.arising:
        arising = figures(t.mean(t.balance.arising[name], years), "t/year")
        return f"{name}: {arising} leaves use {when}, and no more can be taken", ""
    return f"{name}: what is used of it {when} must be made, bought or in store", ""


def _plant_capacity(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    can = t.mean(t.system.plants[name].availability, years)
    part = f"{figures(can, '1')} of " if (can < 1).any() else ""
    return f"{name}: runs at most at {part}the capacity that stands {t.when(years)}", t.inputs.line(
        "plants", name, "availability"
    )


def _capacity_balance(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    plant = t.system.plants[name]
    ordered = {
        v
        for column, (k, v) in ((c, i) for c, i in t.arrays.columns if c == "new_capacity")
        if k == name
    }
    more = (
        f"what is ordered stands {plant.lead_time} years later"
        if ordered and plant.lead_time
        else "more can be ordered"
        if ordered
        else "no more can be ordered in time"
    )
    stands = figures(t.mean(plant.existing, years), "t/year")
    return f"{name}: {stands} stands {t.when(years)} by itself, {more}", t.inputs.line(
        "plants", name, "existing_capacity", year=years[0]
    )


def _build_rate(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    most = figures(t.mean(t.system.plants[name].max_new, years), "t/year")
    return f"{name}: at most {most} can be ordered in a year {t.when(years)}", t.inputs.line(
        "plants", name, "max_new", year=years[0]
    )


def _capacity_limit(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    most = figures(t.mean(t.system.plants[name].max_capacity, years), "t/year")
    return f"{name}: can grow to {most} {t.when(years)} and no further", t.inputs.line(
        "plants", name, "max_capacity", year=years[0]
    )


def _ramp(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    ramp = t.system.ramps[name]
    step = f" and {plain(ramp.step)} t/year" if ramp.step else ""
    return (
        f"{name}: grows by at most {figures([ramp.growth], '1')}{step} a year {t.when(years)}",
        t.inputs.line("ramps", name, "growth"),
    )


def _run_down(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    fall = figures([t.system.ramps[name].decline], "1")
    return f"{name}: falls by at most {fall} a year {t.when(years)}", t.inputs.line(
        "ramps", name, "decline"
    )


def _depletion(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    deposit = t.system.deposits[name]
    added = (
        f", and {figures(t.mean(deposit.additions, years), 't/year')} is added"
        if deposit.additions.any()
        else ""
    )
    until = years_of(t.system, years)[-1]
    return (
        (
            f"{name}: holds {plain(deposit.reserve)} t at the start{added}, for all that is dug "
            f"until {until}"
        ),
        t.inputs.line("deposits", name, deposit.metal, "reserve"),
    )


def _exploration_limit(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    most = plain(t.system.exploration[name].most)
    return f"{name}: no more than {most} t is there to be found", t.inputs.line(
        "exploration", name, "most"
    )


def _extension(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    measure = t.system.measures[name]
    most = figures(t.mean(measure.potential, years), "1")
    return (
        f"{name}: at most {most} of {measure.good} can be given the longer life {t.when(years)}",
        t.inputs.line("measure_values", name, "potential", year=years[0]),
    )


def _service(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    product = t.system.measures[name].product
    return (
        (
            f"{name}: no less of {product} may be in use at the end of each year than without it, "
            f"{t.when(years)}"
        ),
        "",
    )


def _host_limit(t: Teller, index: Index, years: list[int]) -> Telling:
    host, metal = index
    output = figures(t.mean(t.system.hosts[host].output, years), "t/year")
    return (
        f"{host}: its output of {output} {t.when(years)} bounds the {metal} that comes with it",
        t.inputs.line("hosts", host, "output", year=years[0]),
    )


def _collection(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    good = t.system.goods[name]
    waste = t.balance.arising.get(name)
    of = (
        f" of the {figures(t.mean(waste, years), 't/year')} that leaves use"
        if waste is not None
        else " of what arises"
    )
    return (
        (
            f"{name}: at most {figures(t.mean(good.collection_rate, years), '1')}{of} can be "
            f"collected {t.when(years)}"
        ),
        t.inputs.line("collection", name, "rate", year=years[0]),
    )


def _stockpile_balance(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    pile = t.system.goods[name].stockpile
    opening = plain(pile.opening) if pile is not None else "0"
    return (
        (
            f"{name}: the store begins with {opening} t and holds what was put in and not taken "
            f"out, {t.when(years)}"
        ),
        t.inputs.line("good_values", name, "", "opening_stock"),
    )


def _emission_account(t: Teller, index: Index, years: list[int]) -> Telling:
    (scope,) = index
    return f"{scope} emissions are those of what runs {t.when(years)}", ""


# ---- targets


def _of_policy(t: Teller, index: Index, words: str) -> Telling:
    return f"{index[0]}: {words}", t.inputs.policy(index[0])


def _self_sufficiency(t: Teller, index: Index, years: list[int]) -> Telling:
    policy = t.policy(index[0])
    need = figures(t.bounds("self_sufficiency", index, years), "t/year")
    share = figures(t.mean(policy.level, years), "1")
    return _of_policy(
        t,
        index,
        f"home output at {' and '.join(policy.stages)} of at least {share} of the home demand for "
        f"{policy.metal} "
        f"and all exports there, that is {need} {t.when(years)}",
    )


def _recycled_content(t: Teller, index: Index, years: list[int]) -> Telling:
    policy = t.policy(index[0])
    return _of_policy(
        t,
        index,
        f"at least {figures(t.mean(policy.level, years), '1')} of all refined {policy.metal} is "
        "recycled "
        f"{t.when(years)}",
    )


def _collection_target(t: Teller, index: Index, years: list[int]) -> Telling:
    share = figures(t.mean(t.policy(index[0]).level, years), "1")
    return _of_policy(t, index, f"at least {share} of {index[1]} is collected {t.when(years)}")


def _stockpile_cover(t: Teller, index: Index, years: list[int]) -> Telling:
    need, months = (
        figures(t.bounds("stockpile_cover", index, years), "t"),
        figures(t.mean(t.policy(index[0]).level, years), "months"),
    )
    return _of_policy(
        t,
        index,
        f"at least {need} of {index[1]} in store, {months} of what is refined, {t.when(years)}",
    )


def _pin_floor(t: Teller, index: Index, years: list[int]) -> Telling:
    return _of_policy(
        t,
        index,
        f"{index[1]} runs at least at {figures(t.bounds('pin_floor', index, years), 't/year')} "
        f"{t.when(years)}, "
        "near what was observed",
    )


def _pin_ceiling(t: Teller, index: Index, years: list[int]) -> Telling:
    return _of_policy(
        t,
        index,
        f"{index[1]} runs at most at {figures(t.bounds('pin_ceiling', index, years), 't/year')} "
        f"{t.when(years)}, "
        "near what was observed",
    )


def _import_share(t: Teller, index: Index, years: list[int]) -> Telling:
    policy = t.policy(index[0])
    share = figures(t.mean(policy.level, years), "1")
    what = (
        f"all imports of {policy.metal}"
        if policy.of == "imports"
        else f"the need for {policy.metal}"
    )
    return _of_policy(
        t, index, f"at most {share} of {what} comes from {policy.origin} {t.when(years)}"
    )


def _quota(t: Teller, index: Index, years: list[int]) -> Telling:
    policy = t.policy(index[0])
    cap = figures(t.bounds("quota", index, years), "t/year")
    return _of_policy(
        t, index, f"{', '.join(policy.processes)} together at most {cap} {t.when(years)}"
    )


def _carbon_cap(t: Teller, index: Index, years: list[int]) -> Telling:
    cap = figures(t.bounds("carbon_cap", index, years), "tCO2e/year")
    return _of_policy(
        t, index, f"{t.policy(index[0]).scope} emissions of at most {cap} {t.when(years)}"
    )


def _carbon_budget(t: Teller, index: Index, years: list[int]) -> Telling:
    policy = t.policy(index[0])
    cap = amount(policy, float(np.nanmax(policy.level)))
    return _of_policy(t, index, f"{policy.scope} emissions of at most {cap} over all years")


def _capital_budget(t: Teller, index: Index, years: list[int]) -> Telling:
    cap = figures(t.bounds("capital_budget", index, years), "USD/year")
    return _of_policy(t, index, f"at most {cap} for new plants {t.when(years)}")


WORDS: Mapping[str, Callable[[Teller, Index, list[int]], Telling]] = {
    "balance": _balance,
    "plant_capacity": _plant_capacity,
    "capacity_balance": _capacity_balance,
    "build_rate": _build_rate,
    "capacity_limit": _capacity_limit,
    "ramp": _ramp,
    "run_down": _run_down,
    "depletion": _depletion,
    "exploration_limit": _exploration_limit,
    "extension": _extension,
    "service": _service,
    "host_limit": _host_limit,
    "collection": _collection,
    "stockpile_balance": _stockpile_balance,
    "emission_account": _emission_account,
    "self_sufficiency": _self_sufficiency,
    "recycled_content": _recycled_content,
    "collection_target": _collection_target,
    "stockpile_cover": _stockpile_cover,
    "pin_floor": _pin_floor,
    "pin_ceiling": _pin_ceiling,
    "import_share": _import_share,
    "quota": _quota,
    "carbon_cap": _carbon_cap,
    "carbon_budget": _carbon_budget,
    "capital_budget": _capital_budget,
}
"""Family to what tells it: (the words, `file:line`) of its index without the year, and of years."""


# ---- bounds of columns


def _most_activity(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    process, when = t.system.processes[name], t.when(years)
    closed = [
        policy
        for policy in t.system.policies.values()
        if policy.kind == "closure"
        and process.kind == "import"
        and policy.origin == process.origin
        and np.isfinite(t.mean(policy.level, years)).any()
    ]
    most = figures(t.mean(process.max_activity, years), "t/year")
    if closed:
        return (
            f"{name}: imports from {process.origin} are held to {most} {when} by {closed[0].name}",
            t.inputs.policy(closed[0].name),
        )
    return f"{name}: at most {most} {when}", t.inputs.line(
        "process_values", name, "max_activity", year=years[0]
    )


def _least_activity(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    least = t.mean(t.system.processes[name].min_activity, years)
    if not least.any():
        return "", ""
    return (
        f"{name}: must run at {figures(least, 't/year')} at least {t.when(years)}",
        t.inputs.line("process_values", name, "min_activity", year=years[0]),
    )


def _most_stock(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    pile = t.system.goods[name].stockpile
    most = plain(pile.maximum) if pile is not None else "0"
    return f"{name}: the store holds at most {most} t", t.inputs.line(
        "good_values", name, "", "max_stock"
    )


def _least_stock(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    pile = t.system.goods[name].stockpile
    if pile is None or not pile.closing or t.first[-1] not in years:
        return "", ""
    line = t.inputs.line("good_values", name, "", "closing_stock") or t.inputs.line(
        "good_values", name, "", "opening_stock"
    )
    return f"{name}: the store must hold {plain(pile.closing)} t at the end", line


def _most_measure(t: Teller, index: Index, years: list[int]) -> Telling:
    name = str(index[0]).partition(":")[0]
    measure = t.system.measures[name]
    return (
        (
            f"{name}: spares at most {figures(t.mean(measure.potential, years), '1')} of "
            f"{measure.good} {t.when(years)}"
        ),
        t.inputs.line("measure_values", name, "potential", year=years[0]),
    )


def _most_explored(t: Teller, index: Index, years: list[int]) -> Telling:
    (name,) = index
    most = figures(t.mean(t.system.exploration[name].potential, years), "t/year")
    return f"{name}: at most {most} can be found {t.when(years)}", t.inputs.line(
        "exploration", name, "potential", year=years[0]
    )


BOUNDS: Mapping[tuple[str, bool], Callable[[Teller, Index, list[int]], Telling]] = {
    ("activity", True): _most_activity,
    ("activity", False): _least_activity,
    ("stockpile", True): _most_stock,
    ("stockpile", False): _least_stock,
    ("measure", True): _most_measure,
    ("explored", True): _most_explored,
}
"""(variable, upper) to what tells the bound. Others say only that nothing is less than nothing, or
what the row of the column says."""
