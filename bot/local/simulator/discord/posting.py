"""Posting, editing and deleting as a user or a bot, with the checks that Discord makes (resources/message)."""

from __future__ import annotations

from bot.local.simulator.discord import forwards, intents, messages, thread_members
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.drafts import Draft
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Channel, Json, Message, User
from bot.local.simulator.discord.snowflakes import moment_of
from bot.local.simulator.discord.world import Event, World

TEXT_CHANNELS = frozenset({0, 1, 2, 5, 10, 11, 12, 13})
# "You can only bulk delete messages that are under 14 days old."
_BULK_AGE_S = 14 * 24 * 3600
# Edits to messages older than this are limited further (code 30046); how far is not documented, five in an hour
# per channel are assumed.
_OLD_S = 3600.0
_OLD_EDITS = 5


def post(world: World, channel: Channel, author: User, draft: Draft) -> Message:
    """Post as a user or a bot, with Discord's checks; a repeated enforced nonce returns the existing message."""
    _check_may_post(world, channel, author.id, draft)
    now = world.clock()
    made = world.nonces.find(author.id, str(draft.nonce), now) if draft.enforce_nonce else None
    if made is not None:
        # Deleted by now: Unknown Message.
        return world.message(world.messages[made].channel_id if made in world.messages else 0, made)
    original = forwards.original_of(world, author.id, draft) if forwards.is_forward(draft) else None
    reference = (
        _reference(world, channel, author.id, draft) if original is None else forwards.reference_to(original)
    )
    forwarded = None if original is None else forwards.snapshot_of(original)
    if channel.thread is not None:
        thread_members.wake(world, channel, author.id)
        thread_members.join(world, channel, author.id)
    message = messages.build(world, channel, author, draft, reference=reference, forwarded=forwarded)
    if draft.enforce_nonce and draft.nonce is not None:
        world.nonces.remember(author.id, str(draft.nonce), message.id, now)
    for user_id in message.mentions:
        # Before the event of the message, so that new members of a private thread receive it.
        if channel.thread is not None and world.permissions(channel, user_id) & bits.VIEW_CHANNEL:
            thread_members.join(world, channel, user_id)
    messages.publish(world, channel, message)
    return message


def edit(world: World, channel: Channel, message: Message, editor_id: int, draft: Draft) -> Message:
    """Edit as a user: all fields by the author only, SUPPRESS_EMBEDS also with MANAGE_MESSAGES."""
    world.require(channel, editor_id)
    if world.timed_out(channel, editor_id):
        raise api_error(50013)
    if channel.thread is not None and channel.thread.archived:
        raise api_error(50083)
    if message.author.id != editor_id:
        flags_only = draft.given <= {"flags"}
        if not flags_only:
            raise api_error(50005)
        world.require(channel, editor_id, bits.MANAGE_MESSAGES)
    elif message.type not in messages.WRITTEN:
        raise api_error(50021)
    if message.poll is not None:
        raise api_error(520003)
    if draft.uploads and channel.guild_id is not None:
        world.require(channel, editor_id, bits.ATTACH_FILES)
    _check_edits_of_old(world, channel, message)
    return messages.apply(world, channel, message, draft)


def delete(world: World, channel: Channel, message: Message, user_id: int) -> None:
    """Delete as a user: an own message, or any message with MANAGE_MESSAGES."""
    world.require(channel, user_id)
    if message.author.id != user_id:
        if channel.guild_id is None:
            raise api_error(50003)
        world.require(channel, user_id, bits.MANAGE_MESSAGES)
    if channel.thread is not None and channel.thread.archived:
        raise api_error(50083)
    messages.erase(world, channel, message)


def bulk_delete(world: World, channel: Channel, ids: list[int], user_id: int) -> None:
    """Delete 2 to 100 messages at once; unknown ids are ignored, as in Discord."""
    if channel.guild_id is None:
        raise api_error(50003)
    world.require(channel, user_id, bits.MANAGE_MESSAGES)
    if not 2 <= len(ids) <= 100:
        raise api_error(50016)
    if len(set(ids)) != len(ids):
        raise invalid("messages", "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
    if any(world.clock() - moment_of(each) > _BULK_AGE_S for each in ids):
        raise api_error(50034)
    found = [each for each in ids if each in world.messages and world.messages[each].channel_id == channel.id]
    for message_id in found:
        world.remove(world.messages[message_id])
        if channel.thread is not None:
            channel.thread.message_count -= 1
    data: Json = {
        "ids": [str(each) for each in found],
        "channel_id": str(channel.id),
        "guild_id": str(channel.guild_id),
    }
    event = Event("MESSAGE_DELETE_BULK", data, channel.guild_id, channel.id, intent=intents.GUILD_MESSAGES)
    world.emit(event)


def _check_may_post(world: World, channel: Channel, author_id: int, draft: Draft) -> None:
    if channel.type not in TEXT_CHANNELS:
        world.require(channel, author_id)
        raise api_error(50008)
    if channel.guild_id is not None:
        sending = bits.SEND_MESSAGES_IN_THREADS if channel.thread else bits.SEND_MESSAGES
        files = [bits.ATTACH_FILES] if draft.uploads else []
        embeds = [bits.EMBED_LINKS] if draft.embeds else []
        polls = [bits.SEND_POLLS] if draft.poll else []
        world.require(channel, author_id, sending, *files, *embeds, *polls)
    else:
        world.require(channel, author_id)
        # Two applications cannot write to each other.
        if all(world.users[each].bot for each in channel.recipients):
            raise api_error(50007)
    if draft.empty and not forwards.is_forward(draft):
        raise api_error(50006)


def _reference(world: World, channel: Channel, author_id: int, draft: Draft) -> Json | None:
    if draft.reference is None:
        return None
    if not world.permissions(channel, author_id) & bits.READ_MESSAGE_HISTORY:
        raise api_error(160002)
    message_id = int(draft.reference["message_id"])
    original = world.messages.get(message_id)
    if original is None or original.channel_id != channel.id or original.ephemeral_for is not None:
        if draft.reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return None
    if original.type not in messages.WRITTEN:
        text = "Cannot reply to a system message"
        raise invalid("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", text)
    return messages.reference_to(channel, message_id)


def _check_edits_of_old(world: World, channel: Channel, message: Message) -> None:
    now = world.clock()
    if now - message.at < _OLD_S:
        return
    recent = [at for at in world.old_edits.get(channel.id, ()) if now - at < _OLD_S]
    if len(recent) >= _OLD_EDITS:
        raise api_error(30046)
    world.old_edits[channel.id] = [*recent, now]
