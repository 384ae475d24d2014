"""Policies over any selection: shares solved by hand, the kinds that are names for common cases of
them, and what of a selection is refused.

Each docstring says what the plan costs with the policy, and what it would cost without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import planner
from planner.errors import InfeasibleError, SpecError
from tests.lp.test_families_policies import SHORT, chain, dig, market
from tests.small import Study, plan_of, price, yearly

HOME_DEMAND = {"demand": "*", "market": "home"}
ALL_DEMAND = {"demand": "*"}


class Case(NamedTuple):
    """A study, a policy of a kind for a common case, and the share that says the same."""

    study: Callable[[], Study]
    kind: str
    fields: dict[str, Any]
    subject: str
    """Of the row of that kind; empty where it has none."""
    written: dict[str, Any]


def selling() -> Study:
    """A mine at 50 and imports at 30; 10 t are demanded abroad, and 20 t can be sold for 40."""
    study = dig(Study().good("li", "refined"), 50)
    study.process("buy", "import", gives={"li": 1}, import_price=30)
    use = {"equivalent": 1, "shortage_cost": SHORT}
    study.good("cell", "product", demand=100, **use)
    study.good("due", "refined", demand=10, export=True, shortage_cost=SHORT)
    study.good("sold", "refined", export=True)
    for good, stage in (("cell", "manufacture"), ("due", "processing"), ("sold", "processing")):
        fields = {"takes": {"li": 1}, "gives": {good: 1}}
        study.process(f"make_{good}", "manufacture", stage=stage, **fields)
    return study.curve("sold", s1={"price": 40, "amount": 20})


def reclaimed() -> Study:
    return market().process("recycle", "recycle", gives={"li": 1}, variable_cost=50)


def two_origins() -> Study:
    """A sends metal at 20, anybody at 30; a mine gives 40 t at 10."""
    study = market().process("cheap", "import", gives={"li": 1}, import_price=20, origin="A")
    return dig(study, 10, max_activity=40)


def _sufficiency(provenance: str, *stages: str) -> dict[str, Any]:
    return {"metal": "lithium", "stages": list(stages), "share": 0.4, "provenance": provenance}


def _output(**numerator: Any) -> dict[str, Any]:
    return {"numerator": numerator, "denominator": HOME_DEMAND, "at_least": 0.4}


FROM_A = {"metal": "lithium", "origin": "A", "share": 0.35}
DOMESTIC = ["domestic primary", "domestic secondary"]
SECONDARY = ["domestic secondary", "foreign secondary"]
BOTH = ("extraction", "processing")
CASES = {
    "home output of any provenance": Case(
        chain,
        "self_sufficiency",
        _sufficiency("any", *BOTH),
        "lithium",
        _output(stages=list(BOTH), origins="home"),
    ),
    "home output of home metal": Case(
        chain,
        "self_sufficiency",
        _sufficiency("home", *BOTH),
        "lithium",
        _output(stages=list(BOTH), pathways=DOMESTIC),
    ),
    "home output less exports": Case(
        selling,
        "self_sufficiency",
        _sufficiency("any", "processing"),
        "lithium",
        _output(stages="processing", origins="home", less_exports=True),
    ),
    "imports of demand": Case(
        two_origins,
        "import_share",
        FROM_A,
        "",
        {"numerator": {"origins": "A"}, "denominator": ALL_DEMAND, "at_most": 0.35},
    ),
    "imports of imports": Case(
        two_origins,
        "import_share",
        {**FROM_A, "of": "imports"},
        "",
        {"numerator": {"origins": "A"}, "denominator": {"origins": "*"}, "at_most": 0.35},
    ),
    "recycled content": Case(
        reclaimed,
        "recycled_content",
        {"metal": "lithium", "share": 0.25},
        "lithium",
        {
            "numerator": {"forms": "refined metal", "pathways": SECONDARY},
            "denominator": {"forms": "refined metal"},
            "at_least": 0.25,
        },
    ),
    "a quota that follows demand": Case(
        lambda: dig(market(), 10),
        "quota",
        {"processes": ["dig"], "cap": 50},
        "",
        {
            "numerator": {"processes": "dig"},
            "denominator": ALL_DEMAND,
            "at_most": 0.5,
            "measured": "activity",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_kind_is_a_name_for_a_share(tmp_path, name):
    """The same objective, activities and price, whether a policy is of its kind or a share written
    out; without either the plan costs another sum."""
    case = CASES[name]
    free = plan_of(case.study(), tmp_path)
    short = plan_of(case.study().policy("p", case.kind, **case.fields), tmp_path)
    written = plan_of(case.study().policy("p", "share", **case.written), tmp_path)
    assert short.objective != pytest.approx(free.objective)
    assert written.objective == pytest.approx(short.objective, rel=1e-12)
    assert written.values["activity"] == pytest.approx(short.values["activity"], abs=1e-9)
    index = f"p, {case.subject}" if case.subject else "p"
    family = "share_ceiling" if "at_most" in case.written else "share_floor"
    mine, other = price(written, family, "p, all"), price(short, case.kind, index)
    assert mine == pytest.approx(other, rel=1e-12)
    assert mine


# ---- floors and ceilings that follow the demand of one good


def two_uses(**fields: Any) -> Study:
    """Cells need 100 t and glass 60 t of metal from a mine at 50 or from abroad at 30."""
    study = dig(Study().good("li", "refined"), 50)
    study.process("buy", "import", gives={"li": 1}, import_price=30)
    for good, demand in (("cell", 100), ("glass", 60)):
        study.good(good, "product", demand=demand, shortage_cost=SHORT, equivalent=0.9)
        study.process(f"make_{good}", "manufacture", takes={"li": 1}, gives={good: 1})
    return study.policy("rule", "share", **fields) if fields else study


def test_a_floor_on_activity_follows_the_demand_of_one_good(tmp_path):
    """Half a tonne mined for each tonne of cells: 50 x 50 + 110 x 30 = 5,800; of all demand 80 t,
    6,400; without 4,800. A tonne more of it costs 20, a tonne more of cells half of that beside its
    metal."""
    rule = {"numerator": {"processes": "dig"}, "at_least": 0.5, "measured": "activity"}
    plan = plan_of(two_uses(**rule, denominator={"demand": "cell"}), tmp_path)
    assert plan.objective == pytest.approx(5_800)
    assert price(plan, "share_floor", "rule, all", 2021) == pytest.approx(20)
    assert plan_of(two_uses(**rule, denominator=ALL_DEMAND), tmp_path).objective == 6_400


@pytest.mark.parametrize(
    ("measured", "bought"), [("refined", 81.0), ("contained", 90.0), ("activity", 90.0)]
)
def test_a_ceiling_follows_the_demand_of_one_good(tmp_path, measured, bought):
    """Imports are at most 0.9 of the 100 t of cells, which stand for 90 t of refined metal: 81 t in
    refined equivalents, 90 t in contained metal. The rest comes from the mine at 20 more; without
    all 160 t would be bought."""
    rule = {"numerator": {"origins": "*"}, "denominator": {"demand": ["cell"]}, "at_most": 0.9}
    plan = plan_of(two_uses(**rule, measured=measured), tmp_path)
    assert plan.objective == pytest.approx(30 * bought + 50 * (160 - bought))
    assert price(plan, "share_ceiling", "rule, all", 2021) == pytest.approx(-20)


@pytest.mark.parametrize(("penalty", "cost", "breach"), [(15, 4_800 + 15 * 70, 70), (25, 6_200, 0)])
def test_a_soft_ceiling_is_passed_where_that_is_cheaper(tmp_path, penalty, cost, breach):
    """90 t may be bought and 160 t are wanted. A tonne from the mine costs 20 more: at a penalty of
    15 the 70 t are bought all the same, at 25 none of them."""
    rule = {"numerator": {"origins": "*"}, "denominator": {"demand": ["cell"]}, "at_most": 0.9}
    plan = plan_of(two_uses(**rule, measured="contained", penalty=penalty), tmp_path)
    assert plan.objective == pytest.approx(cost)
    assert plan.values["breach"]["rule", "all", 2021] == pytest.approx(breach)
    assert price(plan, "share_ceiling", "rule, all", 2021) == pytest.approx(-min(penalty, 20))


def test_a_stockpile_covers_the_demand_of_one_good(tmp_path):
    """Six months of what glass needs, 0.9 x 60 / 2 = 27 t, kept for 2 a tonne and year: 187 x 30
    + 2 x 13.5 = 5,637; of all that is demanded 72 t, 7,032; without 4,800."""
    study = Study().good("li", "refined", opening_stock=0, holding_cost=2)
    study.process("buy", "import", gives={"li": 1}, import_price=30)
    for good, demand in (("cell", 100), ("glass", 60)):
        study.good(good, "product", demand=demand, shortage_cost=SHORT, equivalent=0.9)
        study.process(f"make_{good}", "manufacture", takes={"li": 1}, gives={good: 1})
    study.policy("reserve", "stockpile_cover", goods=["li"], months=6, demand=["glass"])
    plan = plan_of(study, tmp_path)
    assert yearly(plan, "stockpile", "li") == pytest.approx([27])
    assert plan.objective == pytest.approx(5_637)
    del study.policies["reserve"]["demand"]
    assert plan_of(study, tmp_path).objective == pytest.approx(7_032)


# ---- a row for each name


def by_stage() -> Study:
    """Ore of A at 10 or of B at 16, refined at home for 4; metal of A at 15 or of C at 22."""
    study = Study().good("li", "refined", demand=100, shortage_cost=SHORT)
    for origin, cost in (("A", 10), ("B", 16)):
        ore = f"ore_{origin}"
        study.good(ore, "intermediate", equivalent=1)
        bought = {"stage": "extraction", "gives": {ore: 1}, "origin": origin}
        study.process(f"ship_{origin}", "import", **bought, import_price=cost)
        refined = {"takes": {ore: 1}, "gives": {"li": 1}, "origin": origin}
        study.process(f"refine_{origin}", "refine", variable_cost=4, **refined)
    for origin, cost in (("A", 15), ("C", 22)):
        study.process(f"buy_{origin}", "import", gives={"li": 1}, origin=origin, import_price=cost)
    return study


def one_country(**fields: Any) -> dict[str, Any]:
    """At most 65 % of need from any one country, at any stage."""
    each = {"each": ["metals", "origins", "stages"], "at_most": 0.65, **fields}
    return {"numerator": {}, "denominator": ALL_DEMAND, **each}


def test_a_ceiling_for_each_origin_at_each_stage(tmp_path):
    """65 t of ore from A and 35 t of metal from A, each within its own ceiling: 65 x 14 + 35 x 15 =
    1,435. Without, all ore is A's: 1,400. Were the stages counted together, the 35 t would be ore
    of B at 20: 1,610."""
    plan = plan_of(by_stage().policy("p", "share", **one_country()), tmp_path)
    assert plan.objective == pytest.approx(1_435)
    assert price(plan, "share_ceiling", "p, lithium/A/extraction", 2021) == pytest.approx(-1)
    rows = plan.prices.query("family == 'share_ceiling'")["index"]
    pairs = ("A/extraction", "A/processing", "B/extraction", "C/processing")
    assert set(rows) == {f"p, lithium/{pair}" for pair in pairs}
    whole = one_country(each=["metals", "origins"])
    assert plan_of(by_stage().policy("p", "share", **whole), tmp_path).objective == 1_610


def test_a_floor_for_each_metal_is_asked_of_every_metal(tmp_path):
    """A floor asked of a metal that nothing can give is refused, not left out."""
    study = Study(metals=("lithium", "cobalt"))
    for metal in study.metals:
        study.good(metal, "refined", metal=metal, demand=10, shortage_cost=SHORT)
        study.process(f"buy_{metal}", "import", gives={metal: 1}, import_price=30)
    study.process("dig", "mine", stage="processing", gives={"lithium": 1}, variable_cost=50)
    rule = {"numerator": {"origins": "home"}, "denominator": ALL_DEMAND, "at_least": 0.4}
    study.policy("p", "share", **rule, each=["metals"])
    with pytest.raises(SpecError, match=r"p.numerator': selects nothing.*metals cobalt"):
        planner.read(study.write(tmp_path / "study"))
    study.policies["p"]["metals"] = ["lithium"]
    assert plan_of(study, tmp_path).objective == pytest.approx(600 + 4 * 20)
    del study.policies["p"]["each"], study.policies["p"]["metals"]
    assert plan_of(study, tmp_path).objective == pytest.approx(600 + 8 * 20)


def test_what_a_process_takes_is_a_selection_too(tmp_path):
    """At least half of the metal that goes into cells is from the mine's own good: 50 x 50 + 50 x
    30 = 4,000; without 3,000."""
    study = Study().good("own", "refined").good("cell", "product", demand=100, shortage_cost=SHORT)
    study.good("other", "refined")
    study.process("dig", "mine", stage="processing", gives={"own": 1}, variable_cost=50)
    study.process("buy", "import", gives={"other": 1}, import_price=30)
    for good in ("own", "other"):
        study.process(f"make_{good}", "manufacture", takes={good: 1}, gives={"cell": 1})
    taken = {"flow": "takes", "kinds": "manufacture"}
    study.policy("p", "share", numerator={**taken, "goods": "own"}, denominator=taken, at_least=0.5)
    assert plan_of(study, tmp_path).objective == pytest.approx(4_000)


EVERYWHERE = {"demand": "*", "places": ["home", "B"]}


@pytest.mark.parametrize(
    ("numerator", "denominator", "sent"),
    [
        ({"origins": "B"}, ALL_DEMAND, 40),
        ({"origins": "B"}, EVERYWHERE, 60),
        ({"places": "B", "kinds": "mine"}, EVERYWHERE, 10),
    ],
)
def test_places_are_selected_by_name(tmp_path, numerator, denominator, sent):
    """B makes metal at 10, wants 50 t itself and sends it for 5; home has it at 50 and wants 100 t.
    At most 0.4 of home demand from B are 40 t sent, of demand everywhere 60 t; at most as much
    made at B are 10 t sent. Without, all 100 t are: 2,000. Where no place is named the country
    alone counts."""
    study = Study(places=["B"]).good("li", "refined", demand=100, shortage_cost=SHORT)
    study.at("B", "li", demand=50).trade("li", "B", "home", freight=5)
    for name, place, price_of in (("ours", "", 50), ("theirs", "B", 10)):
        made = {"stage": "processing", "gives": {"li": 1}, "place": place}
        study.process(name, "mine", **made, variable_cost=price_of)
    rule = {"numerator": numerator, "denominator": denominator, "at_most": 0.4}
    plan = plan_of(study.policy("p", "share", **rule), tmp_path)
    assert plan.objective == pytest.approx(500 + 15 * sent + 50 * (100 - sent))


def test_a_floor_that_cannot_be_met_says_what_it_counts(tmp_path):
    """A mine of 30 t, and 40 t asked of it: the level that can be met is 0.3."""
    rule = _output(stages="processing", origins="home")
    study = dig(market(), 50, max_activity=30).policy("own", "share", **rule)
    with pytest.raises(InfeasibleError, match="own"):
        plan_of(study, tmp_path)
    (clash,) = planner.explain(planner.read(study.write(tmp_path / "short"))).clashes
    (relaxation,) = clash.relaxations
    assert "lower own from 40 %" in relaxation.words
    assert relaxation.factor == pytest.approx(0.75)
    assert any("stages processing; origins home" in reason.words for reason in clash.reasons)


# ---- refused


def refusal(study: Study, folder, **fields: Any) -> str:
    with pytest.raises(SpecError) as found:
        planner.read(study.policy("p", "share", **fields).write(folder / "refused"))
    return str(found.value)


WRONG = {
    "at_least or at_most': is missing": {"at_least": None},
    "at_most': stands beside at_least": {"at_most": 0.5},
    "numerator': is 'processing'; say what it counts": {"numerator": "processing"},
    "numerator.stage': is not a field of numerator (did you mean 'stages'?)": {
        "numerator": {"stage": "processing"}
    },
    "numerator.stages': 'procesing' is unknown (did you mean 'processing'?)": {
        "numerator": {"stages": "procesing"}
    },
    "numerator.processes': is empty; name at least one, or write '*'": {
        "numerator": {"processes": []}
    },
    "without `stages` it would count dig": {"numerator": {"stages": "use", "processes": "dig"}},
    "numerator.demand': is not a field of numerator": {"numerator": {"demand": "*"}},
    "denominator.stages': says which flow counts": {
        "denominator": {"demand": "*", "stages": "use"}
    },
    "denominator.market': says which demand counts": {"denominator": {"market": "home"}},
    "denominator': selects no demand: nothing of it is abroad": {
        "denominator": {"demand": "*", "market": "abroad"}
    },
    "numerator.less_exports': is 'yes'; write true or false": {
        "numerator": {"less_exports": "yes"}
    },
    "numerator.goods': is 3; give a name, a list of names, or '*'": {"numerator": {"goods": 3}},
    "each': 'goods' is unknown": {"each": ["goods"]},
}


@pytest.mark.parametrize("said", WRONG)
def test_a_selection_that_cannot_be_is_refused(tmp_path, said):
    """Each with the place, what is wrong and a way out."""
    fields = {"numerator": {"processes": "dig"}, "denominator": ALL_DEMAND, "at_least": 0.2}
    given = {key: value for key, value in {**fields, **WRONG[said]}.items() if value is not None}
    text = refusal(dig(market(), 50), tmp_path, **given)
    assert said in text
    assert "study.toml row" in text


def test_a_part_of_what_is_mixed_is_refused(tmp_path):
    """Of ore from home and abroad in one good nobody can tell what is home metal, nor what of the
    metal was counted as ore."""
    text = refusal(chain(pooled=True), tmp_path, **_output(pathways=DOMESTIC))
    assert "'refine' may work up lithium of several provenances" in text
    both = _output(stages=list(BOTH), origins="home")
    text = refusal(chain(pooled=True), tmp_path, **both)
    assert "'ore' is made by processes that count and by 'ship'" in text


def test_a_good_without_an_equivalent_is_refused_unless_metal_is_counted(tmp_path):
    """The refined metal in a tonne of ore is not said; contained metal is."""
    study = chain()
    study.rows["good_values"] = [r for r in study.rows["good_values"] if r["good"] != "ore"]
    rule = _output(stages="extraction", origins="home")
    assert "'ore', which has no 'equivalent' in lithium" in refusal(study, tmp_path, **rule)
    study.policies["p"]["measured"] = "contained"
    assert planner.read(study.write(tmp_path / "contained")).policies


# ---- the command line


def set_on(study: Study, folder, **overrides: Any) -> list[float]:
    paths = {f"policies.{key.replace('__', '.')}": value for key, value in overrides.items()}
    plan = plan_of(study, folder, overrides=paths)
    return yearly(plan, "activity", "dig")


@pytest.mark.parametrize("kind", ["self_sufficiency", "share"])
def test_a_year_of_a_level_is_set_by_its_path(tmp_path, kind):
    """A number holds in each year: one year of it may be set, and the others stay. Of a level by
    year one is replaced or added, and the years between follow."""
    level = {"self_sufficiency": "share", "share": "at_least"}[kind]
    fields = named_fields(kind)
    study = dig(market(last=2024), 50).policy("own", kind, **fields, **{level: 0.4})
    assert set_on(study, tmp_path, **{f"own__{level}__2022": 0.1}) == [40, 10, 40, 40]
    study.policies["own"][level] = {2021: 0.1, 2024: 0.4}
    assert set_on(study, tmp_path, **{f"own__{level}__2024": 0.1}) == [10, 10, 10, 10]
    assert set_on(study, tmp_path, **{f"own__{level}__2022": 0.4}) == [10, 40, 40, 40]
    assert set_on(study, tmp_path, own__enabled="false") == [0, 0, 0, 0]
    later = {"own__from": 2023, f"own__{level}": 0.2}
    assert set_on(study, tmp_path, **later) == [0, 0, 20, 20]


def named_fields(kind: str) -> dict[str, Any]:
    if kind == "share":
        return {"numerator": {"origins": "home"}, "denominator": HOME_DEMAND}
    return {"metal": "lithium", "stages": ["processing"]}


def test_a_field_of_a_selector_is_set_by_its_path(tmp_path):
    """The floor on the mine is asked of imports instead."""
    study = dig(market(), 50).policy("own", "share", **named_fields("share"), at_least=0.4)
    assert set_on(study, tmp_path, own__numerator__origins="*") == [0]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("own.numerator.origin", "'policies.own.numerator.origin': is not a field of numerator"),
        ("own.at_least.soon", "'soon' is no year; write policies.own.at_least.YEAR"),
        ("own.source.2030", "'source' holds no numbers by year; write policies.own.source"),
        ("own.a.b.c", "no policy has this path; write policies.NAME.FIELD"),
        ("ow.at_least", "(did you mean 'own'?)"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(tmp_path, path, said):
    study = dig(market(), 50).policy("own", "share", **named_fields("share"), at_least=0.4)
    with pytest.raises(SpecError) as found:
        planner.read(study.write(tmp_path / "s"), overrides={f"policies.{path}": 0.1})
    assert said in str(found.value)
