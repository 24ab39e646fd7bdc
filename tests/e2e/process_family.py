"""The processes that a bot has started, as the kernel lists them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.patience import idle_timeout

LOOK_AGAIN_S = 0.02
END_S = 30.0


async def none_alive(pids: set[int]) -> None:
    """Wait until all of these processes have ended."""
    async with idle_timeout(END_S, *pids):
        while any(alive(pid) for pid in pids):  # noqa: ASYNC110 - nobody tells of other processes' end
            await asyncio.sleep(LOOK_AGAIN_S)


def family(pid: int) -> set[int]:
    """The children of a process, and theirs."""
    pids: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            child = int(stat.parent.name)
            pids |= {child} | family(child)
    return pids


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()
