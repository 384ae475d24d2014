"""Each circuit of several that win a metal from one host, against what it can reach."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_param, add_set
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.byproducts import circuit_need, circuits, givers_of_hosts


def circuit_limit(m: Any, p: str, h: str, t: int) -> Any:
    r"""A circuit wins no more than its own part of the host's content: the tiers of a supply curve
    that ends at the content (`host_limit`).

    $$a_{p,t} / c_{p,t} - \sum_q \theta_{h,q,t}\, a_{q,t} \le H_{h,t}$$   [t of host / yr]
    """
    return (
        m.circuit_need[p, t] * m.activity[p, t]
        - sum(m.host_given[h, q, t] * m.activity[q, t] for q in m.givers[h])
        <= m.host_output[h, t]
    )


def _fill(m: Components, given: Given) -> None:
    system, need = given.system, given.series()
    names = circuits(system)
    for name in names:
        need.add(name, values=circuit_need(system.processes[name]))
    add_param(m, "circuit_need", need)
    hosts = {name: system.processes[name].host for name in names}
    rows = [(name, hosts[name], t) for name in names for t in given.years]
    add_set(m, "circuit_rows", rows, width=3)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    name, host = subject
    process, output = facts.system.processes[name], facts.system.hosts[host].output
    most = figures(facts.mean(process.host_content * output, years), "t/year")
    if givers := givers_of_hosts(facts.system)[str(host)]:
        share = figures(facts.mean(process.host_content, years), "t/t")
        most = f"{most} and {share} of what {' and '.join(givers)} put out"
    return (
        f"{name}: of what comes with {host} it can win {most} {facts.when(years)}",
        facts.inputs.line("process_values", name, "host_content", year=years[0]),
    )


CIRCUIT_LIMIT = Physical(
    rule=circuit_limit,
    rows="circuit_rows",
    indices=("process", "host", "year"),
    unit="USD/t host",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "circuit_need",
            r"1 / c_{p,t}",
            ("process", "year"),
            "t host/activity unit",
            "host output at which a circuit can run a unit of activity",
        ),
    ),
)
