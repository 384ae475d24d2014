"""What matters first about a plan: what it costs, its penalties, targets met and missed, what is
thrown away at no cost, and how many of its numbers come from a source that was read.

Cost is what somebody pays. A penalty, for demand that is not served or for a soft target that is
missed, is a weight that ranks plans: it stands in the objective and never in a cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.lp.arrays import PENALTIES
from planner.lp.family import Target
from planner.lp.formulation import FORMULATION
from planner.plan.tables import (
    BENEFIT,
    EXPORT_REVENUE,
    RENT_ABROAD,
    SUBSIDY,
    UNSEEN_COST,
    Values,
)
from planner.runtime.display import amount as in_words
from planner.study.provenance import figures, span, years_of
from planner.system.nouns import Datum, Policy, System
from planner.system.unit_accounts import RUN_DOWN

READ_GRADES = frozenset({"A", "B"})
"""Grades of numbers whose source was read: a primary one, or a secondary one."""
TARGET_KINDS = frozenset(family.kind for family in FORMULATION if isinstance(family, Target))
"""Kinds of policy that are targets: floors and ceilings. A closure is an event and no target."""
ROW_UNITS = {family.kind: family.row_unit for family in FORMULATION if isinstance(family, Target)}
"""Unit of a breach, by kind of policy."""
ROUNDING = 1e-9
"""Share of the objective up to which a penalty is rounding: what a certificate allows its cost."""
NOT_PAID = (*sorted(PENALTIES), "transfer", SUBSIDY, BENEFIT, RENT_ABROAD, UNSEEN_COST)
"""Items of the cost table that the country does not pay: penalties, payments at home, what takes
the objective of a price taker below what is paid, what a calibration found, and benefits."""


@dataclass(frozen=True, slots=True)
class MissedTarget:
    """A soft target of one subject (metal, good or process) that the plan pays for missing."""

    policy: str
    subject: str
    years: tuple[int, ...]
    """Years in which it is missed, every year of a period."""
    most: float
    """Largest breach."""
    unit: str
    """Unit of the breach."""

    @property
    def said(self) -> str:
        """In words: lithium_home/lithium in 2040-2042 and 2057, by 3,033 t/year at most."""
        name = "/".join(dict.fromkeys((self.policy, self.subject)))
        return f"{name} {span(self.years)}, by {figures([self.most], self.unit)} at most"


@dataclass(frozen=True, slots=True)
class Disposed:
    """A good of which something is thrown away at no cost."""

    good: str
    amount: float
    """t of the good over all years."""
    collected: bool
    """False for waste that is never taken in: its loss is `uncollected`, that of others
    `surplus`."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The head of an answer, as `plan.json` says it under `answer`. Money is present value in USD
    of the study's currency year."""

    cost: float
    """All that is paid, less what exports at a price earn. With the penalties and unseen costs,
    less the rent abroad, benefits and the outlay of subsidies, it is the objective."""
    gross_cost: float
    """All that is paid, what such exports cost included and what they earn left out."""
    export_revenue: float
    """What exports that are sold by steps of price earn."""
    outlay: float
    """What the state pays in subsidies: a payment at home, in no cost."""
    rent_abroad: float
    """Of what is paid and earned at the price of a market abroad, what suppliers there earn above
    their curve and buyers there keep below theirs: no part of the objective of a price taker."""
    benefit: float
    """What home buyers would pay at most for what they buy, where demand answers to price: less the
    objective, and in no cost."""
    unseen_cost: float
    """What the processes cost beside what is known of them, as a calibration found it: part of the
    objective and of no cost."""
    shortage_penalty: float
    """For demand not served."""
    breach_penalty: float
    """For soft targets missed, and for what stops faster than its limit of decline."""
    stopping_penalty: float
    """The part of it for what stops faster."""
    targets: int
    """Policies in force that are targets, floors and ceilings alike."""
    targets_met: int
    missed: tuple[MissedTarget, ...]
    """By policy and subject; a policy with several subjects stands here once for each."""
    disposed: tuple[Disposed, ...]
    """What is thrown away at no cost, the most first."""
    numbers: int
    """Numbers of the study that are in force."""
    numbers_read: int
    """Of these, the numbers from a source that was read (grades A and B)."""

    @property
    def penalty(self) -> float:
        """Of shortages and breaches together, USD."""
        return self.shortage_penalty + self.breach_penalty

    @property
    def cost_said(self) -> str:
        """What the cost is where exports earn something, a rent goes abroad, costs are unseen, the
        state pays subsidies or buyers benefit, in words; empty otherwise."""
        said = []
        if self.export_revenue:
            said.append(
                f"net of {in_words(self.export_revenue)} that exports at a price earn; gross "
                f"{in_words(self.gross_cost)}"
            )
        if self.rent_abroad:
            said.append(f"with a rent abroad of {in_words(self.rent_abroad)}")
        if self.unseen_cost:
            said.append(f"beside unseen costs of {in_words(self.unseen_cost)}")
        if self.benefit:
            said.append(f"for a benefit of {in_words(self.benefit)} to home buyers")
        if self.outlay:
            said.append(
                f"less subsidies of {in_words(self.outlay)} those who decide see "
                f"{in_words(self.cost - self.outlay)}"
            )
        return "; ".join(said)

    @property
    def missed_policies(self) -> tuple[str, ...]:
        """Targets that are missed, each once."""
        return tuple(dict.fromkeys(each.policy for each in self.missed))

    @property
    def surplus(self) -> tuple[Disposed, ...]:
        """What is taken in or made and thrown away at no cost: waste never collected left out."""
        return tuple(each for each in self.disposed if each.collected)

    @property
    def targets_said(self) -> str:
        """In words: 4 of 12 targets met, no targets."""
        if not self.targets:
            return "no targets"
        return f"{self.targets_met} of {self.targets} target{'s' * (self.targets > 1)} met"

    @property
    def targets_counted(self) -> str:
        """As `targets_said` after the word targets: 4 of 12 met, none set."""
        return f"{self.targets_met} of {self.targets} met" if self.targets else "none set"

    @property
    def numbers_said(self) -> str:
        """In words: 0 of 46 numbers from a source read."""
        return f"{self.numbers_read:,} of {self.numbers:,} numbers from a source read"

    @property
    def penalties_for(self) -> str:
        """What the penalties are for, in words."""
        parts = (
            ("demand not served", self.shortage_penalty),
            ("targets missed", self.breach_penalty - self.stopping_penalty),
            ("stopping faster than the limits of decline", self.stopping_penalty),
        )
        said = [words for words, amount in parts if amount]
        return " and ".join(filter(None, (", ".join(said[:-1]), said[-1] if said else "")))


def headline(
    system: System, values: Values, costs: pd.DataFrame, *, objective: float, least: float
) -> Headline:
    """The head of the answer of a plan, from its variables, its cost table and its objective.

    A breach or a disposal of at most `least` (t/year) is rounding and counts as none, and so is a
    penalty of at most ROUNDING of the objective.
    """
    rounding = ROUNDING * max(abs(objective), 1.0)
    shortage, breach = (
        amount if (amount := _present(costs, item)) > rounding else 0.0
        for item in ("shortage", "breach")
    )
    stopped = costs[costs["name"].str.startswith(f"{RUN_DOWN}/")]
    missed = tuple(missed_targets(system, values, least=least))
    outlay = -_present(costs, SUBSIDY) + 0.0
    rent = -_present(costs, RENT_ABROAD) + 0.0
    unseen = _present(costs, UNSEEN_COST)
    benefit = -_present(costs, BENEFIT) + 0.0
    apart = shortage or breach or outlay or rent or unseen or benefit
    cost = _present(paid_items(costs)) if apart else objective
    earned = -_present(costs, EXPORT_REVENUE) + 0.0
    wanted = [policy.name for policy in system.policies.values() if is_target(policy)]
    failed = {each.policy for each in missed}
    return Headline(
        # without a penalty or subsidy they are one number, to the last digit; else cost is summed
        # by itself, since a large penalty would leave few digits of a difference
        cost=cost,
        gross_cost=cost + earned,
        export_revenue=earned,
        outlay=outlay,
        rent_abroad=rent,
        unseen_cost=unseen,
        benefit=benefit,
        shortage_penalty=shortage,
        breach_penalty=breach,
        stopping_penalty=_present(stopped, "breach") if breach else 0.0,
        targets=len(wanted),
        targets_met=sum(name not in failed for name in wanted),
        missed=missed,
        disposed=tuple(free_disposal(system, values, least=least)),
        numbers=len(system.data),
        numbers_read=sum(is_read(datum) for datum in system.data),
    )


def _present(costs: pd.DataFrame, item: str = "") -> float:
    """Present value of an item of the cost table, or of all of it, USD."""
    rows = costs[costs["item"] == item] if item else costs
    return float(rows["present_value"].sum())


def paid_items(costs: pd.DataFrame) -> pd.DataFrame:
    """The rows of a cost table that the country pays."""
    return costs[~costs["item"].isin(NOT_PAID)]


def is_target(policy: Policy) -> bool:
    """Return True for a floor or a ceiling that is in force in some year."""
    return policy.kind in TARGET_KINDS and bool(np.isfinite(policy.level).any())


def is_read(datum: Datum) -> bool:
    """Return True for a number from a source that was read."""
    return datum.grade in READ_GRADES


def missed_targets(system: System, values: Values, *, least: float) -> Iterator[MissedTarget]:
    """Soft targets with a breach above `least`, by policy and subject; the breach of a run-down
    limit is none of a policy."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for (policy, subject, year), amount in _breaches(values):
        if policy != RUN_DOWN and amount > least:
            found.setdefault((policy, subject), {})[year] = amount
    for (policy, subject), by_year in sorted(found.items()):
        unit = ROW_UNITS.get(system.policies[policy].kind, "") if policy in system.policies else ""
        years = tuple(years_of(system, by_year))
        yield MissedTarget(policy, subject, years, max(by_year.values()), unit)


def _breaches(values: Values) -> Iterator[tuple[tuple[str, str, int], float]]:
    for (policy, subject, year), amount in values.get("breach", {}).items():
        yield (str(policy), str(subject), int(str(year))), float(amount)


def free_disposal(system: System, values: Values, *, least: float) -> Iterator[Disposed]:
    """Goods of which something is thrown away in periods in which that costs nothing, the most
    first: scrap, waste, and outputs of processes with several outputs."""
    at = {period.first: i for i, period in enumerate(system.periods)}
    amounts: dict[str, float] = {}
    price: dict[str, Any] = {}
    for (name, year), amount in values.get("disposal", {}).items():
        good, i = str(name), at[int(str(year))]
        if good not in price:
            price[good] = system.goods[good].disposal_cost
        if amount > least and price[good][i] <= 0:
            amounts[good] = amounts.get(good, 0.0) + amount * system.periods[i].length
    for good, amount in sorted(amounts.items(), key=lambda item: (-item[1], item[0])):
        yield Disposed(good, amount, system.goods[good].kind != "waste")
