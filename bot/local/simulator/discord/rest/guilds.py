"""Routes of servers, their members, roles and active threads."""

from __future__ import annotations

from bot.local.simulator.discord import channels, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Channel, Guild, Json
from bot.local.simulator.discord.rest.call import Call

MOST_QUERY_CHARACTERS = 100


def guild(call: Call) -> Json:
    value = _guild(call)
    payload = wire.guild(value)
    if call.query.get("with_counts") in ("true", "1"):
        payload.update(approximate_member_count=len(value.members), approximate_presence_count=1)
    return payload


def guild_channels(call: Call) -> list[Json]:
    world, value = call.world, _guild(call)
    found = [each for each in world.channels.values() if each.guild_id == value.id and each.thread is None]
    return [wire.channel(world, each) for each in found if world.can_view(each, call.user.id)]


def create_channel(call: Call) -> Json:
    value = _guild(call)
    if not bits.in_guild(value, call.user.id) & bits.MANAGE_CHANNELS:
        raise api_error(50013)
    name = call.json.get("name")
    if not name or len(str(name)) > 100:
        raise invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    made = channels.create(call.world, value, str(name), int(call.json.get("type") or 0))
    return wire.channel(call.world, made)


def roles(call: Call) -> list[Json]:
    return [wire.role(each) for each in _guild(call).roles.values()]


def member(call: Call) -> Json:
    value = _guild(call)
    found = value.members.get(call.world.user(call.id("user_id")).id)
    if found is None:
        raise api_error(10007)
    return wire.member(call.world, found)


def active_threads(call: Call) -> Json:
    world, value = call.world, _guild(call)
    found = [
        each
        for each in world.channels.values()
        if each.guild_id == value.id and each.thread and not each.thread.archived
    ]
    return thread_list(call, [each for each in found if world.can_view(each, call.user.id)])


def thread_list(call: Call, found: list[Channel]) -> Json:
    """Threads as the listing routes give them: with the bot's own memberships beside them."""
    found = sorted(found, key=lambda each: each.id, reverse=True)
    mine = [
        wire.thread_member(each, each.thread.members[call.user.id])
        for each in found
        if each.thread and call.user.id in each.thread.members
    ]
    return {"threads": [wire.channel(call.world, each, call.user.id) for each in found], "members": mine}


def search_members(call: Call) -> list[Json]:
    """Members whose username or nickname begins with the query ("Search Guild Members")."""
    value = _guild(call)
    query = call.query.get("query", "")
    if not 1 <= len(query) <= MOST_QUERY_CHARACTERS:
        raise invalid("query", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    beginning = query.casefold()
    found = [
        each
        for each in value.members.values()
        if call.world.users[each.user_id].username.casefold().startswith(beginning)
        or (each.nick or "").casefold().startswith(beginning)
    ]
    return [wire.member(call.world, each) for each in found[: call.limit(1, 1000)]]


def _guild(call: Call) -> Guild:
    value = call.world.guild(call.id("guild_id"))
    if call.user.id not in value.members:
        raise api_error(10004)
    return value
