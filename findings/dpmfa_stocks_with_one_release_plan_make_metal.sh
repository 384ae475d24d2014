#!/usr/bin/env bash
# dpmfa 1.1 (dynamic probabilistic material flow analysis), seen on 2026-11-30 with Python 3.11.
# Promised: `localRelease` of a Stock says "which proportions of the amount of material stored in a period are
#           released in which of the subsequent periods" (its docstring).
# Instead:  the plan also holds what is due. Two stocks given the same plan object (one lifetime for cars and
#           for phones) share the books: each releases what both took in. Of 100 t of cars and 10 t of phones, each
#           kept for a year, 110 t leave the cars and 110 t the phones, and the stocks end at -10 and -100 t, without
#           error. With a plan object of its own for each stock all is right.
# Seen:     "own 100 10 stocks 0 0; one 110 110 stocks -10 -100".
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
    FixedValueInflow,
    ListRelease,
    Sink,
    Stock,
)
from dpmfa.model import Model
from dpmfa.simulator import Simulator


def told(first, second):
    scrap, waste = Sink("scrap", logInflows=True), Sink("waste", logInflows=True)
    cars = Stock("cars", [ConstTransfer(1, scrap)], first)
    phones = Stock("phones", [ConstTransfer(1, waste)], second)
    inflows = [
        ExternalListInflow(cars, [FixedValueInflow(v) for v in (100, 0, 0)]),
        ExternalListInflow(phones, [FixedValueInflow(v) for v in (10, 0, 0)]),
    ]
    simulator = Simulator(1, 3, 1, False, False)
    simulator.setModel(Model("use", [cars, phones, scrap, waste], inflows))
    simulator.runSimulation()
    left = [round(sink.inflowRecord.sum()) for sink in (scrap, waste)]
    return f"{left[0]} {left[1]} stocks {cars.inventory[0, 2]:.0f} {phones.inventory[0, 2]:.0f}"


year = ListRelease([0, 1.0])
print(f"own {told(ListRelease([0, 1.0]), ListRelease([0, 1.0]))}; one {told(year, year)}")
CODE
)
echo "$seen"
test "$seen" = "own 100 10 stocks 0 0; one 110 110 stocks -10 -100"
