"""Where a prompt goes that was written in the modal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord

from bot.commands import answers
from bot.commands.system import PROMPT_FIELD, PROMPT_ID, SystemPrompts
from bot.store.scoped_overrides import Scope


class Sent:
    """A modal as it is submitted by somebody with some rights, in a channel of a server; keeps what is said."""

    def __init__(self, **rights: bool) -> None:
        self.channel_id, self.guild_id, self.channel = 5, 3, None
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
    """The overrides as they are set."""

    def __init__(self) -> None:
        self.prompts: dict[tuple[Scope, int], str] = {}

    async def set(self, scope: Scope, target: int, prompt: str) -> None:
        """Keep one."""
        self.prompts[scope, target] = prompt


async def submit(sent: Sent, scope: str) -> dict[tuple[Scope, int], str]:
    """Submit a prompt for a scope, and return what is kept."""
    kept = Kept()
    system = SystemPrompts(cast("Any", None), cast("Any", kept), default="")
    assert await system.submitted(cast("Any", sent), f"{PROMPT_ID}:{scope}", {PROMPT_FIELD: " Be brief. "})
    return kept.prompts


async def test_a_prompt_counts_where_its_modal_was_sent() -> None:
    sent = Sent(manage_guild=True)
    assert await submit(sent, "channel") == {(Scope.CHANNEL, 5): "Be brief."}
    assert await submit(sent, "server") == {(Scope.SERVER, 3): "Be brief."}
    assert sent.said == [answers.prompt_set(Scope.CHANNEL), answers.prompt_set(Scope.SERVER)]


async def test_a_modal_for_a_thread_that_is_sent_outside_of_one_sets_nothing() -> None:
    sent = Sent(manage_guild=True)
    assert await submit(sent, "thread") == {}
    assert sent.said == [answers.NOT_A_CONVERSATION]


async def test_a_modal_is_asked_again_whether_somebody_may() -> None:
    sent = Sent(manage_threads=True)
    assert await submit(sent, "channel") == {}
    assert sent.said == [answers.MAY_NOT_SET[Scope.CHANNEL]]
