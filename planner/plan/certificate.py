"""Check a plan outside the solver: mass balance from the incidence matrix, cost from the tables,
every row from the arrays."""

from __future__ import annotations

from dataclasses import replace

from planner.mfa.balance import Balance, residual
from planner.plan.plan import Certificate, Plan
from planner.plan.tables import Values, cost_table

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
    )


def verify(plan: Plan) -> Certificate:
    """Recompute the certificate of a plan from its values: mass balance and cost.

    Rows and columns of the programme were checked when it was solved and keep the errors found
    then, as does the replay of longer periods.
    """
    recomputed = float(cost_table(plan.system, plan.values)["present_value"].sum())
    found = certify(
        plan.balance,
        plan.values,
        plan.record.objective,
        recomputed,
        row_error=plan.certificate.row_error,
        column_error=plan.certificate.column_error,
    )
    return replace(found, replay=plan.certificate.replay)
