"""Forwards: a copy of a message, made by the server when it is forwarded, which nothing changes later.

Source: resources/message, "Message Reference Types", "Message Snapshot Object".
"""

from __future__ import annotations

from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.drafts import Draft
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Forwarded, Json, Message
from bot.local.simulator.discord.world import World

FORWARD = 1
"""The type of the reference of a forward."""

HAS_SNAPSHOT = 1 << 14
FORWARDABLE = frozenset({0, 19, 20, 23})


def is_forward(draft: Draft) -> bool:
    """Whether a draft forwards a message."""
    return draft.reference is not None and draft.reference.get("type") == FORWARD


def original_of(world: World, author_id: int, draft: Draft) -> Message:
    """The message that a draft forwards; raises if the author cannot read it, or if it cannot be forwarded."""
    reference = draft.reference or {}
    if draft.content or draft.embeds or draft.uploads or draft.components or draft.sticker_ids or draft.poll:
        text = "A forward cannot have content of its own"
        raise invalid("message_reference", "MESSAGE_REFERENCE_FORWARD_WITH_CONTENT", text)
    channel = world.visible_channel(int(reference["channel_id"]), author_id)
    if not world.permissions(channel, author_id) & bits.READ_MESSAGE_HISTORY:
        raise api_error(160014)
    original = world.message(channel.id, int(reference["message_id"]))
    if original.type not in FORWARDABLE or original.poll is not None:
        text = "This message cannot be forwarded"
        raise invalid("message_reference", "MESSAGE_REFERENCE_NOT_FORWARDABLE", text)
    return original


def reference_to(original: Message) -> Json:
    """The reference of a forward to its original."""
    payload: Json = {
        "type": FORWARD,
        "channel_id": str(original.channel_id),
        "message_id": str(original.id),
    }
    if original.guild_id is not None:
        payload["guild_id"] = str(original.guild_id)
    return payload


def snapshot_of(original: Message) -> Forwarded:
    """The copy of a message; of a forward, the copy that it holds, since copies do not nest."""
    if original.forwarded is not None:
        return original.forwarded.model_copy(deep=True)
    return Forwarded(
        type=original.type,
        content=original.content,
        at=original.at,
        edited_at=original.edited_at,
        mentions=list(original.mentions),
        mention_roles=list(original.mention_roles),
        attachments=list(original.attachments),
        embeds=[dict(each) for each in original.embeds],
        components=[dict(each) for each in original.components],
        sticker_items=[dict(each) for each in original.sticker_items],
        flags=original.flags,
    )
