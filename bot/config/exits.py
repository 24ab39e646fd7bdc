"""Exit codes."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of expected failures; 1 is a bug, 2 a wrong command line."""

    LOOP_BLOCKED = 70  # sysexits' EX_SOFTWARE: while running, see bot/watchdog.py

    SETTINGS = 78  # sysexits' EX_CONFIG; the others follow it, clear of the shell's 126 and up
    MISSING = 79
    DISCORD_TOKEN = 80
    DISCORD_INTENT = 81
    REDIS_UNREACHABLE = 82
    REDIS_PASSWORD = 83
    CLAUDE_KEY = 84
    CLAUDE_MODEL = 85
    DATA_DIR_BUSY = 86
    DATA_DIR_UNUSABLE = 87
    NO_EMBEDDED_SERVER = 88
    PORT_BUSY = 89
    DISCORD_UNREACHABLE = 90
    REDIS_UNFIT = 93
    PROXY = 94
    NEWER_DATA = 95
    BACKUP = 97
