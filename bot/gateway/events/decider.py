"""Decides on messages: collects the facts and the settings of the place, and applies the rules to them."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from enum import Enum

import discord
import structlog

from bot.conversation.access_rules import AccessDefaults, access_of, depends_on_roles, may_be_blocked
from bot.conversation.answer_mode import AnswerMode, mode_in_force
from bot.conversation.budget import limits_roles
from bot.conversation.errors import StoreUnavailable
from bot.conversation.intake import Answer, Facts, Ignore, Policy, Reason, Where, decide, dismiss
from bot.gateway.conversion import convert
from bot.gateway.events import lookup
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.members import Members
from bot.gateway.events.thread_kind import thread_kind
from bot.store.conversations import Conversations
from bot.store.person_wishes import PersonWishes
from bot.store.settings_cache import ByScope, Place, SettingsCache

log = structlog.get_logger()

NOBODY = 0
"""The author of a proxied message whose original is not known: where anybody is blocked, it may be that person."""


class EditEffect(Enum):
    """What the edit of a message may do.

    It may have the reply written anew, change the history alone, be taken as a new message, or do nothing.
    """

    ANSWER = "answer"
    ACCEPT = "accept"
    STORE = "store"
    NOTHING = "nothing"


class Decider:
    """Says which messages are answered.

    `proxies` are the ids of the applications that proxy, `commands` the names of the slash commands.
    """

    def __init__(
        self,
        conversations: Conversations,
        settings: SettingsCache,
        wishes: PersonWishes,
        policy: Callable[[], Policy],
        access: Callable[[], AccessDefaults],
        *,
        proxies: Container[int],
        commands: Container[str],
    ) -> None:
        self._conversations = conversations
        self._settings = settings
        self._wishes = wishes
        self._policy = policy
        self._access = access
        self._proxies = proxies
        self._commands = commands
        self.members = Members()

    async def decide(self, message: discord.Message, me: discord.ClientUser) -> Accepted | Ignore | None:
        """Decide on a message; None if its server or its channel is unknown.

        Who may have an answer is decided by `refusal`, since the author of a proxied message has to be found first.
        """
        if is_in_unknown_server(message):
            log.warning("server_unknown", message=message.id)
            return None
        facts = self._facts(message, Where.DIRECT if message.guild is None else Where.CHANNEL, me)
        if (ignored := dismiss(facts, self._policy())) is not None:
            return _logged(message, ignored)
        channel = await lookup.channel_of(message)
        if channel is None:
            return None
        if (place := _place(message, channel)) is not None:
            self._settings.prefetch(place)
        where = await self._where(message, channel, me)
        facts = replace(facts, where=where, begins_post=_begins_post(message, channel))
        settings = await self._settings_for(message, channel, facts)
        decision = decide(facts, self._policy(), mode_in_force(settings))
        if isinstance(decision, Answer):
            return Accepted(channel, where, decision, settings, facts.mentions_bot, facts.begins_post)
        if decision.reason is Reason.TYPED_COMMAND:  # the person is told of it
            return _logged(message, await self.refusal(message, settings) or decision)
        return _logged(message, decision)

    async def refusal(
        self, message: discord.Message, settings: ByScope, *, person: int | None = None
    ) -> Ignore | None:
        """Say why a message is ignored because of its author, or of the `person` for whom it was posted."""
        server = None if message.guild is None else message.guild.id
        person = message.author.id if person is None else person
        needed = person != NOBODY and depends_on_roles(settings, self._access(), server=server)
        roles = await self.members.roles(message, person) if needed else frozenset()
        found = access_of(person, roles, settings, self._access(), server=server)
        if not found.allowed:
            return Ignore(Reason.BLOCKED, found.origin)
        if person == NOBODY and may_be_blocked(settings, self._access(), server=server):
            return Ignore(Reason.UNKNOWN_AUTHOR)
        return None

    async def limited_roles(
        self, message: discord.Message, settings: ByScope, *, person: int | None
    ) -> tuple[int, ...]:
        """Return the roles that the limits of roles count for the `person` who wrote a message, None if unknown.

        Discord is asked for the member only where there is such a limit, and the event does not name the roles.
        """
        is_known = isinstance(message.author, discord.Member) and message.author.id == person
        if person is None or not (is_known or limits_roles(settings)):
            return ()
        found = await self.members.roles(message, person)
        return tuple(sorted(role for role in found if message.guild is None or role != message.guild.id))

    async def edit_effect(self, message: discord.Message) -> EditEffect:
        """Say what the edit of a message may do; without the store as its settings were known last."""
        channel = await lookup.channel_of(message)
        place = _place(message, channel)
        try:
            settings = {} if place is None else await self._settings.by_scope(place)
            person = await self.author(message)
        except StoreUnavailable:
            settings = {} if place is None else self._settings.last_known(place)
            person = NOBODY if convert.is_proxied(message, self._proxies) else message.author.id
        if await self.refusal(message, settings, person=person) is not None:
            return EditEffect.NOTHING
        in_force = mode_in_force(settings)
        is_off = in_force is not None and in_force.mode is AnswerMode.NEVER
        return EditEffect.STORE if is_off else EditEffect.ANSWER

    async def judge(self, message: discord.Message, me: discord.ClientUser) -> Accepted | Ignore | None:
        """Decide on a message and on its author, by the rules as they are now; None if its channel is unknown."""
        decided = await self.decide(message, me)
        if not isinstance(decided, Accepted):
            return decided
        person = await self.author(message)
        if (refused := await self.refusal(message, decided.settings, person=person)) is not None:
            return refused
        return Ignore(Reason.FORGOTTEN) if await self.is_forgotten(message, person) else decided

    async def is_forgotten(self, message: discord.Message, person: int | None = None) -> bool:
        """Whether a message is from before its author, or the `person` for whom it was posted, was last forgotten."""
        person = await self.author(message) if person is None else person
        return person != NOBODY and message.id <= await self._wishes.forgotten_until(person)

    def is_answered_by_what_is_known(self, message: discord.Message, me: discord.ClientUser) -> bool:
        """Whether a message is answered, where that can be told without the store."""
        channel = message.channel
        where = Where.DIRECT
        if message.guild is not None:
            if isinstance(channel, discord.PartialMessageable):
                return False
            where = Where.CHANNEL
            if isinstance(channel, discord.Thread):
                where = Where.OWN_THREAD if channel.owner_id == me.id else Where.OTHER_THREAD
        place = _place(message, channel)
        settings = {} if place is None else self._settings.last_known(place)
        server = None if place is None else place.server
        facts = self._facts(message, where, me)
        if not isinstance(decide(facts, self._policy(), mode_in_force(settings)), Answer):
            return False
        if convert.is_proxied(message, self._proxies):
            return not may_be_blocked(settings, self._access(), server=server)
        roles = frozenset(role.id for role in getattr(message.author, "roles", ()))
        return access_of(message.author.id, roles, settings, self._access(), server=server).allowed

    def is_by_a_person(self, message: discord.Message) -> bool:
        """Whether a person has written a message, perhaps through a proxy."""
        return convert.is_by_a_person(message, self._proxies)

    def _facts(self, message: discord.Message, where: Where, me: discord.ClientUser) -> Facts:
        return convert.facts(message, where, me, self._commands, self._proxies)

    async def _where(self, message: discord.Message, channel: object, me: discord.ClientUser) -> Where:
        if message.guild is None:
            return Where.DIRECT
        if not isinstance(channel, discord.Thread):
            return Where.CHANNEL
        meta = await self._conversations.meta(channel.id)
        return thread_kind(channel, me.id, meta, message.id)

    async def _settings_for(self, message: discord.Message, channel: object, facts: Facts) -> ByScope:
        """Return the settings of a message's place.

        Raises StoreUnavailable only for messages that are answered by what is known: the others do not wait for the
        store, as long as it is away.
        """
        place = _place(message, channel)
        if place is None:
            return {}
        try:
            return await self._settings.by_scope(place)
        except StoreUnavailable:
            known = self._settings.last_known(place)
            if isinstance(decide(facts, self._policy(), mode_in_force(known)), Answer):
                raise
            return known

    async def author(self, message: discord.Message) -> int:
        """Return who wrote a message; of a proxied one that is only known once the message was accepted."""
        if not convert.is_proxied(message, self._proxies):
            return message.author.id
        return await self._conversations.asker(message.id, message.channel.id) or NOBODY


def is_in_unknown_server(message: discord.Message) -> bool:
    """Whether a message looks like a direct message only because discord.py does not know its server."""
    return message.guild is None and getattr(message.channel, "guild_id", None) is not None


def _place(message: discord.Message, channel: object) -> Place | None:
    """Return the place of a message, None for direct messages."""
    if message.guild is None:
        return None
    if isinstance(channel, discord.Thread):
        return Place(message.guild.id, channel.parent_id, channel.id)
    return Place(message.guild.id, message.channel.id)


def _begins_post(message: discord.Message, channel: object) -> bool:
    return (
        isinstance(channel, discord.Thread)
        and isinstance(channel.parent, discord.ForumChannel)
        and message.id == channel.id
    )


def _logged(message: discord.Message, ignored: Ignore) -> Ignore:
    log.debug("message_ignored", message=message.id, reason=ignored.reason.value)
    return ignored
