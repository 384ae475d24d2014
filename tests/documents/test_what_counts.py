"""The page of what counts is what planner does."""

from __future__ import annotations

from tests.documents.what_counts import PAGE, page


def test_the_page_of_what_counts_is_fresh() -> None:
    """Every policy and indicator is measured anew for every way that metal can come; no cell is
    empty, and a kind of policy without a column is missed. A stale page is written by `python -m
    tests.documents.what_counts`."""
    assert page() == PAGE.read_text(encoding="utf-8")
