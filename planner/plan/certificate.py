"""Check a plan outside the solver: mass balance from the incidence matrix, cost from the tables,
every row from the arrays."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from planner.mfa.balance import Balance, residual
from planner.plan.plan import Certificate, Plan, Replay
from planner.plan.result_tables import result_tables
from planner.plan.schema import NUMBERS
from planner.plan.tables import Values, cost_table
from planner.runtime.run_seal import BEFORE_SEALS

TOLERANCE = 1e-9
"""Every error of a certificate is to stay below this: relative to the largest flow, the cost, or a
row's terms."""


def certify(
    balance: Balance,
    values: Values,
    objective: float,
    recomputed: float,
    *,
    row_error: float,
    column_error: float,
    table_error: float = 0.0,
    replay: Replay | None = None,
) -> Certificate:
    """The certificate of a solution; see Certificate for what each error is relative to."""
    goods, processes = residual(balance, values)
    worst = max((goods, processes), key=lambda r: r.relative)
    return Certificate(
        balance_residual=goods.relative,
        process_residual=processes.relative,
        cost_error=abs(recomputed - objective) / max(abs(objective), 1.0),
        row_error=row_error,
        column_error=column_error,
        largest_flow=goods.largest_flow,
        worst=worst.place,
        tolerance=TOLERANCE,
        table_error=table_error,
        replay=replay,
    )


def verify(plan: Plan) -> Certificate:
    """Recompute the certificate of a plan from its values: mass balance, cost and every table but
    the prices. It fails where a run was altered and loaded all the same.

    Rows and columns of the programme were checked when it was solved and keep the errors found
    then, as does the replay of longer periods.
    """
    recomputed = float(cost_table(plan.system, plan.values)["present_value"].sum())
    return certify(
        plan.balance,
        plan.values,
        plan.record.objective,
        recomputed,
        row_error=plan.certificate.row_error,
        column_error=plan.certificate.column_error,
        table_error=_table_error(plan),
        replay=plan.certificate.replay,
    )


def _table_error(plan: Plan) -> float:
    """Largest difference between a table of a plan and what its variables give; infinite where the
    run was altered, since nobody can tell of the prices what they were."""
    if plan.unsealed not in ("", BEFORE_SEALS):
        return math.inf
    made, _ = result_tables(plan.balance, plan.values, plan.prices)
    known = (name for name in made if name != "prices")
    return max(_difference(plan.tables[name], made[name]) for name in known)


def _difference(said: pd.DataFrame, made: pd.DataFrame) -> float:
    """Largest difference of two tables, as a share of the largest number of the column; infinite
    where they have other rows."""
    numbers = [name for name in made.columns if name in NUMBERS]
    words = [name for name in made.columns if name not in NUMBERS]
    if (
        len(said) != len(made)
        or (said[words].astype(str).to_numpy() != made[words].astype(str).to_numpy()).any()
    ):
        return math.inf
    return max((_off(said[name], made[name]) for name in numbers), default=0.0)


def _off(said: pd.Series, made: pd.Series) -> float:
    one, two = said.to_numpy(dtype=float), made.to_numpy(dtype=float)
    if not np.array_equal(np.isnan(one), np.isnan(two)):
        return math.inf
    size = max(np.nanmax(np.abs(two), initial=0.0), 1.0)
    return float(np.nanmax(np.abs(one - two), initial=0.0) / size)
