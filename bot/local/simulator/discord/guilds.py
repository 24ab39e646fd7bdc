"""Creating and changing servers, roles, members, users and applications."""

from __future__ import annotations

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.model import Application, Guild, Json, Member, Role, User
from bot.local.simulator.discord.world import Event, World


def create(world: World, name: str, everyone: int = bits.DEFAULT_EVERYONE) -> Guild:
    """A new server, owned by a user without an actor, with `everyone` as the permissions of @everyone."""
    owner = add_user(world, f"owner of {name}"[:32], "The owner")
    guild_id = world.snowflakes.next()
    role = Role(id=guild_id, name="@everyone", permissions=everyone)
    guild = Guild(id=guild_id, name=name, owner_id=owner.id, roles={guild_id: role})
    guild.members[owner.id] = Member(user_id=owner.id, joined_at=world.clock())
    world.guilds[guild_id] = guild
    return guild


def add_user(world: World, username: str, display_name: str | None = None, *, bot: bool = False) -> User:
    user = User(id=world.snowflakes.next(), username=username, display_name=display_name, bot=bot)
    world.users[user.id] = user
    return user


def add_application(world: World, name: str, token: str, privileged_intents: int) -> Application:
    """An application and its bot user."""
    user = add_user(world, name, bot=True)
    application = Application(
        id=world.snowflakes.next(),
        user_id=user.id,
        name=name,
        token=token,
        privileged_intents=privileged_intents,
    )
    world.applications[application.id] = application
    return application


def add_role(world: World, guild: Guild, name: str, permissions: int, *, bot_id: int | None = None) -> Role:
    """Add a role; that of a bot is managed by Discord."""
    role = Role(
        id=world.snowflakes.next(),
        name=name,
        permissions=permissions,
        position=len(guild.roles),
        managed=bot_id is not None,
        bot_id=bot_id,
    )
    guild.roles[role.id] = role
    data = {"guild_id": str(guild.id), "role": wire.role(role)}
    world.emit(Event("GUILD_ROLE_CREATE", data, guild.id, intent=intents.GUILDS))
    return role


def give_role(world: World, guild: Guild, role: Role, user: User) -> None:
    """Give a member a role."""
    member = guild.members[user.id]
    member.role_ids = [*member.role_ids, role.id]
    data = wire.member(world, member) | {"guild_id": str(guild.id)}
    world.emit(Event("GUILD_MEMBER_UPDATE", data, guild.id, intent=intents.GUILD_MEMBERS))


def remove_role(world: World, guild: Guild, role: Role) -> None:
    """Delete a role; its members lose it, and overwrites for it stay without effect."""
    del guild.roles[role.id]
    for member in guild.members.values():
        member.role_ids = [each for each in member.role_ids if each != role.id]
    data: Json = {"guild_id": str(guild.id), "role_id": str(role.id)}
    world.emit(Event("GUILD_ROLE_DELETE", data, guild.id, intent=intents.GUILDS))


def set_permissions(world: World, guild: Guild, role: Role, permissions: int) -> None:
    """Change what a role grants."""
    role.permissions = permissions
    data = {"guild_id": str(guild.id), "role": wire.role(role)}
    world.emit(Event("GUILD_ROLE_UPDATE", data, guild.id, intent=intents.GUILDS))


def join(world: World, guild: Guild, user: User, permissions: int | None = None) -> Member:
    """Make somebody a member, with a role of their own for the given permissions (a bot's is managed)."""
    roles: list[int] = []
    if permissions:
        roles = [add_role(world, guild, user.username, permissions, bot_id=user.id if user.bot else None).id]
    member = Member(user_id=user.id, role_ids=roles, joined_at=world.clock())
    guild.members[user.id] = member
    others = frozenset(guild.members) - {user.id}
    data = wire.member(world, member) | {"guild_id": str(guild.id)}
    world.emit(Event("GUILD_MEMBER_ADD", data, guild.id, only=others, intent=intents.GUILD_MEMBERS))
    if user.bot:
        whole = wire.guild_create(world, guild, user.id)
        only = frozenset({user.id})
        world.emit(Event("GUILD_CREATE", whole, guild.id, only=only, intent=intents.GUILDS))
    return member


def time_out(world: World, guild: Guild, user: User, until: float | None) -> None:
    """Time a member out until a moment, or end the time-out; a bot gets its own event without the members intent."""
    member = guild.members[user.id]
    member.timed_out_until = until
    data = wire.member(world, member) | {"guild_id": str(guild.id)}
    only = frozenset({user.id})
    world.emit(Event("GUILD_MEMBER_UPDATE", data, guild.id, only=only, intent=intents.GUILDS))
    others = frozenset(guild.members) - only
    world.emit(Event("GUILD_MEMBER_UPDATE", data, guild.id, only=others, intent=intents.GUILD_MEMBERS))


def leave(world: World, guild: Guild, user: User) -> None:
    """Remove a member from a server; a bot gets GUILD_DELETE."""
    del guild.members[user.id]
    only = frozenset({user.id})
    if user.bot:
        data: Json = {"id": str(guild.id)}
        world.emit(Event("GUILD_DELETE", data, guild.id, only=only, intent=intents.GUILDS))
    removed = {"guild_id": str(guild.id), "user": wire.user(user)}
    world.emit(Event("GUILD_MEMBER_REMOVE", removed, guild.id, intent=intents.GUILD_MEMBERS))
