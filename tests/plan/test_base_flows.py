"""Flows by observed activities, and by the least-cost plan where these settle no shares; their
tables, folder and indicators."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import planner
from planner.cli import app
from planner.errors import OutputError, SpecError
from planner.plan.base_flows import BaseFlows, base_flows
from planner.plan.flow_tables import flow_tables, load_flows, save_flows
from planner.plan.schema import COLUMNS
from tests.small import Study, system_of


def two_metals(**observed: float) -> Study:
    """100 t of lithium and 10 t of cobalt, two origins each; the first is the dearer one. Lithium
    is seen 30 to 70, cobalt not unless `observed` says so."""
    study = Study(2021, 2022, metals=("lithium", "cobalt"))
    study.good("li", "refined", demand=100, shortage_cost=1e5)
    study.good("co", "refined", metal="cobalt", demand=10, shortage_cost=1e5)
    seen = {"li_dear": 30.0, "li_cheap": 70.0, **observed}
    for metal in ("li", "co"):
        for name, price in (("dear", 20), ("cheap", 10)):
            of = {"observed": {2021: seen[f"{metal}_{name}"]}} if f"{metal}_{name}" in seen else {}
            study.process(
                f"{metal}_{name}", "import", gives={metal: 1}, import_price=price, origin=name, **of
            )
    return study


def found(study: Study, folder: Path) -> BaseFlows:
    return base_flows(planner.balance(system_of(study, folder)))


def activity(flows: BaseFlows, name: str) -> float:
    return flows.simulation.values["activity"][name, 2021]


def test_only_what_lacks_observed_shares_takes_the_plans(tmp_path: Path) -> None:
    """Lithium stays 30 to 70 as observed, cobalt is bought where it is cheap; all lithium was
    bought there too, as soon as cobalt lacked its shares."""
    flows = found(two_metals(), tmp_path)
    names = ("li_dear", "li_cheap", "co_dear", "co_cheap")
    assert [activity(flows, name) for name in names] == pytest.approx([30, 70, 0, 10])
    assert (flows.shares, flows.planned) == ("observed; least-cost plan for co", ("co",))
    sources = flows.table.query("year == 2021").set_index("process")["source"].to_dict()
    assert [sources[name] for name in names] == ["observed"] * 2 + ["least-cost plan"] * 2
    later = flows.table.query("year == 2022 and process == 'li_dear'")
    assert later["source"].tolist() == ["held from an observed year"]


def test_where_all_is_observed_no_plan_is_sought(tmp_path: Path) -> None:
    flows = found(two_metals(co_dear=9.0, co_cheap=1.0), tmp_path)
    assert [activity(flows, name) for name in ("co_dear", "co_cheap")] == pytest.approx([9, 1])
    assert (flows.shares, flows.planned, flows.observed_years) == ("observed", (), (2021,))


def test_where_nothing_is_observed_the_plan_is_repeated(tmp_path: Path) -> None:
    """With what it leaves short: at most 4 t a year of cobalt from either origin."""
    study = two_metals()
    study.rows["process_values"] = [
        row for row in study.rows["process_values"] if row["parameter"] != "observed"
    ]
    for name in ("co_dear", "co_cheap"):
        study._value("process_values", {"process": name}, "max_activity", 4)
    flows = found(study, tmp_path)
    assert flows.shares == "least-cost plan"
    names = ("li_cheap", "co_dear", "co_cheap")
    assert [activity(flows, name) for name in names] == pytest.approx([100, 4, 4])
    assert flows.simulation.unmet["value"].tolist() == pytest.approx([2, 2])


def use(study: Study) -> Study:
    """Lithium in a product of 2 years, half of whose waste is collected and recycled."""
    study.good("cell", "product", demand=40, shortage_cost=1e5, equivalent=1)
    study.good("w", "waste", collection=0.5).good("s", "scrap").good("pure", "refined")
    study.process("buy", "import", gives={"pure": 1}, import_price=50, origin="dear")
    study.process("make", "manufacture", takes={"pure": 1}, gives={"cell": 1})
    study.process("collect", "collect", takes={"w": 1}, gives={"s": 1})
    study.process("recycle", "recycle", takes={"s": 1}, gives={"pure": 0.9}, loss="slag")
    return study.product("cells", waste="w", uses={"cell": 1}, inflow={2019: 40, 2020: 40}, life=2)


def test_tables_of_flows_are_those_of_a_plan_that_does_the_same(tmp_path: Path) -> None:
    """Where the flows repeat the plan, its stocks, supply and emissions come out, and all
    indicators but prices: a balance had no stocks table, and indicators refused it."""
    study = use(two_metals())
    study.rows["process_values"] = [
        row for row in study.rows["process_values"] if row["parameter"] != "observed"
    ]
    system = system_of(study, tmp_path)
    plan, run = planner.solve(system), base_flows(planner.balance(system)).simulation
    tables = flow_tables(run.balance, run.values)
    for name in ("flows", "supply", "stocks", "emissions"):
        made = getattr(tables, name)
        assert list(made) == list(COLUMNS[name])
        both = made.reset_index(drop=True), plan.tables[name].reset_index(drop=True)
        pd.testing.assert_frame_equal(*both, check_dtype=False, rtol=1e-9, atol=1e-9)
    ours, theirs = planner.indicators(run), planner.indicators(plan)
    theirs = theirs[~theirs["indicator"].str.startswith("price")].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, atol=1e-9)
    assert ours.query("indicator == 'EoL collection rate'")["value"].tolist() == [0.5, 0.5]


def test_a_balance_is_simulated_for_its_indicators(tmp_path: Path) -> None:
    balance = planner.balance(system_of(two_metals(co_dear=9.0, co_cheap=1.0), tmp_path))
    shares = planner.indicators(balance).query("indicator == 'share: foreign primary'")
    assert shares["value"].tolist() == [1.0] * 4
    with pytest.raises(SpecError, match="give the observed activity"):
        planner.indicators(planner.balance(system_of(two_metals(), tmp_path)))


def test_a_stockpile_and_a_deposit_fall_by_what_is_taken(tmp_path: Path) -> None:
    """100 t in the ground, 30 mined a year: 10 left after three years, then below 0, as `limits`
    says, where the life of reserves is 0."""
    study = (
        Study(2021, 2026)
        .good("ore", "intermediate")
        .good("li", "refined", demand=30, shortage_cost=1e5)
    )
    study.deposit("vein", reserve=100)
    study.process("dig", "mine", takes={"vein": 1}, gives={"ore": 1})
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1})
    run = planner.simulate(planner.balance(system_of(study, tmp_path)))
    stocks = flow_tables(run.balance, run.values).stocks
    assert stocks["value"].tolist() == pytest.approx([70, 40, 10, -20, -50, -80])
    life = planner.indicators(run).query("indicator == 'reserve life'")["value"]
    assert life.tolist() == pytest.approx([70 / 30, 40 / 30, 10 / 30, 0, 0, 0])


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_folder_of_a_balance_has_stocks_and_indicators(tmp_path: Path) -> None:
    """`balance --out` wrote no stocks, and `indicators` refused its folder."""
    study = use(two_metals(co_dear=9.0, co_cheap=1.0)).write(tmp_path / "s")
    out = tmp_path / "out"
    assert command("balance", study, "--out", out, "--cohorts", "--quiet").output == ""
    cohorts = pd.read_csv(out / "cohorts.csv")
    stocks = pd.read_csv(out / "stocks.csv").query("quantity == 'stock' and kind == 'use'")
    summed = cohorts.groupby("year")["value"].sum()
    assert summed.tolist() == pytest.approx(stocks["value"].tolist())
    shown = command("indicators", out, "--json", "--population", "1000")
    assert shown.exit_code == 0, shown.output
    answer = pd.DataFrame(json.loads(shown.stdout)["indicators"])
    per_head = answer[answer["metal"] == "lithium"].query(
        "indicator == 'in-use stock per head' and year == 2021"
    )
    assert per_head["value"].tolist() == pytest.approx([stocks["value"].iloc[0]])
    assert command("balance", study, "--out", out, "--quiet").exit_code == 0
    assert not (out / "cohorts.csv").exists()
    assert command("balance", study, "--cohorts").exit_code == 2


def test_a_balance_does_not_overwrite_a_run_or_what_is_not_its_own(tmp_path: Path) -> None:
    """Both write flows.csv: the plan's was replaced without a word."""
    study = two_metals().write(tmp_path / "s")
    run = tmp_path / "run"
    planner.solve(planner.read(study)).save(run)
    shown = command("balance", study, "--out", run)
    assert shown.exit_code == 2
    assert "holds a run of `planner solve`" in shown.stderr
    other = tmp_path / "other" / "inputs"
    other.mkdir(parents=True)
    shown = command("balance", study, "--out", other.parent)
    assert shown.exit_code == 2
    assert other.is_dir()


def test_a_folder_that_was_changed_is_refused(tmp_path: Path) -> None:
    flows = found(two_metals(), tmp_path)
    folder = tmp_path / "out"
    save_flows(flows.simulation, folder, flows.shares)
    again = load_flows(folder)
    assert again.flows.equals(flows.simulation.flows)
    demand = folder / "inputs" / "demand.csv"
    whole = demand.read_bytes()
    demand.write_bytes(whole.replace(b"100", b"101"))
    with pytest.raises(OutputError, match="was changed since"):
        load_flows(folder)
    demand.write_bytes(whole)
    (folder / "variables.csv").write_text("variable,index,value\nactivity,[", encoding="utf-8")
    with pytest.raises(OutputError, match=r"variables.csv cannot be read"):
        load_flows(folder)
    record = json.loads((folder / "balance.json").read_text(encoding="utf-8"))
    (folder / "balance.json").write_text(json.dumps({**record, "format_version": 99}))
    with pytest.raises(OutputError, match="format 99"):
        load_flows(folder)
    (folder / "balance.json").write_text("[]")
    with pytest.raises(OutputError, match=r"balance.json cannot be read"):
        load_flows(folder)
