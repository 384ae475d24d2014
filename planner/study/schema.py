"""The study format, stated once: every table, column, parameter, unit and default.

The reader checks against it, `docs/format.md` is written from it and tested against it, `planner
new` starts from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from planner.system.losses import MEDIA, WITHOUT_PROCESS
from planner.system.nouns import (
    PATHWAYS,
    SCOPES,
    TRADE,
    Distribution,
    GoodKind,
    MeasureKind,
    Pathway,
    Policy,
    ProcessKind,
    Stage,
)
from planner.system.trade import FORMS

VALUE_COLUMNS = (
    "year",
    "scenario",
    "value",
    "unit",
    "low",
    "high",
    "extend",
    "source",
    "grade",
    "published",
    "note",
)
"""The tail that every table of numbers shares. Required among them: value, unit, source."""
REQUIRED_VALUE_COLUMNS = ("value", "unit", "source")
GRADES = ("A", "B", "C", "D", "S", "")
EXTENDS = ("", "before", "after", "both")

COLUMN_NOTES: Mapping[str, str] = {
    "year": "calendar year; empty means the same value in every year",
    "scenario": (
        "empty for the base; otherwise these rows replace the whole series of that key in the "
        "named scenario and its heirs"
    ),
    "value": "the number, with a decimal point",
    "unit": "the unit of value, low and high, read by pint; money states its year (USD_2021/kg)",
    "low": "low end of the uncertainty, same unit",
    "high": "high end of the uncertainty, same unit",
    "extend": (
        "hold this first or last value `before` or `after` its year, or `both`; empty: outside the "
        "given years is an error"
    ),
    "source": "where the number comes from",
    "grade": (
        "A primary source read, B secondary source read, C recalled or judged, D own derivation or "
        "assumption, S the paper studied"
    ),
    "published": (
        "year in which the number came out, for a plan as of an earlier year (`as_of`); rows that "
        "differ in nothing else are vintages of one number, of which the newest is in force; empty "
        "where it is not known: older than all others, and never hidden"
    ),
    "note": "how it was derived, what is doubtful",
}


FACTOR = "impact:"
"""What the name of a parameter begins with that is the factor of an impact of impacts.csv."""
ANY_FACTOR = f"{FACTOR}NAME"
"""The parameter that stands for the factors of all impacts."""
UNIT_OF_IMPACT = "IMPACT"
"""Stands in a unit for the unit of the impact, as impacts.csv states it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A text column of a structure table: what it names and whether it may be empty."""

    name: str
    note: str
    required: bool = False
    choices: tuple[str, ...] = ()
    refers_to: str = ""
    """Name of the table (or `metals`, a list in study.toml) whose key this column must match; `a|b`
    for either."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables (or `metals`) that may define what this column names."""
        return tuple(self.refers_to.split("|")) if self.refers_to else ()


@dataclass(frozen=True, slots=True)
class ParameterForm:
    """A number that a table of values may hold for each key."""

    name: str
    unit: str
    """The internal unit, as pint reads it (without the currency year, which the study sets)."""
    note: str
    default: float | None = None
    """Used where no row gives the number; None: required where the note says so, otherwise the
    feature is absent."""
    by_year: bool = True
    """False: one value for all years (a year in the row is an error)."""
    events: bool = False
    """True: amounts that fall in their year, never interpolated; years not given are 0."""
    minimum: float | None = 0.0
    maximum: float | None = None
    positive: bool = False
    """True: zero is refused as well."""
    longer: str = ""
    """Meaning in a period of several years, where `in_a_longer_period` would not say it."""
    with_metal: Literal["never", "optional", "required"] = "never"

    @property
    def in_a_longer_period(self) -> str:
        """Meaning of the number in a period of several years."""
        if self.longer:
            return self.longer
        if self.events:
            return "its year alone"
        return "each year its own" if self.by_year else "the same in every year"


@dataclass(frozen=True, slots=True)
class TableForm:
    """One CSV file of a study."""

    name: str
    note: str
    keys: tuple[Column, ...]
    columns: tuple[Column, ...] = ()
    parameters: tuple[ParameterForm, ...] = ()
    required: bool = True

    @property
    def has_values(self) -> bool:
        """Return True for a table of numbers."""
        return bool(self.parameters)

    @property
    def has_parameter_column(self) -> bool:
        """Return True if a column says which parameter a number is; a single one goes unsaid."""
        return len(self.parameters) > 1

    @property
    def has_optional_metal(self) -> bool:
        """Return True if rows may name a metal or leave it empty."""
        return any(key.name == "metal" and not key.required for key in self.keys[1:2])

    @property
    def text_columns(self) -> tuple[Column, ...]:
        """Keys and further columns of text."""
        return (*self.keys, *self.columns)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Every column that the table may have, in the order in which it is written."""
        texts = [column.name for column in self.text_columns]
        tail = VALUE_COLUMNS if self.has_values else ()
        return (*texts, *["parameter"] * self.has_parameter_column, *tail)

    @property
    def required_names(self) -> tuple[str, ...]:
        """The columns that the table must have."""
        texts = [column.name for column in self.text_columns if column.required]
        tail = REQUIRED_VALUE_COLUMNS if self.has_values else ()
        return (*texts, *["parameter"] * self.has_parameter_column, *tail)

    def parameter(self, name: str) -> ParameterForm | None:
        """The parameter of a name; None where the table has none such. One that stands for the
        names of another table has the name given."""
        found = next((p for p in self.parameters if p.name == name), None)
        if found is None and name.startswith(FACTOR) and name != FACTOR:
            stands = next((p for p in self.parameters if p.name == ANY_FACTOR), None)
            found = None if stands is None else replace(stands, name=name)
        return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _good(note: str) -> Column:
    return Column("good", note, required=True, refers_to="goods")


def _place(note: str) -> Column:
    return Column("place", f"{note}; empty: the country of the study", refers_to="places")


YEAR_TO_YEAR = "from each year to the next"
FROM_ORDER = "counted from the year in which the order, or a part of it, is placed"
OF_COHORT = "the cohort of each year its own"

_ELASTIC = (
    ParameterForm(
        "elasticity",
        "1",
        "by how many percent the amount answers to one percent of price: above 0 of a supply, "
        "below 0 of a demand; with it, and without steps, the curve is one of constant elasticity "
        "and needs the next five",
        minimum=None,
    ),
    ParameterForm(
        "reference_price",
        "USD/t",
        "a price at which the amount of the curve is known, in the unit of the price of a step",
        positive=True,
    ),
    ParameterForm(
        "reference_amount", "t/year", "the amount at that price, in the unit of that of a step"
    ),
    ParameterForm(
        "lowest_price",
        "USD/t",
        "where the curve begins or ends: at it a supply gives at once what it gives up to there, "
        "and a demand is at its largest",
        positive=True,
    ),
    ParameterForm(
        "highest_price",
        "USD/t",
        "the other end: above it a demand buys nothing and at it at once what it buys there, and a "
        "supply has no more to give",
        positive=True,
    ),
    ParameterForm(
        "steps",
        "1",
        "into how many steps the curve is cut between its two ends, at equal ratios of price",
        by_year=False,
        minimum=1.0,
        maximum=1000.0,
    ),
    ParameterForm(
        "market_power",
        "1",
        "of imports and exports: 0, the country takes the price; 1, it knows that its purchases "
        "raise it (monopsony), or its sales lower it (monopoly); between them a conduct parameter; "
        "0 where absent",
        by_year=False,
        maximum=1.0,
    ),
)
"""What a curve of constant elasticity is given by, in rows without a step."""

TABLES: tuple[TableForm, ...] = (
    TableForm(
        "goods",
        (
            "What is balanced, one row a good. A single-metal good is counted in tonnes of "
            "contained metal."
        ),
        keys=(
            Column(
                "good",
                "its name, by custom metal/stage, such as lithium/concentrate",
                required=True,
            ),
        ),
        columns=(
            Column(
                "metal",
                "the metal it holds; empty for a joint good, whose contents stand in good_values",
                refers_to="metals",
            ),
            Column("kind", "what it is", required=True, choices=get_args(GoodKind)),
            Column(
                "stage",
                "the stage at which its output or export counts",
                required=True,
                choices=get_args(Stage),
            ),
            Column("export", "yes where its demand is an export", choices=("yes", "no", "")),
            Column("description", "in words"),
        ),
    ),
    TableForm(
        "good_values",
        (
            "Numbers of goods: contents of joint goods, refined equivalents, stockpiles, costs of "
            "disposal and shortage."
        ),
        keys=(_good("the good"), Column("metal", "for content and equivalent", refers_to="metals")),
        columns=(
            _place(
                "of what is not the same at all places (stocks, costs of disposal and shortage); "
                "costs of a good without rows at a place are those without a place"
            ),
        ),
        parameters=(
            ParameterForm(
                "content",
                "t/t",
                "metal in a tonne of a joint good; required for every joint good",
                by_year=False,
                maximum=1.0,
                positive=True,
                with_metal="required",
            ),
            ParameterForm(
                "equivalent",
                "t/t",
                "refined metal got from a tonne of the good by the reference route; 1 for refined "
                "goods; "
                "required where a policy counts the good, scrap and products too",
                by_year=False,
                with_metal="optional",
            ),
            ParameterForm(
                "opening_stock",
                "t",
                "stockpile at the start; its presence makes the good storable",
                by_year=False,
                longer="start of the first year",
            ),
            ParameterForm(
                "closing_stock",
                "t",
                "least stockpile at the end; the opening stock where absent",
                by_year=False,
                longer="end of the last year",
            ),
            ParameterForm(
                "max_stock",
                "t",
                "largest stockpile; without limit where absent",
                by_year=False,
                longer="end of each year",
            ),
            ParameterForm(
                "holding_cost", "USD/t/year", "cost of keeping a tonne for a year", default=0.0
            ),
            ParameterForm("disposal_cost", "USD/t", "cost of disposing of a tonne", default=0.0),
            ParameterForm(
                "shortage_cost",
                "USD/t",
                "penalty for a tonne not served; required for every demanded good, and to be a "
                "stated "
                "multiple of its dearest supply",
                positive=True,
            ),
        ),
        required=False,
    ),
    TableForm(
        "demand",
        "What is to be served. A demanded good is terminal: no process takes it in.",
        keys=(_good("the good demanded"),),
        columns=(_place("where it is demanded"),),
        parameters=(ParameterForm("demand", "t/year", "amount demanded"),),
    ),
    TableForm(
        "processes",
        "Recipes, one row a process.",
        keys=(Column("process", "its name", required=True),),
        columns=(
            Column(
                "kind",
                "import runs abroad; all others at their place",
                required=True,
                choices=tuple(kind for kind in get_args(ProcessKind) if kind != TRADE),
            ),
            Column(
                "stage",
                "the stage at which its output counts",
                required=True,
                choices=get_args(Stage),
            ),
            Column(
                "pathway",
                (
                    "how metal was won that enters the study with the process, from a deposit, a "
                    "host or abroad; elsewhere a label, which shares of pathways do not follow "
                    "where the flows say otherwise; required of a process that puts out a refined "
                    "good"
                ),
                choices=(*get_args(Pathway), ""),
            ),
            Column(
                "origin",
                "country or region the metal comes from, or in which an import refines it; empty "
                "for home metal",
            ),
            _place("where it runs, any kind but import; what it takes and gives is there"),
            Column("host", "host of a by-product", refers_to="hosts"),
            Column(
                "plant",
                "plant it runs on; empty where capacity does not matter",
                refers_to="plants",
            ),
            Column(
                "ramp_group",
                "group whose growth and decline are limited together",
                refers_to="ramps",
            ),
            Column(
                "loss", "name of what goes in and does not come out; required where there is any"
            ),
            Column("description", "in words"),
        ),
    ),
    TableForm(
        "coefficients",
        "Transfer coefficients: what a unit of activity takes in and gives out. A deposit stands "
        "in the column good with direction in. A host stands there with direction out where the "
        "activity of a process is its output: tonnes of it per unit of activity, beside the goods "
        "that the process gives. A process without inputs draws on a source outside the economy "
        "(an origin or a host).",
        keys=(
            Column("process", "the process", required=True, refers_to="processes"),
            Column(
                "good",
                "the good, deposit or host",
                required=True,
                refers_to="goods|deposits|hosts",
            ),
            Column("direction", "in or out", required=True, choices=("in", "out")),
        ),
        parameters=(ParameterForm("coefficient", "t/t", "tonnes per unit of activity"),),
    ),
    TableForm(
        "loss_media",
        "Where losses go. What the shares of a loss leave stays under its own name, and so does a "
        "loss without rows.",
        keys=(
            Column(
                "loss",
                f"a loss that processes.csv names, or {_listed(WITHOUT_PROCESS)}",
                required=True,
            ),
            Column(
                "metal",
                "the metal lost; empty for all without rows of their own",
                refers_to="metals",
            ),
            Column("medium", "what takes it up", required=True, choices=MEDIA),
        ),
        parameters=(
            ParameterForm(
                "part",
                "1",
                "share of the loss; those of a loss and metal add up to 1 at most",
                maximum=1.0,
                with_metal="optional",
            ),
        ),
        required=False,
    ),
    TableForm(
        "impacts",
        "Impacts beside carbon, environmental or social, one row an impact. What the study gives "
        "factors of is computed from the plan; it is in the programme where it has a price, or a "
        "policy caps it.",
        keys=(Column("impact", "its name, such as water", required=True),),
        columns=(
            Column(
                "unit",
                "what it is counted in (m3, kg SO2 eq, medium risk hours), as text without a "
                "division",
                required=True,
            ),
            Column(
                "scope",
                "what its price falls on and a frontier aims at: `territorial`, what happens at "
                "home, or `footprint`, with what imports bring with them; the footprint where "
                "empty",
                choices=(*SCOPES, ""),
            ),
            Column("description", "in words: what is counted, by which method"),
        ),
        required=False,
    ),
    TableForm(
        "impact_values",
        "Numbers of impacts.",
        keys=(Column("impact", "the impact", required=True, refers_to="impacts"),),
        parameters=(
            ParameterForm("price", f"USD/{UNIT_OF_IMPACT}", "price of a unit of it", default=0.0),
            ParameterForm(
                "electricity",
                f"{UNIT_OF_IMPACT}/MWh",
                "impact of a MWh of electricity from the home grid",
                default=0.0,
            ),
        ),
        required=False,
    ),
    TableForm(
        "process_values",
        "Numbers of processes, per unit of activity.",
        keys=(Column("process", "the process", required=True, refers_to="processes"),),
        parameters=(
            ParameterForm(
                "variable_cost",
                "USD/t",
                "running cost without what stands in other rows",
                default=0.0,
            ),
            ParameterForm(
                "import_price", "USD/t", "price paid abroad, delivered to the border", default=0.0
            ),
            ParameterForm("transport_cost", "USD/t", "freight not in the price", default=0.0),
            ParameterForm(
                "credit", "USD/t", "revenue from by-products outside the study", default=0.0
            ),
            ParameterForm(
                "transfer",
                "USD/t",
                "payment between parties inside the country; reported, never in the cost",
                default=0.0,
            ),
            ParameterForm("electricity", "MWh/t", "electricity from the home grid", default=0.0),
            ParameterForm(
                "direct_emission",
                "tCO2e/t",
                "emission at home other than from grid electricity",
                default=0.0,
            ),
            ParameterForm(
                "embodied_emission",
                "tCO2e/t",
                "emission abroad, cradle to border, of the form imported",
                default=0.0,
            ),
            ParameterForm("transport_emission", "tCO2e/t", "international transport", default=0.0),
            ParameterForm(
                "loading",
                "1",
                "capacity used per unit of activity",
                default=1.0,
                by_year=False,
                positive=True,
            ),
            ParameterForm(
                "max_activity", "t/year", "upper bound on activity; without limit where absent"
            ),
            ParameterForm("min_activity", "t/year", "must-run level", default=0.0),
            ParameterForm(
                "observed",
                "t/year",
                (
                    "observed activity in a year of the study, to pin it and for the shares of a "
                    "simulation, where it is linear between observed years and held outside them"
                ),
                events=True,
            ),
            ParameterForm(
                "unseen_cost",
                "USD/t",
                "cost or, below 0, benefit that no source states and that makes the base year the "
                "optimum, as `planner calibrate` finds it; told apart, in no cost",
                minimum=None,
            ),
            ParameterForm(
                "unseen_rise",
                "USD/t",
                "by how much a unit of activity costs more beyond unseen_from: likewise, so that "
                "the base year is the only optimum",
            ),
            ParameterForm(
                "unseen_from", "t/year", "activity at which the process was calibrated", default=0.0
            ),
            ParameterForm(
                "host_content",
                "t/t",
                (
                    "by-product metal a tonne of host output can yield by this process; required "
                    "of a process with a host. Of a circuit beside others (host_contents.csv): "
                    "what it adds"
                ),
                maximum=1.0,
                positive=True,
            ),
            ParameterForm(
                ANY_FACTOR,
                f"{UNIT_OF_IMPACT}/t",
                (
                    "impact NAME of impacts.csv, below zero where it is spared: at home what the "
                    "process does by itself, without its electricity from the grid; of an import "
                    "what it brings with it, cradle to border"
                ),
                default=0.0,
                minimum=None,
            ),
        ),
        required=False,
    ),
    TableForm(
        "ramps",
        "How fast groups of processes may grow or must not fall.",
        keys=(Column("ramp_group", "the group", required=True),),
        parameters=(
            ParameterForm(
                "growth",
                "1/year",
                "largest growth per year as a share",
                by_year=False,
                longer=YEAR_TO_YEAR,
            ),
            ParameterForm(
                "step",
                "t/year/year",
                "growth allowed from nothing",
                default=0.0,
                by_year=False,
                longer=YEAR_TO_YEAR,
            ),
            ParameterForm(
                "decline",
                "1/year",
                "largest fall per year as a share; may stop at once where absent",
                by_year=False,
                longer=YEAR_TO_YEAR,
                maximum=1.0,
            ),
            ParameterForm(
                "stopping_cost",
                "USD/t",
                "penalty on a tonne a year that stops faster than the decline; the least running "
                "cost of the processes of the group where absent",
            ),
        ),
        required=False,
    ),
    TableForm(
        "plants",
        "Equipment: capacity, cost, lifetime, lead time.",
        keys=(Column("plant", "the plant", required=True),),
        parameters=(
            ParameterForm(
                "existing_capacity",
                "t/year",
                "capacity standing at the start, by year as it retires",
                default=0.0,
            ),
            ParameterForm(
                "under_construction",
                "t/year",
                "capacity that starts in its year without a new order, for a plant life",
                events=True,
                longer="from its year on",
            ),
            ParameterForm(
                "probability",
                "1",
                "that what is under construction or announced comes about; absent: it does. A plan "
                "counts on it from 0.5 on and not below; an ensemble draws it, there or not",
                by_year=False,
                maximum=1.0,
            ),
            ParameterForm(
                "capital_cost",
                "USD/(t/year)",
                "overnight cost by year of order; absent: cannot be ordered",
                longer="the years in which the order is placed",
            ),
            ParameterForm(
                "fixed_cost",
                "USD/(t/year)/year",
                "cost of keeping capacity, run or not",
                default=0.0,
            ),
            ParameterForm(
                "life",
                "year",
                "years it runs; required where it can be ordered or is under construction",
                by_year=False,
                longer=FROM_ORDER,
                positive=True,
            ),
            ParameterForm(
                "lead_time",
                "year",
                "whole years from order to operation",
                default=0.0,
                by_year=False,
                longer=FROM_ORDER,
            ),
            ParameterForm(
                "availability", "1", "share of capacity that can run", default=1.0, maximum=1.0
            ),
            ParameterForm(
                "max_new",
                "t/year/year",
                "most that may be ordered in a year; without limit where absent",
                longer="each year its own; the order of the period is placed in proportion to it",
            ),
            ParameterForm("max_capacity", "t/year", "largest capacity; without limit where absent"),
            ParameterForm(
                "interest_rate",
                "1/year",
                "rate of the annuity; the study's discount rate where absent",
                by_year=False,
            ),
        ),
        required=False,
    ),
    TableForm(
        "deposits",
        "What mining depletes, in tonnes of metal.",
        keys=(
            Column("deposit", "the deposit", required=True),
            Column("metal", "its metal", required=True, refers_to="metals"),
        ),
        parameters=(
            ParameterForm(
                "reserve",
                "t",
                "metal at the start; required",
                by_year=False,
                longer="start of the first year",
            ),
            ParameterForm("additions", "t/year", "reserve growth by exploration", default=0.0),
            ParameterForm(
                "growth",
                "1/year",
                "brownfield growth: share of the ore left at the end of the year before that is "
                "found in the year about what is mined; the reserve holds that of the first year",
                default=0.0,
            ),
            ParameterForm(
                "probability",
                "1",
                "that an announced deposit comes to be mined; absent: it does. A plan counts on it "
                "from 0.5 on and not below; an ensemble draws it, there or not",
                by_year=False,
                maximum=1.0,
            ),
        ),
        required=False,
    ),
    TableForm(
        "hosts",
        "Host metals whose output bounds their by-products.",
        keys=(Column("host", "the host", required=True),),
        parameters=(
            ParameterForm(
                "output",
                "t/year",
                "output of the host beside what processes of the study give of it "
                "(coefficients.csv); 0 where they give all of it",
            ),
        ),
        required=False,
    ),
    TableForm(
        "host_contents",
        "Metal in what a host puts out, won or not. Where a row gives it, the by-product processes "
        "of that host and metal are circuits that can run side by side: each wins at most its own "
        "`host_content`, and all together no more than the content. Without a row they treat the "
        "same tonnes, each of which one process alone can work up.",
        keys=(
            Column("host", "the host", required=True, refers_to="hosts"),
            Column("metal", "the by-product metal", required=True, refers_to="metals"),
        ),
        parameters=(
            ParameterForm(
                "contained",
                "t/t",
                "metal in a tonne of host output, by the measure of the output (per tonne of "
                "refined zinc, where that is the output)",
                maximum=1.0,
                positive=True,
            ),
        ),
        required=False,
    ),
    TableForm(
        "residues",
        "Deposits that are filled by what is not won of a host's content: tailings, slag, ash. "
        "Their `reserve` is what lies there at the start.",
        keys=(
            Column("deposit", "the deposit that is filled", required=True, refers_to="deposits"),
            Column(
                "host",
                "the host whose metal fills it; host_contents.csv gives its content",
                required=True,
                refers_to="hosts",
            ),
        ),
        parameters=(
            ParameterForm(
                "kept",
                "1",
                "share of what the year's by-product processes leave that is laid down where it "
                "can be mined later; the rest is lost (dust, cement, backfill). Shares of one host "
                "and metal add up to at most 1",
                maximum=1.0,
            ),
        ),
        required=False,
    ),
    TableForm(
        "products",
        "Use stocks, one row a product.",
        keys=(Column("product", "its name", required=True),),
        columns=(
            Column(
                "metal",
                "its metal, where it leaves no waste good (all dissipated); otherwise empty",
                refers_to="metals",
            ),
            Column(
                "waste",
                "the waste good it becomes; its content is the content of the product",
                refers_to="goods",
            ),
            Column(
                "distribution",
                "lifetime distribution",
                required=True,
                choices=get_args(Distribution),
            ),
            _place("where it is in use; the goods that enter it, and its waste, are there"),
            Column("description", "in words"),
        ),
        required=False,
    ),
    TableForm(
        "product_values",
        "Numbers of products. In lifetime rows the year is that of the cohort.",
        keys=(Column("product", "the product", required=True, refers_to="products"),),
        parameters=(
            ParameterForm(
                "lifetime_mean", "year", "mean life; required", positive=True, longer=OF_COHORT
            ),
            ParameterForm(
                "lifetime_sd",
                "year",
                (
                    "standard deviation of the life; required of normal, folded_normal, lognormal, "
                    "gamma"
                ),
                positive=True,
                longer=OF_COHORT,
            ),
            ParameterForm(
                "lifetime_shape",
                "1",
                "shape of the Weibull distribution; required of weibull",
                positive=True,
                longer=OF_COHORT,
            ),
            ParameterForm(
                "dissipated",
                "1",
                "share of what leaves use that never becomes waste",
                default=0.0,
                maximum=1.0,
            ),
        ),
        required=False,
    ),
    TableForm(
        "uses",
        "Which demanded goods enter which use stock. What enters none is exported in products.",
        keys=(
            Column("product", "the product", required=True, refers_to="products"),
            _good("a demanded good"),
        ),
        parameters=(
            ParameterForm(
                "use",
                "t/t",
                (
                    "tonnes of product that enter use per tonne demanded; negative terms may split "
                    "a joint product"
                ),
                minimum=None,
            ),
        ),
        required=False,
    ),
    TableForm(
        "cohorts",
        "What entered use before the first year.",
        keys=(Column("product", "the product", required=True, refers_to="products"),),
        parameters=(
            ParameterForm("inflow", "t/year", "what entered use in that year", events=True),
            ParameterForm(
                "stock",
                "t",
                "what of that year's inflow is still in use when the study begins",
                events=True,
            ),
        ),
        required=False,
    ),
    TableForm(
        "exploration",
        (
            "Reserves that can be found for money, as an option of the plan; `additions` of a "
            "deposit come by themselves. Without a potential in any year it is closed."
        ),
        keys=(Column("deposit", "the deposit that grows", required=True, refers_to="deposits"),),
        parameters=(
            ParameterForm("cost", "USD/t", "cost of finding a tonne; required"),
            ParameterForm("potential", "t/year", "most that can be found in a year; required"),
            ParameterForm(
                "delay",
                "year",
                "whole years from finding to the first ore",
                default=0.0,
                by_year=False,
                longer="from the year that pays for it",
            ),
            ParameterForm(
                "most",
                "t",
                "most that there is to be found in all; without limit where absent",
                by_year=False,
                longer="all years together",
            ),
        ),
        required=False,
    ),
    TableForm(
        "discoveries",
        "Types of deposit that may be found: drawn in ensembles (`planner ensemble`) and by "
        "`planner.discovered`. No plan counts on any, and a study without samples is the same "
        "without them.",
        keys=(Column("discovery", "its name", required=True),),
        columns=(
            Column(
                "deposit",
                "the deposit that what is found adds to, as `additions` do",
                required=True,
                refers_to="deposits",
            ),
            Column(
                "plant",
                "the plant that its capacity adds to; empty where capacity does not matter",
                refers_to="plants",
            ),
            Column("description", "in words"),
        ),
        required=False,
    ),
    TableForm(
        "discovery_values",
        "Numbers of discoveries. Ore and grade of each find are lognormal; its capacity follows "
        "from its ore by Taylor's rule, capacity_factor x ore^capacity_exponent t of ore a year.",
        keys=(Column("discovery", "the discovery", required=True, refers_to="discoveries"),),
        parameters=(
            ParameterForm("rate", "1/year", "expected number found in a year; required"),
            ParameterForm(
                "tonnage",
                "t",
                "median of the ore in one; required",
                by_year=False,
                positive=True,
            ),
            ParameterForm(
                "tonnage_spread",
                "1",
                "standard deviation of the natural logarithm of the ore",
                default=0.0,
                by_year=False,
            ),
            ParameterForm(
                "grade",
                "t/t",
                "median of the metal, as the reserve counts it, won of a tonne of ore; required",
                by_year=False,
                maximum=1.0,
                positive=True,
            ),
            ParameterForm(
                "grade_spread",
                "1",
                "standard deviation of the natural logarithm of the grade",
                default=0.0,
                by_year=False,
            ),
            ParameterForm(
                "capacity_factor",
                "1",
                "t of ore a year per (t of ore)^capacity_exponent",
                default=5.0,
                by_year=False,
                positive=True,
            ),
            ParameterForm(
                "capacity_exponent",
                "1",
                "elasticity of capacity by ore (Taylor 1986: 0.75; Long 2009: 0.65 of open pits "
                "and block caves, 0.56 of other underground mines)",
                default=0.75,
                by_year=False,
                positive=True,
            ),
            ParameterForm(
                "lead_time",
                "year",
                "whole years from finding to the first ore",
                default=0.0,
                by_year=False,
            ),
        ),
        required=False,
    ),
    TableForm(
        "curves",
        "Supply and demand by steps of price and amount. Of a process (an import by origin, or any "
        "other): what its activity costs beside its running cost, the cheapest step first. Of a "
        "good that is exported: what buyers abroad pay, the dearest first; it is sold where that "
        "pays, and nothing is short where it does not. Of any other good: what buyers at home pay, "
        "in place of demand.csv; what they buy enters use, and no more. Of a deposit: cost of "
        "extraction that rises as it is dug, said by tonne of metal or, in tranches, by grade and "
        "tonne of ore; then emissions per tonne of metal must not fall from step to step either. "
        "Steps stand in the order of their names, numbers by size. Or, in rows without a step, a "
        "curve of constant elasticity through a reference, which is cut into steps that keep the "
        "area under it (conventions.md).",
        keys=(
            Column(
                "of",
                "the process, good or deposit",
                required=True,
                refers_to="processes|goods|deposits",
            ),
            Column(
                "step",
                "name of the step: 1, 2, 3, or 1 Japan, 2 others; empty for what is of the whole "
                "curve, elasticity to market_power",
            ),
        ),
        columns=(_place("of a good: where it is sold"),),
        parameters=(
            ParameterForm(
                "price",
                "USD/t",
                "price of the step; required, but of a tranche with an ore_cost. It must not fall "
                "from step to step of a process or deposit, nor rise from step to step of a good",
            ),
            ParameterForm(
                "amount",
                "t/year",
                "most of a step in a year: units of activity of a process, tonnes of a good; "
                "required of every step of a good, without limit where absent. Together those of a "
                "process bound it, as max_activity does (a closure leaves its share of the lesser)",
            ),
            ParameterForm(
                "reserve",
                "t",
                "most of a step of a deposit in all years, tonnes of its ore as the reserve is; "
                "without limit (but for the reserve) where absent",
                by_year=False,
                longer="all years together",
            ),
            *_ELASTIC,
            ParameterForm(
                "grade",
                "t/t",
                "of a tranche of a deposit: metal, as the reserve counts it, won of a tonne of ore",
                maximum=1.0,
                positive=True,
            ),
            ParameterForm(
                "ore_cost",
                "USD/t",
                "cost of a tonne of ore dug and worked up; over the grade it adds to the price",
            ),
            ParameterForm(
                "ore_electricity",
                "MWh/t",
                "electricity for a tonne of ore; over the grade that of a tonne of metal",
            ),
            ParameterForm(
                "ore_emission",
                "tCO2e/t",
                "emission at home for a tonne of ore other than from grid electricity (diesel, "
                "heat)",
            ),
        ),
        required=False,
    ),
    TableForm(
        "take_back",
        "Extended producer responsibility: waste collected beyond its collection rate, at a cost, "
        "as an option of the plan. Without any `more` it is closed.",
        keys=(_good("a good of kind waste with a collection rate"),),
        parameters=(
            ParameterForm(
                "more",
                "1",
                "largest share of what arises that can be collected beyond the rate; required",
                maximum=1.0,
            ),
            ParameterForm(
                "cost",
                "USD/t",
                "what it takes to collect a tonne so (points, logistics, administration); required",
            ),
            ParameterForm(
                "fee",
                "USD/t",
                "deposit or premium paid to whoever hands it in: a payment between parties at "
                "home, shown apart and no part of the cost",
                default=0.0,
            ),
        ),
        required=False,
    ),
    TableForm(
        "measures",
        "Ways to need less of a demanded good, as options of the plan, one row a measure. Without "
        "a potential in any year it is closed.",
        keys=(Column("measure", "its name", required=True),),
        columns=(
            Column(
                "kind",
                "efficiency: less of the good for the same need; substitution: another good "
                "instead, or something outside the "
                "study; lifetime: what enters a product stays in use longer",
                required=True,
                choices=get_args(MeasureKind),
            ),
            Column("good", "the demanded good it spares", required=True, refers_to="goods"),
            Column(
                "instead",
                "the demanded good that takes its place; empty where that lies outside the study",
                refers_to="goods",
            ),
            Column(
                "product", "for lifetime: the use stock that the good enters", refers_to="products"
            ),
            Column("description", "in words"),
        ),
        required=False,
    ),
    TableForm(
        "measure_values",
        "Numbers of measures.",
        keys=(Column("measure", "the measure", required=True, refers_to="measures"),),
        parameters=(
            ParameterForm(
                "cost",
                "USD/t",
                "cost of a tonne of the good avoided, or given the longer life; required",
            ),
            ParameterForm(
                "potential",
                "1",
                (
                    "largest share of the demand that can be avoided, or given the longer life; "
                    "required"
                ),
                maximum=1.0,
            ),
            ParameterForm(
                "ratio",
                "t/t",
                "tonnes of the good instead per tonne avoided; required of a substitution with one",
            ),
            ParameterForm(
                "longer",
                "year",
                "what a lifetime measure adds to the mean life; required of it",
                by_year=False,
                positive=True,
            ),
        ),
        required=False,
    ),
    TableForm(
        "observations",
        "What was observed in single years, to be reconciled under the flow balance, and to be "
        "set beside what the plan says of that year (`planner hindcast`); no part of the plan. "
        "`low` and `high` are the ends of the 95 % interval and required, both equal to the value "
        "where it is exact; one may be nearer to the value than the other.",
        keys=(
            Column(
                "observation",
                "its name; two sources of the same flow are two observations",
                required=True,
            ),
            Column(
                "from",
                "where the flow comes from, as in flows.csv: a process, a good, deposit/NAME, "
                "origin/NAME, host/NAME, "
                "use/PRODUCT, stockpile/GOOD; * stands for any text, the flows that match are "
                "summed; of a price: the good, or the metal for its refined good",
                required=True,
            ),
            Column(
                "to",
                (
                    "where it goes: a process, a good, use/PRODUCT, export, demand, "
                    "stockpile/GOOD, loss/NAME; * as before; required of a flow or share, "
                    "empty for a price"
                ),
            ),
            Column("metal", "its metal", required=True, refers_to="metals"),
        ),
        columns=(
            Column(
                "role",
                "what it is to the plan: test: no number of the study was made from it; fitted: "
                "one was; input: it is one; base: known before, where no change and a trend start, "
                "and not reconciled, since another row says the same. Only tests are scored. A "
                "test, or a row that does not say, is taken as fitted where a number of its year "
                "from its source stands behind its flow or price",
                choices=("test", "fitted", "input", "base", ""),
            ),
            Column(
                "same_as",
                "other sources (a;b) that saw the same: a number of its year from one of them "
                "counts as one from its own source, as a price at the border does of a market "
                "price. What is hidden as of an earlier year does not",
            ),
        ),
        parameters=(
            ParameterForm("flow", "t/year", "tonnes of contained metal per year", events=True),
            ParameterForm(
                "share",
                "1",
                "the flow as a share of all that enters the process it comes from",
                events=True,
                maximum=1.0,
            ),
            ParameterForm(
                "price",
                "USD/t",
                "price of a tonne of the good, set beside its shadow price; never reconciled",
                events=True,
            ),
        ),
        required=False,
    ),
    TableForm(
        "trade",
        "Trade between places. A pair of places is open for a good where a row gives its freight, "
        "and closed elsewhere. `good` is a good, METAL/* or *; `from` and `to` are a place, the "
        "country of the study, a bloc of study.toml, or *. What names several is of every pair "
        "where the good is had at one end and of use at the other. Of rows that name the same "
        "pair, that of the later scenario holds, then the one that names it most narrowly; of "
        "limits (`max`) all hold. Bans, licences and quotas are `max` in a scenario.",
        keys=(
            Column("good", "the good, METAL/* or *", required=True),
            Column("from", "where it comes from", required=True),
            Column("to", "where it goes", required=True),
        ),
        parameters=(
            ParameterForm(
                "freight", "USD/t", "freight and insurance; its row opens the pair, 0 if need be"
            ),
            ParameterForm("duty", "1", "share of the value that the place it goes to levies"),
            ParameterForm(
                "value",
                "USD/t",
                "value of the good on which the duty falls; required where there is a duty",
            ),
            ParameterForm("tariff", "USD/t", "levied per tonne by the place it goes to"),
            ParameterForm("max", "t/year", "most of each pair; 0 closes it"),
            ParameterForm("emission", "tCO2e/t", "emission of the transport"),
            ParameterForm(
                "embodied",
                "tCO2e/t",
                "what the border charges the carbon price on, where it does (border_adjustment); "
                "no emission of the plan, which counts that where it is made",
            ),
        ),
        required=False,
    ),
    TableForm(
        "collection",
        "Waste and the largest share of it that can be collected, whatever process takes it.",
        keys=(_good("the waste good"),),
        columns=(_place("where it arises"),),
        parameters=(ParameterForm("rate", "1", "largest share collected", maximum=1.0),),
        required=False,
    ),
    TableForm(
        "series",
        "Series of the whole study.",
        keys=(
            Column(
                "series",
                "which",
                required=True,
                choices=(
                    "grid_intensity",
                    "carbon_price",
                    "direct_emission_index",
                    "foreign_emission_index",
                    "population",
                ),
            ),
        ),
        columns=(
            _place(
                "of grid_intensity, carbon_price and direct_emission_index: another place has its "
                "own, or the default"
            ),
        ),
        parameters=(
            ParameterForm(
                "value",
                "",
                "grid_intensity in tCO2e/MWh (default 0), carbon_price in USD/tCO2e (default 0), "
                "the two indices in 1 (default 1), population in persons (unknown where absent)",
            ),
        ),
        required=False,
    ),
)

SERIES_UNITS: Mapping[str, str] = {
    "grid_intensity": "tCO2e/MWh",
    "carbon_price": "USD/tCO2e",
    "direct_emission_index": "1",
    "foreign_emission_index": "1",
    "population": "1",
}
SERIES_DEFAULTS: Mapping[str, float] = {
    "grid_intensity": 0.0,
    "carbon_price": 0.0,
    "direct_emission_index": 1.0,
    "foreign_emission_index": 1.0,
    "population": float("nan"),
}


Reading = Literal[
    "kind", "text", "switch", "year", "penalty", "name", "names", "selector", "series"
]


@dataclass(frozen=True, slots=True)
class PolicyField:
    """A field of a policy, and how it is read. Nothing has a default: a field whose reading is not
    stated would be accepted unchecked."""

    name: str
    reading: Reading
    among: str | tuple[str, ...]
    """The words that a name is chosen of, or the nouns that it must be one of: `metals`, `origins`,
    `goods`, `processes`, `plants`. Empty where the field holds no name."""
    only: Literal["any", "waste", "stored", "demanded"]
    """Which goods may be named."""

    def __post_init__(self) -> None:
        if (self.reading in ("name", "names")) != bool(self.among):
            raise TypeError(f"field '{self.name}' of policies: say what its names are among")


KIND = PolicyField("kind", "kind", (), "any")
SOURCE = PolicyField("source", "text", (), "any")
NOTE = PolicyField("note", "text", (), "any")
ENABLED = PolicyField("enabled", "switch", (), "any")
PUBLISHED = PolicyField("published", "year", (), "any")
FROM = PolicyField("from", "year", (), "any")
TO = PolicyField("to", "year", (), "any")
PENALTY = PolicyField("penalty", "penalty", (), "any")
METAL = PolicyField("metal", "name", "metals", "any")
ORIGIN = PolicyField("origin", "name", "origins", "any")
STAGES = PolicyField("stages", "names", get_args(Stage), "any")
PROCESSES = PolicyField("processes", "names", "processes", "any")
WASTES = PolicyField("goods", "names", "goods", "waste")
STORED_GOODS = PolicyField("goods", "names", "goods", "stored")
IMPACT = PolicyField("impact", "name", "impacts", "any")
SCOPE = PolicyField("scope", "name", SCOPES, "any")
OF = PolicyField("of", "name", ("demand", "imports"), "any")
PROVENANCE = PolicyField("provenance", "name", ("any", "home"), "any")
METALS = PolicyField("metals", "names", "metals", "any")
NUMERATOR = PolicyField("numerator", "selector", (), "any")
DENOMINATOR = PolicyField("denominator", "selector", (), "any")
EACH = PolicyField("each", "names", ("metals", "stages", "origins"), "any")
MEASURED = PolicyField("measured", "name", ("refined", "contained", "activity"), "any")
DEMANDED_GOODS = PolicyField("demand", "names", "goods", "demanded")
ACTIVITY = PolicyField("activity", "selector", (), "any")
PLANTS = PolicyField("plants", "names", "plants", "any")
BUDGET = PolicyField("budget", "series", (), "any")
PRESET = "preset"
"""Field of a policy that takes its other fields from a preset."""

PRESETS = PolicyField(PRESET, "text", (), "any")

COMMON = (KIND, SOURCE, NOTE, ENABLED, PUBLISHED, PRESETS)
"""Fields of every policy."""


@dataclass(frozen=True, slots=True)
class SelectorField:
    """A field of a selector (`planner.system.selection.selector`)."""

    name: str
    among: str | tuple[str, ...]
    """As in PolicyField; empty for true or false."""
    several: bool
    """True where it takes a name, a list of names, or `*` for all of them."""
    only: Literal["any", "demanded"]
    note: str


SELECTOR_FIELDS: tuple[SelectorField, ...] = (
    SelectorField("metals", "metals", True, "any", "metals; those of the policy where left out"),
    SelectorField("goods", "goods", True, "any", "goods by name"),
    SelectorField(
        "forms",
        FORMS,
        True,
        "any",
        "forms in which goods are traded ([conventions](conventions.md#what-crosses-the-border))",
    ),
    SelectorField("processes", "processes", True, "any", "processes by name"),
    SelectorField("kinds", get_args(ProcessKind), True, "any", "kinds of processes"),
    SelectorField("stages", get_args(Stage), True, "any", "stages of processes"),
    SelectorField(
        "origins",
        "origins and home",
        True,
        "any",
        "origins of what comes in from abroad (`*`: all of them), or `home`: what does not",
    ),
    SelectorField(
        "places",
        "places and home",
        True,
        "any",
        "places where processes run and demand is; left out: in the country of the study alone",
    ),
    SelectorField(
        "pathways",
        PATHWAYS,
        True,
        "any",
        "pathways by which metal was won, traced through the recipes",
    ),
    SelectorField(
        "flow",
        ("gives", "takes"),
        False,
        "any",
        "what the processes give (default), a chain once, or what they take",
    ),
    SelectorField(
        "less_exports",
        (),
        False,
        "any",
        "true: exports of the goods selected (by stage, name and form) are taken off",
    ),
    SelectorField(
        "demand",
        "goods",
        True,
        "demanded",
        "goods of which the demand is counted instead of a flow: end uses",
    ),
    SelectorField(
        "market", ("all", "home", "abroad"), False, "any", "demand that counts; default all"
    ),
)


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """What a policy of a kind must and may say in study.toml, beside the fields of every policy."""

    kind: str
    note: str
    level: str
    """Name of the field that holds the level: a number, or, where that may differ by year, a table
    of year = number."""
    unit: str
    required: tuple[PolicyField, ...] = ()
    optional: tuple[PolicyField, ...] = ()
    """With `penalty` (USD per unit of breach) among them it has a breach column and may be soft."""
    maximum: float | None = None
    by_year: bool = True
    """False: its level is one number, for all years together."""
    longer: str = "each year in force"
    """Meaning of the level in a period of several years."""
    or_level: str = ""
    """Another field that may hold the level instead: of a floor, the one of a ceiling."""

    @property
    def levels(self) -> tuple[str, ...]:
        """Fields that may hold the level; a policy gives one of them."""
        return tuple(filter(None, (self.level, self.or_level)))

    def level_of(self, policy: Policy) -> str:
        """The field that holds the level of a policy."""
        return self.or_level if self.or_level and policy.ceiling else self.level

    def __post_init__(self) -> None:
        for given in (*self.required, *self.optional):
            if not isinstance(given, PolicyField):
                raise TypeError(f"{self.kind}: field {given!r} does not say how it is read")

    @property
    def fields(self) -> tuple[PolicyField, ...]:
        """Every field but the level."""
        return (*COMMON, *self.required, *self.optional)


POLICIES: tuple[PolicyForm, ...] = (
    PolicyForm(
        "share",
        "what one selector counts is at least, or at most, this share of what another counts, "
        "[flows or demand](#selectors); several of the kinds below are names for common cases",
        "at_least",
        "1",
        (NUMERATOR, DENOMINATOR),
        (METALS, EACH, MEASURED, FROM, TO, PENALTY),
        or_level="at_most",
    ),
    PolicyForm(
        "subsidy",
        "the state pays this much per unit of activity of what a selector picks, or per unit of "
        "yearly capacity ordered of plants; the plan is decided at the cost that is left, the "
        "cost of the country holds none of it ([conventions](conventions.md#subsidies)); with a "
        "`budget`, at most that much a year",
        "rate",
        "USD/t",
        (),
        (ACTIVITY, PLANTS, BUDGET, FROM, TO),
        longer="each year in force, for what is placed of orders in it",
    ),
    PolicyForm(
        "self_sufficiency",
        "home output at the stages (ore, refined metal, finished goods), less exports of it "
        "there, is at least this share of home demand, in refined equivalents; with "
        "provenance `any` (default) what is refined at home from imported ore counts at "
        "processing, with `home` only home metal; where a good mixes what counts and what does "
        "not, the target is refused; a chain through several of the stages counts once",
        "share",
        "1",
        (METAL, STAGES),
        (FROM, TO, PENALTY, PROVENANCE),
    ),
    PolicyForm(
        "import_share",
        (
            "imports that pass through one origin, in every form (ore, refined metal, finished "
            "goods, scrap), are at most this share of demand (or of all imports) of the metal, in "
            "refined equivalents; a chain of imports counts once"
        ),
        "share",
        "1",
        (METAL, ORIGIN),
        (OF, FROM, TO),
        maximum=1.0,
    ),
    PolicyForm(
        "recycled_content",
        (
            "refined metal won from old or imported scrap is at least this share of all refined "
            "metal supplied; where a good mixes primary and secondary metal, the target is refused"
        ),
        "share",
        "1",
        (METAL,),
        (FROM, TO, PENALTY),
        maximum=1.0,
    ),
    PolicyForm(
        "quota",
        "the activities named together stay below this cap",
        "cap",
        "t/year",
        (PROCESSES,),
        (FROM, TO),
    ),
    PolicyForm(
        "collection_target",
        "at least this share of the waste is collected",
        "share",
        "1",
        (WASTES,),
        (FROM, TO, PENALTY),
        maximum=1.0,
    ),
    PolicyForm(
        "carbon_cap",
        "yearly emissions of the scope",
        "cap",
        "tCO2e/year",
        (SCOPE,),
        (FROM, TO),
    ),
    PolicyForm(
        "carbon_budget",
        "emissions of the scope summed over all years: one number",
        "cap",
        "tCO2e",
        (SCOPE,),
        by_year=False,
        longer="all years together",
    ),
    PolicyForm(
        "impact_cap",
        "yearly impact within the scope, in the unit of the impact",
        "cap",
        "1",
        (IMPACT, SCOPE),
        (FROM, TO),
    ),
    PolicyForm(
        "impact_budget",
        "impact within the scope summed over all years, in the unit of the impact: one number",
        "cap",
        "1",
        (IMPACT, SCOPE),
        by_year=False,
        longer="all years together",
    ),
    PolicyForm(
        "capital_budget",
        "cash for new plants in the year of order",
        "cap",
        "USD/year",
        (),
        (FROM, TO),
        longer="each year in force, for what is placed of orders in it",
    ),
    PolicyForm(
        "stockpile_cover",
        (
            "a stockpile of at least this many months of the metal's refined requirement, or of "
            "the part of it for the goods in `demand`; waived in years of a closure"
        ),
        "months",
        "month",
        (STORED_GOODS,),
        (FROM, TO, PENALTY, DEMANDED_GOODS),
        longer="end of each year in force",
    ),
    PolicyForm(
        "closure",
        (
            "what comes in from the origin, in every form, runs at most at this share of its upper "
            "bound (0 where it has none)"
        ),
        "share",
        "1",
        (ORIGIN,),
        (METAL, FROM, TO),
        maximum=1.0,
    ),
    PolicyForm(
        "pin",
        "activities with an observed value stay within this tolerance of it",
        "tolerance",
        "1",
        (),
        (PROCESSES, FROM, TO, PENALTY),
        longer="each year observed",
    ),
)

ROWS_OF_NATURE = frozenset(
    {
        "balance",
        "plant_capacity",
        "capacity_balance",
        "build_rate",
        "capacity_limit",
        "ramp",
        "run_down",
        "depletion",
        "deposit_curve",
        "deposit_step",
        "supply_curve",
        "exploration_limit",
        "extension",
        "service",
        "shortage_limit",
        "host_limit",
        "circuit_limit",
        "collection",
        "take_back",
        "unseen_rise",
        "demand_curve",
        "stockpile_balance",
        "emission_account",
        "impact_account",
        "subsidy_claim",
        "subsidy_budget",
    }
)
"""Names that no policy may have: those of the rows that nobody sets. A policy `run_down` with a
penalty would soften those rows."""

BY_NAME: Mapping[str, TableForm] = {table.name: table for table in TABLES}
POLICY_FORMS: Mapping[str, PolicyForm] = {form.kind: form for form in POLICIES}
