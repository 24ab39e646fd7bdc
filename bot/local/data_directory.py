"""The data directory of the private server: lock, format, socket, log."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from bot.config import Exit
from bot.conversation.errors import StartError

# The layout of the directory, for a later version with another layout.
FORMAT = "1"
# sockaddr_un holds 104 bytes on macOS and 108 on Linux, its closing zero included.
SOCKET_PATH_BYTES = 100
# The parent of the socket's directory if the data directory's path is too long; fixed, so that two bots agree.
SOCKET_HOME = Path("/tmp")  # noqa: S108 (the owner and mode of the directory in it are checked)
# The files of the bot and its stand-ins in the directory.
OWN_FILES = (
    "appendonlydir",
    "backups",
    "claude.files",
    "discord.files",
    "discord.json",
    "discord.lock",
    "format",
    "lock",
    "server.log",
    "server.pid",
)
# The log holds starts and stops only, about 3 kB each.
LOG_BYTES = 1_000_000
# "123:M 22 Nov 2026 19:44:43.123 # text", where # marks a warning; a server that fails early writes the text alone.
_LOG_LINE = re.compile(r"^(?:\d+:\w .{20,30} [#*.-] )?(.+)$", re.MULTILINE)
_ABOUT_APPEND_ONLY = re.compile(r"append.?only|\baof\b", re.IGNORECASE)
_ERROR_WORDS = re.compile(r"bad|fail|error|can't|unable|corrupt", re.IGNORECASE)


class DataDirectory:
    """One data directory; `socket` is the path of the server's socket, less than 100 bytes long.

    Every method raises `StartError` if the operator must change something about the directory.
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
        """Lock the directory and return the descriptor of the lock, None if another process holds the lock."""
        import fcntl  # does not exist on Windows, where the private server is refused before

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
        """Prepare the directory for the start of a server; the caller holds the lock."""
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
        """Remove the rights of other users from the files of the bot, which hold message content.

        The files may come from a restored backup. The rights of the directory stay: it may hold other files as well.
        """
        for name in OWN_FILES:
            path = self.path / name
            try:
                for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
                    _remove_rights_of_others(each)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self.unusable(error) from error

    def check_socket(self) -> None:
        """Raise StartError for a socket of another user at the path of our socket."""
        try:
            found = self.socket.lstat()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self.unusable(error) from error
        if found.st_uid != os.getuid() or not stat.S_ISSOCK(found.st_mode):
            raise StartError(
                f"{self.socket} belongs to another user, who could read the data: remove it, or choose another "
                "redis.data_dir",
                exit_code=Exit.DATA_DIR_UNUSABLE,
            )

    def open_log(self) -> BinaryIO:
        """Open the server's log for appending, and note the position of this start."""
        try:
            log = os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
        except OSError as error:
            raise self.unusable(error) from error
        if log.tell() > LOG_BYTES:
            log.truncate(0)
        self._log_start = log.tell()
        return log

    def failure(self) -> StartError:
        """Return the error for a server that did not start, with the reason from its log."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
        lines = _LOG_LINE.findall(text) or ["(nothing)"]
        relevant = [line for line in lines if _ABOUT_APPEND_ONLY.search(line)]
        errors = [line for line in relevant if _ERROR_WORDS.search(line)]
        if errors and self.append_only.exists():
            reason = (
                errors[-1].partition(": make a backup")[0].strip()
            )  # the advice names a tool that the package lacks
            return StartError(
                f"the data in {self.append_only} cannot be read: {reason}; "
                "put a backup in its place, or move that directory away to begin empty",
                exit_code=Exit.DATA_DIR_UNUSABLE,
            )
        return StartError(
            f"the private server did not start; the last line of its log {self._log}: {lines[-1].strip()}",
            exit_code=Exit.DATA_DIR_UNUSABLE,
        )

    def busy(self) -> StartError:
        """Return the error for a server that holds the lock and does not answer."""
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


def _remove_rights_of_others(path: Path) -> None:
    """Remove the rights of other users from a file or folder of this user."""
    found = path.lstat()
    shared = stat.S_IMODE(found.st_mode) & 0o077
    if shared and found.st_uid == os.getuid() and not stat.S_ISLNK(found.st_mode):
        path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def _make_private(directory: Path) -> None:
    """Make a directory that only this user can enter; StartError for a directory of another user."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError as error:
        line = f"the socket's directory {directory} cannot be made: {error.strerror}"
        raise StartError(
            f"{line}; choose a shorter redis.data_dir", exit_code=Exit.DATA_DIR_UNUSABLE
        ) from error
    private = (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700
    )
    if not private:
        line = f"{directory} is not a directory that only this user can enter"
        raise StartError(
            f"{line}: remove it, or choose a shorter redis.data_dir", exit_code=Exit.DATA_DIR_UNUSABLE
        )
