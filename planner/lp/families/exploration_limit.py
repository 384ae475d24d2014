"""Upper bound of all that exploration finds."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.components import Components, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import plain


def exploration_limit(m: Any, d: str) -> Any:
    r"""No more is found than there is.

    $$\sum_v y_{d,v} \le Y_d$$   [t]
    """
    return sum(m.explored[d, v] for v in m.explored_in[d]) <= m.max_found[d]


def _fill(m: Components, given: Given) -> None:
    explored_in: dict[str, list[Any]] = {d: [] for d in given.system.deposits}
    for name, year in m.sets["explorations"].keys:
        explored_in[str(name)].append(year)
    options = given.system.exploration.values()
    limit = {o.deposit: o.most for o in options if np.isfinite(o.most) and explored_in[o.deposit]}
    add_sets(m, "explored_in", explored_in)
    add_param(m, "max_found", limit)
    add_set(m, "exploration_limit_rows", limit)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    most = plain(facts.system.exploration[name].most)
    return (
        f"{name}: no more than {most} t is there to be found",
        facts.inputs.line("exploration", name, "most"),
    )


EXPLORATION_LIMIT = Physical(
    rule=exploration_limit,
    rows="exploration_limit_rows",
    indices=("deposit",),
    unit="USD/t",
    basis="horizon",
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term("max_found", "Y_d", ("deposit",), "t", "most that there is to be found in all"),
        Term("explored_in", "", ("deposit",), "", "years in which a deposit can be explored"),
    ),
)
