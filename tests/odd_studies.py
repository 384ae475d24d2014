"""Studies that are right and unlike the shipped ones: what is empty, zero, negative, long or oddly
named in them is what a command may have taken for granted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.small import Study

HOSTILE = "li% [x]*{0} ;'&<b>é"
"""A name that the reader takes, full of marks that shells, templates, formats and markup read."""


def _mine_and_import(study: Study, **mine: float) -> Study:
    """60 t a year from a mine, the rest from abroad."""
    study.process(
        "mine", "mine", gives={"li": 1}, max_activity=60, **(mine or {"variable_cost": 10})
    )
    return study.process("ship", "import", gives={"li": 1}, origin="Chile", import_price=30)


def _lithium(study: Study, demand: float = 100, shortage_cost: float = 1000) -> Study:
    return study.good("li", "refined", demand=demand, shortage_cost=shortage_cost)


def one_year() -> Study:
    """One year, one metal, one good, no use stock."""
    return _mine_and_import(_lithium(Study(2021, 2021)))


def no_demand() -> Study:
    """Nothing is demanded."""
    study = Study(2021, 2022).good("li", "refined", shortage_cost=1000)
    return _mine_and_import(study)


def zero_demand() -> Study:
    """A demand of zero."""
    return _mine_and_import(_lithium(Study(2021, 2022), demand=0))


def no_supply() -> Study:
    """Nothing can be had: all is short."""
    study = _lithium(Study(2021, 2022))
    return study.process("mine", "mine", gives={"li": 1}, max_activity=0, variable_cost=1)


def no_process() -> Study:
    """Not one process."""
    return _lithium(Study(2021, 2022))


def zero_cost() -> Study:
    """The plan costs nothing."""
    study = _lithium(Study(2021, 2022))
    study.process("mine", "mine", gives={"li": 1}, max_activity=60)
    return study.process("ship", "import", gives={"li": 1}, origin="Chile", import_price=0)


def negative_cost() -> Study:
    """The plan earns: a credit is larger than all cost."""
    return _mine_and_import(_lithium(Study(2021, 2022)), variable_cost=1, credit=50)


def five_years() -> Study:
    """Periods of five years."""
    return _mine_and_import(_lithium(Study(2021, 2040, step=5, discount_rate=0.05)))


def uneven() -> Study:
    """Periods of one, two, five and ten years."""
    study = Study(2021, 2038, periods=[2021, 2022, 2024, 2029], discount_rate=0.03)
    return _mine_and_import(_lithium(study))


def joint() -> Study:
    """Two metals in one ore."""
    study = Study(2021, 2022, metals=("lithium", "cobalt"))
    study.good("ore", "intermediate", content={"lithium": 0.4, "cobalt": 0.6})
    study.good("li", "refined", metal="lithium", demand=40, shortage_cost=1000)
    study.good("co", "refined", metal="cobalt", demand=80, shortage_cost=1000)
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=5, max_activity=90)
    study.process("part", "refine", takes={"ore": 1}, gives={"li": 0.4, "co": 0.6}, variable_cost=1)
    return study.process("ship", "import", gives={"co": 1}, origin="DR Congo", import_price=40)


def long() -> Study:
    """280 years of one good."""
    return _mine_and_import(_lithium(Study(2021, 2300, discount_rate=0.02)))


def hostile_names() -> Study:
    """Names of study, good, process and origin full of marks."""
    good = HOSTILE
    study = Study(2021, 2022, discount_rate=0.05)
    study.good(good, "refined", demand=100, shortage_cost=1000)
    study.process(f"mine {HOSTILE}", "mine", gives={good: 1}, variable_cost=10, max_activity=60)
    return study.process(
        f"ship {HOSTILE}", "import", gives={good: 1}, origin=f"Côte [d]* {HOSTILE}", import_price=30
    )


def in_use() -> Study:
    """A use stock whose waste is recycled, new scrap, a plant and a stockpile."""
    study = Study(2021, 2023, discount_rate=0.05).good("li", "refined")
    study.good("cell", "product", demand=100, shortage_cost=1e4, equivalent=1)
    study.good("waste", "waste", collection=0.5).good("scrap", "scrap")
    study.process("ship", "import", gives={"li": 1}, origin="Chile", import_price=30)
    study.process("make", "manufacture", takes={"li": 1}, gives={"cell": 1}, variable_cost=1)
    study.process("gather", "collect", takes={"waste": 1}, gives={"scrap": 1}, variable_cost=1)
    study.process(
        "again", "recycle", takes={"scrap": 1}, gives={"li": 0.9}, loss="slag", plant="works"
    )
    study.plant("works", capital_cost=10, life=10, lead_time=1, existing_capacity=20)
    return study.product("cells", waste="waste", uses={"cell": 1}, inflow={2020: 80}, life=1)


def empty_deposit() -> Study:
    """A deposit without ore, and one that is emptied."""
    study = _lithium(Study(2021, 2022))
    study.deposit("bare", reserve=0).deposit("small", reserve=50)
    study.process("dig", "mine", gives={"li": 1}, takes={"bare": 1}, variable_cost=10)
    return study.process("ship", "import", gives={"li": 1}, origin="Chile", import_price=30)


def infeasible() -> Study:
    """A target that nothing can meet."""
    study = _mine_and_import(_lithium(Study(2021, 2022)))
    return study.policy(
        "home", "self_sufficiency", metal="lithium", stages=["processing"], share=0.9
    )


def policies_alone() -> Study:
    """A soft target that is missed, an import cap that binds."""
    study = _mine_and_import(_lithium(Study(2021, 2022)))
    study.policy(
        "home", "self_sufficiency", metal="lithium", stages=["processing"], share=0.9, penalty=5
    )
    return study.policy(
        "cap", "import_share", metal="lithium", origin="Chile", share=0.3, of="demand"
    )


def observed() -> Study:
    """Observations of all kinds: one met, one missed, one of nothing, one of a year that is not
    planned."""
    study = one_year()
    study.observation("bought", "ship", "li", {2021: 30}, role="test")
    study.observation("mined", "mine", "li", {2020: 50, 2021: 60})
    study.observation("nothing", "ship", "li", {2021: 0})
    study.observation("price", "lithium", "", {2021: 45}, parameter="price", role="test")
    return study.observation("all of it", "mine", "li", {2021: 1}, parameter="share", spread=0)


def several_places() -> Study:
    """Ore of one place refined in another, demand and old scrap there, tariffs, a place that only
    passes on, names with marks."""
    study = Study(2021, 2022, places=["DR Congo & co", "Köln-B", "hub"], blocs={"all": ["hub"]})
    study.good("lithium/ore", "intermediate", equivalent=1).good("lithium/old", "waste")
    study.good("lithium/refined", "refined", demand=100, shortage_cost=1000)
    study.at("Köln-B", "lithium/refined", demand=40).at("Köln-B", "lithium/old", collection=0.5)
    study.process("dig", "mine", gives={"lithium/ore": 1}, variable_cost=9, place="DR Congo & co")
    study.plant("works", existing_capacity=60, capital_cost=50, life=2)
    recipe = {"takes": {"lithium/ore": 1}, "gives": {"lithium/refined": 0.9}, "loss": "slag"}
    study.process("there", "refine", **recipe, place="Köln-B", plant="works", electricity=2)
    study.process("here", "refine", **recipe, pathway="foreign primary", variable_cost=30)
    fields = {"takes": {"lithium/old": 1}, "gives": {"lithium/refined": 1}}
    study.process("again", "recycle", **fields, place="Köln-B", variable_cost=5)
    study.product(
        "cars", waste="lithium/old", uses={"lithium/refined": 1}, inflow={2020: 9}, place="Köln-B"
    )
    study.series("grid_intensity", 0.4, place="Köln-B").series("carbon_price", 3, place="Köln-B")
    study.trade("lithium/*", "*", "*", freight=1, duty=0.1, value=50, emission=0.2)
    study.trade("lithium/refined", "Köln-B", "hub", freight=1)
    return study.trade("lithium/refined", "all", "home", freight=1, tariff=2, max=20)


ODD: Mapping[str, Callable[[], Study]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            one_year,
            no_demand,
            zero_demand,
            no_supply,
            no_process,
            zero_cost,
            negative_cost,
            five_years,
            uneven,
            joint,
            long,
            hostile_names,
            in_use,
            empty_deposit,
            infeasible,
            policies_alone,
            observed,
            several_places,
        )
    }
)
"""The odd studies by name."""
