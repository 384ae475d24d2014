"""Figures as files: pages that open offline, pictures drawn by Chromium, and what is said where one
of them cannot be made."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import planner
from planner.errors import OutputError, SpecError
from planner.figures.plan_figures import sankey, write_figure
from planner.plan.plan import Plan

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium draws the picture here: install Debian's chromium"
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@needs_chromium
@pytest.mark.slow
def test_a_picture_holds_every_flow_and_loss(plan: Plan, tmp_path: Path) -> None:
    """An SVG that parses, with one ribbon for each flow of the year and the name of every node, and
    no slider."""
    metal, year = plan.system.metals[0], int(plan.flows["year"].min())
    text = write_figure(sankey(plan, metal), tmp_path / "flows.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    flows = plan.flows[(plan.flows["metal"] == metal) & (plan.flows["year"] == year)]
    assert text.count('class="sankey-link"') == len(flows)
    shown = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {*flows["source"], *flows["target"]} <= shown
    assert any(name.startswith("loss/") for name in shown)
    assert 'class="slider-container"' not in text


@needs_chromium
@pytest.mark.slow
def test_a_png_is_one(plan: Plan, tmp_path: Path) -> None:
    picture = write_figure(sankey(plan, plan.system.metals[0]), tmp_path / "flows.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") == 2400


def test_a_page_opens_offline_keeps_its_slider_and_is_the_same_each_time(
    plan: Plan, tmp_path: Path
) -> None:
    figure = sankey(plan, plan.system.metals[0])
    pages = [
        write_figure(figure, tmp_path / name).read_text(encoding="utf-8")
        for name in ("one.html", "two.html")
    ]
    assert pages[0] == pages[1]
    assert '<script src="http' not in pages[0]
    assert len(figure.layout.sliders[0].steps) == plan.flows["year"].nunique()
    assert "sliders" in pages[0].rsplit("Plotly.newPlot", 1)[1]


def test_an_ending_that_is_unknown(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(
        SpecError, match=r"'\.jpeg' is not a known ending; choose from \.html, \.svg, \.png, \.pdf"
    ):
        write_figure(sankey(plan, plan.system.metals[0]), tmp_path / "flows.jpeg")


def test_a_folder_that_is_not_there(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file"):
        write_figure(sankey(plan, plan.system.metals[0]), tmp_path / "nowhere" / "flows.html")


def test_without_kaleido_a_picture_says_what_to_install(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(OutputError, match=r"pip install '\.\[image\]'"):
        write_figure(sankey(plan, plan.system.metals[0]), tmp_path / "flows.svg")


def test_without_chromium_a_picture_says_what_to_install(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "no-browser"))
    with pytest.raises(OutputError, match="Debian: chromium"):
        write_figure(sankey(plan, plan.system.metals[0]), tmp_path / "flows.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_loop_turns_back_where_metal_comes_home(plan: Plan) -> None:
    """The node that closes the loop of recycling stands first of it, so that the scrap turns back
    and not the whole of manufacture."""
    labels = list(sankey(plan, plan.system.metals[0]).data[0].node.label)
    order = [
        "deposit/salt_lake",
        "mine_brine",
        "lithium/refined",
        "assemble_packs",
        "use/batteries",
        "packs/spent",
        "recycle_packs",
    ]
    assert [name for name in labels if name in order] == order
