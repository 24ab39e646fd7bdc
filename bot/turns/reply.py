"""The reply of one turn: asked for, joined, written, committed, shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Literal, TypeVar

import structlog

from bot.conversation import wording
from bot.conversation.errors import (
    AnsweredBefore,
    BobbinError,
    CutShort,
    DiscordTooOld,
    Stopped,
    StoreUnavailable,
)
from bot.render.controls import Controls, when_done, while_written
from bot.render.plan import Posted
from bot.render.style import Style
from bot.render.writer import Writer
from bot.store.claim import Claim, State
from bot.store.codec import Result
from bot.store.journal import Done
from bot.store.patience import patiently
from bot.turns.adoption import adopt, tried_before
from bot.turns.ask import Asked
from bot.turns.heartbeat import Heartbeat
from bot.turns.look import less_files, parts_of
from bot.turns.means import Means
from bot.turns.notice import lines, put_below
from bot.turns.opening import Opening
from bot.turns.phase import Phase
from bot.turns.policy import TurnPolicy
from bot.turns.revise import as_it_stands, forestall, kept, nonce, not_worse, standing
from bot.turns.tally import Tally

log = structlog.get_logger()

T = TypeVar("T")

PERSIST_S = 30.0
"""A reply that cost money is not thrown away because the store restarts: writing it down is tried this long."""

PERSIST_PAUSE_S = 0.25

MOST_RESTARTS = 2
"""How often a request is made again because somebody wrote on before its first text was visible."""

NONCE_SERIES = ("", "b", "c", "d")
"""What is put behind the nonces where those of an earlier try are taken by another answer."""


class Reply:
    """One try at answering one turn; `arrivals` is set whenever something new waits in the conversation.

    `outcome` is whether there is a reply, or only a word about why there is none.
    """

    def __init__(
        self,
        claim: Claim,
        heartbeat: Heartbeat,
        arrivals: asyncio.Event,
        means: Means,
    ) -> None:
        self._claim = claim
        self._heartbeat = heartbeat
        self._arrivals = arrivals
        self._means = means
        self._journal = means.journal
        self._outbox = means.outbox
        self._pace = means.pace
        self._policy = means.policy
        self._series = NONCE_SERIES[0]
        self.outcome: Literal["unfinished", "answered", "told"] = "unfinished"
        self._pushed = ""
        self._to_cut: asyncio.Future[BobbinError] | None = None
        # Of an earlier try it is only known that it may have asked.
        asked_before = claim.tries > 1 or (not claim.again and claim.state is not State.CLAIMED)
        self._tally = Tally(means.asker.spent, unknown=int(asked_before))
        self._phase = Phase()
        self._apart = False
        self._as_shown = False
        self._beneath: int | None = None
        self._opening = Opening(means.outbox, claim)
        self._found: tuple[Posted, ...] = tuple(Posted(message, "") for message in claim.replies.values())
        self._writer = self._new_writer()

    async def give(self) -> Done:
        """Answer."""
        claim = self._claim
        result = claim.result if claim.state is State.COMMITTED else None
        if result is None:
            result = await self._adopt() or await self._ask()
        elif result.as_shown:
            self._found, self._apart = await standing(claim, self._means)
        if result.as_shown:
            self._as_shown = True
            self._writer = self._new_writer()
        self.outcome = "answered" if result.reply else "told"
        await self._finish(result.reply or lines(result.notices), when_done(claim.lead, cut=result.open_end))
        await self._forestall()
        # What the writer has to tell is not committed: whoever finishes in its place meets the same.
        told = (*result.notices, *self._writer.notices) if result.reply else ()
        await put_below(claim, told, self._means, self._persist)
        settle = tried_before(claim) or claim.listed or self._writer.doubtful
        dressed = self._writer.posted[-1].message_id if self._writer.posted else None
        return await self._persist(
            lambda: self._journal.acknowledge(self._claim, settle=settle, buttons=dressed)
        )

    async def _finish(self, text: str, final: Controls) -> None:
        """Show the whole text, by now committed.

        Where the store has forgotten an earlier answer, the committed one gets a message of its own; the earlier
        one goes if this turn answers all that it did, and is left to be found by the other messages' turn if not.
        """
        for again in range(len(NONCE_SERIES)):
            self._series = NONCE_SERIES[again]
            if again:
                self._writer = self._new_writer()
            try:
                await self._writer.finish(text, final)
            except AnsweredBefore as before:
                claim = self._claim
                log.info("answered_before", conversation=claim.conversation, turn=claim.lead)
                if before.reply_to is None or before.reply_to in claim.members:
                    seen = await self._outbox.own_messages(claim.conversation, claim.lead)
                    for each in parts_of(before.message, seen):
                        await self._outbox.delete(claim.conversation, each.id)
            except DiscordTooOld:
                log.info("reply_posted_anew", conversation=self._claim.conversation, turn=self._claim.lead)
                if self._as_shown:
                    return  # its text stands there; only its buttons, or a mark, are out of date
                posted, self._found, self._apart = self._writer.posted, (), False
                # Before, so that whoever comes after a crash posts what is missing, and edits nothing that is gone.
                await self._persist(lambda: self._journal.adopt(self._claim, self._claim.members, []))
                for part in reversed(posted):
                    await self._outbox.delete(self._claim.conversation, part.message_id)
            else:
                return
        raise AnsweredBefore

    async def _forestall(self) -> None:
        """Take the nonces of parts that an earlier, longer try was about to post, and that may land yet.

        They would land behind the next reply, and nothing would tell any more what they belong to.
        """
        known = max(len(self._writer.posted), len(self._found))
        for part in self._claim.in_doubt:
            if part >= known:
                await forestall(self._outbox, self._claim.conversation, nonce(self._claim, part))

    async def abandon(self) -> None:
        """Write nothing more."""
        await self._writer.abandon()
        self._opening.close()

    async def leave(self) -> None:
        """Let what is written end where it is: nobody goes on with it."""
        await self._writer.leave()

    async def _adopt(self) -> Result | None:
        """Go on with what an earlier try has posted; its text, if it is finished, is the answer."""
        found = await adopt(self._claim, self._means)
        if found is None:
            return None
        self._claim, self._found, self._apart = found.claim, found.parts, found.apart
        self._beneath = found.beneath
        self._writer = self._new_writer()
        turn, result, cut = found.turn, found.result, self._claim.meta.cut
        if result is None:
            return None
        # What the earlier try has cost, it did not live to write down.
        await self._persist(lambda: self._journal.commit(self._claim, turn, result, cut=cut, unpriced=1))
        return result

    async def _ask(self) -> Result:
        claim = self._claim
        if claim.stopped and tried_before(claim):
            turn, stopped = as_it_stands(claim, self._found, self._policy.model)
            # What the earlier try has cost, nobody wrote down.
            await self._persist(
                lambda: self._journal.commit(claim, turn, stopped, cut=claim.meta.cut, unpriced=1)
            )
            return stopped
        if claim.tries > self._policy.tries:
            log.warning(
                "turn_set_aside", conversation=claim.conversation, turn=claim.lead, tries=claim.tries - 1
            )
            given_up, result = None, Result("", (wording.GIVEN_UP,))
            if claim.own is not None and claim.own.reply:
                given_up, result = kept(claim, claim.own, (wording.GIVEN_UP, wording.EARLIER_STANDS))
            await self._journal.commit(claim, given_up, result, cut=claim.meta.cut, unpriced=1)
            return result
        choice = await self._means.prompts.effective(
            thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
        )
        policy = self._means.choose(choice)
        if self._policy.gather_s and not self._found:
            await self._opening()  # so that there is a place to write on in
            await asyncio.sleep(self._policy.gather_s)
            await self._join()
            self._writer = self._new_writer()
        asked, restarts = None, 0
        while asked is None:
            asked = await self._stream(policy, may_restart=restarts < MOST_RESTARTS)
            restarts += 1
        best = not_worse(claim, asked)
        result = Result(best.conclusion.reply, best.conclusion.notices, best.conclusion.open_end)
        await self._persist(lambda: self._commit(best, result))
        return result

    async def _commit(self, asked: Asked, result: Result) -> None:
        tally = self._tally
        await self._journal.commit(
            self._claim, asked.turn, result, cut=asked.cut, cost=tally.known, unpriced=tally.unknown
        )

    async def _stream(self, policy: TurnPolicy, *, may_restart: bool) -> Asked | None:
        """Ask while writing; None if the turn has grown and is to be asked anew."""
        cut: asyncio.Future[BobbinError] = asyncio.get_running_loop().create_future()
        self._pushed = ""
        self._to_cut = None
        self._phase.begin(self._writer)
        if self._claim.cut_off is not None:
            self._writer.push(self._claim.cut_off.reply)
        elif self._claim.again:
            self._writer.show_status(wording.ANEW)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._writer.run(), name=f"writer-{self._claim.conversation}")
                asking = group.create_task(
                    self._means.asker.ask(self._claim, policy, self._push, cut, self._phase.tell, self._tally)
                )
                while not await self._first(asking):
                    if self._heartbeat.stopped.is_set():
                        if not cut.done():
                            cut.set_result(Stopped())
                        await asyncio.wait({asking})
                    elif not await self._more_waits():
                        continue
                    elif self._writer.posted or self._found:
                        if self._policy.interrupts:
                            self._to_cut = cut
                            self._interrupt()
                    elif may_restart:
                        await self._writer.abandon()
                        grown = await self._join()
                        self._writer = self._new_writer()
                        if grown:
                            asking.cancel()
                            return None
                        self._phase.begin(self._writer)
                        self._writer.push(self._pushed)
                        group.create_task(self._writer.run(), name=f"writer-{self._claim.conversation}")
                self._writer.close_text()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        finally:
            self._phase.end()
            self._to_cut = None
        return asking.result()

    def _push(self, text: str) -> None:
        self._pushed += text
        self._writer.push(text)
        self._interrupt()

    def _interrupt(self) -> None:
        """End the answer for what was written meanwhile, as soon as there is any text of it."""
        if self._to_cut is not None and not self._to_cut.done() and self._pushed.strip():
            self._to_cut.set_result(CutShort())

    async def _first(self, asking: asyncio.Task[Asked]) -> bool:
        """Wait until the answer is there, True, or something new waits, or somebody wishes it to end."""
        arrival = asyncio.ensure_future(self._arrivals.wait())
        stop = asyncio.ensure_future(self._heartbeat.stopped.wait())
        try:
            await asyncio.wait({asking, arrival, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()
            stop.cancel()
        if not asking.done():
            self._arrivals.clear()
        return asking.done()

    async def _more_waits(self) -> bool:
        """Whether there is anything new: what is heard again rings, too, and is no reason to drop a call."""
        try:
            return await self._journal.waits(self._claim)
        except StoreUnavailable:
            return False  # it waits for the next turn

    async def _join(self) -> bool:
        """Take in what waits; True if there is more to answer than before."""
        joined = await self._journal.join(self._claim)
        if joined is None:
            return False
        members, messages = joined
        # One that was deleted stays a member until it is known that nothing of an answer stands there.
        grown = len(messages) > len(self._claim.messages)
        self._claim = replace(self._claim, members=members, messages=messages)
        if not grown:
            return False
        log.info("messages_joined", conversation=self._claim.conversation, messages=len(messages))
        return True

    def _new_writer(self) -> Writer:
        claim = self._claim

        async def before_send(part: int, _content: str) -> None:
            await self._journal.intend(claim, part, round(time.time() * 1000))

        async def after_send(part: int, message: int) -> None:
            await self._persist(lambda: self._journal.posted(claim, part, message))

        return Writer(
            self._outbox,
            claim.conversation,
            pace=self._pace,
            nonce=lambda part: nonce(claim, part, self._series),
            opened=None if self._found else self._opening,
            streaming=while_written(claim.lead),
            reply_to=self._beneath if claim.reply_to is None else claim.reply_to,
            posted=less_files(self._found) if self._as_shown else self._found,
            apart=self._apart,
            draw=None if self._as_shown else self._means.draw,
            style=Style() if self._as_shown else self._means.style,
            before_send=before_send,
            after_send=after_send,
            may_write=self._heartbeat.may_write,
        )

    async def _persist(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do a step of the protocol although the store is away for a moment; the lease decides if it still may."""
        return await patiently(step, within_s=PERSIST_S, pause_s=PERSIST_PAUSE_S)
