"""Whether a call that waits for a permission is allowed at all, by the settings and the roles of now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace

from bot.conversation.approval import Approval, Withdrawal
from bot.conversation.scope import Scope, Settings
from bot.conversation.tool_settings import OFF, role_settings, state_for
from bot.store.scope_settings import ScopeSettings
from bot.tools.tool import ToolPlace
from bot.turns.persist import persist

IsOffered = Callable[[ToolPlace, Mapping[Scope, Settings], str], Awaitable[bool]]
RolesOf = Callable[[int, int], Awaitable[frozenset[int]]]


async def _offers_all(_place: ToolPlace, _by_scope: Mapping[Scope, Settings], _tool: str) -> bool:
    """Offer every tool."""
    return True


async def _has_none(_server: int, _person: int) -> frozenset[int]:
    """Have no roles."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """Reads the settings of places.

    Tools of `never` are allowed nowhere. `is_offered` tells whether a tool is on in a place, by the settings of its
    scopes. `roles_of` returns the roles that a person has in a server now, and raises DiscordError.
    """

    scope_settings: ScopeSettings
    never: Collection[str] = ()
    is_offered: IsOffered = _offers_all
    roles_of: RolesOf = _has_none

    async def values(
        self, tool: str, place: ToolPlace, roles_of_each: Collection[Collection[int]]
    ) -> tuple[str | None, ...]:
        """Return what is set for a tool in a place for each of several people, by their roles; None if nothing is."""
        by_scope = await self._by_scope(place)
        return tuple(_set_for(by_scope, tool, place, roles) for roles in roles_of_each)

    async def with_roles(self, waiting: Approval) -> Approval:
        """Return a call with the roles that its asker has now; raises DiscordError if they cannot be found out.

        Discord is asked only where something is set for roles.
        """
        place = place_of(waiting)
        if place.server is None or not role_settings(await self._by_scope(place), waiting.tool):
            return waiting
        roles = await self.roles_of(place.server, waiting.asker)
        return replace(waiting, roles=tuple(sorted(roles)))

    async def why_not(self, approval: Approval) -> Withdrawal | None:
        """Say why a call may not be made any more, None if it may."""
        if approval.tool in self.never:
            return "never"
        place = place_of(approval)
        by_scope = await self._by_scope(place)
        if not await self.is_offered(place, by_scope, approval.tool):
            return "off"
        return "off" if _set_for(by_scope, approval.tool, place, approval.roles) == OFF else None

    async def _by_scope(self, place: ToolPlace) -> Mapping[Scope, Settings]:
        return await persist(
            lambda: self.scope_settings.by_scope(
                thread=place.conversation, channel=place.channel, server=place.server
            )
        )


def place_of(approval: Approval) -> ToolPlace:
    """Return where a call is made."""
    return ToolPlace(approval.conversation, approval.channel, approval.server, is_private=approval.is_private)


def _set_for(
    by_scope: Mapping[Scope, Settings], tool: str, place: ToolPlace, roles: Collection[int]
) -> str | None:
    return state_for(by_scope, tool, roles if place.server is None else {*roles, place.server})
