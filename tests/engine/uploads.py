"""The files that one bot has at Anthropic, and what must hold of them at rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from bot.local.simulator.claude.file import File


class UploadLog(dict[str, File]):
    """The files of a local Claude by id; `made` are all uploads, those of deleted files included."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[File] = []

    def __setitem__(self, file_id: str, file: File) -> None:
        super().__setitem__(file_id, file)
        self.made.append(file)


@dataclass(slots=True)
class Workspace:
    """The files of the workspace that a `key` belongs to.

    `copies` is how many uploads beyond the first a content may have, where a worker cannot know of the upload of
    another one; `orphans` is how many of them stay until they expire, because nothing stores their ids.
    """

    log: UploadLog
    key: str
    copies: int = 0
    orphans: int = 0

    def breaches(self, named: Collection[str], *, forgotten: bool) -> list[str]:
        """Compare the files with the `named` ids; a store that has `forgotten` something leaves files behind."""
        living = {file.id for file in self.log.values() if file.workspace == self.key}
        found = [
            f"the history names {file_id}, which does not exist" for file_id in named if file_id not in living
        ]
        if forgotten:
            return found
        if len(left := living.difference(named)) > self.orphans:
            found.append(f"nothing names the files {sorted(left)}")
        uploads = Counter(file.filename for file in self.log.made if file.workspace == self.key)
        found += [
            f"{name} was uploaded {times} times" for name, times in uploads.items() if times > 1 + self.copies
        ]
        return found
