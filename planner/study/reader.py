"""From a study folder to a System: the files, the scenario in force, the nouns, the policies; every
problem at once."""

from __future__ import annotations

import copy
import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any, Self, TypeVar

from planner.errors import Problem, SpecError
from planner.study.checks import Checks
from planner.study.files import HEAD_FILE, Sheet, parse_sheet, read_files
from planner.study.head import AS_OF, SCENARIO_HEAD, YEAR_RANGE, Head, beyond_toml, read_head
from planner.study.judgement import Facts, doubts, refuse_unheeded
from planner.study.nouns import NO_NOUNS, Nouns, StudyTables, read_nouns, whole_study_series
from planner.study.numbers import Numbers
from planner.study.overrides import COMMAND_LINE
from planner.study.policies import read_policies, with_closures
from planner.study.problems import Problems
from planner.study.rows import RowReader, place_goods
from planner.study.rows.vintages import Values, in_force
from planner.study.scenarios import composed, layers, merged
from planner.study.schema import PRESET, TABLES, TableForm
from planner.study.targets.presets import expanded
from planner.study.targets.settings import set_field
from planner.study.targets.written import Written
from planner.system.nouns import Datum, Good, System, frozen_map
from planner.units import suggestion

V = TypeVar("V")
OF_HEAD = (*SCENARIO_HEAD, AS_OF)
"""Settings that are no field of a policy."""


def read(
    study: str | Path,
    *,
    scenario: str = "",
    overrides: Mapping[str, str | float] | None = None,
    name: str | None = None,
    strict: bool = False,
) -> System:
    """Read a study, shipped or in a folder, for one scenario (`a,b` composes) with single values
    overridden.

    `name` is what the study is called where the folder does not say it. What reads but is probably
    not meant so stands in `System.warnings`; `strict` makes errors of them. Raises SpecError with
    every problem found.
    """
    folder = find(study)
    system, problems = _Study(folder, name or folder.resolve().name).system(
        scenario, _as_text(overrides)
    )
    if system is None or problems:
        raise SpecError(str(study), problems)
    if strict and system.warnings:
        raise SpecError(str(study), _as_errors(system.warnings))
    return system


def check(
    study: str | Path,
    *,
    scenario: str = "",
    overrides: Mapping[str, str | float] | None = None,
    strict: bool = False,
) -> tuple[Problem, ...]:
    """Every problem of a study, in the scenario named or else in each of its scenarios: errors
    first, then warnings, told apart by their `severity`; empty where there is neither.

    `strict` makes errors of warnings. A scenario with errors is not judged for warnings.
    """
    folder = find(study)
    whole = _Study(folder, folder.resolve().name)
    every = ("", *whole.head.scenarios) if whole.head is not None and not scenario else (scenario,)
    errors: set[Problem] = set()
    warnings: dict[tuple[str, str, str], Problem] = {}
    for each in every:
        system, problems = whole.system(each, _as_text(overrides))
        errors.update(problems)
        for warning in () if system is None else system.warnings:
            # one series stands in other rows in other scenarios
            same = warning.file, warning.column, warning.message
            warnings[same] = min(warning, warnings.get(same, warning))
    last = sorted(warnings.values())
    return (*sorted(errors), *(_as_errors(last) if strict else last))


def _as_errors(warnings: Iterable[Problem]) -> list[Problem]:
    return [replace(warning, severity="error") for warning in warnings]


def studies() -> list[str]:
    """Names of the studies that ship with planner."""
    return sorted(path.parent.name for path in _shelf().glob(f"*/{HEAD_FILE}"))


def title(study: str | Path) -> str:
    """Title of a study, without reading its tables; empty where it has none."""
    try:
        found = tomllib.loads((find(study) / HEAD_FILE).read_text(encoding="utf-8-sig")).get(
            "title", ""
        )
    except (OSError, ValueError, RecursionError):
        return ""
    return str(found)


def find(study: str | Path) -> Path:
    """The folder of a study: a shipped name, or a path. Raises SpecError where there is none.

    A bare name that ships with planner is the shipped study; write ./name for a folder of the same
    name.
    """
    text, folder = str(study), Path(study)
    if text in studies():
        return _shelf() / text
    try:
        if (folder / HEAD_FILE).is_file():
            return folder
        there = folder.is_dir()
    except (OSError, ValueError):
        there = False
    raise SpecError(text, [Problem(text or "''", 0, "", _not_found(text, there))])


def _not_found(text: str, there: bool) -> str:
    """Message of a study that is not found, in a folder that is `there` or is not."""
    if there:
        return (
            f"this folder holds no {HEAD_FILE}; give the folder of a study, or start one with "
            "`planner new`"
        )
    known = studies()
    return (
        f"no study has this name and no folder either{suggestion(text, known)}; shipped: "
        f"{', '.join(known)}"
    )


def _shelf() -> Path:
    """Folder of the shipped studies: in the package of a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"


def _as_text(overrides: Mapping[str, str | float] | None) -> dict[str, str]:
    return {
        path: value if isinstance(value, str) else repr(value)
        for path, value in sorted((overrides or {}).items())
    }


class Rereader:
    """The study of a System, parsed once, read again with further single values overridden: what
    ensembles and sweeps do.

    What is read again solves like any other, but carries no list of its data and no hash of its
    inputs. Nouns and series that no value touches are the very same objects in all that is read.
    """

    def __init__(
        self, files: Mapping[str, bytes], name: str, scenario: str, overrides: Mapping[str, str]
    ) -> None:
        self.name, self._study = name, _Study(files, name)
        self._scenario, self._overrides = scenario, dict(overrides)
        self._first, self._problems = self._study.read(scenario, overrides)

    @classmethod
    def of(cls, system: System) -> Self:
        """The study that a System was read from, under its scenario and overrides."""
        return cls(system.files, system.name, system.scenario, system.overrides)

    def data(self) -> tuple[Datum, ...]:
        """Every number in force, without overrides of single values; none where the study cannot be
        read."""
        return () if self._first is None else self._first.numbers.data()

    def system(self, values: Mapping[str, float]) -> tuple[System | None, tuple[Problem, ...]]:
        """The System with these values by path, in internal units, and what is wrong with it: a
        combination of values may be impossible."""
        if self._first is None:
            return None, self._problems
        overrides = self._overrides | {
            path: self._first.numbers.text(path, value) for path, value in values.items()
        }
        again = None if self._problems else self._first.again(values)
        if again is not None:
            return again.system(overrides, traced=False), ()
        # settings of the head and whole series change more than single rows, and what is wrong is
        # told by reading all of it
        whole, problems = self._study.read(self._scenario, overrides)
        return None if whole is None else whole.system(overrides, traced=False), problems


class _Study:
    """The files, the head and the checked rows of a study; `system` makes a System of them for one
    scenario."""

    def __init__(self, source: Path | Mapping[str, bytes], name: str) -> None:
        self.name, self.common = name, Problems()
        self.files = read_files(source, self.common) if isinstance(source, Path) else source
        self.head: Head | None = (
            read_head(self.files[HEAD_FILE], self.common) if HEAD_FILE in self.files else None
        )
        sheets = {table: self._sheet(table) for table in TABLES}
        self.rows = None if self.head is None else self._checked(self.head, sheets)
        self._values: dict[int | None, Values] = {}

    def values(self, rows: RowReader, as_of: int | None) -> Values:
        """The rows of each series in the vintage in force, at the end of a year where one is
        given."""
        if as_of not in self._values:
            self._values[as_of] = in_force(rows.values, as_of)
        return self._values[as_of]

    def _checked(self, head: Head, sheets: Mapping[TableForm, Sheet | None]) -> RowReader:
        """The rows of all tables, after the names that they refer to."""
        rows = RowReader(head, self.common)
        for table, sheet in sheets.items():
            rows.define(table, sheet)
        for table, sheet in sheets.items():
            if sheet is not None:
                rows.read(table, sheet)
        place_goods(rows)
        return rows

    def _sheet(self, table: TableForm) -> Sheet | None:
        """The cells of a table; None where it is not there or cannot be read, which spoils it
        unless it may be left out."""
        file, common = f"{table.name}.csv", self.common
        if file in self.files:
            sheet = parse_sheet(file, self.files[file], common)
        elif table.required:
            sheet = None
            self._miss(table)
        else:
            return None
        if sheet is None:
            common.spoil(table.name)
            common.spoil("keys of", table.name)
        return sheet

    def _miss(self, table: TableForm) -> None:
        """Report a table that is not there, unless something said so already."""
        if not self.common.spoiled(table.name):
            message = f"is missing; every study needs this table: {table.note}"
            self.common.add(f"{table.name}.csv", 0, "", message)

    def system(
        self, scenario: str, overrides: Mapping[str, str]
    ) -> tuple[System | None, tuple[Problem, ...]]:
        """The System and what is wrong with it; None where the head is too broken to judge the
        rest."""
        reading, problems = self.read(scenario, overrides)
        return None if reading is None else reading.system(overrides, traced=True), problems

    def read(
        self, scenario: str, overrides: Mapping[str, str]
    ) -> tuple[_Reading | None, tuple[Problem, ...]]:
        """One scenario, and what is wrong with it."""
        problems = self.common.copy()
        if self.head is None or self.rows is None:
            return None, problems.report()
        made = _Reading(self, self.head, self.rows, scenario, overrides, problems)
        return made, problems.report()


class _Reading:
    """A study read for one scenario: the numbers in force, and the nouns and policies that they
    make."""

    def __init__(
        self,
        study: _Study,
        head: Head,
        rows: RowReader,
        scenario: str,
        overrides: Mapping[str, str],
        problems: Problems,
    ) -> None:
        self.study, self.head, self.rows, self.problems = study, head, rows, problems
        active = self._active(scenario)
        self.asked = ",".join(part.strip() for part in scenario.split(",")) or head.scenario
        settings, single = _parted(overrides)
        self.settings = self._settings(settings, active)
        values = study.values(rows, self.settings[AS_OF])
        self.numbers = Numbers(rows, values, active, single, problems)
        self._make_nouns(NO_NOUNS)
        self.policies = read_policies(
            head, self._policies(active, self.settings), self.nouns, problems
        )
        self.processes, self.ramps = with_closures(self.nouns, self.policies)
        self.facts = Facts(
            head,
            rows,
            self.numbers,
            self.nouns,
            self.policies,
            self.settings,
            active,
            frozenset(settings),
        )
        refuse_unheeded(self.facts, problems)

    def _make_nouns(self, before: Nouns) -> None:
        """The nouns and series of the numbers in force, checked against one another; those of
        before where no number changed."""
        tables = StudyTables(self.rows, self.numbers, self.problems, before)
        self.nouns = read_nouns(
            tables,
            self.settings["discount_rate"],
            border_adjustment=self.settings["border_adjustment"] is True,
        )
        self.series = whole_study_series(tables)
        Checks(self.rows, self.numbers, self.nouns, self.problems).run()

    def again(self, values: Mapping[str, float]) -> Self | None:
        """The same scenario with other values, in internal units, by the paths of their rows; None
        unless all is well with them.

        Policies name nouns and what kind they are, which no value changes: they stay.
        """
        twin, problems = copy.copy(self), Problems()
        numbers = self.numbers.again(values, problems)
        if numbers is None:
            return None
        twin.numbers, twin.problems = numbers, problems
        twin._make_nouns(self.nouns)
        processes, ramps = with_closures(twin.nouns, self.policies)
        twin.processes = _same(
            processes, self.processes, twin.nouns.processes, self.nouns.processes
        )
        twin.ramps = _same(ramps, self.ramps, twin.nouns.ramps, self.nouns.ramps)
        return None if problems else twin

    def system(self, overrides: Mapping[str, str], *, traced: bool) -> System:
        """The System of this reading. `traced`: with the data that its numbers come from, the hash
        of all inputs, and warnings."""
        head, nouns, files = self.head, self.nouns, self.study.files
        return System(
            self.study.name,
            head.title,
            head.country,
            head.metals,
            head.periods,
            head.currency_year,
            self.settings["discount_rate"],
            head.stock_convention,
            self.asked,
            frozen_map(overrides),
            frozen_map(self._goods()),
            frozen_map(self.processes),
            frozen_map(self.ramps),
            frozen_map(nouns.plants),
            frozen_map(nouns.deposits),
            frozen_map(nouns.hosts),
            frozen_map(nouns.products),
            frozen_map(self.policies),
            **self.series,
            border_adjustment=self.settings["border_adjustment"],
            data=self.numbers.data() if traced else (),
            inputs_hash=inputs_hash(files, self.asked, overrides) if traced else "",
            files=frozen_map(files),
            measures=_offered(nouns.measures, "potential"),
            exploration=_offered(nouns.exploration, "potential"),
            loss_media=frozen_map(nouns.loss_media),
            take_back=_offered(nouns.take_back, "more"),
            discoveries=frozen_map(nouns.discoveries),
            impacts=frozen_map(nouns.impacts),
            observations=nouns.observations,
            abroad=frozen_map(nouns.abroad),
            border_charges=frozenset(head.border_charges),
            warnings=doubts(self.facts).report() if traced and not self.problems else (),
        )

    def _goods(self) -> Mapping[str, Good]:
        """The goods; in a study with places those that something handles where they are."""
        handled = self.rows.places_of_goods
        return {n: good for n, good in self.nouns.goods.items() if not handled or n in handled}

    def _active(self, scenario: str) -> tuple[str, ...]:
        """The layers in force, the earliest first."""
        inherits = {name: each.inherits for name, each in self.head.scenarios.items()}
        try:
            return layers(composed(scenario or self.head.scenario), inherits)
        except ValueError as error:
            if scenario:
                self.problems.add("--scenario", 0, "", str(error))
            else:
                self.problems.add(HEAD_FILE, self.head.line("", "scenario"), "scenario", str(error))
            return ()

    def _settings(self, overrides: Mapping[str, str], active: tuple[str, ...]) -> dict[str, Any]:
        """Fields of the head as the scenarios in force leave them, and overrides of head and
        policies, by path."""
        found: dict[str, Any] = {
            "discount_rate": self.head.discount_rate,
            "border_adjustment": self.head.border_adjustment,
            AS_OF: None,
        }
        for scenario in active:
            found |= self.head.scenarios[scenario].head
        for path, text in overrides.items():
            value = _toml_value(text)
            if wrong := _wrong_setting(path, value):
                self.problems.add(COMMAND_LINE, 0, path, f"is '{text}'; {wrong}")
            else:
                found[path] = value
        return found

    def _policies(self, active: tuple[str, ...], settings: Mapping[str, Any]) -> list[Written]:
        """All policies as the scenarios in force and the overrides leave them."""
        written, section = self._of_scenarios(active)
        # a preset first: its fields can then be set like those of any policy
        for path in [path for path in settings if path.endswith(f".{PRESET}")]:
            self._set_policy(written, path, settings[path])
        written = {name: expanded(fields) for name, fields in written.items()}
        for path, value in settings.items():
            if path not in OF_HEAD and not path.endswith(f".{PRESET}"):
                self._set_policy(written, path, value)
        return [
            Written(name, _unless_later(fields, settings[AS_OF]), section[name])
            for name, fields in written.items()
        ]

    def _of_scenarios(
        self, active: tuple[str, ...]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """The fields of all policies as the scenarios in force leave them, and the section that
        wrote each last."""
        written = merged({}, self.head.policies)
        section = {name: f"policies.{name}" for name in written}
        for scenario in active:
            changes = self.head.scenarios[scenario].policies
            written = merged(written, changes)
            section |= {name: f"scenarios.{scenario}.policies.{name}" for name in changes}
        return written, section

    def _set_policy(self, written: dict[str, dict[str, Any]], path: str, value: Any) -> None:
        span = self.head.periods[0].first, self.head.periods[-1].last
        if wrong := set_field(written, path, value, span):
            self.problems.add(COMMAND_LINE, 0, path, wrong)


def _offered(options: Mapping[str, V], amount: str) -> Mapping[str, V]:
    """Options with an amount in any year; without one an option is closed, and the programme never
    sees it."""
    there = attrgetter(amount)
    return frozen_map({name: each for name, each in options.items() if there(each).any()})


def _same(
    made: Mapping[str, V], before: Mapping[str, V], of: Mapping[str, V], of_before: Mapping[str, V]
) -> dict[str, V]:
    """The nouns under closures, those of before where they were made of the same nouns."""
    return {
        name: before[name] if of[name] is of_before[name] else one for name, one in made.items()
    }


def _unless_later(fields: Mapping[str, Any], as_of: int | None) -> Mapping[str, Any]:
    """The fields of a policy, which is not in force where it came out after the year `as_of`."""
    published = fields.get("published")
    later = as_of is not None and isinstance(published, int) and published > as_of
    return {**fields, "enabled": False} if later else fields


def _parted(overrides: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Overrides of the head and of policies, and those of single values."""
    settings = {path: text for path, text in overrides.items() if _is_setting(path)}
    return settings, {path: text for path, text in overrides.items() if path not in settings}


def _is_setting(path: str) -> bool:
    return path in OF_HEAD or path.partition(".")[0] == "policies"


def _wrong_setting(path: str, value: Any) -> str:
    """Remedy for a field of the head that must have another value; empty where it will do."""
    fits, remedy = WANTED.get(path, (None, ""))
    return "" if fits is None or fits(value) else remedy


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_year(value: Any) -> bool:
    return type(value) is int and YEAR_RANGE[0] <= value <= YEAR_RANGE[1]


def _is_rate(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < float("inf")


WANTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "border_adjustment": (_is_switch, "write true or false"),
    AS_OF: (_is_year, "give a calendar year such as 2022"),
    "discount_rate": (_is_rate, "give a number of 0 or more"),
}
"""Fields of the head that a setting may hold: which values, and the remedy for others."""


def _toml_value(text: str) -> Any:
    """A value as TOML reads it, or the text itself."""
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return text if beyond_toml(found) or len(found) > 1 else found["value"]


def inputs_hash(files: Mapping[str, bytes], scenario: str, overrides: Mapping[str, str]) -> str:
    """sha256 of everything the System follows from: files by name, scenario, overrides by path."""
    digest = hashlib.sha256()
    for kind, name, content in (
        *(("file", name, files[name]) for name in sorted(files)),
        ("scenario", "", scenario.encode()),
        *(("override", path, overrides[path].encode()) for path in sorted(overrides)),
    ):
        digest.update(f"{kind} {len(name)} {name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()
