"""What the paper recommends and the study would otherwise lack: where losses go by medium, and
options that a scenario opens: cells without cobalt, vanadium for niobium, exploration that is paid
for, less loss in mining and smelting, batteries that producers take back.

Choices:
- Losses by medium are judged (grade D), no source gives them for these metals: small shares go to
  air, water and soil, and what they leave stays where the name of the loss says (tailings, slag).
- An option is closed in the base (potential or capacity of nought) and opened by the scenario of
  its name, so that the base is the law and the practice of today.
- Paid exploration takes the place of the reserve growth that comes by itself in the base.
- A variant with less loss is the process and plant that it stands beside, but for the yield, the
  capital and what the extra step costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.china.derive import lithium, lithium_refining, use
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    at_year,
    derived,
    judged,
    number,
    path,
    structure,
)
from models.china.derive.supply import scaled

COBALT_FREE, VANADIUM = "cobalt_free_cells", "vanadium_for_niobium"
POUND = 0.45359237
"""kg."""
ORES = ("brine", "spodumene", "lepidolite")
EXPLORED, SAVED, TAKEN_BACK = "exploration", "less-loss", "producer-responsibility"
CLOSED_LOOP = "closed-loop"
"""Scenarios."""
BRINE, WASHED = "mine_lithium_brine", "refine_lithium_concentrate_imported"
NEVER_COPIED = ("observed", "existing_capacity", "under_construction", "max_capacity")
"""Numbers of what stands today, which a variant has none of."""
MOST = 1e6
"""t a year, above all that the study needs."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from _media(facts)
    yield from _measures(facts)
    yield from _exploration(facts)
    yield from _less_loss(facts)
    yield from _take_back(facts)


def _option(facts: Facts, variable: str, item: str) -> Fact:
    return facts.one("options", variable=variable, item=item)


def _media(facts: Facts) -> Iterator[Row]:
    """Each loss of the study by what takes it up."""
    for fact in facts.all("loss_media", variable="loss_share"):
        loss, _, medium = fact.item.rpartition("/")
        yield number("loss_media", fact, loss=loss, medium=medium)


def _measures(facts: Facts) -> Iterator[Row]:
    """Cells without cobalt, and vanadium in the place of niobium in structural steel."""
    price = _option(facts, "substitute_price", "vanadium_pentoxide")
    needed = _option(facts, "substitute_per_niobium", "vanadium")
    content = _option(facts, "substitute_content", "vanadium_in_pentoxide")
    metal = price.times(1000 / POUND / content.value, "USD_2021/t")
    assert needed.low is not None
    assert needed.high is not None
    assert metal.low is not None
    assert metal.high is not None
    vanadium = derived(
        metal.value * needed.value,
        "USD_2021/t",
        f"{needed.value:g} t of vanadium at {metal.value:.0f} USD/t (V2O5 x {content.value:g})",
        price,
        needed,
        content,
        low=metal.low * needed.low,
        high=metal.high * needed.high,
    )
    cells = _option(facts, "measure_cost", COBALT_FREE).times(1000, "USD_2021/t")
    for measure, good, scenario, cost, words in (
        (COBALT_FREE, "cobalt/ev_battery", "cobalt-free", cells, "cells without cobalt"),
        (
            VANADIUM,
            "niobium/structural_steel",
            "niobium-substitution",
            vanadium,
            "vanadium in the place of niobium in structural steel",
        ),
    ):
        yield structure(
            "measures", measure=measure, kind="substitution", good=good, description=words
        )
        yield number("measure_values", cost, measure=measure, parameter="cost")
        closed = judged(0, "1", f"closed; scenario {scenario} opens it")
        yield number("measure_values", closed, measure=measure, parameter="potential")
        yield from path(
            "measure_values",
            facts.series("options", variable="measure_potential", item=measure),
            scenario=scenario,
            measure=measure,
            parameter="potential",
        )


def _exploration(facts: Facts) -> Iterator[Row]:
    """Lithium that is looked for at a cost, in the deposits that grow by themselves in the base."""
    found = facts.series("additions", "lithium", variable="reserve_additions_exploration")
    for ore in ORES:
        deposit = f"lithium_{ore}_new"
        share = lithium_refining.base(facts, "reserve_split", ore)
        for parameter in ("cost", "delay"):
            fact = _option(facts, f"exploration_{parameter}", "all")
            yield number("exploration", fact, deposit=deposit, parameter=parameter)
        closed = judged(0, "t/year", f"closed; scenario {EXPLORED} opens it")
        yield number("exploration", closed, deposit=deposit, parameter="potential")
        yield from path(
            "exploration",
            scaled(found, share.value, "t/year", "as much as the base finds by itself"),
            scenario=EXPLORED,
            deposit=deposit,
            parameter="potential",
        )
        yield number(
            "deposits",
            judged(0, "t/year", "nothing comes by itself: it is looked for at a cost"),
            deposit=deposit,
            metal="lithium",
            parameter="additions",
            scenario=EXPLORED,
        )


def _less_loss(facts: Facts) -> Iterator[Row]:
    """Brine by sorption in place of ponds, and a second leach of imported concentrate."""
    made = list(lithium.rows(facts))
    brine, leach = f"{BRINE}_sorption", f"{WASHED}_washed"
    yield from _variant(
        made,
        BRINE,
        brine,
        ("lithium_brine", _option(facts, "dle_yield", "brine")),
        _option(facts, "dle_extra_cost", "brine").times(1000, "USD_2021/t"),
        "brine of the reserve by sorption, not ponds",
    )
    power = _option(facts, "dle_electricity", "brine").times(1, "MWh/t")
    yield number("process_values", power, process=brine, parameter="electricity")
    yield from _plant(
        made,
        BRINE,
        brine,
        _option(facts, "dle_capital", "brine").times(1000, "USD_2021/(t/year)"),
    )
    yield from _variant(
        made,
        WASHED,
        leach,
        ("lithium/concentrate_imported", _option(facts, "washed_yield", "concentrate")),
        _option(facts, "washed_extra_cost", "concentrate").times(1000, "USD_2021/t"),
        "imported concentrate, the residue leached and washed twice",
    )
    cost = _one(made, "plants", _process(made, WASHED)["plant"], "capital_cost")
    factor = _option(facts, "washed_capital_factor", "concentrate")
    note = f"{cost:g} USD/(t/year) of the plain converter x {factor.value:g}"
    dearer = factor.times(cost, "USD_2021/(t/year)", note)
    yield from _plant(made, WASHED, leach, dearer)


def _take_back(facts: Facts) -> Iterator[Row]:
    """Packs and portable cells that producers are made to collect: what lies between the rate of
    current policy and the potential (`closed-loop`), at a cost and with a deposit."""
    made = [row for table, row in use.rows(facts) if table == "collection"]
    for waste in sorted({row["good"] for row in made if row["good"].startswith("battery/")}):
        rates = {
            scenario: [
                _rate(row) for row in made if (row["good"], row["scenario"]) == (waste, scenario)
            ]
            for scenario in ("", CLOSED_LOOP)
        }
        kind = "portable" if "portable" in waste else "packs"
        for parameter in ("cost", "fee"):
            fact = _option(facts, f"take_back_{parameter}", kind)
            yield number("take_back", fact, good=waste, parameter=parameter)
        closed = judged(0, "1", f"closed; scenario {TAKEN_BACK} opens it")
        yield number("take_back", closed, good=waste, parameter="more")
        yield from path(
            "take_back",
            [
                derived(
                    max(0.0, potential.value - at_year(rates[""], potential.year or 0)),
                    "1",
                    "the potential less the rate of current policy",
                    potential,
                    *rates[""],
                    grade="D",
                    year=potential.year,
                )
                for potential in rates[CLOSED_LOOP]
            ],
            scenario=TAKEN_BACK,
            good=waste,
            parameter="more",
        )


def _rate(row: Mapping[str, Any]) -> Fact:
    """A row of collection as a fact."""
    return Fact(row["value"], row["unit"], row["source"], row["grade"], year=row["year"])


def _variant(
    made: list[Row], of: str, name: str, taken: tuple[str, Fact], extra: Fact, words: str
) -> Iterator[Row]:
    """A process beside another, on a plant of its own: of the good `taken` it wastes less."""
    own = {"process": name, "plant": _named(name), "ramp_group": "", "description": words}
    yield structure("processes", **{**_process(made, of), **own})
    good, share = taken
    less = share.map(lambda x: 1 / x, "t/t", f"1 / {share.value:g}")
    for row in _of(made, "coefficients", "process", of):
        if row["good"] != good:
            yield "coefficients", {**row, "process": name}
    yield number("coefficients", less, process=name, good=good, direction="in")
    for row in _of(made, "process_values", "process", of):
        if row["parameter"] not in (*NEVER_COPIED, "variable_cost"):
            yield "process_values", {**row, "process": name}
    cost = _one(made, "process_values", of, "variable_cost")
    note = f"{cost:.0f} USD/t of {of} and {extra.value:g} more"
    yield number(
        "process_values",
        extra.map(lambda x: cost + x, "USD_2021/t", note),
        process=name,
        parameter="variable_cost",
    )


def _plant(made: list[Row], of: str, name: str, capital: Fact) -> Iterator[Row]:
    """The plant of a variant: as the other, without anything standing, closed but in a scenario."""
    other, plant = _process(made, of)["plant"], _named(name)
    for row in _of(made, "plants", "plant", other):
        if row["parameter"] not in (*NEVER_COPIED, "capital_cost"):
            yield "plants", {**row, "plant": plant}
    yield number("plants", capital, plant=plant, parameter="capital_cost")
    most = {"parameter": "max_capacity", "plant": plant}
    yield number("plants", judged(0, "t/year", f"closed; scenario {SAVED} opens it"), **most)
    open_ = judged(
        MOST, "t/year", "no limit of its own: brine, concentrate and the other limits bind"
    )
    yield number("plants", open_, scenario=SAVED, **most)


def _named(process: str) -> str:
    """The plant of a variant of a process."""
    return process.split("_", 1)[1]


def _process(made: list[Row], name: str) -> Mapping[str, Any]:
    (found,) = _of(made, "processes", "process", name)
    return found


def _of(made: list[Row], table: str, key: str, name: str) -> Iterator[dict[str, Any]]:
    """Rows of the base that a table has of a name."""
    for of, row in made:
        if of == table and row[key] == name and not row.get("scenario"):
            yield row


def _one(made: list[Row], table: str, name: str, parameter: str) -> float:
    """The one number that a table gives of a name."""
    key = {"plants": "plant", "process_values": "process"}[table]
    (found,) = (r for r in _of(made, table, key, name) if r["parameter"] == parameter)
    return float(found["value"])
