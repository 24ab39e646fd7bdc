"""What Claude's tools do in a conversation: polls and reactions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import discord

from bot.conversation.errors import DiscordForbidden
from bot.gateway import permissions
from bot.gateway.connection.calls import Calls
from bot.gateway.conversion import reading
from bot.tools.thread_actions import PollDraft
from bot.tools.tool import ToolPlace

MOST_PAGES = 3
"""How much of a conversation is read to find a poll that an interrupted attempt has posted."""


class DiscordThreadActions:
    """Acts by discord.py; each call may be repeated."""

    def __init__(self, client: discord.Client, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    async def post_poll(self, place: ToolPlace, poll: PollDraft, nonce: str, after: int) -> str:
        """Post a poll and return its link.

        Discord knows a nonce for some minutes only, so that a poll which stands in the conversation already is
        looked for before: one of the bot's with the same question and answers, after the message that is answered.
        The poll is silent, as everything of the bot's that is no reply (`turns/reply_search`).
        """
        conversation = place.conversation
        found = await self._find(conversation, poll, after)
        if found is None:
            target = self._client.get_partial_messageable(conversation, guild_id=place.server)

            async def post() -> int:
                draft = discord.Poll(poll.question, dt.timedelta(hours=poll.hours), multiple=poll.several)
                for answer in poll.answers:
                    draft.add_answer(text=answer)
                return (await target.send(poll=draft, nonce=nonce, silent=True)).id

            found = await self._calls.write("poll", conversation, permissions.TO_POLL, post)
        return f"https://discord.com/channels/{place.server or '@me'}/{conversation}/{found}"

    async def react(self, place: ToolPlace, channel: int | None, message: int, emoji: str) -> None:
        """React to a message of the conversation; the one that began a thread stands in the channel above."""
        where = channel or place.conversation
        if channel is None and message == place.conversation and place.channel is not None:
            guild = self._client.get_guild(place.server or 0)
            parent = None if guild is None else guild.get_channel(place.channel)
            if not isinstance(parent, discord.ForumChannel):
                where = place.channel
        await self._calls.write(
            "react",
            where,
            permissions.TO_REACT,
            lambda: self._client.http.add_reaction(where, message, emoji),
        )

    async def _find(self, conversation: int, poll: PollDraft, after: int) -> int | None:
        me = str(self._client.user.id if self._client.user else 0)

        async def look() -> int | None:
            pages_read = 0
            async for page in reading.pages_after(self._client, conversation, after):
                pages_read += 1
                for data in page:
                    author = data.get("author") or {}
                    if str(author.get("id")) == me and _is_poll(data.get("poll"), poll):
                        return int(data["id"])
                if pages_read == MOST_PAGES:
                    break
            return None

        try:
            return await self._calls.read("poll", conversation, permissions.TO_READ, look)
        except DiscordForbidden:
            return None  # without the history the nonce alone recognises the poll


def _is_poll(data: Any, poll: PollDraft) -> bool:
    if not isinstance(data, dict):
        return False
    question = str((data.get("question") or {}).get("text") or "")
    answers = tuple(
        str((each.get("poll_media") or {}).get("text") or "") for each in data.get("answers") or ()
    )
    return question == poll.question and answers == poll.answers
