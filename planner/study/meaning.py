"""Where a number has a meaning, stated once: which goods, processes, plants, products, policies it
is read of.

What stands here is given in vain elsewhere: the reader refuses it, or warns, by this table, and the
page of the study format is written from it. What does not stand here has a meaning for every noun
of its table. A test changes every number of every kind of noun and compares what changes in the
programme and the results with this table.

What excludes a number for good (the kind of a noun) refuses it; where a cell or row may only be
still to come (the plant of a process, a process that runs on the plant), it is a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from planner.errors import Severity
from planner.system.nouns import TRADE, ProcessKind

Question = Literal[
    "opened",
    "demanded",
    "disposable",
    "taken",
    "used",
    "running",
    "orderable",
    "built",
    "announced",
    "growing",
    "declining",
    "lost",
    "mined",
    "hosting",
    "containing",
    "entered",
    "multiplied",
    "observed",
    "cut off",
    "bringing",
    "ordering",
    "emitting",
    "causing",
    "caused",
    "priced",
    "stocked",
    "rising",
    "fixed",
    "going abroad",
    "a deposit",
    "no deposit",
]
"""What a noun or a policy is asked before one of its numbers counts; answered in
`planner.study.judgement.questions`."""
AT_HOME = tuple(kind for kind in get_args(ProcessKind) if kind not in ("import", TRADE))


@dataclass(frozen=True, slots=True)
class Meaning:
    """Numbers, or cells, and the nouns that they have a meaning for."""

    table: str
    names: tuple[str, ...]
    """Parameters, or columns of a structure table that say more than `no`; empty: the noun
    itself."""
    only: str
    """The nouns in words, as the page names them."""
    message: str
    """What is said elsewhere, with its remedy: `name`, `parameter` and the cells of the noun are
    filled in."""
    column: str = ""
    """Cell of the noun that decides; empty where a question does."""
    among: tuple[str, ...] = ()
    """What that cell must hold; without any, anything."""
    asks: Question | None = None
    severity: Severity = "error"


MEANINGS: tuple[Meaning, ...] = (
    Meaning(
        "goods",
        (),
        "goods that a process, a demand or a use stock knows",
        "no process makes or takes '{name}', nothing demands it and no product becomes it: it has "
        "no part in the plan; add its process to coefficients.csv, or drop it",
        asks="used",
        severity="warning",
    ),
    Meaning(
        "goods",
        ("export",),
        "goods that are demanded, or sold by steps of price",
        "'{name}' is marked as an export, but is neither demanded nor sold at a price, so that "
        "none of it goes abroad; add it to demand.csv or curves.csv",
        asks="going abroad",
        severity="warning",
    ),
    Meaning(
        "good_values",
        ("content",),
        "joint goods (without a metal in goods.csv)",
        "good '{name}' is counted in contained {metal}; drop its content, or empty its metal in "
        "goods.csv",
        column="metal",
        among=("",),
    ),
    Meaning(
        "good_values",
        ("closing_stock", "max_stock", "holding_cost"),
        "goods with an opening_stock",
        "'{name}' has {parameter} but no opening_stock; add that row (0 if it starts empty)",
        asks="opened",
    ),
    Meaning(
        "good_values",
        ("shortage_cost",),
        "demanded goods",
        "'{name}' is not demanded, so that nothing of it can be short; add it to demand.csv, or "
        "drop its shortage_cost",
        asks="demanded",
        severity="warning",
    ),
    Meaning(
        "good_values",
        ("disposal_cost",),
        "goods that may be disposed of: scrap, waste, what a process other than manufacture gives "
        "beside another good",
        "'{name}' is never disposed of: only scrap, waste and what a process other than "
        "manufacture gives beside another good may be; drop its disposal_cost",
        asks="disposable",
    ),
    Meaning(
        "collection",
        ("rate",),
        "goods of kind waste",
        "'{name}' is {kind}; only goods of kind waste are collected",
        column="kind",
        among=("waste",),
    ),
    Meaning(
        "collection",
        ("rate",),
        "goods that a process takes",
        "no process takes '{name}', so that its collection rate bounds nothing; add a process that "
        "collects it, or drop the rate",
        asks="taken",
        severity="warning",
    ),
    Meaning(
        "process_values",
        ("electricity", "direct_emission"),
        "processes at home (all kinds but import)",
        "'{name}' is an import, which emits nothing at home: its {parameter} would count in no "
        "scope; give embodied_emission (cradle to border) instead",
        column="kind",
        among=AT_HOME,
    ),
    Meaning(
        "impacts",
        (),
        "impacts that a process has",
        "no process has '{name}': it is computed of nothing; give factors `impact:{name}` in "
        "process_values.csv, or drop it",
        asks="caused",
        severity="warning",
    ),
    Meaning(
        "process_values",
        ("loading",),
        "processes on a plant",
        "'{name}' runs on no plant, so that it loads none; name its plant in processes.csv, or "
        "drop the row",
        column="plant",
        severity="warning",
    ),
    Meaning(
        "process_values",
        ("host_content",),
        "processes with a host",
        "'{name}' has no host; name it in processes.csv, or drop the row",
        column="host",
        severity="warning",
    ),
    Meaning(
        "process_values",
        ("unseen_from",),
        "processes with an unseen_rise",
        "'{name}' has an unseen_from but no unseen_rise, so that nothing rises from there; give "
        "its unseen_rise, or drop the row",
        asks="rising",
        severity="warning",
    ),
    Meaning(
        "ramps",
        (),
        "groups that a process names",
        "no process names ramp group '{name}', so that it limits nothing; name it in "
        "processes.csv, or drop it",
        asks="growing",
        severity="warning",
    ),
    Meaning(
        "ramps",
        ("stopping_cost",),
        "groups with a decline",
        "ramp group '{name}' has a stopping_cost but no decline, so that it may stop at once; give "
        "its decline, or drop the row",
        asks="declining",
        severity="warning",
    ),
    Meaning(
        "plants",
        (),
        "plants that a process names",
        "no process runs on plant '{name}'; name it in processes.csv, or drop it",
        asks="running",
        severity="warning",
    ),
    Meaning(
        "plants",
        ("lead_time", "max_new", "interest_rate"),
        "plants that can be ordered (with a capital_cost)",
        "plant '{name}' has {parameter} but no capital_cost, so that it cannot be ordered; give "
        "its capital_cost, or drop the row",
        asks="orderable",
        severity="warning",
    ),
    Meaning(
        "plants",
        ("life",),
        "plants that can be ordered or are under construction",
        "plant '{name}' has a life but neither a capital_cost nor anything under construction: "
        "existing_capacity says by itself how it retires; give one of them, or drop the row",
        asks="built",
        severity="warning",
    ),
    Meaning(
        "plants",
        ("probability",),
        "plants with anything under construction",
        "nothing of plant '{name}' is under construction, so that its probability is that of "
        "nothing; give under_construction, or drop the row",
        asks="announced",
        severity="warning",
    ),
    Meaning(
        "deposits",
        (),
        "deposits that a process takes ore from",
        "no process takes ore from deposit '{name}'; add it to coefficients.csv, or drop it",
        asks="mined",
        severity="warning",
    ),
    Meaning(
        "exploration",
        (),
        "deposits that a process takes ore from",
        "no process takes ore from deposit '{name}', so that nothing is looked for; add it to "
        "coefficients.csv, or drop it",
        asks="mined",
        severity="warning",
    ),
    Meaning(
        "take_back",
        ("more", "cost", "fee"),
        "goods of kind waste",
        "'{name}' is {kind}, so that its {parameter} means nothing; only goods of kind waste are "
        "taken back",
        column="kind",
        among=("waste",),
    ),
    Meaning(
        "take_back",
        ("more", "cost", "fee"),
        "goods that a process takes",
        "no process takes '{name}', so that its {parameter} means nothing; add a process that "
        "collects it, or drop the row",
        asks="taken",
        severity="warning",
    ),
    Meaning(
        "loss_media",
        (),
        "losses that a process names, and those without a process",
        "no process of processes.csv names the loss '{name}'; name it there, or drop it",
        asks="lost",
    ),
    Meaning(
        "hosts",
        (),
        "hosts that a process names",
        "no process comes with host '{name}'; name it in processes.csv, or drop it",
        asks="hosting",
        severity="warning",
    ),
    Meaning(
        "host_contents",
        (),
        "hosts that a process names, or that fill a residue",
        "no process comes with host '{name}' and it fills no residue; name it in processes.csv, or "
        "drop its content",
        asks="containing",
        severity="warning",
    ),
    Meaning(
        "residues",
        (),
        "deposits that a process takes ore from",
        "no process takes ore from deposit '{name}', so that what fills it is of no use; add it to "
        "coefficients.csv, or drop the row",
        asks="mined",
        severity="warning",
    ),
    Meaning(
        "products",
        (),
        "products that something enters",
        "nothing enters the use stock '{name}': no row of uses.csv and none of cohorts.csv; add "
        "one, or drop the product",
        asks="entered",
        severity="warning",
    ),
    Meaning(
        "product_values",
        ("lifetime_sd",),
        "normal, folded_normal, lognormal and gamma lifetimes",
        "a {distribution} lifetime has no {parameter}; drop the row, or choose another "
        "distribution for '{name}'",
        column="distribution",
        among=("normal", "folded_normal", "lognormal", "gamma"),
    ),
    Meaning(
        "product_values",
        ("lifetime_shape",),
        "weibull lifetimes",
        "a {distribution} lifetime has no {parameter}; drop the row, or choose another "
        "distribution for '{name}'",
        column="distribution",
        among=("weibull",),
    ),
    Meaning(
        "curves",
        ("reserve",),
        "steps of deposits",
        "'{name}' is no deposit: its steps bound what is had in a year; give amount instead of "
        "{parameter}",
        asks="a deposit",
    ),
    Meaning(
        "curves",
        ("grade", "ore_cost", "ore_electricity", "ore_emission"),
        "steps of deposits",
        "'{name}' is no deposit and has no ore, so that its {parameter} means nothing; give a "
        "price instead",
        asks="a deposit",
    ),
    Meaning(
        "curves",
        ("amount",),
        "steps of processes and goods",
        "'{name}' is a deposit: its steps bound what is dug in all years; give reserve instead of "
        "{parameter}",
        asks="no deposit",
    ),
    Meaning(
        "curves",
        (
            "elasticity",
            "reference_price",
            "reference_amount",
            "lowest_price",
            "highest_price",
            "steps",
            "market_power",
        ),
        "processes and goods",
        "'{name}' is a deposit, which is dug by what it holds: {parameter} means nothing of it; "
        "give steps of price and reserve instead",
        asks="no deposit",
    ),
    Meaning(
        "measure_values",
        ("ratio",),
        "substitutions with a good `instead`",
        "measure '{name}' names no good instead; name it in measures.csv, or drop its ratio",
        column="instead",
        severity="warning",
    ),
    Meaning(
        "measure_values",
        ("longer",),
        "lifetime measures",
        "measure '{name}' is of kind {kind}, which lengthens no life; drop the row",
        column="kind",
        among=("lifetime",),
    ),
    Meaning(
        "series",
        ("value",),
        "series that multiply something of the study",
        "'{name}' multiplies nothing in this study: no process has {parts}; give it, or drop the "
        "series",
        asks="multiplied",
        severity="warning",
    ),
)


def only(table: str, name: str) -> tuple[str, ...]:
    """The nouns in words that a parameter or column of a table has a meaning for, or the noun
    itself where the name is empty; without any, for all."""
    wanted = (name,) if name else ()
    return tuple(
        each.only
        for each in MEANINGS
        if each.table == table and (each.names == wanted or (name and name in each.names))
    )


SERIES_PARTS: Mapping[str, tuple[str, ...]] = {
    "grid_intensity": ("electricity",),
    "direct_emission_index": ("direct_emission",),
    "foreign_emission_index": ("embodied_emission", "transport_emission"),
    "carbon_price": (
        "direct_emission",
        "electricity",
        "embodied_emission",
        "transport_emission",
    ),
}
"""Parameters of processes that a series multiplies; a series that is not here is always read."""


@dataclass(frozen=True, slots=True)
class HeadMeaning:
    """A field of study.toml, and what it needs so as to set anything."""

    name: str
    idle: object
    """The value that sets nothing anyway."""
    only: str
    message: str
    asks: Question


HEAD_MEANINGS: tuple[HeadMeaning, ...] = (
    HeadMeaning(
        "border_adjustment",
        False,
        "there is a carbon price",
        "is true, but the study has no carbon price that could fall on imports; give carbon_price "
        "in series.csv, or drop it",
        "priced",
    ),
    HeadMeaning(
        "stock_convention",
        "uniform",
        "there is a use stock",
        "says when products enter use, but the study has no use stock; give one in products.csv, "
        "or drop it",
        "stocked",
    ),
)


@dataclass(frozen=True, slots=True)
class PolicyMeaning:
    """A policy, and what it needs so as to set anything."""

    kinds: tuple[str, ...]
    """Empty: every kind."""
    only: str
    message: str
    field: str
    """Field that the message points at."""
    asks: Question
    severity: Severity = "warning"


POLICY_MEANINGS: tuple[PolicyMeaning, ...] = (
    PolicyMeaning(
        ("pin",),
        "every process named has an observed activity in a year of its force",
        "nothing is observed of {lacking} in the years in force; give `observed` in "
        "process_values.csv, or name other processes",
        "processes",
        "observed",
        "error",
    ),
    PolicyMeaning(
        ("closure",),
        "an import of the metal comes from the origin",
        "no import {of}comes from {origin}: the closure closes nothing; name another origin or "
        "metal, or drop it",
        "origin",
        "cut off",
    ),
    PolicyMeaning(
        ("import_share",),
        "an import of the metal comes from the origin",
        "no import {of}comes from {origin}: the share bounds nothing; name another origin or "
        "metal, or drop it",
        "origin",
        "bringing",
    ),
    PolicyMeaning(
        ("self_sufficiency", "import_share", "stockpile_cover"),
        "the demand that it is a share of does not answer to price",
        "the demand for {lacking} answers to price, so that nobody knows what a share of it is "
        'before the plan is made; measure imports (of = "imports") or recycled content, or give '
        "the demand in demand.csv",
        "metal",
        "fixed",
        "error",
    ),
    PolicyMeaning(
        ("share",),
        "the demand that its denominator selects does not answer to price",
        "the demand for {lacking} answers to price, so that nobody knows what a share of it is "
        "before the plan is made; select other goods or what flows (a denominator without "
        "`demand`), or give the demand in demand.csv",
        "denominator",
        "fixed",
        "error",
    ),
    PolicyMeaning(
        ("capital_budget",),
        "a plant can be ordered",
        "no plant has a capital_cost, so that nothing can be ordered and the budget bounds "
        "nothing; give one in plants.csv, or drop the policy",
        "cap",
        "ordering",
    ),
    PolicyMeaning(
        ("carbon_cap", "carbon_budget"),
        "something emits",
        "no process emits anything: the cap bounds nothing; give emissions in process_values.csv, "
        "or drop the policy",
        "cap",
        "emitting",
    ),
    PolicyMeaning(
        ("impact_cap", "impact_budget"),
        "a process has the impact within the scope",
        "no process has {lacking}: the cap bounds nothing; give factors in process_values.csv, or "
        "drop the policy",
        "impact",
        "causing",
    ),
)
