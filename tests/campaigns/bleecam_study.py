"""BLEECAM's gallium case as a study: `python -m tests.campaigns.bleecam_study DATA OUT`.

DATA holds its own CSV files, of which nothing is kept here. What a process gives in a country is a
process of ours at that place, with its cost, emission and capacity; an arc from one country to
another is a row of trade, with freight and tariff. A material that goes to two processes by ways of
its own is a good for each; what several materials feed is a good of its own. All mass counts as
gallium, of which the yields leave something as loss.
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

        makers: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        for process, place, onward, _, material in self.arcs:
            makers[material, onward].add((process, place))
        self.parted = {
            material for material, onward in makers if len(_distinct(makers, material)) > 1
        }

    def good(self, material: str, onward: str) -> str:
        """Good that a material is on its way to a process."""
        return f"{material} to {onward}" if material in self.parted else material

    def crossing(self, arc: tuple[str, ...]) -> float:
        """USD per kg of an arc beside what its process costs."""
        process, place, onward, there, material = arc
        freight = self.freight.get((place, there), 0.0) if place != there else 0.0
        return self.on_arc[process, place, material, onward, there] + freight

    def fed(self, node: Node) -> str:
        """Good that a process takes to give a material; empty where nothing comes in."""
        process, place, material = node
        coming = self.arrives[process, place]
        if not coming:
            return ""
        if material in coming:
            return self.good(material, process)
        return self.good(*coming, process) if len(coming) == 1 else feed(process)


def feed(process: str) -> str:
    """Good that several materials are to a process alike."""
    return f"feed of {process}"


def _distinct(makers: dict[tuple[str, str], set[tuple[str, str]]], material: str) -> set[object]:
    return {frozenset(found) for (each, _), found in makers.items() if each == material}


def study(folder: Path) -> Study:
    """The study of the case in a folder."""
    case = Case(folder)
    places = sorted({place for _, a, _, b, _ in case.arcs for place in (a, b)} - {PLACE})
    made = Study(
        FIRST,
        LAST,
        metals=("gallium",),
        source="BLEECAM 0.1.0b1, gallium case",
        country=PLACE,
        places=places,
    )
    demand: dict[str, dict[int, float]] = defaultdict(dict)
    with (folder / "demand_ga.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            year = FIRST + int(row["time_period"])
            demand[row["material"]][year] = float(row["demand_kg"]) / KILOGRAMS
    for material, amounts in demand.items():
        name = case.good(material, SINK)
        made.good(name, "product", demand=amounts, shortage_cost=SHORT)
    feeds = {process for process, _ in case.arrives if process in _mixed(case)}
    goods = {case.good(arc[4], arc[2]) for arc in case.arcs if arc[2] != SINK}
    for name in sorted(goods | {feed(process) for process in feeds}):
        made.good(name, "intermediate")
    _processes(made, case)
    crossings = {
        (case.good(arc[4], arc[2]), arc[1], arc[3]): KILOGRAMS * case.crossing(arc)
        for arc in case.arcs
        if arc[1] != arc[3]
    }
    for (name, place, there), freight in crossings.items():
        made.trade(name, place, there, freight=freight)
    return made


def _mixed(case: Case) -> set[str]:
    """Processes that several materials feed alike."""
    return {
        process
        for (process, place), coming in case.arrives.items()
        if process != SINK
        and len(coming) > 1
        and not any((process, place, each) in case.yields for each in coming)
    }


def _processes(made: Study, case: Case) -> None:
    """What each process gives at each place, and what feeds it."""
    given = {(p, a, m): case.good(m, q) for p, a, q, _, m in case.arcs}
    for node, good in given.items():
        process, place, material = node
        fed = case.fed(node)
        values = {
            "variable_cost": KILOGRAMS * case.at_node.get(node, 0.0),
            "direct_emission": case.carbon.get(node, 0.0),
        }
        if process != SOURCE:
            values["max_activity"] = case.capacity[node] / KILOGRAMS
        made.process(
            f"{process}/{place}: {material}",
            "manufacture" if fed else "mine",
            takes={fed: 1 / case.yields[node]} if fed else {},
            gives={good: 1},
            place="" if place == PLACE else place,
            pathway="",
            loss="loss",
            **{name: value for name, value in values.items() if value},
        )
    for process, place in case.arrives:
        for material in sorted(case.arrives[process, place]) if process in _mixed(case) else ():
            made.process(
                f"{material} into {process}/{place}",
                "manufacture",
                takes={case.good(material, process): 1},
                gives={feed(process): 1},
                place="" if place == PLACE else place,
                pathway="",
            )


def count(folder: Path) -> int:
    """Rows of all tables of a study folder, headings left out."""
    files = folder.glob("*.csv")
    return sum(len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in files)


if __name__ == "__main__":
    out = study(Path(sys.argv[1])).write(Path(sys.argv[2]))
    sys.stdout.write(f"{count(out)} rows in {out}\n")
