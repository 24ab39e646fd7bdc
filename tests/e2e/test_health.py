"""What a health check is told: whether the loop runs and Discord is connected."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from bot.liveness import FRESH_S
from tests.e2e.bot_process import ROOT
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def asked(directory: Path) -> tuple[int | None, str]:
    """Ask as Docker does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "health",
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(directory)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_health_is_well_only_while_a_bot_is_connected(alone: World, tmp_path: Path) -> None:
    code, said = await asked(tmp_path)
    assert (code, said.count("\n")) == (1, 1)
    bot = await alone.start_bot(TMPDIR=str(tmp_path))
    sign = tmp_path / f"bobbin-{os.getuid()}.alive"
    await alone.until(sign.exists)
    assert await asked(tmp_path) == (0, "well\n")
    await bot.kill()
    assert sign.stat().st_mode & 0o077 == 0
    long_ago = time.time() - FRESH_S - 1
    os.utime(sign, (long_ago, long_ago))
    code, said = await asked(tmp_path)
    assert code == 1
    assert "not been connected" in said
