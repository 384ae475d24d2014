"""Reconciliation against textbook answers, SciPy's SLSQP and closed forms."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from planner.errors import SpecError
from planner.mfa.reconciliation.least_squares import fit
from planner.mfa.reconciliation.measured_flows import reconcile_flows
from planner.mfa.reconciliation.reconcile import Observation, Ratio, eliminate, reconcile

NAN = float("nan")
reconciling = importlib.import_module("planner.mfa.reconciliation.reconcile")
FEW = settings(derandomize=True, max_examples=40, deadline=None, database=None)


def obs(*triples: tuple[str, float, float]) -> list[Observation]:
    return [Observation(*t) for t in triples]


def values(found) -> dict[str, float]:
    return dict(zip(found.table["name"], found.table["reconciled"], strict=True))


def test_two_flows_meet_where_their_variances_say() -> None:
    """In = out, 100 +- 10 and 110 +- 20 (Cencic, Frühwirth, STAN): the weighted mean (100/100 +
    110/400) / (1/100 + 1/400) = 102 with sd sqrt(80) = 8.944."""
    found = reconcile([[1, -1]], obs(("in", 100, 10), ("out", 110, 20)))
    assert values(found) == pytest.approx({"in": 102, "out": 102})
    assert found.table["posterior"].tolist() == pytest.approx([80**0.5] * 2)
    assert found.chi_square == pytest.approx(10**2 / (10**2 + 20**2))
    assert (found.freedom, found.suspect) == (1, "")


BYPASS = [[1, -1, -1, 0, 0, 0], [0, 1, 0, -1, 0, 0], [0, 0, 1, 0, -1, 0], [0, 0, 0, 1, 1, -1]]
MEASURED = (101.91, 64.45, 34.65, 64.20, 36.44, 98.88)


def test_the_bypass_of_six_streams() -> None:
    """Narasimhan and Jordache 2000, example 1-1 (heat exchanger with bypass; true flows 100, 64,
    36, 64, 36, 100), all deviations 1: reconciled 100.22, 64.50, 35.72, 64.50, 35.72, 100.22."""
    found = reconcile(BYPASS, obs(*((f"f{i}", v, 1.0) for i, v in enumerate(MEASURED, 1))))
    assert found.table["reconciled"].tolist() == pytest.approx(
        [100.22, 64.50, 35.72, 64.50, 35.72, 100.22], abs=0.005
    )
    assert found.freedom == 4
    assert found.residual <= 1e-14


def test_an_unmeasured_stream_is_found_and_a_lone_one_said_to_be_unknown() -> None:
    """With streams 3, 4 and 5 unmeasured all follow from the rest; with 2 to 5 unmeasured the two
    branches cannot be told apart."""

    def case(missing: set[int]):
        return reconcile(
            BYPASS,
            obs(*((f"f{i}", NAN if i in missing else v, 1.0) for i, v in enumerate(MEASURED, 1))),
        )

    found = case({3, 4, 5})
    assert found.table["observable"].all()
    assert found.freedom == 1
    whole = (101.91 + 98.88) / 2
    assert values(found)["f3"] == pytest.approx(whole - 64.45)
    assert dict(zip(found.table["name"], found.table["redundant"], strict=True))["f2"] == False  # noqa: E712 - a numpy bool
    blind = case({2, 3, 4, 5}).table.set_index("name")
    assert blind["observable"].tolist() == [True, False, False, False, False, True]
    assert blind["reconciled"].isna().tolist() == [False, True, True, True, True, False]


def test_a_gross_error_is_flagged_and_named() -> None:
    """Stream 4 misread by 30: the global test fails, it is named, and without it the data agree."""
    bad = list(MEASURED)
    bad[3] += 30
    observations = obs(*((f"f{i}", v, 1.0) for i, v in enumerate(bad, 1)))
    found = reconcile(BYPASS, observations)
    assert not found.consistent
    mended, dropped = eliminate(BYPASS, observations)
    # f2 and f4 meet in one splitless balance: they share the fault until stream sums part them
    assert dropped[0].name in {"f2", "f4"}
    assert mended.consistent


def test_exact_values_do_not_move_and_contradictions_are_refused() -> None:
    found = reconcile([[1, -1]], obs(("in", 100, 0), ("out", 110, 20)))
    assert values(found) == {"in": 100, "out": pytest.approx(100)}
    with pytest.raises(SpecError, match="contradict"):
        reconcile([[1, -1]], obs(("in", 100, 0), ("out", 110, 0)))


def test_bilinear_flows_agree_with_slsqp() -> None:
    """In 100 +- 5 splits by a coefficient 0.6 +- 0.05 into 70 +- 4 and the rest 35 +- 3, all
    measured."""
    observations = obs(("in", 100, 5), ("a", 70, 4), ("b", 35, 3), ("share", 0.6, 0.05))
    found = reconcile([[1, -1, -1, 0]], observations, [Ratio("a", "share", "in")])
    y, s = np.array([o.value for o in observations]), np.array([o.deviation for o in observations])
    peer = minimize(
        lambda x: float(np.sum(((x - y) / s) ** 2)),
        y,
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
        constraints=[
            {"type": "eq", "fun": lambda x: x[0] - x[1] - x[2]},
            {"type": "eq", "fun": lambda x: x[1] - x[3] * x[0]},
        ],
    )
    assert found.table["reconciled"].to_numpy() == pytest.approx(peer.x, rel=1e-5)
    assert found.chi_square <= peer.fun * (1 + 1e-9)
    assert found.residual <= 1e-12


def test_an_unmeasured_coefficient_follows_from_its_flows() -> None:
    found = reconcile(
        [[1, -1, -1, 0]],
        obs(("in", 100, 1), ("a", NAN, 0), ("b", 40, 1), ("share", NAN, 0)),
        [Ratio("a", "share", "in")],
    )
    assert values(found) == pytest.approx({"in": 100, "a": 60, "b": 40, "share": 0.6})


def test_posterior_deviations_are_those_of_a_monte_carlo() -> None:
    """400 draws of the bypass: the spread of the reconciled flows is the posterior deviation within
    the noise of 400 draws."""
    truth, rng = np.array([100, 64, 36, 64, 36, 100.0]), np.random.default_rng(1)
    drawn = [
        reconcile(
            BYPASS, obs(*((f"f{i}", v, 2.0) for i, v in enumerate(truth + rng.normal(0, 2, 6))))
        )
        for _ in range(400)
    ]
    spread = np.std([d.table["reconciled"] for d in drawn], axis=0)
    assert drawn[0].table["posterior"].to_numpy() == pytest.approx(spread, rel=0.12)


@given(
    st.lists(st.floats(1, 1000), min_size=6, max_size=6),
    st.lists(st.floats(0.1, 50), min_size=6, max_size=6),
)
@FEW
def test_reconciled_flows_always_balance(flows: list[float], deviations: list[float]) -> None:
    found = reconcile(
        BYPASS,
        obs(*((f"f{i}", v, s) for i, (v, s) in enumerate(zip(flows, deviations, strict=True)))),
    )
    assert found.residual <= 1e-12


@given(
    st.floats(1, 1000), st.floats(0.05, 0.95), st.lists(st.floats(0.1, 50), min_size=6, max_size=6)
)
@FEW
def test_balanced_data_are_left_as_they_are(
    total: float, split: float, deviations: list[float]
) -> None:
    truth = np.array([1, split, 1 - split, split, 1 - split, 1]) * total
    found = reconcile(
        BYPASS,
        obs(*((f"f{i}", v, s) for i, (v, s) in enumerate(zip(truth, deviations, strict=True)))),
    )
    assert found.table["reconciled"].to_numpy() == pytest.approx(truth, rel=1e-9)
    assert found.p_value == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"balances": [[1, float("nan")]]}, "hold something that is not a number"),
        ({"observations": [("in", 1, -1), ("out", 1, 1)]}, "standard deviation"),
        ({"observations": [("in", 1, 1), ("in", 1, 1)]}, "stands twice"),
        ({"balances": [[1, -1, 1]]}, "3 columns for 2"),
    ],
)
def test_bad_input_is_refused_by_name(change: dict, message: str) -> None:
    given_ = {"balances": [[1, -1]], "observations": [("in", 1, 1), ("out", 1, 1)], **change}
    with pytest.raises(SpecError, match=message):
        reconcile(given_["balances"], obs(*given_["observations"]))


def flow_table(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["source", "target", "value", "sd"])


def test_a_table_of_flows_is_the_bypass() -> None:
    """The six streams by their nodes: what is outside on one side only does not balance."""
    table = flow_table(
        *(
            (s, t, v, 1.0)
            for (s, t), v in zip(
                [
                    ("feed", "split"),
                    ("split", "heater"),
                    ("split", "bypass"),
                    ("heater", "mix"),
                    ("bypass", "mix"),
                    ("mix", "product"),
                ],
                MEASURED,
                strict=True,
            )
        )
    )
    found, faults = reconcile_flows(table)
    assert found.table["reconciled"].tolist() == pytest.approx(
        [100.22, 64.50, 35.72, 64.50, 35.72, 100.22], abs=0.005
    )
    assert (found.freedom, faults) == (4, ())


def test_two_rows_of_one_flow_are_two_measurements() -> None:
    """In is 90 and 110, each +- 10; out is 103 +- 5: the mean with weights 1/100, 1/100, 1/25 is
    102."""
    found, _ = reconcile_flows(
        flow_table(("a", "b", 90, 10), ("a", "b", 110, 10), ("b", "c", 103, 5))
    )
    line = found.table.set_index("name")
    assert line.loc["b -> c", "reconciled"] == pytest.approx((90 + 110 + 4 * 103) / 6)
    assert line.loc["a -> b", "reconciled"] == pytest.approx((90 + 110 + 4 * 103) / 6)
    assert found.freedom == 2


def test_transfer_coefficients_are_shares_of_all_that_enters() -> None:
    """Ore 60 and scrap 40 exact enter the furnace; its yield of 0.9 +- 0.01 against 85 +- 1 of
    metal: variances 1 and 1, so 87.5."""
    flows = flow_table(
        ("ore", "furnace", 60, 0),
        ("scrap", "furnace", 40, 0),
        ("furnace", "metal", 85, 1),
        ("furnace", "slag", NAN, NAN),
    )
    found, _ = reconcile_flows(flows, flow_table(("furnace", "metal", 0.9, 0.01)))
    line = found.table.set_index("name")["reconciled"]
    assert line["furnace -> metal"] == pytest.approx(87.5)
    assert line["share of furnace -> metal"] == pytest.approx(0.875)
    assert line["furnace -> slag"] == pytest.approx(12.5)


def test_a_table_of_flows_names_what_is_at_fault() -> None:
    found, faults = reconcile_flows(
        flow_table(("a", "b", 90, 1), ("a", "b", 10, 1), ("b", "c", 90, 1))
    )
    assert not found.consistent
    assert [fault.name for fault in faults] == ["a -> b (2)"]


@pytest.mark.parametrize(
    ("flows", "shares", "message"),
    [
        (
            flow_table(("a", "b", 1, 1)).drop(columns="sd"),
            None,
            "flows, column 'sd': this column is missing",
        ),
        (
            flow_table(("a", "b", 1, 1)),
            flow_table(("a", "b", 0.5, 0.1)),
            "is not a flow out of a node",
        ),
        (flow_table(("a", "b", 1, -1)), None, "standard deviation"),
    ],
)
def test_bad_tables_are_refused(
    flows: pd.DataFrame, shares: pd.DataFrame | None, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        reconcile_flows(flows, shares)


def test_levels_and_names_that_are_none() -> None:
    with pytest.raises(SpecError, match="level between 0 and 1"):
        reconcile([[1, -1]], obs(("in", 1, 1), ("out", 1, 1)), significance=0)
    with pytest.raises(SpecError, match="is not an observation"):
        reconcile([[1, -1]], obs(("in", 1, 1), ("out", 1, 1)), nonnegative=["loss"])


def test_what_is_measured_takes_no_part_in_a_contradiction_of_exact_values() -> None:
    """a = m and b = m with a and b exact and apart: the names are theirs, whatever m was measured
    to be."""
    for m in (("m", 80, 1), ("m", NAN, 0)):
        with pytest.raises(
            SpecError,
            match=(
                r"observations: exact values contradict the balances: a, b in balance 1, balance 2;"
            ),
        ):
            reconcile([[1, 0, -1], [0, 1, -1]], obs(("a", 100, 0), ("b", 60, 0), m))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"significance": 0}, r"significance: is 0; give a level"),
        ({"significance": 1}, r"significance: is 1; give a level"),
        ({"balances": [[1, -1, 1]]}, r"balances: have 3 columns for 2"),
        ({"balances": [[1, NAN]]}, r"balances: hold something"),
        (
            {"observations": [("in", 1, 1), ("in", 1, 1)]},
            r"observations, column 'in': stands twice",
        ),
        (
            {"observations": [("in", 1, -1), ("out", 1, 1)]},
            r"observations, column 'in': has the standard deviation -1; give 0 or more",
        ),
        (
            {"observations": [("in", 1, float("inf")), ("out", 1, 1)]},
            r"observations, column 'in': has the standard deviation inf",
        ),
        (
            {"observations": [("in", float("inf"), 1), ("out", 1, 1)]},
            r"observations, column 'in': is infinite",
        ),
        (
            {"ratios": [Ratio("out", "share", "in")]},
            r"ratios, column 'share': is not an observation",
        ),
        ({"nonnegative": ["loss"]}, r"nonnegative, column 'loss': is not an observation"),
    ],
)
def test_what_is_refused_is_said_where_it_stands(change: dict, message: str) -> None:
    given_ = {"balances": [[1, -1]], "observations": [("in", 1, 1), ("out", 1, 1)], **change}
    with pytest.raises(SpecError, match=message):
        reconcile(given_.pop("balances"), obs(*given_.pop("observations")), **given_)


def test_a_share_of_no_flow_is_said_where_it_stands() -> None:
    with pytest.raises(
        SpecError,
        match=r"coefficients, column 'a -> b': is not a flow out of a node that flows enter",
    ):
        reconcile_flows(flow_table(("a", "b", 1, 1)), flow_table(("a", "b", 0.5, 0.1)))


def test_the_residual_is_a_share_of_the_largest_flow() -> None:
    """In a unit a billion times smaller the imbalance that rounding leaves is the same share."""
    found = reconcile(
        BYPASS, obs(*((f"f{i}", v * 1e9, 1e9 / i) for i, v in enumerate(MEASURED, 1)))
    )
    assert found.residual <= 1e-14


@pytest.mark.parametrize(
    ("found", "residual"),
    [([100, 90, 0.5, 45], 0.1), ([100, 100, 0.5, 30], 0.2), ([0, 0, 0, 0], 0)],
)
def test_the_residual_is_reckoned_from_the_values_and_not_believed(
    monkeypatch, found: list, residual: float
) -> None:
    """In = out and part = share x out; a fit that missed one of them would be seen: by 10 of 100,
    or 30 instead of 50."""
    monkeypatch.setattr(
        reconciling,
        "fit",
        lambda *given, **more: replace(fit(*given, **more), values=np.array(found, dtype=float)),
    )
    result = reconcile(
        [[1, -1, 0, 0]],
        obs(("in", 100, 1), ("out", 100, 1), ("share", 0.5, 0.1), ("part", NAN, 0)),
        [Ratio("part", "share", "out")],
    )
    assert result.residual == pytest.approx(residual)


def world(*extra: tuple[str, str, float, float]) -> pd.DataFrame:
    """One RoW gives and takes: 100 in, 80 into use, 20 out again; all +- 2."""
    return flow_table(("RoW", "smelter", 100, 2), ("smelter", "RoW", 20, 2), *extra)


def test_the_world_outside_does_not_balance() -> None:
    """Imports 100, exports 20, use 80 that goes to waste abroad: RoW on both sides was balanced,
    and with the use stock growing by 50 the flows inside came out as 5.6e-15."""
    table = world(("smelter", "use", 80, 2), ("use", "RoW", 30, 2), ("use", "stock change", 50, 2))
    found, faults = reconcile_flows(table, boundary="RoW")
    assert found.table["reconciled"].tolist() == pytest.approx([100, 20, 80, 30, 50])
    assert (found.balanced, faults) == (("smelter", "use"), ())
    closed = world(("smelter", "use", 80, 2), ("use", "RoW", 80, 2))
    with pytest.raises(SpecError, match=r"every node balances .*RoW.*boundary="):
        reconcile_flows(closed)
    assert reconcile_flows(closed, boundary=())[0].balanced == ("smelter", "RoW", "use")
    with pytest.raises(SpecError, match="column 'ROW': is not a node"):
        reconcile_flows(closed, boundary=["ROW"])


def test_parallel_flows_of_two_goods_are_two_flows() -> None:
    """Plate 60 and wire 40 go the same way out of 103 +- 1: their sum gives way, 61 and 41 and 102.
    Without the column `good` they were two measurements of one flow of 75."""
    table = pd.DataFrame(
        [
            ("ore", "mill", "", 103, 1),
            ("mill", "shop", "plate", 60, 1),
            ("mill", "shop", "wire", 40, 1),
        ],
        columns=["source", "target", "good", "value", "sd"],
    )
    found, _ = reconcile_flows(table)
    assert values(found) == pytest.approx(
        {"ore -> mill": 102, "mill -> shop, plate": 61, "mill -> shop, wire": 41}
    )
    shares = pd.DataFrame(
        [("mill", "shop", "", 1.0, 0.01), ("mill", "shop", "wire", 0.4, 0.0)],
        columns=["source", "target", "good", "value", "sd"],
    )
    line = values(reconcile_flows(table, shares)[0])
    assert line["mill -> shop, wire"] == pytest.approx(0.4 * line["ore -> mill"])
    assert line["share of mill -> shop"] == pytest.approx(1.0)


@pytest.mark.parametrize("column", ["metal", "year", "unit"])
def test_two_metals_years_or_units_are_not_one_flow(column: str) -> None:
    """Two rows of one flow are two measurements of it, unless they speak of different things."""
    table = flow_table(("a", "b", 90, 10), ("a", "b", 110, 10), ("b", "c", 103, 5))
    table[column] = ["one", "two", "one"]
    with pytest.raises(SpecError, match=rf"column '{column}': holds one, two; reconcile"):
        reconcile_flows(table)


def test_rows_that_cannot_be_read_are_named() -> None:
    """A row without a source was left out without a word; text for a number was a traceback."""
    table = flow_table(("a", "b", 90, 10), (None, "b", 110, 10), ("b", "c", 103, 5))
    table["value"] = [90, 110, "many"]
    with pytest.raises(SpecError) as caught:
        reconcile_flows(table)
    assert "flows row 2, column 'source': is empty" in str(caught.value)
    assert "flows row 3, column 'value': 'many' is not a number" in str(caught.value)


def test_a_flow_from_a_node_to_itself_is_in_no_balance() -> None:
    """10 go round and round at b: a gives what c gets, 100, not 10 less or more."""
    found, _ = reconcile_flows(
        flow_table(("a", "b", 100, 1), ("b", "b", 10, 1), ("b", "c", 100, 1))
    )
    assert found.table["reconciled"].tolist() == pytest.approx([100, 10, 100])


def test_flows_do_not_fall_below_zero_unless_they_may() -> None:
    """100 in, 110 out and a loss measured as 2 +- 4: by default the loss is 0, and not -2.2."""
    table = flow_table(("ore", "mill", 100, 5), ("mill", "metal", 110, 5), ("mill", "dust", 2, 4))
    found, _ = reconcile_flows(table)
    assert found.table["reconciled"].tolist() == pytest.approx([105, 105, 0], abs=1e-9)
    free, _ = reconcile_flows(table, nonnegative=False)
    assert free.table["reconciled"].iloc[2] == pytest.approx(2 - 12 * 16 / 66)


def test_a_gross_error_that_only_one_test_sees_is_no_agreement() -> None:
    """Thirty good balances and one flow 3.9 of its deviations off: chi-square of 31 does not see
    it (p > 0.05), the measurement test does; it was called agreement."""
    rng = np.random.default_rng(4)
    rows = [(f"a{i}", f"b{i}", 100.0, 1.0) for i in range(31)]
    rows += [(f"b{i}", f"c{i}", 100.0 + 0.5 * rng.normal(), 1.0) for i in range(30)]
    rows += [("b30", "c30", 100 + 3.9 * 2**0.5, 1.0)]
    found, faults = reconcile_flows(flow_table(*rows))
    assert found.p_value > 0.05
    assert not found.consistent
    assert {faults[0].name, *faults[0].alike} == {"a30 -> b30", "b30 -> c30"}


def test_both_tests_together_have_the_level() -> None:
    """Of 400 data sets without fault at most 5 % fail either test; at 5 % each it were 8 %."""
    truth, rng = np.array([100, 64, 36, 64, 36, 100.0]), np.random.default_rng(9)
    failed = [
        not reconcile(
            BYPASS, obs(*((f"f{i}", v, 2.0) for i, v in enumerate(truth + rng.normal(0, 2, 6))))
        ).consistent
        for _ in range(400)
    ]
    assert 0.015 <= np.mean(failed) <= 0.065


def test_an_upward_deviation_of_its_own() -> None:
    """In 100 - 5 + 20, out 130 +- 10: 124 (see the numerics)."""
    table = flow_table(("a", "b", 100, 5), ("b", "c", 130, 10))
    table["sd_above"] = [20, NAN]
    found, _ = reconcile_flows(table)
    assert found.table["reconciled"].tolist() == pytest.approx([124, 124])
    assert found.table["deviation_above"].tolist() == [20, 10]


def test_a_flow_held_at_zero_is_zero() -> None:
    """1 t enters and 3 t are measured to leave: the flow back, measured at 0.5, is held at 0. It
    stood at -8e-17, which whoever takes a root or a logarithm of a flow meets."""
    flows = pd.DataFrame(
        [("w", "a", 1.0, 0.1), ("a", "b", 3.0, 1.0), ("a", "w", 0.5, 1.0)],
        columns=["source", "target", "value", "sd"],
    )
    found, _ = reconcile_flows(flows, boundary=("w", "b"))
    value = found.table.set_index("name")["reconciled"]
    assert value["a -> w"] == 0.0
    assert value["w -> a"] == pytest.approx(1.0 + 2.0 * 0.01 / 1.01)
