"""Pinned messages (resources/message, "Get Channel Pins")."""

from __future__ import annotations

from bot.local.simulator.discord import intents, messages
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.drafts import Draft
from bot.local.simulator.discord.errors import api_error
from bot.local.simulator.discord.model import Channel, Json, Message, User
from bot.local.simulator.discord.snowflakes import timestamp
from bot.local.simulator.discord.world import Event, World

MOST_PINS = 50
# Message type "CHANNEL_PINNED_MESSAGE".
PINNED = 6


def pinned(world: World, channel: Channel) -> list[Message]:
    """The pinned messages, the latest pin first."""
    found = [each for each in reversed(world.history(channel.id)) if each.pinned]
    return sorted(found, key=since, reverse=True)


def since(message: Message) -> float:
    """When a message was pinned."""
    return message.at if message.pinned_at is None else message.pinned_at


def pin(world: World, channel: Channel, message: Message, user: User) -> None:
    """Pin a message; a system message in the channel names the user."""
    _check(world, channel, user)
    if message.pinned:
        return
    if len(pinned(world, channel)) >= MOST_PINS:
        raise api_error(30003)
    message.pinned = True
    channel.last_pin_at = message.pinned_at = world.clock()
    messages.tell(world, "MESSAGE_UPDATE", message)
    _tell(world, channel)
    reference = messages.reference_to(channel, message.id)
    note = messages.build(world, channel, user, Draft(), reference=reference, kind=PINNED)
    messages.publish(world, channel, note)


def unpin(world: World, channel: Channel, message: Message, user: User) -> None:
    """Unpin a message."""
    _check(world, channel, user)
    if message.pinned:
        message.pinned, message.pinned_at = False, None
        messages.tell(world, "MESSAGE_UPDATE", message)
        _tell(world, channel)


def _check(world: World, channel: Channel, user: User) -> None:
    world.require(channel, user.id, *([bits.PIN_MESSAGES] if channel.guild_id is not None else []))
    if channel.thread is not None and channel.thread.archived:
        raise api_error(50083)


def _tell(world: World, channel: Channel) -> None:
    data: Json = {
        "channel_id": str(channel.id),
        "last_pin_timestamp": None if channel.last_pin_at is None else timestamp(channel.last_pin_at),
    }
    if channel.guild_id is not None:
        data["guild_id"] = str(channel.guild_id)
    intent = intents.GUILDS if channel.guild_id is not None else intents.DIRECT_MESSAGES
    world.emit(Event("CHANNEL_PINS_UPDATE", data, channel.guild_id, channel.id, intent=intent))
