"""BLEECAM's gallium case as a study: `python -m tests.campaigns.bleecam_study DATA OUT`.

DATA holds its own CSV files, of which nothing is kept here. Each of its arcs from one process in
one country to another is a process of ours: a unit of activity is a kilogram that goes along the
arc, so that cost, emission and capacity are those of what goes out, as there. What comes into a
process in a country is one good, of whatever material, but for a material that goes through
unchanged. All mass counts as gallium, of which the yields leave something as loss.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.small import Study

FIRST, LAST = 2026, 2031
"""Calendar years of its periods 0 to 5, none of whose numbers but demand differ."""
KILOGRAMS = 1000.0
"""Of a tonne: its money and yields are per kilogram."""
CARBON = "EF_weighted__Global Warming Potential (Gwp1000)"
SOURCE, SINK, PLACE = "wafer_market_mix", "wafer_demand", "US"
SHORT = 1e11
"""USD per t; nothing is short."""
Node = tuple[str, str, str]
"""Process, country and material."""


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Rows of one of its files in the first period, stripped."""
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            clean = {key: (value or "").strip() for key, value in row.items() if key}
            if clean.get("time_period", "0") == "0":
                yield clean


def by_node(folder: Path, name: str, value: str, process: str = "process") -> dict[Node, float]:
    """A number of each process, country and material."""
    return {
        (row[process], row["location"], row["material"]): float(row[value] or 0)
        for row in rows(folder, name)
        if not row.get("destination")
    }


class Case:
    """The case as its files give it."""

    def __init__(self, folder: Path) -> None:
        self.arcs = [
            (
                row["process_from"],
                row["loc_from"],
                row["process_to"],
                row["loc_to"],
                row["material"],
            )
            for row in rows(folder, "trade_topology_ga.csv")
        ]
        self.yields = by_node(folder, "yield_ga.csv", "yield")
        self.capacity = by_node(folder, "capacity_template_ga.csv", "capacity")
        self.carbon = by_node(folder, "EF_Template.csv", CARBON, "source")
        self.freight = {
            (row["loc_from"], row["loc_to"]): float(row["shipping_cost_usd_per_kg"])
            for row in rows(folder, "shipping_costs_ga.csv")
        }
        self.at_node: dict[Node, float] = defaultdict(float)
        self.on_arc: dict[tuple[str, ...], float] = defaultdict(float)
        for row in rows(folder, "cost_parameters_ga.csv"):
            node = row["source"], row["location"], row["material"]
            carried, duty = float(row["transportation cost"]), float(row["tariff_cost"])
            if row["destination"]:
                to = row["destination"], row["destination_location"]
                self.on_arc[*node, *to] = carried + duty
            else:
                self.at_node[node] = float(row["processing cost"]) + carried
        self.arrives: dict[tuple[str, str], set[str]] = defaultdict(set)
        for *_, process, place, material in self.arcs:
            self.arrives[process, place].add(material)

    def enters(self, process: str, place: str, material: str) -> str:
        """Good that a material is once it has come into a process in a country."""
        through = (process, place, material) in self.yields
        return f"{process}/{place}/{material}" if through else f"{process}/{place}"

    def cost(self, arc: tuple[str, ...]) -> float:
        """USD per kg that goes along an arc."""
        process, place, onward, there, material = arc
        node = process, place, material
        freight = self.freight.get((place, there), 0.0) if place != there else 0.0
        return self.at_node[node] + self.on_arc[*node, onward, there] + freight

    def taken(self, node: Node) -> dict[str, float]:
        """What a kilogram out of a process takes in; nothing where nothing comes in."""
        process, place, material = node
        coming = self.arrives[process, place]
        if not coming:
            return {}
        good = self.enters(process, place, material if material in coming else "")
        return {good.rstrip("/"): 1 / self.yields[node]}


def study(folder: Path) -> Study:
    """The study of the case in a folder."""
    case = Case(folder)
    made = Study(FIRST, LAST, metals=("gallium",), source="BLEECAM 0.1.0b1, gallium case")
    demand: dict[str, dict[int, float]] = defaultdict(dict)
    with (folder / "demand_ga.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            year = FIRST + int(row["time_period"])
            demand[row["material"]][year] = float(row["demand_kg"]) / KILOGRAMS
    for material, amounts in demand.items():
        made.good(f"{SINK}/{material}", "product", demand=amounts, shortage_cost=SHORT)
    goods = {case.enters(*arc[2:]) for arc in case.arcs if arc[2] != SINK}
    for name in sorted(goods):
        made.good(name, "intermediate")
    leaving: dict[Node, int] = defaultdict(int)
    for process, place, *_, material in case.arcs:
        leaving[process, place, material] += 1
    for node in leaving:
        if node[0] != SOURCE and leaving[node] > 1:
            name = "/".join(node)
            made.plant(name, existing_capacity=case.capacity[node] / KILOGRAMS)
    for arc in case.arcs:
        _process(made, case, arc, shared=leaving[arc[0], arc[1], arc[4]] > 1)
    return made


def _process(made: Study, case: Case, arc: tuple[str, ...], *, shared: bool) -> None:
    """One arc."""
    process, place, onward, there, material = arc
    node = process, place, material
    given = f"{SINK}/{material}" if onward == SINK else case.enters(onward, there, material)
    taken, values = case.taken(node), {"variable_cost": KILOGRAMS * case.cost(arc)}
    values["direct_emission"] = case.carbon.get(node, 0.0)
    own = process != SOURCE and not shared
    if own:
        values["max_activity"] = case.capacity[node] / KILOGRAMS
    made.process(
        f"{process}/{place} to {onward}/{there}: {material}",
        "manufacture" if taken else "mine",
        takes=taken,
        gives={given: 1},
        plant="" if own or process == SOURCE else "/".join(node),
        pathway="",
        loss="loss",
        **{name: value for name, value in values.items() if value},
    )


def count(folder: Path) -> int:
    """Rows of all tables of a study folder, headings left out."""
    files = folder.glob("*.csv")
    return sum(len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in files)


if __name__ == "__main__":
    out = study(Path(sys.argv[1])).write(Path(sys.argv[2]))
    sys.stdout.write(f"{count(out)} rows in {out}\n")
