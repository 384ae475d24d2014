"""A new study that solves: one metal from a mine, from abroad and from old products, to be changed
row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from planner.errors import OutputError
from planner.study.files import HEAD_FILE
from planner.study.rows import internal_unit
from planner.study.schema import BY_NAME, TableForm

CURRENCY_YEAR = 2021
SOURCE = "example"
NOTE = "made up to show the format: replace it"
LEFT_OUT = ("place", "published")
"""Columns that a first study does without."""

_HEAD = """\
# What the study is about; docs/format.md of planner lists every field, table, column and unit.
title = "{title}"
country = "Home"                # the focus country
metals = ["lithium"]            # in full and lower case
currency_year = {currency_year}            # constant money: every price is in USD_{currency_year}
discount_rate = 0.05            # real, 1/year
scenario = "reference"          # in force when none is asked for

[years]
first = 2025
last = 2034

# A policy is a target or a limit; scenarios switch it on and off.
[policies.home_share]
kind = "self_sufficiency"
enabled = false
metal = "lithium"
stages = ["extraction", "recycling"]   # what counts as from home: the mine, and old batteries
share = {{ 2028 = 0.3, 2034 = 0.6 }}   # linear between the years, not in force outside them
penalty = 50000                 # USD per t short of it; without a penalty the target is hard
source = "example"

[scenarios.reference]
title = "As things stand"

[scenarios.self-reliance]
title = "More from home, and a carbon price"
inherits = ["reference"]
[scenarios.self-reliance.set]
"series.carbon_price" = "50 USD_{currency_year}/tCO2e"
[scenarios.self-reliance.policies.home_share]
enabled = true
"""

_README = """\
# {title}

**Question.** Which mix of mining at home, imports and recycling serves the demand for lithium in
batteries at least cost, year by year?

**Boundary.** One metal, in tonnes of contained lithium. A mine on a deposit, imports from one
country, old batteries collected and recycled. Every number is made up (source `example`, grade D):
put your own in, each with its source.

```
salt_lake -> mine -> lithium/refined -> make_batteries -> lithium/batteries -> demand, use
Chile --> import ------^     ^                                                   |
                             +-- recycle <- lithium/scrap <- collect <- lithium/waste
```

    planner check {name}
    planner solve {name}
    planner solve {name} --scenario self-reliance
    planner report results/{name}
    planner workbook {name} {name}.xlsx      # the same tables as one workbook, which solves too

`study.toml` holds years, policies and scenarios; each CSV file is a table. Rows may stand in any
order. A number without a year holds in every year; between given years it is interpolated, outside
them it is an error unless the row says `before`, `after` or `both` in the column `extend`.
"""

_STRUCTURE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "goods": (
        ("lithium/refined", "lithium", "refined", "processing", "", "lithium chemicals"),
        ("lithium/batteries", "lithium", "product", "manufacture", "", "lithium in batteries"),
        ("lithium/waste", "lithium", "waste", "use", "", "lithium in old batteries"),
        ("lithium/scrap", "lithium", "scrap", "recycling", "", "lithium in collected batteries"),
    ),
    "processes": (
        (
            "mine",
            "mine",
            "extraction",
            "domestic primary",
            "",
            "",
            "mine",
            "",
            "tailings",
            "brine to lithium carbonate",
        ),
        (
            "import",
            "import",
            "processing",
            "foreign primary",
            "Chile",
            "",
            "",
            "",
            "",
            "lithium carbonate from abroad",
        ),
        (
            "make_batteries",
            "manufacture",
            "manufacture",
            "",
            "",
            "",
            "",
            "",
            "cell waste",
            "refined metal to batteries",
        ),
        ("collect", "collect", "recycling", "", "", "", "", "", "", "old batteries collected"),
        (
            "recycle",
            "recycle",
            "recycling",
            "domestic secondary",
            "",
            "",
            "recycling",
            "",
            "slag",
            "collected batteries to metal",
        ),
    ),
    "products": (("batteries", "", "lithium/waste", "weibull", "batteries in use"),),
}
"""Rows of the structure tables, columns in the order of `planner.study.schema`."""

_NUMBERS: Mapping[str, tuple[tuple[tuple[str, ...], str, Mapping[int | None, float]], ...]] = {
    "good_values": (
        (("lithium/batteries", ""), "equivalent", {None: 1.0526}),
        (("lithium/batteries", ""), "shortage_cost", {None: 200_000}),
        (("lithium/refined", ""), "equivalent", {None: 1.0}),
    ),
    "demand": ((("lithium/batteries",), "demand", {2025: 1000, 2034: 2500}),),
    "coefficients": (
        (("mine", "salt_lake", "in"), "coefficient", {None: 1.5}),
        (("mine", "lithium/refined", "out"), "coefficient", {None: 1}),
        (("import", "lithium/refined", "out"), "coefficient", {None: 1}),
        (("make_batteries", "lithium/refined", "in"), "coefficient", {None: 1}),
        (("make_batteries", "lithium/batteries", "out"), "coefficient", {None: 0.95}),
        (("collect", "lithium/waste", "in"), "coefficient", {None: 1}),
        (("collect", "lithium/scrap", "out"), "coefficient", {None: 1}),
        (("recycle", "lithium/scrap", "in"), "coefficient", {None: 1}),
        (("recycle", "lithium/refined", "out"), "coefficient", {2025: 0.75, 2034: 0.9}),
    ),
    "process_values": (
        (("mine",), "variable_cost", {None: 22_000}),
        (("mine",), "electricity", {None: 5}),
        (("mine",), "direct_emission", {None: 10}),
        (("import",), "import_price", {None: 24_000}),
        (("import",), "embodied_emission", {None: 20}),
        (("collect",), "variable_cost", {None: 2_000}),
        (("recycle",), "variable_cost", {None: 8_000}),
        (("recycle",), "electricity", {None: 10}),
    ),
    "plants": (
        (("mine",), "existing_capacity", {None: 300}),
        (("mine",), "capital_cost", {None: 40_000}),
        (("mine",), "life", {None: 20}),
        (("mine",), "lead_time", {None: 3}),
        (("mine",), "max_new", {None: 200}),
        (("recycling",), "existing_capacity", {None: 50}),
        (("recycling",), "capital_cost", {None: 20_000}),
        (("recycling",), "life", {None: 15}),
        (("recycling",), "lead_time", {None: 1}),
    ),
    "deposits": ((("salt_lake", "lithium"), "reserve", {None: 30_000}),),
    "product_values": (
        (("batteries",), "lifetime_mean", {None: 8}),
        (("batteries",), "lifetime_shape", {None: 3}),
    ),
    "uses": ((("batteries", "lithium/batteries"), "use", {None: 1}),),
    "cohorts": (
        (("batteries",), "inflow", {2020: 300, 2021: 400, 2022: 500, 2023: 650, 2024: 800}),
    ),
    "collection": ((("lithium/waste",), "rate", {2025: 0.4, 2034: 0.8}),),
    "series": (
        (("grid_intensity",), "value", {2025: 0.5, 2034: 0.3}),
        (("carbon_price",), "value", {None: 0}),
    ),
}
"""Numbers by table: keys, parameter, and value by year (None: every year), in internal units."""


def new(folder: str | Path) -> Path:
    """Write a small study that solves into a new or empty folder and return it. Raises OutputError
    where that cannot be."""
    target = Path(folder)
    name = target.resolve().name
    try:
        if target.is_dir() and any(target.iterdir()):
            raise OutputError(f"{target} is not empty; give a new name, nothing is overwritten")
        target.mkdir(parents=True, exist_ok=True)
        for file, text in _files(name):
            (target / file).write_text(text, encoding="utf-8", newline="")
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{target} cannot be written ({getattr(error, 'strerror', None) or error}); give "
            "another place"
        ) from error
    return target


def _files(name: str) -> Iterator[tuple[str, str]]:
    """Every file of the new study: name and text."""
    words = name.replace('"', "").replace("\\", "")
    title = f"{words}: lithium from a mine, from abroad and from old batteries"
    yield HEAD_FILE, _HEAD.format(title=title, currency_year=CURRENCY_YEAR)
    yield "README.md", _README.format(title=title, name=name)
    for table, rows in _STRUCTURE.items():
        columns = [name for name in BY_NAME[table].column_names if name not in LEFT_OUT]
        yield f"{table}.csv", _csv([columns, *rows])
    for table in _NUMBERS:
        yield f"{table}.csv", _number_table(BY_NAME[table])


def _number_table(table: TableForm) -> str:
    """A table of numbers as CSV."""
    columns = [name for name in table.column_names if name not in LEFT_OUT]
    rows = [row for each in _NUMBERS[table.name] for row in _rows(table, *each)]
    return _csv([columns, *([row.get(column, "") for column in columns] for row in rows)])


def _rows(
    table: TableForm, keys: tuple[str, ...], parameter: str, values: Mapping[int | None, float]
) -> Iterator[dict[str, str]]:
    """The rows of a series, by column."""
    unit = internal_unit((table.name, keys, parameter), CURRENCY_YEAR)
    for year, value in values.items():
        yield {
            **dict(zip((column.name for column in table.keys), keys, strict=True)),
            "parameter": parameter,
            "year": "" if year is None else str(year),
            "value": f"{value:g}",
            "unit": unit,
            "source": SOURCE,
            "grade": "D",
            "note": NOTE,
        }


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
