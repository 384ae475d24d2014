"""Systems made in Python without a study folder, for tests of rooms below the reader. A number
stands for every year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.system.nouns import (
    Deposit,
    Good,
    Host,
    Period,
    Process,
    Product,
    System,
    frozen_array,
    frozen_map,
)

Value = npt.ArrayLike
NO_LIMIT = ("max_activity",)
UNKNOWN = ("observed", "host_content")
SERIES_OF_PROCESS = (
    "variable_cost",
    "import_price",
    "transport_cost",
    "credit",
    "transfer",
    "electricity",
    "direct_emission",
    "embodied_emission",
    "transport_emission",
    "max_activity",
    "min_activity",
    "observed",
    "host_content",
)


class ByHand:
    """Collects goods, processes, deposits and products, and makes the System."""

    def __init__(
        self,
        first: int = 2021,
        last: int = 2021,
        *,
        metals: Sequence[str] = ("lithium",),
        periods: tuple[Period, ...] | None = None,
        convention: Any = "uniform",
    ) -> None:
        self.periods = periods or tuple(Period(y, y) for y in range(first, last + 1))
        self.count = self.periods[-1].last - self.periods[0].first + 1
        self.metals, self.convention = tuple(metals), convention
        self.goods: dict[str, Good] = {}
        self.processes: dict[str, Process] = {}
        self.deposits: dict[str, Deposit] = {}
        self.hosts: dict[str, Host] = {}
        self.products: dict[str, Product] = {}

    def series(self, value: Value) -> npt.NDArray[np.float64]:
        return frozen_array(np.broadcast_to(np.asarray(value, dtype=float), (self.count,)))

    def good(
        self,
        name: str,
        kind: Any,
        *,
        content: Mapping[str, float] | None = None,
        demand: Value | None = None,
        export: bool = False,
        rate: Value | None = None,
        stage: Any = "processing",
    ) -> ByHand:
        self.goods[name] = Good(
            name,
            kind,
            stage,
            export,
            frozen_map(content or {self.metals[0]: 1.0}),
            frozen_map({}),
            None,
            None if demand is None else self.series(demand),
            None if demand is None else self.series(1.0),
            self.series(0.0),
            None if rate is None else self.series(rate),
        )
        return self

    def process(
        self,
        name: str,
        kind: Any,
        *,
        takes: Mapping[str, Value] | None = None,
        gives: Mapping[str, Value] | None = None,
        ore: Mapping[str, Value] | None = None,
        loss: str = "",
        origin: str = "",
        host: str = "",
        pathway: Any = None,
        stage: Any = "processing",
        **values: Value,
    ) -> ByHand:
        recipe = [
            frozen_map({good: self.series(v) for good, v in (side or {}).items()})
            for side in (takes, gives, ore)
        ]
        names = SERIES_OF_PROCESS
        default = {
            name: np.inf if name in NO_LIMIT else np.nan if name in UNKNOWN else 0.0
            for name in names
        }
        self.processes[name] = Process(
            name,
            kind,
            stage,
            pathway,
            origin,
            host,
            "",
            "",
            loss,
            *recipe,
            1.0,
            **{name: self.series(values.get(name, default[name])) for name in names},
        )
        return self

    def deposit(self, name: str, reserve: float, metal: str | None = None) -> ByHand:
        self.deposits[name] = Deposit(name, metal or self.metals[0], reserve, self.series(0.0), {})
        return self

    def host(self, name: str, output: Value) -> ByHand:
        self.hosts[name] = Host(name, self.series(output), {})
        return self

    def product(
        self,
        name: str,
        *,
        waste: str = "",
        uses: Mapping[str, Value] | None = None,
        history: Mapping[int, float] | None = None,
        initial: Mapping[int, float] | None = None,
        distribution: Any = "fixed",
        mean: Value = 1.0,
        sd: Value = np.nan,
        shape: Value = np.nan,
        dissipated: Value = 0.0,
        content: Mapping[str, float] | None = None,
    ) -> ByHand:
        years = tuple(sorted({**(history or {}), **(initial or {})}))
        cohorts = (len(years) + self.count,)
        held = content or (self.goods[waste].content if waste else {self.metals[0]: 1.0})
        self.products[name] = Product(
            name,
            tuple(held),
            frozen_map(held),
            waste,
            self.series(dissipated),
            distribution,
            *(
                frozen_array(np.broadcast_to(np.asarray(v, dtype=float), cohorts))
                for v in (mean, sd, shape)
            ),
            frozen_map({good: self.series(v) for good, v in (uses or {}).items()}),
            years,
            frozen_array([(history or {}).get(y, np.nan) for y in years]),
            frozen_array([(initial or {}).get(y, np.nan) for y in years]),
        )
        return self

    def system(self) -> System:
        flat = self.series(0.0)
        return System(
            "by_hand",
            "made by hand",
            "home",
            self.metals,
            self.periods,
            2021,
            0.0,
            self.convention,
            "",
            frozen_map({}),
            *(
                frozen_map(x)
                for x in (
                    self.goods,
                    self.processes,
                    {},
                    {},
                    self.deposits,
                    self.hosts,
                    self.products,
                    {},
                )
            ),
            flat,
            flat,
            self.series(1.0),
            self.series(1.0),
            False,
            (),
            "",
        )
