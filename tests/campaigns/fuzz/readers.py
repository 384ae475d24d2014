"""Coverage-guided fuzzing of the readers: `python -m tests.campaigns.fuzz.readers SECONDS`; needs
atheris (`make fuzz`).

The first byte chooses the reader: head, rows of a CSV file, one table, one cell or one line of a
small study, a unit, a path of --set, a statement of uncertainties, one part of a workbook, a whole
workbook. Whatever comes, the answer is a SpecError (ValueError for a unit) or what
`tests.plain_reading` and `tests.plain_workbook` read there too; everything else ends the run, with
the bytes in a file crash-*. `python -m tests.campaigns.fuzz.readers crash-*` tries those again.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import atheris

# only what reads is instrumented: the rest would be slower and say nothing
with atheris.instrument_imports(
    include=["planner.study", "planner.units", "planner.analysis.uncertainty", "tomllib"],
):
    from planner.analysis.uncertainty.sampling import uncertainty
    from planner.errors import SpecError
    from planner.study.files import HEAD_FILE, parse_sheet, read_files
    from planner.study.head import read_head
    from planner.study.problems import Problems
    from planner.study.reader import _Study, read
    from planner.study.workbook import read_study_workbook, write_study_workbook
    from planner.units import factor

from planner.study.schema import BY_NAME, POLICY_FORMS
from tests.campaigns.mutations import NAMES, NUMBERS, TOML_VALUES, UNITS, originals
from tests.campaigns.test_mutated_workbooks import as_spreadsheets_save, misread, packed
from tests.plain_reading import NotPlain, differences, plain_rows, plain_unit
from tests.small import Study

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
BOOK = FOLDER / "book.xlsx"
TARGETS = ("USD/t", "t/year", "t/t", "1", "tCO2e/t", "MWh/t", "USD/(t/year)", "1/year", "year", "t")
TOLD = 5000
SCENARIOS = """[scenarios.dear]
inherits = ["base"]
discount_rate = 0.1
[scenarios.dear.set]
"plants.pit.life" = 9
[scenarios.base]
[policies"""
DONE: Counter[str] = Counter()
"""Inputs by reader, and those that were read rather than refused."""


def small() -> dict[str, bytes]:
    """A study that is read in a few milliseconds and has a row in most tables."""
    study = Study(2021, 2022, metals=("lithium", "cobalt"), scenario="dear")
    study.good("li", "refined", demand=[100, 110], shortage_cost=1000).good(
        "ore", "intermediate"
    ).good("old", "waste", collection=0.5)
    shares = {"lithium": 0.2, "cobalt": 0.1}
    study.good(
        "packs",
        "product",
        content=shares,
        equivalent=shares,
        demand={2021: 5, 2022: 6},
        shortage_cost=9000,
    )
    study.process(
        "mine",
        "mine",
        takes={"rock": 1.25},
        gives={"ore": 1},
        plant="pit",
        loss="slag",
        variable_cost=10,
    )
    study.process(
        "works",
        "refine",
        takes={"ore": 1},
        gives={"li": 1},
        variable_cost=[5, 6],
        direct_emission=2,
    )
    study.process("abroad", "import", gives={"li": 1}, import_price=30)
    study.plant("pit", existing_capacity=200, capital_cost=100, life=10).deposit(
        "rock", reserve=5000
    ).series("carbon_price", [20, 25])
    study.product(
        "cars",
        waste="old",
        uses={"packs": 1},
        inflow={2020: 5},
        distribution="normal",
        life=3,
        lifetime_sd=1,
    )
    study.policy(
        "cap", "import_share", metal="lithium", origin="abroad", share={2021: 0.5, 2022: 0.4}
    )
    folder = study.write(FOLDER / "small")
    # the writer of small studies knows neither ends of a range nor scenarios
    for name, old, new in (
        ("plants.csv", "100,USD_2021/(t/year),,", "100,USD_2021/(t/year),50,150"),
        (HEAD_FILE, "[policies", SCENARIOS),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return dict(read_files(folder, Problems()))


SMALL = small()
TABLES = sorted(name for name in SMALL if name != HEAD_FILE)
STUDY = _Study(SMALL, "small")
SYSTEM = read(FOLDER / "small")


def parts_of(book: bytes) -> dict[str, bytes]:
    """The parts of a workbook that hold data or say where it stands."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {
            name: archive.read(name)
            for name in archive.namelist()
            if "omment" not in name
            and "rawing" not in name
            and not name.startswith(("docProps", "xl/theme", "xl/worksheets/_rels"))
        }


def two_sheets() -> bytes:
    """The least workbook: the head and one table, the latter with its texts in one list."""
    Study(2021, 2021).good("li", "refined", demand=1).write(folder := FOLDER / "two")
    for path in folder.glob("*.csv"):
        if path.name != "demand.csv":
            path.unlink()
    (folder / "goods.csv").write_text("good,metal,kind\nli,lithium,refined\n", encoding="utf-8")
    return as_spreadsheets_save(write_study_workbook(folder, BOOK).read_bytes())


LEAST = two_sheets()
PARTS = parts_of(LEAST)
PART_NAMES = sorted(PARTS)


def head(content: bytes) -> bool:
    problems = Problems()
    return read_head(content, problems) is not None and not problems


def rows(content: bytes) -> bool:
    problems = Problems()
    sheet = parse_sheet("goods.csv", content, problems)
    if sheet is None or problems or len(set(sheet.header)) < len(sheet.header):
        return False
    mine = [(number, dict(zip(sheet.header, cells, strict=True))) for number, cells in sheet.rows]
    assert mine == list(plain_rows(content)), "rows differ"
    return True


def table(content: bytes) -> bool:
    """The small study with one of its tables replaced: the first byte says which."""
    name = TABLES[content[0] % len(TABLES)] if content else TABLES[0]
    return whole({**SMALL, name: content[1:]})


def cell(content: bytes) -> bool:
    """The small study with one cell replaced: three bytes say where it stands, the rest is its
    text, quoted."""
    name = TABLES[content[0] % len(TABLES)] if content else TABLES[0]
    lines = list(csv.reader(io.StringIO(SMALL[name].decode(), newline="")))
    row, column, text = *(content[1:3] + b"\0\0")[:2], content[3:].decode("utf-8", errors="replace")
    lines[row % len(lines)][column % len(lines[0])] = text
    csv.writer(out := io.StringIO(newline="")).writerows(lines)
    return whole({**SMALL, name: out.getvalue().encode()})


def field(content: bytes) -> bool:
    """The small study with one line of study.toml replaced from the equals sign on: the first byte
    says which."""
    lines = SMALL[HEAD_FILE].split(b"\n")
    at = content[0] % len(lines) if content else 0
    lines[at] = lines[at].partition(b"= ")[0] + b"= " + content[1:]
    return whole({**SMALL, HEAD_FILE: b"\n".join(lines)})


def study_head(content: bytes) -> bool:
    """The small study with another study.toml."""
    return whole({**SMALL, HEAD_FILE: content})


def whole(files: dict[str, bytes]) -> bool:
    system, problems = _Study(files, "small").system("", {})
    if system is None or problems:
        return False
    found = differences(system, files)
    assert not found, found[:3]
    return True


def unit(content: bytes) -> bool:
    text = content[1:].decode("utf-8", errors="replace")
    target = TARGETS[content[0] % len(TARGETS)] if content else TARGETS[0]
    try:
        found = factor(text, target, 2021)
    except ValueError:
        return False
    size, dimensions = plain_unit(text.strip(), 2021)
    internal, same = plain_unit(target.replace("USD", "USD_2021"), 2021)
    assert dimensions == same, f"{text!r} is no {target}"
    assert abs(found * internal / size - 1) < 1e-9, (
        f"{text!r} in {target}: {found} for {size / internal}"
    )
    return True


def override(content: bytes) -> bool:
    path, _, value = content.decode("utf-8", errors="replace").partition("=")
    system, problems = STUDY.system("", {path: value})
    return system is not None and not problems


def statement(content: bytes) -> bool:
    path = FOLDER / "statement.toml"
    path.write_bytes(content)
    uncertainty(SYSTEM, statement=path)
    return True


def part(content: bytes) -> bool:
    """A workbook of two sheets with one of its parts replaced: the first byte says which."""
    name = PART_NAMES[content[0] % len(PART_NAMES)] if content else PART_NAMES[0]
    return archive(packed({**PARTS, name: content[1:]}, stored=True))


def archive(content: bytes) -> bool:
    BOOK.write_bytes(content)
    files = read_study_workbook(BOOK)
    wrong = misread(files, content)
    assert not wrong, wrong[:500]
    return True


READERS: tuple[Callable[[bytes], bool], ...] = (
    head,
    rows,
    table,
    cell,
    field,
    study_head,
    unit,
    override,
    statement,
    part,
    archive,
)


def told() -> None:
    """Number of inputs that each reader had so far, and of those that it read."""
    counts = (
        f"{read.__name__} {DONE[read.__name__]:,} ({DONE[f'{read.__name__} read']:,} read)"
        for read in READERS
    )
    sys.stderr.write(f"inputs: {', '.join(counts)}\n")


def one(content: bytes) -> None:
    read = READERS[content[0] % len(READERS)] if content else head
    DONE[read.__name__] += 1
    DONE["all"] += 1
    if DONE["all"] % TOLD == 0:
        told()
    try:
        DONE[f"{read.__name__} read"] += read(content[1:])
    except SpecError as error:
        if not error.problems:
            raise AssertionError("refused without a place") from error
    except NotPlain as error:
        raise AssertionError(f"read, though it does not plainly say one thing: {error}") from error


def corpus(folder: Path) -> None:
    """Real files, units, paths and parts, each with the byte of its reader."""
    folder.mkdir(exist_ok=True)
    number = {read.__name__: bytes([i]) for i, read in enumerate(READERS)}
    seeds = [number["head"] + files[HEAD_FILE] for files in originals().values()] + [
        number["study_head"] + SMALL[HEAD_FILE]
    ]
    seeds += [
        number["rows"] + content[:2000]
        for files in originals().values()
        for name, content in files.items()
        if name != HEAD_FILE
    ]
    seeds += [number["table"] + bytes([i]) + SMALL[name] for i, name in enumerate(TABLES)]
    seeds += [
        number["cell"] + bytes([i, j, j]) + text
        for i in range(len(TABLES))
        for j, text in enumerate((b"7", b"", b"x", b"2021"))
    ]
    seeds += [
        number["field"] + bytes([i]) + line.partition(b"= ")[2]
        for i, line in enumerate(SMALL[HEAD_FILE].split(b"\n"))
    ]
    seeds += [
        number["unit"] + bytes([i % len(TARGETS)]) + text.encode()
        for i, text in enumerate((*UNITS, *TARGETS))
    ]
    seeds += [
        number["override"] + text.encode()
        for text in (
            "series.carbon_price=30 USD_2021/tCO2e",
            "demand.li.2021=1 t",
            "discount_rate=0.1",
            "policies.cap.enabled=false",
            "policies.cap.share={2021 = 0.3}",
            *(f"plants.pit.life={value[:200]}" for value in NUMBERS),
        )
    ]
    seeds += [
        number["statement"] + text
        for text in (
            b'[inputs."demand.*"]\nlow = 0.5\nhigh = 2.0\ndistribution = "triangular"\n',
            b"[[correlated]]\ninputs = 5\ncorrelation = 0.5\n",
            b'[inputs."*"]\nlow = 999999999999999999999999\n',
            (
                b'[inputs."plants.pit.life"]\nlow = 0.5\nhigh = 2\n[[correlated]]\ninputs = '
                b'["demand.*"]\ncorrelation = 0.7\n'
            ),
        )
    ]
    seeds += [number["part"] + bytes([i]) + PARTS[name] for i, name in enumerate(PART_NAMES)] + [
        number["archive"] + LEAST
    ]
    for i, seed in enumerate(seeds):
        (folder / f"seed{i}").write_bytes(seed)


def dictionary(path: Path) -> Path:
    """Words that the readers know, for the fuzzer to put in."""
    words = {
        *UNITS,
        *NAMES,
        *NUMBERS,
        *TOML_VALUES,
        *BY_NAME,
        *POLICY_FORMS,
        *SMALL[HEAD_FILE].decode().split(),
        "inherits",
        "[scenarios.x]",
        "[scenarios.x.set]",
        "<v>",
        "</v>",
        '<c r="A1"',
        't="s"',
        't="inlineStr"',
        '<row r="1">',
        "</row>",
        "<f/>",
        '<mergeCell ref="A1:B2"/>',
    }
    for name in TABLES:
        words |= set(SMALL[name].decode().replace("\n", ",").split(","))
    lines = [
        "".join(f"\\x{byte:02x}" for byte in word.encode())
        for word in sorted(words)
        if 0 < len(word.encode()) < 60
    ]
    path.write_text("".join(f'"{line}"\n' for line in lines), encoding="utf-8")
    return path


def main(argument: str) -> None:
    if not argument.isdecimal():
        for path in sys.argv[1:]:
            one(Path(path).read_bytes())
        return
    corpus(FOLDER / "corpus")
    limits = [
        "-timeout=60",
        "-max_len=8192",
        "-rss_limit_mb=4096",
        f"-dict={dictionary(FOLDER / 'words')}",
        "-print_final_stats=1",
    ]
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={argument}", *limits, str(FOLDER / "corpus")], one
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "600")
