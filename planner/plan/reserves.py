r"""Secondary reserves graded: what of the metal in use can be won back, by product and year, as
there is a classification for ore.

Each step is part of the one before, in t of contained metal: the stock in use (the resource), what
arises at the end of life, what is collectable at the study's rate, what is technically recoverable
by the best route of the study, and what is economic: where the metals won pay for the route at
their prices,

$$\sum_m y_m p_m \ge running + capital + carbon\ price \times emission - disposal\ avoided$$

with the plan's own cost: running cost and emission from `planner.system.unit_accounts`, capital as
the annuity due of the plant that a new tonne needs. A route is a chain of processes at home from a
waste good to refined metal (collect, recycle, refine), each with one input. For a single metal of a
joint route the other metals are credited at their prices. Ramps, build rates and ceilings do not
bind: what pays, not how fast it can be built.

The partition of what arises is named by the axes of the UNFC: E (environmental-socio-economic
viability), F (technical feasibility), G (confidence in the estimate). Sources: UNECE 2018,
Specifications for the application of the United Nations Framework Classification for Resources to
Anthropogenic Resources; classes of UNFC Update 2019 (ECE Energy Series 61), their names read again,
their E, F and G codes recalled, not re-read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product as combinations

import numpy as np
import pandas as pd

from planner.errors import Problem, SpecError
from planner.mfa.balance import Balance, balance
from planner.plan.plan import Plan
from planner.plan.prices import refined_prices
from planner.system.economics import annuity_due
from planner.system.nouns import Array, Process, Product, System
from planner.system.unit_accounts import emission_rates, priced_scope, running_costs

STEPS = ("in use", "arising", "collectable", "recoverable", "economic")
CLASSES: Mapping[str, tuple[str, str, str, str]] = {
    "in use": (
        "Prospective",
        "E3",
        "F3",
        "still in use: nothing to develop yet, quantity known from inflow and lifetime",
    ),
    "uncollectable": (
        "Remaining products not developed",
        "E3",
        "F4",
        "no collection project is identified for it",
    ),
    "unrecoverable": (
        "Remaining products not developed",
        "E3",
        "F4",
        "lost in the best process of the study",
    ),
    "uneconomic": (
        "Non-viable",
        "E3",
        "F2",
        "a route exists; its cost exceeds the price in this and every later year",
    ),
    "economic later": (
        "Potentially viable",
        "E2",
        "F2",
        "a route exists; it pays in a later year of the study",
    ),
    "economic, plant to be built": (
        "Potentially viable",
        "E2",
        "F2",
        "it pays; its plant does not stand yet",
    ),
    "economic, plant standing": (
        "Viable",
        "E1",
        "F1",
        "it pays, in plants that stand without a new order",
    ),
}
"""Part of the stock or of what arises to its class, the E and F axes of the UNFC, and why."""
CONFIDENCE: Mapping[str, str] = {"A": "G1", "S": "G1", "B": "G1", "C": "G2", "D": "G3", "": "G3"}
"""G axis by the weakest grade of the product's lifetime, history and collection rate; what is in
use is known indirectly: G4."""
IN_USE = "G4"
MAX_STEPS = 6
"""Most processes that a route may have."""
KINDS = ("collect", "recycle", "refine")
STEP_COLUMNS = ["metal", "product", "year", "step", "value", "unit"]
CLASS_COLUMNS = ["metal", "product", "year", "part", *("class", "e", "f", "g"), "value", "unit"]
PRICE_COLUMNS = ["metal", "year", "price", "carbon_price", "unit"]
CURVE_COLUMNS = [
    *("metal", "year", "product", "route", "plants"),
    *("cost", "running", "capital", "carbon", "credit", "quantity"),
]
_Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A chain of processes from a tonne of waste to refined metal; series of shape (T,)."""

    waste: str
    processes: Mapping[str, Array]
    """Process to activity per t of waste."""
    yields: Mapping[str, Array]
    """Metal to t of refined metal per t of waste."""
    running: Array
    """USD per t of waste, without capital and carbon price, less the disposal that it avoids."""
    capital: Array
    """Annuity and fixed cost of new plants; NaN where a plant cannot be ordered."""
    emission: Array
    """t CO2e per t of waste, of the scope that the carbon price falls on."""

    @property
    def name(self) -> str:
        return " + ".join(self.processes)


@dataclass(frozen=True, eq=False)
class Grading:
    """The graded secondary reserves of a study at given prices."""

    steps: pd.DataFrame
    """metal, product, year, step, value, unit: each of STEPS is part of the one before."""
    classes: pd.DataFrame
    """metal, product, year, part, class, e, f, g, value, unit: the parts but `in use` add up to
    what arises."""
    curve: pd.DataFrame
    """metal, year, product, route, plants (standing or new), cost (USD per t of metal won),
    running, capital, carbon, credit, quantity (t/year), cumulative, unit: the supply curve of the
    urban mine by the route that pays best, the cheapest first, whatever the price."""
    prices: pd.DataFrame
    """metal, year, price, carbon_price, unit: what economic was judged at."""


def grade(
    study: Plan | System,
    *,
    price: Mapping[str, float] | None = None,
    carbon_price: float | None = None,
) -> Grading:
    """Grade the secondary reserves of a study.

    `price` (metal to USD per t of refined metal, the same in all years) stands in for the shadow
    prices of refined metal of a plan, `carbon_price` (USD/t CO2e) for the study's series. Raises
    SpecError where a metal has no price: a System has none of its own.
    """
    system = study.system if isinstance(study, Plan) else study
    whole = study.balance if isinstance(study, Plan) else balance(system)
    prices = _prices(study, system, price or {})
    carbon = (
        system.carbon_price if carbon_price is None else np.full(len(system.periods), carbon_price)
    )
    return _Grader(whole, prices, carbon).grading()


def shadow_prices(plan: Plan) -> Mapping[str, Array]:
    """Marginal cost of refined metal, USD per t, shape (T,), as `planner.plan.prices` has it."""
    return refined_prices(plan.system, plan.prices)


def _prices(
    study: Plan | System, system: System, given: Mapping[str, float]
) -> Mapping[str, Array]:
    found = dict(shadow_prices(study)) if isinstance(study, Plan) else {}
    found |= {metal: np.full(len(system.periods), value) for metal, value in given.items()}
    problems = [
        Problem("price", 0, metal, said) for metal, said in _price_problems(system, given, found)
    ]
    if problems:
        raise SpecError(system.name, problems)
    return found


def _price_problems(
    system: System, given: Mapping[str, float], found: Mapping[str, Array]
) -> Iterator[tuple[str, str]]:
    """Metals with what is wrong about their prices."""
    for metal in given:
        if metal not in system.metals:
            yield metal, f"is not a metal of the study; choose of {', '.join(system.metals)}"
    for metal, value in given.items():
        if not value >= 0:
            yield metal, f"is {value:g}; give a number of 0 or more"
    for metal in system.metals:
        if metal not in found:
            yield metal, "has no price; give one, or grade a plan, which has shadow prices"


def routes(system: System, waste: str) -> list[Route]:
    """Every route at home from a waste good to refined metal, by name. A process that the study
    closes in a period yields nothing then."""
    found = []
    for processes, yields in _chains(system, waste, ()):
        if any(np.any(y > 0) for y in yields.values()):
            found.append(_route(system, waste, processes, yields))
    return sorted(found, key=lambda route: route.name)


_Chain = tuple[dict[str, Array], dict[str, Array]]


def _chains(system: System, good: str, passed: tuple[str, ...]) -> Iterator[_Chain]:
    """(process to activity, metal to refined metal) per t of a good, for every choice of processes
    that take it in alone."""
    whole = system.goods[good]
    if whole.kind in ("refined", "product"):
        yield {}, {m: np.full(len(system.periods), share) for m, share in whole.content.items()}
        return
    if good in passed or len(passed) >= MAX_STEPS:
        return
    for process in system.processes.values():
        if not _takes_alone(process, good):
            continue
        taken = process.inputs[good]
        runs = (taken > 0) & (process.max_activity > 0)
        activity = np.divide(1.0, taken, out=np.zeros_like(taken), where=runs)
        onward = [
            [*_chains(system, output, (*passed, good))] or [({}, {})] for output in process.outputs
        ]
        for choice in combinations(*onward):
            yield _joined(system, process, activity, choice)


def _takes_alone(process: Process, good: str) -> bool:
    """Return True for a process of a route that takes in this good and nothing else."""
    return list(process.inputs) == [good] and not process.deposits and process.kind in KINDS


def _joined(
    system: System, process: Process, activity: Array, choice: tuple[_Chain, ...]
) -> _Chain:
    """A process with one chain for each of its outputs, per t of its input."""
    processes, yields = {process.name: activity}, dict[str, Array]()
    for output, (further, won) in zip(process.outputs, choice, strict=True):
        given = activity * process.outputs[output]
        for name, per_tonne in further.items():
            processes[name] = processes.get(name, np.zeros(len(given))) + given * per_tonne
        for metal, per_tonne in won.items():
            yields[metal] = yields.get(metal, np.zeros(len(given))) + given * per_tonne
    return processes, yields


def _route(
    system: System, waste: str, processes: dict[str, Array], yields: dict[str, Array]
) -> Route:
    zero = np.zeros(len(system.periods))
    running = zero - system.goods[waste].disposal_cost
    capital, emission = zero, zero
    for name, activity in processes.items():
        process = system.processes[name]
        running = running + activity * sum(running_costs(system, process).values(), zero)
        emission = emission + activity * emission_rates(system, process)[priced_scope(system)]
        capital = capital + activity * _capital(system, process)
    return Route(waste, processes, yields, running, capital, emission)


def _capital(system: System, process: Process) -> Array:
    """Annuity due and fixed cost of the capacity that a unit of activity needs, USD; NaN where it
    cannot be ordered, shape (T,)."""
    if not process.plant:
        return np.zeros(len(system.periods))
    plant = system.plants[process.plant]
    need = process.loading / plant.availability
    yearly = plant.capital_cost * (1 + plant.interest_rate) ** plant.lead_time
    wears_out = np.isfinite(plant.life) and plant.life > 0
    annuity = annuity_due(plant.interest_rate, plant.life) if wears_out else 0.0
    return np.asarray(need * (yearly * annuity + plant.fixed_cost))


def _arising(whole: Balance) -> dict[str, Array]:
    """t of each product that becomes waste, per year, shape (T,)."""
    system = whole.system
    return {
        product.name: (whole.stocks[product.name].outflow * (1 - product.dissipated))
        for product in system.products.values()
        if product.waste
    }


def _collection_rates(system: System) -> dict[str, Array]:
    """Share of each waste that is collected, shape (T,)."""
    none = np.zeros(len(system.periods))
    return {
        good.name: none if good.collection_rate is None else good.collection_rate
        for good in system.goods.values()
        if good.kind == "waste"
    }


class _Grader:
    """Grades every product of a study; lives inside `grade` only."""

    def __init__(self, whole: Balance, prices: Mapping[str, Array], carbon: Array) -> None:
        self.whole, self.system, self.prices, self.carbon = whole, whole.system, prices, carbon
        system = whole.system
        self.years = [p.first for p in system.periods]
        self.last = [p.last - system.periods[0].first for p in system.periods]
        self.arising = _arising(whole)
        self.rate = _collection_rates(system)
        # in the order of products, since sums over wastes are to be the same in every run
        wastes = dict.fromkeys(p.waste for p in system.products.values() if p.waste)
        self.routes = {waste: routes(system, waste) for waste in wastes}
        self.standing = self._standing()

    def grading(self) -> Grading:
        steps: list[_Row] = []
        classes: list[_Row] = []
        curve: list[_Row] = []
        for product in self.system.products.values():
            for metal, content in product.content.items():
                parts, counted = self._parts(product.name, product.waste, metal, content)
                steps += self._step_rows(metal, product, counted)
                classes += self._class_rows(metal, product, parts)
                curve += self._curve(product.name, product.waste, metal)
        money = f"USD_{self.system.currency_year}"
        prices = [
            (metal, t, float(p), float(c), f"{money}/t, {money}/tCO2e")
            for metal, series in self.prices.items()
            for t, p, c in zip(self.years, series, self.carbon, strict=True)
        ]
        return Grading(
            pd.DataFrame(steps, columns=STEP_COLUMNS),
            pd.DataFrame(classes, columns=CLASS_COLUMNS),
            _cumulated(curve, money),
            pd.DataFrame(prices, columns=PRICE_COLUMNS),
        )

    def _step_rows(
        self, metal: str, product: Product, counted: Mapping[str, Array]
    ) -> Iterator[_Row]:
        for step, amounts in counted.items():
            unit = "t" if step == "in use" else "t/year"
            for t, v in zip(self.years, amounts, strict=True):
                yield metal, product.name, t, step, float(v), unit

    def _class_rows(
        self, metal: str, product: Product, parts: Mapping[str, Array]
    ) -> Iterator[_Row]:
        confidence = self._confidence(product.name, product.waste)
        for part, amounts in parts.items():
            name, e, f, _ = CLASSES[part]
            g, unit = (IN_USE, "t") if part == "in use" else (confidence, "t/year")
            for t, v in zip(self.years, amounts, strict=True):
                if v > 0:
                    yield metal, product.name, t, part, name, e, f, g, float(v), unit

    def cost(self, route: Route) -> Array:
        """Full cost per t of waste, carbon price included; infinite where a plant cannot be
        ordered."""
        capital = np.where(np.isnan(route.capital), np.inf, route.capital)
        return route.running + capital + self.carbon * route.emission

    def revenue(self, route: Route, without: str = "") -> Array:
        """Worth of the metals won per t of waste; a metal without a price counts nothing."""
        zero = np.zeros(len(self.years))
        return sum(
            (y * np.nan_to_num(self.prices[m]) for m, y in route.yields.items() if m != without),
            zero,
        )

    def best(self, waste: str) -> list[Route | None]:
        """The route that pays best in each period, None where there is none that yields."""
        return [self._best(waste, i) for i in range(len(self.years))]

    def _best(self, waste: str, i: int) -> Route | None:
        able = [r for r in self.routes[waste] if any(y[i] > 0 for y in r.yields.values())]
        return max(able, key=lambda r: self.revenue(r)[i] - self.cost(r)[i], default=None)

    def _parts(
        self, product: str, waste: str, metal: str, content: float
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Parts of the classification and the nested steps, t (in use) or t per year, shape (T,)
        each."""
        zero = np.zeros(len(self.years))
        stock = content * self.whole.stocks[product].stock[self.last]
        if not waste:
            return {"in use": stock}, {"in use": stock, **dict.fromkeys(STEPS[1:], zero)}
        arising = content * self.arising[product]
        collectable = arising * self.rate[waste]
        best = zero
        for route in self.routes[waste]:
            best = np.maximum(best, route.yields.get(metal, zero))
        recoverable = collectable * np.minimum(best / content, 1.0)
        pays, runs, share = self._pays(waste, metal)
        won = collectable * np.minimum(share / content, 1.0)
        standing = won * runs * self.standing[waste]
        built = np.maximum(won * pays - standing, 0.0)
        later = np.array([bool(pays[i + 1 :].any()) for i in range(len(pays))])
        rest = np.maximum(recoverable - standing - built, 0.0)
        parts = {
            "in use": stock,
            "uncollectable": arising - collectable,
            "unrecoverable": collectable - recoverable,
            "uneconomic": np.where(later, 0.0, rest),
            "economic later": np.where(later, rest, 0.0),
            "economic, plant to be built": built,
            "economic, plant standing": standing,
        }
        nested = (stock, arising, collectable, recoverable, standing + built)
        return parts, dict(zip(STEPS, nested, strict=True))

    def _pays(self, waste: str, metal: str) -> tuple[Array, Array, Array]:
        """1 where the best route pays with new plants, 1 where it pays in standing ones (capital
        sunk), and its yield of the metal."""
        pays, runs, share = (np.zeros(len(self.years)) for _ in range(3))
        for i, route in enumerate(self.best(waste)):
            if route is not None:
                worth, full = self.revenue(route)[i], self.cost(route)[i]
                pays[i] = worth >= full
                runs[i] = worth >= route.running[i] + self.carbon[i] * route.emission[i]
                share[i] = route.yields.get(metal, np.zeros(len(pays)))[i]
        return pays, runs, share

    def _standing(self) -> dict[str, Array]:
        """Share of each waste's collectable that plants standing without new orders can take, if
        all that is collectable came."""
        use = {waste: self._plant_use(waste) for waste in self.routes}
        load: dict[str, Array] = {}
        for of_waste in use.values():
            for plant, needed in of_waste.items():
                load[plant] = load.get(plant, np.zeros(len(self.years))) + needed
        return {waste: self._share_taken(of_waste, load) for waste, of_waste in use.items()}

    def _plant_use(self, waste: str) -> dict[str, Array]:
        """Capacity of each plant that all of a waste would need on its best routes."""
        amount, found = self._collectable(waste), dict[str, Array]()
        for i, route in enumerate(self.best(waste)):
            for name, activity in (route.processes if route is not None else {}).items():
                process = self.system.processes[name]
                if process.plant:
                    needed = found.setdefault(process.plant, np.zeros(len(self.years)))
                    needed[i] += process.loading * activity[i] * amount[i]
        return found

    def _share_taken(self, use: Mapping[str, Array], load: Mapping[str, Array]) -> Array:
        """The least share of the load of a plant, of those that are needed, that it can take."""
        share = np.ones(len(self.years))
        for name, needed in use.items():
            plant = self.system.plants[name]
            there = plant.existing * plant.availability
            part = np.divide(there, load[name], out=np.ones(len(there)), where=load[name] > 0)
            share = np.where(needed > 0, np.minimum(share, np.minimum(part, 1.0)), share)
        return share

    def _collectable(self, waste: str) -> Array:
        """t of waste per year that can be collected, of every product that becomes it."""
        total = sum(
            (self.arising[p.name] for p in self.system.products.values() if p.waste == waste),
            np.zeros(len(self.years)),
        )
        return np.asarray(total * self.rate[waste])

    def _curve(self, product: str, waste: str, metal: str) -> Iterator[_Row]:
        """The steps of a product on the supply curve of a metal: its best route in standing and in
        new plants, other metals credited."""
        for i, route in enumerate(self.best(waste) if waste else ()):
            if route is not None and metal in route.yields and route.yields[metal][i] > 0:
                amount = self.arising[product][i] * self.rate[waste][i] * route.yields[metal][i]
                for plants, part, costs in self._offers(route, metal, i):
                    if amount * part > 0 and np.isfinite(costs[0]):
                        head = (metal, self.years[i], product, route.name, plants)
                        yield *head, *costs, amount * part

    def _offers(
        self, route: Route, metal: str, i: int
    ) -> Iterator[tuple[str, float, tuple[float, ...]]]:
        """A route in standing and in new plants: the share of what is collectable, and the costs
        per t of metal won: in all, running, capital, carbon, credit."""
        won, share = route.yields[metal][i], self.standing[route.waste][i]
        credit, carbon = self.revenue(route, without=metal)[i], self.carbon[i] * route.emission[i]
        for plants, part, capital in (
            ("standing", share, 0.0),
            ("new", 1 - share, route.capital[i]),
        ):
            costs = (route.running[i], capital, carbon, -credit)
            yield plants, part, tuple(cost / won for cost in (sum(costs), *costs))

    def _confidence(self, product: str, waste: str) -> str:
        """G axis from the weakest grade among the product's own data."""
        heads = (f"product_values.{product}.", f"cohorts.{product}.", f"collection.{waste}")
        grades = [d.grade for d in self.system.data if d.path.startswith(heads)]
        return max((CONFIDENCE[g] for g in grades), default="G3")


def _cumulated(rows: list[_Row], money: str) -> pd.DataFrame:
    """The supply curve, by metal and year the cheapest first, with the quantity up to and including
    each step."""
    frame = pd.DataFrame(rows, columns=CURVE_COLUMNS)
    frame = frame.astype(dict.fromkeys(CURVE_COLUMNS[5:], float))
    frame = frame.sort_values(
        ["metal", "year", "cost", "product"], kind="stable", ignore_index=True
    )
    frame["cumulative"] = frame.groupby(["metal", "year"])["quantity"].cumsum()
    return frame.assign(unit=f"{money}/t, t/year")
