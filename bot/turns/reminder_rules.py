"""Whether a person may still be reminded, by the rules of /access and the roles of now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.conversation.access_rules import AccessDefaults, access_of, depends_on_roles
from bot.conversation.reminder import Reminder
from bot.store.scope_settings import ScopeSettings

RolesOf = Callable[[int, int], Awaitable[frozenset[int]]]


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """Reads the rules of places; `roles_of` returns the roles that a person has in a server now."""

    scope_settings: ScopeSettings
    defaults: Callable[[], AccessDefaults]
    roles_of: RolesOf

    async def allow(self, reminder: Reminder) -> bool:
        """Whether the person of a reminder may use the bot in its place. Raises DiscordError.

        Discord is asked only where there is a rule for a role.
        """
        server, person, defaults = reminder.server, reminder.person, self.defaults()
        by_scope = await self.scope_settings.by_scope(thread=None, channel=reminder.channel, server=server)
        roles: frozenset[int] = frozenset()
        if server is not None and depends_on_roles(by_scope, defaults, server=server):
            roles = await self.roles_of(server, person)
        return access_of(person, roles, by_scope, defaults, server=server).allowed
