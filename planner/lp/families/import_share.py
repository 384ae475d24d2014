"""Policy: imports from one origin as a share of demand or of all imports."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Policy
from planner.system.trade import import_terms
from planner.system.unit_accounts import equivalent, refined_requirement


def import_share(m: Any, n: str, t: int) -> Any:
    r"""What passes through one origin stays below a share of demand (or of all imports) of the
    metal, in refined equivalents.

    $$\sum_p (\epsilon^{o}_{p,t} - \sigma_{n,t} [of\ imports]\, \epsilon_{p,t})\, a_{p,t}
      \le \sigma_{n,t} [of\ demand]\, D_{x,t}$$   [t / yr]

    with epsilon what a process brings across the border in any form (ore, refined metal, finished
    goods, scrap) less what it takes from other imports, of all origins, and $\epsilon^{o}$ of this
    one alone: ore refined on its way counts once, for its mine and for its refiner. What is sold
    abroad at a price is no demand; of a share of demand neither does an import count whose metal
    can reach nothing else, by the recipes: neither a demanded good nor one with a stockpile.
    """
    return sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n]) <= m.limit[n, t]


def _of_imports(policy: Policy) -> bool:
    return policy.of == "imports"


def _fill(targets: Targets, policy: Policy) -> None:
    system, metal = targets.system, policy.metal
    level = np.nan_to_num(targets.level(policy))
    own = import_terms(system, metal, origin=policy.origin, worth=equivalent, under=policy)
    every = (
        import_terms(system, metal, worth=equivalent, under=policy) if _of_imports(policy) else {}
    )
    nothing = np.zeros(len(system.periods))
    for name, process in system.processes.items():
        if name in own or name in every:
            of_origin, of_all = own.get(name, nothing), every.get(name, nothing)
            mine = 1.0 if name in own else 0.0
            # the second part is what a chain takes from other origins: 0 for an import in one step
            term = (mine - level) * of_all + (of_origin - mine * of_all)
            targets.count(policy, process, term)
    need = nothing if _of_imports(policy) else refined_requirement(system, metal)
    for i, t, share in targets.in_force(policy):
        limit = share * need[..., i]
        targets.cap("import_share", policy, t, limit)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    policy = facts.policy(subject[0])
    share = figures(facts.mean(policy.level, years), "1")
    what = "all imports of" if _of_imports(policy) else "the need for"
    return facts.of_policy(
        subject,
        f"at most {share} of {what} {policy.metal} comes from {policy.origin} {facts.when(years)}",
    )


IMPORT_SHARE = Target(
    rule=import_share,
    indices=("policy", "year"),
    unit="USD/t",
    basis="annual",
    kind="import_share",
    relax="raise",
    row_unit="t/year",
    relative=_of_imports,
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(),
)
