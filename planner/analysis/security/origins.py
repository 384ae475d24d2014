"""Where primary metal was dug, and where it was refined: two origins of the same tonne, which
trade statistics mix up."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from planner.analysis.security.concentration import origin_shares
from planner.plan.plan import Plan

STAGES = {"extraction": "mine", "processing": "refinery"}
"""Stages whose output has an origin in the table, and what the table calls the place."""
COLUMNS = ["metal", "year", "by", "origin", "value"]


def origins(plan: Plan) -> pd.DataFrame:
    """Origin of primary metal by mine and by refinery: metal, year, by (`mine` or `refinery`),
    origin, value (t/year of refined equivalents), share (of its metal, year and place).

    Metal that is imported refined has no mine in a study that does not say where its ore was dug:
    it stands under `mine` as not stated, with the country that refined it, so that both places
    account for all of it.
    """
    shares = origin_shares(plan)
    placed = shares[shares["stage"].isin(STAGES)]
    known = placed.assign(by=placed["stage"].map(STAGES))[COLUMNS]
    bought = pd.DataFrame(_bought_refined(plan), columns=COLUMNS)
    filled = [each for each in (known, bought) if len(each)] or [known]
    keys = COLUMNS[:-1]
    frame = pd.concat(filled, ignore_index=True).groupby(keys)["value"].sum().reset_index()
    total = frame.groupby(COLUMNS[:3])["value"].transform("sum")
    return frame.assign(share=frame["value"] / total)


def _bought_refined(plan: Plan) -> Iterator[tuple[str, int, str, str, float]]:
    """Primary metal that is imported as refined metal, under the mine that nobody stated."""
    system, supply = plan.system, plan.supply
    for row in supply[supply["pathway"] == "foreign primary"].to_dict(orient="records"):
        process = system.processes[str(row["process"])]
        if process.kind == "import" and not process.inputs and process.stage == "processing":
            mine = f"not stated (refined in {process.origin})"
            yield str(row["metal"]), int(row["year"]), "mine", mine, float(row["value"])
