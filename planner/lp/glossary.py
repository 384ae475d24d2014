"""What the names in the rules stand for: every variable, parameter and set, with its symbol, unit
and meaning.

The mathematics page is written from this, and a test refuses a rule that uses a name not listed
here. Parameters that an objective uses are present values: the discount factor of the period is
already in them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One name of the linear programme. `symbol` is the LaTeX that the equations use; `unit` is
    empty for a set."""

    name: str
    symbol: str
    indices: tuple[str, ...]
    unit: str
    meaning: str


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
        "measure",
        "x_{u,v}",
        ("measure", "year"),
        "t/yr",
        "demand that a measure spares, or what it gives a longer life",
    ),
    Term(
        "explored",
        "y_{d,v}",
        ("deposit", "year"),
        "t/yr",
        "reserves found by exploration that is paid for",
    ),
    Term(
        "breach",
        "b_{n,x,t}",
        ("policy", "subject", "year"),
        "unit of the floor",
        "by how much a floor is missed; 0 where the floor is hard",
    ),
)

PARAMETERS: tuple[Term, ...] = (
    Term(
        "coefficient",
        r"o_{g,p,t} - i_{g,p,t}",
        ("good", "process", "year"),
        "t/activity unit",
        "what a unit of activity gives less what it takes",
    ),
    Term(
        "requirement",
        r"D_{g,t} - W_{g,t}",
        ("good", "year"),
        "t/yr",
        "demand less the waste that arises from use",
    ),
    Term(
        "loading",
        r"\lambda_p",
        ("process",),
        "1",
        "plant capacity that a unit of activity takes up",
    ),
    Term("availability", r"\eta_{k,t}", ("plant", "year"), "1", "share of capacity that can run"),
    Term(
        "alive_share",
        r"s_{k,v,t}",
        ("plant", "year of order", "year"),
        "1",
        "share of period t in which an order of v stands",
    ),
    Term(
        "existing",
        r"\bar K_{k,t}",
        ("plant", "year"),
        "activity unit/yr",
        "capacity that stands without an order",
    ),
    Term(
        "most_orders",
        r"N_{k,t}\, n_t",
        ("plant", "year"),
        "activity unit/yr",
        "most that can be ordered in the period",
    ),
    Term(
        "most_capacity", r"K^{max}_{k,t}", ("plant", "year"), "activity unit/yr", "largest capacity"
    ),
    Term(
        "growth",
        r"(1 + \gamma_r)^{\Delta_t}",
        ("ramp group", "year"),
        "1",
        "growth factor since the period before",
    ),
    Term(
        "growth_step",
        r"\sigma_r\, \Delta_t",
        ("ramp group", "year"),
        "t/yr",
        "growth allowed from nothing",
    ),
    Term(
        "decline",
        r"(1 - \delta_r)^{\Delta_t}",
        ("ramp group", "year"),
        "1",
        "least share of the period before",
    ),
    Term(
        "ore",
        r"i_{d,p,t}",
        ("deposit", "process", "year"),
        "t/activity unit",
        "ore that a unit of activity takes from a deposit",
    ),
    Term(
        "ore_added",
        r"n_t\, A_{d,t}",
        ("deposit", "year"),
        "t",
        "reserve growth of the period; in the first one the reserve too",
    ),
    Term("most_found", "Y_d", ("deposit",), "t", "most that there is to be found in all"),
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
        "collectable_relief",
        r"\kappa_{w,t}\, r_{w,u,v,t}",
        ("waste", "measure", "year taken", "year"),
        "1",
        "collectable part of the waste that a measure adds",
    ),
    Term(
        "service_loss",
        r"\theta_{u,v,t}",
        ("measure", "year taken", "year"),
        "yr",
        "stock in use that is missing at the end of t for a tonne per year of a measure taken in v",
    ),
    Term(
        "extension_term",
        r"\omega_{u,t}",
        ("measure", "year"),
        "1",
        "1 for what is given a longer life; the potential of the measure for the demand avoided",
    ),
    Term(
        "most_extended",
        r"\omega_{u,t} D_{g,t}",
        ("measure", "year"),
        "t/yr",
        "most that can be given a longer life",
    ),
    Term(
        "host_need",
        r"1 / c_{p,t}",
        ("process", "year"),
        "t host/t",
        "host output needed for a tonne of by-product",
    ),
    Term("host_output", r"H_{h,t}", ("host", "year"), "t host/yr", "output of the host"),
    Term(
        "collected",
        r"i_{w,p,t}",
        ("waste", "process", "year"),
        "t/activity unit",
        "waste that a unit of collection takes",
    ),
    Term(
        "new_waste",
        r"\kappa_{w,t}\, o_{w,p,t}",
        ("waste", "process", "year"),
        "t/activity unit",
        "collectable part of the waste a process makes",
    ),
    Term(
        "collectable",
        r"\kappa_{w,t}\, W_{w,t}",
        ("waste", "year"),
        "t/yr",
        "collectable part of the waste that arises from use",
    ),
    Term(
        "stock_opening",
        r"\bar S_{g,t}",
        ("good", "year"),
        "t",
        "stock at the start in the first period, 0 after it",
    ),
    Term(
        "emission_factor",
        r"e_{s,p,t}",
        ("scope", "process", "year"),
        "t CO2e/activity unit",
        "emission of a unit of activity",
    ),
    Term("length", r"n_t", ("year",), "yr", "calendar years in the period"),
    Term(
        "share_term",
        r"\epsilon_{n,p,t}",
        ("policy", "process", "year"),
        "t/activity unit",
        "what a unit of activity counts towards a policy",
    ),
    Term(
        "waste_term",
        r"i_{x,p,t} - \sigma_{n,t}\, o_{x,p,t}",
        ("policy", "waste", "process", "year"),
        "t/activity unit",
        "what a unit of activity counts towards a collection target",
    ),
    Term(
        "target",
        r"\tau_{n,x,t}",
        ("policy", "subject", "year"),
        "unit of the floor",
        "level of a floor",
    ),
    Term(
        "ceiling",
        r"(1 + \tau_n)\, \hat a_{x,t}",
        ("policy", "process", "year"),
        "activity unit/yr",
        "most that a pinned activity may run",
    ),
    Term("limit", r"\bar L_{n,t}", ("policy", "year"), "unit of the row", "level of a ceiling"),
    Term("budget", r"B_n", ("policy",), "t CO2e", "emissions allowed over all years"),
    Term(
        "cash",
        r"C_{k,t} / n_t",
        ("plant", "year"),
        "USD/(activity unit/yr)/yr",
        "overnight cost, spread over the years of the period of order",
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
        "collection_share",
        r"\sigma_{n,t}",
        ("policy", "waste", "year"),
        "1",
        "level of a collection target",
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
        "breach_cost",
        r"\beta_t\, \rho_n",
        ("policy", "subject", "year"),
        "USD/unit of the floor",
        "penalty for missing a soft floor",
    ),
)

SETS: tuple[Term, ...] = (
    Term("periods", "T", (), "", "periods, named by their first year"),
    Term("previous", "t-1", ("year",), "", "the period before, or none"),
    Term("processes_of", "P_g", ("good",), "", "processes that take or give a good"),
    Term("served", "", ("good",), "", "the good itself where it is demanded"),
    Term("stored", "", ("good",), "", "the good itself where it may be kept"),
    Term("disposed", "", ("good",), "", "the good itself where it may be disposed of"),
    Term("processes_on", "P_k", ("plant",), "", "processes that run on a plant"),
    Term("alive_orders", "", ("plant", "year"), "", "years whose orders stand in a period"),
    Term("ordered", "", ("year",), "", "plants that can be ordered in a period"),
    Term("members", "r", ("ramp group",), "", "processes of a ramp group"),
    Term("run_down_breach", "", ("ramp group", "year"), "", "the breach of a run-down row"),
    Term("miners", "", ("deposit",), "", "processes that take from a deposit"),
    Term(
        "finds",
        "",
        ("deposit", "year"),
        "",
        "periods of exploration whose finds can first be mined in a period",
    ),
    Term("explored_in", "", ("deposit",), "", "periods in which a deposit can be explored"),
    Term(
        "relieved",
        "",
        ("good", "year"),
        "",
        "(measure, year taken) that change the balance of a good in a period",
    ),
    Term(
        "columns_of",
        "",
        ("measure",),
        "",
        "the two columns of a lifetime measure: longer life, and demand avoided",
    ),
    Term(
        "lasting",
        "",
        ("measure", "year"),
        "",
        "(column, year taken) of a lifetime measure that change the stock at the end of a period",
    ),
    Term("measures", "", (), "", "all (measure, year)"),
    Term("explorations", "", (), "", "all (deposit, year) of exploration"),
    Term("byproducts", "B_{h,m}", ("host", "metal"), "", "processes that win a metal from a host"),
    Term("collectors", "C_w", ("waste",), "", "processes that collect a waste"),
    Term("waste_makers", "", ("waste",), "", "processes that make a waste"),
    Term("emitters", "", ("scope",), "", "processes that emit within a scope"),
    Term("counted", "", ("policy",), "", "processes that count towards a policy"),
    Term("scope_of", "s", ("policy",), "", "the scope of a carbon policy"),
    Term(
        "waste_lines",
        "C_x",
        ("policy", "waste"),
        "",
        "processes that collect or make the waste of a target",
    ),
    Term("activities", "", (), "", "all (process, year)"),
    Term(
        "orders", "", (), "", "all (plant, year of order) that can still start within the horizon"
    ),
    Term("capacities", "", (), "", "all (plant, year)"),
    Term("emission_rows", "", (), "", "all (scope, year)"),
    Term("footprint_years", "", (), "", "all (footprint, year)"),
    Term("shortages", "", (), "", "all (good, year) with demand"),
    Term("disposals", "", (), "", "all (good, year) that may be disposed of"),
    Term("stockpiles", "", (), "", "all (good, year) that may be kept"),
    Term("breaches", "", (), "", "all (policy, subject, year) with a floor"),
)
