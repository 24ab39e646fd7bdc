"""`python -m bot replay`: plays the turn of a bundle with a local Discord and a local Claude.

Claude's text comes in the pieces and at the moments that the journal tells, attempts end where they ended, and a
crash kills the bot. A turn of an older release has no timeline: there each attempt before the last one breaks off in
the middle.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

import bot
from bot.config import Exit, Settings
from bot.conversation.errors import StartError
from bot.local.scene import Scene, SceneReply
from bot.local.stage import Hold, Stage
from bot.local.stand_ins import with_store
from bot.store.connection import connect
from bot.store.keys import Keys
from bot.support.comparison import compared
from bot.support.replayed_tools import install
from bot.support.scenes import ALLOW, scene_of
from bot.support.turn_journal import journal_of
from bot.wiring.store import server_of

TURN_S = 300.0
"""How long the bot may take in all."""

SHOWN_S = 10.0
"""How long the text may take to be shown that Discord showed when the bot crashed, or a button to appear."""

CARD_S = 2.0
"""How long the outcome of a call may take to stand on its card."""

STOP = "Stop"

INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")

PLAYED_SECTIONS = ("reply", "turns", "claude", "files", "history", "tools")
"""The sections whose numbers and switches the replay takes from the bundle."""


async def replay(path: Path) -> list[str]:
    """Play the turn; returns what was shown, message by message, and how that compares with the journal."""
    found = _bundle(path)
    journal: dict[str, Any] = found["journal"]
    scene = scene_of(journal)
    with TemporaryDirectory(prefix="bobbin-replay-") as folder:
        async with Stage(scene) as stage:
            bots = _Bots(Path(folder), {**stage.environment, **_settings(found)}, scene)
            try:
                async with asyncio.timeout(TURN_S):
                    channel, turn = await _play(scene, stage, bots)
                played = await _played(Path(folder), turn)
            except TimeoutError:
                raise StartError("the turn did not come to its end", exit_code=Exit.BACKUP) from None
            finally:
                await bots.end()
            left_out = [f"Not played: {each}" for each in scene.left_out]
            requests = f"({stage.requests} requests to Claude)"
            return [*stage.shown(channel), requests, *compared(journal, played or {}), *left_out]


async def _play(scene: Scene, stage: Stage, bots: _Bots) -> tuple[int, int]:
    """Play the scene to its end; returns the channel and the first message."""
    await bots.start()
    channel, turn = await stage.post()
    for hold in stage.holds:
        if not await _reached(hold, bots):
            break  # the turn has ended another way
        await _act(hold.reply, stage, channel, bots)
        hold.release()
    await bots.done()
    for label in scene.decisions:
        await stage.until(partial(stage.has_button, channel, label), SHOWN_S)
        card = await stage.press(channel, label)
        if card is not None and label == ALLOW:
            said = stage.content(card)
            with suppress(TimeoutError):
                async with asyncio.timeout(SHOWN_S):
                    await bots.called()
            await stage.until(partial(_has_changed, stage, card, said), CARD_S)
    return channel, turn


def _has_changed(stage: Stage, message: int, before: str) -> bool:
    return stage.content(message) != before


async def _act(reply: SceneReply, stage: Stage, channel: int, bots: _Bots) -> None:
    if reply.then == "stop":
        await stage.until(partial(stage.has_button, channel, STOP), SHOWN_S)
        await stage.press(channel, STOP)
    else:
        await stage.until(lambda: stage.written(channel) >= reply.shown, SHOWN_S)
        await bots.crash()
        await bots.start()


async def _reached(hold: Hold, bots: _Bots) -> bool:
    """Wait until a reply stands at its gate; False if the turn ends before."""
    reached, done = asyncio.ensure_future(hold.reached(TURN_S)), asyncio.ensure_future(bots.done())
    await asyncio.wait({reached, done}, return_when=asyncio.FIRST_COMPLETED)
    for task in (reached, done):
        task.cancel()
    await asyncio.wait({reached, done})
    return not reached.cancelled() and reached.exception() is None


async def _played(folder: Path, turn: int) -> dict[str, Any] | None:
    """Return the journal of the turn that was played, from the store of the replay."""
    settings = Settings()
    settings = settings.model_copy(
        update={
            "redis": settings.redis.model_copy(update={"data_dir": folder / "data"}),
            "discord": settings.discord.model_copy(update={"token": SecretStr("replay")}),
        }
    )
    async with AsyncExitStack() as stack:
        settings = await with_store(settings, stack)
        redis = connect(**server_of(settings))
        stack.push_async_callback(redis.aclose)
        played: dict[str, Any] | None = json.loads(
            json.dumps(await journal_of(redis, Keys(settings.redis.prefix), turn))
        )
        return played


READY, DONE, CALLED = "discord_ready", "turn_done", "approved_tool_called"
"""The events of the log that a replay waits for."""


class _Bots:
    """The bot of the replay; it is started anew after a crash."""

    def __init__(self, folder: Path, environment: dict[str, str], scene: Scene) -> None:
        self._folder = folder
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        tools = folder / "tools"
        # This bot, and no other one that is installed.
        paths = [str(Path(bot.__file__).parents[1]), str(tools), os.environ.get("PYTHONPATH", "")]
        self._environment = {
            **inherited,
            **environment,
            **install(tools, scene.tools),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "BOT_REDIS__DATA_DIR": str(folder / "data"),
        }
        if any(reply.searches for reply in scene.replies):
            on = json.loads(self._environment.get("BOT_TOOLS__ON") or "[]")
            self._environment["BOT_TOOLS__ON"] = json.dumps([*on, "web_search"])
        self._process: asyncio.subprocess.Process | None = None
        self._lines: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._logged = {event: asyncio.Event() for event in (READY, DONE, CALLED)}

    async def start(self) -> None:
        """Start the bot, and wait until Discord has connected it."""
        self._ended.clear()
        self._logged[READY].clear()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            cwd=self._folder,  # the operator's settings stay out
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._lines = asyncio.create_task(self._read(self._process), name="replay-log")
        await self._until(READY)

    async def done(self) -> None:
        """Wait until the turn has ended."""
        await self._until(DONE)

    async def called(self) -> None:
        """Wait until a call that was allowed has been made."""
        await self._until(CALLED)
        self._logged[CALLED].clear()

    async def crash(self) -> None:
        """Kill the bot."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self._gone()

    async def end(self) -> None:
        """Stop the bot, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
        await self._gone()

    async def _gone(self) -> None:
        if self._process is not None:
            await self._process.wait()
        if self._lines is not None:
            await self._lines

    async def _until(self, name: str) -> None:
        """Wait for an event of the log."""
        event = self._logged[name]
        waits = [asyncio.ensure_future(each.wait()) for each in (event, self._ended)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if not event.is_set():
            raise StartError("the bot of the replay has ended", exit_code=Exit.BACKUP)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            raise RuntimeError("a child without output")
        while line := await process.stdout.readline():
            told = line.decode(errors="replace")
            for name, event in self._logged.items():
                if f'"{name}"' in told:
                    event.set()
        self._ended.set()


def _settings(found: dict[str, Any]) -> dict[str, str]:
    """Return the numbers and switches of the bundle's settings, as variables."""
    sections = found.get("settings") or {}
    return {
        f"BOT_{section.upper()}__{name.upper()}": str(value).lower()
        for section in PLAYED_SECTIONS
        if isinstance(sections.get(section), dict)
        for name, value in sections[section].items()
        if isinstance(value, bool | int | float) and name.isidentifier()
    }


def _bundle(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}", exit_code=Exit.BACKUP) from error
    except ValueError:
        found = None
    if not isinstance(found, dict) or "bobbin_bundle" not in found:
        raise StartError(f"{path} is no bundle", exit_code=Exit.BACKUP)
    if not isinstance(found.get("journal"), dict):
        raise StartError(f"{path} holds no turn: make it with --turn", exit_code=Exit.BACKUP)
    return found
