"""Channels, threads and direct messages as Discord writes them."""

from __future__ import annotations

from bot.local.simulator.discord.model import Channel, Json, ThreadMember
from bot.local.simulator.discord.snowflakes import moment_of, timestamp
from bot.local.simulator.discord.wire.users import overwrite, user
from bot.local.simulator.discord.world import World

HIDDEN = 1 << 17
OF_VOICES = (2, 13)
OF_POSTS = (15, 16)


def channel(world: World, value: Channel, viewer_id: int | None = None) -> Json:
    """A channel, a thread or a direct message; the viewer's own membership of a thread is added for them."""
    if value.guild_id is None:
        others = [world.users[each] for each in value.recipients if each != viewer_id]
        return {
            "id": str(value.id),
            "type": value.type,
            "flags": value.flags,
            "last_message_id": _id(value.last_message_id),
            "recipients": [user(each) for each in others],
        }
    payload: Json = {
        "id": str(value.id),
        "type": value.type,
        "guild_id": str(value.guild_id),
        "name": value.name,
        "parent_id": _id(value.parent_id),
        "flags": value.flags,
        "rate_limit_per_user": value.rate_limit_per_user,
        "last_message_id": _id(value.last_message_id),
    }
    if value.last_pin_at is not None:
        payload["last_pin_timestamp"] = timestamp(value.last_pin_at)
    if value.thread is None:
        payload.update(
            position=value.position,
            topic=value.topic,
            nsfw=value.nsfw,
            permission_overwrites=[overwrite(each) for each in value.overwrites.values()],
        )
        if value.type in OF_VOICES:
            payload.update(bitrate=64_000, user_limit=0, rtc_region=None)
        if value.type in OF_POSTS:
            payload.update(
                available_tags=value.available_tags,
                default_reaction_emoji=None,
                default_sort_order=None,
                default_forum_layout=0,
                template="",
            )
        return payload
    thread = value.thread
    payload.update(
        owner_id=str(thread.owner_id),
        message_count=min(thread.message_count, 100_000),
        total_message_sent=thread.total_message_sent,
        member_count=min(len(thread.members), 50),
        thread_metadata={
            "archived": thread.archived,
            "archive_timestamp": timestamp(thread.archive_timestamp),
            "auto_archive_duration": thread.auto_archive_duration,
            "locked": thread.locked,
            "create_timestamp": timestamp(moment_of(value.id)),
        },
        member_ids_preview=[str(each) for each in list(thread.members)[:10]],
    )
    if value.type == 12:
        payload["thread_metadata"]["invitable"] = thread.invitable
    if thread.applied_tags:
        payload["applied_tags"] = [str(each) for each in thread.applied_tags]
    if viewer_id in thread.members:
        payload["member"] = thread_member(value, thread.members[viewer_id])
    return payload


def hidden_channel(value: Channel) -> Json:
    """A channel for users who must not see it ("channel obfuscation", mandatory since 2026-11-16)."""
    payload: Json = {
        "id": str(value.id),
        "type": value.type,
        "guild_id": str(value.guild_id),
        "name": "___hidden___",
        "parent_id": _id(value.parent_id),
        "position": value.position,
        "flags": HIDDEN,
        "permission_overwrites": [{"id": str(value.guild_id), "type": 0, "allow": "0", "deny": "1024"}],
    }
    if value.type in OF_POSTS:
        payload["available_tags"] = []
    return payload


def thread_member(channel: Channel, value: ThreadMember) -> Json:
    return {
        "id": str(channel.id),
        "user_id": str(value.user_id),
        "join_timestamp": timestamp(value.joined_at),
        "flags": 0,
        "muted": False,
        "mute_config": None,
    }


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)
