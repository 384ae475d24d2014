"""Policies of study.toml: their fields and names checked, levels made into series, closures put
into the bounds of imports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np

from planner.study.counting import uncountable
from planner.study.files import HEAD_FILE
from planner.study.head import Head
from planner.study.nouns import Nouns
from planner.study.problems import Problems, unfit
from planner.study.rows import YEAR, number
from planner.study.schema import (
    COMMON,
    POLICY_FORMS,
    PRESET,
    ROWS_OF_NATURE,
    PolicyField,
    PolicyForm,
    Reading,
)
from planner.study.targets.presets import lacking, unknown
from planner.study.targets.selectors import ALL, read_selector, selections
from planner.study.targets.written import Written
from planner.system.nouns import (
    Array,
    Good,
    Place,
    Policy,
    Process,
    Ramp,
    frozen_array,
)
from planner.system.selection.selector import AT_HOME, Selector
from planner.system.trade import is_from, origins
from planner.units import factor, suggestion

POLICY_NAMES = frozenset(each.name for each in fields(Policy))
TABLES_OF_NAMES = ("goods", "processes")
"""Nouns too many to be listed in a message."""
GOODS_NAMED: Mapping[str, tuple[Callable[[Good], bool], str]] = {
    "any": (lambda good: True, ""),
    "waste": (
        lambda good: good.kind == "waste",
        "'{0.name}' is {0.kind}; a collection target names goods of kind waste",
    ),
    "stored": (
        lambda good: good.stockpile is not None,
        "'{0.name}' cannot be stored; give its opening_stock in good_values.csv",
    ),
    "demanded": (
        lambda good: good.demand is not None,
        "nothing is demanded of '{0.name}'; name goods that demand.csv has",
    ),
}
"""For what a field may name of goods: which they are, and the message for the others."""


@dataclass(frozen=True, slots=True)
class Level:
    """A field that holds a number, or one by year."""

    key: str
    unit: str
    of: str
    """What it is a level of, in words."""
    by_year: bool = True
    maximum: float | None = None


class PolicyReader:
    """Reads policies against the nouns that they name."""

    def __init__(self, head: Head, nouns: Nouns, problems: Problems) -> None:
        self.head, self.nouns, self.problems = head, nouns, problems
        self.years = np.arange(head.periods[0].first, head.periods[-1].last + 1)
        self.nouns_named: Mapping[str, tuple[str, ...]] = {
            "metals": head.metals,
            "origins": tuple(sorted({*filter(None, origins(nouns)), *nouns.abroad})),
            "origins and home": (*sorted({*filter(None, origins(nouns)), *nouns.abroad}), AT_HOME),
            "places and home": (*nouns.abroad, AT_HOME),
            "goods": tuple(nouns.goods),
            "processes": tuple(nouns.processes),
            "impacts": tuple(nouns.impacts),
            "plants": tuple(nouns.plants),
        }
        self.readings: Mapping[Reading, Callable[[Written, PolicyField], Any]] = {
            "kind": lambda policy, field: policy.fields["kind"],
            "text": self._text,
            "switch": self._switch,
            "year": self._year,
            "penalty": self._penalty,
            "name": self._name,
            "names": self._names,
            "selector": self._selector,
            "series": self._budget,
        }

    def refuse(self, policy: Written, key: str, message: str) -> None:
        section = (
            policy.section
            if key in policy.fields and self.head.line(policy.section, key)
            else f"policies.{policy.name}"
        )
        row = self.head.line(section, key) or self.head.line(policy.section)
        self.problems.add(HEAD_FILE, row, f"policies.{policy.name}.{key}".rstrip("."), message)

    def read(self, policy: Written) -> Policy | None:
        """The policy, whether enabled or not; None where its kind is unknown."""
        if wrong := unknown(policy.fields):
            self.refuse(policy, PRESET, wrong)
            return None
        form = self._form(policy)
        if form is None:
            return None
        self._check_name(policy)
        self._check_fields(policy, form)
        given = {
            field.name: self.readings[field.reading](policy, field)
            for field in form.fields
            if field.name in policy.fields
        }
        made = self._made(policy, form, given)
        self._check_counting(made)
        return made

    def _form(self, policy: Written) -> PolicyForm | None:
        kind = policy.fields.get("kind")
        form = POLICY_FORMS.get(kind) if isinstance(kind, str) else None
        if form is None:
            what = "is missing; give one of"
            if "kind" in policy.fields:
                what = f"is {kind!r}{suggestion(str(kind), POLICY_FORMS)}; choose of"
            self.refuse(policy, "kind", f"{what} {', '.join(POLICY_FORMS)}")
        return form

    def _check_name(self, policy: Written) -> None:
        if wrong := unfit(policy.name):
            self.refuse(policy, "", f"the name {policy.name!r} {wrong}")
        if policy.name in ROWS_OF_NATURE:
            self.refuse(
                policy,
                "",
                f"the name '{policy.name}' is that of rows of the programme which no policy sets; "
                f"give it another, such as '{policy.name}_target'",
            )

    def _check_fields(self, policy: Written, form: PolicyForm) -> None:
        """Refuse fields that the form does not have, and miss those that it requires."""
        self._refuse_others(policy, form)
        given = [key for key in form.levels if key in policy.fields]
        if len(given) > 1:
            self.refuse(
                policy,
                given[-1],
                f"stands beside {given[0]}; give either, and the other in a policy of its own",
            )
        own = [field.name for field in form.required]
        self._miss(policy, form, own if given else [" or ".join(form.levels), *own])

    def _refuse_others(self, policy: Written, form: PolicyForm) -> None:
        """Refuse fields that the form does not have."""
        common, own, optional = (
            [field.name for field in fields] for fields in (COMMON, form.required, form.optional)
        )
        allowed = [*common, *form.levels, *own, *optional]
        for key in policy.fields:
            if key not in allowed:
                close, there = suggestion(key, allowed), ", ".join(allowed)
                self.refuse(
                    policy, key, f"is not a field of {form.kind}{close}; there are: {there}"
                )

    def _miss(self, policy: Written, form: PolicyForm, needed: Iterable[str]) -> None:
        """Report the fields that are not given: those needed, what a preset leaves to the study,
        and the source."""
        left = lacking(policy.fields)
        for key in needed:
            if key not in (*policy.fields, *left):
                self.refuse(policy, key, f"is missing; a policy of kind {form.kind} needs it")
        for path in left:
            message = f"is missing; the preset '{policy.fields[PRESET]}' leaves it to the study"
            self.refuse(policy, path, message)
        if "source" not in policy.fields:
            self.refuse(policy, "source", "is missing; say where the target comes from")

    def _made(self, policy: Written, form: PolicyForm, given: Mapping[str, Any]) -> Policy:
        """The policy of these values; names in fields that the noun does not have go together."""
        named = {f.name: given[f.name] for f in form.fields if f.among and f.name in given}
        own = {name: value for name, value in named.items() if name in POLICY_NAMES}
        own |= selections(given)
        others = {name: value for name, value in named.items() if name not in own}
        return Policy(
            policy.name,
            form.kind,
            self._level(policy, form, given),
            **own,
            penalty=given.get("penalty"),
            ceiling=bool(form.or_level and form.or_level in policy.fields),
            budget=given.get("budget"),
            preset=str(policy.fields.get(PRESET, "")),
            named={name: _as_names(value) for name, value in others.items()},
            source=str(policy.fields.get("source", "")),
            place=Place(HEAD_FILE, self.head.line(policy.section)),
        )

    def _check_counting(self, policy: Policy) -> None:
        """What a policy counts can be told, and the study says what it stands for."""
        for field, message in uncountable(self.nouns, policy, self.head.metals):
            section = f"policies.{policy.name}"
            self.problems.add(HEAD_FILE, policy.place.row, f"{section}.{field}", message)

    def _text(self, policy: Written, field: PolicyField) -> str:
        given = policy.fields[field.name]
        if not isinstance(given, str) or (field.name == "source" and not given):
            self.refuse(policy, field.name, f"is {given!r}; give text")
        return str(given)

    def _switch(self, policy: Written, field: PolicyField) -> bool:
        given = policy.fields[field.name]
        if not isinstance(given, bool):
            self.refuse(policy, field.name, f"is {given!r}; write true or false")
        return given is True

    def _name(self, policy: Written, field: PolicyField) -> str:
        """The known name that a field holds; where it is unknown, the first word that it could have
        been, or none."""
        given = policy.fields[field.name]
        if not isinstance(given, str):
            self.refuse(policy, field.name, f"is {given!r}; give a name")
        elif self.is_known(policy, field, given):
            return given
        return "" if isinstance(field.among, str) else field.among[0]

    def _names(self, policy: Written, field: PolicyField) -> tuple[str, ...]:
        """The known names that a field lists."""
        given = self._listed(policy, field)
        found = []
        for name in given:
            if not isinstance(name, str):
                self.refuse(policy, field.name, f"is {given!r}; give a list of names")
                return ()
            if self.is_known(policy, field, name):
                found.append(name)
        return tuple(dict.fromkeys(found))

    def _listed(self, policy: Written, field: PolicyField) -> list[Any]:
        """The members of a list of names, all names for `*`; none where it is something else."""
        given = policy.fields[field.name]
        if given == ALL:
            given = list(self.every(field))
        if not isinstance(given, list):
            self.refuse(policy, field.name, f"is {given!r}; give a list of names")
            return []
        if not given:
            self.refuse(policy, field.name, "is empty; name at least one")
        return given

    def _among(self, field: PolicyField) -> tuple[str, ...]:
        """The words, or the names of nouns, that a field chooses of."""
        return field.among if isinstance(field.among, tuple) else self.nouns_named[field.among]

    def every(self, field: PolicyField) -> tuple[str, ...]:
        """Every name that a field may hold."""
        among = self._among(field)
        if field.among != "goods":
            return among
        fits, _ = GOODS_NAMED[field.only]
        return tuple(name for name in among if fits(self.nouns.goods[name]))

    def is_known(self, policy: Written, field: PolicyField, name: str) -> bool:
        """Return True if a field may hold the name; refuse it otherwise."""
        among = self._among(field)
        if name not in among:
            listed = field.among not in TABLES_OF_NAMES
            there = f"choose of {', '.join(among)}" if listed else "name one that its table has"
            close = suggestion(name, among)
            self.refuse(policy, field.name, f"'{name}' is unknown{close}; {there}")
            return False
        fits, message = GOODS_NAMED[field.only]
        if field.among == "goods" and not fits(self.nouns.goods[name]):
            self.refuse(policy, field.name, message.format(self.nouns.goods[name]))
        return True

    def _penalty(self, policy: Written, field: PolicyField) -> float:
        return self._number(policy, field.name, policy.fields[field.name], "1") or 0.0

    def _number(self, policy: Written, key: str, given: Any, unit: str) -> float | None:
        """A number, or a text with number and unit, of 0 or more in the internal unit."""
        try:
            return self._converted(given, unit)
        except ValueError as error:
            self.refuse(policy, key, str(error))
            return None

    def _converted(self, given: Any, unit: str) -> float:
        """A number in the internal unit. Raises ValueError where it is none, or negative."""
        if isinstance(given, bool) or not isinstance(given, int | float | str):
            raise ValueError(f"is {given!r}; give a number")
        text, _, own = (given if isinstance(given, str) else repr(given)).strip().partition(" ")
        value = number(text) * (factor(own, unit, self.head.currency_year) if own else 1.0)
        if value < 0:
            raise ValueError(f"is {value:g}; it must not be negative")
        return value

    def _selector(self, policy: Written, field: PolicyField) -> Selector:
        return read_selector(self, policy, field.name)

    def _budget(self, policy: Written, field: PolicyField) -> Array | None:
        """A limit by year in USD, NaN where there is none."""
        return self._series(policy, Level(field.name, "USD/year", "a limit"))

    def _level(self, policy: Written, form: PolicyForm, read: Mapping[str, Any]) -> Array:
        """The level by year, NaN where it is not in force: outside from ... to and outside the
        years given; linear between them."""
        start, end = read.get("from"), read.get("to")
        key = next((key for key in form.levels if key in policy.fields), form.level)
        level = self._series(policy, Level(key, form.unit, form.kind, form.by_year, form.maximum))
        if start is not None and end is not None and start > end:
            self.refuse(policy, "to", f"from {start} to {end} holds no year; give years in order")
        return frozen_array(self._within(level, start, end))

    def _within(self, level: Array, start: int | None, end: int | None) -> Array:
        """A level from `start` to `end`, each the study's own where it is None; NaN outside."""
        outside = (self.years < (start or self.years[0])) | (self.years > (end or self.years[-1]))
        return np.where(outside, np.nan, level)

    def _series(self, policy: Written, level: Level) -> Array:
        """A number, or numbers by year with linear ones between them, NaN outside the years."""
        given, series = policy.fields.get(level.key), np.full(len(self.years), np.nan)
        if isinstance(given, dict) and not level.by_year:
            self.refuse(
                policy,
                level.key,
                f"holds a level by year; a {level.of} counts all years together: write "
                f"{level.key} = NUMBER",
            )
        elif isinstance(given, dict):
            series = self._between(self._points(policy, level, given))
        elif given is not None:
            value = self._bounded(policy, level, given)
            series[:] = np.nan if value is None else value
        return series

    def _between(self, points: Mapping[int, float]) -> Array:
        """Numbers by year with linear ones between them, NaN outside the years."""
        if not points:
            return np.full(len(self.years), np.nan)
        return np.interp(self.years, list(points), list(points.values()), left=np.nan, right=np.nan)

    def _bounded(self, policy: Written, level: Level, given: Any) -> float | None:
        value = self._number(policy, level.key, given, level.unit)
        if value is not None and level.maximum is not None and value > level.maximum:
            self.refuse(
                policy,
                level.key,
                f"is {value:g}; the {level.key} of {level.of} must be {level.maximum:g} or less",
            )
            return None
        return value

    def _points(self, policy: Written, level: Level, given: Mapping[str, Any]) -> dict[int, float]:
        points: dict[int, float] = {}
        for text, raw in given.items():
            value = self._bounded(policy, level, raw)
            if not YEAR.fullmatch(text):
                self.refuse(
                    policy,
                    level.key,
                    f"holds '{text}'; write year = number, such as {{ {self.years[0]} = 0.5 }}",
                )
            elif value is not None:
                points[int(text)] = value
        return self._ascending(policy, level, points)

    def _ascending(
        self, policy: Written, level: Level, points: dict[int, float]
    ) -> dict[int, float]:
        """Numbers in the order of their years; another order is refused."""
        if any(b < a for a, b in pairwise(points)):
            self.refuse(
                policy,
                level.key,
                f"years are out of order: {', '.join(map(str, points))}; write them ascending",
            )
            return dict(sorted(points.items()))
        return points

    def _year(self, policy: Written, field: PolicyField) -> int | None:
        given = policy.fields[field.name]
        if type(given) is not int or len(str(given)) != 4:
            self.refuse(policy, field.name, f"is {given!r}; give a calendar year")
            return None
        return given


def _as_names(value: Any) -> Any:
    """A single name as a list of one."""
    return (value,) if isinstance(value, str) else value


def read_policies(
    head: Head,
    written: Iterable[Written],
    nouns: Nouns,
    problems: Problems,
) -> dict[str, Policy]:
    """All policies that are enabled; those that are not are checked as well."""
    reader = PolicyReader(head, nouns, problems)
    found: dict[str, Policy] = {}
    for policy in written:
        made = reader.read(policy)
        if made is not None and policy.fields.get("enabled", True) is True:
            found[policy.name] = made
    return dict(sorted(found.items()))


def with_closures(
    nouns: Nouns, policies: Mapping[str, Policy]
) -> tuple[dict[str, Process], dict[str, Ramp]]:
    """Processes and ramp groups under the closures in force.

    Imports from a closed origin run at most at the given share of their upper bound, at 0 where
    they have none; what must run is lowered with it. The run-down limit of their ramp groups is
    suspended in those years.
    """
    processes, ramps = dict(nouns.processes), dict(nouns.ramps)
    for policy in policies.values():
        if policy.kind != "closure":
            continue
        for name, process in processes.items():
            if _is_closed(process, policy, nouns):
                processes[name] = _held(process, policy)
                if process.ramp_group in ramps:
                    ramps[process.ramp_group] = _waived(ramps[process.ramp_group], policy)
    return processes, ramps


def _waived(ramp: Ramp, policy: Policy) -> Ramp:
    """A ramp group under a closure: its run-down limit suspended in the years in force."""
    waived = ramp.waived | np.isfinite(policy.level)
    waived.setflags(write=False)
    return replace(ramp, waived=waived)


def _is_closed(process: Process, policy: Policy, nouns: Nouns) -> bool:
    """Return True if metal comes by a process from an origin that a closure shuts."""
    goods = [nouns.goods[name] for name in process.outputs if name in nouns.goods]
    hits = not policy.metal or any(policy.metal in good.content for good in goods)
    return is_from(process, policy.origin) and hits


def _held(process: Process, policy: Policy) -> Process:
    """A process under a closure: its bounds in the years in force."""
    largest = np.where(np.isfinite(process.max_activity), process.max_activity, 0.0)
    bound = largest * np.nan_to_num(policy.level)
    most = np.where(np.isfinite(policy.level), bound, process.max_activity)
    return replace(
        process,
        max_activity=frozen_array(most),
        min_activity=frozen_array(np.minimum(process.min_activity, most)),
    )
