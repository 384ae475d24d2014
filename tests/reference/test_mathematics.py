"""The mathematics page says what the code builds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import planner
from planner.errors import SpecError
from planner.lp.formulation import FORMULATION, OBJECTIVES
from planner.lp.glossary import PARAMETERS, SETS, VARIABLES
from planner.reference.mathematics import _names_used, markdown, mathematics, plain
from tests.small import Study

PAGE = Path(__file__).parents[2] / "docs" / "mathematics.md"
EQUATIONS = [*(name for name, _ in OBJECTIVES), *(family.name for family in FORMULATION)]


def test_every_family_and_objective_has_an_equation_with_its_unit() -> None:
    page = mathematics()
    assert [e.name for e in page.equations] == EQUATIONS
    for equation in page.equations:
        assert equation.latex, equation.name
        assert equation.unit, equation.name
        assert equation.meaning.endswith("."), equation.name


def test_every_equation_says_where_it_lives() -> None:
    """The line named is the `def` of the rule of that name."""
    root = Path(planner.__file__).parents[1]
    for equation in mathematics().equations:
        line = (root / equation.file).read_text(encoding="utf-8").splitlines()[equation.line - 1]
        assert line.startswith(f"def {equation.name}("), equation


@pytest.mark.parametrize("equation", EQUATIONS)
def test_every_name_that_a_rule_uses_is_in_the_glossary(equation: str) -> None:
    known = {term.name for term in (*VARIABLES, *PARAMETERS, *SETS)}
    assert not _names_used(equation) - known


def test_the_glossary_names_nothing_that_no_rule_uses() -> None:
    used = {name for equation in EQUATIONS for name in _names_used(equation)}
    assert {term.name for term in (*VARIABLES, *PARAMETERS, *SETS)} <= used


def test_the_variables_are_those_of_the_model(tmp_path: Path) -> None:
    """Were a column added without its line in the glossary, the page would not show it."""
    import pyomo.environ as pyo

    study = (
        Study()
        .good("li", "refined", demand=1, shortage_cost=100)
        .process("mine", "mine", gives={"li": 1}, variable_cost=1)
    )
    model = planner.build(planner.read(study.write(tmp_path / "small")))
    assert {v.local_name for v in model.component_objects(pyo.Var)} == {
        term.name for term in VARIABLES
    }


def test_the_page_in_docs_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(mathematics()), (
        "stale: planner math --markdown > docs/mathematics.md"
    )


def test_no_latex_is_left_in_plain_text() -> None:
    for equation in mathematics().equations:
        assert not re.search(r"[\\{}$]", re.sub(r"Σ_\{[^{}]*\}", "", equation.text)), equation.text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (
            r"\sum_{p \in P_k} \lambda_p\, a_{p,t} - \eta_{k,t}\, K_{k,t} \le 0",
            "Σ_{p ∈ P[k]} λ[p] a[p,t] - η[k,t] K[k,t] ≤ 0",
        ),
        (r"\sum_g h_{g,t}\, \tfrac{S_{g,t-1} + S_{g,t}}{2}", "Σ_g h[g,t] (S[g,t-1] + S[g,t])/2"),
        (r"(1 + \gamma_r)^{\Delta_t}", "(1 + γ[r])^Δ[t]"),
        (
            r"\bar K_{k,t} \ge \hat a_{p,t}",
            "K\N{COMBINING MACRON}[k,t] ≥ a\N{COMBINING CIRCUMFLEX ACCENT}[p,t]",
        ),
    ],
)
def test_plain_characters(latex: str, text: str) -> None:
    assert plain(latex) == text


def test_one_family_shows_only_its_own_names() -> None:
    page = mathematics("host_limit")
    assert [e.name for e in page.equations] == ["host_limit"]
    assert {t.name for t in (*page.variables, *page.parameters, *page.sets)} == {
        "activity",
        "givers",
        "host_given",
        "host_need",
        "host_output",
        "byproducts",
    }


def test_an_unknown_family_gets_a_suggestion() -> None:
    with pytest.raises(SpecError, match="did you mean 'host_limit'"):
        mathematics("hostlimit")
