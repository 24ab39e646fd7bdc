"""Says whether a person may use a command or button that asks Claude, and so costs money."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands.interactions import Interaction
from bot.commands.invocation import Invocation
from bot.commands.scopes import Refusals, ScopeTarget
from bot.commands.services import CommandServices
from bot.conversation import consent, wording
from bot.conversation.access_rules import access_of
from bot.conversation.answer_mode import AnswerMode, mode_in_force
from bot.conversation.limits import Paused
from bot.conversation.scope import Scope, Settings

BLOCKED = "You may not use me here: somebody who manages this server has decided that. /access show tells which rule."
BLOCKED_BY_OPERATOR = "You may not use me: whoever runs me has decided that."
ANSWERS_OFF = {
    Scope.THREAD: "Nothing is answered in this thread: `/answer set` has switched it off here.",
    Scope.CHANNEL: "Nothing is answered in this channel: somebody who manages this server has switched it off.",
    Scope.SERVER: "Nothing is answered in this server: somebody who manages it has switched it off.",
}


def roles_of(interaction: Interaction) -> frozenset[int]:
    """Return the role ids of the person who uses a command; empty in direct messages."""
    return frozenset(role.id for role in getattr(interaction.user, "roles", ()))


class Admission:
    """Applies the rules of /access and /answer, the required consent, and the limits of a person."""

    def __init__(self, services: CommandServices) -> None:
        self._scope_settings = services.scope_settings
        self._defaults = services.access_defaults
        self._limits = services.person_limits
        self._clock = services.clock
        self._consents = services.consents

    async def refusal(
        self, interaction: Interaction, *, thread: int | None, channel: int | None
    ) -> str | None:
        """Say why Claude is not asked for the person in a thread or channel, None if Claude is."""
        server = interaction.guild_id
        by_scope = await self._scope_settings.by_scope(thread=thread, channel=channel, server=server)
        person = interaction.user.id
        if (blocked := self.blocked_by(interaction, by_scope)) is not None:
            return blocked
        if self._consents is not None and await self._consents.agreed_ms(person) is None:
            return consent.NEEDED
        in_force = mode_in_force(by_scope)
        if in_force is not None and in_force.mode is AnswerMode.NEVER:
            return ANSWERS_OFF[in_force.origin.scope]
        pause = await self._limits.pause(home_of(interaction), person, at_ms=self._clock.now_ms())
        return None if pause is None else wording.paused(person, pause.until_ms, is_direct=server is None)

    async def blocked(
        self, interaction: Interaction, *, thread: int | None, channel: int | None
    ) -> str | None:
        """Say why the person may not use the bot in a thread or channel at all, None if they may."""
        server = interaction.guild_id
        return self.blocked_by(
            interaction, await self._scope_settings.by_scope(thread=thread, channel=channel, server=server)
        )

    async def starter_refusal(self, interaction: Interaction, invocation: Invocation) -> str | None:
        """Say why a person may not decide for a thread that they have started: they are blocked; else None.

        With Manage Threads or Manage Server they decide by that permission, and nobody locks themselves out.
        """
        person = invocation.person
        if person.is_direct or person.manages_threads or person.manages_server:
            return None
        return await self.blocked(interaction, thread=invocation.conversation, channel=invocation.channel)

    async def scope_target(
        self, interaction: Interaction, invocation: Invocation, chosen: Scope | None, refusals: Refusals
    ) -> ScopeTarget | str:
        """Return the target of a scope as Invocation does, or the text of a refusal, also to a blocked starter."""
        target = invocation.scope_target(chosen, refusals)
        if isinstance(target, str) or target.scope is not Scope.THREAD:
            return target
        return await self.starter_refusal(interaction, invocation) or target

    def blocked_by(self, interaction: Interaction, by_scope: Mapping[Scope, Settings]) -> str | None:
        """Say why the person may not use the bot where these settings apply, None if they may."""
        person, roles = interaction.user.id, roles_of(interaction)
        found = access_of(person, roles, by_scope, self._defaults(), server=interaction.guild_id)
        if found.allowed:
            return None
        return BLOCKED_BY_OPERATOR if found.origin is None else BLOCKED

    async def opening_refusal(self, interaction: Interaction) -> str | None:
        """Say why no thread opens for the person yet; None counts a thread towards their limit."""
        person = interaction.user.id
        limited = await self._limits.admit(
            home_of(interaction), person, interaction.id, at_ms=self._clock.now_ms(), opens_thread=True
        )
        if limited is None:
            return None
        if isinstance(limited, Paused):
            return wording.paused(person, limited.until_ms)
        return wording.too_many_threads(limited.until_ms)


def home_of(interaction: Interaction) -> int:
    """Return the id under which a person's limits are counted: the server's, else that of the direct messages."""
    return interaction.guild_id or interaction.channel_id or 0
