"""Writes docs/hindcast.md: `python -m models.china.hindcast [FILE]`. Where the data have changed,
an ensemble of 512 is made first, which takes minutes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import planner
from models.china.hindcast.bands import Bands, kept, make

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "hindcast.md"
AS_OF, WINDOW, TOP = 2022, 3, 2
LAST = 2025
"""Last year that is observed."""
LEAK_SOURCES = 10
"""Sources of leaks that the page lists."""
SCORES = {
    "metal": "metal",
    "kind": "kind",
    "pairs": "pairs",
    "median_error": "median error",
    "inside": "inside",
    "plan_there": "plan, where there is a year before",
    "no_change": "no change",
    "plan_on_trend": "plan, where there are two",
    "trend": "trend",
}
"""Columns of the scores, and how the page heads them."""
Row = Mapping[str, Any]


def page() -> str:
    """The page, as Markdown."""
    china, world = planner.read("china"), planner.read("world")
    today = planner.hindcast(china, window=WINDOW, top=TOP)
    then = planner.hindcast(planner.read("china", overrides={"as_of": AS_OF}), top=0)
    other = planner.hindcast(world, top=0)
    bands = kept(china.inputs_hash)
    parts = (_head(today), _china(today), _ensemble(bands), _then(then), _world(other))
    return "\n".join([*(line for part in parts for line in part), ""])


def _head(found: planner.Hindcast) -> Iterator[str]:
    yield "# Hindcast"
    yield ""
    yield (
        "Made by `python -m models.china.hindcast`; do not edit. The study of China begins in 2021 "
        "and is planned with what is known today; 2022 to 2025 have happened. "
        "`planner hindcast china` sets the plan beside what was observed of them. A miss stays a "
        "miss: no number of the study is chosen to hit one."
    )
    yield ""
    yield (
        "**How it is scored.** An observation that a number of the study was made from is told and "
        "not scored: the study says so, or a number of its year from its source stands behind its "
        "flow. The error is the plan over the observed less 1; *inside* says whether the plan lies "
        "in the 95 % interval of the observation, which follows from its grade as for "
        f"`planner reconcile`. *No change* is the last value observed up to {found.origin}; the "
        "*trend* is the straight line through the last two, never below 0; both stand beside the "
        "plan's own error on the same pairs. Prices are shadow prices of refined metal: what one "
        "more tonne costs the country. With an ensemble (`--samples`, `--ensemble`) the share of "
        "observations within its 5-95 % and the interval score of Gneiting and Raftery (2007), as "
        "a share of what was observed, stand beside them: of what the plan says, and of what would "
        "be seen of that, with the error of the observation, which follows from its grade alone, "
        "added to each sample (Saetra et al. 2004, Monthly Weather Review 132:1487)."
    )
    yield ""


def _china(found: planner.Hindcast) -> Iterator[str]:
    yield "## China"
    yield ""
    yield _summary(found)
    yield ""
    yield from _scores(found.scores)
    yield f"With {found.window} years in sight, one kept at a time (`--window {found.window}`):"
    yield ""
    yield from _scores(found.rolling_scores[found.rolling_scores["metal"] == "all"])
    yield "### Pair by pair"
    yield ""
    tests = found.pairs[found.pairs["role"] == "test"]
    heads = ("what", "year", "observed", "interval", "plan", "error", "inside")
    heads += ("no change", "trend", f"{found.window} years in sight", "unit", "source", "grade")
    yield from _table(heads, (_pair(row) for row in tests.to_dict(orient="records")))
    yield "### Not scored"
    yield ""
    others = found.pairs[found.pairs["role"] != "test"]
    heads = ("what", "year", "observed", "plan", "error", "unit", "role", "why")
    yield from _table(heads, (_unscored(row) for row in others.to_dict(orient="records")))
    yield "### What held the plan"
    yield ""
    for miss in found.misses.to_dict(orient="records"):
        place = f" (`{miss['place']}`)" if miss["place"] else ""
        yield f"- **{miss['observation']} {miss['year']}**: {miss['held_by']}{place}."
    yield ""
    if len(found.changes):
        yield (
            f"The least change of one number that gives what was observed, for the {TOP} items "
            "missed most widely (`--top` asks for more):"
        )
        yield ""
        for turn in found.changes.to_dict(orient="records"):
            yield _turn(turn)
        yield ""


def _summary(found: planner.Hindcast) -> str:
    """The chief figures in a sentence."""
    scores = found.scores[found.scores["metal"] == "all"].to_dict(orient="records")
    said = [
        f"{row['kind']}: {row['pairs']} pairs, median error {_percent(row['median_error'])}; where "
        f"a year before is known {_percent(row['plan_there'])} against "
        f"{_percent(row['no_change'])} for no change"
        for row in scores
    ]
    count = int((found.pairs["role"] == "test").sum())
    return f"**{count} pairs of {len(found.pairs)} are tests.** {'. '.join(map(_upper, said))}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ensemble(bands: Bands) -> Iterator[str]:
    """Coverage of the ensemble, and what lies outside."""
    yield "### The ensemble"
    yield ""
    every = [row for row in bands["pairs"] if row["covered"] is not None]
    within = [row for row in every if row["covered"]]
    seen = [row for row in every if row["seen_covered"]]
    yield (
        f"{bands['samples']} samples (`--samples {bands['samples']} --uncertainty "
        f"models/china/uncertainty.toml`), {bands['planned']} of which have a plan. **Of "
        f"{len(every)} tests {len(within)} lie within the 5-95 % of the plan "
        f"({_percent(len(within) / len(every))}), {len(seen)} within the 5-95 % of what would be "
        f"seen of it ({_percent(len(seen) / len(every))}); 90 % should.** The first is asked too "
        "much where an observation is good to a factor of two; the second says whether plan and "
        "observation can both be right. No range of the study was widened for it: a range has a "
        "source, or is a judgement made before."
    )
    yield ""
    heads = ("metal", "kind", "pairs", "within", "interval score")
    heads += ("within, with the error of the observation", "interval score")
    shown = ("covered", "interval_score", "seen_covered", "seen_score")
    yield from _table(
        heads,
        (
            (row["metal"], row["kind"], str(row["pairs"]), *(_percent(row[k]) for k in shown))
            for row in bands["scores"]
        ),
    )
    yield "Outside both bands:"
    yield ""
    heads = ("what", "year", "observed", "5-50-95 % of the plan", "with the error", "unit")
    outside = (row for row in every if not row["seen_covered"] and not row["covered"])
    yield from _table(heads, map(_outside, outside))


def _outside(row: Row) -> tuple[str, ...]:
    plan = " - ".join(_number(row[name]) for name in ("q05", "q50", "q95"))
    seen = " - ".join(_number(row[name]) for name in ("seen05", "seen95"))
    return (row["observation"], str(row["year"]), _number(row["observed"]), plan, seen, row["unit"])


def _then(found: planner.Hindcast) -> Iterator[str]:
    yield f"## China as of the end of {AS_OF}"
    yield ""
    yield (
        f"`planner hindcast china --as-of {AS_OF}`: {found.hidden} rows of the study are hidden, "
        f"{len(found.leaks)} came out later and stay, since the study has no earlier vintage of "
        f"them, and {found.undated} do not say when they came out (own judgement and derivation "
        "among them). As long as leaks are many, this is no test of what could have been known; "
        "they are counted so that it can become one."
    )
    yield ""
    yield from _scores(found.scores[found.scores["metal"] == "all"])
    yield _by_year(found)
    yield ""
    yield "Leaks by source:"
    yield ""
    counts = found.leaks["source"].value_counts().sort_index().sort_values(ascending=False)
    counts = counts.sort_values(ascending=False, kind="stable").head(LEAK_SOURCES)
    yield from _table(("source", "rows"), ((str(k), str(n)) for k, n in counts.items()))


def _by_year(found: planner.Hindcast) -> str:
    """Leaks by the years that they are numbers of."""
    last = found.leaks["path"].str.rpartition(".")[2]
    year = pd.to_numeric(last, errors="coerce")
    counts = (
        (f"{int((year <= AS_OF).sum())} are of years to {AS_OF}, which were over by then"),
        (f"{int(((year > AS_OF) & (year <= LAST)).sum())} of {AS_OF + 1} to {LAST}"),
        (f"{int((year > LAST).sum())} of later years, which the tested ones hardly feel"),
        (f"{int(year.isna().sum())} of no year: recipes, costs, contents"),
    )
    return f"Of these leaks {', '.join(counts)}."


def _world(found: planner.Hindcast) -> Iterator[str]:
    yield "## The world"
    yield ""
    yield (
        "`planner hindcast world`: what was mined, beside the paths that the paper gives for the "
        "world. " + _summary(found)
    )
    yield ""
    heads = ("what", "year", "observed", "interval", "plan", "error", "inside")
    heads += ("no change", "trend", "unit", "source", "grade")
    rows = (_pair(row, rolling=False) for row in found.pairs.to_dict(orient="records"))
    yield from _table(heads, rows)


def _scores(table: pd.DataFrame) -> Iterator[str]:
    shares = [name for name in SCORES if name not in ("metal", "kind", "pairs")]
    rows = (
        (row["metal"], row["kind"], str(row["pairs"]), *(_percent(row[name]) for name in shares))
        for row in table.to_dict(orient="records")
    )
    yield from _table(SCORES.values(), rows)


def _pair(row: Row, *, rolling: bool = True) -> tuple[str, ...]:
    inside = {True: "yes", False: "no"}.get(row["inside"], "")
    seen = (row["observation"], str(row["year"]), _number(row["observed"]))
    said = (_number(row["plan"]), _percent(row["error"], sign=True), inside)
    without = (_number(row["no_change"]), _number(row["trend"]))
    short = (_number(row["rolling"]),) if rolling else ()
    interval = f"{_number(row['low'])} to {_number(row['high'])}"
    return (*seen, interval, *said, *without, *short, row["unit"], row["source"], row["grade"])


def _unscored(row: Row) -> tuple[str, ...]:
    numbers = (_number(row["observed"]), _number(row["plan"]), _percent(row["error"], sign=True))
    return (row["observation"], str(row["year"]), *numbers, row["unit"], row["role"], row["why"])


def _turn(turn: Row) -> str:
    grade = f", grade {turn['grade']}" if turn["grade"] else ""
    return (
        f"- **{turn['observation']} {turn['year']}** ({_number(turn['observed'])}; plan "
        f"{_number(turn['plan'])}): `{turn['input']}` at {_number(turn['turns_at'])} instead of "
        f"{_number(turn['value'])} {turn['unit']} (x {turn['factor']:.2f}{grade}; "
        f"`{turn['place']}`); the plan is then {_number(turn['plan_then'])}."
    )


def _number(value: float) -> str:
    """Three significant digits, thousands parted."""
    if value != value:
        return ""
    short = float(f"{value:.3g}")
    return f"{short:,.0f}" if abs(short) >= 100 or short == 0 else f"{short:.3g}"


def _percent(value: float, *, sign: bool = False) -> str:
    if value != value:
        return ""
    text = f"{value:+.0%}" if sign else f"{value:.0%}"
    return "0%" if text in ("+0%", "-0%") else text


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(heads)
    yield "| " + " | ".join(names) + " |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
    yield ""


if __name__ == "__main__":
    try:
        kept(planner.read("china").inputs_hash)
    except LookupError:
        make()
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    file.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{file}\n")
