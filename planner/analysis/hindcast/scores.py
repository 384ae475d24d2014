r"""Scores of a hindcast: errors of the plan beside those of no plan, and how well an ensemble
covers what came.

The interval score of a central interval [l, u] of probability $1-\alpha$ (Gneiting and Raftery
2007, Journal of the American Statistical Association 102:359-378, equation 43),

$$S_\alpha(l, u; y) = (u - l) + \frac{2}{\alpha}(l - y)_+ + \frac{2}{\alpha}(y - u)_+,$$

is small for bands that are narrow and hold what came; here as a share of what was observed, so that
metals can be taken together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner.system.nouns import Array

ALPHA = 0.10
"""The band of an ensemble is its 5-95 %."""
KINDS = ("quantities", "prices")
SCORE_COLUMNS = (
    "metal",
    "kind",
    "pairs",
    "median_error",
    "inside",
    "pairs_no_change",
    "plan_there",
    "no_change",
    "pairs_trend",
    "plan_on_trend",
    "trend",
    "covered",
    "interval_score",
    "seen_covered",
    "seen_score",
)


def interval_score(low: Array, high: Array, observed: Array, alpha: float = ALPHA) -> Array:
    """The interval score of each observation, in its own unit; shape of the arguments."""
    below, above = np.maximum(low - observed, 0.0), np.maximum(observed - high, 0.0)
    return np.asarray((high - low) + 2.0 / alpha * (below + above))


def relative_error(said: Array, observed: Array) -> Array:
    """By how much what is said misses what was observed, as a share of that and without its sign;
    NaN where nothing was observed."""
    miss = np.abs(np.asarray(said, dtype=float) - observed)
    return np.divide(miss, observed, out=np.full_like(miss, np.nan), where=observed > 0)


def score_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Scores of the tests among the pairs, of all metals and of each, quantities and prices apart:
    SCORE_COLUMNS. Errors are medians and shares of what was observed; those of no change and of the
    trend stand beside the plan's own on the same pairs. `covered` and `interval_score`, and the
    same of bands with the error of the observation, `seen_covered` and `seen_score`, are NaN
    without an ensemble."""
    tests = pairs[pairs["role"] == "test"]
    rows = [*_rows("all", tests)]
    for metal, part in tests.groupby("metal", sort=False):
        rows += _rows(str(metal), part)
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def _rows(metal: str, tests: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    is_price = tests["quantity"] == "price"
    for kind, part in zip(KINDS, (tests[~is_price], tests[is_price]), strict=True):
        if len(part):
            yield metal, kind, *_scores(part)


def _scores(part: pd.DataFrame) -> tuple[object, ...]:
    observed = part["observed"].to_numpy(dtype=float)
    plan, still, line = (
        relative_error(part[name].to_numpy(dtype=float), observed)
        for name in ("plan", "no_change", "trend")
    )
    judged = part["inside"].notna()
    return (
        len(part),
        _median(plan),
        _mean(part.loc[judged, "inside"].to_numpy(dtype=float)),
        int(np.isfinite(still).sum()),
        _median(plan[np.isfinite(still)]),
        _median(still),
        int(np.isfinite(line).sum()),
        _median(plan[np.isfinite(line)]),
        _median(line),
        *(
            share
            for held, score in (("covered", "interval_score"), ("seen_covered", "seen_score"))
            for share in (
                _mean(part.loc[part[held].notna(), held].to_numpy(dtype=float)),
                _mean(part[score].to_numpy(dtype=float)),
            )
        ),
    )


def _median(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.mean(known)) if len(known) else float("nan")
