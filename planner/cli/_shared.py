"""Shared parts of the commands: common options, reading of studies and runs, and answers as JSON
and tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._completion import complete_run, complete_scenario, complete_study
from planner.cli.app import CALLED
from planner.errors import Problem, SpecError

if TYPE_CHECKING:
    from planner.cli._stages import Stages
    from planner.plan.flow_tables import FlowTables
    from planner.plan.plan import Plan
    from planner.system.nouns import System

WORKBOOK = ".xlsx"


# options


def _study(ctx: typer.Context, given: str) -> str:
    """A study given as a workbook, as the folder of its tables, which lasts as long as the
    command."""
    if ctx.resilient_parsing or not given.lower().endswith(WORKBOOK):
        return given
    from tempfile import TemporaryDirectory

    from planner.study.schema import BY_NAME
    from planner.study.workbook import unpack

    held = TemporaryDirectory(prefix="planner-")
    ctx.call_on_close(held.cleanup)
    folder = unpack(given, Path(held.name) / Path(given).stem)
    ctx.meta[CALLED] = {str(folder): given, **{f"{name}.csv": f"sheet {name}" for name in BY_NAME}}
    return str(folder)


def _writable(out: Path | None) -> Path | None:
    """The folder that tables go to; raises OutputError where it cannot be written, before any work
    is done for it."""
    if out is not None:
        from planner.runtime.run_folder import require_folder

        require_folder(out)
    return out


Study = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A shipped study (planner list), a folder that holds a study.toml, or a workbook of "
        "one (planner workbook).",
        autocompletion=complete_study,
        callback=_study,
    ),
]
Run = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="A folder of results that planner solve wrote.",
        autocompletion=complete_run,
    ),
]
Answers = Annotated[
    list[str] | None,
    typer.Option(
        "--answer",
        "--answers",
        "-a",
        metavar="ANSWER",
        help="Also read this answer: share:germanium:home:2060, price:cobalt:2030, "
        "reliance:lithium:2040, shortage_year:cobalt, flow:PROCESS:YEAR, headlines (the mix of "
        "every metal). May be repeated; a wrong one lists what there is.",
    ),
]
EnsembleOfRun = Annotated[
    Path | None,
    typer.Option(
        "--ensemble",
        metavar="DIR",
        help="The ensemble that gives the headlines their range, from planner ensemble --out; "
        "RUN/ensemble where there is one.",
    ),
]
Scenario = Annotated[
    str,
    typer.Option(
        "--scenario",
        "-s",
        metavar="NAME",
        help="Scenario of the study; a,b composes them, the later wins.",
        autocompletion=complete_scenario,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Override one value, such as demand.lithium/battery.2030='30 kt/year'. May be "
        "repeated.",
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Take warnings for errors: what is doubtful is refused.")
]
Metal = Annotated[str, typer.Option("--metal", "-m", metavar="NAME", help="Show this metal alone.")]
Rows = Annotated[
    int, typer.Option("--rows", metavar="N", min=1, help="How many rows of a table to show.")
]
Tables = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Also write the tables as CSV here.", callback=_writable
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Unsealed = Annotated[
    bool,
    typer.Option(
        "--unsealed",
        help="Read a run although files of it were changed since; every output then says so.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def wrong(option: str, message: str) -> Problem:
    """A problem with what an option was given."""
    return Problem(option, 0, "", message)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise SpecError where there are problems with options, with all of them."""
    if found := list(problems):
        raise SpecError("command line", found)


def overrides(settings: Iterable[str] | None) -> dict[str, str]:
    """`--set PATH=VALUE` options as a mapping; raises SpecError where one is not such a pair or
    comes twice."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for setting in settings or ():
        path, _, value = map(str.strip, setting.partition("="))
        if not (path and value):
            words = "is not PATH=VALUE; write the path of a datum, =, and its new value"
            problems.append(wrong("--set", f"'{setting}' {words}"))
        elif path in found:
            problems.append(wrong("--set", f"'{path}' is set twice; keep one"))
        found[path] = value
    refuse(problems)
    return found


def unknown_metal(system: System, metal: str) -> Iterator[Problem]:
    """The problem of a metal that is asked for and that the study does not have."""
    if metal and metal not in system.metals:
        from planner.units import suggestion

        close = suggestion(metal, system.metals)
        choice = ", ".join(system.metals)
        yield wrong(
            "--metal", f"'{metal}' is not a metal of the study{close}; choose one of {choice}"
        )


def open_metal(system: System, metal: str, option: str, figure: Path | None) -> Iterator[Problem]:
    """The problem of a figure of one metal that is asked for while the metal is left open."""
    if figure is not None and not metal and len(system.metals) > 1:
        choice = ", ".join(system.metals)
        yield wrong(option, f"shows one metal; name it with --metal, one of {choice}")


def chosen(system: System, metal: str) -> list[str]:
    """The metal asked for, or all."""
    return [metal] if metal else list(system.metals)


def period_of(system: System, year: int) -> int:
    """First year of the period that holds a year; raises SpecError where none does."""
    held = [p.first for p in system.periods if p.first <= year <= p.last]
    if not held:
        span = f"{system.years[0]} to {system.years[-1]}"
        refuse([wrong("--year", f"{year} is outside {span}; give a year of the study")])
    return held[0]


# what is read


def read_system(
    study: str, scenario: str, settings: Iterable[str] | None, *, strict: bool = False
) -> System:
    """The System that the shared options ask for; `strict` refuses what it would warn about."""
    import planner

    return planner.read(study, scenario=scenario, overrides=overrides(settings), strict=strict)


def read_systems(
    study: str, scenarios: Iterable[str], settings: Iterable[str] | None
) -> dict[str, System]:
    """The System of each scenario, under the same overrides."""
    return {scenario: read_system(study, scenario, settings) for scenario in scenarios}


@contextmanager
def reading(
    study: str,
    scenario: str,
    settings: Iterable[str] | None,
    *,
    quiet: bool,
    out: Path | None = None,
) -> Iterator[tuple[System, Stages]]:
    """Read the study that the shared options ask for and go on to work on it, with the stages
    shown; the folder `out` of a run is held meanwhile.

    Raises OutputError where another run is writing to `out`, SpecError for a wrong study.
    """
    from planner.cli._stages import Stages

    with Stages(quiet=quiet) as stage, place(out):
        stage("read")
        system = read_system(study, scenario, settings)
        # pandas, Pyomo and HiGHS take a second to load: after the study is known to be right, and
        # charged to no other stage
        stage("load")
        yield system, stage


def load_runs(runs: Sequence[Path], stage: Stages, *, unsealed: bool = False) -> list[Plan]:
    """The plans of run folders, each with its step shown; those that were altered since are
    refused unless `unsealed`."""
    from planner.runtime.progress import Step

    plans = []
    for part, run in enumerate(runs):
        stage(Step("load" if len(runs) == 1 else f"load {run.resolve().name}", part, len(runs)))
        import planner

        plans.append(planner.load(run, unsealed=unsealed))
    return plans


# what is written


@contextmanager
def place(out: Path | None) -> Iterator[None]:
    """Hold the folder that results go to, where one is given; raises OutputError where another run
    is writing there."""
    if out is None:
        yield
        return
    from planner.runtime.run_folder import reserved

    with reserved(out):
        yield


def save(plan: Plan, folder: Path | None, stages: Stages, ctx: typer.Context) -> None:
    """Write a run where a folder is given, with the command, its stages and its warnings in the
    log."""
    if folder is not None:
        plan.save(folder, log=[f"command {ctx.find_root().obj}", *stages.log()])


def write_tables(
    folder: Path | None,
    tables: Mapping[str, Any],
    texts: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write tables as CSV, and texts beside them, into a folder, where one is asked for."""
    if folder is not None:
        from planner.runtime.run_folder import write_tables as write

        write(folder, tables, texts)


def unsealed_said(plan: Plan | FlowTables) -> dict[str, str]:
    """Why the numbers of a loaded run are not vouched for, for its JSON answer; nothing where they
    are."""
    return {"unsealed": plan.unsealed} if plan.unsealed else {}


def unsealed_text(plan: Plan | FlowTables) -> dict[str, str]:
    """The same as a text file beside its tables."""
    return {"UNSEALED.txt": plan.unsealed + "\n"} if plan.unsealed else {}


def identity(system: System) -> dict[str, str]:
    """Study and scenario, with which every JSON answer begins."""
    return {"study": system.name, "scenario": system.scenario}


def money(system: System) -> str:
    """The unit of money of a study."""
    return f"USD_{system.currency_year}"


def ratio(part: float, whole: float) -> float:
    """A part as a share of the size of the whole, NaN where that is nothing."""
    return part / abs(whole) if whole else float("nan")


def known(value: Any) -> Any:
    """A value that JSON can hold: None where it is not a number, or has no end."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def records(frame: Any) -> list[dict[str, Any]]:
    """A table as JSON records; a number that is missing, or has no end, is null."""
    return [
        {name: known(value) for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def print_json(answer: Any) -> None:
    """One JSON document on standard output."""
    import json

    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False))
