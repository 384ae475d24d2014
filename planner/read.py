"""From a study folder to a System: the files, the scenario in force, the nouns, the policies; every problem at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from planner.errors import Problem, SpecError
from planner.scenarios import composed, layers, merged
from planner.study.checks import Checks
from planner.study.files import HEAD_FILE, Sheet, parse_sheet, read_files
from planner.study.head import Head, read_head, scenario_head
from planner.study.nouns import Maker, whole_study_series
from planner.study.policies import Written, read_policies, with_closures
from planner.study.problems import Problems
from planner.study.rows import RowReader
from planner.study.values import COMMAND_LINE, Values
from planner.system import System, frozen_map
from planner.tables import TABLES
from planner.units import suggestion

HEAD_SETTINGS = ("discount_rate", "border_adjustment")
"""Fields of the head that a scenario or an override may replace."""


def read(
    study: str | Path, *, scenario: str = "", overrides: Mapping[str, str | float] | None = None, name: str | None = None,
) -> System:
    """Read a study, shipped or in a folder, for one scenario (`a,b` composes) with single values overridden.

    `name` is what the study is called where the folder does not say it. Raises SpecError with every problem found.
    """
    folder = find(study)
    problems = Problems()
    system = _System(folder, name or folder.resolve().name, problems).make(scenario, _as_text(overrides))
    if system is None or problems:
        raise SpecError(str(study), problems.report())
    return system


def check(study: str | Path, *, scenario: str = "", overrides: Mapping[str, str | float] | None = None) -> tuple[Problem, ...]:
    """Every problem of a study: in the scenario named, or else in each of its scenarios; empty where there is none."""
    folder = find(study)
    found: dict[Problem, None] = {}
    first = Problems()
    head = _System(folder, folder.name, first).head
    others = tuple(head.scenarios) if head is not None and not scenario else ()
    for each in dict.fromkeys((scenario, *others)):
        problems = Problems()
        _System(folder, folder.name, problems).make(each, _as_text(overrides))
        found.update(dict.fromkeys(problems.report()))
    return tuple(sorted(found))


def studies() -> list[str]:
    """Names of the studies that ship with planner."""
    return sorted(path.parent.name for path in _shelf().glob(f"*/{HEAD_FILE}"))


def title(study: str | Path) -> str:
    """Title of a study, without reading its tables; empty where it has none."""
    try:
        found = tomllib.loads((find(study) / HEAD_FILE).read_text(encoding="utf-8-sig")).get("title", "")
    except (OSError, ValueError):
        return ""
    return str(found)


def find(study: str | Path) -> Path:
    """The folder of a study: a shipped name, or a path. Raises SpecError where there is none.

    A bare name that ships with planner is the shipped study; write ./name for a folder of the same name.
    """
    text = str(study)
    if text in studies():
        return _shelf() / text
    folder = Path(study)
    try:
        if (folder / HEAD_FILE).is_file():
            return folder
        there = folder.is_dir()
    except (OSError, ValueError):
        there = False
    if there:
        raise SpecError(text, [Problem(text, 0, "", f"this folder holds no {HEAD_FILE}; give the folder of a study, or start one with `planner new`")])
    raise SpecError(text, [Problem(
        text or "''", 0, "", f"no study has this name and no folder either{suggestion(text, studies())}; shipped: {', '.join(studies())}",
    )])


def _shelf() -> Path:
    """Where shipped studies lie: in the package of a wheel, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"


def _as_text(overrides: Mapping[str, str | float] | None) -> dict[str, str]:
    return {path: value if isinstance(value, str) else repr(value) for path, value in sorted((overrides or {}).items())}


class _System:
    """A System in the making."""

    def __init__(self, folder: Path, name: str, problems: Problems) -> None:
        self.name, self.problems = name, problems
        self.files = read_files(folder, problems)
        self.head: Head | None = read_head(self.files[HEAD_FILE], problems) if HEAD_FILE in self.files else None

    def make(self, scenario: str, overrides: Mapping[str, str]) -> System | None:
        """The System, or None where the head is too broken; collects problems."""
        head = self.head
        if head is None:
            for _ in self._sheets():
                pass
            return None
        active = self._active(head, scenario)
        rows = RowReader(head, self.problems)
        self._read_rows(rows)
        settings = dict(overrides)
        values_set = {path: text for path, text in settings.items() if not _is_head_path(path)}
        values = Values(rows, active, values_set, self.problems)
        maker = Maker(rows, values, self.problems)
        nouns = maker.make()
        Checks(rows, values, nouns, self.problems).run()
        head_set = self._head_settings({path: text for path, text in settings.items() if _is_head_path(path)})
        policies = read_policies(head, self._policies(head, active, head_set), nouns, self.problems)
        processes, ramps = with_closures(nouns, policies)
        asked = ",".join(composed(scenario)) if not self.problems else scenario
        asked = asked or head.scenario
        return System(
            self.name, head.title, head.country, head.metals, head.periods, head.currency_year,
            head_set.get("discount_rate", scenario_head(head, active, "discount_rate", lambda: head.discount_rate)),
            head.stock_convention, asked, frozen_map(overrides), frozen_map(nouns.goods), frozen_map(processes), frozen_map(ramps),
            frozen_map(nouns.plants), frozen_map(nouns.deposits), frozen_map(nouns.hosts), frozen_map(nouns.products), frozen_map(policies),
            grid_intensity=whole_study_series(maker, "grid_intensity"), carbon_price=whole_study_series(maker, "carbon_price"),
            direct_emission_index=whole_study_series(maker, "direct_emission_index"),
            foreign_emission_index=whole_study_series(maker, "foreign_emission_index"),
            border_adjustment=head_set.get("border_adjustment", scenario_head(head, active, "border_adjustment", lambda: head.border_adjustment)),
            data=values.data(), inputs_hash=inputs_hash(self.files, asked, overrides), files=frozen_map(self.files),
        )

    def _active(self, head: Head, scenario: str) -> tuple[str, ...]:
        """The layers in force, the earliest first."""
        inherits = {name: each.inherits for name, each in head.scenarios.items()}
        try:
            return layers(composed(scenario or head.scenario), inherits)
        except ValueError as error:
            if scenario:
                self.problems.add("--scenario", 0, "", str(error))
            else:
                self.problems.add(HEAD_FILE, head.line("", "scenario"), "scenario", str(error))
            return ()

    def _sheets(self) -> Iterator[tuple[Any, Sheet | None]]:
        for table in TABLES:
            file = f"{table.name}.csv"
            sheet = parse_sheet(file, self.files[file], self.problems) if file in self.files else None
            if file in self.files and sheet is None:
                self.problems.spoil(table.name)
                self.problems.spoil("keys of", table.name)
            if file not in self.files and table.required and not self.problems.spoiled(table.name):
                self.problems.add(file, 0, "", f"is missing; every study needs this table: {table.note}")
                self.problems.spoil(table.name)
                self.problems.spoil("keys of", table.name)
            yield table, sheet

    def _read_rows(self, rows: RowReader) -> None:
        sheets = list(self._sheets())
        for table, sheet in sheets:
            rows.define(table, sheet)
        for table, sheet in sheets:
            if sheet is not None:
                rows.read(table, sheet)

    def _head_settings(self, settings: Mapping[str, str]) -> dict[str, Any]:
        """Overrides of the head and of policies, as TOML values, by path."""
        found: dict[str, Any] = {}
        for path, text in settings.items():
            try:
                value = tomllib.loads(f"value = {text}")["value"]
            except tomllib.TOMLDecodeError:
                value = text
            wrong = ""
            if path == "discount_rate" and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf")):
                wrong = f"is '{text}'; give a number of 0 or more"
            if path == "border_adjustment" and not isinstance(value, bool):
                wrong = f"is '{text}'; write true or false"
            if wrong:
                self.problems.add(COMMAND_LINE, 0, path, wrong)
            else:
                found[path] = value
        return found

    def _policies(self, head: Head, active: tuple[str, ...], settings: Mapping[str, Any]) -> list[Written]:
        """All policies as the scenarios in force and the overrides leave them."""
        written = merged({}, head.policies)
        section = {name: f"policies.{name}" for name in written}
        for scenario in active:
            changes = head.scenarios[scenario].policies
            written = merged(written, changes)
            section |= {name: f"scenarios.{scenario}.policies.{name}" for name in changes}
        for path, value in settings.items():
            words = path.split(".")
            if words[0] != "policies":
                continue
            if len(words) != 3 or words[1] not in written:
                close = suggestion(words[1], written) if len(words) > 1 else ""
                self.problems.add(COMMAND_LINE, 0, path, f"no policy has this path{close}; write policies.NAME.field")
            else:
                written[words[1]][words[2]] = value
        return [Written(name, fields, section[name]) for name, fields in written.items()]


def _is_head_path(path: str) -> bool:
    return path in HEAD_SETTINGS or path.partition(".")[0] == "policies"


def inputs_hash(files: Mapping[str, bytes], scenario: str, overrides: Mapping[str, str]) -> str:
    """sha256 of everything the System follows from: files by name, scenario, overrides by path."""
    digest = hashlib.sha256()
    for kind, name, content in (
        *(("file", name, files[name]) for name in sorted(files)), ("scenario", "", scenario.encode()),
        *(("override", path, overrides[path].encode()) for path in sorted(overrides)),
    ):
        digest.update(f"{kind} {len(name)} {name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()
