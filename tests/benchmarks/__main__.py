"""The benchmark suite: `make bench`, or `python -m tests.benchmarks [SECTION ...] [--runs 5]
[--sizes ...] [--tools ...] [--out FOLDER]`.

Everything is measured side by side: in each run ours, then theirs, so that whatever else the
machine does hits both. Times are processor seconds. `docs/benchmarks.md` says how to read it. A
further section is one function in `SECTIONS`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.benchmarks.build import save_arrays
from tests.benchmarks.measured import (
    HEADING,
    Comparison,
    child,
    machine,
    process_seconds,
    write_json,
)
from tests.benchmarks.solvers import ALGORITHMS
from tests.benchmarks.world_study import SIZES, world

RUNS = 5
TOOLS = ("planner", "highspy", "linopy", "linopy-algebra", "pyomo-templates", "pyomo-plain")
SAME = 1e-6
"""Optima of the same programme, solved from different orders of rows and columns, agree to this
share."""
LONG = 30.0
"""A tool that took so many seconds at a size is measured once there."""
SOLVER_LIMIT = 900.0
PYTHON = sys.executable


@dataclass(frozen=True)
class Sitting:
    """One run of the suite: how often, how large, and a folder for the synthetic worlds."""

    runs: int
    sizes: tuple[str, ...]
    tools: tuple[str, ...]
    place: Path

    @cached_property
    def _made(self) -> dict[str, tuple[Path, Path]]:
        return {}

    def world(self, size: str) -> tuple[Path, Path]:
        """Study folder and arrays of a synthetic world, made once."""
        if size not in self._made:
            study = world(SIZES[size]).write(self.place / size.replace(" ", "_"))
            save_arrays(study, study / "arrays.npz")
            self._made[size] = study, study / "arrays.npz"
        return self._made[size]


def stages(sitting: Sitting) -> Iterator[Comparison]:
    """(a) read -> Plan for china by stage, and the largest world asked for, beside HiGHS's own time
    on the same arrays."""
    for name, study in [
        ("china", "china"),
        *((size, str(sitting.world(size)[0])) for size in sitting.sizes[-1:]),
    ]:
        runs: list[dict[str, float]] = []
        while len(runs) < sitting.runs and (not runs or runs[0]["whole"] < LONG):
            runs.append(child("stages", study))
        alone = tuple(run["HiGHS"] for run in runs)
        for stage in (
            "read",
            "balance",
            "build and hand-over",
            "ties",
            "check and tables",
            "whole",
        ):
            goal = 1.0 if stage == "build and hand-over" and name == "1 million" else None
            ours = tuple(run[stage] for run in runs)
            yield Comparison(
                "stages",
                f"{name}: {stage}",
                "HiGHS alone on the same arrays",
                ours,
                alone,
                goal=goal,
            )
        memory = tuple(run["peak"] / 1024 for run in runs)
        yield Comparison(
            "memory",
            f"{name}: peak of a whole solve",
            "6 GiB",
            memory,
            (6.0,) * len(runs),
            "GiB",
            1.0 if name == "1 million" else None,
        )


def builds(sitting: Sitting) -> Iterator[Comparison]:
    """(b) the same programme built and handed over by others; (g) their peak memory; growth of time
    per nonzero."""
    goals = {("10 thousand", "linopy-algebra"): 0.5, ("1 million", "linopy-algebra"): 3.0}
    each: dict[str, list[float]] = {}
    _require_same(sitting)
    for size in sitting.sizes:
        study, arrays = sitting.world(size)
        runs: dict[str, list[dict[str, float]]] = {}
        for run in range(sitting.runs):
            for tool in sitting.tools:
                done = runs.setdefault(tool, [])
                if run == 0 or done[0]["seconds"] < LONG:
                    done.append(child("build", tool, str(study), str(arrays)))
        each[size] = [run["seconds"] / run["nonzeros"] for run in runs["planner"]]
        for tool, theirs in runs.items():
            ours = runs["planner"][: len(theirs)]
            if tool != "planner":
                yield Comparison(
                    "build",
                    f"{size} columns",
                    tool,
                    tuple(r["seconds"] for r in ours),
                    tuple(r["seconds"] for r in theirs),
                    goal=goals.get((size, tool)),
                )
                yield Comparison(
                    "memory",
                    f"{size} columns: build and hand-over",
                    tool,
                    tuple(r["peak"] for r in ours),
                    tuple(r["peak"] for r in theirs),
                    "MiB",
                )
    if {"100 thousand", "1 million"} <= each.keys():
        yield Comparison(
            "build",
            "1 million: seconds per nonzero",
            "100 thousand",
            tuple(each["1 million"]),
            tuple(each["100 thousand"]),
            "s/nz",
            1.3,
        )


def _require_same(sitting: Sitting) -> None:
    """Stop where one of the tools built another programme of the smallest size, which all of them
    can solve at once."""
    study, arrays = sitting.world(next(iter(SIZES)))
    best = {
        tool: child("build", tool, str(study), str(arrays), "solve")["objective"]
        for tool in sitting.tools
    }
    # appsi and linopy leave the constant of the cost aside or keep it; the synthetic world has none
    if not all(
        abs(value - best["planner"]) <= SAME * abs(best["planner"]) for value in best.values()
    ):
        raise SystemExit(f"the tools did not build the same programme: {best}")


def stocks(sitting: Sitting) -> Iterator[Comparison]:
    """(c) stocks beside flodym."""
    import flodym

    from tests.benchmarks.measured import clock
    from tests.mfa.test_stocks import two_thousand_series

    ours, theirs = two_thousand_series(flodym)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(sitting.runs):
        for run, kept in zip((ours, theirs), taken, strict=True):
            with clock() as seconds:
                run()
            kept.append(seconds[0])
    yield Comparison(
        "stocks",
        "2,000 series, 100 years, a life each",
        "flodym",
        tuple(taken[0]),
        tuple(taken[1]),
        goal=1 / 15,
    )


def ensembles(sitting: Sitting) -> Iterator[Comparison]:
    """(d) a sample of an ensemble of china beside HiGHS alone and beside rebuilding each; (e) one
    worker and two, by the clock."""
    runs = [child("samples", "china", str(seed)) for seed in range(sitting.runs)]
    ours = tuple(run["ensemble"] for run in runs)
    for beside, way, goal in (
        ("HiGHS alone, warm, on the same arrays", "warm", 1.3),
        ("rebuilt in Pyomo, solved from nothing", "pyomo", 0.1),
        ("rebuilt by planner, solved from nothing", "planner", None),
    ):
        yield Comparison(
            "ensemble",
            "a sample of china",
            beside,
            ours,
            tuple(run[way] for run in runs),
            goal=goal,
        )
    pairs = [
        (
            child("samples", "workers", "china", "2")["seconds"],
            child("samples", "workers", "china", "1")["seconds"],
        )
        for _ in range(sitting.runs)
    ]
    two, one = zip(*pairs, strict=True)
    yield Comparison(
        "ensemble", "256 samples on two workers, by the clock", "one worker", two, one, goal=1 / 1.7
    )


def start_up(sitting: Sitting) -> Iterator[Comparison]:
    """(f) whole processes beside the imports alone."""
    imports = [PYTHON, "-c", "import pandas, pyomo.environ, highspy"]
    folder = sitting.place / "quickstart"
    commands = {
        "planner --help": ([PYTHON, "-m", "planner", "--help"], None),
        "planner solve quickstart": (
            [PYTHON, "-m", "planner", "solve", "quickstart", "--out", str(folder)],
            1.3,
        ),
    }
    for name, (command, goal) in commands.items():
        pairs = [(process_seconds(command), process_seconds(imports)) for _ in range(sitting.runs)]
        ours, theirs = zip(*pairs, strict=True)
        yield Comparison(
            "start-up", name, "import pandas, pyomo.environ, highspy", ours, theirs, goal=goal
        )
        if goal is None:
            yield Comparison("start-up", name, "0.3 s", ours, (0.3,) * len(ours), goal=1.0)


def algorithms(sitting: Sitting) -> Iterator[Comparison]:
    """Algorithms of HiGHS beside simplex, once for each size; what did not come to an end within
    the limit is left out."""
    for size in sitting.sizes:
        found = {
            each: child("solvers", str(sitting.world(size)[0]), each, str(SOLVER_LIMIT))
            for each in ALGORITHMS
        }
        for each, numbers in found.items():
            word = (
                ""
                if numbers["optimal"]
                else " (stopped at the limit)"
                if numbers["known"]
                else " (not in this highspy)"
            )
            yield Comparison(
                "solver",
                f"{size} columns: {each}{word}",
                "simplex",
                (numbers["seconds"],),
                (max(found["simplex"]["seconds"], 1e-9),),
            )


SECTIONS: Mapping[str, Callable[[Sitting], Iterator[Comparison]]] = {
    "stages": stages,
    "build": builds,
    "stocks": stocks,
    "ensemble": ensembles,
    "start-up": start_up,
    "solver": algorithms,
}
DEFAULT = ("start-up", "stocks", "ensemble", "stages", "build")
"""The algorithms take an hour: they are measured when asked for."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "sections",
        nargs="*",
        choices=[*SECTIONS, []],
        help=f"of {', '.join(SECTIONS)}; default {' '.join(DEFAULT)}",
    )
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument(
        "--tools",
        nargs="+",
        default=list(TOOLS),
        choices=list(TOOLS),
        help="what planner builds beside",
    )
    parser.add_argument("--out", type=Path, help="write benchmarks.json into this folder")
    given = parser.parse_args()
    sys.stdout.write(f"{machine()}\n{HEADING}\n")
    done: list[Comparison] = []
    with tempfile.TemporaryDirectory() as place:
        sitting = Sitting(
            given.runs,
            tuple(given.sizes),
            tuple(dict.fromkeys([TOOLS[0], *given.tools])),
            Path(place),
        )
        for section in given.sections or DEFAULT:
            for comparison in SECTIONS[section](sitting):
                done.append(comparison)
                sys.stdout.write(comparison.line + "\n")
                sys.stdout.flush()
                if given.out is not None:
                    given.out.mkdir(parents=True, exist_ok=True)
                    write_json(given.out / "benchmarks.json", done)


if __name__ == "__main__":
    main()
