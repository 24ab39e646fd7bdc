"""The names of all keys, by part (see `backup`), in an SQLite file: those of a large store exceed the memory."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from bot.config import Exit
from bot.conversation.errors import StartError

_TAG = re.compile(r"\{([^}]+)\}")

SCHEMA = (
    "pragma journal_mode=off",
    "pragma synchronous=off",
    "create table names (name text primary key, part text, number integer, kind text, is_read integer)"
    " without rowid",
    "create index of_part on names (part)",
    "create index unread on names (number desc, part) where not is_read",
)

GONE = ""
"""The kind of a key that does not exist any more."""

WITHOUT_ID = 0
UNTAGGED = -1
"""The sort numbers of parts without an id: of a hash tag that is not an id, and of a key without a hash tag."""

MAX_NUMBER = 2**63 - 1
"""The largest integer of SQLite."""


class KnownNames:
    """Names of keys without the prefix, and whether each was read.

    The parts with the largest ids come first: most threads are younger than their servers and people. Keys of servers
    and people may refer to content of a thread, so they have to be read after it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def beside(cls, path: Path) -> Iterator[Self]:
        """Keep the names in a temporary folder beside a file; StartError if that folder cannot be written."""
        try:
            with (
                _folder(path) as folder,
                closing(sqlite3.connect(Path(folder) / "names", isolation_level=None)) as connection,
            ):
                for statement in SCHEMA:
                    connection.execute(statement)
                yield cls(connection)
        except sqlite3.Error as error:
            raise _unwritable(path, str(error)) from error

    def add(self, names: Iterable[str]) -> None:
        """Note names as unread; known names keep their state."""
        rows = [(name, *_part(name)) for name in names]
        with self._transaction():
            self._connection.executemany("insert or ignore into names values (?, ?, ?, '', 0)", rows)

    def unread(self, *, tagged: bool, most: int) -> list[tuple[str, ...]]:
        """Return all names of up to `most` parts that hold an unread name: parts with a hash tag, or without."""
        sign = ">" if tagged else "="
        parts = self._connection.execute(
            f"select distinct part, number from names where not is_read and number {sign} ?"  # noqa: S608
            " order by number desc, part limit ?",
            (UNTAGGED, most),
        ).fetchall()
        return [tuple(self._names(part)) for part, _ in parts]

    def note_read(self, kinds: Mapping[str, str]) -> None:
        """Mark names as read, with the kinds of their keys."""
        self.add(kinds)
        with self._transaction():
            self._connection.executemany(
                "update names set kind = ?, is_read = 1 where name = ?",
                [(kind, name) for name, kind in kinds.items()],
            )

    def counts(self) -> dict[str, int]:
        """Return the number of keys of each kind, without those that are GONE."""
        counted = self._connection.execute(
            "select kind, count(*) from names where kind != ? group by kind order by kind", (GONE,)
        )
        return dict(counted.fetchall())

    def _names(self, part: str) -> Iterator[str]:
        for (name,) in self._connection.execute(
            "select name from names where part = ? order by name", (part,)
        ):
            yield name

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin")
        yield
        self._connection.execute("commit")


def _folder(path: Path) -> TemporaryDirectory[str]:
    try:
        return TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _unwritable(path: Path, reason: str) -> StartError:
    return StartError(
        f"{path.parent} cannot be written ({reason}), and a backup or a restore keeps a list of keys beside its "
        "file: use a file in another folder",
        exit_code=Exit.BACKUP,
    )


def _part(name: str) -> tuple[str, int]:
    """Return the part of a key, and the number by which parts are sorted."""
    found = _TAG.search(name)
    if found is None:
        return name, UNTAGGED
    tag = found[1]
    return f"{{{tag}}}", min(int(tag), MAX_NUMBER) if tag.isdecimal() else WITHOUT_ID
