"""Writes `models/eu_magnets/*.csv` from `data/`: `python -m models.eu_magnets.derive [FOLDER]`.

A concentrate holds four metals in proportions that its ore fixes; separation yields all four.
Magnets are joint goods by end use. Amounts of concentrates are tonnes of the four metals together,
of magnets and of what holds them tonnes of magnet.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from models.china.derive.__main__ import by_table, write_tables
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    derived,
    judged,
    number,
    path,
    structure,
)
from models.china.derive.observations import interval

STUDY = Path(__file__).resolve().parent
FILE = "eu_magnets"
FIRST, LAST = 2024, 2050
PRICES_TO = 2025
"""Last year of which a price is known; from the year after next on the mean of all years known."""
METALS = ("neodymium", "praseodymium", "dysprosium", "terbium")
LIGHT = METALS[:2]
USES = ("ev", "wind", "industry", "electronics")
"""End uses; what is left of the use by industry is motors of machines and cars (`industry`)."""
MINES = {"norra_karr": "norra_karr", "per_geijer": "per_geijer", "malmberget": "per_geijer"}
"""Mine to the concentrate that it gives."""
BOUGHT = (
    ("fen", "norway", "Norway"),
    ("monazite", "australia", "Australia"),
    ("monazite", "usa", "United States"),
    ("ionic", "brazil", "Brazil"),
)
"""Concentrate, region in the data, origin."""
CONCENTRATES = ("per_geijer", "norra_karr", "fen", "monazite", "ionic")
OTHERS = "Japan and others"
KG = "USD_2024/kg"
COHORTS_FROM = 1994
MARGIN = 10.0
"""A shortage costs so many times the dearest magnet (docs/format.md)."""
CHEAPER_IN_GOODS = 0.95
"""What comes in goods pays China's price at home, below that at the border: a judgement that makes
goods come in up to their share, whatever the price of magnets."""


class Money:
    """Facts in money of other years and currencies, in USD of 2024."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def kg(self, fact: Fact, unit: str = KG) -> Fact:
        year = fact.unit.partition("_")[2][:4]
        if fact.unit.startswith("EUR"):
            rate = self.facts.one(FILE, variable="exchange_rate", item="EUR")
            fact = replace(fact, value=fact.value * rate.value, low=None, high=None)
        if year == "2024":
            return replace(fact, unit=unit)
        if year == "2021":
            factor, note = 1.14, "x 1.14 from USD of 2021, recalled"
        else:
            deflator = self.facts.one(FILE, variable="deflator", item=f"USD_{year}")
            factor, note = deflator.value, f"x {deflator.value:g} from money of {year}"
        return fact.times(factor, unit, note)


def rows(facts: Facts) -> Iterator[Row]:
    yield from _goods()
    yield from _contents(facts)
    yield from _mines(facts)
    yield from _separation(facts)
    yield from _oxides(facts)
    yield from _sold(facts)
    yield from _metal(facts)
    yield from _magnets(facts)
    yield from _goods_of_use(facts)
    yield from _stocks(facts)
    yield from _recycling(facts)
    yield from _plants(facts)
    yield from _series(facts)
    yield from _observations(facts)


def _one(facts: Facts, variable: str, item: str, metal: str = "", **columns: str | int) -> Fact:
    return facts.one(FILE, metal, variable=variable, item=item, **columns)


def _flow(process: str, good: str, direction: str, fact: Fact) -> Row:
    return number("coefficients", fact, process=process, good=good, direction=direction)


def _unit(note: str = "") -> Fact:
    return Fact(1.0, "t/t", "own", "A", note=note)


def _value(process: str, parameter: str, fact: Fact, **more: str) -> Row:
    return number("process_values", fact.at(None), process=process, parameter=parameter, **more)


def _process(
    name: str,
    kind: str,
    stage: str,
    pathway: str = "",
    origin: str = "",
    plant: str = "",
    loss: str = "",
    description: str = "",
) -> Row:
    return structure(
        "processes",
        process=name,
        kind=kind,
        stage=stage,
        pathway=pathway,
        origin=origin,
        plant=plant,
        loss=loss,
        description=description,
    )


# ---- goods ---------------------------------------------------------------------------------------


def _goods() -> Iterator[Row]:
    def good(name: str, kind: str, stage: str, metal: str = "", export: str = "no") -> Row:
        return structure("goods", good=name, metal=metal, kind=kind, stage=stage, export=export)

    for ore in CONCENTRATES:
        yield good(f"concentrate/{ore}", "intermediate", "extraction")
    for metal in METALS:
        yield good(f"{metal}/oxide", "refined", "processing", metal)
        yield good(f"{metal}/metal", "intermediate", "manufacture", metal)
    for use in USES:
        yield good(f"magnet/{use}", "intermediate", "manufacture")
        yield good(f"{use}/new", "product", "manufacture")
        yield good(f"{use}/exported", "product", "manufacture", export="yes")
        yield good(f"{use}/spent", "waste", "use")
        yield good(f"{use}/scrap", "scrap", "recycling")
        yield good(f"swarf/{use}", "scrap", "manufacture")


def magnet(facts: Facts, use: str) -> dict[str, Fact]:
    """Metals in a tonne of magnet."""
    found = {}
    for metal in METALS:
        for fact in facts.all(FILE, metal, variable="magnet_content", item=use):
            found[metal] = fact
    return found


def concentrate(facts: Facts, ore: str) -> dict[str, Fact]:
    """Each of the four metals in a tonne of the four: oxides x metal in oxide, to a sum of 1."""
    held = {}
    for metal in METALS:
        share = _one(facts, "share_of_oxides", ore, metal)
        oxide = _one(facts, "metal_in_oxide", "oxide", metal)
        held[metal] = (share, oxide, share.value * oxide.value)
    total = sum(mass for *_, mass in held.values())
    parts = {metal: round(mass / total, 5) for metal, (*_, mass) in held.items()}
    # what rounding leaves falls to the first, so that the four add up to a tonne
    parts[METALS[0]] = round(1 - sum(parts[metal] for metal in METALS[1:]), 5)
    return {
        metal: derived(
            parts[metal],
            "t/t",
            f"{share.value:g} of oxides x {oxide.value:g}, over the four",
            share,
            oxide,
        )
        for metal, (share, oxide, _) in held.items()
    }


def _contents(facts: Facts) -> Iterator[Row]:
    separation = _one(facts, "recovery", "separation")
    reduction = _one(facts, "recovery", "reduction")
    recycling = _one(facts, "recovery", "recycling")

    def held(good: str, metal: str, content: Fact, to_oxide: float, *chain: Fact) -> Iterator[Row]:
        yield number("good_values", content, good=good, metal=metal, parameter="content")
        worth = derived(content.value * to_oxide, "t/t", f"content x {to_oxide:g}", content, *chain)
        yield number("good_values", worth, good=good, metal=metal, parameter="equivalent")

    for ore in CONCENTRATES:
        for metal, share in concentrate(facts, ore).items():
            gain = separation.value
            yield from held(f"concentrate/{ore}", metal, share, gain, separation)
    for metal in METALS:
        worth = derived(1 / reduction.value, "t/t", "1 / recovery of reduction", reduction)
        yield number(
            "good_values", worth, good=f"{metal}/metal", metal=metal, parameter="equivalent"
        )
    kept = judged(0.0, KG, "surplus is kept or given away: no plan throws much away")
    for metal in METALS:
        yield number("good_values", kept, good=f"{metal}/oxide", parameter="disposal_cost")
    for use in USES:
        yield number(
            "good_values",
            _one(facts, "disposal_cost", "swarf"),
            good=f"swarf/{use}",
            parameter="disposal_cost",
        )
        for metal, content in magnet(facts, use).items():
            content = replace(content, low=None, high=None)
            for good in (f"magnet/{use}", f"{use}/new", f"{use}/exported"):
                yield from held(good, metal, content, 1 / reduction.value, reduction)
            for good in (f"{use}/spent", f"{use}/scrap", f"swarf/{use}"):
                yield from held(good, metal, content, recycling.value, recycling)


# ---- ore and oxides ------------------------------------------------------------------------------


def _mines(facts: Facts) -> Iterator[Row]:
    recovery = _one(facts, "recovery", "mines")
    for mine, ore in MINES.items():
        process = f"mine_{mine}"
        yield _process(
            process, "mine", "extraction", "domestic primary", plant=process, loss="tailings"
        )
        yield _flow(process, f"concentrate/{ore}", "out", _unit("of the four metals"))
        resource = _one(facts, "resource", mine)
        for metal, share in concentrate(facts, mine).items():
            ends = [share.value / end for end in (recovery.high, recovery.low) if end]
            yield _flow(
                process,
                f"{mine}/{metal}",
                "in",
                derived(
                    share.value / recovery.value,
                    "t/t",
                    f"{share.value:g} / {recovery.value:g}",
                    share,
                    recovery,
                    low=ends[0],
                    high=ends[1],
                ),
            )
            oxides = _one(facts, "share_of_oxides", mine, metal)
            form = _one(facts, "metal_in_oxide", "oxide", metal)
            ratio = oxides.value * form.value
            assert resource.low is not None
            assert resource.high is not None
            yield number(
                "deposits",
                derived(
                    resource.value * ratio,
                    "t",
                    f"{resource.value:g} t of oxides x {oxides.value:g} x {form.value:g}",
                    resource,
                    oxides,
                    form,
                    low=resource.low * ratio,
                    high=resource.high * ratio,
                ),
                deposit=f"{mine}/{metal}",
                metal=metal,
                parameter="reserve",
            )
        yield _value(process, "variable_cost", _one(facts, "mining_cost", mine))
        for parameter in ("electricity", "direct_emission"):
            yield _value(process, parameter, _one(facts, parameter, "mines"))


def _basket(facts: Facts, shares: dict[str, Fact], prices: dict[str, list[Fact]]) -> list[Fact]:
    """Value of metals at prices of a kilogram of metal in oxide, by year."""
    made = []
    for first in prices[METALS[0]]:
        year = first.year
        assert year is not None
        here = {m: next(f for f in prices[m] if f.year == year) for m in shares}
        ends = [
            sum(shares[m].value * (getattr(here[m], end) or here[m].value) for m in shares)
            for end in ("low", "high")
        ]
        made.append(
            derived(
                sum(shares[m].value * here[m].value for m in shares),
                KG,
                "sum of share x price",
                *shares.values(),
                *here.values(),
                year=year,
                low=ends[0],
                high=ends[1],
            )
        )
    return made


def oxide_prices(facts: Facts, scenario: str = "") -> dict[str, list[Fact]]:
    """Of a kilogram of metal in oxide, free on board China: what is known to 2025, then the mean of
    2022 to 2025 with their ends as range. In `licences` of 2026 to 2030 the heavy ones cost what
    buyers in Europe paid in September 2025."""
    money, found = Money(facts), {}
    for metal in METALS:
        form = _one(facts, "metal_in_oxide", "oxide", metal)
        known = [
            money.kg(f).times(1 / form.value, KG, f"/ {form.value:g} metal in oxide")
            for f in facts.series(FILE, metal, variable="price", item="oxide")
        ]
        values = [f.value for f in known]
        mean = derived(
            sum(values) / len(values),
            KG,
            "mean of 2022 to 2025, in constant money",
            *known,
            low=min(values),
            high=max(values),
            grade="D",
        )
        series = [f for f in known if (f.year or 0) >= FIRST]
        later = [mean.at(PRICES_TO + 2)]
        if scenario == "licences" and metal not in LIGHT:
            dear = money.kg(_one(facts, "price_europe", "oxide_licensed", metal))
            dear = dear.times(1 / form.value, KG, f"/ {form.value:g} metal in oxide")
            later = [dear.at(PRICES_TO + 1), dear.at(2030), mean.at(2032)]
        found[metal] = [*series, *later]
    return found


def _at_all_years(prices: dict[str, list[Fact]]) -> dict[str, list[Fact]]:
    """The same with a value at every year at which one metal has one."""
    years = sorted({f.year or 0 for series in prices.values() for f in series})
    return {m: [_between(series, year) for year in years] for m, series in prices.items()}


def _between(series: list[Fact], year: int) -> Fact:
    before = [f for f in series if (f.year or 0) <= year]
    after = [f for f in series if (f.year or 0) >= year]
    if not after:
        return before[-1].at(year)
    a, b = before[-1], after[0]
    if a.year == b.year:
        return a
    assert a.year is not None
    assert b.year is not None
    weight = (year - a.year) / (b.year - a.year)
    return replace(b, value=a.value + (b.value - a.value) * weight, low=None, high=None, year=year)


def _priced(process: str, series: Iterable[Fact], scenario: str = "") -> Iterator[Row]:
    yield from path(
        "process_values",
        series,
        scenario=scenario,
        first=FIRST,
        last=LAST,
        process=process,
        parameter="import_price",
    )


def _limited(facts: Facts, process: str, item: str, region: str, metal: str = "") -> Iterator[Row]:
    limits = facts.series(FILE, metal, variable="import_limit", item=item, region=region)
    yield from path(
        "process_values", limits, first=FIRST, last=LAST, process=process, parameter="max_activity"
    )


def _separation(facts: Facts) -> Iterator[Row]:
    recovery = _one(facts, "recovery", "separation")
    paid = _one(facts, "payability", "concentrate")
    for ore in CONCENTRATES:
        process = f"separate_{ore}"
        pathway = "domestic primary" if ore in MINES.values() else "foreign primary"
        yield _process(process, "refine", "processing", pathway, plant="separation", loss="slag")
        yield _flow(process, f"concentrate/{ore}", "in", _unit())
        for metal, share in concentrate(facts, ore).items():
            yield _flow(
                process,
                f"{metal}/oxide",
                "out",
                derived(
                    share.value * recovery.value,
                    "t/t",
                    f"{share.value:g} x {recovery.value:g}",
                    share,
                    recovery,
                ),
            )
        yield _value(process, "variable_cost", _one(facts, "separation_cost", "all"))
        for parameter in ("electricity", "direct_emission"):
            yield _value(process, parameter, _one(facts, parameter, "separation"))
    for ore, region, origin in BOUGHT:
        process = f"import_concentrate_{ore}_{region}"
        yield _process(process, "import", "extraction", "foreign primary", origin)
        yield _flow(process, f"concentrate/{ore}", "out", _unit())
        for scenario in ("", "licences"):
            basket = _basket(
                facts, concentrate(facts, ore), _at_all_years(oxide_prices(facts, scenario))
            )
            yield from _priced(
                process,
                [
                    f.times(paid.value, KG, f"x {paid.value:g} paid of the oxides' value", "D")
                    for f in basket
                ],
                scenario,
            )
        yield from _limited(facts, process, f"concentrate_{ore}", region)
        yield _value(process, "embodied_emission", _embodied(facts, "concentrate"))


def _embodied(facts: Facts, item: str) -> Fact:
    return replace(_one(facts, "ghg", item), unit="tCO2e/t")


def _oxides(facts: Facts) -> Iterator[Row]:
    """Oxides and metals of China, oxides of others."""
    ratio = _one(facts, "price_ratio", "oxide_malaysia")
    for metal in METALS:
        weight = "light" if metal in LIGHT else "heavy"
        ghg = _embodied(facts, f"{weight}_oxide")
        cost = _one(facts, "reduction_cost", weight)
        for name, origin, good, factor, above in (
            ("oxide_{}_china", "China", "oxide", 1.0, 0.0),
            ("oxide_{}_malaysia", "Malaysia", "oxide", ratio.value, 0.0),
            ("metal_{}_china", "China", "metal", 1.0, cost.value),
        ):
            process = "import_" + name.format(metal)
            stage = "processing" if good == "oxide" else "manufacture"
            yield _process(process, "import", stage, "foreign primary", origin)
            yield _flow(process, f"{metal}/{good}", "out", _unit())
            for scenario in ("", "licences") if weight == "heavy" else ("",):
                yield from _priced(
                    process,
                    [
                        f.map(
                            lambda x, k=factor, c=above: x * k + c,
                            KG,
                            f"x {factor:g} + {above:g}",
                            "D",
                        )
                        for f in oxide_prices(facts, scenario)[metal]
                    ],
                    scenario,
                )
            yield _value(process, "embodied_emission", ghg)
        yield from _limited(facts, f"import_oxide_{metal}_malaysia", "oxide", "malaysia", metal)


def _sold(facts: Facts) -> Iterator[Row]:
    """Oxides that buyers abroad take, below China's price: joint ores give more of some than is
    wanted."""
    ratio = _one(facts, "export_price_ratio", "oxide")
    for metal in METALS:
        good = f"{metal}/sold"
        yield structure(
            "goods", good=good, metal=metal, kind="product", stage="processing", export="yes"
        )
        yield number("good_values", _unit(), good=good, metal=metal, parameter="equivalent")
        yield _process(f"export_{metal}", "manufacture", "processing")
        yield _flow(f"export_{metal}", f"{metal}/oxide", "in", _unit())
        yield _flow(f"export_{metal}", good, "out", _unit())
        for scenario in ("",) if metal in LIGHT else ("", "licences"):
            yield from path(
                "curves",
                [
                    f.times(ratio.value, KG, f"x {ratio.value:g}", "D")
                    for f in oxide_prices(facts, scenario)[metal]
                ],
                scenario=scenario,
                first=FIRST,
                last=LAST,
                of=good,
                step="1 abroad",
                parameter="price",
            )
        most = _one(facts, "export_limit", "oxide", metal)
        yield number("curves", most, of=good, step="1 abroad", parameter="amount")


def _metal(facts: Facts) -> Iterator[Row]:
    recovery = _one(facts, "recovery", "reduction")
    for metal in METALS:
        process = f"reduce_{metal}"
        yield _process(process, "refine", "manufacture", plant="metal_works", loss="slag")
        yield _flow(
            process,
            f"{metal}/oxide",
            "in",
            derived(1 / recovery.value, "t/t", f"1 / {recovery.value:g}", recovery),
        )
        yield _flow(process, f"{metal}/metal", "out", _unit())
        weight = "light" if metal in LIGHT else "heavy"
        yield _value(process, "variable_cost", _one(facts, "reduction_cost", weight))
        for parameter in ("electricity", "direct_emission"):
            yield _value(process, parameter, _one(facts, parameter, "reduction"))


# ---- magnets and goods ---------------------------------------------------------------------------


def industry_use(facts: Facts, use: str) -> list[Fact]:
    """Magnets that industry builds in, by year; `industry` is what the others leave of the total in
    2024, and grows from there."""
    if use in ("ev", "wind"):
        return facts.series(FILE, variable="industry_use", item=use)
    growth = _one(facts, "industry_growth", use)
    if use == "electronics":
        start = _one(facts, "industry_use", use)
    else:
        total = _one(facts, "industry_use", "magnets")
        rest = [
            next(f for f in facts.series(FILE, variable="industry_use", item=u) if f.year == FIRST)
            for u in USES
            if u != use
        ]
        start = derived(
            total.value - sum(f.value for f in rest),
            "t/year",
            "what the other uses leave",
            total,
            *rest,
            low=total.value * 0.35,
            high=total.value * 0.65,
        )
    return [
        derived(
            start.value * (1 + growth.value) ** (year - FIRST),
            "t/year",
            f"{start.value:g} x (1 + {growth.value:g})^{year - FIRST}",
            start,
            growth,
            year=year,
            low=None
            if start.low is None
            else start.low * (1 + (growth.low or 0)) ** (year - FIRST),
            high=None
            if start.high is None
            else start.high * (1 + (growth.high or 0)) ** (year - FIRST),
        )
        for year in (FIRST, 2030, 2035, 2040, LAST)
    ]


def scaled(series: list[Fact], facts: Facts) -> list[Fact]:
    """The same in `high-demand`: from 2024 on in proportion to the use by industry that a maker of
    magnets expects in 2035."""
    most = _one(facts, "industry_use_high", "magnets")
    total = sum(
        next(f.value for f in industry_use(facts, use) if f.year == most.year) for use in USES
    )
    more = most.value / total - 1
    made = []
    for fact in series:
        assert fact.year is not None
        assert most.year is not None
        ratio = 1 + more * min(1.0, (fact.year - FIRST) / (most.year - FIRST))
        made.append(
            replace(
                fact.times(
                    ratio, fact.unit, f"x {ratio:.4g}: {most.value:g} t in {most.year}", "D"
                ),
                low=None,
                high=None,
                source=f"{fact.source};{most.source}",
            )
        )
    return made


def both(facts: Facts, series: list[Fact]) -> Iterator[tuple[str, list[Fact]]]:
    """A path of use in the base and in `high-demand`."""
    yield "", series
    yield "high-demand", scaled(series, facts)


def put_to_use(facts: Facts, use: str) -> list[Fact]:
    """Magnets that enter use: what industry builds in less exports, over one less the share that
    comes in goods."""
    leaves, comes = (
        _one(facts, variable, use) for variable in ("export_share", "import_share_in_goods")
    )
    factor = (1 - leaves.value) / (1 - comes.value)
    return [
        replace(
            f.times(
                factor,
                "t/year",
                f"use by industry x (1 - {leaves.value:g}) / (1 - {comes.value:g})",
                "D",
            ),
            source=f"{f.source};own" if "own" not in f.source else f.source,
            year=f.year,
        )
        for f in industry_use(facts, use)
    ]


def metal_value(facts: Facts, use: str, prices: dict[str, list[Fact]]) -> list[Fact]:
    """Metals in a kilogram of magnet at China's prices, with reduction and what melting loses."""
    recovery, lost = _one(facts, "recovery", "reduction"), _one(facts, "loss", "magnets")
    content = magnet(facts, use)
    made = []
    for index, first in enumerate(prices[METALS[0]]):
        value, inputs = 0.0, []
        low = high = 0.0
        for metal, share in content.items():
            fact = prices[metal][index]
            cost = _one(facts, "reduction_cost", "light" if metal in LIGHT else "heavy").value
            weight = share.value * (1 + lost.value)
            value += weight * (fact.value / recovery.value + cost)
            low += weight * ((fact.low or fact.value) / recovery.value + cost)
            high += weight * ((fact.high or fact.value) / recovery.value + cost)
            inputs += [share, fact]
        made.append(
            derived(
                value,
                KG,
                "content x price of metal",
                *inputs,
                recovery,
                year=first.year,
                low=low,
                high=high,
            )
        )
    return made


def conversion(facts: Facts) -> Fact:
    """What a magnet from China costs beyond its metals: unit value of all China's exports in 2024
    less the metals in the mean magnet of the EU's industry."""
    money = _one(facts, "export_value", "magnets")
    mass = _one(facts, "export_mass", "magnets")
    prices = _at_all_years(oxide_prices(facts))
    weights = {use: industry_use(facts, use)[0] for use in USES}
    total = sum(f.value for f in weights.values())
    metals = sum(
        weights[use].value / total * metal_value(facts, use, prices)[0].value for use in USES
    )
    unit = money.value / mass.value / 1000
    return derived(
        unit - metals,
        KG,
        f"{unit:.4g} a kilogram exported less {metals:.4g} of metals",
        money,
        mass,
        low=(unit - metals) * 0.6,
        high=(unit - metals) * 1.4,
        grade="D",
    )


def _magnets(facts: Facts) -> Iterator[Row]:
    made, swarf, lost = conversion(facts), *(_one(facts, v, "magnets") for v in ("swarf", "loss"))
    above, premium = (
        _one(facts, "cost_above_china", "magnets"),
        Money(facts).kg(_one(facts, "premium", "magnets_outside_china")),
    )
    home = derived(
        made.value + above.value,
        KG,
        f"{made.value:.4g} in China + {above.value:g}",
        made,
        above,
        low=(made.low or 0) + (above.low or 0),
        high=(made.high or 0) + (above.high or 0),
    )
    for use in USES:
        process = f"make_magnet_{use}"
        yield _process(process, "manufacture", "manufacture", plant="magnet_works", loss="melting")
        for metal, content in magnet(facts, use).items():
            need = derived(
                content.value * (1 + swarf.value + lost.value),
                "t/t",
                f"{content.value:g} x (1 + {swarf.value:g} of swarf + {lost.value:g} lost)",
                content,
                swarf,
                lost,
            )
            yield _flow(process, f"{metal}/metal", "in", need)
        yield _flow(process, f"magnet/{use}", "out", _unit())
        yield _flow(process, f"swarf/{use}", "out", replace(swarf, low=None, high=None))
        yield _value(process, "variable_cost", home)
        yield _value(process, "electricity", _one(facts, "electricity", "magnets"))
        for region, origin, more in (("china", "China", 0.0), ("others", OTHERS, premium.value)):
            process = f"import_magnet_{use}_{region}"
            yield _process(process, "import", "manufacture", "foreign primary", origin)
            yield _flow(process, f"magnet/{use}", "out", _unit())
            # what left China under licences in 2025 was no dearer, what others made was
            for scenario in ("",) if region == "china" else ("", "licences"):
                yield from _priced(
                    process, _magnet_prices(facts, use, made, more, scenario), scenario
                )
            yield _value(process, "embodied_emission", _embodied(facts, "magnet"))
        limits = facts.series(FILE, variable="import_limit", item="magnets")
        yield from path(
            "process_values",
            [
                f.times(
                    share, "t/year", f"x {share:.3g}, the use's share of industry's in 2024", "D"
                )
                for share in [_share_of_use(facts, use)]
                for f in limits
            ],
            first=FIRST,
            last=LAST,
            process=f"import_magnet_{use}_others",
            parameter="max_activity",
        )


def _share_of_use(facts: Facts, use: str) -> float:
    return industry_use(facts, use)[0].value / sum(
        industry_use(facts, each)[0].value for each in USES
    )


def _magnet_prices(
    facts: Facts, use: str, made: Fact, more: float, scenario: str = ""
) -> list[Fact]:
    prices = _at_all_years(oxide_prices(facts, scenario))
    return [
        f.map(
            lambda x: x + made.value + more,
            KG,
            f"metals + {made.value:.4g} of conversion"
            + (f" + {more:.4g} of premium" if more else ""),
            "D",
        )
        for f in metal_value(facts, use, prices)
    ]


def _goods_of_use(facts: Facts) -> Iterator[Row]:
    """Motors, turbines and cars: built here with magnets, or bought with them in."""
    made = conversion(facts)
    dearest = max(
        f.value for use in USES for f in _magnet_prices(facts, use, made, 30.0, "licences")
    )
    shortage = judged(
        round(MARGIN * dearest, -2),
        KG,
        f"{MARGIN:g} times the dearest magnet ({dearest:.4g}), rounded to hundreds",
    )
    for use in USES:
        for process, good in (
            (f"fit_{use}", f"{use}/new"),
            (f"fit_{use}_export", f"{use}/exported"),
        ):
            yield _process(process, "manufacture", "use")
            yield _flow(process, f"magnet/{use}", "in", _unit())
            yield _flow(process, good, "out", _unit())
            yield number("good_values", shortage, good=good, parameter="shortage_cost")
        leaves = _one(facts, "export_share", use)
        exported = [
            f.times(leaves.value, "t/year", f"x {leaves.value:g} exported in goods", "D")
            for f in industry_use(facts, use)
        ]
        for good, series in ((f"{use}/new", put_to_use(facts, use)), (f"{use}/exported", exported)):
            for scenario, facts_of in both(facts, series):
                yield from path(
                    "demand", facts_of, scenario=scenario, first=FIRST, last=LAST, good=good
                )
        comes, china = (
            _one(facts, v, use) for v in ("import_share_in_goods", "china_share_of_goods")
        )
        for region, origin, part in (
            ("china", "China", china.value),
            ("others", "Other makers of goods", 1 - china.value),
        ):
            process = f"import_goods_{use}_{region}"
            yield _process(process, "import", "use", "foreign primary", origin)
            yield _flow(process, f"{use}/new", "out", _unit())
            share = comes.value * part
            most = [
                f.times(share, "t/year", f"x {share:g} in goods of {origin}", "D")
                for f in put_to_use(facts, use)
            ]
            for scenario, series in both(facts, most):
                yield from path(
                    "process_values",
                    series,
                    scenario=scenario,
                    first=FIRST,
                    last=LAST,
                    process=process,
                    parameter="max_activity",
                )
            yield from _priced(
                process,
                [
                    f.times(CHEAPER_IN_GOODS, KG, f"x {CHEAPER_IN_GOODS:g}", "D")
                    for f in _magnet_prices(facts, use, made, 0.0)
                ],
            )
            yield _value(process, "embodied_emission", _embodied(facts, "magnet"))


# ---- use and recycling ---------------------------------------------------------------------------


def _stocks(facts: Facts) -> Iterator[Row]:
    for use in USES:
        yield structure("products", product=use, waste=f"{use}/spent", distribution="weibull")
        yield number("uses", _unit(), product=use, good=f"{use}/new")
        for parameter in ("lifetime_mean", "lifetime_shape"):
            yield number(
                "product_values", _one(facts, parameter, use), product=use, parameter=parameter
            )
        now, growth = put_to_use(facts, use)[0], _one(facts, "past_growth", use)
        for year in range(COHORTS_FROM, FIRST):
            yield number(
                "cohorts",
                derived(
                    now.value / (1 + growth.value) ** (FIRST - year),
                    "t/year",
                    f"{now.value:.5g} of {FIRST} / (1 + {growth.value:g})^{FIRST - year}",
                    now,
                    growth,
                ),
                year=year,
                product=use,
                parameter="inflow",
            )
        yield from path(
            "collection",
            facts.series(FILE, variable="collection", item=use),
            first=FIRST,
            last=LAST,
            good=f"{use}/spent",
        )
        best = [
            replace(f, value=f.high, low=None, high=None).noted("high end of the range")
            for f in facts.series(FILE, variable="collection", item=use)
            if f.high is not None
        ]
        yield from path(
            "collection", best, scenario="closed-loop", first=FIRST, last=LAST, good=f"{use}/spent"
        )


def _recycling(facts: Facts) -> Iterator[Row]:
    recovery, cost = (
        _one(facts, "recovery", "recycling"),
        _one(facts, "recycling_cost", "long_loop"),
    )
    for use in USES:
        yield _process(f"collect_{use}", "collect", "recycling")
        yield _flow(f"collect_{use}", f"{use}/spent", "in", _unit())
        yield _flow(f"collect_{use}", f"{use}/scrap", "out", _unit())
        yield _value(f"collect_{use}", "variable_cost", _one(facts, "dismantling_cost", use))
        for process, scrap, pathway in (
            (f"recycle_{use}", f"{use}/scrap", "domestic secondary"),
            (f"recycle_swarf_{use}", f"swarf/{use}", "new scrap"),
        ):
            yield _process(process, "recycle", "recycling", pathway, plant="recycling", loss="slag")
            yield _flow(process, scrap, "in", _unit())
            for metal, content in magnet(facts, use).items():
                yield _flow(
                    process,
                    f"{metal}/oxide",
                    "out",
                    derived(
                        content.value * recovery.value,
                        "t/t",
                        f"{content.value:g} x {recovery.value:g}",
                        content,
                        recovery,
                    ),
                )
            yield _value(process, "variable_cost", cost)
            for parameter in ("electricity", "direct_emission"):
                yield _value(process, parameter, _one(facts, parameter, "recycling"))
        yield from _short_loop(facts, use)


def _short_loop(facts: Facts, use: str) -> Iterator[Row]:
    """Scrap magnets made into new ones of the same kind, by hydrogen. The rest is lost: swarf of it
    would mix old scrap into new, and targets of recycling would no longer know what they count."""
    kept = _one(facts, "recovery", "short_loop")
    process = f"remake_{use}"
    yield _process(
        process, "recycle", "recycling", "domestic secondary", plant="short_loop", loss="grinding"
    )
    yield _flow(process, f"{use}/scrap", "in", _unit())
    yield _flow(process, f"magnet/{use}", "out", replace(kept, unit="t/t", low=None, high=None))
    yield _value(process, "variable_cost", _one(facts, "short_loop_cost", "magnets"))
    half = _one(facts, "electricity", "magnets")
    yield _value(process, "electricity", half)


# ---- plants, series, observations ----------------------------------------------------------------

LIVES = {
    "mine": 30,
    "separation": 25,
    "metal_works": 20,
    "magnet_works": 20,
    "recycling": 20,
    "short_loop": 20,
}
LEAD = {"separation": 3, "metal_works": 2, "magnet_works": 2, "recycling": 3, "short_loop": 2}
RATE = 0.08


def _plants(facts: Facts) -> Iterator[Row]:
    def say(plant: str, parameter: str, fact: Fact, **more: int | str) -> Row:
        return number("plants", fact, plant=plant, parameter=parameter, **more)  # type: ignore[arg-type]

    money = Money(facts)
    unit = "USD_2024/(kg/year)"
    caremag = money.kg(_one(facts, "capital", "caremag"), "USD_2024")
    part = _one(facts, "capital_share", "caremag_separation")
    metals = caremag_metals(facts)
    narva = money.kg(_one(facts, "capital", "narva"), "USD_2024")
    works = _one(facts, "capacity", "magnet_works_narva")
    magnets = _one(facts, "capacity", "caremag_magnets")
    capital = {
        "separation": derived(
            caremag.value * part.value / metals.value / 1000,
            unit,
            f"{part.value:g} of Caremag's capital over {metals.value:.4g} t of metals a year",
            caremag,
            part,
            metals,
            low=60,
            high=250,
        ),
        "recycling": derived(
            caremag.value * (1 - part.value) / magnets.value / 1000,
            unit,
            "the rest of Caremag's capital over 2,000 t of magnets a year",
            caremag,
            part,
            magnets,
            low=20,
            high=90,
        ),
        "metal_works": _one(facts, "capital_intensity", "metal_works"),
        "short_loop": _one(facts, "capital_intensity", "short_loop"),
        "magnet_works": derived(
            narva.value / works.value / 1000,
            unit,
            "75 million euros over 2,000 t a year",
            narva,
            works,
            low=25,
            high=80,
        ),
    }
    for plant, fact in capital.items():
        yield say(plant, "capital_cost", fact)
        yield say(plant, "max_new", replace(_one(facts, "max_new", plant), unit="t/year/year"))
        yield say(plant, "lead_time", judged(LEAD[plant], "year", "order to operation"))
    silmet = _one(facts, "capacity", "separation_silmet")
    yield say("separation", "existing_capacity", silmet.at(None))
    yield say("metal_works", "existing_capacity", _one(facts, "capacity", "metal_works").at(None))
    yield say("magnet_works", "existing_capacity", _one(facts, "capacity", "magnet_works").at(None))
    rochelle = _one(facts, "capacity", "separation_la_rochelle")
    for plant, fact in (
        ("separation", rochelle),
        ("separation", metals),
        ("magnet_works", works),
        ("recycling", magnets),
        ("short_loop", _one(facts, "capacity", "short_loop")),
    ):
        yield say(plant, "under_construction", fact, year=fact.year or FIRST)
    for mine in MINES:
        plant, size = f"mine_{mine}", _one(facts, "capacity_new", mine)
        first = _one(facts, "first_year", mine)
        yield say(plant, "capital_cost", _mine_capital(facts, mine, size))
        yield say(plant, "max_capacity", size)
        yield say(
            plant,
            "lead_time",
            judged(
                int(first.value) - FIRST,
                "year",
                f"runs from {first.value:g} at the earliest ({first.source})",
            ),
        )
    for plant in (*capital, *(f"mine_{mine}" for mine in MINES)):
        life = LIVES[plant if plant in LIVES else "mine"]
        yield say(plant, "life", judged(life, "year", "judged"))
        yield say(
            plant,
            "interest_rate",
            judged(RATE, "1/year", "what an investor asks", low=0.05, high=0.12),
        )


def caremag_metals(facts: Facts) -> Fact:
    """Metals a year in the oxides of Caremag, less what goes to Japan."""
    japan = _one(facts, "heavy_sold_to_japan", "caremag")
    found, total = [], 0.0
    for metal in METALS:
        oxide = _one(facts, "capacity", "caremag", metal)
        form = _one(facts, "metal_in_oxide", "oxide", metal)
        total += oxide.value * form.value * (1 if metal in LIGHT else 1 - japan.value)
        found += [oxide, form]
    return derived(
        total,
        "t/year",
        f"oxides x metal in them, heavy ones less {japan.value:g} for Japan",
        *found,
        japan,
        year=found[0].year,
    )


def _mine_capital(facts: Facts, mine: str, size: Fact) -> Fact:
    unit = "USD_2024/(kg/year)"
    stated = facts.all(FILE, variable="capital_intensity", item=mine)
    if stated:
        return stated[0]
    money = Money(facts).kg(_one(facts, "capital", mine), "USD_2024")
    value = money.value / size.value / 1000
    return derived(
        value,
        unit,
        f"{money.value:.4g} over {size.value:g} t a year",
        money,
        size,
        low=value * 0.7,
        high=value * 1.8,
    )


def _series(facts: Facts) -> Iterator[Row]:
    grid = [
        replace(f, unit="tCO2e/MWh")
        for f in facts.series(FILE, variable="grid_intensity", item="mean")
    ]
    yield from path("series", grid, first=FIRST, last=LAST, series="grid_intensity")
    rate = _one(facts, "exchange_rate", "EUR")
    carbon = [
        f.times(rate.value, "USD_2024/tCO2e", f"x {rate.value:g}")
        for f in facts.series(FILE, variable="carbon_price", item="eua")
    ]
    yield from path("series", carbon, first=FIRST, last=LAST, series="carbon_price")


def _observations(facts: Facts) -> Iterator[Row]:
    """Magnets bought of China, as neodymium in the mean magnet; magnets made here; oxide prices in
    Europe. None of the tests is an input."""
    mean = sum(_share_of_use(facts, use) * magnet(facts, use)["neodymium"].value for use in USES)
    now = _one(facts, "imports_from_china", "magnets", year=FIRST)
    grown = _one(facts, "imports_growth_from_china", "magnets")
    ago, rise = (
        _one(facts, "imports_from_china", "magnets", year=2021),
        _one(facts, "export_growth", "magnets"),
    )
    china = {
        2022: ago.noted("as of the report of 2021"),
        2023: derived(
            now.value / rise.value, "t/year", f"2024 / {rise.value:g}, all destinations", now, rise
        ),
        2024: now,
        2025: derived(now.value * grown.value, "t/year", f"2024 x {grown.value:g}", now, grown),
    }
    for year, fact in china.items():
        yield _seen(
            "magnets bought of China",
            "neodymium",
            ("import_magnet_*_china", "magnet/*"),
            fact.times(mean, "t/year", f"x {mean:.4g} of neodymium", "D"),
            year,
            "test" if year >= FIRST else "base",
        )
    home = _one(facts, "production", "magnets")
    yield _seen(
        "magnets made",
        "neodymium",
        ("make_magnet_*", "magnet/*"),
        home.times(mean, "t/year", f"x {mean:.4g} of neodymium", "D"),
        FIRST,
        "test",
    )
    money = Money(facts)
    for metal in METALS:
        form = _one(facts, "metal_in_oxide", "oxide", metal)
        for fact in facts.series(FILE, metal, variable="price", item="oxide"):
            price = money.kg(fact).times(1 / form.value, KG, f"/ {form.value:g}")
            year = fact.year or 0
            yield _price(
                f"{metal} oxide, China", metal, price, year, "input" if year >= FIRST else "base"
            )
        for fact in facts.all(FILE, metal, variable="price_europe"):
            price = money.kg(fact).times(1 / form.value, KG, f"/ {form.value:g}")
            # the light ones are one market with China's, the heavy ones are not since the licences
            same = "usgs-mcs-2026-data" if metal in LIGHT else ""
            name = f"{metal} oxide, Europe"
            yield _price(name, metal, price, fact.year or 0, "test", same)


def _seen(name: str, metal: str, ends: tuple[str, str], fact: Fact, year: int, role: str) -> Row:
    return _observed(name, metal, ends, fact, year, role=role, parameter="flow")


def _price(name: str, metal: str, fact: Fact, year: int, role: str, same_as: str = "") -> Row:
    ends = (f"{metal}/oxide", "")
    return _observed(name, metal, ends, fact, year, role=role, same_as=same_as, parameter="price")


def _observed(
    name: str, metal: str, ends: tuple[str, str], fact: Fact, year: int, **keys: str
) -> Row:
    return number(
        "observations",
        interval(fact),
        year=year,
        observation=name,
        **{"from": ends[0], "to": ends[1]},
        metal=metal,
        **keys,
    )


def write(folder: Path) -> list[Path]:
    return write_tables(folder, by_table(rows(Facts())))


if __name__ == "__main__":
    for file in write(Path(sys.argv[1]) if len(sys.argv) > 1 else STUDY):
        sys.stdout.write(f"{file}\n")
