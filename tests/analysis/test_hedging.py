"""Two-stage hedging against a newsvendor solved by hand."""

from __future__ import annotations

import numpy as np
import pytest

from planner.analysis.security.hedging import conditional_value_at_risk, hedge
from planner.errors import SpecError
from tests.small import Study, price, system_of

SHORT = 100


def newsvendor(tmp_path, demand):
    """Works ordered in 2021 stand in 2022 only: 10 a tonne, 5 to run. Demand of 2022 is `demand`;
    what is short costs 100."""
    study = Study(2021, 2022).good("li", "refined", demand=[0, demand], shortage_cost=SHORT)
    study.plant("works", capital_cost=10, life=1, lead_time=1)
    return system_of(
        study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=5), tmp_path
    )


def weighed(found):
    """Cost and penalty of each future together: what the hedge weighs."""
    return found.futures.set_index("future")[["cost", "penalty"]].sum(axis=1).to_dict()


def futures(tmp_path):
    return {"low": newsvendor(tmp_path, 50), "high": newsvendor(tmp_path, 100)}


def test_the_critical_ratio_decides_what_is_built(tmp_path):
    """A tonne of works saves 95 with the probability that it is needed, and costs 10. High with
    0.2: 19 > 10, so 100 t are built: low 1,000 + 250, high 1,000 + 500, expected 1,300. High with
    0.1: 9.5 < 10, so 50 t: low 750, high 750 + 5,000, expected 1,250."""
    found = hedge(futures(tmp_path), {"low": 0.8, "high": 0.2}, year=2022)
    assert found.builds["common"].tolist() == pytest.approx([100])
    assert found.futures.set_index("future")["cost"].to_dict() == pytest.approx(
        {"low": 1_250, "high": 1_500}
    )
    assert found.expected == pytest.approx(1_300)
    few = hedge(futures(tmp_path), {"low": 0.9, "high": 0.1}, year=2022)
    assert few.builds["common"].tolist() == pytest.approx([50])
    assert few.expected == pytest.approx(0.9 * 750 + 0.1 * 5_750)


def test_the_values_of_information_and_of_hedging(tmp_path):
    """Knowing first: low 750, high 1,500, expected 900 (0.8, 0.2); hedging 1,300; builds for low
    alone 0.8 x 750 + 0.2 x 5,750 = 1,750, for high alone 1,300. So information is worth 400 and
    hedging nothing beside building for high."""
    found = hedge(futures(tmp_path), {"low": 0.8, "high": 0.2}, year=2022)
    assert (found.wait_and_see, found.best_single) == pytest.approx((900, 1_300))
    assert (found.value_of_information, found.value_of_hedging) == pytest.approx((400, 0), abs=1e-6)


def test_fear_of_the_worst_builds_more(tmp_path):
    """High with 0.1 is not worth building for on average, but the worst tenth is all of it: with a
    weight of 0.9 on CVaR at 0.9, 100 t (0.1 x 1,275 + 0.9 x 1,500 against 0.1 x 1,250 + 0.9 x
    5,750)."""
    found = hedge(futures(tmp_path), {"low": 0.9, "high": 0.1}, year=2022, weight=0.9, level=0.9)
    assert found.builds["common"].tolist() == pytest.approx([100])
    assert found.cvar == pytest.approx(1_500)
    # a tonne more in `high` (0.91 of the objective) needs works in both: 10 in all, and 5 to run
    # there
    assert price(found.plans["high"], "balance", "li", 2022) == pytest.approx(10 / 0.91 + 5)
    assert found.expected == pytest.approx(0.9 * 1_250 + 0.1 * 1_500)


def with_a_vault(tmp_path, demand, holding):
    """The newsvendor beside a stock of 100 t that nobody can touch, which costs `holding` a tonne
    and year: half a year of it, at the start, is a constant of the cost."""
    study = Study(2021, 2022, metals=("lithium", "cobalt")).good(
        "li", "refined", demand=[0, demand], shortage_cost=SHORT
    )
    study.good("kept", "refined", metal="cobalt", opening_stock=100, holding_cost=holding)
    study.plant("works", capital_cost=10, life=1, lead_time=1)
    return system_of(
        study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=5), tmp_path
    )


def test_what_a_future_costs_whatever_is_done_counts_among_the_worst(tmp_path):
    """High has 0.05: on average no works beyond 50 t are worth it. At 50 t high costs 5,750 and low
    750 and 26 x 100 x 2 for the vault, 5,950: the worst tenth is low alone, which more works only
    make dearer, so that 50 t are built whatever the weight. Were the constant (half a year of the
    vault, 1,300) left out of the tail, low would be 4,650, high the worst, and works be built until
    they meet: 50 + 1,100 / 105 = 60.5 t. With its sign turned, more still."""
    systems = {"low": with_a_vault(tmp_path, 50, 26), "high": with_a_vault(tmp_path, 100, 0)}
    found = hedge(systems, {"low": 0.95, "high": 0.05}, year=2022, weight=0.9, level=0.9)
    assert found.builds["common"].tolist() == pytest.approx([50])
    assert weighed(found) == pytest.approx({"low": 5_950, "high": 5_750})
    # the penalty of what high leaves unserved stands apart from what it costs
    assert found.futures["penalty"].tolist() == pytest.approx([0, 5_000])
    assert found.cvar == pytest.approx(5_950)
    # the other way round: the vault of the high future makes it the worst by more, and its works
    # are built
    turned = {"low": with_a_vault(tmp_path, 50, 0), "high": with_a_vault(tmp_path, 100, 26)}
    assert hedge(turned, {"low": 0.95, "high": 0.05}, year=2022, weight=0.9, level=0.9).builds[
        "common"
    ].tolist() == pytest.approx([100])


def tree(tmp_path):
    """Four futures of 2022: calm (100 t, imports at 12), a boom of demand (150 t), dear imports
    (40), and imports cut off."""

    def future(demand=100, price=12, cut=False):
        study = Study(2021, 2022).good("li", "refined", demand=[0, demand], shortage_cost=SHORT)
        study.process("buy", "import", gives={"li": 1}, import_price=price, origin="abroad")
        study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=5).plant(
            "works", capital_cost=10, life=1, lead_time=1
        )
        return system_of(
            study.policy("shut", "closure", origin="abroad", share=0.0) if cut else study, tmp_path
        )

    return {
        "calm": future(),
        "boom": future(demand=150),
        "dear": future(price=40),
        "cut": future(cut=True),
    }


@pytest.mark.parametrize(
    ("weight", "built", "cvar"),
    [
        (0.0, 0, 0.6 * 4_000 + 0.4 * 10_000),
        (0.005, 0, 0.6 * 4_000 + 0.4 * 10_000),
        (0.5, 8_200 / 88, 1_800 + 3 * 8_200 / 88),
    ],
)
def test_a_tree_of_demand_price_and_disruption(tmp_path, weight, built, cvar):
    """x t of works leave costs of 1,200 + 3x (calm), 1,800 + 3x (boom), 4,000 - 25x (dear) and
    10,000 - 85x (cut); with odds of 0.7, 0.25, 0.03 and 0.02 the mean rises by 0.4 a tonne: none is
    built. The worst twentieth is dear and cut, which fall by 0.6 x 25 + 0.4 x 85 = 49 a tonne: with
    a weight above 0.4 / 49.4 works are built, past the point where dear meets the boom (78.6 t), to
    that where cut does: 8,200 / 88 = 93.2 t; from there the worst is the boom, which only rises."""
    odds = {"calm": 0.7, "boom": 0.25, "dear": 0.03, "cut": 0.02}
    found = hedge(tree(tmp_path), odds, year=2022, weight=weight, level=0.95)
    assert found.builds["common"].sum() == pytest.approx(built, abs=1e-6)
    assert found.cvar == pytest.approx(cvar)
    costs = {
        "calm": 1_200 + 3 * built,
        "boom": 1_800 + 3 * built,
        "dear": 4_000 - 25 * built,
        "cut": 10_000 - 85 * built,
    }
    assert weighed(found) == pytest.approx(costs)
    assert found.expected == pytest.approx(sum(odds[name] * cost for name, cost in costs.items()))


def test_nothing_is_done_before_it_is_known(tmp_path):
    """Ore of 100 t, 100 t a year at 10. In 2022 imports cost 20 or 60 with even odds; in 2021 they
    cost 30. To keep a tonne is worth 40 on average: it is bought in 2021 and dug in 2022 in both
    futures: 3,000 + 1,000. Were digging in 2021 free to differ, the future of 20 would dig then."""

    def one(price):
        study = (
            Study(2021, 2022)
            .good("li", "refined", demand=100, shortage_cost=1000)
            .deposit("ore", reserve=100)
        )
        study.process("dig", "mine", takes={"ore": 1}, gives={"li": 1}, variable_cost=10)
        return system_of(
            study.process("buy", "import", gives={"li": 1}, import_price=[30, price]), tmp_path
        )

    found = hedge({"cheap": one(20), "dear": one(60)}, {"cheap": 0.5, "dear": 0.5}, year=2022)
    assert found.shared == "all"
    assert found.expected == pytest.approx(4_000)
    assert found.wait_and_see == pytest.approx(0.5 * 3_000 + 0.5 * 4_000)


def test_the_inequalities_of_recourse_hold_for_any_odds(tmp_path):
    for high in (0.05, 0.3, 0.7):
        found = hedge(futures(tmp_path), {"low": 1 - high, "high": high}, year=2022)
        assert found.wait_and_see <= found.expected + 1e-6
        assert found.expected <= found.best_single + 1e-6


def test_cvar_is_the_mean_of_the_worst():
    """Costs 1, 2, 3 with odds 0.5, 0.3, 0.2: the worst 0.4 hold all of 3 and half of that of 2:
    (0.2 x 3 + 0.2 x 2)/0.4 = 2.5."""
    assert conditional_value_at_risk(
        np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.3, 0.2]), 0.6
    ) == pytest.approx(2.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"probabilities": {"low": 0.5, "high": 0.6}},
        {"probabilities": {"low": 1.0}},
        {"weight": 1.0},
        {"level": 1.0},
        {"year": 2021},
    ],
)
def test_what_cannot_be_is_refused(tmp_path, wrong):
    options = {"probabilities": {"low": 0.5, "high": 0.5}, "year": 2022, **wrong}
    with pytest.raises(SpecError):
        hedge(futures(tmp_path), options.pop("probabilities"), **options)
