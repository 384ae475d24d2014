"""Sets and parameters of the policies of a study, gathered by the families of targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.parameters import Given
from planner.system.batch import agreed
from planner.system.nouns import Array, Policy, Process, System
from planner.system.unit_accounts import RUN_DOWN, stopping_cost

if TYPE_CHECKING:
    from planner.lp.family import Target

SHARED_NUMBERS = ("target", "limit", "share_term")
"""Parameters that several families of targets fill."""
SHARED_SETS = ("counted", "scope_of")


class Targets:
    """Rows and numbers that accumulate while the policies are read, before they become sets and
    parameters; lives inside `fill_targets` only."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.rows: dict[str, list[Key]] = defaultdict(list)
        self.values: dict[str, dict[Any, Any]] = defaultdict(dict)
        self.sets: dict[str, dict[Any, list[str]]] = defaultdict(dict)

    @property
    def system(self) -> System:
        return self.given.system

    def level(self, policy: Policy) -> Array:
        """Level in each year, shape (T,); NaN where the policy is not in force."""
        return policy.level

    def in_force(self, policy: Policy) -> Iterator[tuple[int, int, float]]:
        """(position, year, level) of each year in which the policy is in force."""
        levels = zip(self.given.years, self.level(policy), strict=True)
        for i, (year, level) in enumerate(levels):
            if np.isfinite(level):
                yield i, year, float(level)

    def count(self, policy: Policy, process: Process, terms: Array) -> None:
        """Count a process towards a policy, with terms per unit of activity, shape (..., T)."""
        if agreed(terms.any(axis=-1)):
            self.sets["counted"].setdefault(policy.name, []).append(process.name)
            self.put("share_term", (policy.name,), process, terms)

    def put(self, parameter: str, head: Key, process: Process, terms: Array) -> None:
        """Fill a parameter with terms of a process by year, shape (..., T)."""
        self.values[parameter] |= {
            (*head, *key): value for key, value in self.given.by_period(process.name, terms).items()
        }

    def floor(self, family: str, policy: Policy, subject: str, t: int, target: Any) -> None:
        """Add a row that may be missed where the policy is soft, with what it requires."""
        self.rows[family].append((policy.name, subject, t))
        self.values["target"][policy.name, subject, t] = target

    def cap(self, family: str, policy: Policy, t: int, limit: Any) -> None:
        """Add a row that is never passed, with its limit."""
        self.rows[family].append((policy.name, t))
        self.values["limit"][policy.name, t] = limit

    def level_caps(self, family: str, policy: Policy) -> None:
        """Add a row for each year in force, the level its limit."""
        for _, t, level in self.in_force(policy):
            self.cap(family, policy, t, level)


def fill_targets(m: Components, given: Given, families: Sequence[Target]) -> None:
    """Fill the sets and parameters of all families of targets."""
    targets = _gathered(given, families)
    for name in SHARED_NUMBERS:
        add_param(m, name, targets.values[name])
    for name in SHARED_SETS:
        add_sets(m, name, targets.sets[name])
    for family in families:
        add_set(m, family.rows, targets.rows[family.name], width=len(family.indices))
        for term in family.terms:
            if term.is_set:
                add_sets(m, term.name, targets.sets[term.name])
            else:
                add_param(m, term.name, targets.values[term.name])
    _fill_breaches(m, given, targets)


def _gathered(given: Given, families: Sequence[Target]) -> Targets:
    """Rows and numbers of every policy, added policy by policy by the families of its kind."""
    targets = Targets(given)
    for policy in given.system.policies.values():
        targets.sets["counted"].setdefault(policy.name, [])
        for family in families:
            if family.kind == policy.kind:
                family.fill(targets, policy)
    return targets


def _fill_breaches(m: Components, given: Given, targets: Targets) -> None:
    """Every floor row gets a breach column: closed (bound 0) while the floor is hard, priced while
    it is soft. Those of run-down limits are soft by nature."""
    factor = dict(zip(given.years, given.factor, strict=True))
    policies = given.system.policies.values()
    penalty = {policy.name: policy.penalty for policy in policies if policy.penalty is not None}
    cost = {(n, x, t): factor[t] * penalty.get(n, 0.0) for n, x, t in targets.values["target"]}
    soft = {name: np.inf if name in penalty else 0.0 for name, _, _ in cost}
    early = _stopping_costs(m, given)
    add_set(m, "breaches", [*cost, *early], width=3)
    add_param(m, "max_breach", soft | {name: np.inf for name, _, _ in early})
    add_param(m, "breach_cost", cost | early)


def _stopping_costs(m: Components, given: Given) -> dict[Key, Any]:
    """Discounted penalty on stopping faster than the decline, by (run_down, group, year)."""
    found: dict[Key, Any] = {}
    for group in given.system.ramps.values():
        found |= given.by_period(group.name, given.factor * stopping_cost(given.system, group))
    return {(RUN_DOWN, *key): found[key] for key in m.sets["run_down_rows"].keys}
