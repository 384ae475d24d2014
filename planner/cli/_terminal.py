"""Output of the command line: errors, the mix per metal and pathway, stocks, equations, any table.
Numbers travel with their unit.

Answers go to standard output, progress to standard error, so that one can be piped without the
other. rich leaves colours and cursor moves out where the output is not a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from planner.system.losses import is_surplus
from planner.system.nouns import PATHWAYS

if TYPE_CHECKING:
    from planner.analysis.tradeoffs.compare import Comparison
    from planner.analysis.uncertainty.headline_ranges import HeadlineRanges
    from planner.errors import Problem
    from planner.lp.glossary import Term
    from planner.mfa.balance import Balance
    from planner.plan.plan import Plan
    from planner.reference.mathematics import Equation, Mathematics
    from planner.study.targets.presets import Preset
    from planner.system.nouns import Array, System

SHOWN_YEARS = (2021, 2030, 2040, 2060)
"""Years that the tables show, as far as they lie within the horizon, beside the first and the
last."""
SYSTEM_NOUNS = (
    ("metal", "metals"),
    ("good", "goods"),
    ("process", "processes"),
    ("plant", "plants"),
    ("deposit", "deposits"),
    ("host", "hosts"),
    ("product", "products"),
    ("policy", "policies"),
)
"""Nouns of a study: the word for one, and for many, which is the field of the System."""
MOST_INPUTS = 20
"""Differing inputs that the terminal lists; the files hold all."""
NUMERIC_KINDS = "fiub"
"""Kinds of numpy types that are numbers: float, int, unsigned, bool."""
SAME = 5e-4
"""A change below this share is shown as none."""
CHIEF_RESULTS = (
    "net import reliance with indirect trade",
    "EoL recycling input rate",
    "price: refined metal",
)
"""Quantities of a comparison that the terminal shows at SHOWN_YEARS; the files hold all."""
MILLION = 1e6
NOTHING = 1e-9
"""Less than this share of the largest value of its series is shown as 0: the last trace of a
cohort."""
LEGIBLE = 40
"""Characters that a column of text gets at least, where it has so many."""
GAP = 2
"""Characters between two columns."""
PIPED_WIDTH = 120
"""Characters a line where the output is not a terminal, so that a log reads the same everywhere."""


def console(*, stderr: bool = False) -> Console:
    """A console that writes plain text as it stands: no markup is read from names that a study
    gives."""
    plain = partial(Console, stderr=stderr, markup=False, highlight=False, emoji=False)
    made = plain()
    return made if made.is_terminal else plain(width=PIPED_WIDTH)


def show_error(error: Exception, called: Mapping[str, str] = MappingProxyType({})) -> None:
    """One message on standard error; coloured on a terminal, unless NO_COLOR is set.

    `called` maps names in the message to what the user knows them by.
    """
    message = str(error)
    for name, known in called.items():
        message = message.replace(name, known)
    console(stderr=True).print(
        Text.assemble((type(error).__name__, "bold red"), f": {message}"), soft_wrap=True
    )


def show_warnings(warnings: Iterable[Problem], called: Mapping[str, str]) -> None:
    """Warnings of a study on standard error, a line each; `called` as for errors."""
    for warning in warnings:
        message = str(warning)
        for name, known in called.items():
            message = message.replace(name, known)
        console(stderr=True).print(
            Text.assemble(("warning", "bold yellow"), f": {message}"), soft_wrap=True
        )


def number(value: float) -> str:
    """Three significant digits at least, thousands parted by commas, no exponent between a
    thousandth and a million million."""
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if value and not 1e-3 <= size < 1e12:
        return f"{value:.3g}"
    decimals = 2 - math.floor(math.log10(size)) if 0 < size < 100 else 0
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def or_dash(value: Any) -> str:
    """As `number`; a dash for what is not a finite number."""
    return number(float(value)) if math.isfinite(float(value)) else "-"


def large(value: float) -> str:
    """As `number`, in millions where there are ten of them."""
    return f"{number(value / MILLION)} million" if abs(value) >= 10 * MILLION else number(value)


def shown_years(periods: Sequence[Any]) -> dict[int, int]:
    """Year shown to first year of the period that holds it: those of SHOWN_YEARS, the first and the
    last period."""
    years = {year: p.first for year in SHOWN_YEARS for p in periods if p.first <= year <= p.last}
    ends = {p.first: p.first for p in (periods[0], periods[-1]) if p.first not in years.values()}
    return dict(sorted((years | ends).items()))


def _table(*columns: str, text_columns: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for i, name in enumerate(columns):
        table.add_column(
            Text(name),
            justify="left" if i < text_columns else "right",
            no_wrap=i >= text_columns,
            overflow="fold",
        )
    return table


def _print(out: Console, title: str, table: Table) -> None:
    """A table under its title; rich would break the title at the width of the table. A table that
    needs more width than there is gets it: a text of one letter a line says nothing."""
    needed = 0
    for column in table.columns:
        longest = max(map(cell_len, map(str, (column.header, *column.cells))))
        column.min_width = longest if column.no_wrap else min(longest, LEGIBLE)
        needed += column.min_width + GAP
    out.print(title, style="bold", soft_wrap=True)
    before, out.width = out.width, max(out.width, needed)
    out.print(table)
    out.width = before
    out.print()


def _add(table: Table, *cells: str, style: str = "") -> None:
    table.add_row(*(Text(cell) for cell in cells), style=style)


def thrown_metal(system: System, flows: Any) -> dict[tuple[str, int], float]:
    """Refined metal that nothing needs, t per year, by metal and first year of the period."""
    refined = [name for name, good in system.goods.items() if good.kind == "refined"]
    spare = flows[flows["target"].map(is_surplus) & flows["source"].isin(refined)]
    columns = spare[["metal", "year", "value"]].itertuples(index=False)
    found: dict[tuple[str, int], float] = {}
    for metal, year, value in columns:
        found[str(metal), int(year)] = found.get((str(metal), int(year)), 0.0) + float(value)
    return found


def show_mix(plan: Plan) -> None:
    """The supply of each metal by pathway at some years: tonnes of metal a year, and the share; of
    it what is thrown away, where any is."""
    years, thrown = shown_years(plan.system.periods), thrown_metal(plan.system, plan.flows)
    for metal in plan.system.metals:
        mix = plan.mix[plan.mix["metal"] == metal]
        columns = (mix[name].tolist() for name in ("pathway", "year", "value", "share"))
        cells = {
            (str(pathway), year): (value, share)
            for pathway, year, value, share in zip(*columns, strict=True)
        }
        spare = {year: amount for (name, year), amount in thrown.items() if name == metal}
        _print(console(), f"{metal}, t/year and share", _mix_table(cells, years, spare))


NO_AMOUNT = "-     "
"""As wide behind the dash as a share is."""


def _mix_table(
    cells: Mapping[tuple[str, int], tuple[float, float]],
    years: Mapping[int, int],
    thrown: Mapping[int, float],
) -> Table:
    """Amount and share by pathway and first year of the period, the total of each year, and how
    much of it is thrown away."""
    table = _table("pathway", *map(str, years))
    for pathway in sorted({pathway for pathway, _ in cells}, key=_rank):
        amounts = (_amount(cells.get((pathway, first))) for first in years.values())
        _add(table, pathway, *amounts, style="red" if pathway == "shortage" else "")
    totals = (_total(cells, first) for first in years.values())
    _add(table, "all", *(f"{number(total)}     " for total in totals), style="dim")
    spare = [thrown.get(first, 0.0) for first in years.values()]
    if any(spare):
        amounts = (f"{number(amount)}     " if amount else NO_AMOUNT for amount in spare)
        _add(table, "of it thrown away", *amounts, style="yellow")
    return table


def _total(cells: Mapping[tuple[str, int], tuple[float, float]], first: int) -> float:
    """Amount of all pathways in a period."""
    return sum(value for (_, year), (value, _) in cells.items() if year == first)


def _rank(pathway: str) -> tuple[int, str]:
    """Order of pathways: as the nouns list them, anything else (shortage) last."""
    return (PATHWAYS.index(pathway) if pathway in PATHWAYS else len(PATHWAYS)), pathway


def _amount(cell: tuple[float, float] | None) -> str:
    if cell is None:
        return NO_AMOUNT
    value, share = cell
    return f"{number(value)} {share:4.0%}"


def show_unsealed(words: str) -> None:
    """Why the numbers of a run are not vouched for, where that is so."""
    if words:
        console().print(words, style="yellow", soft_wrap=True)


def show_outcome(plan: Plan, folder: str, kept: Sequence[str] = ()) -> None:
    """Cost, penalties, targets and emissions of a plan, what is thrown away, what was checked,
    where it was written, and what it did not make and stands there still (`kept`)."""
    out, record, checked = console(), plan.record, plan.certificate
    _show_answer(out, plan)
    ok = "arithmetic checked" if checked.holds else "arithmetic fails"
    out.print(
        f"{ok}: balance {checked.balance_residual:.0e}, process "
        f"{checked.process_residual:.0e}, cost {checked.cost_error:.0e}, rows "
        f"{checked.row_error:.0e}"
    )
    if checked.replay is not None:
        out.print(f"replayed year by year, orders held: {checked.replay}", soft_wrap=True)
    out.print(f"data: {plan.headline.numbers_said} (grades A and B)")
    for note in record.notes:
        out.print(f"note: {note}", style="yellow")
    if count := len(record.warnings):
        them = "1 warning" if count == 1 else f"{count} warnings"
        out.print(f"{them} about the study; read: planner check, or run.log", style="yellow")
    if kept:
        out.print(f"kept beside it, from before: {', '.join(kept)}", soft_wrap=True)
    out.print(f"results in {folder}; look at them: planner report {folder}", soft_wrap=True)


def _show_answer(out: Console, plan: Plan) -> None:
    """The answer in a few lines: what is paid, and apart from it penalties, targets, carbon, what
    is thrown away."""
    record, head, money = plan.record, plan.headline, plan.record.currency
    out.print(f"{record.status}: cost {large(plan.cost)} {money}, present value")
    if head.cost_said:
        out.print(f"  {head.cost_said} {money}", soft_wrap=True)
    if plan.system.abroad:
        out.print(f"  {_country(plan)} {money}", soft_wrap=True)
    if plan.penalty:
        words = f"penalties beside it: {large(plan.penalty)} {money}, for {head.penalties_for}"
        out.print(words, style="yellow")
    out.print(f"targets: {head.targets_counted}")
    for each in head.missed:
        out.print(f"  missed: {each.said}", style="yellow")
    span = f"{plan.system.years[0]}-{plan.system.years[-1]}"
    for scope, value in record.emissions.items():
        out.print(f"{scope} emissions {span}: {large(value)} t CO2e")
    for thrown in head.surplus:
        out.print(f"thrown away at no cost: {large(thrown.amount)} t of {thrown.good}, {span}")


def _country(plan: Plan) -> str:
    """What of the cost of all places is that of the country, with and without its revenue."""
    from planner.analysis.tradeoffs.places import country_cost

    cost = country_cost(plan)
    said = f"at all places; {plan.system.country} pays {large(cost['cost'])}"
    if not cost["revenue"]:
        return said
    levied, net = large(cost["revenue"]), large(cost["cost net of revenue"])
    return f"{said}, {net} without the {levied} that its tariffs earn,"


def show_headlines(found: HeadlineRanges) -> None:
    """The headlines on the terminal, those outside their range marked."""
    shown = found.table()[["headline", "line", "outside"]]
    shown["outside"] = shown["outside"].map({True: "outside its range", False: ""})
    line = "base (5-50-95 %)" if found.samples else "base"
    shown.columns = ["headline", line, " "]
    if not found.outside:
        shown = shown.drop(columns=" ")
    show_frame("headlines", shown, rows=len(shown))
    console().print(found.said, soft_wrap=True)
    if found.warning:
        console().print(f"warning: {found.warning}", style="yellow", soft_wrap=True)


def show_system(system: System, warnings: int = 0) -> None:
    """The size of a study, in one line, and how many warnings there are beside."""
    counts = ((len(getattr(system, many)), one, many) for one, many in SYSTEM_NOUNS)
    parts = ", ".join(
        f"{count} {one if count == 1 else many}" for count, one, many in counts if count
    )
    scenario = f" [{system.scenario}]" if system.scenario else ""
    span = f"{system.years[0]}-{system.years[-1]}"
    found = "no problem found"
    if warnings:
        found = f"no error, {warnings} warning{'s' if warnings > 1 else ''}"
    console().print(
        f"{system.name}{scenario}: {span}, {parts}, {len(system.data)} numbers: {found}",
        soft_wrap=True,
    )


def show_balance(balance: Balance) -> None:
    """The flow balance before any choice: its size, the use stocks and the waste that arises from
    them."""
    out, system, incidence = console(), balance.system, balance.incidence
    out.print(
        f"{len(incidence.goods)} goods x {len(incidence.processes)} processes, "
        f"{len(incidence.good)} flows in the incidence matrix"
    )
    out.print()
    at = {year: year - system.years[0] for year in shown_years(system.periods)}
    if balance.stocks:
        title = f"use stocks, t of product (convention: {system.stock_convention})"
        _print(out, title, _stock_table(balance, at))
    if balance.arising:
        table = _table("waste", *map(str, at))
        for name, series in balance.arising.items():
            _add(table, name, *_series(series, at.values()))
        _print(out, "waste that arises from use, t/year", table)


def _stock_table(balance: Balance, at: Mapping[int, int]) -> Table:
    """Use stocks at some years, which map to their positions in a series."""
    table = _table("product", "quantity", *map(str, at), text_columns=2)
    for name, stock in balance.stocks.items():
        for label, quantity in ((name, "inflow"), ("", "stock"), ("", "outflow")):
            _add(table, label, quantity, *_series(getattr(stock, quantity), at.values()))
    return table


def _series(series: Array, positions: Iterable[int]) -> list[str]:
    least = NOTHING * float(abs(series).max())
    return [
        number(value) if abs(value) > least else "0"
        for value in (float(series[i]) for i in positions)
    ]


def show_studies(studies: Iterable[Mapping[str, str]]) -> None:
    """Shipped studies with their title."""
    table = _table("study", "title", text_columns=2)
    for study in studies:
        _add(table, study["study"], study["title"])
    console().print(table)


def show_presets(presets: Iterable[Preset]) -> None:
    """Ready policies, with when they are in force and what they leave to the study."""
    table = _table("preset", "what it asks", "in force", "study gives", text_columns=4)
    for preset in presets:
        dates = f"{preset.in_force} to {preset.ends}" if preset.ends else f"from {preset.in_force}"
        _add(table, preset.name, preset.title, dates, ", ".join(preset.needs))
    console().print(table)


def show_preset(preset: Preset) -> None:
    """One ready policy: its law, how it is read, and its fields as study.toml writes them."""
    out = console()
    dates = f"from {preset.in_force}" + (f" to {preset.ends}" if preset.ends else "")
    out.print(Text(preset.title, "bold"))
    for head, words in (
        ("law", preset.law),
        ("read at", f"{preset.url} (grade {preset.grade})"),
        ("in force", f"{dates}; {preset.status}"),
        ("read as", preset.reading),
        ("metals", ", ".join(preset.covers) or "any"),
        ("study gives", ", ".join(preset.needs) or "nothing more"),
    ):
        out.print(Text.assemble((f"{head}: ", "dim"), words))
    out.print(Text(f'[policies.NAME]\npreset = "{preset.name}"', "cyan"))
    out.print(Text("stands for", "dim"))
    out.print(Text("\n".join(preset.lines()), "cyan"))


def show_mathematics(page: Mathematics) -> None:
    """Every equation with its units and where it lives, then what the names stand for."""
    out = console()
    for equation in page.equations:
        _print_equation(out, equation)
    for title in ("variables", "parameters", "sets"):
        terms = getattr(page, title)
        if terms:
            _print(out, title, _term_table(terms))


def _print_equation(out: Console, equation: Equation) -> None:
    index = f"({', '.join(equation.indices)})" if equation.indices else ""
    where = f"  {equation.file}:{equation.line}"
    out.print(Text.assemble((equation.name, "bold"), index, (where, "dim")))
    out.print(f"  {equation.meaning}")
    out.print(f"  {equation.text}   [{equation.unit}]", style="cyan")
    if equation.dual_unit:
        out.print(f"  shadow price in {equation.dual_unit} ({equation.basis})", style="dim")
    if equation.note:
        out.print(f"  {equation.note}", style="dim")
    out.print()


def _term_table(terms: Iterable[Term]) -> Table:
    from planner.reference.mathematics import plain

    table = _table("name", "symbol", "indexed by", "unit", "meaning", text_columns=5)
    for term in terms:
        indices = ", ".join(term.indices)
        _add(table, term.name, plain(term.symbol), indices, term.unit, term.meaning)
    return table


def show_frame(title: str, frame: Any, *, rows: int | None = None, empty: str = "none") -> None:
    """Any table of a result, its first rows, columns of text first, numbers as `number` writes
    them; missing numbers as a dash."""
    out = console()
    shown = frame if rows is None else frame.head(rows)
    if not len(shown):
        out.print(f"{title}: {empty}", soft_wrap=True)
        return
    _print(out, title, _frame_table(shown))
    if len(shown) < len(frame):
        out.print(f"{len(frame) - len(shown)} more rows", style="dim")


def _frame_table(frame: Any) -> Table:
    """The rows of a table, columns of text first."""
    texts = [name for name in frame.columns if frame[name].dtype.kind not in NUMERIC_KINDS]
    ordered = frame[texts + [name for name in frame.columns if name not in texts]]
    table = _table(*map(str, ordered.columns), text_columns=max(len(texts), 1))
    for record in ordered.to_dict(orient="records"):
        _add(table, *map(_cell, record.values()))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else large(value)
    return str(value)


def show_comparison(comparison: Comparison) -> None:
    """Totals and supply of the plans side by side with the change against the first, the inputs
    that differ, and the chief results."""
    out, heads = console(), comparison.names
    totals = _rows(comparison.totals)
    keys = {"total": "quantity", "unit": "unit"}
    _print(out, "totals", _plans_beside(keys, totals, heads, cell=large))
    inputs = sorted(_rows(comparison.inputs), key=lambda row: -_spread(row, heads))
    keys = {"input": "path", "unit": "unit"}
    few = f", the {MOST_INPUTS} furthest apart" if len(inputs) > MOST_INPUTS else ""
    word = "input differs" if len(inputs) == 1 else "inputs differ"
    _print(
        out,
        f"{len(inputs)} {word}{few} (a dash: that plan has no such number)",
        _plans_beside(keys, inputs[:MOST_INPUTS], heads, cell=or_dash, changes=False),
    )
    if len(comparison.structure):
        count = len(comparison.structure)
        title = f"{count} of what the studies are made up of differ{'s' if count == 1 else ''}"
        shown = comparison.structure[:MOST_INPUTS]
        few = f", the first {MOST_INPUTS} by name" if count > MOST_INPUTS else ""
        show_frame(f"{title}{few} (empty: no such noun)", shown, rows=MOST_INPUTS)
    keys = {"metal": "metal", "pathway": "pathway"}
    supply = _plans_beside(keys, _rows(comparison.supply), heads, cell=large)
    _print(out, "supply over all years, t", supply)
    keys = {name: name for name in ("metal", "year", "quantity", "unit")}
    count, chief = len(comparison.results), ", ".join(CHIEF_RESULTS)
    _print(
        out,
        f"{count} results differ, among them ({chief}; --out holds all)",
        _plans_beside(keys, _chief_results(comparison), heads, cell=or_dash),
    )


def _rows(frame: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.to_dict(orient="records")
    return rows


def _chief_results(comparison: Comparison) -> list[dict[str, Any]]:
    """The chief results at SHOWN_YEARS, the first year and the last."""
    results = comparison.results[comparison.results["quantity"].isin(CHIEF_RESULTS)]
    years = sorted(results["year"].unique())
    return _rows(results[results["year"].isin({*SHOWN_YEARS, *years[:1], *years[-1:]})])


def _plans_beside(
    keys: Mapping[str, str],
    rows: Iterable[Mapping[str, Any]],
    heads: Sequence[str],
    *,
    cell: Callable[[float], str],
    changes: bool = True,
) -> Table:
    """Rows with a column a plan, and one for each change against the first; `keys` maps the heads
    of the columns of text to fields."""
    changed = [f"{name}: change" for name in heads[1:]] if changes else []
    table = _table(*keys, *heads, *changed, text_columns=len(keys))
    for row in rows:
        texts = (str(row[field]) for field in keys.values())
        numbers = (cell(float(row[head])) for head in heads)
        _add(table, *texts, *numbers, *(_changes(row, heads) if changes else ()))
    return table


def _changes(row: Mapping[str, Any], heads: Sequence[str]) -> list[str]:
    """Distance of each later plan from the first, as a share; a dash where there is nothing to
    compare with."""
    first = float(row[heads[0]])
    return [_share(_distance(first, float(row[name]))) for name in heads[1:]]


def _distance(first: float, other: float) -> float:
    if first == other:
        return 0.0
    return other / first - 1 if first > 0 else math.nan


def _share(change: float) -> str:
    if math.isnan(change):
        return "-"
    return "same" if abs(change) < SAME else f"{change:+.1%}"


def _spread(row: Mapping[str, Any], heads: Sequence[str]) -> float:
    """Distance between the plans, as a share of the larger value; infinite for settings of
    study.toml, 0 for numbers that one plan lacks."""
    if str(row["path"]).startswith("policies."):
        return math.inf
    values = [float(row[name]) for name in heads]
    largest = max(map(abs, values))
    if any(map(math.isnan, values)) or not largest:
        return 0.0
    return (max(values) - min(values)) / largest
