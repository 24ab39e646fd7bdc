"""`python -m bot replay`: plays the turn of a bundle with a local Discord and a local Claude.

The timeline in the journal says in which deltas and after which pauses Claude's text comes, and where an attempt
ends; a crash kills the bot. A turn of an older release has no timeline: each attempt before its last one breaks off
in the middle.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.conversation.lifetime import CacheSetting
from bot.local.scene import Scene, SceneReply
from bot.local.stage import MODELS, Hold, Stage
from bot.support.comparison import compared
from bot.support.earlier_turns import EarlierTurns, earlier_turns
from bot.support.journal_quotes import fetched
from bot.support.journal_reading import entry_of
from bot.support.replayed_bot import ReplayedBot
from bot.support.replayed_store import ReplayedStore, replayed_store
from bot.support.scenes import ALLOW, scene_of

TURN_S = 300.0
"""The time limit of the whole turn."""

SHOWN_S = 10.0
"""The time limit for a button to appear, and for the text that Discord showed when the bot crashed."""

CARD_S = 2.0
"""The time limit for the outcome of a call to stand on its card."""

STOP = "Stop"

PLAYED_SECTIONS = ("reply", "turns", "claude", "files", "history", "tools")
"""The sections of the bundle's settings whose numbers and switches the replay uses."""

PLAYED_WORDS = {("history", "on_trim"): ("drop", "summarize"), ("claude", "cache"): get_args(CacheSetting)}
"""The settings with a fixed set of words that decide what stands before the turn, and these words."""


async def replay(path: Path) -> list[str]:
    """Play the turn; return the shown messages, the comparison with the journal, and what was not played."""
    found = _read_bundle(path)
    journal: dict[str, Any] = found["journal"]
    scene, earlier = _scene(path, journal)
    with TemporaryDirectory(prefix="bobbin-replay-") as folder:
        async with Stage(scene) as stage:
            bot = ReplayedBot(Path(folder), {**stage.environment, **_settings(found)}, scene)
            try:
                async with asyncio.timeout(TURN_S):
                    turn = await _play(scene, earlier, stage, bot, Path(folder))
                async with replayed_store(Path(folder)) as store:
                    played = await store.journal(turn)
            except TimeoutError:
                raise StartError(
                    f"the replayed turn did not end within {TURN_S:.0f} s", exit_code=Exit.BACKUP
                ) from None
            finally:
                await bot.end()
            left_out = [f"Not played: {each}" for each in scene.left_out]
            requests = f"({stage.requests} requests to Claude)"
            return [*stage.shown(), requests, *compared(journal, played), *left_out]


async def _play(
    scene: Scene, earlier: EarlierTurns | None, stage: Stage, bot: ReplayedBot, folder: Path
) -> int:
    """Play the scene to its end; return the id of the first message."""
    await bot.start()
    await stage.open()
    async with replayed_store(folder) as store:
        if earlier is not None:
            await _remember(earlier, stage, bot, store)
        await store.hold(stage.channel)
        posts = await stage.post()
        numbered = enumerate(zip(scene.messages, posts, strict=True))
        await store.quote(
            stage.channel, {ids[-1]: fetched(each.quotes, at) for at, (each, ids) in numbered if each.quotes}
        )
        await store.release(stage.channel, sum(map(len, posts)))
    for hold in stage.holds:
        if not await _reached(hold, bot):
            break  # the turn has ended another way
        await _act(hold.reply, stage, bot)
        hold.release()
    await bot.done()
    for label in scene.decisions:
        await stage.until(partial(stage.has_button, label), SHOWN_S)
        card = await stage.press(label)
        if card is not None and label == ALLOW:
            said = stage.content(card)
            with suppress(TimeoutError):
                async with asyncio.timeout(SHOWN_S):
                    await bot.called()
            await stage.until(partial(_has_changed, stage, card, said), CARD_S)
    return posts[0][0]


async def _remember(earlier: EarlierTurns, stage: Stage, bot: ReplayedBot, store: ReplayedStore) -> None:
    """Store the earlier turns, with the beginning that the requests of this bot have: a turn apart shows it."""
    if earlier.beginning is not None:
        await store.remember(stage.apart, earlier.beginning)
    await stage.post_apart()
    await bot.done()
    bot.begin()
    await store.remember(stage.channel, earlier, await store.prefix_key(stage.apart))


def _has_changed(stage: Stage, message: int, before: str) -> bool:
    return stage.content(message) != before


async def _act(reply: SceneReply, stage: Stage, bot: ReplayedBot) -> None:
    if reply.then == "stop":
        await stage.until(partial(stage.has_button, STOP), SHOWN_S)
        await stage.press(STOP)
    elif reply.then == "refused":
        await bot.done()
    else:
        await stage.until(lambda: stage.written() >= reply.shown, SHOWN_S)
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


def _settings(found: dict[str, Any]) -> dict[str, str]:
    """Return the numbers and switches of the bundle's settings, as environment variables, and the turn's model."""
    sections = found.get("settings") or {}
    played = {
        f"BOT_{section.upper()}__{name.upper()}": str(value).lower()
        for section in PLAYED_SECTIONS
        if isinstance(sections.get(section), dict)
        for name, value in sections[section].items()
        if (isinstance(value, bool | int | float) and name.isidentifier())
        or value in PLAYED_WORDS.get((section, name), ())
    }
    model = entry_of(found["journal"]).get("model")
    return {**played, "BOT_CLAUDE__MODEL": model} if model in MODELS else played


def _scene(path: Path, journal: dict[str, Any]) -> tuple[Scene, EarlierTurns | None]:
    try:
        return scene_of(journal), earlier_turns(journal, round(time.time() * 1000))
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
