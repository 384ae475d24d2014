"""The rules read over whole arrays, as templates of Pyomo, and as plain rules: a rule that tests an
index is silently wrong in two of them.

Two guards. The syntax tree: rules hold algebra only. The arrays: all three are the same on every
study, and every row is a template (a rule that Pyomo cannot template falls back to plain rows
without a word).
"""

from __future__ import annotations

import ast
import inspect
import tempfile
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from pyomo.core.base.constraint import TemplateConstraintData

import planner
from planner.lp.assembly import expand
from planner.lp.components import Components, add_param, add_set, add_sets
from planner.lp.formulation import FORMULATION, OBJECTIVES, build
from planner.lp.objective import COST_PARTS
from planner.solver.compiled import compiled
from planner.solver.pyomo_model import compile_arrays
from tests.random_studies import studies

STUDIES = sorted(
    path.parent for path in (Path(__file__).parents[1] / "studies").glob("*/study.toml")
)
SHIPPED = ["quickstart", "china"]
FORBIDDEN = (
    ast.If,
    ast.IfExp,
    ast.BoolOp,
    ast.Not,
    ast.In,
    ast.NotIn,
    ast.Is,
    ast.IsNot,
    ast.Eq,
    ast.NotEq,
    ast.Match,
    ast.Dict,
    ast.DictComp,
    ast.Set,
    ast.SetComp,
    ast.ListComp,
    ast.JoinedStr,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.Try,
    ast.With,
    ast.Assign,
    ast.NamedExpr,
    ast.Starred,
    ast.keyword,
)
"""Syntax that no rule may hold. == is allowed once, as the relation that the rule returns."""


def rules() -> list[ast.FunctionDef]:
    found = []
    objectives = (*(rule for _, rule in OBJECTIVES), *COST_PARTS)
    for rule in (*objectives, *(family.rule for family in FORMULATION)):
        (tree,) = ast.parse(inspect.getsource(rule)).body
        assert isinstance(tree, ast.FunctionDef)
        found.append(tree)
    return found


CALLED = {"sum", *(part.__name__ for part in COST_PARTS)}
"""A part of an objective is held to the same."""


def offences(rule: ast.FunctionDef) -> list[str]:
    """Parts of the body of a rule that a template would get wrong."""
    *_, last = rule.body
    found = [f"line {statement.lineno}: a statement" for statement in rule.body[1:-1]]
    relation = last.value if isinstance(last, ast.Return) else None
    for node in ast.walk(last):
        if isinstance(node, FORBIDDEN) and not (
            isinstance(node, ast.Eq) and isinstance(relation, ast.Compare) and node in relation.ops
        ):
            found.append(f"{type(node).__name__}")
        if isinstance(node, ast.Compare) and node is not relation:
            found.append(f"line {node.lineno}: a comparison inside the algebra")
        if isinstance(node, ast.comprehension) and node.ifs:
            found.append("a filter")
        if isinstance(node, ast.Call) and not (
            isinstance(node.func, ast.Name) and node.func.id in CALLED
        ):
            found.append(f"line {node.lineno}: a call other than sum")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(f"line {node.lineno}: the string '{node.value}'")
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_rules_hold_algebra_only(rule):
    """No branch, filter, dictionary, string or call that the template would settle once for all
    rows."""
    assert offences(rule) == []


@pytest.mark.parametrize(
    "body",
    [
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
    ],
)
def test_the_guard_sees_each_trap(body):
    """Proves the guard: every way in which a template was seen to go wrong is caught."""
    rule = ast.parse(f"def rule(m, p):\n    'doc'\n    {body}").body[0]
    assert isinstance(rule, ast.FunctionDef)
    assert offences(rule)


def systems():
    yield from (pytest.param(name, {}, id=name) for name in SHIPPED)
    yield from (pytest.param(folder, {}, id=folder.name) for folder in STUDIES)
    yield pytest.param("china", {"scenario": "self-reliance"}, id="china-self-reliance")
    yield pytest.param("china", {"scenario": "closed-loop"}, id="china-closed-loop")


@pytest.mark.parametrize(("study", "options"), list(systems()))
def test_templated_arrays_are_the_plain_arrays(study, options):
    """Matrix, sides, bounds, costs and the order of rows and columns, to the last digit; and every
    row is a template."""
    system = planner.read(study, **options)
    model = build(system)
    for rows in model.component_objects(pyo.Constraint):
        assert all(isinstance(row, TemplateConstraintData) for row in rows.values()), (
            f"{rows.name} fell back to plain rows"
        )
    templated, plain = compile_arrays(model), compile_arrays(build(system, templates=False))
    assert templated.rows == plain.rows
    assert templated.columns == plain.columns
    assert templated.offset == plain.offset
    for name in ("cost", "carbon", "lower", "upper", "row_lower", "row_upper"):
        np.testing.assert_array_equal(getattr(templated, name), getattr(plain, name), err_msg=name)
    assert (templated.matrix != plain.matrix).nnz == 0
    same_to_the_last_digit(compiled(system).arrays, templated)


def same_to_the_last_digit(one, two):
    """Two programmes of the same rows and columns in the same order, with the very same numbers."""
    assert one.rows == two.rows
    assert one.columns == two.columns
    assert one.offset == two.offset
    for name in ("cost", "carbon", "lower", "upper", "row_lower", "row_upper"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(
            getattr(one.matrix, part), getattr(two.matrix, part), err_msg=part
        )


@given(studies())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_whole_arrays_are_those_of_pyomo_on_random_studies(study):
    """Proves that reading the rules over whole arrays is reading the rules: policies, joint lines,
    measures of any kind."""
    with tempfile.TemporaryDirectory() as folder:
        system = planner.read(study.write(Path(folder) / "study"))
    try:
        arrays = compiled(system).arrays
    except planner.InfeasibleError:
        with pytest.raises(planner.InfeasibleError):
            compile_arrays(build(system))
        return
    same_to_the_last_digit(arrays, compile_arrays(build(system)))


def test_numbers_that_are_none_do_not_reach_the_arrays():
    """NaN passes through Pyomo and through whole arrays in silence; the parameters refuse it, and
    say where."""
    with pytest.raises(ValueError, match=r"demand.*li, 2021"):
        add_param(Components("small"), "demand", {("li", 2021): float("nan")})


def reader(rule, index="goods"):
    """Read one rule over a model with goods a and b, a variable over both, their processes, and
    numbers by good."""
    m = Components("small")
    add_set(m, "goods", ["a", "b"])
    add_set(m, "orders", [("a", 1), ("b", 2)])
    add_set(m, "years", [1, 2])
    add_sets(m, "years_of", {"a": [1], "b": [2]})
    add_param(m, "amount", {"a": 2.0, "b": 3.0})
    add_param(m, "rate", {1: 5.0, 2: 7.0})
    costs = [
        ("cost", lambda m: sum(m.rate[t] * m.new_capacity[g, t] for g, t in m.orders)),
        ("carbon", lambda m: sum(m.new_capacity[g, t] for g, t in m.orders)),
    ]
    (made,) = expand(m, costs, [("row", index, rule)])
    return made


def test_sums_and_numbers_are_read_as_they_stand():
    """Proves the algebra on a case by hand: each row joins its own years, and a number outside a
    sum multiplies every term in it."""
    made = reader(
        lambda m, g: (
            m.amount[g] * sum(-m.rate[t] * m.new_capacity[g, t] for t in m.years_of[g]) + 1
            >= m.amount[g]
        )
    )
    assert made.rows == (("row", ("a",)), ("row", ("b",)))
    np.testing.assert_array_equal(made.matrix.toarray(), [[-10.0, 0.0], [0.0, -21.0]])
    np.testing.assert_array_equal(made.row_lower, [1.0, 2.0])
    np.testing.assert_array_equal(made.cost, [5.0, 7.0])


@pytest.mark.parametrize(
    ("rule", "error", "word"),
    [
        (
            lambda m, g: sum(m.new_capacity[g, t] for t in m.years) <= 1,
            KeyError,
            "new_capacity for .a, 2.",
        ),
        (
            lambda m, g: (
                sum(m.rate[t] for t in m.years_of[g])
                + sum(m.new_capacity[g, t] for t in m.years_of[g])
                <= 1
            ),
            TypeError,
            "alone",
        ),
        (
            lambda m, g: (
                sum(m.new_capacity[g, t] for t in m.years_of[g])
                <= sum(m.new_capacity[g, t] for t in m.years_of[g])
            ),
            TypeError,
            "right",
        ),
        (
            lambda m, g: (
                sum(m.new_capacity[g, t] * m.new_capacity[g, t] for t in m.years_of[g]) <= 1
            ),
            TypeError,
            "linear",
        ),
        (lambda m, g: m.new_capacity["a", 1] <= m.amount[g], TypeError, "new_capacity"),
        (lambda m, g: m.nothing[g] <= 1, AttributeError, "nothing"),
        (lambda m, g: m.amount[g] <= 1, TypeError, "no variable"),
    ],
)
def test_rules_that_whole_arrays_cannot_read_are_refused(rule, error, word):
    """Never wrong in silence: a column that is not there, a sum of parameters, variables on the
    right, a product, an unknown name."""
    with pytest.raises(error, match=word):
        reader(rule)
