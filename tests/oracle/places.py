"""A study with places as one without (format.md, "places", "trade"; conventions.md, "Places and
trade"): goods at places as goods of their own, trade as processes that move them.

What the pages say of places beyond that (emissions, carbon prices, what counts as home) is written
where it belongs, by the `place` of a process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tests.oracle.reader import Key, Point, at, at_years

if TYPE_CHECKING:
    from tests.oracle.reader import Study

STOCKS = ("opening_stock", "closing_stock", "max_stock")
"""Numbers of a good that hold at the place alone at which they are given."""


def expand(study: Study) -> None:
    """Write goods at places and trade out; nothing in a study without places."""
    country = study.head["country"]
    if not study.head.get("places"):
        return
    for row in (*study.rows["processes"], *study.rows["products"]):
        row["place"] = "" if row["place"] == country else row["place"]
    where = {row["process"]: row["place"] for row in study.rows["processes"]}
    had, used = _had(study, where), _used(study, where)
    flows = _trade(study, had, used)
    places = {*had, *used}
    places |= {(good, end) for good, *ends in flows for end in ends}
    stage = {row["good"]: row["stage"] for row in study.rows["goods"]}
    _goods(study, places)
    _recipes(study, where)
    _products(study)
    for flow, told in sorted(flows.items()):
        _flow(study, flow, told, stage[flow[0]])


def _had(study: Study, where: dict[str, str]) -> set[tuple[str, str]]:
    """Goods with the places at which a process, a use stock or an opening stock gives them."""
    goods = {row["good"] for row in study.rows["goods"]}
    found = {
        (good, where[q])
        for q, good, way in study.every["coefficients"]
        if way == "out" and good in goods
    }
    found |= {(row["waste"], row["place"]) for row in study.rows["products"] if row["waste"]}
    for good, _, parameter in study.every["good_values"]:
        if parameter == "opening_stock":
            found.add(study.placed.get(good, (good, "")))
    return found


def _used(study: Study, where: dict[str, str]) -> set[tuple[str, str]]:
    """Goods with the places at which they are taken, demanded, collected, sold or put to use."""
    goods = {row["good"] for row in study.rows["goods"]}
    found = {
        (good, where[q])
        for q, good, way in study.every["coefficients"]
        if way == "in" and good in goods
    }
    for table in ("demand", "collection", "curves"):
        for good, *_ in study.every[table]:
            name, place = study.placed.get(good, (good, ""))
            if name in goods:
                found.add((name, place))
    kept = {row["product"]: row["place"] for row in study.rows["products"]}
    return found | {(good, kept[product]) for product, good in study.every["uses"]}


# ---- trade


Flow = tuple[str, str, str]
"""A good, where it comes from and where it goes; the country is empty."""


def _trade(
    study: Study, had: set[tuple[str, str]], used: set[tuple[str, str]]
) -> dict[Flow, list[Key]]:
    """Open flows, with the rows that name them."""
    freights = [key[:3] for key in study.every["trade"] if key[3] == "freight"]
    named = [key for key in freights if _wide(study, key) == (0, 0, 0)]
    for key in named:
        for good, source, target in _pairs(study, key):
            used.add((good, source))
            had.add((good, target))
    found: dict[Flow, list[Key]] = {}
    for key in freights:
        for flow in _pairs(study, key):
            good, source, target = flow
            if key in named or ((good, source) in had and (good, target) in used):
                found[flow] = []
    for key in study.every["trade"]:
        for flow in _pairs(study, key[:3]):
            if flow in found:
                found[flow].append(key)
    return found


def _pairs(study: Study, key: Key) -> Iterator[Flow]:
    good, source, target = key
    for each in _goods_named(study, good):
        for start in _places_named(study, source):
            for end in _places_named(study, target):
                if start != end:
                    yield each, start, end


def _goods_named(study: Study, text: str) -> list[str]:
    rows = {row["good"]: row for row in study.rows["goods"]}
    if text in rows:
        return [text]
    return [g for g, row in rows.items() if text in ("*", f"{row['metal']}/*")]


def _places_named(study: Study, text: str) -> list[str]:
    country, every = study.head["country"], study.head["places"]
    if text == country:
        return [""]
    if text == "*":
        return ["", *every]
    if text in every:
        return [text]
    return ["" if place == country else place for place in study.head["blocs"][text]]


def _wide(study: Study, key: Key) -> tuple[int, int, int]:
    """How widely a row names its good and its ends: 0 one, 1 several, 2 all."""
    good, *ends = key
    one = {row["good"] for row in study.rows["goods"]}
    of_good = 0 if good in one else 2 if good == "*" else 1
    blocs = study.head.get("blocs", {})
    return (of_good, *(2 if end == "*" else 1 if end in blocs else 0 for end in ends))


def _flow(study: Study, flow: Flow, told: list[Key], stage: str) -> None:
    """A flow as a process."""
    good, source, target = flow
    named = study.head["country"]
    name = f"{good} ({source or named} to {target or named})"
    fields = defaultdict(str, process=name, kind="trade", stage=stage)
    fields |= {"origin": source, "place": target, "source": source}
    study.rows["processes"].append(fields)
    for start, way in ((source, "in"), (target, "out")):
        study.numbers["coefficients"][name, at(good, start), way] = [Point(None, 1.0)]

    def series(parameter: str) -> np.ndarray:
        return _told(study, [key for key in told if key[3] == parameter])

    cost = series("freight") + series("tariff") + series("duty") * series("value")
    cost = cost + _charge(study, source, target) * series("embodied")
    limits = [
        study.numbers["trade"][k] for k in told if k[3] == "max" and k in study.numbers["trade"]
    ]
    _write(study, name, "variable_cost", cost)
    _write(study, name, "transport_emission", series("emission"))
    if limits:
        most = np.min([at_years(points, study.years) for points in limits], axis=0)
        _write(study, name, "max_activity", most)


def _told(study: Study, keys: list[Key]) -> np.ndarray:
    """The series in force: of the last scenario, named most narrowly."""
    there = [key for key in keys if key in study.numbers["trade"]]
    if not there:
        return np.zeros(len(study.years))
    last = max(study.layer.get(key, 0) for key in there)
    best = [key for key in there if study.layer.get(key, 0) == last]
    narrow = min(best, key=lambda key: sum(_wide(study, key[:3])))
    return at_years(study.numbers["trade"][narrow], study.years)


def _charge(study: Study, source: str, target: str) -> np.ndarray:
    """What a border charges on a tonne of carbon: the difference of the prices, if it charges."""
    charging = target in study.head.get("border_charges", [])
    if not (study.head.get("border_adjustment") if target == "" else charging):
        return np.zeros(len(study.years))
    due, paid = (study.yearly("series", at("carbon_price", place)) for place in (target, source))
    return np.maximum(due - paid, 0.0)


def _write(study: Study, process: str, parameter: str, series: np.ndarray) -> None:
    years = study.years.tolist()
    points = [Point(year, float(value)) for year, value in zip(years, series, strict=True)]
    study.numbers["process_values"][process, parameter] = points


# ---- what stands at places


def _goods(study: Study, places: set[tuple[str, str]]) -> None:
    """A good for each place, with the contents and costs of the good without a place."""
    rows = {row["good"]: row for row in study.rows["goods"]}
    values = study.numbers["good_values"]
    for good, place in sorted(places):
        if place and good in rows:
            name = at(good, place)
            study.rows["goods"].append(
                defaultdict(str, {**rows[good], "good": name, "place": place})
            )
            for (of, metal, parameter), points in list(values.items()):
                if of == good and parameter not in STOCKS:
                    values.setdefault((name, metal, parameter), points)
    study.rows["goods"] = [
        row for row in study.rows["goods"] if row["place"] or (row["good"], "") in places
    ]


def _recipes(study: Study, where: dict[str, str]) -> None:
    goods = {row["good"] for row in study.rows["goods"]}
    table = study.numbers["coefficients"]
    study.numbers["coefficients"] = {
        (q, at(name, where[q]) if at(name, where[q]) in goods else name, way): points
        for (q, name, way), points in table.items()
    }


def _products(study: Study) -> None:
    kept = {row["product"]: row["place"] for row in study.rows["products"]}
    for row in study.rows["products"]:
        row["waste"] = at(row["waste"], row["place"]) if row["waste"] else ""
    table = study.numbers["uses"]
    study.numbers["uses"] = {(p, at(g, kept[p])): points for (p, g), points in table.items()}
