"""Questions that one number answers, and how it is read off a plan, a solution or an ensemble.

An answer is asked for by a text of parts with colons between them, such as
`share:germanium:home:2060`. `KINDS` is the grammar: what there is, and of which parts each kind is
made. It serves `planner.ensemble`, `planner.sensitivity`, and the headlines of a plan with their
range (`planner.analysis.uncertainty.headline_ranges`).

Shares are those of `Plan.mix`: of what is supplied of a metal and what is short of it, new scrap
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.analysis.uncertainty.outcomes import Outcome
from planner.errors import Problem, SpecError
from planner.mfa.balance import balance
from planner.mfa.demand_measures import demand_after_measures
from planner.plan.flow_tables import flow_tables
from planner.plan.indicators import metal_account, net_import_reliance
from planner.plan.tables import Values
from planner.plan.trade_flows import served_exports
from planner.solver.highs import Arrays, Solution, by_name
from planner.system.nouns import PATHWAYS, SCOPES, Array, System
from planner.system.provenance import NEW_SCRAP, REFINED, reachable
from planner.system.trade import OWN_FORMS, form_of, goods_supply
from planner.system.unit_accounts import demand_by_good, in_refined_metal
from planner.units import suggestion

if TYPE_CHECKING:
    from planner.plan.plan import Plan

SHORT = 1e-6
"""Less than this share of the requirement unserved is rounding."""
COUNTED = tuple(name for name in PATHWAYS if name != "new scrap")
WHO: Mapping[str, tuple[str, ...]] = {
    "home": ("domestic primary", "domestic secondary"),
    "foreign": ("foreign primary", "foreign secondary"),
    "recycled": ("domestic secondary", "foreign secondary"),
    **{name.replace(" ", "-"): (name,) for name in COUNTED},
    "shortage": ("shortage",),
}
"""Parts of the supply of a metal, by the word that asks for them."""
TOTALS = ("cost", "penalty", *SCOPES, "shortage")
"""Answers of a whole plan, which need no asking."""
HEADLINES = "headlines"
"""Asks for the mix of every metal in `HEADLINE_YEARS`."""
HEADLINE_YEARS = (2030, 2040, 2060)


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What answers are read from: quantities of each metal by year, shape (..., M, T), of one plan
    or of many."""

    system: System
    totals: Mapping[str, Any]
    """Each of TOTALS."""
    flows: Mapping[str, Array]
    """t of refined metal per year, by pathway, `shortage` and `requirement`."""
    price: Array
    """USD/t of the goods demanded."""
    values: Values
    """Variables of the one plan; empty where these are of many, and answers that `Kind.by_metal`
    excludes cannot be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A question in its parts."""

    text: str
    """As it is asked."""
    kind: str
    of: str = ""
    """A metal, a process or a good."""
    who: str = ""
    """A word of WHO."""
    year: int | None = None
    """None: over all years."""

    @property
    def unit(self) -> str:
        """Unit of the number; USD is money of the study's year."""
        kind = KINDS[self.kind]
        return kind.unit if self.year is not None else kind.whole

    def read(self, numbers: Numbers) -> Any:
        """The number, or the numbers of many plans; NaN where there is none."""
        if self.kind in TOTALS and not self.of:
            return numbers.totals[self.kind]
        yearly = KINDS[self.kind].read(numbers, self)
        years = [p.first for p in numbers.system.periods]
        if self.year is not None:
            return yearly[..., years.index(self.year)]
        if self.kind == "shortage_year":
            return _first_year(yearly, years)
        return yearly @ np.array([p.length for p in numbers.system.periods], dtype=float)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer."""

    parts: tuple[str, ...]
    """What stands between its name and the year: `metal`, `source`, `process`, `good`, `process or
    good`."""
    unit: str
    whole: str
    """Unit over all years; empty where the year must be said."""
    words: str
    read: Callable[[Numbers, Answer], Array]
    """Yearly numbers, shape (..., T)."""
    by_metal: bool = True
    """It can be read from quantities of metals, also after an ensemble was made."""
    dated: bool = True
    """A year may be asked for."""

    def form(self, name: str) -> str:
        """How it is asked for: share:METAL:WHO:YEAR."""
        year = () if not self.dated else ("[YEAR]",) if self.whole else ("YEAR",)
        said = ":".join((name, *(part.upper().replace(" ", "_") for part in self.parts), *year))
        return said.replace(":[YEAR]", "[:YEAR]")


# ---- how each is read, shape (..., T)


def _of(numbers: Numbers, answer: Answer) -> int:
    return numbers.system.metals.index(answer.of)


def _supply(numbers: Numbers, answer: Answer) -> Array:
    at = _of(numbers, answer)
    return np.asarray(sum(numbers.flows[name][..., at, :] for name in WHO[answer.who]))


def _share(numbers: Numbers, answer: Answer) -> Array:
    at = _of(numbers, answer)
    whole = np.asarray(sum(numbers.flows[name][..., at, :] for name in (*COUNTED, "shortage")))
    return _ratio(_supply(numbers, answer), whole)


def _flow_of(name: str) -> Callable[[Numbers, Answer], Array]:
    return lambda numbers, answer: numbers.flows[name][..., _of(numbers, answer), :]


def _price(numbers: Numbers, answer: Answer) -> Array:
    return np.asarray(numbers.price[..., _of(numbers, answer), :])


def _is_short(numbers: Numbers, answer: Answer) -> Array:
    at = _of(numbers, answer)
    least = SHORT * numbers.flows["requirement"][..., at, :]
    return np.asarray(numbers.flows["shortage"][..., at, :] > least)


def _reliance(numbers: Numbers, answer: Answer) -> Array:
    """Net import reliance (`planner.plan.indicators.net_import_reliance`). Of a metal that leaves
    the country unrefined it needs the trace of all flows; of any other it is read at once."""
    system, at = numbers.system, _of(numbers, answer)
    if _leaves_unrefined(system, answer.of):
        found = flow_tables(balance(system), numbers.values)
        return net_import_reliance(metal_account(found, answer.of))
    bought = sum(
        (
            worth * _series(numbers, "activity", process.name)
            for process, metal, _, worth in goods_supply(system)
            if metal == answer.of
        ),
        np.zeros(len(system.periods)),
    )
    served = served_exports(numbers, answer.of)
    own = {name: v for name, v in served.items() if form_of(system.goods[name]) in OWN_FORMS}
    sold = in_refined_metal(system, answer.of, own)
    flows = {name: numbers.flows[name][..., at, :] for name in COUNTED}
    made = flows["domestic primary"] + flows["domestic secondary"]
    every: Array = sum(flows.values(), np.zeros(len(system.periods)))
    return _ratio(every - made - bought - sold, every - bought - sold)


def _leaves_unrefined(system: System, metal: str) -> bool:
    """Return True if metal that was never refined may be in what is exported in its own forms."""
    sold = {
        name
        for name, good in system.goods.items()
        if good.exported and metal in good.content and form_of(good) in OWN_FORMS
    }
    if any(p.waste in sold for p in system.products.values()):
        return True
    if any(system.goods[name].stockpile is not None for name in sold):
        return True
    within = reachable(system, metal) if sold else {}
    return any(
        not sold.isdisjoint(system.processes[name].outputs) and labels - {REFINED, NEW_SCRAP}
        for name, labels in within.items()
    )


def _flow(numbers: Numbers, answer: Answer) -> Array:
    system = numbers.system
    if answer.of in system.processes:
        return _series(numbers, "activity", answer.of)
    makers = [p for p in system.processes.values() if answer.of in p.outputs]
    return sum(
        (p.outputs[answer.of] * _series(numbers, "activity", p.name) for p in makers),
        np.zeros(len(system.periods)),
    )


def _served(numbers: Numbers, answer: Answer) -> Array:
    demand = demand_after_measures(numbers.system, numbers.values)[answer.of]
    return np.asarray(demand - _series(numbers, "shortage", answer.of))


def _series(numbers: Numbers, variable: str, name: str) -> Array:
    column = numbers.values.get(variable, {})
    return np.array([column.get((name, p.first), 0.0) for p in numbers.system.periods])


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _first_year(happens: Array, years: Sequence[int]) -> Any:
    """The first year in which something happens, NaN where it never does."""
    first = np.array(years, dtype=float)[np.argmax(happens, axis=-1)]
    return np.where(happens.any(axis=-1), first, np.nan)[()]


PER_YEAR, TONNES = "t/year", "t"
KINDS: Mapping[str, Kind] = {
    "share": Kind(("metal", "source"), "1", "", "share of what is supplied and short", _share),
    "supply": Kind(("metal", "source"), PER_YEAR, TONNES, "refined metal supplied", _supply),
    "requirement": Kind(
        ("metal",),
        PER_YEAR,
        TONNES,
        "metal required, after measures",
        _flow_of("requirement"),
    ),
    "shortage": Kind(("metal",), PER_YEAR, TONNES, "demand not served", _flow_of("shortage")),
    "shortage_year": Kind(
        ("metal",), "", "year", "first year in which demand is not served", _is_short, dated=False
    ),
    "price": Kind(("metal",), "USD/t", "", "price of the goods demanded", _price),
    "reliance": Kind(("metal",), "1", "", "net import reliance", _reliance, by_metal=False),
    "flow": Kind(
        ("process or good",),
        PER_YEAR,
        TONNES,
        "activity of a process, or what processes give of a good",
        _flow,
        by_metal=False,
    ),
    "served": Kind(
        ("good",), PER_YEAR, TONNES, "demand for a good that is served", _served, by_metal=False
    ),
    **{
        name: Kind((), "", unit, words, _is_short, dated=False)
        for name, unit, words in (
            ("cost", "USD", "all that is paid"),
            ("penalty", "USD", "penalties for shortages and targets missed"),
            ("territorial", "tCO2e", "emissions at home"),
            ("footprint", "tCO2e", "emissions with what imports embody"),
        )
    },
}
"""The grammar. `cost`, `penalty`, `territorial`, `footprint`, and `shortage` without a metal, are
of the whole plan."""


def forms() -> list[str]:
    """How each kind of answer is asked for."""
    return [kind.form(name) for name, kind in KINDS.items()] + [HEADLINES]


# ---- reading what is asked


def asked(system: System, texts: Iterable[str]) -> tuple[Answer, ...]:
    """The answers that texts ask for, each once; `headlines` asks for many. Raises SpecError with
    every problem, and what is possible in its place."""
    found: dict[str, Answer] = {}
    problems: list[Problem] = []
    for text in dict.fromkeys(part.strip() for each in texts for part in each.split(",")):
        if text == HEADLINES:
            found |= {each.text: each for each in headline_shares(system)}
            continue
        wrong = list(_wrong(system, text))
        problems += [Problem("answer", 0, "", f"'{text}' {said}") for said in wrong]
        if not wrong:
            found[text] = _parts(text)
    if problems:
        raise SpecError("answers", problems)
    return tuple(found.values())


def headline_shares(system: System) -> tuple[Answer, ...]:
    """The mix of every metal in the years of HEADLINE_YEARS that the study has, else in its last:
    the share of each pathway that refined metal may come by."""
    years = [year for year in HEADLINE_YEARS if year in _years(system)] or _years(system)[-1:]
    words = [who for who in WHO if who not in ("home", "foreign", "recycled")]
    return tuple(
        Answer(f"share:{metal}:{who}:{year}", "share", metal, who, year)
        for metal in system.metals
        for year in years
        for who in words
    )


def _years(system: System) -> list[int]:
    return [p.first for p in system.periods]


def _parts(text: str) -> Answer:
    name, *rest = text.split(":")
    kind = KINDS[name]
    if name in TOTALS and not rest:
        return Answer(text, name)
    year = int(rest.pop()) if len(rest) > len(kind.parts) else None
    by_part = dict(zip(("of", "who"), rest, strict=False))
    return Answer(text, name, by_part.get("of", ""), by_part.get("who", ""), year)


def _wrong(system: System, text: str) -> Iterator[str]:
    """What is wrong with a text, with what is possible."""
    name, *rest = text.split(":")
    if name not in KINDS:
        close = suggestion(name, [*KINDS, HEADLINES])
        yield f"asks for nothing known{close}; there are {', '.join(forms())}"
        return
    kind = KINDS[name]
    if name in TOTALS and not rest:
        return
    parts, year = rest[: len(kind.parts)], rest[len(kind.parts) :]
    least = len(kind.parts) + (kind.dated and not kind.whole)
    if not least <= len(rest) <= len(kind.parts) + kind.dated:
        yield f"has {len(rest)} parts after '{name}'; write {kind.form(name)}"
        return
    for part, word in zip(kind.parts, parts, strict=True):
        known = _known(system, part)
        if word not in known:
            choice = f"; choose one of {', '.join(known)}" if len(known) <= len(WHO) else ""
            yield f"names {part} '{word}', which there is not{suggestion(word, known)}{choice}"
    if year and year[0] not in map(str, _years(system)):
        yield f"names year '{year[0]}'; give one of {_years(system)[0]} to {_years(system)[-1]}"


def _known(system: System, part: str) -> Sequence[str]:
    return {
        "metal": list(system.metals),
        "source": list(WHO),
        "good": list(demand_by_good(system)),
        "process or good": [
            *system.processes,
            *dict.fromkeys(name for p in system.processes.values() for name in p.outputs),
        ],
    }[part]


# ---- what answers of a plan are read from


def numbers_of(plan: Plan) -> Numbers:
    """The numbers of a plan, from its tables."""
    system, shape = plan.system, (len(plan.system.metals), len(plan.system.periods))
    years = _years(system)
    flows = {name: np.zeros(shape) for name in (*PATHWAYS, "shortage", "requirement")}
    supply = (plan.supply[name] for name in ("pathway", "metal", "year", "value"))
    for pathway, metal, year, value in zip(*supply, strict=True):
        flows[pathway][system.metals.index(metal), years.index(year)] += value
    short = plan.values.get("shortage", {})
    unserved = {
        name: np.array([short.get((name, t), 0.0) for t in years])
        for name in demand_by_good(system)
    }
    price = np.full(shape, np.nan)
    demanded = demand_after_measures(system, plan.values)
    for i, metal in enumerate(system.metals):
        flows["shortage"][i] = in_refined_metal(system, metal, unserved)
        flows["requirement"][i] = in_refined_metal(system, metal, demanded)
    said = plan.indicators[plan.indicators["indicator"] == "price: goods"]
    for metal, year, value in zip(said["metal"], said["year"], said["value"], strict=True):
        price[system.metals.index(metal), years.index(year)] = value
    shortage = float(sum(each.sum() for each in flows["shortage"]))
    totals = {
        "cost": plan.cost,
        "penalty": plan.penalty,
        **plan.record.emissions,
        "shortage": shortage,
    }
    return Numbers(system, totals, flows, price, plan.values)


def numbers_at(system: System, arrays: Arrays, solution: Solution, outcome: Outcome) -> Numbers:
    """The numbers of a solution, made from this system, of which the outcome was read."""
    values = _Values(arrays, solution.x)
    return Numbers(system, outcome.answers, outcome.flows, outcome.price, values)


class _Values(Mapping[str, Mapping[Any, float]]):
    """The variables of a solution by name, made when the first of them is asked for."""

    def __init__(self, arrays: Arrays, x: Array) -> None:
        self._arrays, self._x = arrays, x

    @cached_property
    def _by_name(self) -> Mapping[str, Mapping[Any, float]]:
        arrays = self._arrays
        return by_name(arrays.columns, np.clip(self._x, arrays.lower, arrays.upper))

    def __getitem__(self, name: str) -> Mapping[Any, float]:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


def read(answers: Iterable[Answer], numbers: Numbers) -> dict[str, float]:
    """Each answer of one plan by its text."""
    return {each.text: float(each.read(numbers)) for each in answers}
