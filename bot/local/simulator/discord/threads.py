"""Threads: opening, changing and deleting, and who may (topics/threads, resources/channel)."""

from __future__ import annotations

from bot.local.simulator.discord import messages, thread_options, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.drafts import Draft
from bot.local.simulator.discord.errors import Problems, api_error
from bot.local.simulator.discord.model import Channel, Json, Message, ThreadMember, ThreadState, User
from bot.local.simulator.discord.thread_members import event, join, set_archived, state_of, updated
from bot.local.simulator.discord.world import World

NEWS, PUBLIC, PRIVATE = 10, 11, 12
OF_POSTS = (15, 16)
# Message types (resources/message, "Message Types").
RECIPIENT_ADD, NAME_CHANGE, CREATED = 1, 4, 18
REQUIRE_TAG = 1 << 4
PINNED = 1 << 1


def from_message(world: World, channel: Channel, message: Message, owner: User, body: Json) -> Channel:
    """Open the thread of a message; its id is the message's."""
    problems = Problems()
    thread_options.check(body, problems, named=True)
    problems.raise_if_any()
    world.require(channel, owner.id, bits.CREATE_PUBLIC_THREADS)
    if channel.type not in (0, 5):
        raise api_error(50024)
    if message.id in world.channels:
        raise api_error(160004)
    if message.type not in messages.WRITTEN:
        raise api_error(50021)
    thread = _new(world, channel, owner, body, NEWS if channel.type == 5 else PUBLIC, message.id)
    message.flags |= wire.HAS_THREAD
    _announce(world, thread)
    messages.tell(world, "MESSAGE_UPDATE", message)
    reference: Json = {
        "type": 0,
        "channel_id": str(channel.id),
        "message_id": str(message.id),
        "guild_id": str(channel.guild_id),
    }
    starter = messages.build(
        world, thread, message.author, Draft(), reference=reference, kind=messages.THREAD_STARTER
    )
    messages.publish(world, thread, starter)
    return thread


def alone(world: World, channel: Channel, owner: User, body: Json) -> Channel:
    """Open a thread without a message. Its type is private unless said otherwise, as Discord has it."""
    problems = Problems()
    thread_options.check(body, problems, named=True)
    kind = body.get("type")
    kind = PRIVATE if kind is None else kind
    if kind not in (NEWS, PUBLIC, PRIVATE):
        problems.add("type", "BASE_TYPE_CHOICES", "Value must be one of {10, 11, 12}.")
    problems.raise_if_any()
    if channel.type not in (0, 5):
        world.require(channel, owner.id)
        raise api_error(50024)
    world.require(
        channel, owner.id, bits.CREATE_PRIVATE_THREADS if kind == PRIVATE else bits.CREATE_PUBLIC_THREADS
    )
    thread = _new(world, channel, owner, body, kind, world.snowflakes.next())
    _announce(world, thread)
    if kind != PRIVATE:
        reference: Json = {"type": 0, "channel_id": str(thread.id), "guild_id": str(channel.guild_id)}
        note = messages.build(
            world, channel, owner, Draft(content=thread.name), reference=reference, kind=CREATED
        )
        messages.publish(world, channel, note)
    return thread


def post(world: World, forum: Channel, owner: User, body: Json, draft: Draft) -> tuple[Channel, Message]:
    """Open a forum post: the thread and its first message, both with the same id; SEND_MESSAGES is enough."""
    problems = Problems()
    thread_options.check(body, problems, named=True)
    problems.raise_if_any()
    world.require(forum, owner.id, bits.SEND_MESSAGES)
    if draft.empty:
        raise api_error(50006)
    if forum.flags & REQUIRE_TAG and not body.get("applied_tags"):
        raise api_error(40067)
    known = {int(tag["id"]) for tag in forum.available_tags}
    if not known.issuperset(int(each) for each in body.get("applied_tags") or ()):
        raise api_error(10087)
    thread = _new(world, forum, owner, body, PUBLIC, world.snowflakes.next())
    _announce(world, thread)
    first = messages.build(world, thread, owner, draft, message_id=thread.id)
    messages.publish(world, thread, first)
    return thread, first


def add(world: World, thread: Channel, user_id: int, by: User) -> None:
    """Add another user to a thread, with a system message."""
    if user_id in state_of(thread).members:
        return
    join(world, thread, user_id)
    note = messages.build(world, thread, by, Draft(), kind=RECIPIENT_ADD)
    note.mentions = [user_id]
    messages.publish(world, thread, note)


def modify(world: World, thread: Channel, user: User, body: Json) -> None:
    """PATCH of a thread: by its owner or with MANAGE_THREADS; an archived thread only if the change unarchives it."""
    state = state_of(thread)
    problems = Problems()
    thread_options.check(body, problems, named=False)
    problems.raise_if_any()
    world.require(thread, user.id)
    manages = bool(world.permissions(thread, user.id) & bits.MANAGE_THREADS)
    opens = body.get("archived") is False
    only_opens = set(body) <= {"archived", "locked"} and opens
    if not manages:
        if "locked" in body and body["locked"] != state.locked:
            raise api_error(50013)
        if "rate_limit_per_user" in body or (state.locked and opens):
            raise api_error(50013)
        if state.owner_id != user.id and not only_opens:
            raise api_error(50013)
    if state.archived and not opens:
        raise api_error(50083)
    renamed = body.get("name") is not None and str(body["name"]).strip() != thread.name
    _assign(world, thread, body)
    updated(world, thread)
    if renamed and not state.archived:
        note = messages.build(world, thread, user, Draft(content=thread.name), kind=NAME_CHANGE)
        messages.publish(world, thread, note)


def remove(world: World, thread: Channel) -> None:
    """Delete a thread with everything in it."""
    data = {
        "id": str(thread.id),
        "guild_id": str(thread.guild_id),
        "parent_id": str(thread.parent_id),
        "type": thread.type,
    }
    world.emit(event("THREAD_DELETE", data, thread, only=world.viewers(thread)))
    for message in world.history(thread.id):
        world.remove(message)
    del world.channels[thread.id]


def _assign(world: World, thread: Channel, body: Json) -> None:
    state = state_of(thread)
    if body.get("name") is not None:
        thread.name = str(body["name"]).strip()
    if body.get("archived") is not None:
        set_archived(world, thread, archived=bool(body["archived"]))
    if body.get("locked") is not None:
        state.locked = bool(body["locked"])
    if body.get("auto_archive_duration") is not None:
        state.auto_archive_duration = int(body["auto_archive_duration"])
    if body.get("invitable") is not None:
        state.invitable = bool(body["invitable"])
    if body.get("rate_limit_per_user") is not None:
        thread.rate_limit_per_user = int(body["rate_limit_per_user"])
    if body.get("applied_tags") is not None:
        state.applied_tags = [int(each) for each in body["applied_tags"]]
    if body.get("flags") is not None:
        thread.flags = thread.flags & ~PINNED | int(body["flags"]) & PINNED


def _new(world: World, parent: Channel, owner: User, body: Json, kind: int, thread_id: int) -> Channel:
    now = world.clock()
    state = ThreadState(
        owner_id=owner.id,
        archive_timestamp=now,
        auto_archive_duration=body.get("auto_archive_duration") or 4320,
        invitable=bool(body.get("invitable", True)),
        applied_tags=[int(each) for each in body.get("applied_tags") or ()],
        members={owner.id: ThreadMember(user_id=owner.id, joined_at=now)},
    )
    thread = Channel(
        id=thread_id,
        type=kind,
        guild_id=parent.guild_id,
        parent_id=parent.id,
        name=str(body["name"]).strip(),
        rate_limit_per_user=body.get("rate_limit_per_user") or 0,
        thread=state,
    )
    world.channels[thread_id] = thread
    if parent.type in OF_POSTS:
        parent.last_message_id = thread_id
    return thread


def _announce(world: World, thread: Channel) -> None:
    """THREAD_CREATE to everyone who sees it, with their own membership for its members."""
    for viewer in sorted(world.viewers(thread)):
        data = wire.channel(world, thread, viewer) | {"newly_created": True}
        world.emit(event("THREAD_CREATE", data, thread, only=frozenset({viewer})))
