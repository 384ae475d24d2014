"""A run folder described for machines: `datapackage.json` after the Data Package standard
(https://datapackage.org), by Frictionless Data.

Any tool that reads the standard knows the type, unit and meaning of each column, which columns name
a row, and whether a file was changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from planner.plan.schema import RESULTS, VARIABLES, ResultField, ResultTable

TYPES: Mapping[str, str] = MappingProxyType(
    {"text": "string", "number": "number", "year": "integer", "truth": "boolean"}
)
"""Kinds of columns by their name in the standard."""
TRUTHS = {"trueValues": ["True"], "falseValues": ["False"]}


def package(folder: Path, title: str, created: str) -> str:
    """The description of the tables that stand in a run folder, as JSON text."""
    said = {
        "profile": "tabular-data-package",
        "name": "planner-run",
        "title": title,
        "created": created,
        "description": (
            "A plan made by planner. Each table is described by its schema; inputs/ is the study "
            "as it was read."
        ),
        "resources": [
            _resource(table, folder / f"{table.name}.csv") for table in (*RESULTS, VARIABLES)
        ],
    }
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"


def _resource(table: ResultTable, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "name": table.name,
        "path": path.name,
        "description": table.meaning,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": schema(table),
    }


def schema(table: ResultTable) -> dict[str, Any]:
    """The Table Schema of a table: fields with type, unit and constraints, and the primary key as
    far as every part of it is given."""
    # an empty text is a value of its own (won at home, of no good); an empty number or year is a
    # missing one
    texts_only = all(field.kind == "text" for field in table.fields if field.optional)
    given = texts_only or not any(field.optional for field in table.fields if field.key)
    keys = {"primaryKey": list(table.keys)} if given else {}
    missing = [] if texts_only else [""]
    return {"fields": [_field(field) for field in table.fields], "missingValues": missing, **keys}


def _field(field: ResultField) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if field.optional else {"required": True}
    if field.choices:
        constraints["enum"] = list(field.choices)
    unit = {"unit": field.unit} if field.unit else {}
    return {
        "name": field.name,
        "type": TYPES[field.kind],
        "description": field.meaning,
        **unit,
        **(TRUTHS if field.kind == "truth" else {}),
        **({"constraints": constraints} if constraints else {}),
    }
