"""Starts turns: one at a time per conversation, in all instances together."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from contextvars import Context

import structlog
from structlog.contextvars import bound_contextvars

from bot.conversation.errors import (
    AnsweredBefore,
    DiscordNotNow,
    DiscordUnavailable,
    Fenced,
    StoreUnavailable,
    TurnHeld,
    Unreadable,
)
from bot.store.claim import Claim, Held, Idle, Later, UnreadableConversation
from bot.store.journal import Journal
from bot.store.work_queue import WorkItem, WorkQueue
from bot.telemetry import tracing
from bot.turns.lease_end import RELEASE_S, LeaseEnd
from bot.turns.run import Runner
from bot.turns.turn_slots import TurnSlots
from bot.turns.wake_timers import WakeTimers

log = structlog.get_logger()

WORKED_ON_MAX = 10_000
"""More conversations than this are left to the queue in the store, which is polled."""


async def no_server(_conversation: int) -> None:
    """Return no server."""


class Dispatcher:
    """Starts turns where messages wait, and takes over turns whose worker is gone.

    At most `max_concurrent` turns run here at once, in a fair order between the servers that `server_of` tells. A
    conversation that waits for a slot holds no lease, so that another instance can take its turn. `taken_up` is
    called for each turn that an earlier attempt had begun, and `lost` for each turn that another worker has taken
    over from here. `queued` counts the conversations in the work queue when it was last read.
    """

    def __init__(
        self,
        journal: Journal,
        work_queue: WorkQueue,
        runner: Runner,
        *,
        poll_s: float,
        max_concurrent: int,
        taken_up: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
        server_of: Callable[[int], Awaitable[int | None]] = no_server,
    ) -> None:
        self._journal = journal
        self._work_queue = work_queue
        self._runner = runner
        self._poll_s = poll_s
        self.slots = TurnSlots(max_concurrent, server_of, self._tell_waiting)
        self._owner = uuid.uuid4().hex
        self._running: dict[int, asyncio.Task[None]] = {}
        self._arrivals: dict[int, asyncio.Event] = {}
        self._wakeups: dict[int, asyncio.Event] = {}
        self._woken: set[int] = set()
        self._timers = WakeTimers(self.wake)
        self._stopping = False
        self._taken_up = taken_up
        self._lease_end = LeaseEnd(journal, lost)
        self._in_slots = 0
        self.queued = 0

    @property
    def running(self) -> int:
        """The number of conversations that are worked on here."""
        return self._in_slots

    @property
    def waiting(self) -> int:
        """The number of conversations that wait here for a slot."""
        return len(self._running) - self._in_slots

    def wake(self, conversation: int) -> None:
        """Claim a conversation now, or right after the turn that runs there."""
        if self._stopping or (conversation not in self._running and len(self._running) >= WORKED_ON_MAX):
            return
        self._woken.add(conversation)
        if conversation in self._running:
            self._arrivals[conversation].set()
        else:
            self._arrivals[conversation] = asyncio.Event()
            self._wakeups[conversation] = asyncio.Event()
            # In an empty context: the log lines of whoever wakes it name another turn.
            work, name = self._work(conversation), f"turns-{conversation}"
            task = asyncio.create_task(work, name=name, context=Context())
            self._running[conversation] = task
            task.add_done_callback(lambda _: self._ended(conversation))

    def _ended(self, conversation: int) -> None:
        del self._running[conversation], self._arrivals[conversation], self._wakeups[conversation]
        if conversation in self._woken:  # woken between the last check and the end of the task
            self.wake(conversation)

    def signal(self, conversation: int) -> None:
        """Have the running turn renew its lease now, and claim the conversation after it."""
        if conversation in self._running:
            self._wakeups[conversation].set()
            self._woken.add(conversation)
        else:
            self.wake(conversation)

    async def watch(self) -> None:
        """Poll the work queue until cancelled."""
        while True:
            try:
                items = await self._work_queue.items()
                self.queued = len(items)
                await asyncio.gather(*map(self._check, items))  # in shared round trips
            except StoreUnavailable as error:
                log.warning("store_unavailable", detail=str(error), hint=self._work_queue.explained(error))
            await asyncio.sleep(self._poll_s)

    async def halt(self, conversation: int) -> None:
        """Cancel the turn that runs here, as a crash would."""
        if task := self._running.get(conversation):
            self._woken.discard(conversation)
            task.cancel()
            await asyncio.wait([task])

    async def stop(self, grace_s: float) -> None:
        """Start no more turns, wait `grace_s` for running ones, then release the others to other instances."""
        self._stopping = True
        self._woken.clear()
        if running := list(self._running.values()):
            log.info("finishing_turns", turns=len(running), grace_s=grace_s)
            _, left = await asyncio.wait(running, timeout=grace_s)
            for task in left:
                task.cancel()
            if left:
                log.info("handing_over_turns", turns=len(left))
                await asyncio.wait(left, timeout=RELEASE_S)

    async def _check(self, item: WorkItem) -> None:
        if item.conversation in self._running or self._stopping:
            return
        if not await self._work_queue.has_work(item):
            await self._work_queue.remove(item)
            return
        self.wake(item.conversation)

    async def _work(self, conversation: int) -> None:
        while conversation in self._woken:
            async with self.slots.slot(conversation):
                if conversation in self._woken:  # not stopped or halted meanwhile
                    self._woken.discard(conversation)
                    self._in_slots += 1
                    try:
                        await self._claim(conversation)
                    finally:
                        self._in_slots -= 1

    async def _claim(self, conversation: int) -> None:
        try:
            if not await self._work_queue.serves(
                conversation
            ):  # a wake-up goes to the processes of all shards
                return
            # Before the claim: a message that arrives during the claim is not part of it yet.
            self._arrivals[conversation].clear()
            began_ns = tracing.now_ns()
            claim = await self._journal.claim(conversation, self._owner)
            match claim:
                case Held():
                    # The holder renews the lease while it lives; if it dies, the lease lapses at this time.
                    self._timers.wake_in(claim.for_s, conversation)
                case Later():
                    self._timers.wake_in(claim.in_s, conversation)
                case Idle():
                    pass
                case UnreadableConversation():
                    await self._runner.post_unreadable(claim)
                    await self._lease_end.release(claim, blameless=True)
                case Claim():
                    if claim.attempt.number > 1 and not claim.reconciling:
                        self._taken_up()
                    with (
                        bound_contextvars(conversation=conversation, turn=claim.turn_id),
                        tracing.turn(
                            began_ns,
                            conversation=conversation,
                            turn=claim.turn_id,
                            attempt=claim.attempt.number,
                            reconciling=claim.reconciling,
                        ),
                    ):
                        waiting = await self._turn_if_readable(claim)
                    if waiting and not self._stopping:
                        self._woken.add(conversation)
        except Fenced:
            await self._lease_end.log_fenced(conversation)
        except StoreUnavailable as error:
            log.warning("store_unavailable", conversation=conversation, detail=str(error))
        except Exception:
            log.exception("conversation_failed", conversation=conversation)

    async def _tell_waiting(self, conversation: int, before: int) -> None:
        """Tell those who wait for a slot; the lease is held meanwhile, as two instances must not both do so."""
        with contextlib.suppress(Fenced, StoreUnavailable, Unreadable):
            claim = await self._journal.claim(conversation, self._owner)
            if isinstance(claim, UnreadableConversation):
                await self._lease_end.release(claim, blameless=True)
            elif isinstance(claim, Claim):
                try:
                    await self._runner.tell_waiting(claim, before)
                finally:
                    await self._lease_end.release(claim, blameless=True)

    async def _turn_if_readable(self, claim: Claim) -> int:
        """Run a turn; what it reads besides the claim, as the prompt of a server, may be unreadable too."""
        try:
            return await self._turn(claim)
        except Unreadable:
            await self._runner.post_unreadable(claim.unreadable)
            return 0

    async def _turn(self, claim: Claim) -> int:
        """Run or reconcile a turn; after a failure the lease is released, so that others can continue at once."""
        done, blameless = False, True
        wait_s: float | None = None
        try:
            waiting = 1
            if claim.reconciling:
                await self._runner.reconcile(claim)
            else:
                arrivals, wakeup = self._arrivals[claim.conversation], self._wakeups[claim.conversation]
                waiting = await self._runner.run(claim, arrivals, wakeup)
            done = True
        except DiscordUnavailable as error:
            log.warning("discord_unavailable", conversation=claim.conversation, detail=str(error))
            return 0
        except DiscordNotNow as error:
            wait_s = error.for_s
            return 0
        except TurnHeld as error:
            self._log_postponed(claim, error.for_s)
            return 1  # the next claim finds the messages of others, or says for how long there are none
        except AnsweredBefore:
            blameless = False
            log.info(
                "answered_before",
                conversation=claim.conversation,
                turn=claim.turn_id,
                tries=claim.attempt.number,
            )
            return 0
        except (Fenced, StoreUnavailable, Unreadable):
            raise
        except Exception:
            blameless = False
            log.exception(
                "turn_failed", conversation=claim.conversation, turn=claim.turn_id, tries=claim.attempt.number
            )
            return 0
        else:
            return waiting
        finally:
            if not done or self._stopping or self.slots.are_wanted:
                await self._lease_end.release(claim, blameless=blameless, not_within_s=wait_s or 0.0)
            if wait_s is not None and not self._stopping:
                self._log_postponed(claim, wait_s)
                self._timers.wake_in(wait_s, claim.conversation)

    def _log_postponed(self, claim: Claim, for_s: float) -> None:
        log.info("turn_postponed", conversation=claim.conversation, turn=claim.turn_id, for_s=round(for_s))
