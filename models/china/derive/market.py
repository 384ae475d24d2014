"""Import prices of lithium and cobalt, of one vintage: what China paid at its border in each year,
forms of one metal tied to one another.

- To 2025 a price is the customs unit value of its year (prices.csv, `import_unit_value`), in USD of
  2021. What customs do not give apart follows by the share that contracts pay: ore from carbonate
  where a year has no figure of its own, refined cobalt from hydroxide, lithium hydroxide from
  carbonate.
- From 2030 on it is the mean of the unit values of 2015 to 2021, with the lowest and highest year
  of that cycle as low and high, stated every five years: where an ensemble draws the years apart
  (`models/china/uncertainty.toml`), prices swing within them instead of standing still. Nothing
  that was seen after 2021 enters it, so that it could have been known at the end of 2021.

Market prices of the same years (USGS, London) stand behind none of these numbers; they are what the
plan's own prices are compared with (README.md says what that comparison is still worth).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from models.china.derive.common import Fact, Facts, derived
from models.china.derive.supply import FIRST, TO_2021

CYCLE = (2015, 2021)
"""Years whose mean, lowest and highest value are the price from 2030 on: one cycle, from trough to
trough to recovery."""
SETTLED, STEP, LAST = 2030, 5, 2060
"""From when prices stand for the cycle, and the distance of their rows."""
HYDROXIDE_PREMIUM = 1.05
"""Lithium hydroxide over carbonate per kg of lithium: own judgement."""

Prices = list[Fact]
"""A price per kg of contained metal in USD of 2021, one fact a year, 2021 to 2060."""


def carbonate(facts: Facts) -> Prices:
    """Lithium carbonate, Chile and Argentina together."""
    seen = _seen(facts, "lithium", "li2co3")
    return [*_recent(seen), *_cycle(seen)]


def ore(facts: Facts) -> Prices:
    """Lithium in Australian concentrate: as paid where a year is known, else the payable share of
    carbonate, which is the mean of the known years of the cycle."""
    chemical, paid = carbonate(facts), _seen(facts, "lithium", "spodumene")
    share = _payable_ore(_seen(facts, "lithium", "li2co3"), paid)
    known = {fact.year: fact for fact in paid}
    return [known.get(fact.year) or _tied(fact, share) for fact in chemical]


def lithium_hydroxide(facts: Facts) -> Prices:
    premium = derived(
        HYDROXIDE_PREMIUM, "1", "hydroxide over carbonate per kg of lithium, own judgement"
    )
    return [_tied(fact, premium) for fact in carbonate(facts)]


def cobalt_hydroxide(facts: Facts, *, export_stop: bool = True) -> Prices:
    """Cobalt in Congolese hydroxide; without the stop of 2025 from the price of 2024 straight to
    that of the cycle."""
    seen = _seen(facts, "cobalt", "hydroxide")
    recent = _recent(seen)
    if not export_stop:
        return [*(fact for fact in recent if _year(fact) < 2025), *_cycle(seen)]
    held = recent[-1]
    quota = held.noted(f"held while the quota of 2026 and 2027 stands; {held.note}").at(2027)
    return [*recent, quota, *_cycle(seen)]


def cobalt_refined(facts: Facts, *, export_stop: bool = True) -> Prices:
    """Refined cobalt: customs to 2024, later hydroxide over the share of the metal price that it is
    paid."""
    paid = {fact.year: fact for fact in _recent(_seen(facts, "cobalt", "unwrought"))}
    payable = {
        fact.year: fact
        for fact in facts.series("prices", "cobalt", variable="payable_share", item="hydroxide")
    }
    before = [payable[year] for year in (2019, 2020, 2021)]
    usual = _mean(before, "1", "share of the metal price paid for hydroxide, mean of 2019-21")
    whole = derived(1.0, "1", "payables of 100 % while the quota stands", payable[2025])
    found = []
    for fact in cobalt_hydroxide(facts, export_stop=export_stop):
        share = {2025: payable[2025], 2026: whole, 2027: whole}.get(_year(fact), usual)
        found.append(paid.get(fact.year) or _over(fact, share))
    return found


def times(prices: Iterable[Fact], factor: float, note: str = "") -> list[Fact]:
    """A path of import prices per tonne, with the factor of an origin or form."""
    words = f"x {factor:.3g}: {note}" if note else ""
    return [
        fact.times(1000 * factor, "USD_2021/t", words, "D" if note else "").noted(
            "; ".join(filter(None, ("per kg CONTAINED", words, fact.note)))
        )
        for fact in prices
    ]


def _seen(facts: Facts, metal: str, item: str) -> Prices:
    """Customs unit values in USD of 2021."""
    series = facts.series("prices", metal, variable="import_unit_value", item=item)
    return [_real(fact) for fact in series]


def _real(fact: Fact) -> Fact:
    year = int(fact.unit.split("_")[1][:4])
    note = "" if year == FIRST else f"{fact.value:g} x {TO_2021[year]:g} from USD of {year}"
    return fact.times(TO_2021[year], "USD_2021/kg", note)


def _recent(seen: Sequence[Fact]) -> Prices:
    return [fact for fact in seen if _year(fact) >= FIRST]


def cycle_price(facts: Facts, metal: str, note: str, *, item: str, variable: str = "price") -> Fact:
    """Price of a metal over the cycle, from a series of market prices by year: for metals whose
    imports customs do not tell apart. To 2020, since the releases at hand give later years in that
    of 2026 alone. USD of 2021 per kg."""
    series = facts.all("prices", metal, variable=variable, item=item)
    return _mean_of((CYCLE[0], CYCLE[1] - 1), [_real(fact) for fact in _known(series)], note)


def _known(series: Iterable[Fact]) -> Prices:
    """What has a year of which a deflator is held."""
    return [fact for fact in series if _year(fact) in TO_2021]


def _cycle(seen: Sequence[Fact]) -> Prices:
    mean = _mean_of(CYCLE, seen, "customs unit values")
    return [mean.at(year) for year in range(SETTLED, LAST + 1, STEP)]


def _mean_of(years: tuple[int, int], seen: Sequence[Fact], what: str) -> Fact:
    first, last = years
    return _mean(
        [fact for fact in seen if first <= _year(fact) <= last],
        "USD_2021/kg",
        f"{what} of {first}-{last}: mean, lowest and highest year",
        # what was paid is read, that it will be paid again is assumed
        "D",
    )


def _mean(found: Sequence[Fact], unit: str, note: str, grade: str = "") -> Fact:
    values = [fact.value for fact in found]
    each = ", ".join(f"{fact.year}: {fact.value:.3g}" for fact in found)
    return derived(
        sum(values) / len(values),
        unit,
        f"{note} ({each})",
        *found,
        low=min(values),
        high=max(values),
        grade=grade,
    )


def _payable_ore(chemical: Sequence[Fact], paid: Sequence[Fact]) -> Fact:
    """Share of the carbonate price per kg of lithium that concentrate is paid, over the cycle."""
    first, last = CYCLE
    of = {fact.year: fact for fact in chemical}
    pairs = [(fact, of[fact.year]) for fact in paid if first <= _year(fact) <= last]
    shares = [
        derived(ore.value / of_.value, "1", "", ore, of_, year=ore.year) for ore, of_ in pairs
    ]
    return _mean(shares, "1", "share of the carbonate price paid for ore", "D")


def _tied(fact: Fact, share: Fact) -> Fact:
    return _combined(fact, share, lambda x: x * share.value, "x")


def _over(fact: Fact, share: Fact) -> Fact:
    return _combined(fact, share, lambda x: x / share.value, "/")


def _combined(fact: Fact, share: Fact, change: Callable[[float], float], sign: str) -> Fact:
    low, high = (None if end is None else change(end) for end in (fact.low, fact.high))
    note = f"{fact.value:.4g} {sign} {share.value:.3g} ({share.note}); {fact.note}"
    return derived(
        change(fact.value), fact.unit, note, fact, share, low=low, high=high, year=fact.year
    )


def _year(fact: Fact) -> int:
    return fact.year or 0
