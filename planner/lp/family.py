"""The record of a family of rows: all that the rest of the package must know of it, in one place.

No field has a default, so that what is forgotten when a family is added is a TypeError at import
and not a row that is left out in silence. A family is either `Physical` (rows that nature, plants
and markets set) or a `Target` (rows that a policy of study.toml sets).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from planner.lp.components import Components
from planner.lp.parameters import Given
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.schema import POLICY_FORMS
from planner.system.nouns import Policy

Basis = Literal["annual", "horizon", "state"]


@dataclass(frozen=True, slots=True)
class Term:
    """One name of the linear programme. `symbol` is the LaTeX that the equations use; `unit` is
    empty for a set."""

    name: str
    symbol: str
    indices: tuple[str, ...]
    unit: str
    meaning: str

    @property
    def is_set(self) -> bool:
        return not self.unit


@dataclass(frozen=True, slots=True)
class Family:
    """One family of rows. The name of its rule is the row, the dual in `prices.csv` and the heading
    in the mathematics page."""

    rule: Callable[..., Any]
    indices: tuple[str, ...]
    unit: str
    """Unit of the dual."""
    basis: Basis
    """annual: divided by the period's discount factor; state: by that of the year; horizon: left as
    present value."""
    describe: Callable[[Facts, Subject, list[int]], Telling]
    """The words, and `file:line` of the number, of the rows of a subject in some years."""
    holds_under_loss: bool
    """True if the rows still hold when a source is lost (planner.analysis.security.recourse)."""
    terms: tuple[Term, ...]
    """Glossary of the parameters and sets that this family alone fills."""

    @property
    def name(self) -> str:
        return self.rule.__name__

    @property
    def target(self) -> bool:
        """Return True if people set it: the rows that a clash is looked for among."""
        return isinstance(self, Target)

    @property
    def is_yearly(self) -> bool:
        """Return True if each row is of one year, the last part of its index."""
        return "year" in self.indices


@dataclass(frozen=True, slots=True)
class Physical(Family):
    """Rows of nature, plants and markets."""

    rows: str
    """The set of the model that the rows are indexed by."""
    fill: Callable[[Components, Given], None]
    """Fills that set, and the parameters and sets of `terms`."""


@dataclass(frozen=True, slots=True)
class Target(Family):
    """Rows that people set, by policies of one kind: what a clash is looked for among."""

    kind: str
    """The kind of policy, a row of POLICY_FORMS."""
    relax: Literal["raise", "lower"]
    """Change of the level that makes the policy easier to keep."""
    row_unit: str
    """Unit of what a row counts."""
    relative: Callable[[Policy], bool]
    """Return True if the level of a policy is a share of what its own rows count, so that the right
    side requires nothing."""
    fill: Callable[[Targets, Policy], None]
    """Adds the rows of one policy, and what they count."""

    def __post_init__(self) -> None:
        if self.kind not in POLICY_FORMS:
            raise TypeError(f"{self.name}: no form of POLICY_FORMS is of kind '{self.kind}'")

    @property
    def rows(self) -> str:
        return f"{self.name}_rows"

    @property
    def subject(self) -> bool:
        """Return True if a row is about a good or a process, the second part of its index."""
        return bool({"good", "process"} & set(self.indices))
