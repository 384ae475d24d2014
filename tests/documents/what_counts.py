"""Writes docs/what-counts.md: what each policy and each indicator of trade counts of each way that
metal can come, measured on a study in which a tonne of demand is met in that way alone.

    python -m tests.documents.what_counts

Nothing on the page is stated by hand but the names of the ways: a number is what the programme or
the indicator gives, and a refusal is what the reader says.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import planner
from planner.analysis.security.concentration import origin_shares
from planner.analysis.security.recourse import sources
from planner.analysis.tradeoffs.frontier import import_columns
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.plan.trade_flows import passing_through, trade_table
from planner.solver.compiled import compiled
from planner.study.schema import POLICY_FORMS
from tests.small import Study, system_of

PAGE = Path(__file__).parents[2] / "docs" / "what-counts.md"
HIGH = 1e6
HALF = 0.5
"""Share at which floors and ceilings are read."""
QUARTER = 0.25


def base(*, demand: float = 1.0, **head: object) -> Study:
    """Cells made of refined metal at home, 1 t of one from 1 t of the other; demand for 1 t."""
    study = (
        Study(**head)
        .good("li", "refined", opening_stock=0)
        .good("ore", "intermediate", equivalent=1)
    )
    study.good("cell", "product", demand=demand, shortage_cost=HIGH, equivalent=1)
    return study.process("make", "manufacture", takes={"li": 1}, gives={"cell": 1}, **HOME)


HOME = {"direct_emission": 1}
ABROAD = {"embodied_emission": 1}


def mined(study: Study) -> Study:
    study.process("dig", "mine", gives={"ore": 1}, **HOME)
    return study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1}, **HOME)


def hosted(origin: str) -> Study:
    study = base().host("zinc", 100)
    study.process(
        "win", "byproduct", gives={"ore": 1}, host="zinc", host_content=1, origin=origin, **HOME
    )
    pathway = "foreign primary" if origin else "domestic primary"
    return study.process(
        "refine", "refine", takes={"ore": 1}, gives={"li": 1}, pathway=pathway, **HOME
    )


def residue() -> Study:
    """What is not won of the metal in a host, mined from its slag in the same year."""
    study = base().host("zinc", 100, lithium=0.5).deposit("slag", reserve=0)
    study.residue("slag", "zinc", 0.5)
    study.process("rework", "mine", takes={"slag": 1}, gives={"ore": 1}, **HOME)
    return study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1}, **HOME)


def hosted_abroad() -> Study:
    """An import whose amount follows a host in X: cobalt with the nickel of Indonesia."""
    study = base().host("nickel", 100, lithium=0.5)
    fields = {"host": "nickel", "host_content": 0.5, "origin": "X", "stage": "extraction"}
    study.process("buy", "import", gives={"ore": 1}, **fields, **ABROAD)
    return study.process(
        "refine", "refine", takes={"ore": 1}, gives={"li": 1}, pathway="foreign primary", **HOME
    )


def bought_ore() -> Study:
    study = base()
    study.process("buy", "import", gives={"ore": 1}, stage="extraction", origin="X", **ABROAD)
    return study.process(
        "refine", "refine", takes={"ore": 1}, gives={"li": 1}, pathway="foreign primary", **HOME
    )


def refined_abroad(*, home_ore: bool = False) -> Study:
    study = base()
    if home_ore:
        study.process("dig", "mine", gives={"ore": 1}, **HOME)
    else:
        study.process("buy", "import", gives={"ore": 1}, stage="extraction", origin="X", **ABROAD)
    pathway = "domestic primary" if home_ore else "foreign primary"
    fields = {"takes": {"ore": 1}, "gives": {"li": 1}, "origin": "Y", "pathway": pathway}
    return study.process("refine_abroad", "import", **fields, **ABROAD)


def bought(good: str, stage: str) -> Study:
    return base().process("buy", "import", gives={good: 1}, stage=stage, origin="X", **ABROAD)


def bought_parts() -> Study:
    study = base().good("part", "intermediate", stage="manufacture", equivalent=1)
    study.process("buy", "import", gives={"part": 1}, stage="manufacture", origin="X", **ABROAD)
    return study.process("fit", "manufacture", takes={"part": 1}, gives={"cell": 1}, **HOME)


def bought_scrap() -> Study:
    study = base().good("scrap", "scrap", equivalent=1)
    study.process("buy", "import", gives={"scrap": 1}, stage="recycling", origin="X", **ABROAD)
    fields = {"takes": {"scrap": 1}, "gives": {"li": 1}, "pathway": "foreign secondary"}
    return study.process("recycle", "recycle", **fields, **HOME)


def old_scrap(*, straight: bool = False) -> Study:
    study = base().good("waste", "waste", collection=1).good("scrap", "scrap", equivalent=1)
    study.product("cells", waste="waste", uses={"cell": 1}, inflow={2020: 1})
    study.process("collect", "collect", takes={"waste": 1}, gives={"scrap": 1}, **HOME)
    if straight:
        return study.process("melt", "manufacture", takes={"scrap": 1}, gives={"cell": 1}, **HOME)
    return study.process("recycle", "recycle", takes={"scrap": 1}, gives={"li": 1}, **HOME)


def released() -> Study:
    study = base().good("store", "intermediate", stage="processing", equivalent=1)
    study.process("release", "release", gives={"store": 1}, **HOME)
    fields = {"takes": {"store": 1}, "gives": {"li": 1}, "pathway": "stockpile"}
    return study.process("ready", "refine", **fields, **HOME)


def new_scrap() -> Study:
    study = mined(base(demand=0)).good("offcut", "scrap", stage="manufacture")
    study.good("tape", "product", demand=1, shortage_cost=HIGH, equivalent=1)
    study.process("roll", "manufacture", takes={"li": 2}, gives={"tape": 1, "offcut": 1}, **HOME)
    fields = {"takes": {"offcut": 1}, "gives": {"li": 1}, "pathway": "new scrap"}
    return study.process("remelt", "recycle", **fields, **HOME)


def exported(stage: str, *, price: bool = False) -> Study:
    return sent_on(mined(base()), "li", stage, price=price)


def sent_on(study: Study, good: str, stage: str = "processing", *, price: bool = False) -> Study:
    """A tonne of a good is sent abroad: demanded there, or sold for more than anything costs."""
    wanted = {} if price else {"demand": 1, "shortage_cost": HIGH}
    study.good("sold", "product", stage=stage, equivalent=1, export=True, **wanted)
    fields = {"takes": {good: 1}, "gives": {"sold": 1}, "stage": stage}
    study.process("sell", "manufacture", **fields, **HOME)
    return study.curve("sold", s={"price": HIGH, "amount": 1}) if price else study


def in_transit(*, own: bool, price: bool = False) -> Study:
    """As much again is refined from ore of X and sent on, in goods of its own or mixed with home
    metal."""
    study = base().good("ore X", "intermediate", equivalent=1).good("li X", "refined")
    study.process("dig", "mine", gives={"ore": 1}, max_activity=1, **HOME)
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1}, **HOME)
    bought = {"stage": "extraction", "origin": "X", "max_activity": 1, **ABROAD}
    study.process("buy", "import", gives={"ore X": 1}, **bought)
    made = "li X" if own else "li"
    fields = {"takes": {"ore X": 1}, "gives": {made: 1}, "pathway": "foreign primary"}
    study.process("refine X", "refine", **fields, **HOME)
    return sent_on(study, made, price=price)


def of_places(mine: str, refinery: str) -> Study:
    """Ore dug at a place of the study, and refined at another; trade between all of them."""
    study = base(places=["X", "Y"]).process("dig", "mine", gives={"ore": 1}, place=mine, **HOME)
    pathway = None if refinery else "foreign primary"
    fields = {"takes": {"ore": 1}, "gives": {"li": 1}, "place": refinery, "pathway": pathway}
    return study.process("refine", "refine", **fields, **HOME).trade("*", "*", "*", freight=0)


def sent_to_a_place() -> Study:
    """1 t is wanted at home and another at X, which has none of its own."""
    study = mined(base(places=["X", "Y"])).at("X", "cell", demand=1, shortage_cost=HIGH)
    return study.trade("cell", "home", "X", freight=0)


WAYS: Mapping[str, Callable[[], Study]] = {
    "home ore, refined at home": lambda: mined(base()),
    "by-product of home host ore, refined at home": lambda: hosted(""),
    "by-product of host ore from X, refined at home": lambda: hosted("X"),
    "residue of a home host, mined and refined at home": residue,
    "by-product of a host in X, imported and refined at home": hosted_abroad,
    "ore from X, refined at home": bought_ore,
    "ore from X, refined in Y": refined_abroad,
    "home ore, refined in Y": lambda: refined_abroad(home_ore=True),
    "refined metal from X": lambda: bought("li", "processing"),
    "finished goods from X": lambda: bought("cell", "manufacture"),
    "parts from X, finished at home": bought_parts,
    "scrap from X, recycled at home": bought_scrap,
    "old scrap, recycled at home": old_scrap,
    "old scrap, straight into goods": lambda: old_scrap(straight=True),
    "a lot released from stock": released,
    "home ore, with new scrap as much again": new_scrap,
    "home ore, as much again exported as metal": lambda: exported("processing"),
    "home ore, as much again exported in goods": lambda: exported("manufacture"),
    "home ore, as much again sold at a price as metal": lambda: exported("processing", price=True),
    "home ore, as much again from X sent on in goods of its own": lambda: in_transit(own=True),
    "home ore, as much again from X sold on at a price in goods of its own": lambda: in_transit(
        own=True, price=True
    ),
    "home ore, as much again from X, mixed, and as much exported": lambda: in_transit(own=False),
    "ore of place X, refined at home": lambda: of_places("X", ""),
    "ore of place X, refined at place Y": lambda: of_places("X", "Y"),
    "home ore, refined at place Y": lambda: of_places("", "Y"),
    "home ore, as much again sent to place X in goods": sent_to_a_place,
}
"""Ways in which a tonne of home demand is met, and the study that has no other."""


def policies(study: Study) -> dict[str, dict[str, Any]]:
    """A policy of every kind for a study, by column of the page."""
    metal = {"metal": "lithium"}
    found: dict[str, dict[str, Any]] = {}
    for stage in ("extraction", "processing", "manufacture", "recycling"):
        fields = {**metal, "stages": [stage], "share": HALF}
        found[f"self_sufficiency, {stage}"] = {"kind": "self_sufficiency", **fields}
        if stage == "processing":
            home = {**fields, "provenance": "home"}
            found["self_sufficiency, home metal"] = {"kind": "self_sufficiency", **home}
    for origin in ("X", "Y"):
        for of in ("demand", "imports"):
            fields = {**metal, "origin": origin, "share": HALF, "of": of}
            found[f"import_share, {origin} of {of}"] = {"kind": "import_share", **fields}
    found["recycled_content"] = {"kind": "recycled_content", **metal, "share": HALF}
    names = [row["process"] for row in study.rows["processes"]]
    found["quota"] = {"kind": "quota", "processes": names, "cap": 1}
    wastes = [row["good"] for row in study.rows["goods"] if row["kind"] == "waste"]
    found["collection_target"] = {"kind": "collection_target", "goods": wastes, "share": HALF}
    for scope in ("territorial", "footprint"):
        found[f"carbon_cap, {scope}"] = {"kind": "carbon_cap", "scope": scope, "cap": 1}
    found["carbon_budget, footprint"] = {"kind": "carbon_budget", "scope": "footprint", "cap": 1}
    for scope in ("territorial", "footprint"):
        fields = {"impact": "water", "scope": scope, "cap": 1}
        found[f"impact_cap, {scope}"] = {"kind": "impact_cap", **fields}
    fields = {"impact": "water", "scope": "footprint", "cap": 1}
    found["impact_budget, footprint"] = {"kind": "impact_budget", **fields}
    found["capital_budget"] = {"kind": "capital_budget", "cap": 1}
    found["stockpile_cover"] = {"kind": "stockpile_cover", "goods": ["li"], "months": 12}
    for origin in ("X", "Y"):
        found[f"closure, {origin}"] = {"kind": "closure", "origin": origin, "share": 0}
    for name, numerator in SELECTED.items():
        fields = {"numerator": numerator, "denominator": {"demand": "*"}, "at_most": HALF}
        found[f"share, {name}"] = {"kind": "share", **fields}
    found["subsidy"] = {"kind": "subsidy", "activity": {"origins": "home"}, "rate": 1}
    found["pin"] = {"kind": "pin", "processes": names, "tolerance": 0}
    return found


HEAD = """# What counts

What each policy and each indicator of trade counts, measured: each row is a study in which a tonne
of demand at home is met in one way alone, all yields and refined equivalents 1. X and Y are two
countries abroad, with imports from them or, in the last rows, as places of the study.
[Conventions](conventions.md#what-crosses-the-border) says the rules in words, and
[why what is sold at a price is no demand](conventions.md#curves-of-supply-and-demand).
This page is written by `python -m tests.documents.what_counts`; a test fails where it is stale.
"""
SHARES = ("import_share", "recycled_content")
NONE = "nothing"
SECONDARY = ["domestic secondary", "foreign secondary"]
SELECTED: Mapping[str, Mapping[str, Any]] = {
    "home": {"origins": "home"},
    "home, processing": {"origins": "home", "stages": "processing"},
    "from X": {"origins": "X"},
    "X at extraction": {"origins": "X", "stages": "extraction"},
    "X at processing": {"origins": "X", "stages": "processing"},
    "secondary metal": {"forms": "refined metal", "pathways": SECONDARY},
}
"""Numerators of shares, by column."""
SAID = {
    "selects nothing": "nothing",
    "may work up": "mixed",
    "cannot be told": "mixed",
    "is unknown": "nothing from there",
    "is empty; name at least one": "no waste here",
}
"""What is said in a cell where a policy has nothing to name in a study."""
TABLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Self-sufficiency",
        "Home output that each stage counts, exports of it taken off, t.",
        (
            *(f"self_sufficiency, {s}" for s in ("extraction", "processing")),
            *(f"self_sufficiency, {s}" for s in ("home metal", "manufacture", "recycling")),
        ),
    ),
    (
        "Origins",
        "t of 1 t of demand, t of all t imported, and t that a closure leaves unserved.",
        (
            *(f"import_share, {o} of {of}" for of in ("demand", "imports") for o in ("X", "Y")),
            *(f"closure, {origin}" for origin in ("X", "Y")),
        ),
    ),
    (
        "Policies over any selection",
        (
            "share: t that a numerator counts, of these origins, stages and pathways; subsidy: t "
            "of activity at home that is paid for."
        ),
        (*(f"share, {name}" for name in SELECTED), "subsidy"),
    ),
    (
        "Other policies",
        (
            "recycled_content: t of all t of refined metal. quota and pin: t of activity of the "
            "processes, and processes held. Emissions in t CO2e where each process emits 1 t of it "
            "per tonne, the imports abroad; trade emits none; impacts in m3 where each takes 1 m3."
        ),
        (
            "recycled_content",
            "quota",
            "pin",
            "collection_target",
            *(f"carbon_cap, {scope}" for scope in ("territorial", "footprint")),
            "carbon_budget, footprint",
            *(f"impact_cap, {scope}" for scope in ("territorial", "footprint")),
            "impact_budget, footprint",
            "capital_budget",
            "stockpile_cover",
        ),
    ),
    (
        "Reliance and self-sufficiency",
        "Indicators of these names.",
        (
            "net import reliance",
            "net import reliance with indirect trade",
            "self-sufficiency: extraction",
            "self-sufficiency: processing",
            "EoL recycling input rate",
        ),
    ),
    (
        "Trade",
        (
            "What crosses the border, by form and by what depends on each origin, t; in IAMC "
            "tables too (`Imports`, `Exports`)."
        ),
        ("imports", "exports", "depends on", "frontier --imports", "gap when demand doubles"),
    ),
    (
        "Shares, concentration, security",
        (
            "Shares of supply by pathway, output by stage and origin, and what `disrupt` and "
            "`secure` can lose."
        ),
        ("share of supply", "concentration", "can be lost"),
    ),
)


def page() -> str:
    """The page, measured."""
    with tempfile.TemporaryDirectory() as folder:
        columns = [c for _, _, names in TABLES for c in names]
        cells = {way: dict(_cells(make, Path(folder))) for way, make in WAYS.items()}
        missing = [(w, c) for w, found in cells.items() for c in columns if not found.get(c)]
        if missing:
            raise AssertionError(f"nothing is said of {missing}")
        refused = list(_refusals(Path(folder)))
    covered = {name.split(",")[0] for name in columns}
    if not set(POLICY_FORMS) <= covered:
        raise AssertionError(f"no column for {sorted(set(POLICY_FORMS) - covered)}")
    return "\n".join([HEAD, *_tables(cells), *_refused(refused)]) + "\n"


def _tables(cells: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for title, note, columns in TABLES:
        yield from (f"## {title}", note, "")
        short = [c.removeprefix("self_sufficiency, ").removeprefix("self-") for c in columns]
        short = list(columns) if title != "Self-sufficiency" else short
        yield f"| way | {' | '.join(short)} |"
        yield "|---|" + "---|" * len(columns)
        for way, found in cells.items():
            yield f"| {way} | {' | '.join(found[c] for c in columns)} |"
        yield ""


def _refused(found: list[tuple[str, str]]) -> Iterator[str]:
    yield from ("## Refused", "By `check`, with the remedy:", "")
    yield from (f"- **{case}.** {message}" for case, message in found)


def watered(study: Study) -> Study:
    """Each process takes 1 m3 of water per tonne."""
    study.impact("water", "m3")
    for row in study.rows["processes"]:
        study.factor(row["process"], "water", 1)
    return study


def _cells(way: Callable[[], Study], folder: Path) -> Iterator[tuple[str, str]]:
    def make() -> Study:
        return watered(way())

    plan = planner.solve(system_of(make(), folder))
    asked = policies(make())
    closures = {c: fields for c, fields in asked.items() if fields["kind"] == "closure"}
    others = {c: fields for c, fields in asked.items() if c not in closures}
    refused, half = _measured(make, others, plan, folder, HALF)
    yield from refused.items()
    _, quarter = _measured(make, others, plan, folder, QUARTER)
    for column in others.keys() - refused.keys():
        yield column, _said(others[column], half[column], quarter[column])
    for column, fields in closures.items():
        yield column, _closed(make().policy("asked", **fields), folder)
    yield from _of_plan(plan)
    yield "gap when demand doubles", _gap(make(), folder)


def _measured(
    make: Callable[[], Study],
    asked: Mapping[str, Mapping[str, Any]],
    plan: Plan,
    folder: Path,
    share: float,
) -> tuple[dict[str, str], dict[str, pd.DataFrame]]:
    """What is said of policies that are refused, and the rows of the others at the only plan there
    is: value and bound."""
    refused: dict[str, str] = {}
    while True:
        study = make()
        for row in study.rows["processes"]:
            study._values("process_values", {"process": row["process"]}, {"observed": {2021: 1}})
        names = {f"p{i}": column for i, column in enumerate(asked) if column not in refused}
        for name, column in names.items():
            fields = dict(asked[column])
            study.policy(name, **(fields | {"share": share} if "share" in fields else fields))
        try:
            return refused, _rows(system_of(study, folder), plan, names)
        except SpecError as error:
            for line in str(error).splitlines()[1:]:
                column = names[line.split("policies.")[1].split(".")[0]]
                said = (said for part, said in SAID.items() if part in line)
                refused[column] = f"refused: {next(said)}"


def _rows(system: Any, plan: Plan, names: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    arrays = compiled(system).arrays
    of_impacts = plan.impacts.groupby(["impact", "scope"])["value"].sum()
    values = plan.values | {
        "impact": {
            (f"{impact}/{scope}", year): float(of_impacts.get((impact, scope), 0.0))
            for impact in system.impacts
            for scope in ("territorial", "footprint")
            for year in system.years
        }
    }
    x = np.array([values.get(name, {}).get(index, 0.0) for name, index in arrays.columns])
    found = pd.DataFrame(
        {
            "column": [names.get(str(index[0]), "") if index else "" for _, index in arrays.rows],
            "value": arrays.matrix @ x,
            "bound": np.where(np.isfinite(arrays.row_lower), arrays.row_lower, arrays.row_upper),
        }
    )
    return {column: found[found["column"] == column] for column in names.values()}


def _said(fields: Mapping[str, Any], half: pd.DataFrame, quarter: pd.DataFrame) -> str:
    """What a policy counts, from its rows at two shares."""
    kind = str(fields["kind"])
    if not len(half):
        return NONE
    if kind == "pin":
        return f"{len(half) // 2} processes"
    value, bound = float(half["value"].iloc[0]), float(half["bound"].iloc[0])
    if kind in SHARES and fields.get("of") != "demand":
        whole = (float(quarter["value"].iloc[0]) - value) / (HALF - QUARTER)
        return f"{number(value + HALF * whole)} of {number(whole)}"
    if kind == "self_sufficiency":
        return number(value - (bound - HALF))
    if kind == "subsidy":
        return number(-float(half["value"].sum()))
    return f"asks {number(bound)}" if kind == "stockpile_cover" else number(value)


def _closed(study: Study, folder: Path) -> str:
    """What a closure leaves unserved."""
    try:
        unmet = planner.solve(system_of(study, folder)).values["shortage"]
    except SpecError as error:
        return f"refused: {next(said for part, said in SAID.items() if part in str(error))}"
    return f"{number(sum(unmet.values()))} unserved"


def _of_plan(plan: Plan) -> Iterator[tuple[str, str]]:
    known = planner.indicators(plan).set_index("indicator")["value"].to_dict()
    for name in TABLES[4][2]:
        yield name, number(known[name]) if name in known else "undefined: no supply in these forms"
    trade = trade_table(plan)
    for direction in ("import", "export"):
        part = trade[trade["direction"] == direction].groupby("form")["value"].sum()
        yield f"{direction}s", listed(part.to_dict())
    through = passing_through(plan, "lithium")
    yield "depends on", listed({origin: float(v[0]) for origin, v in through.items()})
    made = compiled(plan.system)
    x = np.array([plan.values[name][index] for name, index in made.arrays.columns])
    yield "frontier --imports", number(float(import_columns(made) @ x))
    supply = plan.supply.groupby("pathway")["value"].sum()
    yield "share of supply", listed(supply.to_dict())
    shares = origin_shares(plan)
    places = shares["stage"] + ": " + shares["origin"]
    yield "concentration", listed(dict(zip(places, shares["share"], strict=True)))
    yield "can be lost", ", ".join(sources(plan.system)) or NONE


def _gap(study: Study, folder: Path) -> str:
    """t unmet in the second year where demand doubles and imports are held."""
    study.years["last"] = 2022
    row_of = {row["good"]: row for row in study.rows["demand"]}
    study.rows["demand"] = [
        {**row, "year": year, "value": row["value"] * times}
        for row in row_of.values()
        for year, times in ((2021, 1), (2022, 2))
    ]
    gaps = planner.gap(system_of(study, folder)).gaps
    return f"{number(float(gaps['unmet'].sum()))} unmet"


def listed(parts: Mapping[str, float]) -> str:
    """Names with what is not 0 of each."""
    return ", ".join(f"{k} {number(v)}" for k, v in parts.items() if abs(v) > 1e-9) or NONE


def number(value: float) -> str:
    """A number of three digits, without the trace of a difference."""
    return f"{value + 0.0:.3g}" if abs(value) > 1e-9 else "0"


def _refusals(folder: Path) -> Iterator[tuple[str, str]]:
    metal = {"metal": "lithium", "share": HALF}
    mixed = refined_abroad().process("dig", "mine", gives={"ore": 1}, **HOME)
    yield (
        "Home ore and ore from X in one good, refined in Y",
        _message(mixed.policy("cap", "import_share", origin="Y", of="imports", **metal), folder),
    )
    two = mined(bought("li", "processing"))
    stages = ["processing", "manufacture"]
    yield (
        "Home metal and metal from X in one good, between two stages that count",
        _message(two.policy("own", "self_sufficiency", stages=stages, **metal), folder),
    )
    unstated = base().good("part", "intermediate", stage="manufacture")
    unstated.process("buy", "import", gives={"part": 1}, stage="manufacture", origin="X")
    unstated.process("fit", "manufacture", takes={"part": 1}, gives={"cell": 1})
    yield (
        "A good that a policy counts and that has no refined equivalent",
        _message(unstated.policy("cap", "import_share", origin="X", **metal), folder),
    )


def _message(study: Study, folder: Path) -> str:
    try:
        system_of(study, folder)
    except SpecError as error:
        return str(error).splitlines()[1].strip().split("': ", 1)[1] + "."
    raise AssertionError("not refused")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
