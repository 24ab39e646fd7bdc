"""Tests of the commands."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, cast

from bot.commands import CommandServices
from bot.conversation.model import Choice


def services(**given: Any) -> CommandServices:
    """The services of a feature; those that are not given are None."""
    left_out = {field.name: cast("Any", None) for field in fields(CommandServices)}
    return CommandServices(**{**left_out, "default": Choice(), "allowed_models": (), **given})
