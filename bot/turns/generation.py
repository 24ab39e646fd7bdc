"""One turn's exchange with Claude: asked while what comes is written, and heeding what people do meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from bot.conversation import wording
from bot.conversation.errors import BobbinError, CutShort, Stopped, StoreUnavailable
from bot.conversation.visible import is_blank
from bot.turns.policy import TurnPolicy
from bot.turns.posted_reply import PostedReply
from bot.turns.reply_generator import Asked
from bot.turns.services import TurnServices
from bot.turns.status_line import StatusLine
from bot.turns.turn_cost import TurnCost

log = structlog.get_logger()

MOST_RESTARTS = 2
"""How often a request is made again because somebody wrote on before its first text was visible."""


class Generation:
    """Asks on the `page` of one turn, whose claim grows by what is written before anything of the answer is seen.

    `arrivals` is set whenever something new waits in the conversation, `stopped` when somebody wishes the turn to
    end with what is written. What is asked for is added to `tally`.
    """

    def __init__(
        self,
        page: PostedReply,
        means: TurnServices,
        *,
        arrivals: asyncio.Event,
        stopped: asyncio.Event,
        tally: TurnCost,
    ) -> None:
        self._page = page
        self._means = means
        self._arrivals = arrivals
        self._stopped = stopped
        self._tally = tally
        self._phase = StatusLine()
        self._pushed = ""
        self._to_cut: asyncio.Future[BobbinError] | None = None

    async def hold(self, policy: TurnPolicy) -> Asked:
        """Return what came of it, with all of it pushed to the writer."""
        gather_s = self._means.policy.gather_s
        if gather_s and not self._page.found:
            await self._page.open()  # so that there is a place to write on in
            await asyncio.sleep(gather_s)
            await self._join()
        asked, restarts = None, 0
        conversation, summaries = self._page.claim.conversation, self._means.asker.summaries
        # One for all that is asked: what a request that is made anew still needs is not cut by its end.
        cut: asyncio.Future[BobbinError] = asyncio.get_running_loop().create_future()
        try:
            while asked is None:
                asked = await self._ask(policy, cut, may_restart=restarts < MOST_RESTARTS)
                restarts += 1
        finally:
            await summaries.break_off(conversation)
        summaries.forget(conversation)
        return asked

    async def _ask(
        self, policy: TurnPolicy, cut: asyncio.Future[BobbinError], *, may_restart: bool
    ) -> Asked | None:
        """Ask while writing; None if the turn has grown and is to be asked anew."""
        page, claim = self._page, self._page.claim
        self._pushed = ""
        self._to_cut = None
        self._phase.begin(page.writer)
        if claim.cut_off is not None:
            page.writer.push(claim.cut_off.reply)
        elif claim.again:
            page.writer.show_status(wording.REGENERATING)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(page.writer.run(), name=f"writer-{claim.conversation}")
                asking = group.create_task(
                    self._means.asker.ask(claim, policy, self._push, cut, self._phase.tell, self._tally)
                )
                while not await self._first(asking):
                    if self._stopped.is_set():
                        if not cut.done():
                            cut.set_result(Stopped())
                        await asyncio.wait({asking})
                    elif not await self._more_waits():
                        continue
                    elif page.begun or not may_restart:
                        if self._means.policy.interrupts:
                            self._to_cut = cut
                            self._interrupt()
                    else:
                        await page.writer.abandon()
                        if await self._join():
                            asking.cancel()
                            return None
                        self._phase.begin(page.writer)
                        page.writer.push(self._pushed)
                        group.create_task(page.writer.run(), name=f"writer-{claim.conversation}")
                page.writer.close_text()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        finally:
            self._phase.end()
            self._to_cut = None
        return asking.result()

    async def _first(self, asking: asyncio.Task[Asked]) -> bool:
        """Wait until the answer is there, True, or something new waits, or somebody wishes it to end."""
        arrival = asyncio.ensure_future(self._arrivals.wait())
        stop = asyncio.ensure_future(self._stopped.wait())
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
            return await self._means.journal.waits(self._page.claim)
        except StoreUnavailable:
            return False  # it waits for the next turn

    async def _join(self) -> bool:
        """Take in what waits, and begin the page once more; True if there is more to answer than before."""
        claim = self._page.claim
        joined = await self._means.journal.join(claim)
        if joined is None:
            self._page.renew(claim)
            return False
        members, messages = joined
        # One that was deleted stays a member until it is known that nothing of an answer stands there.
        self._page.renew(replace(claim, members=members, messages=messages))
        if len(messages) <= len(claim.messages):
            return False
        log.info("messages_joined", conversation=claim.conversation, messages=len(messages))
        return True

    def _push(self, text: str) -> None:
        self._pushed += text
        self._page.writer.push(text)
        self._interrupt()

    def _interrupt(self) -> None:
        """End the answer for what was written meanwhile, as soon as there is any text of it."""
        if self._to_cut is not None and not self._to_cut.done() and not is_blank(self._pushed):
            self._to_cut.set_result(CutShort())
