"""Breaks valid studies in every way that files get broken: seeded, so that number n always breaks
the same thing.

A mutation takes the files of a study (name to content) and changes them in place; it returns what
it did. `HARMLESS` ones leave what the files say as it was and must be read; all others may be
refused, or read as what the files then plainly say.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass

from planner.study.files import HEAD_FILE, read_files
from planner.study.problems import Problems
from planner.study.reader import find

Files = dict[str, bytes]
Mutation = Callable[[random.Random, Files], str]
Rows = list[list[str]]

STUDIES = ("quickstart",) * 5 + ("world",) * 4 + ("china",)
"""Weights: china takes ten times as long to read as the others."""
MUTATIONS: dict[str, Mutation] = {}
HARMLESS: set[str] = set()

NUMBERS = (
    "",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "Infinity",
    "1e309",
    "-1e309",
    "1e308",
    "1e-308",
    "1e-400",
    "5e-324",
    "0",
    "-0",
    "-1",
    "1e15",
    "1e-15",
    "0x10",
    "1_000",
    "１２",
    "٣",
    "²",
    "½",
    "1,5",
    "1.234,5",
    "1 000",
    "1'000",
    "1\u00a0000",
    "1.000.000",
    "1e5",
    "1E+5",
    "5%",
    "$5",
    "(5)",
    "\u22125",
    "5.",
    ".5",
    "+5",
    "1e",
    "--5",
    "5 t",
    "1/2",
    "9" * 400,
    "9" * 5000,
    "1" * 90_000 + "x",
    "0." + "3" * 20_000,
    "TRUE",
    "n/a",
    "#N/A",
    "#REF!",
    "=1+1",
    "2021-01-01",
    "01.02.2021",
    "12:30",
    "ten",
    ".",
    "e5",
    "None",
    "1e1e1",
    "0b1",
    "1j",
    "\t7",
    "7 ",
    "1;5",
)
UNITS = (
    "",
    "t",
    "kt",
    "Mt",
    "kg",
    "T",
    "mt",
    "KT",
    "t/yr",
    "t/a",
    "kt/year",
    "t / year",
    "t*year",
    "t/year/year",
    "tons",
    "USD",
    "USD_2020/t",
    "USD_2021/kg",
    "USD2021/t",
    "EUR_2021/t",
    "€/t",
    "$/t",
    "CNY_2021/t",
    "kUSD_2021/t",
    "MUSD_2021/t",
    "tCO2/t",
    "tCO2e/t",
    "kgCO2e/kg",
    "%",
    "1",
    "percent",
    "0",
    "t/0",
    "1e400*t",
    "t**2",
    "t^2",
    "t**-1",
    "(t",
    "t)",
    "t//year",
    "µg/t",
    "℃",
    "degC",
    "nan",
    "inf*t",
    "__import__('os')",
    "t;year",
    "t,year",
    "1000 t/year",
    "100*t/year",
    "t/year/1000",
    "months",
    "years",
    "lb",
    "oz_t",
    "TWh",
    "Wh/g",
    "MJ/kg",
    "GJ/t",
    "t" * 79,
    "t" * 81,
    "(" * 40 + "t" + ")" * 40,
    "t year",
    "t.year",
    "dozen",
    "count",
    "a",
    "1/a",
    "1/month",
    "e",
    "pi*t",
    "9" * 80,
)
NAMES = (
    "a,b",
    'a"b',
    "a'b",
    "../a",
    "/etc/passwd",
    "a/b/c",
    "a\\b",
    "<script>alert(1)</script>",
    "&amp;",
    "=1+1",
    "+x",
    "-x",
    "@x",
    "l\u0456thium",
    "a\u200bb",
    "\u202eabc",
    "\ufeffx",
    "名前",
    "naïve",
    "nai\u0308ve",
    "🙂",
    "a\nb",
    "a\tb",
    "a\x1b[31mb",
    "a\x00b",
    "a\x07b",
    "A" * 10_000,
    " ",
    "a.b",
    "CON",
    "nul",
    "*",
    "%s%n",
    "{0}",
    "${HOME}",
    "`id`",
    "a|b",
    "a;b",
    "\u00a0x",
    "x\u00a0",
    "\u2028x",
    "True",
    "1",
    "1e5",
    "year",
    "loss/x",
    "use/x",
    "deposit/x",
    "None",
    "__class__",
    "ＡＢＣ",
    "ß",
    "ẞ",
    "ﬁ",
)
TOML_VALUES = (
    "1",
    "-1",
    "0",
    "1.5",
    "nan",
    "inf",
    "-inf",
    '""',
    '"x"',
    "[]",
    "{}",
    "[1]",
    '["a", "a"]',
    "true",
    "false",
    "1979-05-27",
    "07:32:00",
    "1979-05-27T07:32:00Z",
    "9" * 400,
    "0x" + "f" * 6000,
    "9" * 6000,
    "1e400",
    "[" * 500 + "]" * 500,
    "{a = " * 25 + "1" + "}" * 25,
    '"""x\ny"""',
    "{ 2021 = 1 }",
    "{ 2021 = 1, 2020 = 2 }",
    "{ x = 1 }",
    "{ ² = 1 }",
    '{ "٢٠٢١" = 1 }',
    "[[1], [2]]",
    '"1 USD_2021/t"',
    '"1e400 t"',
    "1__0",
    '"5 %"',
    '["lithium"]',
    "''",
    '"\\u0000"',
    "'" + "y" * 50_000 + "'",
    "0o17",
    "0b1",
    "1e-400",
    "2021",
)
ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-7",
    "cp1252",
    "cp037",
    "gb18030",
    "shift_jis",
    "utf-8-sig",
)


@dataclass(frozen=True)
class Broken:
    """A study after mutation number `number`."""

    number: int
    study: str
    files: Files
    done: tuple[tuple[str, str], ...]
    """Names of the mutations, and what each did."""

    @property
    def harmless(self) -> bool:
        return all(name in HARMLESS for name, _ in self.done)

    def __str__(self) -> str:
        return f"mutation {self.number} of {self.study}: " + "; ".join(
            f"{name} ({what})" for name, what in self.done
        )


def originals() -> dict[str, Files]:
    """The shipped studies as they are."""
    return {study: dict(read_files(find(study), Problems())) for study in set(STUDIES)}


def broken(number: int, studies: dict[str, Files]) -> Broken:
    """Mutation number n: every kind in turn, on a study drawn for it; every seventh has a second
    mutation on top."""
    draw = random.Random(number)
    study = draw.choice(STUDIES)
    files = dict(studies[study])
    names = list(MUTATIONS)
    chosen = [names[number % len(names)], *([draw.choice(names)] if number % 7 == 0 else [])]
    done = []
    for name in chosen:
        try:
            done.append((name, MUTATIONS[name](draw, files)))
        except UnicodeDecodeError:  # an earlier mutation left no text to change
            done.append((name, "nothing"))
    return Broken(number, study, files, tuple(done))


def mutation(*, harmless: bool = False) -> Callable[[Mutation], Mutation]:
    def keep(function: Mutation) -> Mutation:
        MUTATIONS[function.__name__] = function
        if harmless:
            HARMLESS.add(function.__name__)
        return function

    return keep


# ---- tables by rows and cells


def a_table(draw: random.Random, files: Files) -> str:
    return draw.choice(sorted(name for name in files if name.endswith(".csv")) or [HEAD_FILE])


def rows_of(content: bytes) -> Rows:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


def put_rows(files: Files, name: str, rows: Rows) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    files[name] = text.getvalue().encode()


def by_rows(change: Callable[[random.Random, Rows], str]) -> Mutation:
    """A mutation of one table from a change of its rows, of which the header is the first."""

    def mutate(draw: random.Random, files: Files) -> str:
        name = a_table(draw, files)
        rows = rows_of(files[name])
        if len(rows) < 2:
            return "nothing"
        done = change(draw, rows)
        put_rows(files, name, rows)
        return f"{name}: {done}"

    mutate.__name__ = change.__name__
    return mutate


def _row(draw: random.Random, rows: Rows) -> int:
    return draw.randrange(1, len(rows))


def _set(draw: random.Random, rows: Rows, column: str, values: tuple[str, ...]) -> str:
    row, value = _row(draw, rows), draw.choice(values)
    at = rows[0].index(column) if column in rows[0] else draw.randrange(len(rows[0]))
    if at >= len(rows[row]):
        return "nothing"
    rows[row][at] = value
    return f"row {row + 1} {column} = {value[:40]!r}"


@mutation()
@by_rows
def drop_row(draw: random.Random, rows: Rows) -> str:
    row = _row(draw, rows)
    return f"without {rows.pop(row)[:4]}"


@mutation()
@by_rows
def duplicate_row(draw: random.Random, rows: Rows) -> str:
    row = _row(draw, rows)
    rows.insert(_row(draw, rows), list(rows[row]))
    return f"row {row + 1} twice"


@mutation(harmless=True)
@by_rows
def blank_rows(draw: random.Random, rows: Rows) -> str:
    for _ in range(3):
        rows.append([""] * len(rows[0]))
    return "empty rows at the end"


@mutation()
@by_rows
def swap_rows(draw: random.Random, rows: Rows) -> str:
    a, b = draw.randrange(len(rows)), _row(draw, rows)
    rows[a], rows[b] = rows[b], rows[a]
    return f"rows {a + 1} and {b + 1} swapped"


@mutation()
@by_rows
def short_row(draw: random.Random, rows: Rows) -> str:
    row = _row(draw, rows)
    del rows[row][draw.randrange(len(rows[row])) :]
    return f"row {row + 1} cut"


@mutation()
@by_rows
def long_row(draw: random.Random, rows: Rows) -> str:
    row = _row(draw, rows)
    rows[row].insert(draw.randrange(len(rows[row]) + 1), draw.choice(("", "5", "x")))
    return f"row {row + 1} has a cell more"


@mutation()
@by_rows
def shift_cells(draw: random.Random, rows: Rows) -> str:
    row = _row(draw, rows)
    rows[row] = rows[row][1:] + rows[row][:1]
    return f"row {row + 1} shifted"


@mutation()
@by_rows
def swap_cells(draw: random.Random, rows: Rows) -> str:
    row = _row(draw, rows)
    a, b = draw.randrange(len(rows[row])), draw.randrange(len(rows[row]))
    rows[row][a], rows[row][b] = rows[row][b], rows[row][a]
    return f"row {row + 1}: cells {a + 1} and {b + 1} swapped"


@mutation()
@by_rows
def swap_in_column(draw: random.Random, rows: Rows) -> str:
    column, a, b = draw.randrange(len(rows[0])), _row(draw, rows), _row(draw, rows)
    rows[a][column], rows[b][column] = rows[b][column], rows[a][column]
    return f"{rows[0][column]} of rows {a + 1} and {b + 1} swapped"


@mutation()
@by_rows
def drop_column(draw: random.Random, rows: Rows) -> str:
    column = draw.randrange(len(rows[0]))
    name = rows[0][column]
    for row in rows:
        del row[column]
    return f"without {name}"


@mutation()
@by_rows
def duplicate_column(draw: random.Random, rows: Rows) -> str:
    column = draw.randrange(len(rows[0]))
    for row in rows:
        row.append(row[column])
    return f"{rows[0][column]} twice"


@mutation(harmless=True)
@by_rows
def reorder_columns(draw: random.Random, rows: Rows) -> str:
    order = draw.sample(range(len(rows[0])), len(rows[0]))
    rows[:] = [[row[i] for i in order] for row in rows]
    return "columns in another order"


@mutation()
@by_rows
def swap_headers(draw: random.Random, rows: Rows) -> str:
    a, b = draw.randrange(len(rows[0])), draw.randrange(len(rows[0]))
    rows[0][a], rows[0][b] = rows[0][b], rows[0][a]
    return f"headers {rows[0][a]} and {rows[0][b]} swapped"


@mutation()
@by_rows
def rename_header(draw: random.Random, rows: Rows) -> str:
    column = draw.randrange(len(rows[0]))
    rows[0][column] = draw.choice(
        (
            rows[0][column].upper(),
            "",
            "x",
            rows[0][column] + "s",
            "vаlue",
            "value",
            " year ",
            *NAMES,
        )
    )
    return f"column {column + 1} is {rows[0][column][:40]!r}"


@mutation()
@by_rows
def empty_column(draw: random.Random, rows: Rows) -> str:
    column = draw.randrange(len(rows[0]))
    for row in rows[1:]:
        row[column] = ""
    return f"{rows[0][column]} empty"


@mutation()
@by_rows
def other_number(draw: random.Random, rows: Rows) -> str:
    return _set(draw, rows, draw.choice(("value", "value", "low", "high")), NUMBERS)


@mutation()
@by_rows
def other_unit(draw: random.Random, rows: Rows) -> str:
    return _set(draw, rows, "unit", UNITS)


@mutation()
@by_rows
def other_year(draw: random.Random, rows: Rows) -> str:
    return _set(
        draw,
        rows,
        "year",
        (
            "",
            "2021",
            "2021.0",
            "21",
            "1e3",
            "２０２１",
            "²",
            "-2021",
            "2021/22",
            "0",
            "9999",
            "1899",
            "2021 ",
            "2030",
            "x",
        ),
    )


@mutation()
@by_rows
def other_name(draw: random.Random, rows: Rows) -> str:
    return _set(draw, rows, rows[0][draw.randrange(min(3, len(rows[0])))], NAMES)


@mutation()
@by_rows
def other_cell(draw: random.Random, rows: Rows) -> str:
    return _set(draw, rows, draw.choice(rows[0]), NUMBERS + UNITS + NAMES)


@mutation()
@by_rows
def misspelt_cell(draw: random.Random, rows: Rows) -> str:
    row, column = _row(draw, rows), draw.randrange(len(rows[0]))
    text = rows[row][column] or "x"
    at = draw.randrange(len(text))
    rows[row][column] = draw.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text.upper(),
            text.title(),
            f" {text} ",
        )
    )
    return f"row {row + 1} {rows[0][column]} = {rows[row][column][:40]!r}"


@mutation()
@by_rows
def scaled_number(draw: random.Random, rows: Rows) -> str:
    if "value" not in rows[0]:
        return "nothing"
    row, at, times = (
        _row(draw, rows),
        rows[0].index("value"),
        draw.choice((1e-300, 1e-12, 1e-6, 1e-3, -1, 0.5, 1.0000001, 2, 1e3, 1e6, 1e12, 1e300)),
    )
    try:
        rows[row][at] = repr(float(rows[row][at]) * times)
    except ValueError:
        return "nothing"
    return f"row {row + 1} value times {times:g}"


@mutation(harmless=True)
@by_rows
def same_in_another_unit(draw: random.Random, rows: Rows) -> str:
    """A thousandth of the number in a thousandfold unit is the same."""
    head = rows[0]
    if "value" not in head:
        return "nothing"
    done = 0
    for row in rows[1:]:
        unit = row[head.index("unit")]
        if unit[:1] == "t" and unit[:2] in ("t", "t/", "tC"):
            row[head.index("unit")] = "k" + unit
            for column in ("value", "low", "high"):
                at = head.index(column) if column in head else -1
                if at >= 0 and row[at]:
                    row[at] = repr(float(row[at]) / 1000)
            done += 1
    return f"{done} rows in kt"


@mutation()
def rename_everywhere(draw: random.Random, files: Files) -> str:
    """A name changed in every table alike: an odd name must be refused or carried through whole."""
    table = draw.choice(
        [n for n in ("goods.csv", "processes.csv", "plants.csv", "products.csv") if n in files]
        or [HEAD_FILE]
    )
    rows = rows_of(files[table])
    if len(rows) < 2 or not rows[1]:
        return "nothing"
    old, new = rows[_row(draw, rows)][0], draw.choice(NAMES)
    for name in [n for n in files if n.endswith(".csv")]:
        put_rows(
            files,
            name,
            [[new if cell == old else cell for cell in row] for row in rows_of(files[name])],
        )
    return f"{old!r} is {new[:40]!r}"


# ---- bytes


def any_file(draw: random.Random, files: Files) -> str:
    return draw.choice(sorted(files)) if files else HEAD_FILE


@mutation()
def other_encoding(draw: random.Random, files: Files) -> str:
    name, encoding = any_file(draw, files), draw.choice(ENCODINGS)
    text = files[name].decode("utf-8").replace("made", "mäde").replace("own", "öwn")
    files[name] = text.encode(encoding, errors="replace")
    return f"{name} in {encoding}"


@mutation()
def latin_1(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files[name] = (
        files[name].decode("utf-8").replace("e", "é", 1).encode("latin-1", errors="replace")
    )
    return name


@mutation(harmless=True)
def byte_order_mark(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files[name] = b"\xef\xbb\xbf" + files[name]
    return name


@mutation()
def two_byte_order_marks(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files[name] = b"\xef\xbb\xbf" * 2 + files[name]
    return name


@mutation(harmless=True)
def windows_line_ends(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files[name] = files[name].replace(b"\n", b"\r\n")
    return name


@mutation()
def old_line_ends(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files[name] = files[name].replace(
        b"\n",
        draw.choice((b"\r", b"\n\r", b"\r\r\n", b"\x0b", b"\xe2\x80\xa8", b"\xc2\x85", b"\x0c")),
    )
    return name


@mutation(harmless=True)
def no_last_line_end(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files[name] = files[name].rstrip(b"\n")
    return name


@mutation()
def other_separator(draw: random.Random, files: Files) -> str:
    name, mark = a_table(draw, files), draw.choice((b";", b"\t", b"|", b" ", b":", "，".encode()))
    files[name] = files[name].replace(b",", mark)
    return f"{name} with {mark!r}"


@mutation()
def continental(draw: random.Random, files: Files) -> str:
    """As a spreadsheet of another country saves it: semicolons and decimal commas."""
    name = a_table(draw, files)
    files[name] = files[name].replace(b",", b";").replace(b".", b",")
    return name


@mutation()
def decimal_commas(draw: random.Random, files: Files) -> str:
    """Every number with a comma, quoted or not."""
    name, quoted = a_table(draw, files), draw.random() < 0.5
    rows = rows_of(files[name])
    changed = [
        [cell.replace(".", ",") if cell.replace(".", "").isdigit() else cell for cell in row]
        for row in rows
    ]
    if quoted:
        put_rows(files, name, changed)
    else:
        files[name] = "\n".join(",".join(row) for row in changed).encode()
    return f"{name}, {'quoted' if quoted else 'bare'}"


@mutation()
def thousands(draw: random.Random, files: Files) -> str:
    name, mark = a_table(draw, files), draw.choice((",", ".", " ", "'", "\u202f", "_"))
    put_rows(
        files,
        name,
        [
            [
                f"{int(c):,}".replace(",", mark)
                if c.isascii() and c.isdigit() and len(c) > 3
                else c
                for c in row
            ]
            for row in rows_of(files[name])
        ],
    )
    return f"{name} with {mark!r}"


@mutation()
def truncated(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    at = draw.randrange(len(files[name]) + 1)
    files[name] = files[name][:at]
    return f"{name} at {at}"


@mutation()
def cut_out(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    a, b = sorted(draw.randrange(len(files[name]) + 1) for _ in range(2))
    b = min(b, a + draw.choice((1, 2, 10, 100)))
    files[name] = files[name][:a] + files[name][b:]
    return f"{name} without {a} to {b}"


@mutation()
def flipped_bytes(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    content = bytearray(files[name] or b"x")
    for _ in range(draw.choice((1, 1, 3, 30))):
        content[draw.randrange(len(content))] = draw.randrange(256)
    files[name] = bytes(content)
    return name


@mutation()
def inserted_bytes(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    at, what = (
        draw.randrange(len(files[name]) + 1),
        draw.choice(
            (
                b"\0",
                b'"',
                b"'",
                b",",
                b"\n",
                b"\r",
                b"\x1a",
                b"\xff",
                b"\xc3",
                b"\xed\xa0\x80",
                b'""',
                b"\\",
                b" ",
                b"0",
                b"-",
                b"#",
                b"=",
                b"1",
                b"e",
            )
        ),
    )
    files[name] = files[name][:at] + what + files[name][at:]
    return f"{name} at {at}: {what!r}"


@mutation()
def no_content(draw: random.Random, files: Files) -> str:
    name, content = (
        any_file(draw, files),
        draw.choice((b"", b"\n", b" ", b"\n\n\n", b"\xef\xbb\xbf", b",", b",,,\n,,,", b'"', b'""')),
    )
    files[name] = content
    return f"{name} = {content!r}"


@mutation()
def binary(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files[name] = draw.choice(
        (b"PK\x03\x04", b"\x1f\x8b\x08", b"\x7fELF", b"%PDF-1.7\n", b"\xd0\xcf\x11\xe0", b"")
    ) + draw.randbytes(500)
    return name


@mutation()
def other_content(draw: random.Random, files: Files) -> str:
    a, b = any_file(draw, files), any_file(draw, files)
    files[a] = files[b]
    return f"{a} holds {b}"


@mutation()
def twice_the_file(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files[name] = files[name] * 2
    return name


@mutation()
def lost_file(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    files.pop(name, None)
    return name


@mutation()
def misnamed_file(draw: random.Random, files: Files) -> str:
    name = any_file(draw, files)
    new = draw.choice(
        (
            name.upper(),
            name.replace(".csv", ".CSV"),
            f"copy of {name}",
            name.replace(".", "s."),
            f"{name}.txt",
            f" {name}",
        )
    )
    files[new] = files.pop(name, b"")
    return f"{name} is {new}"


# ---- the head


def head_lines(files: Files) -> list[str]:
    return files.get(HEAD_FILE, b"").decode("utf-8").split("\n")


def put_head(files: Files, lines: list[str]) -> None:
    files[HEAD_FILE] = "\n".join(lines).encode("utf-8", errors="surrogatepass")


@mutation()
def head_line_lost(draw: random.Random, files: Files) -> str:
    lines = head_lines(files)
    lost = lines.pop(draw.randrange(len(lines)))
    put_head(files, lines)
    return repr(lost[:40])


@mutation()
def head_line_twice(draw: random.Random, files: Files) -> str:
    lines = head_lines(files)
    line = draw.choice(lines)
    lines.insert(draw.randrange(len(lines) + 1), line)
    put_head(files, lines)
    return repr(line[:40])


@mutation()
def head_value(draw: random.Random, files: Files) -> str:
    lines = head_lines(files)
    fields = [i for i, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    if not fields:
        return "nothing"
    at, value = draw.choice(fields), draw.choice(TOML_VALUES)
    lines[at] = f"{lines[at].partition(' = ')[0]} = {value}"
    put_head(files, lines)
    return lines[at][:60]


@mutation()
def head_key(draw: random.Random, files: Files) -> str:
    lines = head_lines(files)
    key = draw.choice(
        (
            "x",
            "metals",
            "years.first",
            "policies",
            "scenarios",
            "scenario",
            '"a\\nb"',
            '"\\u001b[31m"',
            "a" + ".a" * 3000,
            '""',
            "title.x",
            "step",
            "periods",
            "policies.x.kind",
            "scenarios.x.inherits",
            "scenarios.x.set",
            '"名"',
            "discount_rate",
            "years.step",
            "policies.x.y.z",
            "stock_convention",
            "border_adjustment",
        )
    )
    lines.insert(draw.choice((0, 1, 2, len(lines))), f"{key} = {draw.choice(TOML_VALUES)}")
    put_head(files, lines)
    return key[:40]


@mutation()
def head_policy(draw: random.Random, files: Files) -> str:
    kinds = (
        "self_sufficiency",
        "import_share",
        "recycled_content",
        "quota",
        "collection_target",
        "carbon_cap",
        "carbon_budget",
        "capital_budget",
        "stockpile_cover",
        "closure",
        "pin",
        "none",
    )
    fields = (
        "metal",
        "origin",
        "stages",
        "goods",
        "processes",
        "scope",
        "of",
        "provenance",
        "penalty",
        "from",
        "to",
        "share",
        "cap",
        "months",
        "tolerance",
        "enabled",
        "source",
        "note",
    )
    lines = [
        "",
        f"[policies.{draw.choice(('p', 'x-y', '=x', 'a.b', '1'))}]".replace("=x", '"=x"'),
        f'kind = "{draw.choice(kinds)}"',
    ]
    lines += [
        f"{field} = {draw.choice(TOML_VALUES)}"
        for field in draw.sample(fields, draw.randrange(1, 9))
    ]
    put_head(files, head_lines(files) + lines)
    return " ".join(lines)[:80]


@mutation()
def head_scenario(draw: random.Random, files: Files) -> str:
    paths = (
        "series.carbon_price",
        "series.carbon_price.2021",
        "demand.packs/new",
        "demand.x",
        "x",
        "",
        ".",
        "a.b.c.d.e",
        "series.carbon_price.²",
        "series.carbon_price." + "9" * 5000,
        "discount_rate",
        "policies.x.share",
        "demand.packs/new.2021",
        "plants.x.life",
        "series." * 400,
        "process_values.mine_brine.variable_cost",
        "good_values.lithium/refined.lithium.equivalent",
        "hosts.copper",
    )
    lines = [
        "",
        "[scenarios.odd]",
        draw.choice(
            (
                "",
                'inherits = ["odd"]',
                'inherits = ["none"]',
                'inherits = ["reference"]',
                "discount_rate = -1",
                "border_adjustment = 3",
                'note = "x"',
            )
        ),
        "[scenarios.odd.set]",
    ]
    for path in draw.sample(paths, 3):
        lines.append(f'"{path}" = {draw.choice(TOML_VALUES)}')
    text = "\n".join(head_lines(files) + lines).replace(
        'scenario = "reference"', 'scenario = "odd"', 1
    )
    put_head(files, text.split("\n"))
    return " ".join(lines)[:80]


@mutation()
def head_diamonds(draw: random.Random, files: Files) -> str:
    """Scenarios that inherit from two, which both inherit from two ...: as many ways to the last as
    grains on a chessboard."""
    n = draw.choice((5, 40))
    lines = [
        f"[scenarios.{side}{i}]\ninherits = ['a{i + 1}', 'b{i + 1}']"
        for i in range(n)
        for side in "ab"
    ]
    text = "\n".join([*head_lines(files), *lines, f"[scenarios.a{n}]", f"[scenarios.b{n}]"])
    put_head(files, text.replace('scenario = "reference"', 'scenario = "a0"', 1).split("\n"))
    return f"{n} stages"


@mutation()
def head_deep(draw: random.Random, files: Files) -> str:
    n = draw.choice((20, 40, 900, 5000))
    line = draw.choice(
        (
            "x = " + "[" * n + "]" * n,
            "x = " + "{x = " * n + "1" + "}" * n,
            "[" + "a." * n + "a]",
            "a." * n + "b = 1",
            "x = " + "[ \n" * n,
            "x = '''\n" + "[ " + " " * n * 10 + "\n'''",
            "\n".join(f"k{i} = {i}" for i in range(n)),
            "x = [" + "1, " * n + "]",
            "\n".join(f"[scenarios.s{i}]\ninherits = ['s{i + 1}']" for i in range(n))
            + f"\n[scenarios.s{n}]",
            "title.x" + ".x" * n + " = 1",
            "\n".join(f"[[x{i}]]" for i in range(n)),
        )
    )
    put_head(
        files, [line, *head_lines(files)] if draw.random() < 0.5 else [*head_lines(files), line]
    )
    return f"{n} deep: {line[:30]!r}"


@mutation(harmless=True)
def head_comments(draw: random.Random, files: Files) -> str:
    lines = head_lines(files)
    lines.insert(0, "# [policies.none] kind = 'x' \u2028 é")
    lines.append("# last")
    put_head(files, lines)
    return "comments"
