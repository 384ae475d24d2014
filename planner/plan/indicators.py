"""Numbers about a plan: demand, shortage, pathway shares, prices and emissions, and the indicators
of the literature.

`indicator_table` is what every solve writes. `indicators` adds those of recycling, trade, reserves,
losses and circularity, each a function of the metal's yearly account under its equation and source.
New scrap (from manufacture) and old scrap (from use) are never mixed: what the pathway `new scrap`
gives stands in the recycled content and the old scrap ratio alone.

Of the sources, read again in their own words for this: EoL-RR, OSR and RC (summary of UNEP 2011),
EOL-RIR (Eurostat, metadata of cei_srm010) and CMU (Eurostat, metadata of env_ac_cur). Recalled, not
re-read: the letters of Graedel et al. 2011 and all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.mfa.balance import Balance
from planner.mfa.provenance.account import (
    old_scrap_arising,
    old_scrap_collected,
    old_scrap_refined,
)
from planner.mfa.provenance.trace import Trace, trace
from planner.mfa.simulate import Simulation, simulate
from planner.plan.flow_tables import Accounted, FlowTables, flow_tables
from planner.plan.prices import balance_prices, prices_of_refined_goods, refined_prices
from planner.plan.schema import COLUMNS, GOODS_PRICE, REFINED_PRICE
from planner.plan.tables import Row, Values, series, table
from planner.plan.trade_flows import served_exports, trade_table, traded_away
from planner.system.losses import PREFIX, UNCOLLECTED, loss_and_medium
from planner.system.nouns import HOME, PATHWAYS, SCOPES, Array, System
from planner.system.places import flows_at, place_of_nodes
from planner.system.trade import OWN_FORMS, form_of, goods_supply
from planner.system.unit_accounts import demand_by_good, in_refined_metal, reported_requirement

if TYPE_CHECKING:
    from planner.plan.plan import Plan

LOSS_STAGES = ("extraction", "processing", "manufacture", "use", "collection", "recycling")
"""Where metal is lost: at the stages of processes and goods, dissipated in `use`, uncollected at
the end of life (`collection`)."""
OUTSIDE = "^(?:deposit|origin|host|stockpile|use)/"
"""Nodes of the flow table that metal comes from."""
KILOGRAMS = 1000.0
"""In a tonne."""
WON_AT_HOME = ("domestic primary", "domestic secondary")
WON_ELSEWHERE = ("foreign primary", "foreign secondary", "stockpile")
"""Pathways of home production and of what stands beside imports in net import reliance."""
INDIRECT_RELIANCE = "net import reliance with indirect trade"


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """An indicator of a metal over the periods; NaN where it has no denominator."""

    metal: str
    indicator: str
    amounts: Array
    unit: str

    def rows(self, system: System) -> Iterator[Row]:
        for period, v in zip(system.periods, self.amounts, strict=True):
            if np.isfinite(v):
                yield self.metal, period.first, self.indicator, float(v), self.unit


def indicator_table(
    system: System, values: Values, tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The indicators of a plan: metal, year, indicator, value, unit.

    `requirement` and `shortage` in refined equivalents, or contained metal where none is stated
    (t/year); `share: PATHWAY` of refined supply, new scrap left out (1); `price: goods` the
    demand-weighted shadow price of the metal's demanded goods, `price: refined metal` that of the
    metal as refined metal (USD/t), and of each refined good by its name where a metal has several;
    `SCOPE emissions` of single-metal processes (t CO2e/year), those
    of joint processes under the joined name. Flows without a plan have no `prices` table, and so no
    prices.
    """
    found = (
        *_requirements(system, values),
        *_shares(system, tables["supply"]),
        *(_prices(system, tables["prices"]) if "prices" in tables else ()),
        *_emissions(system, tables["emissions"]),
    )
    rows = [row for each in found for row in each.rows(system)]
    return table("indicators", sorted(rows, key=lambda r: (r[0], r[2], r[1])))


def _requirements(system: System, values: Values) -> Iterator[_Series]:
    unserved = {name: series(system, values, "shortage", name) for name in demand_by_good(system)}
    for metal in system.metals:
        yield _Series(metal, "requirement", reported_requirement(system, metal), "t/year")
        yield _Series(metal, "shortage", in_refined_metal(system, metal, unserved), "t/year")


def _shares(system: System, supply: pd.DataFrame) -> Iterator[_Series]:
    """Shares of the pathways that a metal has, of what is supplied of it."""
    counted = supply[supply["pathway"] != "new scrap"]
    years = [p.first for p in system.periods]
    for metal in system.metals:
        mine = counted[counted["metal"] == metal]
        sums = mine.groupby(["year", "pathway"])["value"].sum()
        by_pathway = sums.unstack().reindex(years).fillna(0.0)
        total = by_pathway.sum(axis=1).to_numpy()
        for pathway in PATHWAYS:
            if pathway in by_pathway:
                share = _ratio(by_pathway[pathway].to_numpy(), total)
                yield _Series(metal, f"share: {pathway}", share, "1")


def _prices(system: System, prices: pd.DataFrame) -> Iterator[_Series]:
    by_good, unit = balance_prices(prices), f"USD_{system.currency_year}/t"
    refined = refined_prices(system, prices)
    of_goods = prices_of_refined_goods(system, prices)
    for metal in system.metals:
        yield _Series(metal, GOODS_PRICE, _price(system, by_good, metal), unit)
        yield _Series(metal, REFINED_PRICE, refined[metal], unit)
        goods = of_goods.get(metal, {})
        for good, price in goods.items() if len(goods) > 1 else ():
            yield _Series(metal, f"{REFINED_PRICE}, {good}", price, unit)


def _emissions(system: System, emissions: pd.DataFrame) -> Iterator[_Series]:
    years = [p.first for p in system.periods]
    sums = emissions.groupby(["scope", "metal", "year"])["value"].sum().unstack()
    for scope in SCOPES:
        for metal in sorted({m for s, m in sums.index if s == scope}):
            amounts = sums.loc[(scope, metal)].reindex(years).fillna(0.0).to_numpy()
            yield _Series(metal, f"{scope} emissions", amounts, "tCO2e/year")


def _price(system: System, prices: Mapping[tuple[str, int], float], metal: str) -> Array:
    """Demand-weighted price of the single-metal goods demanded, USD per t of metal in them, shape
    (T,); NaN where none is."""
    worth, amount = np.zeros(len(system.periods)), np.zeros(len(system.periods))
    own = demand_by_good(system)
    for good in system.goods.values():
        if good.name in own and metal in good.content and len(good.content) == 1:
            demand = own[good.name]
            price = np.array([prices.get((good.name, p.first), np.nan) for p in system.periods])
            worth = worth + demand * price
            amount = amount + demand * good.content[metal]
    return _ratio(worth, amount)


@dataclass(frozen=True, slots=True, eq=False)
class MetalAccount:
    """The yearly account of one metal: t of contained metal per year, of refined metal where said;
    shape (T,) each."""

    arising: Array
    """Metal in products that reach the end of their life, what is dissipated in use left out."""
    collected: Array
    """Of that, what processes take."""
    recycled_of_arising: Array
    """Of that, what returns as refined metal in the same period."""
    old_recycled: Array
    """Refined metal from old scrap of the country (pathway domestic secondary), out of stockpiles
    of scrap too."""
    new_recycled: Array
    """Refined metal from new scrap of home manufacture."""
    home_primary: Array
    """Refined metal from home ore."""
    foreign_primary: Array
    """Refined metal imported, or refined at home from imported ore."""
    foreign_secondary: Array
    """Refined metal from imported waste and scrap."""
    refined_at_home: Array
    """Of foreign primary and secondary, what is refined at home."""
    refined_abroad: Array
    """Of home primary and old scrap, what an import refines abroad and brings back."""
    drawn: Array
    """Refined metal drawn from stockpiles, less what fills them."""
    imported_goods: Array
    """Refined equivalents of imports in finished goods: indirect trade."""
    exported_own: Array
    """Refined equivalents of exports in the metal's own forms: ore, refined metal and scrap."""
    exported: Array
    """Refined equivalents of all exports, those in finished goods included."""
    home_unrefined_own: Array
    """Of exports in own forms, metal from home ore and old scrap that is not refined before."""
    home_unrefined: Array
    """The same of all exports."""
    foreign_unrefined_own: Array
    """Of exports in own forms, metal from abroad or out of opening stocks that passes through
    unrefined."""
    foreign_unrefined: Array
    """The same of all exports."""
    ore_taken: Array
    """Metal in the ore that mining takes from deposits."""
    reserve: Array
    """t left in deposits at the end of the year."""
    stock: Array
    """t in use at the end of the year."""
    entering: Array
    """Metal that comes from outside processes and goods: ore, origins, hosts, stockpiles, and what
    leaves use."""
    losses: Mapping[str, Array]
    """By LOSS_STAGES."""
    media: Mapping[str, Array]
    """By medium, and by name where a loss has none; empty where the study gives no media."""
    persons: Array
    """NaN where unknown."""

    @property
    def refined_supply(self) -> Array:
        """Refined metal that manufacture and export can draw on, new scrap left out."""
        return (
            self.home_primary
            + self.foreign_primary
            + self.old_recycled
            + self.foreign_secondary
            + self.drawn
        )

    @property
    def apparent_consumption(self) -> Array:
        """Production + imports - exports + stock draw, in the metal's own forms."""
        unrefined = self.home_unrefined_own + self.foreign_unrefined_own
        return self.refined_supply + unrefined - self.exported_own

    @property
    def use_at_home(self) -> Array:
        """Production + imports - exports + stock draw in every form: what the country itself uses,
        also of metal that comes or goes in finished goods."""
        unrefined = self.home_unrefined + self.foreign_unrefined
        return self.refined_supply + unrefined + self.imported_goods - self.exported


def _ratio(part: Array, whole: Array) -> Array:
    """NaN where there is no whole."""
    found: Array = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def eol_collection_rate(a: MetalAccount) -> Array:
    r"""End-of-life collection rate (EoL-CR): of the metal in discarded products, what enters
    recycling, whatever process takes it; waste of manufacture is not counted along.

    $$EoL\text{-}CR = \frac{collected}{arising}$$

    Source: UNEP 2011, Recycling Rates of Metals, a Status Report; Graedel et al. 2011, J. Ind.
    Ecol. 15:355 (e / d).
    """
    return _ratio(a.collected, a.arising)


def eol_recycling_rate(a: MetalAccount) -> Array:
    r"""Functional end-of-life recycling rate (EoL-RR): of the metal in discarded products, what
    returns as refined metal in the same period. Never above the collection rate.

    $$EoL\text{-}RR = \frac{old\ scrap\ recycled}{arising}$$

    Source: UNEP 2011; Graedel et al. 2011 (g / d).
    """
    return _ratio(a.recycled_of_arising, a.arising)


def recycling_process_rate(a: MetalAccount) -> Array:
    r"""Recycling process efficiency: of the old scrap collected, what returns as refined metal.

    $$\frac{EoL\text{-}RR}{EoL\text{-}CR} = \frac{old\ scrap\ recycled}{collected}$$

    Source: UNEP 2011; Graedel et al. 2011 (g / e).
    """
    return _ratio(a.recycled_of_arising, a.collected)


def old_scrap_ratio(a: MetalAccount) -> Array:
    r"""Old scrap ratio (OSR): the share of old scrap in all scrap recycled in the country.

    $$OSR = \frac{old}{old + new}$$

    Source: UNEP 2011; Graedel et al. 2011 (g / (g + h)). Imported scrap is left out.
    """
    return _ratio(a.old_recycled, a.old_recycled + a.new_recycled)


def recycled_content(a: MetalAccount) -> Array:
    r"""Recycled content (RC): the share of scrap, old, new and imported, in the metal that
    manufacture takes in.

    $$RC = \frac{old + new + foreign\ secondary}{refined\ supply + new}$$

    Source: UNEP 2011; Graedel et al. 2011 ((j + m) / (a + j + m)).
    """
    return _ratio(
        a.old_recycled + a.new_recycled + a.foreign_secondary, a.refined_supply + a.new_recycled
    )


def eol_recycling_input_rate(a: MetalAccount) -> Array:
    r"""End-of-life recycling input rate (EOL-RIR): the share of the country's old scrap in all
    metal supplied; new scrap counts in neither.

    $$EOL\text{-}RIR = \frac{old}{refined\ supply}$$

    Source: European Commission 2017, Methodology for establishing the EU list of critical raw
    materials; Talens Peiro et al. 2018, JRC112720 (imported secondary metal in the denominator
    only).
    """
    return _ratio(a.old_recycled, a.refined_supply)


def net_import_reliance(a: MetalAccount) -> Array:
    r"""Net import reliance: the share of apparent consumption that trade in the metal's own forms
    (ore, refined metal, scrap) and stocks supply; negative for a net exporter.

    $$NIR = \frac{imports - exports + stock\ draw}{apparent\ consumption}$$

    with apparent consumption = home production (primary and old scrap) + imports - exports + stock
    draw, all as refined metal: home production and imports count when they are refined, or, ore and
    scrap that go abroad as they are, when they leave; metal in finished goods is left out. Source:
    USGS, Mineral Commodity Summaries, appendix on definitions.
    """
    imported = a.foreign_primary + a.foreign_secondary + a.foreign_unrefined_own
    return _ratio(imported - a.exported_own + a.drawn, a.apparent_consumption)


def net_import_reliance_indirect(a: MetalAccount) -> Array:
    r"""Net import reliance with indirect trade: the same share with the metal in finished goods
    that are imported and exported, of what the country itself uses.

    $$\frac{imports + imports\ in\ goods - exports - exports\ in\ goods + stock\ draw}
      {use\ at\ home}$$

    with use at home = home production + imports - exports + stock draw, in every form, in refined
    equivalents. Source: indirect trade as in the World Steel Association's Steel Statistical
    Yearbook (indirect trade in steel; true steel use), here of a metal.
    """
    direct = a.foreign_primary + a.foreign_secondary + a.foreign_unrefined + a.drawn
    return _ratio(direct + a.imported_goods - a.exported, a.use_at_home)


def self_sufficiency_extraction(a: MetalAccount) -> Array:
    r"""Self-sufficiency at extraction: metal won from home ore and home waste, exported as it is or
    refined, over what the country uses; above 1 for a net exporter.

    $$\frac{home\ primary + old}{use\ at\ home} = 1 - NIR\ with\ indirect\ trade$$

    Source: complement of the net import reliance, indirect trade included; production over domestic
    supply as in FAO 2001, Food Balance Sheets: A Handbook (self-sufficiency ratio).
    """
    return _ratio(a.home_primary + a.old_recycled + a.home_unrefined, a.use_at_home)


def self_sufficiency_processing(a: MetalAccount) -> Array:
    r"""Self-sufficiency at processing: all that is refined at home, also from imported ore, over
    what the country uses.

    $$\frac{home\ primary + old - refined\ abroad + refined\ at\ home\ from\ imports}
      {use\ at\ home}$$

    Source: as at extraction, one stage later (the stage of Regulation (EU) 2024/1252, article 5,
    processing).
    """
    refined = a.home_primary + a.old_recycled + a.refined_at_home - a.refined_abroad
    return _ratio(refined, a.use_at_home)


def reserve_life(a: MetalAccount) -> Array:
    r"""Static life of reserves: years that what is left in the ground lasts at the year's
    extraction, losses in mining counted.

    $$\frac{reserve\ at\ the\ end\ of\ the\ year}{ore\ taken}$$

    0 where flows without a plan took more than there was.

    Source: reserves-to-production ratio, as in Jowitt, Mudd, Thompson 2020, Commun. Earth Environ.
    1:13.
    """
    return _ratio(np.maximum(a.reserve, 0.0), a.ore_taken)


def circular_use_rate(a: MetalAccount) -> Array:
    r"""Circular material use rate (CMU): the share of old scrap recycled at home in all metal used
    at home.

    $$CMU = \frac{U}{DMC + U}$$

    with U the metal recovered from the country's own waste and DMC = home primary + imports -
    exports + stock draw, finished goods included. Source: Eurostat 2018, Circular material use
    rate: calculation method. New scrap, which it cannot part, is left out of U.
    """
    return _ratio(a.old_recycled, a.use_at_home)


def metal_kept(a: MetalAccount) -> Array:
    r"""Circularity of the chain: of all metal that enters it in the year, from ore, trade,
    stockpiles and use, what no stage loses.

    $$1 - \frac{\sum_{stages} loss}{entering}$$

    What is kept goes into use, abroad or into stock. Source: own, one year's form of the
    dissipation account of Helbig, Thorenz, Tuma 2020, Resour. Conserv. Recycl. 153:104557.
    """
    return 1.0 - _ratio(sum(a.losses.values(), np.zeros(len(a.entering))), a.entering)


def stock_per_head(a: MetalAccount) -> Array:
    r"""In-use stock per head, kg.

    $$\frac{1000 \times stock}{persons}$$

    Source: Gerst, Graedel 2008, Environ. Sci. Technol. 42:7038.
    """
    return KILOGRAMS * _ratio(a.stock, a.persons)


RATES: Mapping[str, tuple[Callable[[MetalAccount], Array], str]] = {
    "EoL collection rate": (eol_collection_rate, "1"),
    "EoL recycling rate": (eol_recycling_rate, "1"),
    "recycling process efficiency": (recycling_process_rate, "1"),
    "old scrap ratio": (old_scrap_ratio, "1"),
    "recycled content": (recycled_content, "1"),
    "EoL recycling input rate": (eol_recycling_input_rate, "1"),
    "net import reliance": (net_import_reliance, "1"),
    INDIRECT_RELIANCE: (net_import_reliance_indirect, "1"),
    "self-sufficiency: extraction": (self_sufficiency_extraction, "1"),
    "self-sufficiency: processing": (self_sufficiency_processing, "1"),
    "reserve life": (reserve_life, "year"),
    "circular use rate": (circular_use_rate, "1"),
    "metal kept": (metal_kept, "1"),
    "in-use stock per head": (stock_per_head, "kg"),
}
"""Indicator to the function that defines it, in its docstring with its source, and the unit."""


def indicators(
    plan: Plan | FlowTables | Simulation | Balance,
    *,
    population: Mapping[int, float] | None = None,
) -> pd.DataFrame:
    """All indicators of a plan: metal, year, indicator, value, unit; those of the plan's own table
    and RATES.

    Of a simulation, or the flows of a `planner balance --out` folder, the same but prices; a
    balance is simulated by its observed activities first (SpecError where these do not settle it).

    With them `loss: STAGE` (LOSS_STAGES), where the study gives loss_media `loss to: MEDIUM` (or
    the name of a loss without one; they add up to the stages), `in-use stock` (t at the end of the
    year), `old scrap arising` (t/year), and `imports: FORM`, `exports: FORM` for each form in which
    the metal is traded (t/year of refined equivalents, or contained metal where the study states
    none). What has no denominator is left out. `population` (year to persons, interpolated between
    the years given) stands in for the study's own.
    """
    found, own = _accounted(plan)
    persons = _persons(found.system, population)
    literature = [
        each
        for metal in found.system.metals
        for each in _of_literature(metal, metal_account(found, metal, persons))
    ] + list(_trade(found))
    rows = [row for each in literature for row in each.rows(found.system)]
    both = pd.concat([own, table("indicators", rows)], ignore_index=True)
    return both.sort_values(["metal", "indicator", "year"], kind="stable", ignore_index=True)[
        list(COLUMNS["indicators"])
    ]


def _accounted(plan: Plan | FlowTables | Simulation | Balance) -> tuple[Accounted, pd.DataFrame]:
    """What accounts are made from, and the indicators that stand in its own table."""
    if isinstance(plan, Balance):
        plan = simulate(plan)
    if isinstance(plan, Simulation):
        plan = flow_tables(plan.balance, plan.values)
    if isinstance(plan, FlowTables):
        tables = {"supply": plan.supply, "emissions": plan.emissions}
        return plan, indicator_table(plan.system, plan.values, tables)
    return plan, plan.indicators


def _of_literature(metal: str, a: MetalAccount) -> Iterator[_Series]:
    for name, (rate, unit) in RATES.items():
        yield _Series(metal, name, rate(a), unit)
    for stage, amount in a.losses.items():
        yield _Series(metal, f"loss: {stage}", amount, "t/year")
    for medium, amount in a.media.items():
        yield _Series(metal, f"loss to: {medium}", amount, "t/year")
    yield _Series(metal, "in-use stock", a.stock, "t")
    yield _Series(metal, "old scrap arising", a.arising, "t/year")


def _trade(plan: Accounted) -> Iterator[_Series]:
    """Imports and exports of each metal by the form in which they cross the border."""
    years = [p.first for p in plan.system.periods]
    found = trade_table(plan).groupby(["metal", "direction", "form", "year"])["value"].sum()
    for metal, direction, form in dict.fromkeys(key[:3] for key in found.index):
        amounts = found.loc[(metal, direction, form)].reindex(years).fillna(0.0).to_numpy()
        yield _Series(metal, f"{direction}s: {form}", amounts, "t/year")


def _persons(system: System, population: Mapping[int, float] | None) -> Array:
    """Persons by period, shape (T,)."""
    yearly = system.population if population is None else _interpolated(system, population)
    return np.full(len(system.periods), np.nan) if yearly is None else yearly


def _interpolated(system: System, population: Mapping[int, float]) -> Array:
    """Persons by year between the years given, shape (Y,); NaN outside them."""
    given = sorted(population)
    persons = [population[year] for year in given]
    return np.interp(system.years, given, persons, left=np.nan, right=np.nan)


def metal_account(plan: Accounted, metal: str, persons: Array | None = None) -> MetalAccount:
    """Make the account of one metal from the flow, supply and stock tables of a plan."""
    system = plan.system
    years = [p.first for p in system.periods]
    every = plan.flows[plan.flows["metal"] == metal]
    traced, flows = trace(plan.balance, every, metal), flows_at(system, every)
    supply = plan.supply[plan.supply["metal"] == metal]
    stocks = plan.stocks[(plan.stocks["metal"] == metal) & (plan.stocks["quantity"] == "stock")]
    stocks = _at_home(system, stocks)
    crossing = [p.name for p in system.processes.values() if p.is_trade]

    def total(frame: pd.DataFrame) -> Array:
        return np.asarray(
            frame.groupby("year")["value"].sum().reindex(years).astype(float).fillna(0.0).to_numpy()
        )

    def pathway(*names: str) -> pd.DataFrame:
        return supply[supply["pathway"].isin(names)]

    at_home = [p.name for p in system.processes.values() if p.at_home]
    foreign = pathway("foreign primary", "foreign secondary")
    home = pathway("domestic primary", "domestic secondary")
    goods = _goods_by_pathway(plan, metal)
    return MetalAccount(
        arising=old_scrap_arising(system, flows),
        collected=old_scrap_collected(system, flows, traced),
        recycled_of_arising=old_scrap_refined(system, flows, traced),
        old_recycled=total(pathway("domestic secondary")),
        new_recycled=total(pathway("new scrap")),
        home_primary=total(pathway("domestic primary")),
        foreign_primary=total(pathway("foreign primary")) - goods["foreign primary"],
        foreign_secondary=total(pathway("foreign secondary")) - goods["foreign secondary"],
        refined_at_home=total(foreign[foreign["process"].isin(at_home)]),
        refined_abroad=total(home[~home["process"].isin(at_home)]),
        drawn=total(pathway("stockpile")),
        **_traded(plan, metal, traced),
        ore_taken=total(flows[flows["source"].str.startswith("deposit/")]),
        reserve=total(stocks[stocks["kind"] == "deposit"]),
        stock=total(stocks[stocks["kind"] == "use"]),
        entering=total(
            flows[flows["source"].str.contains(OUTSIDE) | flows["source"].isin(crossing)]
        ),
        losses={stage: total(part) for stage, part in _losses(system, flows).items()},
        media={medium: total(part) for medium, part in _media(system, flows).items()},
        persons=np.full(len(years), np.nan) if persons is None else persons,
    )


def _at_home(system: System, stocks: pd.DataFrame) -> pd.DataFrame:
    """The rows of a stock table that are of the country."""
    if not system.abroad:
        return stocks
    at = place_of_nodes(system)
    nodes = stocks["kind"] + "/" + stocks["name"]
    return stocks[np.array([at.get(node, HOME) == HOME for node in nodes], dtype=bool)]


def _goods_by_pathway(plan: Accounted, metal: str) -> dict[str, Array]:
    """Metal in imported finished goods by the pathway under which the supply table has it, t per
    year, shape (T,)."""
    system = plan.system
    found: dict[str, Array] = {name: np.zeros(len(system.periods)) for name in PATHWAYS}
    for process, of, pathway, worth in goods_supply(system):
        if of == metal:
            amount = worth * series(system, plan.values, "activity", process.name)
            found[pathway] = found[pathway] + amount
    return found


def _traded(plan: Accounted, metal: str, traced: Trace) -> dict[str, Array]:
    """Trade beside the refined supply, in refined equivalents, t per year, shape (T,): exports that
    are served, what of them was never refined, and imports in finished goods."""
    system, served = plan.system, _sent(plan, metal)
    own = {name: v for name, v in served.items() if form_of(system.goods[name]) in OWN_FORMS}
    found = {
        "imported_goods": sum(
            _goods_by_pathway(plan, metal).values(), np.zeros(len(system.periods))
        ),
        "exported_own": in_refined_metal(system, metal, own),
        "exported": in_refined_metal(system, metal, served),
    }
    for name, pathways in (("home", WON_AT_HOME), ("foreign", WON_ELSEWHERE)):
        for suffix, amounts in (("_own", own), ("", served)):
            parts = {good: v * traced.part(good, pathways) for good, v in amounts.items()}
            found[f"{name}_unrefined{suffix}"] = in_refined_metal(system, metal, parts)
    returned = _returned(plan, metal) if system.abroad else 0.0
    for name in ("exported_own", "exported", "home_unrefined_own", "home_unrefined"):
        found[name] = found[name] - returned
    return found


def _sent(plan: Accounted, metal: str) -> dict[str, Array]:
    """What goes abroad of each home good, exports and trade alike, t of the good per year."""
    found = dict(served_exports(plan, metal))
    for name, amount in traded_away(plan, metal).items():
        found[name] = found.get(name, 0.0) + amount
    return found


def _returned(plan: Accounted, metal: str) -> Array:
    """Home ore and scrap that trade takes abroad and brings back refined, t per year, shape (T,):
    it is supplied as home metal and was never exported."""
    supply, years = plan.supply[plan.supply["metal"] == metal], plan.system.years
    trade = [p.name for p in plan.system.processes.values() if p.is_trade]
    back = supply[supply["pathway"].isin(WON_AT_HOME) & supply["process"].isin(trade)]
    return back.groupby("year")["value"].sum().reindex(years).fillna(0.0).to_numpy(dtype=float)


def _media(system: System, flows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Loss flows by what takes them up; nothing where the study does not say."""
    if not system.loss_media:
        return {}
    lost = flows[flows["target"].str.startswith(PREFIX)]
    medium = lost["target"].map(lambda target: loss_and_medium(target)[1])
    return {str(name): part for name, part in lost.groupby(medium)}


def _losses(system: System, flows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Loss flows by the stage at which they happen."""
    lost = flows[flows["target"].str.startswith(PREFIX)]

    def stage(source: str, target: str) -> str:
        if loss_and_medium(target)[0] == UNCOLLECTED:
            return "collection"
        holder = system.processes.get(source) or system.goods.get(source)
        return "use" if holder is None else holder.stage

    at = np.array(
        [
            stage(source, target)
            for source, target in zip(lost["source"], lost["target"], strict=True)
        ],
        dtype=object,
    )
    return {name: lost[at == name] for name in LOSS_STAGES}
