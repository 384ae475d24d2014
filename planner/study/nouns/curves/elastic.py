"""Curves of constant elasticity, cut into steps that keep the area under them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from planner.study.nouns.tables import StudyTables
from planner.study.numbers import frozen
from planner.study.rows import ValueRow
from planner.system.nouns import NO_CURVE, Array, Curve, Step

TABLE = "curves"
REQUIRED = (
    "elasticity",
    "reference_price",
    "reference_amount",
    "lowest_price",
    "highest_price",
    "steps",
)
OF_WHOLE_CURVE = (*REQUIRED, "market_power")
"""Parameters in rows without a step."""
FLAT = "0"
"""Name of the step at which a curve begins: what a supply gives at its lowest price, or a demand
takes at its highest."""


def elastic_steps(tables: StudyTables, of: str, *, demand: bool) -> Curve:
    r"""The steps of a curve of constant elasticity $\varepsilon$ through $(p_0, q_0)$.

    $$q(p) = q_0 (p / p_0)^\varepsilon$$   [t / yr]

    between its lowest and its highest price, in n steps of equal ratio r of price. The price of a
    step is the mean of the curve over it, so that the area under the steps is that under the curve
    at the end of every step:

    $$\bar p_k = \frac{1}{q_k - q_{k-1}} \int_{q_{k-1}}^{q_k} p(q)\, dq
      = p_{k-1}\, \frac{\varepsilon}{1 + \varepsilon}\,
        \frac{r^{1 + \varepsilon} - 1}{r^\varepsilon - 1}$$   [USD / t]

    Within a step the two areas differ by at most (p_k - p_{k-1}) (q_k - q_{k-1}) / 4, as any convex
    function does from its chord, and the price by less than the ratio r. Where every unit is paid
    at the market price, a step adds (p_k q_k - p_{k-1} q_{k-1}) / (q_k - q_{k-1}) to the outlay a
    unit, which is (1 + 1 / elasticity) times its price; a buyer of market power theta weighs
    (1 + theta / elasticity) times it (the conduct parameter of Bresnahan 1982, Economics Letters
    10: 87-92).
    """
    given = _given(tables, of)
    if given is None or _refused(tables, of, given, demand=demand):
        return NO_CURVE
    count, e = int(given["steps"]), given["elasticity"]
    power = tables.single(TABLE, (of, ""), "market_power", absent=0.0)
    ends = given["lowest_price"], given["highest_price"]
    first, last = reversed(ends) if demand else ends
    ratio = np.log(last / first) / count
    at_first = given["reference_amount"] * (first / given["reference_price"]) ** e
    none = tables.constant(0.0)
    found = {FLAT: Step(f"{of}/{FLAT}", first, frozen(at_first), np.inf, none, none, first, first)}
    for k in range(count):
        begin = first * np.exp(k * ratio)
        amount = at_first * np.exp(e * k * ratio) * np.expm1(e * ratio)
        mean = begin * _slope((1 + e) * ratio) / _slope(e * ratio)
        name = str(k + 1)
        found[name] = Step(
            f"{of}/{name}",
            frozen(mean * (1 + power / e)),
            frozen(amount),
            np.inf,
            none,
            none,
            frozen(mean * (1 + 1 / e)),
            frozen(mean),
        )
    return found


def _slope(x: Array) -> Array:
    """(exp(x) - 1) / x, 1 at 0."""
    return np.divide(np.expm1(x), x, out=np.ones_like(x), where=x != 0)


def _given(tables: StudyTables, of: str) -> dict[str, Any] | None:
    """What the curve is given by; None where something is missing, which is reported."""
    lacking = [name for name in REQUIRED if not tables.numbers.has(TABLE, (of, ""), name)]
    if lacking:
        said = " and ".join(lacking)
        tables.lacking(
            TABLE, (of, ""), lacking[0], f"the curve of '{of}' by elasticity has no {said}; give it"
        )
        return None
    series = {name: tables.series(TABLE, (of, ""), name) for name in REQUIRED[:-1]}
    steps = tables.single(TABLE, (of, ""), "steps")
    known = np.isfinite(steps) and all(np.isfinite(each).all() for each in series.values())
    return {**series, "steps": steps} if known else None


def _refused(tables: StudyTables, of: str, given: dict[str, Any], *, demand: bool) -> bool:
    """Report what makes no curve; return True if there is any."""
    wrong = list(_wrong(tables, of, given, demand=demand))
    for parameter, message in wrong:
        tables.problems.at(_row(tables, of, parameter), "value", message)
    return bool(wrong)


def _wrong(
    tables: StudyTables, of: str, given: dict[str, Any], *, demand: bool
) -> Iterator[tuple[str, str]]:
    """Parameter and message of each number that makes no curve."""
    e, kind, side = given["elasticity"], *(("demand", "below") if demand else ("supply", "above"))
    astray = e >= 0 if demand else e <= 0
    if astray.any():
        said = f"{e[astray][0]:g} in {_year(tables, astray)}"
        yield "elasticity", f"is {said}; that of a {kind} such as '{of}' is {side} 0"
        return
    crossed = given["lowest_price"] >= given["highest_price"]
    if crossed.any():
        year = _year(tables, crossed)
        yield "highest_price", f"is not above the lowest_price of '{of}' in {year}; order them"
    if given["steps"] != np.floor(given["steps"]):
        yield "steps", f"is {given['steps']:g}; give a whole number of steps"
    power = tables.single(TABLE, (of, ""), "market_power", absent=0.0)
    if demand and power and (e >= -power).any():
        yield (
            "market_power",
            (
                f"is {power:g}: who knows the weight of what is sold of '{of}' would sell ever "
                f"less at an elasticity of {float(e.max()):g}, since that earns more; give an "
                f"elasticity below {-power:g}, or 0 here"
            ),
        )


def _year(tables: StudyTables, where: Any) -> int:
    return tables.first + int(np.argmax(where))


def _row(tables: StudyTables, of: str, parameter: str) -> ValueRow:
    return tables.numbers.rows[TABLE, (of, ""), parameter][0]
