"""The channels of a server that people have configured something for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from bot.conversation.answer_mode import ANSWER, AnswerMode
from bot.conversation.audit import AUDIT_CHANNEL
from bot.conversation.budget import NOTIFY
from bot.conversation.scope import Settings


class Purpose(StrEnum):
    """What a channel is for, as the predicate of a sentence."""

    AUDIT = "gets the audit log (/audit channel)"
    NOTIFY = "is told of limits (/budget notify)"
    ALWAYS = "has each message answered (/answer)"
    HERE = "is this one"


BY_SETTING = {AUDIT_CHANNEL: Purpose.AUDIT, NOTIFY: Purpose.NOTIFY}


def configured_channels(server: Settings, channels: Mapping[int, Settings]) -> Iterator[tuple[int, Purpose]]:
    """Return the configured channels and their purposes, from the settings of a server and of its channels."""
    for name, purpose in BY_SETTING.items():
        if name in server and server[name].value.isdecimal():
            yield int(server[name].value), purpose
    for channel, settings in channels.items():
        if ANSWER in settings and settings[ANSWER].value == AnswerMode.ALWAYS:
            yield channel, Purpose.ALWAYS
