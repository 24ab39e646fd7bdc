"""The files that Claude's code has made: fetched from the Files API, to be attached to the reply.

They are held by the conversation until the turn is shown, so that each attempt can fetch them; nothing in the history
names them, and the next sweep deletes them at Anthropic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import structlog

from bot.claude.files import Files
from bot.conversation import reply_wording, wording
from bot.conversation.errors import ClaudeBusy, ClaudeError, ClaudeUnreachable
from bot.render.part import FILES_MAX, OF_TEXT, MadeFile
from bot.retry import Schedule, retry

log = structlog.get_logger()

TRIES = Schedule(0.5, factor=2, longest_s=4.0, tries=3)
NAME_CHARS = 80
NAMED_IN_NOTICE = 5

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files to attach, and what people are told of the others."""

    files: tuple[MadeFile, ...] = ()
    notices: tuple[str, ...] = ()


class MadeFiles:
    """Fetches files; those of one reply may have `most_bytes` together, as one message is posted with all of them."""

    def __init__(self, files: Files, most_bytes: int) -> None:
        self._files = files
        self._most_bytes = most_bytes

    async def fetch(self, ids: Sequence[str]) -> Fetched:
        """Return the files; whatever cannot be fetched becomes a notice, never an error."""
        files: dict[str, MadeFile] = {}
        lost: list[str] = []
        large: list[str] = []
        room = self._most_bytes
        for file_id in ids:
            name = ""
            try:
                about = await self._tried(file_id)
                name = about[0]
                if len(files) == FILES_MAX or about[1] > room:
                    large.append(name)
                    continue
                data = await retry(
                    lambda each=file_id: self._files.download(each),  # type: ignore[misc]
                    TRIES,
                    on=(ClaudeBusy, ClaudeUnreachable),
                )
            except ClaudeError as error:
                log.warning("made_file_not_fetched", kind=type(error).__name__, detail=str(error))
                lost.append(name)
                continue
            if len(data) > room:
                large.append(name)
                continue
            room -= len(data)
            own = _free_name(name, files)
            files[own] = MadeFile(own, data)
        notices = [
            *([reply_wording.made_files_lost(_named(lost))] if lost else []),
            *([reply_wording.made_files_too_large(_named(large))] if large else []),
        ]
        return Fetched(tuple(files.values()), tuple(notices))

    async def _tried(self, file_id: str) -> tuple[str, int]:
        return await retry(lambda: self._files.about(file_id), TRIES, on=(ClaudeBusy, ClaudeUnreachable))


def _named(names: Sequence[str]) -> str:
    shown = [wording.named_file(name) for name in names[:NAMED_IN_NOTICE]]
    more = len(names) - len(shown)
    return wording.listed([*shown, f"{more} more"] if more else shown)


def _free_name(name: str, taken: dict[str, MadeFile]) -> str:
    """Return a name that Discord keeps as it is, and that no other file of the reply has."""
    path = PurePosixPath(_ODD.sub("_", name).lstrip(".") or "file")
    stem, ending = path.stem[:NAME_CHARS] or "file", path.suffix[:16]
    if OF_TEXT.fullmatch(f"{stem}{ending}"):
        stem = f"made-{stem}"
    found, number = f"{stem}{ending}", 1
    while found in taken:
        number += 1
        found = f"{stem}-{number}{ending}"
    return found
