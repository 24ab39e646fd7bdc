"""Converts files in worker processes, a few at a time; the event loop never parses a byte of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict

import structlog

from bot.files.result import Converted, Limits, Problem
from bot.files.worker import load

log = structlog.get_logger()

TIMEOUT_S = 30.0
AT_ONCE = 2
"""Each worker may keep a core busy, and take a gigabyte."""

ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "SYSTEMROOT")
"""What a worker gets of the environment: no secrets."""


_FAILURES = {
    -signal.SIGKILL: Problem.TIMED_OUT,
    -signal.SIGXCPU: Problem.TIMED_OUT,
    -signal.SIGABRT: Problem.TOO_LARGE,  # libraries that find no memory abort
}


class Converter:
    """Converts files within limits."""

    def __init__(self, limits: Limits, *, timeout_s: float = TIMEOUT_S) -> None:
        self.limits = limits
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def convert(self, data: bytes, limits: Limits | None = None) -> Converted:
        """Return the content of a file; a worker that fails or takes too long is a Problem, too.

        `limits` replace those that hold for every file.
        """
        async with self._slots:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.files.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # a traceback would quote the file
                env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
                start_new_session=True,
            )
            header = json.dumps(asdict(limits or self.limits)).encode() + b"\n"
            try:
                async with asyncio.timeout(self._timeout_s):
                    output, _ = await process.communicate(header + data)
            except TimeoutError:
                log.info("file_conversion_timed_out", bytes=len(data))
                return Problem.TIMED_OUT
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if process.returncode:
            log.info("file_conversion_failed", exit_code=process.returncode, bytes=len(data))
            return _FAILURES.get(process.returncode, Problem.UNREADABLE)
        return load(output) or Problem.UNREADABLE
