"""`plan.plot`: every figure of a plan in one place, with the plan named beneath the title, in the
theme asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from planner.errors import SpecError
from planner.figures import plan_figures as figures
from planner.figures.step_curves import step_curve
from planner.plan.plan import Plan

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from planner.analysis.tradeoffs.frontier import Frontier
    from planner.analysis.uncertainty.ensemble import Ensemble
    from planner.plan.reserves import Grading


class Plots:
    """Figures of one plan, as plotly figures. `theme` is light, dark or print.

    A figure shows itself in a notebook; `planner.write_figure(figure, "mix.svg")` writes SVG, PNG,
    PDF or a page.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("_")]

    def __repr__(self) -> str:
        return f"figures of a plan: .{', .'.join(name for name in dir(self))}"

    def mix(self, metal: str, *, theme: str = "light") -> Figure:
        """Supply of a metal by pathway over time, t per year."""
        return self._named(figures.mix(self._plan, metal), theme)

    def origins(self, metal: str, *, theme: str = "light") -> Figure:
        """Imports of a metal by origin over time, t of contained metal per year."""
        return self._named(figures.origins(self._plan, metal), theme)

    def sankey(self, metal: str, year: int | None = None, *, theme: str = "light") -> Figure:
        """All flows of a metal in a year, or with a slider over all years; t per year."""
        return self._named(figures.sankey(self._plan, metal, year), theme, titled=year is not None)

    def capacity(self, plants: Sequence[str] = (), *, theme: str = "light") -> Figure:
        """Capacity of plants over time and what of it is used, one panel a plant."""
        return self._named(figures.capacity(self._plan, plants), theme)

    def prices(self, metals: Sequence[str] = (), *, theme: str = "light") -> Figure:
        """Shadow price of each metal over time."""
        return self._named(figures.prices(self._plan, metals), theme)

    def emissions(self, scope: str = "footprint", *, theme: str = "light") -> Figure:
        """Emissions over time by metal, t CO2e per year."""
        return self._named(figures.emissions(self._plan, scope), theme)

    def costs(self, *, theme: str = "light") -> Figure:
        """Cost over time by item, undiscounted."""
        return self._named(figures.costs(self._plan), theme)

    def stocks(self, metal: str, *, theme: str = "light") -> Figure:
        """Metal in use by product over time, t."""
        return self._named(figures.stocks(self._plan, metal), theme)

    def reserves(self, *, theme: str = "light") -> Figure:
        """Ore left in each deposit, as a share of its reserve at the start."""
        return self._named(figures.reserves(self._plan), theme)

    def frontier(
        self, found: Frontier | None = None, *, points: int = 12, theme: str = "light"
    ) -> Figure:
        """Cost against cumulative carbon, and where this plan stands.

        `found` is what `planner.frontier` returned; without it the frontier of this plan's study is
        computed now, with `points` points.
        """
        if found is None:
            from planner.analysis.tradeoffs.frontier import frontier

            found = frontier(self._plan.system, points=points)
        return self._named(figures.frontier(found, plans={"this plan": self._plan}), theme)

    def fan(
        self,
        runs: Ensemble | pd.DataFrame,
        metal: str = "",
        quantity: str = "price",
        *,
        title: str = "",
        unit: str = "",
        own: pd.Series | None = None,
        theme: str = "light",
    ) -> Figure:
        """A fan chart of many runs, and over it this plan's `own` values by year.

        `runs` is what `planner.ensemble` returned, of which a metal and a quantity are drawn and
        this plan's own found; or any table with year, quantile, value, unit. Raises SpecError where
        the runs have no such metal or quantity.
        """
        if isinstance(runs, pd.DataFrame):
            table = runs
        else:
            try:
                table = runs.fan(metal, quantity)
            except KeyError as error:
                raise SpecError("fan", [str(error.args[0])]) from error
            title = (
                title
                or f"{metal.capitalize()}: {quantity.replace('_', ' ')} over {runs.solved} runs"
            )
            own = self._yearly(metal, quantity) if own is None else own
        figure = figures.fan(table, title, unit)
        if own is not None:
            figure.add_scatter(
                x=own.index,
                y=own,
                mode="lines",
                name="this plan",
                line={"color": figures.NEUTRAL, "dash": "dash", "width": 2},
            )
        return self._named(figure, theme)

    def _yearly(self, metal: str, quantity: str) -> pd.Series | None:
        """This plan's values of a yearly quantity of an ensemble, by year; None where its tables do
        not hold it under that name."""
        said = self._plan.indicators
        found = said[(said["metal"] == metal) & (said["indicator"] == quantity)].set_index("year")[
            "value"
        ]
        if len(found):
            return found
        mix = self._plan.mix
        found = mix[(mix["metal"] == metal) & (mix["pathway"] == quantity)].set_index("year")[
            "value"
        ]
        return found if len(found) else None

    def urban_mine(
        self, metal: str, year: int, grading: Grading | None = None, *, theme: str = "light"
    ) -> Figure:
        """Supply curve of the urban mine in a year, at this plan's shadow prices unless a grading
        is given."""
        if grading is None:
            from planner.plan.reserves import grade

            grading = grade(self._plan)
        return self._named(figures.urban_mine(grading, metal, year), theme)

    def curve(self, of: str, year: int, *, theme: str = "light") -> Figure:
        """A supply or demand curve of the study in a year, and what the plan takes of it: `of` is
        the process, exported good or deposit that it is of."""
        return self._named(step_curve(self._plan, of, year), theme)

    def beside(
        self,
        others: Mapping[str, Plan],
        metal: str,
        *,
        name: str = "this plan",
        theme: str = "light",
    ) -> Figure:
        """Supply of a metal by pathway of this plan and others, one panel each, on one scale."""
        return self._named(figures.beside({name: self._plan, **others}, metal), theme)

    def _named(self, figure: Figure, theme: str, *, titled: bool = True) -> Figure:
        """Return the figure in its theme, with study and scenario under the title, so that a
        picture stands alone."""
        record, years = self._plan.record, self._plan.system.years
        if titled:
            name = (
                f"{record.study}, scenario {record.scenario or 'base'}, least-cost plan "
                f"{years[0]}-{years[-1]}"
            )
            figure.update_layout(
                title={"subtitle": {"text": escape(name)}, "y": 0.97, "yanchor": "top"},
                margin_t=figure.layout.margin.t + 30,
            )
        return figures.themed(figures.whole_years(figure), theme)
