"""The paper's claims: every target has an experiment, every input a datum that is there, and the
page says what they give today."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from models.china.claims import runs
from models.china.claims.__main__ import (
    AS_IT_STANDS,
    AS_READ,
    MISSED,
    PAGE,
    allowed,
    claims,
    judge,
    page,
)
from models.china.claims.experiments import EXPERIMENTS, Answer
from models.china.claims.history import (
    FERRONIOBIUM,
    PAPER,
    WORLD,
    draw_history,
    extraction,
    missing_words,
)
from models.china.claims.runs import FACTS
from models.china.claims.traces import (
    NOTHING,
    NUMBERS,
    STUDIES,
    WORDS,
    Changed,
    made,
    made_of_facts,
    rows_of,
    used_by,
    users,
)
from models.world.derive import DISPLAYS, STUDY, display_lives, write

ROOT = Path(__file__).resolve().parents[2]


def test_every_target_has_an_experiment_and_no_other_claim_has() -> None:
    assert {c["id"] for c in claims() if c["use"] == "target"} == set(EXPERIMENTS)


INPUTS = {c["id"]: c["datum"] for c in claims() if c["use"] == "input"}


@pytest.mark.parametrize("datum", [d for d in INPUTS.values() if d.startswith("data/")])
def test_inputs_are_traced_to_rows_that_are_there(datum: str) -> None:
    file, positions = rows_of(datum)
    assert {FACTS.rows(file)[i]["variable"] for i in positions} == {datum.split()[3]}


def test_inputs_without_rows_say_why_or_lie_in_a_study() -> None:
    others = [d for d in INPUTS.values() if not d.startswith("data/")]
    assert all(d.startswith(("models/china/", "not used: ")) for d in others)
    with pytest.raises(KeyError, match=r"no row of data/yields\.csv is germanium china wished"):
        rows_of("data/yields.csv: germanium china wished")


@pytest.mark.parametrize(
    ("claim", "study", "table", "key"),
    [
        ("S014", "china", "observations", "lithium"),
        ("S063", "china", "product_values", "lithium/ceramics_glass"),
        ("S160", "china", "product_values", "indium/pv"),
        ("S037", "world", "deposits", "niobium_ores"),
        ("S142", "world", "demand", "lithium/products"),
    ],
)
def test_a_datum_said_to_be_in_force_changes_its_study(
    claim: str, study: str, table: str, key: str
) -> None:
    """One per cent more of the datum: a number of the table named changes, and it is one of the
    compiled inputs of the study."""
    rows = rows_of(INPUTS[claim])
    assert users(INPUTS[claim]) == (study,)
    changed = set()
    for module in STUDIES[study]:
        before, after = made_of_facts(module)[0], made(module, Changed(rows))
        changed |= {
            tuple(str(v) for k, v in old[1].items() if k not in WORDS and k not in NUMBERS)
            for old, new in zip(before, after, strict=True)
            if old[0] == table and old[1]["value"] != new[1]["value"]
        }
    assert any(key in cell for cells in changed for cell in cells)
    assert (
        any(d.path.startswith(f"{table}.") and key in d.path for d in planner.read(study).data)
        or table == "observations"
    )


def test_a_datum_said_to_be_held_changes_nothing() -> None:
    assert users(INPUTS["S046"]) == ()
    assert used_by(INPUTS["S034"]) == NOTHING


def test_the_claims_that_lie_in_the_study_of_china_are_in_the_compiled_study() -> None:
    """S004 pathways, S005 no imports of scrap, S021 exports served, S044 hosts of home germanium,
    S174 protection, S177 collection."""
    assert {i for i, d in INPUTS.items() if d.startswith("models/")} == {
        "S004",
        "S005",
        "S021",
        "S044",
        "S174",
        "S177",
    }
    china = planner.read("china")
    pathways = {p.pathway for p in china.processes.values()}
    assert {
        "domestic primary",
        "foreign primary",
        "domestic secondary",
        "foreign secondary",
    } <= pathways
    scrap = [p for p in china.processes.values() if p.name.startswith("import_scrap_")]
    assert len(scrap) == 4
    assert all(p.kind == "import" for p in scrap)
    # black mass alone, and not before 2025: Announcement No. 14 of 2025
    opened = [p for p in scrap if p.max_activity.max() > 0]
    assert [p.name for p in opened] == ["import_scrap_black_mass"]
    assert opened[0].max_activity[china.years.index(2024)] == 0
    law_of_2023 = planner.read("china", scenario="law-2023").processes
    assert all(law_of_2023[p.name].max_activity.max() == 0 for p in scrap)
    exported = china.goods["lithium/products_export"]
    assert exported.export
    assert exported.demand is not None
    assert exported.demand.min() > 0
    assert all(
        china.hosts[name].content["germanium"].min() > 0 for name in ("zinc_home", "coal_ash")
    )
    assert china.policies["germanium_protection"].level[0] == 130
    closed = planner.read("china", scenario="closed-loop").goods
    more = [
        name
        for name, good in china.goods.items()
        if good.collection_rate is not None
        and np.any(np.asarray(closed[name].collection_rate) > good.collection_rate)
    ]
    assert more


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_tolerances() -> None:
    assert allowed("5%", 200.0) == pytest.approx(10)
    assert allowed("+-0.05 abs", 0.86) == 0.05
    assert allowed("+-3 yr", 2030.0) == 3
    assert allowed("", 1.0) is None


def test_verdicts() -> None:
    claim = {"id": "X", "paper": "100", "tolerance": "10%"}
    assert judge(claim, Answer(110.0, "")).word == AS_IT_STANDS
    assert judge(claim, Answer(90.0, "", reading="so")).word == AS_READ
    assert judge(claim, Answer(110.1, "", reading="so")).word == MISSED
    assert judge(claim, Answer(None, "")).word == MISSED
    assert (
        judge({"id": "X", "paper": "", "tolerance": ""}, Answer(None, "", holds=False)).word
        == MISSED
    )
    with pytest.raises(ValueError, match="neither a tolerance"):
        judge({"id": "X", "paper": "100", "tolerance": ""}, Answer(1.0, ""))


def test_batteries_use_what_their_share_says_and_all_uses_add_up() -> None:
    """100 t in each of 1995, 2007, 2013, 2021: batteries take 1, 23, 42 t and, an eighth of the way
    from 2013 short of 2022, 42 + 28 x 8/9 = 66.9 t; vehicles 34 t in 2021, 34 / 1.3^8 = 4.17 t in
    2013, none before 2010; superalloys 0.09 / 0.36 of what is no battery."""
    uses = runs.cobalt_uses((1995, 2007, 2013, 2021), np.full(4, 100.0))
    cells = sum(uses[u] for u in ("ev_battery", "laptops", "phones", "other_portable"))
    np.testing.assert_allclose(cells, [1, 23, 42, 42 + 28 * 8 / 9])
    np.testing.assert_allclose(uses["ev_battery"], [0, 0, 34 / 1.3**8, 34])
    np.testing.assert_allclose(sum(uses.values()), 100)
    np.testing.assert_allclose(uses["superalloys"], 0.25 * (100 - cells))
    constant = runs.cobalt_uses((2013,), np.array([100.0]), vehicles_grow=False)
    assert constant["ev_battery"][0] == pytest.approx(42 * 0.34 / 0.64)


def test_lives_of_displays_come_from_outside_the_paper() -> None:
    """(839 x 10.4 + 156 x 9.6 + 154 x 4.6 + 139 x 5.9 + 111 x 5.1) / 1,399 = 8.80 years."""
    sources = {f.source for product in DISPLAYS for f in display_lives(FACTS, product)}
    assert sources == {"wrap-2015", "cea-2014"}
    life = planner.read("world").products["indium/displays"].mean
    entered = np.array([839, 156, 154, 139, 111])
    assert life[0] == pytest.approx(float(entered @ [10.4, 9.6, 4.6, 5.9, 5.1]) / 1399, rel=1e-5)


def test_deriving_the_world_again_gives_the_committed_tables(tmp_path: Path) -> None:
    made = {file.name: file.read_bytes() for file in write(tmp_path)}
    assert made == {file.name: file.read_bytes() for file in STUDY.glob("*.csv")}


@pytest.mark.parametrize("metal", ["lithium", "cobalt", "niobium", "indium", "germanium"])
def test_what_the_world_mines_is_lost_or_stays(metal: str) -> None:
    """Over all years: mined = lost + growth of the stock."""
    run = runs.world()
    stocks = [s for name, s in run.balance.stocks.items() if name.startswith(f"{metal}/")]
    growth = sum(float(s.stock[-1]) - s.opening for s in stocks)
    lost = run.flows[(run.flows["metal"] == metal) & run.flows["target"].str.startswith("loss/")][
        "value"
    ].sum()
    assert float(runs.activity("reference", f"mine_{metal}").sum()) == pytest.approx(
        lost + growth, rel=1e-9
    )


@pytest.mark.parametrize(
    ("metal", "demand", "mined", "smelted", "made"),
    [
        ("cobalt", 175_000, 0.8, 0.97, 0.925),
        ("indium", 154.427, 0.6, 0.7 * 0.5 * 0.8, 0.896),
        ("niobium", 74_388.9, 0.6, 0.97, 0.925),
    ],
)
def test_the_chain_with_its_losses_by_hand(
    metal: str, demand: float, mined: float, smelted: float, made: float
) -> None:
    """Refined metal for the demand of 2021 is demand / made; what recycling gives is taken off, the
    rest was concentrate / smelted and ore / mined. Each stage loses the difference."""
    flows = runs.world("losses").flows
    year = flows[(flows["metal"] == metal) & (flows["year"] == 2021)]

    def total(column: str, end: str) -> float:
        return float(year.loc[year[column] == end, "value"].sum())

    recycled = total("source", f"recycle_{metal}")
    refined = demand / made - recycled
    concentrate = refined / smelted
    ore = concentrate / mined
    assert total("source", f"deposit/{metal}_ores") == pytest.approx(ore, rel=1e-4)
    assert total("target", "loss/tailings") == pytest.approx(ore - concentrate, rel=1e-4)
    assert total("target", "loss/slag") == pytest.approx(concentrate - refined, rel=1e-4)
    assert total("target", "loss/manufacturing") == pytest.approx(demand / made - demand, rel=1e-4)


def test_germanium_of_the_world_goes_through_the_numbers_of_the_paper() -> None:
    """136 t in 2019 and 150 t in 2050: 136 (150 / 136)^(2/31) = 136.9 t in 2021; 0.17 of it, in
    catalysts, dissipates a year later."""
    balance = runs.world().balance
    wanted = balance.system.goods["germanium/products"].demand
    assert wanted is not None
    assert wanted[0] == pytest.approx(136 * (150 / 136) ** (2 / 31), rel=1e-5)
    assert runs.at(balance, wanted, 2050) == pytest.approx(150, rel=1e-5)
    gone = balance.stocks["germanium/catalysts"].outflow
    assert gone[1] == pytest.approx(0.17 * wanted[0], rel=1e-5)


def test_full_recovery_loses_nothing() -> None:
    np.testing.assert_allclose(
        runs.activity("full-recovery", "recycle_lithium"),
        runs.waste("full-recovery", "lithium"),
        rtol=1e-9,
    )


def test_history_holds_no_number_of_the_paper_and_no_year_twice() -> None:
    table = extraction()
    assert not table.duplicated(["metal", "coverage", "year"]).any()
    assert not table["source"].str.contains("zeng2023").any()
    assert (table["value"] > 0).all()


def test_history_is_what_the_files_hold() -> None:
    """Cobalt and ferroniobium by the files themselves: 34,691 t mined in 1990; (92,000 + 11,000) t
    x 0.65 in 2021."""
    table = extraction().set_index(["metal", "coverage", "year"])["value"]
    with (ROOT / "data" / "production.csv").open(encoding="utf-8", newline="") as stream:
        mined = {
            int(r["year"]): float(r["value"])
            for r in reversed(list(csv.DictReader(stream)))
            if (r["metal"], r["region"], r["variable"], r["item"])
            == ("cobalt", "world", "mine_production", "")
            and r["year"]
            and r["source"] != "zeng2023"
        }
    assert table["cobalt", WORLD].to_dict() == mined
    assert mined[1990] == 34691
    assert table["niobium", FERRONIOBIUM, 2021] == pytest.approx(0.65 * 103000)


def test_the_figure_of_history_draws_what_is_held_and_says_what_is_missing() -> None:
    figure, table = draw_history(), extraction()
    drawn = {trace.name: pd.Series(trace.y, index=trace.x).dropna() for trace in figure.data}
    held = {
        f"{m}" if c == WORLD else f"{m} ({c})": own.set_index("year")["value"]
        for (m, c), own in table.groupby(["metal", "coverage"])
    }
    paper = drawn.pop("35 metals, as the paper says (no data held)")
    assert drawn.keys() == held.keys()
    for name, series in held.items():
        assert drawn[name].to_dict() == series.to_dict(), name
    assert paper.to_dict() == PAPER
    assert all(trace.connectgaps is False for trace in figure.data[:-1])
    assert figure.layout.yaxis.type == "log"
    said = figure.layout.annotations[0].text.replace("<br>", " ")
    assert "All years before 1990" in said
    assert "at least 29 of the 35 metals" in said
    assert missing_words(table).split(";")[0] in said
    latest = sum(
        own[own.index <= 2022].iloc[-1] for name, own in held.items() if (own.index <= 2022).any()
    )
    assert f"comes to {latest / 1e6:.2f} Mt" in said
