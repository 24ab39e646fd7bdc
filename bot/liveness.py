"""The sign of life that a health check asks for: a file that the event loop renews while Discord is connected."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

RENEW_S = 5.0
FRESH_S = 60.0
"""A reconnection to Discord takes less as a rule, and is no reason to call the bot ill."""


def sign() -> Path:
    """The file; one for all bots of a user on a host, as a container has but one."""
    user = os.getuid() if hasattr(os, "getuid") else "me"
    return Path(tempfile.gettempdir()) / f"bobbin-{user}.alive"


async def show(connected: Callable[[], bool]) -> None:
    """Renew the file until cancelled."""
    while True:
        if connected():
            with contextlib.suppress(OSError):
                _renew(sign())
        await asyncio.sleep(RENEW_S)


def _renew(path: Path) -> None:
    # Others may write where it is: a link of theirs is not followed.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, b"alive\n")
    finally:
        os.close(descriptor)


def trouble() -> str | None:
    """Say why the bot is not well; None if it is."""
    path = sign()
    try:
        found = path.lstat()
    except OSError:
        return f"no bot has been connected to Discord here yet ({path} is missing)"
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        return f"{path} is not this user's"
    age_s = time.time() - found.st_mtime
    if age_s > FRESH_S:
        return f"the bot has not been connected to Discord for {age_s:.0f} s"
    return None
