"""Faults of planner that the oracle follows while they stand (DISAGREEMENTS.md).

The oracle has a reading of its own for each; a name in `FOLLOWED` makes it read as planner does,
so that studies which meet the fault can still be compared in all else. Take the name out when the
fault is mended.
"""

DIRECT_RECYCLING = "recycling without collection is not limited by the collection rate"
TWO_STEP_IMPORTS = "an import in two steps counts twice towards the share of an origin"
FOREIGN_ORIGIN = "metal with an origin counts as home metal where it is won by a home process"

FOLLOWED = {DIRECT_RECYCLING, TWO_STEP_IMPORTS, FOREIGN_ORIGIN}
