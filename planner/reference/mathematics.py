"""The mathematics page: every equation with its units and where it lives, read from the code that
builds it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from planner.errors import Problem, SpecError
from planner.lp.formulation import FORMULATION, OBJECTIVES
from planner.lp.glossary import PARAMETERS, SETS, VARIABLES, Term
from planner.lp.objective import COST_PARTS

EQUATION = re.compile(r"\$\$(?P<latex>.+?)\$\$\s*\[(?P<unit>[^\]]+)\]", re.DOTALL)
BASES = {
    "annual": "per year: divided by the discount factor of the period",
    "state": "of a stock: divided by the discount factor of the first year of the period",
    "horizon": "of the whole horizon: present value",
    "": "",
}
"""Meaning of the basis of a shadow price (docs/design.md)."""

SYMBOLS = {
    r"\sum": "Σ",
    r"\le": "≤",
    r"\ge": "≥",
    r"\in": "∈",
    r"\beta": "β",
    r"\gamma": "γ",
    r"\delta": "δ",
    r"\Delta": "Δ",
    r"\epsilon": "ε",
    r"\eta": "η",
    r"\zeta": "ζ",
    r"\nu": "ν",
    r"\kappa": "κ",
    r"\iota": "ι",
    r"\lambda": "λ",
    r"\mu": "μ",
    r"\phi": "φ",
    r"\pi": "π",
    r"\psi": "ψ",
    r"\rho": "ρ",
    r"\sigma": "σ",
    r"\tau": "τ",
    r"\theta": "θ",
    r"\omega": "ω",
    r"\xi": "ξ",
    r"\Big": "",
    r"\,": " ",
    r"\ ": " ",
}
ACCENTS = {r"\bar": "\N{COMBINING MACRON}", r"\hat": "\N{COMBINING CIRCUMFLEX ACCENT}"}


@dataclass(frozen=True, slots=True)
class Equation:
    """One family of rows, or an objective."""

    name: str
    part: str
    """objectives, physics or policies."""
    meaning: str
    latex: str
    unit: str
    note: str
    indices: tuple[str, ...]
    dual_unit: str
    """Unit of the shadow price; empty for an objective."""
    basis: str
    file: str
    line: int

    @property
    def text(self) -> str:
        """The equation in plain characters."""
        return plain(self.latex)


@dataclass(frozen=True, slots=True)
class Mathematics:
    """The whole formulation, as it is built."""

    equations: tuple[Equation, ...]
    variables: tuple[Term, ...]
    parameters: tuple[Term, ...]
    sets: tuple[Term, ...]


def mathematics(family: str = "") -> Mathematics:
    """Every equation of the linear programme; of one family or objective where it is named.

    Raises SpecError for an unknown name.
    """
    equations = tuple(_equations())
    if not family:
        return Mathematics(equations, VARIABLES, PARAMETERS, SETS)
    _require_known(family, [equation.name for equation in equations])
    used = _names_used(family)
    return Mathematics(
        tuple(equation for equation in equations if equation.name == family),
        *(tuple(t for t in terms if t.name in used) for terms in (VARIABLES, PARAMETERS, SETS)),
    )


def _equations() -> Iterator[Equation]:
    """The objectives, then the rows, in the order of the formulation."""
    for name, rule in OBJECTIVES:
        yield _equation(name, "objectives", rule)
    for row in FORMULATION:
        part = "policies" if row.target else "physics"
        yield _equation(row.name, part, row.rule, row.indices, row.unit, row.basis)


def _require_known(family: str, names: list[str]) -> None:
    if family not in names:
        close = get_close_matches(family, names, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"choose from {', '.join(names)}"
        words = f"no equation is named '{family}' ({hint})"
        raise SpecError("math", [Problem("FORMULATION", 0, "", words)])


def _rules() -> dict[str, Callable[..., Any]]:
    return dict(OBJECTIVES) | {row.name: row.rule for row in FORMULATION}


def _names_used(equation: str) -> set[str]:
    """Names of the model that a rule reads: whatever follows `m.` in its source."""
    source = inspect.getsource(_rules()[equation])
    parts = [inspect.getsource(part) for part in COST_PARTS if f"{part.__name__}(m)" in source]
    return set(re.findall(r"\bm\.(\w+)", "".join([source, *parts])))


def _equation(
    name: str,
    part: str,
    rule: Callable[..., Any],
    indices: tuple[str, ...] = (),
    dual_unit: str = "",
    basis: str = "",
) -> Equation:
    text = inspect.cleandoc(rule.__doc__ or "")
    found = EQUATION.search(text)
    if found is None:
        raise ValueError(f"the docstring of '{name}' holds no $$equation$$ with its [unit]")
    return Equation(
        name,
        part,
        _one_line(text[: found.start()]),
        _one_line(found["latex"]),
        found["unit"],
        _one_line(text[found.end() :]),
        indices,
        dual_unit,
        basis,
        f"{rule.__module__.replace('.', '/')}.py",
        inspect.getsourcelines(rule)[1],
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def plain(latex: str) -> str:
    r"""LaTeX of the equations in plain characters: `\sum_{p \in r} a_{p,t} \le D_{g,t}` becomes
    `Σ_{p ∈ r} a[p,t] ≤ D[g,t]`."""
    text = re.sub(r"\\tfrac\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\{([^{}]*)\}", _fraction, latex)
    text = re.sub(r"\\sum_\{([^{}]*)\}", r"\\sum⟨\1⟩", text)
    text = re.sub(r"\\sum_(\w)", r"\\sum⟨\1⟩", text)
    for accent, mark in ACCENTS.items():
        text = re.sub(re.escape(accent) + r" (\w)", rf"\1{mark}", text)
    for name in sorted(SYMBOLS, key=len, reverse=True):
        ends = r"(?![A-Za-z])" if name[-1].isalpha() else ""
        text = re.sub(re.escape(name) + ends, SYMBOLS[name], text)
    text = re.sub(r"\^\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", r"^\1", text)
    text = re.sub(r"_(\w)", r"[\1]", text)
    text = re.sub(r"_\{([^{}]*)\}", r"[\1]", text)
    text = text.replace("⟨", "_{").replace("⟩", "}")
    text = re.sub(r"Σ_\{(\w)\}", r"Σ_\1", text)
    return _one_line(text)


def _fraction(found: re.Match[str]) -> str:
    above, below = found.groups()
    return f"({above})/{below}" if " " in above else f"{above}/{below}"


_HEAD = """\
# The mathematics

Written by `planner math --markdown` from the code that builds the linear programme; a test fails
when the two differ.

Indices: good g, process p, plant k, ramp group r, deposit d, host h, waste class w, period t (named
by its first year), period of order v, metal m, scope s, policy n, its subject x. A period has $n_t$
years. The requirement stands alone on the right of each row, so that its shadow price is
d(cost)/d(requirement).
"""
PARTS = {
    "objectives": "Objectives",
    "physics": "What physics and the market allow",
    "policies": "What people set",
}
"""Parts of the formulation and their headings."""


def markdown(page: Mathematics) -> str:
    """The page as Markdown: docs/mathematics.md is exactly this."""
    lines = [_HEAD]
    for part, title in PARTS.items():
        equations = [equation for equation in page.equations if equation.part == part]
        if equations:
            lines += [f"## {title}", ""]
        for equation in equations:
            lines += _section(equation)
    for title in ("variables", "parameters", "sets"):
        lines += [f"## {title.capitalize()}", "", *_term_table(getattr(page, title)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _section(equation: Equation) -> list[str]:
    index = f"({', '.join(equation.indices)})" if equation.indices else ""
    price = f" Shadow price: {equation.dual_unit}, {BASES[equation.basis]}."
    note = equation.note[:1].upper() + equation.note[1:]
    return [
        f"### {equation.name}{index}",
        "",
        equation.meaning,
        "",
        f"$${equation.latex}$$",
        "",
        f"Unit: {equation.unit}.{price if equation.dual_unit else ''} Code: `{equation.file}`.",
        "",
        *([note, ""] if note else []),
    ]


def _term_table(terms: tuple[Term, ...]) -> list[str]:
    rows = ["| name | symbol | indexed by | unit | meaning |", "|---|---|---|---|---|"]
    for term in terms:
        symbol = f"${term.symbol}$" if term.symbol else ""
        rows.append(
            f"| `{term.name}` | {symbol} | {', '.join(term.indices)} | {term.unit} | "
            f"{term.meaning} |"
        )
    return rows
