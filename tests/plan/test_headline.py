"""The head of an answer: cost and penalties apart, targets met and missed, what is thrown away, and
how many numbers come from a source that was read."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.exchange.iamc import iamc_table
from planner.figures.plan_figures import costs
from planner.plan.headline import TARGET_KINDS
from planner.plan.plan import Plan
from planner.reporting import page
from planner.reporting.words import answer, differences, facts
from planner.study.schema import POLICY_FORMS
from tests.small import Study, plan_of

PAID, SHORTAGE, BREACH = 1_200, 25_000, 750


def penalised(**policies: bool) -> Study:
    """Demand of 100 t: 70 bought at 10 and 5 dug at 100 (1,200 paid), 25 short at 1,000 each; a
    soft floor of 20 t at home missed by 15 at 50 each (750), a ceiling that is met."""
    study = Study().good("ore", "intermediate", equivalent=1)
    study.good("li", "refined", demand=100, shortage_cost=1_000)
    study.process("buy", "import", gives={"li": 1}, import_price=10, max_activity=70, origin="X")
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=100, max_activity=5)
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1})
    floor = {"metal": "lithium", "stages": ["extraction"], "share": 0.2, "penalty": 50}
    study.policy("home", "self_sufficiency", **floor)
    return study.policy("most_of_x", "import_share", metal="lithium", origin="X", share=0.9)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_of(penalised(), tmp_path_factory.mktemp("penalised"))


def test_cost_holds_no_penalty(plan: Plan) -> None:
    """1,200 is paid, 25,750 is penalty; the objective is both. Said before: a cost of 26,950."""
    assert (plan.cost, plan.penalty) == pytest.approx((PAID, SHORTAGE + BREACH))
    assert plan.objective == pytest.approx(PAID + SHORTAGE + BREACH)
    head = plan.headline
    assert (head.shortage_penalty, head.breach_penalty) == pytest.approx((SHORTAGE, BREACH))


def test_without_a_penalty_cost_is_the_objective_to_the_last_digit() -> None:
    plan = planner.solve(planner.read("quickstart"))
    assert (plan.cost, plan.penalty) == (plan.objective, 0.0)


def test_targets_met_and_missed_are_counted(plan: Plan) -> None:
    """Two targets, a floor and a ceiling: the floor is missed by 15 t in 2021."""
    head = plan.headline
    assert (head.targets, head.targets_met, head.targets_said) == (2, 1, "1 of 2 targets met")
    (missed,) = head.missed
    assert (missed.policy, missed.subject, missed.years) == ("home", "lithium", (2021,))
    assert missed.most == pytest.approx(15)
    assert missed.said == "home/lithium in 2021, by 15 t/year at most"


def test_a_target_is_any_policy_but_an_event(tmp_path: Path) -> None:
    """A closure and a subsidy are no targets, and neither is a floor that is never in force within
    the horizon."""
    assert {"closure", "subsidy"} == POLICY_FORMS.keys() - TARGET_KINDS
    study = penalised().policy("shut", "closure", origin="Y", metal="lithium", share=0.0)
    study.process("buy_y", "import", gives={"li": 1}, import_price=10, origin="Y")
    assert plan_of(study, tmp_path).headline.targets == 2


def test_every_year_of_a_missed_period_is_named(tmp_path: Path) -> None:
    """Two periods of three years: the floor is missed in both, 2021 to 2026."""
    study = Study(2021, 2026, step=3).good("li", "refined", demand=100, shortage_cost=1_000)
    study.process("buy", "import", gives={"li": 1}, import_price=10)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=100, stage="processing")
    floor = {"metal": "lithium", "stages": ["processing"], "share": 0.2, "penalty": 50}
    plan = plan_of(study.policy("home", "self_sufficiency", **floor), tmp_path)
    (missed,) = plan.headline.missed
    assert missed.years == (2021, 2022, 2023, 2024, 2025, 2026)
    assert "in 2021-2026" in missed.said


def joint(**goods: float) -> Study:
    """Lithium for 100 t from a line that gives as much cobalt, of which 10 t are wanted."""
    study = Study(metals=("lithium", "cobalt"))
    study.good("li", "refined", demand=100, shortage_cost=1_000)
    study.good("co", "refined", metal="cobalt", demand=10, shortage_cost=1_000, **goods)
    study.good("mix", "scrap", content={"lithium": 0.5, "cobalt": 0.5})
    study.process("get", "import", gives={"mix": 1}, import_price=3, stage="recycling")
    return study.process("part", "recycle", takes={"mix": 2}, gives={"li": 1, "co": 1})


def test_what_is_thrown_away_at_no_cost_is_told(tmp_path: Path) -> None:
    """90 of 100 t of cobalt are thrown away, since the line gives it and nobody wants it: told by
    good, in the answer and beside the supply. Said before: 100 t of cobalt supplied, no word."""
    folder = joint().write(tmp_path / "s")
    plan = planner.solve(planner.read(folder))
    (thrown,) = plan.headline.disposed
    assert (thrown.good, thrown.collected) == ("co", True)
    assert thrown.amount == pytest.approx(90)
    assert any("90 t of co" in sentence for sentence in answer(plan))
    result = CliRunner().invoke(app, ["solve", str(folder), "--out", str(tmp_path / "run")])
    assert "thrown away at no cost: 90 t of co, 2021-2021" in result.stdout
    assert "of it thrown away" in result.stdout


def test_disposal_that_costs_something_is_not_free(tmp_path: Path) -> None:
    assert plan_of(joint(disposal_cost=1), tmp_path).headline.disposed == ()


def test_waste_that_nobody_collects_is_apart() -> None:
    """Spent packs beyond the collection rate are a known loss of their own, and no surplus."""
    head = planner.solve(planner.read("quickstart")).headline
    assert [each.good for each in head.disposed] == ["packs/spent"]
    assert head.surplus == ()


def test_numbers_read_are_those_of_grades_a_and_b(tmp_path: Path) -> None:
    """Of all numbers in force those of grade A and B count; those of C, D, S and none do not."""
    folder = penalised().write(tmp_path / "s")
    table = pd.read_csv(folder / "process_values.csv", dtype=str, keep_default_na=False)
    table["grade"] = (["A", "B", "C", "S", "D"] * len(table))[: len(table)]
    table.to_csv(folder / "process_values.csv", index=False)
    plan = planner.solve(planner.read(folder))
    grades = [datum.grade for datum in plan.system.data]
    assert plan.headline.numbers == len(grades)
    assert plan.headline.numbers_read == grades.count("A") + grades.count("B") > 0


# ---- every place that says it


def test_the_first_box_of_the_report_says_what_matters(plan: Plan) -> None:
    """Cost, penalties, targets, what was checked and what the data are: said before, a single
    amount with the penalty in it, "checked" in bold, and no word on targets."""
    said = dict(facts(plan))
    assert said["1,200 USD"] == "present value of all cost, USD of 2021"
    assert said["25,750 USD"] == "penalties, for demand not served and targets missed"
    assert said["1 of 2 targets met"] == "missed: home"
    assert "arithmetic checked" in said
    assert "checked" not in said
    assert f"0 of {len(plan.system.data)} numbers" in said
    text = page(plan)
    assert "26,950" not in text
    assert "27 thousand" not in text


def test_the_terminal_says_what_matters(plan: Plan, tmp_path: Path) -> None:
    folder = penalised().write(tmp_path / "s")
    result = CliRunner().invoke(app, ["solve", str(folder), "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    for line in (
        "optimal: cost 1,200 USD_2021, present value",
        "penalties beside it: 25,750 USD_2021, for demand not served and targets missed",
        "targets: 1 of 2 met",
        "  missed: home/lithium in 2021, by 15 t/year at most",
        f"data: 0 of {len(plan.system.data)} numbers from a source read (grades A and B)",
    ):
        assert line in result.stdout.splitlines(), line
    assert "arithmetic checked" in result.stdout
    record = json.loads((tmp_path / "run" / "plan.json").read_text())
    answered = record["answer"]
    assert (answered["cost"], answered["penalty"]) == pytest.approx((PAID, SHORTAGE + BREACH))
    assert (answered["targets"], answered["targets_met"]) == (2, 1)
    assert [each["policy"] for each in answered["missed"]] == ["home"]


def test_json_of_a_solve_has_them_apart(tmp_path: Path) -> None:
    folder = penalised().write(tmp_path / "s")
    command = ["solve", str(folder), "--out", str(tmp_path / "run"), "--json"]
    said = json.loads(CliRunner().invoke(app, command).stdout)
    assert (said["cost"], said["penalty"], said["objective"]) == pytest.approx(
        (PAID, SHORTAGE + BREACH, PAID + SHORTAGE + BREACH)
    )


def test_a_run_read_again_says_the_same(plan: Plan, tmp_path: Path) -> None:
    """The head is made of the tables: what plan.json says of it is for other programs."""
    assert planner.load(plan.save(tmp_path / "run")).headline == plan.headline


def test_other_formats_have_them_apart(plan: Plan, tmp_path: Path) -> None:
    """IAMC: cost 1,200 and penalty 25,750; the workbook's first sheet says each."""
    table = iamc_table(plan).set_index("variable")["value"]
    assert table["Cost|Undiscounted"] == pytest.approx(PAID)
    assert table["Penalty|Undiscounted"] == pytest.approx(SHORTAGE + BREACH)
    book = openpyxl.load_workbook(planner.export(plan, tmp_path / "p.xlsx"))
    about = {row[0].value: row[1].value for row in book.worksheets[0].iter_rows(max_col=2)}
    assert about["present value of all cost, USD_2021"] == pytest.approx(PAID)
    assert about["present value of penalties, in no cost, USD_2021"] == pytest.approx(25_750)
    assert about["targets"] == "1 of 2 targets met"
    assert about["target missed"].startswith("home/lithium")
    assert "breach" not in [cell.value for cell in book["cost by item"][1]]


def test_the_figure_of_costs_draws_no_penalty(plan: Plan) -> None:
    assert {trace.name for trace in costs(plan).data} == {"variable cost", "import price", "sum"}


def test_a_shock_reads_as_what_it_costs(plan: Plan, tmp_path: Path) -> None:
    """The plan without the floor beside it with no import at all: cost goes from 1,200 to 500, and
    the penalty from 25,000 to 95,000. Said before: cost +264 %."""
    shocked = plan_of(penalised().policy("shut", "closure", origin="X", share=0.0), tmp_path)
    found = planner.compare([plan, shocked], ["before", "after"])
    totals = found.totals.set_index("quantity")
    assert totals.loc["cost, present value", ["before", "after"]].tolist() == pytest.approx(
        [1_200, 500]
    )
    assert totals.loc["penalties, present value", "after"] == pytest.approx(95_000 + 750)
    assert totals.loc["targets missed", ["before", "after"]].tolist() == [1, 1]
    assert "cost, present value -58.3%" in differences(found)[0]


def test_a_penalty_that_was_none_before_is_named(plan: Plan, tmp_path: Path) -> None:
    """From nothing there is no percentage: the amount is said, not left out."""
    calm = Study().good("li", "refined", demand=100, shortage_cost=1_000)
    calm.process("buy", "import", gives={"li": 1}, import_price=10)
    found = planner.compare([plan_of(calm, tmp_path), plan], ["calm", "short"])
    assert "penalties, present value from 0 to 25.8 thousand USD of 2021" in differences(found)[0]
