"""Several bots with one data directory share one server."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Exit
from bot.local.embedded import EmbeddedServer
from tests.local.stage import ROOT, alive, ask, kept, process_of, refusal, until

# Another bot: it says when it has a server, and keeps it until it is killed.
OTHER_BOT = """
import asyncio, sys
from pathlib import Path
from bot.local.embedded import EmbeddedServer

async def main():
    async with EmbeddedServer(Path(sys.argv[1])) as server:
        print("attached" if server.attached else "owner", flush=True)
        await server.keep()

asyncio.run(main())
"""


@contextlib.contextmanager
def other_bot(data_dir: Path, role: str) -> Iterator[subprocess.Popen[str]]:
    bot = subprocess.Popen(
        [sys.executable, "-c", OTHER_BOT, str(data_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with bot:
        try:
            assert bot.stdout is not None
            assert bot.stdout.readline().strip() == role
            yield bot
        finally:
            bot.kill()


async def test_of_two_bots_that_start_at_once_one_owns_the_server_and_both_use_it(tmp_path: Path) -> None:
    first, second = EmbeddedServer(tmp_path), EmbeddedServer(tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.gather(stack.enter_async_context(first), stack.enter_async_context(second))
        assert first.attached != second.attached
        assert process_of(first) == process_of(second)


async def test_two_processes_that_start_at_once_share_one_server(tmp_path: Path) -> None:
    bots = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OTHER_BOT, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    try:
        roles = [await bot.stdout.readline() for bot in bots if bot.stdout]
        assert sorted(roles) == [b"attached\n", b"attached\n", b"owner\n"]
    finally:
        for bot in bots:
            bot.kill()
        await asyncio.gather(*(bot.communicate() for bot in bots))


async def test_a_bot_that_attached_leaves_the_server_running(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as owner:
        async with EmbeddedServer(tmp_path) as guest:
            assert guest.attached
        assert ask(owner, "PING") is True


async def test_a_bot_that_attached_takes_over_when_the_owner_leaves(tmp_path: Path) -> None:
    owner = await EmbeddedServer(tmp_path).__aenter__()
    async with kept(EmbeddedServer(tmp_path)) as guest:
        ask(owner, "SET", "x", "kept")
        await owner.__aexit__(None, None, None)
        await until(lambda: not guest.attached and process_of(guest))
        assert ask(guest, "GET", "x") == "kept"


async def test_a_bot_that_attached_takes_over_when_the_owner_is_killed(tmp_path: Path) -> None:
    with other_bot(tmp_path, "owner") as owner:
        async with kept(EmbeddedServer(tmp_path)) as guest:
            assert guest.attached
            ask(guest, "SET", "x", "kept")
            owner.kill()
            await until(lambda: not guest.attached and process_of(guest))
            assert ask(guest, "GET", "x") == "kept"


async def test_the_server_dies_with_a_bot_that_is_killed(tmp_path: Path) -> None:
    with other_bot(tmp_path, "owner") as owner:
        server = EmbeddedServer(tmp_path)
        ask(server, "SET", "x", "kept")
        process = process_of(server)
        owner.kill()
        await until(lambda: not alive(process))
    async with server:
        assert ask(server, "GET", "x") == "kept"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
async def test_no_second_server_starts_while_the_first_outlives_its_guard(tmp_path: Path) -> None:
    with other_bot(tmp_path, "owner") as owner:
        server = EmbeddedServer(tmp_path, start_timeout_s=0.1)
        process = process_of(server)
        os.kill(process, signal.SIGSTOP)  # it cannot follow the order to stop
        try:
            owner.kill()
            os.kill(parent_of(process), signal.SIGKILL)
            error = await refusal(server)
        finally:
            os.kill(process, signal.SIGCONT)
        assert error.exit_code == Exit.DATA_DIR_BUSY
        assert f"(process {process})" in error.line
        await until(lambda: not alive(process))  # it can follow the order now
    async with EmbeddedServer(tmp_path) as third:
        assert not third.attached
        assert process_of(third) != process


def parent_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.split("PPid:")[1].split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
async def test_a_killed_guard_is_replaced_together_with_its_server(tmp_path: Path) -> None:
    async with kept(EmbeddedServer(tmp_path)) as server:
        assert server._guard is not None
        process, guard = process_of(server), server._guard.pid
        os.kill(guard, signal.SIGKILL)
        await until(lambda: process_of(server) not in (0, process))
        assert not server.attached
    assert process_of(server) == 0
