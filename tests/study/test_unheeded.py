"""What nothing would heed is refused, with the remedy: data and choices that were once accepted and
went nowhere."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import SpecError
from planner.study.scenarios import layers
from tests.small import Study, plan_of, system_of


def market(last: int = 2030) -> Study:
    study = Study(2021, last).good("li", "refined", demand=100, shortage_cost=1e5)
    return study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A")


def emitting(**policy) -> Study:
    """10 t of lithium a year: each emits 1 t CO2e from the dear source, 6 t from the cheap one."""
    study = Study(2021, 2030).good("li", "refined", demand=10, shortage_cost=1e5)
    study.process("dirty", "mine", gives={"li": 1}, variable_cost=1, direct_emission=6)
    study.process("clean", "mine", gives={"li": 1}, variable_cost=2, direct_emission=1)
    return study.policy("budget", "carbon_budget", scope="territorial", **policy)


@pytest.mark.parametrize("cap", [{2021: 300, 2026: 60}, {2040: 300}, {2021: 300}])
def test_a_budget_by_year_is_refused(tmp_path, cap):
    """A budget counts all years together. Of 300 and 60 the larger one held in silence; one outside
    the horizon passed `check` and ended `solve` with a traceback."""
    with pytest.raises(SpecError, match=r"cap': holds a level by year; .* write cap = NUMBER"):
        system_of(emitting(cap=cap), tmp_path)
    (found,) = planner.check(emitting(cap=cap).write(tmp_path / "s"))
    assert (found.severity, found.file) == ("error", "study.toml")


def test_a_budget_in_one_number_holds(tmp_path):
    """300 t CO2e over ten years of 10 t: 100 t at 1 would emit 600, so 60 t come from the clean
    source: 40 + 2 x 60 = 160."""
    assert plan_of(emitting(cap=300), tmp_path).objective == pytest.approx(160)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("import_share", {"metal": "lithium", "origin": "A", "share": {2040: 0.5}}),
        ("quota", {"processes": ["buy"], "cap": 5, "from_": 2035}),
        ("recycled_content", {"metal": "lithium", "share": {2010: 0.1, 2015: 0.2}, "penalty": 9}),
        ("closure", {"origin": "A", "share": 0, "to": 2015}),
        ("capital_budget", {"cap": {2040: 5}}),
        ("pin", {"tolerance": 0.1, "from_": 2040}),
        ("carbon_cap", {"scope": "footprint", "cap": {2050: 5}}),
    ],
)
def test_a_policy_in_force_in_no_year_is_warned_about(tmp_path, kind, fields):
    """Such a policy changed nothing and nobody said so; the plan is that without it."""
    study = market().policy("late", kind, **fields)
    found = [str(each) for each in system_of(study, tmp_path).warnings]
    late = [each for each in found if "is in force in no year from 2021 to 2030" in each]
    assert len(late) == 1
    assert plan_of(study, tmp_path).objective == plan_of(market(), tmp_path).objective


def test_a_disabled_policy_is_not_judged(tmp_path):
    study = market().policy("late", "quota", processes=["buy"], cap=5, from_=2035, enabled=False)
    assert system_of(study, tmp_path).warnings == ()


def observed(*years: int) -> Study:
    study = Study(2021, 2030).good("li", "refined", demand=100, shortage_cost=1e5)
    study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A")
    values = {"observed": dict.fromkeys(years, 40)} if years else {}
    return study.process("dig", "mine", gives={"li": 1}, variable_cost=20, **values)


def test_a_pin_needs_an_observation(tmp_path):
    """A pin of a process of which nothing is observed, or not in the years of its force, made no
    row."""
    for study, lacking in (
        (observed().policy("p", "pin", tolerance=0.1), "any process"),
        (observed().policy("p", "pin", tolerance=0.1, processes=["dig"]), "'dig'"),
        (observed(2021).policy("p", "pin", tolerance=0.1, processes=["buy", "dig"]), "'buy'"),
        (observed(2021).policy("p", "pin", tolerance=0.1, from_=2022), "any process"),
    ):
        with pytest.raises(SpecError, match=f"nothing is observed of {lacking} in the years"):
            system_of(study, tmp_path)


def test_a_pin_of_an_observation_holds(tmp_path):
    """40 t were observed of the dear mine in 2021, within 10 %: at least 36 t at 20 rather than 10:
    10,000 + 360."""
    study = observed(2021).policy("p", "pin", tolerance=0.1, processes=["dig"])
    assert plan_of(study, tmp_path).objective == pytest.approx(10360)


@pytest.mark.parametrize("parameter", ["direct_emission", "electricity"])
def test_an_import_emits_nothing_at_home(tmp_path, parameter):
    """7 t CO2e a tonne and 3 MWh were counted in neither scope, and no problem was found."""
    study = market().series("grid_intensity", 0.5)
    study.process("more", "import", gives={"li": 1}, import_price=9, origin="B", **{parameter: 7})
    with pytest.raises(SpecError, match=f"its {parameter} would count in no scope; give embodied"):
        system_of(study, tmp_path)


@pytest.mark.parametrize(
    ("kind", "fields", "wanted"),
    [
        ("closure", {"origin": "A", "metal": "cobalt", "share": 0}, "closes nothing"),
        ("import_share", {"origin": "A", "metal": "cobalt", "share": 0.5}, "bounds nothing"),
    ],
)
def test_a_policy_of_what_does_not_come_is_warned_about(tmp_path, kind, fields, wanted):
    """No cobalt comes from A, only lithium."""
    study = Study(metals=("lithium", "cobalt"))
    study.good("li", "refined", demand=100, shortage_cost=1e5)
    study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A")
    (found,) = system_of(study.policy("p", kind, **fields), tmp_path).warnings
    what = "closure" if kind == "closure" else "share"
    assert f"no import of cobalt comes from A: the {what} {wanted}" in str(found)


# ---- scenarios

INHERITS = {"low": (), "high": ("low",), "mid": ("low",), "both": ("high", "low")}


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        (["low", "high"], ("low", "high")),
        # named last, low wins although high inherits from it
        (["high", "low"], ("high", "low")),
        (["high", "mid"], ("low", "high", "mid")),
        (["mid", "high"], ("low", "mid", "high")),
        (["both"], ("high", "low", "both")),
        (["both", "high"], ("low", "both", "high")),
    ],
)
def test_the_later_scenario_wins_also_over_inheritance(asked, order):
    """What is inherited keeps its first place, what is named moves to where it is named: `high,low`
    was the same as `low,high`, so that the later did not win."""
    assert layers(asked, INHERITS) == order


def test_a_composed_scenario_takes_the_value_of_the_last(tmp_path):
    """`high,low` asks for low on top of high: the price is that of low."""
    folder = market().write(tmp_path / "s")
    with (folder / "study.toml").open("a") as file:
        file.write(
            '[scenarios.low.set]\n"process_values.buy.import_price" = 5\n'
            '[scenarios.high]\ninherits = ["low"]\n'
            '[scenarios.high.set]\n"process_values.buy.import_price" = 50\n'
        )

    def price(scenario: str) -> float:
        return planner.read(folder, scenario=scenario).processes["buy"].import_price[0]

    assert [price(each) for each in ("low", "high", "high,low", "low,high")] == [5, 50, 5, 50]
    with pytest.raises(SpecError, match="names scenario 'low' twice"):
        price("low,low")


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["check", "quickstart", "-s", "reference", "--scenario", "carbon-price"], "--scenario"),
        (["solve", "quickstart", "--out", "a", "-o", "b"], "--out"),
        (["frontier", "quickstart", "--points", "3", "--points", "4"], "--points"),
    ],
)
def test_an_option_given_twice_is_refused(command, option):
    """The last one won, the others went unheeded."""
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert f"{option}: is given twice; keep one" in done.stderr


def test_an_option_that_may_come_again_may(tmp_path):
    """`--set` twice, with two paths, is two overrides; a flag twice is that flag."""
    path = "process_values.mine_brine"
    done = CliRunner().invoke(
        app,
        [
            "check",
            "quickstart",
            "--set",
            f"{path}.variable_cost=5",
            "--set",
            "discount_rate=0.1",
            "--json",
            "--json",
        ],
    )
    assert done.exit_code == 0
