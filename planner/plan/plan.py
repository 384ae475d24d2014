"""The Plan: what was solved, its result tables, its certificate; saved to a run folder and loaded
from it.

A run folder holds `plan.json` (the record), the result tables as CSV, `variables.csv` (every column
of the programme with its value and reduced cost, to the last digit), `datapackage.json` (what each
table and column is), `run.log` (what was done) and `inputs/` (the study as it was read). It is
written beside its place and moved there whole, so that an interrupted run leaves nothing that could
be taken for a result. The record holds the hash of every other file and, as `seal`, of itself
(`planner.runtime.run_seal`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.errors import OutputError, SpecError
from planner.mfa.balance import Balance, balance
from planner.mfa.demand_measures import after_measures
from planner.plan.datapackage import package
from planner.plan.headline import Headline, headline
from planner.plan.prices import with_both_prices
from planner.plan.result_tables import result_tables
from planner.plan.schema import COLUMNS, NUMBERS, VARIABLES
from planner.plan.tables import Values
from planner.runtime.run_folder import LOG_FILE as LOG_FILE
from planner.runtime.run_folder import PACKAGE_FILE, RECORD_FILE, written_whole
from planner.runtime.run_seal import UNSEALED, sealed, unsealed_words, without_seal
from planner.study.files import HEAD_FILE
from planner.system.nouns import System

if TYPE_CHECKING:
    from planner.analysis.tradeoffs.frontier import Frontier
    from planner.figures.accessor import Plots

FORMAT_VERSION = 3
"""Version of the run folder; raised when a reader of the older one would misread the newer. 2 says
the `platform` of the run; 3 is sealed, and says the head of its `answer` with cost and penalties
apart and two prices of a metal, each under what it is."""
ADDED_LATER = frozenset({"low", "high"})
"""Columns of `prices.csv` that a run of format 3 or before may lack: empty there."""
VARIABLES_FILE = "variables.csv"
EXTENDED = "extended in Pyomo by "
"""How the note begins that says what somebody added to the model of a plan."""
SOLVER_LOG = "\nsolver\n"
"""Line that parts the solver's own log from the rest of the run's."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Differences of a plan with longer periods, when its orders are held and all else is chosen
    anew in the study with periods of one year."""

    cost: float
    """Present value, as a share of that of the plan."""
    emissions: Mapping[str, float]
    """Of all years, by scope, as a share of those of the plan."""
    shortage: float
    """t of goods not served in all years, beyond those of the plan."""
    shortage_share: float
    """The same as a share of all demand."""

    @property
    def largest(self) -> float:
        """The largest difference, as a share; NaN where one is not a number."""
        shares = (self.cost, *self.emissions.values(), self.shortage_share)
        return max(map(abs, shares)) if all(share == share for share in shares) else float("nan")

    def __str__(self) -> str:
        shares = {"cost": self.cost, **{f"{k} emissions": v for k, v in self.emissions.items()}}
        said = ", ".join(f"{name} {_percent(share)}" for name, share in shares.items())
        return f"{said}, shortage {_percent(self.shortage_share)} of demand"


def _percent(share: float) -> str:
    """A share with its sign, without one where it rounds to nothing."""
    text = f"{share:+.2%}"
    return "0.00%" if text in ("+0.00%", "-0.00%") else text


@dataclass(frozen=True, slots=True)
class Certificate:
    """Checks outside the solver: errors relative to the largest flow, the cost, a row's terms."""

    balance_residual: float
    """Largest error of a good's balance, as a share of the largest flow."""
    process_residual: float
    """Largest error of in = out + loss, as a share of the largest flow."""
    cost_error: float
    """Cost recomputed from the tables against the objective, as a share of the objective."""
    row_error: float
    """Largest violation of a row, as a share of the sum of its absolute terms."""
    column_error: float
    largest_flow: float
    """t of metal per year."""
    worst: str
    """The good and year, or process and metal, of the largest residual."""
    tolerance: float
    replay: Replay | None = None
    """Replay year by year of a plan with longer periods; None where all periods are years, or the
    plan was not solved to the end."""
    table_error: float = 0.0
    """Largest difference between a result table and what the variables give, as a share of the
    largest number of its column; infinite where rows differ or the run was altered. Prices, which
    the variables do not give, are left out."""

    @property
    def holds(self) -> bool:
        """True where every error is within the tolerance; NaN is not."""
        return all(error <= self.tolerance for error in self.errors.values())

    @property
    def errors(self) -> dict[str, float]:
        """The errors by what was checked."""
        return {
            "balance": self.balance_residual,
            "process": self.process_residual,
            "cost": self.cost_error,
            "rows": self.row_error,
            "columns": self.column_error,
            "tables": self.table_error,
        }


@dataclass(frozen=True, slots=True)
class Record:
    """The record of how a plan came about, as `plan.json` says it."""

    study: str
    title: str
    scenario: str
    overrides: Mapping[str, str]
    status: str
    objective: float
    """What the programme minimises: present value of all cost and of all penalties, in money of
    `currency`. What is paid stands under `answer`."""
    currency: str
    emissions: Mapping[str, float]
    """Cumulative t CO2e by scope."""
    solver: str
    versions: Mapping[str, str]
    platform: str
    """Processor and system: the last digits of a number may depend on it."""
    inputs_hash: str
    columns: int
    rows: int
    nonzeros: int
    iterations: int
    ties: str
    seconds: Mapping[str, float]
    created: str
    notes: tuple[str, ...] = ()
    gap: float | None = 0.0
    """Upper bound of how far the objective stands above the least, as a share: 0 where it is
    optimal, None where that is not known."""
    ranges: Mapping[str, Mapping[str, float | str]] = field(default_factory=dict)
    """Smallest and largest absolute value of each part of the programme (matrix, cost, bounds,
    right-hand sides), and where they stand."""
    warnings: tuple[str, ...] = ()
    """What the study says that is probably not meant so, with place and remedy."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A solved study: the values of all variables, the result tables and the certificate."""

    system: System
    balance: Balance
    record: Record
    certificate: Certificate
    values: Values
    reduced_costs: Values
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    solver_log: str = field(default="", repr=False)

    def __repr__(self) -> str:
        """In one line; the tables hold the rest."""
        years = self.system.years
        return (
            f"Plan of {self.record.study} [{self.record.scenario or 'base'}], "
            f"{years[0]}-{years[-1]}: {self.record.status}, "
            f"{self.cost:,.0f} {self.record.currency} present value"
            + (f" and {self.penalty:,.0f} in penalties" if self.penalty else "")
        )

    @property
    def unsealed(self) -> str:
        """Why the numbers of a plan that was loaded are not vouched for; empty where they are."""
        return next((note for note in self.record.notes if note.startswith(UNSEALED)), "")

    @property
    def extended(self) -> str:
        """What somebody added to the model of the plan; empty where its study is all of it."""
        notes = (note for note in self.record.notes if note.startswith(EXTENDED))
        return next(notes, "").removeprefix(EXTENDED)

    @property
    def objective(self) -> float:
        """What the programme minimises, present value, USD of the study's currency year: cost,
        penalties and unseen costs together, less the benefit of home buyers whose demand answers,
        the rent abroad that a price taker leaves out, and what is paid in subsidies."""
        return self.record.objective

    @property
    def cost(self) -> float:
        """Present value of all that is paid, USD: never with a penalty in it."""
        return self.headline.cost

    @property
    def penalty(self) -> float:
        """Present value of the penalties for demand not served and targets missed, USD."""
        return self.headline.penalty

    @property
    def outlay(self) -> float:
        """Present value of the subsidies that the state pays, USD: in the objective, in no cost."""
        return self.headline.outlay

    @cached_property
    def headline(self) -> Headline:
        """Cost and penalties apart, targets met and missed, what is thrown away at no cost, and how
        many numbers come from a source that was read."""
        return headline(
            self.system,
            self.values,
            self.costs,
            objective=self.objective,
            least=self.least_flow,
        )

    @property
    def least_flow(self) -> float:
        """t per year up to which an amount is rounding."""
        return self.certificate.tolerance * max(self.certificate.largest_flow, 1.0)

    @property
    def supply(self) -> pd.DataFrame:
        """Refined metal supplied: metal, year, pathway, process, origin, value, unit."""
        return self.tables["supply"]

    @property
    def flows(self) -> pd.DataFrame:
        """All flows: metal, year, source, target, good, value, unit."""
        return self.tables["flows"]

    @property
    def stocks(self) -> pd.DataFrame:
        """Use stocks, stockpiles, deposits: metal, year, kind, name, quantity, value, unit,
        convention."""
        return self.tables["stocks"]

    @property
    def capacity(self) -> pd.DataFrame:
        """Plants: plant, year, quantity, value, unit."""
        return self.tables["capacity"]

    @property
    def costs(self) -> pd.DataFrame:
        """Costs: item, name, metal, year, value, present_value, unit."""
        return self.tables["costs"]

    @property
    def emissions(self) -> pd.DataFrame:
        """Emissions: scope, metal, process, year, part, value, unit."""
        return self.tables["emissions"]

    @property
    def impacts(self) -> pd.DataFrame:
        """Impacts beside carbon: impact, scope, metal, stage, process, origin, year, part, value,
        unit."""
        return self.tables["impacts"]

    @property
    def exports(self) -> pd.DataFrame:
        """What goes abroad by where its metal was won: metal, year, good, pathway, origin, value,
        unit."""
        return self.tables["exports"]

    @property
    def curves(self) -> pd.DataFrame:
        """Steps of curves: of, kind, step, year, quantity (price, amount, left, taken), value,
        unit."""
        return self.tables["curves"]

    @property
    def prices(self) -> pd.DataFrame:
        """Shadow prices, d(cost)/d(requirement): family, index, year, value, low, high, unit,
        basis, present_value, degenerate."""
        return self.tables["prices"]

    @property
    def indicators(self) -> pd.DataFrame:
        """Indicators: metal, year, indicator, value, unit."""
        return self.tables["indicators"]

    @cached_property
    def mix(self) -> pd.DataFrame:
        """Supply by metal, year and pathway as shares of what is supplied and short, with the
        shortage as a pathway of its own.

        New scrap is a loop inside manufacture and not counted. Columns: metal, year, pathway, value
        (t/year), share.
        """
        keys = ["metal", "year", "pathway"]
        columns = [*keys, "value"]
        supply = self.supply[self.supply["pathway"] != "new scrap"]
        sums: pd.DataFrame = supply[columns].groupby(keys, as_index=False).sum()
        short = self.indicators[self.indicators["indicator"] == "shortage"]
        short = short[short["value"] > 0].assign(pathway="shortage")[columns]
        # an empty table has no types of its own, and pandas is about to change what becomes of them
        filled = [each for each in (sums, short) if len(each)] or [sums]
        both = pd.concat(filled, ignore_index=True).sort_values(keys, ignore_index=True)
        total = both.groupby(["metal", "year"])["value"].transform("sum")
        return both.assign(share=both["value"] / total)

    @property
    def plot(self) -> Plots:
        """Figures of this plan: `plan.plot.mix("lithium")`, `.sankey("cobalt", 2030)`,
        `.frontier()` and others."""
        from planner.figures.accessor import Plots

        return Plots(self)

    def _repr_html_(self) -> str:
        """The answer in words and a small table, for a notebook."""
        from planner.reporting.cell import cell

        return cell(self)

    def report(
        self, path: str | Path, *, others: Sequence[Plan] = (), frontier: Frontier | None = None
    ) -> Path:
        """Write this plan as one HTML page that opens offline, other plans set beside it, and
        return its path; as `planner.report`."""
        from planner.reporting import report

        return report(self, path, others=others, frontier=frontier)

    def save(self, folder: str | Path, *, replace: bool = False, log: Iterable[str] = ()) -> Path:
        """Write the run folder and return it. An earlier run there is replaced as a whole; what was
        not made with it (notes, a report, an exported workbook) is kept. A link is followed.

        `replace` allows a folder that holds other things and no run; these are kept, but for files
        with the names of ours. `log` are lines for the head of `run.log`, such as the command that
        was given. Raises OutputError where nothing can be written, or another run is writing there.
        """
        written_whole(Path(folder), lambda place: _write(self, place, log), replace=replace)
        return Path(folder)


def require_own_study(plan: Plan, what: str) -> None:
    """Raise SpecError where a plan is of a model that somebody extended, for what would build the
    programme of its study anew and miss that."""
    if plan.extended:
        said = f"its study lacks what its model was extended by ({plan.extended})"
        words = f"the plan cannot be {what}: {said}; hand over that model itself"
        raise SpecError(plan.record.study, [words])


def _write(plan: Plan, folder: Path, log: Iterable[str]) -> None:
    for name in COLUMNS:
        plan.tables[name].to_csv(folder / f"{name}.csv", index=False)
    _variables(plan).to_csv(folder / VARIABLES_FILE, index=False)
    inputs = folder / "inputs"
    inputs.mkdir()
    for name, content in plan.system.files.items():
        (inputs / name).write_bytes(content)
    (folder / LOG_FILE).write_text(log_text(plan, log), encoding="utf-8")
    described = package(folder, plan.record.title, plan.record.created)
    (folder / PACKAGE_FILE).write_text(described, encoding="utf-8")
    record = sealed(
        folder,
        {
            "format_version": FORMAT_VERSION,
            **asdict(plan.record),
            "answer": answer_of(plan),
            "certificate": asdict(plan.certificate),
        },
    )
    said = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / RECORD_FILE).write_text(said + "\n", encoding="utf-8")


def answer_of(plan: Plan) -> dict[str, Any]:
    """The head of the answer as JSON holds it."""
    return {**asdict(plan.headline), "penalty": plan.penalty}


def _variables(plan: Plan) -> pd.DataFrame:
    """Every column of the programme with its value and reduced cost."""
    rows = [
        (name, json.dumps(list(index)), value, plan.reduced_costs.get(name, {}).get(index, 0.0))
        for name, column in plan.values.items()
        for index, value in column.items()
    ]
    return pd.DataFrame(rows, columns=VARIABLES.columns)


def log_text(plan: Plan, head: Iterable[str] = ()) -> str:
    """The text of `run.log`: what was run with which versions, seconds by stage, what was noted and
    checked, the solver's own log."""
    lines = [*_head_lines(plan.record, head), *_run_lines(plan), _checks(plan.certificate)]
    log = SOLVER_LOG + plan.solver_log.rstrip("\n") + "\n" if plan.solver_log else ""
    return "\n".join(lines) + "\n" + log


def _head_lines(record: Record, head: Iterable[str]) -> Iterator[str]:
    scenario = f", scenario {record.scenario}" if record.scenario else ""
    yield f"{record.created} {record.study}{scenario}: {record.title}"
    for path, value in record.overrides.items():
        yield f"override {path} = {value}"
    yield from head
    yield f"inputs sha256 {record.inputs_hash}"
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    yield f"versions {versions}, {record.solver}"
    yield f"platform {record.platform}"


def _run_lines(plan: Plan) -> Iterator[str]:
    record = plan.record
    yield (
        f"programme {record.columns} columns, {record.rows} rows, {record.nonzeros} nonzeros, "
        f"{record.iterations} iterations"
    )
    for name, seconds in record.seconds.items():
        yield f"stage {name} {seconds:.2f} s"
    yield (
        f"{record.status} objective {record.objective!r}, cost {plan.cost!r}, penalties "
        f"{plan.penalty!r} {record.currency} present value; ties: {record.ties}"
    )
    for note in record.notes:
        yield f"note {note}"
    for warning in record.warnings:
        yield f"study warning {warning}"


def _checks(certificate: Certificate) -> str:
    errors = ", ".join(f"{name} {error:.1e}" for name, error in certificate.errors.items())
    replayed = f"\nreplayed year by year: {certificate.replay}" if certificate.replay else ""
    return f"checked {errors}; allowed {certificate.tolerance:.0e}{replayed}"


def load(folder: str | Path, *, unsealed: bool = False) -> Plan:
    """Read a run folder back, with the study as it was frozen there.

    `unsealed` reads one whose tables or record were altered since all the same, and what is altered
    then stands in every output (`Plan.unsealed`), as it does where a run was written before runs
    were sealed. Raises OutputError where the folder is not a whole run, was written by a newer
    version, its inputs were changed since, or anything else was and that was not allowed.
    """
    from planner.study.reader import read

    place = Path(folder)
    said = _said(place)
    record, certificate = _record(place, said)
    if broken := unsealed_words(place, said, allowed=unsealed):
        record = replace(record, notes=(broken, *record.notes))
    system = read(
        place / "inputs", scenario=record.scenario, overrides=record.overrides, name=record.study
    )
    if system.inputs_hash != record.inputs_hash:
        raise OutputError(f"{place}: inputs/ was changed since the run; solve again")
    tables, variables, lacking = _read_tables(place)
    tables["indicators"] = with_both_prices(system, tables["indicators"], tables["prices"])
    values, reduced = _by_variable(variables)
    _require_years(place, system, values)
    whole = after_measures(balance(system), values)
    if lacking:
        made, _ = result_tables(whole, values, tables["prices"])
        tables |= {name: made[name] for name in lacking}
    return Plan(
        system=system,
        balance=whole,
        record=record,
        certificate=certificate,
        values=values,
        reduced_costs=reduced,
        tables=tables,
        solver_log=_solver_log(place),
    )


def _require_years(place: Path, system: System, values: Values) -> None:
    """Refuse a run made when longer periods were planned as one: its amounts are means of years."""
    planned = {index[-1] for index in values.get("emission", {})}
    if not system.orders_yearly and planned == {p.first for p in system.order_periods}:
        raise OutputError(
            f"{place}: was made when the years of a longer period were planned as one, with limits "
            "that held only in the mean; solve again"
        )


LATER_TABLES = ("exports", "curves")
"""Tables that runs of before lack: they are made of the variables."""


def _read_tables(place: Path) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, list[str]]:
    """The result tables of a run folder, that of its variables, and the tables that it was made
    without."""
    try:
        lacking = [name for name in LATER_TABLES if not (place / f"{name}.csv").exists()]
        tables = {
            name: _read_table(place / f"{name}.csv", columns)
            for name, columns in COLUMNS.items()
            if name not in lacking
        }
        return tables, _read_table(place / VARIABLES_FILE, VARIABLES.columns), lacking
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{place}: a result table cannot be read ({error}); solve again"
        ) from error


def _by_variable(variables: pd.DataFrame) -> tuple[Values, Values]:
    """Values and reduced costs, by variable and index."""
    values: dict[str, dict[tuple[Hashable, ...], float]] = {}
    reduced: dict[str, dict[tuple[Hashable, ...], float]] = {}
    for variable, text, value, cost in variables.itertuples(index=False):
        index = tuple(json.loads(text))
        values.setdefault(variable, {})[index] = value
        reduced.setdefault(variable, {})[index] = cost
    return values, reduced


def _solver_log(place: Path) -> str:
    """The solver's part of the log; a run is whole without it."""
    try:
        return (place / LOG_FILE).read_text(encoding="utf-8").partition(SOLVER_LOG)[2]
    except (OSError, ValueError):
        return ""


def _read_table(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    """A table as it was written, every number to its last digit (pandas' own reading of floats
    differs between its versions)."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if path.stem == "prices" and not ADDED_LATER.intersection(frame.columns):
        frame = frame.reindex(columns=list(columns), fill_value="")
    if list(frame.columns) != list(columns):
        raise ValueError(
            f"{path.name} has the columns {', '.join(frame.columns)} and not {', '.join(columns)}"
        )
    if frame.empty:
        return pd.DataFrame(columns=list(columns))
    for name in NUMBERS.intersection(frame.columns):
        frame[name] = [float(text or "nan") for text in frame[name]]
    if "year" in frame:
        frame["year"] = _years(frame["year"], may_be_empty="degenerate" in frame)
    if "degenerate" in frame:
        frame["degenerate"] = [text == "True" for text in frame["degenerate"]]
    return frame


def _years(texts: Iterable[str], *, may_be_empty: bool) -> Any:
    if not may_be_empty:
        return [int(text) for text in texts]
    return pd.array([int(text) if text else None for text in texts], dtype="Int64")


def _from_1(said: dict[str, Any]) -> dict[str, Any]:
    """Runs of format 1 did not say on which platform they were made."""
    return {**said, "platform": "not recorded"}


def _from_2(said: dict[str, Any]) -> dict[str, Any]:
    """Runs of format 2 were not sealed, and did not say the head of their answer, which their
    tables hold."""
    return {**said, "answer": {}}


MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MappingProxyType(
    {1: _from_1, 2: _from_2}
)
"""From the record of a format version to that of the next. A change of the tables has its step here
too, or the version is refused."""


def _said(place: Path) -> dict[str, Any]:
    """All that the record file of a run says."""
    try:
        said: dict[str, Any] = json.loads((place / RECORD_FILE).read_text(encoding="utf-8"))
        said["format_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(_not_a_run(place)) from error
    return said


def _record(place: Path, said: Mapping[str, Any]) -> tuple[Record, Certificate]:
    try:
        fields = _migrated(place, without_seal(said))
        # what follows from the tables is made of them again
        del fields["answer"]
        certificate = dict(fields.pop("certificate"))
        if certificate.get("replay") is not None:
            certificate["replay"] = Replay(**certificate["replay"])
        notes, warnings = (tuple(map(str, fields.pop(name, ()))) for name in ("notes", "warnings"))
        return Record(**fields, notes=notes, warnings=warnings), Certificate(**certificate)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutputError(_not_a_run(place)) from error


def _migrated(place: Path, said: dict[str, Any]) -> dict[str, Any]:
    """A record as this version writes it."""
    version = said.pop("format_version")
    if version != FORMAT_VERSION and version not in MIGRATIONS:
        raise OutputError(
            f"{place} was written in run format {version}; this version reads {min(MIGRATIONS)} to "
            f"{FORMAT_VERSION}: solve again, or load it with the version that its run.log names"
        )
    for step in range(version, FORMAT_VERSION):
        said = MIGRATIONS[step](said)
    return said


def _not_a_run(place: Path) -> str:
    if (place / HEAD_FILE).is_file():
        return (
            f"{place} is a study, not a run of one; solve it first (planner solve {place}) and "
            "give the folder of results that it names"
        )
    there = "" if place.exists() else "; there is no such folder"
    return (
        f"{place} is not a run of planner: {RECORD_FILE} cannot be read{there}; give the folder "
        "that `planner solve --out` wrote"
    )


__all__ = [
    "FORMAT_VERSION",
    "LOG_FILE",
    "MIGRATIONS",
    "RECORD_FILE",
    "Certificate",
    "Plan",
    "Record",
    "Replay",
    "answer_of",
    "load",
    "log_text",
    "require_own_study",
]
