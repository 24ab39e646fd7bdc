"""Polls: their checks, votes and end (resources/poll).

A poll ends when its author ends it; there is no timer, and after its expiry nobody can vote.
"""

from __future__ import annotations

from typing import Any

from bot.local.simulator.discord import intents, messages
from bot.local.simulator.discord.drafts import Draft
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Channel, Json, Message, Poll, User
from bot.local.simulator.discord.world import Event, World

RESULT = 46
"""The type of the message that tells the result of a poll."""


def vote(world: World, channel: Channel, message: Message, user_id: int, answer_id: int) -> None:
    """Vote for an answer; where one answer is allowed, the vote replaces the one before."""
    poll = _open(world, message)
    if answer_id not in poll.answer_ids:
        raise invalid("answer_id", "POLL_ANSWER_UNKNOWN", "Unknown answer")
    if user_id in poll.votes.get(answer_id, ()):
        return
    if not poll.allow_multiselect:
        unvote(world, channel, message, user_id)
    poll.votes.setdefault(answer_id, []).append(user_id)
    world.emit(_voted(channel, message, user_id, answer_id, "ADD"))


def unvote(world: World, channel: Channel, message: Message, user_id: int) -> None:
    """Take all votes of a user back."""
    poll = _open(world, message)
    for answer_id, voters in poll.votes.items():
        if user_id in voters:
            voters.remove(user_id)
            world.emit(_voted(channel, message, user_id, answer_id, "REMOVE"))


def end(world: World, channel: Channel, message: Message, user: User) -> None:
    """End a poll, as its author only; a system message of the author tells the result."""
    poll = _open(world, message)
    if message.author.id != user.id:
        raise api_error(50005)
    poll.is_finalized = True
    messages.tell(world, "MESSAGE_UPDATE", message)
    draft = Draft(embeds=[{"type": "poll_result", "content_scan_version": 0, "fields": _result(poll)}])
    reference = messages.reference_to(channel, message.id)
    note = messages.build(world, channel, user, draft, reference=reference, kind=RESULT)
    messages.publish(world, channel, note)


def _open(world: World, message: Message) -> Poll:
    if message.poll is None:
        raise api_error(10008)
    if message.poll.is_finalized or world.clock() >= message.poll.expires_at:
        raise api_error(520001)
    return message.poll


def _result(poll: Poll) -> list[Json]:
    """The fields of the embed that tells a result (resources/message, "Embed Fields by Embed Type")."""
    counts = {each: len(poll.votes.get(each, ())) for each in poll.answer_ids}
    most = max(counts.values())
    victors = [each for each, count in counts.items() if count == most]
    fields: dict[str, Any] = {
        "poll_question_text": poll.question.get("text", ""),
        "victor_answer_votes": most,
        "total_votes": sum(counts.values()),
    }
    if most and len(victors) == 1:
        answer = next(each for each in poll.answers if each["answer_id"] == victors[0])
        fields |= {
            "victor_answer_id": victors[0],
            "victor_answer_text": answer["poll_media"].get("text", ""),
        }
    return [{"name": name, "value": str(value), "inline": False} for name, value in fields.items()]


def _voted(channel: Channel, message: Message, user_id: int, answer_id: int, change: str) -> Event:
    data: Json = {
        "user_id": str(user_id),
        "channel_id": str(channel.id),
        "message_id": str(message.id),
        "answer_id": answer_id,
    }
    if channel.guild_id is not None:
        data["guild_id"] = str(channel.guild_id)
    intent = intents.needed(intents.GUILD_MESSAGE_POLLS, in_guild=channel.guild_id is not None)
    return Event(f"MESSAGE_POLL_VOTE_{change}", data, channel.guild_id, channel.id, intent=intent)
