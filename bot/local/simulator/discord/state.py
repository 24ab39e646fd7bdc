"""A world on disk: one JSON file, replaced atomically, and the contents of attachments beside it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from bot.local.simulator.discord.contents import Contents
from bot.local.simulator.discord.model import Snapshot

VERSION = 1
# The shortest time between two saves: a kill loses at most this much.
SAVE_EVERY_S = 0.2


def load(path: Path) -> Snapshot | None:
    """The saved world, or None; an unreadable file is moved aside, and a line on standard error names it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        _check_version(json.loads(content))
        contents = contents_of(path)
        snapshot = Snapshot.model_validate_json(content, context=contents)
    except ValueError as error:
        aside = path.with_name(path.name + ".unreadable")
        path.replace(aside)
        reason = "it holds no saved world" if isinstance(error, ValidationError) else str(error)
        line = (
            f"{path.name} could not be read ({reason}); it was moved to {aside.name}, and a new world begins."
        )
        print(line, file=sys.stderr)  # noqa: T201 - the simulator has no log of its own
        return None
    contents.remove_all_but(_attachment_ids(snapshot))
    return snapshot


def contents_of(path: Path) -> Contents:
    """Return the contents of the attachments of a saved world."""
    return Contents(path.with_suffix(".files"))


def _attachment_ids(snapshot: Snapshot) -> set[int]:
    holders = (
        holder
        for message in snapshot.messages.values()
        for holder in (message, message.forwarded)
        if holder is not None
    )
    return {attachment.id for holder in holders for attachment in holder.attachments}


def _check_version(saved: object) -> None:
    version = saved.get("version") if isinstance(saved, dict) else None
    if version != VERSION:
        raise ValueError(f"its version is {version!r}, not {VERSION}")


def write(path: Path, content: str) -> None:
    """Replace the file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class StateInUse(OSError):
    """Another process uses the same state file."""


@contextlib.contextmanager
def claimed(path: Path | None) -> Iterator[None]:
    """Lock a state file: two worlds in one file would overwrite each other.

    The operating system releases the lock at the end of the process.
    """
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateInUse(f"{path.name} is in use by another local Discord.") from None
        yield


class Saver:
    """Saves a world some time after it has changed, and once more at the end."""

    def __init__(self, path: Path, snapshot: Callable[[], Snapshot]) -> None:
        self._path = path
        self._snapshot = snapshot
        self._contents = contents_of(path)
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._writing: asyncio.Future[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def changed(self) -> None:
        """Note a change to save."""
        self._changed.set()

    async def stop(self) -> None:
        """Save the last changes."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._writing is not None:
            # A writing thread cannot be cancelled, and two threads must not write at once.
            await self._writing
        write(self._path, self._dump())

    def _dump(self) -> str:
        return self._snapshot().model_dump_json(context=self._contents)

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            content = self._dump()
            self._writing = asyncio.ensure_future(asyncio.to_thread(write, self._path, content))
            await asyncio.shield(self._writing)
            await asyncio.sleep(SAVE_EVERY_S)
