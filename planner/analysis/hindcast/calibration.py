"""What a calibration found: unseen costs of processes, in words, and as a scenario of a study."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.study.files import HEAD_FILE
from planner.study.writer import write_study
from planner.system.nouns import System

HELD = 1e-4
"""Share of an activity, or of a cost, up to which a difference is none."""
SCENARIO = "calibrated"
"""Scenario of the study written in which the unseen costs are in force."""
COLUMNS = (
    "process",
    "observed",
    "held",
    "before",
    "after",
    "visible_cost",
    "unseen_cost",
    "share",
    "rise",
    "later_cost",
    "later_rise",
    "unit",
)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A study whose base year is its optimum, beside the study as it was.

    `costs`: COLUMNS, a row for each process that was observed in the base year; activities in t per
    year: `observed`, `held` (nearest to it that the study allows), `before` (of the plan without
    unseen costs) and `after`. Costs in USD per unit of activity: `visible_cost` (what the study
    knows, with what is paid by a curve), `unseen_cost` (the dual of the pin with its sign turned),
    `share` of the visible cost (NaN where that is 0), `rise` beyond the activity held; `later_cost`
    and `later_rise` are those that fade in later years.
    """

    year: int
    fade: int
    costs: pd.DataFrame
    system: System
    """The study with its unseen costs."""
    before: Plan
    after: Plan

    @property
    def deviation(self) -> tuple[float, float]:
        """Largest distance of an activity from the one held, as a share of the largest one held:
        without and with unseen costs."""
        held = self.costs["held"]
        size = max(float(held.max()), 1e-12) if len(held) else 1.0
        off = [float((self.costs[name] - held).abs().max()) for name in ("before", "after")]
        return off[0] / size, off[1] / size

    @property
    def size(self) -> float:
        """Unseen costs of the activities held, all counted positive, over their visible costs."""
        held = self.costs["held"]
        seen = float((self.costs["visible_cost"].abs() * held).sum())
        unseen = float((self.costs["unseen_cost"].abs() * held).sum())
        return unseen / seen if seen else float("nan")

    @property
    def words(self) -> tuple[str, ...]:
        """What was done and how well the base year is reproduced, in sentences."""
        before, after = self.deviation
        moved = self.costs[self.costs["unseen_cost"] != 0]
        off = (self.costs["held"] - self.costs["observed"]).abs()
        far = self.costs[off > HELD * self.costs["observed"].max()]
        last = self.year + self.fade
        seen = (
            f"{len(self.costs)} processes were observed in {self.year}; {len(moved)} have an "
            f"unseen cost, together {self.size:.1%} of the visible cost of what was observed, "
            f"which fades to nothing by {last}."
        )
        reproduced = (
            f"Largest distance from the activity held, as a share of the largest one: {before:.2%} "
            f"without unseen costs, {after:.2%} with them."
        )
        reached = "Every activity is held at what was observed."
        if len(far):
            reached = (
                f"{len(far)} are held beside what was observed, as near to it as the study allows "
                "or within the tolerance."
            )
        return seen, reproduced, reached

    def save(self, folder: str | Path, *, replace: bool = False) -> Path:
        """Write the study with a further scenario `calibrated`, which inherits that of the
        calibration and has its unseen costs as ordinary rows; return the folder.

        Raises SpecError where the study has such a scenario already, OutputError where nothing can
        be written.
        """
        files = self.system.files
        tables = {
            Path(name).stem: pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
            for name, content in files.items()
            if name != HEAD_FILE
        }
        known = tables.get("process_values")
        rows = pd.DataFrame(list(_rows(self)))
        tables["process_values"] = rows if known is None else pd.concat([known, rows])
        return write_study(folder, _head(self), tables, replace=replace)


def _rows(found: Calibration) -> Iterator[dict[str, str]]:
    """Rows of process_values.csv: the unseen cost at the base year and nothing where it has
    faded, linear between them."""
    source = f"planner calibrate: base year {found.year}, fading by {found.year + found.fade}"
    money = f"USD_{found.system.currency_year}/t"
    for row in found.costs.to_dict(orient="records"):
        if not (row["rise"] or row["later_rise"]):
            continue
        common = {"process": str(row["process"]), "scenario": SCENARIO}
        common |= {"source": source, "grade": "D"}
        ends = [float(row["unseen_cost"]), float(row["later_cost"])]
        rises = [float(row["rise"]), float(row["later_rise"])]
        below = [cost - rise / 2 for cost, rise in zip(ends, rises, strict=True)]
        for name, (value, later) in (("unseen_cost", below), ("unseen_rise", rises)):
            for year, number, end in _fading(found, value, later):
                each = {"year": str(year), "value": repr(number), "extend": end}
                yield {**common, "parameter": name, "unit": money, **each}
        begins = repr(float(row["held"]))
        yield {**common, "parameter": "unseen_from", "unit": "t/year", "value": begins}


def _fading(found: Calibration, value: float, later: float) -> Iterator[tuple[int, float, str]]:
    """Year, number and extension of what holds in the base year and fades from the next year on,
    within the years of the study."""
    first, last = found.year, found.system.years[-1]
    years = sorted({first, *(min(y, last) for y in (first + 1, first + found.fade))})
    for year in years:
        left = value if year == first else later * (1 - (year - first) / found.fade)
        ends = ["before"] * (year == first) + ["after"] * (year == years[-1])
        yield year, left, "both" if len(ends) > 1 else "".join(ends)


def _head(found: Calibration) -> str:
    """study.toml with the scenario of the calibration."""
    text = found.system.files[HEAD_FILE].decode("utf-8-sig")
    if f"[scenarios.{SCENARIO}" in text:
        words = (
            f"the study has a scenario '{SCENARIO}' already; rename it, or calibrate the study it "
            "was made from"
        )
        raise SpecError(found.system.name, [words])
    named = [each.strip() for each in found.system.scenario.split(",") if each.strip()]
    said = ", ".join(f'"{each}"' for each in named)
    title = f"Base year {found.year} calibrated, unseen costs fading by {found.year + found.fade}"
    lines = [text.rstrip(), "", f"[scenarios.{SCENARIO}]", f'title = "{title}"']
    return "\n".join([*lines, *([f"inherits = [{said}]"] if named else [])]) + "\n"
