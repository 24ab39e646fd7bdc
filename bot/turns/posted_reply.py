"""The messages that one turn's reply is shown in, whichever try and whichever writer has posted them."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.conversation.errors import AnsweredBefore, DiscordTooOld
from bot.render.controls import Controls, while_written
from bot.render.plan import Posted
from bot.render.style import Style
from bot.render.writer import Writer
from bot.store.claim import Claim
from bot.turns.delay import Delay
from bot.turns.opening import Opening
from bot.turns.persist import persist
from bot.turns.recover_reply import Adopted
from bot.turns.reply_search import less_files, parts_of
from bot.turns.revise import burn_nonce, nonce, standing
from bot.turns.services import TurnServices

log = structlog.get_logger()

NONCE_SERIES = ("", "b", "c", "d")
"""What is put behind the nonces where those of an earlier try are taken by another answer."""


class PostedReply:
    """What the reply answers, its `claim`; its messages that were `found`; and the `writer` of what is yet to come.

    A writer writes once: whatever changes one of the others brings a new one, and nothing of what the one before was
    given. `may_write` is asked before each call to Discord.
    """

    def __init__(self, claim: Claim, means: TurnServices, may_write: Callable[[], bool]) -> None:
        self._means = means
        self._journal = means.journal
        self._outbox = means.outbox
        self._may_write = may_write
        self._opening = Opening(means.outbox, claim)
        self.delay = Delay(claim, means, may_write)
        self._series = NONCE_SERIES[0]
        self._apart = False
        self._as_shown = False
        self._beneath: int | None = None
        self.claim = claim
        self.found: tuple[Posted, ...] = tuple(
            Posted(message, "") for message in claim.attempt.replies.values()
        )
        self.writer = self._new_writer()

    @property
    def begun(self) -> bool:
        """Whether anything of the reply stands there, as far as is known."""
        return bool(self.writer.posted or self.found)

    @property
    def newest(self) -> int | None:
        """The reply's last message, which carries its buttons; None if there is no message."""
        return self.writer.posted[-1].message_id if self.writer.posted else None

    def take_over(self, adopted: Adopted) -> None:
        """Go on with what an earlier try has posted."""
        self.claim, self.found, self._apart = adopted.claim, adopted.parts, adopted.apart
        self._beneath = adopted.beneath
        self.writer = self._new_writer()

    def renew(self, claim: Claim) -> None:
        """Begin once more, in answer to what has been taken in by now; for a writer that has posted nothing."""
        self.claim = claim
        self.writer = self._new_writer()

    async def keep_as_shown(self, *, look: bool) -> None:
        """Leave files alone and make no new ones: the text is what the messages show, not what Claude said.

        With `look` the messages are not known yet, as the text was committed by an earlier try.
        """
        if look:
            self.found, self._apart = await standing(self.claim, self._means)
        self._as_shown = True
        self.writer = self._new_writer()

    def check(self) -> None:
        """Raise DiscordNotNow if it is known that nothing can be shown yet."""
        claim, meta = self.claim, self.claim.meta
        opens = claim.batch.messages[0].opens is not None and meta.parent is not None and not self.found
        place = meta.parent if opens and meta.parent is not None else claim.conversation
        self._outbox.ready(place, opens=opens, guild=meta.guild)

    async def open(self) -> None:
        """Wait until there is a place to write in."""
        await self._opening()

    async def finish(self, text: str, final: Controls, *, cut: bool) -> None:
        """Show the whole text, by now committed, and let nothing land behind it.

        If it was `cut`, what is open at its end is closed.
        """
        await self._show(text, final, cut=cut)
        await self._forestall()

    async def abandon(self) -> None:
        """Write nothing more."""
        await self.writer.abandon()
        self._opening.close()

    async def leave(self) -> None:
        """Let what is written end where it is: nobody goes on with it."""
        await self.writer.leave()
        await self.delay.end()

    async def _show(self, text: str, final: Controls, *, cut: bool) -> None:
        """Write until it stands there.

        Where the store has forgotten an earlier answer, the committed one gets a message of its own; the earlier
        one goes if this turn answers all that it did, and is left to be found by the other messages' turn if not.
        """
        for again in range(len(NONCE_SERIES)):
            self._series = NONCE_SERIES[again]
            if again:
                self.writer = self._new_writer()
            try:
                await self.writer.finish(text, final, cut=cut)
            except AnsweredBefore as before:
                await self._clear(before)
            except DiscordTooOld:
                log.info("reply_posted_anew", conversation=self.claim.conversation, turn=self.claim.turn_id)
                if self._as_shown:
                    return  # its text stands there; only its buttons, or a mark, are out of date
                await self._take_down()
            else:
                return
        raise AnsweredBefore

    async def _clear(self, before: AnsweredBefore) -> None:
        claim = self.claim
        log.info("answered_before", conversation=claim.conversation, turn=claim.turn_id)
        if before.reply_to is None or before.reply_to in claim.batch.members:
            seen = await self._outbox.own_messages(claim.conversation, claim.turn_id)
            for each in parts_of(before.message, seen):
                await self._outbox.delete(claim.conversation, each.id)

    async def _take_down(self) -> None:
        posted, self.found, self._apart = self.writer.posted, (), False
        # Before, so that whoever comes after a crash posts what is missing, and edits nothing that is gone.
        await persist(lambda: self._journal.adopt(self.claim, self.claim.batch.members, []))
        for part in reversed(posted):
            await self._outbox.delete(self.claim.conversation, part.message_id)

    async def _forestall(self) -> None:
        """Take the nonces of parts that an earlier, longer try was about to post, and that may land yet.

        They would land behind the next reply, and nothing would tell any more what they belong to.
        """
        known = max(len(self.writer.posted), len(self.found))
        for part in self.claim.attempt.unconfirmed:
            if part >= known:
                await burn_nonce(self._outbox, self.claim.conversation, nonce(self.claim, part))

    def _new_writer(self) -> Writer:
        claim = self.claim

        async def before_send(part: int, _content: str) -> None:
            await self._journal.intend(claim, part, self._means.clock.now_ms())

        async def after_send(part: int, message: int) -> None:
            await persist(lambda: self._journal.posted(claim, part, message))

        return Writer(
            self._outbox,
            claim.conversation,
            pace=self._means.pace,
            nonce=lambda part: nonce(claim, part, self._series),
            opened=None if self.found else self.open,
            delayed=self.delay.tell,
            streaming=while_written(claim.turn_id),
            reply_to=self._beneath if claim.reply_to is None else claim.reply_to,
            posted=less_files(self.found) if self._as_shown else self.found,
            apart=self._apart,
            draw=None if self._as_shown else self._means.draw,
            style=Style() if self._as_shown else self._means.style,
            before_send=before_send,
            after_send=after_send,
            may_write=self._may_write,
        )
