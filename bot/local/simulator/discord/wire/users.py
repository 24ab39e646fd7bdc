"""Users, members and roles as Discord writes them."""

from __future__ import annotations

from bot.local.simulator.discord.model import Json, Member, Overwrite, Role, User
from bot.local.simulator.discord.snowflakes import timestamp
from bot.local.simulator.discord.world import World


def user(value: User) -> Json:
    payload: Json = {
        "id": str(value.id),
        "username": value.username,
        "discriminator": _discriminator(value),
        "global_name": None if value.bot else value.display_name,
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }
    if value.bot or value.webhook:
        payload["bot"] = True
    return payload


def own_user(value: User) -> Json:
    """A user as that user sees it (`GET /users/@me`)."""
    return user(value) | {
        "bot": True,
        "verified": True,
        "mfa_enabled": False,
        "locale": "en-US",
        "premium_type": 0,
        "email": None,
        "bio": "",
    }


def member(world: World, value: Member, *, with_user: bool = True) -> Json:
    payload: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None
        if value.timed_out_until is None
        else timestamp(value.timed_out_until),
        "deaf": False,
        "flags": 0,
        "joined_at": timestamp(value.joined_at),
        "mute": False,
        "nick": value.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(each) for each in value.role_ids],
    }
    if with_user:
        payload["user"] = user(world.users[value.user_id])
    return payload


def role(value: Role) -> Json:
    payload: Json = {
        "id": str(value.id),
        "name": value.name,
        "permissions": str(value.permissions),
        "position": value.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": value.managed,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if value.bot_id is not None:
        payload["tags"] = {"bot_id": str(value.bot_id)}
    return payload


def overwrite(value: Overwrite) -> Json:
    return {"id": str(value.id), "type": value.type, "allow": str(value.allow), "deny": str(value.deny)}


def _discriminator(value: User) -> str:
    """Only bots still have a number behind their name; that of a webhook is 0000."""
    if value.webhook:
        return "0000"
    return f"{value.id % 9999 + 1:04}" if value.bot else "0"
