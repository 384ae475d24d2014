"""Answers that are asked for by name: the grammar, and that every way of reading one agrees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.analysis.uncertainty import sweep
from planner.analysis.uncertainty.answers import (
    HEADLINES,
    KINDS,
    asked,
    numbers_at,
    numbers_of,
    read,
)
from planner.analysis.uncertainty.outcomes import OutcomeReader
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.solver.compiled import compiled
from planner.solver.highs import Program
from planner.system.nouns import System
from tests.small import Study, system_of

ASKED = (
    "share:li:home:2022",
    "share:li:shortage:2022",
    "supply:li:foreign:2022",
    "requirement:li",
    "shortage:li:2022",
    "shortage:li",
    "shortage_year:li",
    "price:li:2021",
    "reliance:li:2022",
    "flow:dig:2022",
    "flow:ore",
    "served:wire:2022",
    "served:abroad",
    "cost",
    "shortage",
)


@pytest.fixture
def system(tmp_path: Path) -> System:
    """A mine of 60 t a year at 10 a tonne of ore, refined one to one; imports of 50 t a year at 30.
    Home asks for 80, then 100 t; 20 t of refined metal are sold abroad. A tonne not served costs
    1,000 at home and 900 abroad."""
    study = Study(2021, 2022, metals=("li",)).good("ore", "intermediate")
    study.good("li", "refined").good("wire", "product", demand=[80, 100], shortage_cost=1000)
    study.good("abroad", "product", stage="processing", demand=20, shortage_cost=900, export=True)
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=10, max_activity=60)
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1})
    study.process("draw", "manufacture", takes={"li": 1}, gives={"wire": 1}, pathway="")
    study.process("sell", "manufacture", takes={"li": 1}, gives={"abroad": 1}, pathway="")
    study.process(
        "buy", "import", gives={"li": 1}, import_price=30, max_activity=50, origin="Chile"
    )
    return system_of(study, tmp_path)


def of(plan: Plan, *texts: str) -> list[float]:
    return [*read(asked(plan.system, texts), numbers_of(plan)).values()]


def test_answers_of_a_plan_solved_by_hand(system: System) -> None:
    """2021: 100 t are wanted, 60 from home and 40 bought. 2022: 120 t are wanted, 110 are there, 10
    t of exports go short: 60/120 of what is supplied and short is home metal, 10/120 short. Trade
    of refined metal: 50 t in, 10 t out of 110: 40/100 of what the country uses. Cost 2 x 600 +
    90 x 30; 80 and 100 t at home."""
    plan = planner.solve(system)
    assert of(plan, *ASKED) == pytest.approx(
        [
            60 / 120,
            10 / 120,
            50,
            220,
            10,
            10,
            2022,
            30,
            40 / 100,
            60,
            120,
            100,
            30,
            2 * 600 + 90 * 30,
            10,
        ]
    )


def test_answers_of_a_solution_are_those_of_its_plan(system: System) -> None:
    """What loops read off a solution is what the tables of a plan say."""
    made = compiled(system)
    solution = Program(made.arrays).run()
    outcome = OutcomeReader(system, made.arrays).read(system, made.arrays, solution)
    answers = asked(system, ASKED)
    quick = read(answers, numbers_at(system, made.arrays, solution, outcome))
    assert quick == pytest.approx(read(answers, numbers_of(planner.solve(system))))


def test_what_a_measure_spares_is_neither_required_nor_served(tmp_path: Path) -> None:
    """A measure at 5 spares 40 of 100 t that cost 10 each. 60 t are required, and 60 served, in the
    table, off a plan and off a solution. Answers said 100 before, where the table said 60."""
    study = Study(metals=("li",)).good("li", "refined")
    study.good("wire", "product", demand=100, shortage_cost=1000)
    study.process("dig", "mine", stage="processing", gives={"li": 1}, variable_cost=10)
    study.process("draw", "manufacture", takes={"li": 1}, gives={"wire": 1})
    system = system_of(study.measure("thin", "efficiency", "wire", cost=5, potential=0.4), tmp_path)
    plan, made = planner.solve(system), compiled(system)
    table = plan.indicators.set_index("indicator")["value"]
    assert table["requirement"] == pytest.approx(60)
    answers = asked(system, ["requirement:li", "served:wire"])
    assert [*read(answers, numbers_of(plan)).values()] == pytest.approx([60, 60])
    solution = Program(made.arrays).run()
    outcome = OutcomeReader(system, made.arrays).read(system, made.arrays, solution)
    off = read(answers, numbers_at(system, made.arrays, solution, outcome))
    assert [*off.values()] == pytest.approx([60, 60])


def test_shares_and_reliance_are_those_of_the_tables_of_a_plan() -> None:
    """Of the shipped quickstart: the mix, the indicators and the certificate's totals."""
    plan = planner.solve(planner.read("quickstart"))
    numbers = planner.indicators(plan).set_index(["metal", "year", "indicator"])["value"]
    mix = plan.mix.set_index(["metal", "year", "pathway"])["share"]
    for name in plan.system.metals:
        for year in plan.system.years:
            home = sum(
                mix.get((name, year, f"domestic {k}"), 0.0) for k in ("primary", "secondary")
            )
            assert of(plan, f"share:{name}:home:{year}") == pytest.approx([home])
            reliance = numbers[name, year, "net import reliance"]
            assert of(plan, f"reliance:{name}:{year}") == pytest.approx([reliance])
    assert of(plan, "cost", "footprint") == [plan.cost, plan.record.emissions["footprint"]]


def test_reliance_counts_what_leaves_unrefined(tmp_path: Path) -> None:
    """50 t of home ore leave as ore, 60 t are refined; 40 t of refined metal are bought, 100 t used
    at home. Production 60 + 50, imports 40, exports 50: (40 - 50) / 100 = -0.1, read off a plan, a
    solution and the table alike. Were the ore an export that nothing at home produced, it would be
    (40 - 50) / (100 - 50) = -0.2."""
    study = Study(2021, 2021, metals=("li",))
    study.good("ore", "intermediate").good("li", "refined")
    study.good("wire", "product", demand=100, shortage_cost=1000)
    study.good("sold", "product", stage="extraction", demand=50, shortage_cost=900, export=True)
    study.process("sell", "manufacture", stage="extraction", takes={"ore": 1}, gives={"sold": 1})
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=10, max_activity=110)
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1})
    study.process("draw", "manufacture", takes={"li": 1}, gives={"wire": 1}, pathway="")
    study.process("buy", "import", gives={"li": 1}, import_price=30, origin="Chile")
    system = system_of(study, tmp_path)
    made = compiled(system)
    solution = Program(made.arrays).run()
    outcome = OutcomeReader(system, made.arrays).read(system, made.arrays, solution)
    answers = asked(system, ["reliance:li:2021"])
    quick = read(answers, numbers_at(system, made.arrays, solution, outcome))
    assert [*quick.values()] == pytest.approx([-0.1])
    plan = planner.solve(system)
    assert of(plan, "reliance:li:2021") == pytest.approx([-0.1])
    table = planner.indicators(plan).set_index("indicator")["value"]
    assert table["net import reliance"] == pytest.approx(-0.1)


def test_shares_of_the_headlines_add_up(system: System) -> None:
    """Of each metal and year; 2022, the last, where the study ends before 2030."""
    shares = read(asked(system, [HEADLINES]), numbers_of(planner.solve(system)))
    assert all(name.endswith(":2022") for name in shares)
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shar:li:home:2021", r"did you mean 'share'.*share:METAL:SOURCE:YEAR"),
        ("share:ly:home:2021", r"names metal 'ly'.*choose one of li"),
        ("share:li:hom:2021", r"names source 'hom'.*did you mean 'home'"),
        ("share:li:home:1999", r"names year '1999'; give one of 2021 to 2022"),
        ("share:li:home", r"write share:METAL:SOURCE:YEAR"),
        ("shortage_year:li:2021", r"write shortage_year:METAL"),
        ("cost:2021", r"write cost"),
        ("flow:digg", r"names process or good 'digg'.*did you mean 'dig'"),
        ("served:ore", r"names good 'ore'.*choose one of abroad, wire"),
    ],
)
def test_errors_list_what_is_possible(system: System, text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        asked(system, [text])


def test_every_kind_is_tried_here() -> None:
    assert {text.split(":")[0] for text in ASKED} | {"penalty", "territorial", "footprint"} == {
        *KINDS
    }


RANGES = {
    "inputs": {
        "process_values.dig.variable_cost": {"low": 0.5, "high": 6.0},
        "process_values.dig.max_activity": {"low": 0.5, "high": 1.1},
        "process_values.buy.import_price": {"low": 0.9, "high": 1.2},
    }
}


def test_a_sensitivity_solves_once_for_each_end_and_reads_every_answer(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many solves with five answers as with none. Ore at 60 in place of 10 a tonne: buying at 30
    is cheaper as far as there is any, 50 t, and 50 t are dug in 2021, where 60 were: the home
    share falls from 60/100 to 50/100. Half the mine: 30/100 in 2021, 20 t of demand short."""
    solves: list[str] = []
    solved = sweep.Sweep._solved

    def counted(self: sweep.Sweep, name: str, variant: object) -> object:
        solves.append(name)
        return solved(self, name, variant)  # type: ignore[arg-type]

    monkeypatch.setattr(sweep.Sweep, "_solved", counted)
    planner.sensitivity(system, statement=RANGES, grades=(), top=0)
    without = len(solves)
    solves.clear()
    wanted = ["share:li:home:2021", "shortage:li", "price:li:2021", "flow:buy", "reliance:li:2021"]
    found = planner.sensitivity(system, statement=RANGES, grades=(), top=0, answers=wanted)
    assert len(solves) == without == 6
    home = found.moves[found.moves["answer"] == "share:li:home:2021"].set_index("input")
    assert home.index[0] == "process_values.dig.max_activity"
    assert home["base"].tolist() == pytest.approx([0.6] * len(home))
    assert home.loc["process_values.dig.max_activity", "at low"] == pytest.approx(0.3)
    assert home.loc["process_values.dig.variable_cost", "at high"] == pytest.approx(0.5)
    assert "process_values.buy.import_price" not in home.index


def test_the_numbers_that_move_a_headline_and_where_it_turns(tmp_path: Path) -> None:
    """A mine at 10 against imports at 12, 100 t: all of it comes from home until the mine costs 12
    (looked for to a hundredth of 6 USD/t), or imports less than 10; nothing else moves it."""
    study = Study(last=2021).good("li", "refined", demand=100, shortage_cost=1000)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=10, direct_emission=3)
    study.process("buy", "import", gives={"li": 1}, import_price=12, origin="abroad")
    statement = {
        "inputs": {
            "process_values.dig.variable_cost": {"low": 0.5, "high": 1.6},
            "process_values.buy.import_price": {"low": 0.7, "high": 2.0},
            "process_values.dig.direct_emission": {"low": 0.5, "high": 1.5},
        }
    }
    found = planner.sensitivity(
        system_of(study, tmp_path), statement=statement, answers=[HEADLINES]
    )
    table = found.headlines.set_index("input")
    assert set(table.index) == {
        "process_values.dig.variable_cost",
        "process_values.buy.import_price",
    }
    assert table["moves"].tolist() == pytest.approx([1, 1])
    weak = table[~table["grade"].isin(["A", "B"])]
    assert found.weak[["metal", "input", "rank"]].values.tolist() == [
        ["lithium", name, rank] for rank, name in enumerate(sorted(weak.index), start=1)
    ]
    assert len(weak) == 2
    dig = table.loc["process_values.dig.variable_cost"]
    assert dig["turns above"] == pytest.approx(12, abs=0.06)
    assert np.isnan(dig["turns below"])
    assert dig["above it"] == "lithium 2021: foreign-primary leads, not domestic-primary"
    assert dig["below it"] == "holds"
    assert table.loc["process_values.buy.import_price", "turns below"] == pytest.approx(
        10, abs=0.04
    )


def test_an_ensemble_keeps_what_it_was_asked_for(tmp_path: Path) -> None:
    """A column for each answer, quantiles of it, and other answers are another ensemble."""
    system = planner.read("quickstart")
    wanted = ["share:lithium:home:2023", "flow:mine_brine", "shortage_year:lithium"]
    given = {"samples": 8, "seed": 1, "workers": 1, "out": tmp_path / "e"}
    found = planner.ensemble(system, answers=wanted, **given)  # type: ignore[arg-type]
    summary = found.summary().set_index("answer")
    flow = found.headline["flow:mine_brine"]
    assert summary.loc["flow:mine_brine", "q0.5"] == pytest.approx(flow.median())
    assert flow.nunique() > 1
    options = found.options[found.options["name"] == "mine_brine"].set_index("sample")["value"]
    assert flow.tolist() == pytest.approx(options.tolist())
    assert found.headline["shortage_year:lithium"].isna().all()
    again = planner.ensemble(system, answers=wanted, **given)  # type: ignore[arg-type]
    assert again.headline.equals(found.headline)
    with pytest.raises(planner.OutputError, match="another ensemble"):
        planner.ensemble(system, **given)  # type: ignore[arg-type]
