"""What a policy counts of trade and of home output: refused where it cannot be told, or where the
study does not say what it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.study.targets.selected import unselectable
from planner.system.nouns import Policy
from planner.system.provenance import home_output, mixing, secondary_output
from planner.system.sufficiency import counted, counted_exports, unsettled_output
from planner.system.trade import Network, Unsettled, brought_in, counted_importers, unsettled
from planner.system.unit_accounts import has_equivalent


def uncountable(
    network: Network, policy: Policy, metals: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Field of a policy and what is wrong with what it counts."""
    yield from unselectable(network, policy, metals)
    yield from _mixed(network, policy)
    yield from _uncovered(network, policy)
    yield from _untold(network, policy)
    yield from _unstated(network, policy)


def _untold(network: Network, policy: Policy) -> Iterator[tuple[str, str]]:
    """Goods of which it cannot be told what counts already."""
    field = "stages" if policy.kind == "self_sufficiency" else "origin"
    remedy = ", or name fewer stages" if field == "stages" else ""
    for each in dict.fromkeys(_unsettled(network, policy)):
        message = (
            f"'{each.good}' is made by processes that count and by {each.other}, which does not, "
            f"and '{each.taker}', which counts, takes it: what of it counts already cannot be "
            f"told; give metal from abroad a good of its own{remedy}"
        )
        yield field, message


def _unstated(network: Network, policy: Policy) -> Iterator[tuple[str, str]]:
    """Goods counted that have no refined equivalent."""
    for good, metal in sorted(_goods_counted(network, policy)):
        if not has_equivalent(network.goods[good], metal):
            message = (
                f"counts good '{good}', which has no 'equivalent' in {metal}; give the refined "
                "metal got from a tonne of it in good_values.csv"
            )
            yield "kind", message


def _uncovered(network: Network, policy: Policy) -> Iterator[tuple[str, str]]:
    """Stockpiles of which no demand named needs a metal."""
    for name in policy.goods if policy.demand else ():
        metals = set(network.goods[name].content)
        if not any(metals.intersection(network.goods[good].content) for good in policy.demand):
            message = (
                f"holds none of the metals of '{name}': there is nothing to cover; name goods that "
                "do, or leave it out"
            )
            yield "demand", message


def _mixed(network: Network, policy: Policy) -> Iterator[tuple[str, str]]:
    """Processes that may work up metal of which a part alone counts, mixed in one good."""
    if policy.kind == "self_sufficiency":
        field, mixed = "stages", home_output(network, policy).mixed
    elif policy.kind == "recycled_content":
        field, mixed = "metal", secondary_output(network, policy.metal)[1]
    else:
        return
    for name, words in mixed.items():
        yield field, mixing(policy.metal, name, words)


def _unsettled(network: Network, policy: Policy) -> Iterator[Unsettled]:
    if policy.kind == "self_sufficiency":
        yield from unsettled_output(network, policy)
    elif policy.kind == "import_share":
        yield from unsettled(network, policy.metal, policy.origin)
        if policy.of == "imports":
            yield from unsettled(network, policy.metal)


def _goods_counted(network: Network, policy: Policy) -> set[tuple[str, str]]:
    """Goods that a policy counts in refined equivalents, with the metal."""
    metals = _metals(network, policy)
    names = {*_trade_and_output(network, policy), *_demand(network, policy)} if metals else set()
    return {
        (name, metal)
        for name in names.intersection(network.goods)
        for metal in metals
        if metal in network.goods[name].content
    }


def _demand(network: Network, policy: Policy) -> Iterable[str]:
    """Goods of the demand that a policy is a share of: those it names, or all."""
    if policy.demand or policy.of == "imports":
        return policy.demand
    return (good.name for good in network.goods.values() if good.demand is not None)


def _metals(network: Network, policy: Policy) -> tuple[str, ...]:
    """Metals whose refined equivalents a policy is measured by."""
    if policy.kind == "stockpile_cover":
        held = (network.goods[name].content for name in policy.goods if name in network.goods)
        return tuple(dict.fromkeys(metal for content in held for metal in content))
    return (policy.metal,) if policy.kind in ("self_sufficiency", "import_share") else ()


def _trade_and_output(network: Network, policy: Policy) -> Iterator[str]:
    if policy.kind == "self_sufficiency":
        yield from _output(network, policy)
    elif policy.kind == "import_share":
        yield from _trade(network, policy)


def _output(network: Network, policy: Policy) -> Iterator[str]:
    """Goods that count as home output, and exports of them."""
    for each in counted(network, policy):
        yield from (*each.adds, *each.less)
    yield from (good.name for good in counted_exports(network, policy))


def _trade(network: Network, policy: Policy) -> Iterator[str]:
    """Goods that count as imports."""
    origin = None if policy.of == "imports" else policy.origin
    brought = brought_in(network, origin)
    for process in counted_importers(network, policy, origin):
        yield from (*process.outputs, *brought.intersection(process.inputs))
