"""Headlines with their range, as a section of the report."""

from __future__ import annotations

from planner.analysis.uncertainty.headline_ranges import HeadlineRanges
from planner.reporting.blocks import Section, TextTable

MARK = "outside"


def headlines(found: HeadlineRanges) -> Section:
    """The headlines, each with its range, or how to make the ranges."""
    rows = tuple((each.name, each.line, MARK if each.outside else "") for each in found.ranges)
    title = "base (5-50-95 %)" if found.samples else "base"
    return Section(
        "Headlines and their range",
        tuple(filter(None, (found.said, found.warning))),
        (TextTable("Headlines", ("headline", title, ""), rows),),
        "Shares are of what is supplied and what is short of a metal, new scrap left out.",
    )
