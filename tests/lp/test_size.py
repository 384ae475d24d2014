"""How large a programme will be, said before it is built, and the choice of solver that follows
from its size."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

import planner
from planner.errors import SpecError
from planner.lp import size
from planner.lp.formulation import components
from planner.lp.size import Size, free_memory, require_memory, size_of
from planner.mfa.balance import balance
from planner.solver.checks import column_errors
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


def filled(system):
    return components(system, balance(system))


@pytest.mark.parametrize("study", ["quickstart", "china", "world"])
def test_columns_rows_and_nonzeros_are_counted_before_they_are_built(study):
    """Never below what is then built, and above it by no more than the terms of zero."""
    system = planner.read(study)
    estimate, arrays = size_of(filled(system)), compiled(system).arrays
    assert len(arrays.columns) <= estimate.columns <= 1.01 * len(arrays.columns)
    assert len(arrays.rows) <= estimate.rows <= 1.01 * len(arrays.rows)
    assert arrays.matrix.nnz <= estimate.nonzeros <= 1.01 * arrays.matrix.nnz


def one_of_each(tmp_path):
    """Four periods of two years, eight years: one of each thing that the programme has rows for,
    and three plants of which two can be ordered."""
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
    """Counted by hand, for the eight years. Columns: 5 activities, 4 capacities, 3 of a stockpile,
    2 disposals (waste and scrap), 1 shortage, 1 remaining, 2 emissions, 1 measure in
    each; orders of `long` in all periods but the first and of `short` in all.

    Rows in each: 4 goods, 3 plants with users, 4 capacities, the deposit, the host, the collection,
    the stockpile, what can go short, 2 emissions; ramps in all but the first; rates of order where
    one is given (3).
    """
    found = size_of(filled(one_of_each(tmp_path)))
    arrays = compiled(one_of_each(tmp_path / "again")).arrays
    assert found.columns == 8 * (5 + 4 + 3 + 2 + 1 + 1 + 2 + 1) + 3 + 4
    assert found.rows == 8 * (4 + 3 + 4 + 1 + 1 + 1 + 1 + 1 + 2) + 7 + 3
    assert (found.columns, found.rows) == (len(arrays.columns), len(arrays.rows))
    assert arrays.matrix.nnz <= found.nonzeros <= arrays.matrix.nnz + 4


def test_what_just_fits_is_solved_and_a_byte_more_is_not(monkeypatch, tmp_path):
    """The limit itself; and the message in GiB, of 2^30 bytes each."""
    small = filled(one_of_each(tmp_path))
    needed, found = size_of(small).memory, size_of(small)
    monkeypatch.setattr(size, "free_memory", lambda: needed)
    require_memory(small)
    monkeypatch.setattr(size, "free_memory", lambda: needed - 1)
    with pytest.raises(
        planner.SpecError, match=f"{found.columns} columns and {found.nonzeros} nonzeros"
    ):
        require_memory(small)
    large = Size(2_000_000, 0, 10_000_000)
    monkeypatch.setattr(size, "size_of", lambda filled: large)
    monkeypatch.setattr(size, "free_memory", lambda: 1.5 * 1024**3)
    message = rf"need {large.memory / 1024**3:.1f} GiB of memory, and 1\.5 GiB"
    with pytest.raises(planner.SpecError, match=message):
        require_memory(small)


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
    """With 160 MB free: the message says how large it is and what to do, and no row was built."""
    monkeypatch.setattr(size, "free_memory", lambda: 1.6e8)
    monkeypatch.setattr(solving, "programme", lambda filled: pytest.fail("was built"))
    system = planner.read("china")
    with pytest.raises(
        planner.SpecError,
        match=r"columns and [\d,]+ nonzeros need .* GiB .* fewer metals or fewer years",
    ):
        planner.solve(system)


def test_where_free_memory_is_unknown_nothing_is_refused(monkeypatch):
    """A machine that does not say what is free is not a reason to stop."""
    monkeypatch.setattr(size, "free_memory", lambda: None)
    require_memory(filled(planner.read("quickstart")))


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


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is of Unix, the count of Linux")
def test_the_limit_of_address_space_is_counted(tmp_path, monkeypatch):
    """Of a limit of 2 GiB what the process has not taken is free; one that leaves nothing is a
    refusal with a remedy, where it was an array that could not be allocated."""
    import resource

    page = resource.getpagesize()
    (tmp_path / "statm").write_text("1000 10 10\n")
    monkeypatch.setattr(size, "STATM", tmp_path / "statm")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2_000 * page, resource.RLIM_INFINITY))
    assert size._address_space() == 1_000 * page
    assert free_memory() == 1_000 * page
    with pytest.raises(SpecError, match="GiB are free"):
        require_memory(filled(planner.read("quickstart")))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (999 * page, 999 * page))
    assert size._address_space() == 0
    none = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: none)
    assert size._address_space() is None


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
    errors = column_errors(arrays, x)
    assert errors[activity[1]] == pytest.approx(1e-12)
    assert errors[capacity[0]] == pytest.approx(1e-6)
    x[capacity[0]] = np.nan
    assert not column_errors(arrays, x).max() <= 1e-9, "what is no number fails"


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
