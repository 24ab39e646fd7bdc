"""Slash commands while everything goes wrong: none is answered twice, and each surely once when all is well again.

A command that is used while no bot hears it is gone, and so is the answer of a bot that is killed before it gives it:
Discord waits 3 s and tells nobody else. So, under faults, one answer at most is all that can hold; `answered` counts
how many there were.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

from bot.local.simulator.discord import Discord
from bot.local.simulator.discord.errors import ApiError
from bot.local.simulator.discord.handles import InteractionHandle
from tests.engine.schedule import Command
from tests.engine.timeline import Timeline

FIRST_S = 3.0
"""After that nobody can answer any more (Discord, interactions)."""

ACKNOWLEDGED = 6
"""The type of response DEFERRED_UPDATE_MESSAGE (Discord, "Interaction Callback Type")."""

FILLED_S = 20.0
"""What was answered in time with a promise may be filled in later."""

AFTERWARDS = 4
"""So many commands are used at once when all is well again."""


@dataclass
class Commands:
    """What people ask by command, in a thread of its own, as some of it makes the bot forget."""

    discord: Discord
    timeline: Timeline
    thread: int = 0
    used: list[tuple[str, InteractionHandle]] = field(default_factory=list)

    async def use(self, person: Any, command: Command) -> None:
        """Use a command, and press the button that it shows; something to forget is said before."""
        if command.name == "reset":
            await person.post(self.thread, "Something to forget.")
        question = await self._use(person, command.name)
        if question is None or command.name != "reset" or not question.get("components"):
            return
        (forget, *_) = question["components"][0]["components"]
        with contextlib.suppress(ApiError):
            handle = await person.press(self.thread, question["id"], forget["custom_id"])
            self.used.append(("a button", handle))

    async def breaches(self, person: Any) -> list[str]:
        """What does not hold when all is well again: of what was used before, and of what is used now."""
        found = [
            f"{name} {handle.id} was answered {count} times"
            for name, handle in self.used
            if (count := self._answers(handle)) > 1
        ]
        first = len(self.used)
        shown = await asyncio.gather(*(self._use(person, "system show", FILLED_S) for _ in range(AFTERWARDS)))
        for (name, handle), message in zip(self.used[first:], shown, strict=False):
            statuses = [
                call.status for call in self.discord.requests if f"/interactions/{handle.id}/" in call.path
            ]
            if message is None or self._answers(handle) != 1 or len(statuses) != 1:
                found.append(f"{name} {handle.id}, all being well, was answered with {statuses}: {message}")
        if len(self.used) - first != AFTERWARDS:
            found.append("there are no commands")
        return found

    @property
    def answered(self) -> int:
        """How many were answered."""
        return sum(self._answers(handle) > 0 for _, handle in self.used)

    async def _use(self, person: Any, name: str, within_s: float = FIRST_S) -> dict[str, Any] | None:
        try:
            handle = await person.command(self.thread, name)
        except ApiError as error:
            self.timeline.note("people", f"/{name} is not offered: {error}")
            return None
        self.used.append((f"/{name}", handle))
        self.timeline.note("people", f"{person.user.username} uses /{name} {handle.id}")
        try:
            message: dict[str, Any] = await handle.message(within_s)
        except (TimeoutError, LookupError):
            return None
        return message

    def _answers(self, handle: InteractionHandle) -> int:
        """How many messages the person has got for it: the first answer, once it is more than a promise, and more.

        A press that is acknowledged without a message changes the message of the button, or gets a further one.
        """
        interaction = handle.interaction
        answered = interaction.answered_with not in (None, ACKNOWLEDGED) and not interaction.loading
        return int(answered) + len(interaction.followup_ids)
