"""Policy: imports from one origin as a share of demand or of all imports."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Policy
from planner.system.unit_accounts import output_equivalent, refined_requirement


def import_share(m: Any, n: str, t: int) -> Any:
    r"""Imports from one origin stay below a share of demand (or of all imports) of the metal, in
    refined equivalents.

    $$\sum_{p \in O_n} \epsilon_{p,t}\, a_{p,t}
      - \sigma_{n,t} [of\ imports] \sum_{p \in I_n} \epsilon_{p,t}\, a_{p,t}
      \le \sigma_{n,t} [of\ demand]\, D_{x,t}$$   [t / yr]
    """
    return sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n]) <= m.limit[n, t]


def _of_imports(policy: Policy) -> bool:
    return policy.of == "imports"


def _fill(targets: Targets, policy: Policy) -> None:
    system, level = targets.system, np.nan_to_num(targets.level(policy))
    for process in system.processes.values():
        if process.kind == "import":
            own = 1.0 if process.origin == policy.origin else 0.0
            shared = level if _of_imports(policy) else 0.0
            made = output_equivalent(system, process, policy.metal)
            targets.count(policy, process, (own - shared) * made)
    need = refined_requirement(system, policy.metal)
    for i, t, share in targets.in_force(policy):
        targets.cap("import_share", policy, t, 0.0 if _of_imports(policy) else share * need[..., i])


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
