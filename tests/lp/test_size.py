"""How large a programme will be, said before it is built, and the choice of solver that follows
from its size."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import planner
from planner.lp import size
from planner.lp.size import Size, free_memory, require_memory, size_of
from planner.solver.compiled import compiled
from tests.benchmarks.world_study import Size as WorldSize
from tests.benchmarks.world_study import read_world, world
from tests.small import Study, system_of

highs, solving = (
    importlib.import_module(f"planner.{room}") for room in ("solver.highs", "solver.compiled")
)


@pytest.fixture(scope="module")
def small_world(tmp_path_factory):
    return read_world(
        WorldSize(metals=2, regions=3, partners=2, years=12), tmp_path_factory.mktemp("world")
    )


@pytest.mark.parametrize("study", ["quickstart", "china", "world"])
def test_columns_and_nonzeros_are_counted_before_they_are_built(study):
    """Within a quarter of what is then built, and never far below it: an estimate that was far off
    would refuse what fits."""
    system = planner.read(study)
    estimate, arrays = size_of(system), compiled(system).arrays
    assert 0.95 * len(arrays.columns) <= estimate.columns <= 1.25 * len(arrays.columns)
    assert 0.95 * arrays.matrix.nnz <= estimate.nonzeros <= 1.6 * arrays.matrix.nnz


def one_of_each(tmp_path):
    """Four periods of two years: one of each thing that the programme has rows for, and three
    plants of which two can be ordered."""
    study = (
        Study(2021, 2028, step=2)
        .good("ore", "intermediate")
        .good("scrap", "scrap")
        .good("waste", "waste", collection=1.0)
    )
    study.good("li", "refined", demand=100, shortage_cost=1000, opening_stock=10).host(
        "copper", 1000
    ).deposit("hill", reserve=500)
    study.plant("old", life=4).plant("shut", life=4, capital_cost=5, max_new=0)
    study.plant("long", life=40, capital_cost=5, max_new=[0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    study.plant("short", life=2, capital_cost=5).ramp("pits", growth=0.1, step=1)
    study.process(
        "dig", "mine", takes={"hill": 1}, gives={"ore": 1}, plant="old", ramp_group="pits"
    )
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1}, plant="long")
    study.process(
        "leach", "byproduct", gives={"li": 1}, host="copper", host_content=0.01, plant="short"
    )
    study.process("collect", "collect", takes={"waste": 1}, gives={"scrap": 1})
    study.process("recycle", "recycle", takes={"scrap": 1}, gives={"li": 1})
    study.product("thing", waste="waste", uses={"li": 1}, inflow={2020: 0}, life=1)
    return system_of(study.measure("thin", "efficiency", "li", cost=1, potential=0.1), tmp_path)


def test_columns_rows_and_nonzeros_of_one_of_each(tmp_path):
    """Counted by hand, for a period. Columns: 5 activities, 4 capacities, 2 kinds of order, 3 of a
    stockpile, 2 disposals, 1 shortage, 1 remaining, 2 emissions, 1 measure: 21. Rows: 4 goods, 8 of
    plants, 2 of orders, 2 of ramps, 1 of deposits, 2 of hosts, 1 stockpile, 2 for waste and scrap,
    2 of emissions: 24.

    Nonzeros: 8 of recipes (dig gives 1, leach too); 3 of plants, 2 of ramps, 1 of the host, 1 of
    the deposit, 1 of collection: 8; 10 of emissions; balances 2 + 2 + 1; 8 of capacities; orders 4
    (of a life of 40 years all periods) + 2 (of a life of one period that and the next); the deposit
    2; the stockpile 4; 2 of the accounts; and the measure in half of the periods: 2.
    """
    found = size_of(one_of_each(tmp_path))
    assert (found.columns, found.rows) == (4 * 21, 4 * 24)
    assert found.nonzeros == 4 * (8 + 8 + 10 + 5 + 8 + 6 + 2 + 4 + 2 + 2)


def test_what_just_fits_is_solved_and_a_byte_more_is_not(monkeypatch, tmp_path):
    """The limit itself; and the message in GiB, of 2^30 bytes each."""
    system = one_of_each(tmp_path)
    needed = size_of(system).memory
    monkeypatch.setattr(size, "free_memory", lambda: needed)
    require_memory(system)
    monkeypatch.setattr(size, "free_memory", lambda: needed - 1)
    with pytest.raises(planner.SpecError, match="84 columns and 220 nonzeros"):
        require_memory(system)
    monkeypatch.setattr(size, "size_of", lambda system: Size(2_000_000, 0, 10_000_000))
    monkeypatch.setattr(size, "free_memory", lambda: 1.5 * 1024**3)
    with pytest.raises(
        planner.SpecError,
        match=(
            rf"need {Size(2_000_000, 0, 10_000_000).memory / 1024**3:.1f} GiB of memory, and 1\.5 "
            r"GiB"
        ),
    ):
        require_memory(system)


def test_memory_is_of_columns_and_of_nonzeros():
    """Each takes hundreds of bytes or more, as a Python object would, on top of what always is
    there."""
    empty, columns, nonzeros = (
        Size(*each).memory for each in ((0, 0, 0), (10**6, 0, 0), (0, 0, 10**6))
    )
    assert 5e7 < empty < 5e8
    assert 5e8 < columns - empty < 5e9
    assert 5e7 < nonzeros - empty < 5e8
    assert Size(10**6, 0, 10**6).memory == pytest.approx(columns + nonzeros - empty)


def test_a_programme_that_does_not_fit_is_refused_before_it_is_built(monkeypatch):
    """With 160 MB free: the message says how large it is and what to do, and nothing was built."""
    monkeypatch.setattr(size, "free_memory", lambda: 1.6e8)
    monkeypatch.setattr(solving, "balance", lambda system: pytest.fail("was built"))
    system = planner.read("china")
    with pytest.raises(
        planner.SpecError,
        match=r"columns and [\d,]+ nonzeros need .* GiB .* longer periods .* fewer metals",
    ):
        planner.solve(system)


def test_where_free_memory_is_unknown_nothing_is_refused(monkeypatch):
    """A machine that does not say what is free is no reason to stop."""
    monkeypatch.setattr(size, "free_memory", lambda: None)
    require_memory(planner.read("quickstart"))


def test_free_memory_is_the_less_of_machine_and_control_group(monkeypatch, tmp_path):
    """4,000 KiB on the machine, 1,000,000 - 600,000 bytes in the group: the latter; without a group
    the former; without both unknown."""
    (tmp_path / "meminfo").write_text(
        "Version: 1: of some kernel\nMemTotal: 9000 kB\nMemAvailable:    4000 kB\n"
    )
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
    """A million columns need several times what a hundred thousand do, but for what every run
    takes."""
    assert Size(10**6, 0, 0).memory - Size(0, 0, 0).memory == pytest.approx(
        10 * (Size(10**5, 0, 0).memory - Size(0, 0, 0).memory)
    )


def test_large_programmes_are_solved_by_the_interior_point_method(monkeypatch, small_world):
    """Same cost and a certificate that holds, from another algorithm: crossover ends in a vertex,
    and ties are broken as ever."""
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
    """-1e-6 beside a largest activity of 1e6 is an error of 1e-12; the same in a variable that is
    all zero is one of 1e-6."""
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
    one, two, other = (
        world(wanted, seed=seed).write(tmp_path / str(i)) for i, seed in enumerate((7, 7, 8))
    )
    contents = [
        {path.name: path.read_bytes() for path in folder.iterdir()} for folder in (one, two, other)
    ]
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_regions_of_the_synthetic_world_trade(small_world):
    """Shipments run in the least-cost plan, most of demand is served, and each says from where it
    comes."""
    plan = planner.solve(small_world)
    shipped = plan.flows[plan.flows["target"].str.startswith("ship ")]
    assert shipped["value"].sum() > 0
    assert all(small_world.processes[name].origin in name for name in shipped["target"].unique())
    totals = plan.indicators.groupby("indicator")["value"].sum()
    assert totals["shortage"] < 0.5 * totals["requirement"]
