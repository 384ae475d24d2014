"""How numbers, years and names are shown."""

from __future__ import annotations

import pytest

from planner.cli._stages import Stages
from planner.cli._terminal import console, large, number, shown_years
from planner.system.nouns import Period


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567.8, "1,234,568"),
        (100, "100"),
        (99.94, "99.9"),
        (12.0, "12"),
        (1.5, "1.5"),
        (0.0123456, "0.0123"),
        (0.001, "0.001"),
        (-40, "-40"),
        (-0.5, "-0.5"),
        (1e-9, "1e-09"),
        (3.21e13, "3.21e+13"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4_178_292.7, "4,178,293"),
        (850_698_119, "851 million"),
        (3.559e11, "355,900 million"),
        (-2e9, "-2,000 million"),
    ],
)
def test_large(value: float, text: str) -> None:
    assert large(value) == text


def test_years_shown_are_those_within_the_horizon() -> None:
    assert shown_years([Period(y, y) for y in range(2021, 2061)]) == {
        y: y for y in (2021, 2030, 2040, 2060)
    }
    assert shown_years([Period(y, y) for y in range(2022, 2025)]) == {2022: 2022, 2024: 2024}


def test_a_year_within_a_longer_period_shows_that_period() -> None:
    """2030 lies in 2026-2035; the last period is named by its first year: 2060 is beyond it."""
    periods = [Period(2021, 2025), Period(2026, 2035), Period(2036, 2039)]
    assert shown_years(periods) == {2021: 2021, 2030: 2026, 2036: 2036}


def test_names_are_shown_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    """A good called `[red]x :smile:` must neither colour the terminal nor vanish."""
    console().print("[red]x[/red] :smile: /")
    assert capsys.readouterr().out == "[red]x[/red] :smile: /\n"


def test_stages_show_their_time_and_only_those_that_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stage = Stages(quiet=False)

    def work() -> None:
        with stage:
            stage("read")
            stage("solve")
            raise KeyError

    with pytest.raises(KeyError):
        work()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split()[0] for line in shown.err.splitlines()] == ["read"]
    assert list(stage.seconds) == ["read"]
    assert stage.seconds["read"] >= 0
