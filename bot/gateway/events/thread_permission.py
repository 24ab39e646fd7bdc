"""Whether the answer to a message can have a thread, and who is told if not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.conversation import wording
from bot.conversation.decision import Cause
from bot.gateway import permissions
from bot.gateway.events import lookup
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.decision_notes import DecisionNotes
from bot.gateway.events.members import Members

log = structlog.get_logger()

THREAD_PARENTS = (discord.ChannelType.text, discord.ChannelType.news)
"""The channels in which a thread can be started from a message (Discord, topics/threads)."""

EVERYBODY = 0
"""Stands for the people of a channel."""

REMEMBERED = 1000
"""The most people and channels of which is remembered that the person was told of a permission there."""


class ThreadPermission:
    """A person may have the bot open a thread only where they may open one.

    `notify` posts a notice below a message, `on_decision` gets the label of each refusal. A refusal is noted after
    its notice: a crash in between loses no notice, and a listing soon after repeats the notice under the same nonce.
    """

    def __init__(
        self,
        notify: Callable[[discord.Message, str], Awaitable[None]],
        notes: DecisionNotes,
        on_decision: Callable[[str], None],
        members: Members,
    ) -> None:
        self._notify = notify
        self._notes = notes
        self._on_decision = on_decision
        self._members = members
        self._told: OrderedDict[tuple[int, int], None] = OrderedDict()

    async def has_place(self, message: discord.Message, accepted: Accepted) -> bool:
        """Whether the channel can have the thread, if one opens; tells those who have mentioned the bot if not."""
        if not accepted.answer.opens_thread:
            return True
        if getattr(accepted.channel, "type", None) in THREAD_PARENTS:
            return accepted.addressed or await self._may_bot_open(message, accepted)
        if accepted.addressed:
            await self._notify(message, wording.NO_THREADS_HERE)
        await self._notes.unanswered(message, Cause.NO_THREADS_HERE)
        return False

    async def _may_bot_open(self, message: discord.Message, accepted: Accepted) -> bool:
        """Whether the bot may open the thread where each message is answered; tells the channel once if not."""
        lacking = permissions.bot_lacks(accepted.channel, permissions.TO_OPEN_AND_ANSWER)
        if lacking is not None:
            log.info("bot_lacks_permission", channel=message.channel.id, permission=lacking)
            self._on_decision("bot_lacks_permission")
            if self._is_first(message.channel.id, EVERYBODY):
                await self._notify(message, wording.missing_permission(lacking, where="in a thread"))
            await self._notes.unanswered(message, Cause.BOT_LACKS_PERMISSION, lacking)
        return lacking is None

    async def is_held(self, message: discord.Message, accepted: Accepted) -> bool:
        """Whether the author may open the thread themselves, if one opens; tells them which permission they lack."""
        if not accepted.answer.opens_thread:
            return True
        held = await lookup.author_permissions(message, self._members)
        if held is None:
            log.info("author_left", message=message.id)
            await self._notes.unanswered(message, Cause.AUTHOR_LEFT)
            return False
        lacking = permissions.person_lacks(held)
        if lacking is not None:
            log.info("author_lacks_permission", message=message.id, permission=lacking)
            self._on_decision("may_not_open")
            if self._is_first(message.channel.id, message.author.id) or accepted.addressed:
                await self._notify(message, wording.may_not(lacking))
            await self._notes.unanswered(message, Cause.MAY_NOT_OPEN, lacking)
        return lacking is None

    def _is_first(self, channel: int, person: int) -> bool:
        """Whether a person is yet to be told in a channel where each message is answered."""
        who = (channel, person)
        is_first = who not in self._told
        self._told[who] = None
        self._told.move_to_end(who)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return is_first
