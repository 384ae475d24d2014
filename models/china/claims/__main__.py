"""Writes docs/claims.md: `python -m models.china.claims [FILE]`."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.china.claims.experiments import EXPERIMENTS, Answer
from models.china.claims.history import history_page
from models.china.claims.traces import CHANGE, EXPERIMENT, NOTHING, used_by

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "claims.md"
AS_IT_STANDS, AS_READ, MISSED = "reproduced", "reproduced with the stated reading", "not reproduced"
Claim = Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """What became of one claim."""

    claim: Claim
    answer: Answer
    word: str
    difference: float | None
    """Ours less the paper's; None where one of them has no number."""


def claims() -> list[Claim]:
    """The rows of data/claims.csv."""
    with (ROOT / "data" / "claims.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def verdicts() -> list[Verdict]:
    """Every target, computed."""
    return [
        judge(claim, EXPERIMENTS[claim["id"]](claim["id"]))
        for claim in claims()
        if claim["use"] == "target"
    ]


def judge(claim: Claim, answer: Answer) -> Verdict:
    """The verdict on an answer: within the tolerance of the claim, or, where that gives none,
    whether the statement holds."""
    paper = float(claim["paper"]) if claim["paper"] else None
    slack = allowed(claim["tolerance"], paper)
    difference = None if paper is None or answer.ours is None else answer.ours - paper
    if answer.holds is not None:
        good = answer.holds
    else:
        if slack is None:
            raise ValueError(f"{claim['id']}: neither a tolerance nor a statement that can hold")
        good = difference is not None and abs(difference) <= slack
    return Verdict(
        claim,
        answer,
        MISSED if not good else AS_READ if answer.reading else AS_IT_STANDS,
        difference,
    )


def allowed(tolerance: str, paper: float | None) -> float | None:
    """How far ours may be from the paper's, in the claim's unit: `5%` of it, `+-0.05 abs`, `+-3
    yr`; None where none is given."""
    if found := re.fullmatch(r"([\d.]+)%", tolerance):
        return None if paper is None else float(found[1]) / 100 * abs(paper)
    found = re.fullmatch(r"\+-([\d.]+) (?:abs|yr)", tolerance)
    return float(found[1]) if found else None


def number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return (
        f"{value:.0f}"
        if unit in ("year", "2100", "2050", "2035")
        else f"{value:,.0f}"
        if abs(value) >= 100
        else f"{value:.3g}"
    )


def paper_says(claim: Claim) -> str:
    if claim["paper"]:
        return number(float(claim["paper"]), claim["unit"])
    return " ".join(
        filter(
            None,
            (
                f"above {claim['low']}" if claim["low"] else "",
                f"below {claim['high']}" if claim["high"] else "",
            ),
        )
    )


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(header)
    yield "| " + " | ".join(names) + " |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"


def page() -> str:
    """The page, as Markdown."""
    found, all_claims = verdicts(), claims()
    count = Counter(v.word for v in found)
    circular = [v for v in found if v.answer.circular and v.word != MISSED]
    reached = count[AS_IT_STANDS] + count[AS_READ]
    history = list(history_page())
    inputs = [claim for claim in all_claims if claim["use"] == "input"]
    # after the experiments and the history, which leave behind what they read
    uses = [used_by(claim["datum"]) for claim in inputs]
    lines = [
        "# The paper's claims",
        "",
        (
            "Made by `python -m models.china.claims`; do not edit. Claims of Zeng et al. 2023 in "
            "our words: `data/claims.csv`. Experiments: "
            "`models/china/claims/experiments.py`, one function each, over the studies `china` "
            "and `world` and cohort runs over `data/`. "
            "A miss stays a miss."
        ),
        "",
        *_summary(reached, len(circular), count),
        "",
        "## Targets",
        "",
        *_table(
            ("claim", "statement", "year", "paper", "ours", "difference", "unit", "verdict", "why"),
            map(_row, found),
        ),
        "",
        "## Not reproduced",
        "",
        *(
            (
                f"- **{v.claim['id']}** {v.claim['claim']} ({v.claim['metal']}, "
                f"{v.claim['region']}): {v.answer.why}."
            )
            for v in found
            if v.word == MISSED
        ),
        "",
        "## Inputs",
        "",
        *_inputs(uses),
        "",
        *_table(
            ("claim", "statement", "metal", "year", "paper", "datum", "used by"),
            (
                (c["id"], c["claim"], c["metal"], c["year"], c["paper"], c["datum"], use)
                for c, use in zip(inputs, uses, strict=True)
            ),
        ),
        "",
        *history,
        "",
    ]
    return "\n".join(lines)


def _inputs(uses: list[str]) -> tuple[str, ...]:
    """How many statements are data, and what of them a study rests on."""
    read, idle = uses.count(EXPERIMENT), uses.count(NOTHING)
    return (
        (
            f"{len(uses)} statements are data. {len(uses) - read - idle} are in force: numbers of "
            "a study change when the datum does "
            f"(tried with each, by {(CHANGE - 1) * 100:.0f} %), or it is a row of the study "
            f"itself. {read} are read by an experiment "
            f"above or by the history below. {idle} are held and used by nothing: a better source "
            "stands beside them, or no study needs "
            "them."
        ),
    )


def _summary(reached: int, circular: int, count: Counter[str]) -> tuple[str, ...]:
    """What the verdicts come to, the agreements that prove something first, and how far even those
    go."""
    return (
        (
            f"**{reached - circular} of {count.total()} targets are reproduced by data that were "
            "not made from the claim itself.** "
            f"{circular} more agree, but prove nothing (*circular*): a datum behind them was made "
            "from the claim, such as a history of "
            "use drawn back from the stock claimed, or a recovery or yield read from the totals "
            "claimed. "
            f"{count[MISSED]} are not reproduced. Of all {reached} that agree, "
            f"{count[AS_IT_STANDS]} do so as they stand and "
            f"{count[AS_READ]} with the stated reading."
        ),
        "",
        (
            "Even the first number is to be read with care. Demand paths of the world, several "
            "lifetimes and most readings come from the "
            "paper too, so that agreement shows that its numbers fit together more than that they "
            "are right. Where another reading or "
            "scenario gives another answer it stands beside it."
        ),
        "",
        (
            "**What was changed after first results were seen.** Readings of S016 (ore refined, "
            "not net trade), S032 (what China refines, not what its ore gives), S144 and S152 (a "
            "short term to 2040) and S168 (reserves of the ministry); data of S024, S084, S088 and "
            "S089 (a history of the share of batteries), S109 to S113, S157 and S158 (lives from "
            "outside the paper in place of one drawn from its flows), S164 and S165 (a base of "
            "2021 by BGS in place of one that was no statement of the paper). Each change has a "
            "source and falls on every claim that it touches: S111, S112 and S113, which agreed "
            "in a circle before, are missed since. Earlier, two faults were mended (S016 took "
            "exports off twice; the year of S024 was ambiguous) and S155 was put on the experiment "
            "that its row registers; it missed before and after."
        ),
    )


def _row(verdict: Verdict) -> tuple[str, ...]:
    claim, answer = verdict.claim, verdict.answer
    unit = claim["unit"]
    said = (
        unit
        if unit not in ("2100", "2050", "2035", "qual", "rank")
        else "year"
        if unit.isdigit()
        else ""
    )
    without = "never" if answer.holds is None else "holds" if answer.holds else "does not hold"
    ours = without if answer.ours is None else number(answer.ours, unit)
    reading = f"reading: {answer.reading}" if answer.reading else ""
    why = "; ".join(filter(None, (reading, "*circular*" if answer.circular else "", answer.why)))
    return (
        claim["id"],
        f"{claim['claim']} ({claim['metal']}, {claim['region']})",
        claim["year"],
        paper_says(claim),
        ours,
        number(verdict.difference, unit),
        said,
        verdict.word,
        why,
    )


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    file.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{file}\n")
