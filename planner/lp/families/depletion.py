"""Ore left in each deposit."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given, ready_in
from planner.lp.wording import Facts, Subject, Telling
from planner.mfa.bound_checks import ore_taken, reserve_growth
from planner.study.provenance import figures, plain, years_of
from planner.system.batch import joined
from planner.system.byproducts import laid_down, withheld
from planner.system.nouns import Deposit


def depletion(m: Any, d: str, t: int) -> Any:
    r"""Ore in the ground at the end of a year; what exploration adds can be mined only once it is
    there. A residue grows by what no by-product process wins of the metal that comes with its
    hosts.

    $$R_{d,t} - (1 + \gamma_{d,t}) R_{d,t-1} + \sum_p i_{d,p,t}\, a_{p,t}
    + \sum_p \zeta_{d,p,t}\, a_{p,t} - \sum_v y_{d,v} = A_{d,t}$$   [t]

    with brownfield growth gamma of what was left the year before, the reserve on the right in the
    first year, what exploration y of a year v can be mined
    from t on, and R at least 0. On the right of a residue stands also the whole content of its
    hosts, rho C H for each, with rho the share that is kept; zeta = rho w is what a unit of
    activity that wins w keeps out of it, and zeta = -rho C theta what one that puts out theta of a
    host adds to it.
    """
    return (
        m.remaining[d, t]
        - sum(m.ore_kept[d, t] * m.remaining[d, u] for u in m.previous[t])
        + sum(m.ore[d, p, t] * m.activity[p, t] for p in m.miners[d])
        + sum(m.withheld[d, p, t] * m.activity[p, t] for p in m.winners[d])
        - sum(m.explored[d, v] for v in m.finds[d, t])
        == m.ore_added[d, t]
    )


def _fill(m: Components, given: Given) -> None:
    system, ore, added, kept = given.system, given.series(2), given.series(), given.series()
    miners: dict[str, list[str]] = {name: [] for name in system.deposits}
    for deposit, process, taken in ore_taken(system):
        miners[deposit].append(process)
        ore.add(deposit, process, values=taken)
    for name, place in system.deposits.items():
        gain = reserve_growth(system, place)
        if place.filled_by:
            gain = gain + laid_down(system, place)
        added.add(name, values=joined([gain[..., :1] + place.reserve, gain[..., 1:]]))
        kept.add(name, values=1.0 + system.period_mean(place.growth))
    add_sets(m, "miners", miners)
    add_param(m, "ore", ore)
    index = add_set(m, "deposit_years", added, width=2)
    add_param(m, "ore_added", added, index)
    add_param(m, "ore_kept", kept, index)
    _fill_residues(m, given)
    finds: dict[Key, list[int]] = {}
    for explored, year in m.sets["explorations"].keys:
        i, delay = given.years.index(int(str(year))), system.exploration[str(explored)].delay
        finds.setdefault((explored, ready_in(given, delay, i)), []).append(given.years[i])
    add_sets(m, "finds", finds, over=m.sets["deposit_years"])


def _fill_residues(m: Components, given: Given) -> None:
    kept_out = given.series(2)
    winners: dict[str, list[str]] = {name: [] for name in given.system.deposits}
    for name, place in given.system.deposits.items():
        for process, metal in withheld(given.system, place):
            winners[name].append(process)
            kept_out.add(name, process, values=metal)
    add_sets(m, "winners", winners)
    add_param(m, "withheld", kept_out)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    deposit = facts.system.deposits[name]
    gain = figures(facts.mean(deposit.additions, years), "t/year")
    added = f", and {gain} is added" if deposit.additions.any() else ""
    if deposit.growth.any():
        added += f", and it grows by {figures(facts.mean(deposit.growth, years), '1/year')}"
    if deposit.filled_by:
        added += f", and what is not won of the {deposit.metal} in {_hosts(deposit)} fills it"
    until = years_of(facts.system, years)[-1]
    holds = f"holds {plain(deposit.reserve)} t at the start{added}"
    return (
        f"{name}: {holds}, for all that is dug until {until}",
        facts.inputs.line("deposits", name, deposit.metal, "reserve"),
    )


def _hosts(deposit: Deposit) -> str:
    return " and ".join(deposit.filled_by)


DEPLETION = Physical(
    rule=depletion,
    rows="deposit_years",
    indices=("deposit", "year"),
    unit="USD/t",
    basis="state",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "ore",
            r"i_{d,p,t}",
            ("deposit", "process", "year"),
            "t/activity unit",
            "ore that a unit of activity takes from a deposit",
        ),
        Term(
            "ore_added",
            r"A_{d,t}",
            ("deposit", "year"),
            "t",
            "reserve growth of the year, and the whole content of the hosts that fill a residue; "
            "in the first one the reserve too",
        ),
        Term(
            "ore_kept",
            r"1 + \gamma_{d,t}",
            ("deposit", "year"),
            "1",
            "ore of the year before with its brownfield growth",
        ),
        Term(
            "withheld",
            r"\zeta_{d,p,t}",
            ("deposit", "process", "year"),
            "t/activity unit",
            "metal that a by-product process keeps out of a residue by winning it; below zero what "
            "the output of a host of the study adds",
        ),
        Term("miners", "", ("deposit",), "", "processes that take from a deposit"),
        Term(
            "winners",
            "",
            ("deposit",),
            "",
            "processes that win from, or put out, the hosts of a residue",
        ),
        Term(
            "finds",
            "",
            ("deposit", "year"),
            "",
            "years of exploration whose finds can first be mined in a year",
        ),
    ),
)
