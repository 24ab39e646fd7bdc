"""Logs that are written to memory."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from bot.config import TelemetrySettings
from bot.telemetry.logs import configure

ROOT = Path(__file__).parents[2]
SECRET = 'hunter"2"ü'
CONTENT = "what somebody wrote"


def logged(act: Callable[[Any], object], level: str = "info", form: str = "json") -> str:
    stream = io.StringIO()
    settings = TelemetrySettings.model_validate({"log_level": level, "log_format": form})
    configure(settings, [SECRET], stream)
    act(structlog.stdlib.get_logger("bot.test"))
    return stream.getvalue()


def one(text: str) -> dict[str, Any]:
    event = json.loads(text)
    assert isinstance(event, dict)
    return event


def boom(text: str) -> None:
    raise ValueError(text)
