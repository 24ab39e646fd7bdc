"""The cards of calls that wait for a permission, on Discord."""

from __future__ import annotations

import structlog

from bot.conversation import approval_card
from bot.conversation.approval import Approval
from bot.conversation.errors import DiscordError, DiscordForbidden, DiscordGone, DiscordRejected
from bot.render.controls import NONE, OF_CARDS, Controls
from bot.render.outbox import Change, Outbox, Outgoing, Sent
from bot.render.upload import Upload
from bot.store.approvals import Approvals
from bot.turns.approval_withdrawal import ApprovalWithdrawal
from bot.turns.persist import persist

log = structlog.get_logger()

LOOK_S = 60.0
"""After a card was posted, the watch looks after the call within this time."""

AS_POSTED = "waiting"
"""The face of a call whose card has buttons."""


class ApprovalCards:
    """Posts, changes and deletes cards; what Discord refuses is logged, and tried again with the next change.

    Which of two changes Discord makes first, nobody knows. So each one notes what the card says since, and goes on if
    that is not what the call is by then.
    """

    def __init__(self, approvals: Approvals, outbox: Outbox, withdrawal: ApprovalWithdrawal) -> None:
        self._approvals = approvals
        self._outbox = outbox
        self._withdrawal = withdrawal

    async def post(self, approval: Approval) -> None:
        """Post the card of a call; one that Discord refuses stays without.

        Of two workers that post it, beyond the time in which Discord knows the nonce, one removes its card again.
        """
        try:
            sent, approval = await self._sent(approval)
        except DiscordError as error:
            self._log_refusal(approval, error)
            return
        # Before the note, behind which this worker may end: by then the call may be decided, or withdrawn.
        await persist(lambda: self._approvals.due.schedule(approval.conversation, LOOK_S))
        found = await persist(lambda: self._noted_card(approval, sent.id, approval.face))
        if found is None or found.card != sent.id:
            await self.remove(approval, sent.id)
        elif not found.is_shown:
            await self.show(found)

    async def _sent(self, approval: Approval) -> tuple[Sent, Approval]:
        """Send the card; returns it with the call, which ends where its arguments cannot be shown."""
        try:
            return await self._outbox.send(approval.conversation, _outgoing(approval)), approval
        except DiscordForbidden:
            if not _files(approval):
                raise
        # The call ends behind the message: where nothing can be posted at all, it waits for its card.
        ended = approval.withdrawn("unread", approval.since_ms) or approval
        sent = await self._outbox.send(approval.conversation, _outgoing(ended))
        await self._withdrawal.end(approval, "unread")
        return sent, ended

    async def note(self, approval: Approval, card: int) -> Approval:
        """Note a card that somebody sees, of a call without one, and have the card say what the call is.

        The worker that has posted the card may be gone, or held up. A card beside the one that is known is removed.
        """
        found = await self._noted_card(approval, card, AS_POSTED)
        if found is None:
            return approval
        if found.card != card:
            await self.remove(approval, card)
        elif not found.is_shown:
            await self.show(found)
        return found

    async def _noted_card(self, approval: Approval, card: int, shown: str) -> Approval | None:
        """Note a card of a call that has none; returns the call as it is, None if it is not known any more."""
        found, _ = await self._approvals.change(
            approval.conversation,
            approval.id,
            lambda each: each.with_card(card, shown) if each.card is None else None,
        )
        return found

    async def remove(self, approval: Approval, card: int) -> None:
        """Delete a card."""
        try:
            await self._outbox.delete(approval.conversation, card)
        except DiscordError as error:
            self._log_refusal(approval, error)

    async def show(self, approval: Approval) -> bool:
        """Write the card anew until it says what the call is; without buttons once nobody can decide any more.

        Returns whether that is done: False if it can be tried again later.
        """
        latest: Approval | None = approval
        while latest is not None and latest.card is not None:
            shown, card = latest, latest.card
            if not await self._edit(shown, card):
                return False
            latest = await self._noted(shown)
            if latest is None and shown.tells_words:
                await self.remove(shown, card)  # the person was forgotten meanwhile
            if latest is not None and latest.face == shown.face:
                break
        return True

    async def _noted(self, approval: Approval) -> Approval | None:
        return await persist(lambda: self._approvals.note_shown(approval))

    async def _edit(self, approval: Approval, card: int) -> bool:
        """Write a card; returns whether nothing is to be tried again."""
        keep = None if approval.tells_words else ()
        change = Change(approval_card.card(approval), keep=keep, controls=_controls(approval))
        try:
            await self._outbox.edit(approval.conversation, card, change)
        except DiscordError as error:
            return self._log_refusal(approval, error)
        return True

    def _log_refusal(self, approval: Approval, error: DiscordError) -> bool:
        refused = isinstance(error, (DiscordForbidden, DiscordGone, DiscordRejected))
        log.info(
            "card_not_shown",
            conversation=approval.conversation,
            kind=type(error).__name__,
            again=not refused,
        )
        return refused


def _outgoing(approval: Approval) -> Outgoing:
    return Outgoing(
        approval_card.card(approval),
        nonce=f"{approval.id}-p",
        silent=True,
        files=_files(approval),
        controls=_controls(approval),
    )


def _files(approval: Approval) -> tuple[Upload, ...]:
    arguments = "" if approval.has_ended else approval_card.long_arguments(approval)
    return (Upload(approval_card.FILE_NAME, arguments.encode(errors="replace")),) if arguments else ()


def _controls(approval: Approval) -> Controls:
    return Controls(approval.id, OF_CARDS) if approval.state == "waiting" else NONE
