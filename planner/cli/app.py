"""The application that every command joins, its order of commands, and the exit statuses.

A command is one function in a module of this package:

    @app.command("frontier", epilog="Example: planner frontier china")
    def frontier(study: Study, scenario: Scenario = "") -> None:
        \"\"\"Find what less carbon costs.\"\"\"

The package finds the module by itself; the options and steps that commands share stand in
`planner.cli._shared`, and heavy imports inside the function, so that `planner --help` stays quick.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from planner.errors import (
    InfeasibleError,
    OutputError,
    PlannerError,
    Problem,
    SolverError,
    SpecError,
)

INPUT_WRONG, INFEASIBLE, SOLVER_FAILED, INTERRUPTED = 2, 3, 4, 130
"""Exit statuses; 0 is done."""
EXIT_STATUSES: tuple[tuple[type[PlannerError], int], ...] = (
    (SpecError, INPUT_WRONG),
    (OutputError, INPUT_WRONG),
    (InfeasibleError, INFEASIBLE),
    (SolverError, SOLVER_FAILED),
)
"""Exit status of each error."""
CALLED = "planner.called"
"""Key in the context of a command of the names in messages, such as that of a folder which lasts as
long as the command, and what the user knows them by."""
INTERRUPTION = "interrupted; nothing half-written is left"

ORDER = (
    "list",
    "new",
    "check",
    "balance",
    "solve",
    "reconcile",
    "hindcast",
    "calibrate",
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
"""Order of the commands in `planner --help`; those not named here follow."""


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

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; raise SpecError where it is given an option twice that takes one value:
        the first would be lost in silence."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and (twice := _repeated(command, ctx, rest)):
            also = {"--scenario": ", or compose them: --scenario a,b"}
            raise SpecError(
                "command line",
                [
                    Problem(option, 0, "", f"is given twice; keep one{also.get(option, '')}")
                    for option in twice
                ],
            )
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PlannerError as error:
            from planner.cli._terminal import show_error

            show_error(error, called=ctx.meta.get(CALLED, {}))
            statuses = (status for kind, status in EXIT_STATUSES if isinstance(error, kind))
            raise typer.Exit(next(statuses, INPUT_WRONG)) from None
        except KeyboardInterrupt:
            typer.echo(INTERRUPTION, err=True)
            raise typer.Exit(INTERRUPTED) from None


def _repeated(command: Any, ctx: Any, args: list[str]) -> list[str]:
    """Options with a single value that are given more than once; none where the line cannot be
    parsed, which the command itself says."""
    inner = type(ctx)(command, info_name=command.name, parent=ctx, resilient_parsing=True)
    try:
        _, _, order = command.make_parser(inner).parse_args(list(args))
    except Exception:
        return []
    single = [each for each in order if _has_one_value(each)]
    return sorted({each.opts[0] for each in single if single.count(each) > 1})


def _has_one_value(parameter: Any) -> bool:
    """Return True for an option that keeps only the last value that it is given."""
    plain = parameter.param_type_name == "option" and not parameter.multiple
    return plain and not parameter.is_flag and not parameter.count


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
