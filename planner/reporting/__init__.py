"""The report: one HTML file that opens offline, the answer in words first, every number with its
source at the end.

Nothing in it comes from the network: plotly's script stands in the file, and a content policy
forbids requests. All text of a study is escaped by the template engine, and once more by the page's
script where plotly would take it for markup.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.analysis.tradeoffs.compare import Comparison, compare
from planner.analysis.uncertainty.headline_ranges import HeadlineRanges
from planner.analysis.uncertainty.headline_ranges import headlines as headlines_of
from planner.errors import Problem, SpecError
from planner.plan.indicators import indicators
from planner.plan.plan import Plan
from planner.reporting import beside, chain, curves, inputs, metal, money, places, ranges
from planner.reporting.blocks import Section
from planner.reporting.observed import observed
from planner.reporting.words import CAUTION, answer, facts
from planner.runtime.run_folder import written_file
from planner.runtime.seals import altered

if TYPE_CHECKING:
    from planner.analysis.tradeoffs.frontier import Frontier

FRONTIER_FOLDER = "frontier"
"""Folder in a run where `planner report` looks for its frontier (points.csv, mix.csv,
frontier.json)."""
ABOUT_FILE = "frontier.json"


def report(
    plan: Plan,
    path: str | Path,
    *,
    others: Sequence[Plan] = (),
    names: Sequence[str] = (),
    frontier: Frontier | tuple[pd.DataFrame, pd.DataFrame] | None = None,
    headlines: HeadlineRanges | None = None,
) -> Path:
    """Write the report of a plan and return its path.

    `others` are set beside it, all under `names` (by default study and scenario); `frontier` is
    what `planner.frontier` found for the study, or its tables (points, mix); `headlines` what
    `planner.headlines` found for the plan, with an ensemble or without. Raises OutputError
    where the file cannot be written, SpecError where the frontier is of another study or the plans
    cannot be compared.
    """
    text = page(plan, others, names=names, frontier=frontier, headlines=headlines)
    return _write(text, path)


def comparison_report(found: Comparison, path: str | Path) -> Path:
    """Write a comparison as a page of its own. Raises OutputError where it cannot be written."""
    section = beside.comparison(
        found, chain.shown_among(sorted(found.all_results["year"].unique()))
    )
    title, said = "Comparison of " + ", ".join(found.names), [*section.sentences, CAUTION]
    text = _render(
        title=title,
        subtitle="",
        sentences=said,
        facts=[],
        sections=[replace(section, sentences=())],
        plan=None,
    )
    return _write(text, path)


def read_frontier(folder: Path, plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points and mix of a frontier that `planner frontier --out` wrote. Raises SpecError where
    it cannot be read, was altered since, or has other inputs than the plan."""
    try:
        points, mix = (pd.read_csv(folder / f"{name}.csv") for name in ("points", "mix"))
        about = json.loads((folder / ABOUT_FILE).read_text(encoding="utf-8"))
        made_of, sealed = about["inputs_hash"], dict(about.get("files", {}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = (
            f"holds no frontier that can be read ({error}); write one with: planner frontier STUDY "
            f"--out {folder}"
        )
        raise SpecError("frontier", [Problem(str(folder), 0, "", message)]) from error
    if made_of != plan.record.inputs_hash:
        message = (
            f"is the frontier of {about.get('study')} [{about.get('scenario') or 'base'}] with "
            "other inputs than the run; "
            "compute it for the same study, scenario and --set"
        )
        raise SpecError("frontier", [Problem(str(folder), 0, "", message)])
    if found := altered(folder, sealed):
        message = f"{', '.join(found)} changed since the frontier was computed; compute it again"
        raise SpecError("frontier", [Problem(str(folder), 0, "", message)])
    return points, mix


def page(
    plan: Plan,
    others: Sequence[Plan] = (),
    *,
    names: Sequence[str] = (),
    frontier: Frontier | tuple[pd.DataFrame, pd.DataFrame] | None = None,
    headlines: HeadlineRanges | None = None,
) -> str:
    """The whole page as text."""
    record = plan.record
    changed = "".join(f"; {path} = {value}" for path, value in record.overrides.items())
    subtitle = (
        f"Scenario {record.scenario or 'base'}{changed}; solved {record.created[:10]} with "
        f"{record.solver}"
    )
    found = sections(plan, others, names=names, frontier=frontier)
    found.insert(0, ranges.headlines(headlines or headlines_of(plan)))
    title = record.title + (f" [{record.scenario}]" if record.scenario else "")
    return _render(
        title=title,
        subtitle=subtitle,
        sentences=answer(plan),
        facts=facts(plan),
        sections=found,
        plan=plan,
    )


def sections(
    plan: Plan,
    others: Sequence[Plan] = (),
    *,
    names: Sequence[str] = (),
    frontier: Frontier | tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> list[Section]:
    """The sections of the page in their order."""
    numbers = indicators(plan)
    found = [
        chain.supply(plan),
        chain.dependence(plan, numbers),
        chain.capacity(plan),
        money.cost_and_carbon(plan, alone=frontier is None),
        money.prices(plan),
        money.shortages(plan),
        *([traded] if (traded := places.by_place(plan)) is not None else []),
        *([curved] if (curved := curves.supply_and_demand(plan)) is not None else []),
        metal.reserves(plan),
    ]
    if frontier is not None:
        points, mix = frontier if isinstance(frontier, tuple) else (frontier.points, frontier.mix)
        found.append(money.frontier(plan, points, mix))
    found += [chain.flows(plan), metal.use_stocks(plan)]
    if (seen := observed(plan)) is not None:
        found.append(seen)
    if others:
        found.append(beside.comparison(compare([plan, *others], names), chain.shown_years(plan)))
    return [*found, metal.indicators(plan, numbers), inputs.inputs(plan)]


def _render(**content: Any) -> str:
    from jinja2 import Environment, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    texts = {
        name: files("planner.reporting").joinpath(name).read_text(encoding="utf-8")
        for name in ("page.html", "page.css", "page.js")
    }
    template = environment.from_string(texts["page.html"])
    return template.render(
        plotly=get_plotlyjs(), style=texts["page.css"], script=texts["page.js"], **content
    )


def _write(text: str, path: str | Path) -> Path:
    return written_file(
        Path(path),
        lambda partial: partial.write_text(text, encoding="utf-8"),
        "name another file with --out",
    )
