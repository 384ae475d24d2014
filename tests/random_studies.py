"""A hypothesis strategy that makes whole valid studies: some metals, loops, joint lines, hosts,
lead times, stockpiles, curves of supply and demand, take-back, policies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.small import Study

METALS = ("cobalt", "indium", "lithium")
FIRST = 2021
share = st.integers(0, 100).map(lambda v: v / 100)
some = st.integers(5, 95).map(lambda v: v / 100)
money = st.integers(1, 90)
decline = st.sampled_from([0.1, 0.5, 1.0])


@st.composite
def studies(draw: Any) -> Study:
    """A study that the reader accepts; it may still be infeasible where hard targets clash."""
    metals = METALS[: draw(st.integers(1, 3))]
    years = draw(st.integers(1, 6))
    head: dict[str, Any] = {"step": draw(st.integers(1, 2))} if draw(st.booleans()) else {}
    convention = draw(st.sampled_from(["uniform", "end", "middle", "start"]))
    rate = draw(st.integers(0, 12)) / 100
    study = Study(
        FIRST,
        FIRST + years - 1,
        metals=metals,
        discount_rate=rate,
        stock_convention=convention,
        **head,
    )
    study.series("grid_intensity", draw(some)).series("carbon_price", draw(st.integers(0, 40)))
    for metal in metals:
        _metal(draw, study, metal, years)
    if len(metals) > 1 and draw(st.booleans()):
        _joint_line(draw, study, metals)
    _policies(draw, study, metals)
    return study


def _metal(draw: Any, study: Study, metal: str, years: int) -> None:
    """Ore, imports, refined metal, a product in use, waste and its loop back into refining."""
    stock = (
        {"opening_stock": draw(st.integers(0, 30)), "max_stock": 60, "holding_cost": draw(money)}
        if draw(st.booleans())
        else {}
    )
    demand = draw(st.lists(st.integers(0, 150), min_size=years, max_size=years))
    study.good(f"{metal}/ore", "intermediate", metal=metal, equivalent=0.9)
    study.good(f"{metal}/refined", "refined", metal=metal, **stock)
    study.good(
        f"{metal}/product",
        "product",
        metal=metal,
        demand=demand,
        shortage_cost=5000,
        equivalent=1.05,
    )
    if draw(st.booleans()):
        _export(draw, study, metal)
    rate = draw(share)
    study.good(f"{metal}/waste", "waste", metal=metal, collection=rate)
    if draw(st.booleans()):
        _take_back(draw, study, metal, rate)
    study.good(f"{metal}/scrap", "scrap", metal=metal, disposal_cost=draw(st.integers(0, 5)))
    # new scrap has a good of its own: mixed with old, a target of recycled metal is refused
    study.good(f"{metal}/offcuts", "scrap", metal=metal)
    study.process(
        f"{metal} remelt",
        "recycle",
        takes={f"{metal}/offcuts": 1},
        gives={f"{metal}/refined": draw(some)},
        loss="dross",
        variable_cost=draw(money),
        pathway="new scrap",
    )
    study.product(
        f"{metal} goods",
        waste=f"{metal}/waste",
        uses={f"{metal}/product": draw(some)},
        inflow={FIRST - 2: 40, FIRST - 1: 60},
        life=draw(st.sampled_from([0.5, 1, 3, 8])),
        distribution=draw(st.sampled_from(["fixed", "exponential"])),
    )
    study.process(
        f"{metal} make",
        "manufacture",
        takes={f"{metal}/refined": 1},
        gives={f"{metal}/product": 0.9, f"{metal}/offcuts": 0.05},
        loss="offcuts",
        pathway="",
        electricity=1,
    )
    study.process(
        f"{metal} collect",
        "collect",
        takes={f"{metal}/waste": 1},
        gives={f"{metal}/scrap": 1},
        variable_cost=1,
    )
    study.process(
        f"{metal} recycle",
        "recycle",
        takes={f"{metal}/scrap": 1},
        gives={f"{metal}/refined": draw(some)},
        loss="dust",
        variable_cost=draw(money),
        electricity=2,
    )
    study.process(
        f"{metal} refine",
        "refine",
        takes={f"{metal}/ore": 1},
        gives={f"{metal}/refined": 0.9},
        loss="slag",
        direct_emission=3,
        variable_cost=draw(money),
        plant=f"{metal} works",
        ramp_group=f"{metal} ramp",
    )
    stepped = draw(st.booleans())
    price = {} if stepped else {"import_price": draw(st.integers(20, 300))}
    study.process(
        f"{metal} buy",
        "import",
        gives={f"{metal}/refined": 1},
        embodied_emission=6,
        max_activity=draw(st.integers(0, 120)),
        origin=draw(st.sampled_from(["Chile", "Congo"])),
        **price,
    )
    if stepped:
        study.curve(f"{metal} buy", **_steps(draw, (20, 300), "amount", (0, 60)))
    study.plant(
        f"{metal} works",
        existing_capacity=draw(st.integers(0, 90)),
        capital_cost=draw(st.integers(10, 400)),
        life=draw(st.sampled_from([2, 3.5, 10])),
        lead_time=draw(st.integers(0, 3)),
        max_new=60,
    )
    study.ramp(
        f"{metal} ramp", growth=draw(share), step=draw(st.integers(0, 60)), decline=draw(decline)
    )
    if draw(st.booleans()):
        study.host(f"{metal} host", draw(st.integers(1000, 40000)))
        study.process(
            f"{metal} by",
            "byproduct",
            gives={f"{metal}/ore": 1},
            variable_cost=draw(money),
            host=f"{metal} host",
            host_content=0.004,
        )
    else:
        study.deposit(
            f"{metal} lake",
            metal=metal,
            reserve=draw(st.integers(0, 500)),
            additions=draw(st.integers(0, 40)),
        )
        study.process(
            f"{metal} dig",
            "mine",
            takes={f"{metal} lake": 1.2},
            gives={f"{metal}/ore": 1},
            loss="tailings",
            variable_cost=draw(money),
        )
        if draw(st.booleans()):
            study.curve(f"{metal} lake", **_steps(draw, (0, 90), "reserve", (0, 200)))


def _export(draw: Any, study: Study, metal: str) -> None:
    """A good that is sent abroad: demanded there, or sold by steps of price."""
    sold = draw(st.booleans())
    wanted = {} if sold else {"demand": draw(st.integers(0, 40)), "shortage_cost": 5000}
    name = f"{metal}/export"
    study.good(name, "product", metal=metal, equivalent=1.05, export=True, **wanted)
    study.process(
        f"{metal} send",
        "manufacture",
        takes={f"{metal}/refined": 1},
        gives={name: 0.95},
        loss="offcuts",
        pathway="",
    )
    if sold:
        steps = _steps(draw, (20, 400), "amount", (0, 40), last=True)
        prices = sorted((step["price"] for step in steps.values()), reverse=True)
        falling = zip(steps.items(), prices, strict=True)
        study.curve(name, **{step: {**values, "price": price} for (step, values), price in falling})


def _steps(
    draw: Any, prices: tuple[int, int], most: str, amounts: tuple[int, int], *, last: bool = False
) -> dict[str, dict[str, float]]:
    """Steps by rising price, some of one price; the last is without limit unless it has to have
    one."""
    rising = sorted(draw(st.lists(st.integers(*prices), min_size=1, max_size=3)))
    bounded = len(rising) if last or draw(st.booleans()) else len(rising) - 1
    return {
        f"s{i}": {"price": price, **({most: draw(st.integers(*amounts))} if i < bounded else {})}
        for i, price in enumerate(rising)
    }


def _take_back(draw: Any, study: Study, metal: str, rate: float) -> None:
    """Waste collected beyond its rate at a cost, up to all that is left; some of it for a fee."""
    fee = {"fee": draw(st.integers(0, 40))} if draw(st.booleans()) else {}
    more = round(draw(share) * (1 - rate), 4)
    study.take_back(f"{metal}/waste", more=more, cost=draw(st.integers(0, 200)), **fee)


def _joint_line(draw: Any, study: Study, metals: tuple[str, ...]) -> None:
    """Packs of two metals from abroad, parted on one line: the metals are coupled."""
    first, second = metals[:2]
    content = {first: draw(some) / 2, second: draw(some) / 2}
    study.good("packs", "scrap", content=content)
    study.process(
        "packs in",
        "import",
        stage="recycling",
        pathway="",
        gives={"packs": 1},
        import_price=draw(money),
        max_activity=draw(st.integers(0, 60)),
        origin="Korea",
    )
    study.process(
        "packs apart",
        "recycle",
        takes={"packs": 1},
        loss="black mass lost",
        variable_cost=draw(money),
        pathway="foreign secondary",
        gives={f"{metal}/refined": part * 0.8 for metal, part in content.items()},
    )


def _policies(draw: Any, study: Study, metals: tuple[str, ...]) -> None:
    soft = {} if draw(st.booleans()) else {"penalty": draw(st.integers(1, 500))}
    if draw(st.booleans()):
        study.policy(
            "own",
            "self_sufficiency",
            metal=metals[0],
            stages=["processing", "recycling"],
            share=draw(share),
            **soft,
        )
    if draw(st.booleans()):
        study.policy("old_metal", "recycled_content", metal=metals[-1], share=draw(share), **soft)
    if draw(st.booleans()):
        study.policy(
            "collected",
            "collection_target",
            goods=[f"{metals[0]}/waste"],
            share=draw(share),
            **soft,
        )
    if draw(st.booleans()):
        study.policy("cap", "carbon_cap", scope="territorial", cap=draw(st.integers(0, 900)))
    if draw(st.booleans()):
        study.policy(
            "diversify",
            "import_share",
            metal=metals[0],
            origin=study_origin(study, metals[0]),
            share=draw(share),
        )
    if draw(st.booleans()):
        study.policy("budget", "capital_budget", cap=draw(st.integers(0, 20_000)))


def study_origin(study: Study, metal: str) -> str:
    """The origin that the study buys a metal from."""
    return next(
        row["origin"] for row in study.rows["processes"] if row["process"] == f"{metal} buy"
    )
