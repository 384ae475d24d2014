"""Figures: what they draw is what the tables hold; themes; the accessor; colours that everybody
tells apart."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from planner.errors import SpecError
from planner.figures import plan_figures as figures
from planner.figures.accessor import Plots
from planner.figures.themes import COLOURS, ON_DARK, TEMPLATES, themed
from planner.plan.plan import Plan
from tests.small import Study

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
OF_A_PLAN = {
    "mix": ("lithium",),
    "origins": ("lithium",),
    "sankey": ("lithium", 2022),
    "capacity": (),
    "prices": (),
    "emissions": (),
    "costs": (),
    "stocks": ("lithium",),
    "reserves": (),
    "frontier": (),
    "urban_mine": ("lithium", 2023),
    "beside": ({}, "lithium"),
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@pytest.fixture
def fan_table() -> pd.DataFrame:
    rows = [
        (year, quantile, 100 * quantile + year, "t")
        for year in (2021, 2022)
        for quantile in (0.05, 0.25, 0.5, 0.75, 0.95)
    ]
    return pd.DataFrame(rows, columns=["year", "quantile", "value", "unit"])


# ---- the accessor --------------------------------------------------------------------------------


def test_every_figure_of_the_accessor_is_tried_here() -> None:
    """A figure added to `plan.plot` without a line in this file fails here."""
    tried = {*OF_A_PLAN, "fan", "curve"}
    assert {name for name in vars(Plots) if not name.startswith("_")} == tried


def test_a_curve_is_drawn_with_what_is_taken_of_it(tmp_path: Path) -> None:
    """100 t wanted; 60 are sold at 10 USD/t, 80 more at 30: bars of 60 and 80 t from 0 and from 60,
    of which 60 and 40 are bought. A curve that is not there is refused by the names of those that
    are."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=1000)
    study.process("ship", "import", gives={"li": 1}, origin="Chile")
    study.curve("ship", s1={"price": 10, "amount": 60}, s2={"price": 30, "amount": 80})
    plan = planner.solve(planner.read(study.write(tmp_path / "s")))
    there, bought = plan.plot.curve("ship", 2021).data
    assert list(there.x) == [30, 100]
    assert list(there.width) == [60, 80]
    assert list(there.y) == [10, 30]
    assert list(bought.width) == pytest.approx([60, 40])
    assert list(bought.x) == pytest.approx([30, 80])
    with pytest.raises(SpecError, match="no curve of li in 2021; curves: ship"):
        plan.plot.curve("li", 2021)


@pytest.mark.parametrize("theme", TEMPLATES)
@pytest.mark.parametrize("name", OF_A_PLAN)
def test_each_figure_in_each_theme(plan: Plan, name: str, theme: str) -> None:
    """Something is drawn, in the paper of the theme, with a title and the plan's name under it."""
    figure = getattr(plan.plot, name)(*OF_A_PLAN[name], theme=theme)
    assert len(figure.data)
    assert (
        figure.layout.template.layout.paper_bgcolor
        == {"light": "#FFFFFF", "dark": "#1B1B1F", "print": "#FFFFFF"}[theme]
    )
    assert figure.layout.title.text
    assert (
        figure.layout.title.subtitle.text
        == "quickstart, scenario reference, least-cost plan 2021-2023"
    )


def test_what_the_accessor_lists_is_what_it_has(plan: Plan) -> None:
    assert repr(plan.plot).startswith("figures of a plan: .beside, .capacity")
    assert set(dir(plan.plot)) == {*OF_A_PLAN, "curve", "fan"}
    assert all(inspect.getdoc(getattr(plan.plot, name)) for name in dir(plan.plot))


def test_a_theme_that_is_not_there(plan: Plan) -> None:
    with pytest.raises(
        SpecError,
        match=r"'drak' is not a theme \(did you mean 'dark'\?\); choose one of light, dark, print",
    ):
        plan.plot.mix("lithium", theme="drak")


def test_a_scenario_cannot_put_markup_in_a_figure(tmp_path: Path) -> None:
    study = (
        Study(2021)
        .good("li", "refined", demand=10, shortage_cost=900)
        .process("mine", "mine", gives={"li": 1})
    )
    plan = planner.solve(planner.read(study.write(tmp_path / "s"), name="<b>bold</b>"))
    assert "<b>" not in plan.plot.prices().layout.title.subtitle.text


# ---- what is drawn is what the tables hold
# ----------------------------------------------------------------------------------------


def test_the_mix_adds_up_to_what_is_supplied(plan: Plan) -> None:
    """100 t of lithium in 2021: 40 from the mine, 51 from abroad, 9 recycled; the stack ends at
    100."""
    areas = {
        trace.name: dict(zip(trace.x, trace.y, strict=True))
        for trace in plan.plot.mix("lithium").data
    }
    assert areas == {
        "domestic primary": pytest.approx({2021: 40, 2022: 70, 2023: 55}),
        "foreign primary": pytest.approx({2021: 51, 2022: 12, 2023: 0}),
        "domestic secondary": pytest.approx({2021: 9, 2022: 18, 2023: 45}),
    }


def test_imports_by_origin_are_those_of_the_flow_table(plan: Plan) -> None:
    drawn = {trace.name: float(np.sum(trace.y)) for trace in plan.plot.origins("lithium").data}
    flows = plan.flows[
        (plan.flows["metal"] == "lithium") & plan.flows["source"].str.startswith("origin/")
    ]
    assert drawn == pytest.approx(
        {
            name.removeprefix("origin/"): value
            for name, value in flows.groupby("source")["value"].sum().items()
        }
    )
    assert sum(drawn.values()) > 0


def test_costs_end_at_their_sum(plan: Plan) -> None:
    *items, total = plan.plot.costs().data
    assert total.name == "sum"
    assert np.sum([bar.y for bar in items], axis=0) == pytest.approx(np.array(total.y))


def test_capacity_has_a_panel_a_plant_with_its_own_numbers(plan: Plan) -> None:
    figure = plan.plot.capacity()
    standing = plan.capacity[
        (plan.capacity["quantity"] == "capacity") & (plan.capacity["value"] > 0)
    ]
    assert [note.text for note in figure.layout.annotations] == [
        name.replace("_", " ") for name in sorted(standing["plant"].unique())
    ]
    lines = [trace for trace in figure.data if trace.name == "capacity"]
    assert sorted(lines[0].y) == sorted(
        standing[standing["plant"] == min(standing["plant"])]["value"]
    )
    with pytest.raises(SpecError, match="'works' is not a plant of this study; choose from "):
        plan.plot.capacity(["works"])


def test_the_frontier_figure_marks_the_plan_on_the_curve(plan: Plan) -> None:
    """Without a carbon price the plan is the cheapest end: the same cost and carbon as the first
    point."""
    found = planner.frontier(plan.system, points=4)
    curve, mark = plan.plot.frontier(found).data
    assert list(curve.x) == sorted(curve.x, reverse=True)
    assert (mark.x[0], mark.y[0]) == (pytest.approx(curve.x[0]), pytest.approx(curve.y[0]))
    assert "thousand t CO2e" in plan.plot.frontier(found).layout.xaxis.title.text


def test_each_level_of_imports_and_each_metal_is_a_curve_of_its_own(plan: Plan) -> None:
    """Drawn as one, the curves of two levels would run back and forth."""
    points = planner.frontier(plan.system, points=3).points
    drawn = figures.frontier(
        pd.concat([points.assign(**{"import": level}) for level in (115.0, 1.0)])
    ).data
    assert [trace.name for trace in drawn] == [
        f"least cost at each carbon, imports at most {level} t" for level in (115, 1)
    ]
    assert all(list(trace.x) == sorted(trace.x, reverse=True) for trace in drawn)
    metals = planner.frontier(plan.system, points=2, by_metal=True)
    *curves, mark = figures.frontier(metals, plans={"this": plan}).data
    assert sorted(trace.name for trace in curves) == [
        "cobalt",
        "least cost at each carbon",
        "lithium",
    ]
    assert mark.marker.color not in {trace.line.color for trace in curves}


def test_an_axis_of_names_is_left_alone_and_one_of_few_years_names_each() -> None:
    figure = figures.blank("names", "t")
    figure.add_bar(x=np.array(["a", "b"]), y=[1, 2])
    assert figures.whole_years(figure).layout.xaxis.dtick is None
    assert (
        figures.lines(
            pd.DataFrame({"a": [1.0, 2.0]}, index=[2021, 2022]), "few", "t"
        ).layout.xaxis.dtick
        == 1
    )
    assert (
        figures.lines(
            pd.DataFrame({"a": [1.0, 2.0]}, index=[2021, 2060]), "many", "t"
        ).layout.xaxis.dtick
        is None
    )


def test_plans_stand_beside_each_other_on_one_scale(plan: Plan) -> None:
    other = planner.solve(planner.read("quickstart", scenario="carbon-price"))
    figure = plan.plot.beside({"with a price": other}, "lithium", name="as it is")
    assert [note.text for note in figure.layout.annotations] == ["as it is", "with a price"]
    assert figure.layout.yaxis2.matches == "y"
    shown = [trace.name for trace in figure.data if trace.showlegend]
    assert len(shown) == len(set(shown)), "a pathway stands once in the legend"


def test_a_fan_is_bands_about_the_median(plan: Plan, fan_table: pd.DataFrame) -> None:
    figure = figures.fan(fan_table, "cost", "USD")
    assert [trace.name for trace in figure.data if trace.name] == [
        "90% of the runs",
        "50% of the runs",
        "median",
    ]
    assert list(figure.data[0].y) == [95 + 2021, 95 + 2022], (
        "the outermost band ends at the highest quantile"
    )
    assert list(figure.data[1].y) == [5 + 2021, 5 + 2022]
    assert figure.layout.yaxis.title.text == "USD"
    own = plan.plot.fan(fan_table, own=pd.Series({2021: 2070.0, 2022: 2071.0}))
    assert own.data[-1].name == "this plan"
    assert own.layout.yaxis.title.text == "t", "the unit of the table where none is given"


def test_an_ensemble_is_drawn_with_the_plan_over_it(plan: Plan) -> None:
    """Old scrap over eight samples: the median of the chart is that of the table, and 9, 18, 45 t
    of the plan are drawn over it."""
    runs = planner.ensemble(plan.system, samples=8, workers=1)
    figure = plan.plot.fan(runs, "lithium", "domestic secondary")
    median, own = figure.data[-2:]
    table = runs.fan("lithium", "domestic secondary")
    assert list(median.y) == pytest.approx(
        table[table["quantile"] == 0.5].sort_values("year")["value"].tolist()
    )
    assert (own.name, list(own.y)) == ("this plan", pytest.approx([9, 18, 45]))
    assert figure.layout.title.text == f"Lithium: domestic secondary over {runs.solved} runs"
    share = plan.plot.fan(runs, "lithium", "foreign_share")
    assert (share.layout.yaxis.title.text, share.layout.yaxis.tickformat) == ("", ".0%"), (
        "a share is shown in per cent"
    )
    with pytest.raises(SpecError, match="lithium, prise: one of the metals of the study and of "):
        plan.plot.fan(runs, "lithium", "prise")


def test_a_fan_refuses_quantiles_without_their_opposite(fan_table: pd.DataFrame) -> None:
    with pytest.raises(SpecError, match="not in pairs about the median"):
        figures.fan(fan_table[fan_table["quantile"] != 0.05])
    with pytest.raises(SpecError, match="has no column quantile"):
        figures.fan(fan_table.drop(columns="quantile"))
    with pytest.raises(SpecError, match="holds no value"):
        figures.fan(fan_table.assign(value=float("nan")))


def test_what_a_loss_leaves_unserved_is_drawn_as_a_share(plan: Plan) -> None:
    found = planner.disrupt(plan, years=1, recovery=1)
    figure = figures.unserved(found)
    assert figure.data
    first = found.losses["first"].min()
    for bar in figure.data:
        origin, metal = bar.name.split(": ")
        rows = found.by_metal[
            found.by_metal["loss"].str.endswith(origin) & (found.by_metal["metal"] == metal)
        ]
        rows = rows[
            (rows["first"] == first) & ~rows["loss"].str.contains(" + ", regex=False)
        ].set_index("year")
        assert list(bar.y) == pytest.approx(
            [rows.loc[year, "unmet"] / rows.loc[year, "requirement"] for year in bar.x]
        )
    harmless = str(found.losses.loc[found.losses["worst_metal"] == "", "loss"].iloc[0])
    (bar,) = figures.unserved(found, [harmless]).data
    assert bar.name.endswith(": nothing unserved")
    assert list(bar.y) == [0.0] * len(bar.x)
    with pytest.raises(SpecError, match="no loss 'origin/Nowhere'"):
        figures.unserved(found, ["origin/Nowhere"])


def test_more_series_than_colours_are_taken_together_and_lose_nothing() -> None:
    wide = pd.DataFrame({f"s{i}": [float(i), 1.0] for i in range(12)}, index=[2021, 2022])
    drawn = figures._stack(figures.blank("many", "t"), wide).data
    assert len(drawn) == len(COLOURS)
    assert drawn[-1].name == "5 others"
    assert np.sum([trace.y for trace in drawn], axis=0) == pytest.approx(
        wide.sum(axis=1).to_numpy()
    )


def test_in_a_crowd_only_large_nodes_are_named_and_all_say_theirs_when_pointed_at(
    tmp_path: Path,
) -> None:
    """40 small mines beside a large one: its name is written, theirs stand in the hover text."""
    study = Study(2021).good("li", "refined", demand=1000, shortage_cost=900)
    study.process("origin_of_most", "import", origin="Large", gives={"li": 1}, max_activity=900)
    for i in range(40):
        study.process(f"mine{i}", "import", origin=f"Small{i}", gives={"li": 1}, max_activity=2)
    node = (
        planner.solve(planner.read(study.write(tmp_path / "s")))
        .plot.sankey("lithium", 2021)
        .data[0]
        .node
    )
    assert "origin/Large" in node.label
    assert "origin/Small3" not in node.label
    assert "origin/Small3" in node.customdata


# ---- looks ---------------------------------------------------------------------------------------


def seen(colour: str) -> np.ndarray:
    """CIELAB of a colour as one with deuteranopia sees it (Vienot, Brettel, Mollon 1999), shape
    (3,)."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_lms = np.array(
        [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
    )
    blind = np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]])
    linear = np.clip(np.linalg.inv(to_lms) @ blind @ to_lms @ linear, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
        / [0.9505, 1.0, 1.089]
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_no_two_colours_look_alike_to_the_colour_blind() -> None:
    """Fifteen units of CIELAB apart at least; a middling grey beside the pink, for one, would be at
    8."""
    lab = [seen(colour) for colour in COLOURS]
    assert min(np.linalg.norm(a - b) for i, a in enumerate(lab) for b in lab[:i]) > 15
    assert np.linalg.norm(seen("#CC79A7") - seen("#999999")) < 15, "the measure can tell"


def test_lines_on_a_dark_ground_are_light_enough_and_still_differ(plan: Plan) -> None:
    """Contrast of 3 to the paper at least (WCAG 1.4.11), for the colour-blind no two alike."""

    def luminance(colour: str) -> float:
        rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        return float(
            np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
            @ [0.2126, 0.7152, 0.0722]
        )

    lit = [ON_DARK.get(colour, colour) for colour in COLOURS]
    assert min((luminance(colour) + 0.05) / (luminance("#1B1B1F") + 0.05) for colour in lit) >= 3.5
    assert min(np.linalg.norm(seen(a) - seen(b)) for i, a in enumerate(lit) for b in lit[:i]) > 14
    assert plan.plot.prices(theme="dark").data[0].line.color == "#2E90D0"
    assert plan.plot.mix("lithium", theme="dark").data[0].fillcolor == "#0072B2", (
        "an area keeps its colour"
    )


def test_in_print_series_differ_without_colour(plan: Plan) -> None:
    hatches = [trace.fillpattern.shape for trace in plan.plot.mix("lithium", theme="print").data]
    assert len(set(hatches)) == len(hatches) == 3
    dashes = [trace.line.dash for trace in plan.plot.prices(theme="print").data]
    assert len(set(dashes)) == len(dashes) == 2
    panels = plan.plot.beside({"again": plan}, "lithium", theme="print").data
    assert len({(trace.name, trace.fillpattern.shape) for trace in panels}) == 3, (
        "a pathway looks alike in every panel"
    )


def test_a_theme_can_be_changed_afterwards_and_templates_have_names(plan: Plan) -> None:
    from plotly import io

    figure = plan.plot.mix("lithium")
    assert set(TEMPLATES.values()) <= set(io.templates)
    assert themed(figure, "dark").layout.paper_bgcolor is None, (
        "nothing of a theme stands in the figure itself"
    )
    assert figure.layout.template.layout.paper_bgcolor == "#1B1B1F"


@pytest.mark.slow
@pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium draws the picture here: install Debian's chromium"
)
def test_a_figure_of_the_accessor_becomes_a_picture_in_its_theme(
    plan: Plan, tmp_path: Path
) -> None:
    path = figures.write_figure(plan.plot.mix("lithium", theme="dark"), tmp_path / "mix.svg")
    content = path.read_text(encoding="utf-8")
    assert "domestic secondary" in content
    assert "rgb(27, 27, 31)" in content, "the dark paper"
