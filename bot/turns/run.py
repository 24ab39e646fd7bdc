"""One turn under its lease: answered, or cancelled with a word about why, or settled."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import structlog

from bot.conversation import wording
from bot.conversation.errors import (
    AnsweredBefore,
    DiscordError,
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
    DiscordTooOld,
    DiscordUnavailable,
    Fenced,
    StoreUnavailable,
)
from bot.render.controls import NONE, when_done
from bot.render.draft import Draft
from bot.render.outbox import Outgoing
from bot.render.style import Style
from bot.render.writer import Writer
from bot.store.claim import Claim, State, UnreadableConversation
from bot.store.codec import Result
from bot.turns.heartbeat import Heartbeat
from bot.turns.notice import lines, put_below
from bot.turns.persist import persist
from bot.turns.reply import Reply
from bot.turns.reply_search import as_posted, find_reply, leftovers, less_files, strays
from bot.turns.revise import kept, nonce, withdraw
from bot.turns.services import TurnServices
from bot.turns.strip_buttons import undress
from bot.turns.turn_cost import TurnCost

log = structlog.get_logger()

TELL_S = 1.0
"""A turn that is over is not held up for longer to write down its cost."""


class Runner:
    """Runs turns."""

    def __init__(self, means: TurnServices) -> None:
        self._means = means
        self._journal = means.journal
        self._outbox = means.outbox
        self._undressing: dict[int, asyncio.Task[None]] = {}

    async def run(self, claim: Claim, arrivals: asyncio.Event, rung: asyncio.Event | None = None) -> int:
        """Answer one turn and return how many messages wait for the next; Fenced if it became somebody else's."""
        started_s = time.monotonic()
        outcome = "broken_off"
        tally = TurnCost(self._means.asker.spent, lost=claim.lost)
        log.info("turn_started", conversation=claim.conversation, turn=claim.lead, tries=claim.tries)
        try:
            async with self._kept(claim, rung) as heartbeat:
                if not claim.messages:
                    return await self._withdraw(claim)
                reply = Reply(claim, heartbeat, arrivals, self._means, tally)
                try:
                    done = await reply.give()
                    outcome = reply.outcome
                except DiscordGone:
                    # Somebody deleted the thread or the reply: there is nobody left to answer.
                    outcome = "gone"
                    log.info(
                        "turn_cancelled", conversation=claim.conversation, turn=claim.lead, reason="gone"
                    )
                    return await self._cancel(claim, reply, tally)
                except DiscordForbidden as error:
                    outcome = "forbidden"
                    await self._tell_what_is_missing(claim, error.permission)
                    return await self._halt(claim, reply, tally)
                except AnsweredBefore:
                    await self._journal.reopen(claim)
                    raise
                except DiscordNotNow as error:
                    # What is committed by now is shown by whoever takes the turn up then, without asking again.
                    outcome = "put_off"
                    await reply.put_off(error)
                    raise
                except DiscordRejected as error:
                    outcome = "rejected"
                    log.warning("discord_rejected", conversation=claim.conversation, code=error.code)
                    await self._tell(claim, lambda _: wording.NOT_POSSIBLE_HERE)
                    return await self._halt(claim, reply, tally)
                finally:
                    await reply.abandon()
        except Fenced:
            # A call that is under way may still land on what the next one writes.
            await self._journal.doubt(claim)
            raise
        finally:
            self._means.ended(outcome, time.monotonic() - started_s)
            if not tally.entered and claim.state is not State.COMMITTED:
                await self._tell_cost(claim, tally)
        log.info(
            "turn_done",
            conversation=claim.conversation,
            turn=claim.lead,
            messages=len(claim.messages),
            tries=claim.tries,
            seconds=round(time.monotonic() - started_s, 2),
        )
        if done.dressed:
            self._undress(claim.conversation)
        return done.waiting

    async def _cancel(self, claim: Claim, reply: Reply, tally: TurnCost) -> int:
        # The reply before is not what anybody means who wants the latest one written anew.
        waiting = await (self._keep(claim, tally) if claim.again else self._journal.cancel(claim, last=True))
        # No earlier: without its mark, half a reply would be taken for an answer by whoever comes next.
        await reply.leave()
        return waiting

    async def _halt(self, claim: Claim, reply: Reply, tally: TurnCost) -> int:
        """End a turn that Discord refuses to show. It is the last one all the same, and can be answered anew."""
        if claim.again or (claim.messages[0].opens is not None and not reply.begun):
            return await self._cancel(
                claim, reply, tally
            )  # where there is no thread, nobody can wish for anything
        done = await reply.halt()
        log.info("turn_halted", conversation=claim.conversation, turn=claim.lead, committed=reply.committed)
        await reply.leave()
        if done.dressed:
            self._undress(claim.conversation)
        return done.waiting

    async def _keep(self, claim: Claim, tally: TurnCost) -> int:
        """End a round anew that Discord refuses, so that it can be wished for again; the answer before stands."""
        own, result = claim.own, Result("", (wording.HALTED_EARLY,))
        if own is not None and own.reply:
            own, result = kept(claim, own, (wording.EARLIER_STANDS,))
        cut, cost, unpriced = claim.meta.window_start, tally.known, tally.unknown
        await self._journal.commit(claim, own, result, cut=cut, cost=cost, unpriced=unpriced)
        tally.entered = True
        # What stands in the thread is put right when it is settled, if it can be by then.
        done = await self._journal.acknowledge(claim, settle=True, buttons=claim.meta.buttons, halted=True)
        return done.waiting

    async def _tell_cost(self, claim: Claim, tally: TurnCost) -> None:
        """Write down what was asked for in vain; until then it counts as one request of unknown cost."""
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(TELL_S):
                await self._journal.spent(claim, cost=tally.known, unpriced=tally.unknown)

    async def _withdraw(self, claim: Claim) -> int:
        with contextlib.suppress(DiscordForbidden, DiscordRejected):
            await withdraw(claim, self._means)
        log.info("turn_cancelled", conversation=claim.conversation, turn=claim.lead, reason="deleted")
        return await self._journal.cancel(claim)

    def _undress(self, conversation: int) -> None:
        """Take the buttons off older replies, when there is room for it; the next turn does it if this is lost."""
        if conversation in self._undressing:
            return  # what has come since is on the same list
        chore = asyncio.create_task(undress(conversation, self._means), name=f"undress-{conversation}")
        self._undressing[conversation] = chore
        chore.add_done_callback(lambda _: self._undressing.pop(conversation, None))

    async def tell_unreadable(self, claim: UnreadableConversation) -> None:
        """Say, once, that a conversation waits for /reset, or for a version that can read it."""
        if claim.told:
            return
        log.error(
            "conversation_unreadable",
            conversation=claim.conversation,
            turn=claim.lead,
            hint="Redis holds what another version of the bot wrote: start that one, or use /reset in the thread",
        )
        notice = Outgoing(wording.small(wording.UNREADABLE), nonce=f"{claim.lead}-u", silent=True)
        try:
            await self._outbox.send(claim.conversation, notice)
        except (DiscordUnavailable, DiscordNotNow):
            return  # the next look is soon
        except DiscordError as error:
            log.debug("notice_failed", place=claim.conversation, kind=type(error).__name__)
        await self._journal.note_told(claim)

    async def settle(self, claim: Claim) -> None:
        """Compare a finished turn with what Discord shows by now, and put right what a late call has changed."""
        async with self._kept(claim) as heartbeat:
            shown = True
            try:
                if claim.state is State.DONE and claim.result is not None:
                    await self._repair(claim, heartbeat)
            except (DiscordGone, DiscordForbidden, DiscordRejected, DiscordTooOld) as error:
                shown = not isinstance(error, (DiscordForbidden, DiscordRejected))
                log.info("not_settled", conversation=claim.conversation, kind=type(error).__name__)
            await self._journal.settled(claim, shown=shown)

    async def _repair(self, claim: Claim, heartbeat: Heartbeat) -> None:
        # A reply that lost what it pointed to looks like a part of the one before it.
        others = await self._journal.of_others(claim)
        everything = await self._outbox.own_messages(claim.conversation, claim.lead)
        seen = tuple(message for message in everything if message.id not in others)
        contents = {message.id: message for message in seen}
        ids = list(claim.replies.values())
        if claim.result is None:
            return
        text = claim.result.reply or lines(claim.result.notices)
        as_shown = claim.result.as_shown
        style = Style() if as_shown else self._means.style
        draft = Draft(style=style)
        draft.push(text)
        draft.finish(cut=claim.result.cut)
        # Of an earlier, longer try there may be more in the journal, which is deleted by now.
        needed = ids[: len(draft.parts)]
        if not needed or any(message not in contents for message in needed):
            return  # somebody has deleted a part of it, which is no mistake of ours
        ids = [message for message in ids if message in contents]
        for part in leftovers(seen, claim.members, claim.reply_to, claim.conversation):
            if part.id not in ids and heartbeat.may_write():
                await self._outbox.delete(claim.conversation, part.id)
        # As they stand in the thread: what is not known of may be a part between two that are.
        parts = sorted([*ids, *(stray.id for stray in strays(seen, claim.reply_to, ids))])
        posted = as_posted([contents[message] for message in parts])
        found = find_reply(seen, claim.members, claim.conversation) if claim.members else None

        async def before_send(part: int, _content: str) -> None:
            await self._journal.intend(claim, part, self._means.clock.now_ms())

        async def after_send(part: int, message: int) -> None:
            await persist(lambda: self._journal.posted(claim, part, message))

        writer = Writer(
            self._outbox,
            claim.conversation,
            pace=self._means.pace,
            nonce=lambda part: nonce(claim, part),
            posted=less_files(posted) if as_shown else posted,
            apart=found is not None and found.apart,
            draw=None if as_shown else self._means.draw,
            style=style,
            before_send=before_send,
            after_send=after_send,
            may_write=heartbeat.may_write,
        )
        last = claim.meta.buttons in parts
        answered = bool(claim.result.reply)
        controls = when_done(claim.lead, cut=claim.result.open_end, answered=answered) if last else NONE
        await writer.finish(text, controls, cut=claim.result.cut)
        if claim.halted and claim.result.reply and heartbeat.may_write():
            await put_below(claim, claim.result.notices, self._means)

    def _kept(self, claim: Claim, rung: asyncio.Event | None = None) -> Heartbeat:
        policy = self._means.policy
        return Heartbeat(
            self._journal, claim, lease_s=policy.lease_s, heartbeat_s=policy.heartbeat_s, rung=rung
        )

    async def _tell_what_is_missing(self, claim: Claim, permission: str) -> None:
        log.warning(
            "permission_missing",
            conversation=claim.conversation,
            permission=permission or "unknown",
            hint="give the bot's role this permission in the server or the channel",
        )
        await self._tell(claim, lambda place: wording.missing_permission(permission, place=place))

    async def _tell(self, claim: Claim, sentence: Callable[[str], str]) -> None:
        """Say why there is no answer: in the thread, or else in the channel that the thread hangs from."""
        thread = "in a thread" if claim.messages[0].opens else f"in <#{claim.conversation}>"
        for place, words in ((claim.conversation, "here"), (claim.meta.parent, thread)):
            if place is None:
                continue
            notice = Outgoing(wording.small(sentence(words)), nonce=f"{claim.lead}-{words[:2]}", silent=True)
            try:
                await self._outbox.send(place, notice)
            except DiscordError as error:
                log.debug("notice_failed", place=place, kind=type(error).__name__)
                continue
            return
