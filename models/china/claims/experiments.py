"""One function for each claim of the paper that is a target. Each computes; where a datum was made
from the claim it says *circular*.

`@experiment("S016", ...)` names the claims of `data/claims.csv` that a function answers; the
function is given the identifier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.china.claims import runs
from models.china.claims.runs import FACTS

METALS = ("lithium", "cobalt", "indium", "niobium", "germanium")
SECONDARY = ("domestic secondary",)
HOME_LITHIUM = (
    "ceramics_glass",
    "consumer_electronics",
    "ess_battery",
    "ev_battery",
    "greases",
    "other_chemical",
)


@dataclass(frozen=True)
class Answer:
    """What an experiment found."""

    ours: float | None
    """In the unit of the claim; None where there is no number (never in such a year)."""
    why: str
    """How it was made, and what explains a difference."""
    holds: bool | None = None
    """For statements without a number and tolerance: whether it holds."""
    reading: str = ""
    """What had to be read into the claim; empty where it is taken as it stands."""
    circular: bool = False
    """Whether a datum was made from the claim itself, so that agreement proves nothing."""


EXPERIMENTS: dict[str, Callable[[str], Answer]] = {}


def experiment(*claims: str) -> Callable[[Callable[[str], Answer]], Callable[[str], Answer]]:
    def keep(function: Callable[[str], Answer]) -> Callable[[str], Answer]:
        EXPERIMENTS.update(dict.fromkeys(claims, function))
        return function

    return keep


def _kt(tonnes: float) -> str:
    return f"{tonnes / 1000:,.3g} kt"


# ---- China: base year and history
# ---------------------------------------------------------------------------------------------


@experiment("S016")
def import_dependency(_: str) -> Answer:
    imports = runs.moved("pinned", "lithium", 2021, "source", "origin/")
    exports = runs.demand("pinned", "lithium", 2021, ("products_export",))
    used = runs.moved("pinned", "lithium", 2021, "target", "use/")
    paper = {
        v: FACTS.one("trade_imports", metal="lithium", variable=f"{v}_total", year=2021).value
        for v in ("imports", "exports")
    }
    end_use = FACTS.one(
        "demand_history",
        metal="lithium",
        region="china",
        variable="enduse_consumption",
        item="total",
        year=2021,
    ).value
    return Answer(
        (imports - exports) / used,
        f"plan pinned to 2021: imports {_kt(imports)}, exports {_kt(exports)}, "
        f"end use {_kt(used)}; the paper's "
        f"own flows give {(paper['imports'] - paper['exports']) / end_use:.3f}: it imports "
        f"{_kt(paper['imports'])} and builds stock, the "
        "plan draws on stock",
        reading="imports less exports over end use at home",
    )


@experiment("S057")
def battery_share(_: str) -> Answer:
    batteries = ("consumer_electronics", "ess_battery", "ev_battery")
    home, cells = (runs.demand("reference", "lithium", 2021, p) for p in (HOME_LITHIUM, batteries))
    exported = runs.demand("reference", "lithium", 2021, ("products_export",))
    return Answer(
        (cells + exported) / (home + exported),
        f"all exports in products counted as batteries; of home use alone {cells / home:.2f}",
    )


@experiment("S058")
def vehicles_drive_demand(_: str) -> Answer:
    shares = []
    for scenario in ("reference", "carbon-neutral"):
        total, cars = (
            runs.demand(scenario, "lithium", 2035, p) - runs.demand(scenario, "lithium", 2021, p)
            for p in (HOME_LITHIUM, ("ev_battery",))
        )
        shares.append(cars / total)
    return Answer(
        min(shares),
        "share of vehicle batteries in the growth of home use from 2021 to 2035, the lesser of "
        "both demand paths; "
        "the paper's 2015-2021 is not split in the data held",
        holds=min(shares) > 0.7,
        reading="more than 0.7 of the growth, after 2021",
    )


@experiment("S059", "S061", "S064", "S065", "S066")
def lithium_stock(claim: str) -> Answer:
    products = runs.lithium_history()
    stock = {year: sum(p.stock_in(year) for p in products.values()) for year in (2015, 2021)}
    if claim in ("S059", "S061"):
        ours = stock[2021] if claim == "S059" else (stock[2021] / stock[2015]) ** (1 / 6) - 1
    else:
        item = {"S064": "ceramics_glass", "S065": "ev_battery", "S066": "ess_battery"}[claim]
        ours = products[item].stock_in(2021) / stock[2021]
    return Answer(
        ours,
        f"cohorts from 1990: {_kt(stock[2015])} in 2015, {_kt(stock[2021])} in 2021; the history "
        "of use was drawn back "
        "so that it gives the paper's stocks",
        reading="history of use as held",
        circular=True,
    )


@experiment("S067", "S068", "S069", "S070")
def lithium_waste(claim: str) -> Answer:
    year = 2015 if claim == "S068" else 2021
    left = {item: p.waste_in(year) for item, p in runs.lithium_history().items()}
    cells = sum(left[item] for item in ("ev_battery", "ess_battery", "consumer_electronics"))
    other = left["ceramics_glass"] + left["greases"]
    ours = {"S067": cells + other, "S070": cells / (cells + other)}.get(
        claim, other / (cells + other)
    )
    return Answer(
        ours,
        f"{year}: batteries {_kt(cells)}, ceramics and glass {_kt(left['ceramics_glass'])}, "
        "greases "
        f"{_kt(left['greases'])} "
        "leave use; scrap of manufacture is not counted, greases hold their use of 2021 and the "
        "history of "
        "ceramics was drawn back from the "
        "paper's stock",
        reading="what leaves use, greases with it",
        circular=True,
    )


@experiment("S140", "S141")
def germanium_stock(claim: str) -> Answer:
    run = runs.germanium_history()
    return Answer(
        run.stock_in(2019) if claim == "S140" else run.waste_in(2019),
        "cohorts from 1990, demand after Mei et al. 2024 x 0.51, Weibull mean of 20 years",
        reading="0.51 of demand enters use at home",
    )


@experiment("S172")
def rests_on_primary(_: str) -> Answer:
    least = min(1 - runs.share("reference", metal, SECONDARY, 2021) for metal in METALS)
    return Answer(least, "primary share of 2021, the metal with the least", holds=least > 0.5)


@experiment("S039")
def niobium_at_home(_: str) -> Answer:
    supply = runs.china().supply
    home = supply[(supply["metal"] == "niobium") & (supply["pathway"] == "domestic primary")]
    most = float(home.groupby("year")["value"].sum().max())
    floor = FACTS.one(
        "production",
        metal="niobium",
        region="china",
        variable="mine_production",
        item="nb_ta_concentrate",
    ).value
    return Answer(
        None,
        f"the least-cost plan takes at most {most:.0f} t a year from home ore, all of it a "
        "by-product of rare earths; "
        f"nothing is mined for niobium",
        holds=most <= floor,
        reading="at most the 300 t of concentrate made today",
    )


@experiment("S175")
def niobium_imports(_: str) -> Answer:
    part = runs.share("reference", "niobium", ("foreign primary", "foreign secondary"), 2023)
    return Answer(part, "share of foreign metal in the supply of 2023", holds=part > 0.95)


# ---- China: the paths to 2060
# -------------------------------------------------------------------------------------------------


@experiment("S032")
def indium_from_home(_: str) -> Answer:
    shares = {
        y: runs.share("reference", "indium", ("domestic primary",), y) for y in range(2021, 2041)
    }
    worst = min(shares, key=lambda year: shares[year])
    below = next((year for year, s in shares.items() if s < 0.5), None)
    return Answer(
        None,
        f"share of home ore {shares[2021]:.2f} in 2021, least {shares[worst]:.2f} in {worst}"
        + (
            f", below a half from {below}: imported zinc concentrate and metal take its place"
            if below
            else ""
        ),
        holds=below is None,
        reading="home ore at least half of supply to 2040",
    )


@experiment("S149")
def lithium_stays_primary(_: str) -> Answer:
    shares = [1 - runs.share("reference", "lithium", SECONDARY, year) for year in range(2021, 2061)]
    return Answer(
        min(shares),
        f"China, current policy: {shares[0]:.2f} in 2021, {shares[-1]:.2f} in 2060",
        holds=min(shares) > 0.5,
        reading="China under current policy, to 2060",
    )


@experiment("S155")
def indium_at_risk(_: str) -> Answer:
    plan = runs.china("carbon-neutral")
    supply = plan.supply[
        plan.supply["process"].str.startswith("import_indium") & (plan.supply["metal"] == "indium")
    ]
    bought = supply.groupby("year")["value"].sum()
    years = [int(year) for year, value in bought.items() if value > 1e-6]
    return Answer(
        None,
        f"carbon-neutral path: metal is imported in {len(years)} years"
        + (f", first in {years[0]}, most {float(bought.max()):.0f} t a year" if years else ""),
        holds=bool(years) and years[0] > 2030,
        reading="imports of metal appear after 2030 and not before",
    )


@experiment("S159")
def photovoltaics_over_electronics(_: str) -> Answer:
    ratios = []
    for path in ("CP", "CN"):

        def value(
            item: str, variable: str = "demand_virgin_manufacturing", path: str = path
        ) -> float:
            return FACTS.one(
                "demand_china",
                metal="indium",
                variable=variable,
                item=item,
                scenario=path,
                year=2050,
            ).value

        electronics = value("ito_displays") + value("semiconductors_led")
        ratios += [
            value("pv") / electronics,
            value("pv_low_variant", "demand_virgin_manufacturing_variant") / electronics,
        ]
    return Answer(
        min(ratios),
        (
            "ratios of 2050 in China, two paths and the low variant of each: "
            f"{', '.join(f'{r:.2f}' for r in ratios)}"
        ),
        holds=min(ratios) > 1,
        reading="photovoltaics over displays and semiconductors in China in 2050",
    )


@experiment("S161")
def displays_and_photovoltaics(_: str) -> Answer:
    balance, wanted = runs.china().balance, ("ito_displays", "pv")
    products = [name for name in balance.stocks if name.startswith("indium/")]
    parts = []
    for quantity in ("inflow", "outflow"):
        flow = {
            name: runs.at(balance, getattr(balance.stocks[name], quantity), 2050)
            for name in products
        }
        parts.append(sum(flow[f"indium/{name}"] for name in wanted) / sum(flow.values()))
    return Answer(
        min(parts),
        f"China 2050: {parts[0]:.2f} of what enters use, {parts[1]:.2f} of what leaves",
        holds=min(parts) > 0.7,
        reading="more than 0.7 of both, China",
    )


@experiment("S167")
def germanium_crisis(_: str) -> Answer:
    first = {}
    for scenario in ("reference", "carbon-neutral"):
        plan = runs.china(scenario)
        products = [
            g.removeprefix("germanium/")
            for g, good in plan.system.goods.items()
            if g.startswith("germanium/")
            and good.demand is not None
            and g != "germanium/refined_export"
        ]
        gap = {
            year: runs.demand(scenario, "germanium", year, products)
            - 100
            - _secondary(scenario, "germanium", year)
            for year in plan.system.years
        }
        first[scenario] = next((year for year, missing in gap.items() if missing > 0), None)
    return Answer(
        first["reference"],
        f"first year in which demand, exports of metal left out, passes 100 t and old "
        f"scrap; carbon-neutral: "
        f"{first['carbon-neutral']}",
        reading="100 t of home metal a year, no imports, no exports of metal",
    )


def _secondary(scenario: str, metal: str, year: int) -> float:
    supply = runs.china(scenario).supply
    rows = supply[
        (supply["metal"] == metal)
        & (supply["year"] == year)
        & (supply["pathway"] == "domestic secondary")
    ]
    return float(rows["value"].sum())


@experiment("S168")
def germanium_exhausted(_: str) -> Answer:
    coal, zinc = (
        FACTS.one(
            "additions",
            metal="germanium",
            variable="reserve_central",
            item=f"{kind}_hosted_deposits",
        ).value
        for kind in ("coal", "zinc")
    )
    yields = {
        item: FACTS.one("yields", metal="germanium", variable="yield_overall", item=item).value
        for item in ("coal_ash", "zinc_leach", "reserve_to_metal_seed_calibrated")
    }
    metal = coal * yields["coal_ash"] + zinc * yields["zinc_leach"]
    reserve = FACTS.one(
        "reserves", metal="germanium", region="china", variable="reserves", year=2019
    ).value
    calibrated = 2021 + reserve * yields["reserve_to_metal_seed_calibrated"] / 100
    return Answer(
        float(int(2021 + metal / 100)),
        f"{metal:.0f} t of metal from the reserves of coal and zinc at the "
        f"yields of coal ash and of leaching, 100 t a year from 2021; "
        f"3,500 t as metal would last to {2021 + reserve / 100:.0f}, and the yield of 0.43 that "
        "gives "
        f"{calibrated:.0f} was fitted to "
        "the claim",
        reading="years at 100 t of metal a year, losses of recovery deducted",
    )


@experiment("S169")
def germanium_recovered(_: str) -> Answer:
    sums = {}
    for scenario in ("reference", "carbon-neutral"):
        balance = runs.china(scenario).balance
        last = balance.system.years.index(2050) + 1
        sums[scenario] = sum(
            float(s.outflow[:last].sum())
            for name, s in balance.stocks.items()
            if name.startswith("germanium/")
        )
    return Answer(
        sums["reference"],
        f"all that leaves use in 2021-2050; carbon-neutral {sums['carbon-neutral']:.0f} t",
        reading="everything that leaves use is recovered",
    )


@experiment("S170")
def germanium_gap(_: str) -> Answer:
    balance = runs.china().balance
    left = sum(
        runs.at(balance, s.outflow, 2050)
        for name, s in balance.stocks.items()
        if name.startswith("germanium/")
    )
    wanted = sum(
        runs.at(balance, good.demand, 2050)
        for name, good in balance.system.goods.items()
        if name.startswith("germanium/")
        and good.demand is not None
        and name != "germanium/refined_export"
    )
    return Answer(
        left / wanted,
        "all that leaves use in 2050 over the demand of 2050, as if nothing were lost",
        holds=left < wanted,
    )


@experiment("S173")
def secondary_grows(_: str) -> Answer:
    decades = {
        metal: [
            runs.share("carbon-neutral", metal, SECONDARY, year)
            for year in (2021, 2030, 2040, 2050, 2060)
        ]
        for metal in ("lithium", "cobalt", "indium", "niobium")
    }
    least = min(path[-1] for path in decades.values())
    rising = all(b > a for path in decades.values() for a, b in pairwise(path))
    return Answer(
        least,
        "secondary share of 2060, carbon-neutral: "
        + ", ".join(f"{m} {path[-1]:.3f}" for m, path in decades.items())
        + f"; {'rising' if rising else 'not rising'} in every decade of all four",
        holds=rising and least >= 0.3,
        reading="at least 0.3 of supply in 2060 for each of the four, rising",
    )


# ---- the world
# ----------------------------------------------------------------------------------------------------------------


@experiment("S072", "S073", "S074")
def lithium_scrap(claim: str) -> Answer:
    year = {"S072": 2030, "S073": 2050, "S074": 2080}[claim]
    short, long = (
        runs.at(runs.world(s).balance, runs.waste(s, "lithium"), year)
        for s in ("short-life", "reference")
    )
    return Answer(
        short,
        (
            f"with a life of 10 years {_kt(long)}; the logistic through the paper's demand of 2021 "
            "and 2100 fixes the rest"
        ),
        reading="the world, a life of 8 years",
    )


@experiment("S143")
def net_demand_turns(_: str) -> Answer:
    mined = runs.activity("recovery-ramp", "mine_lithium")
    peak = runs.world().balance.system.years[int(np.argmax(mined))]
    return Answer(
        float(peak),
        "year of most mining where recovery grows from 0.10 to 0.85 by 2050",
        holds=peak < 2100,
        reading="recovery grows to 0.85 by 2050",
    )


@experiment("S144", "S152")
def net_demand_grows(claim: str) -> Answer:
    metal = "lithium" if claim == "S144" else "cobalt"
    paths = {
        scenario: runs.activity(scenario, f"mine_{metal}")[:30]
        for scenario in ("reference", "recovery-ramp")
    }
    own = paths["reference" if claim == "S144" else "recovery-ramp"]
    other = paths["recovery-ramp" if claim == "S144" else "reference"]
    return Answer(
        None,
        f"mining {_kt(own[0])} in 2021, {_kt(own[-1])} in 2050, falling in "
        f"{int((np.diff(own) < 0).sum())} of 29 years; in the other "
        f"case of recovery {_kt(other[0])} to {_kt(other[-1])}",
        holds=bool((np.diff(own) > 0).all()),
        reading="mining rises in every year to 2050; "
        + ("recovery constant at 0.65" if claim == "S144" else "recovery 0.14 to 0.78 by 2050"),
    )


@experiment("S146", "S147")
def lithium_totals(claim: str) -> Answer:
    process = "recycle_lithium" if claim == "S146" else "mine_lithium"
    ours = float(runs.activity("reference", process).sum())
    return Answer(
        ours,
        f"2021-2100, life of 10 years; of 8 years "
        f"{runs.activity('short-life', process).sum() / 1e6:.1f} Mt; the recovery of 0.65 "
        "was read from the paper's own totals",
        reading="0.65 of scrap recovered throughout",
        circular=True,
    )


@experiment("S148")
def secondary_over_primary(_: str) -> Answer:
    recycled, mined = (
        runs.activity("full-recovery", f"{process}_lithium") for process in ("recycle", "mine")
    )
    above = np.flatnonzero(recycled > mined)
    year = runs.world().balance.system.years[int(above[0])] if above.size else None
    return Answer(
        None if year is None else float(year),
        "first year in which recycling gives more than mining; as "
        "stocks (metal in use against reserves "
        "left) it does not hold",
        holds=year is not None and year < 2050,
        reading="flows, not stocks",
    )


@experiment("S151")
def cobalt_net(_: str) -> Answer:
    ours, long = (float(runs.activity(s, "mine_cobalt")[-1]) for s in ("short-life", "reference"))
    return Answer(
        ours,
        f"mining in 2100 with a life of 8 years; of 10 years {_kt(long)}; the recovery of 0.78 "
        "was read "
        f"from the paper's own "
        "numbers",
        reading="0.78 of scrap recovered, a life of 8 years",
        circular=True,
    )


@experiment("S153")
def cobalt_reserves(_: str) -> Answer:
    wanted = runs.world().balance.system.goods["cobalt/products"].demand
    assert wanted is not None
    total, reserve = (
        float(wanted[:30].sum()),
        float(runs.world().balance.system.deposits["cobalt_ores"].reserve),
    )
    return Answer(
        total / reserve,
        f"{total / 1e6:.2f} Mt in 2021-2050 over {reserve / 1e6:.2f} Mt (USGS for 2021); the "
        f"growth of the path was "
        "chosen with this ratio in view",
        reading="demand before recycling, 2021-2050",
        circular=True,
    )


@experiment("S024", "S084", "S088", "S089")
def cobalt_history(claim: str) -> Answer:
    products, secondary = runs.cobalt_history()
    left = sum(p.waste_in(2021) for p in products.values())
    ours = {
        "S024": float(secondary.mean()),
        "S084": sum(p.stock_in(2021) for p in products.values()),
        "S088": products["laptops"].waste_in(2021) / left,
        "S089": products["superalloys"].waste_in(2021) / left,
    }[claim]
    return Answer(
        ours,
        "mined cobalt 1995-2021 (BGS) in the shares of use of 2021, for want of earlier ones, all "
        "of it "
        "put to use with no loss on the way; "
        "lives of China; 0.14 of waste recovered",
        reading="shares of use of 2021 in all years",
    )


@experiment("S109", "S110", "S111", "S112", "S113", "S114", "S115")
def indium_products(claim: str) -> Answer:
    product = dict(
        zip(
            ("S109", "S110", "S111", "S112", "S113", "S114", "S115"),
            ("lcd_tv", "phones", "laptops", "monitors", "tablets", "led", "cigs_pv"),
            strict=True,
        )
    )[claim]
    return Answer(
        runs.indium_discarded(product),
        f"even inflow over 2010-2020, none before; life of "
        f"{runs.INDIUM[product]} in lifetimes.csv: one for the "
        "group, drawn in part from these very flows, not one fitted to each product",
        reading="the life of its group of products",
        circular=True,
    )


@experiment("S157", "S158")
def indium_displays(claim: str) -> Answer:
    run = runs.world().balance
    stock, last = run.stocks["indium/displays"], run.system.years.index(2050)
    past = FACTS.all(
        "demand_world", metal="indium", variable="inflow_electronics", scenario="SEEDFIT"
    )
    entered = sum(f.value for f in past if (f.year or 0) <= 2050)
    if claim == "S157":
        return Answer(
            entered - float(stock.stock[last]),
            f"{entered:.0f} t enter use in 2010-2050, "
            f"{stock.stock[last]:.0f} t are still there; a life of "
            "7 years",
            reading="displays from 2010, a life of 7 years",
        )
    even = np.flatnonzero(stock.outflow >= stock.inflow)
    return Answer(
        float(run.system.years[int(even[0])]) if even.size else None,
        "first year in which as much leaves use "
        "as enters it; a life of 7 years, drawn "
        "from the paper's flows of 2010-2020",
        reading="displays from 2010, a life of 7 years",
        circular=True,
    )


@experiment("S164", "S165")
def niobium_lost(claim: str) -> Answer:
    scenario = "no-recovery" if claim == "S164" else "high-recovery"
    years = runs.world(scenario).balance.system.years
    lost = runs.waste(scenario, "niobium") - runs.activity(scenario, "recycle_niobium")
    at = years.index(2090)
    return Answer(
        float(lost[at]),
        f"demand grows 2.5 % a year from 85 kt, seven products with the lives of China; as a "
        f"sum from 2021 to 2090 it "
        f"would be {float(lost[: at + 1].sum()) / 1e6:.2f} Mt",
        reading="t in the year 2090",
    )
