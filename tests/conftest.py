"""One thread for the linear algebra of each test process: its matrices are small, and threads that
wait on one another while other processes want the same cores took 116 s of processor time for what
takes 15."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading

# before anything imports numpy, which reads them once
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# a shell starts what runs in its background with Ctrl-C ignored, and every child inherits that:
# tests that press it would wait for ever
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)

# pyam asks for an older pandas than the lock holds, so that its tests run in an environment of
# their own: `make pyam`
collect_ignore = [] if importlib.util.find_spec("pyam") else ["exchange/test_pyam.py"]
