"""study.toml: title, country, metals, years, money, scenarios; policies are kept as written for
`planner.study.policies`."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from planner.study.files import HEAD_FILE, decoded
from planner.study.problems import Problems
from planner.study.scenarios import require_followed
from planner.system.nouns import Period
from planner.units import suggestion

CONVENTIONS = ("uniform", "end", "middle", "start")
YEAR_RANGE = (1900, 2500)
DEEPEST = 32
"""Depth to which study.toml may nest; the deepest field lies at six."""
LARGEST_BITS = 63
"""Bits of the largest whole number of TOML, without its sign."""
_KEY = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([^\s="'#]+))\s*[=.]""")
_DOTTED = re.compile(r"[\w\s.\"'\[\]-]*")
SELECTING = ". : * ; ( )"
"""Signs that part the words of a path, a selector or a name with its place."""
_SELECTING = re.compile(r"[.:*;()]")
_BRACKETS = re.compile(rf"(?:[\[{{]\s*){{{DEEPEST}}}")


@dataclass(frozen=True, slots=True)
class HeadField:
    """A field of study.toml: what it says, and what it must be."""

    name: str
    note: str
    kind: type | tuple[type, ...]
    required: bool = False
    default: Any = None

    def accepts(self, value: Any) -> bool:
        """Return True for a value of the right type that says something."""
        if isinstance(value, bool) and self.kind is not bool:
            return False
        return isinstance(value, self.kind) and value != ""


HEAD: tuple[HeadField, ...] = (
    HeadField("title", "what the study is about, in a line", str, required=True),
    HeadField("country", "the focus country", str, required=True),
    HeadField("metals", "its metals, in full and lower case", list, required=True),
    HeadField("currency_year", "year of the constant USD that all money is in", int, required=True),
    HeadField("discount_rate", "real rate of the study, 1/year", (int, float), required=True),
    HeadField(
        "stock_convention",
        "when products enter use within their year: uniform, end, middle, start",
        str,
        default="uniform",
    ),
    HeadField(
        "scenario",
        "the scenario in force when none is asked for; empty: the base rows alone",
        str,
        default="",
    ),
    HeadField(
        "border_adjustment",
        "whether the carbon price also falls on the embodied carbon of imports",
        bool,
        default=False,
    ),
    HeadField("places", "places beside the country where processes can stand", list, default=[]),
    HeadField(
        "border_charges",
        "places beside the country whose border charges their carbon price on what trade embodies",
        list,
        default=[],
    ),
    HeadField("blocs", "[blocs] NAME = [places]: names of several places", dict, default={}),
    HeadField("years", "the years, see below", dict, required=True),
    HeadField("policies", "the policies, see below", dict, default={}),
    HeadField("scenarios", "the scenarios, see below", dict, default={}),
)
YEARS: tuple[HeadField, ...] = (
    HeadField("first", "first year; left out where `periods` is given", int),
    HeadField("last", "last year", int, required=True),
    HeadField("step", "years of every period of order (the last may be shorter)", int, default=1),
    HeadField("periods", "first years of the periods, ascending, instead of first and step", list),
)
SCENARIO: tuple[HeadField, ...] = (
    HeadField("title", "what it supposes, in a line", str, default=""),
    HeadField("note", "more of that", str, default=""),
    HeadField(
        "inherits", "scenarios it starts from, left to right, the later wins", list, default=[]
    ),
    HeadField("set", 'single values: path = number or "number unit"', dict, default={}),
    HeadField("policies", "fields of policies replaced, or whole policies added", dict, default={}),
    HeadField("discount_rate", "replaces that of the study", (int, float)),
    HeadField("border_adjustment", "replaces that of the study", bool),
)
SCENARIO_HEAD = ("discount_rate", "border_adjustment")
"""Fields of the head that a scenario or an override may replace."""
AS_OF = "as_of"
"""Override that hides what came out after the end of a year (`planner.study.rows.vintages`)."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as study.toml writes it: what it inherits and what it replaces."""

    title: str = ""
    inherits: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """The fields of study.toml, before any scenario is laid over them."""

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
    places: tuple[str, ...] = ()
    """Places other than the country."""
    blocs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Places by the name of their bloc; the country by its name."""
    border_charges: tuple[str, ...] = ()
    """Places other than the country whose border charges the carbon price."""

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


def read_head(content: bytes, problems: Problems) -> Head | None:
    """The head of a study; None where it is too broken for its tables to be judged. All problems
    are collected."""
    text = decoded(HEAD_FILE, content, problems)
    if text is None:
        return None
    toml = _parsed(text, problems)
    return None if toml is None else _HeadReader(text, problems).head(toml)


def _parsed(text: str, problems: Problems) -> Mapping[str, Any] | None:
    """The text as TOML reads it; None where it is something else."""
    if too_deep := _too_deep(text):
        row, message = too_deep
        problems.add(HEAD_FILE, row, "", message)
        return None
    try:
        toml = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
        at = re.search(r"line (\d+)", str(error))
        problems.add(
            HEAD_FILE, int(at[1]) if at else 0, "", f"is not valid TOML: {error}; mend this line"
        )
        return None
    if beyond := beyond_toml(toml):
        where, message = beyond
        problems.add(HEAD_FILE, line_of(text, *where), ".".join(filter(None, where)), message)
        return None
    return toml


def _too_deep(text: str) -> tuple[int, str] | None:
    """Row and message where brackets or keys nest too deep to be parsed."""
    # the parser descends once for each bracket
    if brackets := _BRACKETS.search(text):
        row = text.count("\n", 0, brackets.start()) + 1
        return row, f"more than {DEEPEST} brackets are nested; no field needs that"
    # and takes the square of the number of words that a dotted key has
    for row, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > DEEPEST and _is_deep_key(line.partition("=")[0]):
            return row, f"this key is nested more than {DEEPEST} deep; no field needs that"
    return None


def _is_deep_key(key: str) -> bool:
    return key.count(".") > DEEPEST and _DOTTED.fullmatch(key) is not None


def beyond_toml(toml: Mapping[str, Any]) -> tuple[tuple[str, str], str] | None:
    """Section and key of an integer beyond 64 bits, which TOML does not have, or of too deep a
    nesting, with its message."""
    left: list[tuple[tuple[str, ...], Any]] = [((), toml)]
    while left:
        path, value = left.pop()
        if wrong := _beyond(path, value):
            return (".".join(path[:-1][:DEEPEST]), path[-1] if path else ""), wrong
        left += [((*path, key), each) for key, each in _inside(value)]
    return None


def _beyond(path: tuple[str, ...], value: Any) -> str:
    if len(path) > DEEPEST:
        return f"is nested more than {DEEPEST} deep; no field needs that"
    if isinstance(value, int) and value.bit_length() > LARGEST_BITS:
        return "is too large for a whole number of TOML, which has 64 bits; check it"
    return ""


def _inside(value: Any) -> Iterable[tuple[str, Any]]:
    """Key and value of what a value holds; members of a list have no key."""
    if isinstance(value, dict):
        return value.items()
    return [("", each) for each in value] if isinstance(value, list) else ()


class _HeadReader:
    """Checks sections of study.toml and collects problems with their rows."""

    def __init__(self, text: str, problems: Problems) -> None:
        self.text, self.problems = text, problems

    def refuse(self, section: str, key: str, message: str) -> None:
        """Report what is wrong with a field."""
        self.problems.add(
            HEAD_FILE, line_of(self.text, section, key), f"{section}.{key}".strip("."), message
        )

    def head(self, toml: Mapping[str, Any]) -> Head | None:
        """The whole head; None where metals, years, rate or currency year cannot be told."""
        fields = self._fields("", toml, HEAD)
        metals = self._names("", "metals", fields.get("metals"))
        if fields.get("metals") == []:
            self.refuse("", "metals", "is empty; name at least one metal")
        periods = self._periods(fields["years"]) if "years" in fields else ()
        rate = self._at_least_zero("", "discount_rate", fields.get("discount_rate"))
        self._convention(fields["stock_convention"])
        scenarios = self._scenarios(fields["scenarios"])
        policies = self._sections("policies", fields["policies"], "[policies.NAME] with kind = ...")
        currency_year = self._currency_year(fields.get("currency_year"))
        places = self._places(fields["places"], fields.get("country", ""))
        blocs = self._blocs(fields["blocs"], places, fields.get("country", ""))
        if not metals or not periods or rate is None or currency_year is None:
            return None
        return Head(
            fields.get("title", ""),
            fields.get("country", ""),
            metals,
            currency_year,
            rate,
            fields["stock_convention"],
            fields["scenario"],
            fields["border_adjustment"],
            periods,
            policies,
            scenarios,
            self.text,
            places,
            blocs,
            self._members("", "border_charges", fields["border_charges"], places),
        )

    # ---- fields

    def _fields(
        self, section: str, given: Mapping[str, Any], allowed: tuple[HeadField, ...]
    ) -> dict[str, Any]:
        """The fields of a section that are of the right type, defaults filled in."""
        self._refuse_others(section, given, [field.name for field in allowed])
        found = {field.name: self._field(section, given, field) for field in allowed}
        return {name: value for name, value in found.items() if value is not None}

    def _refuse_others(self, section: str, given: Iterable[str], names: Sequence[str]) -> None:
        """Report fields that a section does not have."""
        for key in given:
            if key not in names:
                close = self.problems.suggestion(key, names)
                self.refuse(
                    section, key, f"is not a field here{close}; there are: {', '.join(names)}"
                )

    def _field(self, section: str, given: Mapping[str, Any], field: HeadField) -> Any:
        """The value of a field, else its default; None where it has neither."""
        value = given.get(field.name)
        if value is None:
            if field.required:
                self.refuse(section, field.name, f"is missing; give {field.note}")
        elif field.accepts(value):
            return value
        else:
            wanted = f"{field.note} ({_spelled(field.kind)})"
            self.refuse(section, field.name, f"is {value!r}; give {wanted}")
        return field.default

    def _names(self, section: str, key: str, given: Any) -> tuple[str, ...]:
        """A list of names, without duplicates."""
        listed = given if isinstance(given, list) else []
        for name in listed:
            if not _is_name(name):
                self.refuse(section, key, f"holds {name!r}; give names as text")
        names = Counter(name for name in listed if isinstance(name, str))
        for name in sorted(names):
            if names[name] > 1:
                self.refuse(section, key, f"names '{name}' twice; keep one")
        return tuple(names)

    def _places(self, given: list[Any], country: str) -> tuple[str, ...]:
        """The places other than the country, by names that a selector can tell apart."""
        places = self._names("", "places", given)
        for name in places:
            if name == country:
                self.refuse("", "places", f"names the country '{name}' itself; drop it there")
            elif _SELECTING.search(name):
                self.refuse(
                    "", "places", f"'{name}' holds one of {SELECTING}; name it without them"
                )
        return tuple(name for name in places if name != country)

    def _blocs(
        self, given: Mapping[str, Any], places: Sequence[str], country: str
    ) -> dict[str, tuple[str, ...]]:
        """Places by the name of their bloc."""
        known = (*places, country)
        found = {}
        for name, members in given.items():
            if not isinstance(members, list):
                self.refuse("blocs", name, f"is {members!r}; give a list of places")
                continue
            found[name] = self._members("blocs", name, members, known)
            if name in known or _SELECTING.search(name):
                self.refuse(
                    "blocs", name, f"is a place too, or holds one of {SELECTING}; rename the bloc"
                )
        return found

    def _members(
        self, section: str, key: str, given: list[Any], known: Sequence[str]
    ) -> tuple[str, ...]:
        """Places that a list names."""
        names = self._names(section, key, given)
        for place in names:
            if place not in known:
                close = self.problems.suggestion(place, known)
                self.refuse(section, key, f"'{place}' is not a place of `places`{close}")
        return names

    def _convention(self, given: str) -> None:
        if given not in CONVENTIONS:
            close = suggestion(str(given), CONVENTIONS)
            choices = ", ".join(CONVENTIONS)
            self.refuse("", "stock_convention", f"is '{given}'{close}; choose of {choices}")

    def _at_least_zero(self, section: str, key: str, given: Any) -> float | None:
        if given is None:
            return None
        if not 0 <= given < float("inf"):
            self.refuse(section, key, f"is {given}; give a number of 0 or more")
            return None
        return float(given)

    def _currency_year(self, given: int | None) -> int | None:
        if given is not None and not YEAR_RANGE[0] <= given <= YEAR_RANGE[1]:
            self.refuse("", "currency_year", f"is {given}; give a year such as 2021")
            return None
        return given

    def _sections(
        self, section: str, given: Mapping[str, Any], form: str
    ) -> dict[str, Mapping[str, Any]]:
        """Those of the fields that are sections of their own, as they all must be."""
        for name, fields in given.items():
            if not isinstance(fields, dict):
                self.refuse(section, name, f"must be a section: {form}")
        return {name: fields for name, fields in given.items() if isinstance(fields, dict)}

    # ---- years

    def _periods(self, given: Mapping[str, Any]) -> tuple[Period, ...]:
        """The periods of the study, one a year unless `step` or `periods` say otherwise; empty
        where they cannot be told."""
        years = self._fields("years", given, YEARS)
        last = years.get("last")
        if last is None:
            return ()
        starts = self._starts(given, years)
        if not starts:
            return ()
        if not YEAR_RANGE[0] <= starts[0] <= starts[-1] <= last <= YEAR_RANGE[1]:
            span = f"between {YEAR_RANGE[0]} and {YEAR_RANGE[1]}"
            message = f"years run from {starts[0]} to {last}; give years in order, {span}"
            self.refuse("years", "last", message)
            return ()
        return tuple(Period(a, b - 1) for a, b in pairwise([*starts, last + 1]))

    def _starts(self, given: Mapping[str, Any], years: Mapping[str, Any]) -> Sequence[int]:
        """The first years of the periods; empty where they cannot be told."""
        if "periods" in years:
            return self._listed_starts(given, years["periods"])
        return self._regular_starts(given, years)

    def _listed_starts(self, given: Mapping[str, Any], starts: list[Any]) -> list[int]:
        """The first years of `periods`; empty unless they ascend."""
        if "first" in given or "step" in given:
            self.refuse("years", "periods", "stands beside first or step; give either")
        if starts and all(type(year) is int for year in starts) and _ascend(starts):
            return starts
        self.refuse(
            "years",
            "periods",
            "must list first years in ascending order, such as [2021, 2022, 2025]",
        )
        return []

    def _regular_starts(self, given: Mapping[str, Any], years: Mapping[str, Any]) -> Sequence[int]:
        """The years from `first` by `step`, never listed before they are known to be few; empty
        where one of the two is wrong."""
        first, step = years.get("first"), years["step"]
        if first is None:
            if "first" not in given:
                self.refuse("years", "first", "is missing; give the first year, or `periods`")
            return ()
        if step < 1:
            self.refuse("years", "step", f"is {step}; give whole years of 1 or more")
            return ()
        return range(first, max(first, years["last"]) + 1, step)

    # ---- scenarios

    def _scenarios(self, given: Mapping[str, Any]) -> dict[str, Scenario]:
        """All scenarios; unknown parents and circles of inheritance are refused once and
        dropped."""
        found: dict[str, Scenario] = {}
        for name, fields in given.items():
            if not isinstance(fields, dict):
                self.refuse("scenarios", name, "must be a section: [scenarios.NAME]")
                continue
            if "," in name or not name.strip():
                self.refuse(
                    "scenarios", name, "holds a comma or nothing; a,b composes two scenarios"
                )
            found[name] = self._scenario(f"scenarios.{name}", fields)
        return self._without_circles(found)

    def _scenario(self, section: str, given: Mapping[str, Any]) -> Scenario:
        fields = self._fields(section, given, SCENARIO)
        head: dict[str, Any] = {key: fields[key] for key in SCENARIO_HEAD if key in fields}
        self._at_least_zero(section, "discount_rate", head.get("discount_rate"))
        return Scenario(
            fields["title"],
            self._names(section, "inherits", fields["inherits"]),
            self._settings(f"{section}.set", fields["set"]),
            self._sections(
                f"{section}.policies", fields["policies"], "[scenarios.NAME.policies.POLICY]"
            ),
            head,
        )

    def _settings(self, section: str, given: Mapping[str, Any]) -> dict[str, str]:
        """Single values as text, by path."""
        settings: dict[str, str] = {}
        for path, value in given.items():
            if isinstance(value, str):
                settings[path.strip()] = value
            elif isinstance(value, int | float) and not isinstance(value, bool):
                settings[path.strip()] = repr(value)
            elif isinstance(value, dict):
                remedy = "put the whole path in quotation marks"
                self.refuse(section, path, f"is read as a table by TOML; {remedy}")
            else:
                self.refuse(section, path, f'is {value!r}; give a number, or "number unit"')
        return settings

    def _without_circles(self, found: dict[str, Scenario]) -> dict[str, Scenario]:
        """The scenarios, without any inheritance where some of it cannot be followed."""
        bad = _unfollowed({name: scenario.inherits for name, scenario in found.items()})
        for message, name in _by_circle(bad).items():
            self.refuse(f"scenarios.{name}", "inherits", message)
        if not bad:
            return found
        return {name: replace(scenario, inherits=()) for name, scenario in found.items()}


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != "" and value == value.strip()


def _ascend(years: list[int]) -> bool:
    return all(a < b for a, b in pairwise(years))


def _unfollowed(inherits: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Messages of inheritance that cannot be followed, each with the first scenario that has it."""
    found: dict[str, str] = {}
    for name in inherits:
        try:
            require_followed([name], inherits)
        except ValueError as error:
            found.setdefault(str(error), name)
    return found


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
