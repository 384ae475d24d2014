"""One thread for the linear algebra of each test process: its matrices are small, and threads that wait on one another while other
processes want the same cores took 116 s of processor time for what takes 15."""

from __future__ import annotations

import os

# before anything imports numpy, which reads them once
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
