"""The README's pictures are drawn by docs/pictures.py, all of them, and show the plan of today."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
SHOWN = re.findall(
    r"!\[[^\]]+\]\(docs/images/([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")
)
"""Pictures of the README that say in words what they show."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    found = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "pictures.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_readme_shows_each_picture_that_is_kept() -> None:
    """All but that of the house, which docs/design.md shows."""
    assert SHOWN
    kept = {path.name for path in (ROOT / "docs" / "images").glob("*.svg")}
    assert sorted(SHOWN) == sorted(kept - {"house.svg"})


@pytest.fixture(scope="module")
def drawn(script: ModuleType) -> Mapping[str, Any]:
    return script.pictures()


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_shows_the_plan_of_today(
    script: ModuleType, drawn: Mapping[str, Any], name: str
) -> None:
    """Draw it anew with `python docs/pictures.py` where this fails."""
    text = (ROOT / "docs" / "images" / name).read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    kept = json.loads(text.rpartition("<!-- ")[2].partition(" -->")[0])
    assert kept == pytest.approx(script.sums(drawn[name]), rel=1e-3)


@pytest.mark.slow
@pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium draws the picture here: install Debian's chromium"
)
def test_the_script_draws_them(
    script: ModuleType, drawn: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them, anew: the same words stand in it, titles and legends, as in the picture that is
    kept."""
    monkeypatch.setattr(script, "pictures", lambda: {"mix.svg": drawn["mix.svg"]})
    script.main(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mix.svg"]
    assert words(tmp_path / "mix.svg") == words(ROOT / "docs" / "images" / "mix.svg")


def words(path: Path) -> set[str]:
    """Text of a picture that is no number."""
    found = {
        "".join(node.itertext()).strip()
        for node in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    }
    return {text for text in found if re.search(r"[A-Za-z]{3}", text)}
