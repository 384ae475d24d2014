"""Flows without a plan as result tables, and their folder: what `planner balance --out` writes and
`planner indicators` reads.

The folder holds `balance.json` (the record), the tables as CSV, `variables.csv` (activities,
disposal, shortage, draws and fills to the last digit) and `inputs/` (the study as it was read). The
tables have the columns of a plan's tables of the same name (`planner.plan.schema`).
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from planner.errors import OutputError
from planner.mfa.balance import Balance, balance, values_of
from planner.mfa.bound_checks import ore_found, ore_taken
from planner.mfa.flows import flow_table
from planner.mfa.provenance.trace import traces
from planner.mfa.simulate import Simulation, share_table
from planner.plan.tables import Values, cohort_table, emission_table, stock_table, supply_table
from planner.runtime.run_folder import BALANCE_FILE, FILES, INPUTS, RECORD_FILE, written_whole
from planner.study.reader import read
from planner.system.nouns import Array, System

FORMAT_VERSION = 1
VARIABLES = "variables"


class Accounted(Protocol):
    """What a metal's account is made from: a plan, or flows without one."""

    @property
    def system(self) -> System: ...
    @property
    def balance(self) -> Balance: ...
    @property
    def values(self) -> Values: ...
    @property
    def flows(self) -> pd.DataFrame: ...
    @property
    def supply(self) -> pd.DataFrame: ...
    @property
    def stocks(self) -> pd.DataFrame: ...


@dataclass(frozen=True, slots=True, eq=False)
class FlowTables:
    """Tables of flows that no plan chose, with the columns of a plan's tables of the same name."""

    balance: Balance
    values: Values
    """Variables as the linear programme names them, with `stockpile` and `remaining` (t at the end
    of the period)."""
    flows: pd.DataFrame
    supply: pd.DataFrame
    stocks: pd.DataFrame
    emissions: pd.DataFrame

    @property
    def system(self) -> System:
        return self.balance.system

    @property
    def unsealed(self) -> str:
        """Empty: the tables are made of the variables whenever they are read, and have no seal."""
        return ""


def flow_tables(balance: Balance, values: Values) -> FlowTables:
    """Tables of supply, stocks and emissions that go with the flows of a simulation.

    A deposit or stockpile from which more is taken than it holds stands below 0: the simulation
    lists what it passes in `limits`.
    """
    system = balance.system
    whole: Values = {**values, **_levels(system, values)}
    flows = flow_table(balance, whole)
    return FlowTables(
        balance,
        whole,
        flows,
        supply_table(system, whole, traces(balance, flows)),
        stock_table(system, balance, whole),
        emission_table(system, whole),
    )


def _levels(system: System, values: Values) -> dict[str, dict[tuple[Hashable, ...], float]]:
    """Stockpiles and deposits at the end of each period, t."""
    length = np.array([period.length for period in system.periods], dtype=float)
    level = {}
    run = {name: values_of(system, values, "activity", name) for name in system.processes}
    dug: dict[str, list[Array]] = {name: [] for name in system.deposits}
    for name, process, coefficient in ore_taken(system):
        dug[name].append(length * (coefficient * run[process]))
    for name, deposit in system.deposits.items():
        whole = np.sum([np.zeros(len(length)), *dug[name]], axis=0)
        level["remaining", name] = ore_found(system, deposit, run, whole)
        for taken in dug[name]:
            level["remaining", name] = level["remaining", name] - np.cumsum(taken)
    for name, good in system.goods.items():
        if good.stockpile is not None:
            filled, drawn = (values_of(system, values, each, name) for each in ("fill", "draw"))
            level["stockpile", name] = good.stockpile.opening + np.cumsum(length * (filled - drawn))
    found: dict[str, dict[tuple[Hashable, ...], float]] = {"remaining": {}, "stockpile": {}}
    for (variable, name), series in level.items():
        for period, amount in zip(system.periods, series, strict=True):
            found[variable][name, period.first] = float(amount)
    return found


def require_no_run(folder: Path | None) -> None:
    """Raise OutputError where the tables of a plan would be overwritten. Makes nothing."""
    if folder is not None and (folder / RECORD_FILE).exists():
        raise OutputError(
            f"{folder} holds a run of `planner solve`, whose tables have the same names; name "
            "another folder with --out"
        )
    if folder is not None and (folder / INPUTS).exists() and not (folder / BALANCE_FILE).exists():
        raise OutputError(
            f"{folder / INPUTS} is not of a balance, which keeps its study there; name another "
            "folder with --out"
        )


def save_flows(run: Simulation, folder: Path, words: str, *, cohorts: bool = False) -> None:
    """Write the tables of a simulation, its study, and how its shares were found (`words`) into a
    folder that may hold other files, which are kept; with `cohorts` the use stocks by cohort as
    well. A balance that was there before gives way.

    Raises OutputError where that cannot be, or the folder holds a run of `planner solve`.
    """
    require_no_run(folder)
    found, system = flow_tables(run.balance, run.values), run.balance.system
    tables = {
        "flows": found.flows,
        "stocks": found.stocks,
        "supply": found.supply,
        "shares": share_table(run),
        "unmet": run.unmet,
        "limits": run.limits,
        VARIABLES: pd.DataFrame(_rows(run.values), columns=["variable", "index", "value"]),
    }
    if cohorts:
        tables["cohorts"] = cohort_table(run.balance)
    record = {
        "format_version": FORMAT_VERSION,
        "study": system.name,
        "scenario": system.scenario,
        "overrides": dict(system.overrides),
        "inputs_hash": system.inputs_hash,
        "shares": words,
        "stock_convention": system.stock_convention,
    }
    inputs = {f"{INPUTS}/{name}": content for name, content in system.files.items()}
    record[FILES] = [*(f"{name}.csv" for name in tables), *inputs]

    def write(place: Path) -> None:
        for name, table in tables.items():
            table.to_csv(place / f"{name}.csv", index=False)
        (place / INPUTS).mkdir()
        for name, content in inputs.items():
            (place / name).write_bytes(content)
        said = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        (place / BALANCE_FILE).write_text(said, encoding="utf-8")

    written_whole(folder, write, replace=True)


def _rows(values: Values) -> Iterator[tuple[str, str, float]]:
    for variable, column in values.items():
        for index, value in column.items():
            yield variable, json.dumps(list(index)), value


def is_flows(folder: Path) -> bool:
    """Return True if a folder holds flows that `planner balance --out` wrote, and no plan."""
    return (folder / BALANCE_FILE).is_file() and not (folder / RECORD_FILE).exists()


def load_flows(folder: str | Path) -> FlowTables:
    """Read a folder of `planner balance --out` back, with the study as it was frozen there.

    Raises OutputError where the folder is not whole, was written by a newer version, or its inputs
    were changed since.
    """
    place = Path(folder)
    record = _record(place)
    system = read(
        place / INPUTS,
        scenario=record["scenario"],
        overrides=record["overrides"],
        name=record["study"],
    )
    if system.inputs_hash != record["inputs_hash"]:
        raise OutputError(f"{place}: {INPUTS}/ was changed since; run planner balance again")
    return flow_tables(balance(system), _values(place))


def _record(place: Path) -> dict[str, Any]:
    try:
        record = json.loads((place / BALANCE_FILE).read_text(encoding="utf-8"))
        version = record["format_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{place}: {BALANCE_FILE} cannot be read; give the folder that `planner balance --out` "
            "wrote"
        ) from error
    if version != FORMAT_VERSION:
        raise OutputError(
            f"{place} was written in balance format {version}; this version reads {FORMAT_VERSION}"
        )
    return dict(record)


def _values(place: Path) -> Values:
    found: dict[str, dict[tuple[Hashable, ...], float]] = {}
    try:
        table = pd.read_csv(place / f"{VARIABLES}.csv", dtype=str, keep_default_na=False)
        for variable, text, value in table.itertuples(index=False):
            found.setdefault(variable, {})[tuple(json.loads(text))] = float(value)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{place}: {VARIABLES}.csv cannot be read ({error}); run planner balance again"
        ) from error
    return found
