"""Arrays to HiGHS and back: scaling, decomposition, and the incumbent of a stopped solve."""
