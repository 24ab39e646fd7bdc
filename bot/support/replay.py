"""`python -m bot replay`: plays the turn of a bundle with a local Discord and a local Claude.

The journal knows messages, replies, attempts and the outcome, and not each delta: the reply comes in deltas of the
local Claude's sizes, and each attempt that the journal counts besides the last one breaks off in the middle.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.stage import Ending, Scene, Stage, as_scene

TURN_S = 120.0
"""How long the bot may take in all."""

INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")

_MESSAGE = re.compile(r"<message\b[^>]*>\n?(.*?)\n?</message>", re.DOTALL)


async def replay(path: Path) -> list[str]:
    """Play the turn, and return what was shown, message by message."""
    scene = scene_of(_journal(path))
    with TemporaryDirectory(prefix="bobbin-replay-") as folder:
        async with Stage() as stage:
            bot = await _start(stage.environment, Path(folder))
            try:
                async with asyncio.timeout(TURN_S):
                    await _logged(bot, "discord_ready")
                    channel = await stage.post(scene)
                    await _logged(bot, "turn_done")
            except TimeoutError:
                raise StartError("the turn did not come to its end", exit_code=Exit.BACKUP) from None
            finally:
                if bot.returncode is None:
                    bot.terminate()
                await bot.wait()
            return [*stage.shown(channel), f"({stage.requests} requests to Claude)"]


def scene_of(journal: dict[str, Any]) -> Scene:
    """Return what a journal tells of a turn."""
    record, result = journal.get("record") or {}, journal.get("result") or {}
    entry: dict[str, Any] = next((each["turn"] for each in journal.get("entry") or () if "turn" in each), {})
    texts: dict[str, list[str]] = {"user": [], "assistant": []}
    for message in entry.get("sent", ()):
        texts[message["role"]].append("".join(block.get("text", "") for block in message["blocks"]))
    asked = [text for each in texts["user"] for text in _MESSAGE.findall(each) or [each]]
    payload = record.get("payload") or {}
    messages = asked or ([str(payload["text"])] if payload.get("text") else [])
    replies = texts["assistant"] or ([str(result["reply"])] if result.get("reply") else [])
    ending: Ending = "answered"
    if entry.get("outcome") == "refused":
        ending = "refused"
    elif entry.get("open_end"):
        ending = "max_tokens"
    elif not replies:
        ending = "failed"
    broken = max(0, int(record.get("tries") or 1) - 1)
    return as_scene(messages or ["(a message without text)"], replies, broken, ending)


def _journal(path: Path) -> dict[str, Any]:
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
    journal: dict[str, Any] = found["journal"]
    return journal


async def _start(environment: dict[str, str], folder: Path) -> asyncio.subprocess.Process:
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        cwd=folder,  # the operator's settings stay out
        env={**kept, **environment, "BOT_REDIS__DATA_DIR": str(folder / "data")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def _logged(bot: asyncio.subprocess.Process, event: str) -> None:
    """Wait until the bot has logged an event."""
    if bot.stdout is None:
        raise RuntimeError("a child without output")
    while line := await bot.stdout.readline():
        if f'"{event}"' in line.decode(errors="replace"):
            return
    raise StartError("the bot of the replay has ended", exit_code=Exit.BACKUP)
