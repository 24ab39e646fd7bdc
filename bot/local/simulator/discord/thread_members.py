"""The members of a thread, and whether a thread is archived (topics/threads, resources/channel)."""

from __future__ import annotations

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import api_error
from bot.local.simulator.discord.model import Channel, Json, ThreadMember, ThreadState
from bot.local.simulator.discord.world import Event, World

MOST_MEMBERS = 1000


def join(world: World, thread: Channel, user_id: int) -> None:
    """Add a user to a thread; no effect on a member."""
    state = state_of(thread)
    if user_id in state.members:
        return
    if len(state.members) >= MOST_MEMBERS:
        raise api_error(30033)
    seen_before = world.can_view(thread, user_id)
    member = ThreadMember(user_id=user_id, joined_at=world.clock())
    state.members[user_id] = member
    if not seen_before:
        created = wire.channel(world, thread, user_id)
        world.emit(event("THREAD_CREATE", created, thread, only=frozenset({user_id})))
    guild = world.guilds[thread.guild_id or 0]
    payload = wire.thread_member(thread, member) | {
        "member": wire.member(world, guild.members[user_id]),
        "presence": None,
    }
    _members_update(world, thread, added=[payload])


def leave(world: World, thread: Channel, user_id: int) -> None:
    """Remove a user from a thread; 10007 if the user is not a member."""
    state = state_of(thread)
    if user_id not in state.members:
        raise api_error(10007)
    del state.members[user_id]
    _members_update(world, thread, removed=[user_id])


def wake(world: World, thread: Channel, user_id: int) -> None:
    """Unarchive a thread before a message; a locked thread only for moderators."""
    state = state_of(thread)
    if state.locked and not world.permissions(thread, user_id) & bits.MANAGE_THREADS:
        raise api_error(160005)
    if state.archived:
        set_archived(world, thread, archived=False)
        updated(world, thread)
        for member in state.members.values():
            data = wire.thread_member(thread, member) | {"guild_id": str(thread.guild_id)}
            world.emit(event("THREAD_MEMBER_UPDATE", data, thread, only=frozenset({member.user_id})))


def set_archived(world: World, thread: Channel, *, archived: bool) -> None:
    state = state_of(thread)
    if state.archived != archived:
        state.archived = archived
        state.archive_timestamp = world.clock()


def updated(world: World, thread: Channel) -> None:
    """Emit the event of a changed thread."""
    world.emit(event("THREAD_UPDATE", wire.channel(world, thread), thread))


def _members_update(
    world: World, thread: Channel, *, added: list[Json] | None = None, removed: list[int] | None = None
) -> None:
    """THREAD_MEMBERS_UPDATE: to the concerned users without, to others with GUILD_MEMBERS."""
    data: Json = {
        "id": str(thread.id),
        "guild_id": str(thread.guild_id),
        "member_count": min(len(state_of(thread).members), 50),
    }
    if added:
        data["added_members"] = added
    if removed:
        data["removed_member_ids"] = [str(each) for each in removed]
    about = frozenset([int(each["user_id"]) for each in added or ()] + (removed or []))
    world.emit(event("THREAD_MEMBERS_UPDATE", data, thread, only=about))
    others = world.viewers(thread) - about
    world.emit(event("THREAD_MEMBERS_UPDATE", data, thread, only=others, intent=intents.GUILD_MEMBERS))


def event(
    name: str,
    data: Json,
    thread: Channel,
    *,
    only: frozenset[int] | None = None,
    intent: int = intents.GUILDS,
) -> Event:
    return Event(name, data, thread.guild_id, thread.id, only, intent)


def state_of(thread: Channel) -> ThreadState:
    if thread.thread is None:
        raise api_error(50024)
    return thread.thread
