r"""Use as a process with a memory: inflow of each use stock, how long it stays, and the waste that
arises from it.

Products are counted in tonnes of product, which for a joint product (a battery pack) holds several
metals. `use_flows` says which demanded good brought which metal into which product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.errors import Problem, SpecError
from planner.mfa.lifetimes import Convention, Lifetime
from planner.mfa.stocks import entered_behind, inflow_driven
from planner.system.nouns import Array, Product, System, frozen_array, frozen_map

_ROUNDING = 1e-12
_CLOSES = 1e-9
"""Metal that enters products and is held by the goods they are made of agree to this share of the
largest."""


@dataclass(frozen=True, slots=True, eq=False)
class UseStock:
    """The stock in use of one product, by calendar year and cohort, in t of product."""

    product: str
    years: tuple[int, ...]
    inflow: Array
    """t per year, shape (Y,)."""
    stock: Array
    """t at the end of each year, shape (Y,)."""
    outflow: Array
    """t per year, shape (Y,)."""
    opening: float
    """t in use when the study begins."""
    cohort_years: tuple[int, ...]
    """Years of entry, history first, (C,)."""
    cohorts: Array
    """t of each cohort in use at the end of each year, shape (Y, C); (Y, 0) where they were not
    asked for."""
    convention: Convention


def use_inflow(system: System, product: Product) -> Array:
    """t of product that enters use in each year, from the demand of the goods that enter it; shape
    (..., Y)."""
    total = np.zeros(len(system.years))
    for name, share in product.uses.items():
        demand = system.goods[name].demand
        if demand is None:
            raise ValueError(f"good '{name}' of its uses has no demand")
        total = total + share * demand
    largest = np.abs(total).max(axis=-1, keepdims=True, initial=0.0)
    if not (total >= -_ROUNDING * largest).all():
        lowest = (
            np.where(np.isfinite(total), total, -np.inf).reshape(-1, len(system.years)).min(axis=0)
        )
        raise ValueError(
            "what enters use is negative or not a number in "
            f"{system.years[int(np.argmin(lowest))]}; mend its uses"
        )
    return np.maximum(total, 0.0)


def use_stocks(systems: Sequence[System], *, cohorts: bool = False) -> list[Mapping[str, UseStock]]:
    """Use stocks of all products of systems that are one study with other numbers, by product, for
    each system in turn.

    A history cohort enters by its inflow, or by what is still in use of it where the study gives
    that (`initial_stock`). The systems are the leading axis of the arrays. Without `cohorts` these
    are left out: nothing but a table asks for them. Raises SpecError with every product whose
    history and lifetime contradict each other.
    """
    found: list[dict[str, UseStock]] = [{} for _ in systems]
    problems: list[Problem] = []
    for name in systems[0].products:
        try:
            for of, stock in zip(found, _use_stock(systems, name, cohorts=cohorts), strict=True):
                of[name] = stock
        except ValueError as error:
            problems.append(Problem("product_values.csv", 0, "", f"product '{name}': {error}"))
    if problems:
        raise SpecError(systems[0].name, problems)
    return [frozen_map(of) for of in found]


def _use_stock(systems: Sequence[System], name: str, *, cohorts: bool) -> list[UseStock]:
    products = [system.products[name] for system in systems]
    history, years = products[0].history_years, systems[0].years
    convention, h = systems[0].stock_convention, len(history)
    _require_unbroken(history, years[0] - 1)
    life = _lifetime(products)
    inflow = np.array(
        [use_inflow(system, product) for system, product in zip(systems, products, strict=True)]
    )
    entered = _history_inflow(products, life, convention)
    run = inflow_driven(
        np.concatenate([entered, inflow], axis=-1), life, convention=convention, cohorts=cohorts
    )
    held = np.zeros((len(systems), len(years), 0)) if run.cohorts is None else run.cohorts[:, h:]
    return [
        UseStock(
            product=name,
            years=years,
            inflow=frozen_array(inflow[i]),
            stock=frozen_array(run.stock[i, h:]),
            outflow=frozen_array(run.outflow[i, h:]),
            opening=float(run.stock[i, h - 1]) if h else 0.0,
            cohort_years=(*history, *years),
            cohorts=frozen_array(held[i]),
            convention=convention,
        )
        for i in range(len(systems))
    ]


def _require_unbroken(history: Sequence[int], last: int) -> None:
    if history and (history[-1] != last or len(history) != last - history[0] + 1):
        raise ValueError(f"its cohorts must be consecutive years up to {last}")


def _history_inflow(products: Sequence[Product], life: Lifetime, convention: Convention) -> Array:
    """t of each history cohort that entered, shape (N, H): as given, or what must have entered to
    leave what is still in use of it."""
    shape = len(products), len(products[0].history_years)
    initial, entered = (
        np.array([getattr(product, name) for product in products], dtype=float).reshape(shape)
        for name in ("initial_stock", "history_inflow")
    )
    if np.isnan(np.where(np.isnan(initial), entered, initial)).any():
        raise ValueError("a history cohort has neither inflow nor stock")
    if not np.isfinite(initial).any():
        return entered
    past = life.at((..., slice(0, shape[1]))) if life.dims[-1] > 1 else life
    known = entered_behind(np.nan_to_num(initial), past, np.arange(shape[1] + 1.0), convention)
    return np.where(np.isfinite(initial), known, entered)


def _lifetime(products: Sequence[Product]) -> Lifetime:
    """The lifetimes by system and cohort; one for all cohorts, or for all systems, where none
    differs: much faster."""
    parameters = [
        np.array([getattr(product, name) for product in products])
        for name in ("mean", "sd", "shape")
    ]
    for axis in (1, 0):
        if all(_is_constant(p, axis) for p in parameters):
            parameters = [p.take([0], axis) for p in parameters]
    return Lifetime.of(products[0].distribution, *parameters)


def _is_constant(parameter: Array, axis: int) -> bool:
    first = np.broadcast_to(parameter.take([0], axis), parameter.shape)
    return np.array_equal(parameter, first, equal_nan=True)


def arising_waste(system: System, stocks: Mapping[str, UseStock]) -> Mapping[str, Array]:
    """t per year of each waste good: what leaves use less what is dissipated, over all products
    that become it; shape (..., Y)."""
    arising: dict[str, Array] = {}
    for product in system.products.values():
        if product.waste:
            left = stocks[product.name].outflow * (1.0 - product.dissipated)
            arising[product.waste] = arising.get(product.waste, np.zeros(len(system.years))) + left
    return frozen_map({name: frozen_array(series) for name, series in arising.items()})


def use_flows(
    system: System, stocks: Mapping[str, UseStock]
) -> tuple[Mapping[tuple[str, str, str], Array], list[Problem]]:
    """Flows of metal from demanded goods into use stocks: (metal, good, product) to t of metal per
    year, shape (..., Y).

    A product draws a metal from the goods among its `uses` that hold it; if none of them does (the
    lithium of a pack that is counted by its cobalt), from what the goods of the same group of
    products have left. With them the problems: metal that products hold and goods do not.
    """
    flows: dict[tuple[str, str, str], Array] = {}
    problems: list[Problem] = []
    for metal, goods, shared in _shared_out(
        system, {name: stock.inflow for name, stock in stocks.items()}
    ):
        flows |= {(metal, *key): flow for key, flow in shared.flows.items()}
        if shared.overfull.any():
            worst = (
                np.nan_to_num(shared.short, nan=np.inf).reshape(-1, len(system.years)).max(axis=0)
            )
            year = system.years[int(np.argmax(worst))]
            problems.append(
                Problem(
                    "uses.csv",
                    0,
                    "",
                    f"in {year} more {metal} enters {', '.join(sorted(shared.wanted))} than the "
                    "goods they are made of hold "
                    f"({', '.join(sorted(goods))}); mend the uses or the contents of the waste "
                    "goods",
                )
            )
    return {key: frozen_array(flows[key]) for key in sorted(flows)}, problems


def overfull(system: System, inflow: Mapping[str, Array]) -> npt.NDArray[np.bool_]:
    """Mark systems whose products hold more of any metal than the goods they are made of, shape
    (...): what `use_flows` calls a problem.

    `inflow`: t of each product that enters use per year, shape (..., Y), with the leading axes of
    the system's own series and contents.
    """
    found = np.zeros((), dtype=bool)
    for _, _, shared in _shared_out(system, inflow):
        found = found | shared.overfull
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """One metal within one group of goods and products, t per year, shape (..., Y)."""

    wanted: Mapping[str, Array]
    """What each product holds of what enters it."""
    flows: Mapping[tuple[str, str], Array]
    """From good to product."""
    short: Array
    """What products want beyond what goods hold."""
    overfull: npt.NDArray[np.bool_]
    """Whether that is more than rounding in any year, shape (...)."""


def _shared_out(
    system: System, inflow: Mapping[str, Array]
) -> Iterator[tuple[str, list[str], _Shared]]:
    """Metal, goods and what goes where, for each group of goods and products and each metal that it
    holds."""
    for goods, products in use_groups(system):
        for metal in system.metals:
            held = _held(system, goods, metal)
            wanted = {
                p: inflow[p] * content
                for p in products
                if np.any(content := system.products[p].content.get(metal, 0.0))
            }
            if held or wanted:
                yield metal, goods, _shared(system, held, wanted, metal)


def _held(system: System, names: Iterable[str], metal: str) -> dict[str, Array]:
    """Metal in the demand for each good that holds it, t per year."""
    goods = (system.goods[name] for name in names)
    return {
        good.name: good.content[metal] * good.demand
        for good in goods
        if metal in good.content and good.demand is not None
    }


def _shared(
    system: System, held: Mapping[str, Array], wanted: Mapping[str, Array], metal: str
) -> _Shared:
    flows, short = _share_out(system, held, wanted, metal)
    largest = np.zeros(1)
    for amount in (*held.values(), *wanted.values()):
        largest = np.maximum(largest, amount.max(axis=-1, keepdims=True, initial=0.0))
    enough = short <= _CLOSES * largest
    return _Shared(wanted, flows, short, np.asarray(~enough.all(axis=-1)))


def use_groups(system: System) -> list[tuple[list[str], list[str]]]:
    """Goods and products tied together by uses, each group apart: ([goods], [products])."""
    groups: list[tuple[set[str], set[str]]] = []
    for product in system.products.values():
        goods, products = set(product.uses), {product.name}
        for other in [g for g in groups if g[0] & goods]:
            groups.remove(other)
            goods, products = goods | other[0], products | other[1]
        groups.append((goods, products))
    return [(sorted(goods), sorted(products)) for goods, products in groups]


def _share_out(
    system: System,
    held: Mapping[str, Array],
    wanted: Mapping[str, Array],
    metal: str,
) -> tuple[dict[tuple[str, str], Array], Array]:
    """Flows (good, product) of one metal within one group, t per year, and what products want
    beyond what goods hold, shape (..., Y)."""
    zero = np.zeros(len(system.years))
    flows: dict[tuple[str, str], Array] = {}
    left = dict(held)
    indirect: dict[str, npt.NDArray[np.bool_]] = {}
    for p, want in wanted.items():
        direct = _direct(system.products[p], metal, system, held)
        total = sum(direct.values(), zero)
        known = np.asarray(total.any(axis=-1, keepdims=True))
        if not known.all():
            indirect[p] = np.asarray(~known)
        for g, amount in direct.items() if known.any() else ():
            flows[g, p] = want * np.divide(amount, total, out=np.zeros_like(total), where=total > 0)
            left[g] = left[g] - flows[g, p]
    spare = _shares_left(left, zero) if indirect else {}
    for p, unknown in indirect.items():
        for g, share in spare.items():
            drawn = wanted[p] * share * unknown
            flows[g, p] = flows[g, p] + drawn if (g, p) in flows else drawn
            left[g] = left[g] - drawn
    unheld = sum((np.maximum(-rest, 0.0) for rest in left.values()), zero)
    return flows, unheld + np.abs(sum(wanted.values(), zero) - sum(flows.values(), zero))


def _direct(
    product: Product, metal: str, system: System, held: Mapping[str, Array]
) -> dict[str, Array]:
    """Metal that each good which holds it brings into a product by its uses, t per year."""
    content = product.content[metal]
    return {
        g: np.maximum(share, 0.0) * system.goods[g].demand * content
        for g, share in product.uses.items()
        if g in held
    }


def _shares_left(left: Mapping[str, Array], zero: Array) -> dict[str, Array]:
    """Share of each good in what goods have left."""
    pool = sum((np.maximum(rest, 0.0) for rest in left.values()), zero)
    return {
        g: np.divide(np.maximum(rest, 0.0), pool, out=np.zeros_like(pool), where=pool > 0)
        for g, rest in left.items()
    }
