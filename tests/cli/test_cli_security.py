"""The commands about security and foresight: each prints what its verb returns."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from planner.cli import app
from tests.small import Study

SHORT = 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """100 t a year from A; works of one year's life that can be ordered a year ahead; a scenario in
    which A is dear."""
    study = Study(2021, 2024).good(
        "li", "refined", demand=[100, 100, 110, 110], shortage_cost=SHORT
    )
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=10)
    study.plant("works", capital_cost=6, life=1, lead_time=1, max_capacity=80)
    study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=30)
    place = study.write(tmp_path_factory.mktemp("cli") / "study")
    with (place / "study.toml").open("a", encoding="utf-8") as file:
        file.write(
            '[scenarios.calm]\ntitle = "as it is"\n[scenarios.dear]\ntitle = "A is dear"\n'
            '[scenarios.dear.set]\n"process_values.buy.import_price" = "60 USD_2021/t"\n'
        )
    return str(place)


def answer(*words: str) -> dict:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_secure_tells_what_security_costs(folder):
    """60 t of works stand idle in 2023 at 6: all that security costs when 50 t may be unserved."""
    found = answer("secure", folder, "--limit", str(50 / 110), "--years", "1", "--start", "2023")
    assert found["premium"] == pytest.approx(360)


def test_gap_names_the_metal_and_the_lever(folder):
    """Imports held to 100 t: works of 10 t serve 2023 and 2024, so that nothing falls short."""
    assert answer("gap", folder)["gaps"] == []


def test_foresight_tells_the_regret(folder):
    assert answer("foresight", folder, "--window", "4")["regret"] == pytest.approx(0)


def test_regret_compares_scenarios(folder):
    """Built for calm means no works: under dear everything is bought at 60, where 80 t of works
    would save 24 each in 2022 to 2024."""
    table = {
        (r["builds"], r["scenario"]): r["regret"]
        for r in answer("regret", folder, "-s", "calm", "-s", "dear")["regret"]
    }
    assert table["calm", "dear"] == pytest.approx(3 * 80 * 24)
    assert CliRunner().invoke(app, ["regret", folder, "-s", "calm"]).exit_code == 2


def test_hedge_keeps_the_order_of_values(folder):
    found = answer("hedge", folder, "-f", "calm=0.5", "-f", "dear=0.5", "--year", "2022")
    assert found["wait_and_see"] <= found["expected"] + 1e-6 <= found["best_single"] + 2e-6
    assert CliRunner().invoke(app, ["hedge", folder, "-f", "calm", "--year", "2022"]).exit_code == 2


def test_concentration_counts_one_origin(folder):
    rows = answer("concentration", folder)["concentration"]
    assert {row["hhi"] for row in rows} == {10_000}


@pytest.mark.parametrize(
    "words",
    [
        ("secure", "--start", "2023", "--years", "1"),
        ("gap",),
        ("foresight", "--window", "2"),
        ("concentration", "--year", "2022"),
        ("disrupt", "--start", "2022"),
        ("regret", "-s", "calm", "-s", "dear"),
        ("hedge", "-f", "calm=0.5", "-f", "dear=0.5", "--year", "2022"),
    ],
)
def test_each_is_shown_as_a_table_too(folder, words):
    done = CliRunner().invoke(app, [words[0], folder, *words[1:]])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip()
