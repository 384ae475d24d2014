"""Transit: exports taken off home output are those that can hold metal that counts, and a share of
imports counts those that can serve demand."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.system.sufficiency import counted_exports
from tests.small import Study, plan_of, system_of


def transit(*, own: bool = True, sold: bool = False, provenance: str = "home") -> Study:
    """50 t of metal for home use, from home ore at 10 USD/t. 40 t are demanded abroad, or sold
    there at 60: refined from foreign ore at 20, in a chain of its own or into the same metal as
    that of home."""
    study = Study().good("li", "refined").good("ore", "intermediate", equivalent=1)
    study.good("ore_abroad", "intermediate", equivalent=1).good("li_abroad", "refined")
    study.good("car", "product", demand=50, shortage_cost=1000, equivalent=1)
    wanted = {} if sold else {"demand": 40, "shortage_cost": 1000}
    study.good("out", "product", stage="processing", export=True, equivalent=1, **wanted)
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=10, max_activity=50)
    study.process("ship", "import", stage="extraction", gives={"ore_abroad": 1}, import_price=20)
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1})
    made = "li_abroad" if own else "li"
    study.process("refine_abroad", "refine", takes={"ore_abroad": 1}, gives={made: 1})
    study.process("make", "manufacture", takes={"li": 1}, gives={"car": 1})
    study.process("send", "manufacture", stage="processing", takes={made: 1}, gives={"out": 1})
    if sold:
        study.curve("out", s1={"price": 60, "amount": 40})
    fields = {"share": 1.0, "penalty": 100, "provenance": provenance}
    return study.policy("own", "self_sufficiency", metal="lithium", stages=["processing"], **fields)


@pytest.mark.parametrize("sold", [False, True], ids=["demanded", "sold"])
def test_metal_in_transit_is_not_taken_off(tmp_path: Path, sold: bool) -> None:
    """50 t at 10 and 40 t at 20, which earn 60 where sold: 1,300, or -1,100, and the target of
    50 t is met. Taken off, transit would miss it by 40 t, 4,000 USD, or not be sold: 500."""
    plan = plan_of(transit(sold=sold), tmp_path)
    assert plan.objective == pytest.approx(-1_100 if sold else 1_300)
    assert plan.headline.missed == ()


@pytest.mark.parametrize(("sold", "cost"), [(False, 5_300), (True, 500)])
def test_a_good_that_mixes_both_is_taken_off_whole(tmp_path: Path, sold: bool, cost: float) -> None:
    """Home and foreign metal are one good: what of the 40 t sent is home metal cannot be told. The
    target is missed by 40 t at 100, 1,300 + 4,000; what is sold earns 40 a tonne and would miss it
    by as much: it stays. Parted by the cheapest reading nothing would be missed: 1,300, -1,100."""
    assert plan_of(transit(own=False, sold=sold), tmp_path).objective == pytest.approx(cost)


def test_what_is_refined_at_home_counts_and_is_taken_off(tmp_path: Path) -> None:
    """With provenance `any` the foreign ore counts where it is refined, 90 t, of which 40 t leave:
    50 t of 50, 1,300. Not taken off, the 40 t would stand for home metal too."""
    plan = plan_of(transit(provenance="any"), tmp_path)
    assert plan.objective == pytest.approx(1_300)
    policy = plan.system.policies["own"]
    assert [good.name for good in counted_exports(plan.system, policy)] == ["out"]


@pytest.mark.parametrize("provenance", ["any", "home"])
def test_metal_bought_refined_and_sent_on_counts_nowhere(tmp_path: Path, provenance: str) -> None:
    """The sale of metal bought refined is a process at home that adds nothing; so none of it is
    taken off, with any provenance: 50 x 10 + 40 x 30 = 1,700. Taken off: 5,700."""
    study = Study().good("li", "refined").good("bought", "refined")
    study.good("car", "product", demand=50, shortage_cost=1000, equivalent=1)
    fields = {"export": True, "demand": 40, "shortage_cost": 1000, "equivalent": 1}
    study.good("out", "product", stage="processing", **fields)
    study.process("mine", "mine", stage="processing", gives={"li": 1}, variable_cost=10)
    study.process("buy", "import", gives={"bought": 1}, import_price=30)
    study.process("make", "manufacture", takes={"li": 1}, gives={"car": 1})
    study.process("send", "manufacture", stage="processing", takes={"bought": 1}, gives={"out": 1})
    study.policy(
        "own",
        "self_sufficiency",
        metal="lithium",
        stages=["processing"],
        share=1.0,
        penalty=100,
        provenance=provenance,
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(1_700)


def test_new_scrap_sent_abroad_is_taken_off_once(tmp_path: Path) -> None:
    """60 t refined at home make 50 t of cars and 10 t of offcut, sent abroad. Where both stages
    count, manufacture takes off the 60 t that it takes and adds 50 t: the offcut holds nothing that
    counts, and 100 % is met. Where refining alone counts, 60 t less 10 t are 50 t: met as well."""
    for stages, taken_off in ((["processing", "manufacture"], []), (["processing"], ["offcut"])):
        study = Study().good("li", "refined")
        study.good("car", "product", demand=50, shortage_cost=1000, equivalent=1)
        fields = {"stage": "processing", "export": True, "equivalent": 1}
        study.good("offcut", "scrap", demand=10, shortage_cost=1000, **fields)
        study.process("mine", "mine", stage="processing", gives={"li": 1}, variable_cost=10)
        study.process("make", "manufacture", takes={"li": 1.2}, gives={"car": 1, "offcut": 0.2})
        study.policy(
            "own", "self_sufficiency", metal="lithium", stages=stages, share=1.0, penalty=100
        )
        plan = plan_of(study, tmp_path / stages[-1])
        found = counted_exports(plan.system, plan.system.policies["own"])
        assert [good.name for good in found] == taken_off
        assert plan.objective == pytest.approx(600)


@pytest.mark.parametrize(
    ("own", "of", "cost"),
    [(True, "demand", -1_100), (False, "demand", 300), (True, "imports", 500)],
)
def test_what_is_only_sold_on_is_no_dependence(
    tmp_path: Path, own: bool, of: str, cost: float
) -> None:
    """A tenth of 50 t may come from abroad. 40 t of foreign ore that go on abroad, for 40 a tonne,
    serve none of it: 500 - 1,600. Where they are one good with home metal, 5 t come in: 500 - 200.
    Of all imports, all of which are from there, a tenth allows none: 500."""
    study = transit(own=own, sold=True)
    study.policies.clear()
    study.policy("cap", "import_share", metal="lithium", origin="abroad", share=0.1, of=of)
    assert plan_of(study, tmp_path).objective == pytest.approx(cost)


def test_an_export_that_is_not_taken_off_needs_no_equivalent(tmp_path: Path) -> None:
    """What is not counted is not weighed: only a good that is taken off has to say what it stands
    for."""
    study = transit(sold=True)
    rows = study.rows["good_values"]
    study.rows["good_values"] = [r for r in rows if r["good"] not in ("out", "ore_abroad")]
    assert system_of(study, tmp_path / "own").policies
    study = transit(sold=True, own=False)
    rows = study.rows["good_values"]
    study.rows["good_values"] = [r for r in rows if r["good"] != "out"]
    with pytest.raises(planner.SpecError, match="counts good 'out', which has no 'equivalent'"):
        system_of(study, tmp_path / "mixed")
