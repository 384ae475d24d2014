"""No verb takes an answer that does not hold when it is checked outside the solver."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial, partialmethod
from typing import Any

import numpy as np
import pytest

import planner
from planner.analysis.uncertainty.ensemble import ready
from planner.errors import SolverError
from planner.lp.reduction import Reduction
from planner.plan.plan import Plan
from planner.plan.solve import make_plan, optimal
from planner.solver.checks import worst_error
from planner.solver.compiled import compiled
from planner.solver.decomposition import solved_in_parts
from planner.solver.highs import Program, Solution
from planner.system.nouns import Place

SILENT = (
    "add_cost allocation balance base_account blank_figure build check compare comparison_figure "
    "comparison_report compiled concentration crma_benchmarks discovered drivers emission_rates "
    "export "
    "fan_figure flows_from_flodym flows_to_flodym from_flodym frontier_cost frontier_figure "
    "grade headlines indicators inflow_driven line_figure load mathematics metals_of mix_figure "
    "new places presets project_futures read reconcile reconcile_flows reconcile_study "
    "refined_output report require_closed result_tables_page routes sankey_figure simulate "
    "simulate_plan stock_driven "
    "stocks_from_flodym stocks_to_flodym studies study_format_page surplus themed_figure to_flodym "
    "unpack unserved_figure urban_mine_figure verify with_crma_benchmarks write_figure "
    "write_study write_study_workbook"
)
"""Public functions that ask no solver: they take a plan, or none."""


def futures() -> dict[str, planner.System]:
    return {
        name: planner.read("quickstart", scenario=name) for name in ("reference", "carbon-price")
    }


def observed(system: planner.System) -> planner.System:
    """The study with an observation that its plan misses: of what is sought for it every part asks
    the solver."""
    ends = ("import_lithium", "lithium/refined", "lithium", "flow", system.years[0])
    place = Place("observations.csv", 2)
    seen = planner.Observed("bought", *ends, 1.0, 0.9, 1.1, "made for a test", "", place, "test")
    return replace(system, observations=(seen,))


def run_before(system: planner.System) -> planner.System:
    """The study with an observed activity in its first year, for a calibration to reach."""
    process = system.processes["import_lithium"]
    seen = np.full(len(system.years), np.nan)
    seen[0] = 1.0
    processes = {**system.processes, process.name: replace(process, observed=seen)}
    return replace(system, processes=processes)


def other_edition() -> Plan:
    """Two numbers differ, so that an attribution has studies between the editions to solve."""
    changes = {"demand.packs/new": 450.0, "discount_rate": 0.06}
    return planner.solve(planner.read("quickstart", overrides=changes))


def asking(plan: Plan) -> Mapping[str, Callable[[], Any]]:
    """Every verb that asks the solver, on the smallest study that it can be asked about."""
    system = plan.system
    (origin, *_) = sorted({p.origin for p in system.processes.values() if p.origin})
    loss, year = f"origin/{origin}", system.years[1]
    equal = {"reference": 0.5, "carbon-price": 0.5}
    return {
        "alternatives": partial(planner.alternatives, system, plans=1),
        "attribute": partial(planner.attribute, plan, other_edition()),
        "base_flows": partial(planner.base_flows, planner.balance(system)),
        "calibrate": partial(planner.calibrate, run_before(system)),
        "disrupt": partial(planner.disrupt, system, starts=[year]),
        "ensemble": partial(planner.ensemble, system, samples=2, workers=1),
        "evaluate": partial(planner.evaluate, plan, system),
        "explain": partial(planner.explain, system),
        "frontier": partial(planner.frontier, system, points=2),
        "gap": partial(planner.gap, system),
        "hedge": partial(planner.hedge, futures(), equal, year=year),
        "hindcast": partial(planner.hindcast, observed(system), top=1),
        "regret": partial(planner.regret, futures()),
        "rolling": partial(planner.rolling, system),
        "secure": partial(planner.secure, system, limit=0.5),
        "sensitivity": partial(planner.sensitivity, system, top=1),
        "solve": partial(planner.solve, system),
        "trade_off": partial(planner.trade_off, system, ["cost", "carbon"], points=2),
        "value_of_foresight": partial(planner.value_of_foresight, system, (loss,), start=year),
    }


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@pytest.fixture(autouse=True)
def no_base_from_before() -> Iterator[None]:
    """A worker keeps the last bases that it solved: whether an ensemble solves its base here would
    hang on the tests that ran before in this process."""
    ready.cache_clear()
    yield
    ready.cache_clear()


def wrong(right: Callable[[Program], Solution], program: Program) -> Solution:
    """An answer in which one unit more is made of everything."""
    found = right(program)
    return replace(found, x=found.x + 1.0) if found.status == "optimal" else found


def test_every_verb_is_on_one_of_the_lists(plan: Plan) -> None:
    """A verb that is added must be tried here, or said to ask no solver."""
    verbs = {name for name in planner.__all__ if inspect.isfunction(getattr(planner, name))}
    assert verbs == {*SILENT.split(), *asking(plan)}
    assert set(VERBS) == set(asking(plan))


VERBS = (
    *(
        "alternatives",
        "attribute",
        "base_flows",
        "calibrate",
        "disrupt",
        "ensemble",
        "evaluate",
        "explain",
        "frontier",
        "gap",
    ),
    *(
        "hedge",
        "hindcast",
        "regret",
        "rolling",
        "secure",
        "sensitivity",
        "solve",
        "trade_off",
        "value_of_foresight",
    ),
)


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_shows_what_does_not_hold(
    verb: str, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves the certificate is asked by each: where the solver's answers break rows, every verb
    refuses. `frontier`, `alternatives`, `disrupt` and others used to answer."""
    right, ask = Program._run, asking(plan)[verb]
    monkeypatch.setattr(Program, "_run", partialmethod(lambda program: wrong(right, program)))
    with pytest.raises(SolverError, match="does not hold when checked outside"):
        ask()


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if verb not in ("base_flows", "solve", "evaluate")]
)
def test_no_verb_shows_a_later_answer_that_does_not_hold(
    verb: str, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above where the first answer is right and all that follow are wrong: what a sweep, a
    window, a sample or a question of its own is answered. An ensemble says which samples failed
    and why."""
    right, ask, answers = Program._run, asking(plan)[verb], list[Solution]()

    def run(program: Program) -> Solution:
        answers.append(wrong(right, program) if answers else right(program))
        return answers[-1]

    monkeypatch.setattr(Program, "_run", run)
    if verb != "ensemble":
        with pytest.raises(SolverError):
            ask()
        return
    found = ask()
    assert found.solved == 0
    assert (found.headline["status"] == "failed").all()
    assert found.headline["reason"].str.contains("does not hold when checked outside").all()


def test_a_warm_answer_that_misses_is_founded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A warm start whose rows are off by 1e-6 is solved again from its basis: the same optimum, and
    no refusal."""
    program = Program(compiled(planner.read("quickstart")).arrays)
    first = program.run()
    right, asked = program._run, list[bool]()

    def off() -> Solution:
        asked.append(bool(program.highs.getBasis().valid))
        found = right()
        return replace(found, x=found.x * (1 + 1e-6)) if len(asked) == 1 else found

    monkeypatch.setattr(program, "_run", off)
    again = program.run()
    assert asked == [True, True]
    assert again.status == "optimal"
    np.testing.assert_allclose(again.x, first.x, rtol=1e-12, atol=1e-12)


def test_an_answer_is_checked_on_the_programme_as_it_stands() -> None:
    """Bounds, sides, costs, further rows and other coefficients given since: the mirror that is
    checked is what HiGHS holds, to the last digit."""
    arrays = compiled(planner.read("quickstart")).arrays
    program, n = Program(arrays), len(arrays.columns)
    program.set_columns(np.array([0, 2]), np.array([0.0, 0.0]), np.array([5.0, 7.0]))
    program.set_rows(np.array([1]), np.array([-np.inf]), np.array([np.inf]))
    at = program.add_row(np.arange(n) * 1e-13, -np.inf, 50.0)
    program.set_coefficients(at, {1: 3.0, 2: 1e-13})
    program.set_cost(arrays.carbon, 4.0)
    held = program.highs.getLp()
    now = program.now
    np.testing.assert_array_equal(now.lower, held.col_lower_)
    np.testing.assert_array_equal(now.upper, held.col_upper_)
    np.testing.assert_array_equal(now.row_lower, held.row_lower_)
    np.testing.assert_array_equal(now.row_upper, held.row_upper_)
    np.testing.assert_array_equal(now.cost, held.col_cost_)
    assert now.offset == held.offset_ == 4.0
    dense = np.zeros(now.matrix.shape)
    for j in range(n):
        places = slice(held.a_matrix_.start_[j], held.a_matrix_.start_[j + 1])
        dense[np.array(held.a_matrix_.index_[places], dtype=int), j] = held.a_matrix_.value_[places]
    np.testing.assert_array_equal(now.matrix.toarray(), dense)


def test_parts_that_do_not_add_up_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restored point is checked as a whole: where it does not hold the whole is solved."""
    arrays = compiled(planner.read("quickstart")).arrays
    assert solved_in_parts(arrays, {})[0] is not None
    right = Reduction.restore

    def off(reduction: Reduction, answers: Any) -> Any:
        point = right(reduction, answers)
        return replace(point, x=point.x + 1.0)

    monkeypatch.setattr(Reduction, "restore", off)
    assert solved_in_parts(arrays, {}) == (None, {})


def test_a_point_with_a_number_that_is_none_does_not_hold() -> None:
    """NaN must fail: comparisons with it are all false."""
    made = compiled(planner.read("quickstart"))
    solution = optimal(Program(made.arrays))
    assert worst_error(made.arrays, solution.x) <= 1e-9
    assert np.isnan(worst_error(made.arrays, np.full(len(solution.x), np.nan)))
    assert not worst_error(made.arrays, solution.x[:0]) <= 1e-9
    with pytest.raises(SolverError):
        make_plan(made, solution, replace(solution, x=solution.x * np.nan))
