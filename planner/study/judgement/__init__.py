"""What is judged of a study that reads: what nothing heeds, and what is probably not meant so."""

from __future__ import annotations

from planner.study.judgement.facts import Facts
from planner.study.judgement.hosts import doubt_contents, doubt_hosts
from planner.study.judgement.laws import doubt_presets
from planner.study.judgement.observed import (
    doubt_cohorts,
    doubt_observations,
    doubt_observed_ranges,
)
from planner.study.judgement.places import doubt_places
from planner.study.judgement.plausible import doubt_declines, doubt_prices, doubt_rates
from planner.study.judgement.ranges import doubt_ranges
from planner.study.judgement.routes import doubt_routes
from planner.study.judgement.unheeded import (
    doubt_head,
    doubt_policies,
    refuse_unheeded,
    warn_unheeded,
)
from planner.study.problems import Problems

__all__ = ["Facts", "doubts", "refuse_unheeded"]

JUDGES = (
    warn_unheeded,
    doubt_policies,
    doubt_presets,
    doubt_head,
    doubt_rates,
    doubt_prices,
    doubt_hosts,
    doubt_contents,
    doubt_declines,
    doubt_routes,
    doubt_ranges,
    doubt_cohorts,
    doubt_observations,
    doubt_observed_ranges,
    doubt_places,
)


def doubts(facts: Facts) -> Problems:
    """Every warning of a study that reads."""
    found = Problems.warnings()
    for judge in JUDGES:
        judge(facts, found)
    return found
