#!/usr/bin/env bash
# stats_arrays 4.0 (the uncertain numbers of Brightway), seen on 2026-11-29 with Python 3.11.
# Promised: `statistics` gives mean, median and the 95 % interval of an uncertain number.
# Instead:  bounds are not heard: a normal number 1 +- 1 that cannot be below 0 is told as mean 1, interval from -1,
#           while its own random numbers (which keep the bounds) have mean 1.29. Of a Weibull distribution
#           (scale 4, shape 3) `statistics` tells the location parameter, 0, as the mean; its numbers have 3.57.
# Seen:     "1.0 -1.0 1.3; 0.0 3.6" (rounded means of 200,000 numbers).
# Report:   not reported.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet 'stats_arrays==4.0' 'numpy==2.4.6' 'scipy==1.17.1'
seen=$("$folder/env/bin/python" - <<'CODE'
import numpy as np
from stats_arrays import NormalUncertainty, UncertaintyBase, WeibullUncertainty

seed = np.random.RandomState(1)
normal = {"uncertainty_type": NormalUncertainty.id, "loc": 1.0, "scale": 1.0, "minimum": 0.0}
one = UncertaintyBase.from_dicts(normal)
told = NormalUncertainty.statistics(one)
drawn = NormalUncertainty.bounded_random_variables(one, 200_000, seed)
life = {"uncertainty_type": WeibullUncertainty.id, "loc": 0.0, "scale": 4.0, "shape": 3.0}
two = UncertaintyBase.from_dicts(life)
mean = WeibullUncertainty.statistics(two)["mean"]
lives = WeibullUncertainty.random_variables(two, 200_000, seed)
print(f"{told['mean']:.1f} {told['lower']:.1f} {drawn.mean():.1f}; {mean:.1f} {lives.mean():.1f}")
CODE
)
echo "$seen"
test "$seen" = "1.0 -1.0 1.3; 0.0 3.6"
