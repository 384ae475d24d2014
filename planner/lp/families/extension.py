"""Upper bound of what a lifetime measure gives a longer life."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given, lengthens, lifetime_measure
from planner.lp.wording import Facts, Subject, Telling
from planner.mfa.demand_measures import AVOIDED
from planner.study.provenance import figures


def extension(m: Any, u: str, t: int) -> Any:
    r"""Only a share of what enters use can be given a longer life, and what is avoided does not
    enter.

    $$x_{u,t} + \omega_{u,t}\, x_{u',t} \le \omega_{u,t} D_{g,t}$$   [t / yr]

    with x what is given the longer life, x' the demand avoided, and omega the potential of the
    measure.
    """
    return (
        sum(m.extension_term[w, t] * m.measure[w, t] for w in m.columns_of[u])
        <= m.max_extended[u, t]
    )


def _fill(m: Components, given: Given) -> None:
    term: dict[Key, float] = {}
    most: dict[Key, float] = {}
    for spare in given.spares:
        if lifetime_measure(given.system, spare):
            term[spare.column, spare.year] = spare.extends
        if lengthens(given.system, spare):
            most[spare.column, spare.year] = spare.most
    lifetimes = [u for u, measure in given.system.measures.items() if measure.kind == "lifetime"]
    add_param(m, "extension_term", term)
    add_param(m, "max_extended", most)
    add_sets(m, "columns_of", {u: [u, u + AVOIDED] for u in lifetimes})
    add_set(m, "extension_rows", most, width=2)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    measure = facts.system.measures[name]
    most = figures(facts.mean(measure.potential, years), "1")
    when = facts.when(years)
    return (
        f"{name}: at most {most} of {measure.good} can be given the longer life {when}",
        facts.inputs.line("measure_values", name, "potential", year=years[0]),
    )


EXTENSION = Physical(
    rule=extension,
    rows="extension_rows",
    indices=("measure", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term(
            "extension_term",
            r"\omega_{u,t}",
            ("measure", "year"),
            "1",
            "1 for what is given a longer life; the potential of the measure for the demand "
            "avoided",
        ),
        Term(
            "max_extended",
            r"\omega_{u,t} D_{g,t}",
            ("measure", "year"),
            "t/yr",
            "most that can be given a longer life",
        ),
        Term(
            "columns_of",
            "",
            ("measure",),
            "",
            "the two columns of a lifetime measure: longer life, and demand avoided",
        ),
    ),
)
