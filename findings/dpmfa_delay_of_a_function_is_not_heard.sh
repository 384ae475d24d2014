#!/usr/bin/env bash
# dpmfa 1.1 (dynamic probabilistic material flow analysis), seen on 2026-11-30 with Python 3.11.
# Promised: FunctionRelease(f, delay=3): "delay time in periods, befor the release starts" (its docstring, the same
#           words as for ListRelease and FixedRateRelease).
# Instead:  the two others wait three periods, FunctionRelease does not wait at all, without error: half of what
#           came in leaves at once, half in the next period. A lifetime given as a function thus starts to
#           give waste in the year of sale, whatever the minimum age.
# Seen:     "list 0 0 0 50 50; rate 0 0 0 50 50; function 50 50 0 0 0" (100 t stored in the first period).
# Report:   not reported.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet 'dpmfa==1.1' 'numpy==2.4.6'
seen=$("$folder/env/bin/python" - <<'CODE'
from dpmfa.components import (
    ConstTransfer,
    ExternalListInflow,
    FixedRateRelease,
    FixedValueInflow,
    FunctionRelease,
    ListRelease,
    Sink,
    Stock,
)
from dpmfa.model import Model
from dpmfa.simulator import Simulator


def left(plan):
    waste = Sink("waste", logInflows=True)
    cars = Stock("cars", [ConstTransfer(1, waste)], plan)
    sold = ExternalListInflow(cars, [FixedValueInflow(v) for v in (100, 0, 0, 0, 0)])
    simulator = Simulator(1, 5, 1, False, False)
    simulator.setModel(Model("use", [cars, waste], [sold]))
    simulator.runSimulation()
    return " ".join(f"{t:.0f}" for t in waste.inflowRecord[0])


plans = {
    "list": ListRelease([0.5, 0.5], delay=3),
    "rate": FixedRateRelease(0.5, delay=3),
    "function": FunctionRelease(lambda period: 0.5 if period < 2 else 0.0, delay=3),
}
print("; ".join(f"{name} {left(plan)}" for name, plan in plans.items()))
CODE
)
echo "$seen"
test "$seen" = "list 0 0 0 50 50; rate 0 0 0 50 50; function 50 50 0 0 0"
