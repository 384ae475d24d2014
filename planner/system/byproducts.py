"""What comes with the output of a host: who wins how much of it, and what is left of its content.

A host's output is data, or the activity of processes of the study that give it, or both: the metal
in it comes up with the host whether it is won or not. What no process wins in its year is laid down
as residue, a deposit that a later process may mine, or is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from planner.system.nouns import Array, Deposit, Process, System


def byproducts_of_hosts(system: System) -> dict[tuple[str, str], list[str]]:
    """Processes that win each metal from each host, by (host, metal)."""
    found: dict[tuple[str, str], list[str]] = {}
    for process in system.processes.values():
        contents = (system.goods[good].content for good in process.outputs)
        for metal in sorted({metal for content in contents for metal in content}):
            if process.host:
                found.setdefault((process.host, metal), []).append(process.name)
    return found


def host_need(system: System, process: Process, metal: str) -> Array:
    """Host output needed for a unit of activity, t, mean of each period: the metal won over the
    content of the host where that is stated, else one over what the process can yield."""
    content = system.hosts[process.host].content.get(metal)
    if content is None:
        return circuit_need(process)
    return won(system, process, metal) / content


def circuit_need(process: Process) -> Array:
    """Host output that a unit of activity needs by the process's own host_content, t."""
    return 1 / process.host_content


def won(system: System, process: Process, metal: str) -> Array:
    """Metal that a unit of activity wins from its host, t, mean of each period, shape (..., T)."""
    given = np.zeros(len(system.periods))
    for name, coefficient in process.outputs.items():
        given = given + coefficient * system.goods[name].content.get(metal, 0.0)
    return given


def circuits(system: System) -> list[str]:
    """Processes that run beside others on a host of stated content: each has a limit of its own."""
    beside = {
        name
        for (host, metal), names in byproducts_of_hosts(system).items()
        if metal in system.hosts[host].content
        for name in names
    }
    return [name for name in system.processes if name in beside]


def givers_of_hosts(system: System) -> dict[str, dict[str, Array]]:
    """Processes that are the output of each host, with the t of it in a unit of activity, shape
    (..., T); empty for a host whose output is data alone."""
    found: dict[str, dict[str, Array]] = {name: {} for name in system.hosts}
    for process in system.processes.values():
        for host, given in process.hosting.items():
            found[host][process.name] = given
    return found


def host_outputs(system: System, run: Mapping[str, Array]) -> dict[str, Array]:
    """Output of each host at these activities, t per year, shape (..., T)."""
    total = {host.name: host.output for host in system.hosts.values()}
    for host, givers in givers_of_hosts(system).items():
        for name, given in givers.items():
            total[host] = total[host] + given * run[name]
    return total


def content_of(system: System, host: str, metal: str) -> Array:
    """Metal that comes up with the output of a host that is data, t per year, shape (..., T)."""
    noun = system.hosts[host]
    return noun.content[metal] * noun.output


def withheld(system: System, deposit: Deposit) -> Iterator[tuple[str, Array]]:
    """(process, t of metal that a unit of its activity keeps out of a residue), of all by-product
    processes of the hosts that fill it; below zero for processes that give the hosts, whose output
    fills it. Each process once."""
    byproducts, givers = byproducts_of_hosts(system), givers_of_hosts(system)
    found: dict[str, Array] = {}
    for host, kept in deposit.filled_by.items():
        for name in byproducts.get((host, deposit.metal), ()):
            metal = won(system, system.processes[name], deposit.metal)
            found[name] = found.get(name, 0.0) + kept * metal
        for name, given in givers[host].items():
            content = system.hosts[host].content[deposit.metal]
            found[name] = found.get(name, 0.0) - kept * content * given
    yield from found.items()


def laid_down(system: System, deposit: Deposit) -> Array:
    """What would fill a residue if nothing were won from its hosts, t per year, shape (..., T)."""
    total = np.zeros(len(system.periods))
    for host, kept in deposit.filled_by.items():
        total = total + kept * content_of(system, host, deposit.metal)
    return total


def residue_inflow(system: System, deposit: Deposit, run: Mapping[str, Array]) -> Array:
    """What fills a residue at these activities, t per year, shape (..., T)."""
    total = laid_down(system, deposit)
    for name, metal in withheld(system, deposit):
        total = total - metal * run[name]
    return total


@dataclass(frozen=True, slots=True, eq=False)
class HostAccount:
    """What becomes of the metal that comes up with a host, t per year: quantity to shape (T,)."""

    host: str
    metal: str
    quantities: Mapping[str, Array]
    """content = won + laid_down + lost."""


def host_accounts(system: System, run: Mapping[str, Array]) -> Iterator[HostAccount]:
    """The account of every host of stated content and each of its metals, at these activities."""
    byproducts, outputs = byproducts_of_hosts(system), host_outputs(system, run)
    for host in system.hosts.values():
        for metal in host.content:
            content = host.content[metal] * outputs[host.name]
            got = np.zeros(len(system.periods))
            for name in byproducts.get((host.name, metal), ()):
                got = got + won(system, system.processes[name], metal) * run[name]
            kept = np.zeros(len(system.periods))
            for deposit in system.deposits.values():
                if deposit.metal == metal and host.name in deposit.filled_by:
                    kept = kept + deposit.filled_by[host.name]
            left = content - got
            quantities = {
                "content": content,
                "won": got,
                "laid_down": kept * left,
                "lost": (1.0 - kept) * left,
            }
            yield HostAccount(host.name, metal, quantities)
