"""Where a prompt goes that was written in the modal, and how the prompt in force is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.commands.invocation import NOT_A_CONVERSATION
from bot.commands.system import (
    INLINE_CHARS,
    MAY_NOT_SET,
    PROMPT_FIELD,
    System,
    prompt_set,
    prompt_shown,
)
from bot.conversation.audit import Actor
from bot.conversation.model import Choice
from bot.conversation.scope import Scope
from tests.commands import services


class Sent:
    """A modal as it is submitted by somebody with some rights, in a channel of a server; keeps what is said."""

    def __init__(self, **rights: bool) -> None:
        self.id, self.channel_id, self.guild_id, self.channel = 9, 5, 3, None
        self.user = SimpleNamespace(id=1)
        self.permissions = discord.Permissions(**rights)
        self.said: list[str] = []
        self.response = SimpleNamespace(defer=self._nothing, is_done=lambda: True)
        self.followup = SimpleNamespace(send=self._send)

    async def _nothing(self, **_options: bool) -> None:
        """Take it as done."""

    async def _send(self, text: str, **_options: object) -> None:
        self.said.append(text)


class Kept:
    """The settings as they are changed."""

    def __init__(self) -> None:
        self.prompts: dict[tuple[Scope, int], str] = {}

    async def change(
        self, actor: Actor, scope: Scope, target: int, values: Mapping[str, str | None]
    ) -> dict[str, str]:
        """Keep a prompt."""
        assert actor == Actor(home=3, person=1, interaction=9)
        self.prompts[scope, target] = values["system"] or ""
        return {"system": ""}


async def submit(sent: Sent, scope: str) -> dict[tuple[Scope, int], str]:
    """Submit a prompt for a scope, and return what is kept."""
    kept = Kept()
    system = System(services(scope_settings=kept))
    await system.submitted(cast("Any", sent), values={PROMPT_FIELD: " Be brief. "}, scope=scope)
    return kept.prompts


async def test_a_prompt_counts_where_its_modal_was_sent() -> None:
    sent = Sent(manage_guild=True)
    assert await submit(sent, "channel") == {(Scope.CHANNEL, 5): "Be brief."}
    assert await submit(sent, "server") == {(Scope.SERVER, 3): "Be brief."}
    assert sent.said == [prompt_set(Scope.CHANNEL), prompt_set(Scope.SERVER)]


async def test_a_modal_for_a_thread_that_is_sent_outside_of_one_sets_nothing() -> None:
    sent = Sent(manage_guild=True)
    assert await submit(sent, "thread") == {}
    assert sent.said == [NOT_A_CONVERSATION]


async def test_a_modal_is_asked_again_whether_somebody_may() -> None:
    sent = Sent(manage_threads=True)
    assert await submit(sent, "channel") == {}
    assert sent.said == [MAY_NOT_SET[Scope.CHANNEL]]


def test_a_short_prompt_is_shown_in_a_block_that_it_cannot_leave() -> None:
    text, files = prompt_shown({Scope.THREAD: Choice(system="one\n```\ntwo")}, "the default")
    assert text.count("```") == 2
    assert "set for this thread" in text
    assert files == []


@pytest.mark.parametrize(
    ("by_scope", "prompt", "where"),
    [
        ({}, "the default", "the default of this bot"),
        (
            {Scope.CHANNEL: Choice(), Scope.SERVER: Choice(model="m")},
            "the default",
            "the default of this bot",
        ),
        (
            {
                Scope.THREAD: Choice(effort="low"),
                Scope.CHANNEL: Choice(system="b"),
                Scope.SERVER: Choice(system="c"),
            },
            "b",
            "set for this channel",
        ),
        ({Scope.CHANNEL: Choice(), Scope.SERVER: Choice(system="c")}, "c", "set for this server"),
    ],
)
def test_the_narrowest_prompt_is_shown_with_the_place_where_it_was_set(
    by_scope: dict[Scope, Choice], prompt: str, where: str
) -> None:
    text, _ = prompt_shown(by_scope, "the default")
    assert text == f"The prompt in force here ({where}):\n```text\n{prompt}\n```"


@pytest.mark.parametrize("chars", [INLINE_CHARS, INLINE_CHARS + 1, 4000])
def test_a_prompt_of_any_length_fits_into_an_answer(chars: int) -> None:
    for char in "`x":
        text, files = prompt_shown({}, char * chars)
        assert len(text) <= 2000
        assert bool(files) is (char == "`" or chars > INLINE_CHARS)
