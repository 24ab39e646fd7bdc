"""The state for the page: servers, channels, threads, people, applications, direct messages."""

from __future__ import annotations

from collections.abc import Callable

from bot.local.simulator.discord import permissions, stickers
from bot.local.simulator.discord.model import Channel, Json
from bot.local.simulator.discord.world import World

# The colours of the users' names, dealt out in turn.
_COLORS = ("#f47fff", "#3ba55d", "#faa61a", "#5865f2", "#ed4245", "#45ddc0", "#e67e22")


def of(world: World, online: Callable[[int], bool], viewer_id: int | None = None) -> Json:
    """A summary of a world, or of the part that a viewer sees; `online` returns the presence of an application."""
    people = [each for each in world.users.values() if not each.bot and not _owns(world, each.id)]
    return {
        "guilds": [_guild(world, each, viewer_id) for each in world.guilds],
        "users": [
            {
                "id": str(each.id),
                "username": each.username,
                "display_name": each.display_name or each.username,
                "color": _COLORS[index % len(_COLORS)],
                "permissions": str(_permissions(world, each.id)),
            }
            for index, each in enumerate(people)
        ],
        "applications": [
            {
                "id": str(each.id),
                "user_id": str(each.user_id),
                "name": each.name,
                "online": online(each.id),
            }
            for each in world.applications.values()
        ],
        "dms": [dm for each in world.channels.values() if (dm := _direct(world, each)) is not None],
    }


def _guild(world: World, guild_id: int, viewer_id: int | None) -> Json:
    guild = world.guilds[guild_id]
    found = [each for each in world.channels.values() if each.guild_id == guild_id and not each.thread]
    found = sorted(_seen(world, found, viewer_id), key=lambda each: each.position)
    payload = [_channel(world, each, viewer_id) for each in found]
    own = [stickers.item(each) for each in world.stickers.values() if each.guild_id == guild_id]
    roles = [{"id": str(each.id), "name": each.name} for each in guild.roles.values()]
    return {"id": str(guild.id), "name": guild.name, "channels": payload, "stickers": own, "roles": roles}


def _channel(world: World, channel: Channel, viewer_id: int | None) -> Json:
    payload = {"id": str(channel.id), "name": channel.name, "type": channel.type}
    seen = _seen(world, world.threads_of(channel.id), viewer_id)
    return payload | {"threads": [_thread_line(each) for each in seen]}


def _seen(world: World, channels: list[Channel], viewer_id: int | None) -> list[Channel]:
    return [each for each in channels if viewer_id is None or world.can_view(each, viewer_id)]


def _direct(world: World, channel: Channel) -> Json | None:
    applications = [world.application_of(each) for each in channel.recipients]
    application = next((each for each in applications if each is not None), None)
    if channel.guild_id is not None or application is None:
        return None
    user_id = next((each for each in channel.recipients if each != application.user_id), None)
    return {"id": str(channel.id), "user_id": str(user_id), "application_id": str(application.id)}


def _owns(world: World, user_id: int) -> bool:
    return any(each.owner_id == user_id for each in world.guilds.values())


def _permissions(world: World, user_id: int) -> int:
    return next((permissions.in_guild(each, user_id) for each in world.guilds.values()), 0)


def _thread_line(thread: Channel) -> Json:
    state = thread.thread
    return {
        "id": str(thread.id),
        "name": thread.name,
        "archived": bool(state and state.archived),
        "locked": bool(state and state.locked),
        "private": thread.type == 12,
        "last_message_id": None if thread.last_message_id is None else str(thread.last_message_id),
        "message_count": 0 if state is None else state.message_count,
    }
