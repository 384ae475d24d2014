"""The study format as a page written from `planner.study.schema`: docs/format.md, by `make
pages`."""

from __future__ import annotations

from collections.abc import Iterator

from planner.study.meaning import HEAD_MEANINGS, POLICY_MEANINGS, only
from planner.study.schema import (
    COLUMN_NOTES,
    POLICIES,
    REQUIRED_VALUE_COLUMNS,
    SELECTOR_FIELDS,
    SERIES_DEFAULTS,
    SERIES_UNITS,
    TABLES,
    VALUE_COLUMNS,
    Column,
    ParameterForm,
    TableForm,
)
from planner.study.targets.presets import presets

_HEAD = """\
# The study format

A study is a folder: `study.toml` and the tables below as CSV (UTF-8, commas, decimal points). Rows
may stand in any order. This page is written from the code that reads it; a test fails when it is
stale. `planner check STUDY` reports every problem at once, with file, row, column and remedy;
`planner new NAME` writes a small study that solves; `planner workbook STUDY FILE.xlsx` turns one
into a workbook.

## study.toml
```toml
title = "Lithium for one country"   # required
country = "Home"                    # required: the focus country
places = ["Chile", "Korea"]         # where else processes can stand; none if left out
metals = ["lithium"]                # required: in full and lower case
currency_year = 2021                # required: all money is in USD of this year
discount_rate = 0.05                # required: real, 1/year
stock_convention = "uniform"        # inflow within the year: uniform (default), end, middle, start
scenario = "reference"              # the default; without it the base rows alone
border_adjustment = false           # the carbon price also on what imports embody (default false)

[blocs]                             # names of several places, the country by its own name
partners = ["Chile", "Korea"]

[years]
first = 2021
last = 2060
step = 1                            # plants are ordered once in so many years (default 1)
# periods = [2021, 2022, 2025]      # or in these, the first years of periods, instead of both

[policies.home_share]               # the kinds and their fields stand below
kind = "self_sufficiency"
metal = "lithium"
stages = ["processing", "recycling"]
share = { 2025 = 0.3, 2030 = 0.5 }  # number, or year = number: linear between, not in force outside
source = "law"

[scenarios.reference]
title = "As things stand"

[scenarios.greener]
title = "A carbon price"
inherits = ["reference"]            # left to right, the later wins; circles are refused
discount_rate = 0.04                # discount_rate and border_adjustment may be replaced
[scenarios.greener.set]             # single values, by the same paths as --set
"series.carbon_price" = "50 USD_2021/tCO2e"
[scenarios.greener.policies.home_share]
enabled = true                      # fields replaced, or a whole new policy
```

**Periods.** Whatever the periods, everything is planned and every limit holds year by year, and the
results have a row for each year. A period longer than a year is one in which plants are ordered
once: in its first year, or, where `max_new` says how much may be ordered in a year, in each of its
years in proportion to that. What every number means in a longer period stands in the tables below.
Longer periods do not make a programme smaller; a plan with them is replayed in the study with
periods of one year, and its certificate says by how much cost, emissions and shortage differ.

{head}

Money of another year than `currency_year` is refused. The stock conventions are those of ODYM and
flodym.

**Scenarios.** Rows of a table that name a scenario replace the whole series of that key in the
scenario and its heirs. `--scenario a,b` composes, the later wins, also where a inherits from b.

**Paths.** `table.key[.key].parameter[.year]`; the parameter is left out in tables that have only
one. Without a year the value holds in every year. A value may carry a unit
(`--set "process_values.mine.variable_cost=30 USD_2021/kg"`); a bare number takes the unit of the
row it replaces. Also `discount_rate`, `border_adjustment`, `as_of`, and of policies
`policies.NAME.FIELD` (`enabled`, a level, `from`, `to`, `penalty`, `preset` ...),
`policies.NAME.FIELD.YEAR` (`--set policies.home_share.share.2030=0.4`: a year of a level by year is
replaced or added; a single number stays in all other years) and `policies.NAME.SELECTOR.FIELD`.

**Vintages.** Rows that differ in nothing but the number and `published` are vintages of one number:
the newest is in force. `--set as_of=2022` (`planner hindcast --as-of 2022`) reads the study as it
was known at the end of that year: of each number the newest vintage that was out by then. A year of
a series that nothing was out on is dropped, and what was known before holds on; events to come of
which nothing was known do not happen; policies with a later `published` are not in force. Where
nothing is left to fall back on, the row stays in its oldest vintage: it is a leak, and listed. A
number that does not say when it came out is never hidden.

## Columns that every table of numbers shares
"""
_RULES = """
A number given at some years is interpolated linearly between them and never extrapolated, unless
its row says so in `extend`. Rows of years that the study does not reach only serve to interpolate.
Years stand in ascending order, each once. *Events* are amounts that
fall in their year; years not given are 0. Units are read by pint: mass t, kt, Mt, kg, g; money
USD_2021; carbon tCO2e, kgCO2e; energy MWh, kWh, GJ; time year, month; shares 1 or %.

**What is given is used, refused or warned about.** The column *only of* says which nouns a number
has a meaning for, where that is not all of them. Elsewhere it is refused where the kind of the noun
excludes it (the electricity of an import), and warned about where another cell or row may still be
to come (the loading of a process without a plant). The same table is what the reader goes by, and a
test changes every number of every kind of noun and compares. `planner check` shows warnings apart
from errors, `--strict` makes errors of them, `planner solve` counts them and writes them to
`run.log` and `plan.json`, `System.warnings` holds them. Warnings are also: rates that look like per
cent, sources of one metal that cost more than fifty times one another, a shortage that costs less
than the dearest supply, demand that no process can serve, metal that may be thrown away for
nothing, a host and a deposit on one process, a by-product without a host, ends of ranges that the
balance never allows, cohorts of which both inflow and stock are given, and observations that cannot
be reconciled.

## Tables
"""

_SELECTORS = """
### Selectors

`numerator`, `denominator` and `activity` each select flows, or the demand that a share is taken of.
A field takes one name, a list of names, or `*` for all there are; fields left out narrow nothing.
What several fields name must all hold. A selection of nothing is refused, with the field that would
have to go; so is a share of a good that mixes what is selected and what is not.

```toml
[policies.one_country]              # at most 65 % of need from any one country, at any stage
kind = "share"
numerator = { stages = ["extraction", "processing"] }
denominator = { demand = "*" }      # or flows: { origins = "*" } is all that comes in
each = ["metals", "origins", "stages"]   # a row for each combination; without it one row in all
at_most = { 2030 = 0.65, 2060 = 0.65 }   # or at_least
measured = "refined"                # refined equivalents (default), contained metal, or activity
penalty = 1000                      # USD per t: soft; without it hard
source = "Regulation (EU) 2024/1252"

[policies.recycling_aid]
kind = "subsidy"
activity = { stages = ["recycling"], origins = "home" }   # or plants = ["works"]: orders
rate = { 2025 = 200, 2030 = 100 }   # USD per unit of activity, or of yearly capacity ordered
budget = 5e6                        # USD a year, or year = number; without it no limit
source = "own"
```

Under `each` metals, and stages where it names them, narrow the denominator too. A subsidy names
processes by the same fields, or `plants`. [Conventions](conventions.md#policies-over-any-selection)
say what counts.
"""
_PRESETS = """
### Presets

`preset = "NAME"` gives a policy all its fields but those that the study states itself (`metals`, a
`penalty`, a year of its level; of a selector each field by itself) and those in the last column. A
preset in force in years outside its dates, or on a metal that its law does not speak of, is warned
about. `planner presets NAME` shows how the words of a law are read.
"""


def study_format_page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    heads = " and ".join(f"`{each.name}` unless {each.only}" for each in HEAD_MEANINGS)
    yield _HEAD.replace("{head}", f"A warning names {heads}.")
    yield from _rows(("column", "required", "meaning"))
    for name in VALUE_COLUMNS:
        yield _row(f"`{name}`", "yes" if name in REQUIRED_VALUE_COLUMNS else "", COLUMN_NOTES[name])
    yield _RULES
    for table in TABLES:
        yield from _table(table)
    yield "## Policies\n"
    yield (
        "Every policy may say `source`, `note`, `enabled` (default true), `published`, or take all "
        "of it from a [preset](#presets). `from` and `to` bound the years in which a single number "
        "is in force. Floors may give `penalty` (USD per unit short): then they are soft. A policy "
        "that sets nothing is refused (`pin`) or warned about, and so is one in force in no year "
        "of the study, or with a penalty of 0. Where names are listed, `*` stands for all.\n"
    )
    yield from _rows(
        (
            "kind",
            "level",
            "by year",
            "unit",
            "required",
            "optional",
            "in a longer period",
            "meaning",
            "sets nothing unless",
        )
    )
    for form in POLICIES:
        yield _row(
            f"`{form.kind}`",
            " or ".join(f"`{level}`" for level in form.levels),
            "yes" if form.by_year else "no",
            form.unit,
            _names(tuple(f.name for f in form.required)),
            _names(tuple(f.name for f in form.optional)),
            form.longer,
            form.note,
            ", ".join(each.only for each in POLICY_MEANINGS if form.kind in each.kinds),
        )
    yield from _selectors()
    yield from _presets()


def _selectors() -> Iterator[str]:
    yield _SELECTORS
    yield from _rows(("field", "names", "meaning"))
    for field in SELECTOR_FIELDS:
        among = field.among if isinstance(field.among, str) else _names(field.among)
        yield _row(f"`{field.name}`", among or "true or false", field.note)


def _presets() -> Iterator[str]:
    yield _PRESETS
    yield from _rows(("preset", "what it asks", "law", "in force", "status", "study gives"))
    for preset in presets():
        dates = f"{preset.in_force} to {preset.ends}" if preset.ends else f"from {preset.in_force}"
        law = f"[{preset.law}]({preset.url})"
        needs = _names(preset.needs)
        yield _row(f"`{preset.name}`", preset.title, law, dates, preset.status, needs)


def _table(table: TableForm) -> Iterator[str]:
    yield f"### {table.name}.csv{'' if table.required else ' (optional)'}\n"
    yield table.note + "\n"
    if of := ", ".join(only(table.name, "")):
        yield f"Of use are {of}; a warning names all others.\n"
    yield from _rows(("column", "required", "meaning"))
    for column in (*table.keys, *table.columns):
        yield _row(f"`{column.name}`", "yes" if column.required else "", _column(column))
    if table.has_parameter_column:
        yield _row("`parameter`", "yes", "one of the parameters below")
    if table.has_values:
        yield _row("...", "", "the shared columns above")
        yield ""
        yield from _parameters(table)
    yield ""


def _parameters(table: TableForm) -> Iterator[str]:
    name = "parameter" if table.has_parameter_column else "number"
    yield from _rows(
        (
            name,
            "internal unit",
            "default",
            "by year",
            "range",
            "in a longer period",
            "meaning",
            "only of",
        )
    )
    for parameter in table.parameters:
        yield _row(
            f"`{parameter.name}`",
            _series_units() if table.name == "series" else parameter.unit,
            _default(table, parameter),
            _by_year(parameter),
            _range(parameter),
            parameter.in_a_longer_period,
            parameter.note,
            ", ".join(only(table.name, parameter.name)),
        )


def _series_units() -> str:
    return ", ".join(f"{name}: {unit}" for name, unit in SERIES_UNITS.items())


def _default(table: TableForm, parameter: ParameterForm) -> str:
    if table.name == "series":
        return ", ".join(f"{name}: {value:g}" for name, value in SERIES_DEFAULTS.items())
    return "" if parameter.default is None else f"{parameter.default:g}"


def _by_year(parameter: ParameterForm) -> str:
    return "events" if parameter.events else "yes" if parameter.by_year else "no"


def _range(parameter: ParameterForm) -> str:
    low = (
        ""
        if parameter.minimum is None
        else f"{'>' if parameter.positive else '>='} {parameter.minimum:g}"
    )
    high = "" if parameter.maximum is None else f"<= {parameter.maximum:g}"
    return ", ".join(filter(None, (low, high)))


def _column(column: Column) -> str:
    parts = [column.note]
    if column.choices:
        parts.append("one of " + ", ".join(f"`{c}`" if c else "empty" for c in column.choices))
    if column.refers_to:
        parts.append("must stand in " + " or ".join(column.refers_to.split("|")))
    return "; ".join(parts)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _rows(heads: tuple[str, ...]) -> Iterator[str]:
    yield _row(*heads)
    yield "|" + "---|" * len(heads)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
