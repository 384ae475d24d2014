"""Battery packs as joint goods: what a tonne of pack holds, and how demand for two metals becomes
packs of two chemistries.

Demand is known per metal (lithium and cobalt of vehicle batteries), waste comes as packs. All
cobalt of vehicle batteries sits in NCM packs, whose lithium follows from the ratio of the contents;
the rest of the lithium is LFP:

    NCM packs = cobalt / c_Co,   LFP packs = (lithium - NCM packs x c_Li) / l_Li

Contents are fixed by vintage group, so that what a pack holds never depends on what was carried
over. They are rounded here, before the uses are made from them, so that metal in = metal out to the
last digit written.
"""

from __future__ import annotations

from models.china.derive.common import Fact, Facts, derived, judged, rounded

VINTAGES = {
    "ev_ncm_to2021": (1990, 2021),
    "ev_ncm_2022to2029": (2022, 2029),
    "ev_ncm_from2030": (2030, 2060),
}
"""First and last cohort of each group of NCM packs."""
NCM_KWH_PER_KG = 0.160
"""Energy density of an NCM pack, from the note of additions.csv recycling_content ncm_pack (160
Wh/kg)."""
LITHIUM_PER_COBALT = 6.94 / 58.933
"""Atomic masses: lithium per cobalt in LiCoO2."""
Contents = dict[str, dict[str, Fact]]


def contents(facts: Facts) -> Contents:
    """Tonnes of metal per tonne of pack, by product."""

    def given(item: str) -> Fact:
        return facts.one("additions", variable="recycling_content", item=item).map(
            lambda x: x, "t/t"
        )

    def intensity(chemistry: str) -> Fact:
        return facts.one(
            "intensities", "cobalt", variable="intensity", item=chemistry, region="world"
        )

    nmc622, nmc811 = intensity("NMC622"), intensity("NMC811")
    mixed, lean = (
        rounded((nmc622.value + nmc811.value) / 2 * NCM_KWH_PER_KG),
        rounded(nmc811.value * NCM_KWH_PER_KG),
    )
    lithium_ncm = given("ncm_pack")
    lfp = given("lfp_pack").noted("0.092-0.106 kg/kWh x about 135 Wh/kg pack; high: second value")
    cobalt = judged(
        0.15,
        "t/t",
        "cobalt in portable cells with LiCoO2 cathode, recalled 0.10-0.20",
        low=0.10,
        high=0.20,
    )
    return {
        "ev_lfp": {"lithium": lfp},
        "ess_lfp": {"lithium": lfp},
        "ev_ncm_to2021": {"lithium": lithium_ncm, "cobalt": given("ncm_pack_cobalt_2021_waste")},
        "ev_ncm_2022to2029": {
            "lithium": lithium_ncm,
            "cobalt": derived(
                mixed,
                "t/t",
                f"mean of NMC622 and NMC811, ({nmc622.value} + {nmc811.value}) / 2 kg/kWh x "
                f"{NCM_KWH_PER_KG} kWh/kg; gives 76 % "
                "LFP in 2025 against 0.75 observed in 2024",
                nmc622,
                nmc811,
                grade="D",
            ),
        },
        "ev_ncm_from2030": {
            "lithium": lithium_ncm,
            "cobalt": derived(
                lean,
                "t/t",
                f"NMC811, {nmc811.value} kg/kWh x {NCM_KWH_PER_KG} kWh/kg",
                nmc811,
                grade="D",
            ),
        },
        "portable_lco": {
            "cobalt": cobalt,
            "lithium": derived(
                rounded(cobalt.value * LITHIUM_PER_COBALT),
                "t/t",
                f"cobalt content x {LITHIUM_PER_COBALT:.4f} (masses in LiCoO2)",
                cobalt,
                **{
                    end: rounded(value * LITHIUM_PER_COBALT)
                    for end, value in (("low", cobalt.low), ("high", cobalt.high))
                    if value is not None
                },
            ),
        },
    }


def steps(
    first: int, last: int, value: float, start: int = 2021, end: int = 2060
) -> dict[int, float]:
    """A value from `first` to `last` and 0 in the other years of the study, as points between which
    straight lines are drawn."""
    points = {
        year: 0.0
        for year in (start, first - 1, last + 1, end)
        if start <= year <= end and not first <= year <= last
    }
    return points | {
        year: value for year in (max(first, start), min(last, end)) if start <= year <= end
    }
