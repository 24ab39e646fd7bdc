"""The options of a command: from user input to the interaction's data, checked as in a client."""

from __future__ import annotations

from typing import Any

from bot.local.simulator.discord import attachments, commands, wire
from bot.local.simulator.discord.errors import ApiError, api_error, invalid
from bot.local.simulator.discord.model import Attachment, Channel, Json
from bot.local.simulator.discord.world import World

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)


def collect(
    world: World,
    channel: Channel,
    level: Json,
    path: list[str],
    values: Json,
    resolved: Json,
    *,
    user_id: int,
    focused: str | None,
) -> list[Json]:
    """The options as the interaction of a user tells them: through subcommands down to the values."""
    known = {each["name"]: each for each in level.get("options") or ()}
    if path:
        inner = known.get(path[0])
        if inner is None or inner["type"] not in (commands.SUBCOMMAND, commands.GROUP):
            raise ApiError(404, 10063, f"The command {level['name']!r} has no subcommand {path[0]!r}.")
        payload = collect(world, channel, inner, path[1:], values, resolved, user_id=user_id, focused=focused)
        return [{"name": inner["name"], "type": inner["type"], "options": payload}]
    if any(each["type"] in (commands.SUBCOMMAND, commands.GROUP) for each in known.values()):
        raise ApiError(
            404, 10063, f"The command {level['name']!r} needs one of its subcommands: {', '.join(known)}."
        )
    for name in values:
        if name not in known:
            text = f"The command {level['name']!r} has no option {name!r}."
            raise invalid(name, "APPLICATION_COMMAND_OPTION_UNKNOWN", text)
    payload = []
    for name, option in known.items():
        if name == focused:
            typed = str(values.get(name) or "")
            payload.append({"name": name, "type": option["type"], "value": typed, "focused": True})
        elif values.get(name) is not None:
            value = _value(world, channel, option, values[name], resolved, user_id)
            payload.append({"name": name, "type": option["type"], "value": value})
        elif option.get("required") and focused is None:
            raise invalid(name, "BASE_TYPE_REQUIRED", f"The option {name!r} is required.")
    return payload


def _value(world: World, channel: Channel, option: Json, value: Any, resolved: Json, user_id: int) -> Any:
    kind, name = option["type"], option["name"]
    try:
        if choices := option.get("choices"):
            value = _of_choices(choices, value)
        if kind == STRING:
            return _bounded(str(value), len(str(value)), option, "min_length", "max_length")
        if kind == INTEGER:
            return _bounded(int(value), int(value), option, "min_value", "max_value")
        if kind == NUMBER:
            return _bounded(float(value), float(value), option, "min_value", "max_value")
        if kind == BOOLEAN:
            return {"true": True, "false": False}[str(value).lower()]
        if kind == ATTACHMENT:
            return _resolve_file(world, channel, value, resolved)
        if kind == CHANNEL:
            _check_type(world.channels[int(value)], option)
        return resolve(world, channel, kind, int(value), resolved, user_id)
    except (ValueError, TypeError, KeyError):
        text = f"The option {name!r} does not take {value!r}."
        raise invalid(name, "APPLICATION_COMMAND_OPTION_INVALID", text) from None


def _check_type(target: Channel, option: Json) -> None:
    """A client shows only channels of the option's types (Discord, "Application Command Option Structure")."""
    types = option.get("channel_types")
    if types and target.type not in types:
        raise ValueError


def _of_choices(choices: list[Json], value: Any) -> Any:
    for choice in choices:
        if value in (choice["value"], choice["name"]):
            return choice["value"]
    raise ValueError


def _bounded(value: Any, measure: float, option: Json, least: str, most: str) -> Any:
    if (option.get(least) is not None and measure < option[least]) or (
        option.get(most) is not None and measure > option[most]
    ):
        raise ValueError
    return value


def resolve(world: World, channel: Channel, kind: int, target_id: int, resolved: Json, user_id: int) -> str:
    if kind in (USER, MENTIONABLE) and target_id in world.users:
        return resolve_user(world, channel, target_id, resolved)
    if kind == CHANNEL:
        target = world.channels[target_id]
        payload = wire.channel(world, target) | {"permissions": str(world.permissions(target, user_id))}
        resolved.setdefault("channels", {})[str(target_id)] = payload
    elif channel.guild_id is not None:
        role = world.guilds[channel.guild_id].roles[target_id]
        resolved.setdefault("roles", {})[str(target_id)] = wire.role(role)
    else:
        raise ValueError
    return str(target_id)


def resolve_user(world: World, channel: Channel, target_id: int, resolved: Json) -> str:
    resolved.setdefault("users", {})[str(target_id)] = wire.user(world.user(target_id))
    guild = world.guilds.get(channel.guild_id or 0)
    if guild is not None and target_id in guild.members:
        payload = wire.member(world, guild.members[target_id], with_user=False)
        payload["permissions"] = str(world.permissions(channel, target_id))
        resolved.setdefault("members", {})[str(target_id)] = payload
    return str(target_id)


def _resolve_file(world: World, channel: Channel, file: tuple[str, str, bytes], resolved: Json) -> str:
    name, content_type, content = file
    if len(content) > attachments.FILE_BYTES:
        raise api_error(40005)
    value = Attachment(
        id=world.snowflakes.next(),
        channel_id=channel.id,
        filename=name,
        content_type=content_type,
        content=content,
    )
    world.loose_files[value.id] = value
    resolved.setdefault("attachments", {})[str(value.id)] = attachments.wire(world, value)
    return str(value.id)
