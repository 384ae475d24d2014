"""How large a programme will be, said before it is built, and the choice of solver that follows from its size."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import planner
from planner.lp import size
from planner.lp.size import Size, free_memory, require_memory, size_of
from planner.solve import compiled
from tests.benchmarks.world_study import Size as WorldSize
from tests.benchmarks.world_study import read_world, world

highs, solving = (importlib.import_module(f"planner.{room}") for room in ("highs", "solve"))


@pytest.fixture(scope="module")
def small_world(tmp_path_factory):
    return read_world(WorldSize(metals=2, regions=3, partners=2, years=12), tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("study", ["quickstart", "china", "world"])
def test_columns_and_nonzeros_are_counted_before_they_are_built(study):
    """Within a quarter of what is then built, and never far below it: an estimate that was far off would refuse what fits."""
    system = planner.read(study)
    estimate, arrays = size_of(system), compiled(system).arrays
    assert 0.95 * len(arrays.columns) <= estimate.columns <= 1.25 * len(arrays.columns)
    assert 0.95 * arrays.matrix.nnz <= estimate.nonzeros <= 1.6 * arrays.matrix.nnz


def test_a_programme_that_does_not_fit_is_refused_before_it_is_built(monkeypatch):
    """With 160 MB free: the message says how large it is and what to do, and nothing was built."""
    monkeypatch.setattr(size, "free_memory", lambda: 1.6e8)
    monkeypatch.setattr(solving, "balance", lambda system: pytest.fail("was built"))
    system = planner.read("china")
    with pytest.raises(planner.SpecError, match=r"columns and [\d,]+ nonzeros need .* GiB .* longer periods .* fewer metals"):
        planner.solve(system)


def test_where_free_memory_is_unknown_nothing_is_refused(monkeypatch):
    """A machine that does not say what is free is no reason to stop."""
    monkeypatch.setattr(size, "free_memory", lambda: None)
    require_memory(planner.read("quickstart"))


def test_free_memory_is_the_less_of_machine_and_control_group(monkeypatch, tmp_path):
    """4,000 KiB on the machine, 1,000,000 - 600,000 bytes in the group: the latter; without a group the former; without both unknown."""
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    4000 kB\n")
    monkeypatch.setattr(size, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(size, "GROUP", tmp_path)
    assert free_memory() == 4000 * 1024
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("600000\n")
    assert free_memory() == 400_000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory() == 4000 * 1024
    (tmp_path / "meminfo").unlink()
    assert free_memory() is None


def test_memory_grows_with_columns_and_nonzeros():
    """A million columns need several times what a hundred thousand do, but for what every run takes."""
    assert Size(10**6, 0, 0).memory - Size(0, 0, 0).memory == pytest.approx(10 * (Size(10**5, 0, 0).memory - Size(0, 0, 0).memory))


def test_large_programmes_are_solved_by_the_interior_point_method(monkeypatch, small_world):
    """Same cost and a certificate that holds, from another algorithm: crossover ends in a vertex, and ties are broken as ever."""
    simplex = planner.solve(small_world)
    monkeypatch.setattr(highs, "INTERIOR_FROM", 1)
    program = highs.Program(compiled(small_world).arrays)
    assert program.run().status == "optimal"
    assert program.highs.getInfo().ipm_iteration_count > 0
    again = program.run()
    assert again.iterations == 0, "a solve that starts from a basis goes on from it"
    interior = planner.solve(small_world)
    assert interior.objective == pytest.approx(simplex.objective, rel=1e-9)
    assert interior.certificate.holds


def test_a_column_may_miss_its_bound_by_the_rounding_of_its_variable(small_world):
    """-1e-6 beside a largest activity of 1e6 is an error of 1e-12; the same in a variable that is all zero is one of 1e-6."""
    arrays = compiled(small_world).arrays
    x = np.zeros(len(arrays.columns))
    activity, capacity = (arrays.columns_of(name) for name in ("activity", "capacity"))
    x[activity[:2]] = 1e6, -1e-6
    x[capacity[0]] = -1e-6
    errors = highs.column_errors(arrays, x)
    assert errors[activity[1]] == pytest.approx(1e-12)
    assert errors[capacity[0]] == pytest.approx(1e-6)
    x[capacity[0]] = np.nan
    assert not highs.column_errors(arrays, x).max() <= 1e-9, "what is no number fails"


def test_the_synthetic_world_is_the_same_for_the_same_arguments(tmp_path):
    """To the last byte; another seed makes another world; and regions do trade."""
    wanted = WorldSize(metals=2, regions=3, partners=2, years=12)
    one, two, other = (world(wanted, seed=seed).write(tmp_path / str(i)) for i, seed in enumerate((7, 7, 8)))
    contents = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in (one, two, other)]
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_regions_of_the_synthetic_world_trade(small_world):
    """Shipments run in the least-cost plan, most of demand is served, and each says from where it comes."""
    plan = planner.solve(small_world)
    shipped = plan.flows[plan.flows["target"].str.startswith("ship ")]
    assert shipped["value"].sum() > 0
    assert all(small_world.processes[name].origin in name for name in shipped["target"].unique())
    totals = plan.indicators.groupby("indicator")["value"].sum()
    assert totals["shortage"] < 0.5 * totals["requirement"]
