"""Glossary of the names in the rules: every variable, parameter and set, with its symbol, unit
and meaning.

The mathematics page is written from this, and a test refuses a rule that uses a name not listed
here. Parameters that an objective uses are present values: the discount factor of the period is
already in them. What a single family needs stands with that family.
"""

from __future__ import annotations

from planner.lp.families import FORMULATION
from planner.lp.family import Term as Term

VARIABLES: tuple[Term, ...] = (
    Term("activity", "a_{p,t}", ("process", "year"), "activity unit/yr", "how much a process runs"),
    Term(
        "new_capacity",
        "n_{k,v}",
        ("plant", "year of order"),
        "activity unit/yr",
        "capacity ordered in a period, in all",
    ),
    Term(
        "capacity",
        "K_{k,t}",
        ("plant", "year"),
        "activity unit/yr",
        "capacity that stands, mean of the period",
    ),
    Term(
        "stockpile",
        "S_{g,t}",
        ("good", "year"),
        "t",
        "what a stockpile holds at the end of the period",
    ),
    Term("fill", "f_{g,t}", ("good", "year"), "t/yr", "what goes into a stockpile"),
    Term("draw", "d_{g,t}", ("good", "year"), "t/yr", "what comes out of a stockpile"),
    Term(
        "disposal",
        "q_{g,t}",
        ("good", "year"),
        "t/yr",
        "what nobody wants: the named loss `surplus`",
    ),
    Term(
        "shortage",
        "z_{g,t}",
        ("good", "year"),
        "t/yr",
        "demand that is not served, at most the demand",
    ),
    Term(
        "remaining",
        "R_{d,t}",
        ("deposit", "year"),
        "t",
        "ore left in the ground at the end of the period",
    ),
    Term("emission", "E_{s,t}", ("scope", "year"), "t CO2e/yr", "emissions of a scope"),
    Term(
        "impact",
        "I_{i,t}",
        ("impact", "year"),
        "unit of the impact/yr",
        "an impact within a scope, where it has a price or a cap",
    ),
    Term(
        "measure",
        "x_{u,v}",
        ("measure", "year"),
        "t/yr",
        "demand that a measure spares, or what it gives a longer life; what is bought at "
        "home of a good whose demand answers to price",
    ),
    Term(
        "explored",
        "y_{d,v}",
        ("deposit", "year"),
        "t/yr",
        "reserves found by exploration that is paid for",
    ),
    Term(
        "step",
        "e_{s,t}",
        ("step", "year"),
        "activity unit/yr",
        "what is bought, dug or sold at the price of a step of a curve",
    ),
    Term(
        "beyond",
        "j_{p,t}",
        ("process", "year"),
        "activity unit/yr",
        "activity beyond that at which a process was calibrated",
    ),
    Term(
        "taken_back",
        "l_{w,t}",
        ("waste", "year"),
        "t/yr",
        "waste collected beyond the collection rate, at a cost",
    ),
    Term(
        "claimed",
        "y_{n,x,t}",
        ("policy", "process or plant", "year"),
        "activity unit/yr",
        "what a subsidy is claimed for",
    ),
    Term(
        "breach",
        "b_{n,x,t}",
        ("policy", "subject", "year"),
        "unit of the floor",
        "by how much a floor is missed, 0 where it is hard; what stops faster than a decline",
    ),
)

_OWN = tuple(term for family in FORMULATION for term in family.terms)

PARAMETERS: tuple[Term, ...] = (
    *(term for term in _OWN if not term.is_set),
    Term(
        "relief",
        "r_{g,u,v,t}",
        ("good", "measure", "year taken", "year"),
        "1",
        (
            "demand spared in t, or waste added (below zero: spared) in t, for a tonne of a "
            "measure taken in v"
        ),
    ),
    Term(
        "share_term",
        r"\epsilon_{n,p,t}",
        ("policy", "process", "year"),
        "t/activity unit",
        "what a unit of activity counts towards a policy",
    ),
    Term(
        "target",
        r"\tau_{n,x,t}",
        ("policy", "subject", "year"),
        "unit of the floor",
        "level of a floor",
    ),
    Term("limit", r"\bar L_{n,t}", ("policy", "year"), "unit of the row", "level of a ceiling"),
    Term(
        "cash",
        r"C_{k,t}\, w_{k,v,t}",
        ("plant", "year of order", "year"),
        "USD/(activity unit/yr)",
        "overnight cost of what is placed in a year of an order",
    ),
    Term(
        "activity_cost",
        r"\beta_t\, c_{p,t}",
        ("process", "year"),
        "USD/(activity unit/yr)",
        "running cost less credits",
    ),
    Term(
        "capacity_cost",
        r"\beta_t\, \phi_{k,t}",
        ("plant", "year"),
        "USD/(activity unit/yr)",
        "fixed cost of standing capacity",
    ),
    Term(
        "order_cost",
        r"A_{k,v}",
        ("plant", "year of order"),
        "USD/(activity unit/yr)",
        "annuities of an order that fall within the horizon",
    ),
    Term(
        "carbon_cost",
        r"\beta_t\, \pi_{s,t}",
        ("scope", "year"),
        "USD/(t CO2e/yr)",
        "carbon price, on the scope that it falls on",
    ),
    Term(
        "impact_cost",
        r"\beta_t\, \theta_{i,t}",
        ("impact", "year"),
        "USD/(unit of the impact/yr)",
        "price of an impact, on the scope that it falls on",
    ),
    Term(
        "shortage_cost",
        r"\beta_t\, w_{g,t}",
        ("good", "year"),
        "USD/(t/yr)",
        "penalty for demand not served",
    ),
    Term(
        "disposal_cost", r"\beta_t\, \psi_{g,t}", ("good", "year"), "USD/(t/yr)", "cost of disposal"
    ),
    Term(
        "stock_cost",
        r"(\beta_t h_{g,t} + \beta_{t+1} h_{g,t+1}) / 2",
        ("good", "year"),
        "USD/t",
        "holding cost of the stock at the end of a period",
    ),
    Term(
        "opening_cost",
        r"\beta_1 h_{g,1} \bar S_{g,1} / 2",
        (),
        "USD",
        "holding cost of the opening stock in the first period",
    ),
    Term(
        "measure_cost",
        r"\beta_t\, \mu_{u,t}",
        ("measure", "year"),
        "USD/(t/yr)",
        "cost of a measure",
    ),
    Term(
        "exploration_cost",
        r"\beta_t\, \xi_{d,t}",
        ("deposit", "year"),
        "USD/(t/yr)",
        "cost of exploration",
    ),
    Term(
        "step_cost",
        r"\beta_t\, \kappa_{s,t}",
        ("step", "year"),
        "USD/(activity unit/yr)",
        "price of a step; below zero what is sold abroad earns",
    ),
    Term(
        "breach_cost",
        r"\beta_t\, \rho_n",
        ("policy", "subject", "year"),
        "USD/unit of the floor",
        "penalty for missing a soft floor, or for stopping faster than a decline",
    ),
)

SETS: tuple[Term, ...] = (
    *(term for term in _OWN if term.is_set),
    Term("periods", "T", (), "", "all years"),
    Term("steps", "", (), "", "all (step, year) of curves"),
    Term("steps_of", "s_p", ("process or deposit",), "", "steps of a curve, in their order"),
    Term("previous", "t-1", ("year",), "", "the year before, or none"),
    Term(
        "ordered",
        "",
        ("year",),
        "",
        "(plant, year of order) of which a part is placed in a year",
    ),
    Term(
        "relieved",
        "",
        ("good", "year"),
        "",
        "(measure, year taken) that change the balance of a good in a year",
    ),
    Term("measures", "", (), "", "all (measure, year)"),
    Term("explorations", "", (), "", "all (deposit, year) of exploration"),
    Term("counted", "", ("policy",), "", "processes that count towards a policy"),
    Term("scope_of", "s", ("policy",), "", "the scope of a carbon policy"),
    Term("activities", "", (), "", "all (process, year)"),
    Term(
        "orders",
        "",
        (),
        "",
        "all (plant, first year of the period of order) that can still start within the horizon",
    ),
    Term("capacities", "", (), "", "all (plant, year)"),
    Term("emission_rows", "", (), "", "all (scope, year)"),
    Term("impact_account_rows", "", (), "", "all (impact, year) with a price or a cap"),
    Term("footprint_years", "", (), "", "all (footprint, year)"),
    Term("shortages", "", (), "", "all (good, year) with demand"),
    Term("disposals", "", (), "", "all (good, year) that may be disposed of"),
    Term("stockpiles", "", (), "", "all (good, year) that may be kept"),
    Term("breaches", "", (), "", "all (policy, subject, year) with a floor"),
)
