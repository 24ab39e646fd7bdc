"""The posted messages of one turn's reply, and the writer that changes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.conversation.errors import AnsweredBefore, DiscordTooOld
from bot.conversation.message import Message
from bot.render.controls import Controls, while_written
from bot.render.part import MadeFile
from bot.render.plan import Posted
from bot.render.style import Style
from bot.render.writer import Writer
from bot.render.writer_setup import Placement, WriterServices
from bot.store.claim import Claim
from bot.turns.delay_notice import DelayNotice
from bot.turns.nonce import burn_nonce, nonce
from bot.turns.persist import persist
from bot.turns.recover_reply import RecoveredReply
from bot.turns.reply_hooks import ReplyHooks
from bot.turns.reply_search import parts_of, with_made_apart, without_files
from bot.turns.services import TurnServices
from bot.turns.shown_reply import find_shown
from bot.turns.turn_timeline import TurnTimeline

log = structlog.get_logger()

NONCE_SERIES = ("", "b", "c", "d")
"""Suffixes of the nonces, for replies whose nonces belong to another answer already."""


class PostedReply:
    """Owns the reply's messages: the `claim` that they answer, the `found` ones of earlier attempts, the `writer`.

    A writer is single-use: a change of `claim` or `found` makes a new one, and text pushed to the old one is lost.
    `may_write` is asked before each call to Discord. `as_shown`: the text was read back from Discord, so that files
    are left unchanged and none are made. With `keeps_made` the files that code has made stay; so they do where the
    reply is continued. `timeline` is that of the turn.
    """

    def __init__(
        self,
        claim: Claim,
        services: TurnServices,
        may_write: Callable[[], bool],
        *,
        found: tuple[Posted, ...] | None = None,
        followed: bool = False,
        as_shown: bool = False,
        keeps_made: bool = False,
    ) -> None:
        self._services = services
        self._journal = services.journal
        self._outbox = services.outbox
        self._followed = followed
        self._as_shown = as_shown
        self._keeps_made = keeps_made or claim.earlier.continued is not None
        self._beneath: int | None = None
        self._met_forgotten = False
        if found is None:
            found = tuple(Posted(message, "") for message in claim.attempt.replies.values())
        self._hooks = ReplyHooks(claim, services, may_write, found, series=NONCE_SERIES[0])
        self.writer = self._new_writer()

    @property
    def claim(self) -> Claim:
        """The claim that the reply answers."""
        return self._hooks.claim

    @claim.setter
    def claim(self, claim: Claim) -> None:
        self._hooks.claim = claim

    @property
    def found(self) -> tuple[Posted, ...]:
        """The messages of earlier attempts."""
        return self._hooks.found

    @found.setter
    def found(self, found: tuple[Posted, ...]) -> None:
        self._hooks.found = found

    @property
    def timeline(self) -> TurnTimeline:
        """When the attempts at the turn wrote what, for a support bundle."""
        return self._hooks.timeline

    @property
    def delay_notice(self) -> DelayNotice:
        """The notice that the answer comes later."""
        return self._hooks.delay_notice

    @property
    def has_posts(self) -> bool:
        """Whether a message of the reply is known to exist."""
        return bool(self.writer.posted or self.found)

    @property
    def parts(self) -> tuple[int, ...]:
        """The messages of the reply so far, in order."""
        return tuple(part.message_id for part in self.writer.posted)

    @property
    def newest(self) -> int | None:
        """The reply's last message, which carries its buttons; None without messages."""
        return self.writer.posted[-1].message_id if self.writer.posted else None

    @property
    def needs_reconciling(self) -> bool:
        """Whether Discord may come to show something else than the reply."""
        return self.writer.unconfirmed or self._met_forgotten

    def holds(self, message: int) -> bool:
        """Say whether a message is part of the reply."""
        return any(part.message_id == message for part in self.writer.posted)

    def check(self) -> None:
        """Raise DiscordNotNow if Discord is known to refuse posts here for now."""
        claim, meta = self.claim, self.claim.meta
        opens = claim.batch.messages[0].opens is not None and meta.parent is not None and not self.found
        channel_id = meta.parent if opens and meta.parent is not None else claim.conversation
        self._outbox.ready(channel_id, opens=opens, guild=meta.guild)

    def take_over(self, recovered: RecoveredReply) -> None:
        """Continue with the messages of an earlier attempt."""
        self.claim, self.found, self._followed = recovered.claim, recovered.parts, recovered.followed
        self._beneath = recovered.beneath
        self._hooks.series = NONCE_SERIES[min(recovered.nonces_taken, len(NONCE_SERIES) - 1)]
        self.timeline.found(recovered.parts)
        self.writer = self._new_writer()

    def restart(self, members: tuple[int, ...], messages: tuple[Message, ...]) -> None:
        """Start again with the messages that have joined; only for a writer that has posted nothing."""
        batch = replace(self.claim.batch, members=members, messages=messages)
        self.claim = replace(self.claim, batch=batch)
        self.writer = self._new_writer()

    async def keep_as_shown(self, *, search: bool) -> None:
        """Set `as_shown`; with `search` the messages are read from Discord first."""
        if search:
            self.found, self._followed = await find_shown(self.claim, self._services)
        self._as_shown = True
        self.writer = self._new_writer()

    async def show(
        self, text: str, final: Controls, *, truncated: bool, files: tuple[MadeFile, ...] = ()
    ) -> None:
        """Show the whole committed text with its `files`, and let no late message land after it.

        The markup that a `truncated` text leaves open is closed. If the store has forgotten an earlier answer, the
        committed text gets messages of its own; the earlier answer is deleted if this turn answers all its messages,
        and else left for the turn of the other messages.
        """
        first = NONCE_SERIES.index(self._hooks.series)
        for series in NONCE_SERIES[first:]:
            if series != self._hooks.series:
                self._hooks.series = series
                self.writer = self._new_writer()
            try:
                await self.writer.finish(text, final, truncated=truncated, files=files)
            except AnsweredBefore as before:
                await self._delete_before(before)
            except DiscordTooOld:
                log.info("reply_reposted", conversation=self.claim.conversation, turn=self.claim.turn_id)
                if self._as_shown:
                    break  # the text is shown; only buttons or a mark are out of date
                await self._delete_for_repost()
            else:
                break
        else:
            raise AnsweredBefore
        await self._burn_nonces()

    async def rewrite(self, text: str, final: Controls, *, truncated: bool) -> None:
        """Edit the messages until they show the text; raises every error of the outbox."""
        await self.writer.finish(text, final, truncated=truncated)

    async def abandon(self) -> None:
        """Write nothing more."""
        await self.writer.abandon()
        self._hooks.opening.close()

    async def finalize_partial(self) -> None:
        """End a reply that stays partial: remove mark, buttons and delay notice."""
        await self.writer.finalize_partial()
        await self.delay_notice.delete()

    async def open(self) -> None:
        """Wait until the channel exists."""
        await self._hooks.open()

    def expect_title(self) -> None:
        """Let the thread wait for the title that the reply begins with."""
        self._hooks.opening.expect_title()

    def settle_title(self, title: str | None) -> None:
        """Name the thread, if it is not open yet; None if the reply has no title."""
        self._hooks.opening.settle_title(title)

    async def _delete_before(self, before: AnsweredBefore) -> None:
        claim, self._met_forgotten = self.claim, True
        log.info("answered_before", conversation=claim.conversation, turn=claim.turn_id)
        if before.reply_to is None or before.reply_to in claim.batch.members:
            seen = await self._outbox.own_messages(claim.conversation, claim.turn_id)
            for part in parts_of(before.message, seen):
                await self._outbox.delete(claim.conversation, part.id)

    async def _delete_for_repost(self) -> None:
        posted, self.found, self._followed = self.writer.posted, (), False
        # Journalled first, so that after a crash the next worker posts the missing messages and edits none that is
        # deleted.
        await persist(lambda: self._journal.adopt(self.claim, self.claim.batch.members, []))
        for part in reversed(posted):
            await self._outbox.delete(self.claim.conversation, part.message_id)

    async def _burn_nonces(self) -> None:
        """Burn the nonces of parts that an earlier, longer attempt was about to post.

        Such a part would land after the next reply, and would not show which reply it belongs to.
        """
        known = max(len(self.writer.posted), len(self.found))
        for part in self.claim.attempt.unconfirmed:
            if part >= known:
                await burn_nonce(self._outbox, self.claim.conversation, nonce(self.claim, part))

    def _new_writer(self) -> Writer:
        claim, services = self.claim, self._services
        style, draw = (Style(), None) if self._as_shown else (services.style, services.draw)
        posted = self.found
        if self._as_shown:
            posted = without_files(posted)
        elif self._keeps_made:
            posted = with_made_apart(posted)
        placement = Placement(
            claim.conversation,
            reply_to=self._beneath if claim.reply_to is None else claim.reply_to,
            posted=posted,
            followed=self._followed,
            streaming=while_written(claim.turn_id),
            tally=self.timeline.tally,
        )
        return Writer(WriterServices(self._outbox, services.pace, style, draw), placement, self._hooks)
