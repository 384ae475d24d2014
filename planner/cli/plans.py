"""Commands that make a plan and hand it on: balance, solve, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import Json, Quiet, Run, Scenario, Set, Study, app, print_json, read_system

Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where results go; results/STUDY[-SCENARIO] if not given.")]

TimeLimit = Annotated[float | None, typer.Option("--time-limit", metavar="SECONDS", min=0.0, help="Stop the solver after so long.")]


@app.command("balance", epilog="Example: planner balance china --scenario pinned --metal lithium")
def balance(
    study: Study, scenario: Scenario = "", settings: Set = None,
    metal: Annotated[str, typer.Option("--metal", "-m", metavar="NAME", help="Show the account of this metal in one year.")] = "",
    year: Annotated[int | None, typer.Option("--year", metavar="YEAR", help="The year; the first if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Show the flow balance before any choice: its size, the use stocks, the waste that arises; or the account of a metal."""
    import planner

    found = planner.balance(read_system(study, scenario, settings))
    if metal or year is not None:
        from planner.cli.base_year import show_accounts

        show_accounts(found, metal, year, as_json)
        return
    if as_json:
        print_json({
            "study": found.system.name, "years": found.system.years, "convention": found.system.stock_convention, "unit": "t, t/year",
            "stocks": {name: {q: getattr(s, q).tolist() for q in ("inflow", "stock", "outflow")} for name, s in found.stocks.items()},
            "arising": {name: series.tolist() for name, series in found.arising.items()},
        })
    else:
        from planner.terminal import show_balance

        show_balance(found)


@app.command("solve", epilog="Example: planner solve china --scenario carbon-neutral --set series.carbon_price='100 USD_2021/tCO2e'")
def solve(
    study: Study, scenario: Scenario = "", settings: Set = None, out: Out = None,
    time_limit: TimeLimit = None, as_json: Json = False, quiet: Quiet = False,
) -> None:
    """Find the least-cost plan, check it, and write it with its tables."""
    from planner.terminal import Stages, show_mix, show_outcome

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        # pandas, Pyomo and HiGHS take a second to load: after the study is known to be right, and charged to no other stage
        from planner import solve as solve_system
        from planner.plan import require_place

        folder = out if out is not None else default_folder(system.name, scenario)
        require_place(folder)
        plan = solve_system(system, progress=stage, time_limit=time_limit)
        stage("write")
        plan.save(folder)
    if as_json:
        from dataclasses import asdict

        print_json({"folder": str(folder), **asdict(plan.record), "mix": plan.mix.to_dict(orient="records")})
    elif not quiet:
        show_mix(plan)
        show_outcome(plan, str(folder))


def default_folder(study: str, scenario: str) -> Path:
    """results/STUDY or results/STUDY-SCENARIO; a composed scenario `a,b` becomes `a+b`."""
    return Path("results") / "-".join(filter(None, (study, scenario.replace(",", "+").replace(" ", ""))))


@app.command("export", epilog="Example: planner export results/china china.mps")
def export(
    run: Run,
    path: Annotated[Path, typer.Argument(
        metavar="FILE", help="The file to write, by its ending: .xlsx (workbook), .csv (IAMC long table), .mps, .lp (programme).")],
    quiet: Quiet = False,
) -> None:
    """Write a run in another format, by the ending of the file."""
    import planner

    planner.export(planner.load(run), path)
    if not quiet:
        typer.echo(f"{path} is written")
