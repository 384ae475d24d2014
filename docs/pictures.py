"""Draws the pictures of the README from the study of China: `python docs/pictures.py [FOLDER]`
(kaleido and a Chromium are needed).

Each picture ends with the sums of what it shows, and a test fails when the plan of today gives
others.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import planner

FOLDER = Path(__file__).parent / "images"
STUDY = "china"
LOST = ("origin/DR Congo", "origin/Australia", "origin/Brazil")
LOST_IN, SHOWN_IN = 2030, 2030


def pictures() -> Mapping[str, Any]:
    """File name to figure."""
    system = planner.read(STUDY)
    plan = planner.solve(system)
    neutral = planner.solve(planner.read(STUDY, scenario="carbon-neutral"))
    losses = planner.disrupt(plan, starts=[LOST_IN], pairs=False, reopen=True)
    return {
        "mix.svg": plan.plot.beside({"carbon-neutral": neutral}, "lithium", name="reference"),
        "flows.svg": plan.plot.sankey("cobalt", SHOWN_IN),
        "frontier.svg": plan.plot.frontier(planner.frontier(system, points=12)),
        "losses.svg": planner.unserved_figure(losses, LOST, start=LOST_IN),
    }


def sums(figure: Any) -> dict[str, float]:
    """What each trace of a figure adds up to, four digits of it."""
    shown = [trace.link.value if trace.type == "sankey" else trace.y for trace in figure.data]
    return {
        f"{i} {trace.name or trace.type}": float(f"{sum(values):.4g}")
        for i, (trace, values) in enumerate(zip(figure.data, shown, strict=True))
    }


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in pictures().items():
        path = planner.write_figure(figure, folder / name)
        path.write_text(
            f"{path.read_text(encoding='utf-8')}<!-- {json.dumps(sums(figure))} -->\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
