"""Sets and parameters of the policy families: what a target counts, and how much of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.lp.parameters import Key, add_param, add_set, add_sets, by_period
from planner.mfa.balance import Balance
from planner.system.batch import agreed
from planner.system.economics import period_factors
from planner.system.nouns import Array, Policy, Process, System
from planner.system.unit_accounts import (
    demand_by_good,
    equivalent,
    in_refined_metal,
    input_equivalent,
    output_equivalent,
    refined_output,
    refined_requirement,
)

MONTHS_PER_YEAR = 12
SECONDARY = ("domestic secondary", "foreign secondary")


class _Targets:
    """What accumulates while the policies are read, before it becomes sets and parameters; lives
    inside `fill_targets` only."""

    def __init__(self, system: System, balance: Balance) -> None:
        self.system, self.balance = system, balance
        self.rows: dict[str, list[Key]] = defaultdict(list)
        self.values: dict[str, dict[Any, Any]] = defaultdict(dict)
        self.sets: dict[str, dict[Any, list[str]]] = defaultdict(dict)

    def level(self, policy: Policy) -> Array:
        """Mean level over the years of each period in which the policy is in force, shape (T,); NaN
        where it never is."""
        system = self.system
        force = np.isfinite(policy.level)
        count = system.period_mean(force.astype(float))
        total = system.period_mean(np.where(force, policy.level, 0.0))
        mean: Array = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
        return mean

    def in_force(self, policy: Policy) -> list[tuple[int, int, float]]:
        """(position, first year, level) of each period in which the policy is in force."""
        levels = zip(self.system.periods, self.level(policy), strict=True)
        return [
            (i, period.first, float(level))
            for i, (period, level) in enumerate(levels)
            if np.isfinite(level)
        ]

    def count(self, policy: Policy, process: Process, terms: Array) -> None:
        """Count a process towards a policy with these terms per unit of activity, shape (..., T)."""
        if agreed(terms.any(axis=-1)):
            self.sets["counted"].setdefault(policy.name, []).append(process.name)
            self.values["share_term"] |= {
                (policy.name, *key): v
                for key, v in by_period(self.system, process.name, terms).items()
            }

    def floor(self, family: str, policy: Policy, subject: str, t: int, target: Any) -> None:
        self.rows[family].append((policy.name, subject, t))
        self.values["target"][policy.name, subject, t] = target


def fill_targets(m: Any, system: System, balance: Balance) -> None:
    """Fill the sets and parameters that the policy families use."""
    targets = _Targets(system, balance)
    for policy in system.policies.values():
        targets.sets["counted"].setdefault(policy.name, [])
        targets.sets["scope_of"][policy.name] = (
            [policy.scope] if policy.kind.startswith("carbon") else []
        )
        READERS[policy.kind](targets, policy)
    for name in (
        "self_sufficiency",
        "recycled_content",
        "collection_target",
        "stockpile_cover",
        "pin_floor",
        "pin_ceiling",
        "import_share",
        "quota",
        "carbon_cap",
        "carbon_budget",
        "capital_budget",
    ):
        add_set(m, f"{name}_rows", targets.rows[name])
    for name in (
        "target",
        "ceiling",
        "limit",
        "budget",
        "share_term",
        "waste_term",
        "collection_share",
    ):
        add_param(m, name, targets.values[name])
    for name in ("counted", "scope_of", "waste_lines"):
        add_sets(m, name, targets.sets[name])
    _fill_breaches(m, system, targets)


def _fill_breaches(m: Any, system: System, targets: _Targets) -> None:
    """Every floor row gets a breach column: closed (bound 0) while the floor is hard, priced while
    it is soft."""
    factor = dict(
        zip(
            (p.first for p in system.periods),
            period_factors(system.periods, system.discount_rate),
            strict=True,
        )
    )
    floors = list(targets.values["target"]) + [
        ("run_down", r, t) for r, t in m.sets["run_down_rows"].keys
    ]
    penalties = {policy.name: policy.penalty for policy in system.policies.values()}
    add_set(m, "breaches", floors, width=3)
    add_param(
        m,
        "most_breach",
        {
            n: 0.0 if penalties.get(n) is None else float("inf")
            for n in dict.fromkeys(n for n, _, _ in floors)
        },
    )
    add_param(
        m, "breach_cost", {(n, x, t): factor[t] * (penalties.get(n) or 0.0) for n, x, t in floors}
    )


def _self_sufficiency(targets: _Targets, policy: Policy) -> None:
    """Output of the processes that count, less what they take from one another: a chain through
    several stages counts once, at its end."""
    system, metal = targets.system, policy.metal
    counted = [process for process in system.processes.values() if policy.counts(process)]
    passed_on = {good for process in counted for good in process.outputs}
    for process in counted:
        made = output_equivalent(system, process, metal)
        if agreed(made.any(axis=-1)):
            targets.count(
                policy, process, made - input_equivalent(system, process, metal, passed_on)
            )
    home = refined_requirement(system, metal, export=False)
    exported = {
        name: demand
        for name, demand in demand_by_good(system, metal=metal, export=True).items()
        if system.goods[name].stage in policy.stages
    }
    exports = in_refined_metal(system, metal, exported, equivalent)
    for i, t, share in targets.in_force(policy):
        targets.floor("self_sufficiency", policy, metal, t, share * home[..., i] + exports[..., i])


def _recycled_content(targets: _Targets, policy: Policy) -> None:
    level = np.nan_to_num(targets.level(policy))
    for process in targets.system.processes.values():
        if process.pathway is not None and process.pathway != "new scrap":
            own = 1.0 if process.pathway in SECONDARY else 0.0
            targets.count(
                policy,
                process,
                (own - level) * refined_output(targets.system, process, policy.metal),
            )
    for _, t, _ in targets.in_force(policy):
        targets.floor("recycled_content", policy, policy.metal, t, 0.0)


def _collection_target(targets: _Targets, policy: Policy) -> None:
    system, level = targets.system, np.nan_to_num(targets.level(policy))
    for waste in policy.goods:
        lines: list[str] = []
        for process in system.processes.values():
            term = np.zeros(len(system.periods))
            if process.kind == "collect" and waste in process.inputs:
                term = term + system.period_mean(process.inputs[waste])
            if waste in process.outputs:
                term = term - level * system.period_mean(process.outputs[waste])
            if agreed(term.any(axis=-1)):
                lines.append(process.name)
                targets.values["waste_term"] |= {
                    (policy.name, waste, *key): v
                    for key, v in by_period(system, process.name, term).items()
                }
        targets.sets["waste_lines"][policy.name, waste] = lines
        arising = targets.balance.arising.get(waste)
        mean = system.period_mean(arising) if arising is not None else np.zeros(len(system.periods))
        for i, t, share in targets.in_force(policy):
            targets.floor("collection_target", policy, waste, t, share * mean[..., i])
            targets.values["collection_share"][policy.name, waste, t] = share


def _stockpile_cover(targets: _Targets, policy: Policy) -> None:
    system = targets.system
    for good in policy.goods:
        closed = _years_of_closure(system, good)
        need = sum(
            (refined_requirement(system, metal) for metal in system.goods[good].content),
            np.zeros(len(system.periods)),
        )
        for i, t, months in targets.in_force(policy):
            if not closed[i]:
                targets.floor(
                    "stockpile_cover", policy, good, t, months / MONTHS_PER_YEAR * need[..., i]
                )


def _years_of_closure(system: System, good: str) -> npt.NDArray[np.bool_]:
    """Periods in which a closure hits a metal of the good, shape (T,): a stock that may not be
    drawn then is no stock."""
    closed = np.zeros(len(system.periods), dtype=bool)
    for policy in system.policies.values():
        if policy.kind == "closure" and (
            not policy.metal or policy.metal in system.goods[good].content
        ):
            closed |= system.period_mean(np.isfinite(policy.level).astype(float)) > 0
    return closed


def _pin(targets: _Targets, policy: Policy) -> None:
    system = targets.system
    for process in system.processes.values():
        if policy.processes and process.name not in policy.processes:
            continue
        observed = _seen(system, process)
        known = agreed(np.isfinite(observed), 1)
        for i, t, tolerance in targets.in_force(policy):
            if known[i]:
                targets.floor(
                    "pin_floor", policy, process.name, t, (1 - tolerance) * observed[..., i]
                )
                targets.rows["pin_ceiling"].append((policy.name, process.name, t))
                targets.values["ceiling"][policy.name, process.name, t] = (
                    1 + tolerance
                ) * observed[..., i]


def _seen(system: System, process: Process) -> Array:
    """Observed activity by period, shape (..., T): the mean of the years that were observed; NaN
    where none was."""
    known = np.isfinite(process.observed)
    count = system.period_mean(known.astype(float))
    total = system.period_mean(np.where(known, process.observed, 0.0))
    mean: Array = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return mean


def _import_share(targets: _Targets, policy: Policy) -> None:
    system, level = targets.system, np.nan_to_num(targets.level(policy))
    for process in system.processes.values():
        if process.kind == "import":
            own = 1.0 if process.origin == policy.origin else 0.0
            shared = level if policy.of == "imports" else 0.0
            targets.count(
                policy, process, (own - shared) * output_equivalent(system, process, policy.metal)
            )
    need = refined_requirement(system, policy.metal)
    for i, t, share in targets.in_force(policy):
        targets.rows["import_share"].append((policy.name, t))
        targets.values["limit"][policy.name, t] = (
            share * need[..., i] if policy.of == "demand" else 0.0
        )


def _quota(targets: _Targets, policy: Policy) -> None:
    for name in policy.processes:
        targets.count(policy, targets.system.processes[name], np.ones(len(targets.system.periods)))
    _cap("quota", targets, policy)


def _cap(family: str, targets: _Targets, policy: Policy) -> None:
    for _, t, cap in targets.in_force(policy):
        targets.rows[family].append((policy.name, t))
        targets.values["limit"][policy.name, t] = cap


def _carbon_cap(targets: _Targets, policy: Policy) -> None:
    _cap("carbon_cap", targets, policy)


def _capital_budget(targets: _Targets, policy: Policy) -> None:
    _cap("capital_budget", targets, policy)


def _carbon_budget(targets: _Targets, policy: Policy) -> None:
    targets.rows["carbon_budget"].append(policy.name)  # type: ignore[arg-type]
    targets.values["budget"][policy.name] = float(np.nanmax(policy.level))


def _closure(targets: _Targets, policy: Policy) -> None:
    """A closure acts through the bounds on activity, which the reader has already set: it has no
    row."""


READERS = {
    "self_sufficiency": _self_sufficiency,
    "recycled_content": _recycled_content,
    "collection_target": _collection_target,
    "stockpile_cover": _stockpile_cover,
    "pin": _pin,
    "import_share": _import_share,
    "quota": _quota,
    "carbon_cap": _carbon_cap,
    "carbon_budget": _carbon_budget,
    "capital_budget": _capital_budget,
    "closure": _closure,
}
