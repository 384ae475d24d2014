"""Commands about uncertain inputs: ensemble, sensitivity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._shared import (
    Answers,
    Json,
    Quiet,
    Scenario,
    Set,
    Study,
    Tables,
    identity,
    money,
    print_json,
    reading,
    records,
    write_tables,
)
from planner.cli.app import app

if TYPE_CHECKING:
    import pandas as pd

    from planner.analysis.uncertainty.ensemble import Ensemble
    from planner.analysis.uncertainty.sensitivity import Sensitivity
    from planner.system.nouns import System

SHOWN_OPTIONS = 15
"""Options that the terminal lists: those of which it is least certain whether they are in the
plan."""
SHOWN_DRIVERS = 4
"""Inputs that the terminal lists for each answer."""
SHOWN_REASONS = 3
"""Reasons why samples have no plan that the terminal lists."""
SHOWN_MOVES = 8
"""Inputs that the terminal lists for each answer asked for."""
SHOWN_HEADLINES = 25
"""Inputs that the terminal lists of those that move the headlines."""
SHOWN_SWINGS = (
    "input",
    "grade",
    "cost at low",
    "cost at high",
    "footprint at low",
    "footprint at high",
    "no plan at",
)
"""Columns of the table of swings that fit a terminal."""
MONEY_SWINGS = SHOWN_SWINGS.index("footprint at low")
"""Where those of penalties go, if any penalty moves."""
PENALTY_SWINGS = ("penalty at low", "penalty at high")

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
        help="TOML file with distributions, ends and correlations beside low and high of the "
        "tables.",
    ),
]
AnyGrades = Annotated[
    list[str] | None,
    typer.Option(
        "--grade",
        metavar="GRADE",
        help="Only inputs of this grade: A, B, C, D or S. May be repeated.",
    ),
]
WeakGrades = Annotated[
    list[str] | None,
    typer.Option(
        "--grade",
        metavar="GRADE",
        help="Only inputs of this grade; C and D if not given, all with --answer headlines. May be "
        "repeated.",
    ),
]
Samples = Annotated[
    int, typer.Option("--samples", "-n", metavar="N", min=1, help="How many samples.")
]
Seed = Annotated[
    int, typer.Option("--seed", metavar="N", min=0, help="The same seed gives the same samples.")
]
Sobol = Annotated[
    bool,
    typer.Option("--sobol", help="Sobol points, for few inputs; Latin hypercubes if not given."),
]
EnsembleFolder = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="Write Parquet tables here; a run that was stopped goes on from them.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Local processes; all processors if not given."
    ),
]
Cluster = Annotated[
    str,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="A Dask scheduler of your own, such as tcp://host:8786 (tls:// with certificates): it "
        "and its workers run the Python objects that they are sent, and nobody is authenticated "
        "without TLS.",
    ),
]
Top = Annotated[
    int,
    typer.Option(
        "--top", metavar="N", min=0, help="For how many inputs to find where the plan turns."
    ),
]


@app.command(
    "ensemble",
    epilog="Example: planner ensemble china --samples 512 --grade D --out results/ensemble",
)
def ensemble(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    samples: Samples = 256,
    seed: Seed = 0,
    sobol: Sobol = False,
    inputs: Inputs = None,
    grades: AnyGrades = None,
    answers: Answers = None,
    statement: Statement = None,
    out: EnsembleFolder = None,
    workers: Workers = None,
    cluster: Cluster = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Plan many samples of the uncertain inputs: ranges, chance of shortage, robust options."""
    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner

        found = planner.ensemble(
            system,
            samples=samples,
            seed=seed,
            sampler="sobol" if sobol else "lhs",
            inputs=tuple(inputs or ()),
            grades=tuple(grades or ()),
            answers=tuple(answers or ()),
            statement=statement,
            out=out,
            workers=workers,
            cluster=cluster,
            progress=stage,
        )
        stage("tables")
        write_tables(out, tables := _tables(found))
    if as_json:
        said = {**identity(system), "samples": samples, "seed": seed}
        print_json({**said, **_answer(found, tables)})
    elif not quiet:
        _show_ensemble(found, tables, out)


def _tables(found: Ensemble) -> dict[str, pd.DataFrame]:
    """The tables of an ensemble; `drivers` where it can be told which inputs drive the answers."""
    import planner

    tables = {
        "summary": found.summary(),
        "shortage_probability": found.shortage_probability(),
        "options": found.robust_options(),
    }
    try:
        return {**tables, "drivers": planner.drivers(found)}
    except planner.OutputError:
        return tables


def _answer(found: Ensemble, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    return {
        "status": found.headline["status"].value_counts().to_dict(),
        "inputs": len(found.uncertain.inputs),
        **{name: records(table) for name, table in tables.items()},
    }


def _show_ensemble(found: Ensemble, tables: dict[str, pd.DataFrame], out: Path | None) -> None:
    from planner.cli._terminal import console, show_frame

    say = console().print
    for line in _counts(found):
        say(line)
    show_frame("answers, quantiles over the samples", tables["summary"])
    short = tables["shortage_probability"]
    show_frame(
        "probability of shortage",
        short[short["probability"] > 0].sort_values("probability", ascending=False),
        rows=10,
        empty="no sample falls short",
    )
    options = tables["options"]
    say(
        f"{int(options['robust'].sum())} of {len(options)} processes and plants are in the plan "
        "in 9 of 10 samples or more"
    )
    undecided = options[~options["robust"] & (options["share"] > 0)]
    undecided = undecided.iloc[(undecided["share"] - 0.5).abs().argsort(kind="stable")]
    show_frame(
        "open: in the plan in some samples only (median: where it is)",
        undecided.drop(columns="robust"),
        rows=SHOWN_OPTIONS,
    )
    if "drivers" in tables:
        _show_drivers(tables["drivers"])
    if out is not None:
        say(f"results in {out}", soft_wrap=True)


def _counts(found: Ensemble) -> list[str]:
    """Counts of samples with a plan and of samples drawn back, and why others have no plan."""
    headline = found.headline
    samples = f"{found.solved} of {len(headline)} samples"
    lines = [f"{samples} of {len(found.uncertain.inputs)} uncertain inputs have a plan"]
    if drawn := int((headline["drawn_back"] > 0).sum()):
        lines.append(
            f"in {drawn} of them yields or contents contradicted the metal balance and were drawn "
            "back towards the study's values"
        )
    failed = headline.loc[headline["status"] != "optimal", ["status", "reason"]]
    for status, reason in failed.value_counts().head(SHOWN_REASONS).index:
        lines.append(f"  {status}: {reason}")
    return lines


def _show_drivers(drivers: pd.DataFrame) -> None:
    from planner.cli._terminal import show_frame

    weak = drivers[drivers["real"] & drivers["grade"].isin(["C", "D"])]
    by_answer = weak[["answer", "input", "grade", "share"]].groupby("answer", sort=False)
    show_frame(
        "what better data would be worth: weak inputs (grade C or D) by the share of an answer's "
        "variance that hangs on each",
        by_answer.head(SHOWN_DRIVERS),
        rows=len(weak),
    )


@app.command(
    "sensitivity",
    epilog="Example: planner sensitivity china --input 'process_values.*germanium*' --out "
    "results/sensitivity",
)
def sensitivity(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    inputs: Inputs = None,
    grades: WeakGrades = None,
    answers: Answers = None,
    statement: Statement = None,
    top: Top = 20,
    out: Tables = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Rank what better data would be worth: inputs that move the answer most, and the value at
    which the plan turns."""
    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner

        found = planner.sensitivity(
            system,
            inputs=tuple(inputs or ()),
            grades=tuple(grades) if grades else None,
            answers=tuple(answers or ()),
            statement=statement,
            top=top,
            progress=stage,
        )
        tables = {"swings": found.swings, "turns": found.turns}
        if answers:
            tables |= {"moves": found.moves}
        if len(found.headlines.columns):
            tables |= {"headlines": found.headlines, "weak": found.weak}
        write_tables(out, tables)
    if as_json:
        paid = {"cost": found.cost, "penalty": found.penalty}
        answer = {**identity(system), **paid, "emissions": dict(found.emissions)}
        print_json({**answer, **{name: records(table) for name, table in tables.items()}})
    elif not quiet:
        _show_sensitivity(system, found)


def _show_sensitivity(system: System, found: Sensitivity) -> None:
    from planner.cli._terminal import show_frame

    penalties = [name for name in PENALTY_SWINGS if found.swings[name].abs().max() > 0]
    show_frame(
        f"change of cost ({money(system)}) and footprint (t CO2e) at the ends of an input, the "
        "others as they are",
        found.swings[[*SHOWN_SWINGS[:MONEY_SWINGS], *penalties, *SHOWN_SWINGS[MONEY_SWINGS:]]],
        rows=20,
    )
    show_frame(
        "values beyond which other options are in the plan",
        found.turns,
        rows=len(found.turns),
        empty="no input turns the plan",
    )
    for answer, moves in found.moves.groupby("answer", sort=False):
        if not len(found.headlines.columns) or not str(answer).startswith("share:"):
            show_frame(
                f"{answer}: {moves['base'].iloc[0]:.4g} {moves['answer_unit'].iloc[0]}; inputs "
                "that move it most",
                moves[["input", "grade", *("at low", "at high", "moved")]],
                rows=SHOWN_MOVES,
            )
    if len(found.headlines.columns):
        _show_headlines(found.headlines, found.weak)


def _show_headlines(table: pd.DataFrame, weak: pd.DataFrame) -> None:
    from planner.cli._terminal import console, show_frame

    counts = table["grade"].value_counts()
    grades = ", ".join(f"{counts[grade]} of grade {grade}" for grade in sorted(counts.index))
    show_frame(
        "numbers that move the mix of a metal most (moves: the share of it that comes another "
        "way), and for weak ones the value beyond which its leading source changes or a tenth of "
        "it moves",
        table[["input", "grade", "moves", "headline", "turns below", "turns above"]],
        rows=SHOWN_HEADLINES,
        empty="no number moves a headline",
    )
    if len(table):
        console().print(f"of {len(table)} numbers {grades}")
    first = weak[weak["rank"] <= SHOWN_DRIVERS]
    show_frame(
        "weak numbers (not of grade A or B) that move each metal's own mix most",
        first[["metal", "input", "grade", "moves", "headline"]],
        rows=len(first),
        empty="no weak number moves a mix",
    )
