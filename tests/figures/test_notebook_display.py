"""Results as they show themselves in a notebook: words first, numbers from the tables, every text
escaped."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.plan.plan import Plan
from planner.runtime.display import MOST_ROWS, shown
from tests.small import Study

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


class Cells(HTMLParser):
    """Tags in order, and the text of each row of each table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.tags[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_a_plan_says_its_answer_then_its_totals_then_each_metal(plan: Plan) -> None:
    text = plan._repr_html_()
    made = Cells(text)
    assert text.index("Nothing is short in any year.") < text.index("<table")
    assert ["cost, present value", "4,178,293", "USD_2021"] in made.rows
    assert ["shortage", "0", "t"] in made.rows
    assert ["lithium", "2021", "40%", "51%", "9%"] in [
        [row[0], row[1], *row[3:6]] for row in made.rows if row[0] == "lithium"
    ]
    assert [row[1] for row in made.rows if row[0] == "cobalt"] == ["2021", "2022", "2023"]


def test_shortage_and_price_stand_in_the_table(tmp_path: Path) -> None:
    """30 t of 100 cannot be served in each of two years: 60 t, 30 %, and one tonne more would cost
    the penalty."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=900)
    folder = study.process("mine", "mine", gives={"li": 1}, max_activity=70).write(tmp_path / "s")
    rows = Cells(planner.solve(planner.read(folder))._repr_html_()).rows
    assert ["shortage", "60", "t"] in rows
    last = next(row for row in rows if row[:2] == ["lithium", "2022"])
    assert "30%" in last
    assert last[-1] == "900"


def test_text_of_a_study_is_never_markup(tmp_path: Path) -> None:
    def tags(word: str, folder: Path) -> list[str]:
        study = Study(2021, title=f"title {word}").good(
            f"li {word}", "refined", demand=10, shortage_cost=900
        )
        study.process(f"mine {word}", "mine", gives={f"li {word}": 1})
        text = planner.solve(planner.read(study.write(folder)))._repr_html_()
        assert EVIL not in text
        return Cells(text).tags

    assert tags(EVIL, tmp_path / "evil") == tags("plain", tmp_path / "plain")


def test_heads_cells_titles_and_hints_are_escaped() -> None:
    text = shown(EVIL, [EVIL], pd.DataFrame({EVIL: [EVIL] * (MOST_ROWS + 1)}), more=EVIL)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == MOST_ROWS + 4


def test_a_long_table_is_cut_and_says_so() -> None:
    text = shown("", [], pd.DataFrame({"x": range(MOST_ROWS + 5)}), more=".points")
    assert len(Cells(text).rows) == MOST_ROWS + 1
    assert "5 more rows in .points." in text


def test_numbers_are_short_and_what_is_not_there_is_empty() -> None:
    rows = Cells(
        shown(
            "", [], pd.DataFrame({"x": [1234567.8, 0.123456, float("nan")], "y": ["a", None, "b"]})
        )
    ).rows
    assert rows[1:] == [["1,234,568", "a"], ["0.1235", ""], ["", "b"]]


def test_percentages_stand_right_and_words_left() -> None:
    text = shown("", [], pd.DataFrame({"share": ["9%", "45%"], "metal": ["lithium", "4 others"]}))
    assert text.count("text-align:right") == text.count("text-align:left") == 3


def test_other_results_say_what_matters_first(plan: Plan) -> None:
    """Each with its words, its table, and the numbers of its table."""
    from planner import alternatives, compare, disrupt, frontier, gap

    found = frontier(plan.system, points=3)
    text = found._repr_html_()
    cheap, clean = found.points.iloc[0], found.points.iloc[-1]
    assert (
        f"all: from {cheap['carbon'] / 1e3:.3g} thousand t CO2e (footprint) for "
        f"{cheap['cost'] / 1e6:.3g} million USD "
        f"down to {clean['carbon'] / 1e3:.3g} thousand t for {clean['cost'] / 1e6:.3g} million USD."
    ) in text
    assert len(Cells(text).rows) == 1 + len(found.points)
    losses = disrupt(plan, years=1, recovery=1)
    assert f"{losses.losses['loss'].iloc[0]} hurts most" in losses._repr_html_()
    beside = compare([plan, planner.solve(planner.read("quickstart", scenario="carbon-price"))])
    assert f"{len(beside.inputs)} numbers of the inputs differ" in beside._repr_html_()
    assert "at most 5.0% more than the least" in alternatives(plan.system, plans=0)._repr_html_()
    assert gap(plan, year=2021)._repr_html_().endswith("<p>Nothing falls short.</p></div>"), (
        "an empty table is left out"
    )
    shrunk = gap(plan, year=2021, growth=-0.9)
    assert (
        f"{shrunk.gaps['metal'].iloc[0]} falls short first, in {shrunk.gaps['first'].iloc[0]}."
        in shrunk._repr_html_()
    )


def test_in_a_shell_each_is_one_line(plan: Plan) -> None:
    """Not the megabytes of all fields: who types the name of a study wants to know which it is."""
    system = planner.read("quickstart", scenario="carbon-price")
    assert (
        repr(system)
        == "System quickstart [carbon-price], 2021-2023: lithium, cobalt; 5 goods, 8 processes"
    )
    assert (
        repr(planner.balance(system))
        == "Balance of quickstart [carbon-price], 2021-2023: 5 goods, 8 processes"
    )
    assert (
        repr(plan)
        == "Plan of quickstart [reference], 2021-2023: optimal, 4,178,293 USD_2021 present value"
    )
