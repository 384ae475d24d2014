"""The page of result definitions, written from the code: docs/results.md, by `make pages`."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator

from planner.lp.formulation import FORMULATION
from planner.plan.headline import Headline
from planner.plan.indicators import LOSS_STAGES, RATES
from planner.plan.plan import Certificate, Record, Replay
from planner.plan.schema import INDICATORS, RESULTS, VARIABLES, ResultField, ResultTable

_HEAD = """\
# How each result is defined

A run folder holds the tables below as CSV, and a `Plan` the same as DataFrames (`plan.supply` and
so on). This page is written from the code that makes them (`planner/plan/schema.py`,
`planner/plan/indicators.py`); a test fails when it is stale. `datapackage.json` in each run says
the same to machines. [Conventions](conventions.md) say how numbers are to be read.

Columns in bold together name a row. A number has the unit of the column `unit` in its row.
"""
_MORE = """\
## More indicators
`planner indicators RUN` and `planner.indicators(plan)` add those of the literature, computed from
the tables above. Each is a function of the metal's account of the year, in refined metal where not
said otherwise.
"""
_ANSWER = """\
`objective` is what the programme minimises: `cost`, penalties and `unseen_cost` together, less
`rent_abroad` and `benefit`. A cost never holds a penalty. `stopping_penalty` is the part of
`breach_penalty` for what stops faster than a limit of decline. `targets` are the policies in force
that are floors or ceilings; `missed` names those that the plan pays a penalty for, by subject, with
their years and the largest breach. `disposed` is what is thrown away at no cost, in t of the good
over all years (`collected` is false for waste that nobody takes in). `numbers_read` of `numbers`
numbers of the study come from a source that was read (grades A and B): the certificate is about the
arithmetic, this about the data."""
EQUATION = re.compile(r"\$\$(?P<latex>.+?)\$\$\s*", re.DOTALL)


def result_tables_page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    for table in (*RESULTS, VARIABLES):
        yield from _table(table)
        if table.name == "prices":
            yield from _families()
        if table.name == "indicators":
            yield from _own_indicators()
    yield from _rates()
    yield from _record()


def _own_indicators() -> Iterator[str]:
    """The indicators that every plan holds."""
    yield from _rows(
        ("indicator", "unit", "definition"),
        ((f"`{name}`", unit, meaning) for name, (unit, meaning) in INDICATORS.items()),
    )


def _rates() -> Iterator[str]:
    """The indicators of the literature, each with its equation and source."""
    yield _MORE
    for name, (function, unit) in RATES.items():
        meaning, latex, note = _parts(inspect.cleandoc(function.__doc__ or ""))
        yield f"### {name}\n\n{meaning}\n\n$${latex}$$\n\nUnit: {unit}. {note}\n"
    stages = ", ".join(f"`{stage}`" for stage in LOSS_STAGES)
    yield (
        f"Also `loss: STAGE` (t/year; stages {stages}), where the study gives loss_media "
        "`loss to: MEDIUM` (t/year; what the media leave under the name of the loss), `in-use "
        "stock` (t at the end of the period) and `old scrap arising` (t/year).\n"
    )


def _table(table: ResultTable) -> Iterator[str]:
    yield f"## {table.name}\n\n{table.meaning}\n"
    yield from _rows(
        ("column", "type", "meaning"),
        ((_name(field), field.kind, _meaning(field)) for field in table.fields),
    )


def _name(field: ResultField) -> str:
    return f"**`{field.name}`**" if field.key else f"`{field.name}`"


def _meaning(field: ResultField) -> str:
    """The meaning, with the words that the column may hold where the meaning does not name them
    already."""
    words = [f"`{word}`" for word in field.choices if f"`{word}`" not in field.meaning]
    return f"{field.meaning} (one of {', '.join(words)})" if words else field.meaning


def _families() -> Iterator[str]:
    yield (
        "The families, with the unit of their price and its basis; their equations stand in [the "
        "mathematics](mathematics.md):\n"
    )
    yield from _rows(
        ("family", "indexed by", "unit", "basis"),
        ((f"`{f.name}`", ", ".join(f.indices), f.unit, f"`{f.basis}`") for f in FORMULATION),
    )


def _parts(text: str) -> tuple[str, str, str]:
    """Meaning, equation and source of an indicator, from its docstring. Raises ValueError where it
    has no equation."""
    found = EQUATION.search(text)
    if found is None:
        raise ValueError(f"no equation in: {text}")
    before, after = text[: found.start()], text[found.end() :]
    return _one_line(before), _one_line(found["latex"]), _one_line(after)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _record() -> Iterator[str]:
    """The fields of plan.json, from the annotations of the record, the headline and the
    certificate."""
    yield (
        "## plan.json\n\nThe record of the run, under `answer` the head of its answer, and under "
        "`certificate` what was checked outside the solver.\n"
    )
    yield f"Record: {_fields(Record)}.\n"
    yield f"Answer: {_fields(Headline)}, and `penalty`, the sum of both. {_ANSWER}\n"
    yield f"Certificate: {_fields(Certificate)}. {_one_line(Certificate.__doc__ or '')}\n"
    yield f"`replay`: {_fields(Replay)}. {_one_line(Replay.__doc__ or '')}"


def _fields(record: type[Record | Certificate | Headline | Replay]) -> str:
    return ", ".join(f"`{field.name}`" for field in dataclasses.fields(record))


def _rows(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield _row(*heads)
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield _row(*row)
    yield ""


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
