"""Random studies that leave the shape of the shipped ones, written as folders (format.md).

    python -m tests.oracle.generator SEED FOLDER

The same seed gives the same folder. Every part of a study is drawn by a function of its own.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

METALS = ("lithium", "cobalt", "nickel")
ORIGINS = ("Chile", "Peru", "Ghana")
FIRST = 2021
SHARED = ("year", "value", "unit", "extend", "source")
DISTRIBUTIONS = (
    "fixed",
    "normal",
    "folded_normal",
    "lognormal",
    "weibull",
    "gamma",
    "exponential",
)
SCOPES = ("territorial", "footprint")
UNITS = {"good_values": {"holding_cost": "USD_2021/t/year"}}


SCRAP_EQUIVALENT = 0.125


class Draft:
    """A study being drawn: its head, its tables, and the dice."""

    def __init__(self, seed: int) -> None:
        """Start with the years and the metals."""
        self.dice = random.Random(seed)
        self.metals = list(METALS[: self.dice.choice((1, 1, 2, 2, 3))])
        self.firsts, self.last = self._periods()
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.demanded: dict[str, list[str]] = {metal: [] for metal in self.metals}
        self.lines: dict[str, dict[str, list[str]]] = {m: {} for m in self.metals}
        self.head = {
            "discount_rate": self.dice.choice((0.0, 0.03, 0.05, 0.1)),
            "stock_convention": self.dice.choice(("uniform", "uniform", "end", "middle", "start")),
            "border_adjustment": self.chance(0.2),
        }

    def _periods(self) -> tuple[list[int], int]:
        lengths = [self.dice.choice((1, 1, 1, 2, 3, 5)) for _ in range(self.dice.randint(1, 6))]
        if self.chance(0.4):
            lengths = [1] * len(lengths)
        firsts = [FIRST + sum(lengths[:i]) for i in range(len(lengths))]
        return firsts, FIRST + sum(lengths) - 1

    def chance(self, probability: float) -> bool:
        """True so often."""
        return self.dice.random() < probability

    def number(self, low: float, high: float) -> float:
        """A number of four digits between two others."""
        return float(f"{self.dice.uniform(low, high):.4g}")

    def row(self, table: str, **fields: Any) -> None:
        """Add a row of words."""
        self.tables.setdefault(table, []).append(fields)

    def value(self, table: str, unit: str, value: Any, **key: Any) -> None:
        """Add a number: one value for all years, or a series over some years."""
        if not isinstance(value, dict):
            self.row(table, **key, value=value, unit=unit, source="made")
            return
        last = max(value)
        for year, number in value.items():
            held = "after" if year == last and last < self.last else ""
            fields = {"year": year, "value": number, "unit": unit, "extend": held}
            self.row(table, **key, **fields, source="made")

    def series(self, low: float, high: float, varies: float = 0.4) -> Any:
        """A number, or a series of numbers at some years."""
        if not self.chance(varies) or self.last == FIRST:
            return self.number(low, high)
        inner = range(FIRST + 1, self.last + 1)
        years = sorted({FIRST, *self.dice.sample(inner, min(len(inner), self.dice.randint(1, 3)))})
        return {year: self.number(low, high) for year in years}

    def years_in_force(self) -> dict[str, int]:
        """`from` and `to` of a policy in part of the years."""
        low, high = sorted(self.dice.choices(range(FIRST, self.last + 1), k=2))
        return self.dice.choice(({}, {"from": low}, {"to": high}, {"from": low, "to": high}))

    def level(self, low: float, high: float) -> tuple[Any, dict[str, int]]:
        """A level of a policy: one number in some years, or a series of its own."""
        if self.chance(0.6) or self.last == FIRST:
            return self.number(low, high), self.years_in_force()
        years = sorted(self.dice.sample(range(FIRST, self.last + 1), 2))
        return {str(year): self.number(low, high) for year in years}, {}


# ---- goods and processes


def good(d: Draft, name: str, metal: str, kind: str, stage: str, export: bool = False) -> str:
    """Add a good."""
    d.row("goods", good=name, metal=metal, kind=kind, stage=stage, export="yes" if export else "")
    return name


def process(d: Draft, name: str, kind: str, stage: str, inputs, outputs, **fields: str) -> str:
    """Add a process with its recipe and running cost."""
    d.row("processes", process=name, kind=kind, stage=stage, loss="lost", **fields)
    for direction, sides in (("in", inputs), ("out", outputs)):
        for name_of_good, amount in sides.items():
            key = {"process": name, "good": name_of_good, "direction": direction}
            d.value("coefficients", "t/t", amount, **key)
    cost = 0 if d.chance(0.1) else d.series(50, 500)
    abroad = kind == "import"
    key = {"process": name, "parameter": "import_price" if abroad else "variable_cost"}
    d.value("process_values", "USD_2021/t", cost, **key)
    more_numbers(d, name, abroad)
    return name


# Odds at home and abroad, name, unit, ends of the range.
NUMBERS = (
    (0.4, 0, "direct_emission", "tCO2e/t", 0, 5),
    (0.4, 0, "electricity", "MWh/t", 0, 8),
    (0.1, 0.6, "embodied_emission", "tCO2e/t", 0, 9),
    (0.1, 0.6, "transport_emission", "kgCO2e/t", 0, 900),
    (0.1, 0.1, "credit", "USD_2021/t", 0, 600),
    (0.15, 0.15, "transport_cost", "USD_2021/kg", 0, 0.1),
    (0.1, 0.1, "transfer", "USD_2021/t", 0, 100),
    (0.1, 0.35, "max_activity", "t/year", 20, 120),
    (0.04, 0.04, "min_activity", "t/year", 0, 8),
)


def more_numbers(d: Draft, name: str, abroad: bool) -> None:
    """Emissions, credits, bounds and observations of a process."""
    for at_home, elsewhere, parameter, unit, low, high in NUMBERS:
        if d.chance(elsewhere if abroad else at_home):
            key = {"process": name, "parameter": parameter}
            d.value("process_values", unit, d.series(low, high), **key)
    if d.chance(0.2):
        years = sorted({d.dice.randint(FIRST, d.last) for _ in range(d.dice.choice((1, 1, 2, 3)))})
        key = {"process": name, "parameter": "observed"}
        d.value("process_values", "t/year", {year: d.number(5, 30) for year in years}, **key)


def equivalent(d: Draft, name: str, metal: str, value: float) -> None:
    """State the refined metal that a good stands for."""
    key = {"good": name, "metal": metal, "parameter": "equivalent"}
    d.value("good_values", "t/t", value, **key)


def upstream(d: Draft, metal: str) -> None:
    """Mines, imports of ore and of metal, refining; home and foreign ore may mix in one good."""
    ore = good(d, f"{metal}/ore", metal, "intermediate", "extraction")
    refined = good(d, f"{metal}/refined", metal, "refined", "processing")
    equivalent(d, ore, metal, d.number(0.7, 0.95))
    line = d.lines[metal] = {"mines": [], "imports": [], "refiners": [], "scrap": []}
    for i in range(d.dice.randint(0, 2)):
        deposit(d, metal, f"{metal}_pit{i}")
        taken = {f"{metal}_pit{i}": d.series(1.0, 1.6, 0.2)}
        name = process(d, f"mine_{metal}{i}", "mine", "extraction", taken, {ore: 1})
        line["mines"].append(name)
    mixed = d.chance(0.5)
    foreign = ore if mixed else good(d, f"{metal}/ore_abroad", metal, "intermediate", "extraction")
    if not mixed:
        equivalent(d, foreign, metal, d.number(0.7, 0.95))
    buy_ore(d, metal, foreign)
    yield_ = d.series(0.7, 0.95, 0.3)
    for source, made in {ore: "domestic primary", foreign: "foreign primary"}.items():
        name = f"refine_{source.replace('/', '_')}"
        line["refiners"].append(
            process(d, name, "refine", "processing", {source: 1}, {refined: yield_}, pathway=made)
        )
    for origin in d.dice.sample(ORIGINS, d.dice.randint(0, 2)):
        buy_refined(d, metal, origin)


def buy_ore(d: Draft, metal: str, ore: str) -> None:
    """Imports of ore, in one step or in two: bought abroad first, then brought to the border."""
    origin = d.dice.choice(ORIGINS)
    line = d.lines[metal]["imports"]
    if d.chance(0.4):
        port = good(d, f"{metal}/at_port", metal, "intermediate", "extraction")
        equivalent(d, port, metal, d.number(0.6, 0.9))
        name = f"buy_{metal}_ore"
        line.append(process(d, name, "import", "extraction", {}, {port: 1}, origin=origin))
        name = f"ship_{metal}_ore"
        brought = {ore: d.number(0.9, 1.0)}
        where = d.dice.choice((origin, d.dice.choice(ORIGINS)))
        line.append(process(d, name, "import", "extraction", {port: 1}, brought, origin=where))
    else:
        name = f"import_{metal}_ore"
        line.append(process(d, name, "import", "extraction", {}, {ore: 1}, origin=origin))


def buy_refined(d: Draft, metal: str, origin: str) -> None:
    """Imports of refined metal."""
    made = d.dice.choice(("foreign primary", "foreign primary", "foreign secondary"))
    name = f"import_{metal}_{origin}"
    outputs = {f"{metal}/refined": 1}
    fields = {"origin": origin, "pathway": made}
    d.lines[metal]["imports"].append(
        process(d, name, "import", "processing", {}, outputs, **fields)
    )


def deposit(d: Draft, metal: str, name: str) -> None:
    """A deposit, its growth by itself and by exploration."""
    key = {"deposit": name, "metal": metal}
    d.value("deposits", "t", d.number(0, 600), **key, parameter="reserve")
    if d.chance(0.3):
        d.value("deposits", "t/year", d.series(0, 20), **key, parameter="additions")
    if d.chance(0.4):
        d.value("exploration", "USD_2021/t", d.series(0, 60), deposit=name, parameter="cost")
        d.value("exploration", "t/year", d.series(5, 60), deposit=name, parameter="potential")
        if d.chance(0.5):
            delay = d.dice.randint(0, 4)
            d.value("exploration", "year", delay, deposit=name, parameter="delay")
        if d.chance(0.5):
            d.value("exploration", "t", d.number(20, 200), deposit=name, parameter="most")


# ---- demand, use and return


def demanded(d: Draft, name: str, metals: list[str], cost: float) -> None:
    """Demand of a good, with its penalty."""
    d.value("demand", "t/year", d.series(0, 80), good=name)
    key = {"good": name, "parameter": "shortage_cost"}
    d.value("good_values", "USD_2021/t", d.series(cost, 2 * cost, 0.2), **key)
    for metal in metals:
        d.demanded[metal].append(name)


def home_product(d: Draft, metal: str) -> None:
    """A product of one metal, made at home or bought, used at home."""
    name = good(d, f"{metal}/goods", metal, "product", "manufacture")
    share = d.number(0.8, 1.0)
    inputs, outputs = {f"{metal}/refined": 1}, {name: share}
    if d.chance(0.3):
        new = good(d, f"{metal}/offcuts", metal, "scrap", "manufacture")
        outputs[new] = d.number(0, 1 - share)
        refined = {f"{metal}/refined": d.number(0.5, 1)}
        fields = {"pathway": "new scrap"}
        process(d, f"remelt_{metal}", "recycle", "recycling", {new: 1}, refined, **fields)
    process(d, f"make_{metal}", "manufacture", "manufacture", inputs, outputs)
    equivalent(d, name, metal, round(1 / share, 4))
    demanded(d, name, [metal], 4000)
    if d.chance(0.3):
        process(d, f"import_{metal}_goods", "import", "manufacture", {}, {name: 1}, origin="Chile")
    if d.chance(0.8):
        use_and_return(d, metal, name)


def exports(d: Draft, metal: str) -> None:
    """Exports of ore, metal, scrap or products."""
    stages = {"ore": "extraction", "refined": "processing", "goods": "manufacture"}
    if any(row["good"] == f"{metal}/scrap" for row in d.tables["goods"]):
        stages["scrap"] = "recycling"
    for source, stage in stages.items():
        if not d.chance(0.2):
            continue
        taken = f"{metal}/{source}" if source != "goods" else f"{metal}/refined"
        name = good(d, f"{metal}/{source}_sold", metal, "product", stage, export=True)
        process(d, f"sell_{metal}_{source}", "manufacture", stage, {taken: 1}, {name: 1})
        equivalent(d, name, metal, d.number(0.7, 1.1))
        demanded(d, name, [metal], 3000)


def life(d: Draft, product: str, leaves_waste: bool = True) -> str:
    """A lifetime distribution and its numbers, by cohort."""
    kind = d.dice.choice(DISTRIBUTIONS)
    mean = d.number(1, 12)

    def add(parameter: str, unit: str, value: float) -> None:
        if d.chance(0.3):
            held = {"year": FIRST - 8, "extend": "before"}, {"year": d.last + 1, "extend": "after"}
            for ends, number in zip(held, (value, round(value * 1.2, 4)), strict=True):
                fields = {"product": product, "parameter": parameter, "value": number}
                d.row("product_values", **fields, unit=unit, source="made", **ends)
        else:
            d.value("product_values", unit, value, product=product, parameter=parameter)

    add("lifetime_mean", "year", mean)
    if kind in ("normal", "folded_normal", "lognormal", "gamma"):
        add("lifetime_sd", "year", round(mean * d.number(0.1, 0.5), 4))
    if kind == "weibull":
        add("lifetime_shape", "1", d.number(0.8, 5))
    if leaves_waste and d.chance(0.3):
        key = {"product": product, "parameter": "dissipated"}
        d.value("product_values", "1", d.series(0, 0.6), **key)
    return kind


def cohorts(d: Draft, product: str, kind: str) -> None:
    """What entered use before the first year, as inflow or as what is left of it, while there can
    be anything left: twice its life later there need not."""
    named = {"product": product, "parameter": "lifetime_mean"}
    life_of = min(r["value"] for r in d.tables["product_values"] if named.items() <= r.items())
    for back in range(1, d.dice.randint(1, 7)):
        stated = "inflow" if kind == "fixed" or d.chance(0.7) else "stock"
        stated = "inflow" if back > 2 * life_of else stated
        unit = "t/year" if stated == "inflow" else "t"
        key = {"product": product, "parameter": stated}
        d.value("cohorts", unit, {FIRST - back: d.number(0, 60)}, **key)


def use_and_return(d: Draft, metal: str, name: str) -> None:
    """A use stock, and what becomes of its waste."""
    product = f"{metal}_in_use"
    if d.chance(0.1):
        d.row("products", product=product, metal=metal, distribution=life(d, product, False))
        d.value("uses", "t/t", d.number(0.5, 1), product=product, good=name)
        return
    waste = good(d, f"{metal}/waste", metal, "waste", "use")
    kind = life(d, product)
    d.row("products", product=product, waste=waste, distribution=kind)
    d.value("uses", "t/t", d.series(0.3, 1.0, 0.3), product=product, good=name)
    cohorts(d, product, kind)
    d.value("collection", "1", d.series(0.2, 1.0), good=waste)
    recycling(d, metal, waste, {f"{metal}/refined": d.number(0.5, 0.95)})


def recycling(d: Draft, name: str, waste: str, outputs: dict[str, Any]) -> None:
    """Collection and recycling, or recyclers that take the waste directly; scrap from abroad."""
    fields = {"pathway": "domestic secondary"}
    if d.chance(0.3):
        process(d, f"recycle_{name}", "recycle", "recycling", {waste: 1}, outputs, **fields)
        return
    joint = d.tables["goods"][-1]["metal"] == "" if name == "packs" else False
    metal = "" if joint else name
    scrap = good(d, f"{name}/scrap", metal, "scrap", "recycling")
    if joint:
        copy_contents(d, waste, scrap)
    process(d, f"collect_{name}", "collect", "recycling", {waste: 1}, {scrap: 1})
    process(d, f"recycle_{name}", "recycle", "recycling", {scrap: 1}, outputs, **fields)
    if d.chance(0.4):
        origin = d.dice.choice(ORIGINS)
        process(d, f"import_{name}_scrap", "import", "recycling", {}, {scrap: 1}, origin=origin)
        for of in d.metals if joint else (metal,):
            equivalent(d, scrap, of, SCRAP_EQUIVALENT)


def copy_contents(d: Draft, source: str, target: str) -> None:
    """Give one joint good the contents of another."""
    rows = [r for r in d.tables["good_values"] if r["good"] == source]
    for row in rows:
        if row["parameter"] == "content":
            d.row("good_values", **{**row, "good": target})


def packs(d: Draft) -> None:
    """A joint product of all metals, and its return: one line that gives them all."""
    content = {metal: d.number(0.05, 0.3) for metal in d.metals}
    name = good(d, "packs/new", "", "product", "manufacture")
    waste = good(d, "packs/waste", "", "waste", "use")
    for metal, share in content.items():
        for joint in (name, waste):
            key = {"good": joint, "metal": metal, "parameter": "content"}
            d.value("good_values", "t/t", share, **key)
        equivalent(d, name, metal, share)
    inputs = {f"{metal}/refined": share for metal, share in content.items()}
    process(d, "make_packs", "manufacture", "manufacture", inputs, {name: 1})
    demanded(d, name, d.metals, 3000)
    kind = life(d, "packs_in_use")
    d.row("products", product="packs_in_use", waste=waste, distribution=kind)
    d.value("uses", "t/t", 1, product="packs_in_use", good=name)
    cohorts(d, "packs_in_use", kind)
    d.value("collection", "1", d.series(0.2, 1.0), good=waste)
    yields = {f"{m}/refined": round(s * d.number(0.4, 0.95), 5) for m, s in content.items()}
    recycling(d, "packs", waste, yields)


# ---- hosts, plants, ramps, stockpiles, measures


def hosts(d: Draft) -> None:
    """A host of one metal or of several: own processes, or one process with two outputs."""
    if not d.chance(0.4):
        return
    d.value("hosts", "kt/year", d.series(0.5, 3), host="zinc")
    lines = {f"byproduct_{m}": {f"{m}/ore": 1} for m in d.metals}
    if len(d.metals) > 1 and d.chance(0.5):
        pair = d.dice.sample(d.metals, 2)
        lines["byproduct_both"] = {f"{m}/ore": d.number(0.2, 0.5) for m in pair}
    for name, outputs in lines.items():
        origin = {"origin": "Peru"} if d.chance(0.2) else {}
        process(d, name, "byproduct", "extraction", {}, outputs, host="zinc", **origin)
        key = {"process": name, "parameter": "host_content"}
        d.value("process_values", "t/t", d.series(0.002, 0.02), **key)


def circuits(d: Draft) -> None:
    """The content of a host: its processes become circuits, one more of them beside, and what is
    left fills a residue that can be mined."""
    if "hosts" not in d.tables or d.chance(0.4):
        return
    for metal in d.metals:
        if d.chance(0.2):
            continue
        d.value("host_contents", "t/t", d.series(0.01, 0.03), host="zinc", metal=metal)
        if d.chance(0.6):
            name = f"byproduct_{metal}_more"
            process(d, name, "byproduct", "extraction", {}, {f"{metal}/ore": 1}, host="zinc")
            key = {"process": name, "parameter": "host_content"}
            d.value("process_values", "t/t", d.series(0.002, 0.01), **key)
        if d.chance(0.6):
            residue(d, metal)


def residue(d: Draft, metal: str) -> None:
    """A residue of the metal in the host, mined at a loss."""
    name = f"{metal}_slag"
    key = {"deposit": name, "metal": metal, "parameter": "reserve"}
    d.value("deposits", "t", d.number(0, 50), **key)
    d.value("residues", "1", d.series(0.2, 0.9), deposit=name, host="zinc")
    taken, given = {name: d.number(1.0, 1.6)}, {f"{metal}/ore": 1}
    process(d, f"rework_{metal}", "mine", "extraction", taken, given)


def plants(d: Draft) -> None:
    """Plants under some of the processes, shared by some."""
    rows = [r for r in d.tables["processes"] if r["kind"] != "import"]
    for i in range(d.dice.randint(0, 3)):
        for row in d.dice.sample(rows, min(len(rows), d.dice.choice((1, 1, 2)))):
            row["plant"] = f"works{i}"
            if d.chance(0.2):
                key = {"process": row["process"], "parameter": "loading"}
                if not any(r.items() >= key.items() for r in d.tables["process_values"]):
                    d.value("process_values", "1", d.number(0.5, 2), **key)
        plant(d, f"works{i}")


def plant(d: Draft, name: str) -> None:
    """A plant: what stands, what is being built, what may be ordered."""

    def add(parameter: str, unit: str, value: Any) -> None:
        d.value("plants", unit, value, plant=name, parameter=parameter)

    add("existing_capacity", "t/year", d.series(10, 80, 0.6))
    if d.chance(0.3):
        add("fixed_cost", "USD_2021/(t/year)/year", d.series(0, 40))
    if d.chance(0.3):
        add("availability", "%", d.series(50, 100))
    if d.chance(0.3):
        add("max_capacity", "t/year", d.series(90, 200))
    building, orders = d.chance(0.3), d.chance(0.7)
    if building:
        add("under_construction", "t/year", {d.dice.randint(FIRST, d.last): d.number(5, 30)})
    if building or orders:
        add("life", "year", d.dice.choice((2, 5, 10, 20, 7.5, 2.5)))
    if orders:
        add("capital_cost", "USD_2021/(kg/year)", d.series(0, 2))
        add("lead_time", "year", d.dice.randint(0, 3))
        if d.chance(0.4):
            add("max_new", "t/year/year", d.series(0, 30))
        if d.chance(0.4):
            add("interest_rate", "%/year", d.dice.choice((0, 4, 8, 12)))


def ramps(d: Draft) -> None:
    """Groups of processes that grow and fall together."""
    for i in range(d.dice.randint(0, 2)):
        rows = [r for r in d.tables["processes"] if "ramp_group" not in r]
        for row in d.dice.sample(rows, min(len(rows), d.dice.randint(1, 3))):
            row["ramp_group"] = f"group{i}"
        key = {"ramp_group": f"group{i}"}
        kind = d.dice.choice(("growth", "decline", "both"))
        if kind != "decline":
            d.value("ramps", "1/year", d.number(0, 0.5), **key, parameter="growth")
            if d.chance(0.7):
                d.value("ramps", "t/year/year", d.number(0, 15), **key, parameter="step")
        if kind != "growth":
            d.value("ramps", "1/year", d.number(0, 0.6), **key, parameter="decline")
            if d.chance(0.3):
                money = d.number(0, 60)
                d.value("ramps", "USD_2021/t", money, **key, parameter="stopping_cost")


def stockpiles(d: Draft) -> None:
    """Stockpiles of any good, with their ends and their holding cost."""
    for row in d.tables["goods"]:
        if (
            not row["metal"]
            or row["good"].endswith("/lot")
            or not d.chance(0.4 if row["kind"] == "refined" else 0.08)
        ):
            continue

        def add(parameter: str, unit: str, value: Any, name: str = row["good"]) -> None:
            d.value("good_values", unit, value, good=name, parameter=parameter)

        opening = d.number(0, 60)
        add("opening_stock", "t", opening)
        if d.chance(0.4):
            add("closing_stock", "t", d.number(0, opening))
        if d.chance(0.3):
            add("max_stock", "t", d.number(opening + 1, opening + 80))
        if d.chance(0.6):
            add("holding_cost", "USD_2021/t/year", d.series(0, 20))


def lots(d: Draft) -> None:
    """Metal bought long ago: a stockpile of its own good, released into refined metal."""
    for metal in d.metals:
        if not d.chance(0.15):
            continue
        lot = good(d, f"{metal}/lot", metal, "intermediate", "processing")
        for parameter, value in (("opening_stock", d.number(10, 90)), ("closing_stock", 0)):
            d.value("good_values", "t", value, good=lot, parameter=parameter)
        outputs, fields = {f"{metal}/refined": 1}, {"pathway": "stockpile"}
        process(d, f"release_{metal}", "release", "processing", {lot: 1}, outputs, **fields)


def disposal(d: Draft) -> None:
    """Costs of disposal."""
    for row in d.tables["goods"]:
        if row["kind"] in ("waste", "scrap") and d.chance(0.3):
            key = {"good": row["good"], "parameter": "disposal_cost"}
            d.value("good_values", "USD_2021/t", d.series(0, 50), **key)


def measures(d: Draft) -> None:
    """Efficiency, substitution and longer lives."""
    wanted = sorted({g for goods in d.demanded.values() for g in goods})
    used = {r["good"]: r["product"] for r in d.tables.get("uses", ())}
    for i in range(d.dice.choice((0, 0, 1, 1, 2))):
        kinds = ("efficiency", "substitution", "lifetime") if used else ("efficiency",)
        kind = d.dice.choice(kinds)
        target = d.dice.choice(sorted(used) if kind == "lifetime" else wanted)
        fields = {"measure": f"measure{i}", "kind": kind, "good": target}
        key = {"measure": f"measure{i}"}
        others = [g for g in wanted if g != target]
        if kind == "lifetime":
            fields["product"] = used[target]
            d.value("measure_values", "year", d.number(0.5, 6), **key, parameter="longer")
        elif kind == "substitution" and others and d.chance(0.7):
            fields["instead"] = d.dice.choice(others)
            d.value("measure_values", "t/t", d.series(0, 2), **key, parameter="ratio")
        d.row("measures", **fields)
        d.value("measure_values", "USD_2021/t", d.series(0, 900), **key, parameter="cost")
        d.value("measure_values", "1", d.series(0, 0.6), **key, parameter="potential")


def carbon_series(d: Draft) -> None:
    """Grid, carbon price and the two indices."""
    units = {"grid_intensity": "tCO2e/MWh", "carbon_price": "USD_2021/tCO2e"}
    for name, unit in units.items():
        d.value("series", unit, d.series(0, 1 if "grid" in name else 60), series=name)
    for name in ("direct_emission_index", "foreign_emission_index"):
        if d.chance(0.5):
            d.value("series", "1", d.series(0.3, 1), series=name)


# ---- policies


def soft(d: Draft) -> dict[str, float]:
    """A penalty, for four floors in five: so low that the target is rather missed, or so high that
    it is met."""
    if not d.chance(0.8):
        return {}
    return {"penalty": d.number(*d.dice.choice(((0, 30), (100, 3000))))}


def self_sufficiency(d: Draft) -> dict[str, Any]:
    """Stages, a share and perhaps the provenance."""
    stages = ["extraction", "processing", "recycling"]
    share, years = d.level(0, 0.9)
    fields = {"metal": d.dice.choice(d.metals), "share": share, **years, **soft(d)}
    fields["stages"] = d.dice.sample(stages, d.dice.randint(1, 3))
    if len(d.tables["processes"]) % 3 == 0:  # no dice, so that seeds keep their studies
        fields["stages"] = ["manufacture"]
    if d.chance(0.6):
        fields["provenance"] = d.dice.choice(("any", "home"))
    return fields


def some_origin(d: Draft) -> str:
    """An origin that a process has."""
    return d.dice.choice(sorted({r["origin"] for r in d.tables["processes"] if r.get("origin")}))


def import_share(d: Draft) -> dict[str, Any]:
    """A ceiling on one origin."""
    share, years = d.level(0.1, 0.9)
    fields = {"metal": d.dice.choice(d.metals), "origin": some_origin(d), "share": share}
    if d.chance(0.6):
        fields["of"] = d.dice.choice(("imports", "demand"))
    return {**fields, **years}


def recycled_content(d: Draft) -> dict[str, Any]:
    """A floor on secondary metal."""
    share, years = d.level(0, 0.5)
    return {"metal": d.dice.choice(d.metals), "share": share, **years, **soft(d)}


def quota(d: Draft) -> dict[str, Any]:
    """A ceiling on some processes together."""
    names = [r["process"] for r in d.tables["processes"]]
    cap, years = d.level(10, 150)
    return {"processes": d.dice.sample(names, min(2, len(names))), "cap": cap, **years}


def collection_target(d: Draft) -> dict[str, Any]:
    """A floor on collection."""
    wastes = [r["good"] for r in d.tables["goods"] if r["kind"] == "waste"]
    share, years = d.level(0, 0.9)
    if not wastes:
        return quota(d) | {"kind": "quota"}
    return {"goods": d.dice.sample(wastes, 1), "share": share, **years, **soft(d)}


def carbon_cap(d: Draft) -> dict[str, Any]:
    """A ceiling on a year's emissions."""
    cap, years = d.level(50, 2000)
    return {"scope": d.dice.choice(("territorial", "footprint")), "cap": cap, **years}


def carbon_budget(d: Draft) -> dict[str, Any]:
    """A ceiling on all emissions."""
    cap = d.number(200, 6000)
    return {"scope": d.dice.choice(("territorial", "footprint")), "cap": cap}


def capital_budget(d: Draft) -> dict[str, Any]:
    """A ceiling on spending."""
    cap, years = d.level(0, 40000)
    return {"cap": cap, **years}


def stockpile_cover(d: Draft) -> dict[str, Any]:
    """A floor on a stockpile."""
    kept = {r["good"] for r in d.tables["good_values"] if r["parameter"] == "opening_stock"}
    kept = sorted(kept & {f"{metal}/refined" for metal in d.metals})
    months, years = d.level(0.5, 4)
    if not kept:
        return carbon_cap(d) | {"kind": "carbon_cap"}
    return {"goods": d.dice.sample(kept, 1), "months": months, **years, **soft(d)}


def closure(d: Draft) -> dict[str, Any]:
    """An origin that is shut."""
    share, years = d.level(0, 0.8)
    fields = {"origin": some_origin(d), "share": share, **years}
    if d.chance(0.5):
        fields["metal"] = d.dice.choice(d.metals)
    return fields


def pin(d: Draft) -> dict[str, Any]:
    """Observed activities held."""
    seen = [r["process"] for r in d.tables["process_values"] if r["parameter"] == "observed"]
    fields = {"tolerance": d.number(0, 0.5), **d.years_in_force(), **soft(d)}
    if not seen:
        return carbon_budget(d) | {"kind": "carbon_budget"}
    if d.chance(0.5):
        fields["processes"] = [d.dice.choice(seen)]
    return fields


POLICIES: tuple[Callable[[Draft], dict[str, Any]], ...] = (
    self_sufficiency,
    self_sufficiency,
    import_share,
    import_share,
    recycled_content,
    quota,
    collection_target,
    carbon_cap,
    carbon_budget,
    capital_budget,
    stockpile_cover,
    closure,
    pin,
)


# ---- curves, take-back, media: drawn last, so that seeds keep what they had


def stepped(d: Draft, of: str, prices: list[float], amounts: dict[str, Any], least: int) -> None:
    """A curve of some steps of rising or falling prices, by the same series in all of them; `least`
    steps have an amount (or reserve)."""
    parameter, unit = amounts["parameter"], amounts["unit"]
    base = d.series(0.8, 1.2)
    many = len(prices)
    bounded = many if least >= many or d.chance(0.5) else many - 1
    for i, price in enumerate(prices):
        key = {"of": of, "step": str(i + 1)}
        each = {y: v * price for y, v in base.items()} if isinstance(base, dict) else base * price
        d.value("curves", "USD_2021/t", each, **key, parameter="price")
        if i < bounded:
            amount = d.number(*amounts["range"])
            varies = parameter == "amount" and d.chance(0.3)
            given = d.series(*amounts["range"]) if varies else amount
            d.value("curves", unit, given, **key, parameter=parameter)


def answering(d: Draft, of: str, sign: int, low: float, high: float, *, home: bool = False) -> None:
    """Puts a curve of constant elasticity in the place of the steps of a curve."""
    d.tables["curves"] = [row for row in d.tables["curves"] if row["of"] != of]
    middle = (low * high) ** 0.5
    e = d.dice.choice((sign, sign * d.number(0.2, 0.9), sign * d.number(1.1, 3)))
    given = {
        "elasticity": (e, "1"),
        "reference_price": (d.series(0.8 * middle, 1.2 * middle), "USD_2021/t"),
        "reference_amount": (d.series(10, 80), "t/year"),
        "lowest_price": (low, "USD_2021/t"),
        "highest_price": (high, "USD_2021/t"),
        "steps": (d.dice.randint(1, 5), "1"),
    }
    if not home and (sign > 0 or e < -1) and d.chance(0.6):
        given["market_power"] = (d.dice.choice((0, 1, 0.5)), "1")
    for parameter, (value, unit) in given.items():
        d.value("curves", unit, value, of=of, step="", parameter=parameter)


def elasticities(d: Draft) -> None:
    """Some imports and exports whose curve is given by its elasticity."""
    imports = {row["process"] for row in d.tables["processes"] if row["kind"] == "import"}
    goods = {row["good"] for row in d.tables["goods"]}
    for of in sorted({row["of"] for row in d.tables.get("curves", ())}):
        if of in imports | goods and d.chance(0.5):
            answering(d, of, 1 if of in imports else -1, 60.0, 900.0)


def home_answers(d: Draft) -> None:
    """Home demand that answers to price, unless a measure spares it: by elasticity, or by steps."""
    spared = {row.get(c) for row in d.tables.get("measures", ()) for c in ("good", "instead")}
    abroad = {row["good"] for row in d.tables["goods"] if row["export"] == "yes"}
    shares = ("self_sufficiency", "import_share", "stockpile_cover")
    if any(policy["kind"] in shares for policy in d.policies.values()):
        return
    for name in sorted({row["good"] for row in d.tables["demand"]} - spared - abroad):
        if d.chance(0.35):
            d.tables["demand"] = [r for r in d.tables["demand"] if r["good"] != name]
            paid = {"good": name, "parameter": "shortage_cost"}
            rows = d.tables["good_values"]
            d.tables["good_values"] = [r for r in rows if not paid.items() <= r.items()]
            buyers(d, name)
            if d.chance(0.6):
                answering(d, name, -1, 60.0, 1500.0, home=True)


def unseen_costs(d: Draft) -> None:
    """What a calibration found of some processes."""
    for row in d.tables["processes"]:
        if d.chance(0.08):
            given = {"unseen_cost": d.series(-30, 60), "unseen_rise": d.series(0, 20)}
            given["unseen_from"] = d.series(1, 40)
            for parameter in d.dice.sample(sorted(given), d.dice.randint(1, 3)):
                unit = "t/year" if parameter == "unseen_from" else "USD_2021/t"
                key = {"process": row["process"], "parameter": parameter}
                d.value("process_values", unit, given[parameter], **key)


def some_prices(d: Draft, low: float, high: float) -> list[float]:
    """Prices of one to three steps, ascending; some are equal."""
    prices = sorted(d.number(low, high) for _ in range(d.dice.randint(1, 3)))
    if len(prices) > 1 and d.chance(0.2):
        prices[1] = prices[0]
    return prices


AMOUNT = {"parameter": "amount", "unit": "t/year", "range": (5, 60)}
RESERVE = {"parameter": "reserve", "unit": "t", "range": (10, 200)}


def supply_curves(d: Draft) -> None:
    """Steps of imports, in place of their price, and of processes at home, beside their cost."""
    for row in d.tables["processes"]:
        abroad = row["kind"] == "import"
        if d.chance(0.3 if abroad else 0.06):
            price = {"process": row["process"], "parameter": "import_price"}
            values = d.tables["process_values"]
            d.tables["process_values"] = [r for r in values if not price.items() <= r.items()]
            prices = some_prices(d, 50 if abroad else 0, 500 if abroad else 200)
            stepped(d, row["process"], prices, AMOUNT, 0)


def deposit_curves(d: Draft) -> None:
    """Ore that gets dearer."""
    for name in sorted({row["deposit"] for row in d.tables.get("deposits", ())}):
        if d.chance(0.35):
            stepped(d, name, some_prices(d, 0, 200), RESERVE, 0)


def hosting(d: Draft) -> None:
    """Mines and refiners whose activity is output of the host, beside what is data."""
    at_home = ("mine", "refine")
    makers = [row["process"] for row in d.tables["processes"] if row["kind"] in at_home]
    if "hosts" not in d.tables or not makers or d.chance(0.5):
        return
    for name in d.dice.sample(makers, min(len(makers), d.dice.randint(1, 2))):
        key = {"process": name, "good": "zinc", "direction": "out"}
        d.value("coefficients", "t/t", d.series(1, 20), **key)


def growth(d: Draft) -> None:
    """Deposits that grow by a share of what is left."""
    for row in list(d.tables.get("deposits", ())):
        if row["parameter"] == "reserve" and d.chance(0.3):
            key = {"deposit": row["deposit"], "metal": row["metal"], "parameter": "growth"}
            d.value("deposits", "1/year", d.series(0, 0.1), **key)


def tranches(d: Draft) -> None:
    """Ore that is said by its grade: what a tonne of it costs, takes and emits, in the place of a
    price that goes the same way."""
    steps: dict[str, list[dict[str, Any]]] = {}
    for row in d.tables.get("curves", ()):
        if row["parameter"] == "price" and row["of"] in {
            each["deposit"] for each in d.tables.get("deposits", ())
        }:
            steps.setdefault(row["of"], []).append(row)
    for of, rows in steps.items():
        if not d.chance(0.5):
            continue
        names = sorted({row["step"] for row in rows}, key=int)
        if d.chance(0.5):
            d.tables["curves"] = [row for row in d.tables["curves"] if row not in rows]
        grades = sorted((d.number(0.01, 0.5) for _ in names), reverse=True)
        ore = {
            "ore_cost": ("USD_2021/t", d.number(0, 2)),
            "ore_electricity": ("MWh/t", d.number(0, 0.1)),
            "ore_emission": ("tCO2e/t", d.number(0, 0.05)),
        }
        for name, grade in zip(names, grades, strict=True):
            key = {"of": of, "step": name}
            d.value("curves", "t/t", grade, **key, parameter="grade")
            for parameter, (unit, value) in ore.items():
                d.value("curves", unit, value, **key, parameter=parameter)


def sales(d: Draft) -> None:
    """What is sold abroad where it pays, of ore, metal, scrap or products of one metal, or packs;
    metal bought and sold on in a good of its own; exports that are no demand any more."""
    known = {row["good"] for row in d.tables["goods"]}
    stages = {"ore": "extraction", "refined": "processing", "scrap": "recycling"}
    for metal in d.metals:
        for source, stage in {**stages, "goods": "manufacture"}.items():
            taken = f"{metal}/{source}" if source != "goods" else f"{metal}/refined"
            if taken in known and d.chance(0.15):
                name = good(d, f"{metal}/{source}_traded", metal, "product", stage, export=True)
                process(d, f"trade_{metal}_{source}", "manufacture", stage, {taken: 1}, {name: 1})
                equivalent(d, name, metal, d.number(0.7, 1.1))
                buyers(d, name)
    if "packs/new" in known and d.chance(0.3):
        name = good(d, "packs/traded", "", "product", "manufacture", export=True)
        copy_contents(d, "packs/new", name)
        rows = d.tables["good_values"]
        content = {r["metal"]: r["value"] for r in rows if r["good"] == name}
        inputs = {f"{metal}/refined": share for metal, share in content.items()}
        process(d, "trade_packs", "manufacture", "manufacture", inputs, {name: 1})
        for metal, share in content.items():
            equivalent(d, name, metal, share)
        buyers(d, name)


def buyers(d: Draft, name: str) -> None:
    """What an export earns, the dearest buyer first; each step has an amount."""
    stepped(d, name, some_prices(d, 100, 1500)[::-1], AMOUNT, 3)


def transit(d: Draft) -> None:
    """Foreign metal that is sent on in goods of its own, sold or demanded abroad, refined at home
    or not; mostly of a metal and an origin that a policy names."""
    named = [p for p in d.policies.values() if p["kind"] in ("self_sufficiency", "import_share")]
    origins = {p["metal"]: p.get("origin", d.dice.choice(ORIGINS)) for p in named}
    for metal in d.metals:
        if not d.chance(0.8 if metal in origins else 0.1):
            continue
        through = good(d, f"{metal}/through", metal, "refined", "processing")
        sent = good(d, f"{metal}/through_sent", metal, "product", "processing", export=True)
        fields = {"pathway": "foreign primary", "origin": origins.get(metal, ORIGINS[0])}
        if d.chance(0.5):
            ore = good(d, f"{metal}/through_ore", metal, "intermediate", "extraction")
            equivalent(d, ore, metal, d.number(0.7, 1.1))
            process(d, f"through_{metal}", "import", "extraction", {}, {ore: 1}, **fields)
            name, fields = f"refine_through_{metal}", {"pathway": "foreign primary"}
            process(d, name, "refine", "processing", {ore: 1}, {through: 0.9}, **fields)
        else:
            process(d, f"through_{metal}", "import", "processing", {}, {through: 1}, **fields)
        process(d, f"send_{metal}", "manufacture", "processing", {through: 1}, {sent: 1})
        equivalent(d, sent, metal, d.number(0.7, 1.1))
        if d.chance(0.5):
            buyers(d, sent)
        else:
            demanded(d, sent, [metal], 3000)


def from_demand(d: Draft) -> None:
    """Exports that were demanded and are sold now, unless a measure spares them."""
    spared = {row.get(c) for row in d.tables.get("measures", ()) for c in ("good", "instead")}
    for name in sorted({row["good"] for row in d.tables["demand"]} - spared):
        if name.endswith("_sold") and d.chance(0.4):
            d.tables["demand"] = [r for r in d.tables["demand"] if r["good"] != name]
            paid = {"good": name, "parameter": "shortage_cost"}
            rows = d.tables["good_values"]
            d.tables["good_values"] = [r for r in rows if not paid.items() <= r.items()]
            buyers(d, name)


def take_back(d: Draft) -> None:
    """Waste taken back beyond the rate, up to all of it."""
    rows = d.tables.get("collection", ())
    for waste in sorted({row["good"] for row in rows}):
        room = 1 - max(row["value"] for row in rows if row["good"] == waste)
        if not d.chance(0.5) or room < 0.01:
            continue
        d.value("take_back", "1", d.series(0, room), good=waste, parameter="more")
        d.value("take_back", "USD_2021/t", d.series(0, 300), good=waste, parameter="cost")
        if d.chance(0.3):
            d.value("take_back", "USD_2021/t", d.series(0, 90), good=waste, parameter="fee")


MEDIA = ("air", "water", "soil", "tailings", "slag", "landfill", "other products")


def loss_media(d: Draft) -> None:
    """Where losses go, of all metals or of one."""
    for loss in ("lost", "uncollected", "surplus", "dissipated in use"):
        for metal in ("", *d.metals):
            if d.chance(0.2):
                for medium in d.dice.sample(MEDIA, d.dice.randint(1, 2)):
                    key = {"loss": loss, "metal": metal, "medium": medium}
                    d.value("loss_media", "1", d.series(0, 0.5), **key)


def names_of_losses(d: Draft) -> None:
    """Losses of other names, some that media have too."""
    for row in d.tables["processes"]:
        if d.chance(0.15):
            row["loss"] = d.dice.choice(("slag", "dross", "mill/dust"))


def population(d: Draft) -> None:
    """Persons, in some or all years."""
    if d.chance(0.3):
        d.value("series", "1", d.series(1000, 90000), series="population")


# ---- policies over any selection, drawn last too


def home_share(d: Draft, metal: str) -> dict[str, Any]:
    """Home output at a stage, of home demand or of all."""
    stage = d.dice.choice(("extraction", "processing", "processing"))
    over: dict[str, Any] = {"stages": [stage], "origins": "home"}
    if d.chance(0.4):
        over["less_exports"] = True
    under = {"demand": "*", "market": d.dice.choice(("home", "all"))}
    return {"metals": [metal], "numerator": over, "denominator": under}


def origin_share(d: Draft, metal: str) -> dict[str, Any]:
    """One origin, of demand or of all that comes in."""
    under = d.dice.choice(({"demand": "*"}, {"origins": "*"}))
    fields = {"metals": [metal], "numerator": {"origins": some_origin(d)}, "denominator": under}
    return {**fields, "measured": d.dice.choice(("refined", "contained"))}


def each_share(d: Draft, metal: str) -> dict[str, Any]:
    """A row for each origin, or for each of its stages."""
    each = d.dice.choice(
        (["metals", "origins"], ["origins", "stages"], ["metals", "origins", "stages"])
    )
    fields = {"metals": [metal], "numerator": {}, "denominator": {"demand": "*"}}
    return {**fields, "each": each, "measured": "contained"}


def activity_share(d: Draft, metal: str) -> dict[str, Any]:
    """Activity of some processes, by the demand for one good."""
    names = [r["process"] for r in d.tables["processes"]]
    asked = sorted({r["good"] for r in d.tables["demand"]})
    over = {"processes": d.dice.sample(names, min(2, len(names)))}
    fields = {"numerator": over, "denominator": {"demand": [d.dice.choice(asked)]}}
    return {**fields, "measured": "activity"}


def secondary_share(d: Draft, metal: str) -> dict[str, Any]:
    """Refined metal won from scrap, of all refined metal."""
    secondary = ["domestic secondary", "foreign secondary"]
    over = {"forms": "refined metal", "pathways": secondary}
    return {"metals": [metal], "numerator": over, "denominator": {"forms": "refined metal"}}


def taken_share(d: Draft, metal: str) -> dict[str, Any]:
    """What some stage takes, of all that is taken."""
    over = {"flow": "takes", "stages": d.dice.choice(("processing", "recycling", "manufacture"))}
    fields = {"metals": [metal], "numerator": over, "denominator": {"flow": "takes"}}
    return {**fields, "measured": "contained"}


SHARES = (
    home_share,
    home_share,
    origin_share,
    each_share,
    activity_share,
    secondary_share,
    taken_share,
)


def selections(d: Draft) -> None:
    """Shares, subsidies, and covers of one good, in some studies."""
    for i in range(d.dice.choice((0, 0, 1, 1, 2))):
        make = d.dice.choice(SHARES)
        fields = make(d, d.dice.choice(d.metals))
        of_what_is_given(d, fields["denominator"])
        ceiling = make in (origin_share, each_share) or d.chance(0.3)
        level, years = d.level(0.2, 0.9) if ceiling else d.level(0, 0.5)
        side = {"at_most" if ceiling else "at_least": level}
        d.policies[f"share{i}"] = {
            "kind": "share",
            "source": "made",
            **fields,
            **side,
            **years,
            **soft(d),
        }
    if d.chance(0.3):
        d.policies["aid"] = {"kind": "subsidy", "source": "made", **subsidised(d)}
    for policy in d.policies.values():
        if policy["kind"] == "stockpile_cover" and d.chance(0.5):
            metal = policy["goods"][0].partition("/")[0]
            own = {r["good"] for r in d.tables["goods"] if r["metal"] == metal}
            asked = sorted(own & {r["good"] for r in d.tables["demand"]})
            if asked:
                policy["demand"] = [d.dice.choice(asked)]


def of_what_is_given(d: Draft, under: dict[str, Any]) -> None:
    """A share of all demand is one of what is given, where demand answers to price: of the rest
    nobody knows what a share is, and planner refuses it."""
    asked = sorted({row["good"] for row in d.tables["demand"]})
    goods = {row["good"]: row for row in d.tables["goods"]}
    bought = {row["of"] for row in d.tables.get("curves", ())} & set(goods) - set(asked)
    if under.get("demand") == "*" and any(goods[g]["export"] != "yes" for g in bought) and asked:
        under["demand"] = asked


def subsidised(d: Draft) -> dict[str, Any]:
    """A rate on activity or on orders, with or without a budget."""
    ordered = {r["plant"] for r in d.tables.get("plants", ()) if r["parameter"] == "capital_cost"}
    rate, years = d.level(0.5, 15)
    fields: dict[str, Any] = {"rate": rate, **years}
    if ordered and d.chance(0.4):
        fields["plants"] = [d.dice.choice(sorted(ordered))]
    else:
        fields["activity"] = d.dice.choice(
            ({"stages": "recycling"}, {"kinds": ["mine", "refine"]}, {"origins": "home"})
        )
    if d.chance(0.5):
        fields["budget"] = d.series(0, 800)
    return fields


# ---- impacts beside carbon, drawn last of all


IMPACTS = {"water": "m3", "acid rain": "kg SO2 eq"}


def impacts(d: Draft) -> None:
    """Impacts of some processes, some spared, with a price, a cap or a budget, or none of them."""
    ore_with_power = any(r["parameter"] == "ore_electricity" for r in d.tables.get("curves", ()))
    for name, unit in IMPACTS.items():
        if not d.chance(0.2):
            continue
        scope = d.dice.choice(("", *SCOPES))
        d.row("impacts", impact=name, unit=unit, scope=scope)
        if d.chance(0.5) and not ore_with_power:
            key = {"impact": name, "parameter": "electricity"}
            d.value("impact_values", f"{unit}/MWh", d.series(0, 2), **key)
        if d.chance(0.5):
            key = {"impact": name, "parameter": "price"}
            d.value("impact_values", f"USD_2021/{unit}", d.series(0, 40), **key)
        every = [row["process"] for row in d.tables["processes"]]
        for process in d.dice.sample(every, d.dice.randint(1, len(every))):
            key = {"process": process, "parameter": f"impact:{name}"}
            low = -1 if d.chance(0.1) else 0
            d.value("process_values", f"{unit}/t", d.series(low, 5), **key)
        for kind in ("impact_cap", "impact_budget"):
            if d.chance(0.35):
                capped(d, name, kind)


def capped(d: Draft, impact: str, kind: str) -> None:
    """A cap on an impact in each year, or a budget of all of them."""
    fields = {"kind": kind, "source": "made", "impact": impact, "scope": d.dice.choice(SCOPES)}
    if kind == "impact_cap":
        cap, years = d.level(30, 300)
        fields |= {"cap": cap, **years}
    else:
        fields["cap"] = d.number(30, 300) * (d.last - FIRST + 1)
    d.policies[f"{kind} of {impact}".replace(" ", "_")] = fields


# ---- all of it


def draw(seed: int) -> Draft:
    """A whole study."""
    d = Draft(seed)
    for metal in d.metals:
        upstream(d, metal)
        home_product(d, metal)
        exports(d, metal)
    if len(d.metals) > 1 and d.chance(0.6):
        packs(d)
    parts = (lots, hosts, plants, ramps, stockpiles, disposal, measures, carbon_series, circuits)
    for part in parts:
        part(d)
    for i in range(d.dice.choice((0, 1, 2, 3, 4, 5))):
        make = d.dice.choice(POLICIES)
        fields = make(d)
        d.policies[f"policy{i}"] = {"kind": make.__name__, "source": "made", **fields}
    for part in (
        supply_curves,
        deposit_curves,
        sales,
        from_demand,
        take_back,
        loss_media,
        transit,
        names_of_losses,
        population,
        elasticities,
        unseen_costs,
        home_answers,
        selections,
    ):
        part(d)
    tranches(d)
    hosting(d)
    growth(d)
    impacts(d)
    return d


def toml(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def write(d: Draft, folder: Path) -> Path:
    """Write a study folder."""
    folder.mkdir(parents=True, exist_ok=True)
    head = {"title": "Drawn", "country": "Home", "metals": d.metals, "currency_year": 2021}
    lines = [f"{name} = {toml(value)}" for name, value in {**head, **d.head}.items()]
    lines += ["[years]", f"periods = {d.firsts}", f"last = {d.last}"]
    for name, policy in d.policies.items():
        lines.append(f"[policies.{name}]")
        lines += [f"{field} = {toml(value)}" for field, value in policy.items()]
    (folder / "study.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for table, rows in d.tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


if __name__ == "__main__":
    write(draw(int(sys.argv[1])), Path(sys.argv[2]))
