#!/usr/bin/env bash
# pyaugmecon 1.0.8 with gurobipy 13.0.3, pyomo 6.10.1, seen on 2026-11-30 with Python 3.11.
# Promised: "All Gurobi solver parameters can be passed to Gurobi with this dictionary. Two parameters are
#           already set by default, but can be overridden: MIPGap 0.0, NonConvex 2" (its README).
# Instead:  every option whose value is not zero is taken out before the solver sees it, its own default
#           NonConvex = 2 included: a gap of 0.2, a time limit, a number of threads have no effect, and
#           nothing says so. Only zeros get through.
# Seen:     "asked for: MIPGap 0.2, Threads 1, TimeLimit 60, Seed 0"
#           "handed to the solver: Seed 0"
# Met by who bounds the time of each solve of a frontier, or fixes the threads so that a run repeats.
# Report:   not reported
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet 'pyaugmecon==1.0.8' 'gurobipy==13.0.3' 'pyomo==6.10.1'
mkdir -p "$folder/work/logs" && cd "$folder/work"
cat > study.py <<'CODE'
"""What the solver's interface of Pyomo is given, read where it is asked to solve."""

import pyomo.environ as pyo
from pyaugmecon import PyAugmecon
from pyomo.solvers.plugins.solvers.gurobi_direct import GurobiDirect

ASKED = {"MIPGap": 0.2, "Threads": 1, "TimeLimit": 60, "Seed": 0}
handed = []
solve = GurobiDirect.solve


def told(self, *args, **keywords):
    handed.append({name: self.options[name] for name in self.options})
    return solve(self, *args, **keywords)


GurobiDirect.solve = told


def study():
    model = pyo.ConcreteModel()
    model.mine = pyo.Var(bounds=(0, 1))
    model.demand = pyo.Constraint(expr=model.mine <= 1)
    model.obj_list = pyo.ObjectiveList()
    model.obj_list.add(expr=10 * model.mine, sense=pyo.minimize)
    model.obj_list.add(expr=2000 * (1 - model.mine), sense=pyo.minimize)
    for objective in model.obj_list.values():
        objective.deactivate()
    return model


def words(options):
    return ", ".join(f"{name} {value}" for name, value in options.items())


if __name__ == "__main__":
    options = {"name": "t", "grid_points": 3, "cpu_count": 1, "output_excel": False}
    PyAugmecon(study(), options, dict(ASKED)).solve()
    given = [each for each in handed if each]
    with open("seen.txt", "w") as seen:
        seen.write(f"asked for: {words(ASKED)}\nhanded to the solver: {words(given[0])}\n")
CODE
"$folder/env/bin/python" study.py > log.txt 2>&1 || { tail -5 log.txt; exit 1; }
cat seen.txt
diff seen.txt - <<'SEEN'
asked for: MIPGap 0.2, Threads 1, TimeLimit 60, Seed 0
handed to the solver: Seed 0
SEEN
