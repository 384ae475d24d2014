"""Commands about what is not known yet: foresight, regret, hedge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._shared import (
    Json,
    Quiet,
    Scenario,
    Set,
    Study,
    identity,
    known,
    money,
    print_json,
    ratio,
    read_systems,
    reading,
    records,
    save,
)
from planner.cli.app import app
from planner.errors import SpecError

if TYPE_CHECKING:
    from planner.analysis.security.foresight import Foresight
    from planner.analysis.security.hedging import Hedge
    from planner.system.nouns import System

HEDGED = (
    "expected",
    "expected_penalty",
    "wait_and_see",
    "best_single",
    "cvar",
    "value_of_information",
    "value_of_hedging",
)
"""Numbers of a hedge that are shown."""

Window = Annotated[int, typer.Option("--window", metavar="YEARS", min=1, help="Years in sight.")]
KeptYears = Annotated[
    int, typer.Option("--step", metavar="YEARS", min=1, help="Years kept of each answer.")
]
RealisedRun = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="Write the plan that came about."),
]
Scenarios = Annotated[
    list[str],
    typer.Option("--scenario", "-s", metavar="NAME", help="A scenario; name two or more."),
]
Until = Annotated[
    int | None,
    typer.Option("--until", metavar="YEAR", help="Only orders placed before this year are kept."),
]
Futures = Annotated[
    list[str] | None,
    typer.Option(
        "--future",
        "-f",
        metavar="SCENARIO=P",
        help="A future and its probability; two or more.",
    ),
]
Projects = Annotated[
    list[str] | None,
    typer.Option(
        "--project",
        metavar="NAME",
        help="A deposit or plant with a probability, or `all`: futures with and without it.",
    ),
]
PartingYear = Annotated[
    int,
    typer.Option(
        "--year",
        metavar="YEAR",
        help="The year in which the futures part: orders before it are common.",
    ),
]
Weight = Annotated[
    float,
    typer.Option(
        "--cvar", metavar="WEIGHT", min=0.0, help="Weight of CVaR in the objective, below 1."
    ),
]
Level = Annotated[float, typer.Option("--level", metavar="SHARE", min=0.0, help="Level of CVaR.")]


@app.command("foresight", epilog="Example: planner foresight china --window 10 --step 5")
def foresight(
    ctx: typer.Context,
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    window: Window = 10,
    step: KeptYears = 1,
    out: RealisedRun = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Plan with only some years in sight, step by step: what myopia costs beside perfect
    foresight."""
    with reading(study, scenario, settings, quiet=quiet or as_json, out=out) as (system, stage):
        import planner

        found = planner.rolling(system, window=window, step=step, progress=stage)
        save(found.plan, out, stage, ctx)
    share = ratio(found.extra_cost, found.perfect_cost)
    if as_json:
        print_json(
            {
                **identity(system),
                "window": window,
                "step": step,
                "currency": money(system),
                "cost": found.plan.cost,
                "penalty": found.plan.penalty,
                "perfect_cost": found.perfect_cost,
                "perfect_penalty": found.perfect_penalty,
                "regret": found.regret,
                "share": known(share),
                "notes": list(found.plan.record.notes),
                "windows": records(found.windows),
            }
        )
    elif not quiet:
        _show_foresight(system, found, window, share)


def _show_foresight(system: System, found: Foresight, window: int, share: float) -> None:
    from planner.cli._terminal import large, show_frame

    unit = money(system)
    show_frame(
        f"Windows of {window} years ({unit}, present value of the years kept)",
        found.windows,
        rows=8,
    )
    of_cost = f" ({share:+.2%})" if share == share else ""
    typer.echo(
        f"cost {large(found.plan.cost)} {unit}; with perfect foresight "
        f"{large(found.perfect_cost)}; myopia costs {large(found.extra_cost)}{of_cost}"
    )
    if found.plan.penalty or found.perfect_penalty:
        typer.echo(
            f"penalties beside it {large(found.plan.penalty)} {unit}; with perfect foresight "
            f"{large(found.perfect_penalty)}; regret of myopia in all {large(found.regret)}"
        )
    for note in found.plan.record.notes[1:]:
        typer.echo(f"note: {note}")


@app.command(
    "regret", epilog="Example: planner regret china -s reference -s carbon-neutral --until 2035"
)
def regret(
    study: Study,
    scenarios: Scenarios,
    settings: Set = None,
    until: Until = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Keep what was built for one scenario, choose the rest anew under another: the regret of each
    pair."""
    from planner.cli._stages import Stages
    from planner.cli._terminal import show_frame

    if len(scenarios) < 2 or len(set(scenarios)) < len(scenarios):
        words = "give --scenario two or more times, each with another name"
        raise SpecError("command line", [f"regret compares scenarios; {words}"])
    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        import planner

        systems = read_systems(study, scenarios, settings)
        table = planner.regret(systems, until=until, progress=stage)
    if as_json:
        print_json({"study": study, "until": until, "regret": records(table)})
    elif not quiet:
        unit = money(systems[scenarios[0]])
        head = (
            f"Regret of builds under other scenarios ({unit}, present value; in cost and penalty)"
        )
        show_frame(head, table)


@app.command(
    "hedge", epilog="Example: planner hedge china -f reference=0.7 -f import-shock=0.3 --year 2030"
)
def hedge(
    study: Study,
    year: PartingYear,
    futures: Futures = None,
    projects: Projects = None,
    settings: Set = None,
    weight: Weight = 0.0,
    level: Level = 0.9,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find common first builds for several futures with probabilities (two-stage), and what knowing
    the future is worth."""
    from planner.cli._stages import Stages

    chances: Mapping[str, float] = _chances(futures or ())
    systems: Mapping[str, System]
    if bool(chances) == bool(projects):
        raise SpecError("command line", ["give --future, two or more, or --project"])
    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        import planner

        if projects:
            (whole,) = read_systems(study, [""], settings).values()
            named = () if projects == ["all"] else projects
            systems, chances = planner.project_futures(whole, named)
        else:
            systems = read_systems(study, chances, settings)
        found = planner.hedge(
            systems, chances, year=year, weight=weight, level=level, progress=stage
        )
    unit = money(next(iter(systems.values())))
    if as_json:
        answer: dict[str, Any] = {"study": study, "year": year, "currency": unit}
        numbers = {name: known(getattr(found, name)) for name in HEDGED}
        tables = {"futures": records(found.futures), "builds": records(found.builds)}
        print_json({**answer, "shared": found.shared, **numbers, **tables})
    elif not quiet:
        _show_hedge(found, year, unit)


def _show_hedge(found: Hedge, year: int, unit: str) -> None:
    from planner.cli._terminal import large, show_frame

    show_frame(f"Futures with common builds before {year} ({unit}, present value)", found.futures)
    numbers = (f"{name.replace('_', ' ')} {large(getattr(found, name))}" for name in HEDGED)
    typer.echo(f"cost and penalty together: {'; '.join(numbers)} ({unit})")


def _chances(futures: Sequence[str]) -> dict[str, float]:
    """SCENARIO=P options as a mapping; raises SpecError where one is not such a pair or comes
    twice."""
    found: dict[str, float] = {}
    for text in futures:
        name, _, chance = text.rpartition("=")
        try:
            value = float(chance)
        except ValueError:
            value = float("nan")
        if not name or value != value or name in found:
            words = f"'{text}' is not SCENARIO=PROBABILITY, or comes twice"
            raise SpecError("command line", [words])
        found[name] = value
    return found
