"""Messages as Discord writes them."""

from __future__ import annotations

from bot.local.simulator.discord import attachments
from bot.local.simulator.discord.model import Forwarded, Json, Message, Poll
from bot.local.simulator.discord.snowflakes import timestamp
from bot.local.simulator.discord.wire.channels import channel
from bot.local.simulator.discord.wire.users import member, user
from bot.local.simulator.discord.world import World

HAS_THREAD = 1 << 5


def message(world: World, value: Message, viewer_id: int | None, *, nested: bool = True) -> Json:
    """A message as the REST API shows it to a viewer; `nested` adds the message replied to and the thread."""
    payload: Json = {
        "id": str(value.id),
        "channel_id": str(value.channel_id),
        "type": value.type,
        "content": value.content,
        "author": user(value.author),
        "timestamp": timestamp(value.at),
        "edited_timestamp": None if value.edited_at is None else timestamp(value.edited_at),
        "tts": value.tts,
        "mention_everyone": value.mention_everyone,
        "mentions": [user(world.users[each]) for each in value.mentions],
        "mention_roles": [str(each) for each in value.mention_roles],
        "attachments": [attachments.wire(world, each) for each in value.attachments],
        "embeds": value.embeds,
        "components": value.components,
        "pinned": value.pinned,
        "flags": value.flags,
    }
    payload |= _given(world, value, viewer_id)
    if nested:
        if value.reference is not None and value.type in (19, 21):
            original = world.messages.get(int(value.reference["message_id"]))
            shown = None if original is None else message(world, original, viewer_id, nested=False)
            payload["referenced_message"] = shown
        thread = world.channels.get(value.id)
        if value.flags & HAS_THREAD and thread is not None:
            payload["thread"] = channel(world, thread, viewer_id)
    return payload


def _given(world: World, value: Message, viewer_id: int | None) -> Json:
    """The fields that a message has only where there is something to put into them."""
    payload: Json = {}
    if value.sticker_items:
        payload["sticker_items"] = value.sticker_items
    if value.poll is not None:
        payload["poll"] = poll(value.poll, viewer_id)
    if value.forwarded is not None:
        payload["message_snapshots"] = [{"message": forwarded(world, value.forwarded)}]
    if value.reactions:
        payload["reactions"] = reactions(value, viewer_id)
    if value.webhook_id is not None:
        payload["webhook_id"] = str(value.webhook_id)
    if value.application_id is not None:
        payload["application_id"] = str(value.application_id)
    if value.interaction_metadata is not None:
        payload["interaction_metadata"] = value.interaction_metadata
    if value.legacy_interaction is not None:
        payload["interaction"] = value.legacy_interaction
    if value.reference is not None:
        payload["message_reference"] = value.reference
    return payload


def forwarded(world: World, value: Forwarded) -> Json:
    """The copy in a forward: it names neither its author nor its channel."""
    payload: Json = {
        "type": value.type,
        "content": value.content,
        "mentions": [user(world.users[each]) for each in value.mentions],
        "mention_roles": [str(each) for each in value.mention_roles],
        "attachments": [attachments.wire(world, each) for each in value.attachments],
        "embeds": value.embeds,
        "timestamp": timestamp(value.at),
        "edited_timestamp": None if value.edited_at is None else timestamp(value.edited_at),
        "flags": value.flags,
        "components": value.components,
    }
    return payload | ({"sticker_items": value.sticker_items} if value.sticker_items else {})


def poll(value: Poll, viewer_id: int | None) -> Json:
    """A poll with its results; an answer without votes has no count (resources/poll, "Poll Results Object")."""
    return {
        "question": value.question,
        "answers": value.answers,
        "expiry": timestamp(value.expires_at),
        "allow_multiselect": value.allow_multiselect,
        "layout_type": 1,
        "results": {
            "answer_counts": [
                {"id": answer_id, "count": len(voters), "me_voted": viewer_id in voters}
                for answer_id, voters in sorted(value.votes.items())
                if voters
            ],
            "is_finalized": value.is_finalized,
        },
    }


def reactions(value: Message, viewer_id: int | None) -> list[Json]:
    return [
        {
            "emoji": each.emoji,
            "count": len(each.users),
            "count_details": {"burst": 0, "normal": len(each.users)},
            "burst_colors": [],
            "me": viewer_id in each.users,
            "me_burst": False,
            "burst_me": False,
            "burst_count": 0,
        }
        for each in value.reactions
    ]


def gateway_message(world: World, value: Message) -> Json:
    """A message as MESSAGE_CREATE and MESSAGE_UPDATE carry it: with its server and its author as member."""
    payload = message(world, value, None)
    place = world.channels.get(value.channel_id)
    if place is not None:
        payload["channel_type"] = place.type
    if value.guild_id is None or value.ephemeral_for is not None:
        return payload
    guild_ = world.guilds[value.guild_id]
    payload["guild_id"] = str(guild_.id)
    if value.author.id in guild_.members and not value.author.webhook:
        payload["member"] = member(world, guild_.members[value.author.id], with_user=False)
    for mentioned in payload["mentions"]:
        if (known := guild_.members.get(int(mentioned["id"]))) is not None:
            mentioned["member"] = member(world, known, with_user=False)
    return payload
