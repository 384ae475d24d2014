"""All nouns of a study, in the order in which they need one another."""

from __future__ import annotations

from planner.study.nouns.deposits import read_deposits, read_exploration, read_hosts
from planner.study.nouns.discoveries import read_discoveries
from planner.study.nouns.goods import read_goods
from planner.study.nouns.impacts import read_impacts
from planner.study.nouns.losses import read_loss_media
from planner.study.nouns.measures import read_measures
from planner.study.nouns.observations import read_observations
from planner.study.nouns.plants import read_plants
from planner.study.nouns.processes import read_processes, read_ramps
from planner.study.nouns.products import read_products
from planner.study.nouns.record import Nouns
from planner.study.nouns.tables import StudyTables
from planner.study.nouns.take_back import read_take_back
from planner.study.nouns.trade import read_abroad, read_trade
from planner.study.schema import BY_NAME, SERIES_DEFAULTS
from planner.system.nouns import HOME, Array


def read_nouns(
    tables: StudyTables, discount_rate: float, *, border_adjustment: bool = False
) -> Nouns:
    """All nouns by kind and name; plants without an interest rate take the discount rate, and trade
    into the country pays the carbon price at its border where there is an adjustment."""
    goods = read_goods(tables)
    deposits, hosts = read_deposits(tables), read_hosts(tables)
    products = read_products(tables, goods)
    abroad = read_abroad(tables)
    charging = {*tables.border_charges, *((HOME,) if border_adjustment else ())}
    return Nouns(
        goods=goods,
        processes=read_processes(tables, deposits, hosts) | read_trade(tables, abroad, charging),
        ramps=read_ramps(tables),
        plants=read_plants(tables, discount_rate),
        deposits=deposits,
        hosts=hosts,
        products=products,
        measures=read_measures(tables, goods, products),
        exploration=read_exploration(tables),
        loss_media=read_loss_media(tables),
        take_back=read_take_back(tables, goods),
        discoveries=read_discoveries(tables),
        impacts=read_impacts(tables),
        observations=read_observations(tables),
        abroad=abroad,
    )


def whole_study_series(tables: StudyTables) -> dict[str, Array]:
    """The series of the whole study, such as the carbon price; the default where no row gives
    one."""
    parameter = BY_NAME["series"].parameters[0].name
    return {
        name: tables.series("series", (name,), parameter, absent=absent)
        for name, absent in SERIES_DEFAULTS.items()
    }
