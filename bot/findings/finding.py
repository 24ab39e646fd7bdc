"""A finding: what is wrong, how to mend it, and whether the bot may start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from bot.config import Exit
from bot.config.setting_keys import keys, variable
from bot.conversation.errors import StartError
from bot.findings.ids import Id


class Severity(StrEnum):
    """An error: the bot must not start; a warning: something does not work, or soon will not; a note: all works."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Fix(StrEnum):
    """The repairs that `--fix` can make."""

    EVICTION = "set the eviction policy of Redis to noeviction"
    APPEND_ONLY = "switch on the append-only file of Redis"
    INTENT = "switch on the Message Content intent of the application"
    ENDPOINT = "remove the interactions endpoint of the application"
    INSTALL_LINK = "set the install link to the permissions that the bot needs"
    COMMANDS = "register the commands"
    FILE_MODES = "take the rights of other users off the file"


@dataclass(frozen=True, slots=True)
class Finding:
    """`names` are the settings and permissions to change; `server` and `channel` are ids, where it is about one.

    `exit_code` is that of the start that fails because of an error.
    """

    id: Id
    severity: Severity
    problem: str
    mend: str
    names: tuple[str, ...] = ()
    fix: Fix | None = None
    exit_code: int = 0
    server: int | None = None
    channel: int | None = None
    path: str | None = None


ORDER = tuple(Severity)


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings, the most severe first."""
    return tuple(sorted(findings, key=lambda each: ORDER.index(each.severity)))


def exit_code(findings: Iterable[Finding]) -> int:
    """Return the exit code of the first error, 0 if the bot may start."""
    return next((each.exit_code for each in findings if each.severity is Severity.ERROR), 0)


BY_EXIT_CODE = {
    Exit.SETTINGS: Id.SETTINGS,
    Exit.MISSING: Id.MISSING,
    Exit.DISCORD_TOKEN: Id.TOKEN,
    Exit.DISCORD_INTENT: Id.INTENT,
    Exit.DISCORD_UNREACHABLE: Id.DISCORD_UNREACHABLE,
    Exit.REDIS_UNREACHABLE: Id.REDIS_UNREACHABLE,
    Exit.REDIS_PASSWORD: Id.REDIS_LOGIN,
    Exit.REDIS_UNFIT: Id.REDIS_UNFIT,
    Exit.CLAUDE_KEY: Id.CLAUDE_KEY,
    Exit.CLAUDE_MODEL: Id.MODEL,
    Exit.DATA_DIR_BUSY: Id.DATA_DIR,
    Exit.DATA_DIR_UNUSABLE: Id.DATA_DIR,
    Exit.NO_EMBEDDED_SERVER: Id.DATA_DIR,
    Exit.PORT_BUSY: Id.PORT,
    Exit.PROXY: Id.PROXY,
    Exit.NEWER_DATA: Id.REDIS_SCHEMA,
    Exit.BACKUP: Id.DATA_DIR,
}


def of_start_error(error: StartError) -> tuple[Finding, ...]:
    """Return the findings of a start that failed: one for each line of the error."""
    id_ = BY_EXIT_CODE.get(Exit(error.exit_code), Id.SETTINGS)
    return tuple(_of_line(id_, line, error.exit_code) for line in error.line.splitlines())


def _of_line(id_: Id, line: str, code: int) -> Finding:
    at = divider(line)
    problem, mend = (line[:at], line[at + 2 :]) if at else (line, "")
    return Finding(id_, Severity.ERROR, problem, mend, settings_in(line), exit_code=code)


def divider(line: str) -> int:
    """Return where the line of a StartError turns from the problem to the remedy, 0 if nowhere.

    A "; " goes before a ": ", which also follows the name of a setting; neither counts within parentheses.
    """
    depth, colon = 0, 0
    for at, pair in enumerate(map("".join, pairwise(line))):
        depth += (pair[0] == "(") - (pair[0] == ")")
        if depth == 0 and pair == "; ":
            return at
        if depth == 0 and pair == ": " and not colon:
            colon = at
    return colon


def settings_in(line: str) -> tuple[str, ...]:
    """Return the settings that a line names, by their path in `config.toml`."""
    words = {word.strip(".,;:()'\"") for word in line.replace("=", " ").split()}
    return tuple(path for path in keys() if path in words or variable(path) in words)
