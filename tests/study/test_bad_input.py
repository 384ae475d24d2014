"""Every bad input gives one clear error with its place and a remedy: a SpecError in Python, exit
status 2 in the shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import SpecError

CASES: dict[str, tuple[str, str, str, str]] = {
    # name: file, what is replaced (first time it stands there), by what, a pattern of the message
    # with its place
    "missing column": (
        "demand.csv",
        "good,year,scenario,value",
        "good,year,scenario,amount",
        r"demand.csv row 1.*value",
    ),
    "extra column": (
        "goods.csv",
        "good,metal",
        "colour,good,metal",
        r"goods.csv row 1, column 'colour'",
    ),
    "duplicate header": ("goods.csv", "good,metal,kind", "good,metal,good", r"goods.csv row 1"),
    "unknown good": (
        "coefficients.csv",
        "mine,salt_lake",
        "mine,salt_lke",
        r"coefficients.csv row 2, column 'good': .*salt_lke.*did you mean 'salt_lake'",
    ),
    "unknown process": (
        "process_values.csv",
        "mine,",
        "mien,",
        r"process_values.csv row 2, column 'process': .*mien.*did you mean 'mine'",
    ),
    "unknown metal": (
        "goods.csv",
        "lithium/refined,lithium",
        "lithium/refined,lithum",
        r"goods.csv row 2, column 'metal': .*did you mean 'lithium'",
    ),
    "loss of another's name": (
        "processes.csv",
        ",tailings,",
        ",surplus,",
        r"processes.csv row \d+, column 'loss': 'surplus' names what is lost outside processes",
    ),
    "loss like a medium": (
        "processes.csv",
        ",tailings,",
        ",mill/air,",
        r"processes.csv row \d+, column 'loss': .*call the loss 'mill' and state its loss_media",
    ),
    "unknown choice": (
        "goods.csv",
        ",refined,",
        ",refind,",
        r"goods.csv row 2, column 'kind': .*did you mean 'refined'",
    ),
    "unknown parameter": (
        "plants.csv",
        "existing_capacity",
        "exsting_capacity",
        r"plants.csv row 2, column 'parameter': .*existing_capacity",
    ),
    "unknown unit": (
        "demand.csv",
        "t/year",
        "tonz/year",
        r"demand.csv row 2, column 'unit': .*tonz",
    ),
    "a unit that cancels": (
        "collection.csv",
        ",0.8,1,",
        ",0.8,T/T,",
        r"collection.csv row 3, column 'unit': unit 'T/T' is unknown",
    ),
    "wrong unit": ("demand.csv", "t/year", "USD_2021/t", r"demand.csv row 2, column 'unit'"),
    "missing unit": ("demand.csv", "t/year", "", r"demand.csv row 2, column 'unit'"),
    "money of another year": (
        "process_values.csv",
        "USD_2021",
        "USD_2019",
        r"process_values.csv row 2, column 'unit': .*2021",
    ),
    "money without a year": (
        "process_values.csv",
        "USD_2021",
        "USD",
        r"process_values.csv row 2, column 'unit'",
    ),
    "not a number": ("demand.csv", ",1000,", ",nan,", r"demand.csv row 2, column 'value'"),
    "infinite": ("demand.csv", ",1000,", ",inf,", r"demand.csv row 2, column 'value'"),
    "empty value": ("demand.csv", ",1000,", ",,", r"demand.csv row 2, column 'value': .*empty"),
    "text in a number": (
        "demand.csv",
        ",1000,",
        ",many,",
        r"demand.csv row 2, column 'value': .*many",
    ),
    "decimal comma": ("demand.csv", ",1000,", ',"1000,5",', r"demand.csv row 2, column 'value'"),
    "thousands separator": (
        "demand.csv",
        ",1000,",
        ',"1,000",',
        r"demand.csv row 2, column 'value'",
    ),
    "negative capacity": ("plants.csv", ",300,", ",-300,", r"plants.csv row 2, column 'value'"),
    "negative cost": (
        "process_values.csv",
        ",22000,",
        ",-22000,",
        r"process_values.csv row 2, column 'value'",
    ),
    "metal from nothing": (
        "coefficients.csv",
        ",0.95,",
        ",1.05,",
        r"coefficients.csv.*make_batteries",
    ),
    "duplicate row": (
        "deposits.csv",
        "salt_lake,lithium,reserve,,,30000,t,,,,example,D,made up to show the format: replace it\n",
        "salt_lake,lithium,reserve,,,30000,t,,,,example,D,\nsalt_lake,lithium,reserve,,,30000,t,,,,example,D,\n",
        r"deposits.csv row 3.*row 2",
    ),
    "years that do not reach the end": (
        "demand.csv",
        ",2034,",
        ",2033,",
        r"demand.csv row 2, column 'year': .*the years 2034 are missing",
    ),
    "years out of order": ("demand.csv", ",2034,", ",2024,", r"demand.csv row 3.*year"),
    "a year that is none": ("demand.csv", ",2034,", ",2034+,", r"demand.csv row 3, column 'year'"),
    "demand for an undefined good": (
        "demand.csv",
        "lithium/batteries",
        "lithium/batteris",
        r"demand.csv row 2, column 'good': .*did you mean 'lithium/batteries'",
    ),
    "a lifetime of zero": (
        "product_values.csv",
        ",8,",
        ",0,",
        r"product_values.csv row 2, column 'value'",
    ),
    "a share above one": (
        "collection.csv",
        ",0.8,",
        ",1.8,",
        r"collection.csv row 3, column 'value'",
    ),
    "a low above its value": (
        "deposits.csv",
        ",30000,t,,",
        ",30000,t,40000,",
        r"deposits.csv row 2.*low",
    ),
    "no source": ("deposits.csv", ",example,", ",,", r"deposits.csv row 2, column 'source'"),
    "a ragged row": (
        "goods.csv",
        "lithium chemicals",
        "lithium, chemicals, of all kinds",
        r"goods.csv row 2",
    ),
    "semicolons": (
        "goods.csv",
        "good,metal,kind,stage,export,description",
        "good;metal;kind;stage;export;description",
        r"goods.csv.*comma",
    ),
    "a cycle of scenarios": (
        "study.toml",
        'inherits = ["reference"]',
        'inherits = ["self-reliance"]',
        r"study.toml row \d+.*self-reliance",
    ),
    "a scenario that inherits nothing known": (
        "study.toml",
        'inherits = ["reference"]',
        'inherits = ["refrence"]',
        r"study.toml row \d+.*did you mean 'reference'",
    ),
    "a path in set": (
        "study.toml",
        '"series.carbon_price"',
        '"series.carbon_prize"',
        r"carbon_prize.*did you mean 'series.carbon_price",
    ),
    "an unknown policy kind": (
        "study.toml",
        'kind = "self_sufficiency"',
        'kind = "self_suficiency"',
        r"study.toml row \d+.*did you mean",
    ),
    "a policy field": ("study.toml", "share = {", "shore = {", r"study.toml row \d+.*shore"),
    "broken TOML": ("study.toml", "metals = [", "metals = (", r"study.toml"),
    "a missing head field": (
        "study.toml",
        "discount_rate = 0.05",
        "",
        r"study.toml.*discount_rate",
    ),
    "years backwards": ("study.toml", "last = 2034", "last = 2020", r"study.toml row \d+.*years"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return planner.new(tmp_path / "mystudy")


def broken(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{file} holds no {old!r}: the case tests nothing"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_each_bad_input_is_one_error_with_place_and_remedy(folder: Path, case: str) -> None:
    file, old, new, pattern = CASES[case]
    broken(folder, file, old, new)
    scenario = "self-reliance" if case == "a path in set" else ""
    with pytest.raises(SpecError, match=pattern) as caught:
        planner.read(folder, scenario=scenario)
    # a remedy stands after a semicolon, a dash or a question
    assert all(len(str(problem)) > 20 for problem in caught.value.problems)
    assert len(caught.value.problems) <= 2, caught.value


@pytest.mark.parametrize(
    "case", ["unknown good", "empty value", "broken TOML", "metal from nothing"]
)
def test_the_command_line_ends_with_status_2_and_no_traceback(folder: Path, case: str) -> None:
    file, old, new, _ = CASES[case]
    broken(folder, file, old, new)
    for command in (
        ["check", str(folder)],
        ["solve", str(folder), "--out", str(folder.parent / "out")],
    ):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 2, done.output
        assert file in done.stderr
        assert "Traceback" not in done.stderr


def test_all_problems_are_reported_at_once(folder: Path) -> None:
    """Five mistakes in four files are five problems, each named, and not the first alone."""
    for case in (
        "unknown unit",
        "negative capacity",
        "a share above one",
        "unknown process",
        "a lifetime of zero",
    ):
        broken(folder, *CASES[case][:3])
    with pytest.raises(SpecError) as caught:
        planner.read(folder)
    files = {
        "demand.csv",
        "plants.csv",
        "collection.csv",
        "process_values.csv",
        "product_values.csv",
    }
    assert {p.file for p in caught.value.problems} == files
    assert set(planner.check(folder)) == set(caught.value.problems)


def test_encodings(folder: Path) -> None:
    """A byte order mark and CRLF change nothing; UTF-16, Latin-1 and binary files are refused by
    name."""
    plain = planner.read(folder).goods
    goods = folder / "goods.csv"
    text = goods.read_text(encoding="utf-8")
    goods.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert set(planner.read(folder).goods) == set(plain)
    for content, message in (
        (text.encode("utf-16"), "goods.csv: is encoded in UTF-16"),
        (b"PK\x03\x04\x00\x00", "goods.csv: is a binary file"),
        (
            text.replace("chemicals", "chémicals").encode("latin-1"),
            "goods.csv row 2: a character is not encoded in UTF-8",
        ),
        (b"", "goods.csv"),
    ):
        goods.write_bytes(content)
        with pytest.raises(SpecError, match=message):
            planner.read(folder)


def test_a_missing_table_is_named(folder: Path) -> None:
    (folder / "demand.csv").unlink()
    with pytest.raises(SpecError, match=r"demand.csv: is missing"):
        planner.read(folder)


def test_a_misspelt_table_is_named(folder: Path) -> None:
    (folder / "deposits.csv").rename(folder / "deposit.csv")
    with pytest.raises(SpecError, match=r"deposit.csv: no table has this name.*deposits.csv"):
        planner.read(folder)


def test_nothing_outside_the_folder_is_read(folder: Path) -> None:
    """A table that links out of the folder is refused, even where its content would do."""
    outside = folder.parent / "elsewhere.csv"
    (folder / "demand.csv").rename(outside)
    (folder / "demand.csv").symlink_to(outside)
    with pytest.raises(SpecError, match="link out of the study folder"):
        planner.read(folder)


def test_unknown_study_scenario_and_path() -> None:
    with pytest.raises(SpecError, match="did you mean 'china'"):
        planner.read("chna")
    with pytest.raises(SpecError, match="did you mean 'carbon-neutral'"):
        planner.read("china", scenario="carbon-neutrl")
    with pytest.raises(SpecError, match=r"did you mean 'series.carbon_price"):
        planner.read("china", overrides={"series.carbon_prise": "5"})
    with pytest.raises(SpecError, match="USD_2021"):
        planner.read("china", overrides={"series.carbon_price": "5 USD_2020/tCO2e"})


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"holds no study.toml"):
        planner.read(tmp_path)


def test_an_output_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file stands where the folder's parent should be: said before the solve, with status 2."""
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["solve", "quickstart", "--out", str(tmp_path / "file" / "out")])
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
