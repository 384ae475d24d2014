"""The package stays as it is meant to be built: `python -m tests.house` prints every measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.house import PICTURE, drawn
from tests.house import (
    APART,
    COMPLEX,
    HERE,
    LONG,
    LONGEST,
    House,
    circles,
    files_by_folder,
    files_naming,
    import_graph,
    long_functions,
    mean_complexity,
    private_uses,
    read_house,
    wide_lines,
)

MOST_FILES = 16
MEAN = 3.5
MOST_LONG = 20


@pytest.fixture(scope="module")
def house() -> House:
    return read_house(HERE)


def test_a_folder_holds_few_files(house: House) -> None:
    counts = files_by_folder(house)
    full = {name: n for name, n in counts.items() if n > MOST_FILES and name not in APART}
    assert not full


def test_functions_are_short(house: House) -> None:
    long = long_functions(house, LONG)
    assert len(long) <= MOST_LONG, long
    assert not long_functions(house, LONGEST)


def test_lines_are_short(house: House) -> None:
    assert not wide_lines(house)


def test_no_block_is_too_complex(house: House) -> None:
    assert not [block for block in house.complexities if block[0] > COMPLEX]
    assert mean_complexity(house) <= MEAN


@pytest.mark.parametrize("lazy", [False, True])
def test_imports_run_in_no_circle(house: House, lazy: bool) -> None:
    assert not circles(import_graph(house, lazy=lazy))


def test_private_names_stay_at_home(house: House) -> None:
    assert not private_uses(house)


def test_the_picture_of_the_house_is_current(house: House) -> None:
    """`python -m docs.house` renews it."""
    assert PICTURE.read_text(encoding="utf-8") == drawn(house)


# the measures themselves

SOURCES = {
    "planner/__init__.py": '"""Doubles."""\n',
    "planner/a.py": (
        "import planner.b\nfrom planner.c import _hidden\nfrom planner.rooms import _own\n"
    ),
    "planner/b.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from planner.a import typed\n"
        "def late(it):\n    from planner import a\n    return it._secret, it._other\n"
    ),
    "planner/c.py": "from . import d\nclass C:\n    def _secret(self): ...\n",
    "planner/d.py": (
        "def wide():\n    from planner.c import C\n    return 'carbon_netcdf' and "
        + "1 + " * 30
        + "1\n"
    ),
    "planner/e.py": '"""No netcdf here."""\n# netcdf\n',
    "planner/rooms/__init__.py": "",
    "planner/rooms/_own.py": "",
    "planner/rooms/near.py": ("from planner.rooms import _own\nfrom planner.rooms._own import x\n"),
}
PROJECT = """[[tool.importlinter.contracts]]
type = "layers"
layers = ["a", "b"]
ignore_imports = ["planner.d -> planner.c"]
"""


@pytest.fixture
def small(tmp_path: Path) -> House:
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    for name, text in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_house(tmp_path)


def test_circles_are_found(small: House) -> None:
    """Lazy imports close one, types none, and what the contract ignores only where it is asked."""
    assert circles(import_graph(small, lazy=False)) == []
    assert circles(import_graph(small, lazy=True)) == [["planner.a", "planner.b"]]
    assert circles(import_graph(small, lazy=True, accessors=True)) == [
        ["planner.a", "planner.b"],
        ["planner.c", "planner.d"],
    ]


def test_private_names_are_found(small: House) -> None:
    """Imported, or taken from an object; a name that no module of the package defines is another's,
    and a private module is at home in its package."""
    assert private_uses(small) == [
        "a.py: planner.c._hidden",
        "a.py: planner.rooms._own",
        "b.py: ._secret",
    ]


def test_words_and_lines_are_found(small: House) -> None:
    assert files_naming(small, "netcdf") == ["d.py"]
    assert wide_lines(small) == ["d.py:3"]
    assert long_functions(small, 2) == [(3, "d.py:1 wide"), (3, "b.py:4 late")]
    assert files_by_folder(small) == {".": 6, "rooms": 3}
