"""An interaction from the view of its user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.local.simulator.discord import responses, wire
from bot.local.simulator.discord.drafts import EPHEMERAL
from bot.local.simulator.discord.hub import Hub
from bot.local.simulator.discord.model import Interaction, Json, Message
from bot.local.simulator.discord.world import World


@dataclass(frozen=True, slots=True)
class Response:
    """The first answer: `kind` is one of `responses.KINDS`, `data` what came with it, as on the wire."""

    kind: str
    data: Json
    ephemeral: bool


class InteractionHandle:
    """Waits for the answers to an interaction."""

    def __init__(self, hub: Hub, interaction: Interaction) -> None:
        self._hub = hub
        self.interaction = interaction
        self.id = interaction.id

    async def response(self, timeout: float = responses.FIRST_S) -> Response:
        """The first answer; TimeoutError without an answer, which a user sees as "did not respond"."""
        await self._until(
            lambda: self.interaction.answered_with is not None, timeout, "the interaction is answered"
        )
        data = self.interaction.answer or {}
        kind = responses.KINDS[self.interaction.answered_with or 0]
        flags = int(data.get("flags") or 0)
        return Response(kind, data, bool(flags & EPHEMERAL))

    async def message(self, timeout: float = 30.0) -> Json:
        """The message of the answer; after a deferral, when the message is complete."""
        await self._until(self._shown, timeout, "the interaction's answer shows a message")
        original = responses.original_of(self._hub.world, self.interaction)
        if original is None:
            raise LookupError("The message of this answer was deleted.")
        return self._shown_message(original)

    @property
    def followups(self) -> list[Json]:
        """The further messages that are still there, oldest first."""
        world = self._hub.world
        found = [world.messages.get(each) for each in self.interaction.followup_ids]
        return [self._shown_message(each) for each in found if each is not None]

    async def _until(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        """Wait for as long as the bot has: time for which the machine holds it up does not count."""
        held_up_s, now_s = self._hub.world.held_up_s, asyncio.get_running_loop().time
        until_s = now_s() - held_up_s() + timeout
        while (left_s := until_s - now_s() + held_up_s()) > 0 and not condition():
            with suppress(TimeoutError):
                await self._hub.until(condition, left_s, what)
        await self._hub.until(condition, 0.0, what)

    def _shown(self) -> bool:
        return self.interaction.original_id is not None and not self.interaction.loading

    def _shown_message(self, message: Message) -> Json:
        return shown_to(self._hub.world, message, self.interaction.user_id)


def shown_to(world: World, message: Message, user_id: int) -> Json:
    """A message as a user sees it, with `ephemeral` set if only they do."""
    shown = wire.message(world, message, user_id)
    return shown | {"ephemeral": True} if message.ephemeral_for is not None else shown
