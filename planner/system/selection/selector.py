"""A selection of flows or of demand, as a policy writes it: counted by
`planner.system.selection.counting`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self

FIELDS = (
    "metals",
    "goods",
    "forms",
    "processes",
    "kinds",
    "stages",
    "origins",
    "places",
    "pathways",
)
"""Fields that narrow a selection of flows."""
MOST_NAMED = 4
"""Names of a field that are told one by one."""
AT_HOME = "home"
"""Stands among origins for what does not come in from abroad."""


@dataclass(frozen=True, slots=True)
class Selector:
    """What is counted. Each field but the last four narrows it to the names given; an empty one
    narrows nothing."""

    metals: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Kinds of processes."""
    stages: tuple[str, ...] = ()
    """Stages of processes."""
    origins: tuple[str, ...] = ()
    """Origins of what comes in from abroad, or `AT_HOME`."""
    places: tuple[str, ...] = ()
    """Where processes run and demand is, `AT_HOME` among them; empty: in the country alone."""
    pathways: tuple[str, ...] = ()
    """Pathways by which metal is won, traced through the recipes."""
    demand: tuple[str, ...] = ()
    """Goods whose demand is counted, a number of the study; then no flow is."""
    market: Literal["all", "home", "abroad"] = "all"
    """Demand that is counted."""
    flow: Literal["gives", "takes"] = "gives"
    """What processes give out, each chain once, or what they take in."""
    less_exports: bool = False
    """True: what is exported of the goods selected, by their stage and name, is taken off."""

    def narrowed(self, field: str, names: tuple[str, ...]) -> Self:
        """The same selector with other names in a field."""
        change: dict[str, Any] = {field: names}
        return replace(self, **change)

    @property
    def words(self) -> str:
        """The selection in words."""
        if self.demand:
            where = "" if self.market == "all" else f" {self.market}"
            return f"the demand{where} for {_listed(self.demand)}"
        named = ((field, getattr(self, field)) for field in FIELDS)
        parts = [f"{field} {_listed(names)}" for field, names in named if names]
        verb = "taken" if self.flow == "takes" else "given"
        less = " less exports" if self.less_exports else ""
        return f"what is {verb}{less} ({'; '.join(parts) or 'all of it'})"


def _listed(names: tuple[str, ...]) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
