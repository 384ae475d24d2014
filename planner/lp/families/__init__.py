"""The families of rows, one file each: rule, filler, words and record (`planner.lp.family`).

A new family is a file here and a line in FORMULATION; one of policies also has a row in
POLICY_FORMS of `planner.study.schema`. All else is derived from the records.

Rules are algebra over Pyomo names only, so that Pyomo can template them and `planner.lp.expansion`
can read them over whole arrays: no `if`, no `in`, no filter, no dictionary. What must be chosen by
a test is chosen when the sets and parameters are filled; an indexed Set with no or one member
(`m.previous[t]`) stands for every "if there is one". The requirement stands alone on the right, or
the sign of the dual flips.

Every floor that people set has a `breach` column b whose upper bound is 0 while the target is hard:
hard, soft and elastic are bound and cost changes on one linear programme. n is the name of the
policy in study.toml.
"""

from __future__ import annotations

from planner.lp.families.balance import BALANCE
from planner.lp.families.build_rate import BUILD_RATE
from planner.lp.families.capacity_balance import CAPACITY_BALANCE
from planner.lp.families.capacity_limit import CAPACITY_LIMIT
from planner.lp.families.capital_budget import CAPITAL_BUDGET
from planner.lp.families.carbon_budget import CARBON_BUDGET
from planner.lp.families.carbon_cap import CARBON_CAP
from planner.lp.families.circuit_limit import CIRCUIT_LIMIT
from planner.lp.families.collection import COLLECTION
from planner.lp.families.collection_target import COLLECTION_TARGET
from planner.lp.families.demand_curve import DEMAND_CURVE
from planner.lp.families.depletion import DEPLETION
from planner.lp.families.deposit_curve import DEPOSIT_CURVE
from planner.lp.families.deposit_step import DEPOSIT_STEP
from planner.lp.families.emission_account import EMISSION_ACCOUNT
from planner.lp.families.exploration_limit import EXPLORATION_LIMIT
from planner.lp.families.extension import EXTENSION
from planner.lp.families.host_limit import HOST_LIMIT
from planner.lp.families.impact_account import IMPACT_ACCOUNT
from planner.lp.families.impact_cap import IMPACT_BUDGET, IMPACT_CAP
from planner.lp.families.import_share import IMPORT_SHARE
from planner.lp.families.pin import PIN_CEILING, PIN_FLOOR
from planner.lp.families.plant_capacity import PLANT_CAPACITY
from planner.lp.families.quota import QUOTA
from planner.lp.families.ramp import RAMP, RUN_DOWN
from planner.lp.families.recycled_content import RECYCLED_CONTENT
from planner.lp.families.self_sufficiency import SELF_SUFFICIENCY
from planner.lp.families.service import SERVICE
from planner.lp.families.share import SHARE_CEILING, SHARE_FLOOR
from planner.lp.families.shortage_limit import SHORTAGE_LIMIT
from planner.lp.families.stockpile_balance import STOCKPILE_BALANCE
from planner.lp.families.stockpile_cover import STOCKPILE_COVER
from planner.lp.families.subsidy import SUBSIDY_BUDGET, SUBSIDY_CLAIM
from planner.lp.families.supply_curve import SUPPLY_CURVE
from planner.lp.families.take_back import TAKE_BACK
from planner.lp.families.unseen_rise import UNSEEN_RISE
from planner.lp.family import Physical, Target

FORMULATION: tuple[Physical | Target, ...] = (
    BALANCE,
    PLANT_CAPACITY,
    CAPACITY_BALANCE,
    BUILD_RATE,
    CAPACITY_LIMIT,
    RAMP,
    RUN_DOWN,
    DEPLETION,
    DEPOSIT_CURVE,
    DEPOSIT_STEP,
    SUPPLY_CURVE,
    DEMAND_CURVE,
    UNSEEN_RISE,
    EXPLORATION_LIMIT,
    EXTENSION,
    SERVICE,
    SHORTAGE_LIMIT,
    HOST_LIMIT,
    CIRCUIT_LIMIT,
    COLLECTION,
    TAKE_BACK,
    STOCKPILE_BALANCE,
    EMISSION_ACCOUNT,
    IMPACT_ACCOUNT,
    SUBSIDY_CLAIM,
    SUBSIDY_BUDGET,
    SHARE_FLOOR,
    SHARE_CEILING,
    SELF_SUFFICIENCY,
    RECYCLED_CONTENT,
    COLLECTION_TARGET,
    STOCKPILE_COVER,
    PIN_FLOOR,
    PIN_CEILING,
    IMPORT_SHARE,
    QUOTA,
    CARBON_CAP,
    CARBON_BUDGET,
    IMPACT_CAP,
    IMPACT_BUDGET,
    CAPITAL_BUDGET,
)
"""Every family, in the order of the rows of the programme."""

PHYSICAL = tuple(family for family in FORMULATION if isinstance(family, Physical))
TARGETS = tuple(family for family in FORMULATION if isinstance(family, Target))
BY_NAME = {family.name: family for family in FORMULATION}
