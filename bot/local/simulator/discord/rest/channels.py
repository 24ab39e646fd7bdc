"""Routes of channels and threads."""

from __future__ import annotations

from datetime import datetime

from bot.local.simulator.discord import channels, drafts, thread_members, threads, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Channel, Json, ThreadState
from bot.local.simulator.discord.rest.call import Call, Reply
from bot.local.simulator.discord.rest.guilds import thread_list
from bot.local.simulator.discord.snowflakes import timestamp


def get(call: Call) -> Json:
    return wire.channel(call.world, call.channel(), call.user.id)


def patch(call: Call) -> Json:
    channel = call.channel()
    if channel.thread is not None:
        threads.modify(call.world, channel, call.user, call.json)
    else:
        channels.modify(call.world, channel, call.user, call.json)
    return wire.channel(call.world, channel, call.user.id)


def delete(call: Call) -> Json:
    channel = call.channel()
    payload = wire.channel(call.world, channel, call.user.id)
    if channel.thread is not None:
        call.world.require(channel, call.user.id, bits.MANAGE_THREADS)
        threads.remove(call.world, channel)
    elif channel.guild_id is not None:
        call.world.require(channel, call.user.id, bits.MANAGE_CHANNELS)
        channels.remove(call.world, channel)
    return payload


def typing(call: Call) -> None:
    channels.type_in(call.world, call.channel(), call.user.id)


def thread_from_message(call: Call) -> Reply:
    made = threads.from_message(call.world, call.channel(), call.message(), call.user, call.json)
    return Reply(201, wire.channel(call.world, made, call.user.id))


def create_thread(call: Call) -> Reply:
    """A thread without a message, or a forum post with its first one."""
    channel = call.channel()
    if channel.type not in channels.OF_POSTS:
        made = threads.alone(call.world, channel, call.user, call.json)
        return Reply(201, wire.channel(call.world, made, call.user.id))
    body = call.json.get("message")
    if not isinstance(body, dict):
        raise invalid("message", "BASE_TYPE_REQUIRED", "This field is required")
    draft = drafts.parse(body, call.uploads)
    made, first = threads.post(call.world, channel, call.user, call.json, draft)
    return Reply(201, wire.channel(call.world, made, call.user.id) | {"message": call.show(first)})


def join(call: Call) -> None:
    thread_members.join(call.world, _open_thread(call), call.user.id)


def leave(call: Call) -> None:
    thread_members.leave(call.world, _open_thread(call), call.user.id)


def add_member(call: Call) -> None:
    thread = _open_thread(call)
    sending = bits.SEND_MESSAGES_IN_THREADS
    call.world.require(thread, call.user.id, sending)
    other = call.world.user(call.id("user_id"))
    if not call.world.permissions(thread, other.id) & bits.VIEW_CHANNEL:
        raise api_error(50001)
    threads.add(call.world, thread, other.id, call.user)


def remove_member(call: Call) -> None:
    thread = _open_thread(call)
    owns = thread.type == threads.PRIVATE and _state(thread).owner_id == call.user.id
    if not owns:
        call.world.require(thread, call.user.id, bits.MANAGE_THREADS)
    thread_members.leave(call.world, thread, call.id("user_id"))


def members(call: Call) -> list[Json]:
    thread = call.channel()
    return [wire.thread_member(thread, each) for each in _state(thread).members.values()]


def member(call: Call) -> Json:
    thread = call.channel()
    text = call.params["user_id"]
    user_id = call.user.id if text == "@me" else call.id("user_id")
    found = _state(thread).members.get(user_id)
    if found is None:
        raise api_error(10007)
    return wire.thread_member(thread, found)


def archived_public(call: Call) -> Json:
    return _archived(call, threads.PUBLIC, threads.NEWS)


def archived_private(call: Call) -> Json:
    call.world.require(call.channel(), call.user.id, bits.MANAGE_THREADS)
    return _archived(call, threads.PRIVATE)


def archived_joined(call: Call) -> Json:
    """The private ones that the bot is in, paged by id."""
    before = call.optional_id("before")
    found = [each for each in _ended(call, threads.PRIVATE) if call.user.id in _state(each).members]
    found = sorted(found, key=lambda each: each.id, reverse=True)
    return _page(call, [each for each in found if before is None or each.id < before])


def _archived(call: Call, *kinds: int) -> Json:
    call.require_history(call.channel())
    found = sorted(_ended(call, *kinds), key=lambda each: _state(each).archive_timestamp, reverse=True)
    if "before" in call.query:
        # A plus sign that was not encoded reads as a space.
        text = call.query["before"].replace(" ", "+")
        try:
            before = timestamp(datetime.fromisoformat(text).timestamp())
        except ValueError:
            message = "Value is not a valid ISO8601 timestamp."
            raise invalid("before", "DATE_TIME_TYPE_PARSE", message) from None
        found = [each for each in found if timestamp(_state(each).archive_timestamp) < before]
    return _page(call, found)


def _ended(call: Call, *kinds: int) -> list[Channel]:
    found = call.world.threads_of(call.channel().id)
    return [each for each in found if each.type in kinds and _state(each).archived]


def _page(call: Call, found: list[Channel]) -> Json:
    limit = call.limit(50, 100, least=2)
    payload = thread_list(call, found[:limit])
    order = {str(each.id): index for index, each in enumerate(found)}
    payload["threads"].sort(key=lambda each: order[each["id"]])
    return payload | {"has_more": len(found) > limit}


def _open_thread(call: Call) -> Channel:
    thread = call.channel()
    if _state(thread).archived:
        raise api_error(50083)
    return thread


def _state(thread: Channel) -> ThreadState:
    if thread.thread is None:
        raise api_error(50024)
    return thread.thread
