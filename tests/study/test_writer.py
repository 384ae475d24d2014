"""A study written from tables in memory reads back as the same numbers; what cannot be written is
refused before anything is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.errors import OutputError, SpecError
from planner.study.reader import find
from planner.study.schema import TABLES


def shipped(name: str) -> tuple[str, dict[str, pd.DataFrame]]:
    """The head and the tables of a study as frames, numbers as pandas reads them."""
    folder = find(name)
    tables = {
        table.name: pd.read_csv(folder / f"{table.name}.csv")
        for table in TABLES
        if (folder / f"{table.name}.csv").exists()
    }
    return (folder / "study.toml").read_text(encoding="utf-8"), tables


@pytest.mark.parametrize("study", ["quickstart", "china"])
def test_a_study_goes_through_frames_and_back(tmp_path: Path, study: str) -> None:
    """Every number in force is the same to its last digit, with its unit, source and grade, though
    pandas made floats of years."""
    head, tables = shipped(study)
    assert any(frame["year"].dtype == float for frame in tables.values() if "year" in frame), (
        "some years are empty, so they are floats"
    )
    folder = planner.write_study(tmp_path / "copy", head, tables)
    assert planner.check(folder) == ()

    def numbers(name: str | Path) -> list[tuple[object, ...]]:
        return [
            (d.path, d.value, d.low, d.high, d.unit, d.source, d.grade, d.note)
            for d in planner.read(name).data
        ]

    # as text, since a number that is not given is NaN, which equals nothing
    assert list(map(repr, numbers(folder))) == list(map(repr, numbers(study)))


def test_it_must_be_a_table_and_toml(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        planner.write_study(tmp_path / "s", "title = ", {"good": pd.DataFrame()})
    assert "is not a table of a study (did you mean 'goods'?)" in str(caught.value)
    assert "is not in the form of TOML" in str(caught.value)
    assert not (tmp_path / "s").exists()


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    head, tables = shipped("quickstart")
    folder = planner.write_study(tmp_path / "s", head, tables)
    with pytest.raises(OutputError, match="is not empty; give replace=True"):
        planner.write_study(folder, head, tables)
    (folder / "cohorts.csv").write_text("old", encoding="utf-8")
    fewer = {name: frame for name, frame in tables.items() if name != "cohorts"}
    planner.write_study(folder, head, fewer, replace=True)
    assert not (folder / "cohorts.csv").exists(), "nothing of the earlier study is kept"
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match="is not empty; name a new folder"):
        planner.write_study(folder, head, tables, replace=True)
    assert (folder / "thesis.txt").read_text(encoding="utf-8") == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"], (
        "no half-written folder is left"
    )


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    head, tables = shipped("quickstart")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        planner.write_study(tmp_path / "file" / "s", head, tables)


def test_cells_are_written_as_the_format_wants_them(tmp_path: Path) -> None:
    """Whole numbers without a point, others to the last digit, nothing for what is missing, commas
    and quotes kept."""
    frame = pd.DataFrame(
        {"year": [2021.0, float("nan")], "value": [0.1 + 0.2, 1e-9], "note": ['a "b", c', None]},
        dtype=object,
    )
    planner.write_study(tmp_path / "s", "", {"demand": frame})
    assert (tmp_path / "s" / "demand.csv").read_text(
        encoding="utf-8"
    ) == 'year,value,note\n2021,0.30000000000000004,"a ""b"", c"\n,1e-09,\n'
