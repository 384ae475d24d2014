"""How many changes of the code that makes the programme the oracle notices: `python -m
tests.campaigns.oracle_mutants 100 7 200` takes single changes of `planner/lp` by seed 7, in turn,
until 100 of them change a programme and let it be made, and has `tests/oracle` judge each on 200
random studies, those of the tests and shipped scenarios.

The changes are those of `tests.campaigns.mutants`. A change counts where the arrays of any study
that is tried are not what they were, row by row and column by column by their names, rows that
bound nothing left out; where no programme calls the function that it is in, none has changed. One
that leaves all of them as they were is the same programme; one by which they cannot be made at all
is no programme, and needs no oracle to be noticed. Neither is counted. A change is noticed where
planner then answers otherwise than the oracle: another objective, a plan that breaks a row of the
oracle, a price that is none of it, another measure or indicator; or where planner raises, or finds
no end. The oracle reads the pages, and nothing of what is changed: its answers are made once.

Each mutant is a process of its own, forked before anything above the layer `lp` is imported: the
changed module is compiled from memory, and no file is written.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.util
import multiprocessing
import os
import pickle
import random
import resource
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import highspy  # noqa: F401
import numpy as np
import pandas as pd  # noqa: F401
from scipy import sparse

import planner
from planner.mfa.balance import balance
from tests.campaigns.mutants import ROOT, changes, mutated
from tests.oracle import small
from tests.oracle.compare import answered, differences
from tests.oracle.generator import draw, write
from tests.oracle.model import Answer
from tests.oracle.programme import solve
from tests.oracle.reader import read

DEFAULTS = (100, 7, 200, 0, 1)
"""Mutants, seed, random studies, and which part of how many: `50 7 200 0 2` beside `50 7 200 1 2`
on two cores."""
PATIENCE = 300
"""Seconds of a core for one mutant."""
SAME = 1e-12
"""Share of a number up to which two are one: what another order of a sum may change."""
CHANGED = multiprocessing.Value("i", 0)
"""Programmes that the mutant at work has changed so far, known also where it never ends."""
CHINA = ("", "self-reliance", "border-adjustment", "closed-loop", "capital-limited")
BY_HAND = ("TWO_STEPS", "DIRECT_RECYCLER", "FOREIGN_BYPRODUCT", "TINY_SHARE")
NAMES = ("columns", "rows")
ACROSS = ("cost", "carbon", "lower", "upper")
DOWN = ("row_lower", "row_upper")
NOTICED = ("objective", "plan", "price", "measure", "indicator", "raises")
ASIDE = ("same", "no programme")


@dataclass(frozen=True)
class Case:
    """A study in a scenario: its name, its folder, and what planner reads."""

    name: str
    folder: Path
    scenario: str
    system: Any
    balance: Any


# ---- studies


def places(folder: Path, count: int) -> Iterator[tuple[str, Path, str]]:
    """Name, folder and scenario of every study that is tried, the small ones first."""
    for name in BY_HAND:
        yield name, small.write(getattr(small, name), folder / name), ""
    for seed in range(count):
        yield f"random {seed}", write(draw(seed), folder / str(seed)), ""
    shipped = [*sorted((ROOT / "tests" / "studies").iterdir()), ROOT / "models" / "quickstart"]
    for study in [*shipped, ROOT / "models" / "world"]:
        head = tomllib.loads((study / "study.toml").read_text(encoding="utf-8"))
        for scenario in ["", *head.get("scenarios", {})]:
            yield f"{study.name} {scenario}", study, scenario
    for scenario in CHINA:
        yield f"china {scenario}", ROOT / "models" / "china", scenario


def cases(folder: Path, count: int) -> list[Case]:
    """All studies that planner reads."""
    found = []
    for name, study, scenario in places(folder, count):
        try:
            system = planner.read(study, scenario=scenario)
            found.append(Case(name, study, scenario, system, balance(system)))
        except planner.SpecError:
            continue
    return found


# ---- programmes, compared by names


def programme(case: Case) -> Any:
    """The arrays of a study; or why there are none."""
    from planner.lp.formulation import components
    from planner.lp.formulation import programme as arrays_of

    try:
        return arrays_of(components(case.system, case.balance))
    except (planner.InfeasibleError, planner.SpecError) as error:
        return f"{type(error).__name__}: {error}"


def plain(arrays: Any) -> Any:
    """What a programme is made of, without the classes of planner."""
    if isinstance(arrays, str):
        return arrays
    return {name: getattr(arrays, name) for name in (*NAMES, *ACROSS, *DOWN, "matrix", "offset")}


def in_order(programme: dict[str, Any]) -> dict[str, Any]:
    """A programme with columns and rows in the order of their names, rows that bound nothing, for
    want of a side or of terms, left out."""
    across = sorted(range(len(programme["columns"])), key=lambda i: str(programme["columns"][i]))
    matrix = sparse.csc_array(programme["matrix"])
    terms = np.bincount(matrix.indices, minlength=matrix.shape[0]) > 0
    low, high = programme["row_lower"], programme["row_upper"]
    bounding = np.where(terms, np.isfinite(low) | np.isfinite(high), (low > 0) | (high < 0))
    down = sorted(np.flatnonzero(bounding), key=lambda i: str(programme["rows"][i]))
    return {
        "columns": [programme["columns"][i] for i in across],
        "rows": [programme["rows"][i] for i in down],
        "matrix": matrix[:, across][down, :],
        "offset": programme["offset"],
        **{name: programme[name][across] for name in ACROSS},
        **{name: programme[name][down] for name in DOWN},
    }


def same(a: Any, b: Any) -> bool:
    """Whether two programmes are one."""
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str)
    if alike(a, b):
        return True
    return alike(in_order(a), in_order(b))


def alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether two programmes are one as they stand."""
    if any(a[name] != b[name] for name in NAMES):
        return False
    off = abs(a["matrix"] - b["matrix"]) - SAME * abs(b["matrix"])
    if off.nnz and not off.max() <= 0:
        return False
    numbers = ("offset", *ACROSS, *DOWN)
    return all(np.allclose(a[n], b[n], rtol=SAME, atol=0.0, equal_nan=True) for n in numbers)


# ---- one mutant


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module its changed code."""

    def __init__(self, module: str, path: Path, code: str) -> None:
        self.module, self.path, self.code = module, path, code

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self.module:
            return None
        inside = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        spec = importlib.util.spec_from_loader(name, self, is_package=inside is not None)
        if spec is not None and inside is not None:
            spec.submodule_search_locations = inside
        return spec

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__file__"] = str(self.path)
        exec(compile(self.code, str(self.path), "exec"), module.__dict__)


def module_of(file: str) -> str:
    """Dotted name of a file."""
    return ".".join(Path(file).with_suffix("").parts).removesuffix(".__init__")


@dataclass
class Fate:
    """What became of a mutant: same, no programme, survives, raises, or the kind of difference;
    where, and how many programmes it had changed until then."""

    kind: str
    where: str = ""
    what: str = ""
    changed: int = 0


def judge(tried: Sequence[Case], before: Sequence[Any], answers: Sequence[Answer]) -> Fate:
    """The first study in which planner and the oracle differ, of those whose programme changed."""
    number, first = 0, ""
    for case, old, answer in zip(tried, before, answers, strict=True):
        try:
            new = plain(programme(case))
        except Exception as error:
            text = f"{type(error).__name__}: {error}"[:200]
            return Fate("raises" if number else "no programme", case.name, text, number)
        if same(new, old):
            continue
        number, first = number + 1, first or case.name
        CHANGED.value = number
        try:
            found = answered(case.system, answer)
            if found.status == "failed":
                return Fate("raises", case.name, found.message, number)
            differ = next(differences(read(case.folder, case.scenario), found), "")
        except Exception as error:
            return Fate("raises", case.name, f"{type(error).__name__}: {error}"[:200], number)
        if differ:
            kind, _, text = differ.partition(": ")
            return Fate(kind, case.name, text[:200], number)
    return Fate("survives", first, "", number) if number else Fate("same")


def apart(work: Callable[[], Any], patience: float) -> Any:
    """What a process of its own makes of some work; None where it takes too long or dies."""
    here, there = multiprocessing.Pipe(duplex=False)

    def run() -> None:
        try:
            made = pickle.dumps(work())
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        there.send_bytes(made)
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    there.close()
    try:
        return pickle.loads(here.recv_bytes()) if here.poll(patience) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()
        here.close()


def fate(file: str, code: str, *known: Any) -> Fate:
    """What becomes of a change of a file."""

    def work() -> Fate:
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
        sys.meta_path.insert(0, Changed(module_of(file), ROOT / file, code))
        try:
            importlib.import_module("planner.plan.solve")
        except Exception as error:
            return Fate("no programme", "import", f"{type(error).__name__}: {error}"[:200])
        return judge(*known)

    CHANGED.value = 0
    found, long = apart(work, 20 * PATIENCE), "dies or takes too long"
    kind = "raises" if CHANGED.value else "no programme"
    return found or Fate(kind, "", long, CHANGED.value)


# ---- the campaign


def mutants() -> list[tuple[str, int]]:
    """All single changes of the code that makes the programme: file, and number in it."""
    return [
        (path.relative_to(ROOT).as_posix(), i)
        for path in sorted((ROOT / "planner" / "lp").rglob("*.py"))
        for i, _ in enumerate(changes(ast.parse(path.read_text(encoding="utf-8"))))
    ]


Called = set[tuple[str, int]]
"""Functions that ran: file and first line."""


def compile_all(tried: Sequence[Case]) -> tuple[list[Any], Called]:
    """The programmes of all studies, and the functions that ran from the first import on."""
    called: Called = set()

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            called.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    sys.setprofile(note)
    found = [plain(programme(case)) for case in tried]
    sys.setprofile(None)
    return found, {(name, line) for name, line in called if "planner" in name}


def idle(file: str, number: int, called: Called) -> bool:
    """Whether a change lies in the body of a function that no programme needs."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    node, _ = list(changes(tree))[number]
    around = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef)
        and each.body[0].lineno <= node.lineno <= (each.end_lineno or 0)
    ]
    if not around:
        return False
    inner = max(around, key=lambda each: each.lineno)
    first = min([inner.lineno, *(each.lineno for each in inner.decorator_list)])
    return (str(ROOT / file), first) not in called


def main(count: int, seed: int, studies: int, part: int, parts: int) -> int:
    """Judge mutants until so many have changed a programme; one part of all of them."""
    counts: Counter[str] = Counter()
    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        tried = cases(Path(folder), studies)
        before, called = apart(lambda: compile_all(tried), 3600)
        answers = apart(lambda: [solve(read(c.folder, c.scenario)) for c in tried], 3600)
        say(f"{len(tried)} studies, solved by the oracle in {time.time() - began:.0f} s")
        order = mutants()
        random.Random(seed).shuffle(order)
        for file, number in order[part::parts]:
            if idle(file, number, called):
                counts["same"] += 1
                continue
            code, line, words = mutated(ROOT, file, number)
            found = fate(file, code, tried, before, answers)
            counts[found.kind] += 1
            changed = counts.total() - sum(counts[kind] for kind in ASIDE)
            say(f"{changed} {words} (line {line})")
            say(f"    {found.kind}: {found.where}: {found.what} ({found.changed} changed)")
            if changed >= count:
                break
    return summary(counts, count, time.time() - began)


def say(text: str) -> None:
    """A line, at once."""
    sys.stdout.write(text.replace("\n", " ") + "\n")
    sys.stdout.flush()


def summary(counts: Counter[str], count: int, seconds: float) -> int:
    """Say what was noticed and how; the status is 1 below 95 of 100."""
    noticed = sum(counts[kind] for kind in NOTICED)
    for kind in (*ASIDE, *NOTICED, "survives"):
        say(f"{counts[kind]:5} {kind}")
    say(f"noticed {noticed} of {noticed + counts['survives']}, {seconds / 60:.0f} min")
    return int(noticed < 0.95 * count)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:6]]
    sys.exit(main(*numbers, *DEFAULTS[len(numbers) :]))
