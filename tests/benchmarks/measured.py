"""One measurement: what is compared with what, run by run, and how it is shown."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
MEBIBYTE = 2**20
KIBIBYTE = 2**10
PACKAGES = ("planner", "pyomo", "highspy", "linopy", "flodym", "numpy", "scipy", "pandas")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours beside theirs, in the runs of one sitting: `ours[i]` and `theirs[i]` were measured one
    after the other."""

    section: str
    what: str
    beside: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    unit: str = "s"
    goal: float | None = None
    """Largest ratio that is asked for; None where nothing is."""

    @property
    def ratios(self) -> list[float]:
        """Ours over theirs, run by run."""
        return [one / other for one, other in zip(self.ours, self.theirs, strict=True)]

    @property
    def line(self) -> str:
        """A row of the table: both medians, the median ratio with its spread, and whether the goal
        was reached."""
        ratios = self.ratios
        met = (
            ""
            if self.goal is None
            else f"{self.goal:g} {'reached' if median(ratios) <= self.goal else 'MISSED'}"
        )
        return (
            f"{self.section:<9} {self.what:<44} {self.beside:<44} {median(self.ours):>9.3g} "
            f"{median(self.theirs):>9.3g} {self.unit:<4} "
            f"{median(ratios):>7.3g} {min(ratios):>7.3g} to {max(ratios):<7.3g} {met}"
        )


HEADING = (
    f"{'section':<9} {'ours':<44} {'beside':<44} {'ours':>9} {'theirs':>9} unit "
    f"{'ratio':>7} {'least':>7} to {'most':<7} goal"
)


@contextmanager
def clock() -> Iterator[list[float]]:
    """Seconds of processor time (all threads) within; wall time would count whoever else uses the
    machine."""
    taken: list[float] = []
    start = time.process_time()
    yield taken
    taken.append(time.process_time() - start)


def peak() -> float:
    """Largest memory of this process so far, MiB. Linux counts that of the parent before the start
    into ru_maxrss; VmHWM is its own."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return (
            float(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
            * KIBIBYTE
            / MEBIBYTE
        )
    except (OSError, StopIteration):
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE / MEBIBYTE


def process_seconds(command: Sequence[str]) -> float:
    """Processor seconds of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def child(module: str, *arguments: str) -> dict[str, float]:
    """Run a module of the suite in a process of its own and take the numbers that it prints as
    JSON."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(numbers: Mapping[str, float]) -> None:
    """Output of a child process, which `child` reads."""
    sys.stdout.write("\n" + json.dumps(numbers) + "\n")


def machine() -> dict[str, object]:
    """Where it was measured, and with which versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MEBIBYTE
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except ImportError:
            found[package] = "absent"
    return {
        "processors": os.cpu_count(),
        "memory MiB": round(memory),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": found,
    }


def write_json(path: Path, comparisons: Sequence[Comparison]) -> None:
    rows = [{**asdict(each), "ratios": each.ratios} for each in comparisons]
    path.write_text(
        json.dumps({"machine": machine(), "comparisons": rows}, indent=1) + "\n", encoding="utf-8"
    )
