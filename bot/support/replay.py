"""`python -m bot replay`: plays the turn of a bundle with a local Discord and a local Claude.

The timeline in the journal says in which deltas and after which pauses Claude's text comes, and where an attempt
ends; a crash kills the bot. A turn of an older release has no timeline: each attempt before its last one breaks off
in the middle.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

from bot.config import Exit, Settings
from bot.conversation.errors import StartError
from bot.local.scene import Scene, SceneReply
from bot.local.stage import Hold, Stage
from bot.local.stand_ins import with_store
from bot.store.connection import connect
from bot.store.keys import Keys
from bot.support.comparison import compared
from bot.support.replayed_bot import ReplayedBot
from bot.support.scenes import ALLOW, scene_of
from bot.support.turn_journal import journal_of
from bot.wiring.store import server_of

TURN_S = 300.0
"""The time limit of the whole turn."""

SHOWN_S = 10.0
"""The time limit for a button to appear, and for the text that Discord showed when the bot crashed."""

CARD_S = 2.0
"""The time limit for the outcome of a call to stand on its card."""

STOP = "Stop"

PLAYED_SECTIONS = ("reply", "turns", "claude", "files", "history", "tools")
"""The sections of the bundle's settings whose numbers and switches the replay uses."""


async def replay(path: Path) -> list[str]:
    """Play the turn; return the shown messages, the comparison with the journal, and what was not played."""
    found = _read_bundle(path)
    journal: dict[str, Any] = found["journal"]
    scene = _scene(path, journal)
    with TemporaryDirectory(prefix="bobbin-replay-") as folder:
        async with Stage(scene) as stage:
            bot = ReplayedBot(Path(folder), {**stage.environment, **_settings(found)}, scene)
            try:
                async with asyncio.timeout(TURN_S):
                    channel, turn = await _play(scene, stage, bot)
                played = await _replayed_journal(Path(folder), turn)
            except TimeoutError:
                raise StartError(
                    f"the replayed turn did not end within {TURN_S:.0f} s", exit_code=Exit.BACKUP
                ) from None
            finally:
                await bot.end()
            left_out = [f"Not played: {each}" for each in scene.left_out]
            requests = f"({stage.requests} requests to Claude)"
            return [*stage.shown(channel), requests, *compared(journal, played or {}), *left_out]


async def _play(scene: Scene, stage: Stage, bot: ReplayedBot) -> tuple[int, int]:
    """Play the scene to its end; return the ids of the channel and of the first message."""
    await bot.start()
    channel, turn = await stage.post()
    for hold in stage.holds:
        if not await _reached(hold, bot):
            break  # the turn has ended another way
        await _act(hold.reply, stage, channel, bot)
        hold.release()
    await bot.done()
    for label in scene.decisions:
        await stage.until(partial(stage.has_button, channel, label), SHOWN_S)
        card = await stage.press(channel, label)
        if card is not None and label == ALLOW:
            said = stage.content(card)
            with suppress(TimeoutError):
                async with asyncio.timeout(SHOWN_S):
                    await bot.called()
            await stage.until(partial(_has_changed, stage, card, said), CARD_S)
    return channel, turn


def _has_changed(stage: Stage, message: int, before: str) -> bool:
    return stage.content(message) != before


async def _act(reply: SceneReply, stage: Stage, channel: int, bot: ReplayedBot) -> None:
    if reply.then == "stop":
        await stage.until(partial(stage.has_button, channel, STOP), SHOWN_S)
        await stage.press(channel, STOP)
    else:
        await stage.until(lambda: stage.written(channel) >= reply.shown, SHOWN_S)
        await bot.crash()
        await bot.start()


async def _reached(hold: Hold, bot: ReplayedBot) -> bool:
    """Wait until all text of a held reply was sent; False if the turn ends before."""
    reached, done = asyncio.ensure_future(hold.reached(TURN_S)), asyncio.ensure_future(bot.done())
    await asyncio.wait({reached, done}, return_when=asyncio.FIRST_COMPLETED)
    for task in (reached, done):
        task.cancel()
    await asyncio.wait({reached, done})
    return not reached.cancelled() and reached.exception() is None


async def _replayed_journal(folder: Path, turn: int) -> dict[str, Any] | None:
    """Return the journal of the replayed turn, from the replay's own store."""
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


def _settings(found: dict[str, Any]) -> dict[str, str]:
    """Return the numbers and switches of the bundle's settings, as environment variables."""
    sections = found.get("settings") or {}
    return {
        f"BOT_{section.upper()}__{name.upper()}": str(value).lower()
        for section in PLAYED_SECTIONS
        if isinstance(sections.get(section), dict)
        for name, value in sections[section].items()
        if isinstance(value, bool | int | float) and name.isidentifier()
    }


def _scene(path: Path, journal: dict[str, Any]) -> Scene:
    try:
        return scene_of(journal)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        raise StartError(
            f"{path} holds a turn that cannot be read: the file is damaged, or was changed",
            exit_code=Exit.BACKUP,
        ) from None


def _read_bundle(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
        json.dumps(found, ensure_ascii=False).encode()  # UnicodeEncodeError for a lone surrogate
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}", exit_code=Exit.BACKUP) from error
    except (RecursionError, ValueError):
        found = None
    if not isinstance(found, dict) or "bobbin_bundle" not in found:
        raise StartError(
            f"{path} is not a bundle: make one with `python -m bot bundle --turn ID`", exit_code=Exit.BACKUP
        )
    if not isinstance(found.get("journal"), dict):
        raise StartError(f"{path} holds no turn: make it with --turn", exit_code=Exit.BACKUP)
    return found
