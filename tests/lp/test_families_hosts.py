"""By-products as flows of their host: content, circuits, and residues mined later, each against a
small study solved by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

import planner
from planner.analysis.diagnosis.explain import explain
from planner.analysis.diagnosis.row_descriptions import Teller
from planner.errors import SpecError
from planner.mfa.balance import balance
from planner.mfa.bound_checks import limits_passed
from planner.plan.flow_tables import flow_tables
from planner.solver.compiled import compiled
from tests.small import Study, plan_of, price, system_of, yearly

SHORT = 1000


def market(demand=10, first: int = 2021, last: int = 2021, **head) -> Study:
    """Germanium, bought at 30, or won with 1,000 t of zinc a year that hold 10 t of it."""
    head = {"metals": ("germanium",), **head}
    study = Study(first, last, **head).host("zinc", 1000, germanium=0.01)
    study.good("ge", "refined", demand=demand, shortage_cost=SHORT)
    return study.process("buy", "import", gives={"ge": 1}, import_price=30)


def circuit(study: Study, name: str, cost: float, reach: float, **fields) -> Study:
    return study.process(
        name,
        "byproduct",
        host="zinc",
        gives=fields.pop("gives", {"ge": 1}),
        variable_cost=cost,
        host_content=reach,
        **fields,
    )


def tiered(**fields) -> Study:
    """4 t at 10 and 3 t more at 20 of the 10 t."""
    return circuit(circuit(market(**fields), "first", 10, 0.004), "second", 20, 0.003)


def tailings(demand=(0, 10), *, kept: float = 0.5, reserve: float = 0, **head) -> Study:
    """A single circuit for 4 of 10 t a year; half of what it leaves is laid down, and can be mined
    at 25, of which a fifth is lost."""
    study = circuit(market(demand, last=2020 + len(demand), **head), "won", 10, 0.004)
    study.deposit("slag", reserve=reserve).residue("slag", "zinc", kept)
    return study.process(
        "rework", "mine", takes={"slag": 1.25}, gives={"ge": 1}, variable_cost=25, loss="slag"
    )


def test_circuits_add_up_to_the_content_of_their_host(tmp_path):
    """4 t at 10, 3 t at 20, 3 t bought at 30: 190. Were the circuits to share the tonnes of the
    host, as they do where no content is stated, 4 t at 10 would take all the zinc: 220."""
    plan = plan_of(tiered(), tmp_path)
    assert plan.objective == pytest.approx(190)
    assert yearly(plan, "activity", "first") == pytest.approx([4])
    assert yearly(plan, "activity", "second") == pytest.approx([3])
    assert price(plan, "circuit_limit", "first, zinc", 2021) == pytest.approx(-20 * 0.004)
    assert price(plan, "circuit_limit", "second, zinc", 2021) == pytest.approx(-10 * 0.003)
    assert price(plan, "host_limit", "zinc, germanium", 2021) == pytest.approx(0)


def test_circuits_share_the_tonnes_of_a_host_without_a_content(tmp_path):
    """The same without the content: 1,000 t of zinc give 4 t at 10, or 3 t at 20: 4 t, and 6 t
    bought: 220. Its row is the only one, and the circuits have none of their own."""
    study = tiered()
    study.rows["host_contents"].clear()
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(220)
    assert not (plan.prices["family"] == "circuit_limit").any()


def test_the_content_bounds_circuits_that_could_win_more_together(tmp_path):
    """12 t are wanted. Circuits for 4 t at 10 and 8 t at 20: the 10 t of the host end the second
    one at 6 t, and 2 t are bought: 40 + 120 + 60 = 220. Without the row of the content 200. A
    tonne of zinc more gives 0.01 t at 20 in place of 30: -0.1."""
    study = circuit(circuit(market(12), "first", 10, 0.004), "second", 20, 0.008)
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(220)
    assert yearly(plan, "activity", "buy") == pytest.approx([2])
    assert price(plan, "host_limit", "zinc, germanium", 2021) == pytest.approx(-0.1)


def test_a_unit_that_gives_half_a_tonne_takes_half_a_tonne_of_the_content(tmp_path):
    """Activity that gives 0.5 t: reach 0.02 units a tonne of zinc, 20 units for 10 t of germanium,
    all that there is. Of 12 t wanted 2 t are bought: 20 x 5 + 60 = 160. Counted by activity 10
    units would exhaust the content: 50 + 210."""
    study = circuit(market(12), "won", 5, 0.02, gives={"ge": 0.5})
    assert plan_of(study, tmp_path).objective == pytest.approx(160)


def test_nothing_is_gained_by_holding_back(tmp_path):
    """Nothing is wanted in 2021, 10 t in 2022: what was not won in 2021 is gone. 4 t at 10 and 6 t
    at 30: 220. From a deposit of the same 20 t, as the study of China had it, all 10 t would be
    won at 10."""
    study = circuit(market((0, 10), last=2022), "won", 10, 0.004)
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(220)
    assert yearly(plan, "activity", "won") == pytest.approx([0, 4])


def test_what_is_not_won_is_mined_later_from_the_residue(tmp_path):
    """10 t come up in 2021 and none is wanted: 5 t are laid down. In 2022 4 t are won at 10 and 3 t
    more laid down: 8 t of slag give 6.4 t, more than the 6 t still wanted, at 25: 40 + 150 = 190.
    7.5 t are taken, 0.5 t are left. Were the residue not there, 220; were it not to grow by what is
    left in 2022, 4 t could be had of it: 40 + 100 + 60."""
    plan = plan_of(tailings(), tmp_path)
    assert plan.objective == pytest.approx(190)
    assert yearly(plan, "activity", "rework") == pytest.approx([0, 6])
    assert yearly(plan, "remaining", "slag") == pytest.approx([5, 0.5])


def test_what_is_won_does_not_fill_the_residue(tmp_path):
    """4 t are wanted in 2021 and won; 3 t of the 6 t left are laid down, 3 t more in 2022: 6 t give
    4.8 t. Cost 40 + 40 + 4.8 x 25 + 1.2 x 30 = 236. A residue that grew by the whole content would
    give all 6 t: 230. A tonne more of slag is worth (30 - 25) / 1.25 = 4, in either year."""
    plan = plan_of(tailings((4, 10)), tmp_path)
    assert plan.objective == pytest.approx(236)
    assert [price(plan, "depletion", "slag", t) for t in (2021, 2022)] == pytest.approx([-4, -4])


def test_what_is_won_is_charged_with_the_residue_that_it_takes_away(tmp_path):
    """Of 6 and 10 t wanted 4 t are won in either year, and the residue ends before demand does. To
    win a tonne more in 2021 saves 30 and costs 10, and leaves half a tonne less of slag worth 4:
    18, so -0.072 for a tonne of zinc that the circuit can reach (0.004 t). Without the residue
    -0.08."""
    plan = plan_of(tailings((6, 10)), tmp_path)
    assert yearly(plan, "activity", "won") == pytest.approx([4, 4])
    assert price(plan, "circuit_limit", "won, zinc", 2021) == pytest.approx(-0.072)


def test_the_account_of_a_host_closes_in_every_year(tmp_path):
    """Content = won + laid down + lost: 10 = 4 + 3 + 3; and what is laid down is what the residue
    gains."""
    plan = plan_of(tailings((4, 10)), tmp_path)
    held = plan.stocks[plan.stocks["kind"] == "host"].pivot(
        index="year", columns="quantity", values="value"
    )
    assert held.loc[2021].to_dict() == pytest.approx(
        {"content": 10, "won": 4, "laid_down": 3, "lost": 3}
    )
    assert (held["won"] + held["laid_down"] + held["lost"]).tolist() == pytest.approx(
        held["content"].tolist()
    )
    filled = plan.stocks[(plan.stocks["name"] == "slag") & (plan.stocks["quantity"] == "fill")]
    assert filled["value"].tolist() == pytest.approx(held["laid_down"].tolist())


def test_flows_without_a_plan_know_content_circuits_and_residue(tmp_path):
    """12 t won by circuits that reach 7 t of 10 t, and 7 t taken from a residue of 5 t at the end
    of 2021: each limit is named, and the residue stands below 0."""
    system = system_of(tailings((0, 10)), tmp_path)
    flows = balance(system)
    run = {"buy": (0, 0), "won": (0, 12), "rework": (0, 6)}
    activity = np.array([run[name] for name in system.processes], dtype=float)
    passed = limits_passed(flows, activity)
    found = {(r.limit, r.year): (r.value, r.bound) for r in passed.itertuples()}
    assert found["host", 2022] == pytest.approx((1200, 1000))
    assert found["circuit", 2022] == pytest.approx((3000, 1000))
    assert found["deposit", 2022] == pytest.approx((7.5, 5 - 1))
    values = {
        "activity": {
            (name, year): amounts[i]
            for name, amounts in run.items()
            for i, year in enumerate((2021, 2022))
        }
    }
    tables = flow_tables(flows, values)
    assert tables.values["remaining"]["slag", 2022] == pytest.approx(5 - 1 - 7.5)


def test_a_residue_needs_a_content_and_is_laid_down_once(tmp_path):
    """Filled by what? And 60 % and 50 % of the same metal cannot both be laid down."""
    study = tailings()
    study.rows["host_contents"].clear()
    with pytest.raises(SpecError, match=r"its content of germanium is not stated"):
        system_of(study, tmp_path / "a")
    study = tailings(kept=0.6).deposit("dump", reserve=0).residue("dump", "zinc", 0.5)
    study.process("dig", "mine", takes={"dump": 1}, gives={"ge": 1}, variable_cost=28)
    with pytest.raises(SpecError, match=r"leaves, 1.1 would be laid down in"):
        system_of(study, tmp_path / "b")


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((10, 0.004), (20, 0.012), "can win 0.012 t of germanium .* which holds 0.01 t"),
        ((10, 0.01), (20, 0.003), "'second' is left nothing"),
        (([10, 30], 0.004), ([15, 15], 0.003), "'second' costs less than 'first' in the mean"),
    ],
)
def test_contents_and_circuits_that_do_not_go_together_are_doubted(tmp_path, first, second, words):
    study = circuit(circuit(market((5, 5), last=2022), "first", *first), "second", *second)
    found = [str(each) for each in system_of(study, tmp_path).warnings]
    assert len(found) == 1
    assert re.search(words, found[0])


def test_circuits_in_order_are_not_doubted(tmp_path):
    assert system_of(tiered(), tmp_path).warnings == ()


def test_the_words_name_who_fills_a_residue_and_what_a_circuit_reaches(tmp_path):
    made = compiled(system_of(tailings(), tmp_path))
    teller = Teller(made.system, made.balance, made.arrays)
    residue = teller.reason("depletion", ("slag",), [2021, 2022]).words
    assert "slag: holds 0 t at the start, and what is not won of the germanium in zinc" in residue
    reach = teller.reason("circuit_limit", ("won", "zinc"), [2021])
    assert reach.words == "won: of what comes with zinc it can win 4 t/year in 2021"
    assert reach.place.startswith("process_values.csv:")


def test_twice_the_host_gives_twice_the_circuits_and_fills_twice_the_residue(tmp_path):
    """20 t wanted in 2022 and nothing to buy: 4 t won and 8 t of slag (6.4 t). `gap` tries the host
    doubled: 8 t won, 10 + 6 t of slag, 12.8 t: nothing is short. Were the limits of the host alone
    doubled, what is won more would be taken from the slag: 6 t, 4.8 t of it, and 7.2 t short."""
    study = without(tailings((0, 20)), "buy")
    levers = planner.gap(system_of(study, tmp_path)).levers
    assert levers.set_index("lever").loc["host output doubled", "unmet"] == pytest.approx(0)


def test_the_least_more_of_a_host_is_named_where_a_target_cannot_be_met(tmp_path):
    """12 t must be won at home in 2022, of 4 t by the circuit and 6.4 t of slag. With 1,000 + e t
    of zinc in both years: 0.004 (1000 + e) won; slag 5 + 0.005 e and 3 + 0.003 e. Together
    10.4 + 0.004 e + 0.0064 e = 12: e = 153.846 t."""
    study = tailings((0, 12)).policy(
        "floor",
        "self_sufficiency",
        metal="germanium",
        stages=["processing", "extraction"],
        share=1.0,
        from_=2022,
    )
    (clash, *_) = explain(system_of(study, tmp_path)).clashes
    after = {lever.kind: lever.changes[0].after for lever in clash.levers}
    assert after["the host output"] == "1,153.85 t/year"


def without(study: Study, process: str) -> Study:
    for table in ("processes", "coefficients", "process_values"):
        study.rows[table] = [row for row in study.rows[table] if row["process"] != process]
    return study
