"""Posts reminders when they are due: each once, in the place where it was set, for its person alone.

What is to be posted is derived from the stored reminders. Before a post, the reminder notes which instance posts it;
a message whose post was interrupted is looked for in its place before it is posted again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import (
    DiscordError,
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
    StoreUnavailable,
)
from bot.conversation.message import first_id
from bot.conversation.reminder import End, Reminder, is_message_of, message
from bot.render.outbox import Outbox, Outgoing
from bot.store.reminders import Reminders

log = structlog.get_logger()

RETRY_S = 60.0
"""After a failure of the store or of Discord."""

HOLD_S = 150.0
"""Longer than all tries of one post take: by then another instance has posted a message, or never will."""

REFUSED_S = 600.0
"""After a refusal, which somebody has to end by a permission."""

ENDED_S = 24 * 3600.0
"""How long an ended reminder is known, so that a repeated call does not set the reminder again."""

LOOK_AFTER_MS = 60_000
"""A reminder that is due for longer may have been posted before the store went back."""

SLACK_MS = 2_000
"""How far the clocks may differ by which a reminder is due and a message is dated."""


class Readers(Protocol):
    """Says who reads a place."""

    async def may_be_reminded(self, reminder: Reminder) -> bool:
        """Whether a person is there still, and can read the place of a reminder. Raises DiscordError."""
        ...


async def _allow_all(_reminder: Reminder) -> bool:
    """Have everybody reminded."""
    return True


class ReminderPoster:
    """Posts what is due; `allow` says whether the rules of /access let its person be reminded still."""

    def __init__(
        self,
        reminders: Reminders,
        outbox: Outbox,
        readers: Readers,
        clock: Clock,
        *,
        instance: str,
        allow: Callable[[Reminder], Awaitable[bool]] = _allow_all,
    ) -> None:
        self._reminders = reminders
        self._outbox = outbox
        self._readers = readers
        self._clock = clock
        self._instance = instance
        self._allow = allow

    async def watch(self, *, every_s: float) -> None:
        """Post what is due until cancelled."""
        while True:
            try:
                await self.post_due()
            except StoreUnavailable as error:
                log.info("reminders_delayed", detail=str(error))
            await asyncio.sleep(every_s)

    async def post_due(self) -> None:
        """Post the reminders that are due; a place that Discord is slow about keeps no other one waiting."""
        due = self._reminders.due
        items = await due.take(RETRY_S)
        waits = await asyncio.gather(*(self._look(item.id) for item in items), return_exceptions=True)
        for item, wait_s in zip(items, waits, strict=True):
            if isinstance(wait_s, StoreUnavailable):
                log.info("reminders_delayed", detail=str(wait_s))
            elif isinstance(wait_s, Exception):
                # Due again in RETRY_S.
                log.error("reminders_failed", conversation=item.id, exc_info=wait_s)
            elif isinstance(wait_s, BaseException):
                raise wait_s
            else:
                await due.done(item, wait_s)

    async def _look(self, conversation: int) -> float | None:
        """Post what is due in a conversation; returns in how many seconds to look again, None for never."""
        waits: list[float] = []
        for each in await self._reminders.of(conversation):
            now_ms = self._clock.now_ms()
            if each.has_ended:
                left_s = ENDED_S - (now_ms - each.since_ms) / 1000
                if left_s <= 0:
                    await self._reminders.remove(each)
                else:
                    waits.append(left_s)
            elif each.due_ms > now_ms:
                waits.append((each.due_ms - now_ms) / 1000)
            else:
                waits.append(await self._deliver(each))
        return min(waits, default=None)

    async def _deliver(self, reminder: Reminder) -> float:
        """Post a reminder, or find out why not; returns in how many seconds to look again."""
        try:
            return await self._try(reminder)
        except DiscordNotNow as error:
            return error.for_s
        except DiscordGone:
            await self._end(reminder, "gone")
            return ENDED_S
        except (DiscordForbidden, DiscordRejected) as error:
            return await self._refused(reminder, error)
        except DiscordError as error:
            log.info("reminder_delayed", conversation=reminder.conversation, detail=type(error).__name__)
            return RETRY_S
        except StoreUnavailable:
            raise
        except Exception:
            # discord.py raises anything for unexpected data, and other reminders do not wait for it.
            log.exception("reminder_failed", conversation=reminder.conversation)
            return RETRY_S

    async def _try(self, reminder: Reminder) -> float:
        now_ms = self._clock.now_ms()
        in_doubt = reminder.state == "posting"
        if (in_doubt or now_ms - reminder.due_ms > LOOK_AFTER_MS) and await self._is_posted(reminder):
            return await self._posted(reminder)
        age_s = (now_ms - reminder.since_ms) / 1000
        if in_doubt and reminder.owner != self._instance and age_s < HOLD_S:
            return HOLD_S - age_s
        if not (await self._readers.may_be_reminded(reminder) and await self._allow(reminder)):
            await self._end(reminder, "left")
            return ENDED_S
        begun, taken = await self._reminders.change(
            reminder.conversation,
            reminder.id,
            lambda each: each.begun(self._instance, now_ms) if each == reminder else None,
        )
        if begun is None or not taken:
            return RETRY_S  # another instance posts it, or somebody has changed it
        outgoing = Outgoing(message(begun), nonce=begun.nonce, mentions=(begun.person,))
        await self._outbox.send(begun.conversation, outgoing)
        return await self._posted(begun)

    async def _posted(self, reminder: Reminder) -> float:
        now_ms = self._clock.now_ms()
        after, _ = await self._reminders.change(
            reminder.conversation,
            reminder.id,
            lambda each: each.posted(now_ms) if each.due_ms == reminder.due_ms else None,
        )
        log.info(
            "reminder_posted",
            conversation=reminder.conversation,
            late_s=round((now_ms - reminder.due_ms) / 1000),
            recurs=reminder.every != "once",
        )
        return ENDED_S if after is None or after.has_ended else (after.due_ms - now_ms) / 1000

    async def _refused(self, reminder: Reminder, error: DiscordForbidden | DiscordRejected) -> float:
        now_ms = self._clock.now_ms()
        lacking = error.permission if isinstance(error, DiscordForbidden) else ""
        problem = f"I need the permission “{lacking}” there" if lacking else "I may not post there"
        after, _ = await self._reminders.change(
            reminder.conversation, reminder.id, lambda each: each.refused(problem, now_ms)
        )
        if reminder.problem != problem:
            log.warning(
                "reminder_not_posted",
                conversation=reminder.conversation,
                kind=type(error).__name__,
                hint=f"{problem}; the reminder is tried for a day",
            )
        return ENDED_S if after is None or after.has_ended else REFUSED_S

    async def _end(self, reminder: Reminder, end: End) -> None:
        now_ms = self._clock.now_ms()
        await self._reminders.change(reminder.conversation, reminder.id, lambda each: each.ended(end, now_ms))
        log.info("reminder_ended", conversation=reminder.conversation, why=end)

    async def _is_posted(self, reminder: Reminder) -> bool:
        """Whether the message stands in its place already."""
        own = await self._outbox.own_messages(reminder.conversation, first_id(reminder.due_ms - SLACK_MS))
        return any(is_message_of(each.content, reminder) for each in own)
