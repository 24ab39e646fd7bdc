"""Routes of messages, reactions and pins."""

from __future__ import annotations

import datetime as dt

from bot.local.simulator.discord import drafts, pins, polls, posting, reactions, wire
from bot.local.simulator.discord import history as history_
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import invalid
from bot.local.simulator.discord.model import Json
from bot.local.simulator.discord.rest.call import Call
from bot.local.simulator.discord.snowflakes import timestamp


def create(call: Call) -> Json:
    channel = call.channel()
    draft = drafts.parse(call.json, call.uploads)
    posted = posting.post(call.world, channel, call.user, draft)
    return call.show(posted) | ({} if draft.nonce is None else {"nonce": draft.nonce})


def history(call: Call) -> list[Json]:
    """A page, newest first; empty without READ_MESSAGE_HISTORY, which is no error."""
    channel = call.channel()
    limit = call.limit(50, 100)
    if not call.world.permissions(channel, call.user.id) & bits.READ_MESSAGE_HISTORY:
        return []
    found = history_.page(
        call.world,
        channel,
        limit,
        before=call.optional_id("before"),
        after=call.optional_id("after"),
        around=call.optional_id("around"),
    )
    return [call.show(each) for each in found]


def get(call: Call) -> Json:
    call.require_history(call.channel())
    return call.show(call.message())


def patch(call: Call) -> Json:
    message = call.message()
    was_v2 = bool(message.flags & drafts.COMPONENTS_V2)
    draft = drafts.parse(call.json, call.uploads, flags=drafts.EDIT_FLAGS, was_v2=was_v2)
    return call.show(posting.edit(call.world, call.channel(), message, call.user.id, draft))


def delete(call: Call) -> None:
    posting.delete(call.world, call.channel(), call.message(), call.user.id)


def end_poll(call: Call) -> Json:
    message = call.message()
    polls.end(call.world, call.channel(), message, call.user)
    return call.show(message)


def voters(call: Call) -> Json:
    call.require_history(call.channel())
    poll = call.message().poll
    found = [] if poll is None else poll.votes.get(call.id("answer_id"), [])
    after = call.optional_id("after") or 0
    page = sorted(each for each in found if each > after)[: call.limit(25, 100)]
    return {"users": [wire.user(call.world.users[each]) for each in page]}


def bulk_delete(call: Call) -> None:
    ids = call.json.get("messages")
    if not isinstance(ids, list) or not all(str(each).isdigit() for each in ids):
        raise invalid("messages", "BASE_TYPE_REQUIRED", "This field is required")
    posting.bulk_delete(call.world, call.channel(), [int(each) for each in ids], call.user.id)


def react(call: Call) -> None:
    emoji = reactions.emoji_of(call.params["emoji"])
    reactions.add(call.world, call.channel(), call.message(), call.user.id, emoji)


def unreact(call: Call) -> None:
    emoji = reactions.emoji_of(call.params["emoji"])
    text = call.params["user_id"]
    user_id = call.user.id if text == "@me" else call.id("user_id")
    reactions.remove(call.world, call.channel(), call.message(), user_id, emoji, call.user.id)


def reactors(call: Call) -> list[Json]:
    call.require_history(call.channel())
    emoji = reactions.emoji_of(call.params["emoji"])
    found = [each.users for each in call.message().reactions if each.emoji == emoji]
    return [wire.user(call.world.users[each]) for users in found for each in users][: call.limit(25, 100)]


def clear_reactions(call: Call) -> None:
    emoji = reactions.emoji_of(call.params["emoji"]) if "emoji" in call.params else None
    reactions.clear(call.world, call.channel(), call.message(), call.user.id, emoji)


def list_pins(call: Call) -> Json:
    call.require_history(call.channel())
    limit = call.limit(50, 50)
    found = pins.pinned(call.world, call.channel())
    if "before" in call.query:
        found = [each for each in found if timestamp(pins.since(each)) < _iso(call.query["before"])]
    items = [{"pinned_at": timestamp(pins.since(each)), "message": call.show(each)} for each in found[:limit]]
    return {"items": items, "has_more": len(found) > limit}


def _iso(text: str) -> str:
    try:
        return timestamp(dt.datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise invalid(
            "before", "DATE_TIME_TYPE_PARSE", f"Could not parse {text}. Should be ISO8601."
        ) from error


def list_pins_as_before(call: Call) -> list[Json]:
    """The deprecated list of all pins."""
    call.require_history(call.channel())
    return [call.show(each) for each in pins.pinned(call.world, call.channel())]


def pin(call: Call) -> None:
    pins.pin(call.world, call.channel(), call.message(), call.user)


def unpin(call: Call) -> None:
    pins.unpin(call.world, call.channel(), call.message(), call.user)
