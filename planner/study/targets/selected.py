"""What the selectors of a policy select: refused where that is nothing, where it cannot be told, or
where the study does not say what it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    if not rows and policy.numerator is not None:
        yield "numerator", _nothing(network, policy.numerator, metals, policy)
    # several rows may have the same trouble
    yield from dict.fromkeys(
        said
        for row in rows
        for field in ("numerator", "denominator")
        for said in _of_share(network, policy, field, getattr(row, field), metals)
    )


def _of_share(
    network: Traced, policy: Policy, field: str, selector: Selector, metals: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """What is wrong with one side of a share."""
    troubled = _demand if selector.demand else _flow
    yield from troubled(network, policy, field, selector, metals)
    if policy.measured == "refined":
        yield from _unstated(network, policy, field, selector, metals)


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
    markets = _markets(network, selector, wanted)
    if not markets:
        of = " or ".join(sorted(wanted))
        yield field, f"selects no demand: none of its goods holds {of}; name others"
    elif selector.market not in ("all", *markets):
        yield field, f"selects no demand: nothing of it is {selector.market}; drop `market`"


def _markets(network: Traced, selector: Selector, wanted: set[str]) -> set[str]:
    """Markets, home or abroad, of the demand selected that holds one of the metals wanted."""
    places = selector.places or (AT_HOME,)
    goods = (g for name in selector.demand if where(g := network.goods[name]) in places)
    return {"abroad" if g.export else "home" for g in goods if wanted.intersection(g.content)}


def _nothing(network: Traced, selector: Selector, metals: tuple[str, ...], policy: Policy) -> str:
    """That nothing is selected, and which one field, if left out, would let something through."""
    fields = [name for name in NARROWING if getattr(selector, name)]
    said = "; ".join(f"{name} {', '.join(getattr(selector, name))}" for name in fields)
    wider = {name: counts(network, selector.narrowed(name, ()), metals, policy) for name in fields}
    hints = [_wider(name, found) for name, found in wider.items() if found]
    hint = f"; did you mean something wider: {'; '.join(hints)}" if hints else ""
    can = "that can run while it is in force "
    return f"selects nothing: no process {can}fits {said or 'it'}{hint}; name others"


def _wider(field: str, found: Sequence[str]) -> str:
    """What would be counted without a field, the first few of it."""
    more = ", ..." if len(found) > 3 else ""
    return f"without `{field}` it would count {', '.join(found[:3])}{more}"


def _unstated(
    network: Traced, policy: Policy, field: str, selector: Selector, metals: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Goods counted that have no refined equivalent."""
    for metal in selector.metals or metals:
        for name in sorted(_counted(network, policy, selector, metal)):
            good = network.goods[name]
            if metal in good.content and not has_equivalent(good, metal):
                message = (
                    f"counts good '{name}', which has no 'equivalent' in {metal}; give the refined "
                    'metal got from a tonne of it in good_values.csv, or measured = "contained"'
                )
                yield field, message


def _counted(network: Traced, policy: Policy, selector: Selector, metal: str) -> set[str]:
    """Goods that a selector counts of a metal: the demand it names, and flows while in force."""
    flows = (each for each in picked(network, selector, metal) if may_run(each.process, policy))
    return {*selector.demand, *(name for each in flows for name in (*each.adds, *each.less))}
