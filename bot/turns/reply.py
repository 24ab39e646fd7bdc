"""The reply of one turn: found or asked for, committed, shown."""

from __future__ import annotations

import asyncio
from typing import Literal

import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordError, DiscordNotNow
from bot.conversation.turn import Turn
from bot.render.controls import when_done
from bot.store.claim import Claim, State
from bot.store.codec import Result
from bot.store.journal import Done
from bot.turns.generation import Generation
from bot.turns.heartbeat import Heartbeat
from bot.turns.notice import lines, put_below
from bot.turns.persist import persist
from bot.turns.posted_reply import PostedReply
from bot.turns.recover_reply import adopt, tried_before
from bot.turns.revise import as_it_stands, kept, not_worse, standing
from bot.turns.services import TurnServices
from bot.turns.turn_cost import TurnCost

log = structlog.get_logger()


class Reply:
    """One try at answering one turn; `arrivals` is set whenever something new waits in the conversation.

    `outcome` is whether there is a reply, or only a word about why there is none; `committed` if it is fixed. What it
    asks for goes to `tally`.
    """

    def __init__(
        self,
        claim: Claim,
        heartbeat: Heartbeat,
        arrivals: asyncio.Event,
        means: TurnServices,
        tally: TurnCost,
    ) -> None:
        self._stopped = heartbeat.stopped
        self._arrivals = arrivals
        self._means = means
        self._journal = means.journal
        self._tally = tally
        self._page = PostedReply(claim, means, heartbeat.may_write)
        self.outcome: Literal["unfinished", "answered", "told"] = "unfinished"
        self.committed = False

    async def give(self) -> Done:
        """Answer."""
        page, claim = self._page, self._page.claim
        page.check()
        committed = claim.result if claim.state is State.COMMITTED else None
        result = committed or await self._adopt() or await self._ask()
        self.committed = True
        if result.as_shown:
            await page.keep_as_shown(look=committed is not None)
        self.outcome = "answered" if result.reply else "told"
        controls = when_done(claim.lead, cut=result.open_end, answered=bool(result.reply))
        await page.finish(result.reply or lines(result.notices), controls, cut=result.cut)
        # What the writer has to tell is not committed: whoever finishes in its place meets the same.
        told = (*result.notices, *page.writer.notices) if result.reply else ()
        await put_below(claim, told, self._means)
        await page.delay.end()
        settle = tried_before(claim) or claim.listed or page.writer.doubtful
        dressed = page.newest
        return await persist(lambda: self._journal.acknowledge(page.claim, settle=settle, buttons=dressed))

    @property
    def begun(self) -> bool:
        """Whether anything of it stands there, as far as is known."""
        return self._page.begun

    async def put_off(self, refused: DiscordNotNow) -> None:
        """Tell that the answer comes later."""
        await self._page.delay.tell(refused)

    async def halt(self) -> Done:
        """End where Discord refuses to show more: what stands there is the reply, unless more is committed."""
        page, means = self._page, self._means
        if not self.committed:
            try:
                parts, _ = await standing(page.claim, means)
            except DiscordError:
                parts = page.writer.posted
            turn, result = as_it_stands(
                page.claim, parts, means.policy.model, (wording.HALTED, wording.HALTED_EARLY)
            )
            await self._commit(turn, result, cut=page.claim.meta.window_start)
        dressed = page.newest
        return await persist(
            lambda: self._journal.acknowledge(page.claim, settle=True, buttons=dressed, halted=True)
        )

    async def abandon(self) -> None:
        """Write nothing more."""
        await self._page.abandon()

    async def leave(self) -> None:
        """Let what is written end where it is: nobody goes on with it."""
        await self._page.leave()

    async def _adopt(self) -> Result | None:
        """Go on with what an earlier try has posted; its text, if it is finished, is the answer."""
        found = await adopt(self._page.claim, self._means)
        if found is None:
            return None
        self._page.take_over(found)
        if found.result is not None:
            await self._commit_unasked(found.turn, found.result)
        return found.result

    async def _ask(self) -> Result:
        page, claim = self._page, self._page.claim
        if claim.stopped and tried_before(claim):
            turn, stopped = as_it_stands(claim, page.found, self._means.policy.model)
            await self._commit_unasked(turn, stopped)
            return stopped
        if claim.tries > self._means.policy.tries:
            return await self._give_up()
        choice = await self._means.prompts.effective(
            thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
        )
        exchange = Generation(
            page, self._means, arrivals=self._arrivals, stopped=self._stopped, tally=self._tally
        )
        best = not_worse(claim, await exchange.hold(self._means.choose(choice)))
        result = Result(best.conclusion.reply, best.conclusion.notices, best.conclusion.open_end)
        await self._commit(best.turn, result, cut=best.cut)
        return result

    async def _give_up(self) -> Result:
        claim = self._page.claim
        log.warning("turn_set_aside", conversation=claim.conversation, turn=claim.lead, tries=claim.tries - 1)
        turn, result = None, Result("", (wording.GIVEN_UP,))
        if claim.own is not None and claim.own.reply:
            turn, result = kept(claim, claim.own, (wording.GIVEN_UP, wording.EARLIER_STANDS))
        await self._commit_unasked(turn, result)
        return result

    async def _commit(self, turn: Turn | None, result: Result, *, cut: int) -> None:
        page, tally = self._page, self._tally
        await persist(
            lambda: self._journal.commit(
                page.claim, turn, result, cut=cut, cost=tally.known, unpriced=tally.unknown
            )
        )
        tally.entered = True

    async def _commit_unasked(self, turn: Turn | None, result: Result) -> None:
        """Commit what this try has not asked for."""
        claim = self._page.claim
        # A try of which the journal knows counts until it tells what it has cost; a store that went back forgot it.
        forgotten = int(not tried_before(claim))
        await persist(
            lambda: self._journal.commit(claim, turn, result, cut=claim.meta.window_start, unpriced=forgotten)
        )
        self._tally.entered = True
