"""The life of a turn, in order: claim, prepare, compose, stream, commit, show, acknowledge.

Revisions are apart in `revise`, recovery after a crash in `recover_reply`, refusals by Discord in `refusal`.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Literal

import structlog

from bot.conversation import budget_wording, reply_wording
from bot.conversation.decision import Cause
from bot.conversation.errors import BudgetReached, TurnHeld
from bot.conversation.turn import UNSENT, Outcome, Turn
from bot.render.controls import when_done
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.store.journal import Done
from bot.store.states import State
from bot.telemetry import tracing
from bot.turns import decided, declined
from bot.turns.earlier_effects import tells_effects
from bot.turns.generation import Generation
from bot.turns.heartbeat import Heartbeat
from bot.turns.made_files import Fetched
from bot.turns.notices import lines, post_budget_notice, put_below
from bot.turns.persist import persist
from bot.turns.posted_reply import PostedReply
from bot.turns.prepare import Declined, Prepared, prepare
from bot.turns.recover_reply import recover_reply
from bot.turns.revise import keep_earlier, not_worse
from bot.turns.services import TurnServices
from bot.turns.shown_entry import partial_entry
from bot.turns.turn_cost import TurnCost

log = structlog.get_logger()

HOLD_S = 600.0
"""How long a turn waits for a limit before it is tried again: somebody may have raised the limit meanwhile."""


class TurnLife:
    """One attempt at one turn, from its claim on.

    `arrivals` is set when a message waits in the conversation. `outcome` is the turn's label in the metrics:
    `answered` with a reply, `notice` if there is only a notice, `dropped` without either, because a limit is full of
    which the person was told before. `committed` is set once the result is fixed.
    """

    def __init__(
        self, claim: Claim, heartbeat: Heartbeat, arrivals: asyncio.Event, services: TurnServices
    ) -> None:
        self.services = services
        self.stopped = heartbeat.stopped
        self.reply = PostedReply(claim, services, heartbeat.may_write)
        attempt = claim.attempt
        self.cost = TurnCost(services.report_cost, lost=attempt.lost, earlier=attempt.costs)
        self.outcome: Literal["unfinished", "answered", "notice", "dropped"] = "unfinished"
        self.committed = False
        self._written_s: float | None = None
        self._arrivals = arrivals
        self._journal = services.journal

    @property
    def claim(self) -> Claim:
        """The claim; its batch grows while messages join."""
        return self.reply.claim

    @property
    def _is_given_up(self) -> bool:
        """Whether too many attempts have failed; an attempt that fails in its preparation counts as well."""
        return self.claim.attempt.number > self.services.policy.tries

    async def run(self) -> Done:
        """Bring the turn to its end, from the state that the claim found."""
        self.reply.check()
        committed = self.claim.attempt.result if self.claim.attempt.state is State.COMMITTED else None
        if committed is None and self.claim.has_earlier_attempt and not self._is_given_up:
            await self._restore_contents()
        result = committed or await self._recover() or await self._answer()
        if result is None:
            self.outcome = "dropped"
            return Done(await persist(lambda: self._journal.cancel(self.claim)))
        self.committed = True
        if result.as_shown:
            await self.reply.keep_as_shown(search=committed is not None)
        self.outcome = "answered" if result.reply else "notice"
        with tracing.begin("post"):
            await self._show(result)
        if result.reply and self._written_s is not None:
            self.services.shown(time.monotonic() - self._written_s)
        return await self._acknowledge()

    async def _answer(self) -> Result | None:
        claim, services = self.claim, self.services
        if claim.attempt.stopped and claim.has_earlier_attempt:
            turn, result = partial_entry(claim, self.reply.found, services.policy.model)
            turn = await self.with_consulted(turn)
            await self._note_unanswered(turn.outcome, result)
            await self.commit(turn, result)
            return result
        if self._is_given_up:
            tries = claim.attempt.number - 1
            log.warning("turn_given_up", conversation=claim.conversation, turn=claim.turn_id, tries=tries)
            await decided.note(claim, Cause.GIVEN_UP, services, str(tries))
            return await self._decline(reply_wording.GIVEN_UP)
        terms = await services.terms_of(claim)
        async with Generation(
            self.reply, services, arrivals=self._arrivals, stopped=self.stopped, cost=self.cost
        ) as generation:
            await generation.gather()
            generated, shown = None, claim.batch.messages
            while generated is None:
                with tracing.begin("prepare"):
                    prepared = await prepare(self.claim, services.preparation)
                if isinstance(prepared, Declined):
                    await decided.note(self.claim, Cause.DECLINED, services, prepared.notice, prepared.origin)
                    return await self._decline(prepared.notice)
                shown = prepared.messages
                generated = await generation.compose_and_stream(terms, prepared)
        self._written_s = time.monotonic()
        if isinstance(generated, BudgetReached):
            self.reply.claim = replace(self.claim, batch=replace(self.claim.batch, messages=shown))
            return await self._at_limit(generated)
        best = not_worse(self.claim, generated)
        pauses = await declined.count(self.claim, shown, services) if generated.conclusion.declined else ()
        notices = (*best.conclusion.notices, *pauses)
        result = Result(best.conclusion.reply, notices, best.conclusion.open_end, files=best.files)
        await self._note_unanswered(best.conclusion.outcome, result)
        # A turn that is not sent again does not tell what its first message tells.
        left_out = await services.left_out(self.claim, is_told=best.turn.outcome not in UNSENT)
        turn = replace(best.turn, consulted=(*left_out, *best.turn.consulted))
        await self.commit(turn, result, window_start=best.window_start)
        return result

    async def _at_limit(self, reached: BudgetReached) -> Result | None:
        """End the turn that a full limit leaves unanswered, None without a notice; TurnHeld if it is to wait.

        A person who asks by a button, or who sees a status line by now, is told in any case; so is one for whom tools
        were called, because Claude has to know what these have done, and one who was promised an answer for later.
        """
        claim, services = self.claim, self.services
        await decided.note(
            claim, Cause.LIMIT, services, budget_wording.full(reached), reached.limit.rule.origin
        )
        if claim.attempt.regeneration or self.reply.has_posts or await self._has_acted():
            return await self._decline(budget_wording.dropped(reached))
        if services.policy.keeps_at_limit:
            for_s = min(HOLD_S, max(0.0, reached.renews_s - services.clock.now_s()))
            if reached.tell:
                await post_budget_notice(claim, budget_wording.kept(reached), services)
                await persist(lambda: services.note_told(claim, reached.limit))
            await persist(lambda: self._journal.hold_back(claim, for_s, claim.batch.members, joins=True))
            raise TurnHeld(for_s)
        if reached.tell or self.reply.delay_notice.is_posted:
            return await self._decline(budget_wording.dropped(reached))
        return None

    async def _note_unanswered(self, outcome: Outcome, result: Result) -> None:
        """Note why a turn ends without a reply, by the first notice: only the others may name files."""
        if result.reply:
            return
        cause = Cause.REFUSED if outcome == "refused" else Cause.FAILED
        if self.stopped.is_set() or self.claim.attempt.stopped:
            cause = Cause.STOPPED
        notice = next(iter(result.notices), "")
        await decided.note(self.claim, cause, self.services, notice)

    async def commit(self, turn: Turn | None, result: Result, *, window_start: int | None = None) -> None:
        """Append the turn to the history and fix what Discord is to show."""
        claim, cost = self.claim, self.cost
        start = claim.meta.window_start if window_start is None else window_start
        unpriced = cost.unknown + cost.lost
        model = self.services.policy.model if turn is None else turn.model
        usage = cost.usage(self.services.today(), model)
        timeline, parts = self.reply.timeline.value, self.reply.parts
        drops_files = bool(claim.past.sources - claim.past.committed(turn, start).sources)

        async def commit() -> None:
            if drops_files:
                await self.services.schedule_cleanup(claim.conversation)
            await self._journal.commit(
                claim,
                turn,
                result,
                window_start=start,
                cost=cost.known,
                unpriced=unpriced,
                usage=usage,
                timeline=timeline,
                parts=parts,
            )

        with tracing.begin("commit"):
            await persist(commit)
        cost.recorded = True

    async def _show(self, result: Result) -> None:
        claim, reply = self.claim, self.reply
        controls = when_done(claim.turn_id, truncated=result.open_end, answered=bool(result.reply))
        made = await self.services.fetch_made(result.files) if result.files else Fetched()
        text = result.reply or lines(result.notices)
        await reply.show(text, controls, truncated=result.truncated, files=made.files)
        # The writer's notices are not committed: every attempt at the same text makes the same ones.
        notices = (*result.notices, *made.notices, *reply.writer.notices) if result.reply else ()
        await put_below(claim, notices, self.services)
        await self.services.post_cards(claim.conversation, claim.turn_id)
        await reply.delay_notice.delete()
        if result.files:
            await self.services.schedule_cleanup(claim.conversation)

    async def _acknowledge(self) -> Done:
        claim, buttons = self.claim, self.reply.newest
        reconcile = claim.has_earlier_attempt or claim.batch.listed or self.reply.needs_reconciling
        self.reply.timeline.shown(self.reply.writer.posted)
        timeline, parts = self.reply.timeline.value, self.reply.parts
        return await persist(
            lambda: self._journal.acknowledge(
                claim, reconcile=reconcile, buttons=buttons, timeline=timeline, parts=parts
            )
        )

    async def _restore_contents(self) -> None:
        """Prepare the messages before the recovery: the history of a recovered reply holds their files as well."""
        claim = self.claim
        prepared = await prepare(claim, self.services.preparation)
        if isinstance(prepared, Prepared):
            self.reply.claim = replace(claim, batch=replace(claim.batch, messages=prepared.messages))

    async def _recover(self) -> Result | None:
        """Take over the messages of an earlier attempt; a finished reply becomes the answer."""
        recovered = await recover_reply(self.claim, self.services)
        if recovered is None:
            return None
        self.reply.take_over(recovered)
        if recovered.finished is None:
            return None
        if not self.claim.has_earlier_attempt:
            self.cost.lost = 1  # a rolled-back store has forgotten the attempt that made the request
        turn, result = recovered.finished
        await self.commit(await self.with_consulted(turn), result)
        return result

    async def with_consulted(self, turn: Turn) -> Turn:
        """Add what the turn has consulted to an entry that does not come from its requests."""
        return replace(turn, consulted=(*turn.consulted, *await self.services.consulted(self.claim)))

    async def _has_acted(self) -> bool:
        """Whether tools were called for the turn, so that Claude has to know of it."""
        claim = self.claim
        return tells_effects(claim.batch.messages) or bool(await self.services.consulted(claim))

    async def _decline(self, notice: str) -> Result:
        """End the turn without a reply; an earlier answer stays, and so does what tools have done."""
        claim, earlier = self.claim, self.claim.earlier.entry
        turn, result = None, Result("", (notice,))
        if earlier is not None and earlier.reply:
            turn, result = keep_earlier(claim, earlier, (notice, reply_wording.EARLIER_STANDS))
            turn = await self.with_consulted(turn)
        elif await self._has_acted():
            turn, result = partial_entry(claim, (), self.services.policy.model, (notice, notice))
            turn = await self.with_consulted(turn)
        await self.commit(turn, result)
        return result
