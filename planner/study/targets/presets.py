"""Ready policies: targets and limits of laws and strategies, from `presets.toml`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from planner.study.schema import PRESET
from planner.units import suggestion

FILE = "presets.toml"
SELECTORS = ("numerator", "denominator", "activity")
OPEN_END = 9999
"""Year up to which a preset without an end is in force."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A target or limit of a law or strategy, ready for a policy of study.toml."""

    name: str
    title: str
    law: str
    url: str
    grade: str
    """A the text itself was read, B a second hand."""
    in_force: str
    """Day, or month, from which it is in force: 2024-05-23."""
    ends: str
    """Last day on which it is in force; empty where no end is set."""
    status: str
    """What it binds, and whether it stands."""
    reading: str
    """How its words are read as a policy."""
    needs: tuple[str, ...]
    """Fields that the study must give."""
    covers: tuple[str, ...]
    """Metals that it speaks of; empty where it names none."""
    fields: Mapping[str, Any]
    """The policy, as study.toml would write it."""

    def lines(self) -> tuple[str, ...]:
        """Its fields as lines of study.toml."""
        return tuple(f"{key} = {_toml(value)}" for key, value in self.fields.items())

    @property
    def first(self) -> int:
        """First year in which it is in force."""
        return int(self.in_force[:4])

    @property
    def last(self) -> int:
        """Last year in which it is in force."""
        return int(self.ends[:4]) if self.ends else OPEN_END


def _toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Preset]:
    text = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    return MappingProxyType({name: _preset(name, given, raw) for name, given in raw.items()})


def _preset(name: str, given: Mapping[str, Any], raw: Mapping[str, Any]) -> Preset:
    covers = given.get("covers", ())
    covers = raw[covers]["covers"] if isinstance(covers, str) else covers
    texts = {key: given[key] for key in ("title", "law", "url", "grade", "in_force", "status")}
    return Preset(
        name,
        **texts,
        ends=given.get("ends", ""),
        reading=given["reading"],
        needs=tuple(given["needs"]),
        covers=tuple(covers),
        fields=MappingProxyType(given["fields"]),
    )


def presets() -> tuple[Preset, ...]:
    """Every ready policy, with its law, dates, status and fields: `preset = "NAME"` in a policy of
    study.toml uses one."""
    return tuple(_all().values())


def preset_of(fields: Mapping[str, Any]) -> Preset | None:
    """The preset that a policy names; None where it names none, or one that is not there."""
    name = fields.get(PRESET)
    return _all().get(name) if isinstance(name, str) else None


def unknown(fields: Mapping[str, Any]) -> str:
    """Message for a policy that names a preset which is not there; empty otherwise."""
    name = fields.get(PRESET)
    if name is None or preset_of(fields) is not None:
        return ""
    known = _all()
    close = suggestion(str(name), known)
    return f"is {name!r}{close}; there are: {', '.join(known)} (`planner presets` shows them)"


def expanded(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a policy with those of its preset where it gives none; those of a selector one
    by one."""
    preset = preset_of(fields)
    if preset is None:
        return dict(fields)
    found: dict[str, Any] = {"source": preset.law, "published": preset.first, **preset.fields}
    for key, value in fields.items():
        before = found.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        if both and key in SELECTORS:
            found[key] = {**dict(before or {}), **value}
        else:
            found[key] = value
    return found


def lacking(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields that a preset leaves to the study and that it does not give, by their paths."""
    preset = preset_of(fields)
    return tuple(path for path in (preset.needs if preset else ()) if not _given(fields, path))


def _given(fields: Mapping[str, Any], path: str) -> bool:
    head, _, rest = path.partition(".")
    inside = fields.get(head)
    return head in fields if not rest else isinstance(inside, Mapping) and rest in inside
