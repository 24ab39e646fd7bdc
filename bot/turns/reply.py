"""The reply of one turn: looked for, asked for, written, committed, shown."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import structlog

from bot.conversation import prompt, wording
from bot.conversation.errors import AnsweredBefore, DiscordGone, DiscordRejected, StoreUnavailable
from bot.conversation.message import created_ms
from bot.conversation.request import Usage
from bot.conversation.tokens import estimate
from bot.conversation.turn import Turn
from bot.render.mark import is_marked, marked
from bot.render.outbox import Outbox, Outgoing, Seen
from bot.render.pace import Kind, Pace
from bot.render.plan import Posted
from bot.render.rejoin import rejoin
from bot.render.writer import Writer
from bot.store.claim import Claim, State
from bot.store.codec import Result
from bot.store.journal import Journal
from bot.store.prompts import Prompts
from bot.turns.ask import Asked, Asker
from bot.turns.heartbeat import Heartbeat
from bot.turns.look import answered_later, find_reply, parts_of
from bot.turns.policy import TurnPolicy

log = structlog.get_logger()

T = TypeVar("T")

PERSIST_S = 30.0
"""A reply that cost money is not thrown away because the store restarts: writing it down is tried this long."""

PERSIST_PAUSE_S = 0.25

NONCE_SAFE_S = 60.0
"""So long a repeated nonce surely brings back the same message ("the past few minutes", Discord, Create Message)."""

MOST_RESTARTS = 2
"""How often a request is made again because somebody wrote on before its first text was visible."""

NONCE_SERIES = ("", "b", "c", "d")
"""What is put behind the nonces where those of an earlier try are taken by another answer."""


class Reply:
    """One try at answering one turn; `arrivals` is set whenever something new waits in the conversation."""

    def __init__(
        self,
        claim: Claim,
        heartbeat: Heartbeat,
        arrivals: asyncio.Event,
        *,
        journal: Journal,
        prompts: Prompts,
        asker: Asker,
        outbox: Outbox,
        pace: Pace,
        policy: TurnPolicy,
    ) -> None:
        self._claim = claim
        self._heartbeat = heartbeat
        self._arrivals = arrivals
        self._journal = journal
        self._prompts = prompts
        self._asker = asker
        self._outbox = outbox
        self._pace = pace
        self._policy = policy
        self._series = NONCE_SERIES[0]
        self._pushed = ""
        self._found: tuple[Posted, ...] = tuple(Posted(message, "") for message in claim.replies.values())
        self._writer = self._new_writer()

    async def give(self) -> int:
        """Answer, and return how many messages wait for the next turn."""
        claim = self._claim
        result = claim.result if claim.state is State.COMMITTED else None
        if result is None:
            result = await self._look() or await self._ask()
        notices = "\n".join(wording.small(notice) for notice in result.notices)
        await self._finish(result.reply or notices)
        await self._forestall()
        if result.reply and notices:
            notice = Outgoing(notices, nonce=f"{claim.lead}-n", silent=True)
            await self._outbox.send(claim.conversation, notice)
        # Not every try is counted, but whatever had posted something, or was about to, has left its state.
        tried_before = claim.tries > 1 or claim.state is not State.CLAIMED
        settle = tried_before or claim.listed or self._writer.doubtful
        return await self._persist(lambda: self._journal.acknowledge(self._claim, settle=settle))

    async def _finish(self, text: str) -> None:
        """Show the whole text, by now committed.

        Where the store has forgotten an earlier answer, the committed one gets a message of its own; the earlier
        one goes if this turn answers all that it did, and is left to be found by the other messages' turn if not.
        """
        for again in range(len(NONCE_SERIES)):
            self._series = NONCE_SERIES[again]
            if again:
                self._writer = self._new_writer()
            try:
                await self._writer.finish(text)
            except AnsweredBefore as before:
                claim = self._claim
                log.info("answered_before", conversation=claim.conversation, turn=claim.lead)
                if before.reply_to is None or before.reply_to in claim.members:
                    for part in parts_of(before.message, await self._seen()):
                        await self._outbox.delete(claim.conversation, part.id)
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
                taken = Outgoing(marked("…"), nonce=f"{self._claim.lead}-{part}")
                # Gone is what the nonce has made before: it is taken, and no reason to cancel what is committed.
                with contextlib.suppress(DiscordGone):
                    sent = await self._outbox.send(self._claim.conversation, taken)
                    await self._outbox.delete(self._claim.conversation, sent.id)

    async def abandon(self) -> None:
        """Write nothing more."""
        await self._writer.abandon()

    async def _look(self) -> Result | None:
        """Look on Discord before writing there, if an earlier try may have: adopt what it finished.

        That the journal knows of no post proves little: a store that went back has forgotten it.
        """
        claim = self._claim
        # Whatever an earlier try may have posted; and what it had posted it may have deleted, as of no use any more.
        tried_before = claim.tries > 1 or claim.state is not State.CLAIMED
        old = time.time() * 1000 - created_ms(claim.lead) > NONCE_SAFE_S * 1000
        if not (tried_before or claim.listed or old):
            return None
        try:
            seen = await self._seen()
        except DiscordRejected:
            return None  # a server without this list: the nonce alone must do
        except DiscordGone:
            if claim.messages[0].opens is None and (tried_before or claim.listed):
                raise
            return None  # the thread was not started yet, or posting will tell
        found = find_reply(seen, claim.members, claim.conversation)
        if found is None:
            later = answered_later(seen, claim.members)
            if later and claim.tries <= self._policy.tries and not await self._journal.knows(claim, later):
                # One of them may answer this turn's messages as well: the listing will tell, if it is waited for.
                raise AnsweredBefore
            return None
        await self._journal.adopt(claim, found.members, [part.id for part in found.parts])
        kept = tuple(message for message in claim.messages if message.id in found.members)
        self._claim = replace(claim, members=found.members, messages=kept)
        self._found = tuple(Posted(part.id, part.content) for part in found.parts)
        self._writer = self._new_writer()
        unfinished = any(is_marked(part.content) for part in found.parts)
        log.info("reply_found", conversation=claim.conversation, turn=claim.lead, unfinished=unfinished)
        return None if unfinished else await self._adopt(rejoin([part.content for part in found.parts]))

    async def _seen(self) -> tuple[Seen, ...]:
        return await self._outbox.own_messages(self._claim.conversation, self._claim.lead)

    async def _adopt(self, text: str) -> Result:
        claim = self._claim
        if text.startswith(wording.SMALL):
            result = Result("", tuple(line.removeprefix(wording.SMALL) for line in text.splitlines()))
        else:
            result = Result(text)
        user = prompt.render_user(claim.messages)
        turn = Turn(
            id=claim.lead,
            user=user,
            reply=result.reply,
            outcome="answered" if result.reply else "failed",
            model=self._policy.model,
            user_tokens=estimate(user),
            reply_tokens=estimate(result.reply),
            usage=Usage(),
            cut=claim.meta.cut,
            prefix_key="",
        )
        await self._persist(lambda: self._journal.commit(claim, turn, result, cut=claim.meta.cut))
        return result

    async def _ask(self) -> Result:
        claim = self._claim
        opens = claim.messages[0].opens
        if opens is not None and claim.meta.parent is not None and not self._found:
            async with self._pace.waited(claim.meta.parent, Kind.READ):
                await self._outbox.open_thread(claim.meta.parent, claim.lead, opens)
        if claim.tries > self._policy.tries:
            log.warning(
                "turn_set_aside", conversation=claim.conversation, turn=claim.lead, tries=claim.tries - 1
            )
            result = Result("", (wording.GIVEN_UP,))
            await self._journal.commit(claim, None, result, cut=claim.meta.cut)
            return result
        system_prompt = await self._prompts.effective(
            thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
        )
        if self._policy.gather_s and not self._found:
            await asyncio.sleep(self._policy.gather_s)
            await self._join()
            self._writer = self._new_writer()
        asked = None
        restarts = 0
        while asked is None:
            asked = await self._stream(system_prompt, may_restart=restarts < MOST_RESTARTS)
            restarts += 1
        result = Result(asked.conclusion.reply, asked.conclusion.notices)
        await self._persist(lambda: self._journal.commit(self._claim, asked.turn, result, cut=asked.cut))
        return result

    async def _stream(self, system_prompt: str | None, *, may_restart: bool) -> Asked | None:
        """Ask while writing; None if the turn has grown and is to be asked anew."""
        cut = asyncio.Event()
        self._pushed = ""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._writer.run(), name=f"writer-{self._claim.conversation}")
                asking = group.create_task(self._asker.ask(self._claim, system_prompt, self._push, cut))
                while not await self._first(asking):
                    if self._writer.posted or self._found:
                        if self._policy.interrupts and self._pushed.strip():
                            cut.set()
                    elif may_restart:
                        await self._writer.abandon()
                        grown = await self._join()
                        self._writer = self._new_writer()
                        if grown:
                            asking.cancel()
                            return None
                        self._writer.push(self._pushed)
                        group.create_task(self._writer.run(), name=f"writer-{self._claim.conversation}")
                self._writer.close_text()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        return asking.result()

    def _push(self, text: str) -> None:
        self._pushed += text
        self._writer.push(text)

    async def _first(self, asking: asyncio.Task[Asked]) -> bool:
        """Wait until the answer is there, True, or something new waits in the conversation."""
        arrival = asyncio.ensure_future(self._arrivals.wait())
        try:
            await asyncio.wait({asking, arrival}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()
        if not asking.done():
            self._arrivals.clear()
        return asking.done()

    async def _join(self) -> bool:
        """Take in what waits; True if there is more to answer than before."""
        messages = await self._journal.join(self._claim)
        if messages is None or len(messages) <= len(self._claim.messages):
            return False
        members = tuple(message.id for message in messages)
        self._claim = replace(self._claim, members=members, messages=messages)
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
            nonce=lambda part: f"{claim.lead}-{part}{self._series}",
            reply_to=claim.reply_to,
            posted=self._found,
            before_send=before_send,
            after_send=after_send,
            may_write=self._heartbeat.may_write,
        )

    async def _persist(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do a step of the protocol although the store is away for a moment; the lease decides if it still may."""
        until_s = time.monotonic() + PERSIST_S
        while True:
            try:
                return await step()
            except StoreUnavailable:
                if time.monotonic() > until_s:
                    raise
                await asyncio.sleep(PERSIST_PAUSE_S)
