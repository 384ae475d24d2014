"""What the selectors of a policy select: refused where that is nothing, where it cannot be told, or
where the study does not say what it stands for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.system.nouns import Policy
from planner.system.selection.counting import (
    OF_GOOD,
    OF_PROCESS,
    Traced,
    counts,
    may_run,
    picked,
    rows_of,
    troubles,
    where,
)
from planner.system.selection.selector import AT_HOME, Selector
from planner.system.trade import Network
from planner.system.unit_accounts import has_equivalent

NARROWING = (*OF_PROCESS, *OF_GOOD, "pathways", "metals")


def unselectable(
    whole: Network, policy: Policy, metals: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Field of a policy and what is wrong with what its selectors select."""
    network = Traced(whole)
    if policy.kind == "subsidy":
        yield from _unpaid(network, policy)
    if policy.kind == "subsidy" and policy.numerator is not None:
        yield from _flow(network, policy, "activity", policy.numerator, metals)
    if policy.denominator is None:
        return
    rows = rows_of(network, policy, metals)
    found: dict[tuple[str, str], None] = {}
    if not rows and policy.numerator is not None:
        found["numerator", _nothing(network, policy.numerator, metals, policy)] = None
    for row in rows:
        for field in ("numerator", "denominator"):
            selector: Selector = getattr(row, field)
            troubled = _demand if selector.demand else _flow
            said = troubled(network, policy, field, selector, metals)
            found |= dict.fromkeys(said)
            if policy.measured == "refined":
                found |= dict.fromkeys(_unstated(network, policy, field, selector, metals))
    yield from found


def _unpaid(network: Traced, policy: Policy) -> Iterator[tuple[str, str]]:
    """A subsidy is for activity or for orders, and plants that are paid for can be ordered."""
    if policy.numerator is None and not policy.plants:
        yield "activity", "is missing; say what is paid for by `activity` or by `plants`"
    if policy.numerator is not None and policy.plants:
        message = "stand beside `activity`; a rate is per unit of one or the other, in two policies"
        yield "plants", message
    for name in policy.plants:
        if not np.isfinite(network.plants[name].capital_cost).any():
            message = f"'{name}' has no capital_cost and cannot be ordered; give it, or drop it"
            yield "plants", message


def _flow(
    network: Traced, policy: Policy, field: str, selector: Selector, metals: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    of_activity = policy.kind == "subsidy" or policy.measured == "activity"
    wrong = list(dict.fromkeys(troubles(network, selector, metals, of_activity=of_activity)))
    yield from ((field, message) for message in wrong)
    # in no year of the study nothing runs: of that a warning is given elsewhere
    sets = not wrong and bool(np.isfinite(policy.level).any())
    if sets and not counts(network, selector, metals, policy):
        yield field, _nothing(network, selector, metals, policy)


def _demand(
    network: Traced, policy: Policy, field: str, selector: Selector, metals: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    wanted = set(selector.metals or metals)
    places = selector.places or (AT_HOME,)
    goods = [g for name in selector.demand if where(g := network.goods[name]) in places]
    held = [g for g in goods if wanted.intersection(g.content)]
    markets = {"abroad" if g.export else "home" for g in held}
    if not held:
        of = " or ".join(sorted(wanted))
        yield field, f"selects no demand: none of its goods holds {of}; name others"
    elif selector.market not in ("all", *markets):
        yield field, f"selects no demand: nothing of it is {selector.market}; drop `market`"


def _nothing(network: Traced, selector: Selector, metals: tuple[str, ...], policy: Policy) -> str:
    """That nothing is selected, and which one field, if left out, would let something through."""
    fields = [name for name in NARROWING if getattr(selector, name)]
    said = "; ".join(f"{name} {', '.join(getattr(selector, name))}" for name in fields)
    hints = []
    for name in fields:
        if found := counts(network, selector.narrowed(name, ()), metals, policy):
            more = ", ..." if len(found) > 3 else ""
            hints.append(f"without `{name}` it would count {', '.join(found[:3])}{more}")
    hint = f"; did you mean something wider: {'; '.join(hints)}" if hints else ""
    can = "that can run while it is in force "
    return f"selects nothing: no process {can}fits {said or 'it'}{hint}; name others"


def _unstated(
    network: Traced, policy: Policy, field: str, selector: Selector, metals: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Goods counted that have no refined equivalent."""
    for metal in selector.metals or metals:
        goods = set(selector.demand)
        for each in picked(network, selector, metal):
            if may_run(each.process, policy):
                goods |= {*each.adds, *each.less}
        held = (name for name in sorted(goods) if metal in network.goods[name].content)
        for name in held:
            if not has_equivalent(network.goods[name], metal):
                message = (
                    f"counts good '{name}', which has no 'equivalent' in {metal}; give the refined "
                    'metal got from a tonne of it in good_values.csv, or measured = "contained"'
                )
                yield field, message
