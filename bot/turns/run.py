"""Runs turns under their leases."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog

from bot.conversation.errors import (
    AnsweredBefore,
    DiscordError,
    DiscordForbidden,
    DiscordRejected,
    Fenced,
    StoreUnavailable,
    TurnHeld,
)
from bot.store.claim import Claim, UnreadableConversation
from bot.store.journal import Done
from bot.telemetry import tracing
from bot.turns import decided
from bot.turns.delay_notice import DelayNotice
from bot.turns.heartbeat import Heartbeat
from bot.turns.life import TurnLife
from bot.turns.notices import post_unreadable
from bot.turns.person_place import place
from bot.turns.reconcile import reconcile
from bot.turns.refusal import end_refused, outcome_of
from bot.turns.services import TurnServices
from bot.turns.shown_reply import withdraw
from bot.turns.strip_buttons import strip_buttons

log = structlog.get_logger()

RECORD_COST_S = 1.0
"""The end of a turn waits no longer than this for the record of its cost."""


class Runner:
    """Runs turns, each under its lease."""

    def __init__(self, services: TurnServices) -> None:
        self._services = services
        self._journal = services.journal
        self._chores: set[asyncio.Task[None]] = set()

    async def run(self, claim: Claim, arrivals: asyncio.Event, wakeup: asyncio.Event | None = None) -> int:
        """Run one turn and return the number of messages that wait for the next.

        Raises Fenced if another worker has taken the lease, and the errors after which the turn is attempted again.
        """
        started_s = time.monotonic()
        outcome, life = "broken_off", None
        log.info(
            "turn_started", conversation=claim.conversation, turn=claim.turn_id, tries=claim.attempt.number
        )
        try:
            async with self._heartbeat(claim, wakeup) as heartbeat:
                if not claim.batch.messages:
                    return await self._withdraw(claim)
                life = TurnLife(claim, heartbeat, arrivals, self._services)
                try:
                    async with place(claim, self._services, life.reply.delay_notice):
                        done = await life.run()
                    outcome = life.outcome
                except TurnHeld:
                    outcome = "postponed"
                    raise
                except AnsweredBefore:
                    await self._journal.reopen(claim)
                    raise
                except DiscordError as error:
                    outcome = outcome_of(error)
                    return self._ended(life, await end_refused(life, error))
                finally:
                    await life.reply.abandon()
        except Fenced:
            # A call in flight may still land on what the next worker writes.
            await self._journal.schedule_reconcile(claim)
            raise
        finally:
            self._services.turn_ended(outcome, time.monotonic() - started_s)
            tracing.outcome(outcome)
            if life is not None:
                await self._record_cost(life)
                await self._settle(life)
        log.info(
            "turn_done",
            conversation=claim.conversation,
            turn=claim.turn_id,
            messages=len(claim.batch.messages),
            tries=claim.attempt.number,
            seconds=round(time.monotonic() - started_s, 2),
        )
        return self._ended(life, done)

    async def reconcile(self, claim: Claim) -> None:
        """Compare a finished turn with Discord."""
        async with self._heartbeat(claim) as heartbeat:
            await reconcile(claim, heartbeat.may_write, self._services)

    async def post_unreadable(self, claim: UnreadableConversation) -> None:
        """Tell the thread, once, that this version cannot read the conversation."""
        if not claim.notified:
            await decided.note_unreadable(claim, self._services)
        await post_unreadable(claim, self._services)

    async def tell_waiting(self, claim: Claim, before: int) -> None:
        """Tell those who asked, once, that so many other turns run before theirs."""
        if not claim.reconciling and not claim.has_earlier_attempt and not claim.attempt.regeneration:
            async with self._heartbeat(claim) as heartbeat:
                await DelayNotice(claim, self._services, heartbeat.may_write).post_queued(before)

    def _ended(self, life: TurnLife, done: Done) -> int:
        """Start to remove the previous reply's buttons; a message of this reply keeps its own."""
        message = done.stale_buttons
        if message is not None and not life.reply.holds(message):
            conversation = life.claim.conversation
            chore = asyncio.create_task(
                strip_buttons(conversation, message, self._services), name=f"strip-buttons-{conversation}"
            )
            self._chores.add(chore)
            chore.add_done_callback(self._chores.discard)
        return done.waiting

    async def _record_cost(self, life: TurnLife) -> None:
        """Record the cost of an attempt that has committed nothing."""
        cost = life.cost
        if cost.recorded or not cost.was_asked:
            return
        usage = cost.usage(self._services.today())
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(RECORD_COST_S):
                await self._journal.record_cost(
                    life.claim,
                    cost=cost.known,
                    unpriced=cost.unknown,
                    usage=usage,
                    timeline=life.reply.timeline.value,
                )

    async def _settle(self, life: TurnLife) -> None:
        """Wait for the settlement of the turn's limits; one that takes longer goes on in the background."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECORD_COST_S):
                await life.cost.settled()

    async def _withdraw(self, claim: Claim) -> int:
        with contextlib.suppress(DiscordForbidden, DiscordRejected):
            await withdraw(claim, self._services)
        log.info("turn_cancelled", conversation=claim.conversation, turn=claim.turn_id, reason="deleted")
        waiting = await self._journal.cancel(claim)
        await self._services.look_at_cards(claim.conversation)
        return waiting

    def _heartbeat(self, claim: Claim, wakeup: asyncio.Event | None = None) -> Heartbeat:
        policy = self._services.policy
        return Heartbeat(
            self._journal, claim, lease_s=policy.lease_s, heartbeat_s=policy.heartbeat_s, wakeup=wakeup
        )
