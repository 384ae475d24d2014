"""By-products that are probably not meant so: without a host, with a deposit besides, or with
contents and circuits that do not go together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from planner.study.judgement.facts import Facts, running_cost
from planner.study.problems import Problems
from planner.system.nouns import Array, Process

CLOSES = 1e-9
"""Share of a content that may be passed by rounding."""


def doubt_hosts(facts: Facts, found: Problems) -> None:
    """Warn of by-products that nothing hosts, and of metal that a host and a deposit bound at
    once."""
    for process in facts.nouns.processes.values():
        at = facts.row("processes", process.name)
        if process.host and process.deposits:
            found.at(
                at,
                "host",
                f"'{process.name}' comes with host '{process.host}' and takes ore from "
                f"'{next(iter(process.deposits))}', so that both bound it; a by-product follows "
                "its host: drop the deposit, unless it is the ore of the host that runs out",
            )
        if process.kind == "byproduct" and not process.host:
            found.at(
                at,
                "host",
                f"'{process.name}' is a by-product without a host, so that no host's output bounds "
                "it; name its host and give host_content, or choose another kind",
            )


def doubt_contents(facts: Facts, found: Problems) -> None:
    """Warn of circuits that reach more than there is, that cheaper ones leave nothing, or whose
    order by cost changes from year to year."""
    for host in facts.nouns.hosts.values():
        for metal, content in host.content.items():
            by_cost = sorted(
                _circuits(facts, host.name, metal), key=lambda p: float(running_cost(p).mean())
            )
            reached: Array = np.zeros(1)
            for dearer in by_cost:
                wrong = _inconsistent(dearer, metal, content, reached)
                reached = reached + dearer.host_content
                if wrong:
                    row = facts.first("process_values", (dearer.name,), "host_content")
                    at = facts.row("processes", dearer.name) if row is None else row
                    found.at(at, "value", wrong)
            _doubt_order(facts, by_cost, found)


def _circuits(facts: Facts, host: str, metal: str) -> Iterator[Process]:
    """Processes that win a metal, and nothing else, from a host."""
    goods = facts.nouns.goods
    for process in facts.nouns.processes.values():
        metals = {m for name in process.outputs if name in goods for m in goods[name].content}
        if process.host == host and metals == {metal}:
            yield process


def _inconsistent(process: Process, metal: str, content: Array, reached: Array) -> str:
    """Message of a circuit that does not go with the content, or with cheaper ones (`reached`)."""
    own = process.host_content
    if (own > content * (1 + CLOSES)).any():
        return (
            f"'{process.name}' can win {float(own.max()):.4g} t of {metal} from a tonne of "
            f"'{process.host}', which holds {float(content[np.argmax(own)]):.4g} t; lower its "
            "host_content, or correct the content in host_contents.csv"
        )
    if (reached >= content * (1 - CLOSES)).all():
        return (
            f"cheaper circuits reach all the {metal} in '{process.host}', so that "
            f"'{process.name}' is left nothing: host_content of a circuit is what it adds to the "
            "cheaper ones, not what they win together"
        )
    return ""


def _doubt_order(facts: Facts, by_cost: list[Process], found: Problems) -> None:
    """Warn of a tier that is dearer than the next one in some years and cheaper in others."""
    for cheap, dear in pairwise(by_cost):
        crossed = running_cost(cheap) > running_cost(dear)
        if crossed.any():
            found.at(
                facts.row("processes", dear.name),
                "process",
                f"'{cheap.name}' costs less than '{dear.name}' in the mean and more in "
                f"{facts.year(int(np.argmax(crossed)))}: as tiers of one content they would change "
                "places; check their costs",
            )
