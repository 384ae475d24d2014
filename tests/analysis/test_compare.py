"""What differs between plans: which inputs, policies among them, which results, by how much; as
tables, figure and page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import planner
from planner.analysis.tradeoffs.compare import Comparison
from planner.cli import app
from planner.errors import SpecError
from planner.figures.comparison import contrast
from planner.plan.plan import Plan
from tests.small import Study, plan_of

PRICE = "process_values.import_lithium.import_price"


@pytest.fixture(scope="module")
def plans() -> tuple[Plan, Plan]:
    dearer = planner.read("quickstart", overrides={PRICE: "15 USD_2021/kg"})
    return planner.solve(planner.read("quickstart")), planner.solve(dearer)


@pytest.fixture(scope="module")
def found(plans: tuple[Plan, Plan]) -> Comparison:
    return planner.compare(plans, ["cheap", "dear"])


def test_the_one_input_that_differs_is_named(found: Comparison, plans: tuple[Plan, Plan]) -> None:
    """12 USD/kg against 15: a quarter more, in the units of the inside; nothing else is listed."""
    assert found.inputs["path"].tolist() == [PRICE]
    row = found.changes(found.inputs).iloc[0]
    assert (row["unit"], row["cheap"], row["dear"]) == ("USD_2021/t", 12_000, 15_000)
    assert (row["dear - cheap"], row["dear / cheap - 1"]) == (3_000, 0.25)


def test_totals_and_supply_are_those_of_the_plans(
    found: Comparison, plans: tuple[Plan, Plan]
) -> None:
    cost = found.totals.set_index("quantity").loc["cost, present value"]
    assert (cost["cheap"], cost["dear"]) == (plans[0].objective, plans[1].objective)
    for name, plan in zip(found.names, plans, strict=True):
        sums = plan.mix.groupby(["metal", "pathway"])["value"].sum()
        held = found.supply.set_index(["metal", "pathway"])[name]
        assert held[held != 0].to_dict() == pytest.approx(sums[sums != 0].to_dict())


def test_results_are_what_differs_of_all_results(found: Comparison) -> None:
    """Rows that are the same in both plans are in `all_results` alone."""
    same = found.all_results.merge(found.results, how="left", indicator=True)
    left = same[same["_merge"] == "left_only"]
    assert len(left) + len(found.results) == len(found.all_results)
    assert (left["cheap"] - left["dear"]).abs().max() <= 1e-9 * left["cheap"].abs().max()
    assert {"metal", "year", "quantity", "unit"} <= set(found.results)


def test_a_policy_and_the_discount_rate_are_inputs_too(tmp_path: Path) -> None:
    """A quota of 50 in one scenario only: its level in each year stands against nothing; and so
    does a discount rate that differs."""
    quota = {
        "kind": "quota",
        "processes": ["mine"],
        "cap": 50.0,
        "enabled": False,
        "source": "test",
    }
    study = Study(
        2021,
        2022,
        policies={"cap": quota},
        scenarios={"tight": {"discount_rate": 0.1, "policies": {"cap": {"enabled": True}}}},
    )
    study.good("li", "refined", demand=100, shortage_cost=900).process(
        "mine", "mine", gives={"li": 1}, variable_cost=1
    )
    folder = study.write(tmp_path / "s")
    found = planner.compare(
        [planner.solve(planner.read(folder, scenario=s)) for s in ("", "tight")], ["open", "tight"]
    )
    rows = found.inputs.set_index("path")
    assert rows.index.tolist() == [
        "discount_rate",
        "policies.cap.cap.2021",
        "policies.cap.cap.2022",
    ]
    assert rows["tight"].tolist() == [0.1, 50.0, 50.0]
    assert rows["open"].tolist()[0] == 0.0
    assert rows["open"].isna().tolist() == [False, True, True]


def test_the_figure_shows_totals_and_shares(found: Comparison, plans: tuple[Plan, Plan]) -> None:
    """The dear plan's cost as % of the cheap one's, and the shares of pathways, which sum to 100 in
    each plan."""
    figure = contrast(found)
    totals = figure.data[0]
    at = list(totals.y).index("cost, present value: dear")
    assert totals.x[at] == pytest.approx(100 * plans[1].objective / plans[0].objective)
    lithium = [trace for trace in figure.data[1:] if trace.yaxis == "y2"]
    for i in range(2):
        assert sum(trace.x[i] for trace in lithium) == pytest.approx(100)
    mined = next(trace for trace in lithium if trace.name == "domestic primary")
    mix = plans[0].mix[plans[0].mix["metal"] == "lithium"]
    assert mined.x[0] == pytest.approx(
        100 * mix[mix["pathway"] == "domestic primary"]["value"].sum() / mix["value"].sum()
    )


def test_the_command_writes_tables_or_a_page(tmp_path: Path, plans: tuple[Plan, Plan]) -> None:
    runs = [
        str(plan.save(tmp_path / name)) for plan, name in zip(plans, ("cheap", "dear"), strict=True)
    ]
    runner = CliRunner()
    done = runner.invoke(app, ["compare", *runs, "--out", str(tmp_path / "tables")])
    assert done.exit_code == 0, done.output
    assert "1 input differs" in done.output
    held = pd.read_csv(tmp_path / "tables" / "inputs.csv")
    assert held["dear / cheap - 1"].tolist() == [0.25]
    assert {"inputs.csv", "totals.csv", "supply.csv", "results.csv"} <= {
        p.name for p in (tmp_path / "tables").iterdir()
    }
    done = runner.invoke(app, ["compare", *runs, "--out", str(tmp_path / "both.html")])
    page = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert "Comparison of cheap, dear" in page
    assert PRICE in page
    answer = json.loads(runner.invoke(app, ["compare", *runs, "--json"]).stdout)
    assert answer["inputs"][0]["dear - cheap"] == 3_000


def test_plans_that_cannot_be_compared_are_refused(plans: tuple[Plan, Plan]) -> None:
    with pytest.raises(SpecError, match="at least two"):
        planner.compare(plans[:1])
    with pytest.raises(SpecError, match="2 plans but 1 names"):
        planner.compare(plans, ["one"])


def made_up(folder: Path, *, plant: str = "", distribution: str = "fixed", **head: Any) -> Plan:
    study = Study(2021, 2024, **head).good("li", "refined")
    study.good("cell", "product", demand=10, shortage_cost=1e4, equivalent=1)
    study.good("old", "waste", collection=0.5)
    study.plant("works", existing_capacity=100).plant("other", existing_capacity=100)
    study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A", plant="other")
    study.process("mk", "manufacture", takes={"li": 1}, gives={"cell": 1}, plant=plant or "works")
    sd = {} if distribution == "fixed" else {"lifetime_sd": 0.5}
    study.product(
        "b",
        waste="old",
        uses={"cell": 1},
        inflow={2020: 1},
        distribution=distribution,
        life=2,
        **sd,
    )
    return plan_of(study, folder)


@pytest.mark.parametrize(
    ("change", "path", "texts"),
    [
        ({"plant": "other"}, "processes.mk.plant", ("works", "other")),
        ({"distribution": "normal"}, "products.b.distribution", ("fixed", "normal")),
        ({"stock_convention": "end"}, "stock_convention", ("uniform", "end")),
        ({"step": 2}, "years", ("2021-2024 yearly", "2021-2024 by 2")),
    ],
)
def test_what_is_no_number_is_compared_as_well(
    tmp_path: Path, change: dict[str, Any], path: str, texts: tuple[str, str]
) -> None:
    """Two runs that differed in the plant of a process, the kind of a life, the stock convention or
    the periods were said to have the same inputs."""
    found = planner.compare([made_up(tmp_path), made_up(tmp_path, **change)], ["a", "b"])
    assert found.structure.to_dict("records") == [{"path": path, "a": texts[0], "b": texts[1]}]


def test_a_noun_that_one_lacks_is_named_once(tmp_path: Path) -> None:
    """A further import is one line, not one for each of its fields."""
    study = Study().good("li", "refined", demand=10, shortage_cost=1e4)
    study.process("buy", "import", gives={"li": 1}, import_price=10)
    first = plan_of(study, tmp_path)
    study.process("more", "import", gives={"li": 1}, import_price=5)
    found = planner.compare([first, plan_of(study, tmp_path)], ["a", "b"])
    assert found.structure.to_dict("records") == [{"path": "processes.more", "a": "", "b": "there"}]


def test_the_command_and_the_page_show_the_structure(tmp_path: Path) -> None:
    runs = [
        str(made_up(tmp_path, **change).save(tmp_path / f"run_{i}"))
        for i, change in enumerate(({}, {"plant": "other"}))
    ]
    call = CliRunner().invoke
    assert "processes.mk.plant" in call(app, ["compare", *runs]).stdout
    said = json.loads(call(app, ["compare", *runs, "--json"]).stdout)
    assert [row["path"] for row in said["structure"]] == ["processes.mk.plant"]
    page = tmp_path / "page.html"
    assert call(app, ["compare", *runs, "--out", str(page)]).exit_code == 0
    assert "processes.mk.plant" in page.read_text(encoding="utf-8")
