"""Commands about runs that were made: indicators, allocate, report, export, compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._completion import complete_format, complete_run
from planner.cli._shared import (
    Answers,
    EnsembleOfRun,
    Json,
    Metal,
    Quiet,
    Rows,
    Run,
    Tables,
    Unsealed,
    identity,
    load_runs,
    money,
    print_json,
    records,
    refuse,
    unknown_metal,
    unsealed_said,
    unsealed_text,
    write_tables,
    wrong,
)
from planner.cli.app import app
from planner.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

    from planner.analysis.tradeoffs.compare import Comparison
    from planner.analysis.tradeoffs.editions import Attribution
    from planner.cli._stages import Stages
    from planner.plan.flow_tables import FlowTables
    from planner.plan.plan import Plan

COMPARED = ("inputs", "totals", "supply", "results")
"""Tables of a comparison that are written."""
SHOWN_MOVED = 40
"""Rows that the terminal shows of what moved the headlines."""
SHOWN_ROUTES = (
    "plan",
    "metal",
    "pathway",
    "process",
    "since",
    "until",
    "widest",
    "share_first",
    "share",
    "change",
)
"""Columns of the table of routes that fit a terminal."""

Population = Annotated[
    float | None,
    typer.Option(
        "--population",
        metavar="PERSONS",
        help="Persons in every year, for stocks per head; the study's if not given.",
    ),
]
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="What to write, by its ending: .xlsx (workbook), .csv (IAMC long table and its "
        "codelists), .nc (netCDF), .zip (Data Package), .mps, .lp (programme).",
    ),
]
FormatName = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help="The format by its name: xlsx, iamc, netcdf, datapackage, mps, lp, or parquet (a "
        "folder).",
        autocompletion=complete_format,
    ),
]
ReportedRuns = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN...",
        help="The run to report; further runs are set beside it.",
        autocompletion=complete_run,
    ),
]
Page = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="The page to write; report.html in the run if not given.",
    ),
]
FrontierFolder = Annotated[
    Path | None,
    typer.Option(
        "--frontier",
        metavar="DIR",
        help="The frontier to show, from planner frontier --out; RUN/frontier where there is one.",
    ),
]
ComparedRuns = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN...",
        help="Folders of results that planner solve wrote, two or more.",
        autocompletion=complete_run,
    ),
]
Difference = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR|FILE",
        help="Also write the tables as CSV to this folder, or all as one page (.html), or the "
        "figure alone (.svg, .png, .pdf).",
    ),
]
Why = Annotated[
    bool,
    typer.Option(
        "--why",
        help="Attribute the change of each headline between two runs to the rows that differ, by "
        "solving the studies between them.",
    ),
]
Basis = Annotated[str, typer.Option("--by", metavar="BASIS", help="By `revenue` or by `mass`.")]
Points = Annotated[
    float,
    typer.Option(
        "--points",
        metavar="N",
        min=0.0,
        help="A route changes where its share of supply differs by more percentage points.",
    ),
]


@app.command("indicators", epilog="Example: planner indicators results/china --metal cobalt")
def indicators(
    run: Run,
    metal: Metal = "",
    out: Tables = None,
    rows: Rows = 200,
    as_json: Json = False,
    quiet: Quiet = False,
    persons: Population = None,
    unsealed: Unsealed = False,
) -> None:
    """Show the indicators of a run, or of a folder of planner balance, by the definitions of the
    literature: recycling, trade, reserves, losses, circularity."""
    from planner.cli._stages import Stages

    with Stages(quiet=quiet or as_json) as stage:
        plan = _loaded(run, stage, unsealed=unsealed)
        refuse(unknown_metal(plan.system, metal))
        stage("indicators")
        import planner

        ends = plan.system.years[0], plan.system.years[-1]
        population = None if persons is None else dict.fromkeys(ends, persons)
        found = planner.indicators(plan, population=population)
        write_tables(out, {"indicators": found}, unsealed_text(plan))
    if as_json:
        print_json({**identity(plan.system), **unsealed_said(plan), "indicators": records(found)})
    elif not quiet:
        _show_indicators(plan, found, metal, rows)


@app.command("allocate", epilog="Example: planner allocate results/china --by mass")
def allocate(
    run: Run,
    by: Basis = "revenue",
    out: Tables = None,
    rows: Rows = 200,
    as_json: Json = False,
    quiet: Quiet = False,
    unsealed: Unsealed = False,
) -> None:
    """Part the cost and emissions of joint processes, and of hosts in the study, among what comes
    of them."""
    from planner.cli._stages import Stages
    from planner.cli._terminal import show_frame

    with Stages(quiet=quiet or as_json) as stage:
        (plan,) = load_runs([run], stage, unsealed=unsealed)
        import planner

        found = planner.allocation(plan, by=by)  # type: ignore[arg-type]
        write_tables(out, {"allocation": found}, unsealed_text(plan))
    if as_json:
        print_json({**identity(plan.system), **unsealed_said(plan), "allocation": records(found)})
    elif not quiet:
        unit = f"{money(plan.system)} and t CO2e a year"
        show_frame(f"Joint processes by {by} ({unit})", found, rows=rows)


def _loaded(run: Path, stage: Stages, *, unsealed: bool) -> Plan | FlowTables:
    """The plan of a run folder, or the flows of a folder that planner balance wrote."""
    from planner.plan.flow_tables import is_flows, load_flows

    if is_flows(run):
        stage("load")
        return load_flows(run)
    (plan,) = load_runs([run], stage, unsealed=unsealed)
    return plan


def _show_indicators(plan: Plan | FlowTables, found: pd.DataFrame, metal: str, rows: int) -> None:
    from planner.cli._terminal import show_frame, show_unsealed, shown_years

    show_unsealed(plan.unsealed)
    years = list(shown_years(plan.system.periods).values())
    kept = found[found["year"].isin(years) & (found["metal"] == metal if metal else True)]
    keys = ["metal", "indicator", "unit"]
    wide = kept.pivot_table(index=keys, columns="year", values="value").reset_index()
    wide.columns = [str(name) for name in wide.columns]
    show_frame("Indicators", wide, rows=rows)


@app.command(
    "report",
    epilog="Example: planner report results/china results/china-carbon-neutral --out both.html",
)
def report(
    runs: ReportedRuns,
    out: Page = None,
    frontier: FrontierFolder = None,
    ensemble: EnsembleOfRun = None,
    unsealed: Unsealed = False,
    quiet: Quiet = False,
) -> None:
    """Write a run as one HTML page that opens offline: the answer first, figures, tables, and every
    input with its source."""
    from planner.cli._stages import Stages

    with Stages(quiet=quiet) as stage:
        page = out if out is not None else _page_of(runs[0])
        plan, *others = load_runs(runs, stage, unsealed=unsealed)
        stage("write")
        import planner
        from planner.analysis.uncertainty import headline_ranges
        from planner.reporting import FRONTIER_FOLDER, read_frontier

        beside = runs[0] / FRONTIER_FOLDER
        samples = headline_ranges.beside(runs[0], ensemble)
        folder = frontier if frontier is not None else beside if beside.is_dir() else None
        path = planner.report(
            plan,
            page,
            others=others,
            names=[run.resolve().name for run in runs] if others else (),
            frontier=None if folder is None else read_frontier(folder, plan),
            headlines=planner.headlines(plan, samples, run=str(runs[0])),
        )
    if not quiet:
        typer.echo(f"{path} is written; open it in a browser, online or not")


def _page_of(run: Path) -> Path:
    """The page of a run in its own folder; refused where it is a link, which whoever made the run
    may have made too."""
    page = run / "report.html"
    if page.is_symlink():
        raise OutputError(f"{page} is a link; name the page to write with --out")
    return page


@app.command(
    "export",
    epilog="Example: planner export results/china china.csv && planner export results/china "
    "tables --format parquet",
)
def export(
    run: Run,
    path: File,
    format: FormatName = "",  # noqa: A002 - the word that users know
    unsealed: Unsealed = False,
    quiet: Quiet = False,
) -> None:
    """Write a run in another format, by the ending of the file or by name."""
    from planner.cli._stages import Stages

    with Stages(quiet=quiet) as stage:
        (plan,) = load_runs([run], stage, unsealed=unsealed)
        stage("write")
        import planner

        planner.export(plan, path, format)
    if not quiet:
        typer.echo(f"{path} is written")


@app.command(
    "compare",
    epilog="Example: planner compare results/china results/china-carbon-neutral --out "
    "difference.html",
)
def compare(
    runs: ComparedRuns,
    out: Difference = None,
    points: Points = 5.0,
    why: Why = False,
    answers: Answers = None,
    unsealed: Unsealed = False,
    as_json: Json = False,
) -> None:
    """Show which inputs differ between runs, and which results, by how much; which routes change
    and when. With --why: which rows moved which headline between two editions of the data."""
    from planner.cli._stages import Stages

    with Stages(quiet=as_json) as stage:
        plans = load_runs(runs, stage, unsealed=unsealed)
        names = [run.resolve().name for run in runs]
        stage("compare")
        import planner

        found, routes = planner.compare(plans, names), planner.routes(plans, names, points=points)
        tables = {name: found.changes(getattr(found, name)) for name in COMPARED}
        tables |= {"structure": found.structure, "routes": routes}
        if len(found.surplus):
            tables |= {"surplus": found.surplus}
        moved = _moved(plans, answers, stage) if why else None
        if moved is not None:
            tables |= {"why": moved.shares, "why_rows": moved.rows}
        if out is not None:
            stage("write")
            _write_comparison(found, tables, out)
    if as_json:
        print_json({name: _json(table) for name, table in tables.items()})
        return
    _show_comparison(found, routes, points)
    if moved is not None:
        _show_moved(moved)
    if out is not None:
        typer.echo(f"{out} is written")


def _json(table: pd.DataFrame) -> Any:
    """A table as JSON records, rounded as pandas does."""
    import json

    return json.loads(table.to_json(orient="records"))


def _moved(plans: Sequence[Plan], answers: list[str] | None, stage: Stages) -> Attribution:
    """What moved the headlines between two runs."""
    import planner

    if len(plans) != 2:
        refuse([wrong("--why", f"compares two editions of the data; {len(plans)} runs are given")])
    return planner.attribute(*plans, answers=tuple(answers or ()), progress=stage)


def _show_moved(moved: Attribution) -> None:
    from planner.cli._terminal import console, show_frame

    shown = moved.shares.assign(part=(100 * moved.shares["part"]).round(1))
    show_frame(
        "what moved each headline (part: % of its change)",
        shown[["headline", "unit", "from", "to", "group", "share", "part"]],
        rows=SHOWN_MOVED,
        empty="no headline moved",
    )
    show_frame("rows of each group", moved.rows, rows=SHOWN_MOVED)
    console().print(f"{moved.method} ({moved.solves} solves)", soft_wrap=True)


def _show_comparison(found: Comparison, routes: pd.DataFrame, points: float) -> None:
    from planner.cli._terminal import show_comparison, show_frame

    show_comparison(found)
    if len(found.surplus):
        show_frame("Who gains, present value", found.surplus, rows=len(found.surplus))
    shown = routes[[name for name in SHOWN_ROUTES if name != "plan" or len(found.names) > 2]]
    show_frame(
        f"routes whose share of a metal's supply changes by more than {points:g} points against "
        f"{found.names[0]}: since when, and the widest change (--out holds the years in which "
        "each runs)",
        shown,
        rows=len(shown),
    )


def _write_comparison(found: Comparison, tables: dict[str, pd.DataFrame], out: Path) -> None:
    """A comparison as tables in a folder, as a page or as a picture, by the ending."""
    import planner
    from planner.figures.plan_figures import PICTURES

    ending = out.suffix.lower()
    if ending == ".html":
        planner.comparison_report(found, out)
    elif ending in PICTURES:
        planner.write_figure(planner.comparison_figure(found), out)
    else:
        write_tables(out, tables)
