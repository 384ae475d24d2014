"""The tables of a run: every column with its type, unit and definition. Stated once.

The tables are made with these columns (`planner.plan.tables`), `datapackage.json` describes them by
this, and `docs/results.md` is written from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from planner.study.head import CONVENTIONS
from planner.system.impacts import PARTS
from planner.system.nouns import PATHWAYS, SCOPES

CellKind = Literal["text", "number", "year", "truth"]


@dataclass(frozen=True, slots=True)
class ResultField:
    """One column. `key` columns together name a row; a number has the unit that stands here, or
    that of its row (`unit`)."""

    name: str
    kind: CellKind
    meaning: str
    unit: str = ""
    key: bool = False
    choices: tuple[str, ...] = ()
    optional: bool = False
    """True where a cell may be empty."""


@dataclass(frozen=True, slots=True)
class ResultTable:
    """One table of a run."""

    name: str
    meaning: str
    fields: tuple[ResultField, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.key)


YEAR = ResultField("year", "year", "the year, whatever periods the study states", key=True)
METAL = ResultField("metal", "text", "name of the metal, in lower case", key=True)
METALS = ResultField(
    "metal",
    "text",
    "metal, or the metals of a joint process joined by `;`; empty where it belongs to none",
    optional=True,
)
UNIT = ResultField("unit", "text", "unit of `value`")
ITEMS: Mapping[str, str] = MappingProxyType(
    {
        "variable_cost": "variable cost of running a process",
        "import_price": "price paid for what is imported",
        "transport_cost": "transport of what is imported",
        "duty": "tariffs and duties on trade, which the place that it goes to levies",
        "border_adjustment": (
            "carbon price that a border charges on what trade embodies, and in a study with places "
            "on imports"
        ),
        "credit": "what by-products outside the study earn (negative)",
        "fixed_cost": "fixed cost of standing capacity, run or not",
        "capital": "annuities of what was ordered, as far as they fall within the horizon",
        "impact_price": "price of an impact times what it falls on (`IMPACT/PROCESS`)",
        "carbon_price": "carbon price times the emissions it falls on",
        "disposal": "disposal of what nobody wants",
        "shortage": "penalty for demand not served",
        "stockpile_holding": (
            "holding cost of stockpiles, on the mean of their levels at both ends of the year"
        ),
        "measure": "cost of demand measures",
        "exploration": "cost of exploration",
        "take_back": "cost of collecting waste beyond its collection rate",
        "breach": (
            "penalty for missing a soft target, or for stopping faster than a limit of decline"
        ),
        "curve": "price paid by the steps of a curve, for what a process gives or ore that is dug",
        "export_revenue": "what exports that are sold by steps of price earn (negative)",
        "rent_abroad": (
            "what suppliers abroad earn above their curve of constant elasticity, and buyers "
            "abroad keep below theirs, where the country takes the price (negative): it stands in "
            "`curve` and `export_revenue`, and the objective leaves it out"
        ),
        "benefit": (
            "what home buyers would pay at most for what they buy, where demand answers to price "
            "(negative): part of the objective, and no cost holds it"
        ),
        "unseen_cost": (
            "cost or benefit (negative) of a process that no source states and that a calibration "
            "found: nobody is known to pay it, and no cost holds it"
        ),
        "own": "cost that somebody added to the model (`planner.add_cost`), under its name",
        "subsidy": (
            "what the state pays by policies of that kind, by policy/process or plant (negative; "
            "for orders the annuities of it, as `capital`): in the objective, since whoever "
            "decides sees it, and in no cost"
        ),
        "transfer": (
            "payment between parties at home; its present value is 0, since the country as a whole "
            "pays nothing"
        ),
    }
)
"""Items of the cost table."""
CURVE_QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "price": "price of the step (money of the study per t)",
        "outlay": (
            "what a unit of the step adds to the outlay where every unit is paid at the market "
            "price (money of the study per t); only of curves of constant elasticity"
        ),
        "amount": "most of the step in a year (t/year); no row where it has no limit",
        "left": "what is left of the step of a deposit at the end of the year (t)",
        "taken": "what is bought, sold or dug of the step (t/year)",
    }
)
"""Quantities of the table of curves."""
CURVE_KINDS = ("supply", "export", "demand", "deposit")
"""Kinds of curves in the table of curves."""
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "stock": "level at the end of the year (t)",
        "inflow": "what enters use (t/year)",
        "outflow": "what leaves use (t/year)",
        "fill": "what goes into a stockpile, or into a residue that hosts fill (t/year)",
        "draw": "what comes out of a stockpile (t/year)",
        "content": "metal that comes with the output of a host (t/year)",
        "won": "what by-product processes win of that content (t/year)",
        "laid_down": "what of it goes into residues that can be mined later (t/year)",
        "lost": "the rest of it (t/year)",
    }
)
"""Quantities of the stock table."""
CAPACITIES: Mapping[str, str] = MappingProxyType(
    {
        "capacity": "what stands",
        "existing": "what would stand without new orders",
        "used": "what runs",
        "ordered": "what is ordered in the year",
    }
)
"""Quantities of the capacity table."""
BASES: Mapping[str, str] = MappingProxyType(
    {
        "annual": (
            "a requirement per year: `value` is `present_value` divided by the discount factor of "
            "the year"
        ),
        "state": (
            "a stock at a moment: `value` is `present_value` divided by the discount factor of the "
            "year"
        ),
        "horizon": "the whole horizon: `value` is `present_value`",
    }
)
"""Bases of shadow prices and their meaning."""

GOODS_PRICE, REFINED_PRICE = "price: goods", "price: refined metal"
"""The two prices of a metal among the indicators."""
INDICATORS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "requirement": (
            "t/year",
            (
                "demand in refined equivalents, or in contained metal where the study states none; "
                "what measures of the plan spare is not required, and of home demand that answers "
                "to price what is bought is"
            ),
        ),
        "shortage": ("t/year", "the part of the requirement that is not served"),
        "share: PATHWAY": (
            "1",
            (
                "share of a pathway in all metal supplied, refined or in imported finished goods, "
                "new scrap left out"
            ),
        ),
        GOODS_PRICE: (
            "USD/t",
            (
                "shadow price of the metal's demanded goods, weighted by their demand (after "
                "measures): what one tonne more of what is used costs, refining and manufacture "
                "within the study included; goods of several metals are left out"
            ),
        ),
        REFINED_PRICE: (
            "USD/t",
            (
                "shadow price of the metal as refined metal, to be set beside market prices of "
                "the metal; the dearest where the study has several refined goods of it"
            ),
        ),
        f"{REFINED_PRICE}, GOOD": (
            "USD/t",
            (
                "shadow price of each refined good (grades, salts) by tonne of its metal, where "
                "the study has several of a metal"
            ),
        ),
        "SCOPE emissions": (
            "tCO2e/year",
            (
                "emissions of the processes of the metal; those of joint processes under the "
                "joined name"
            ),
        ),
    }
)
"""Indicators that every run holds, with unit and definition; words in capitals stand for the names
of pathways and scopes."""


def _said(meanings: Mapping[str, str]) -> str:
    return "; ".join(f"`{name}`: {meaning}" for name, meaning in meanings.items())


RESULTS: tuple[ResultTable, ...] = (
    ResultTable(
        "supply",
        (
            "Metal by where it was won, traced through the flows: in each good, process and "
            "stockpile metal mixes in proportion. Refined metal counts where it is refined first, "
            "and metal in imported finished goods where it comes in, in refined equivalents. "
            "Stockpiles of refined metal give what is drawn less what is filled."
        ),
        (
            METAL,
            YEAR,
            ResultField("pathway", "text", "where the metal was won", key=True, choices=PATHWAYS),
            ResultField(
                "process",
                "text",
                "process that gives the refined metal or imports the goods, or `stockpile/GOOD`",
                key=True,
            ),
            ResultField(
                "origin",
                "text",
                "country it is imported from, or whose ore it was won from where it is refined at "
                "home; empty for what is won at home",
                key=True,
                optional=True,
            ),
            ResultField("value", "number", "metal supplied"),
            UNIT,
        ),
    ),
    ResultTable(
        "flows",
        (
            "Every flow of every metal, process to good to process: at each of them what comes in "
            "goes out."
        ),
        (
            METAL,
            YEAR,
            ResultField(
                "source",
                "text",
                (
                    "process or good, by its name, or `deposit/`, `origin/`, `host/`, `use/`, "
                    "`stockpile/NAME`, `shortage`"
                ),
                key=True,
            ),
            ResultField(
                "target",
                "text",
                "process or good, by its name, or `use/`, `stockpile/`, `loss/NAME` (with "
                "`/MEDIUM` for the part that loss_media says goes there), `export`, "
                "`demand` (served, but "
                "entering no use stock at home)",
                key=True,
            ),
            ResultField(
                "good",
                "text",
                (
                    "the good that flows; of what a process loses, the name of the loss, or empty "
                    "where it has none"
                ),
                key=True,
                optional=True,
            ),
            ResultField("value", "number", "metal that flows"),
            UNIT,
        ),
    ),
    ResultTable(
        "stocks",
        "Stocks in use, stockpiles and deposits, and what becomes of the metal that comes with the "
        "output of each host of stated content: content = won + laid_down + lost.",
        (
            METAL,
            YEAR,
            ResultField(
                "kind",
                "text",
                "use, stockpile, deposit or host",
                key=True,
                choices=("use", "stockpile", "deposit", "host"),
            ),
            ResultField("name", "text", "product, good, deposit or host", key=True),
            ResultField("quantity", "text", _said(QUANTITIES), key=True, choices=tuple(QUANTITIES)),
            ResultField("value", "number", "contained metal"),
            UNIT,
            ResultField(
                "convention",
                "text",
                (
                    "how inflow is spread within the year (use), or when the level is taken; empty "
                    "for flows of stockpiles, residues and hosts"
                ),
                choices=(*CONVENTIONS, "end of period"),
                optional=True,
            ),
        ),
    ),
    ResultTable(
        "capacity",
        "Plants.",
        (
            ResultField("plant", "text", "plant", key=True),
            YEAR,
            ResultField("quantity", "text", _said(CAPACITIES), key=True, choices=tuple(CAPACITIES)),
            ResultField(
                "value",
                "number",
                "capacity in units of activity per year",
            ),
            UNIT,
        ),
    ),
    ResultTable(
        "costs",
        "Every cost of the plan, and its penalties: the items `shortage` and `breach`, which "
        "nobody pays and no cost holds. The sum of `present_value` is the objective, recomputed "
        "from the values and not from the programme.",
        (
            ResultField("item", "text", _said(ITEMS), key=True, choices=tuple(ITEMS)),
            ResultField(
                "name",
                "text",
                "process, plant, good, measure, deposit or policy/subject that costs it, or earns",
                key=True,
            ),
            METALS,
            YEAR,
            ResultField(
                "value",
                "number",
                "cost per year, constant money of the study's currency year, undiscounted",
            ),
            ResultField(
                "present_value",
                "number",
                ("cost of the year at the study's discount rate, money of the first year (USD)"),
            ),
            UNIT,
        ),
    ),
    ResultTable(
        "emissions",
        "What is emitted. `footprint` repeats the territorial parts and adds what imports embody, "
        "to the border; "
        "exports are not deducted.",
        (
            ResultField("scope", "text", "territorial or footprint", key=True, choices=SCOPES),
            METALS,
            ResultField(
                "process",
                "text",
                "process, or `deposit/DEPOSIT/STEP` for a tranche of ore with energy of its own",
                key=True,
            ),
            YEAR,
            ResultField(
                "part",
                "text",
                (
                    "direct, electricity (at the study's grid intensity), embodied in imports, or "
                    "their transport"
                ),
                key=True,
            ),
            ResultField("value", "number", "emission"),
            UNIT,
        ),
    ),
    ResultTable(
        "impacts",
        "Impacts beside carbon that the study gives factors of. `footprint` repeats the "
        "territorial parts and adds what imports bring with them; exports are not deducted.",
        (
            ResultField("impact", "text", "the impact", key=True),
            ResultField("scope", "text", "territorial or footprint", key=True, choices=SCOPES),
            METALS,
            ResultField("stage", "text", "stage of the process"),
            ResultField("process", "text", "process", key=True),
            ResultField(
                "origin", "text", "where its metal comes from; empty for home metal", optional=True
            ),
            YEAR,
            ResultField("part", "text", _said(PARTS), key=True, choices=tuple(PARTS)),
            ResultField("value", "number", "impact"),
            UNIT,
        ),
    ),
    ResultTable(
        "prices",
        (
            "Shadow prices: d(cost)/d(requirement) of every row of the programme. Above zero: to "
            "require more costs more."
        ),
        (
            ResultField("family", "text", "family of rows, as `planner math` names it", key=True),
            ResultField(
                "index",
                "text",
                "what the row is about: good, plant, deposit, policy and subject",
                key=True,
                optional=True,
            ),
            ResultField(
                "year",
                "year",
                "the year, for orders the first of their period; empty for rows of all years",
                key=True,
                optional=True,
            ),
            ResultField(
                "value",
                "number",
                "price in money of the currency year, discounting undone as `basis` says",
            ),
            ResultField(
                "low",
                "number",
                (
                    "what one unit less of the requirement saves, per unit: the least price that "
                    "the plan can have; `value` where it has one. Empty where there is no plan "
                    "with less, and for plans whose prices are those of another programme "
                    "(`hedge`, `rolling`, `secure`) or that were stopped before the optimum"
                ),
                optional=True,
            ),
            ResultField(
                "high",
                "number",
                (
                    "what one unit more costs, likewise: the largest price. Empty where there is "
                    "no plan with more, and as `low`"
                ),
                optional=True,
            ),
            UNIT,
            ResultField("basis", "text", _said(BASES), choices=tuple(BASES)),
            ResultField("present_value", "number", "the raw dual, present value"),
            ResultField(
                "degenerate",
                "truth",
                (
                    "the price is 0 although the row binds: a small change one way may cost "
                    "something all the same"
                ),
            ),
        ),
    ),
    ResultTable(
        "indicators",
        "Indicators of the plan, each by the definition given below.",
        (
            ResultField(
                "metal", "text", "metal, or the metals of joint processes joined by `;`", key=True
            ),
            YEAR,
            ResultField("indicator", "text", "name of the indicator", key=True),
            ResultField("value", "number", "its value"),
            UNIT,
        ),
    ),
    ResultTable(
        "exports",
        "What goes abroad, demanded there or sold at a price, by where its metal was won. Metal "
        "that was refined before has the mix of all refined metal supplied in the year: what is "
        "of foreign pathways is a re-export.",
        (
            METAL,
            YEAR,
            ResultField("good", "text", "the good that goes abroad", key=True),
            ResultField("pathway", "text", "where the metal was won", key=True),
            ResultField(
                "origin",
                "text",
                "country it came from, as in the supply table; empty for what is won at home",
                key=True,
                optional=True,
            ),
            ResultField("value", "number", "contained metal"),
            UNIT,
        ),
    ),
    ResultTable(
        "curves",
        "Curves of supply and demand, step by step: what there is at each price, and what of it "
        "the plan takes.",
        (
            ResultField("of", "text", "the process, exported good or deposit", key=True),
            ResultField(
                "kind",
                "text",
                "supply (bought), export (sold) or deposit (dug)",
                key=True,
                choices=CURVE_KINDS,
            ),
            ResultField("step", "text", "name of the step", key=True),
            YEAR,
            ResultField(
                "quantity",
                "text",
                _said(CURVE_QUANTITIES),
                key=True,
                choices=tuple(CURVE_QUANTITIES),
            ),
            ResultField("value", "number", "price or amount"),
            UNIT,
        ),
    ),
)
VARIABLES = ResultTable(
    "variables",
    (
        "Every column of the linear programme, to the last digit; the tables above are computed "
        "from it."
    ),
    (
        ResultField(
            "variable", "text", "name of the variable, as `planner math` names it", key=True
        ),
        ResultField("index", "text", "its index, as a JSON list", key=True),
        ResultField("value", "number", "its value in the unit that `planner math` gives"),
        ResultField("reduced_cost", "number", "d(cost)/d(value), present value"),
    ),
)
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {table.name: table.columns for table in RESULTS}
)
"""The result tables of a plan and their columns, as written to a run folder."""
NUMBERS = frozenset(
    field.name
    for table in (*RESULTS, VARIABLES)
    for field in table.fields
    if field.kind == "number"
)
"""Columns of a run's tables that hold numbers."""
