"""Warnings: what reads and is probably not meant so is said apart from errors, with its place and
remedy, and nothing is said of a study without a slip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import SpecError
from tests.small import Study, system_of

SHORT = 1e5


def market(last: int = 2021, **head) -> Study:
    """Imports of refined lithium for a demand of 100, without any slip."""
    study = Study(2021, last, **head)
    study.good("li", "refined", demand=100, shortage_cost=SHORT)
    return study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A")


def warned(study: Study, folder: Path, **options) -> list[str]:
    return [str(each) for each in system_of(study, folder, **options).warnings]


def test_a_study_without_a_slip_has_no_warning(tmp_path):
    """What follows would warn of anything if this did."""
    assert warned(market(2025, discount_rate=0.05), tmp_path) == []


def growing() -> Study:
    study = market().ramp("r", growth=50, step=1)
    study.rows["processes"][0]["ramp_group"] = "r"
    return study


def falling(shortage: float = SHORT, cost: float = 10, **ramp: float) -> Study:
    """Imports at 10, or another cost, that fall by a fifth a year at most, in two years."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=shortage)
    study.process("buy", "import", gives={"li": 1}, import_price=cost, origin="A", ramp_group="r")
    return study.ramp("r", **ramp)


def priced(price: float) -> Study:
    return market().process("other", "import", gives={"li": 1}, import_price=price, origin="B")


def chain(shortage: float) -> Study:
    """Ore at 30 for 0.5 t of metal, refined at 20: 80 a tonne by the dearest way, 10 by the
    other."""
    study = Study().good("li", "refined", demand=100, shortage_cost=shortage)
    study.good("ore", "intermediate")
    study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A")
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=30)
    return study.process(
        "refine", "refine", takes={"ore": 1}, gives={"li": 0.5}, variable_cost=10, loss="slag"
    )


def byproduct(*, host: bool, deposit: bool) -> Study:
    """A by-product with or without a host, and with or without a deposit of its own."""
    study = market()
    takes = {"ore": 1} if deposit else {}
    if deposit:
        study.deposit("ore", reserve=100)
    if not host:
        return study.process("by", "byproduct", takes=takes, gives={"li": 1})
    study.host("zinc", 1e4)
    return study.process(
        "by", "byproduct", takes=takes, gives={"li": 1}, host="zinc", host_content=0.1
    )


def joint(**values) -> Study:
    """A line that gives refined metal and what nobody but a maker of it wants."""
    study = Study().good("li", "refined", demand=100, shortage_cost=SHORT, disposal_cost=0)
    study.good("co", "refined", **values)
    study.process("use", "manufacture", takes={"co": 1}, gives={"li": 1})
    return study.process("line", "mine", gives={"li": 0.5, "co": 0.5}, variable_cost=5)


def ranged(side: str, **ends: float) -> Study:
    """A yield of 0.9, with a range."""
    study = market().good("ore", "intermediate")
    study.process("dig", "import", gives={"ore": 1}, import_price=8, origin="A")
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 0.9}, loss="slag")
    for row in study.rows["coefficients"]:
        if row["process"] == "refine" and row["direction"] == side:
            row |= ends
    return study


def unserved() -> Study:
    study = market().good("cell", "product", demand=5, shortage_cost=SHORT)
    study.good("foil", "intermediate")
    return study.process("mk", "manufacture", takes={"foil": 1}, gives={"cell": 1})


def with_policy(kind: str, **fields) -> Study:
    return market().policy("aim", kind, **fields)


def used(**cohort) -> Study:
    """A cell in use, and what entered in 2020."""
    study = market().good("cell", "product", demand=5, shortage_cost=SHORT)
    study.good("old", "waste").process("mk", "manufacture", takes={"li0": 1}, gives={"cell": 1})
    study.good("li0", "refined").process(
        "b", "import", gives={"li0": 1}, import_price=9, origin="A"
    )
    study.product("b", waste="old", uses={"cell": 1}, inflow={2020: 4}, life=3)
    if cohort:
        study.rows["cohorts"].append({"product": "b", "unit": "t", "source": "test", **cohort})
    return study


def seen(**row) -> Study:
    study = market()
    study.rows["observations"].append(
        {
            "observation": "seen",
            "from": "buy",
            "to": "li",
            "metal": "lithium",
            "parameter": "flow",
            "year": 2021,
            "value": 90,
            "unit": "t/year",
            "low": 80,
            "high": 99,
            "source": "test",
            **row,
        }
    )
    return study


def idle(**values) -> Study:
    study = market().plant("works", existing_capacity=500, **values)
    study.rows["processes"][0]["plant"] = "works"
    return study


CASES: dict[str, tuple[Study, str]] = {
    "a rate of 500 %": (
        market(discount_rate=5),
        "study.toml row 5, column 'discount_rate': is 5, that is 500 % a year; write 0.05",
    ),
    "an interest rate": (
        idle(capital_cost=1, life=5, interest_rate=8),
        "interest_rate of 'works' is 8, that is 800 % a year",
    ),
    "a growth of 5,000 %": (growing(), "growth of 'r' is 50, that is 5000 % a year; write 0.5"),
    "a price a thousand times too low": (
        priced(0.01),
        "from 'other' and 10 USD from 'buy', 1000 times as much; check the units",
    ),
    "a shortage cheaper than the dearest supply": (
        chain(70),
        "short costs 70 USD in 2021, less than 80 USD from 'refine'",
    ),
    "a shortage cheaper than supply that stops in the next year": (
        falling(17, decline=0.2),
        "short costs 17 USD in 2021, less than 18 USD from 'buy'",
    ),
    "a decline of what runs for nothing": (
        falling(cost=0, decline=0.2),
        "the decline of 'r' holds nothing in years in which 'buy' runs for nothing",
    ),
    "a stopping cost without a decline": (
        falling(growth=1, stopping_cost=5),
        "ramp group 'r' has a stopping_cost but no decline",
    ),
    "a host and a deposit": (
        byproduct(host=True, deposit=True),
        "'by' comes with host 'zinc' and takes ore from 'ore', so that both bound it",
    ),
    "a by-product without a host": (
        byproduct(host=False, deposit=False),
        "'by' is a by-product without a host",
    ),
    "free disposal": (
        joint(),
        "what is not wanted of 'co' may be thrown away for nothing, since 'line' gives it",
    ),
    "a yield that may pass 1": (
        ranged("out", high=1.2),
        "column 'high': at this end (1.2) 'refine' would give out more lithium than it takes in",
    ),
    "an input that may be too little": (
        ranged("in", low=0.8),
        "column 'low': at this end (0.8) 'refine' would give out more lithium",
    ),
    "demand without a route": (unserved(), "no process can give 'cell' from what the study has"),
    "a closure of nothing": (
        with_policy("closure", origin="A", metal="lithium", share=0, from_=2030),
        "is in force in no year from 2021 to 2021",
    ),
    "a penalty of nothing": (
        with_policy("recycled_content", metal="lithium", share=0.1, penalty=0),
        "policies.aim.penalty': is 0: the target may be missed for nothing",
    ),
    "a budget without plants": (
        with_policy("capital_budget", cap=5),
        "no plant has a capital_cost",
    ),
    "a cap without emissions": (
        with_policy("carbon_cap", cap=5, scope="territorial"),
        "no process emits anything",
    ),
    "a good of no use": (market().good("odd", "refined"), "no process makes or takes 'odd'"),
    "an export that nobody asks for": (
        joint(disposal_cost=0, export=True),
        "'co' is marked as an export, but is neither demanded nor sold at a price",
    ),
    "a plant of no use": (
        market().plant("odd", existing_capacity=1),
        "no process runs on plant 'odd'",
    ),
    "a deposit of no use": (
        market().deposit("odd", reserve=1),
        "no process takes ore from deposit 'odd'",
    ),
    "a host of no use": (market().host("odd", 1), "no process comes with host 'odd'"),
    "a ramp of no use": (market().ramp("odd", growth=1), "no process names ramp group 'odd'"),
    "a lead time without an order": (
        idle(lead_time=3),
        "plant 'works' has lead_time but no capital_cost",
    ),
    "a shortage of what nobody wants": (
        joint(disposal_cost=0, shortage_cost=5),
        "'co' is not demanded, so that nothing of it can be short",
    ),
    "a cohort given twice": (
        used(year=2020, parameter="stock", value=3),
        "'b' has both inflow and stock of 2020",
    ),
    "an observation of another year": (
        seen(year=2019),
        "'seen' was observed in 2019, outside 2021 to 2021",
    ),
    "an observation without an end": (
        seen(high=""),
        "column 'high': is empty: 'seen' cannot be reconciled",
    ),
    "an adjustment without a price": (
        market(border_adjustment=True),
        "row 6, column 'border_adjustment': is true, but the study has no carbon price",
    ),
    "a convention without a stock": (
        market(stock_convention="end"),
        "column 'stock_convention': says when products enter use",
    ),
    "a series that multiplies nothing": (
        market().series("carbon_price", 10),
        "'carbon_price' multiplies nothing in this study",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_slip_is_warned_about_once(tmp_path, case):
    """Each slip was read in silence; now one warning names it, and the study still reads."""
    study, wanted = CASES[case]
    found = warned(study, tmp_path)
    assert len(found) == 1, found
    assert wanted in found[0]


@pytest.mark.parametrize(
    "study",
    [
        priced(0.3),
        chain(81),
        falling(18, decline=0.2),
        falling(15, decline=0.2, stopping_cost=6),
        falling(cost=0, decline=0.2, stopping_cost=5),
        byproduct(host=True, deposit=False),
        joint(disposal_cost=0),
        ranged("out", low=0.5, high=1.0),
        ranged("in", low=0.9, high=1.5),
        market(discount_rate=0.2),
        used(),
        used(year=2019, parameter="stock", value=3),
        seen(),
    ],
)
def test_what_is_near_the_mark_is_not(tmp_path, study):
    """The other side of each threshold: 33 times as dear, a tonne short above the dearest supply,
    a yield of at most 1, a stated disposal of 0."""
    assert warned(study, tmp_path) == []


def test_scrap_that_goes_round_is_not_dear(tmp_path):
    """Making a cell for 5 gives 0.5 t of scrap, melted again for 60: the dearest cell costs 15 from
    what is bought at 10, not 65 or more from metal that went round."""
    study = Study().good("cell", "product", demand=10, shortage_cost=70)
    study.good("li", "refined").good("chips", "scrap")
    study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A")
    study.process(
        "mk", "manufacture", takes={"li": 1}, gives={"cell": 0.5, "chips": 0.5}, variable_cost=5
    )
    study.process("melt", "recycle", takes={"chips": 1}, gives={"li": 1}, variable_cost=60)
    assert warned(study, tmp_path) == []


def test_contents_that_leave_no_room(tmp_path):
    """0.7 and 0.2 to 0.4: at 0.4 a tonne of packs would hold 1.1 t of metal."""
    study = Study(metals=("lithium", "cobalt"))
    study.good(
        "p", "product", content={"lithium": 0.7, "cobalt": 0.2}, demand=1, shortage_cost=SHORT
    )
    study.process("buy", "import", gives={"p": 1}, import_price=10, origin="A")
    for row in study.rows["good_values"]:
        if row["parameter"] == "content" and row["metal"] == "cobalt":
            row["high"] = 0.4
    (found,) = warned(study, tmp_path)
    assert "at this end (0.4) the contents of 'p' add up to more than 1" in found


def test_ranges_that_no_observation_names(tmp_path):
    """An observation of what a good serves names no process: the range of the yield before it went
    unheeded in silence. With the process as an end nothing is said."""
    study = market()
    study.good("ore", "intermediate").process("dig", "mine", gives={"ore": 1}, variable_cost=9)
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 0.9}, loss="slag")
    study.rows["coefficients"][-1] |= {"low": 0.8, "high": 0.95}
    seen = {
        "observation": "served",
        "metal": "lithium",
        "parameter": "flow",
        "year": 2021,
        "value": 100,
        "unit": "t/year",
        "low": 90,
        "high": 110,
        "source": "test",
    }
    study.rows["observations"].append({**seen, "from": "li", "to": "demand"})
    (found,) = warned(study, tmp_path)
    assert "'served' concerns what 'refine' gives, but no observation of 2021 names" in found
    study.rows["observations"].append({**seen, "observation": "made", "from": "refine", "to": "li"})
    assert warned(study, tmp_path) == []


def test_warnings_stand_apart_from_errors(tmp_path):
    """`check` lists both, told apart, errors first; a study with warnings alone reads, and not if
    it is read strictly."""
    folder = market(discount_rate=5).write(tmp_path / "s")
    (found,) = planner.check(folder)
    assert (found.severity, found.file, found.row) == ("warning", "study.toml", 5)
    assert planner.read(folder).warnings == (found,)
    (refused,) = planner.check(folder, strict=True)
    assert refused.severity == "error"
    with pytest.raises(SpecError, match="500 % a year"):
        planner.read(folder, strict=True)


def test_the_commands_show_and_count_them(tmp_path):
    """`check` shows warnings on standard error and ends with 0, with --strict with 2; `solve`
    prints how many there are and writes them to run.log and plan.json, which loads again."""
    folder, run = str(market(discount_rate=5).write(tmp_path / "s")), tmp_path / "run"
    call = CliRunner().invoke
    done = call(app, ["check", folder])
    assert done.exit_code == 0
    assert "warning: study.toml row 5" in done.stderr
    assert "no error, 1 warning" in done.stdout
    said = json.loads(call(app, ["check", folder, "--json"]).stdout)
    assert [each["severity"] for each in said["warnings"]] == ["warning"]
    for command in (["check", folder, "--strict"], ["solve", folder, "--strict"]):
        assert call(app, command).exit_code == 2
    done = call(app, ["solve", folder, "--out", str(run)])
    assert "1 warning about the study" in done.stdout
    assert "study warning study.toml row 5" in (run / "run.log").read_text()
    assert "500 %" in json.loads((run / "plan.json").read_text())["warnings"][0]
    assert planner.load(run).record.warnings == tuple(map(str, planner.load(run).system.warnings))


def test_where_the_discount_rate_was_set_is_named(tmp_path):
    """By the command line, not by the line of study.toml that it replaces."""
    (found,) = system_of(market(), tmp_path, overrides={"discount_rate": 5}).warnings
    assert (found.file, found.row) == ("--set", 0)


SHIPPED = {
    # metal that comes with another may be thrown away: true, and without effect at least cost
    "quickstart": {"may be thrown away for nothing": 2},
    # waste that nobody collects
    "china": {
        "may be thrown away for nothing": 2,
        "so that its collection rate bounds nothing": 3,
    },
    "world": {},
}


@pytest.mark.parametrize("study", SHIPPED)
def test_the_shipped_studies_warn_of_what_is_true_of_them(study):
    """No other warning than those listed, each of which its README explains."""
    found = [str(each) for each in planner.check(study)]
    counts = {words: sum(words in each for each in found) for words in SHIPPED[study]}
    assert counts == SHIPPED[study]
    assert len(found) == sum(counts.values())


def test_a_new_study_has_none_but_what_it_says(tmp_path):
    folder = planner.new(tmp_path / "mine")
    assert planner.check(folder) == ()
