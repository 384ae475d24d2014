"""All nouns of a study, in the order in which they need one another."""

from __future__ import annotations

from planner.study.nouns.deposits import read_deposits, read_exploration, read_hosts
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
from planner.study.schema import BY_NAME, SERIES_DEFAULTS
from planner.system.nouns import Array


def read_nouns(tables: StudyTables, discount_rate: float) -> Nouns:
    """All nouns by kind and name; plants without an interest rate take the discount rate."""
    goods = read_goods(tables)
    deposits = read_deposits(tables)
    products = read_products(tables, goods)
    return Nouns(
        goods=goods,
        processes=read_processes(tables, deposits),
        ramps=read_ramps(tables),
        plants=read_plants(tables, discount_rate),
        deposits=deposits,
        hosts=read_hosts(tables),
        products=products,
        measures=read_measures(tables, goods, products),
        exploration=read_exploration(tables),
        loss_media=read_loss_media(tables),
        take_back=read_take_back(tables, goods),
        impacts=read_impacts(tables),
        observations=read_observations(tables),
    )


def whole_study_series(tables: StudyTables) -> dict[str, Array]:
    """The series of the whole study, such as the carbon price; the default where no row gives
    one."""
    parameter = BY_NAME["series"].parameters[0].name
    return {
        name: tables.series("series", (name,), parameter, absent=absent)
        for name, absent in SERIES_DEFAULTS.items()
    }
