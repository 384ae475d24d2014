"""What processes take, give, emit and cost, by period, and what goods hold (format.md)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from tests.oracle.reader import Array, Study, at

HOME_COSTS = ("variable_cost", "import_price", "transport_cost")
LARGE = 1e30
RAW = ("scrap", "waste")


class Recipes:
    """Processes, goods and their numbers, looked up by name."""

    def __init__(self, study: Study) -> None:
        """Index a study."""
        self.study = study
        self.processes = {row["process"]: row for row in study.rows["processes"]}
        self.goods = {row["good"]: row for row in study.rows["goods"]}
        self.deposits = {key[0] for key in study.keys("deposits")}
        self.periods = range(len(study.firsts))
        self.rate = float(study.head["discount_rate"])

    # ---- money and time (conventions.md, "Time and money")

    @cached_property
    def discounts(self) -> Array:
        """Discount factor of each year; the first is undiscounted."""
        return (1.0 + self.rate) ** -(self.study.years - self.study.years[0]).astype(float)

    @cached_property
    def beta(self) -> Array:
        """Discount factor of each period, the sum over its years."""
        return self.study.mean(self.discounts) * self.study.lengths

    @cached_property
    def gaps(self) -> Array:
        """Years between the midpoints of a period and the one before it."""
        starts = self.study.starts
        middles = (starts[:-1] + starts[1:]) / 2
        return np.diff(middles, prepend=middles[0])

    # ---- recipes

    @cached_property
    def flows(self) -> dict[tuple[str, str, str], Array]:
        """Coefficient by process, good or deposit, and direction."""
        table = self.study.numbers["coefficients"]
        return {key: self.study.by_period("coefficients", *key) for key in table}

    def out(self, good: str, process: str) -> Array:
        """Tonnes of a good that a unit of activity gives."""
        return self.flows.get((process, good, "out"), np.zeros(len(self.periods)))

    def taken(self, good: str, process: str) -> Array:
        """Tonnes of a good or deposit that a unit of activity takes."""
        return self.flows.get((process, good, "in"), np.zeros(len(self.periods)))

    @cached_property
    def sides(self) -> dict[tuple[str, str], list[str]]:
        """Goods by process and direction, and processes by good and direction."""
        found: dict[tuple[str, str], list[str]] = {}
        for process, good, direction in self.flows:
            found.setdefault((process, direction), []).append(good)
            found.setdefault((good, direction), []).append(process)
        return found

    def outputs(self, process: str) -> list[str]:
        """Goods that a process gives."""
        return [g for g in self.sides.get((process, "out"), []) if g in self.goods]

    def hosting(self, host: str) -> list[str]:
        """Processes whose activity is output of a host (format.md, "coefficients.csv")."""
        return [] if host in self.goods else self.makers(host)

    def inputs(self, process: str) -> list[str]:
        """Goods that a process takes."""
        return [g for g in self.sides.get((process, "in"), []) if g not in self.deposits]

    def makers(self, good: str) -> list[str]:
        """Processes that give a good."""
        return self.sides.get((good, "out"), [])

    def takers(self, good: str) -> list[str]:
        """Processes that take a good or a deposit."""
        return self.sides.get((good, "in"), [])

    # ---- goods

    def content(self, good: str, metal: str) -> float:
        """Metal in a tonne of a good."""
        own = self.goods[good]["metal"]
        if own:
            return 1.0 if own == metal else 0.0
        return self.study.constant("good_values", good, metal, "content")

    def equivalent(self, good: str, metal: str) -> float:
        """Refined metal that a tonne of a good stands for; 0 where the study states none."""
        if self.content(good, metal) == 0.0:
            return 0.0
        if self.goods[good]["kind"] == "refined":
            return 1.0
        for key in ((good, metal, "equivalent"), (good, "", "equivalent")):
            if self.study.has("good_values", *key):
                return self.study.constant("good_values", *key)
        return 0.0

    def worth(self, good: str, metal: str) -> float:
        """Refined metal that a tonne of metal in a good stands for in reports; the metal itself
        where the study states none."""
        own = [(good, each, "equivalent") for each in (metal, "")]
        stated = any(self.study.has("good_values", *key) for key in own)
        content = self.content(good, metal)
        known = stated or self.goods[good]["kind"] == "refined"
        return self.equivalent(good, metal) / content if known and content else 1.0

    def form(self, good: str) -> str:
        """The form in which a good is traded (conventions.md, "What crosses the border")."""
        row = self.goods[good]
        if row["kind"] in RAW or row["kind"] == "refined":
            return "raw" if row["kind"] in RAW else "processing"
        return {"use": "manufacture", "recycling": "raw"}.get(row["stage"], row["stage"])

    def metals(self, process: str) -> set[str]:
        """Metals that a process gives."""
        return {
            metal
            for metal in self.study.head["metals"]
            if any(self.content(good, metal) for good in self.outputs(process))
        }

    @cached_property
    def demand(self) -> dict[str, Array]:
        """Demand D by demanded good."""
        return {g: self.study.by_period("demand", g) for (g,) in self.study.keys("demand")}

    def exported(self, good: str) -> bool:
        """Whether the demand of a good is an export."""
        return self.goods[good]["export"] == "yes"

    # ---- running cost and emissions of a unit of activity

    def number(self, process: str, parameter: str, default: float = 0.0) -> Array:
        """A number of a process by period."""
        return self.study.by_period("process_values", process, parameter, default=default)

    def host_need(self, process: str) -> Array:
        """Tonnes of the host for a tonne of by-product, 1 / c, the mean of the years."""
        content = self.study.yearly("process_values", process, "host_content")
        return self.study.mean(1.0 / content)

    def won(self, process: str, metal: str) -> Array:
        """Metal that a unit of activity gives, w (mathematics.md, depletion)."""
        zero = np.zeros(len(self.periods))
        given = [
            self.flows[process, good, "out"] * self.content(good, metal)
            for good in self.outputs(process)
        ]
        return sum(given, zero)

    def running_cost(self, process: str) -> Array:
        """Running cost less credits, c."""
        costs = sum(self.number(process, name) for name in HOME_COSTS)
        return costs - self.number(process, "credit") + self.carbon_paid(process)

    def carbon_paid(self, process: str) -> Array:
        """In a study with places: the carbon price paid abroad, and on imports at the border
        (conventions.md, "Places and trade")."""
        study, row = self.study, self.processes[process]
        if row["place"] and row["kind"] != "trade":
            price = study.yearly("series", at("carbon_price", row["place"]))
            return study.mean(price * self.emission(process, "footprint"))
        if study.head.get("places") and row["kind"] == "import":
            charged = bool(study.head.get("border_adjustment"))
            price = charged * study.yearly("series", "carbon_price")
            return study.mean(price * self.emission(process, "footprint"))
        return np.zeros(len(self.periods))

    def emission(self, process: str, scope: str) -> Array:
        """Emission factor e of a scope (conventions.md, "Metal, carbon, trade")."""
        study = self.study

        def by_year(name: str) -> Array:
            return study.yearly("process_values", process, name)

        place = self.processes[process]["place"]
        index = study.yearly("series", at("direct_emission_index", place), default=1.0)
        grid = study.yearly("series", at("grid_intensity", place))
        total = by_year("direct_emission") * index + by_year("electricity") * grid
        if self.processes[process]["kind"] in ("import", "trade"):
            total = 0.0 * total
        if scope == "territorial" and place:
            total = 0.0 * total
        if scope == "footprint":
            abroad = study.yearly("series", "foreign_emission_index", default=1.0)
            total = total + (by_year("embodied_emission") + by_year("transport_emission")) * abroad
        return study.mean(total)
