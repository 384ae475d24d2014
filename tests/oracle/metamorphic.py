"""Changes of a study folder that change nothing physical, or that can only make a plan cheaper."""

from __future__ import annotations

import csv
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.oracle.generator import toml

Row = dict[str, str]
OTHER_NAME = {"intermediate": "product", "product": "intermediate"}
BOUNDS = ("max_activity", "min_activity", "observed")
TWIN = " again"
GATHERED = " gathered"


@dataclass
class Tables:
    """A study folder in memory."""

    head: dict[str, Any]
    rows: dict[str, list[Row]]
    columns: dict[str, list[str]]

    @classmethod
    def read(cls, folder: Path) -> Tables:
        """All tables of a folder."""
        head = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
        rows, columns = {}, {}
        for path in sorted(folder.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                rows[path.stem] = list(reader)
                columns[path.stem] = list(reader.fieldnames or [])
        return cls(head, rows, columns)

    def write(self, folder: Path) -> Path:
        """Write them again."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        lines = [f"{key} = {toml(value)}" for key, value in self.head.items()]
        (folder / "study.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name, rows in self.rows.items():
            more = [column for row in rows for column in row]
            columns = list(dict.fromkeys([*self.columns[name], *more]))
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)
        return folder

    def of(self, table: str) -> list[Row]:
        """Rows of a table; none where it is not there."""
        return self.rows.get(table, [])

    def copied(self, column: str, old: str, new: str, tables: tuple[str, ...]) -> None:
        """Give a name all the rows of another."""
        for table in tables:
            for row in [row for row in self.of(table) if row.get(column) == old]:
                self.rows[table].append({**row, column: new})

    def policies(self) -> list[dict[str, Any]]:
        """All policies."""
        return list(self.head.get("policies", {}).values())


def renamed_kinds(study: Tables) -> bool:
    """Call every intermediate good a product, and the other way round."""
    goods = [row for row in study.of("goods") if row["kind"] in OTHER_NAME]
    for row in goods:
        row["kind"] = OTHER_NAME[row["kind"]]
    return bool(goods)


def yearly(study: Tables) -> bool:
    """Split every period into years."""
    years = study.head["years"]
    first = years["periods"][0] if "periods" in years else years["first"]
    last = years.get("last", years.get("periods", [first])[-1])
    whole = len(years["periods"]) if "periods" in years else 0
    coarse = whole < last - first + 1 if whole else years.get("step", 1) > 1
    study.head["years"] = {"first": first, "last": last}
    return coarse


def orders(study: Tables) -> bool:
    """Whether any plant can be ordered, which alone knows periods."""
    return any(row["parameter"] == "capital_cost" for row in study.of("plants"))


def twin_origin(study: Tables) -> bool:
    """Part one supplier into two, of two countries, with the same numbers."""
    bound = {row["process"] for row in study.of("process_values") if row["parameter"] in BOUNDS}
    bound |= {row["of"] for row in study.of("curves")}
    named = {policy.get("origin") for policy in study.policies()}
    for row in study.of("processes"):
        free = row["process"] not in bound and row.get("origin") not in named
        if row["kind"] == "import" and free and not takes(study, row["process"]):
            break
    else:
        return False
    name = row["process"]
    study.rows["processes"].append({**row, "process": name + TWIN, "origin": "Elsewhere"})
    study.copied("process", name, name + TWIN, ("coefficients", "process_values"))
    for policy in study.policies():
        if name in policy.get("processes", ()):
            policy["processes"] = [*policy["processes"], name + TWIN]
    return True


def takes(study: Tables, process: str) -> list[str]:
    """Goods that a process takes."""
    rows = [row for row in study.of("coefficients") if row["process"] == process]
    return [row["good"] for row in rows if row["direction"] == "in"]


def collector(study: Tables) -> bool:
    """Have a collector, who costs nothing, hand a waste to those who took it themselves; not where
    a subsidy pays for activity at the stage, which is his too."""
    if any(
        "recycling" in policy.get("activity", {}).get("stages", ()) for policy in study.policies()
    ):
        return False
    wastes = [row for row in study.of("goods") if row["kind"] == "waste"]
    asked = {good for policy in study.policies() for good in policy.get("goods", ())}
    for waste in wastes:
        takers = [row for row in study.of("coefficients") if takes_of(row, waste["good"])]
        if takers and waste["good"] not in asked:
            break
    else:
        return False
    where = {row["process"]: row.get("place", "") for row in study.of("processes")}
    places = {where[row["process"]] for row in takers}
    if len(places) > 1:
        return False
    good, scrap = waste["good"], waste["good"] + GATHERED
    study.rows["goods"].append({**waste, "good": scrap, "kind": "scrap", "stage": "recycling"})
    values = [
        r for r in study.of("good_values") if r["good"] == good and "stock" not in r["parameter"]
    ]
    values = [row for row in values if row["parameter"] != "holding_cost"]
    study.rows["good_values"] += [{**row, "good": scrap} for row in values]
    for row in takers:
        row["good"] = scrap
    name = f"gather {good}"
    fields = {"kind": "collect", "stage": "recycling", "pathway": "", "loss": ""}
    fields |= {"place": place} if (place := places.pop()) else {}
    study.rows["processes"].append({"process": name, **fields})
    for each, direction in ((good, "in"), (scrap, "out")):
        key = {"process": name, "good": each, "direction": direction}
        study.rows["coefficients"].append(key | {"value": "1", "unit": "t/t", "source": "made"})
    return True


def takes_of(row: Row, good: str) -> bool:
    """Whether a coefficient says that a good is taken."""
    return row["good"] == good and row["direction"] == "in"


CHANGES: dict[str, Callable[[Tables], bool]] = {
    "renamed kinds": renamed_kinds,
    "years": yearly,
    "twin origin": twin_origin,
    "collector": collector,
}
"""Name to a change in place, which says whether it found anything to change."""
