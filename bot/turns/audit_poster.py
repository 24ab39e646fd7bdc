"""The posts of audit logs: each entry once and in order, to the channel that the server has named for it.

What is to be posted is derived from the log and a mark in the store, so that no event is needed and none can be
lost. A message whose post was interrupted is looked for in the channel before it is posted again.
"""

from __future__ import annotations

import asyncio

import structlog

from bot.conversation import audit_view
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
from bot.render.outbox import Outbox, Outgoing, fits
from bot.store.audit_posts import AuditPosts, Intent, Pending
from bot.store.due_queue import DueQueue

log = structlog.get_logger()

RETRY_S = 60.0
"""After a failure of the store or of Discord."""

HOLD_S = 150.0
"""Longer than all tries of one post take: by then another instance has posted a message, or never will."""

REFUSED_S = 600.0
"""After a refusal, which somebody has to end by a permission; a new entry is tried at once."""

PAUSE_S = 1.5
"""Between two messages, so that a long backlog does not use up the channel's rate limit."""

MESSAGES_AT_ONCE = 5
"""After so many messages for one server the others have their turn."""

ENTRIES_AT_ONCE = 25
"""More than fit into one message."""


class AuditPoster:
    """Posts what the logs of servers hold."""

    def __init__(
        self,
        due: DueQueue,
        posts: AuditPosts,
        outbox: Outbox,
        clock: Clock,
        *,
        instance: str,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._due = due
        self._posts = posts
        self._outbox = outbox
        self._clock = clock
        self._instance = instance
        self._pause_s = pause_s
        self._refused: dict[int, tuple[int, str]] = {}

    async def watch(self, *, every_s: float) -> None:
        """Post what is due until cancelled."""
        while True:
            try:
                await self.post_due()
            except StoreUnavailable as error:
                log.info("audit_posts_delayed", detail=str(error))
            await asyncio.sleep(every_s)

    async def post_due(self) -> None:
        """Post the entries of the servers that are due."""
        for item in await self._due.take(RETRY_S):
            try:
                wait_s = await self._post(item.id)
            except StoreUnavailable:
                raise
            except Exception:  # discord.py raises anything for unexpected data
                log.exception("audit_posts_failed", server=item.id)  # due again in RETRY_S
                continue
            await self._due.done(item, wait_s)

    async def _post(self, home: int) -> float | None:
        """Post the entries of a server, and return in how many seconds to look again, None if its log is empty."""
        for number in range(MESSAGES_AT_ONCE):
            pending = await self._posts.pending(home, count=ENTRIES_AT_ONCE)
            if pending is None or not pending.entries:
                return await self._posts.trim(home)
            if number:
                await asyncio.sleep(self._pause_s)
            try:
                wait_s = await self._post_message(pending)
            except DiscordNotNow as error:
                return error.for_s
            except DiscordError as error:
                log.info("audit_posts_delayed", server=home, detail=type(error).__name__)
                return RETRY_S
            if wait_s is not None:
                return wait_s
        return 0.0

    async def _post_message(self, pending: Pending) -> float | None:
        """Post one message; returns how long to wait before the next try, None after a post."""
        try:
            # Also before the first try: one that is interrupted is looked for in the history.
            self._outbox.check_history(pending.channel)
        except DiscordForbidden as error:
            self._log_refusal(pending, error)
            return REFUSED_S
        intent, entries = pending.intent, pending.entries
        if intent is not None:
            age_s = (self._clock.now_ms() - intent.since_ms) / 1000
            if intent.owner != self._instance and age_s < HOLD_S:
                return HOLD_S - age_s
            entries = (
                tuple(each for each in entries if _position(each.id) <= _position(intent.last)) or entries
            )
        text, count = audit_view.fitting(entries, fits, pending.home)
        last = entries[count - 1].id
        try:
            is_posted = intent is not None and await self._is_posted(intent, text)
        except DiscordForbidden as error:
            if intent is not None and intent.channel == pending.channel:
                self._log_refusal(pending, error)
                return REFUSED_S
            is_posted = False  # somebody has named another channel, which has no entry twice
        if intent is not None and is_posted:
            await self._posts.end(pending, intent, posted=True)
            return None
        intent = Intent(last, pending.channel, self._instance, self._clock.now_ms())
        if not await self._posts.begin(pending, intent):
            return HOLD_S
        try:
            await self._outbox.send(pending.channel, Outgoing(text, nonce=f"{last}-a", silent=True))
        except (DiscordForbidden, DiscordGone, DiscordRejected) as error:
            await self._posts.end(pending, intent, posted=False)
            self._log_refusal(pending, error)
            return REFUSED_S
        await self._posts.end(pending, intent, posted=True)
        self._refused.pop(pending.home, None)
        return None

    async def _is_posted(self, intent: Intent, text: str) -> bool:
        """Whether a message stands in the channel that an earlier attempt may have posted.

        Raises DiscordForbidden if nobody can tell.
        """
        after = first_id(intent.since_ms - round(RETRY_S * 1000))
        try:
            own = await self._outbox.own_messages(intent.channel, after)
        except DiscordGone:
            return False  # the channel is gone with its messages
        return any(each.content == text for each in own)

    def _log_refusal(self, pending: Pending, error: DiscordError) -> None:
        """Log a refusal once for each channel and reason."""
        permission = error.permission if isinstance(error, DiscordForbidden) else ""
        refusal = (pending.channel, permission or type(error).__name__)
        if self._refused.get(pending.home) == refusal:
            return
        self._refused[pending.home] = refusal
        what = f"give the bot the permission “{permission}” there" if permission else "let the bot post there"
        log.warning(
            "audit_not_posted",
            server=pending.home,
            channel=pending.channel,
            kind=type(error).__name__,
            hint=f"{what}, or name another channel with /audit channel; no entry is lost",
        )


def _position(entry: str) -> tuple[int, int]:
    ms, _, number = entry.partition("-")
    return int(ms), int(number)
