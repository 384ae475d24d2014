"""Why: which targets clash and what the least relaxation of each is; or what sets each price, what is next, what a policy costs.

Infeasible. Only what people set is looked for among the reasons; physics always stays in. A deletion filter over the policies (Chinneck,
Feasibility and Infeasibility in Optimization, Springer, 2008, chapter 6) leaves a set of which no policy can be left out: each of them,
relaxed alone, makes the study feasible. How far is found by bisection on the policy's own level, so that the answer can be put into
study.toml as it stands. Where no policy is to blame the solver's irreducible set of rows is given.

Optimal. From the duals of the plan: prices, the next source in the merit order by reduced cost, rents of reserves, costs of policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from planner.accounts import refined_output
from planner.economics import period_factors
from planner.errors import InfeasibleError
from planner.highs import Program, plain_name
from planner.plan import Plan
from planner.progress import Step
from planner.results import series
from planner.solve import Progress, compiled, solve
from planner.system import Policy, System, frozen_array, frozen_map

CEILINGS = frozenset({"import_share", "quota", "carbon_cap", "carbon_budget", "capital_budget"})
"""Policies that are relaxed upwards; all others are floors, relaxed downwards."""
UNITS = {"quota": "t/year", "carbon_cap": "tCO2e/year", "carbon_budget": "tCO2e", "capital_budget": "USD/year", "stockpile_cover": "months"}
HALVINGS = 30
"""Steps of the bisection: the level is known to a part in 10^9."""
ROOM = 1e-6
"""How much further than the edge of feasibility a proposed level goes, as a share, so that rounding does not undo it."""
LARGEST = 2.0**40
"""No ceiling is raised beyond this multiple."""
SHOWN = (2030, 2040)
"""Years, beside the first and the last, for which the marginal source is looked for."""
MORE = 1e-3
LEAST_PART = 0.05
"""Parts of the answer below this share are not named."""
MOST_NAMED = 3
ENTRIES = ("mine", "byproduct", "import", "collect", "release")
"""Kinds of processes that bring metal into the balance; all others pass it on."""
IDLE = 1e-9
"""An activity below this share of the largest is idle."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The least that a policy must give, all others as they are, for a plan to exist."""

    policy: str
    factor: float
    """Multiply the level by this."""
    level: str
    """The level asked, in the words of study.toml."""
    relaxed: str
    """The level that can be met, likewise: what to write instead."""
    words: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Policies that cannot hold together, of which none can be left out; empty where no policy is to blame."""

    policies: tuple[str, ...]
    places: tuple[str, ...]
    words: tuple[str, ...]
    relaxations: tuple[Relaxation, ...]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a study is infeasible (`clashes`), or why its plan is as it is (the tables).

    `prices`: metal, year, price, marginal (the source that answers one more tonne), next (the best idle source), gap (USD/t by which it
    is too dear), unique. `rents`: deposit, year, rent. `policies`: policy, family, highest (cost of one more unit, and its unit), year,
    total (USD, present value). `idle`: process, metal, year, gap: by how much an idle source must become cheaper to enter.
    """

    status: str
    clashes: tuple[Clash, ...]
    plan: Plan | None
    prices: pd.DataFrame
    rents: pd.DataFrame
    policies: pd.DataFrame
    idle: pd.DataFrame

    @property
    def words(self) -> tuple[str, ...]:
        """The answer in sentences."""
        if self.clashes:
            return tuple(word for clash in self.clashes for word in clash.words)
        return tuple(_plan_words(self))


def explain(system: System, *, progress: Progress | None = None) -> Explanation:
    """Explain a System: its clashes where it is infeasible, its plan where it is not."""
    empty = pd.DataFrame()
    try:
        plan = solve(system, progress=progress)
    except InfeasibleError as error:
        return Explanation("infeasible", tuple(_clashes(system, error, progress)), None, empty, empty, empty, empty)
    prices, idle = merit_order(plan)
    return Explanation("optimal", (), plan, prices, rents(plan), policy_costs(plan), idle)


# ---- infeasible


def _without(system: System, names: Iterable[str]) -> System:
    gone = set(names)
    return replace(system, policies=frozen_map({name: policy for name, policy in system.policies.items() if name not in gone}))


def feasible(system: System) -> bool:
    """Whether any plan exists: a solve for nothing but feasibility."""
    try:
        program = Program(compiled(system).arrays)
    except InfeasibleError:
        return False
    program.set_cost(np.zeros(len(program.arrays.columns)))
    return program.run().status == "optimal"


def _clashes(system: System, error: InfeasibleError, progress: Progress | None) -> list[Clash]:
    """Disjoint clashes, one after the other: what is found is left out, and the rest looked at again."""
    found: list[Clash] = []
    rest = system
    while not feasible(rest):
        names = _irreducible(rest, progress)
        if not names:
            words = ("No policy is to blame: even without any, no plan exists. These limits of nature and plant cannot hold together:",
                     *_solver_words(rest), "Look at must-run levels (min_activity), closing stocks and run-down limits.")
            return [*found, Clash((), (), words, ())]
        found.append(_clash(rest, names, progress))
        rest = _without(rest, names)
    return found or [Clash((), (), (str(error),), ())]


def _irreducible(system: System, progress: Progress | None) -> tuple[str, ...]:
    """Deletion filter: each policy is left out for good where the rest still clash; what stays is needed for the clash."""
    kept = list(system.policies)
    if not feasible(_without(system, kept)):
        return ()
    for part, name in enumerate(tuple(kept)):
        if progress is not None:
            progress(Step(f"is {name} needed for the clash", part, len(system.policies)))
        others = [other for other in kept if other != name]
        if not feasible(_only(system, others)):
            kept = others
    return tuple(kept)


def _only(system: System, names: Sequence[str]) -> System:
    return _without(system, set(system.policies) - set(names))


def _clash(system: System, names: tuple[str, ...], progress: Progress | None) -> Clash:
    among = _only(system, names)
    places = tuple(f"{system.policies[n].place.file} row {system.policies[n].place.row}" for n in names)
    relaxations = []
    for name in names:
        if progress is not None:
            progress(f"how far {name} must give")
        relaxations.append(_relaxation(among, name))
    head = "These targets cannot hold together:" if len(names) > 1 else "This target cannot be met:"
    listed = [f"  {name} ({system.policies[name].kind}, {place}): {_level(system, system.policies[name])}"
              for name, place in zip(names, places, strict=True)]
    return Clash(names, places, (head, *listed, "Any one of these would do:", *(f"  {r.words}" for r in relaxations if r is not None)),
                 tuple(r for r in relaxations if r is not None))


def _relaxation(system: System, name: str) -> Relaxation | None:
    """The least change of one policy's level, as a factor on it, that makes the study feasible."""
    policy = system.policies[name]
    if not np.nanmax(policy.level, initial=0.0) > 0:
        return Relaxation(name, 0.0, _level(system, policy), "none", f"drop {name}: its level of 0 leaves nothing to scale")

    def works(factor: float) -> bool:
        scaled = replace(policy, level=frozen_array(policy.level * factor))
        return feasible(replace(system, policies=frozen_map({**system.policies, name: scaled})))

    if policy.kind in CEILINGS or policy.kind in ("closure", "pin"):
        high = 2.0
        while not works(high) and high < LARGEST:
            high *= 2
        low = high / 2
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if works(middle) else (middle, high)
        factor = high * (1 + ROOM)
    else:
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if works(middle) else (low, middle)
        factor = low * (1 - ROOM)
    relaxed = replace(policy, level=frozen_array(policy.level * factor))
    verb = "raise" if factor > 1 else "lower"
    words = f"{verb} {name} from {_level(system, policy)} to {_level(system, relaxed)}"
    return Relaxation(name, factor, _level(system, policy), _level(system, relaxed), words)


def _level(system: System, policy: Policy) -> str:
    """A level with its unit and years: 76 % in 2031-2040, or 50 % rising to 70 % in 2025-2040."""
    held = np.flatnonzero(np.isfinite(policy.level))
    if not len(held):
        return "in no year"
    first, last = (_amount(policy, float(policy.level[i])) for i in (held[0], held[-1]))
    years = (system.years[held[0]], system.years[held[-1]])
    span = f"in {years[0]}" if years[0] == years[1] else f"in {years[0]}-{years[1]}"
    return f"{first} {span}" if first == last else f"{first} going to {last} {span}"


def _amount(policy: Policy, level: float) -> str:
    unit = UNITS.get(policy.kind)
    return f"{level * 100:.6g} %" if unit is None else f"{level:,.6g} {unit}"


def _solver_words(system: System) -> list[str]:
    """The solver's irreducible set of rows, named."""
    try:
        program = Program(compiled(system).arrays)
    except InfeasibleError as error:
        return [str(clash) for clash in error.clashes]
    program.run()
    return [f"  {plain_name(row)}" for row in program.clash()]


# ---- optimal


def merit_order(plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """For each metal and year the price, the marginal source, and the best idle source with its gap; and every idle source with its gap.

    A source is a process that puts out refined metal; its reduced cost, undiscounted and per tonne of the metal, is by how much it is too
    dear. The marginal source is found by asking: a little more is required (MORE of the supply) and the programme solved again; what brings
    metal into the country's balance and rises is named with its part. It is looked for in the SHOWN years. The price is the balance dual.
    """
    ask = _Asking(plan)
    system = plan.system
    factor = period_factors(system.periods, system.discount_rate)
    duals = plan.prices[plan.prices["family"] == "balance"]
    price = {(good, int(year)): (value, flag) for good, year, value, flag in
             zip(duals["index"], duals["year"], duals["value"], duals["degenerate"], strict=True)}
    rows, idle = [], []
    for metal in system.metals:
        sources = [(p, out) for p in system.processes.values() if p.pathway and (out := refined_output(system, p, metal)).any()]
        for i, period in enumerate(system.periods):
            offers = []
            for process, out in sources:
                if not (out[i] > 0 and system.period_mean(process.max_activity)[i] > 0):
                    continue
                activity = series(system, plan.values, "activity", process.name)
                reduced = series(system, plan.reduced_costs, "activity", process.name)[i] / factor[i] / out[i]
                runs = activity[i] > IDLE * max(float(activity.max(initial=0.0)), 1.0)
                offers.append((process, runs, float(reduced)))
            rows.append(_price_row(system, metal, period.first, offers, price, ask))
            idle += [(p.name, metal, period.first, gap) for p, runs, gap in offers if not runs and gap > 0]
    columns = ["metal", "year", "price", "marginal", "next", "gap", "unique"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(idle, columns=["process", "metal", "year", "gap"])


class _Asking:
    """The living programme of a plan, asked who answers one tonne more."""

    def __init__(self, plan: Plan) -> None:
        self.system = plan.system
        self.program = Program(compiled(plan.system).arrays)
        self.base = self.program.run()
        self.values = plan.values
        years = [p.first for p in plan.system.periods]
        self.years = {years[0], years[-1], *(y for y in SHOWN if y in years)}

    def answer(self, good: str, year: int, supply: float) -> str:
        """Who answers a little more of a good in a year: names and parts; or that nobody can."""
        arrays = self.program.arrays
        row = np.array([arrays.row_at["balance", (good, year)]], dtype=np.int32)
        more = MORE * max(supply, 1.0)
        self.program.set_rows(row, arrays.row_lower[row] + more, arrays.row_upper[row] + more)
        moved = self.program.run()
        self.program.set_rows(row, arrays.row_lower[row], arrays.row_upper[row])
        if moved.status != "optimal":
            return "nobody: no more can be had"
        rises: dict[str, float] = {}
        change = moved.x - self.base.x
        for at in np.flatnonzero(np.abs(change) > LEAST_PART * more):
            name, index = arrays.columns[at]
            if name == "activity" and self.system.processes[str(index[0])].kind in ENTRIES:
                rises[str(index[0])] = rises.get(str(index[0]), 0.0) + float(change[at])
            elif name == "shortage":
                rises["less demand served"] = rises.get("less demand served", 0.0) + float(change[at])
        top = sorted(((v, k) for k, v in rises.items() if v > LEAST_PART * more), reverse=True)[:MOST_NAMED]
        return ", ".join(k for _, k in top) or "stock in hand, or the same metal at another time"


def _price_row(
    system: System, metal: str, year: int, offers: list[Any], price: dict[Any, Any], ask: _Asking,
) -> tuple[object, ...]:
    tolerance = 1e-6
    waiting = sorted((gap, p.name) for p, runs, gap in offers if not runs and gap > 0)
    goods = [good.name for good in system.goods.values() if good.kind == "refined" and metal in good.content and len(good.content) == 1]
    found = [price[good, year] for good in goods if (good, year) in price]
    tied = any(not runs and abs(gap) <= tolerance for _, runs, gap in offers)
    supply = sum(float(series(system, ask.values, "activity", p.name).max()) for p, runs, _ in offers if runs)
    marginal = ask.answer(goods[0], year, supply) if goods and year in ask.years else ""
    return (metal, year, found[0][0] if found else float("nan"), marginal,
            waiting[0][1] if waiting else "", waiting[0][0] if waiting else float("nan"), not tied and not any(flag for _, flag in found))


def rents(plan: Plan) -> pd.DataFrame:
    """Scarcity rent of each deposit by year: what one more tonne in the ground would save (USD/t): deposit, metal, year, rent."""
    system = plan.system
    duals = plan.prices[plan.prices["family"] == "depletion"]
    frame = pd.DataFrame({"deposit": duals["index"], "metal": [system.deposits[d].metal for d in duals["index"]],
                          "year": duals["year"], "rent": -duals["value"]})
    return frame.reset_index(drop=True)


def policy_costs(plan: Plan) -> pd.DataFrame:
    """What each policy costs at the margin: policy, family, highest (in unit), year (of the highest), unit, total (USD, present value).

    `total` is the sum of dual x binding level over its rows: what the cost would fall by, at these prices, if the levels were 0. A policy
    whose prices are all 0 costs nothing.
    """
    system, rows = plan.system, []
    arrays = compiled(system).arrays
    bounds = np.where(np.isfinite(arrays.row_lower), arrays.row_lower, arrays.row_upper)
    position: dict[Any, float] = dict(zip(arrays.rows, bounds.tolist(), strict=True))
    duals = plan.prices.assign(policy=plan.prices["index"].astype(str).str.split(", ").str[0])
    duals = duals[duals["policy"].isin(system.policies)]
    for (policy, family), part in duals.groupby(["policy", "family"]):
        top = part.iloc[int(part["value"].abs().to_numpy().argmax())]
        total = 0.0
        for label, year, present in zip(part["index"], part["year"], part["present_value"], strict=True):
            key = (*str(label).split(", "), *(() if pd.isna(year) else (int(year),)))
            total += present * position.get((str(family), key), 0.0)
        rows.append((policy, family, float(top["value"]), top["year"], top["unit"], total))
    return pd.DataFrame(rows, columns=["policy", "family", "highest", "year", "unit", "total"])


def _plan_words(found: Explanation) -> Iterable[str]:
    prices = found.prices
    for metal, part in prices.groupby("metal"):
        first, last = part.iloc[0], part.iloc[-1]
        for row in (first, last):
            nxt = f"; the cheapest idle source, {row['next']}, is {row['gap']:,.0f} USD/t too dear" if row["next"] else ""
            loose = "" if row["unique"] else " (not unique: a small change one way may cost something else)"
            worth = f"a tonne is worth {row['price']:,.0f} USD"
            yield f"{metal} in {row['year']}: {worth}; one more comes from {row['marginal']}{nxt}{loose}."
    for deposit, part in found.rents[found.rents["rent"] > 1].groupby("deposit"):
        rent, year = part["rent"].iloc[0], part["year"].iloc[0]
        yield f"The ore of {deposit} carries a rent of {rent:,.0f} USD/t in {year}, rising with interest while it lasts."
    for policy in found.policies.to_dict(orient="records"):
        if policy["highest"]:
            yield f"{policy['policy']} costs at most {abs(policy['highest']):,.4g} {policy['unit']} ({policy['family']}, {policy['year']})."
