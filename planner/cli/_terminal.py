"""What the command line shows: stages with their time, the mix per metal and pathway, stocks,
equations. Numbers travel with their unit.

Answers go to standard output, progress to standard error, so that one can be piped without the
other. rich leaves colours and cursor moves out where the output is no terminal.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.table import Table
from rich.text import Text

from planner.runtime.progress import Step
from planner.system.nouns import PATHWAYS

if TYPE_CHECKING:
    from rich.status import Status

    from planner.analysis.tradeoffs.compare import Comparison
    from planner.mfa.balance import Balance
    from planner.plan.plan import Plan
    from planner.reference.mathematics import Mathematics
    from planner.system.nouns import Array, System

SHOWN_YEARS = (2021, 2030, 2040, 2060)
"""Years that the tables show, as far as they lie within the horizon; the last year always is."""
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
"""What a study holds: the word for one, and for many, which is the field of the System."""
MOST_INPUTS = 20
"""Differing inputs that the terminal lists; the files hold all."""
SAME = 5e-4
"""A change below this share is shown as none."""
CHIEF_RESULTS = ("net import reliance", "EoL recycling input rate", "price")
"""Quantities of a comparison that the terminal shows at SHOWN_YEARS; the files hold all."""
MILLION = 1e6
NOTHING = 1e-9
"""Less than this share of the largest value of its series is shown as 0: the last trace of a
cohort."""
SHOWN_AFTER = 1.0
"""Seconds after which the time of a stage is shown while it runs."""
PIPED_WIDTH = 120
"""Characters a line where the output is no terminal, so that a log reads the same everywhere."""


def console(*, stderr: bool = False) -> Console:
    """A console that writes plain text as it stands: no markup is read from names that a study
    gives."""
    made = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    return (
        made
        if made.is_terminal
        else Console(stderr=stderr, markup=False, highlight=False, emoji=False, width=PIPED_WIDTH)
    )


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


class Stages:
    """Shows on standard error which stage runs, how long it has been running and how long is left,
    then how long each took.

        with Stages(quiet=False) as stage:
            stage("read")
            ...
            stage(Step("solve", 3, 12))

    What is left is reckoned from the steps that are over, where a stage is one of several alike
    (`planner.runtime.progress.Step`), or from `expected`: the seconds that an earlier run took, by
    stage. On no terminal only what is over is said, a line each.
    """

    def __init__(self, *, quiet: bool, expected: Mapping[str, float] | None = None) -> None:
        self.quiet = quiet
        self.seconds: dict[str, float] = {}
        self.warnings: list[str] = []
        self._expected = dict(expected or {})
        self._console = console(stderr=True)
        self._status: Status | None = None
        self._running = ""
        self._since = self._step_since = self._steps_since = 0.0
        self._show_warning = warnings.showwarning

    def __enter__(self) -> Self:
        warnings.showwarning = self._warned
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        warnings.showwarning = self._show_warning
        self._end(done=kind is None)

    def __call__(self, stage: str) -> None:
        """The stage before is over, this one begins; a next step of the same name goes on in the
        same line."""
        now = time.perf_counter()
        again = (
            isinstance(stage, Step) and isinstance(self._running, Step) and stage == self._running
        )
        if not again:
            self._end(done=True)
            self._since = now
        self._running, self._step_since = stage, now
        if not isinstance(stage, Step) or not stage.done:
            self._steps_since = now
        if not self.quiet and self._status is None and self._console.is_terminal:
            self._status = self._console.status(_Running(self))
            self._status.start()

    def _warned(
        self,
        message: Any,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: Any = None,
    ) -> None:
        """Python's own warnings: kept for the log of the run and shown as ever."""
        self.warnings.append(f"{category.__name__}: {message}")
        self._show_warning(message, category, filename, lineno, file, line)

    def _end(self, *, done: bool) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._running and done:
            self.seconds[self._running] = time.perf_counter() - self._since
            if not self.quiet:
                self._console.print(
                    f"  {self._running:<8}{self.seconds[self._running]:8.2f} s", style="dim"
                )
        self._running = ""

    def left(self, now: float) -> float | None:
        """Seconds that are left, as far as can be said."""
        stage = self._running
        if isinstance(stage, Step) and stage.done:
            mean = (self._step_since - self._steps_since) / stage.done
            return mean * (stage.total - stage.done - 1) + max(mean - (now - self._step_since), 0.0)
        if stage in self._expected:
            ahead = sum(
                seconds for name, seconds in self._expected.items() if name not in self.seconds
            )
            return max(ahead - (now - self._since), 0.0)
        return None

    def line(self, now: float) -> str:
        """The stage that runs, what step it is, and once it takes long what is gone and left."""
        stage, gone = self._running, now - self._since
        parts = [
            f"{stage} ({stage.done + 1} of {stage.total})" if isinstance(stage, Step) else stage
        ]
        if gone >= SHOWN_AFTER:
            parts.append(f"{gone:.0f} s")
        left = self.left(now)
        if left is not None and left >= 1:
            parts.append(f"about {left:.0f} s left")
        return ", ".join(parts)

    def log(self) -> list[str]:
        """What stands in the log of a run: seconds of the stages that are over, and what was warned
        of."""
        stages = (f"stage {name} {seconds:.2f} s" for name, seconds in self.seconds.items())
        return [*stages, *(f"warning {text}" for text in self.warnings)]


class _Running:
    """The line of the stage that runs, made anew whenever the terminal is drawn."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages

    def __rich__(self) -> Text:
        return Text(self.stages.line(time.perf_counter()))


def number(value: float) -> str:
    """Three significant digits at least, thousands parted by commas, no exponent between a
    thousandth and a million million."""
    if not math.isfinite(value):
        return str(value)
    if value and not 1e-3 <= abs(value) < 1e12:
        return f"{value:.3g}"
    decimals = 0 if not value or abs(value) >= 100 else 2 - math.floor(math.log10(abs(value)))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


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
    """A table under its title; rich would break the title at the width of the table."""
    out.print(title, style="bold", soft_wrap=True)
    out.print(table)
    out.print()


def _add(table: Table, *cells: str, style: str = "") -> None:
    table.add_row(*(Text(cell) for cell in cells), style=style)


def show_mix(plan: Plan) -> None:
    """The supply of each metal by pathway at some years: tonnes of metal a year, and the share."""
    out = console()
    years = shown_years(plan.system.periods)
    for metal in plan.system.metals:
        mix = plan.mix[plan.mix["metal"] == metal]
        keys = zip(mix["pathway"].astype(str), mix["year"].tolist(), strict=True)
        cells = dict(
            zip(keys, zip(mix["value"].tolist(), mix["share"].tolist(), strict=True), strict=True)
        )
        table = _table("pathway", *map(str, years))
        for pathway in sorted({pathway for pathway, _ in cells}, key=_rank):
            style = "red" if pathway == "shortage" else ""
            _add(
                table,
                pathway,
                *(_amount(cells.get((pathway, first))) for first in years.values()),
                style=style,
            )
        total = {
            first: sum(value for (_, year), (value, _) in cells.items() if year == first)
            for first in years.values()
        }
        _add(
            table, "all", *(f"{number(total[first])}     " for first in years.values()), style="dim"
        )
        _print(out, f"{metal}, t/year and share", table)


def _rank(pathway: str) -> tuple[int, str]:
    """Pathways in the order of the design; what is none of them (shortage) last."""
    return (PATHWAYS.index(pathway) if pathway in PATHWAYS else len(PATHWAYS)), pathway


def _amount(cell: tuple[float, float] | None) -> str:
    if cell is None:
        return "-     "
    value, share = cell
    return f"{number(value)} {share:4.0%}"


def show_outcome(plan: Plan, folder: str) -> None:
    """What the plan costs and emits, whether it holds when checked, and where it was written."""
    out = console()
    record, certificate = plan.record, plan.certificate
    out.print(
        f"{record.status}: {large(record.objective)} {record.currency} present value of all cost"
    )
    for scope, value in record.emissions.items():
        out.print(
            f"{scope} emissions {plan.system.years[0]}-{plan.system.years[-1]}: {large(value)} t "
            "CO2e"
        )
    out.print(
        f"checked outside the solver: balance {certificate.balance_residual:.0e}, process "
        f"{certificate.process_residual:.0e}, "
        f"cost {certificate.cost_error:.0e}, rows {certificate.row_error:.0e} (relative; allowed "
        f"{certificate.tolerance:.0e})",
    )
    for name, years in _missed(plan).items():
        out.print(f"target missed at its penalty: {name}, {years[0]}-{years[-1]}", style="yellow")
    for note in record.notes:
        out.print(f"note: {note}", style="yellow")
    out.print(f"results in {folder}; look at them: planner report {folder}", soft_wrap=True)


def _missed(plan: Plan) -> dict[str, list[int]]:
    """Soft targets that the plan pays for missing, and in which years."""
    found: dict[str, set[int]] = {}
    for name, year in plan.costs[plan.costs["item"] == "breach"][["name", "year"]].itertuples(
        index=False
    ):
        found.setdefault(str(name), set()).add(int(year))
    return {name: sorted(years) for name, years in found.items()}


def show_system(system: System) -> None:
    """What a study holds, in one line."""
    counts = ((len(getattr(system, many)), one, many) for one, many in SYSTEM_NOUNS)
    parts = ", ".join(
        f"{count} {one if count == 1 else many}" for count, one, many in counts if count
    )
    scenario = f" [{system.scenario}]" if system.scenario else ""
    span = f"{system.years[0]}-{system.years[-1]}"
    console().print(
        f"{system.name}{scenario}: {span}, {parts}, {len(system.data)} numbers: no problem found",
        soft_wrap=True,
    )


def show_balance(balance: Balance) -> None:
    """The flow balance before any choice: its size, the use stocks and the waste that arises from
    them."""
    out, system = console(), balance.system
    incidence = balance.incidence
    out.print(
        f"{len(incidence.goods)} goods x {len(incidence.processes)} processes, "
        f"{len(incidence.good)} flows in the incidence matrix"
    )
    out.print()
    years = shown_years(system.periods)
    at = {year: year - system.years[0] for year in years}
    if balance.stocks:
        table = _table("product", "quantity", *map(str, years), text_columns=2)
        for name, stock in balance.stocks.items():
            for quantity in ("inflow", "stock", "outflow"):
                cells = _series(getattr(stock, quantity), at.values())
                _add(table, name if quantity == "inflow" else "", quantity, *cells)
        _print(out, f"use stocks, t of product (convention: {system.stock_convention})", table)
    if balance.arising:
        table = _table("waste", *map(str, years))
        for name, series in balance.arising.items():
            _add(table, name, *_series(series, at.values()))
        _print(out, "waste that arises from use, t/year", table)


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


def show_mathematics(page: Mathematics) -> None:
    """Every equation with its units and where it lives, then what the names stand for."""
    from planner.reference.mathematics import plain

    out = console()
    for equation in page.equations:
        index = f"({', '.join(equation.indices)})" if equation.indices else ""
        out.print(
            Text.assemble(
                (equation.name, "bold"), index, ("  " + f"{equation.file}:{equation.line}", "dim")
            )
        )
        out.print(f"  {equation.meaning}")
        out.print(f"  {equation.text}   [{equation.unit}]", style="cyan")
        if equation.dual_unit:
            out.print(f"  shadow price in {equation.dual_unit} ({equation.basis})", style="dim")
        if equation.note:
            out.print(f"  {equation.note}", style="dim")
        out.print()
    for title, terms in (
        ("variables", page.variables),
        ("parameters", page.parameters),
        ("sets", page.sets),
    ):
        table = _table("name", "symbol", "indexed by", "unit", "meaning", text_columns=5)
        for term in terms:
            _add(
                table,
                term.name,
                plain(term.symbol),
                ", ".join(term.indices),
                term.unit,
                term.meaning,
            )
        if terms:
            _print(out, title, table)


def show_frame(title: str, frame: Any, *, rows: int | None = None, empty: str = "none") -> None:
    """Any table of a result, its first rows, numbers as `number` writes them; missing numbers as a
    dash."""
    out = console()
    shown = frame if rows is None else frame.head(rows)
    texts = [c for c in shown.columns if shown[c].dtype.kind not in "fiub"]
    ordered = texts + [c for c in shown.columns if c not in texts]
    if not len(shown):
        out.print(f"{title}: {empty}", soft_wrap=True)
        return
    table = _table(*map(str, ordered), text_columns=max(len(texts), 1))
    for record in shown[ordered].to_dict(orient="records"):
        _add(table, *(_cell(name, value) for name, value in record.items()))
    _print(out, title, table)
    if len(shown) < len(frame):
        out.print(f"{len(frame) - len(shown)} more rows", style="dim")


def _cell(name: Any, value: Any) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else large(value)
    return str(value)


def show_comparison(comparison: Comparison) -> None:
    """Totals and supply of the plans side by side with the change against the first, the inputs
    that differ, and the chief results."""
    out, heads = console(), comparison.names
    changes = [f"{name}: change" for name in heads[1:]]
    table = _table("total", "unit", *heads, *changes, text_columns=2)
    for row in comparison.totals.to_dict(orient="records"):
        _add(
            table,
            str(row["quantity"]),
            str(row["unit"]),
            *(large(float(row[head])) for head in heads),
            *_changes(row, heads),
        )
    _print(out, "totals", table)
    inputs = comparison.inputs
    table = _table("input", "unit", *heads, text_columns=2)
    for row in sorted(inputs.to_dict(orient="records"), key=lambda row: -_spread(row, heads))[
        :MOST_INPUTS
    ]:
        _add(table, str(row["path"]), str(row["unit"]), *(_or_dash(row[head]) for head in heads))
    few = f", the {MOST_INPUTS} furthest apart" if len(inputs) > MOST_INPUTS else ""
    word = "input differs" if len(inputs) == 1 else "inputs differ"
    _print(out, f"{len(inputs)} {word}{few} (a dash: that plan has no such number)", table)
    table = _table("metal", "pathway", *heads, *changes, text_columns=2)
    for row in comparison.supply.to_dict(orient="records"):
        _add(
            table,
            str(row["metal"]),
            str(row["pathway"]),
            *(large(float(row[head])) for head in heads),
            *_changes(row, heads),
        )
    _print(out, "supply over all years, t", table)
    results = comparison.results[comparison.results["quantity"].isin(CHIEF_RESULTS)]
    years = sorted(results["year"].unique())
    shown = results[results["year"].isin({*SHOWN_YEARS, *years[:1], *years[-1:]})]
    table = _table("metal", "year", "quantity", "unit", *heads, *changes, text_columns=4)
    for row in shown.to_dict(orient="records"):
        keys = (str(row[key]) for key in ("metal", "year", "quantity", "unit"))
        _add(table, *keys, *(_or_dash(row[head]) for head in heads), *_changes(row, heads))
    _print(
        out,
        (
            f"{len(comparison.results)} results differ, among them ({', '.join(CHIEF_RESULTS)}; "
            "--out holds all)"
        ),
        table,
    )


def _changes(row: Mapping[Any, Any], heads: Sequence[str]) -> list[str]:
    """How far each later plan lies from the first, as a share; a dash where there is nothing to
    compare with."""
    first, found = float(row[heads[0]]), []
    for name in heads[1:]:
        change = float(row[name]) / first - 1 if first > 0 else math.nan
        found.append(
            "-" if math.isnan(change) else "same" if abs(change) < SAME else f"{change:+.1%}"
        )
    return found


def _spread(row: Mapping[Any, Any], heads: Sequence[str]) -> float:
    """How far apart the plans are, as a share of the larger; what stands in study.toml first,
    numbers that one plan lacks last."""
    values = [float(row[name]) for name in heads]
    if str(row["path"]).startswith("policies."):
        return math.inf
    largest = max(map(abs, values))
    return (
        0.0
        if any(map(math.isnan, values)) or not largest
        else (max(values) - min(values)) / largest
    )


def _or_dash(value: Any) -> str:
    return number(float(value)) if math.isfinite(float(value)) else "-"
