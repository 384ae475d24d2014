"""Host metals: what bounds the by-products, t a year. Home and imported zinc concentrate are two
hosts, so that provenance is kept.

Zinc: refined output (NBS basis; the SMM basis is 6 % lower) follows data/additions.csv: a plateau
near 7 Mt, then a slow fall as the galvanised stock saturates. Home mines: observed to 2025 (USGS),
then a falling share; imported concentrate is the rest. Zinc held at its 6.56 Mt of 2021 lies
between the low and the high path. The home path adds up to some 145 Mt over 2021-2060 against zinc
reserves of 46 to 60 Mt (USGS 2024, 2025): it presumes that reserves go on being replaced.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from models.china.derive.common import Fact, Facts, Row, at_year, derived, number, path

YEARS = (2021, 2022, 2023, 2024, 2025, 2030, 2040, 2050, 2060)
COAL_YEARS = (2021, 2025, 2030, 2035, 2040, 2050, 2060)
LAST_MINED = 2025
"""Last year of which the zinc mined is known."""
SCENARIOS = {"": "central", "zinc-low": "low", "zinc-high": "high"}
"""Scenario to the path of refined zinc in data/additions.csv."""


def rows(facts: Facts) -> Iterator[Row]:
    for scenario, item in SCENARIOS.items():
        for host, series in zinc(facts, item).items():
            yield from path("hosts", series, scenario=scenario, host=host)
    for host, fact in (
        ("tin", tin(facts)),
        ("copper", copper(facts)),
        ("rare_earth_ore", rare_earth_ore()),
    ):
        yield number("hosts", fact, host=host)
    yield from path("hosts", coal_ash(facts), host="coal_ash")


def zinc(facts: Facts, item: str = "central") -> dict[str, list[Fact]]:
    """Refined zinc from home and from imported concentrate, by year; with the low and high path as
    range on the central one."""
    refined = {name: refined_zinc(facts, name) for name in SCENARIOS.values()}
    mined = facts.series("hosts_companion", "zinc", variable="mine_production", region="china")
    share = facts.series("additions", "zinc", variable="share_from_domestic_concentrate")
    found: dict[str, list[Fact]] = {"zinc_home": [], "zinc_imported": []}
    for year in YEARS:
        of_total = _home_share(year, mined, share, refined["central"])
        near = min(refined[item], key=lambda fact: abs((fact.year or 0) - year))
        for host, part in (("zinc_home", of_total), ("zinc_imported", 1 - of_total)):
            total, low, high = (at_year(refined[name], year) for name in (item, "low", "high"))
            ranged = item == "central" and low < high
            is_known = year <= LAST_MINED
            stood = [fact for fact in mined if fact.year == year] if is_known else share
            # what comes from home concentrate was mined: the refined total drops out
            whole = [] if is_known and host == "zinc_home" else [near]
            note = (
                f"{item} path of refined zinc {total:.4g} t x {part:.3f} from "
                f"{'home' if host == 'zinc_home' else 'imported'} concentrate"
            )
            found[host].append(
                derived(
                    total * part,
                    "t/year",
                    note,
                    *whole,
                    *stood,
                    year=year,
                    low=low * part if ranged else None,
                    high=high * part if ranged else None,
                )
            )
    return found


def refined_zinc(facts: Facts, item: str) -> list[Fact]:
    """A path of refined zinc; the low and high one start from the central path's observed years."""
    central = facts.series("additions", "zinc", variable="refined_production_path", item="central")
    if item == "central":
        return central
    return [fact for fact in central if (fact.year or 0) <= 2024] + facts.series(
        "additions", "zinc", variable="refined_production_path", item=item
    )


def _home_share(
    year: int, mined: Sequence[Fact], share: Sequence[Fact], refined: Sequence[Fact]
) -> float:
    """Share of refined zinc from home concentrate: mine output over refined output to 2025, the
    path of additions.csv from 2030."""
    if year <= LAST_MINED:
        return at_year(mined, year) / at_year(refined, year)
    return at_year(share, year)


def tin(facts: Facts) -> Fact:
    """Tin smelted in 2021; the range is that of the years since 2015."""
    smelted = facts.series("hosts_companion", "indium", variable="host_flow", item="tin_smelted")
    values = [fact.value for fact in smelted]
    return replace(
        smelted[-1].noted("tin smelted in 2021, flat; range: 2015-21; its by-product share is 4 %"),
        low=min(values),
        high=max(values),
    )


def copper(facts: Facts) -> Fact:
    refined = facts.one("hosts_companion", "indium", variable="host_flow", item="copper_refined")
    return refined.noted("copper refined in 2021, flat: its by-product share is 1 %")


def coal_ash(facts: Facts) -> list[Fact]:
    """Germanium in the lignite burnt for it (Lincang, Wulantuga), t a year: a constant share of what
    is left of the coal-hosted reserve."""
    metal, recovery = (
        facts.one("hosts_companion", "germanium", variable="host_capacity", item="coal_ash"),
        coal_recovery(facts),
    )
    reserve = facts.one(
        "additions", "germanium", variable="reserve_central", item="coal_hosted_deposits"
    )
    burnt, low, high = (each / recovery.value for each in (metal.value, 45, 80))
    return [
        derived(
            burnt * math.exp(-(year - 2021) * burnt / reserve.value),
            "t/year",
            (
                f"{metal.value:g} t recovered / {recovery.value:g} = {burnt:.4g} t in 2021, falling "
                f"with what is left of {reserve.value:g} t, {burnt / reserve.value:.3g} of it a "
                "year; high: reserves are replaced"
            ),
            metal,
            recovery,
            reserve,
            low=low * math.exp(-(year - 2021) * burnt / reserve.value),
            high=high,
            year=year,
            grade="D",
        )
        for year in COAL_YEARS
    ]


def coal_recovery(facts: Facts) -> Fact:
    return facts.one("yields", "germanium", variable="yield_overall", item="coal_ash")


def rare_earth_ore() -> Fact:
    """Niobium in the ore milled at Bayan Obo, t a year."""
    return Fact(
        10_000,
        "t/year",
        "recalled",
        "C",
        6_000,
        14_000,
        (
            "about 11 Mt of ore a year x 0.13 % Nb2O5 x 0.699 niobium: contained in ore milled for "
            "iron and rare earths; recalled"
        ),
    )
