"""Draws in a separate process.

Drawing takes hundreds of milliseconds of Python, which would block the event loop even from a thread, and a process
can be killed when it exceeds its limits.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

# Starting Python and importing matplotlib take about 1 s on a busy processor.
DRAW_TIMEOUT_S = 10.0
# Limit of a process: matplotlib with its fonts uses 70 MB and reserves more.
MEMORY_MAX_BYTES = 1 << 30
CPU_MAX_S = 8

# Variables that Python and matplotlib need; tokens and keys are not passed on.
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "MPLCONFIGDIR",
    "PYTHONPATH",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
)


async def run_drawing(module: str, order: bytes, *, timeout_s: float = DRAW_TIMEOUT_S) -> bytes:
    """Run a module with an order as its input; what it has not written in time is missing."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    drawn: bytes = b""
    try:
        async with asyncio.timeout(timeout_s):
            drawn, _ = await process.communicate(order)
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return drawn


def limit_process() -> None:
    """Limit the time and the memory of this process."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_S, CPU_MAX_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
