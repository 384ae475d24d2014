"""By-products against the output of their host."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.mfa.bound_checks import byproducts_of_hosts, host_need
from planner.study.provenance import figures


def host_limit(m: Any, h: str, x: str, t: int) -> Any:
    r"""By-products come no faster than their host: one row for each host and metal, since both
    metals come from the same tonne.

    $$\sum_{p \in B_{h,m}} a_{p,t} / c_{p,t} \le H_{h,t}$$   [t of host / yr]
    """
    return (
        sum(m.host_need[p, t] * m.activity[p, t] for p in m.byproducts[h, x]) <= m.host_output[h, t]
    )


def _fill(m: Components, given: Given) -> None:
    system, byproducts = given.system, byproducts_of_hosts(given.system)
    need: dict[Key, Any] = {}
    output: dict[Key, Any] = {}
    for process in system.processes.values():
        if process.host:
            need |= given.by_period(process.name, host_need(system, process))
    for host in system.hosts.values():
        output |= given.by_period(host.name, system.period_mean(host.output))
    add_sets(m, "byproducts", byproducts)
    add_param(m, "host_need", need)
    add_param(m, "host_output", output)
    add_set(m, "host_rows", [(h, x, t) for h, x in byproducts for t in given.years])


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    host, metal = subject
    output = figures(facts.mean(facts.system.hosts[host].output, years), "t/year")
    return (
        f"{host}: its output of {output} {facts.when(years)} bounds the {metal} that comes with it",
        facts.inputs.line("hosts", host, "output", year=years[0]),
    )


HOST_LIMIT = Physical(
    rule=host_limit,
    rows="host_rows",
    indices=("host", "metal", "year"),
    unit="USD/t host",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "host_need",
            r"1 / c_{p,t}",
            ("process", "year"),
            "t host/t",
            "host output needed for a tonne of by-product",
        ),
        Term("host_output", r"H_{h,t}", ("host", "year"), "t host/yr", "output of the host"),
        Term(
            "byproducts",
            "B_{h,m}",
            ("host", "metal"),
            "",
            "processes that win a metal from a host",
        ),
    ),
)
