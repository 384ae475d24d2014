"""A study from a stranger runs nothing, reads nothing beside itself, and hides nothing in what it
is called.

Workbooks that are bombs, formulas in cells and tables that link out of their folder are tested in
test_exchange and test_bad_input; text in the report in test_report.
"""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

import planner
from planner.errors import OutputError, SpecError
from planner.study.workbook import read_study_workbook
from tests.small import Study

PACKAGE = Path(planner.__file__).parent


def small(**names: str) -> Study:
    """A study of one mine whose names may be hostile."""
    good = names.get("good", "li")
    return (
        Study()
        .good(good, "refined", demand=10, shortage_cost=900)
        .process(names.get("process", "mine"), "mine", gives={good: 1})
    )


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)"])
@pytest.mark.parametrize("where", ["good", "process"])
def test_no_name_can_be_a_formula(tmp_path: Path, where: str, name: str) -> None:
    """It would stand in supply.csv, and a spreadsheet that opens it would run it."""
    with pytest.raises(SpecError, match="which spreadsheets take for a formula"):
        planner.read(small(**{where: name}).write(tmp_path / "s"))


def test_no_name_hides_a_character(tmp_path: Path) -> None:
    """A zero-width space makes two names that look the same."""
    with pytest.raises(SpecError, match="invisible character"):
        planner.read(small(good="li\u200b").write(tmp_path / "s"))


def test_a_look_alike_is_no_other_good(tmp_path: Path) -> None:
    """A Cyrillic i in `lithium` is unknown, and the Latin one is suggested."""
    folder = small(good="lithium").write(tmp_path / "s")
    table = folder / "demand.csv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("lithium", "l\u0456thium"), encoding="utf-8"
    )
    with pytest.raises(SpecError, match="did you mean 'lithium'"):
        planner.read(folder)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "<script>alert(1)</script>", "a\"b'c", "a,b", "CON", "名前"]
)
def test_odd_names_are_only_names(tmp_path: Path, name: str) -> None:
    """Slashes, quotes, markup: a plan is solved, saved and read back, and nothing is written beside
    its folder."""
    if "." in name:
        with pytest.raises(SpecError, match="point"):
            planner.read(small(good=name).write(tmp_path / "s"))
        return
    plan = planner.solve(
        planner.read(small(good=name, process=f"mine {name}").write(tmp_path / "s"))
    )
    folder = plan.save(tmp_path / "run")
    assert planner.load(folder).values == plan.values
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "s"]


def test_paths_in_a_study_are_not_followed(tmp_path: Path) -> None:
    """A folder with sub-folders, an absolute path as source: only the study's own files are read
    and frozen."""
    folder = small().write(tmp_path / "s")
    (folder / "inner").mkdir()
    (folder / "inner" / "goods.csv").write_text("nonsense")
    (folder / "notes.txt").write_text("private")
    run = planner.solve(planner.read(folder)).save(tmp_path / "run")
    assert {p.name for p in (run / "inputs").iterdir()} == {
        p.name for p in folder.iterdir() if p.suffix in (".csv", ".toml")
    }


def test_a_run_whose_inputs_link_elsewhere_is_refused(tmp_path: Path) -> None:
    run = planner.solve(planner.read(small().write(tmp_path / "s"))).save(tmp_path / "run")
    outside = tmp_path / "outside.csv"
    (run / "inputs" / "demand.csv").rename(outside)
    (run / "inputs" / "demand.csv").symlink_to(outside)
    with pytest.raises((SpecError, OutputError)):
        planner.load(run)


def test_no_pickle_yaml_or_eval_in_the_package() -> None:
    """What could run a stranger's code is not there at all."""
    banned = re.compile(
        r"^\s*(?:import|from) +(?:pickle|yaml|marshal|shelve|dill|joblib)\b|\b(?:eval|exec)\(",
        re.MULTILINE,
    )
    found = {
        str(path.relative_to(PACKAGE)): banned.search(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
    }
    assert not {path: match for path, match in found.items() if match}


def test_a_pickle_in_the_place_of_a_table_is_not_opened(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "s")
    (folder / "goods.csv").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(SpecError, match=r"goods.csv"):
        planner.read(folder)


def test_entities_in_a_workbook_are_not_expanded(tmp_path: Path) -> None:
    """Billion laughs: refused quickly, not expanded."""
    book = openpyxl.Workbook()
    book.active.title = "goods"
    raw = io.BytesIO()
    book.save(raw)
    laughs = (
        '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
        + "]><worksheet>&j;</worksheet>"
    )
    bad = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(bad, "w") as new:
        for part in old.infolist():
            new.writestr(
                part,
                laughs if part.filename == "xl/worksheets/sheet1.xml" else old.read(part.filename),
            )
    with pytest.raises(SpecError, match="is not a workbook that can be read"):
        read_study_workbook(bad)


def test_deep_toml_is_an_error_not_a_crash(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "s")
    head = folder / "study.toml"
    head.write_text(head.read_text() + "\nextra = " + "[" * 5000 + "]" * 5000 + "\n")
    with pytest.raises(SpecError, match=r"brackets are nested"):
        planner.read(folder)
