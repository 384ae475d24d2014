"""The templates of Pyomo against plain rules: a rule that tests a string index becomes a template that is silently wrong.

Two guards. The syntax tree: rules hold algebra only. The arrays: templated and plain are the same on every study, and every row
is a template (a rule that Pyomo cannot template falls back to plain rows without a word).
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.base.constraint import TemplateConstraintData

import planner
from planner.highs import compile_arrays
from planner.lp import constraints, objective, policies
from planner.lp.formulation import FORMULATION, OBJECTIVES, build

STUDIES = sorted(path.parent for path in (Path(__file__).parent / "studies").glob("*/study.toml"))
SHIPPED = ["quickstart", "china"]
FORBIDDEN = (
    ast.If, ast.IfExp, ast.BoolOp, ast.Not, ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.Eq, ast.NotEq, ast.Match, ast.Dict, ast.DictComp,
    ast.Set, ast.SetComp, ast.ListComp, ast.JoinedStr, ast.Lambda, ast.For, ast.While, ast.Try, ast.With, ast.Assign, ast.NamedExpr,
    ast.Starred, ast.keyword,
)
"""What no rule may hold. == is allowed once, as the relation that the rule returns."""


def rules() -> list[ast.FunctionDef]:
    return [node for module in (constraints, policies, objective) for node in ast.parse(inspect.getsource(module)).body
            if isinstance(node, ast.FunctionDef)]


def offences(rule: ast.FunctionDef) -> list[str]:
    """What in the body of a rule a template would get wrong."""
    *_, last = rule.body
    found = [f"line {statement.lineno}: a statement" for statement in rule.body[1:-1]]
    relation = last.value if isinstance(last, ast.Return) else None
    for node in ast.walk(last):
        if isinstance(node, FORBIDDEN) and not (isinstance(node, ast.Eq) and isinstance(relation, ast.Compare) and node in relation.ops):
            found.append(f"{type(node).__name__}")
        if isinstance(node, ast.Compare) and node is not relation:
            found.append(f"line {node.lineno}: a comparison inside the algebra")
        if isinstance(node, ast.comprehension) and node.ifs:
            found.append("a filter")
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id == "sum"):
            found.append(f"line {node.lineno}: a call other than sum")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(f"line {node.lineno}: the string '{node.value}'")
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_rules_hold_algebra_only(rule):
    """No branch, filter, dictionary, string or call that the template would settle once for all rows."""
    assert offences(rule) == []


@pytest.mark.parametrize("body", [
    "return (m.x[p] if p == 'a' else m.y[p]) <= 1",
    "return sum(m.x[p] for p in m.s if p != 'a') <= 1",
    "return sum(m.x[p] for p in m.s) <= {'a': 1}[p]",
    "return m.x['a', p] <= 1",
    "return m.x[f'{p}'] <= 1",
    "return m.x[p] * (p in m.s) <= 1",
    "return m.x[p] * (p == m.first) <= 1",
    "if p == 'a':\n        return m.x[p] <= 1\n    return m.y[p] <= 1",
    "return m.x[p] <= max(m.s)",
    "return m.x[p] <= (p and 1)",
])
def test_the_guard_sees_each_trap(body):
    """Proves the guard: every way in which a template was seen to go wrong is caught."""
    rule = ast.parse(f"def rule(m, p):\n    'doc'\n    {body}").body[0]
    assert isinstance(rule, ast.FunctionDef)
    assert offences(rule)


def test_every_family_is_a_rule_of_its_own_name():
    """One name is the rule, the row and the dual."""
    assert [family.name for family in FORMULATION] == [family.rule.__name__ for family in FORMULATION]
    assert {rule.name for rule in rules()} == {f.name for f in FORMULATION} | {name for name, _ in OBJECTIVES}


def systems():
    yield from (pytest.param(name, {}, id=name) for name in SHIPPED)
    yield from (pytest.param(folder, {}, id=folder.name) for folder in STUDIES)
    yield pytest.param("china", {"scenario": "self-reliance"}, id="china-self-reliance")
    yield pytest.param("china", {"scenario": "closed-loop"}, id="china-closed-loop")


@pytest.mark.parametrize(("study", "options"), list(systems()))
def test_templated_arrays_are_the_plain_arrays(study, options):
    """Matrix, sides, bounds, costs and the order of rows and columns, to the last digit; and every row is a template."""
    system = planner.read(study, **options)
    model = build(system)
    for rows in model.component_objects(pyo.Constraint):
        assert all(isinstance(row, TemplateConstraintData) for row in rows.values()), f"{rows.name} fell back to plain rows"
    templated, plain = compile_arrays(model), compile_arrays(build(system, templates=False))
    assert templated.rows == plain.rows
    assert templated.columns == plain.columns
    assert templated.offset == plain.offset
    for name in ("cost", "carbon", "lower", "upper", "row_lower", "row_upper"):
        np.testing.assert_array_equal(getattr(templated, name), getattr(plain, name), err_msg=name)
    assert (templated.matrix != plain.matrix).nnz == 0


def test_numbers_that_are_none_do_not_reach_the_arrays():
    """NaN passes through Pyomo in silence; the parameters refuse it."""
    from planner.lp.parameters import add_param

    with pytest.raises(ValueError, match="demand"):
        add_param(pyo.ConcreteModel(), "demand", {("li", 2021): float("nan")})
