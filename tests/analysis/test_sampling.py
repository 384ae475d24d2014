"""Samples of uncertain inputs: who is uncertain, that distributions are what they say, that seeds
reproduce."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import planner
from planner.analysis.uncertainty.inputs import Input, Uncertainty, quantile
from planner.analysis.uncertainty.sampling import HYPERCUBE, Sampler, draw, uncertainty
from planner.errors import SpecError

PRICE = "process_values.import_lithium.import_price"


def an_input(shape: str, low: float = 2.0, value: float = 3.0, high: float = 7.0) -> Input:
    return Input("x", ("x",), (0,), (low,), (value,), (high,), "t", "D", "", "", 0.0, np.inf, shape)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ("triangular", stats.triang(0.2, loc=2, scale=5)),
        ("uniform", stats.uniform(2, 5)),
        ("pert", stats.beta(1 + 4 * 0.2, 1 + 4 * 0.8, loc=2, scale=5)),
    ],
)
def test_quantiles_are_those_of_scipy(shape: str, known: object) -> None:
    u = np.linspace(0.01, 0.99, 37)
    assert quantile(an_input(shape), u[:, None])[:, 0] == pytest.approx(known.ppf(u), rel=1e-9)  # type: ignore[attr-defined]


@pytest.mark.parametrize("shape", ["normal", "lognormal"])
def test_normal_ends_are_quantiles_and_its_value_the_median(shape: str) -> None:
    found = quantile(an_input(shape), np.array([[0.05], [0.5], [0.95]]))[:, 0]
    assert found == pytest.approx([2, 3, 7], rel=1e-9)


def test_a_symmetric_lognormal_is_lognormal() -> None:
    found = quantile(an_input("lognormal", 1.0, 2.0, 4.0), np.array([[0.3]]))[0, 0]
    assert found == pytest.approx(
        stats.lognorm(np.log(2) / stats.norm.ppf(0.95), scale=2).ppf(0.3), rel=1e-9
    )


def test_values_stay_within_the_bounds_of_the_format() -> None:
    each = replace(an_input("normal", -5.0, 0.5, 2.0), most=1.0)
    assert quantile(each, np.array([[0.001], [0.999]]))[:, 0].tolist() == [0.0, 1.0]


def test_a_row_without_spread_keeps_its_value() -> None:
    assert quantile(an_input("triangular", 3.0, 3.0, 3.0), np.array([[0.1], [0.9]]))[
        :, 0
    ].tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("path", "stem", "year"),
    [
        ("demand.packs.2030", "demand.packs", 2030),
        ("plants.mine.life", "plants.mine.life", None),
        ("goods.li 99.99", "goods.li 99.99", None),
        ("demand.packs.20301", "demand.packs.20301", None),
        ("demand.packs.\u0662\u0660\u0663\u0660", "demand.packs.\u0662\u0660\u0663\u0660", None),
    ],
)
def test_a_path_is_a_stem_and_a_year(path: str, stem: str, year: int | None) -> None:
    """A year has four plain digits, and is the last part."""
    datum = replace(planner.read("quickstart").data[0], path=path)
    assert (datum.stem, datum.year) == (stem, year)


def test_inputs_are_series_with_an_end_and_observations_are_left_out() -> None:
    system = planner.read("china")
    found = uncertainty(system).inputs
    uncertain = {
        d.stem
        for d in system.data
        if (d.low, d.high) != (None, None) and not d.low == d.high == d.value
    }
    # what follows a content is carried along, with no range of its own
    assert all(each.tied_to for each in found if each.low == each.high)
    assert {each.name for each in found if each.low != each.high} == {
        name for name in uncertain if not name.startswith("observations.")
    }
    grid = next(each for each in found if each.name == "series.grid_intensity")
    assert len(grid.years) > 1
    assert grid.dimensions == 1


def test_choice_by_pattern_and_grade() -> None:
    system = planner.read("china")
    chosen = uncertainty(system, inputs=["plants.*.capital_cost"], grades=["D"]).inputs
    assert chosen
    assert all(each.name.endswith(".capital_cost") and each.grade == "D" for each in chosen)


def test_contents_that_one_process_hands_on_are_one_number() -> None:
    found = {each.name: each for each in uncertainty(planner.read("china")).inputs}
    waste, scrap = (
        f"good_values.battery/portable_lco_{kind}.cobalt.content" for kind in ("waste", "scrap")
    )
    assert {found[waste].tied_to, found[scrap].tied_to} == {"", min(waste, scrap)}
    columns = uncertainty(planner.read("china")).columns()
    assert columns[waste] == columns[scrap]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ({"input": {}}, "input"),
        ({"inputs": {PRICE: {"shape": "normal"}}}, "shape"),
        ({"inputs": {PRICE: {"distribution": "cauchy"}}}, "cauchy"),
        ({"inputs": {"process_values.import_lithum.import_price": {"low": 0.5}}}, "did you mean"),
        ({"inputs": {PRICE: {"low": 1.5}}}, "multiple"),
        ({"inputs": {PRICE: {"year_correlation": 2}}}, "0 to 1"),
        ({"correlated": [{"inputs": [PRICE], "correlation": 0.5}]}, "two"),
        ({"correlated": [{"inputs": ["*"], "correlation": True}]}, "-1 to 1"),
        ({"correlated": [{"inputs": ["*"], "correlation": -0.9}]}, "contradict"),
        ({"inputs": 3}, "table"),
        # each of these was a traceback, or was taken for something else
        ({"correlated": [{"inputs": 5, "correlation": 0.5}]}, "two"),
        ({"correlated": [{"inputs": [1, 2], "correlation": 0.5}]}, "two"),
        ({"correlated": [{"inputs": [["*"]], "correlation": 0.5}]}, "two"),
        ({"correlated": [{"inputs": "p*", "correlation": 0.5}]}, "two"),
        ({"correlated": [{"inputs": ["*"], "correlation": 10**400}]}, "-1 to 1"),
        ({"inputs": {PRICE: {"high": 10**400}}}, "multiple"),
        ({"inputs": {PRICE: {"high": 1e300}}}, "multiple"),
        ({"inputs": {PRICE: {"year_correlation": 10**400}}}, "0 to 1"),
    ],
)
def test_a_wrong_statement_is_refused_with_its_place(
    statement: dict[str, object], said: str
) -> None:
    with pytest.raises(SpecError, match=said):
        uncertainty(planner.read("quickstart"), statement=statement)


def test_statement_file_that_is_missing_or_broken(tmp_path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        uncertainty(planner.read("quickstart"), statement=tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[inputs")
    with pytest.raises(SpecError, match="is not TOML"):
        uncertainty(planner.read("quickstart"), statement=tmp_path / "bad.toml")


def test_nothing_uncertain_is_said() -> None:
    with pytest.raises(SpecError, match="nothing uncertain"):
        uncertainty(planner.read("quickstart"), grades=["A"])


def test_ends_may_be_stated_for_an_input_whose_table_gives_none() -> None:
    statement = {"inputs": {"demand.*": {"low": 0.8, "high": 1.5, "distribution": "uniform"}}}
    found = uncertainty(planner.read("quickstart"), statement=statement)
    demand = next(each for each in found.inputs if each.name.startswith("demand."))
    assert (demand.low, demand.high, demand.shape) == ((400.0,), (750.0,), "uniform")


@pytest.mark.parametrize("sampler", ["lhs", "sobol"])
def test_samples_of_a_seed_are_the_same_and_may_grow(sampler: Sampler) -> None:
    uncertain = uncertainty(planner.read("china"), inputs=["plants.*.life"])
    few, many = (
        draw(uncertain, 24, seed=7, sampler=sampler),
        draw(uncertain, 200, seed=7, sampler=sampler),
    )
    assert np.array_equal(few, many[:24])
    assert not np.array_equal(few, draw(uncertain, 24, seed=8, sampler=sampler))


def test_each_hypercube_has_one_sample_in_each_layer_and_no_two_are_alike() -> None:
    uncertain = uncertainty(planner.read("china"), inputs=["plants.*.life"])
    cubes = draw(uncertain, 2 * HYPERCUBE, seed=2).reshape(2, HYPERCUBE, -1)
    assert (np.sort(np.floor(cubes * HYPERCUBE), axis=1) == np.arange(HYPERCUBE)[:, None]).all()
    assert not np.array_equal(cubes[0], cubes[1])


def test_sobol_points_that_make_independent_inputs_go_together_are_refused() -> None:
    uncertain = uncertainty(planner.read("china"))
    with pytest.raises(SpecError, match=r"correlated by up to 0\.9"):
        draw(uncertain, 256, seed=1, sampler="sobol")
    found = np.abs(np.corrcoef(draw(uncertain, 256, seed=1).T))
    np.fill_diagonal(found, 0)
    assert found.max() < 0.35


def test_correlated_samples_may_grow_too_and_have_the_correlation_asked_for() -> None:
    statement = {"correlated": [{"inputs": ["plants.*.capital_cost"], "correlation": 0.8}]}
    uncertain = uncertainty(planner.read("china"), inputs=["plants.*"], statement=statement)
    many = draw(uncertain, 4096, seed=3)
    assert np.array_equal(draw(uncertain, 100, seed=3), many[:100])
    at = uncertain.columns()
    costs = [
        at[each.name].start for each in uncertain.inputs if each.name.endswith(".capital_cost")
    ]
    scores = stats.norm.ppf(many)
    found = np.corrcoef(scores[:, costs].T)
    assert found[np.triu_indices(len(costs), 1)] == pytest.approx(0.8, abs=0.03)
    other = next(
        at[each.name].start for each in uncertain.inputs if not each.name.endswith(".capital_cost")
    )
    assert abs(np.corrcoef(scores[:, costs[0]], scores[:, other])[0, 1]) < 0.05


def test_years_of_a_series_may_move_apart() -> None:
    statement = {"inputs": {"series.grid_intensity": {"year_correlation": 0.9}}}
    uncertain = uncertainty(
        planner.read("china"), inputs=["series.grid_intensity"], statement=statement
    )
    (grid,) = uncertain.inputs
    assert uncertain.dimensions == grid.dimensions == len(grid.years)
    # the error of a correlation is 1 / 128 at so many draws
    scores = stats.norm.ppf(draw(uncertain, 16384, seed=1))
    found = np.corrcoef(scores.T)[0]
    assert found == pytest.approx(0.9 ** np.abs(np.array(grid.years) - grid.years[0]), abs=0.04)
    assert grid.at(draw(uncertain, 4, seed=1)).shape == (4, len(grid.years))


def test_margins_are_kept_under_correlation() -> None:
    statement = {"correlated": [{"inputs": ["process_values.*"], "correlation": 0.6}]}
    uncertain = uncertainty(planner.read("quickstart"), statement=statement)
    sample = draw(uncertain, 4096, seed=5)
    for column in sample.T:
        assert stats.kstest(column, "uniform").statistic < 0.02


def test_dimensions_of_tied_inputs_are_not_drawn() -> None:
    each = an_input("uniform")
    other = replace(each, name="y", tied_to="x")
    assert Uncertainty((each, other)).columns() == {"x": slice(0, 1), "y": slice(0, 1)}
    assert Uncertainty((each, other)).dimensions == 1
