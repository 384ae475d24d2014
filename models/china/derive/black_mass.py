"""Black mass from abroad: free to come in since 1 August 2025 where it meets the standard
(Announcement No. 14 of 2025), shut in `law-2023`, more of it in `scrap-imports`."""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive import market
from models.china.derive.batteries import burden, outputs, processing
from models.china.derive.cobalt_imports import LAW_2023
from models.china.derive.common import Fact, Facts, Row, derived, judged, number, structure
from models.china.derive.supply import ONE, recipe, scaled, value

BLACK_MASS = {"lithium": (0.040, 0.030, 0.050), "cobalt": (0.060, 0.030, 0.120)}
"""Contents of traded NCM black mass, t/t, with low and high: own judgement."""
WORTH = 2030
"""Year whose recovery says what refined metal a tonne stands for: the first in which it comes in
quantity."""
PAYABLE = (0.5, 0.7, 0.85)
"""Share of the worth of cobalt and nickel that black mass is paid, low and high at the ends: own
judgement; little is paid for lithium."""
NICKEL = 0.20 * 16_000
"""Nickel in a tonne of black mass: 0.20 t at 16 USD/kg (own judgement, as in the credit)."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from _foreign(facts)


def _foreign(facts: Facts) -> Iterator[Row]:
    """The good, its import and its line."""
    mass, name = "battery/black_mass_imported", "import_scrap_black_mass"
    yield structure(
        "goods",
        good=mass,
        metal="",
        kind="scrap",
        stage="recycling",
        description="shredded packs from abroad",
    )
    contents = {
        metal: judged(mean, "t/t", "traded NCM black mass", low=low, high=high)
        for metal, (mean, low, high) in BLACK_MASS.items()
    }
    for metal, content in contents.items():
        yield number("good_values", content, good=mass, metal=metal, parameter="content")
    for metal, worth in _worth(facts, contents).items():
        yield number("good_values", worth, good=mass, metal=metal, parameter="equivalent")
    yield from recipe(
        name,
        "import",
        "recycling",
        inputs={},
        outputs={mass: ONE},
        origin="other origins",
        description="black mass from abroad",
    )
    yield from _volume(facts, name)
    for scenario, stop in (("", True), (LAW_2023, False)):
        paid = _price(facts, contents["cobalt"], export_stop=stop)
        yield from value(name, "import_price", paid, scenario=scenario)
    yield from value(
        name,
        "embodied_emission",
        judged(
            0.5,
            "tCO2e/t",
            "shredding and drying abroad; packs themselves carry no burden",
            low=0.2,
            high=1.0,
        ),
    )
    yield from value(name, "transport_emission", judged(0.2, "tCO2e/t", "deep sea 12,000 km"))
    yield from _foreign_line(facts, mass, contents)


def _volume(facts: Facts, name: str) -> Iterator[Row]:
    shut = judged(0, "t/year", "ban on foreign waste, before 1 August 2025", year=2024)
    series = facts.series("additions", "lithium", variable="import_ceiling", item="black_mass")
    yield from value(name, "max_activity", [shut, *scaled(series, 1, "t/year")])
    yield from value(
        name,
        "max_activity",
        judged(0, "t/year", "shut: ban on foreign waste since 2017 (Zeng et al. 2023)"),
        scenario=LAW_2023,
    )
    note = "judged against 4 Mt of packs retired abroad by 2040"
    opened = [
        shut,
        *scaled(series[:2], 1, "t/year"),
        judged(100_000, "t/year", note, low=50_000, high=300_000, year=2030),
        judged(500_000, "t/year", note, low=200_000, high=1_000_000, year=2045),
        judged(800_000, "t/year", note, low=300_000, high=2_000_000, year=2060),
    ]
    yield from value(name, "max_activity", opened, scenario="scrap-imports")


def _price(facts: Facts, cobalt: Fact, *, export_stop: bool) -> list[Fact]:
    """What contracts pay: a share of the cobalt and the nickel, cobalt at its price of the year."""
    low, usual, high = PAYABLE

    def paid(share: float, price: float) -> float:
        return share * (cobalt.value * price * 1000 + NICKEL)

    return [
        derived(
            paid(usual, metal.value),
            "USD_2021/t",
            f"{usual:g} x ({cobalt.value:g} t of cobalt x {metal.value:.4g} USD/kg + nickel "
            f"{NICKEL:g} USD/t)",
            metal,
            cobalt,
            low=paid(low, metal.value if metal.low is None else metal.low),
            high=paid(high, metal.value if metal.high is None else metal.high),
            year=metal.year,
        )
        for metal in market.cobalt_refined(facts, export_stop=export_stop)
    ]


def _worth(facts: Facts, contents: dict[str, Fact]) -> dict[str, Fact]:
    """Refined metal that a tonne of black mass counts for as an import: what leaching gives of it
    in 2030."""
    found = {}
    for metal in contents:
        (got,) = (f for f in outputs(facts, contents, "")[f"{metal}/refined"] if f.year == WORTH)
        found[metal] = derived(got.value, "t/t", f"{got.note}, as in {WORTH}", got)
    return found


def _foreign_line(facts: Facts, mass: str, contents: dict[str, Fact]) -> Iterator[Row]:
    line = "recycle_battery_black_mass"
    yield from recipe(
        line,
        "recycle",
        "recycling",
        inputs={mass: ONE},
        outputs=outputs(facts, contents, ""),
        pathway="foreign secondary",
        plant="battery_recycling_ncm",
        loss="residue",
        description="leaching of foreign black mass",
    )
    yield number(
        "process_values",
        judged(0.5, "1", "leaching only: half a line"),
        process=line,
        parameter="loading",
    )
    yield from value(
        line,
        "variable_cost",
        [
            fact.times(0.6, "USD_2021/t", "leaching part of the line", "D")
            for fact in processing(facts, "ncm")
        ],
    )
    credit = judged(
        2400, "USD_2021/t", "nickel 0.20 t/t x 16 USD/kg x 0.7 plus manganese", low=1200, high=3500
    )
    yield from value(line, "credit", credit)
    yield from burden(facts, line, "ncm", contents, credit)
