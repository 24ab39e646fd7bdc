"""The rules for the machine: proxies, files and the data directory."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import Exit
from bot.findings.facts import HostFacts
from bot.findings.finding import Finding, Fix, Severity
from bot.findings.ids import Id

FREE_BYTES = 500_000_000
"""The private server rewrites its file when that has doubled, and needs room for both."""


def proxies(facts: HostFacts) -> Iterator[Finding]:
    """A proxy that somebody else has set surprises."""
    if facts.proxies:
        used = ", ".join(f"{service} by {variable}" for service, variable in facts.proxies.items())
        yield Finding(
            Id.PROXY_USED,
            Severity.NOTE,
            f"A proxy of the environment is used: {used}",
            "nothing needs to be done if this is intended; NO_PROXY exempts hosts",
            tuple(dict.fromkeys(facts.proxies.values())),
        )


def files(facts: HostFacts) -> Iterator[Finding]:
    """Token and keys stand in these files."""
    for file in facts.files:
        if file.is_open:
            yield Finding(
                Id.FILE_MODE,
                Severity.WARNING,
                f"Other users of this machine can read {file.path}, which holds a secret",
                f"chmod 600 {file.path}",
                fix=Fix.FILE_MODES,
                path=file.path,
            )


def data_directory(facts: HostFacts) -> Iterator[Finding]:
    """The private server keeps the conversations there."""
    directory = facts.data_directory
    if directory is None:
        return
    if directory.problem:
        yield Finding(
            Id.DATA_DIR,
            Severity.ERROR,
            f"The data directory {directory.path} cannot be used ({directory.problem})",
            "give the bot's user the right to write there, or choose another redis.data_dir (BOT_REDIS__DATA_DIR)",
            ("redis.data_dir",),
            exit_code=Exit.DATA_DIR_UNUSABLE,
        )
    if directory.is_open:
        yield Finding(
            Id.DATA_DIR_OPEN,
            Severity.NOTE,
            f"Other users of this machine can enter the data directory {directory.path}; its files are private",
            f"chmod 700 {directory.path}",
            ("redis.data_dir",),
        )
    if directory.free_bytes is not None and directory.free_bytes < FREE_BYTES:
        yield Finding(
            Id.DATA_DIR_SPACE,
            Severity.WARNING,
            f"The disk of the data directory {directory.path} has {directory.free_bytes / 1_000_000:.0f} MB left",
            "make room, or choose another redis.data_dir",
            ("redis.data_dir",),
        )


def backup_directory(facts: HostFacts) -> Iterator[Finding]:
    """A start that has to change what is stored refuses to do so without a backup."""
    directory = facts.backup_directory
    if directory is not None and directory.problem:
        yield Finding(
            Id.DATA_DIR,
            Severity.WARNING,
            f"The next start may migrate what is stored, and the backup before that cannot be written "
            f"({directory.problem})",
            "set redis.data_dir (BOT_REDIS__DATA_DIR) to a directory that can be written, or, after a backup of your "
            "own, redis.migration_backup to false",
            ("redis.data_dir", "redis.migration_backup"),
        )


RULES = (proxies, files, data_directory, backup_directory)
