"""Broken studies are refused with their place, or read as what their files plainly say: no
traceback, no hang, no silent wrong read.

`MUTATIONS=5000 pytest tests/campaigns/test_mutations.py` is the nightly mode. A failure names the
number of its mutation: `broken(number, originals())` makes the same files again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

import planner
from planner.errors import SpecError
from planner.study.files import HEAD_FILE
from tests.campaigns.mutations import HARMLESS, MUTATIONS, Broken, Files, broken, originals
from tests.plain_reading import NotPlain, differences

COUNT = int(os.environ.get("MUTATIONS", "220"))
BATCHES = 20
PATIENCE = 30
"""Seconds until a reading is taken to hang; the shipped studies take less than one."""
SHORTEST = 15
"""Characters of the shortest message that can say what is wrong and what would mend it."""


@pytest.fixture(scope="module")
def studies() -> dict[str, Files]:
    return originals()


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Raise TimeoutError where the block takes longer."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still at it after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def written(case: Broken, folder: Path) -> Path:
    folder.mkdir()
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    return folder


def verdict(case: Broken, folder: Path) -> str:
    """Faults in how a broken study was received; empty if there are none."""
    try:
        with patience(PATIENCE):
            system = planner.read(written(case, folder))
    except SpecError as error:
        return _refusal(case, error)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    try:
        with patience(PATIENCE):
            found = differences(system, case.files)
    except (NotPlain, KeyError, ValueError, IndexError, TypeError) as error:
        return (
            f"read, though it does not plainly say one thing: {type(error).__name__} "
            f"{str(error)[:200]}"
        )
    return f"read as something else: {found[:3]}" if found else ""


def _refusal(case: Broken, error: SpecError) -> str:
    """Each problem names a file that is there or is missing, a row that the file has, and says
    something."""
    if case.harmless:
        return f"refused, though nothing is wrong: {str(error)[:300]}"
    if HEAD_FILE in case.files and not error.problems:
        return "refused without a problem"
    for problem in error.problems:
        if isinstance(problem, str) or len(problem.message) < SHORTEST or not problem.file:
            return f"a problem that says too little: {problem}"
        lines = (
            case.files.get(problem.file, b"")
            .replace(b"\r\n", b"\n")
            .replace(b"\r", b"\n")
            .count(b"\n")
            + 1
        )
        if not 0 <= problem.row <= lines:
            return f"row {problem.row} of {problem.file}, which has {lines}"
        if len(str(problem)) > 2000 or not str(problem).isprintable():
            return f"a message that no terminal should be sent: {str(problem)[:200]!r}"
    return ""


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_broken_study_is_refused_with_its_place_or_read_as_it_stands(
    batch: int, tmp_path: Path, studies: dict[str, Files]
) -> None:
    wrong = []
    for number in range(batch, COUNT, BATCHES):
        case = broken(number, studies)
        found = verdict(case, tmp_path / str(number))
        wrong += [f"{case}\n    {found}"] if found else []
    assert not wrong, f"{len(wrong)} of {len(range(batch, COUNT, BATCHES))}:\n" + "\n".join(wrong)


def test_every_kind_of_mutation_is_among_the_sample() -> None:
    assert len(MUTATIONS) <= COUNT
    assert MUTATIONS.keys() > HARMLESS


def test_the_verdict_sees_a_silent_wrong_read(
    tmp_path: Path, studies: dict[str, Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves the judge: were a reader to take every large number a thousandth too large, nothing
    would pass."""
    import planner.study.rows.values as rows

    right = rows.number
    monkeypatch.setattr(
        rows, "number", lambda text: right(text) * (1.001 if right(text) > 100 else 1)
    )
    case = Broken(0, "quickstart", studies["quickstart"], ())
    assert "read as something else" in verdict(case, tmp_path / "s")


FOUND: dict[str, tuple[str, str, str]] = {
    # what the mutations found on their first runs: what stands in study.toml instead of a line, and
    # how it is refused now
    "a whole number of thousands of digits": ("country = ", "country = 0x" + "f" * 6000, "64 bits"),
    "a number that is no float": ("discount_rate = ", "discount_rate = " + "9" * 400, "64 bits"),
    "a number that TOML cannot read": (
        "discount_rate = ",
        "discount_rate = " + "9" * 5000,
        "not valid TOML",
    ),
    "keys in keys": ("title = ", "title" + ".x" * 5000 + " = 1", "nested more than 32 deep"),
    "text that looks like a header": (
        "title = ",
        "title = '''\n[ " + " " * 100_000 + "\n'''\nmetal = 1",
        "metal",
    ),
    "five thousand sections": (
        "title = ",
        "\n".join(f"[[x{i}]]" for i in range(5000)),
        "is not a field here",
    ),
    "marks that steer a terminal": ("title = ", '"a\\nb\\u001b[31m" = 1', r"a\\nb\\x1b\[31m"),
    "a chain of scenarios": (
        "scenario = ",
        "\n".join(f"[scenarios.s{i}]\ninherits = ['s{i + 1}']" for i in range(3000))
        + "\n[scenarios.s3000]",
        "a chain of more than 50",
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_the_mutations_found_is_refused_at_once(
    case: str, tmp_path: Path, studies: dict[str, Files]
) -> None:
    start, instead, message = FOUND[case]
    lines = [
        instead if line.startswith(start) else line
        for line in studies["quickstart"][HEAD_FILE].decode().split("\n")
    ]
    broken_head = {**studies["quickstart"], HEAD_FILE: "\n".join(lines).encode()}
    with patience(PATIENCE), pytest.raises(SpecError, match=message) as caught:
        planner.read(
            written(Broken(0, "quickstart", broken_head, (("found", case),)), tmp_path / "s")
        )
    assert all(str(problem).isprintable() for problem in caught.value.problems)


def test_scenarios_that_meet_again_and_again_are_read_once(
    tmp_path: Path, studies: dict[str, Files]
) -> None:
    """Forty stages of two that both inherit the next two: a million million ways down, forty-one
    stages."""
    text = studies["quickstart"][HEAD_FILE].decode()
    stages = [
        f"[scenarios.{side}{i}]\ninherits = ['a{i + 1}', 'b{i + 1}']"
        for i in range(40)
        for side in "ab"
    ]
    head = "\n".join([text, *stages, "[scenarios.a40]", "[scenarios.b40]", "discount_rate = 0.07"])
    folder = written(
        Broken(0, "quickstart", {**studies["quickstart"], HEAD_FILE: head.encode()}, ()),
        tmp_path / "s",
    )
    with patience(PATIENCE):
        assert planner.read(folder, scenario="a0").discount_rate == 0.07


def test_a_number_of_a_hundred_thousand_digits_is_refused_at_once(
    tmp_path: Path, studies: dict[str, Files]
) -> None:
    """The pattern of a number once took the square of its length."""
    files = dict(studies["quickstart"])
    files["demand.csv"] = files["demand.csv"].replace(b",500,", b"," + b"1" * 100_000 + b"x,")
    with patience(PATIENCE), pytest.raises(SpecError, match=r"demand.csv row 2, column 'value'"):
        planner.read(written(Broken(0, "quickstart", files, ()), tmp_path / "s"))


def test_a_refused_lead_time_is_one_problem(tmp_path: Path, studies: dict[str, Files]) -> None:
    """A number whose row was refused is not judged again as no whole number, which once was a
    traceback."""
    files = dict(studies["quickstart"])
    assert b",lead_time,,,1,year," in files["plants.csv"]
    files["plants.csv"] = files["plants.csv"].replace(
        b",lead_time,,,1,year,", b",lead_time,,,1,lb,"
    )
    with pytest.raises(SpecError, match="1 problem") as caught:
        planner.read(written(Broken(0, "quickstart", files, ()), tmp_path / "s"))
    assert "lead_time" not in caught.value.problems[0].message  # the unit is what is wrong


@pytest.mark.parametrize(
    "path",
    [
        "series.carbon_price.²",
        "series.carbon_price." + "9" * 5000,
        "a" * 100_000,
        ".",
        "demand..",
        "\x1b[2J",
    ],
)
def test_an_odd_path_is_refused(path: str) -> None:
    with pytest.raises(SpecError, match="--set") as caught:
        planner.read("quickstart", overrides={path: "1 USD_2021/tCO2e"})
    assert len(str(caught.value)) < 3000
