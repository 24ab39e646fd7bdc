"""One turn at a time per conversation, whatever comes in, and however many instances listen."""

from __future__ import annotations

import asyncio
import contextlib
import uuid

import structlog

from bot.conversation.errors import (
    AnsweredBefore,
    DiscordNotNow,
    DiscordUnavailable,
    Fenced,
    StoreUnavailable,
)
from bot.store.claim import Claim, Held, Idle, Later, UnreadableConversation
from bot.store.journal import Journal
from bot.store.work_queue import WorkItem, WorkQueue
from bot.turns.run import Runner

log = structlog.get_logger()

AFTER_LAPSE_S = 0.05
"""Clocks count in milliseconds; a look just before the time is a look in vain."""

RELEASE_S = 2.0
"""How long a release may take on the way out; a lease that is not released lapses by itself."""


class Dispatcher:
    """Starts turns where messages wait, and picks up those that somebody else has left.

    At most `max_concurrent` turns run here at once. Who waits for a slot holds no lease meanwhile, so that another
    instance can have the turn.
    """

    def __init__(
        self,
        journal: Journal,
        attention: WorkQueue,
        runner: Runner,
        *,
        poll_s: float,
        max_concurrent: int,
    ) -> None:
        self._journal = journal
        self._attention = attention
        self._runner = runner
        self._poll_s = poll_s
        self._slots = asyncio.Semaphore(max_concurrent)
        self._owner = uuid.uuid4().hex
        self._running: dict[int, asyncio.Task[None]] = {}
        self._arrivals: dict[int, asyncio.Event] = {}
        self._rings: dict[int, asyncio.Event] = {}
        self._again: set[int] = set()
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._stopping = False

    def wake(self, conversation: int) -> None:
        """See to a conversation now; if a turn runs there already, right after it."""
        if self._stopping:
            return
        self._again.add(conversation)
        if conversation in self._running:
            self._arrivals[conversation].set()
        else:
            self._arrivals[conversation] = asyncio.Event()
            self._rings[conversation] = asyncio.Event()
            task = asyncio.create_task(self._work(conversation), name=f"turns-{conversation}")
            self._running[conversation] = task
            task.add_done_callback(lambda _: self._ended(conversation))

    def _ended(self, conversation: int) -> None:
        del self._running[conversation], self._arrivals[conversation], self._rings[conversation]
        if conversation in self._again:  # woken between the last look and the end of the task
            self.wake(conversation)

    def ring(self, conversation: int) -> None:
        """Have the turn that runs here look at its lease now, and the conversation seen to after it."""
        if conversation in self._running:
            self._rings[conversation].set()
            self._again.add(conversation)
        else:
            self.wake(conversation)

    async def watch(self) -> None:
        """Look through the conversations that need attention, from now on until cancelled."""
        while True:
            try:
                for hint in await self._attention.items():
                    await self._look(hint)
            except StoreUnavailable as error:
                log.warning(
                    "store_unavailable", detail=str(error), hint="is Redis running? it is tried again"
                )
            await asyncio.sleep(self._poll_s)

    async def halt(self, conversation: int) -> None:
        """Stop the turn that runs here, if one does; it is left as a crash would leave it."""
        if task := self._running.get(conversation):
            self._again.discard(conversation)
            task.cancel()
            await asyncio.wait([task])

    async def stop(self, grace_s: float) -> None:
        """Start nothing more, let running turns end for `grace_s`, then release the rest for others to finish."""
        self._stopping = True
        self._again.clear()
        if running := list(self._running.values()):
            log.info("finishing_turns", turns=len(running), grace_s=grace_s)
            _, left = await asyncio.wait(running, timeout=grace_s)
            for task in left:
                task.cancel()
            if left:
                log.info("handing_over_turns", turns=len(left))
                await asyncio.wait(left, timeout=RELEASE_S)

    async def _look(self, hint: WorkItem) -> None:
        if hint.conversation in self._running or self._stopping:
            return
        if not await self._attention.has_work(hint):
            await self._attention.remove(hint)
            return
        self.wake(hint.conversation)

    async def _work(self, conversation: int) -> None:
        while conversation in self._again:
            async with self._slots:
                if conversation in self._again:  # not stopped or halted meanwhile
                    self._again.discard(conversation)
                    await self._see_to(conversation)

    async def _see_to(self, conversation: int) -> None:
        try:
            # Before the claim: what is heard while it is under way is not in it yet.
            self._arrivals[conversation].clear()
            claim = await self._journal.claim(conversation, self._owner)
            match claim:
                case Held():
                    # The other one renews while it lives; if it dies, this is the moment to take over.
                    self._wake_in(claim.for_s, conversation)
                case Later():
                    self._wake_in(claim.in_s, conversation)
                case Idle():
                    pass
                case UnreadableConversation():
                    await self._runner.tell_unreadable(claim)
                    await self._journal.record_cost(claim, cost=0, unpriced=0)
                    await self._release(claim, blameless=True)
                case Claim():
                    if await self._turn(claim) and not self._stopping:
                        self._again.add(conversation)
        except Fenced:
            await self._tell_fenced(conversation)
        except StoreUnavailable as error:
            log.warning("store_unavailable", conversation=conversation, detail=str(error))
        except Exception:
            log.exception("conversation_failed", conversation=conversation)

    async def _tell_fenced(self, conversation: int) -> None:
        """Say why a turn was not ended here: a person's doing is no reason for a warning."""
        with contextlib.suppress(StoreUnavailable):
            if await self._journal.revoked(conversation):
                log.info("turn_called_off", conversation=conversation)
                return
        log.warning(
            "turn_taken_over", conversation=conversation, hint="this bot, its host or its Redis was too slow"
        )

    def _wake_in(self, seconds: float, conversation: int) -> None:
        # One at a time: each look that finds the conversation held would begin another series of looks.
        if timer := self._timers.pop(conversation, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[conversation] = loop.call_later(
            seconds + AFTER_LAPSE_S, self._wake_from_timer, conversation
        )

    def _wake_from_timer(self, conversation: int) -> None:
        del self._timers[conversation]
        self.wake(conversation)

    async def _turn(self, claim: Claim) -> int:
        """Run a turn; whatever stops it, others may go on with it at once."""
        done, blameless, not_within_s = False, True, 0.0
        try:
            waiting = 1
            if claim.settling:
                await self._runner.settle(claim)
            else:
                arrivals, rung = self._arrivals[claim.conversation], self._rings[claim.conversation]
                waiting = await self._runner.run(claim, arrivals, rung)
            done = True
        except DiscordUnavailable as error:
            log.warning("discord_unavailable", conversation=claim.conversation, detail=str(error))
            return 0
        except DiscordNotNow as error:
            not_within_s = error.for_s
            return 0
        except AnsweredBefore:
            blameless = False
            log.info("answered_before", conversation=claim.conversation, turn=claim.lead, tries=claim.tries)
            return 0
        except (Fenced, StoreUnavailable):
            raise
        except Exception:
            blameless = False
            log.exception("turn_failed", conversation=claim.conversation, turn=claim.lead, tries=claim.tries)
            return 0
        else:
            return waiting
        finally:
            if not done or self._stopping or self._slots.locked():
                await self._release(claim, blameless=blameless, not_within_s=not_within_s)
            if not_within_s and not self._stopping:
                log.info(
                    "put_off", conversation=claim.conversation, turn=claim.lead, for_s=round(not_within_s)
                )
                self._wake_in(not_within_s, claim.conversation)

    async def _release(
        self, claim: Claim | UnreadableConversation, *, blameless: bool, not_within_s: float = 0.0
    ) -> None:
        try:
            async with asyncio.timeout(RELEASE_S):
                await self._journal.release(claim, blameless=blameless, not_within_s=not_within_s)
        except (StoreUnavailable, TimeoutError):
            log.debug("lease_left_to_lapse", conversation=claim.conversation)
