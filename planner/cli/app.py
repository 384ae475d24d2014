"""The application that every command joins, the options they share, and the exit statuses.

A command is one function in a module of this package:

    @app.command("frontier", epilog="Example: planner frontier china")
    def frontier(study: Study, scenario: Scenario = "") -> None:
        \"\"\"What less carbon costs.\"\"\"

The package finds the module by itself; the heavy imports stand inside the function, so that
`planner --help` stays quick.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from planner.cli.completion import complete_run, complete_scenario, complete_study
from planner.errors import (
    InfeasibleError,
    OutputError,
    PlannerError,
    Problem,
    SolverError,
    SpecError,
)

if TYPE_CHECKING:
    from planner.cli._terminal import Stages
    from planner.plan.plan import Plan
    from planner.system.nouns import System

EXIT_STATUSES: tuple[tuple[type[PlannerError], int], ...] = (
    (SpecError, 2),
    (OutputError, 2),
    (InfeasibleError, 3),
    (SolverError, 4),
)
"""What the command line returns for each error; 0 is done and 130 interrupted."""
CALLED = "planner.called"
"""Where the context of a command keeps what the user calls what messages would name by a folder
that lasts as long as the command."""
INTERRUPTED = 130
INTERRUPTION = "interrupted; nothing half-written is left"

ORDER = (
    "list",
    "new",
    "check",
    "balance",
    "solve",
    "reconcile",
    "grade",
    "frontier",
    "ensemble",
    "disrupt",
    "alternatives",
    "explain",
    "compare",
    "report",
    "export",
    "math",
)
"""How `planner --help` orders the commands; those not named here follow."""


class Commands(TyperGroup):
    """The group of commands: turns each error of planner into one message on standard error and an
    exit status."""

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Keep what was typed, for the log of the run."""
        import sys

        given = sys.argv[1:] if args is None else list(args)
        return super().main(args, *rest, obj=shlex.join(["planner", *given]), **extra)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PlannerError as error:
            from planner.cli._terminal import show_error

            show_error(error, called=ctx.meta.get(CALLED, {}))
            raise typer.Exit(
                next((status for kind, status in EXIT_STATUSES if isinstance(error, kind)), 2)
            ) from None
        except KeyboardInterrupt:
            typer.echo(INTERRUPTION, err=True)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="planner",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="STUDY is a shipped study (planner list), a folder or a workbook. "
    "Begin with: planner new mine; planner solve mine; planner report results/mine. "
    "Exit status: 0 done, 2 the input is wrong, 3 infeasible, 4 the solver failed or was stopped, "
    "130 interrupted.",
)


def _version(asked: bool) -> None:
    if asked:
        import planner

        typer.echo(f"planner {planner.__version__}")
        raise typer.Exit


@app.callback()
def _planner(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Least-cost supply of critical metals for one country: mining, imports and recycling, year by
    year."""


def _study(ctx: typer.Context, given: str) -> str:
    """A study given as a workbook, as the folder of its tables, which lasts as long as the command."""
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


WORKBOOK = ".xlsx"
Study = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help=(
            "A shipped study (planner list), a folder that holds a study.toml, or a workbook of "
            "one (planner workbook)."
        ),
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
        help=(
            "Override one value, such as demand.lithium/battery.2030='30 kt/year'. May be repeated."
        ),
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def overrides(settings: Iterable[str] | None) -> dict[str, str]:
    """`--set PATH=VALUE` options as a mapping; raises SpecError where one is no such pair or comes
    twice."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for setting in settings or ():
        path, sign, value = setting.partition("=")
        path, value = path.strip(), value.strip()
        if not (path and sign and value):
            problems.append(
                Problem(
                    "--set",
                    0,
                    "",
                    (
                        f"'{setting}' is no PATH=VALUE; write the path of a datum, =, and its new "
                        "value"
                    ),
                )
            )
        elif path in found:
            problems.append(Problem("--set", 0, "", f"'{path}' is set twice; keep one"))
        found[path] = value
    if problems:
        raise SpecError("command line", problems)
    return found


def read_system(study: str, scenario: str, settings: Iterable[str] | None) -> System:
    """The System that the shared options ask for."""
    import planner

    return planner.read(study, scenario=scenario, overrides=overrides(settings))


def writable(out: Path | None) -> Path | None:
    """The folder that tables go to; raises OutputError where it cannot be written, before any work
    is done for it."""
    if out is not None:
        from planner.runtime.run_folder import require_folder

        require_folder(out)
    return out


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


def save(plan: Plan, folder: Path, stages: Stages, ctx: typer.Context) -> None:
    """Write a run, with the command, its stages and its warnings in the log."""
    plan.save(folder, log=[f"command {ctx.find_root().obj}", *stages.log()])


def load_runs(runs: Sequence[Path], stage: Stages) -> list[Plan]:
    """The plans of run folders, each with its step shown."""
    from planner.runtime.progress import Step

    plans = []
    for part, run in enumerate(runs):
        stage(Step("load" if len(runs) == 1 else f"load {run.resolve().name}", part, len(runs)))
        import planner

        plans.append(planner.load(run))
    return plans


def print_json(answer: Any) -> None:
    """One JSON document on standard output."""
    import json

    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False))
