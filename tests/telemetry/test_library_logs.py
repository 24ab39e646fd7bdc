"""What libraries, tasks and records with faults may log."""

import asyncio
import gc
import io
import logging
import os
import subprocess
import sys
from typing import Any

import pytest

from bot.config import TelemetrySettings
from bot.telemetry.logs import configure
from tests.telemetry.stage import CONTENT, ROOT, boom, logged, one


async def test_a_task_that_nobody_awaited_is_told_without_its_error() -> None:
    stream = io.StringIO()
    configure(TelemetrySettings(), [], stream)

    async def fail() -> None:
        boom(CONTENT)

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
    assert "never retrieved" in stream.getvalue()
    assert "in boom" in stream.getvalue()
    assert CONTENT not in stream.getvalue()


LIBRARIES = ["anthropic", "httpx2", "httpcore2", "discord", "aiohttp", "redis", "asyncio", "any"]


@pytest.mark.parametrize("name", [f"{library}{part}" for library in LIBRARIES for part in ("", ".client")])
def test_a_library_logs_nothing_below_a_warning_whatever_level_its_logger_has(name: str) -> None:
    library = logging.getLogger(name)

    def act(_: Any) -> None:
        library.setLevel(logging.DEBUG)
        library.debug("sent %s", CONTENT)
        library.info("received %s", {"content": CONTENT})
        library.warning("slow")

    try:
        assert one(logged(act, level="debug"))["event"] == "slow"
    finally:
        library.setLevel(logging.NOTSET)


def test_a_slow_callback_is_told_without_what_it_was_called_with() -> None:
    text = logged(
        lambda _: logging.getLogger("asyncio").warning("Executing %s took %.3f s", CONTENT.encode(), 1.5)
    )
    assert one(text)["event"] == "Executing <bytes> took 1.500 s"


def test_what_the_environment_switches_on_in_libraries_tells_nothing() -> None:
    script = f"""
import asyncio, logging, anthropic, httpx2
from bot.telemetry.logs import configure
from bot.config import TelemetrySettings
logging.getLogger().addHandler(logging.StreamHandler())
configure(TelemetrySettings(), [])
for library in ("anthropic", "httpx2", "asyncio"):
    logging.getLogger(library).debug({CONTENT!r})
"""
    environment = {**os.environ, "ANTHROPIC_LOG": "debug", "PYTHONASYNCIODEBUG": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    assert CONTENT not in done.stdout + done.stderr


def test_a_record_that_cannot_be_formatted_does_not_spill_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logged(lambda _: logging.getLogger("aiohttp").warning("%d", CONTENT))
    assert CONTENT not in "".join(capsys.readouterr())
