"""One turn, from the claim to the acknowledgement."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.conversation import wording
from bot.conversation.errors import (
    DiscordError,
    DiscordForbidden,
    DiscordGone,
    DiscordRejected,
    StoreUnavailable,
)
from bot.render.outbox import Outbox, Outgoing
from bot.render.pace import Pace
from bot.render.plan import Posted
from bot.render.writer import Writer
from bot.store.claim import Claim, State
from bot.store.codec import Result
from bot.store.conversations import Conversations
from bot.store.prompts import Prompts
from bot.turns.ask import Asked, Asker
from bot.turns.heartbeat import Heartbeat
from bot.turns.policy import TurnPolicy

log = structlog.get_logger()

T = TypeVar("T")

PERSIST_S = 30.0
"""A reply that cost money is not thrown away because the store restarts: writing it down is tried this long."""

PERSIST_PAUSE_S = 0.25


class Runner:
    """Runs turns; everything it is given is shared by all of them."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        prompts: Prompts,
        asker: Asker,
        outbox: Outbox,
        pace: Pace,
        policy: TurnPolicy,
    ) -> None:
        self._conversations = conversations
        self._prompts = prompts
        self._asker = asker
        self._outbox = outbox
        self._pace = pace
        self._policy = policy

    async def run(self, claim: Claim) -> int:
        """Answer one turn and return how many messages wait for the next; Fenced if it became somebody else's."""
        policy = self._policy
        async with Heartbeat(
            self._conversations, claim, lease_s=policy.lease_s, heartbeat_s=policy.heartbeat_s
        ) as heartbeat:
            writer = self._writer(claim, heartbeat)
            try:
                return await self._answer(claim, writer)
            except DiscordGone:
                # Somebody deleted the thread or the reply: there is nobody left to answer.
                log.info("turn_cancelled", conversation=claim.conversation, turn=claim.lead, reason="gone")
                return await self._conversations.cancel(claim)
            except DiscordForbidden as error:
                await self._tell_what_is_missing(claim, error.permission)
                return await self._conversations.cancel(claim)
            except DiscordRejected as error:
                log.warning("discord_rejected", conversation=claim.conversation, code=error.code)
                await self._tell(claim, lambda _: wording.NOT_POSSIBLE_HERE)
                return await self._conversations.cancel(claim)
            finally:
                await writer.abandon()

    async def _answer(self, claim: Claim, writer: Writer) -> int:
        started_s = time.monotonic()
        result = claim.result
        if result is None or claim.state is not State.COMMITTED:
            result = await self._ask(claim, writer)
        notices = "\n".join(wording.small(notice) for notice in result.notices)
        await writer.finish(result.reply or notices)
        if result.reply and notices:
            await self._outbox.send(
                claim.conversation, Outgoing(notices, nonce=f"{claim.lead}-n", silent=True)
            )
        waiting = await self._persist(lambda: self._conversations.acknowledge(claim))
        log.info(
            "turn_done",
            conversation=claim.conversation,
            turn=claim.lead,
            messages=len(claim.messages),
            seconds=round(time.monotonic() - started_s, 2),
        )
        return waiting

    async def _ask(self, claim: Claim, writer: Writer) -> Result:
        if claim.tries > self._policy.tries:
            return await self._commit_notice(claim, wording.GIVEN_UP)
        opens = claim.messages[0].opens
        if opens is not None and claim.meta.parent is not None and not claim.replies:
            await self._outbox.open_thread(claim.meta.parent, claim.lead, opens)
        system_prompt = await self._prompts.effective(
            thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
        )
        asked = await self._stream(claim, system_prompt, writer)
        result = Result(asked.conclusion.reply, asked.conclusion.notices)
        await self._persist(lambda: self._conversations.commit(claim, asked.turn, result, cut=asked.cut))
        return result

    async def _stream(self, claim: Claim, system_prompt: str | None, writer: Writer) -> Asked:
        """Ask while writing; when the writing fails, there is no point in asking on."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(writer.run(), name=f"writer-{claim.conversation}")
                asked = await self._asker.ask(claim, system_prompt, writer.push)
                writer.close_text()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        return asked

    async def _commit_notice(self, claim: Claim, notice: str) -> Result:
        result = Result("", (notice,))
        await self._conversations.commit(claim, None, result, cut=claim.meta.cut)
        log.warning("turn_set_aside", conversation=claim.conversation, turn=claim.lead, tries=claim.tries - 1)
        return result

    def _writer(self, claim: Claim, heartbeat: Heartbeat) -> Writer:
        # The message that a thread was started from stands outside the thread, where no reply can point to.
        inside = claim.lead != claim.conversation

        async def before_send(part: int, _content: str) -> None:
            await self._conversations.intend(claim, part, round(time.time() * 1000))

        async def after_send(part: int, message: int) -> None:
            await self._persist(lambda: self._conversations.posted(claim, part, message))

        return Writer(
            self._outbox,
            claim.conversation,
            pace=self._pace,
            nonce=lambda part: f"{claim.lead}-{part}",
            reply_to=claim.lead if inside else None,
            posted=tuple(Posted(message, "") for message in claim.replies.values()),
            before_send=before_send,
            after_send=after_send,
            may_write=heartbeat.may_write,
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
        for place, words in ((claim.conversation, "here"), (claim.meta.parent, "in a thread")):
            if place is None:
                continue
            message = Outgoing(wording.small(sentence(words)), nonce=f"{claim.lead}-{words[:2]}")
            try:
                await self._outbox.send(place, message)
            except DiscordError as error:
                log.debug("notice_failed", place=place, kind=type(error).__name__)
                continue
            return
