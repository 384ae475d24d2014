"""Numbers that lie too far apart are named, an unfinished solve is never called optimal,
`infeasible` is believed only twice over."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import InfeasibleError, SolverError
from planner.plan.plan import Plan
from planner.plan.solve import make_plan, unfinished
from planner.solver.checks import ROW_TOLERANCE, column_errors, lower_bound, row_errors
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Program, Solution
from planner.solver.incumbent import PRIMAL_SIMPLEX, best_known
from planner.solver.scaling import range_warnings, ranges
from tests.small import Study


@pytest.fixture(scope="module")
def made() -> Compiled:
    return compiled(planner.read("quickstart"))


def test_ranges_are_those_of_the_arrays(made: Compiled) -> None:
    """The extremes are numbers of the part, and stand where they are said to."""
    arrays, found = made.arrays, ranges(made.arrays)
    assert set(found) == {"matrix", "cost", "bounds", "right-hand sides"}
    sizes = np.abs(arrays.matrix.data)
    assert (found["matrix"].least, found["matrix"].most) == (sizes[sizes > 0].min(), sizes.max())
    names = [f"{name}[{','.join(map(str, index))}]" for name, index in arrays.columns]
    assert abs(arrays.cost[names.index(found["cost"].most_at)]) == found["cost"].most
    column, row = found["matrix"].least_at.split(" in ")
    rows = [f"{name}[{','.join(map(str, index))}]" for name, index in arrays.rows]
    assert abs(arrays.matrix.tocsr()[rows.index(row), names.index(column)]) == found["matrix"].least


@pytest.mark.parametrize("study", ["quickstart", "world", "china", "eu_magnets"])
def test_shipped_studies_are_well_scaled(study: str) -> None:
    """The matrix within 1e-4 to 1e7, no warning. (In China a tonne of copper yields so little
    indium that host_limit reaches 2e6.)"""
    found = ranges(compiled(planner.read(study)).arrays)
    assert found["matrix"].least >= 1e-4
    assert found["matrix"].most <= 1e7
    assert range_warnings(found) == ()


def two_sources(cheap: float, dear: float, demand: float = 100) -> Study:
    return (
        Study()
        .good("li", "refined", demand=demand, shortage_cost=max(dear, cheap) * 10)
        .process("a", "mine", gives={"li": 1}, variable_cost=cheap, max_activity=demand / 2)
        .process("b", "mine", gives={"li": 1}, variable_cost=dear)
    )


def test_a_badly_scaled_study_is_solved_with_a_warning_that_names_both_ends(tmp_path: Path) -> None:
    """A cost of 1e-6 beside one of 1e5: the answer is right, and the plan says which two to look
    at."""
    plan = planner.solve(planner.read(two_sources(1e-6, 1e5).write(tmp_path / "s")))
    assert plan.objective == pytest.approx(50 * 1e-6 + 50 * 1e5, rel=1e-12)
    warning = next(note for note in plan.record.notes if "numbers of the cost" in note)
    assert "activity[a,2021]" in warning
    record = json.loads((plan.save(tmp_path / "run") / "plan.json").read_text(encoding="utf-8"))
    assert record["ranges"]["cost"]["least_at"] == "activity[a,2021]"
    assert planner.load(tmp_path / "run").record == plan.record


@pytest.mark.parametrize("scale", [1e-9, 1e-6, 1e-3, 1e3, 1e6, 1e9, 1e12])
def test_any_scale_is_solved_right_or_refused(tmp_path: Path, scale: float) -> None:
    """Demand from micrograms to a million Mt: the optimum known by hand, or one error; never
    another answer."""
    folder = two_sources(10, 30, demand=100 * scale).write(tmp_path / "s")
    try:
        plan = planner.solve(planner.read(folder))
    except SolverError as error:
        said = str(error)
    else:
        assert plan.objective == pytest.approx(scale * (50 * 10 + 50 * 30), rel=1e-6, abs=1e-9)
        return
    assert "by " in said or "apart" in said  # rows or ranges are named


def test_no_warning_where_all_is_well(made: Compiled) -> None:
    assert range_warnings(ranges(made.arrays)) == ()


def test_the_bound_of_the_optimum_is_the_optimum(made: Compiled) -> None:
    """Proves the bound: at the optimal duals it is the least cost, at any others no more."""
    solution = Program(made.arrays).run()
    assert lower_bound(made.arrays, solution.dual) == pytest.approx(solution.objective, rel=1e-6)
    draw = np.random.default_rng(1)
    for _ in range(20):
        assert lower_bound(
            made.arrays, solution.dual * draw.uniform(0, 2, len(solution.dual))
        ) <= solution.objective * (1 + 1e-12)


def test_rows_are_checked_on_what_is_published(tmp_path: Path) -> None:
    """A column 1e-4 t below its bound of 0, in balance with another, beside flows of 1e6 t: within
    its tolerance and all rows hold, but what is published, where it is 0, misses a balance of 1 t
    by 1e-4."""
    study = (
        Study()
        .good("li/much", "refined", demand=1e6, shortage_cost=100)
        .good("li/little", "refined", demand=1, shortage_cost=100)
        .process("mine", "mine", gives={"li/much": 1}, variable_cost=1)
        .process("cheap", "mine", gives={"li/little": 1}, variable_cost=1)
        .process("dear", "mine", gives={"li/little": 1}, variable_cost=2)
    )
    made = compiled(planner.read(study.write(tmp_path / "s")))
    solution = Program(made.arrays).run()
    assert make_plan(made, solution, solution, ties="", seconds={}).certificate.row_error == 0
    names, x = list(made.arrays.columns), solution.x.copy()
    x[names.index(("activity", ("dear", 2021)))] -= 1e-4
    x[names.index(("activity", ("cheap", 2021)))] += 1e-4
    assert row_errors(made.arrays, x).max() <= ROW_TOLERANCE
    assert column_errors(made.arrays, x).max() <= ROW_TOLERANCE
    with pytest.raises(SolverError, match=r"balance\[li/little,2021\] by"):
        make_plan(made, solution, replace(solution, x=x), ties="", seconds={})


def stopped(made: Compiled, steps: int) -> Plan:
    """The plan of a programme whose solver stops after so many steps of the simplex, each time that
    it runs."""
    program = Program(made.arrays)
    program._set("simplex_iteration_limit", steps)
    return unfinished(made, program, *best_known(program, 60.0), {})


def test_an_unfinished_solve_is_never_called_optimal(made: Compiled, tmp_path: Path) -> None:
    """Stopped after 0, 1, 2 ... steps: a plan that holds, cheaper by each step, whose gap is no
    less than its distance to the optimum."""
    best = planner.solve(made.system).objective
    plans = list(
        takewhile(
            lambda plan: plan.record.status != "optimal",
            (stopped(made, steps) for steps in range(60)),
        )
    )
    assert 10 < len(plans) < 60
    assert [plan.objective for plan in plans] == sorted(
        (plan.objective for plan in plans), reverse=True
    )
    assert plans[0].record.gap is None
    assert plans[-1].record.gap is not None
    for plan in plans:
        assert plan.record.status == "interrupted"
        assert plan.certificate.holds
        assert plan.objective >= best * (1 - 1e-12)
        assert plan.record.gap is None or plan.objective * (1 - plan.record.gap) <= best * (
            1 + 1e-9
        )
        assert plan.prices["value"].isna().all()
        assert "stopped before the optimum" in plan.record.notes[0]
    back = planner.load(plans[-1].save(tmp_path / "run"))
    assert back.record == plans[-1].record
    assert back.record.status == "interrupted"


def test_a_plan_that_holds_is_known_long_before_the_optimum() -> None:
    """China: none after 100 steps, and it says so; one after 1,000, at five times the least cost,
    better ones after more."""
    china = compiled(planner.read("china"))
    with pytest.raises(SolverError, match="stopped before it found any plan"):
        stopped(china, 100)
    plans = [stopped(china, steps) for steps in (1000, 3000)]
    best = Program(china.arrays).run().objective
    assert all(plan.record.status == "interrupted" and plan.certificate.holds for plan in plans)
    assert plans[0].objective > plans[1].objective > best
    assert any(plan.record.gap is not None for plan in plans)
    assert all(
        plan.record.gap is None or plan.objective * (1 - plan.record.gap) <= best * (1 + 1e-9)
        for plan in plans
    )


def test_rounding_that_a_stopped_search_added_up_is_undone(
    made: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the point of the primal simplex does not hold it is reckoned anew from its basis; were
    it not, no plan would be known."""
    right = Program.simplex

    def rounded(program: Program, **options: object) -> Solution:
        found = right(program, **options)
        return (
            replace(found, x=found.x + 1e-3)
            if options.get("simplex_strategy") == PRIMAL_SIMPLEX
            else found
        )

    plain = stopped(made, 8)
    monkeypatch.setattr(Program, "simplex", rounded)
    assert stopped(made, 8).objective == pytest.approx(plain.objective, rel=1e-12)


def test_no_time_is_no_plan() -> None:
    done = CliRunner().invoke(app, ["solve", "quickstart", "--time-limit", "0"])
    assert done.exit_code == 4
    assert "stopped before it found any plan" in done.stderr


def test_infeasible_is_believed_only_without_presolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """The presolve is not believed: its word alone would refuse a study that has a plan."""
    made = compiled(planner.read("quickstart"))
    program = Program(made.arrays)
    right, asked = program._run, []

    def wrong_at_first() -> object:
        from dataclasses import replace

        asked.append(program.highs.getOptionValue("presolve")[1])
        solution = right()
        return replace(solution, status="infeasible") if len(asked) == 1 else solution

    monkeypatch.setattr(program, "_run", wrong_at_first)
    assert program.run().status == "optimal"
    assert asked == ["choose", "off"]
    assert program.highs.getOptionValue("presolve")[1] == "choose"


def test_what_has_no_plan_is_still_infeasible(tmp_path: Path) -> None:
    study = (
        two_sources(10, 30)
        .policy("cap", "quota", processes=["a", "b"], cap=-0.0)
        .policy("self", "self_sufficiency", metal="lithium", stages=["extraction"], share=0.5)
    )
    with pytest.raises(InfeasibleError):
        planner.solve(planner.read(study.write(tmp_path / "s")))


RUN = """
import sys, planner
plan = planner.solve(planner.read(sys.argv[1]))
print(sorted((name, sorted(values.items(), key=repr)) for name, values in plan.values.items()))
"""


@pytest.mark.slow
def test_every_run_gives_the_same_plan_to_the_last_digit() -> None:
    """In processes of their own, with other hash seeds: strings in sets and mappings then come in
    another order."""
    said = [
        subprocess.run(
            [sys.executable, "-c", RUN, "world"],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "4242")
    ]
    assert said[0]
    assert said[1] == said[2] == said[0]
