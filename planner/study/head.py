"""study.toml: title, country, metals, years, money, scenarios; policies are kept as written for
`planner.study.policies`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from planner.study.files import HEAD_FILE, decoded
from planner.study.problems import Problems
from planner.study.scenarios import layers
from planner.system.nouns import Period
from planner.units import suggestion

CONVENTIONS = ("uniform", "end", "middle", "start")
YEAR_RANGE = (1900, 2500)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of study.toml: what it says, and what it must be."""

    name: str
    note: str
    kind: type | tuple[type, ...]
    required: bool = False
    default: Any = None


HEAD: tuple[Field, ...] = (
    Field("title", "what the study is about, in a line", str, required=True),
    Field("country", "the focus country", str, required=True),
    Field("metals", "its metals, in full and lower case", list, required=True),
    Field("currency_year", "year of the constant USD that all money is in", int, required=True),
    Field("discount_rate", "real rate of the study, 1/year", (int, float), required=True),
    Field(
        "stock_convention",
        "when products enter use within their year: uniform, end, middle, start",
        str,
        default="uniform",
    ),
    Field(
        "scenario",
        "the scenario in force when none is asked for; empty: the base rows alone",
        str,
        default="",
    ),
    Field(
        "border_adjustment",
        "whether the carbon price also falls on the embodied carbon of imports",
        bool,
        default=False,
    ),
    Field("years", "the years, see below", dict, required=True),
    Field("policies", "the policies, see below", dict, default={}),
    Field("scenarios", "the scenarios, see below", dict, default={}),
)
YEARS: tuple[Field, ...] = (
    Field("first", "first year; left out where `periods` is given", int),
    Field("last", "last year", int, required=True),
    Field("step", "length of every period in years (the last may be shorter)", int, default=1),
    Field("periods", "first years of the periods, ascending, instead of first and step", list),
)
SCENARIO: tuple[Field, ...] = (
    Field("title", "what it supposes, in a line", str, default=""),
    Field("note", "more of that", str, default=""),
    Field("inherits", "scenarios it starts from, left to right, the later wins", list, default=[]),
    Field("set", 'single values: path = number or "number unit"', dict, default={}),
    Field("policies", "fields of policies replaced, or whole policies added", dict, default={}),
    Field("discount_rate", "replaces that of the study", (int, float)),
    Field("border_adjustment", "replaces that of the study", bool),
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What study.toml says of a scenario."""

    title: str = ""
    inherits: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """What study.toml says, before any scenario is laid over it."""

    title: str
    country: str
    metals: tuple[str, ...]
    currency_year: int
    discount_rate: float
    stock_convention: Any
    scenario: str
    border_adjustment: bool
    periods: tuple[Period, ...]
    policies: Mapping[str, Mapping[str, Any]]
    scenarios: Mapping[str, Scenario]
    text: str

    def line(self, section: str, key: str = "") -> int:
        """Row of study.toml where a key of a section stands; that of the section, or 0, where it
        cannot be told."""
        return line_of(self.text, section, key)


def line_of(text: str, section: str, key: str = "") -> int:
    lines = _lines(text)
    return lines.get((section, key)) or lines.get((section, ""), 0)


@lru_cache(maxsize=4)
def _lines(text: str) -> Mapping[tuple[str, str], int]:
    """Row of each section (its last header) and of each key in it (its first), by section and key;
    a section has the key ``."""
    found: dict[tuple[str, str], int] = {}
    current = ""
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if line.startswith("[") and "]" in line:
            current = line.partition("]")[0].strip("[ \t").replace('"', "")
            found[current, ""] = number
        elif mark := _KEY.match(line):
            key = next(word for word in mark.groups() if word is not None)
            found.setdefault((current, key), number)
            found.setdefault((current, key.partition(".")[0]), number)
    return found


_KEY = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([^\s="'#]+))\s*[=.]""")
_DOTTED = re.compile(r"[\w\s.\"'\[\]-]*")
DEEPEST = 32
"""How deep study.toml may nest; the deepest field lies at six."""


def read_head(content: bytes, problems: Problems) -> Head | None:
    """The head of a study; None where it is too broken for its tables to be judged. All problems
    are collected."""
    text = decoded(HEAD_FILE, content, problems)
    if text is None:
        return None
    # before it is parsed: the parser descends once for each bracket
    if too_deep := re.search(rf"(?:[\[{{]\s*){{{DEEPEST}}}", text):
        row = text.count("\n", 0, too_deep.start()) + 1
        problems.add(
            HEAD_FILE, row, "", f"more than {DEEPEST} brackets are nested; no field needs that"
        )
        return None
    # likewise: it takes the square of the number of words that a dotted key has
    for row, line in enumerate(text.split("\n"), start=1):
        if (
            line.count(".") > DEEPEST
            and _DOTTED.fullmatch(key := line.partition("=")[0])
            and key.count(".") > DEEPEST
        ):
            problems.add(
                HEAD_FILE,
                row,
                "",
                f"this key is nested more than {DEEPEST} deep; no field needs that",
            )
            return None
    try:
        toml = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
        at = re.search(r"line (\d+)", str(error))
        problems.add(
            HEAD_FILE, int(at[1]) if at else 0, "", f"is no valid TOML: {error}; mend this line"
        )
        return None
    if odd := beyond_toml(toml):
        problems.add(HEAD_FILE, line_of(text, *odd[0]), ".".join(filter(None, odd[0])), odd[1])
        return None
    reader = _Reader(text, problems)
    fields = reader.fields("", toml, HEAD)
    metals = reader.names("", "metals", fields.get("metals"))
    if fields.get("metals") == []:
        reader.refuse("", "metals", "is empty; name at least one metal")
    periods = reader.periods(fields["years"]) if "years" in fields else ()
    rate = reader.at_least_zero("", "discount_rate", fields.get("discount_rate"))
    reader.one_of("", "stock_convention", fields["stock_convention"], CONVENTIONS)
    scenarios = reader.scenarios(fields["scenarios"])
    for name, rules in fields["policies"].items():
        if not isinstance(rules, dict):
            reader.refuse("policies", name, "must be a section: [policies.NAME] with kind = ...")
    policies = {
        name: rules for name, rules in fields["policies"].items() if isinstance(rules, dict)
    }
    year = fields.get("currency_year")
    if year is not None and not YEAR_RANGE[0] <= year <= YEAR_RANGE[1]:
        reader.refuse("", "currency_year", f"is {year}; give a year such as 2021")
        year = None
    if not metals or not periods or rate is None or year is None:
        return None
    return Head(
        fields.get("title", ""),
        fields.get("country", ""),
        metals,
        year,
        rate,
        fields["stock_convention"],
        fields["scenario"],
        fields["border_adjustment"],
        periods,
        policies,
        scenarios,
        text,
    )


def beyond_toml(toml: Mapping[str, Any]) -> tuple[tuple[str, str], str] | None:
    """Section and key, and what is wrong there: an integer beyond 64 bits, which TOML does not
    have, or too deep a nesting."""
    left: list[tuple[tuple[str, ...], Any]] = [((), toml)]
    while left:
        path, value = left.pop()
        place = (".".join(path[:-1][:DEEPEST]), path[-1] if path else "")
        if len(path) > DEEPEST:
            return place, f"is nested more than {DEEPEST} deep; no field needs that"
        if isinstance(value, int) and value.bit_length() > LARGEST_BITS:
            return place, "is too large for a whole number of TOML, which has 64 bits; check it"
        if isinstance(value, dict):
            left += [((*path, str(key)), each) for key, each in value.items()]
        elif isinstance(value, list):
            left += [((*path, ""), each) for each in value]
    return None


LARGEST_BITS = 63
"""Bits of the largest whole number of TOML, without its sign."""


class _Reader:
    """Checks sections of study.toml and collects problems with their rows."""

    def __init__(self, text: str, problems: Problems) -> None:
        self.text, self.problems = text, problems

    def refuse(self, section: str, key: str, message: str) -> None:
        self.problems.add(
            HEAD_FILE, line_of(self.text, section, key), f"{section}.{key}".strip("."), message
        )

    def fields(
        self, section: str, given: Mapping[str, Any], allowed: tuple[Field, ...]
    ) -> dict[str, Any]:
        """The fields of a section that are of the right type, defaults filled in."""
        names = [f.name for f in allowed]
        for key in given:
            if key not in names:
                self.refuse(
                    section,
                    key,
                    (
                        f"is no field here{self.problems.suggestion(key, names)}; there are: "
                        f"{', '.join(names)}"
                    ),
                )
        found: dict[str, Any] = {}
        for form in allowed:
            value = given.get(form.name)
            if value is None:
                if form.required:
                    self.refuse(section, form.name, f"is missing; give {form.note}")
                elif form.default is not None:
                    found[form.name] = form.default
            elif (
                not isinstance(value, form.kind)
                or (isinstance(value, bool) and form.kind is not bool)
                or value == ""
            ):
                self.refuse(
                    section, form.name, f"is {value!r}; give {form.note} ({_spelled(form.kind)})"
                )
                if form.default is not None:
                    found[form.name] = form.default
            else:
                found[form.name] = value
        return found

    def names(self, section: str, key: str, given: Any) -> tuple[str, ...]:
        """A list of names, without duplicates."""
        listed = given if isinstance(given, list) else []
        for name in listed:
            if not isinstance(name, str) or not name.strip() or name != name.strip():
                self.refuse(section, key, f"holds {name!r}; give names as text")
        wanted = [name for name in listed if isinstance(name, str)]
        for name in sorted({n for n in wanted if wanted.count(n) > 1}):
            self.refuse(section, key, f"names '{name}' twice; keep one")
        return tuple(dict.fromkeys(wanted))

    def one_of(self, section: str, key: str, given: Any, choices: tuple[str, ...]) -> None:
        if given not in choices:
            self.refuse(
                section,
                key,
                f"is '{given}'{suggestion(str(given), choices)}; choose of {', '.join(choices)}",
            )

    def at_least_zero(self, section: str, key: str, given: Any) -> float | None:
        if given is None:
            return None
        if not 0 <= given < float("inf"):
            self.refuse(section, key, f"is {given}; give a number of 0 or more")
            return None
        return float(given)

    def periods(self, given: Mapping[str, Any]) -> tuple[Period, ...]:
        """The periods of the study, one a year unless `step` or `periods` say otherwise; empty
        where they cannot be told."""
        years = self.fields("years", given, YEARS)
        last, step = years.get("last"), years["step"]
        starts: list[int] = years.get("periods", [])
        if last is None:
            return ()
        if "periods" in years:
            if "first" in given or "step" in given:
                self.refuse("years", "periods", "stands beside first or step; give either")
            if (
                not starts
                or not all(type(y) is int for y in starts)
                or any(b <= a for a, b in pairwise(starts))
            ):
                self.refuse(
                    "years",
                    "periods",
                    "must list first years in ascending order, such as [2021, 2022, 2025]",
                )
                return ()
        elif "first" not in years:
            if "first" not in given:
                self.refuse("years", "first", "is missing; give the first year, or `periods`")
            return ()
        elif step < 1:
            self.refuse("years", "step", f"is {step}; give whole years of 1 or more")
            return ()
        first = starts[0] if starts else years["first"]
        if not YEAR_RANGE[0] <= first <= last <= YEAR_RANGE[1] or (starts and starts[-1] > last):
            span = f"between {YEAR_RANGE[0]} and {YEAR_RANGE[1]}"
            self.refuse(
                "years", "last", f"years run from {first} to {last}; give years in order, {span}"
            )
            return ()
        starts = starts or list(range(first, last + 1, step))
        return tuple(Period(a, b - 1) for a, b in zip(starts, [*starts[1:], last + 1], strict=True))

    def scenarios(self, given: Mapping[str, Any]) -> dict[str, Scenario]:
        """All scenarios; unknown parents and circles of inheritance are refused once and
        dropped."""
        found: dict[str, Scenario] = {}
        for name, fields in given.items():
            section = f"scenarios.{name}"
            if not isinstance(fields, dict):
                self.refuse("scenarios", name, "must be a section: [scenarios.NAME]")
                continue
            if "," in name or not name.strip():
                self.refuse(
                    "scenarios", name, "holds a comma or nothing; a,b composes two scenarios"
                )
            rules = self.fields(section, fields, SCENARIO)
            head: dict[str, Any] = {
                key: rules[key] for key in ("discount_rate", "border_adjustment") if key in rules
            }
            self.at_least_zero(section, "discount_rate", head.get("discount_rate"))
            found[name] = Scenario(
                rules.get("title", ""),
                self.names(section, "inherits", rules["inherits"]),
                self._settings(section, rules["set"]),
                self._policies(section, rules["policies"]),
                head,
            )
        return self._without_circles(found)

    def _settings(self, section: str, given: Mapping[str, Any]) -> dict[str, str]:
        """Single values as text, by path."""
        settings: dict[str, str] = {}
        for path, value in given.items():
            if isinstance(value, dict):
                self.refuse(
                    f"{section}.set",
                    path,
                    "is read as a table by TOML; put the whole path in quotation marks",
                )
            elif isinstance(value, bool) or not isinstance(value, int | float | str):
                self.refuse(
                    f"{section}.set", path, f'is {value!r}; give a number, or "number unit"'
                )
            else:
                settings[path.strip()] = value if isinstance(value, str) else repr(value)
        return settings

    def _policies(self, section: str, given: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        for name, fields in given.items():
            if not isinstance(fields, dict):
                self.refuse(
                    f"{section}.policies",
                    name,
                    "must be a section: [scenarios.NAME.policies.POLICY]",
                )
        return {name: fields for name, fields in given.items() if isinstance(fields, dict)}

    def _without_circles(self, found: dict[str, Scenario]) -> dict[str, Scenario]:
        inherits = {name: scenario.inherits for name, scenario in found.items()}
        bad: dict[str, str] = {}
        for name in found:
            try:
                layers([name], inherits)
            except ValueError as error:
                bad.setdefault(str(error), name)
        for message, name in _by_circle(bad).items():
            self.refuse(f"scenarios.{name}", "inherits", message)
        if not bad:
            return found
        return {
            name: Scenario(s.title, (), s.settings, s.policies, s.head) for name, s in found.items()
        }


def _by_circle(bad: Mapping[str, str]) -> dict[str, str]:
    """The same circle is found from each of its members: keep one message of it."""
    kept: dict[frozenset[str], tuple[str, str]] = {}
    for message, name in bad.items():
        circle = re.search(r"circle: (.*);", message)
        key = frozenset(circle[1].split(" -> ")) if circle else frozenset([message])
        kept.setdefault(key, (message, name))
    return dict(kept.values())


def _spelled(kind: type | tuple[type, ...]) -> str:
    names: dict[type, str] = {
        str: "text in quotation marks",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        list: "a list",
        dict: "a section",
    }
    return names[kind[-1] if isinstance(kind, tuple) else kind]
