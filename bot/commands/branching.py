"""Makes branches in repeatable steps: after a crash any instance completes them."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import aiohttp
import discord
import structlog

from bot.commands.chat import THREAD_TYPES
from bot.commands.services import CommandServices
from bot.commands.thread_start import Parent, ThreadStart
from bot.conversation import branch, wording
from bot.conversation.branch import BranchJob
from bot.conversation.context_view import view
from bot.conversation.errors import (
    BobbinError,
    DiscordForbidden,
    DiscordGone,
    DiscordRejected,
    DiscordUnavailable,
    StoreUnavailable,
)
from bot.conversation.message import Author, Message
from bot.render.outbox import Outgoing
from bot.store.branches import RETRY_S
from bot.turns.catch_up import of_no_turn

log = structlog.get_logger()


class Branching:
    """Makes the branches that people request, and completes those that a crash has interrupted."""

    def __init__(self, services: CommandServices, client: discord.Client) -> None:
        self._client = client
        self._branches = services.branches
        self._conversations = services.conversations
        self._pins_and_summaries = services.pins_and_summaries
        self._catch_up = services.catch_up
        self._clock = services.clock
        self._outbox = services.outbox
        self._remove_thread = services.remove_thread
        self._dispatcher = services.dispatcher
        self._threads = ThreadStart(services)

    async def watch(self, *, every_s: float) -> None:
        """Complete interrupted branches, until cancelled."""
        while True:
            try:
                # discord.py knows the channels only once it is ready.
                if self._client.is_ready():
                    for item in await self._branches.due.take(RETRY_S):
                        await self._branches.due.done(item, await self._tried(item.id))
            except StoreUnavailable as error:
                log.info("branches_delayed", detail=str(error))
            await asyncio.sleep(every_s)

    async def _tried(self, person: int) -> float | None:
        """Complete a person's open branches, whatever that raises: other people's do not wait for them."""
        try:
            return await self._complete_all(person)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("branches_failed")
            return RETRY_S

    async def _complete_all(self, person: int) -> float | None:
        """Complete a person's open branches; return the seconds until the next try, None if none is open any more."""
        next_try_s: float | None = None
        for job in await self._branches.open(person):
            if not self._branches.serves(job):
                # The process of its server completes it. The random pause keeps this one from always being first.
                next_try_s = random.uniform(RETRY_S, 2 * RETRY_S)
                continue
            try:
                await self._complete_or_give_up(job)
            except StoreUnavailable:
                raise
            except (BobbinError, discord.DiscordException, aiohttp.ClientError, OSError) as error:
                log.info("branch_delayed", conversation=job.conversation, kind=type(error).__name__)
                next_try_s = RETRY_S
            except Exception:
                log.exception("branch_failed", conversation=job.conversation)
                next_try_s = RETRY_S
        return next_try_s

    async def _complete_or_give_up(self, job: BranchJob) -> None:
        try:
            await self.complete(job, is_retry=True)
        except (DiscordForbidden, DiscordGone, DiscordRejected) as error:
            log.info("branch_given_up", conversation=job.conversation, kind=type(error).__name__)
            await self.give_up(job)

    async def give_up(self, job: BranchJob) -> None:
        """Forget a branch that cannot be made, with its thread: no link would lead there."""
        if (thread := await self._branches.thread_of(job)) is not None:
            try:
                await self._remove_thread(thread)
            except (DiscordForbidden, DiscordRejected) as error:
                log.info("branch_not_removed", conversation=thread, kind=type(error).__name__)
        await self._branches.give_up(job)

    async def complete(self, job: BranchJob, *, is_retry: bool = False) -> int | None:
        """Make a branch and return its thread, None if its turn was removed from the history.

        `is_retry`: an earlier attempt may have started the thread and posted the links.
        """
        copied: bool | None = False
        thread = 0
        for _ in range(2):
            thread = await self._thread(job, is_retry=is_retry)
            await self._branches.due.postpone(job.person, RETRY_S)
            copied = await self._branches.copy(replace(job, thread=thread), thread)
            if copied is not False:
                break
            # Somebody was already answered in that thread, which has its own history now: take another one.
            job = await self._branches.note_thread(job, None)
        if not copied:
            await self._remove_thread(thread)
            await self._branches.done(job)
            return None
        await self._post_lines(job, thread, is_retry=is_retry)
        await self._add_person(job, thread)
        await self._branches.done(job)
        # Messages that people wrote before the copy wait in the inbox.
        self._dispatcher.wake(thread)
        log.info("conversation_branched", conversation=job.conversation, turn=job.turn, branch=thread)
        return thread

    async def _thread(self, job: BranchJob, *, is_retry: bool) -> int:
        """Return the thread of a branch; start one unless an earlier attempt did."""
        if job.thread is not None:
            return job.thread
        guild = self._client.get_guild(job.server)
        if guild is None or guild.unavailable:
            raise DiscordUnavailable("the server")
        channel = guild.get_channel(job.place)
        if not isinstance(channel, discord.TextChannel | discord.ForumChannel):
            raise DiscordGone("the channel")
        name = branch.thread_name(job.name)
        found = None
        if is_retry:
            found = await self._threads.find_started(self._client, channel, name, after=job.interaction)
        if found is None:
            found = await self._start(job, channel, name)
        noted = (await self._branches.note_thread(job, found)).thread or found
        if noted != found:  # another instance has noted its thread first
            await self._remove_thread(found)
        return noted

    async def _start(self, job: BranchJob, channel: Parent, name: str) -> int:
        if isinstance(channel, discord.ForumChannel):
            opening = wording.small(branch.opens_post(_link(job, job.conversation, job.message)))
            return await self._threads.start_post(
                self._client, channel, name, opening, job.tags, after=job.interaction
            )
        kind = THREAD_TYPES[channel.type, job.private]
        return await self._threads.start(self._client, channel, name, kind, after=job.interaction)

    async def _post_lines(self, job: BranchJob, thread: int, *, is_retry: bool) -> None:
        """Post a link in each conversation to the other; the branch's also names the price of its first answer."""
        first = branch.begins(job, _link(job, job.conversation, job.message), await self._price(job, thread))
        # The first message of a post has the id of the post.
        own = await self._outbox.own_messages(thread, job.interaction) if is_retry else ()
        if not any(each.id != thread for each in own):
            await self._outbox.send(
                thread, Outgoing(wording.small(first), nonce=f"{job.interaction}-b", silent=True)
            )
        second = wording.small(branch.left_behind(thread, job.by))
        try:
            own = await self._outbox.own_messages(job.conversation, job.interaction) if is_retry else ()
            if all(each.content != second for each in own):
                await self._outbox.send(
                    job.conversation, Outgoing(second, nonce=f"{job.interaction}-s", silent=True)
                )
        except (DiscordForbidden, DiscordGone, DiscordRejected) as error:
            # The branch is complete: its own link to the conversation is posted.
            log.info("branch_not_linked", conversation=job.conversation, kind=type(error).__name__)

    async def _price(self, job: BranchJob, thread: int) -> str:
        meta = await self._conversations.meta(thread)
        if meta is None:
            return ""
        # With the tools that are offered to the person, because they are part of the cached prefix.
        asker = Message(job.interaction, Author(job.person, "", ""), "")
        terms = await self._catch_up.terms_of(of_no_turn(thread, meta, job.interaction, asker))
        seen = view(await self._pins_and_summaries.past(thread), terms, now_ms=self._clock.now_ms())
        return branch.first_price(seen, terms.prices, caches=terms.cache != "off")

    async def _add_person(self, job: BranchJob, thread: int) -> None:
        try:
            await self._client.http.add_user_to_thread(thread, job.person)
        except (discord.HTTPException, discord.RateLimited) as error:
            log.info("member_not_added", conversation=thread, kind=type(error).__name__)


def _link(job: BranchJob, conversation: int, message: int) -> str:
    # The message from which a thread was started has the thread's id and stands in the parent channel; that of a
    # post stands in the post.
    channel = job.place if message == conversation and not job.is_post else conversation
    return f"https://discord.com/channels/{job.server}/{channel}/{message}"
