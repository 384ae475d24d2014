"""Goods, processes, ramps, plants, deposits, hosts and use stocks, made from the rows of a study in
force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.study.problems import Problems
from planner.study.rows import RowReader, StructureRow
from planner.study.schema import BY_NAME, SERIES_DEFAULTS
from planner.study.values import Values, constant, frozen
from planner.system.nouns import (
    Array,
    Deposit,
    Exploration,
    Good,
    Host,
    Measure,
    Observed,
    Place,
    Plant,
    Process,
    Product,
    Ramp,
    Stockpile,
    frozen_array,
    frozen_map,
)

NEEDS_SD = ("normal", "folded_normal", "lognormal", "gamma")
NEEDS_SHAPE = ("weibull",)
_SERIES_OF_PROCESS = (
    "variable_cost",
    "import_price",
    "transport_cost",
    "credit",
    "transfer",
    "electricity",
    "direct_emission",
    "embodied_emission",
    "transport_emission",
    "min_activity",
)


@dataclass(frozen=True, slots=True)
class Nouns:
    """All nouns of a study by kind and name."""

    goods: dict[str, Good]
    processes: dict[str, Process]
    ramps: dict[str, Ramp]
    plants: dict[str, Plant]
    deposits: dict[str, Deposit]
    hosts: dict[str, Host]
    products: dict[str, Product]
    measures: dict[str, Measure]
    exploration: dict[str, Exploration]
    observations: tuple[Observed, ...]


NONE = Nouns({}, {}, {}, {}, {}, {}, {}, {}, {}, ())


class Maker:
    """Makes the nouns; collects problems that show only when the rows of a noun are seen together.

    Of the nouns made `before`, of the same study with other values, it keeps those, and those
    parts, that no changed value makes.
    """

    def __init__(
        self,
        reader: RowReader,
        values: Values,
        discount_rate: float,
        problems: Problems,
        before: Nouns = NONE,
    ) -> None:
        self.reader, self.values, self.discount_rate, self.problems, self.before = (
            reader,
            values,
            discount_rate,
            problems,
            before,
        )
        self.changed = values.changed
        self.length = values.last - values.first + 1

    def make(self) -> Nouns:
        """All nouns, by name."""
        before = self.before
        goods = before.goods | {
            row.name: self.good(row)
            for row in self.rows("goods", "demand", "good_values", "collection")
        }
        deposits = before.deposits | self.deposits()
        products = before.products | {
            row.name: self.product(row, goods)
            for row in self.rows("products")
            if self.changed(row.name, "cohorts", "product_values", "uses")
            or self.changed(row.cells["waste"], "good_values")
        }
        return Nouns(
            goods,
            before.processes
            | {
                row.name: self.process(row, deposits)
                for row in self.rows("processes", "coefficients", "process_values")
            },
            before.ramps | {name: self.ramp(name) for name in self.names("ramps")},
            before.plants | {name: self.plant(name) for name in self.names("plants")},
            deposits,
            before.hosts
            | {
                name: Host(name, self.series("hosts", (name,), "output"))
                for name in self.names("hosts")
            },
            products,
            before.measures
            | {
                row.name: self.measure(row, goods, products)
                for row in self.rows("measures", "measure_values")
            },
            before.exploration
            | {name: self.exploration(name) for name in self.names("exploration")},
            self.observations() if self.names("observations") else before.observations,
        )

    def whole_study(self) -> dict[str, Array]:
        """The series of the whole study, such as the carbon price; the default where no row gives
        one."""
        form = BY_NAME["series"].parameters[0].name
        return {
            name: self.series("series", (name,), form, absent=absent)
            for name, absent in SERIES_DEFAULTS.items()
        }

    # ---- small questions

    def rows(self, table: str, *tables: str) -> list[StructureRow]:
        """The rows of a structure table by name; only those of which one of the tables of numbers
        says something else than before."""
        rows, changed = self.reader.structure.get(table, {}), self.changed
        return [
            rows[name]
            for name in sorted(name for name in rows if not tables or changed(name, *tables))
        ]

    def names(self, table: str) -> list[str]:
        """Names that a table of numbers defines and that have a row in force, those that changed."""
        return [name for name in self.values.names(table) if self.changed(name, table)]

    def constant(self, value: float) -> Array:
        return constant(self.length, value)

    def series(
        self, table: str, keys: tuple[str, ...], name: str, absent: float | None = None
    ) -> Array:
        """A series that is there by default, by `absent`, or must be given."""
        found = self.values.series(table, keys, name, absent=absent)
        return self.constant(np.nan) if found is None else found

    def lacking(self, table: str, keys: tuple[str, ...], name: str, message: str) -> bool:
        """Report that a number is missing, unless its row was refused already; places it at the
        first row of its key."""
        if self.values.has(table, keys, name) or self.problems.spoiled("keys of", table):
            return False
        file, row = self.values.first_row(table, keys[0])
        self.problems.add(file, row, "", message)
        return True

    # ---- nouns

    def good(self, row: StructureRow) -> Good:
        name, values = row.name, self.values
        # where the whole table was refused, no good is taken to be demanded, or each would be told
        # to be
        demand = (
            None if self.problems.spoiled("demand") else values.series("demand", (name,), "demand")
        )
        shortage = values.series("good_values", (name, ""), "shortage_cost")
        if demand is not None and shortage is None:
            self.lacking(
                "good_values",
                (name, ""),
                "shortage_cost",
                (
                    f"good '{name}' is demanded and has no shortage_cost; give one, a stated "
                    "multiple of its dearest supply"
                ),
            )
        rate = values.series("collection", (name,), "rate")
        if (
            rate is not None
            and row.cells["kind"] != "waste"
            and not self.problems.spoiled("goods", name)
        ):
            self.problems.add(
                *values.first_row("collection", name),
                "good",
                f"'{name}' is {row.cells['kind']}; only goods of kind waste are collected",
            )
        content, equivalent, stockpile = self._held(row)
        return Good(
            name,
            row.cells["kind"],  # type: ignore[arg-type]
            row.cells["stage"],  # type: ignore[arg-type]
            row.cells["export"] == "yes",
            content,
            equivalent,
            stockpile,
            demand,
            self.constant(np.nan)
            if demand is not None and shortage is None
            else shortage
            if demand is not None
            else None,
            self.series("good_values", (name, ""), "disposal_cost"),
            rate,
        )

    def _held(
        self, row: StructureRow
    ) -> tuple[Mapping[str, float], Mapping[str, float], Stockpile | None]:
        """What a good holds and counts for, and how it is stored."""
        name, metal = row.name, row.cells["metal"]
        if not self.changed(name, "good_values"):
            kept = self.before.goods[name]
            return kept.content, kept.equivalent, kept.stockpile
        content = self._content(row)
        return (
            frozen_map(content),
            frozen_map(self._equivalent(name, metal)),
            self._stockpile(name, len(content) > 1 or not metal),
        )

    def _content(self, row: StructureRow) -> dict[str, float]:
        """t of metal per t: 1 of its metal, or what good_values says of a joint good."""
        name, metal = row.name, row.cells["metal"]
        stated = {
            key[1][1]: self.values.rows[key][0]
            for key in self.values.keys("good_values", name)
            if key[2] == "content"
        }
        if metal:
            for found in stated.values():
                self.problems.add(
                    found.file,
                    found.row,
                    "parameter",
                    (
                        f"good '{name}' is counted in contained {metal}; drop its content, or "
                        "empty its metal in goods.csv"
                    ),
                )
            return {metal: 1.0}
        if (
            not stated
            and not self.problems.spoiled("goods", name)
            and not self.problems.spoiled("keys of", "good_values", name)
        ):
            self.problems.add(
                "goods.csv",
                row.row,
                "metal",
                f"'{name}' has neither a metal nor contents; give its metal, or rows "
                "with parameter content in good_values.csv if it is a joint good",
            )
        total = sum(found.value for found in stated.values())
        if total > 1 + 1e-9:
            worst = max(stated.values(), key=lambda found: found.row)
            self.problems.add(
                worst.file,
                worst.row,
                "value",
                f"the contents of '{name}' add up to {total:g} t/t; they must not exceed 1",
            )
        return {of: found.value for of, found in stated.items()}

    def _equivalent(self, name: str, metal: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for key in self.values.keys("good_values", name):
            if key[2] != "equivalent":
                continue
            row, of = self.values.rows[key][0], key[1][1] or metal
            if not of:
                self.problems.add(
                    row.file,
                    row.row,
                    "metal",
                    f"is empty, but '{name}' is a joint good; name the metal it is equivalent to",
                )
            elif metal and of != metal:
                self.problems.add(
                    row.file, row.row, "metal", f"'{name}' holds {metal}, not {of}; correct it"
                )
            elif of in found:
                self.problems.add(
                    row.file,
                    row.row,
                    "metal",
                    f"the equivalent of '{name}' in {of} is given twice; keep one row",
                )
            found[of] = row.value
        return found

    def _stockpile(self, name: str, joint: bool) -> Stockpile | None:
        opening, closing, most = (
            self.values.single("good_values", (name, ""), p)
            for p in ("opening_stock", "closing_stock", "max_stock")
        )
        holding = self.series("good_values", (name, ""), "holding_cost")
        row = self.values.rows.get(("good_values", (name, ""), "opening_stock"), [None])[0]
        if opening is None:
            for parameter in ("closing_stock", "max_stock", "holding_cost"):
                for extra in self.values.rows.get(("good_values", (name, ""), parameter), ())[:1]:
                    if not self.problems.spoiled("good_values", (name, ""), "opening_stock"):
                        self.problems.add(
                            extra.file,
                            extra.row,
                            "parameter",
                            (
                                f"'{name}' has {parameter} but no opening_stock; add that row (0 "
                                "if it starts empty)"
                            ),
                        )
            return None
        closing, most = opening if closing is None else closing, np.inf if most is None else most
        if row is not None and joint:
            self.problems.add(
                row.file,
                row.row,
                "good",
                f"'{name}' is a joint good; only single-metal goods can be stored",
            )
        if row is not None and max(opening, closing) > most:
            self.problems.add(
                row.file,
                row.row,
                "value",
                f"the stock of '{name}' at the start or end is above its max_stock; order them",
            )
        return Stockpile(opening, closing, most, holding)

    def process(self, row: StructureRow, deposits: dict[str, Deposit]) -> Process:
        name, cells = row.name, row.cells
        inputs, outputs, ore = self._recipe(name, deposits)
        content = self.values.series("process_values", (name,), "host_content")
        if cells["host"] and content is None:
            self.lacking(
                "process_values",
                (name,),
                "host_content",
                f"process '{name}' has a host and no host_content; give the metal "
                "that a tonne of host output can yield",
            )
        most = self.series("process_values", (name,), "max_activity", absent=np.inf)
        made: dict[str, Any] = {
            p: self.series("process_values", (name,), p) for p in _SERIES_OF_PROCESS
        }
        if (made["min_activity"] > most).any():
            year = self.values.first + int(np.argmax(made["min_activity"] > most))
            self.problems.add(
                *self.values.first_row("process_values", name),
                "value",
                (
                    f"min_activity of '{name}' is above its max_activity in {year}; lower one or "
                    "raise the other"
                ),
            )
        return Process(
            name,
            cells["kind"],  # type: ignore[arg-type]
            cells["stage"],  # type: ignore[arg-type]
            cells["pathway"] or None,  # type: ignore[arg-type]
            cells["origin"],
            cells["host"],
            cells["plant"],
            cells["ramp_group"],
            cells["loss"],
            inputs,
            outputs,
            ore,
            loading=self._given("process_values", (name,), "loading"),
            max_activity=most,
            observed=self._observed(name),
            host_content=self.constant(np.nan) if content is None else content,
            **made,
        )

    def _recipe(self, name: str, deposits: dict[str, Deposit]) -> tuple[Mapping[str, Array], ...]:
        """What goes in, what comes out, and the ore taken from deposits, per unit of activity."""
        if not self.changed(name, "coefficients"):
            kept = self.before.processes[name]
            return kept.inputs, kept.outputs, kept.deposits
        recipe: dict[str, dict[str, Array]] = {"in": {}, "out": {}, "deposit": {}}
        for key in self.values.keys("coefficients", name):
            _, good, direction = key[1]
            kind = (
                "deposit"
                if good in deposits and good not in self.reader.structure.get("goods", {})
                else direction
            )
            if kind == "deposit" and direction == "out":
                at = self.values.rows[key][0]
                self.problems.add(
                    at.file, at.row, "direction", f"nothing goes out to deposit '{good}'; write in"
                )
            recipe[kind][good] = self.series("coefficients", key[1], "coefficient")
        return tuple(map(frozen_map, recipe.values()))

    def _observed(self, name: str) -> Array:
        """The activities observed in years of the study, NaN in all others, shape (Y,)."""
        events = self.values.events("process_values", (name,), "observed")
        if not events:
            return self.constant(np.nan)
        observed = np.full(self.length, np.nan)
        for year, at in events.items():
            if self.values.first <= year <= self.values.last:
                observed[year - self.values.first] = at.value
            else:
                self.problems.add(
                    at.file,
                    at.row,
                    "year",
                    f"'{name}' was observed in {year}, outside {self.values.first} to "
                    f"{self.values.last}, where it would go unheeded; drop the row, or put it "
                    "into observations.csv",
                )
        return frozen(observed)

    def _given(self, table: str, keys: tuple[str, ...], name: str) -> float:
        """The one value, NaN where there is none."""
        value = self.values.single(table, keys, name)
        return np.nan if value is None else value

    def ramp(self, name: str) -> Ramp:
        growth = self.values.single("ramps", (name,), "growth")
        if growth is None and self.values.has("ramps", (name,), "step"):
            self.lacking(
                "ramps",
                (name,),
                "growth",
                (
                    f"ramp group '{name}' has a step and no growth; give growth (0: only the step "
                    "counts)"
                ),
            )
        return Ramp(
            name,
            np.inf if growth is None else growth,
            self._given("ramps", (name,), "step"),
            self._given("ramps", (name,), "decline"),
            np.zeros(self.length, dtype=bool),
        )

    def plant(self, name: str) -> Plant:
        keys, values = (name,), self.values
        price = values.series("plants", keys, "capital_cost")
        life = self._given("plants", keys, "life")
        under_construction = values.events("plants", keys, "under_construction")
        if price is not None or under_construction:
            self.lacking(
                "plants",
                keys,
                "life",
                (
                    f"plant '{name}' can be ordered or is under construction and has no life; give "
                    "its life"
                ),
            )
        existing = self.series("plants", keys, "existing_capacity")
        years = np.arange(values.first, values.last + 1)
        for year, row in under_construction.items():
            if not values.first <= year <= values.last:
                self.problems.add(
                    row.file,
                    row.row,
                    "year",
                    f"'{name}' would start in {year}, outside {values.first} to {values.last}; "
                    "put what stands already into existing_capacity, drop what comes later",
                )
            # the last year of a life that is no whole number counts by its part
            existing = existing + row.value * np.where(
                years >= year, np.clip(year + life - years, 0.0, 1.0), 0.0
            )
        lead = self._given("plants", keys, "lead_time")
        if lead > np.floor(lead):
            at = values.rows["plants", keys, "lead_time"][0]
            self.problems.add(
                at.file,
                at.row,
                "value",
                f"is {lead:g} years; lead_time counts whole years from order to operation",
            )
        rate = values.single("plants", keys, "interest_rate")
        return Plant(
            name,
            frozen(existing),
            self.constant(np.nan) if price is None else price,
            self.series("plants", keys, "fixed_cost"),
            life,
            int(lead) if np.isfinite(lead) else 0,
            self.series("plants", keys, "availability"),
            self.series("plants", keys, "max_new", absent=np.inf),
            self.series("plants", keys, "max_capacity", absent=np.inf),
            self.discount_rate if rate is None else rate,
        )

    def deposits(self) -> dict[str, Deposit]:
        found: dict[str, Deposit] = {}
        for keys in dict.fromkeys(
            key[1] for name in self.names("deposits") for key in self.values.keys("deposits", name)
        ):
            name, metal = keys
            if name in found:
                self.problems.add(
                    *self.values.first_row("deposits", name),
                    "metal",
                    (
                        f"deposit '{name}' is of {found[name].metal} and of {metal}; give each "
                        "metal a deposit of its own name"
                    ),
                )
            reserve = self.values.single("deposits", keys, "reserve")
            if reserve is None:
                self.lacking(
                    "deposits",
                    keys,
                    "reserve",
                    f"deposit '{name}' has no reserve; give the metal in it at the start",
                )
            found[name] = Deposit(
                name,
                metal,
                np.nan if reserve is None else reserve,
                self.series("deposits", keys, "additions"),
            )
        return found

    def product(self, row: StructureRow, goods: dict[str, Good]) -> Product:
        name, waste, kind = row.name, row.cells["waste"], row.cells["distribution"]
        content = (
            dict(goods[waste].content)
            if waste in goods
            else {row.cells["metal"]: 1.0}
            if row.cells["metal"]
            else {}
        )
        self._check_waste(row, goods)
        history, inflow, stock = self._history(name)
        since = history[0] if history else self.values.first
        life = {
            p: self.values.series("product_values", (name,), p, since=since)
            for p in ("lifetime_mean", "lifetime_sd", "lifetime_shape")
        }
        needed = [
            "lifetime_mean",
            *["lifetime_sd"] * (kind in NEEDS_SD),
            *["lifetime_shape"] * (kind in NEEDS_SHAPE),
        ]
        for parameter in needed:
            if life[parameter] is None and not self.problems.spoiled("products", name):
                what = (
                    f"product '{name}' has no {parameter}, which a {kind} lifetime needs; give it"
                )
                self.lacking("product_values", (name,), parameter, what)
        blank = constant(len(history) + self.length, np.nan)
        mean, sd, shape = (blank if series is None else series for series in life.values())
        dissipated = (
            self.constant(1.0)
            if not waste
            else self.series("product_values", (name,), "dissipated")
        )
        return Product(
            name,
            tuple(m for m in self.reader.head.metals if m in content),
            frozen_map(content),
            waste,
            dissipated,
            kind,  # type: ignore[arg-type]
            mean,
            sd,
            shape,
            self._uses(name, goods),
            history,
            inflow,
            stock,
        )

    def _history(self, name: str) -> tuple[tuple[int, ...], Array, Array]:
        """Years before the first, what entered use in each, and what of it is left when the study
        begins, shape (H,)."""
        if not self.changed(name, "cohorts"):
            kept = self.before.products[name]
            return kept.history_years, kept.history_inflow, kept.initial_stock
        inflow, stock = (self.values.events("cohorts", (name,), p) for p in ("inflow", "stock"))
        given = sorted({*inflow, *stock})
        for year, at in (*inflow.items(), *stock.items()):
            if year >= self.values.first:
                self.problems.add(
                    at.file,
                    at.row,
                    "year",
                    f"is {year}; cohorts end before {self.values.first}, later ones follow demand",
                )
        history = tuple(range(given[0], self.values.first)) if given else ()
        return (
            history,
            frozen_array([inflow[y].value if y in inflow else 0.0 for y in history]),
            frozen_array([stock[y].value if y in stock else np.nan for y in history]),
        )

    def measure(
        self, row: StructureRow, goods: dict[str, Good], products: dict[str, Product]
    ) -> Measure:
        name, cells = row.name, row.cells
        made: dict[str, Array] = {}
        needed = ["cost", "potential", *["ratio"] * bool(cells["instead"])]
        for parameter in ("cost", "potential", "ratio"):
            series = self.values.series("measure_values", (name,), parameter)
            if series is None and parameter in needed:
                self.lacking(
                    "measure_values",
                    (name,),
                    parameter,
                    f"measure '{name}' has no {parameter}; give it",
                )
            made[parameter] = self.constant(0.0) if series is None else series
        longer = self._given("measure_values", (name,), "longer")
        if not self.problems.spoiled("measures", name):
            for column, message in self._measure_problems(row, goods, products, longer):
                self.problems.add("measures.csv", row.row, column, message)
        return Measure(
            name,
            cells["kind"],  # type: ignore[arg-type]
            cells["good"],
            cells["instead"],
            cells["product"],
            longer=longer,
            **made,
        )

    def _measure_problems(
        self,
        row: StructureRow,
        goods: dict[str, Good],
        products: dict[str, Product],
        longer: float,
    ) -> list[tuple[str, str]]:
        """(column, message) of what is wrong with a measure."""
        cells, found = row.cells, []
        lasting = cells["kind"] == "lifetime"
        for column in ("good", "instead"):
            if (
                cells[column] in goods
                and goods[cells[column]].demand is None
                and not self.problems.spoiled("keys of", "demand")
            ):
                found.append((column, f"'{cells[column]}' is not demanded; name a demanded good"))
        if cells["instead"] and (
            cells["kind"] != "substitution" or cells["instead"] == cells["good"]
        ):
            found.append(
                (
                    "instead",
                    (
                        f"'{cells['instead']}' can stand in only for another good, in a "
                        "substitution; empty it"
                    ),
                )
            )
        if bool(cells["product"]) != lasting:
            found.append(
                ("product", "a lifetime measure names its product, and no other does; correct it")
            )
        if lasting and not longer > 0:
            found.append(
                (
                    "kind",
                    (
                        f"measure '{row.name}' has no row 'longer' in measure_values.csv; give the "
                        "years it adds"
                    ),
                )
            )
        users = [p.name for p in products.values() if cells["good"] in p.uses]
        if lasting and cells["product"] in products and users != [cells["product"]]:
            where = ", ".join(users) or "no use stock"
            found.append(
                (
                    "product",
                    (
                        f"'{cells['good']}' enters {where}; it must enter '{cells['product']}', "
                        "and that alone"
                    ),
                )
            )
        return found

    def exploration(self, name: str) -> Exploration:
        keys = (name,)
        for parameter in ("cost", "potential"):
            self.lacking(
                "exploration",
                keys,
                parameter,
                f"exploration of '{name}' has no {parameter}; give it",
            )
        delay, most = (
            self._given("exploration", keys, "delay"),
            self.values.single("exploration", keys, "most"),
        )
        if delay > np.floor(delay):
            at = self.values.rows["exploration", keys, "delay"][0]
            self.problems.add(
                at.file,
                at.row,
                "value",
                f"is {delay:g} years; delay counts whole years from finding to ore",
            )
        return Exploration(
            name,
            self.series("exploration", keys, "cost"),
            self.series("exploration", keys, "potential"),
            int(delay) if np.isfinite(delay) else 0,
            np.inf if most is None else most,
        )

    def observations(self) -> tuple[Observed, ...]:
        """Every observation in force, by name, quantity and year."""
        return tuple(
            Observed(  # type: ignore[call-arg]
                *keys,  # type: ignore[arg-type]
                quantity,
                row.year or 0,
                row.value,
                row.low,
                row.high,
                row.source,
                row.grade,
                Place(row.file, row.row),
            )
            for name in self.values.names("observations")
            for table, keys, quantity in self.values.keys("observations", name)
            for row in self.values.rows[table, keys, quantity]
        )

    def _check_waste(self, row: StructureRow, goods: dict[str, Good]) -> None:
        name, waste, metal = row.name, row.cells["waste"], row.cells["metal"]
        if self.problems.spoiled("products", name):
            return
        if (
            waste in goods
            and goods[waste].kind != "waste"
            and not self.problems.spoiled("goods", waste)
        ):
            self.problems.add(
                "products.csv",
                row.row,
                "waste",
                f"good '{waste}' is of kind {goods[waste].kind}; name one of kind waste",
            )
        if bool(waste) == bool(metal):
            what = (
                "both a metal and a waste good; empty the metal"
                if waste
                else (
                    "neither a waste good nor a metal; name what it becomes, or its metal if all "
                    "of it is dissipated"
                )
            )
            self.problems.add("products.csv", row.row, "metal", f"product '{name}' has {what}")
        stated = self.values.series("product_values", (name,), "dissipated")
        if (
            not waste
            and stated is not None
            and self.values.has("product_values", (name,), "dissipated")
            and (stated < 1).any()
        ):
            self.problems.add(
                *self.values.first_row("product_values", name),
                "parameter",
                (
                    f"product '{name}' leaves no waste good, so all of it is dissipated; drop the "
                    "row, or name a waste good"
                ),
            )

    def _uses(self, name: str, goods: dict[str, Good]) -> Mapping[str, Array]:
        if not self.changed(name, "uses"):
            return self.before.products[name].uses
        uses: dict[str, Array] = {}
        for key in self.values.keys("uses", name):
            good, at = key[1][1], self.values.rows[key][0]
            uses[good] = self.series("uses", key[1], "use")
            unsure = self.problems.spoiled("demand") or self.problems.spoiled("keys of", "demand")
            if good in goods and goods[good].demand is None and not unsure:
                self.problems.add(
                    at.file,
                    at.row,
                    "good",
                    (
                        f"'{good}' is not demanded, so that none of it enters use; add it to "
                        "demand.csv"
                    ),
                )
            elif good in goods and goods[good].export:
                self.problems.add(
                    at.file,
                    at.row,
                    "good",
                    f"'{good}' is an export; it enters no use stock at home",
                )
        return frozen_map(uses)
