"""Selectors of policies: read from study.toml, names checked, `*` written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from planner.study.schema import SELECTOR_FIELDS, PolicyField, SelectorField
from planner.study.targets.written import Written
from planner.system.selection.selector import AT_HOME, Selector
from planner.units import suggestion

ALL = "*"
OF_DEMAND = ("demand", "metals", "market", "places")
UNFIT: Mapping[str, tuple[str, ...]] = {
    "numerator": ("demand", "market"),
    "denominator": ("less_exports",),
    "activity": ("demand", "market", "less_exports", "flow"),
}
"""Fields that a selector may not have, by the field of the policy that holds it."""


class Reader(Protocol):
    """What refuses and knows names: `planner.study.policies.PolicyReader`."""

    def refuse(self, policy: Written, key: str, message: str) -> None: ...

    def is_known(self, policy: Written, field: PolicyField, name: str) -> bool: ...

    def every(self, field: PolicyField) -> tuple[str, ...]: ...


def read_selector(reader: Reader, policy: Written, key: str) -> Selector:
    """A selector of a policy; what is wrong with it is refused and left out."""
    given = policy.fields[key]
    if not isinstance(given, dict):
        said = 'say what it counts, such as { stages = ["processing"], origins = "home" }'
        reader.refuse(policy, key, f"is {given!r}; {said}")
        return Selector()
    own = Written(f"{policy.name}.{key}", given, policy.section)
    found = _fields(reader, own, key)
    _check_kind(reader, own, found)
    return Selector(**{name: value for name, value in found.items() if value is not None})


def _fields(reader: Reader, own: Written, key: str) -> dict[str, Any]:
    """The fields that a selector may have, with their values; None for those that were refused."""
    allowed = {f.name: f for f in SELECTOR_FIELDS if f.name not in UNFIT[key]}
    found: dict[str, Any] = {}
    for name in own.fields:
        if name not in allowed:
            close, there = suggestion(name, allowed), ", ".join(allowed)
            reader.refuse(own, name, f"is not a field of {key}{close}; there are: {there}")
        else:
            found[name] = _value(reader, own, allowed[name])
    return found


def _check_kind(reader: Reader, own: Written, found: Mapping[str, Any]) -> None:
    """Demand is counted or a flow, never both."""
    if "demand" in found:
        for name in found:
            if name not in OF_DEMAND:
                reader.refuse(own, name, "says which flow counts, but `demand` counts no flow")
    elif "market" in found:
        reader.refuse(own, "market", 'says which demand counts; give demand = "*" with it')


def _value(reader: Reader, own: Written, field: SelectorField) -> Any:
    """The value of a field; None where it was refused."""
    given = own.fields[field.name]
    if not field.among:
        return _switch(reader, own, field.name, given)
    as_names = PolicyField(field.name, "names", field.among, field.only)
    if not field.several:
        return _name(reader, own, as_names, given)
    return _every(reader, own, as_names) if given == ALL else _names(reader, own, as_names, given)


def _switch(reader: Reader, own: Written, key: str, given: Any) -> bool | None:
    """True or false."""
    if isinstance(given, bool):
        return given
    reader.refuse(own, key, f"is {given!r}; write true or false")
    return None


def _name(reader: Reader, own: Written, field: PolicyField, given: Any) -> str | None:
    """A single name."""
    if isinstance(given, str):
        return given if reader.is_known(own, field, given) else None
    reader.refuse(own, field.name, f"is {given!r}; give a name")
    return None


def _every(reader: Reader, own: Written, field: PolicyField) -> tuple[str, ...]:
    """All names that a field may hold; all origins are those of what comes in."""
    kept = AT_HOME if field.name == "origins" else ""
    names = tuple(name for name in reader.every(field) if name != kept)
    if not names:
        reader.refuse(own, field.name, f"is '{ALL}', but the study has none")
    return names


def _names(reader: Reader, own: Written, field: PolicyField, given: Any) -> tuple[str, ...] | None:
    """A name, or a list of them."""
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        reader.refuse(own, field.name, f"is {given!r}; give a name, a list of names, or '{ALL}'")
        return None
    if not listed:
        reader.refuse(own, field.name, f"is empty; name at least one, or write '{ALL}'")
        return None
    known = [name for name in listed if reader.is_known(own, field, name)]
    return tuple(dict.fromkeys(known)) or None


def selections(given: Mapping[str, Any]) -> dict[str, Selector]:
    """Selectors of a policy by the field of `Policy` that they fill: those that name no metals have
    those of the policy."""
    metals = given.get("metals") or ()
    found = {"numerator": given.get("numerator") or given.get("activity")}
    found["denominator"] = given.get("denominator")
    return {
        name: _with_metals(each, tuple(metals)) for name, each in found.items() if each is not None
    }


def _with_metals(selector: Selector, metals: tuple[str, ...]) -> Selector:
    """A selector with these metals, unless it names its own or there are none."""
    return selector if selector.metals or not metals else replace(selector, metals=metals)
