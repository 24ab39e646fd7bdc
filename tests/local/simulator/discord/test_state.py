"""The world on disk, and the local Discord as a process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.local.simulator.discord import Discord
from bot.local.simulator.discord.model import Snapshot
from tests.local.simulator.discord.conftest import Hands, staged


async def saved(path: Path, text: str) -> None:
    """Wait until a text is in a file, which nothing announces."""

    def wait() -> None:
        deadline = time.monotonic() + 30
        while text not in (path.read_text() if path.exists() else ""):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    await asyncio.to_thread(wait)


async def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    async with staged(Discord(path), Hands()) as scene:
        first = await scene.ann.post(
            scene.text, "hello", attachments=[("a.bin", "application/x", b"\x00\xff")]
        )
        thread = await scene.ann.create_thread(scene.text, "a talk", from_message=first["id"])
        await scene.ann.post(thread, "inside")
        await scene.ann.react(scene.text, first["id"], "👍")
        before = Snapshot.model_validate_json(scene.discord.world.snapshot().model_dump_json())
    again = Discord(path)
    assert again.world.snapshot() == before
    assert [each["content"] for each in again.messages(int(thread["id"]))] == ["", "inside"]
    assert int((await again.actor(scene.ann.id).post(scene.text.id, "on"))["id"]) > int(first["id"])


async def test_the_content_of_a_file_is_written_once_beside_the_world(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    async with staged(Discord(path), Hands()) as scene:
        files = [("a.bin", "application/x", b"\x00\xff" * 1000)]
        kept = await scene.ann.post(scene.text, "hello", attachments=files)
        gone = await scene.ann.post(scene.text, "oops", attachments=files)
        forward = await scene.ann.forward(scene.text, scene.text, kept["id"])
        await scene.ann.delete(scene.text, gone["id"])
        await saved(path, "hello")
        (file,) = [each for each in (tmp_path / "world.files").iterdir() if each.name == _file_id(kept)]
        before = file.stat()
        await scene.ann.post(scene.text, "more")
        await saved(path, "more")
        assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert len(path.read_text()) < 10_000
    (tmp_path / "world.files" / "12.part").write_bytes(b"of a save that was cut off")
    again = Discord(path)
    message = again.world.messages[int(kept["id"])]
    copied = again.world.messages[int(forward["id"])].forwarded
    assert copied is not None
    assert [each.content for each in (*message.attachments, *copied.attachments)] == [files[0][2]] * 2
    assert _file_id(gone) not in {each.name for each in (tmp_path / "world.files").iterdir()}
    assert not (tmp_path / "world.files" / "12.part").exists()


def _file_id(message: dict[str, Any]) -> str:
    return str(message["attachments"][0]["id"])


async def test_a_world_that_holds_its_files_itself_is_read_and_a_lost_file_loses_nothing_else(
    tmp_path: Path,
) -> None:
    path = tmp_path / "world.json"
    async with staged(Discord(path), Hands()) as scene:
        posted = await scene.ann.post(
            scene.text, "hi", attachments=[("a.bin", "application/x", b"\xfb\xff?")]
        )
        older = scene.discord.world.snapshot().model_dump_json()
    path.write_text(older)
    assert Discord(path).world.messages[int(posted["id"])].attachments[0].content == b"\xfb\xff?"
    path.write_text(older.replace('"-_8_"', '"file:1"'))
    message = Discord(path).world.messages[int(posted["id"])]
    assert (message.content, message.attachments[0].content) == ("hi", b"")


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"version": 99}', '{"version": 1, "users": 5}'])
async def test_a_broken_file_is_moved_aside_and_said_in_one_line(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "world.json"
    path.write_text(content)
    local = Discord(path)
    assert local.world.users == {}
    assert (tmp_path / "world.json.unreadable").read_text() == content
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not path.exists()


async def test_a_change_is_on_disk_soon_without_a_stop(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    async with staged(Discord(path), Hands()) as scene:
        await scene.ann.post(scene.text, "hello")
        await saved(path, "hello")


class Server:
    """The local Discord as a process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: dict[str, str] = {}

    async def first_line(self) -> None:
        assert self.process.stdout is not None
        self.told = json.loads(await self.process.stdout.readline())

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        url = self.told["page_url"] + path
        async with aiohttp.request(method, url, json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()


class Servers:
    """Starts processes, and ends what is left of them."""

    def __init__(self) -> None:
        self.running: list[asyncio.subprocess.Process] = []

    async def __call__(self, *arguments: str) -> Server:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.local.simulator",
            "discord",
            *arguments,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
        self.running.append(process)
        return Server(process)


@pytest.fixture
async def start() -> AsyncIterator[Servers]:
    servers = Servers()
    yield servers
    for process in servers.running:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_the_process_says_where_it_listens_and_keeps_threads_over_a_kill(
    tmp_path: Path, start: Servers
) -> None:
    arguments = ("--port", "0", "--state", str(tmp_path / "world.json"))
    server = await start(*arguments)
    await server.first_line()
    assert set(server.told) == {"api_url", "gateway_url", "page_url", "token"}
    state = await server.ask("GET", "control/state")
    assert [each["display_name"] for each in state["users"]] == ["Ann", "Ben", "Cleo"]
    [guild] = state["guilds"]
    assert [(each["name"], each["type"]) for each in guild["channels"]] == [
        ("general", 0),
        ("code", 0),
        ("ideas", 15),
    ]
    body = {"as": state["users"][0]["id"], "channel_id": guild["channels"][0]["id"], "name": "a talk"}
    thread = await server.ask("POST", "control/threads", body)
    await saved(tmp_path / "world.json", thread["id"])
    server.process.kill()
    await server.process.wait()

    again = await start(*arguments)
    await again.first_line()
    assert again.told["token"] not in ("", server.told["token"]), "the token is a new one at each start"
    [guild] = (await again.ask("GET", "control/state"))["guilds"]
    assert guild["channels"][0]["threads"][0]["id"] == thread["id"]
    again.process.send_signal(signal.SIGTERM)
    assert await again.process.wait() == 0


async def test_the_process_ends_with_its_standard_input_and_refuses_a_taken_port_or_state(
    tmp_path: Path, start: Servers
) -> None:
    state = str(tmp_path / "world.json")
    server = await start("--port", "0", "--state", state, "--die-with-parent")
    await server.first_line()
    port = server.told["page_url"].rstrip("/").rpartition(":")[2]
    for arguments, said in (
        (("--port", port), b"address already in use"),
        (("--port", "0", "--state", state), b"in use by"),
    ):
        other = await start(*arguments)
        _, error = await other.process.communicate()
        assert other.process.returncode == 1
        assert len(error.splitlines()) == 1
        assert said in error.lower()
    assert server.process.stdin is not None
    server.process.stdin.close()
    assert await server.process.wait() == 0
