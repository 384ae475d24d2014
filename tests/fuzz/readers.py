"""Coverage-guided fuzzing of the readers: `python -m tests.fuzz.readers SECONDS`; needs atheris (`make fuzz`).

The first byte chooses the reader: head, a table of numbers, a table of names, a unit, a path of --set, a workbook. Whatever comes, the
answer is a value or a SpecError (ValueError for a unit); everything else ends the run, with the bytes in a file crash-*.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["planner", "tomllib"]):
    import planner
    from planner.errors import SpecError
    from planner.read import _Study
    from planner.sheets import read_study_workbook, write_study_workbook
    from planner.study.files import parse_sheet
    from planner.study.head import read_head
    from planner.study.problems import Problems
    from planner.units import factor

from tests.mutations import NUMBERS, UNITS, originals

SEEDS = originals()["quickstart"]
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
BOOK = FOLDER / "book.xlsx"


def head(content: bytes) -> None:
    read_head(content, Problems())


def table(content: bytes, name: str) -> None:
    """The study with one of its tables replaced."""
    place = FOLDER / "study"
    place.mkdir(exist_ok=True)
    for file, original in SEEDS.items():
        (place / file).write_bytes(content if file == name else original)
    _Study(place, "study").system("", {})


def one(content: bytes) -> None:
    kind, rest = content[:1], content[1:]
    choice = kind[0] % 6 if kind else 0
    try:
        if choice == 0:
            head(rest)
        elif choice == 1:
            table(rest, "demand.csv")
        elif choice == 2:
            table(rest, "goods.csv")
        elif choice == 3:
            factor(rest.decode("utf-8", errors="replace"), "USD/t", 2021)
        elif choice == 4:
            path, _, value = rest.decode("utf-8", errors="replace").partition("=")
            planner.read("quickstart", overrides={path: value})
        else:
            parse_sheet("goods.csv", rest, Problems())
            BOOK.write_bytes(rest)
            read_study_workbook(BOOK)
    except SpecError:
        return
    except ValueError:
        if choice != 3:
            raise


def corpus(folder: Path) -> None:
    """Real files, units and paths, each with the byte of its reader."""
    folder.mkdir(exist_ok=True)
    seeds = [b"\0" + SEEDS["study.toml"], b"\1" + SEEDS["demand.csv"], b"\2" + SEEDS["goods.csv"],
             b"\4series.carbon_price=30 USD_2021/tCO2e", b"\4demand.packs/new.2021=1 t",
             b"\5" + write_study_workbook("quickstart", BOOK).read_bytes()]
    seeds += [b"\3" + unit.encode() for unit in UNITS] + [b"\4hosts.copper=" + number.encode()[:200] for number in NUMBERS]
    for i, seed in enumerate(seeds):
        (folder / f"seed{i}").write_bytes(seed)


if __name__ == "__main__":
    seconds = sys.argv[1] if len(sys.argv) > 1 else "600"
    corpus(FOLDER / "corpus")
    limits = ["-timeout=60", "-max_len=65536", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", *limits, str(FOLDER / "corpus")], one)
    atheris.Fuzz()
