"""The search of a server's messages (resources/message, "Search Guild Messages").

Discord does not say how it tells words apart; here each word of the query has to stand in the text.
"""

from __future__ import annotations

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Channel, Guild, Json, Message
from bot.local.simulator.discord.rest.call import Call, Reply

MOST_FOUND = 25
MOST_OFFSET = 9975
MOST_WORDS_CHARACTERS = 1024
MOST_CHANNELS = 500
MOST_AUTHORS = 100
NOT_INDEXED = 110000

_KNOWN = frozenset(
    {
        "content",
        "author_id",
        "channel_id",
        "min_id",
        "max_id",
        "limit",
        "offset",
        "include_nsfw",
        "sort_order",
    }
)


def messages(call: Call) -> Json | Reply:
    """Messages that hold the words, the latest first: only what the bot may read, without reactions.

    202 while the server has no index yet; 50001 for a bot without the privileged intent, whose status and code are
    not documented.
    """
    world = call.world
    value = world.guild(call.id("guild_id"))
    if call.user.id not in value.members:
        raise api_error(10004)
    if not call.bot.privileged_intents & intents.MESSAGE_CONTENT:
        raise api_error(50001)
    words = call.query.get("content", "")
    if len(words) > MOST_WORDS_CHARACTERS:
        raise invalid(
            "content", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_WORDS_CHARACTERS} or fewer in length."
        )
    limit, offset = call.limit(MOST_FOUND, MOST_FOUND), _offset(call)
    wanted = _ids(call, "channel_id", MOST_CHANNELS)
    authors = _ids(call, "author_id", MOST_AUTHORS)
    for name in call.query:
        if name not in _KNOWN:
            raise NotImplementedError(f"the local Discord does not know the filter {name}")
    if world.index_waits > 0:
        world.index_waits -= 1
        body = {
            "message": "Index not yet available. Try again later",
            "code": NOT_INDEXED,
            "documents_indexed": 0,
            "retry_after": 1,
        }
        return Reply(202, body)
    found = [
        message
        for channel in _readable(call, value, wanted)
        for message in world.history(channel.id)
        if _fits(call, message, words, authors)
    ]
    found.sort(key=lambda each: each.id, reverse=call.query.get("sort_order", "desc") == "desc")
    page = found[offset : offset + limit]
    threads = [world.channels[each] for each in dict.fromkeys(each.channel_id for each in page)]
    threads = [each for each in threads if each.thread is not None]
    return {
        "doing_deep_historical_index": False,
        "total_results": len(found),
        "messages": [[_shown(call, each)] for each in page],
        "threads": [wire.channel(world, each, call.user.id) for each in threads],
        "members": [
            wire.thread_member(each, each.thread.members[call.user.id])
            for each in threads
            if each.thread is not None and call.user.id in each.thread.members
        ],
    }


def _readable(call: Call, value: Guild, wanted: frozenset[int]) -> list[Channel]:
    world, me = call.world, call.user.id
    with_nsfw = call.query.get("include_nsfw", "false") in ("true", "1")
    return [
        each
        for each in world.channels.values()
        if each.guild_id == value.id
        and world.can_view(each, me)
        and world.permissions(each, me) & bits.READ_MESSAGE_HISTORY
        and (not wanted or each.id in wanted)
        and (with_nsfw or not _ground(call, each).nsfw)
    ]


def _ground(call: Call, channel: Channel) -> Channel:
    return call.world.channels[channel.parent_id] if channel.thread and channel.parent_id else channel


def _fits(call: Call, message: Message, words: str, authors: frozenset[int]) -> bool:
    low, high = call.optional_id("min_id"), call.optional_id("max_id")
    return (
        all(word in message.content.casefold() for word in words.casefold().split())
        and (not authors or message.author.id in authors)
        and (low is None or message.id > low)
        and (high is None or message.id < high)
    )


def _shown(call: Call, message: Message) -> Json:
    payload = {key: value for key, value in call.show(message).items() if key != "reactions"}
    return payload | {"hit": True}


def _offset(call: Call) -> int:
    text = call.query.get("offset", "0")
    if not text.isdigit() or int(text) > MOST_OFFSET:
        raise invalid("offset", "NUMBER_TYPE_MAX", f"int value should be between 0 and {MOST_OFFSET}.")
    return int(text)


def _ids(call: Call, name: str, most: int) -> frozenset[int]:
    getall = getattr(call.query, "getall", None)
    texts = [str(each) for each in getall(name, [])] if getall else [call.query[name]] * (name in call.query)
    if len(texts) > most or len(set(texts)) < len(texts):
        raise invalid(name, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length, and unique.")
    if not all(each.isdigit() for each in texts):
        raise invalid(name, "NUMBER_TYPE_COERCE", "Value is not snowflake.")
    return frozenset(map(int, texts))
