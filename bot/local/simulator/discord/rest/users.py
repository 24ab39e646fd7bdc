"""Routes of users and applications."""

from __future__ import annotations

from bot.local.simulator.discord import channels, guilds, intents, wire
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Json
from bot.local.simulator.discord.rest.call import Call


def me(call: Call) -> Json:
    return wire.own_user(call.user)


def user(call: Call) -> Json:
    return wire.user(call.world.user(call.id("user_id")))


def application(call: Call) -> Json:
    return wire.application(call.world, call.bot)


def edit_application(call: Call) -> Json:
    """Change the application; of its flags only those of the limited intents."""
    value, body = call.bot, call.json
    if "flags" in body:
        flags = body["flags"] or 0
        if not isinstance(flags, int) or intents.application_flags(intents.privileged_of(flags)) != flags:
            raise invalid("flags", "BASE_TYPE_BAD_INT", "Only the flags of limited intents can be changed.")
        value.privileged_intents = intents.privileged_of(flags)
    if "interactions_endpoint_url" in body:
        value.interactions_endpoint_url = body["interactions_endpoint_url"]
    link = body.get("install_params")
    if config := (body.get("integration_types_config") or {}).get("0"):
        link = config.get("oauth2_install_params")
    if link is not None:
        value.install_params = {"scopes": list(link["scopes"]), "permissions": str(link["permissions"])}
    return wire.application(call.world, value)


def my_guilds(call: Call) -> list[Json]:
    mine = [each for each in call.world.guilds.values() if call.user.id in each.members]
    return [
        {"id": str(each.id), "name": each.name, "icon": None, "owner": False, "features": []} for each in mine
    ]


def leave_guild(call: Call) -> None:
    guild = call.world.guild(call.id("guild_id"))
    if call.user.id not in guild.members:
        raise api_error(10004)
    guilds.leave(call.world, guild, call.user)


def open_dm(call: Call) -> Json:
    text = str(call.json.get("recipient_id", ""))
    if not text.isdigit():
        raise invalid("recipient_id", "BASE_TYPE_REQUIRED", "This field is required")
    other = call.world.user(int(text))
    if other.id == call.user.id or other.bot:
        raise api_error(50007)
    return wire.channel(call.world, channels.open_dm(call.world, call.user.id, other.id), call.user.id)


def gateway_bot(call: Call) -> Json:
    return {
        "url": call.world.gateway_url,
        "shards": call.world.shards,
        "session_start_limit": {
            "total": 1000,
            "remaining": 1000,
            "reset_after": 86_400_000,
            "max_concurrency": call.world.max_concurrency,
        },
    }


def gateway(call: Call) -> Json:
    return {"url": call.world.gateway_url}
