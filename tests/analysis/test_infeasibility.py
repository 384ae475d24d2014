"""Why there is no plan: every family in words, the account of what is short, and every lever
against an amount worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.analysis.diagnosis.elastic_limits import LIMIT_KINDS
from planner.analysis.diagnosis.explain import explain
from planner.analysis.diagnosis.row_descriptions import Teller
from planner.cli import app
from planner.lp.families import FORMULATION
from planner.lp.family import Family
from planner.solver.compiled import compiled
from tests.lp.test_duals import BINDING
from tests.small import Study, system_of

WITHOUT_A_NUMBER = {"service", "emission_account", "impact_account"}
"""Families whose rows only define what the others bound."""


@pytest.mark.parametrize("family", FORMULATION, ids=lambda family: family.name)
def test_the_words_of_a_row_name_it_and_the_line_of_its_number(
    tmp_path: Path, family: Family
) -> None:
    """Each row of the family that a small study has: its subject is in the words, and the line
    given holds that subject."""
    folder = BINDING[family.name]().write(tmp_path / "s")
    made = compiled(planner.read(folder))
    teller = Teller(made.system, made.balance, made.arrays)
    found = teller.rows([row for row in made.arrays.rows if row[0] == family.name])
    assert found
    for reason in found:
        subject = reason.name.split(", ")[0]
        # a step of a curve is told as a step of its noun
        parts = subject.split("/")
        assert all(part in reason.words for part in parts)
        assert reason.target == family.target
        if family.name not in WITHOUT_A_NUMBER:
            file, _, line = reason.place.partition(":")
            row = (folder / file).read_text().splitlines()[int(line) - 1]
            assert all(part in row for part in parts), reason
            assert any(mark.isdigit() for mark in reason.words.replace(subject, ""))


def market(last: int = 2021, **policy: object) -> Study:
    """100 t a year, half of which is to come from home, or to be bought at 30."""
    study = Study(2021, last).good("li", "refined", demand=100, shortage_cost=5000)
    study.process("buy", "import", gives={"li": 1}, import_price=30)
    return study.policy(
        "own",
        "self_sufficiency",
        metal="lithium",
        stages=["processing", "recycling"],
        share=0.5,
        **policy,
    )


def dig(study: Study, **values: object) -> Study:
    return study.process(
        "dig", "mine", stage="processing", gives={"li": 1}, variable_cost=20, **values
    )


def works(**values: float) -> Study:
    return dig(market(), plant="works").plant("works", existing_capacity=30, life=4, **values)


def lake(**exploration: float) -> Study:
    study = market().deposit("lake", reserve=30)
    study.process(
        "dig", "mine", stage="processing", takes={"lake": 1}, gives={"li": 1}, variable_cost=20
    )
    return study.exploration("lake", cost=5, **exploration) if exploration else study


def scrap(rate: float = 0.4) -> Study:
    """100 t leave use in 2021."""
    study = market().good("old", "waste", collection=rate).good("scrap", "scrap")
    study.product("thing", waste="old", uses={}, inflow={2020: 100}, life=1)
    study.process("collect", "collect", takes={"old": 1}, gives={"scrap": 1})
    return study.process("recycle", "recycle", takes={"scrap": 1}, gives={"li": 1}, variable_cost=1)


def store(*, cover: bool = True, **stock: float) -> Study:
    """20 t a year can be bought; 50 t are to be in store."""
    study = Study().good(
        "kept", "refined", demand=100, shortage_cost=5000, opening_stock=0, **stock
    )
    study.process("buy", "import", gives={"kept": 1}, import_price=30, max_activity=20)
    return study.policy("cover", "stockpile_cover", goods=["kept"], months=6) if cover else study


def growing() -> Study:
    study = dig(market(2022, from_=2022), ramp_group="mines", max_activity=[10, 1000])
    return study.ramp("mines", growth=0.5, step=5)


def must_run() -> Study:
    study = dig(Study().good("li", "refined", demand=100, shortage_cost=5000), min_activity=40)
    return study.policy("protect", "quota", processes=["dig"], cap=20)


LEVERS: dict[str, tuple[Callable[[], Study], float, str]] = {
    # kind of limit: a study whose plan it stands in the way of, by how much it must give, where it
    # stands then
    "the standing capacity": (works, 20, "50 t/year"),
    "the largest capacity": (lambda: works(capital_cost=40, max_capacity=40), 10, "50 t/year"),
    "the building rate": (lambda: works(capital_cost=40, max_new=10), 10, "20 t/year"),
    "the limit of output": (lambda: dig(market(), max_activity=30), 20, "50 t/year"),
    "the import ceiling": (store, 30, "50 t/year"),
    "the reserve": (lake, 20, "50 t"),
    "the rate of exploration": (lambda: lake(potential=5), 15, "20 t/year"),
    "what there is to be found": (lambda: lake(potential=50, most=10), 10, "20 t"),
    "the collection rate": (scrap, 1 / 6, "50 %"),
    "the host output": (
        lambda: (
            market()
            .host("zinc", 1000)
            .process(
                "won",
                "byproduct",
                stage="processing",
                host="zinc",
                gives={"li": 1},
                host_content=0.03,
            )
        ),
        2000 / 3,
        "1,666.67 t/year",
    ),
    "the step of growth": (growing, 30, "35 t/year/year"),
    "the must-run level": (must_run, 20, "20 t/year"),
    "the size of the store": (lambda: store(max_stock=5), 45, "50 t"),
    "the opening stock": (store, 30, "30 t"),
    "the closing stock": (lambda: store(cover=False, closing_stock=50), 30, "20 t"),
}


def test_a_limit_of_decline_clashes_with_nothing(tmp_path: Path) -> None:
    """40 t must be dug in 2021 and no more than a quarter less each year, at most 20 t in 2022:
    while that limit was hard there was no plan. It is soft by nature: the 100 t demanded are dug in
    2021, 20 t in 2022, and 75 - 20 = 55 t stop too fast."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=5000)
    dig(study, ramp_group="mines", min_activity=[40, 0]).ramp("mines", decline=0.25)
    study.policy("protect", "quota", processes=["dig"], cap=20, from_=2022)
    values = planner.solve(system_of(study, tmp_path)).values
    assert [values["activity"]["dig", year] for year in (2021, 2022)] == pytest.approx([100, 20])
    assert values["breach"]["run_down", "mines", 2022] == pytest.approx(55)


def test_every_kind_of_lever_is_tried_by_hand() -> None:
    assert set(LEVERS) == {kind.name for kind in LIMIT_KINDS}


@pytest.mark.parametrize("kind", LEVERS)
def test_a_lever_gives_what_is_short_by_hand_and_no_more(tmp_path: Path, kind: str) -> None:
    """The amount is that of the docstrings above; the study with it has a plan."""
    make, amount, after = LEVERS[kind]
    system = system_of(make(), tmp_path)
    if kind == "the size of the store":
        system = next(k for k in LIMIT_KINDS if k.name == "the import ceiling").apply(
            system, {"buy": 100.0}
        )
    lever = {lever.kind: lever for clash in explain(system).clashes for lever in clash.levers}[kind]
    (change,) = lever.changes
    assert change.amount == pytest.approx(amount, rel=1e-5)
    assert change.after == after
    assert planner.solve(
        next(k for k in LIMIT_KINDS if k.name == kind).apply(system, {change.item: change.amount})
    ).certificate.holds


def ten_years() -> Study:
    """76 % of 100 t of cobalt from home in 2031-40: a mine with an ore body of 400 t, and 60 % of
    58 t of waste a year recycled."""
    study = Study(2031, 2040, metals=("cobalt",)).good(
        "co", "refined", demand=100, shortage_cost=5000
    )
    study.process("buy", "import", gives={"co": 1}, import_price=30).deposit("mine_x", reserve=400)
    study.process(
        "dig", "mine", stage="processing", takes={"mine_x": 1}, gives={"co": 1}, variable_cost=20
    )
    study.good("old", "waste", collection=0.6).good("scrap", "scrap")
    study.product(
        "thing", waste="old", uses={}, inflow=dict.fromkeys(range(2021, 2031), 58.0), life=10
    )
    study.process("collect", "collect", takes={"old": 1}, gives={"scrap": 1})
    study.process("recycle", "recycle", takes={"scrap": 1}, gives={"co": 1}, variable_cost=1)
    return study.policy(
        "floor", "self_sufficiency", metal="cobalt", stages=["processing", "recycling"], share=0.76
    )


def test_the_account_of_a_floor_over_ten_years(tmp_path: Path) -> None:
    """Needed are 760 t in ten years; the ore gives 400, recycling 348 (60 % of 580), so 12 t are
    short: a floor of 74.8 %, an ore body of 412 t, or 62.07 % of the waste would do. Each year by
    itself could be served: the account is over all ten."""
    clash = explain(system_of(ten_years(), tmp_path)).clashes[0]
    (account,) = clash.accounts
    assert (account.first, account.last, account.unit) == (2031, 2040, "t")
    assert (account.need, account.reached, account.short) == (
        pytest.approx(760),
        pytest.approx(748),
        pytest.approx(12),
    )
    assert (
        "dig can give at most 400 [mine_x: holds 400 t at the start, for all that is dug until "
        "2040 (deposits.csv:2)]"
    ) in account.words
    waste = (
        "old: at most 60 % of the 58 t/year that leaves use can be collected in 2031-2040 "
        "(collection.csv:2)"
    )
    assert f"recycle can give at most 348 [{waste}]" in account.words
    assert account.words.endswith("together at most 748; so 12 t is short.")
    assert (
        clash.relaxations[0].words
        == "lower floor from 76 % in 2031-2040 to 74.8 % in 2031-2040 (study.toml:9)"
    )
    after = {lever.kind: lever.changes[0].after for lever in clash.levers}
    assert after == {"the reserve": "412 t", "the collection rate": "62.069 %"}
    assert {reason.family for reason in clash.reasons} >= {
        "self_sufficiency",
        "depletion",
        "collection",
    }


def test_the_chain_of_reasons_is_irreducible_and_placed(tmp_path: Path) -> None:
    """The floor, the plant that runs at what it has, and what it has: three rows, each with its
    line, and no other."""
    folder = works().write(tmp_path / "s")
    found = explain(planner.read(folder))
    assert found.reasons[["family", "name", "place"]].to_dict(orient="records") == [
        {"family": "self_sufficiency", "name": "own, lithium", "place": "study.toml:9"},
        {"family": "plant_capacity", "name": "works", "place": ""},
        {"family": "capacity_balance", "name": "works", "place": "plants.csv:2"},
    ]


def test_a_closure_is_named_where_it_stands_in_the_way(tmp_path: Path) -> None:
    """Imports that are closed cannot fill the store that is asked for: the bound is told with the
    policy that set it."""
    study = store().policy("blockade", "closure", origin="abroad", share=0.0)
    study.policies["cover"].update(
        {"kind": "import_share", "metal": "lithium", "origin": "abroad", "share": 1.0}
    )
    for field in ("goods", "months"):
        del study.policies["cover"][field]
    study.policy("seen", "pin", tolerance=0.1).rows["process_values"].append(
        {
            "process": "buy",
            "parameter": "observed",
            "year": 2021,
            "value": 10,
            "unit": "t/year",
            "source": "made",
        }
    )
    clash = explain(system_of(study, tmp_path)).clashes[0]
    assert any(
        "imports from abroad are held to 0 t/year in 2021 by blockade" in reason.words
        for reason in clash.reasons
    )
    assert {lever.kind for lever in clash.levers} == {"the import ceiling"}


def test_a_level_of_zero_can_be_raised(tmp_path: Path) -> None:
    """A policy whose level is zero can be raised to what the others need, in its own unit; the
    accounts tell both sides."""
    study = dig(market()).policy("stop", "quota", processes=["dig"], cap=0)
    clash = explain(system_of(study, tmp_path)).clashes[0]
    assert {r.policy: r.relaxed for r in clash.relaxations} == {
        "own": "0 % in 2021",
        "stop": "50 t/year in 2021",
    }
    assert [account.words for account in clash.accounts] == [
        "own needs 50 t/year in 2021; nothing can give any; so 50 t/year is short.",
        (
            "stop allows 0 t/year in 2021; at least 50 cannot be avoided [own (study.toml:9)]: dig "
            "50; so 50 t/year is too much."
        ),
    ]


def test_the_account_of_a_share_of_all(tmp_path: Path) -> None:
    """Half of all is to be recycled and 20 t can be: of 100 t served 50 are due, so 20 x 0.5 - x
    0.5 with x = 50 forced on the mine."""
    study = Study().good("li", "refined", demand=100, shortage_cost=5000)
    dig(study, min_activity=50).process("recycle", "recycle", gives={"li": 1}, max_activity=20)
    study.policy("old", "recycled_content", metal="lithium", share=0.5)
    (account,) = explain(system_of(study, tmp_path)).clashes[0].accounts
    assert (account.need, account.reached, account.short) == (
        0,
        pytest.approx(-15),
        pytest.approx(15),
    )
    assert account.words.startswith(
        "old in 2021: what counts for it less its share of all; at best -15 is reached ["
    )
    assert "dig -25, recycle 10" in account.words


def test_the_clash_as_table_and_as_json(tmp_path: Path) -> None:
    """The command answers with status 3 in three forms, all with the lines of the input."""
    folder = str(ten_years().write(tmp_path / "s"))
    told = CliRunner().invoke(
        app, ["explain", folder, "--quiet", "--table", "--out", str(tmp_path / "out")]
    )
    assert told.exit_code == 3
    assert "so 12 t is short" in told.stdout
    assert "raise the reserve of mine_x by 12" in told.stdout
    assert (tmp_path / "out" / "levers.csv").read_text().splitlines()[
        0
    ] == "clash,lever,item,amount,unit,before,after,place"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "reasons.csv",
        "accounts.csv",
        "levers.csv",
    }
    answer = json.loads(CliRunner().invoke(app, ["explain", folder, "--json"]).stdout)
    clash = answer["clashes"][0]
    assert clash["policies"] == ["floor"]
    assert clash["accounts"][0]["short"] == pytest.approx(12)
    assert {lever["kind"] for lever in clash["levers"]} == {"the reserve", "the collection rate"}
    assert any(reason["place"] == "deposits.csv:2" for reason in clash["reasons"])


@pytest.mark.parametrize(
    ("limits", "short"),
    [({2021: 10, 2022: 30}, 40), ({2021: 30, 2022: 10}, 20), ({2021: 20, 2022: 20}, 30)],
)
def test_the_building_rate_that_would_do_inside_a_longer_period(
    tmp_path: Path, limits: dict[int, float], short: float
) -> None:
    """50 t asked from 2021 on, and in that year as much can be ordered as its own limit says: what
    it lacks to 50 is the lever. An order is placed in proportion to the limits of the years of its
    period: where they rise, twice as much was named, and where they fall, nothing."""
    study = Study(2021, 2022, discount_rate=0, step=2)
    study.good("li", "refined", demand=100, shortage_cost=900)
    study.process(
        *("mine", "mine"), gives={"li": 1}, variable_cost=10, stage="processing", plant="works"
    )
    study.process("buy", "import", gives={"li": 1}, import_price=5)
    study.plant("works", capital_cost=10, life=10, lead_time=0, max_new=limits)
    study.policy("own", "self_sufficiency", metal="lithium", stages=["processing"], share=0.5)
    levers = planner.explain(system_of(study, tmp_path)).levers.set_index("lever")
    assert levers.loc["the building rate", "amount"] == pytest.approx(short, rel=1e-4)
