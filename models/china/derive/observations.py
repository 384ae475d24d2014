"""What was observed of the five metals in 2021, with its uncertainty: input of `planner reconcile
china`, no part of the plan. Other years: `hindcast.py`.

Each source speaks for itself, also where it contradicts another or the choice that the plan is
built on (14.1 against 26 kt of lithium mined): reconciliation says what they are worth together.
Where a source states no range, the 95 % interval is value x and / a factor by grade, after the
levels of Hedbrant and Sorme 2001 (Water, Air, and Soil Pollution: Focus 1:43; recalled, not
re-read): 1.1 for a statistic read at its source (A) and for the paper (S), 1.33 for one read second
hand (B), 2 for what is recalled, judged or derived (C, D).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from models.china.derive import demand, exports, hindcast
from models.china.derive.common import Fact, Facts, Row, derived, judged, number

YEAR = 2021
INTERVALS = {"A": 1.1, "S": 1.1, "B": 1.33, "C": 2.0, "D": 2.0}
CARBONATE, HYDROXIDE = 0.18787, 0.1654
"""t of lithium per t of Li2CO3 and of LiOH.H2O (stoichiometry)."""
LITHIA, LITHIUM_IN_LITHIA = (0.055, 0.058, 0.060), 0.46457
"""Li2O in imported spodumene concentrate, low, central, high (trade_imports.csv: 5.5 to 6 %), and
lithium in Li2O (stoichiometry)."""
FERRONIOBIUM = 0.65
"""Niobium in ferroniobium (data/README.md)."""
YEAR_OF_TEN_MONTHS = 12 / 10
TAKEN_IN = "*_{metal}_[!r]*"
"""Processes that make products for use at home or export, and not refined metal for export."""


def rows(facts: Facts) -> Iterator[Row]:
    for make in (_lithium, _cobalt, _indium, _niobium, _germanium):
        yield from make(facts)
    yield from _served(facts)
    yield from hindcast.rows(facts, interval)
    yield from _sold(facts)


def interval(fact: Fact) -> Fact:
    """With the 95 % interval of its grade where it states none."""
    factor = INTERVALS[fact.grade]
    low = fact.value / factor if fact.low is None else fact.low
    high = fact.value * factor if fact.high is None else fact.high
    return replace(fact, low=low, high=high)


def _seen(name: str, metal: str, source: str, target: str, fact: Fact) -> Row:
    return number(
        "observations",
        interval(fact),
        year=YEAR,
        observation=name,
        **{"from": source, "to": target},
        metal=metal,
        parameter="flow",
    )


def _one(facts: Facts, file: str, metal: str, source: str = "", **columns: str) -> Fact:
    """The fact of 2021, of the named source where several speak of the same."""
    found = [
        f
        for f in facts.all(file, metal, region="china", year=YEAR, **columns)
        if not source or f.source == source
    ]
    if len(found) != 1:
        raise KeyError(f"{len(found)} facts of 2021 in {file}.csv for {metal} {columns} {source}")
    return found[0]


def _lithium(facts: Facts) -> Iterator[Row]:
    metal, refined = "lithium", "lithium/refined"
    mined = ("mine_lithium_*", "lithium/*_home")
    bgs, paper = (
        _one(facts, "production", metal, source, variable="mine_production", item="")
        for source in ("bgs-world-mineral-statistics", "zeng2023")
    )
    yield _seen("lithium mined, BGS", metal, *mined, bgs)
    yield _seen("lithium mined, paper", metal, *mined, paper)
    lepidolite = _one(facts, "production", metal, variable="mine_production", item="lepidolite")
    yield _seen(
        "lithium in lepidolite, SMM",
        metal,
        "mine_lithium_lepidolite*",
        "lithium/lepidolite_home",
        lepidolite,
    )
    yield _seen(
        "lithium imported, paper",
        metal,
        "import_lithium_*",
        "*",
        _one(facts, "trade_imports", metal, variable="imports_total"),
    )
    ore = _one(
        facts, "trade_imports", metal, variable="imports", item="spodumene_concentrate_gross"
    )
    low, central, high = (share * LITHIUM_IN_LITHIA * ore.value for share in LITHIA)
    yield _seen(
        "lithium in concentrate imported, customs",
        metal,
        "import_lithium_ore_*",
        "lithium/concentrate_imported",
        derived(
            central,
            "t/year",
            f"{ore.value:g} t x {LITHIA[1]:g} Li2O x {LITHIUM_IN_LITHIA:g}; 5.5 to 6 % Li2O",
            ore,
            low=low,
            high=high,
        ),
    )
    carbonate = _one(facts, "trade_imports", metal, variable="imports", item="li2co3_gross")
    yield _seen(
        "lithium carbonate imported, customs",
        metal,
        "import_lithium_carbonate_*",
        refined,
        carbonate.times(CARBONATE, "t/year", f"{carbonate.value:g} t x {CARBONATE:g}"),
    )
    for who, source in (("SMM", "smm"), ("CNIA", "cnia-lithium")):
        salts = [
            _one(facts, "production", metal, source, variable="refined_production", item=item)
            for item in ("li2co3", "lioh_h2o")
        ]
        note = (
            f"{salts[0].value:g} t x {CARBONATE:g} + {salts[1].value:g} t x {HYDROXIDE:g}; "
            "carbonate made into hydroxide counts twice"
        )
        yield _seen(
            f"lithium salts made, {who}",
            metal,
            "refine_lithium_*",
            refined,
            derived(
                salts[0].value * CARBONATE + salts[1].value * HYDROXIDE, "t/year", note, *salts
            ),
        )
    feed = _one(facts, "production", metal, variable="refining_input")
    # 26 kt mined + 79 kt imported in all forms, less losses: basic chemicals made at home and
    # imported, without what stocks gave
    yield _seen(
        "lithium in basic chemicals, paper",
        metal,
        "[!s]*",
        refined,
        feed.noted(
            f"{feed.note}; read as basic chemicals made or imported, the only reading under which "
            "the paper's account closes"
        ),
    )
    exports = _one(facts, "trade_imports", metal, variable="exports_total")
    yield _seen("lithium exported, paper", metal, "lithium/products_export", "export", exports)
    yield _seen(
        "lithium in end use, Sun",
        metal,
        "lithium/*",
        "use/*",
        _one(facts, "demand_history", metal, variable="enduse_consumption", item="total"),
    )
    yield _seen(
        "lithium drawn from stocks",
        metal,
        "stockpile/lithium/refined",
        refined,
        judged(
            10_000,
            "t/year",
            "between nothing and the 25 kt that may have been held (additions.csv); Sun et al. "
            "report 103 kt of inventory "
            "and loss in 2015-21",
            low=0,
            high=25_000,
        ),
    )


def _cobalt(facts: Facts) -> Iterator[Row]:
    metal, refined = "cobalt", "cobalt/refined"
    yield _seen(
        "cobalt mined, BGS",
        metal,
        "mine_cobalt_*",
        "cobalt/intermediate_home",
        _one(facts, "production", metal, variable="mine_production"),
    )
    for who, source in (("BGS", "bgs-world-mineral-statistics"), ("paper", "zeng2023")):
        made = _one(facts, "production", metal, source, variable="refined_production")
        yield _seen(f"cobalt refined, {who}", metal, "refine_cobalt_*", refined, made)
    yield _seen(
        "cobalt refined, market note",
        metal,
        "refine_cobalt_*",
        refined,
        _one(
            facts, "demand_history", metal, "china-cobalt-note-2022", variable="refined_production"
        ),
    )
    yield _seen(
        "cobalt taken in by manufacture, paper",
        metal,
        refined,
        TAKEN_IN.format(metal=metal),
        _one(facts, "demand_history", metal, "zeng2023", variable="consumption"),
    )
    intermediates, ore, metal_made = (
        _one(facts, "trade_imports", metal, variable="imports", item=f"{item}_jan_oct")
        for item in ("intermediates", "ore_concentrate", "unwrought")
    )
    bought = ("import_cobalt_hydroxide_*", "cobalt/intermediate_imported")
    yield _seen(
        "cobalt in intermediates and ore imported, SMM",
        metal,
        *bought,
        derived(
            (intermediates.value + ore.value) * YEAR_OF_TEN_MONTHS,
            "t/year",
            f"({intermediates.value:g} + {ore.value:g}) t in ten months x 12/10",
            intermediates,
            ore,
        ),
    )
    yield _seen(
        "cobalt metal imported, SMM",
        metal,
        "import_cobalt_refined_*",
        refined,
        metal_made.times(
            YEAR_OF_TEN_MONTHS, "t/year", f"{metal_made.value:g} t in ten months x 12/10"
        ),
    )
    yield _seen(
        "cobalt drawn from stocks",
        metal,
        "stockpile/cobalt/refined",
        refined,
        judged(
            5_300,
            "t/year",
            "between nothing and the 15 kt that may have been held (additions.csv)",
            low=0,
            high=15_000,
        ),
    )


def _indium(facts: Facts) -> Iterator[Row]:
    metal = "indium"
    primary = ("refine_indium_*", "indium/refined")
    yield _seen(
        "indium refined, USGS",
        metal,
        *primary,
        _one(facts, "production", metal, "usgs-mcs-copies", variable="refined_production"),
    )
    share = _one(facts, "production", metal, variable="share_of_world_refined")
    world = facts.one(
        "production",
        metal,
        region="world",
        variable="refined_production",
        year=YEAR,
        source="zeng2023",
    )
    yield _seen(
        "indium refined, paper",
        metal,
        *primary,
        derived(
            share.value * world.value,
            "t/year",
            f"{share.value:g} of {world.value:g} t in the world",
            share,
            world,
        ),
    )


def _niobium(facts: Facts) -> Iterator[Row]:
    metal = "niobium"
    gross = _one(facts, "trade_imports", metal, variable="imports", item="feronb_gross")
    low, central, high = (x * FERRONIOBIUM for x in (30_000, gross.value, 40_000))
    yield _seen(
        "niobium in ferroniobium imported",
        metal,
        "import_niobium_*",
        "niobium/refined",
        derived(
            central,
            "t/year",
            f"{gross.value:g} t x {FERRONIOBIUM:g}; 30 to 40 kt gross",
            gross,
            low=low,
            high=high,
        ),
    )
    home = facts.one(
        "production",
        metal,
        region="china",
        variable="mine_production",
        year=2024,
        source="usgs-mcs-2026-data",
    )
    yield _seen(
        "niobium mined, USGS",
        metal,
        "refine_niobium_home",
        "niobium/refined",
        derived(home.value, "t/year", "the 44 t of 2024 taken for 2021", home, grade="C"),
    )
    yield _seen(
        "niobium taken in by manufacture",
        metal,
        "niobium/refined",
        TAKEN_IN.format(metal=metal),
        _one(facts, "demand_history", metal, variable="consumption"),
    )


def _germanium(facts: Facts) -> Iterator[Row]:
    metal = "germanium"
    made = _one(facts, "production", metal, variable="refined_production")
    ends = made.value / INTERVALS["B"], made.value * INTERVALS["B"]
    yield _seen(
        "germanium refined, BGS",
        metal,
        "re*_germanium_*",
        "germanium/refined",
        derived(
            made.value,
            "t/year",
            f"estimate, scrap included, so the interval of grade B; {made.note}",
            made,
            low=ends[0],
            high=ends[1],
        ),
    )
    yield _seen(
        "germanium taken in by manufacture, Mei",
        metal,
        "germanium/refined",
        TAKEN_IN.format(metal=metal),
        _one(facts, "demand_history", metal, variable="demand"),
    )


def _sold(facts: Facts) -> Iterator[Row]:
    """What of refined metal went abroad, as the processes that send it were observed."""
    for table, row in exports.rows(facts):
        if table == "process_values" and row["parameter"] == "observed":
            metal = str(row["process"]).split("_")[1]
            fact = Fact(row["value"], row["unit"], row["source"], row["grade"], note=row["note"])
            good = f"{metal}/refined_export"
            yield _seen(f"{metal} refined_export sold", metal, good, "export", fact)


def _served(facts: Facts) -> Iterator[Row]:
    """What each use at home and each export takes, as the demand of 2021 has it: the most uncertain
    end of the account."""
    spoken = {"lithium/products_export"}
    for table, row in chain(demand.rows(facts), exports.rows(facts)):
        if (
            table == "demand"
            and row["year"] == YEAR
            and not row["scenario"]
            and row["good"] not in spoken
        ):
            good = str(row["good"])
            # the range of a demand row is that of variants of its path, not of what was observed:
            # the grade speaks
            fact = Fact(
                row["value"],
                row["unit"],
                row["source"],
                row["grade"],
                note=row["note"],
                published=row.get("published"),
            )
            yield _seen(f"{good.replace('/', ' ')} served", good.partition("/")[0], good, "*", fact)
