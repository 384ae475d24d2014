"""`planner balance STUDY`: flows of every year, the account of a metal, its Sankey, and how what
does not close fails by name."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import planner
from planner.cli import app
from planner.errors import SpecError
from planner.mfa.balance import Balance, make_incidence
from planner.mfa.closure import TOLERANCE
from planner.mfa.flows import flow_table
from planner.mfa.simulate import Simulation, drives_of, shares_from
from planner.plan.flow_tables import load_flows
from planner.system.nouns import frozen_array, frozen_map

ROOT = Path(__file__).resolve().parents[2]
METALS = ("lithium", "cobalt", "indium", "niobium", "germanium")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def china() -> tuple[Balance, Simulation]:
    balance = planner.balance(planner.read("china"))
    return balance, planner.base_flows(balance).simulation


def test_china_closes_at_every_process_metal_and_year() -> None:
    """Observed activities do not settle refined germanium and indium: the plan's shares are taken
    for these, and said to be; all else is as observed."""
    shown = run("balance", "china", "--scenario", "pinned", "--year", "2021", "--json")
    assert shown.exit_code == 0, shown.stderr
    answer = json.loads(shown.stdout)
    assert answer["shares"] == "observed; least-cost plan for germanium/refined, indium/refined"
    assert answer["planned"] == ["germanium/refined", "indium/refined"]
    assert set(answer["accounts"]) == {"lithium", "cobalt", "indium", "niobium", "germanium"}
    assert max(answer["residual"].values()) <= TOLERANCE
    account = pd.DataFrame(answer["accounts"]["lithium"])
    assert {
        "extraction",
        "trade",
        "refining",
        "manufacture",
        "use",
        "waste",
        "recycling",
        "loss",
        "balance",
    } <= set(account["stage"])
    assert account[account["item"] == "shortage"].empty
    exported = account[(account["stage"] == "trade") & (account["item"] == "export")]["value"].sum()
    assert exported == pytest.approx(48000)


def test_world_needs_no_plan() -> None:
    shown = run("balance", "world", "--metal", "cobalt", "--year", "2050")
    assert shown.exit_code == 0, shown.stderr
    assert "shares: observed" in shown.stdout
    assert "refine_cobalt" in shown.stdout


def test_a_flow_that_is_no_number_fails_by_name() -> None:
    balance = planner.balance(planner.read("world"))
    found = planner.base_flows(balance).simulation
    broken = {
        **found.values,
        "activity": {**found.values["activity"], ("mine_cobalt", 2030): float("nan")},
    }
    with pytest.raises(SpecError, match="mine_cobalt, cobalt, 2030"):
        planner.require_closed(replace(found, values=broken))


def test_a_flow_that_is_wrong_fails_by_name() -> None:
    balance = planner.balance(planner.read("world"))
    found = planner.base_flows(balance).simulation
    more = found.values["activity"]["mine_cobalt", 2030] + 1.0
    broken = {**found.values, "activity": {**found.values["activity"], ("mine_cobalt", 2030): more}}
    with pytest.raises(SpecError, match="cobalt/concentrate, 2030: 1 t"):
        planner.require_closed(replace(found, values=broken))


def test_china_closes_for_each_metal_by_its_own_largest_flow(
    china: tuple[Balance, Simulation],
) -> None:
    """Every process, good, metal and year: 1e-12 of the largest flow of the metal, which is 100 t
    for germanium and not 100 kt."""
    closing = planner.require_closed(china[1])
    assert {
        metal for name in closing["nodes"].names for metal in METALS if name.endswith(f", {metal}")
    } == set(METALS)
    assert closing["nodes"].error.shape[1] == len(china[0].system.periods)
    assert max(r.relative_to_own for r in closing.values()) <= TOLERANCE
    assert all((r.own_flow < r.largest_flow).any() for r in closing.values())


def test_what_the_plan_draws_from_stockpiles_is_no_shortage(
    china: tuple[Balance, Simulation],
) -> None:
    """The plan of China draws lithium in 2021 and leaves nothing short; nor may its simulation."""
    found = planner.simulate_plan(china[0], planner.solve(china[0].system).values)
    flows = found.flows[(found.flows["metal"] == "lithium") & (found.flows["year"] == 2021)]
    assert flows[flows["source"] == "stockpile/lithium/refined"]["value"].sum() > 0
    assert found.unmet.empty


@pytest.mark.parametrize("wrong", [float("nan"), 1.5])
@pytest.mark.parametrize("metal", METALS)
def test_a_broken_coefficient_of_china_fails_by_process_metal_and_year(
    china: tuple[Balance, Simulation],
    metal: str,
    wrong: float,
) -> None:
    """The output coefficient of a process that runs, in one year in the middle, half as large
    again, or no number."""
    balance, found = china
    system, year = balance.system, 2040
    process = next(
        p
        for p in system.processes.values()
        if p.kind == "manufacture"
        and found.values["activity"][p.name, year] > 0
        and metal in {m for g in p.outputs for m in system.goods[g].content}
    )
    good = next(iter(process.outputs))
    series = np.array(process.outputs[good])
    series[system.years.index(year)] *= wrong
    broken = replace(process, outputs=frozen_map({**process.outputs, good: frozen_array(series)}))
    system = replace(system, processes=frozen_map({**system.processes, process.name: broken}))
    behind = replace(balance, system=system, incidence=make_incidence(system))
    with pytest.raises(SpecError) as caught:
        planner.require_closed(
            replace(found, balance=behind, flows=flow_table(behind, found.values))
        )
    messages = {problem.message.rsplit(":", 1)[0] for problem in caught.value.problems}
    assert f"{process.name}, {metal}, {year}" in messages
    assert f"{good}, {year}" in messages
    assert all(str(year) in message for message in messages)


def test_a_coefficient_broken_in_the_study_is_refused_with_its_row(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models" / "world", tmp_path / "world")
    table = tmp_path / "world" / "coefficients.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    row = next(
        i for i, line in enumerate(lines) if line.startswith("make_cobalt,") and ",out," in line
    )
    cells = lines[row].split(",")
    at = lines[0].split(",").index("value")
    for value, words in (("nan", "number"), ("7", "metal would come from nothing")):
        lines[row] = ",".join([*cells[:at], value, *cells[at + 1 :]])
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        shown = run("balance", tmp_path / "world")
        assert shown.exit_code == 2
        assert f"coefficients.csv row {row + 1}" in shown.stderr
        assert words in shown.stderr


def test_flows_unmet_demand_and_limits_are_written(tmp_path: Path) -> None:
    shown = run("balance", "world", "--out", tmp_path / "out", "--quiet")
    assert (shown.exit_code, shown.stdout) == (0, "")
    flows = pd.read_csv(tmp_path / "out" / "flows.csv")
    assert set(flows["metal"]) == set(planner.read("world").metals)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "flows.csv",
        "unmet.csv",
        "limits.csv",
        "stocks.csv",
        "supply.csv",
        "shares.csv",
        "variables.csv",
        "balance.json",
        "inputs",
    }


def test_a_balance_written_again_keeps_what_it_did_not_write(tmp_path: Path) -> None:
    """Notes beside it and in its `inputs/` stay; a table of the user's there would be read as part
    of the study, and stands aside. `inputs/` was taken away whole."""
    out = tmp_path / "out"
    assert run("balance", "quickstart", "--out", out, "--cohorts", "--quiet").exit_code == 0
    for name in ("notes.md", "inputs/sources.pdf", "inputs/mine.csv", "inputs/papers/a.txt"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    again = run("balance", "quickstart", "--out", out, "--quiet")
    assert (again.exit_code, again.stdout) == (0, "")
    for name in ("notes.md", "inputs/sources.pdf", "inputs/mine.csv.kept", "inputs/papers/a.txt"):
        assert (out / name).read_text() == "mine", name
    assert not (out / "inputs" / "mine.csv").exists()
    assert not (out / "cohorts.csv").exists(), "that was of the balance before"
    assert load_flows(out).system.metals == planner.read("quickstart").metals


def test_a_balance_takes_no_table_of_the_users(tmp_path: Path) -> None:
    """A folder that was there, with a file of a name that the balance needs: it stands aside."""
    (tmp_path / "flows.csv").write_text("mine")
    (tmp_path / "cohorts.csv").write_text("mine")
    assert run("balance", "quickstart", "--out", tmp_path, "--quiet").exit_code == 0
    assert (tmp_path / "flows.csv.kept").read_text() == "mine"
    assert (tmp_path / "cohorts.csv").read_text() == "mine"


@pytest.mark.parametrize("verb", ["explain", "indicators"])
def test_tables_of_another_verb_do_not_break_a_run(tmp_path: Path, verb: str) -> None:
    """`explain --out RUN` wrote its prices over those of the run, which could not be read after."""
    place = tmp_path / "run"
    assert run("solve", "quickstart", "--out", place, "--quiet").exit_code == 0
    subject = place if verb == "indicators" else "quickstart"
    refused = run(verb, subject, "--out", place, "--quiet")
    assert refused.exit_code == 2
    assert "holds a run, of which" in refused.output
    assert planner.load(place).certificate.holds


def test_shares_that_are_given_need_no_plan(tmp_path: Path) -> None:
    """Quickstart: a quarter of what refined lithium is wanted beside the recycled is mined, the
    rest imported: three to one."""
    shares = "mine_brine=0.25", "import_lithium=0.75", "import_cobalt=1"
    shown = run(
        "balance",
        "quickstart",
        *(f"--share={each}" for each in shares),
        "--out",
        tmp_path,
        "--json",
    )
    assert shown.exit_code == 0, shown.stderr
    assert json.loads(shown.stdout)["shares"] == "given, and observed"
    flows = (
        pd.read_csv(tmp_path / "flows.csv")
        .set_index(["source", "target", "year"])["value"]
        .sort_index()
    )
    mined, bought = (
        flows["mine_brine", "lithium/refined", 2021],
        flows["import_lithium", "lithium/refined", 2021],
    )
    assert bought / mined == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ("mine_brine", "is not PROCESS=SHARE"),
        ("mine_brine=much", "is not PROCESS=SHARE"),
        ("mine_brin=0.3", "no process 'mine_brin'"),
        ("mine_brine=1.5", "not within 0 and 1"),
        ("mine_brine=0.5", "give the observed activity of the base year, or shares"),
    ],
)
def test_shares_that_cannot_be_are_refused(share: str, words: str) -> None:
    shown = run("balance", "quickstart", "--share", share)
    assert shown.exit_code == 2
    assert words in shown.stderr


def test_sankey_of_a_study_without_a_plan(tmp_path: Path) -> None:
    """The page holds one figure for each year behind the slider, losses and the loop included."""
    shown = run("balance", "world", "--metal", "cobalt", "--sankey", tmp_path / "cobalt.html")
    assert shown.exit_code == 0, shown.stderr
    page = (tmp_path / "cobalt.html").read_text(encoding="utf-8").rsplit("Plotly.newPlot", 1)[1]
    assert page.count('"type":"sankey"') >= len(planner.read("world").periods)
    assert "loss\\u002f" in page or "loss/" in page
    assert "recycle_cobalt" in page


def test_sankey_asks_for_one_metal() -> None:
    shown = run("balance", "world", "--sankey", "all.html")
    assert shown.exit_code == 2
    assert "name it with --metal" in shown.stderr


def test_unknown_metal_and_year() -> None:
    shown = run("balance", "world", "--metal", "tin", "--year", "1999")
    assert shown.exit_code == 2
    assert "'tin' is not a metal of the study" in shown.stderr
    assert "the study does not plan 1999" in shown.stderr


def test_what_a_plan_puts_into_stockpiles_is_no_share_above_one() -> None:
    """Lithium and cobalt of the pinned plan fill stockpiles in some years: before that counted as
    wanted, shares passed 1."""
    plan = planner.solve(planner.read("china", scenario="pinned"))
    filled = {good for (good, _), value in plan.values["fill"].items() if value > 0}
    assert {"lithium/refined", "cobalt/refined"} <= filled
    drives, shares = drives_of(plan.system), shares_from(plan.balance, plan.values)
    for good in filled:
        total = sum(
            share
            for name, share in shares.items()
            if drives[name].mode == "pulled" and drives[name].good == good
        )
        assert float(np.max(total)) <= 1 + TOLERANCE
