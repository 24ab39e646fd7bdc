import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.data_directory import DataDirectory
from bot.local.embedded import EmbeddedServer
from tests.local.stage import alive, ask, kept, process_of, refusal, until


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


def environment_of(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()
