"""By-products against the output of their host."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.byproducts import byproducts_of_hosts, givers_of_hosts, host_need


def host_limit(m: Any, h: str, x: str, t: int) -> Any:
    r"""By-products come no faster than their host: one row for each host and metal, since both
    metals come from the same tonne.

    $$\sum_{p \in B_{h,x}} \nu_{x,p,t}\, a_{p,t} - \sum_q \theta_{h,q,t}\, a_{q,t}
    \le H_{h,t}$$   [t of host / yr]

    Output H is data; of a host that is in the study itself theta is what a unit of activity of its
    processes q puts out.

    A unit of activity needs 1/c t of host, c the host_content of the process, so that the processes
    share the tonnes of the host. Where the study states the content C of the host, they are
    circuits that run side by side and share the metal: a unit of activity that wins w t of metal x
    needs w/C t of host. Nothing is carried into another year: what is not won in its year is gone,
    or lies in a residue (`depletion`).
    """
    return (
        sum(m.host_need[x, p, t] * m.activity[p, t] for p in m.byproducts[h, x])
        - sum(m.host_given[h, q, t] * m.activity[q, t] for q in m.givers[h])
        <= m.host_output[h, t]
    )


def _fill(m: Components, given: Given) -> None:
    system, byproducts = given.system, byproducts_of_hosts(given.system)
    need, output = given.series(2), given.series()
    for (_, metal), names in byproducts.items():
        for name in names:
            need.add(metal, name, values=host_need(system, system.processes[name], metal))
    for host in system.hosts.values():
        output.add(host.name, values=system.period_mean(host.output))
    given_by, members = given.series(2), givers_of_hosts(system)
    for name, givers in members.items():
        for giver, unit in givers.items():
            given_by.add(name, giver, values=unit)
    add_sets(m, "givers", {name: list(givers) for name, givers in members.items()})
    add_param(m, "host_given", given_by)
    add_sets(m, "byproducts", byproducts, width=1)
    add_param(m, "host_need", need)
    add_param(m, "host_output", output)
    add_set(m, "host_rows", [(h, x, t) for h, x in byproducts for t in given.years], width=3)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    host, metal = subject
    noun = facts.system.hosts[str(host)]
    output = figures(facts.mean(noun.output, years), "t/year")
    givers = givers_of_hosts(facts.system)[str(host)]
    of = f"{output} and what {' and '.join(givers)} put out" if givers else output
    return (
        f"{host}: its output of {of} {facts.when(years)} bounds the {metal} that comes with it",
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
            r"\nu_{x,p,t}",
            ("metal", "process", "year"),
            "t host/activity unit",
            "host output needed for a unit of activity: $1/c_{p,t}$, or $w_{x,p,t}/C_{h,x,t}$ "
            "where the study states the content C of the host",
        ),
        Term(
            "host_output",
            r"H_{h,t}",
            ("host", "year"),
            "t host/yr",
            "output of the host that is data",
        ),
        Term(
            "host_given",
            r"\theta_{h,q,t}",
            ("host", "process", "year"),
            "t host/activity unit",
            "output of a host of the study in a unit of activity of a process",
        ),
        Term("givers", "", ("host",), "", "processes of the study that put out a host"),
        Term(
            "byproducts",
            "B_{h,x}",
            ("host", "metal"),
            "",
            "processes that win a metal from a host",
        ),
    ),
)
