"""Stocks and flows to flodym and back: nothing lost, flodym computes with them, and what is said
where it is not installed."""

from __future__ import annotations

import sys
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

import planner
from planner.errors import OutputError, SpecError
from planner.exchange.flodym import (
    flows_from_flodym,
    flows_to_flodym,
    from_flodym,
    stocks_from_flodym,
    stocks_to_flodym,
    to_flodym,
)
from planner.mfa.balance import balance
from planner.mfa.flows import flow_table
from planner.mfa.lifetimes import Lifetime
from planner.mfa.simulate import Simulation, simulate
from planner.mfa.stocks import inflow_driven
from tests.by_hand import ByHand
from tests.mfa.test_balance import mine_and_cells, values_by_hand

flodym = pytest.importorskip("flodym", reason="flodym is not installed (pip install flodym)")


@pytest.fixture(scope="module")
def world() -> Simulation:
    return simulate(planner.balance(planner.read("world")))


def test_flows_of_the_world_go_there_and_back(world: Simulation) -> None:
    arrays = flows_to_flodym(world.flows)
    assert len(arrays) == len(world.flows.groupby(["source", "target", "good"]))
    pd.testing.assert_frame_equal(flows_from_flodym(arrays.values()), world.flows, check_exact=True)


def test_flodym_finds_the_balance_of_every_node_closed(world: Simulation) -> None:
    """Sums in flodym's own arithmetic: what enters each process and good less what leaves it, for
    every metal and year."""
    system, flows = world.balance.system, flows_to_flodym(world.flows).values()
    largest = world.flows["value"].max()
    for node in (*system.processes, *system.goods):
        inward, outward = (
            [f for f in flows if f.to_process.name == node],
            [f for f in flows if f.from_process.name == node],
        )
        rest = sum(inward[1:], inward[0]) - sum(outward[1:], outward[0])
        assert np.abs(rest.values).max() <= 1e-12 * largest, node


def test_what_is_no_number_is_not_lost() -> None:
    values = values_by_hand()
    values["activity"]["make", 2022] = float("nan")
    table = flow_table(balance(mine_and_cells().system()), values)
    pd.testing.assert_frame_equal(
        flows_from_flodym(flows_to_flodym(table).values()), table, check_exact=True
    )


def test_stocks_go_there_and_back(world: Simulation) -> None:
    """Products with histories of different length keep each its own cohorts."""
    study = (
        mine_and_cells()
        .good("fibre", "product", demand=5.0)
        .product("fibre", uses={"fibre": 1.0}, mean=3.0, history={2020: 4.0})
    )
    for found in (world.balance, balance(study.system())):
        back = stocks_from_flodym(stocks_to_flodym(found))
        assert list(back) == list(found.stocks)
        for name, stock in found.stocks.items():
            for field in fields(stock):
                mine, theirs = getattr(stock, field.name), getattr(back[name], field.name)
                np.testing.assert_array_equal(
                    theirs,
                    mine,
                    err_msg=f"{name} {field.name}",
                    strict=isinstance(mine, np.ndarray),
                )


def test_stocks_have_names_dimensions_and_units() -> None:
    arrays = stocks_to_flodym(balance(mine_and_cells().system()))
    assert arrays["stock"].dims.names == ("time", "product")
    assert arrays["stock"].dims["t"].items == [2021, 2022]
    assert arrays["stock"].name == "stock, uniform [t]"
    assert arrays["outflow"].name == "outflow, uniform [t/year]"
    assert arrays["cohorts"].dims.names == ("time", "product", "cohort")
    assert arrays["stock"]["cells"].values == pytest.approx([50.0, 60.0])
    change = arrays["inflow"] - arrays["outflow"]
    assert change.values[:, 0] == pytest.approx([20.0, 10.0])


def test_series_from_flodym_run_in_planner_and_back() -> None:
    """An inflow array of flodym, over time, region and product, through `planner.mfa.stocks`, as
    flodym's own model of it."""
    years, regions, goods = list(range(2000, 2030)), ["north", "south"], ["car", "bus", "bike"]
    inflow = np.random.default_rng(5).random((2, 3, 30))
    array = to_flodym(
        inflow, {"region": regions, "product": goods, "time": years}, name="inflow", unit="t/year"
    )
    assert array.values.shape == (30, 2, 3)
    series = from_flodym(array)
    assert (list(series.dims), series.name, series.unit) == (
        ["region", "product", "time"],
        "inflow",
        "t/year",
    )
    np.testing.assert_array_equal(series.values, inflow)
    stock = inflow_driven(series.values, Lifetime.of("exponential", 9.0), convention="end").stock
    model = flodym.InflowDrivenDSM(
        dims=array.dims,
        inflow=flodym.StockArray(dims=array.dims, values=array.values),
        lifetime_model=flodym.WeibullLifetime(
            dims=array.dims, weibull_scale=9.0, weibull_shape=1.0, inflow_at="end"
        ),
    )
    model.compute()
    back = to_flodym(stock, series.dims, name="stock", unit="t")
    np.testing.assert_allclose(back.values, model.stock.values, rtol=1e-12)


def test_an_array_without_unit_or_with_its_own_names() -> None:
    dims = flodym.DimensionSet(
        dim_list=[
            flodym.Dimension(name="Historic Time", letter="t", items=[1, 2]),
            flodym.Dimension(name="Element", letter="e", items=["Li"]),
        ]
    )
    found = from_flodym(
        flodym.FlodymArray(dims=dims, values=np.array([[1.0], [2.0]]), name="steel")
    )
    assert (dict(found.dims), found.name, found.unit) == (
        {"Element": ("Li",), "time": (1, 2)},
        "steel",
        "",
    )
    assert found.values.tolist() == [[1.0, 2.0]]


def test_what_cannot_be_converted_says_why(world: Simulation) -> None:
    with pytest.raises(
        ValueError, match=r"shape \(2,\) has not the dimensions time of lengths \(3,\)"
    ):
        to_flodym([1.0, 2.0], {"time": [1, 2, 3]}, name="x", unit="t")
    arrays = stocks_to_flodym(world.balance)
    arrays["stock"].name = "stock, uniform [kg]"
    del arrays["opening"]
    with pytest.raises(
        SpecError, match=r"(?s)'opening': is missing.*'stock': is in 'kg', not in t"
    ):
        stocks_from_flodym(arrays)
    arrays = stocks_to_flodym(world.balance)
    arrays["stock"].name = "stock, middle [t]"
    with pytest.raises(SpecError, match="of no single stock convention"):
        stocks_from_flodym(arrays)
    with pytest.raises(SpecError, match="'kg/year' is not t/year"):
        flows_to_flodym(world.flows.assign(unit="kg/year"))
    named = flodym.DimensionSet(
        dim_list=[
            flodym.Dimension(name="time", letter="t", items=[1]),
            flodym.Dimension(name="region", letter="r", items=["here"]),
        ]
    )
    a, b = flodym.Process(name="a", id=1), flodym.Process(name="b", id=2)
    with pytest.raises(SpecError, match="has the dimension 'region'; sum over it first"):
        flows_from_flodym(
            [flodym.Flow(dims=named, from_process=a, to_process=b, name="a => b [t/year]")]
        )
    with pytest.raises(SpecError, match="no use stocks"):
        stocks_to_flodym(balance(ByHand().good("li", "refined").system()))


def test_without_flodym_it_says_what_to_install(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "flodym", None)
    for convert in (lambda: flows_to_flodym(world.flows), lambda: stocks_to_flodym(world.balance)):
        with pytest.raises(
            OutputError, match=r"flodym is not installed: pip install '\.\[flodym\]'"
        ):
            convert()
