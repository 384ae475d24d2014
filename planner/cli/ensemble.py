"""The command of uncertainty: `planner ensemble`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.app import Json, Quiet, Scenario, Set, Study, app, print_json, read_system
from planner.cli.security import records
from planner.cli.tradeoffs import write_tables

if TYPE_CHECKING:
    import pandas as pd

    from planner.analysis.uncertainty.ensemble import Ensemble

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="PATTERN",
        help="Only inputs whose path matches, such as 'plants.*.life'. May be repeated.",
    ),
]
Statement = Annotated[
    Path | None,
    typer.Option(
        "--uncertainty",
        metavar="FILE",
        help=(
            "TOML file with distributions, ends and correlations beside low and high of the tables."
        ),
    ),
]

SHOWN_OPTIONS = 15
"""Options that the terminal lists: those of which it is least certain whether they are in the plan."""
SHOWN_DRIVERS = 4
"""Inputs that the terminal lists for each answer."""


@app.command(
    "ensemble",
    epilog="Example: planner ensemble china --samples 512 --grade D --out results/ensemble",
)
def ensemble(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    samples: Annotated[
        int, typer.Option("--samples", "-n", metavar="N", min=1, help="How many samples.")
    ] = 256,
    seed: Annotated[
        int,
        typer.Option("--seed", metavar="N", min=0, help="The same seed gives the same samples."),
    ] = 0,
    sobol: Annotated[
        bool,
        typer.Option(
            "--sobol", help="Sobol points, for few inputs; Latin hypercubes if not given."
        ),
    ] = False,
    inputs: Inputs = None,
    grades: Annotated[
        list[str] | None,
        typer.Option(
            "--grade",
            metavar="GRADE",
            help="Only inputs of this grade: A, B, C, D or S. May be repeated.",
        ),
    ] = None,
    statement: Statement = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Write Parquet tables here; a run that was stopped goes on from them.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", metavar="N", min=1, help="Local processes; all processors if not given."
        ),
    ] = None,
    cluster: Annotated[
        str,
        typer.Option(
            "--cluster", metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786."
        ),
    ] = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Many plans under uncertain inputs: ranges of the answers, chance of shortage, options that
    are robust."""
    from planner.cli._terminal import Stages

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner

        found = planner.ensemble(
            system,
            samples=samples,
            seed=seed,
            sampler="sobol" if sobol else "lhs",
            inputs=tuple(inputs or ()),
            grades=tuple(grades or ()),
            statement=statement,
            out=out,
            workers=workers,
            cluster=cluster,
            progress=stage,
        )
        stage("tables")
        weak = _drivers(found)
        tables = {
            "summary": found.summary(),
            "shortage_probability": found.shortage_probability(),
            "options": found.robust_options(),
            **({} if weak is None else {"drivers": weak}),
        }
        write_tables(out, tables)
    if as_json:
        counts = found.headline["status"].value_counts().to_dict()
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "samples": samples,
                "seed": seed,
                "status": counts,
                "inputs": len(found.uncertain.inputs),
                **{name: records(table) for name, table in tables.items()},
            }
        )
    elif not quiet:
        _show(found, weak, out)


def _drivers(found: Ensemble) -> pd.DataFrame | None:
    """Which inputs drive the answers, where that can be told."""
    from planner.analysis.uncertainty.sensitivity import drivers
    from planner.errors import OutputError

    try:
        return drivers(found)
    except OutputError:
        return None


def _show(found: Ensemble, weak: pd.DataFrame | None, out: Path | None) -> None:
    from planner.cli._terminal import console, show_frame

    total, drawn = len(found.headline), int((found.headline["drawn_back"] > 0).sum())
    say = console().print
    say(
        f"{found.solved} of {total} samples of {len(found.uncertain.inputs)} uncertain inputs "
        "have a plan"
    )
    if drawn:
        say(
            f"in {drawn} of them yields or contents contradicted the metal balance and were drawn "
            "back towards the study's values"
        )
    for status, reason in (
        found.headline.loc[found.headline["status"] != "optimal", ["status", "reason"]]
        .value_counts()
        .head(3)
        .index
    ):
        say(f"  {status}: {reason}")
    show_frame("answers, quantiles over the samples", found.summary())
    short = found.shortage_probability()
    show_frame(
        "probability of shortage",
        short[short["probability"] > 0].sort_values("probability", ascending=False),
        rows=10,
        empty="no sample falls short",
    )
    options = found.robust_options()
    open_options = options[~options["robust"] & (options["share"] > 0)].copy()
    open_options = open_options.iloc[(open_options["share"] - 0.5).abs().argsort(kind="stable")]
    say(
        f"{int(options['robust'].sum())} of {len(options)} processes and plants are in the plan "
        "in 9 of 10 samples or more"
    )
    show_frame(
        "open: in the plan in some samples only (median: where it is)",
        open_options.drop(columns="robust"),
        rows=SHOWN_OPTIONS,
    )
    if weak is not None:
        real = weak[weak["real"] & weak["grade"].isin(["C", "D"])]
        show_frame(
            (
                "what better data would be worth: weak inputs (grade C or D) by the share of an "
                "answer's variance that hangs on each"
            ),
            real[["answer", "input", "grade", "share"]]
            .groupby("answer", sort=False)
            .head(SHOWN_DRIVERS),
            rows=len(real),
        )
    if out is not None:
        say(f"results in {out}", soft_wrap=True)
