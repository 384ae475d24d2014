"""The report as text: the answer in words, every section, everything escaped, nothing from the
network."""

from __future__ import annotations

import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import planner
from planner.errors import InfeasibleError, OutputError, SpecError
from planner.mfa.in_use import UseStock
from planner.plan.plan import Plan
from planner.reporting import page, sections
from planner.reporting.words import amount, answer
from tests.random_studies import studies
from tests.small import Study

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@pytest.fixture(scope="module")
def dearer() -> Plan:
    return planner.solve(planner.read("quickstart", scenario="carbon-price"))


class Page(HTMLParser):
    """Tags, text outside scripts, and where links go."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.headings: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] not in ("script", "style"):
            self.words.append(data)
        if self.tags and self.tags[-1] in ("h1", "h2"):
            self.headings.append(data)


def test_the_answer_says_what_the_tables_hold(plan: Plan) -> None:
    """Cost, emissions and the shares of the first and last year are those of the plan."""
    text = " ".join(answer(plan))
    assert amount(plan.cost) in text
    assert amount(plan.record.emissions["footprint"]) in text
    assert (
        "Lithium: in 2021 51% foreign primary, 40% domestic primary, 9% domestic secondary" in text
    )
    assert "Nothing is short" in text


def test_a_shortage_is_said(tmp_path: Path) -> None:
    """30 t of 100 cannot be served in 2021 and 2022."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=900)
    folder = study.process("mine", "mine", gives={"li": 1}, max_activity=70).write(tmp_path / "s")
    assert "Lithium is short from 2021 to 2022, by 30 t in the worst year." in answer(
        planner.solve(planner.read(folder))
    )


def test_every_section_stands_and_nothing_is_fetched(plan: Plan, dearer: Plan) -> None:
    text = page(plan, [dearer])
    made = Page(text)
    words = " ".join(made.words)
    for title in (
        "The answer",
        "Supply",
        "Self-sufficiency and imports",
        "Capacity and what to build when",
        "Cost and carbon",
        "Shadow prices",
        "Gaps",
        "Reserves and stockpiles",
        "Flows",
        "Stocks and waste",
        "Comparison",
        "Indicators",
        "Inputs",
        "Certificate",
    ):
        assert title in made.headings, title
    assert "Arithmetic checked: every check outside the solver holds." in words
    assert all(link.startswith(("#", "data:")) for link in made.links), made.links
    assert text.count("plotly.js v") == 1, "the script of plotly stands in the page once"


@pytest.mark.parametrize("study", ["quickstart", "china"])
def test_every_number_stands_with_its_source_and_grade(study: str) -> None:
    """No input is left out, however many there are: each is found in the row of its series, beside
    its unit, source and grade."""
    from planner.reporting.inputs import inputs

    system = planner.read(study)
    section = inputs(SimpleNamespace(system=system))
    held = {
        (table.title.partition(":")[0], row[0], row[2], row[3].replace("; ", ";"), row[4]): row[
            1
        ].split("; ")
        for table in section.blocks
        if table.heads[0] == "what"
        for row in table.rows
    }
    for datum in system.data:
        table, _, path = datum.path.partition(".")
        base, _, year = path.rpartition(".")
        key, before = (base, f"{year}: ") if re.fullmatch(r"\d{4}", year) else (path, "")
        values = held[table, key, datum.unit, datum.source, datum.grade]
        assert any(value.startswith(f"{before}{datum.value:,.6g}") for value in values), datum
    assert sum(len(values) for values in held.values()) == len(system.data)


def test_sources_are_given_in_full_where_they_are_known() -> None:
    """A source of the shipped list stands with its title; any other stands by its name."""
    from planner.reporting.inputs import inputs, shipped_sources

    known = shipped_sources()
    system = planner.read("china")
    rows = {row[0]: row for row in inputs(SimpleNamespace(system=system)).blocks[-1].rows}
    used = {name for datum in system.data for name in datum.source.split(";")}
    assert set(rows) == used
    assert rows["gomez2023"][2:] == known["gomez2023"]
    assert rows["usgs-mcs-2020"][-1].startswith("public domain")
    assert all(rows[name][2] for name in used & set(known))


def test_policies_stand_in_the_inputs() -> None:
    """A target in force is an input too: its level at both ends, its years, and that it is hard."""
    from planner.reporting.inputs import inputs

    system = planner.read("china", scenario="self-reliance")
    table = next(
        block
        for block in inputs(SimpleNamespace(system=system)).blocks
        if block.title.startswith("Policies")
    )
    assert table.title == f"Policies in force: {len(system.policies)}"
    assert {row[0] for row in table.rows} == {name.replace("_", " ") for name in system.policies}


def test_stocks_and_waste_by_year_of_entry_add_up(plan: Plan) -> None:
    """Cohorts, and what leaves of each, sum to the stock and the outflow of every year; a hand-made
    case with a life of two years."""
    from planner.reporting.metal import cohort_bins, outflow_by_cohort, stock_by_cohort

    for use in plan.balance.stocks.values():
        bins = cohort_bins(plan).values()
        assert sum(stock_by_cohort(use, bins)) == pytest.approx(use.stock)
        assert sum(outflow_by_cohort(use, bins)) == pytest.approx(use.outflow)
    # 10 t came in 2020 and leave in 2022; 30 t came in 2021 and leave in 2023; 20 t came in 2022
    use = UseStock(
        "p",
        (2021, 2022, 2023),
        np.array([30.0, 20.0, 0.0]),
        np.array([40.0, 50.0, 20.0]),
        np.array([0.0, 10.0, 30.0]),
        10.0,
        (2020, 2021, 2022, 2023),
        np.array([[10.0, 30, 0, 0], [0, 30, 20, 0], [0, 0, 20, 0]]),
        "end",
    )
    parts = outflow_by_cohort(use, [(-9999, 2020), (2021, 2021), (2022, 2023)])
    assert [part.tolist() for part in parts] == [
        [0.0, 10.0, 0.0],
        [0.0, 0.0, 30.0],
        [0.0, 0.0, 0.0],
    ]


def test_a_frontier_is_shown_with_the_plan_on_it(plan: Plan) -> None:
    """The plan is the cheapest point: its cost without carbon price, and its emissions, are those
    of the first point."""
    found = planner.frontier(plan.system, points=4)
    section = next(s for s in sections(plan, frontier=found) if s.title.startswith("Frontier"))
    curve = section.blocks[0].charts[0]
    here = next(t for t in curve.traces if t["name"] == "this plan")
    line = next(t for t in curve.traces if t["name"] == "all metals")
    cheapest = max(zip(line["x"], line["y"], strict=True))
    assert (here["x"][0], here["y"][0]) == pytest.approx(cheapest, rel=1e-4)
    assert not [s for s in sections(plan) if s.title.startswith("Frontier")]


def test_levels_of_imports_are_curves_of_their_own(tmp_path: Path) -> None:
    """Three levels: three curves, each named and none mixed with another; each has the points of
    its level."""
    plan = planner.solve(planner.read(planner.new(tmp_path / "s")))
    found = planner.frontier(plan.system, points=3, imports=3)
    charts = (
        next(s for s in sections(plan, frontier=found) if s.title.startswith("Frontier"))
        .blocks[0]
        .charts
    )
    curves = [t for t in charts[0].traces if "imports at most" in t["name"]]
    assert len({t["name"] for t in curves}) == found.points["import"].nunique() == 3
    assert sum(len(t["x"]) for t in curves) == len(found.points)
    assert len(charts[1].traces[0]["x"]) <= 3


def test_a_frontier_of_other_inputs_is_refused(tmp_path: Path, plan: Plan, dearer: Plan) -> None:
    from typer.testing import CliRunner

    from planner.cli import app

    folder = tmp_path / "run" / "frontier"
    plan.save(tmp_path / "run")
    dearer.save(tmp_path / "dearer")
    runner = CliRunner()
    assert (
        runner.invoke(
            app, ["frontier", "quickstart", "--points", "3", "--out", str(folder), "-q"]
        ).exit_code
        == 0
    )
    done = runner.invoke(app, ["report", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert "Frontier of cost and carbon" in (tmp_path / "run" / "report.html").read_text(
        encoding="utf-8"
    )
    refused = runner.invoke(app, ["report", str(tmp_path / "dearer"), "--frontier", str(folder)])
    assert refused.exit_code == 2
    assert "with other inputs than the run" in refused.output
    empty = runner.invoke(app, ["report", str(tmp_path / "run"), "--frontier", str(tmp_path)])
    assert "holds no frontier that can be read" in empty.output


def test_a_gap_and_a_missed_target_are_shown(tmp_path: Path) -> None:
    """30 t of 100 are short and half of a soft target of 80 % is missed: both stand under Gaps,
    with their size."""
    policy = {
        "kind": "self_sufficiency",
        "metal": "lithium",
        "stages": ["extraction"],
        "share": 0.8,
        "penalty": 1.0,
        "source": "test",
    }
    study = Study(2021, 2021, policies={"home": policy}).good("ore", "intermediate", equivalent=1)
    study.good("li", "refined", demand=100, shortage_cost=900)
    study.process("mine", "mine", gives={"ore": 1}, max_activity=40).process(
        "refine", "refine", takes={"ore": 1}, gives={"li": 1}
    )
    study.process("import", "import", gives={"li": 1}, max_activity=30, import_price=5)
    plan = planner.solve(planner.read(study.write(tmp_path / "s")))
    gaps = next(s for s in sections(plan) if s.title == "Gaps")
    assert "Lithium is short from 2021 to 2021, by 30 t in the worst year." in gaps.sentences
    assert gaps.blocks[0].charts[0].traces[0]["y"] == [30.0]
    assert gaps.blocks[1].rows == (("home", "lithium", "2021 (1)", "40", "t/year"),)


def test_text_of_a_study_is_escaped_everywhere(tmp_path: Path) -> None:
    """Markup in the title, a source, a note, names of goods and processes: shown, never run; no tag
    more than without it."""

    def tags(word: str, folder: Path) -> list[str]:
        study = Study(title=f"title {word}", source=f"source {word}").good(
            f"li {word}", "refined", demand=10, shortage_cost=900
        )
        study.process(f"mine {word}", "mine", gives={f"li {word}": 1}, plant=f"works {word}")
        study.plant(f"works {word}", existing_capacity=20)
        text = page(planner.solve(planner.read(study.write(folder))))
        assert EVIL not in text
        return Page(text).tags

    assert tags(EVIL, tmp_path / "evil") == tags("plain", tmp_path / "plain")


def test_figures_refuse_what_is_not_there(plan: Plan) -> None:
    from planner.figures import plan_figures as figures

    with pytest.raises(SpecError, match="choose one of"):
        figures.mix(plan, "unobtainium")
    with pytest.raises(SpecError, match="no flows of lithium in 1999"):
        figures.sankey(plan, "lithium", 1999)


def test_the_sankey_holds_all_flows_of_its_year(plan: Plan) -> None:
    """Links add up to the flows of the table, and each node but sources and sinks takes in what it
    gives out."""
    from planner.figures import plan_figures as figures

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


@given(study=studies())
@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_every_plan_has_a_report_and_a_workbook(study: Study) -> None:
    """Whatever a study lacks (imports, plants, deposits, use, more than one year): the page and the
    workbook are made, without a NaN."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            plan = planner.solve(planner.read(study.write(Path(folder) / "study")))
        except InfeasibleError:
            return
        made = page(plan)
        assert "NaN" not in made.partition("</head>")[2]
        assert "Certificate" in Page(made).headings
        assert planner.export(plan, Path(folder) / "plan.xlsx").is_file()
