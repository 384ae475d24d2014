"""The table of meanings against what really happens: every number of every kind of noun is changed,
and what changes in the programme or the results is compared with what the reader says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest

import planner
from planner.errors import Problem
from planner.lp.arrays import Arrays
from planner.plan.plan import Plan
from planner.solver.compiled import compiled
from planner.study.meaning import MEANINGS
from planner.study.reader import Rereader
from planner.study.schema import BY_NAME, POLICY_FORMS, SELECTOR_FIELDS, SERIES_UNITS
from planner.system.nouns import TRADE, Distribution, GoodKind, ProcessKind, System
from tests.small import Study, system_of

KINDS: tuple[str, ...] = get_args(GoodKind)
PROCESSES: tuple[str, ...] = tuple(kind for kind in get_args(ProcessKind) if kind != TRADE)
LIVES: tuple[str, ...] = get_args(Distribution)
BOTH = {"lithium": 0.2, "cobalt": 0.1}
STOCKED = {"closing_stock": 2, "max_stock": 50, "holding_cost": 1}
OF_ACTIVITY: dict[str, Any] = {
    "variable_cost": 1,
    "import_price": 2,
    "transport_cost": 3,
    "credit": 0.5,
    "transfer": 0.6,
    "electricity": 2,
    "direct_emission": 3,
    "embodied_emission": 4,
    "transport_emission": 5,
    "loading": 1.5,
    "max_activity": 60,
    "min_activity": 1,
    "observed": {2021: 10},
    "host_content": 0.1,
}
STEPS = ("a", "b", "0", "1", "2")
ORE = {"grade": 0.1, "ore_cost": 1, "ore_electricity": 0.2, "ore_emission": 0.3}
"""Of curves."""
ORDERS = {"lead_time": 1, "max_new": 20, "interest_rate": 0.06}
Key = tuple[str, str, str]
"""(table, noun, parameter)."""
PLACES = frozenset(
    (each.table, "parameter" if form.has_parameter_column else form.keys[0].name)
    for each in MEANINGS
    if each.names and (form := BY_NAME[each.table]).has_values
)
"""Table and column at which a number without a meaning is named."""
NOT_OF_A_PLAN = ("observations", "discovery_values")
"""Tables that the programme never sees: they are read by `planner reconcile` (tests/mfa), and by
ensembles (tests/analysis/test_discoveries.py)."""
NOT_IN_TABLES = ("series.population",)
"""Read by `planner.indicators` of a plan, not by the tables of the run (tests/plan)."""


def everything() -> Study:
    """Every number of the format on every kind of noun, whether it means anything there or not."""
    s = Study(2021, 2023, discount_rate=0.05, metals=("lithium", "cobalt"))
    s.good("li", "refined", demand=100, shortage_cost=1e5, export=True, equivalent=1.0)
    s.good("pack", "intermediate", content=BOTH, equivalent=BOTH)
    s.process("packs", "import", gives={"pack": 1}, import_price=9, origin="X", min_activity=1)
    s.process("unpack", "recycle", takes={"pack": 1}, gives={"li": 0.2}, loss="slag")
    _goods(s)
    _processes(s)
    _equipment(s)
    _products(s)
    s.measure("spare", "efficiency", "cell", cost=5, potential=0.1, ratio=1, longer=1)
    s.measure("swap", "substitution", "cell", instead="li", cost=5, potential=0.1, ratio=1)
    s.measure("drop", "substitution", "cell", cost=5, potential=0.1, ratio=1, longer=1)
    s.measure("last", "lifetime", "cell_fixed", product="b_fixed", cost=5, potential=0.1, longer=1)
    s.loss_media("slag", {"air": 0.1, "water": 0.05})
    s.good("sold", "refined", export=True)
    s.process("sell", "import", gives={"sold": 1}, origin="X", pathway="foreign primary")
    s.curve("sell", a={"price": 1, "amount": 5, "reserve": 9}, b={"price": 2, "amount": 90, **ORE})
    s.curve("sold", a={"price": 50, "amount": 20}, b={"price": 40, "amount": 9})
    s.good("answers", "refined", export=True)
    s.process("given", "import", gives={"answers": 1}, origin="X", pathway="foreign primary")
    ends = {"lowest_price": 10, "highest_price": 90, "steps": 2, "market_power": 0.5}
    for of, elasticity in {"given": 0.8, "answers": -1.2, "d_recycle": 0.8}.items():
        reference = {"reference_price": 30, "reference_amount": 10}
        s.elastic(of, elasticity=elasticity, **reference, **ends)
    for name in ("sell", "given"):
        s._values("process_values", {"process": name}, {"unseen_from": 3})
    rise = {"unseen_cost": 2, "unseen_rise": 1}
    s._values("process_values", {"process": "given"}, rise)
    s.curve("d_mine", a={"price": 1, "reserve": 5, "amount": 5}, b={"price": 2, **ORE})
    s.take_back("old_fixed", more=0.1, cost=3, fee=1)
    s.take_back("refined_alone", more=0.1, cost=3, fee=1)
    for name, value in {
        "grid_intensity": 0.5,
        "carbon_price": 10,
        "direct_emission_index": 1,
        "foreign_emission_index": 1,
        "population": 1e6,
    }.items():
        s.series(name, value)
    s.policy("pin", "pin", tolerance=0.5, penalty=1e3)
    s.policy("share", "import_share", metal="lithium", origin="X", share=0.9, of="demand")
    return s


def _goods(s: Study) -> None:
    """Each kind of good demanded, as an output of several, and alone; single-metal ones claim
    contents as well."""
    for kind in KINDS:
        own = {"equivalent": 0.9, "disposal_cost": 3, "shortage_cost": 1e5}
        s.good(f"{kind}_wanted", kind, demand=10, opening_stock=1, **own, **STOCKED)
        s.good(f"{kind}_joint", kind, opening_stock=1, **own, **STOCKED)
        s.good(f"{kind}_alone", kind, **own, **STOCKED)
        s.good(f"{kind}_made", kind, disposal_cost=3)
        content = {"good": f"{kind}_made", "metal": "lithium"}
        s.rows["good_values"].append(
            {**content, "parameter": "content", "value": 0.5, "unit": "t/t", "source": "test"}
        )
        s.process(
            f"joint_{kind}",
            "refine",
            takes={"li0": 1},
            gives={f"{kind}_joint": 0.4, "by": 0.5},
            loss="slag",
            pathway="foreign primary",
        )
        s.process(
            f"made_{kind}",
            "manufacture",
            takes={"li0": 1},
            gives={f"{kind}_made": 0.4, "by": 0.5},
            loss="slag",
            pathway="new scrap",
        )
        s.process(
            f"alone_{kind}",
            "import",
            gives={f"{kind}_alone": 1},
            import_price=10,
            origin="X",
            pathway="foreign primary",
        )
        s.process(
            f"wanted_{kind}",
            "import",
            gives={f"{kind}_wanted": 1},
            import_price=10,
            origin="X",
            pathway="foreign primary",
        )
        taken = {f"{kind}_joint": 0.4, f"{kind}_alone": 0.3, f"{kind}_made": 0.3}
        s.process(f"take_{kind}", "collect", takes=taken, gives={"li": 0.8}, loss="slag")
    s.good("by", "scrap")
    s.good("li0", "refined")
    s.process("buy", "import", gives={"li0": 1}, import_price=20, origin="X")


def _processes(s: Study) -> None:
    """Each kind of process with a plant, a host, a ramp and a deposit, and each with none."""
    for kind in PROCESSES:
        s.plant(f"k_{kind}", existing_capacity=50).ramp(f"r_{kind}", growth=0.5, stopping_cost=4)
        announced = {"probability": 0.55} if kind == "collect" else {}
        s.deposit(f"d_{kind}", reserve=1e4, additions=5, **announced)
        if kind != "byproduct":
            s.host(f"h_{kind}", 1000)
        s.process(
            f"p_{kind}",
            kind,
            takes={f"d_{kind}": 1.1},
            gives={"li": 1},
            loss="tailings",
            host=f"h_{kind}",
            plant=f"k_{kind}",
            ramp_group=f"r_{kind}",
            origin="X",
            **OF_ACTIVITY,
        )
        s.process(
            f"q_{kind}",
            kind,
            takes={"li0": 1},
            gives={"li": 0.9},
            loss="slag",
            origin="X",
            **OF_ACTIVITY,
        )


def _equipment(s: Study) -> None:
    """Plants that can be ordered, that only stand, that are under construction, that nobody
    uses; and the same of all that processes name."""
    s.plant(
        "full",
        existing_capacity=5,
        capital_cost=100,
        life=10,
        fixed_cost=1,
        availability=0.9,
        max_capacity=80,
        **ORDERS,
    )
    s.plant("stands", existing_capacity=5, life=10, fixed_cost=1, max_capacity=80, **ORDERS)
    s.plant("coming", under_construction={2022: 5}, life=1.5, probability=0.55)
    for name in ("full", "stands", "coming"):
        s.process(
            f"on_{name}", "refine", takes={"li0": 1}, gives={"li": 1}, plant=name, loss="slag"
        )
    s.plant("idle", existing_capacity=5, fixed_cost=0, probability=0.55).deposit(
        "buried", reserve=10
    )
    s.host("lonely", 10, lithium=0.3).host("filling", 10, lithium=0.3)
    s.host("h_byproduct", 1000, lithium=0.2).residue("d_mine", "h_byproduct", 0.4)
    s.residue("d_refine", "filling", 0.5).residue("buried", "filling", 0.3)
    s.ramp("unnamed", growth=0.5, step=5, decline=0.5)
    s.ramp("grown", growth=0.5, step=5, decline=0.5, stopping_cost=4)
    s.process("grows", "refine", takes={"li0": 1}, gives={"li": 1}, ramp_group="grown", loss="slag")
    s.exploration("d_mine", cost=10, potential=100, delay=1, most=1000)
    s.exploration("buried", cost=10, potential=100, delay=1, most=1000)


def _products(s: Study) -> None:
    """A use stock of each lifetime distribution, each with a standard deviation and a shape."""
    s.good("cell", "product", demand=20, shortage_cost=1e5, equivalent=1)
    s.process("cells", "manufacture", takes={"li0": 1}, gives={"cell": 1}, loss="slag")
    for kind in LIVES:
        s.good(f"cell_{kind}", "product", demand=20, shortage_cost=1e5, equivalent=1)
        s.process(
            f"cells_{kind}", "manufacture", takes={"li0": 1}, gives={f"cell_{kind}": 1}, loss="slag"
        )
        s.good(f"old_{kind}", "waste", collection=0.5)
        s.process(
            f"collect_{kind}", "collect", takes={f"old_{kind}": 1}, gives={"by": 1}, loss="slag"
        )
        s.product(
            f"b_{kind}",
            waste=f"old_{kind}",
            uses={f"cell_{kind}": 1},
            inflow={2019: 5, 2020: 6},
            life=2,
            distribution=kind,
            lifetime_sd=0.7,
            lifetime_shape=2,
            dissipated=0.1,
        )
        s.rows["cohorts"].append(
            {
                "product": f"b_{kind}",
                "year": 2020,
                "value": 5.5,
                "unit": "t",
                "source": "test",
                "parameter": "stock",
            }
        )


def changed(path: str, parameter: str, value: float) -> float:
    """Another value that the number may have, such that the balances still hold."""
    if parameter in ("lead_time", "delay", "steps"):
        return value + 1
    if path.endswith(".in") or parameter in ("max_stock", "content"):
        return value * 1.05
    return value * 0.9 if value else 0.1


def entries(arrays: Arrays) -> dict[tuple[Any, ...], float]:
    """Every number of a programme by what it is of: names of row and column, and its place."""
    found: dict[tuple[Any, ...], float] = {}
    for part, names in (
        ("cost", arrays.columns),
        ("carbon", arrays.columns),
        ("lower", arrays.columns),
        ("upper", arrays.columns),
        ("row_lower", arrays.rows),
        ("row_upper", arrays.rows),
    ):
        for name, value in zip(names, getattr(arrays, part).tolist(), strict=True):
            found[part, name] = value
    matrix = arrays.matrix.tocoo()
    for i, j, value in zip(matrix.row, matrix.col, matrix.data.tolist(), strict=True):
        found["matrix", arrays.rows[i], arrays.columns[j]] = value
    return found


def touched(before: Mapping[Any, float], after: Mapping[Any, float]) -> set[str]:
    """Names of nouns in the index of a row or column that is not the same."""
    return {
        str(word)
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
        for _, index in key[1:]
        for word in index
    }


def rows_of(plan: Plan) -> set[tuple[str, ...]]:
    """Every row of every result table, as text."""
    return {
        (name, *map(str, row))
        for name, table in plan.tables.items()
        for row in table.itertuples(index=False)
    }


def differing(a: Plan, b: Plan) -> set[tuple[str, ...]]:
    """Rows of result tables that only one of two plans has."""
    return rows_of(a) ^ rows_of(b)


def said(study: Study, problems: Iterable[Problem]) -> set[Key]:
    """The numbers that the reader says have no meaning, where it does not speak of the whole
    noun."""
    found = set()
    for problem in problems:
        form = BY_NAME.get(problem.file.removesuffix(".csv"))
        if form is not None and (form.name, problem.column) in PLACES:
            row = study.rows[form.name][problem.row - 2]
            parameter = row.get("parameter", form.parameters[0].name)
            found.add((form.name, row[form.keys[0].name], parameter))
    return found


@contextmanager
def unrefused() -> Iterator[None]:
    """Read what has no meaning as well; warnings stay."""
    with pytest.MonkeyPatch.context() as patch:
        warnings = tuple(each for each in MEANINGS if each.severity == "warning")
        patch.setattr("planner.study.judgement.unheeded.MEANINGS", warnings)
        yield


class Trial:
    """The study above, read without any refusal, with its numbers changed and compared."""

    def __init__(self, folder: Path) -> None:
        with unrefused():
            self.system = planner.read(folder)
            self.reader = Rereader.of(self.system)
        self.series: dict[Key, list[tuple[str, float]]] = {}
        for datum in self.system.data:
            table, noun, *rest = datum.stem.split(".")
            form = BY_NAME[table]
            parameter = rest[-1] if form.has_parameter_column else form.parameters[0].name
            if table not in NOT_OF_A_PLAN and datum.stem not in NOT_IN_TABLES:
                key = table, noun, parameter
                self.series.setdefault(key, []).append((datum.path, datum.value))
        self.programme = entries(compiled(self.system).arrays)

    def again(self, keys: Iterable[Key]) -> System:
        """The system with all numbers of these series changed."""
        values = {
            path: changed(path, key[2], value) for key in keys for path, value in self.series[key]
        }
        with unrefused():
            system, problems = self.reader.system(values)
        assert system is not None
        assert not problems, [str(problem) for problem in problems]
        return system

    def in_programme(self) -> set[Key]:
        """The series of which the programme knows: one parameter of all nouns is changed at once,
        since rows and columns name the nouns."""
        found = set()
        for table, parameter in dict.fromkeys((table, name) for table, _, name in self.series):
            keys = [key for key in self.series if (key[0], key[2]) == (table, parameter)]
            seen = touched(self.programme, entries(compiled(self.again(keys)).arrays))
            found.update(key for key in keys if not seen.isdisjoint(known_as(key[1])))
        return found


def known_as(noun: str) -> set[str]:
    """Names under which the programme knows a noun: a use stock by the waste that it becomes, a
    host without by-products by the residue that it fills, a series of the whole study by the
    accounts that it multiplies, a curve by its steps, the rest by their own."""
    if noun in SERIES_UNITS:
        return {"territorial", "footprint"}
    if noun == "filling":
        return {"d_refine"}
    if noun.startswith("b_"):
        return {f"old_{noun.removeprefix('b_')}"}
    return {noun, *(f"{noun}/{step}" for step in STEPS)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return everything().write(tmp_path_factory.mktemp("meaning") / "study")


def test_what_the_reader_says_is_what_happens(folder: Path) -> None:
    """Each number of each kind of noun is changed. What changes nothing in the programme or in any
    result table is refused or warned about, all else is accepted: before there was such a table,
    the electricity of an import, the loading of a process without a plant or the standard deviation
    of a fixed life were read and went nowhere."""
    trial, study = Trial(folder), everything()
    vain = said(study, [*planner.check(folder), *trial.system.warnings])
    vain &= set(trial.series)
    heard = trial.in_programme()
    assert not heard & vain, "said to mean nothing, although the programme knows it"
    plan = planner.solve(trial.system)
    # all that is given in vain at once: no number of any result may move
    assert not differing(plan, planner.solve(trial.again(vain)))
    # what the programme does not know, and nothing is said of, shows in a result
    whole = {"unnamed", "lonely", "buried", "idle"}
    rest = {key for key in set(trial.series) - heard - vain if key[1] not in whole}
    lost = {key for key in rest if key[0] == "loss_media"}
    assert lost
    assert differing(plan, planner.solve(trial.again(lost)))
    # nothing is taken back in this plan, so that no fee shows (tests/lp/test_take_back.py)
    rest -= lost | {("take_back", "old_fixed", "fee")}
    paid = {key for key in rest if key[2] == "transfer"}
    seen = {word for row in differing(plan, planner.solve(trial.again(paid))) for word in row}
    assert {key[1] for key in paid} <= seen
    assert {key[2] for key in rest - paid} <= {"equivalent", "content"}
    for key in sorted(rest - paid):
        if key[1].endswith("_wanted") or key[2] == "content":
            assert differing(plan, planner.solve(trial.again([key]))), key


def test_every_row_of_the_table_is_tried(folder: Path) -> None:
    """Each meaning is broken by some number of the study above, and kept by another."""
    trial, study = Trial(folder), everything()
    vain = said(study, [*planner.check(folder), *trial.system.warnings])
    for table, name in {
        (m.table, n) for m in MEANINGS for n in m.names if BY_NAME[m.table].has_values
    }:
        if table not in ("collection", "series"):
            assert any((key[0], key[2]) == (table, name) for key in vain), (table, name)
        assert any((key[0], key[2]) == (table, name) for key in set(trial.series) - vain)


# ---- policies and the head


def ruled() -> Study:
    """A small study in which every kind of policy finds what it names."""
    s = Study(2021, 2024, metals=("lithium", "cobalt"))
    for metal in ("lithium", "cobalt"):
        own = {"metal": metal, "opening_stock": 5}
        s.good(f"{metal}_ore", "intermediate", metal=metal, equivalent=0.9)
        s.good(metal, "refined", **own).good(f"{metal}_old", "waste", metal=metal, collection=0.5)
        s.good(f"{metal}_cell", "product", metal=metal, demand=10, shortage_cost=1e5, equivalent=1)
        s.process(
            f"{metal}_mine",
            "mine",
            gives={f"{metal}_ore": 1},
            variable_cost=1,
            direct_emission=2,
            observed={2021: 3, 2023: 4},
        )
        s.process(
            f"{metal}_refine",
            "refine",
            takes={f"{metal}_ore": 1},
            gives={metal: 0.9},
            loss="slag",
            plant="k",
            observed={2022: 3},
            electricity=1,
        )
        for origin in ("A", "B"):
            s.process(
                f"{metal}_{origin}",
                "import",
                gives={metal: 1},
                import_price=9,
                origin=origin,
                max_activity=50,
                embodied_emission=3,
            )
        s.process(f"{metal}_make", "manufacture", takes={metal: 1}, gives={f"{metal}_cell": 1})
        s.process(
            f"{metal}_collect",
            "recycle",
            takes={f"{metal}_old": 1},
            gives={metal: 0.9},
            loss="slag",
        )
        s.product(
            f"{metal}_b", waste=f"{metal}_old", uses={f"{metal}_cell": 1}, inflow={2020: 5}, life=2
        )
    s.plant("k", existing_capacity=50, capital_cost=10, life=5)
    return s.series("grid_intensity", 0.5).series("carbon_price", 3)


SHARE = {"metal": "lithium", "share": 0.2}
RULES: dict[str, dict[str, Any]] = {
    "self_sufficiency": {**SHARE, "stages": ["processing"]},
    "import_share": {**SHARE, "origin": "A"},
    "recycled_content": SHARE,
    "quota": {"processes": ["lithium_A"], "cap": 3},
    "collection_target": {"goods": ["lithium_old"], "share": 0.2},
    "carbon_cap": {"scope": "territorial", "cap": 50},
    "carbon_budget": {"scope": "territorial", "cap": 50},
    "impact_cap": {"impact": "water", "scope": "footprint", "cap": 50},
    "impact_budget": {"impact": "water", "scope": "footprint", "cap": 50},
    "capital_budget": {"cap": 50},
    "stockpile_cover": {"goods": ["lithium"], "months": 1},
    "closure": {"origin": "A", "share": 0.5},
    "pin": {"tolerance": 0.1},
    "share": {
        "numerator": {"stages": ["processing"], "origins": "home"},
        "denominator": {"demand": "*"},
        "at_least": 0.2,
    },
    "subsidy": {"activity": {"processes": ["lithium_refine"]}, "rate": 4},
}
EITHER = {"at_most": "at_least", "plants": "activity"}
"""Fields that stand in the place of another."""
OTHER: dict[str, Any] = {
    "enabled": False,
    "from": 2023,
    "to": 2021,
    "penalty": 5.0,
    "metal": "cobalt",
    "origin": "B",
    "stages": ["extraction"],
    "processes": ["cobalt_refine"],
    "scope": "footprint",
    "impact": "land",
    "of": "imports",
    "provenance": "home",
    "numerator": {"origins": ["A"]},
    "denominator": {"stages": ["processing"]},
    "metals": ["cobalt"],
    "each": ["metals"],
    "measured": "activity",
    "demand": ["lithium_cell"],
    "activity": {"kinds": ["import"]},
    "plants": ["k"],
    "budget": 7.0,
}
"""Another value of each field."""
GOODS = {"collection_target": ["cobalt_old"], "stockpile_cover": ["cobalt"]}
LABELS = {"kind", "source", "note", "published", "preset"}
"""Fields that set nothing and say so."""


def programme(study: Study, folder: Path) -> dict[tuple[Any, ...], float]:
    system = system_of(study, folder)
    return entries(compiled(system).arrays)


@pytest.mark.parametrize("kind", POLICY_FORMS)
def test_every_field_of_a_policy_sets_something(tmp_path: Path, kind: str) -> None:
    """Each field that a kind of policy may have, given another value, makes another programme: a
    field that nothing reads would be a choice in vain."""
    form, fields = POLICY_FORMS[kind], RULES[kind]
    study = ruled().policy("p", kind, **fields)
    if kind == "self_sufficiency":
        study.good("ore_of_A", "intermediate", metal="lithium", equivalent=0.9)
        study.process("ship", "import", gives={"ore_of_A": 1}, import_price=2, origin="A")
        study.process(
            "foreign", "refine", takes={"ore_of_A": 1}, gives={"lithium": 0.9}, loss="slag"
        )
    if kind == "stockpile_cover":
        study.good("lens", "product", metal="lithium", demand=4, shortage_cost=1e5, equivalent=1)
    if kind.startswith("impact"):
        study.impact("water", "m3").factor("cobalt_refine", "water", 2)
        study.impact("land", "ha").factor("cobalt_refine", "land", 3)
        study.factor("lithium_A", "water", 1)
    before = programme(study, tmp_path)
    level = fields[form.level]
    others = dict.fromkeys(form.levels, level / 2) | {
        field.name: GOODS[kind] if field.name == "goods" else OTHER[field.name]
        for field in form.fields
        if field.name not in LABELS
    }
    if kind.startswith("impact"):
        others["scope"] = "territorial"
    for name, value in others.items():
        kept = {key: given for key, given in fields.items() if key != EITHER.get(name)}
        study.policies["p"] = {"kind": kind, "source": "test", **kept, name: value}
        assert programme(study, tmp_path) != before, name


SELECTED: dict[str, Any] = {
    "metals": "lithium",
    "goods": "lithium",
    "forms": "refined metal",
    "processes": ["lithium_refine", "cobalt_refine"],
    "kinds": ["refine"],
    "stages": "processing",
    "origins": "home",
    "pathways": "domestic secondary",
    "flow": "takes",
    "less_exports": True,
    "demand": "lithium_cell",
    "market": "home",
}


@pytest.mark.parametrize(
    # places need a study that has some: tests/lp/test_shares.py
    "field",
    [field.name for field in SELECTOR_FIELDS if field.name != "places"],
)
def test_every_field_of_a_selector_sets_something(tmp_path: Path, field: str) -> None:
    """Each field of a selector, beside a share of everything, makes another programme."""
    sold = {"metal": "lithium", "stage": "processing", "export": True, "equivalent": 1}
    study = ruled().good("sold", "product", **sold, demand=2, shortage_cost=9)
    study.process("sell", "manufacture", takes={"lithium": 1}, gives={"sold": 1})
    where = "denominator" if field in ("demand", "market") else "numerator"
    stages = ["extraction", "processing", "recycling"]
    given: dict[str, Any] = {"numerator": {"stages": stages}, "denominator": {"demand": "*"}}
    study.policy("p", "share", **given, at_most=0.2, measured="contained")
    before = programme(study, tmp_path)
    study.policies["p"][where] = {**given[where], field: SELECTED[field]}
    assert programme(study, tmp_path) != before


@pytest.mark.parametrize(
    ("field", "value"),
    [("discount_rate", 0.1), ("border_adjustment", True), ("stock_convention", "end")],
)
def test_every_field_of_the_head_sets_something(tmp_path: Path, field: str, value: Any) -> None:
    """So does each field of study.toml that is neither a name nor a year."""
    study = ruled()
    for row in study.rows["product_values"]:
        row["value"] = 2.5
    before = programme(study, tmp_path)
    study.head[field] = value
    assert programme(study, tmp_path) != before
