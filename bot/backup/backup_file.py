"""The format of a backup: gzipped lines of JSON. A header, the keys, and an end with their counts and the SHA-256.

    {"bobbin_backup": 1, "bobbin": "0.9", "prefix": "bobbin", "schema": 1, "at_ms": 1796000000000}
    [["{5}:h", "list", 1796000000000, ["…"]], …]
    {"end": {"{C}:h": 1}, "sha256": "…"}

Each line between header and end is a snapshot: keys as they were at one moment. For a key in several lines the last
one counts. The SHA-256 is that of all uncompressed lines before the end.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, BinaryIO

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.store.stored_keys import StoredKey

FORMAT = 1

COMPRESSION_LEVEL = 3
"""Higher levels take several times as long and save only some percent."""

SUFFIX = ".bobbin"
"""The suffix of the backups that the bot names itself, before a migration."""

DAMAGED = "is damaged, or is not a backup"
TRUNCATED = "is incomplete: copy it again from where it was made"


@dataclass(frozen=True, slots=True)
class BackupHeader:
    """Where and when a backup was made; `schema` is the version of the stored data, `at_ms` is Redis's time."""

    version: str
    prefix: str
    schema: int
    at_ms: int


class BackupWriter:
    """Writes one file."""

    def __init__(self, file: BinaryIO, header: BackupHeader) -> None:
        self._file = gzip.GzipFile(
            filename="", mode="wb", fileobj=file, compresslevel=COMPRESSION_LEVEL, mtime=0
        )
        self._digest = hashlib.sha256()
        self._write(
            {
                "bobbin_backup": FORMAT,
                "bobbin": header.version,
                "prefix": header.prefix,
                "schema": header.schema,
                "at_ms": header.at_ms,
            }
        )

    def add(self, keys: Sequence[StoredKey]) -> None:
        """Write keys that were read at one moment."""
        self._write([[key.name, key.type, key.expires_ms, key.value] for key in keys])

    def end(self, counts: Mapping[str, int]) -> str:
        """Write the end, and return the digest of all lines before it."""
        digest = self._digest.hexdigest()
        self._write({"end": dict(counts), "sha256": digest})
        self._file.close()
        return digest

    def _write(self, value: object) -> None:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self._digest.update(line)
        self._file.write(line)


class BackupReader:
    """Reads a file; StartError if it is damaged, incomplete, or of a newer version.

    `header` is set from the start, `counts` and `digest` once `snapshots` has ended.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.counts: dict[str, int] = {}
        self.digest = ""
        self.header = self._header(next(self._lines(), b""))

    def snapshots(self) -> Iterator[tuple[StoredKey, ...]]:
        """Yield the keys of each line; only the end of the iteration says that the file is complete and undamaged."""
        digest = hashlib.sha256()
        lines = self._lines()
        digest.update(next(lines))
        for line in lines:
            found = self._json(line)
            if isinstance(found, dict):
                self._end(found, digest.hexdigest())
                if next(lines, None) is not None:
                    raise self._error(DAMAGED)
                return
            digest.update(line)
            try:
                yield tuple(StoredKey(*key) for key in found)
            except TypeError:
                raise self._error(DAMAGED) from None
        raise self._error(TRUNCATED)

    def _header(self, line: bytes) -> BackupHeader:
        found = self._json(line)
        if not isinstance(found, dict) or not isinstance(found.get("bobbin_backup"), int):
            raise self._error(DAMAGED)
        if found["bobbin_backup"] > FORMAT:
            raise self._error(
                f"was made by a newer version (Bobbin {found.get('bobbin')}): install that version"
            )
        try:
            return BackupHeader(
                str(found["bobbin"]), str(found["prefix"]), int(found["schema"]), int(found["at_ms"])
            )
        except (KeyError, TypeError, ValueError):
            raise self._error(DAMAGED) from None

    def _end(self, found: Mapping[str, Any], digest: str) -> None:
        if found.get("sha256") != digest or not isinstance(found.get("end"), dict):
            raise self._error(DAMAGED)
        self.counts, self.digest = found["end"], digest

    def _lines(self) -> Iterator[bytes]:
        try:
            with gzip.open(self._path, "rb") as file:
                yield from file
        except EOFError:
            raise self._error(TRUNCATED) from None
        except (gzip.BadGzipFile, zlib.error):
            raise self._error(DAMAGED) from None
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}") from error

    def _json(self, line: bytes) -> Any:
        try:
            return json.loads(line)
        except ValueError:
            raise self._error(DAMAGED) from None

    def _error(self, problem: str) -> StartError:
        return StartError(f"{self._path} {problem}", exit_code=Exit.BACKUP)


def remove_unfinished(directory: Path) -> None:
    """Remove the temporary files and folders that killed backups have left in a directory."""
    for each in directory.glob(f".*{SUFFIX}.*"):
        if each.is_dir():
            rmtree(each, ignore_errors=True)
        else:
            with suppress(OSError):
                each.unlink()


@contextmanager
def atomic_write(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Yield a temporary file beside `path`, and its path; rename it to `path` if the block ends without an error.

    Only the owner can read the file. An OSError within the block becomes a StartError about `path`.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file, temporary
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error.strerror}", exit_code=Exit.BACKUP) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
