"""The processor time of another process."""

from __future__ import annotations

import time


def processor_s(pid: int) -> float:
    """Seconds of the processor that all threads of a process have used so far.

    The clock's id is made as in clock_getcpuclockid(3) on Linux: the process, CPUCLOCK_SCHED.
    """
    return time.clock_gettime(~pid << 3 | 2)
