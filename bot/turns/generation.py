"""The generation of one turn's reply: requests to Claude while the reply is written and people act meanwhile."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import structlog

from bot.conversation import status_wording
from bot.conversation.compose import Terms
from bot.conversation.errors import BobbinError, BudgetReached, CutShort, Stopped, StoreUnavailable
from bot.conversation.spoilers import hold_spoilers
from bot.conversation.visible import is_blank
from bot.render.writer import Writer
from bot.turns.generated import Generated
from bot.turns.posted_reply import PostedReply
from bot.turns.prepare import Prepared
from bot.turns.services import TurnServices
from bot.turns.status_line import StatusLine
from bot.turns.turn_cost import TurnCost

log = structlog.get_logger()

MOST_RESTARTS = 2
"""The request is restarted at most this often for messages that arrive before any text is visible."""


class Generation:
    """Streams one reply. Messages that arrive before any text is visible, and before tools are called, join the turn
    and restart the request.

    `arrivals` is set when a message waits in the conversation, `stopped` when a person asks to end the turn with the
    text written so far. The cost of each request is added to `cost`. A context manager: its end drops a summary that
    is still being made.
    """

    def __init__(
        self,
        reply: PostedReply,
        services: TurnServices,
        *,
        arrivals: asyncio.Event,
        stopped: asyncio.Event,
        cost: TurnCost,
    ) -> None:
        self._reply = reply
        self._services = services
        self._arrivals = arrivals
        self._stopped = stopped
        self._cost = cost
        self._status_line = StatusLine()
        self._pushed = ""
        self._restarts_left = MOST_RESTARTS
        self._interrupt_due = False
        # One future for all requests: it interrupts the reply, and not what a restarted request still needs.
        self._interrupt: asyncio.Future[BobbinError] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        conversation, summaries = self._reply.claim.conversation, self._services.generator.summaries
        await summaries.break_off(conversation)
        if kind is None:
            summaries.forget(conversation)

    async def gather(self) -> None:
        """Wait for further messages before the first request, if the operator wants that."""
        gather_s = self._services.policy.gather_s
        if gather_s and not self._reply.found:
            await self._reply.open()  # so that people have a thread to write in
            await asyncio.sleep(gather_s)
            await self._join()

    async def compose_and_stream(self, terms: Terms, prepared: Prepared) -> Generated | BudgetReached | None:
        """Request the reply and push it to the writer; None if the turn has grown and is to be prepared again."""
        reply, claim = self._reply, self._reply.claim
        may_restart = self._restarts_left > 0
        self._restarts_left -= 1
        self._pushed = ""
        self._interrupt_due = False
        admitted = asyncio.Event()
        self._status_line.attach(reply.writer)
        if not hold_spoilers(prepared.messages):
            reply.expect_title()  # a title could reveal the text of a spoiler
        if prepared.reply:
            reply.writer.push(prepared.reply)
        elif claim.attempt.regeneration:
            reply.writer.show_status(status_wording.REGENERATING)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_write(reply.writer, admitted), name=f"writer-{claim.conversation}")
                generating = group.create_task(
                    self._services.generator.generate(
                        claim,
                        prepared,
                        terms,
                        interrupt=self._interrupt,
                        push=self._push,
                        show_status=self._status_line.show,
                        settle_title=reply.settle_title,
                        admitted=admitted.set,
                        cost=self._cost,
                        timeline=reply.timeline,
                    )
                )
                while not await self._is_done(generating):
                    if self._stopped.is_set():
                        if not self._interrupt.done():
                            self._interrupt.set_result(Stopped())
                        await asyncio.wait({generating})
                    elif not await self._has_arrivals():
                        continue
                    elif reply.has_posts or not may_restart or await self._has_called():
                        if self._services.policy.interrupts:
                            self._interrupt_due = True
                            self._interrupt_if_due()
                    else:
                        reply.settle_title(None)  # the thread is open, because a message arrived in it
                        await reply.writer.abandon()
                        if await self._join():
                            generating.cancel()
                            admitted.set()
                            return None
                        self._status_line.attach(reply.writer)
                        reply.writer.push(self._pushed)
                        group.create_task(_write(reply.writer, admitted), name=f"writer-{claim.conversation}")
                reply.settle_title(None)
                reply.writer.close_text()
                admitted.set()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        finally:
            reply.settle_title(None)
            self._status_line.detach()
            self._interrupt_due = False
        return generating.result()

    async def _is_done(self, generating: asyncio.Task[Generated | BudgetReached]) -> bool:
        """Wait until the reply is complete, a message arrives or a person stops the turn; True if it is complete."""
        arrival = asyncio.ensure_future(self._arrivals.wait())
        stop = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({generating, arrival, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()
            stop.cancel()
        if not generating.done():
            self._arrivals.clear()
        return generating.done()

    async def _has_arrivals(self) -> bool:
        """Whether a new message waits; a message heard twice sets `arrivals` too, and must not drop a call."""
        try:
            return await self._services.journal.has_more(self._reply.claim)
        except StoreUnavailable:
            return False  # the message waits for the next turn

    async def _has_called(self) -> bool:
        """Whether tools of the turn were called: a restart would break off what they do."""
        try:
            return await self._services.has_called(self._reply.claim)
        except StoreUnavailable:
            return True  # the message waits for the next turn

    async def _join(self) -> bool:
        """Add the messages that wait to the turn and restart the reply; True if the turn has grown."""
        claim = self._reply.claim
        joined = await self._services.journal.join(claim)
        # A deleted message stays a member until no part of an answer can exist.
        members, messages = joined or (claim.batch.members, claim.batch.messages)
        self._reply.restart(members, messages)
        if len(messages) <= len(claim.batch.messages):
            return False
        log.info("messages_joined", conversation=claim.conversation, messages=len(messages))
        return True

    def _push(self, text: str) -> None:
        self._pushed += text
        if text:
            self._status_line.text_came()
        self._reply.writer.push(text)
        self._interrupt_if_due()

    def _interrupt_if_due(self) -> None:
        """Interrupt the reply for a new message, once there is text."""
        if self._interrupt_due and not self._interrupt.done() and not is_blank(self._pushed):
            self._interrupt.set_result(CutShort())


async def _write(writer: Writer, admitted: asyncio.Event) -> None:
    """Run a writer once a request is let through: where a limit is full, no thread is opened for nothing."""
    await admitted.wait()
    await writer.run()
