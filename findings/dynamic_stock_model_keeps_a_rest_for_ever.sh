#!/usr/bin/env bash
# dynamic-stock-model 1.0 (numpy 2.4, scipy), seen on 2026-11-29 with Python 3.11.
# Promised: stocks from inflow and a lifetime distribution ("Normal", mean and standard deviation),
#           so that all that enters leaves again.
# Instead:  with a normal lifetime of 3 +- 1 years a part of each inflow (0.46 %) stays in use for ever: the
#           outflow of an age is the density at that whole age, not the probability of the year, and what
#           falls on age 0 is dropped. With 3 +- 2 years 10.3 % stay; with a Weibull life nothing does.
#           No warning; the package's own stock balance closes, since the rest is counted as stock.
# Seen:     10 t enter once; in use 50 years later: 0.046 t (3 +- 1), 1.032 t (3 +- 2), 0.000 t (Weibull).
# Report:   not reported.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet 'dynamic-stock-model==1.0' 'numpy==2.4.6' 'scipy==1.17.1'
seen=$("$folder/env/bin/python" -W ignore - <<'CODE'
import numpy as np
from dynamic_stock_model import DynamicStockModel

years = np.arange(2000, 2051)
inflow = np.array([10.0] + [0.0] * 50)
lives = (
    {"Type": "Normal", "Mean": np.array([3.0]), "StdDev": np.array([1.0])},
    {"Type": "Normal", "Mean": np.array([3.0]), "StdDev": np.array([2.0])},
    {"Type": "Weibull", "Shape": np.array([3.0]), "Scale": np.array([4.0])},
)
left = []
for life in lives:
    model = DynamicStockModel(t=years, i=inflow, lt=life)
    model.compute_s_c_inflow_driven()
    stock, _ = model.compute_stock_total()
    left.append(f"{stock[-1]:.3f}")
print(*left)
CODE
)
echo "in use after 50 years, of 10 t: $seen"
test "$seen" = "0.046 1.032 0.000"
