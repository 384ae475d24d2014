"""Numbers that the solver would drop are left out by us, once and said, or heeded; money in any
unit; and what neither presolve nor simplex settles is settled by proof."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import SolverError
from planner.lp.arrays import LEAST_ENTRY, Arrays, Name, without_specks
from planner.solver.checks import ROW_TOLERANCE, row_errors
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Program
from planner.solver.judge import least_violation, proves_infeasible
from tests.small import Study, plan_of, system_of

DOUBTFUL = Path(__file__).parent / "doubtful_clash"
"""A study that mixes old and new scrap in one good, which `check` refuses since provenance is
traced, and beside it the programme (`programme.npz`) that it made when it was not: the doubt is in
the programme."""


def doubtful() -> Arrays:
    """The programme whose infeasibility HiGHS doubts."""

    def named(texts: npt.NDArray[np.str_]) -> tuple[Name, ...]:
        return tuple((name, tuple(key)) for name, key in map(json.loads, texts.tolist()))

    with np.load(DOUBTFUL / "programme.npz") as held:
        shape = (len(held["rows"]), len(held["columns"]))
        entries = (held["value"], (held["row"], held["column"]))
        sides = {name: held[name] for name in ("lower", "upper", "row_lower", "row_upper")}
        return Arrays(
            columns=named(held["columns"]),
            rows=named(held["rows"]),
            cost=held["cost"],
            offset=float(held["offset"]),
            carbon=held["carbon"],
            matrix=sparse.csc_array(sparse.coo_array(entries, shape=shape)),
            **sides,
        )


def cars(mean: float, deviation: float, kind: str = "efficiency") -> Study:
    """100,000 t of cars a year of a lognormal life, of which a measure may spare three tenths."""
    study = (
        Study(2021, 2024, discount_rate=0.03)
        .good("li", "refined")
        .good("car", "product", demand=1e5, shortage_cost=1e4, equivalent=1)
        .good("w", "waste", collection=0.9)
        .good("sc", "scrap")
        .process("imp", "import", gives={"li": 1}, import_price=100, origin="Chile")
        .process("mk", "manufacture", takes={"li": 1}, gives={"car": 1}, pathway="")
        .process("col", "collect", takes={"w": 1}, gives={"sc": 1}, variable_cost=1)
    )
    study.process(
        "rec", "recycle", takes={"sc": 1}, gives={"li": 0.9}, loss="dust", variable_cost=5
    )
    study.product(
        "cars",
        waste="w",
        uses={"car": 1},
        inflow={2020: 10},
        life=mean,
        lifetime_sd=deviation,
        distribution="lognormal",
    )
    if kind == "lifetime":
        return study.measure("m", kind, "car", product="cars", cost=20, potential=0.3, longer=2.0)
    return study.measure("m", kind, "car", cost=20, potential=0.3)


def test_the_tail_of_a_lifetime_is_no_reason_to_fail(tmp_path: Path) -> None:
    """29,097,446.30 USD, as an independent programme says: the early tail of a life of 15 +- 3
    years gives coefficients down to 1e-30, of which the solver dropped those below 1e-9 without a
    word that was read, so that the certificate failed on rows that it had never seen."""
    plan = plan_of(cars(15, 3), tmp_path)
    assert plan.objective == pytest.approx(29_097_446.30, abs=0.005)
    assert plan.record.notes == ()  # nobody stated those numbers, and no unit is wrong


@pytest.mark.parametrize("kind", ["efficiency", "lifetime"])
@pytest.mark.parametrize(("mean", "share"), [(8, 0.1), (20, 0.15), (40, 0.2), (15, 0.5)])
def test_any_lognormal_life_is_solved(tmp_path: Path, mean: float, share: float, kind: str) -> None:
    """Of 120 such settings 53 ended with status 4."""
    plan = plan_of(cars(mean, mean * share, kind), tmp_path)
    assert plan.certificate.holds
    assert plan.record.notes == ()


def ore(content: float, **process: float) -> Study:
    """Ore of a content, at 1 USD/t, for 1 t of metal a year."""
    return (
        Study(2021, 2022)
        .good("rock", "intermediate")
        .good("li", "refined", demand=1, shortage_cost=1e14)
        .process("dig", "mine", gives={"rock": 1}, variable_cost=1, **process)
        .process("refine", "refine", takes={"rock": 1}, gives={"li": content}, loss="tailings")
    )


@pytest.mark.parametrize("content", [1e-3, 5e-10, 2e-12])
def test_half_a_gram_a_tonne_of_ore_carried_is_metal(tmp_path: Path, content: float) -> None:
    """2 / content USD: below 1e-9 t/t the solver dropped the metal, and the answer was status 4
    with words on digits."""
    plan = plan_of(ore(content), tmp_path)
    assert plan.objective == pytest.approx(2 / content, rel=1e-9)


def test_what_no_solver_heeds_is_named(tmp_path: Path) -> None:
    """At 5e-13 t/t the entry is left out and the metal goes short, and the plan says which number
    that is; an ore of which there is next to nothing is not worth a word."""
    plan = plan_of(ore(5e-13), tmp_path / "all")
    assert plan.objective == pytest.approx(2e14)
    said = [note for note in plan.record.notes if "left out" in note]
    assert [note.split(" is not above")[0] for note in said] == [
        f"5e-13 (activity[refine,{year}] in balance[li,{year}])" for year in (2021, 2022)
    ]
    little = ore(5e-13)
    little.process(
        "sift", "refine", takes={"rock": 1}, gives={"li": 5e-13}, loss="mud", max_activity=10
    )
    again = plan_of(little, tmp_path / "little")
    assert [note for note in again.record.notes if "sift" in note] == []


def test_a_number_that_is_too_large_is_named(tmp_path: Path) -> None:
    """A host content of 1e-17 makes a coefficient of 1e17, which HiGHS refuses: the message says
    where it stands."""
    study = Study().good("li", "refined", demand=1, shortage_cost=100).host("zinc", 1e9)
    study.process("by", "byproduct", gives={"li": 1}, host="zinc", host_content=1e-17)
    with pytest.raises(SolverError, match=r"1e\+17 \(activity\[by,2021\] in host_limit"):
        plan_of(study, tmp_path)


def tiny(arrays: Arrays, size: float) -> Arrays:
    """A programme with one coefficient more, of this size, in its first free place."""
    dense = arrays.matrix.toarray()
    dense[tuple(np.argwhere(dense == 0)[0])] = size
    return replace(arrays, matrix=type(arrays.matrix)(dense))


@pytest.mark.parametrize("size", [0.0, 1e-300, 1e-20, -LEAST_ENTRY, LEAST_ENTRY])
def test_what_is_solved_is_what_is_checked(made: Compiled, size: float) -> None:
    """The matrix that HiGHS holds is that of the programme, to the last entry: of 1e-12 and less it
    would drop them itself."""
    program = Program(tiny(made.arrays, size))
    assert program.highs.getNumNz() == program.arrays.matrix.nnz == made.arrays.matrix.nnz
    assert without_specks(program.arrays) is program.arrays


def test_what_is_just_above_is_kept(made: Compiled) -> None:
    """1.0001e-12 reaches HiGHS and is multiplied with in the check."""
    program = Program(tiny(made.arrays, 1.0001e-12))
    assert program.highs.getNumNz() == program.arrays.matrix.nnz == made.arrays.matrix.nnz + 1
    solution = program.run()
    assert row_errors(program.arrays, solution.x).max() <= ROW_TOLERANCE


@pytest.mark.parametrize("unit", [1e-13, 1e-11, 1e-6, 1.0, 1e9])
def test_money_in_any_unit(tmp_path: Path, unit: float) -> None:
    """50 t at 10, 30 at 30, 20 at 60: 2,600. In 1e-11 USD all prices lie within the solver's dual
    tolerance, which is absolute: it served nothing, at 30,000, and called it optimal."""
    study = Study().good("li", "refined", demand=100, shortage_cost=300 * unit)
    study.process("a", "mine", gives={"li": 1}, variable_cost=10 * unit, max_activity=50)
    study.process("b", "import", gives={"li": 1}, import_price=30 * unit, max_activity=30)
    study.process("c", "import", gives={"li": 1}, import_price=60 * unit)
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(2600 * unit, rel=1e-9)
    price = plan.prices[plan.prices["family"] == "balance"]["value"]
    assert price.max() == pytest.approx(60 * unit, rel=1e-9)


def test_a_small_unit_of_money_is_not_written(tmp_path: Path) -> None:
    """The programme in a file has the cost of the study, whatever unit it was solved in."""
    study = Study().good("li", "refined", demand=1, shortage_cost=3e-9)
    made = compiled(
        system_of(study.process("a", "mine", gives={"li": 1}, variable_cost=1e-9), tmp_path)
    )
    program = Program(made.arrays)
    before = program.run().objective
    program.write(tmp_path / "p.mps")
    assert program.money > 1
    assert "1e-09" in (tmp_path / "p.mps").read_text()
    assert program.run().objective == pytest.approx(before, rel=1e-12)


@pytest.fixture(scope="module")
def made() -> Compiled:
    return compiled(planner.read("quickstart"))


def test_an_unknown_end_does_not_overrule_a_proof() -> None:
    """A target of recycled cobalt that cannot be met: HiGHS says infeasible, then, without
    presolve, `unknown`. The second used to win (status 4, nothing named)."""
    program = Program(doubtful())
    assert program.run().status == "infeasible"
    assert ("self_sufficiency", ("own", "cobalt", 2023)) in program.clash()


def test_the_study_of_the_doubt_is_refused_with_its_remedy() -> None:
    """It asks for a share of old scrap where old and new scrap are one good."""
    done = CliRunner().invoke(app, ["solve", str(DOUBTFUL), "--quiet"])
    assert done.exit_code == 2
    assert "of several provenances mixed in one good" in " ".join(done.output.split())


def test_the_proof_is_one(made: Compiled, tmp_path: Path) -> None:
    """Proves the judge by itself: its duals show that no point keeps the rows of a study that
    clashes, and show nothing on one that has a plan."""
    for arrays, clash in ((doubtful(), True), (made.arrays, False)):
        least = Program(least_violation(arrays)).run()
        assert least.status == "optimal"
        assert (least.objective > 1e-6) is clash
        assert proves_infeasible(arrays, least.dual) is clash


@pytest.mark.parametrize("ends", [("failed", "failed"), ("infeasible", "failed")])
def test_what_the_solver_does_not_settle_is_judged(
    made: Compiled, ends: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither `unknown` nor one `infeasible` beside it is believed where a plan exists: the
    interior point method finds it."""
    program = Program(made.arrays)
    right = program.run()
    run, told = program._run, iter(ends if ends[0] == "infeasible" else (ends[0], *ends))
    monkeypatch.setattr(program, "_run", lambda: replace(run(), status=next(told)))
    found = program.run()
    assert found.status == "optimal"
    assert found.objective == pytest.approx(right.objective, rel=1e-9)


def test_a_clash_without_an_irreducible_set_is_named_by_its_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where HiGHS finds no irreducible set, the rows of the proof are the clash."""
    program = Program(doubtful())

    class Nothing:
        row_index_ = col_index_ = col_bound_ = ()

    class Silent:
        def __init__(self, highs: object) -> None:
            self.highs = highs

        def __getattr__(self, name: str) -> object:
            return getattr(self.highs, name)

        def getIis(self) -> tuple[object, Nothing]:
            import highspy

            return highspy.HighsStatus.kOk, Nothing()

    monkeypatch.setattr(program, "highs", Silent(program.highs))
    assert ("self_sufficiency", ("own", "cobalt", 2023)) in program.clash()
