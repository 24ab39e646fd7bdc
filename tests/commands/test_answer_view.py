"""What /answer says a mode does, in each kind of channel."""

from __future__ import annotations

import discord
import pytest

from bot.commands.answer_view import (
    ALWAYS,
    EACH_MESSAGE,
    EACH_POST,
    NO_EFFECT,
    NO_MESSAGES,
    NO_THREADS,
    ONLY_IN_SERVERS,
    OPENS_THREADS,
    meaning,
)
from bot.conversation.answer_mode import AnswerMode
from bot.conversation.intake import Policy
from bot.conversation.scope import Scope
from bot.gateway.events.thread_permission import THREAD_PARENTS

BY_NUMBER = {
    0: OPENS_THREADS,
    1: ONLY_IN_SERVERS,
    2: NO_THREADS,
    3: ONLY_IN_SERVERS,
    4: NO_MESSAGES,
    5: OPENS_THREADS,
    10: EACH_MESSAGE,
    11: EACH_MESSAGE,
    12: EACH_MESSAGE,
    13: NO_THREADS,
    14: None,  # the directory of a hub, which discord.py does not know and no bot can be in
    15: EACH_POST,
    16: EACH_POST,
}
"""Discord's types of channels (`ChannelTypes` in its API document; 16, media channels, stands in its guide alone)."""


@pytest.mark.parametrize("number", BY_NUMBER)
def test_always_does_in_each_type_of_channel_what_its_answer_says(number: int) -> None:
    kinds = {kind.value: kind for kind in discord.ChannelType}
    kind = kinds.get(number)
    assert (None if kind is None else ALWAYS[kind]) == BY_NUMBER[number]
    said = meaning(AnswerMode.ALWAYS, Scope.CHANNEL, Policy(), kind)
    effect = BY_NUMBER[number]
    if effect in NO_EFFECT:
        assert said == effect
    elif effect in (OPENS_THREADS, EACH_POST):
        assert said.startswith(effect or "")
        assert (kind in THREAD_PARENTS) is (effect == OPENS_THREADS)
    else:
        assert said.startswith("In a channel, a thread opens from each message")


def test_each_type_that_discord_py_knows_has_a_row() -> None:
    assert {kind.value for kind in discord.ChannelType} <= BY_NUMBER.keys()


@pytest.mark.parametrize("mode", [AnswerMode.MENTION, AnswerMode.ALWAYS, AnswerMode.QUIET])
def test_where_no_thread_can_be_no_mode_promises_an_answer(mode: AnswerMode) -> None:
    assert meaning(mode, Scope.SERVER, Policy(), discord.ChannelType.voice) == NO_THREADS
    never = meaning(AnswerMode.NEVER, Scope.SERVER, Policy(), discord.ChannelType.voice)
    assert never == "I answer nothing, mentions included."
