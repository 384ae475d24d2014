"""Policies of study.toml: their fields and names checked, levels made into series, closures put
into the bounds of imports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, get_args

import numpy as np

from planner.study.files import HEAD_FILE
from planner.study.head import Head
from planner.study.nouns import Nouns
from planner.study.problems import Problems, unfit
from planner.study.rows import YEAR, number
from planner.study.schema import POLICY_FORMS, ROWS_OF_NATURE, PolicyForm
from planner.system.nouns import (
    COUNTED_KINDS,
    SCOPES,
    Array,
    Place,
    Policy,
    Process,
    Ramp,
    Stage,
    frozen_array,
)
from planner.units import factor, suggestion

COMMON = ("kind", "source", "note", "enabled")
"""Fields of every policy."""
_LISTS = ("stages", "goods", "processes")
OF = ("demand", "imports")
PROVENANCES = ("any", "home")


@dataclass(frozen=True, slots=True)
class Written:
    """A policy as it is written: its fields, and where it stands in study.toml."""

    name: str
    fields: Mapping[str, Any]
    section: str


class PolicyReader:
    """Reads policies against the nouns that they name."""

    def __init__(self, head: Head, nouns: Nouns, problems: Problems) -> None:
        self.head, self.nouns, self.problems = head, nouns, problems
        self.years = np.arange(head.periods[0].first, head.periods[-1].last + 1)
        imports = [p for p in nouns.processes.values() if p.kind == "import"]
        self.known: dict[str, tuple[str, ...]] = {
            "metal": head.metals,
            "origin": tuple(sorted({p.origin for p in imports if p.origin})),
            "stages": get_args(Stage),
            "goods": tuple(nouns.goods),
            "processes": tuple(nouns.processes),
            "scope": SCOPES,
            "of": OF,
            "provenance": PROVENANCES,
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
        fields = policy.fields
        kind = fields.get("kind")
        form = POLICY_FORMS.get(kind) if isinstance(kind, str) else None
        if form is None:
            what = (
                f"is {kind!r}{suggestion(str(kind), POLICY_FORMS)}; choose of"
                if "kind" in fields
                else "is missing; give one of"
            )
            self.refuse(policy, "kind", f"{what} {', '.join(POLICY_FORMS)}")
            return None
        if wrong := unfit(policy.name):
            self.refuse(policy, "", f"the name {policy.name!r} {wrong}")
        if policy.name in ROWS_OF_NATURE:
            self.refuse(
                policy,
                "",
                f"the name '{policy.name}' is that of rows of the programme which no policy sets; "
                "give it "
                f"another, such as '{policy.name}_target'",
            )
        allowed = [*COMMON, form.level, *form.required, *form.optional]
        for key in fields:
            if key not in allowed:
                self.refuse(
                    policy,
                    key,
                    (
                        f"is no field of {form.kind}{suggestion(key, allowed)}; there are: "
                        f"{', '.join(allowed)}"
                    ),
                )
        for key in (form.level, *form.required, "source"):
            if key not in fields:
                self.refuse(
                    policy,
                    key,
                    f"is missing; a policy of kind {form.kind} needs it"
                    if key != "source"
                    else "is missing; say where the target comes from",
                )
        if not isinstance(fields.get("enabled", True), bool):
            self.refuse(policy, "enabled", f"is {fields['enabled']!r}; write true or false")
        chosen = {key: self._names(policy, key) for key in self.known if key in fields}
        for key in ("source", "note"):
            if key in fields and (
                not isinstance(fields[key], str) or (key == "source" and not fields[key])
            ):
                self.refuse(policy, key, f"is {fields[key]!r}; give text")
        self._check_goods(policy, form, chosen.get("goods", ()))
        made = self._made(policy, form, chosen)
        self._check_chains(made)
        return made

    def _made(
        self, policy: Written, form: PolicyForm, chosen: Mapping[str, tuple[str, ...]]
    ) -> Policy:
        fields = policy.fields
        one = {key: names[0] if names else "" for key, names in chosen.items() if key not in _LISTS}
        return Policy(
            policy.name,
            form.kind,  # type: ignore[arg-type]
            self._level(policy, form),
            one.get("metal", ""),
            one.get("origin", ""),
            chosen.get("stages", ()),
            chosen.get("goods", ()),
            chosen.get("processes", ()),
            one.get("scope") or SCOPES[0],  # type: ignore[arg-type]
            one.get("of") or OF[0],  # type: ignore[arg-type]
            one.get("provenance") or PROVENANCES[0],  # type: ignore[arg-type]
            self._penalty(policy),
            str(fields.get("source", "")),
            Place(HEAD_FILE, self.head.line(policy.section)),
        )

    def _check_chains(self, policy: Policy) -> None:
        """A chain through several stages counts once, by what each process adds; that needs goods
        whose provenance is known."""
        if policy.kind != "self_sufficiency":
            return
        counted = [p for p in self.nouns.processes.values() if policy.counts(p)]
        taken = {
            name: p.name
            for p in counted
            if any(self._counted(policy, g) for g in p.outputs)
            for name in p.inputs
        }
        made = {name for p in counted for name in p.outputs if self._counted(policy, name)}
        for name in sorted(made & set(taken)):
            others = [
                p.name
                for p in self.nouns.processes.values()
                if name in p.outputs and not policy.counts(p)
            ]
            if others:
                self.problems.add(
                    HEAD_FILE,
                    policy.place.row,
                    f"policies.{policy.name}.stages",
                    f"'{name}' is made by processes that count and by {others[0]}, which does "
                    f"not, and '{taken[name]}', which counts, "
                    "takes it: what of it counts already cannot be told; give metal from abroad a "
                    "good of its own, or name fewer stages",
                )

    def _counted(self, policy: Policy, name: str) -> bool:
        good = self.nouns.goods.get(name)
        return good is not None and good.kind in COUNTED_KINDS and policy.metal in good.content

    def _names(self, policy: Written, key: str) -> tuple[str, ...]:
        """The known names that a field holds."""
        given = policy.fields[key]
        listed = given if isinstance(given, list) and key in _LISTS else [given]
        if not listed:
            self.refuse(policy, key, "is empty; name at least one")
        found = []
        for name in listed:
            if not isinstance(name, str) or (key in _LISTS and not isinstance(given, list)):
                self.refuse(
                    policy,
                    key,
                    f"is {given!r}; give {'a list of names' if key in _LISTS else 'a name'}",
                )
                return ()
            if name in self.known[key]:
                found.append(name)
            else:
                there = (
                    "; name one that its table has"
                    if key in ("goods", "processes")
                    else f"; choose of {', '.join(self.known[key])}"
                )
                self.refuse(
                    policy, key, f"'{name}' is unknown{suggestion(name, self.known[key])}{there}"
                )
        return tuple(dict.fromkeys(found))

    def _check_goods(self, policy: Written, form: PolicyForm, goods: Iterable[str]) -> None:
        for name in goods:
            good = self.nouns.goods[name]
            if form.kind == "collection_target" and good.kind != "waste":
                self.refuse(
                    policy,
                    "goods",
                    f"'{name}' is {good.kind}; a collection target names goods of kind waste",
                )
            if form.kind == "stockpile_cover" and good.stockpile is None:
                self.refuse(
                    policy,
                    "goods",
                    f"'{name}' cannot be stored; give its opening_stock in good_values.csv",
                )

    def _penalty(self, policy: Written) -> float | None:
        if "penalty" not in policy.fields:
            return None
        penalty = self._number(policy, "penalty", policy.fields["penalty"], "1")
        return penalty if penalty is not None and penalty >= 0 else 0.0

    def _number(self, policy: Written, key: str, given: Any, unit: str) -> float | None:
        """A number, or a text with number and unit, of 0 or more in the internal unit."""
        try:
            if isinstance(given, bool) or not isinstance(given, int | float | str):
                raise ValueError(f"is {given!r}; give a number")
            text, _, own = (given if isinstance(given, str) else repr(given)).strip().partition(" ")
            value = number(text) * (factor(own, unit, self.head.currency_year) if own else 1.0)
            if value < 0:
                raise ValueError(f"is {value:g}; it must not be negative")
        except ValueError as error:
            self.refuse(policy, key, str(error))
            return None
        return value

    def _level(self, policy: Written, form: PolicyForm) -> Array:
        """The level by year, NaN where it is not in force: outside from ... to and outside the
        years given; linear between them."""
        given = policy.fields.get(form.level)
        level = np.full(len(self.years), np.nan)
        if isinstance(given, dict):
            points = self._points(policy, form, given)
            if points:
                level = np.interp(
                    self.years, list(points), list(points.values()), left=np.nan, right=np.nan
                )
        elif given is not None:
            value = self._bounded(policy, form, given)
            level[:] = np.nan if value is None else value
        limits = {key: self._year(policy, key) for key in ("from", "to") if key in policy.fields}
        start, end = limits.get("from"), limits.get("to")
        if start is not None and end is not None and start > end:
            self.refuse(policy, "to", f"from {start} to {end} holds no year; give years in order")
        level[self.years < (start or self.years[0])] = np.nan
        level[self.years > (end or self.years[-1])] = np.nan
        return frozen_array(level)

    def _bounded(self, policy: Written, form: PolicyForm, given: Any) -> float | None:
        value = self._number(policy, form.level, given, form.unit)
        if value is not None and form.maximum is not None and value > form.maximum:
            self.refuse(
                policy,
                form.level,
                f"is {value:g}; the {form.level} of {form.kind} must be {form.maximum:g} or less",
            )
            return None
        return value

    def _points(
        self, policy: Written, form: PolicyForm, given: Mapping[str, Any]
    ) -> dict[int, float]:
        points: dict[int, float] = {}
        for text, raw in given.items():
            value = self._bounded(policy, form, raw)
            if not YEAR.fullmatch(text):
                self.refuse(
                    policy,
                    form.level,
                    f"holds '{text}'; write year = number, such as {{ {self.years[0]} = 0.5 }}",
                )
            elif value is not None:
                points[int(text)] = value
        if any(b < a for a, b in pairwise(points)):
            self.refuse(
                policy,
                form.level,
                f"years are out of order: {', '.join(map(str, points))}; write them ascending",
            )
            return dict(sorted(points.items()))
        return points

    def _year(self, policy: Written, key: str) -> int | None:
        given = policy.fields[key]
        if type(given) is not int or len(str(given)) != 4:
            self.refuse(policy, key, f"is {given!r}; give a calendar year")
            return None
        return given


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
        closed = np.isfinite(policy.level)
        share = np.nan_to_num(policy.level)
        for name, process in processes.items():
            metals = {
                metal
                for good in process.outputs
                if good in nouns.goods
                for metal in nouns.goods[good].content
            }
            if (
                process.kind != "import"
                or process.origin != policy.origin
                or (policy.metal and policy.metal not in metals)
            ):
                continue
            bound = np.where(np.isfinite(process.max_activity), process.max_activity, 0.0) * share
            most = np.where(closed, bound, process.max_activity)
            processes[name] = replace(
                process,
                max_activity=frozen_array(most),
                min_activity=frozen_array(np.minimum(process.min_activity, most)),
            )
            if process.ramp_group in ramps:
                waived = ramps[process.ramp_group].waived | closed
                waived.setflags(write=False)
                ramps[process.ramp_group] = replace(ramps[process.ramp_group], waived=waived)
    return processes, ramps
