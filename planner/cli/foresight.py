"""Commands about what is not known yet: foresight, regret, hedge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import (
    Json,
    Quiet,
    Scenario,
    Set,
    Study,
    app,
    overrides,
    place,
    print_json,
    read_system,
    save,
)
from planner.cli.security import records
from planner.errors import SpecError

Scenarios = Annotated[
    list[str],
    typer.Option("--scenario", "-s", metavar="NAME", help="A scenario; name two or more."),
]
Until = Annotated[
    int | None,
    typer.Option("--until", metavar="YEAR", help="Only orders placed before this year are kept."),
]


@app.command("foresight", epilog="Example: planner foresight china --window 10 --step 5")
def foresight(
    ctx: typer.Context,
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    window: Annotated[
        int, typer.Option("--window", metavar="YEARS", min=1, help="Years in sight.")
    ] = 10,
    step: Annotated[
        int, typer.Option("--step", metavar="YEARS", min=1, help="Years kept of each answer.")
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Write the plan that came about."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Plan with only some years in sight, step by step: what myopia costs beside perfect foresight."""
    from planner.cli._terminal import Stages, large, show_frame

    with Stages(quiet=quiet or as_json) as stage, place(out):
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        from planner.analysis.security.foresight import rolling

        found = rolling(system, window=window, step=step, progress=stage)
        if out is not None:
            save(found.plan, out, stage, ctx)
    money = f"USD_{system.currency_year}"
    share = found.regret / found.perfect_cost if found.perfect_cost else 0.0
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "window": window,
                "step": step,
                "currency": money,
                "cost": found.plan.objective,
                "perfect_cost": found.perfect_cost,
                "regret": found.regret,
                "share": share,
                "notes": list(found.plan.record.notes),
                "windows": records(found.windows),
            }
        )
    elif not quiet:
        show_frame(
            f"Windows of {window} years ({money}, present value of the years kept)",
            found.windows,
            rows=8,
        )
        typer.echo(
            f"cost {large(found.plan.objective)} {money}; with perfect foresight "
            f"{large(found.perfect_cost)}; "
            f"regret of myopia {large(found.regret)} ({share:.2%})"
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
    from planner.cli._terminal import Stages, show_frame

    if len(set(scenarios)) < 2:
        raise SpecError(
            "command line",
            [
                (
                    "regret compares scenarios; give --scenario two or more times, each with "
                    "another name"
                )
            ],
        )
    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        import planner
        from planner.analysis.security.foresight import regret as compare

        systems = {
            name: planner.read(study, scenario=name, overrides=overrides(settings))
            for name in scenarios
        }
        table = compare(systems, until=until, progress=stage)
    if as_json:
        print_json({"study": study, "until": until, "regret": records(table)})
    elif not quiet:
        money = next(iter(systems.values())).currency_year
        show_frame(f"Regret of builds under other scenarios (USD_{money}, present value)", table)


@app.command(
    "hedge", epilog="Example: planner hedge china -f reference=0.7 -f import-shock=0.3 --year 2030"
)
def hedge(
    study: Study,
    futures: Annotated[
        list[str],
        typer.Option(
            "--future",
            "-f",
            metavar="SCENARIO=P",
            help="A future and its probability; two or more.",
        ),
    ],
    year: Annotated[
        int,
        typer.Option(
            "--year",
            metavar="YEAR",
            help="The year in which the futures part: orders before it are common.",
        ),
    ],
    settings: Set = None,
    weight: Annotated[
        float,
        typer.Option(
            "--cvar", metavar="WEIGHT", min=0.0, help="Weight of CVaR in the objective, below 1."
        ),
    ] = 0.0,
    level: Annotated[
        float, typer.Option("--level", metavar="SHARE", min=0.0, help="Level of CVaR.")
    ] = 0.9,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find common first builds for several futures with probabilities (two-stage), and what knowing
    the future is worth."""
    from planner.cli._terminal import Stages, large, show_frame

    chances = _chances(futures)
    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        import planner

        systems = {
            name: planner.read(study, scenario=name, overrides=overrides(settings))
            for name in chances
        }
        found = planner.hedge(
            systems, chances, year=year, weight=weight, level=level, progress=stage
        )
    money = f"USD_{next(iter(systems.values())).currency_year}"
    numbers = {
        "expected": found.expected,
        "wait_and_see": found.wait_and_see,
        "best_single": found.best_single,
        "cvar": found.cvar,
        "value_of_information": found.value_of_information,
        "value_of_hedging": found.value_of_hedging,
    }
    if as_json:
        print_json(
            {
                "study": study,
                "year": year,
                "currency": money,
                "shared": found.shared,
                **{name: None if value != value else value for name, value in numbers.items()},
                "futures": records(found.futures),
                "builds": records(found.builds),
            }
        )
    elif not quiet:
        show_frame(
            f"Futures with common builds before {year} ({money}, present value)", found.futures
        )
        typer.echo(
            "; ".join(f"{name.replace('_', ' ')} {large(value)}" for name, value in numbers.items())
            + f" ({money})"
        )


def _chances(futures: list[str]) -> dict[str, float]:
    """SCENARIO=P options as a mapping; raises SpecError where one is no such pair or comes twice."""
    found: dict[str, float] = {}
    for text in futures:
        name, _, chance = text.rpartition("=")
        try:
            value = float(chance)
        except ValueError:
            value = float("nan")
        if not name or value != value or name in found:
            raise SpecError(
                "command line", [f"'{text}' is no SCENARIO=PROBABILITY, or comes twice"]
            )
        found[name] = value
    return found
