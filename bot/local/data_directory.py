"""The directory where the private server keeps its data: its lock, its format, its socket, its log."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from bot.config import Exit
from bot.conversation.errors import StartError

# What is in the directory, for a later version that would lay it out differently.
FORMAT = "1"
# sockaddr_un holds 104 bytes on macOS and 108 on Linux, its closing zero included.
SOCKET_PATH_BYTES = 100
# Where the socket goes when the directory's own path is too long; fixed, because two bots have to agree.
SOCKET_HOME = Path("/tmp")  # noqa: S108 (inside it, a directory of our own, whose owner and mode are checked)
# What the bot and its stand-ins keep there.
OURS = ("appendonlydir", "discord.json", "discord.lock", "format", "lock", "server.log", "server.pid")
# Starts and stops only, about 3 kB each: enough to look back on, small enough to forget about.
LOG_BYTES = 1_000_000
# "123:M 22 Nov 2026 19:44:43.123 # text", where # marks a warning; less from who never got that far.
_SAID = re.compile(r"^(?:\d+:\w .{20,30} [#*.-] )?(.+)$", re.MULTILINE)
_OF_THE_LOG = re.compile(r"append.?only|\baof\b", re.IGNORECASE)
_BROKEN = re.compile(r"bad|fail|error|can't|unable|corrupt", re.IGNORECASE)


class DataDirectory:
    """One directory of data; `socket` is where its server listens, a path of less than 100 bytes.

    Everything here raises `StartError` where the operator has to do something about the directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.socket = self.path / "redis.sock"
        if len(os.fsencode(self.socket)) >= SOCKET_PATH_BYTES:
            name = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
            self.socket = SOCKET_HOME / f"bobbin-{os.getuid()}-{name}" / "redis.sock"
        self.pid_file = self.path / "server.pid"
        self.append_only = self.path / "appendonlydir"
        self._log = self.path / "server.log"
        self._log_start = 0

    def take_lock(self) -> int | None:
        """Lock the directory and return the descriptor that holds the lock, None if somebody else has it."""
        import fcntl  # there is none on Windows, where nobody comes this far

        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self.unusable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        except OSError as error:
            os.close(lock)
            raise self.unusable(error) from error
        return lock

    def prepare(self) -> None:
        """Make the directory ready for a server to start in; the caller holds the lock."""
        marker = self.path / "format"
        try:
            found = marker.read_text(encoding="ascii", errors="replace").strip() if marker.exists() else ""
            if not found:
                marker.write_text(f"{FORMAT}\n", encoding="ascii")
        except OSError as error:
            raise self.unusable(error) from error
        if found not in ("", FORMAT):
            raise StartError(
                f"{marker} says {found[:20]!r}, and this version of Bobbin reads only {FORMAT!r}: "
                "use the version that wrote it, or choose another redis.data_dir",
                exit_code=Exit.DATA_DIR_UNUSABLE,
            )
        if self.socket.parent != self.path:
            _make_private(self.socket.parent)
        self.keep_private()

    def keep_private(self) -> None:
        """Take everybody else's rights from the files of the bot, which hold what people wrote.

        They may have been there before, as from a restored backup. The directory is left as it is: it may be one that
        holds other things as well.
        """
        for name in OURS:
            path = self.path / name
            try:
                for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
                    _only_ours(each)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self.unusable(error) from error

    def check_socket(self) -> None:
        """Refuse a socket that somebody else has put where our server should listen."""
        try:
            found = self.socket.lstat()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self.unusable(error) from error
        if found.st_uid != os.getuid() or not stat.S_ISSOCK(found.st_mode):
            raise StartError(
                f"{self.socket} is not this user's: whoever made it could read along; remove it, or choose another "
                "redis.data_dir",
                exit_code=Exit.DATA_DIR_UNUSABLE,
            )

    def open_log(self) -> BinaryIO:
        """Open the server's log to append to it, and remember where this start begins."""
        try:
            log = os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
        except OSError as error:
            raise self.unusable(error) from error
        if log.tell() > LOG_BYTES:
            log.truncate(0)
        self._log_start = log.tell()
        return log

    def failure(self) -> StartError:
        """Say why the server did not start, in its own words."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
        lines = _SAID.findall(text) or ["it said nothing"]
        told = [line for line in lines if _OF_THE_LOG.search(line)]
        broken = [line for line in told if _BROKEN.search(line)]
        if broken and self.append_only.exists():
            reason = (
                broken[-1].partition(": make a backup")[0].strip()
            )  # with a tool that does not come along
            return StartError(
                f"the data in {self.append_only} cannot be read: {reason}; "
                "put a backup in its place, or move that directory away to begin empty",
                exit_code=Exit.DATA_DIR_UNUSABLE,
            )
        return StartError(
            f"the private server did not start, saying last: {lines[-1].strip()} (all of it in {self._log})",
            exit_code=Exit.DATA_DIR_UNUSABLE,
        )

    def busy(self) -> StartError:
        """Say that a server has the lock and does not answer."""
        try:
            process = f" (process {int(self.pid_file.read_text(encoding='ascii'))})"
        except (OSError, ValueError):
            process = ""
        return StartError(
            f"{self.path} is in use by a server that does not answer{process}: "
            "stop it, or choose another redis.data_dir",
            exit_code=Exit.DATA_DIR_BUSY,
        )

    def unusable(self, error: OSError) -> StartError:
        """Return the error for a directory that the operating system does not let us use."""
        if isinstance(error, FileExistsError | NotADirectoryError):
            paths = (self.path, *self.path.parents)
            found = next((path for path in paths if path.exists() and not path.is_dir()), self.path)
            return StartError(
                f"redis.data_dir (BOT_REDIS__DATA_DIR): {found} is a file; name a directory",
                exit_code=Exit.DATA_DIR_UNUSABLE,
            )
        return StartError(
            f"the data directory {self.path} cannot be used: {error.strerror}; "
            "give the bot's user the right to write there, or choose another redis.data_dir",
            exit_code=Exit.DATA_DIR_UNUSABLE,
        )


def _only_ours(path: Path) -> None:
    """Take the rights of others from a file or folder of this user."""
    found = path.lstat()
    shared = stat.S_IMODE(found.st_mode) & 0o077
    if shared and found.st_uid == os.getuid() and not stat.S_ISLNK(found.st_mode):
        path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def _make_private(directory: Path) -> None:
    """Make a directory that only this user can enter, or refuse one that somebody else put there."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError as error:
        line = f"the socket's directory {directory} cannot be made: {error.strerror}"
        raise StartError(
            f"{line}; choose a shorter redis.data_dir", exit_code=Exit.DATA_DIR_UNUSABLE
        ) from error
    ours = (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700
    )
    if not ours:
        line = f"{directory} is not a directory that only this user can enter"
        raise StartError(
            f"{line}: remove it, or choose a shorter redis.data_dir", exit_code=Exit.DATA_DIR_UNUSABLE
        )
