"""What a family of rows or a policy form forgets is an error, and what other modules must know of
it follows from its record."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace

import numpy as np
import pytest

import planner
from planner.analysis.diagnosis.infeasible_case import LOWERED, raised
from planner.analysis.diagnosis.row_descriptions import TARGET_NAMES
from planner.analysis.security.recourse import HOLDING, RECOURSE
from planner.lp.families import BY_NAME, FORMULATION, PHYSICAL, TARGETS
from planner.lp.families.balance import BALANCE
from planner.lp.families.quota import QUOTA
from planner.lp.family import Physical, Target
from planner.lp.variables import COLUMNS, Variable
from planner.study import policies
from planner.study.policies import PolicyReader
from planner.study.schema import (
    COMMON,
    FROM,
    POLICIES,
    POLICY_FORMS,
    ROWS_OF_NATURE,
    TO,
    PolicyField,
    PolicyForm,
)
from planner.system.nouns import Policy
from tests.small import Study


def given(record, without=""):
    """The values of a record, but for one of them."""
    return {f.name: getattr(record, f.name) for f in fields(record) if f.name != without}


@pytest.mark.parametrize(
    ("record", "name"),
    [
        *((QUOTA, f.name) for f in fields(Target)),
        *((BALANCE, f.name) for f in fields(Physical)),
        *((COLUMNS[0], f.name) for f in fields(Variable)),
    ],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_a_record_without_one_of_its_fields_is_refused(record, name):
    """Were `relax` or `holds_under_loss` to have a default, a family that forgets it would be said
    to have no other level that would do, or be left out of every loss."""
    assert type(record)(**given(record)) == record
    with pytest.raises(TypeError, match=name):
        type(record)(**given(record, without=name))


def test_a_field_of_a_policy_states_how_it_is_read():
    """A field that nobody reads would be accepted unchecked."""
    assert all(f.default is MISSING and f.default_factory is MISSING for f in fields(PolicyField))
    with pytest.raises(TypeError, match="reading"):
        PolicyField(name="among", among="processes", only="any")
    with pytest.raises(TypeError, match="say what its names are among"):
        PolicyField("among", "names", (), "any")
    with pytest.raises(TypeError, match="'among' does not say how it is read"):
        PolicyForm("mix", "a mix", "share", "1", ("among",))


def test_every_reading_of_a_field_has_its_reader(tmp_path):
    """Each field of each form is read by a method of the reader, and names are looked up among
    something that the reader knows."""
    found = []

    class Reader(PolicyReader):
        def __init__(self, *args):
            super().__init__(*args)
            found.append(self)

    study = Study().good("li", "refined", demand=1, shortage_cost=100)
    folder = study.process("mine", "mine", gives={"li": 1}).write(tmp_path / "small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policies, "PolicyReader", Reader)
        planner.read(folder)
    for form in POLICIES:
        for field in form.fields:
            assert field.reading in found[0].readings
            assert isinstance(field.among, tuple) or field.among in found[0].nouns_named


def test_a_field_that_no_policy_had_before_is_read_and_checked(tmp_path, monkeypatch):
    """A form with a field of its own, of names: unknown ones are refused, known ones reach the
    policy."""
    among = PolicyField("among", "names", "processes", "any")
    form = PolicyForm("mix", "a mix", "share", "1", (among,), (FROM, TO))
    monkeypatch.setitem(POLICY_FORMS, "mix", form)
    study = Study().good("li", "refined", demand=1, shortage_cost=100)
    study.process("mine", "mine", gives={"li": 1})
    study.policy("rule", "mix", share=0.5, among=["mine"])
    system = planner.read(study.write(tmp_path / "known"))
    assert system.policies["rule"].named == {"among": ("mine",)}
    study.policies["rule"]["among"] = ["min"]
    with pytest.raises(planner.SpecError, match=r"rule.among.*'min' is unknown.*mine"):
        planner.read(study.write(tmp_path / "unknown"))


def test_a_target_has_a_policy_form_and_a_form_its_rows():
    """A closure acts through the bounds of imports, and nobody has to claim a subsidy."""
    assert {family.kind for family in TARGETS} == set(POLICY_FORMS) - {"closure", "subsidy"}
    with pytest.raises(TypeError, match="no form of POLICY_FORMS is of kind 'quotas'"):
        replace(QUOTA, kind="quotas")
    for kind, form in POLICY_FORMS.items():
        floors = [f for f in TARGETS if f.kind == kind and "breach" in f.rule.__code__.co_names]
        assert bool(floors) == ("penalty" in [field.name for field in form.optional])


def test_every_family_is_either_physical_or_a_target():
    physical, targets = ({f.name for f in each} for each in (PHYSICAL, TARGETS))
    assert physical | targets == set(BY_NAME)
    assert not physical & targets
    assert physical == ROWS_OF_NATURE
    assert targets == TARGET_NAMES
    assert len(BY_NAME) == len(FORMULATION)


def test_families_of_one_kind_relax_the_same_way():
    """A level goes one way for all rows of a policy: of a share by the side that it names."""
    for family in TARGETS:
        ceiling = family.name == "share_ceiling"
        policy = Policy("p", family.kind, np.ones(1), ceiling=ceiling)
        assert raised(policy) == (family.relax == "raise")


def test_what_is_derived_is_what_stood_in_lists_before():
    """The lists as they were kept by hand, so that a changed record of these families is seen."""
    upwards = {"import_share", "quota", "carbon_cap", "carbon_budget", "capital_budget", "pin"}
    lowered = {"self_sufficiency", "recycled_content", "collection_target", "stockpile_cover"}
    assert lowered <= LOWERED
    assert not upwards & LOWERED
    holding = {
        *("balance", "plant_capacity", "ramp", "depletion", "host_limit", "collection"),
        *("stockpile_balance", "emission_account", "quota"),
    }
    suspended = {
        *("capacity_balance", "build_rate", "capacity_limit", "run_down", "exploration_limit"),
        *(
            "extension",
            "service",
            "pin_floor",
            "pin_ceiling",
            *lowered,
            *(upwards - {"quota", "pin"}),
        ),
    }
    assert holding <= HOLDING
    assert not suspended & HOLDING
    assert suspended <= set(BY_NAME)
    chosen = {"activity", "stockpile", "fill", "draw", "disposal", "shortage", "remaining"}
    assert chosen | {"emission"} <= RECOURSE
    assert not {"new_capacity", "capacity", "measure", "explored", "breach"} & RECOURSE


def test_no_field_stands_twice_in_a_form():
    for form in POLICIES:
        names = [*form.levels, *(field.name for field in form.fields)]
        assert len(set(names)) == len(names)
        assert form.fields[: len(COMMON)] == COMMON
