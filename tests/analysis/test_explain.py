"""A gallery of infeasible studies, each rightly named, with a relaxation that makes it feasible;
and why a plan is as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import planner
from planner.analysis.diagnosis.elastic_limits import LIMIT_KINDS
from planner.analysis.diagnosis.explain import explain
from planner.analysis.diagnosis.infeasible_case import feasible
from planner.errors import InfeasibleError
from planner.system.nouns import frozen_map
from tests.small import Study


def market(last: int = 2021, **mine: float) -> Study:
    """100 t a year from a mine (90 t at most unless said otherwise) or from abroad, some of it
    recycled."""
    study = (
        Study(2021, last)
        .good("li", "refined", demand=100, shortage_cost=5000)
        .good("ore", "intermediate", equivalent=1)
    )
    study.process(
        "dig",
        "mine",
        gives={"ore": 1},
        variable_cost=20,
        direct_emission=5,
        max_activity=mine.get("most", 90),
    )
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1})
    study.process(
        "buy", "import", gives={"li": 1}, import_price=30, origin="Chile", max_activity=200
    )
    return study.process("recycle", "recycle", gives={"li": 1}, variable_cost=50, max_activity=20)


def own(study: Study, share: float, **more: object) -> Study:
    return study.policy(
        "own", "self_sufficiency", metal="lithium", stages=["extraction"], share=share, **more
    )


GALLERY: dict[str, tuple[Callable[[], Study], set[str]]] = {
    "a floor above what can be mined": (lambda: own(market(most=30), 0.5), {"own"}),
    "a floor of all and a mine of most": (lambda: own(market(), 1.0), {"own"}),
    "a floor in all years past the mine": (lambda: own(market(2023, most=60), 0.9), {"own"}),
    "a floor against a quota": (
        lambda: own(market(), 0.8).policy("protect", "quota", processes=["dig"], cap=50),
        {"own", "protect"},
    ),
    "a floor against a carbon cap": (
        lambda: own(market(), 0.8).policy("cap", "carbon_cap", scope="territorial", cap=200),
        {"own", "cap"},
    ),
    "a floor against a carbon budget": (
        lambda: own(market(2023), 0.8).policy(
            "budget", "carbon_budget", scope="territorial", cap=900
        ),
        {"own", "budget"},
    ),
    "a footprint cap against a floor": (
        lambda: own(market(), 0.6).policy("cap", "carbon_cap", scope="footprint", cap=100),
        {"own", "cap"},
    ),
    "recycled content beyond the scrap": (
        lambda: own(market(), 0.5).policy("old", "recycled_content", metal="lithium", share=0.9),
        {"old", "own"},
    ),
    "a pin against a quota": (
        lambda: _pinned(market()).policy("protect", "quota", processes=["dig"], cap=20),
        {"pin", "protect"},
    ),
    "a pin against a carbon cap": (
        lambda: _pinned(market()).policy("cap", "carbon_cap", scope="territorial", cap=100),
        {"pin", "cap"},
    ),
    "a pin against a floor": (lambda: own(_pinned(market()), 0.8), {"own", "pin"}),
    "a floor against a quota, with a target that is not to blame": (
        lambda: (
            own(market(), 0.7)
            .policy("protect", "quota", processes=["dig"], cap=40)
            .policy("old", "recycled_content", metal="lithium", share=0.1)
        ),
        {"own", "protect"},
    ),
    "stock cover beyond the store": (
        lambda: _stored().policy("cover", "stockpile_cover", goods=["kept"], months=6),
        {"cover"},
    ),
    "no money for the plant that the floor needs": (
        lambda: own(_to_build(), 0.6).policy("purse", "capital_budget", cap=1000),
        {"own", "purse"},
    ),
    "a plant that comes too late": (lambda: own(_to_build(lead=1), 0.6), {"own"}),
    "a floor in later years only": (lambda: own(market(2025, most=60), 0.9, from_=2024), {"own"}),
    "a quota of nothing under a floor": (
        lambda: own(market(), 0.3).policy("stop", "quota", processes=["dig"], cap=0),
        {"own", "stop"},
    ),
    "a must-run mine under a carbon cap": (
        lambda: _must_run(market()).policy("cap", "carbon_cap", scope="territorial", cap=100),
        {"cap"},
    ),
    "a must-run mine under a quota": (
        lambda: _must_run(market()).policy("protect", "quota", processes=["dig"], cap=20),
        {"protect"},
    ),
    "must-run imports under an import cap": (
        lambda: _must_buy().policy(
            "diversify", "import_share", metal="lithium", origin="Chile", share=0.2
        ),
        {"diversify"},
    ),
}


def _stored() -> Study:
    """Metal that may be kept, 5 t at most, made into a product of which 100 t are wanted."""
    study = (
        Study()
        .good("kept", "refined", opening_stock=0, max_stock=5)
        .process("make", "mine", gives={"kept": 1}, max_activity=50)
    )
    study.good("out", "product", demand=100, equivalent=1, shortage_cost=900)
    return study.process("use", "manufacture", takes={"kept": 1}, gives={"out": 1}, pathway="")


def _pinned(study: Study) -> Study:
    observed = {
        "process": "dig",
        "parameter": "observed",
        "year": 2021,
        "value": 60,
        "unit": "t/year",
        "source": "made",
    }
    study.rows["process_values"].append(observed)
    return study.policy("pin", "pin", tolerance=0.1)


def _must_run(study: Study) -> Study:
    study.rows["process_values"].append(
        {
            "process": "dig",
            "parameter": "min_activity",
            "value": 40,
            "unit": "t/year",
            "source": "made",
        }
    )
    return study


def _must_buy() -> Study:
    study = market()
    study.rows["process_values"].append(
        {
            "process": "buy",
            "parameter": "min_activity",
            "value": 50,
            "unit": "t/year",
            "source": "made",
        }
    )
    return study


def _to_build(lead: int = 0) -> Study:
    """A mine of 30 t that may grow at 100 USD per tonne."""
    study = Study(2021, 2021).good("li", "refined", demand=100, shortage_cost=5000)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=20, plant="works")
    study.process("buy", "import", gives={"li": 1}, import_price=30, origin="Chile")
    return study.plant("works", existing_capacity=30, capital_cost=100, life=10, lead_time=lead)


@pytest.mark.parametrize("case", GALLERY)
def test_the_gallery_of_infeasible_studies(tmp_path: Path, case: str) -> None:
    """The clash is named, with the line of its input and the account of each policy; each
    relaxation and each lever, applied to the study, makes it feasible, and a lever pulled a
    hundredth less does not."""
    make, names = GALLERY[case]
    system = planner.read(make().write(tmp_path / "s"))
    with pytest.raises(InfeasibleError):
        planner.solve(system)
    found = explain(system)
    assert found.status == "infeasible"
    assert set(found.clashes[0].policies) == names
    lines = (tmp_path / "s" / "study.toml").read_text().splitlines()
    for name, place in zip(found.clashes[0].policies, found.clashes[0].places, strict=True):
        assert f"policies.{name}" in lines[int(place.removeprefix("study.toml:")) - 1]
        assert any(name in word for word in found.words)
    assert found.clashes[0].relaxations
    for relaxation in found.clashes[0].relaxations:
        policy = system.policies[relaxation.policy]
        others = {n: p for n, p in system.policies.items() if n != policy.name}
        if np.isfinite(relaxation.series).any():
            others[policy.name] = replace(policy, level=relaxation.series)
        assert planner.solve(replace(system, policies=frozen_map(others))).certificate.holds, (
            relaxation.words
        )
    for lever in found.clashes[0].levers:
        kind = next(kind for kind in LIMIT_KINDS if kind.name == lever.kind)
        amounts = {change.item: change.amount for change in lever.changes}
        assert planner.solve(kind.apply(system, amounts)).certificate.holds, lever.words
        assert not feasible(
            kind.apply(system, {item: 0.99 * amount for item, amount in amounts.items()})
        ), lever.words
        file, line = lever.changes[0].place.split(":")
        assert (
            lever.changes[0].item in (tmp_path / "s" / file).read_text().splitlines()[int(line) - 1]
        )
    assert {account.policy for account in found.clashes[0].accounts} == names


def test_the_least_relaxation_is_the_least(tmp_path: Path) -> None:
    """A mine of 30 t and a floor of 50 t of 100: the floor can be 30 %, not a thousandth more."""
    found = explain(planner.read(own(market(most=30), 0.5).write(tmp_path / "s"))).clashes[0]
    assert found.relaxations[0].factor == pytest.approx(0.6, rel=1e-5)
    assert (
        found.relaxations[0].words == "lower own from 50 % in 2021 to 30 % in 2021 (study.toml:9)"
    )


def test_disjoint_clashes_are_all_found(tmp_path: Path) -> None:
    """A floor above the mine, and apart from it a cap below what must run."""
    study = own(_must_run(market(most=45)), 0.5).policy(
        "cap", "carbon_cap", scope="territorial", cap=100
    )
    found = explain(planner.read(study.write(tmp_path / "s")))
    assert {name for clash in found.clashes for name in clash.policies} == {"own", "cap"}
    assert len(found.clashes) == 2


def test_clashes_that_share_a_policy(tmp_path: Path) -> None:
    """A floor of 80 t clashes with a quota of 50 t and, for itself, with a cap of 200 t CO2e (40
    t): lowered to 40 % it is enough for both; the quota raised to 80 t ends its clash and leaves
    that with the cap, which is said."""
    study = own(market(), 0.8).policy("protect", "quota", processes=["dig"], cap=50)
    system = planner.read(
        study.policy("cap", "carbon_cap", scope="territorial", cap=200).write(tmp_path / "s")
    )
    (clash,) = explain(system).clashes
    found = {r.policy: r for r in clash.relaxations}
    assert set(found) == {"own", "protect"}
    assert (found["own"].relaxed, found["own"].enough) == ("40 % in 2021", True)
    assert (found["protect"].relaxed, found["protect"].enough) == ("80 t/year in 2021", False)
    assert found["protect"].words.endswith("; another clash is left then")
    loosened = {
        n: replace(p, level=found["own"].series) if n == "own" else p
        for n, p in system.policies.items()
    }
    assert planner.solve(replace(system, policies=frozen_map(loosened))).certificate.holds


def test_a_level_that_nobody_could_write_is_not_proposed(tmp_path: Path) -> None:
    """Chile must deliver 150 t where 100 t are needed: no share up to 100 % of the need lets it, so
    the cap is to be dropped."""
    study = (
        Study()
        .good("li", "refined")
        .good("kept", "scrap")
        .good("out", "product", demand=100, shortage_cost=5000, equivalent=1)
    )
    study.process(
        "buy", "import", gives={"li": 1}, import_price=30, origin="Chile", min_activity=150
    )
    study.process("make", "manufacture", takes={"li": 1}, gives={"out": 1}, pathway="")
    study.process("waste", "manufacture", takes={"li": 1}, gives={"kept": 1}, pathway="")
    study.policy("diversify", "import_share", metal="lithium", origin="Chile", share=0.5)
    (relaxation,) = explain(planner.read(study.write(tmp_path / "s"))).clashes[0].relaxations
    assert np.isnan(relaxation.factor)
    assert relaxation.words.startswith("drop diversify: no other level of it would do (study.toml:")


def test_where_no_policy_is_to_blame_the_limits_are_named(tmp_path: Path) -> None:
    """A mine that must run at 40 t on a deposit of 10 t."""
    study = (
        Study().good("li", "refined", demand=100, shortage_cost=5000).deposit("lake", reserve=10)
    )
    study.process("dig", "mine", takes={"lake": 1}, gives={"li": 1}, min_activity=40)
    found = explain(planner.read(study.write(tmp_path / "s")))
    assert found.clashes[0].policies == ()
    assert "No policy is to blame" in found.words[0]


def test_why_a_plan_is_as_it_is(tmp_path: Path) -> None:
    """A mine of 90 t at 20, imports at 30, recycling at 50: the price is 30, one more tonne is
    imported, recycling is 20 too dear. A quota of 50 t costs 10 a tonne, and 400 in all: 40 t more
    would be dug without it."""
    found = explain(
        planner.read(
            market().policy("protect", "quota", processes=["dig"], cap=50).write(tmp_path / "s")
        )
    )
    assert found.status == "optimal"
    row = found.prices.iloc[0]
    assert (row["price"], row["marginal"], row["next"], row["gap"]) == (
        pytest.approx(30),
        "buy",
        "recycle",
        pytest.approx(20),
    )
    policy = found.policies.set_index("policy").loc["protect"]
    assert policy["highest"] == pytest.approx(-10)
    assert (policy["total"], policy["penalty"]) == (pytest.approx(400), 0)
    assert any("one more comes from buy" in word for word in found.words)


def test_what_a_missed_target_costs_in_all(tmp_path: Path) -> None:
    """A floor of 60 t at 20 more a tonne than imports, soft at 15: missed by all of it, a penalty
    of 60 x 15 = 900, which nobody pays: it costs nothing. At 25 it is met, 60 x 20 = 1,200, and
    there is no penalty. Said before: that it costs 900."""

    def costs(penalty: float) -> tuple[float, float]:
        study = (
            Study()
            .good("li", "refined", demand=100, shortage_cost=5000)
            .process("buy", "import", gives={"li": 1}, import_price=30)
        )
        study.process("dig", "mine", gives={"li": 1}, variable_cost=50)
        row = explain(
            planner.read(own(study, 0.6, penalty=penalty).write(tmp_path / f"s{penalty}"))
        ).policies.iloc[0]
        return row["total"], row["penalty"]

    assert costs(15) == (pytest.approx(0), pytest.approx(900))
    assert costs(25) == (pytest.approx(1200), pytest.approx(0))


def test_rents_of_a_mine_that_runs_out() -> None:
    """The high grade of the Hotelling study has a rent that rises with interest."""
    found = explain(planner.read(Path(__file__).parents[1] / "studies" / "hotelling_two_grades"))
    rent = found.rents[found.rents["deposit"] == "high_grade"].set_index("year")["rent"]
    assert rent[2022] / rent[2021] == pytest.approx(1.1)
