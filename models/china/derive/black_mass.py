"""Black mass from abroad: closed by the ban on foreign waste in the base, open in the scenario
`scrap-imports`."""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive.batteries import burden, outputs, processing
from models.china.derive.common import Fact, Facts, Row, derived, judged, number, structure
from models.china.derive.supply import ONE, recipe, value

BLACK_MASS = {"lithium": (0.040, 0.030, 0.050), "cobalt": (0.060, 0.030, 0.120)}
"""Contents of traded NCM black mass, t/t, with low and high: own judgement."""
OPEN = 2030
"""First year in which black mass from abroad comes in."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from _foreign(facts)


def _foreign(facts: Facts) -> Iterator[Row]:
    """Black mass from abroad: closed by the ban on foreign waste, open in `scrap-imports`."""
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
    yield from value(
        name,
        "max_activity",
        judged(0, "t/year", "closed: ban on foreign waste since 2017 (Zeng et al. 2023)"),
    )
    note = "judged against 4 Mt of packs retired abroad by 2040"
    opened = [
        judged(0, "t/year", "ban lifted from 2026", year=2025),
        judged(100_000, "t/year", note, low=50_000, high=300_000, year=2030),
        judged(500_000, "t/year", note, low=200_000, high=1_000_000, year=2045),
        judged(800_000, "t/year", note, low=300_000, high=2_000_000, year=2060),
    ]
    yield from value(name, "max_activity", opened, scenario="scrap-imports")
    yield from value(
        name,
        "import_price",
        judged(
            4500,
            "USD_2021/t",
            "70 % payable for cobalt and nickel, little for lithium",
            low=2500,
            high=8000,
        ),
    )
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


def _worth(facts: Facts, contents: dict[str, Fact]) -> dict[str, Fact]:
    """Refined metal that a tonne of black mass counts for as an import: what leaching gives of it
    in 2030, when it first comes in."""
    found = {}
    for metal in contents:
        (got,) = (f for f in outputs(facts, contents, "")[f"{metal}/refined"] if f.year == OPEN)
        found[metal] = derived(got.value, "t/t", f"{got.note}, as in {OPEN}", got)
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
