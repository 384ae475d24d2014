"""Ready policies of laws and strategies: each reads and sets rows, is dated and sourced, leaves to
the study what it says, and is warned about outside its dates."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.errors import SpecError
from planner.solver.compiled import compiled
from tests.cli.test_cli import fails, run
from tests.lp.test_families_policies import dig, market
from tests.lp.test_shares import by_stage
from tests.small import Study, plan_of, price

PRESETS = {preset.name: preset for preset in planner.presets()}
GIVEN: dict[str, Any] = {
    "denominator.demand": {"denominator": {"demand": ["cell"]}},
    "numerator.origins": {"numerator": {"origins": ["A"]}},
    "goods": {"goods": ["old"]},
    "processes": {"processes": ["dig"]},
    "cap": {"cap": 9},
}
"""What a study gives where a preset leaves it open."""


def chain(first: int = 2023, last: int = 2031) -> Study:
    """Ore, metal, cells and old cells, from home and from abroad: something for every preset."""
    study = Study(first, last, metals=("neodymium",)).good("ore", "intermediate", equivalent=1)
    study.good("ore_A", "intermediate", equivalent=1).good("old", "waste", collection=1.0)
    study.good("metal", "refined", opening_stock=0).good("won", "refined")
    study.good("cell", "product", demand=10, shortage_cost=1000, equivalent=1)
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=9)
    bought = {"stage": "extraction", "gives": {"ore_A": 1}, "import_price": 5, "origin": "A"}
    study.process("ship", "import", **bought)
    for ore, label in (("ore", "domestic primary"), ("ore_A", "foreign primary")):
        fields = {"takes": {ore: 1}, "gives": {"metal": 1}, "pathway": label}
        study.process(f"refine_{ore}", "refine", **fields)
    study.process("buy", "import", gives={"metal": 1}, import_price=7, origin="A")
    study.process("win", "recycle", takes={"old": 1}, gives={"won": 1}, variable_cost=20)
    for good in ("metal", "won"):
        study.process(f"make_{good}", "manufacture", takes={good: 1}, gives={"cell": 1})
    return study.product("cells", waste="old", uses={"cell": 1}, inflow={first - 1: 10})


def with_preset(study: Study, name: str, **fields: Any) -> Study:
    """The study under a preset, what that leaves open filled in."""
    given: dict[str, Any] = {}
    for path in PRESETS[name].needs:
        given |= GIVEN[path]
    if "stockpile" in name:
        given["goods"] = ["metal"]
    study.policies["law"] = {"preset": name, **given, **fields}
    return study


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_reads_and_sets_rows(tmp_path: Path, name: str) -> None:
    """Were a field of it wrong, it would be refused; were it idle, it would have no row."""
    system = planner.read(with_preset(chain(), name).write(tmp_path / "study"))
    policy = system.policies["law"]
    assert policy.preset == name
    assert policy.source == PRESETS[name].law
    rows = [index for _, index in compiled(system).arrays.rows if index and index[0] == "law"]
    assert rows


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_leaves_open_what_it_says(tmp_path: Path, name: str) -> None:
    """Without what the study must give it is refused by that path, and by no other."""
    study = chain()
    study.policies["law"] = {"preset": name}
    if not PRESETS[name].needs:
        assert planner.read(study.write(tmp_path / "study"))
        return
    with pytest.raises(SpecError) as found:
        planner.read(study.write(tmp_path / "study"))
    said = re.findall(r"column 'policies\.law\.(\S+)': is missing; the preset", str(found.value))
    assert tuple(said) == tuple(sorted(PRESETS[name].needs))


def test_each_preset_is_sourced_and_dated() -> None:
    """A law without address, grade or day is none that can be looked up."""
    for preset in PRESETS.values():
        assert preset.url.startswith("https://")
        assert preset.law
        assert preset.status
        assert preset.reading
        assert preset.grade in ("A", "B")
        for day in filter(None, (preset.in_force, preset.ends)):
            assert re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", day)
        assert preset.first <= preset.last
        assert set(preset.needs) <= set(GIVEN)


def test_the_ceiling_on_one_third_country_is_asked_at_each_stage(tmp_path: Path) -> None:
    """65 t of ore from A and 35 t of metal from A: 65 x 14 + 35 x 15 = 1,435; without 1,400. It is
    in force from 2030 on."""
    study = by_stage()
    study.first, study.years["first"], study.years["last"] = 2029, 2029, 2030
    study.policies["law"] = {"preset": "eu-crma-third-country"}
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(1_400 + 1_435)
    assert price(plan, "share_ceiling", "law, lithium/A/extraction", 2030) == pytest.approx(-1)


def test_a_benchmark_is_that_of_the_command(tmp_path: Path) -> None:
    """40 % refined at home for 50 instead of 30: 3,800, as `--crma` says it too; without 3,000."""
    study = dig(market(2030, 2030), 50)
    benchmarks = planner.with_crma_benchmarks(
        planner.read(study.write(tmp_path / "plain")), start=2030, penalty=1e5
    )
    kept = {n: p for n, p in benchmarks.policies.items() if n == "crma_processing_lithium"}
    command = planner.solve(replace(benchmarks, policies=kept))
    study.policies["law"] = {"preset": "eu-crma-processing", "penalty": 1e5}
    plan = plan_of(study, tmp_path / "preset")
    assert plan.objective == pytest.approx(3_800)
    assert plan.objective == pytest.approx(command.objective)


def test_a_study_replaces_fields_and_parts_of_selectors(tmp_path: Path) -> None:
    """Half instead of two fifths, and of what is demanded anywhere; a year by the command line."""
    study = dig(market(2030, 2032), 50)
    study.policies["law"] = {
        "preset": "eu-crma-processing",
        "at_least": 0.5,
        "denominator": {"market": "all"},
    }
    folder = study.write(tmp_path / "study")
    policy = planner.read(folder).policies["law"]
    assert policy.denominator is not None
    assert (policy.denominator.market, policy.denominator.demand) == ("all", ("li",))
    assert list(policy.level) == [0.5, 0.5, 0.5]
    later = planner.read(folder, overrides={"policies.law.at_least.2031": 0.2})
    assert list(later.policies["law"].level) == [0.5, 0.2, 0.5]
    with pytest.raises(SpecError, match=r"no process .* fits stages extraction; origins home"):
        planner.read(folder, overrides={"policies.law.preset": "eu-crma-extraction"})


def test_a_law_that_was_not_known_is_not_in_force(tmp_path: Path) -> None:
    """As of 2023 nobody knew of an act of 2024."""
    folder = with_preset(chain(), "eu-crma-processing").write(tmp_path / "study")
    assert not planner.read(folder, overrides={"as_of": 2023}).policies


WARNED = {
    "us-30d-critical-minerals": ({}, "is in force in 2026-2027, but 26 U.S.C. 30D(e)(1)"),
    "us-30d-foreign-entities": ({"to": 2027}, "is in force in 2026-2027"),
    "eu-crma-extraction": ({"from": 2023}, "is in force in 2023, but Regulation (EU) 2024/1252"),
    "eu-nzia-manufacture": ({}, ""),
}


@pytest.mark.parametrize("name", WARNED)
def test_a_preset_outside_its_dates_is_warned_about(tmp_path: Path, name: str) -> None:
    """Before the day of its entry into force, and after its end; within, nothing is said."""
    fields, said = WARNED[name]
    system = planner.read(with_preset(chain(), name, **fields).write(tmp_path / "study"))
    warnings = [w.message for w in system.warnings if w.column == "policies.law.preset"]
    assert bool(warnings) == bool(said)
    assert said in " ".join(warnings)


def test_a_metal_that_a_law_does_not_speak_of_is_warned_about(tmp_path: Path) -> None:
    """Niobium is no strategic raw material of the European Union."""
    study = Study(2030, 2030, metals=("niobium", "cobalt"))
    for metal in study.metals:
        study.good(metal, "refined", metal=metal, demand=1, shortage_cost=100)
        study.process(f"dig_{metal}", "mine", stage="processing", gives={metal: 1})
    study.policies["law"] = {"preset": "eu-crma-processing"}
    warnings = planner.read(study.write(tmp_path / "both")).warnings
    assert any("is asked of niobium, of which Regulation" in w.message for w in warnings)
    study.policies["law"]["metals"] = ["cobalt"]
    warnings = planner.read(study.write(tmp_path / "one")).warnings
    assert not any("is asked of" in w.message for w in warnings)


def test_an_unknown_preset_is_refused(tmp_path: Path) -> None:
    """With what may have been meant."""
    study = chain()
    study.policies["law"] = {"preset": "eu-crma-proces"}
    with pytest.raises(SpecError, match=r"law.preset': is 'eu-crma-proces' \(did you mean"):
        planner.read(study.write(tmp_path / "study"))


def test_a_preset_shows_what_it_stands_for() -> None:
    """The lines that are shown are TOML, and are its fields."""
    for preset in PRESETS.values():
        assert tomllib.loads("\n".join(preset.lines())) == dict(preset.fields)


def test_the_command_lists_presets_and_shows_one() -> None:
    """All of them with their dates; one as study.toml would write it; JSON holds its fields."""
    listed = run("presets")
    assert listed.exit_code == 0
    assert "from 2024-05-23" in listed.stdout
    one = run("presets", "eu-crma-third-country")
    assert "at_most = 0.65" in one.stdout
    assert "Article 5(1)(b)" in one.stdout
    (found,) = json.loads(run("presets", "eu-crma-third-country", "--json").stdout)
    assert found["fields"] == dict(PRESETS["eu-crma-third-country"].fields)
    fails(run("presets", "eu-crma-third"), 2, "(did you mean 'eu-crma-third-country'?)")
