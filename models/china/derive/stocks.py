"""Refined metal that keeps: trade stocks of indium, germanium and niobium, as lithium and cobalt
have theirs.

An ingot, or ferroniobium, keeps for years: what is made in a year of plenty serves the next.
Nothing shows a draw from trade stocks of these three in 2021, so that they open empty but for what
a month's use may lie about; the lot of the Fanya exchange is a good of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.china.derive.common import Fact, Facts, Row, derived, judged, number
from models.china.derive.supply import money

HOLDING, LEAST, MOST = 0.01, 0.005, 0.025
"""Share of the price a year for store, insurance and handling, and its range: the rule of lithium
and cobalt (judged)."""


@dataclass(frozen=True, slots=True)
class Stock:
    """The trade stock of a metal."""

    metal: str
    region: str
    price: str
    """Item of prices.csv, of 2021, whose hundredth is the holding cost."""
    month: float
    """A month's requirement of 2021, t."""
    most: float
    """Four months of the requirement of 2040, t."""


STOCKS = (
    # requirement of refined metal, t/year: 530 in 2021, 896 in 2040
    Stock("indium", "world", "rotterdam_duty_unpaid", 44, 300),
    # 126 and 161
    Stock("germanium", "usa", "germanium_metal", 10, 54),
    # 27,000 and 37,790
    Stock("niobium", "usa", "ferroniobium_unit_value", 2250, 12600),
)


def rows(facts: Facts) -> Iterator[Row]:
    for stock in STOCKS:
        for parameter, fact in (
            ("opening_stock", _opening(stock)),
            ("closing_stock", judged(0, "t", "what was there at the start is not built up again")),
            ("holding_cost", _holding(facts, stock)),
            ("max_stock", _most(stock)),
        ):
            good = f"{stock.metal}/refined"
            yield number("good_values", fact, good=good, parameter=parameter)


def _opening(stock: Stock) -> Fact:
    note = "nothing shows a draw from trade stocks in 2021; at most a month of use may have lain by"
    return judged(0, "t", note, low=0, high=stock.month)


def _holding(facts: Facts, stock: Stock) -> Fact:
    variable = "price_per_kg_metal" if stock.metal == "niobium" else "price"
    price = money(
        facts.one(
            "prices",
            stock.metal,
            region=stock.region,
            variable=variable,
            item=stock.price,
            year=2021,
        ),
        "USD_2021/t",
        1000,
    )
    return derived(
        round(HOLDING * price.value, -1),
        "USD_2021/t/year",
        f"1 % of the price of 2021 ({price.value:.6g} USD/t) for store and insurance",
        price,
        low=round(LEAST * price.value, -1),
        high=round(MOST * price.value, -1),
        grade="D",
    )


def _most(stock: Stock) -> Fact:
    note = "about four months of the requirement of 2040: stores and money tied up are finite"
    return judged(stock.most, "t", note, low=stock.most / 2, high=2 * stock.most)
