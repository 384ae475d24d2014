"""The report as text: the answer in words, every section, everything escaped, nothing from the network."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import planner
from planner.errors import OutputError, SpecError
from planner.plan import Plan
from planner.report import page
from planner.report.words import amount, answer
from tests.small import Study

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


class Page(HTMLParser):
    """Tags, text outside scripts, and where links go."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] not in ("script", "style"):
            self.words.append(data)


def test_the_answer_says_what_the_tables_hold(plan: Plan) -> None:
    """Cost, emissions and the shares of the first and last year are those of the plan."""
    text = " ".join(answer(plan))
    assert amount(plan.objective) in text
    assert amount(plan.record.emissions["footprint"]) in text
    assert "Lithium: in 2021 51% foreign primary, 40% domestic primary, 9% domestic secondary" in text
    assert "Nothing is short" in text


def test_a_shortage_is_said(tmp_path: Path) -> None:
    """30 t of 100 cannot be served in 2021 and 2022."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=900)
    folder = study.process("mine", "mine", gives={"li": 1}, max_activity=70).write(tmp_path / "s")
    assert "Lithium is short from 2021 to 2022, by 30 t in the worst year." in answer(planner.solve(planner.read(folder)))


def test_every_section_stands_and_nothing_is_fetched(plan: Plan) -> None:
    made = Page(page(plan, [planner.solve(planner.read("quickstart", scenario="carbon-price"))]))
    text = " ".join(made.words)
    for title in ("The answer", "Supply", "Flows", "Capacity", "Cost and carbon", "Prices", "Stocks and reserves", "Comparison", "Inputs",
                  "Certificate"):
        assert title in text
    assert "Every check outside the solver holds." in text
    assert all(link.startswith(("#", "data:")) for link in made.links), made.links
    for datum in plan.system.data:
        assert datum.path in text


def test_text_of_a_study_is_escaped_everywhere(tmp_path: Path) -> None:
    """Markup in the title, a source, a note, names of goods and processes: shown, never run; no tag more than without it."""
    def tags(word: str, folder: Path) -> list[str]:
        study = Study(title=f"title {word}", source=f"source {word}").good(f"li {word}", "refined", demand=10, shortage_cost=900)
        study.process(f"mine {word}", "mine", gives={f"li {word}": 1}, plant=f"works {word}")
        study.plant(f"works {word}", existing_capacity=20)
        text = page(planner.solve(planner.read(study.write(folder))))
        assert EVIL not in text
        return Page(text).tags
    assert tags(EVIL, tmp_path / "evil") == tags("plain", tmp_path / "plain")


def test_figures_refuse_what_is_not_there(plan: Plan) -> None:
    from planner import figures

    with pytest.raises(SpecError, match="choose one of"):
        figures.mix(plan, "unobtainium")
    with pytest.raises(SpecError, match="no flows of lithium in 1999"):
        figures.sankey(plan, "lithium", 1999)


def test_the_sankey_holds_all_flows_of_its_year(plan: Plan) -> None:
    """Links add up to the flows of the table, and each node but sources and sinks takes in what it gives out."""
    from planner import figures

    trace = figures.sankey(plan, "lithium", 2022).data[0]
    flows = plan.flows[(plan.flows["metal"] == "lithium") & (plan.flows["year"] == 2022)]
    assert sum(trace.link.value) == pytest.approx(flows["value"].sum(), rel=1e-3)
    labels = list(trace.node.label)
    for i, label in enumerate(labels):
        into = sum(v for v, t in zip(trace.link.value, trace.link.target, strict=True) if t == i)
        out = sum(v for v, s in zip(trace.link.value, trace.link.source, strict=True) if s == i)
        if label in plan.system.goods:
            assert into == pytest.approx(out, rel=1e-3), label


def test_a_report_that_cannot_be_written(tmp_path: Path, plan: Plan) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        planner.report(plan, tmp_path / "nowhere" / "report.html")
    assert not list(tmp_path.iterdir())


def test_the_file_is_one_page(tmp_path: Path, plan: Plan) -> None:
    made = planner.report(plan, tmp_path / "report.html")
    assert re.match(r"\s*<!DOCTYPE html>", made.read_text(encoding="utf-8"))
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
