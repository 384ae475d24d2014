"""The hindcast: what was observed beside the plan, without a plan, in an ensemble; what held the
plan, and which one number would have turned it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planner
from planner.analysis.hindcast.scores import interval_score
from planner.errors import OutputError, SpecError
from tests.small import Study, system_of


def mine_and_ship(**mine: Any) -> Study:
    """100 t a year in 2021 to 2025, 60 of them from a mine at 10 USD/t, the rest from abroad at
    30."""
    study = Study(2021, 2025).good("li", "refined", demand=100, shortage_cost=1000)
    values = {"max_activity": 60, "variable_cost": 10} | mine
    study.process("mine", "mine", gives={"li": 1}, **values)
    return study.process("ship", "import", gives={"li": 1}, origin="Chile", import_price=30)


def row(table: Any, **wanted: Any) -> Any:
    """The one row with these cells."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_errors_and_baselines_by_hand(tmp_path: Path) -> None:
    """The plan buys 40 t each year. Bought: 20 in 2019, 30 in 2021 (known before), 50 in 2022 and
    40 in 2023 (tested). Errors of the plan -0.2 and 0; no change says 30 (0.4 and 0.25); the line
    through 2019 and 2021 rises 5 a year: 35 and 40 (0.3 and 0). Medians 0.1, 0.325, 0.15."""
    study = mine_and_ship()
    study.observation("bought", "ship", "li", {2019: 20, 2021: 30})
    study.observation("bought", "ship", "li", {2022: 50, 2023: 40}, role="test")
    found = planner.hindcast(system_of(study, tmp_path), top=0)
    assert found.origin == 2021
    assert list(found.pairs["year"]) == [2022, 2023]
    assert found.pairs["plan"].tolist() == pytest.approx([40, 40])
    assert found.pairs["error"].tolist() == pytest.approx([-0.2, 0], abs=1e-12)
    assert found.pairs["inside"].tolist() == [False, True]
    assert found.pairs["no_change"].tolist() == [30, 30]
    assert found.pairs["trend"].tolist() == pytest.approx([35, 40])
    score = row(found.scores, metal="all", kind="quantities")
    medians = score[["median_error", "no_change", "trend"]].astype(float)
    assert medians.tolist() == pytest.approx([0.1, 0.325, 0.15])
    assert (score["pairs"], score["pairs_no_change"], score["pairs_trend"]) == (2, 2, 2)
    assert score["inside"] == 0.5


def test_what_goes_short_was_not_seen_to_be_sent(tmp_path: Path) -> None:
    """40 t are demanded abroad in 2022, 25 t can be sent, and 25 t were seen to go: no error. By
    demand it would be 40 t. All that comes into the good is 25 t too: a shortage is no flow."""
    study = Study(2021, 2022).good("li", "refined")
    fields = {"stage": "processing", "export": True, "shortage_cost": 1000}
    study.good("out", "product", demand=40, **fields)
    study.process("mine", "mine", stage="processing", gives={"li": 1}, variable_cost=10)
    study.process("send", "manufacture", takes={"li": 1}, gives={"out": 1}, max_activity=25)
    study.observation("sent", "out", "export", {2022: 25}, role="test")
    study.observation("got", "*", "out", {2022: 25}, role="test")
    found = planner.hindcast(system_of(study, tmp_path), top=0)
    assert found.pairs["plan"].tolist() == pytest.approx([25, 25])


def test_a_price_is_the_shadow_price_of_its_good(tmp_path: Path) -> None:
    """One tonne more comes from abroad at 30 USD/t, whatever the mine costs; named by the metal or
    by its good. The price of 45 is missed, by a third, and set by the import."""
    study = mine_and_ship()
    study.observation("price", "lithium", "", {2022: 45}, parameter="price", role="test")
    study.observation("spot", "li", "", {2022: 30}, parameter="price", role="test")
    found = planner.hindcast(system_of(study, tmp_path), top=0)
    assert found.pairs["plan"].tolist() == pytest.approx([30, 30])
    assert row(found.pairs, observation="price")["unit"] == "USD_2021/t"
    (miss,) = found.misses.to_dict(orient="records")
    assert miss["held_by"] == "ship sets it: running costs 30 USD/t"
    assert miss["place"] == "process_values.csv:4"


def test_what_was_made_from_it_proves_nothing(tmp_path: Path) -> None:
    """Three observations of the mine agree with the plan, whose limit of 60 in 2022 comes from the
    source of the first: that one is fitted and is not scored, nor is what the study says it is made
    of. The price of that source is tested: no number in money is from it."""
    study = mine_and_ship(max_activity={2021: 60, 2022: 60, 2025: 60})
    for limit in study.rows["process_values"]:
        if limit["parameter"] == "max_activity":
            limit["source"] = "own;survey" if limit["year"] == 2022 else "own"
    study.observation("mined", "mine", "li", {2022: 60, 2023: 60}, source="survey", role="test")
    study.observation("told", "mine", "li", {2022: 60}, source="firm", role="input")
    study.observation("price", "li", "", {2022: 30}, parameter="price", source="survey")
    found = planner.hindcast(system_of(study, tmp_path), top=0)
    roles = {(r.observation, r.year): (r.role, r.why) for r in found.pairs.itertuples()}
    assert roles["mined", 2022] == ("fitted", "process_values.csv:3 has survey of 2022")
    assert roles["mined", 2023] == ("test", "")
    assert roles["told", 2022] == ("input", "as the study says")
    assert roles["price", 2022] == ("test", "")
    assert row(found.scores, metal="all", kind="quantities")["pairs"] == 1


def test_a_limit_in_the_way_is_named(tmp_path: Path) -> None:
    """The mine was seen at 80, and 60 is all that it can: its limit is named with its row. At 40,
    seen in 2023, the import takes its place for 20 USD/t more."""
    study = mine_and_ship()
    study.observation("mined", "mine", "li", {2022: 80, 2023: 40}, role="test")
    found = planner.hindcast(system_of(study, tmp_path), top=0)
    more, less = found.misses.to_dict(orient="records")
    assert more["held_by"] == (
        "the most that can be had is 60 t/year: mine: at most 60 t/year in 2022"
    )
    assert more["place"] == "process_values.csv:2"
    assert less["held_by"] == "ship in place of mine would cost 20 USD/t more"
    assert less["place"] == "process_values.csv:4"


def test_the_least_change_of_one_number(tmp_path: Path) -> None:
    """The import was seen at 60: with the mine at 40 of its 60 t (x 2/3) or demand at 120 (x 1.2)
    the plan says so; 1.2 is nearer to 1 (ln 0.18 against 0.41)."""
    study = mine_and_ship()
    study.observation("bought", "ship", "li", {2022: 60}, role="test")
    found = planner.hindcast(system_of(study, tmp_path), top=1)
    (turn,) = found.changes.to_dict(orient="records")
    assert turn["input"] == "demand.li"
    assert turn["factor"] == pytest.approx(1.2, rel=0.01)
    assert turn["turns_at"] == pytest.approx(120, rel=0.01)
    assert turn["plan_then"] == pytest.approx(60, rel=0.02)
    assert len(planner.hindcast(found.plan, top=0).changes) == 0


def test_the_interval_score_by_hand() -> None:
    """Band 10 to 20 of 90 %: 10 where it holds what came; 25 lies 5 above: 10 + 20 x 5; 8 lies 2
    below: 10 + 20 x 2."""
    low, high = np.full(3, 10.0), np.full(3, 20.0)
    found = interval_score(low, high, np.array([15.0, 25.0, 8.0]))
    assert found.tolist() == pytest.approx([10, 110, 50])


def test_an_ensemble_covers_what_came(tmp_path: Path) -> None:
    """The limit of the mine is anywhere in 40 to 80, so that 20 to 60 t are bought: the 5-95 % of
    the samples hold 45 and not 80, whether made here or read from a folder. An ensemble of other
    data is refused."""
    pytest.importorskip("pyarrow")
    study = mine_and_ship()
    study.rows["process_values"][0] |= {"low": 40, "high": 80}
    study.observation("bought", "ship", "li", {2022: 45, 2023: 80}, role="test")
    system = system_of(study, tmp_path / "study")
    found = planner.hindcast(system, samples=16, workers=1, top=0)
    assert found.samples == 16
    assert found.pairs["covered"].tolist() == [True, False]
    assert (found.pairs["q05"] > 20).all()
    assert (found.pairs["q95"] < 60).all()
    low, high = found.pairs.loc[1, ["q05", "q95"]]
    assert found.pairs["interval_score"][1] == pytest.approx(((high - low) + 20 * (80 - high)) / 80)
    assert row(found.scores, metal="all", kind="quantities")["covered"] == 0.5
    planner.ensemble(system, samples=16, workers=1, out=tmp_path / "ensemble")
    again = planner.hindcast(found.plan, ensemble=tmp_path / "ensemble", top=0)
    assert again.pairs[["q05", "q95"]].equals(found.pairs[["q05", "q95"]])
    other = replace(system, inputs_hash="other")
    with pytest.raises(OutputError, match="an ensemble of another study"):
        planner.hindcast(other, ensemble=tmp_path / "ensemble", top=0)
    with pytest.raises(OutputError, match="holds no ensemble that can be read"):
        planner.hindcast(system, ensemble=tmp_path / "study", top=0)


def test_the_error_of_an_observation_widens_its_band(tmp_path: Path) -> None:
    """40 t are bought in every sample, only their price is uncertain; 60 were seen. An observation
    that is good to a factor of 2 (95 %) may well be 60 where 40 were bought: its 95 % end is 40 x
    exp(1.645 x ln 4 / 3.92) = 71.6. One that is good to a twentieth is not: 40 x exp(1.645 x
    ln(63 / 57) / 3.92) = 41.7. Without the error of the observation both would lie outside."""
    study = mine_and_ship()
    study.rows["process_values"][-1] |= {"low": 29, "high": 31}
    study.observation("bought", "ship", "li", {2022: 60}, role="test", low=30, high=120)
    study.observation("bought", "ship", "li", {2023: 60}, role="test", low=57, high=63)
    found = planner.hindcast(system_of(study, tmp_path), samples=4, workers=1, top=0)
    assert found.pairs["q95"].tolist() == pytest.approx([40, 40])
    assert found.pairs["covered"].tolist() == [False, False]
    assert found.pairs["seen95"].tolist() == pytest.approx([71.6, 41.7], rel=2e-3)
    assert found.pairs["seen_covered"].tolist() == [True, False]
    score = row(found.scores, metal="all", kind="quantities")
    assert (score["covered"], score["seen_covered"]) == (0, 0.5)


def test_with_one_year_in_sight(tmp_path: Path) -> None:
    """100 t of cheap ore (5), and imports that cost 20, 20, then 60: who sees all three years keeps
    the ore for the third, who sees one digs it in the first and buys in 2023, where 100 t were
    mined in fact."""
    study = Study(2021, 2023, discount_rate=0.0)
    study.good("li", "refined", demand=100, shortage_cost=1000).deposit("vein", reserve=100)
    study.process("dig", "mine", takes={"vein": 1}, gives={"li": 1}, variable_cost=5)
    study.process("ship", "import", gives={"li": 1}, origin="Chile", import_price=[20, 20, 60])
    study.observation("mined", "dig", "li", {2023: 100}, role="test")
    found = planner.hindcast(system_of(study, tmp_path), window=1, top=0)
    assert found.pairs["plan"].tolist() == pytest.approx([100])
    assert found.pairs["rolling"].tolist() == pytest.approx([0], abs=1e-6)
    assert row(found.rolling_scores, metal="all")["median_error"] == pytest.approx(1.0)


def test_a_study_without_observations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="holds no observation of a year of the study"):
        planner.hindcast(system_of(mine_and_ship(), tmp_path))


# ---- as of an earlier year


def vintages() -> Study:
    """Demand of 2022: 100 by what came out in 2021, 120 by what came out in 2024; of 2023 by what
    came out in 2024 alone."""
    study = mine_and_ship()
    study.rows["demand"].clear()
    for year, value, published in (
        (2021, 90, 2020),
        (2022, 100, 2021),
        (2022, 120, 2024),
        (2023, 150, 2024),
    ):
        study._value("demand", {"good": "li"}, "", {year: value})
        study.rows["demand"][-1] |= {"published": published, "extend": ""}
    study.rows["demand"][-1]["extend"] = "after"
    return study


def test_the_newest_vintage_is_in_force(tmp_path: Path) -> None:
    """90, 120, 150 and held: the older number of 2022 is not in force."""
    system = system_of(vintages(), tmp_path)
    assert list(system.goods["li"].demand) == [90, 120, 150, 150, 150]


def test_as_of_a_year_nothing_later_is_known(tmp_path: Path) -> None:
    """At the end of 2022: 90, 100, then held: 2023 was not yet known. Two rows are hidden; the
    import price came out in 2024 and has no earlier vintage: a leak."""
    study = vintages()
    study.rows["process_values"][-1]["published"] = 2024
    study.observation("bought", "ship", "li", {2022: 40, 2023: 40}, role="test", published=2024)
    system = system_of(study, tmp_path, overrides={"as_of": 2022})
    assert list(system.goods["li"].demand) == [90, 100, 100, 100, 100]
    found = planner.hindcast(system, top=0)
    assert found.as_of == 2022
    assert found.hidden == 2
    assert found.leaks["path"].tolist() == ["process_values.ship.import_price"]
    assert found.pairs["plan"].tolist() == pytest.approx([40, 40])
    assert len(found.pairs) == 2, "what is asked is never hidden"


def test_events_to_come_of_which_nothing_was_known_do_not_happen(tmp_path: Path) -> None:
    """20 t of capacity under construction for 2023, out in 2022, and 30 for 2024, out in 2024: at
    the end of 2022 there are the first 20 alone."""
    study = mine_and_ship()
    study.plant("works", under_construction={2023: 20, 2024: 30}, life=20)
    for number in study.rows["plants"]:
        if number["parameter"] == "under_construction":
            number["published"] = number["year"] - 1 if number["year"] == 2023 else 2024
    study.rows["processes"][0]["plant"] = "works"
    today = system_of(study, tmp_path / "a").plants["works"].existing
    then = system_of(study, tmp_path / "b", overrides={"as_of": 2022}).plants["works"].existing
    assert list(today) == [0, 0, 20, 50, 50]
    assert list(then) == [0, 0, 20, 20, 20]


def test_a_policy_of_a_later_year_is_not_in_force(tmp_path: Path) -> None:
    study = mine_and_ship().policy("cap", "quota", processes=["ship"], cap=10, published=2023)
    assert "cap" in system_of(study, tmp_path / "a").policies
    assert not system_of(study, tmp_path / "b", overrides={"as_of": 2022}).policies


def test_a_number_given_twice_in_one_vintage_is_refused(tmp_path: Path) -> None:
    study = vintages()
    study.rows["demand"].append(study.rows["demand"][1].copy())
    with pytest.raises(
        SpecError, match=r"demand.csv row 6: the same as row 3 \(li demand in 2022\)"
    ):
        system_of(study, tmp_path)


@pytest.mark.parametrize("year", ["soon", "22", "2022.5", "true"])
def test_as_of_what_is_no_year_is_refused(tmp_path: Path, year: str) -> None:
    with pytest.raises(SpecError, match="give a calendar year such as 2022"):
        system_of(mine_and_ship(), tmp_path, overrides={"as_of": year})


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ({"to": ""}, "row 2, column 'to': is empty; say where the flow of 'seen' goes"),
        (
            {"parameter": "price", "unit": "USD_2021/t"},
            "row 2, column 'to': 'li' is given, but a price has no end",
        ),
        (
            {"parameter": "price", "unit": "USD_2021/t", "to": ""},
            "row 2, column 'from': 'ship' is no good of the study",
        ),
        ({"role": "maybe"}, "row 2, column 'role': 'maybe' is not possible"),
        ({"published": "soon"}, "row 2, column 'published': is 'soon'; give a calendar year"),
    ],
)
def test_observations_that_cannot_be_read(
    tmp_path: Path, ends: dict[str, str], message: str
) -> None:
    study = mine_and_ship().observation("seen", "ship", "li", {2022: 40})
    study.rows["observations"][0] |= ends
    with pytest.raises(SpecError) as raised:
        system_of(study, tmp_path)
    assert message in str(raised.value)
