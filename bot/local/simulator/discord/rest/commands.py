"""Routes of application commands, global and of a server."""

from __future__ import annotations

from bot.local.simulator.discord import commands
from bot.local.simulator.discord.errors import api_error
from bot.local.simulator.discord.model import Application, Json
from bot.local.simulator.discord.rest.call import Call, Reply


def get_all(call: Call) -> list[Json]:
    found = commands.registered(_application(call), _guild_id(call))
    return [_shown(call, each) for each in found]


def put_all(call: Call) -> list[Json]:
    return commands.replace_all(call.world, _application(call), _guild_id(call), call.body)


def create(call: Call) -> Reply:
    made, is_new = commands.create(call.world, _application(call), _guild_id(call), call.json)
    return Reply(201 if is_new else 200, made)


def get(call: Call) -> Json:
    return _command(call)


def patch(call: Call) -> Json:
    return commands.modify(call.world, _application(call), _command(call), call.json)


def delete(call: Call) -> None:
    del _application(call).commands[int(_command(call)["id"])]


def _command(call: Call) -> Json:
    return commands.find(_application(call), call.id("command_id"), _guild_id(call))


def _application(call: Call) -> Application:
    """Only one's own: the id of the path must be the application's."""
    if call.id("application_id") != call.bot.id:
        raise api_error(20012)
    return call.bot


def _guild_id(call: Call) -> int | None:
    if "guild_id" not in call.params:
        return None
    guild = call.world.guild(call.id("guild_id"))
    if call.bot.user_id not in guild.members:
        raise api_error(50001)
    return guild.id


def _shown(call: Call, command: Json) -> Json:
    """The list holds translations only on demand."""
    if call.query.get("with_localizations", "").lower() in ("true", "1"):
        return command
    return {key: value for key, value in command.items() if not key.endswith("_localizations")}
