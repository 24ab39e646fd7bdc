"""What users set off: commands, context menus, components, modals, autocompletion, each an INTERACTION_CREATE."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from bot.simulator.discord import commands, components, modals, wire
from bot.simulator.discord.attachments import FILE_BYTES
from bot.simulator.discord.attachments import wire as attachment_wire
from bot.simulator.discord.errors import ApiError, invalid, refusal
from bot.simulator.discord.model import Application, Attachment, Channel, Interaction, Json, Message
from bot.simulator.discord.world import Event, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
# An interaction's token is good for fifteen minutes.
LIFETIME_S = 15 * 60.0
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)


def command(world: World, channel: Channel, user_id: int, name: str, options: Json) -> Interaction:
    """Run a slash command, `name` with its subcommands: `system set`.

    Raises what the client would say: 10063 for a command that does not exist or is not offered to this user here
    (50013 if it is for lack of permissions), 50035 for wrong options.
    """
    root, *path = name.split()
    application, found = _choose(world, channel, user_id, root, commands.SLASH)
    resolved: Json = {}
    told = _options(world, channel, found, path, options, resolved, focused=None)
    data = _command_data(found, told, resolved)
    return _begin(world, application, COMMAND, channel, user_id, data)


def autocomplete(
    world: World, channel: Channel, user_id: int, name: str, options: Json, focused: str
) -> Interaction:
    """Ask for the choices of one option while it is typed."""
    root, *path = name.split()
    application, found = _choose(world, channel, user_id, root, commands.SLASH)
    told = _options(world, channel, found, path, options, {}, focused=focused)
    return _begin(world, application, AUTOCOMPLETE, channel, user_id, _command_data(found, told, {}))


def on_message(world: World, channel: Channel, user_id: int, name: str, message: Message) -> Interaction:
    """Run a context-menu command on a message."""
    application, found = _choose(world, channel, user_id, name, commands.MESSAGE)
    resolved = {"messages": {str(message.id): wire.message(world, message, application.user_id)}}
    data = _command_data(found, [], resolved) | {"target_id": str(message.id)}
    return _begin(world, application, COMMAND, channel, user_id, data)


def on_user(world: World, channel: Channel, user_id: int, name: str, target_id: int) -> Interaction:
    """Run a context-menu command on a user."""
    application, found = _choose(world, channel, user_id, name, commands.USER)
    resolved: Json = {}
    _resolve_user(world, channel, target_id, resolved)
    data = _command_data(found, [], resolved) | {"target_id": str(target_id)}
    return _begin(world, application, COMMAND, channel, user_id, data)


def component(
    world: World,
    channel: Channel,
    user_id: int,
    message: Message,
    custom_id: str,
    values: Sequence[str] | None,
) -> Interaction:
    """Press a button (no values) or choose in a select menu."""
    if message.ephemeral_for not in (None, user_id):
        raise refusal(10008)
    application = world.applications.get(message.application_id or 0) or world.application_of(
        message.author.id
    )
    found = components.find(message.components, custom_id)
    if application is None or found is None:
        raise invalid(
            "custom_id", "COMPONENT_VALIDATION_FAILED", f"The message has no component {custom_id!r}."
        )
    if found.get("disabled"):
        raise invalid("custom_id", "COMPONENT_VALIDATION_FAILED", f"The component {custom_id!r} is disabled.")
    data: Json = {"custom_id": custom_id, "component_type": found["type"], "id": found.get("id")}
    if found["type"] in components.SELECTS:
        data |= _chosen(world, channel, found, values or ())
    elif values is not None:
        raise invalid("values", "COMPONENT_VALIDATION_FAILED", f"The component {custom_id!r} is a button.")
    return _begin(world, application, COMPONENT, channel, user_id, data, message.id)


def submit(world: World, opened: Interaction, user_id: int, values: Json) -> Interaction:
    """Submit the modal that an interaction was answered with."""
    if opened.user_id != user_id or opened.answered_with != 9 or opened.answer is None:
        raise invalid(
            "interaction_id", "COMPONENT_VALIDATION_FAILED", "That interaction opened no modal for you."
        )
    data = {
        "custom_id": opened.answer["custom_id"],
        "components": modals.filled(opened.answer, values),
        "resolved": {},
    }
    application = world.applications[opened.application_id]
    channel = world.channel(opened.channel_id)
    return _begin(world, application, MODAL, channel, user_id, data, opened.message_id, opened)


def _choose(world: World, channel: Channel, user_id: int, name: str, kind: int) -> tuple[Application, Json]:
    refused = False
    for application in world.applications.values():
        for each in commands.offered(world, channel, user_id, application):
            if each["type"] == kind and each["name"] == name:
                return application, each
        refused |= any(
            each["type"] == kind and each["name"] == name for each in application.commands.values()
        )
    if refused:
        raise ApiError(403, 50013, f"The command {name!r} is not offered to this user in this channel.")
    raise ApiError(404, 10063, f"There is no command {name!r}.")


def _command_data(found: Json, options: list[Json], resolved: Json) -> Json:
    data: Json = {"id": found["id"], "name": found["name"], "type": found["type"]}
    if options:
        data["options"] = options
    if resolved:
        data["resolved"] = resolved
    if "guild_id" in found:
        data["guild_id"] = found["guild_id"]
    return data


def _options(
    world: World,
    channel: Channel,
    level: Json,
    path: list[str],
    values: Json,
    resolved: Json,
    *,
    focused: str | None,
) -> list[Json]:
    """The options as the interaction tells them: through subcommands down to the values."""
    known = {each["name"]: each for each in level.get("options") or ()}
    if path:
        inner = known.get(path[0])
        if inner is None or inner["type"] not in (commands.SUBCOMMAND, commands.GROUP):
            raise ApiError(404, 10063, f"The command {level['name']!r} has no subcommand {path[0]!r}.")
        told = _options(world, channel, inner, path[1:], values, resolved, focused=focused)
        return [{"name": inner["name"], "type": inner["type"], "options": told}]
    if any(each["type"] in (commands.SUBCOMMAND, commands.GROUP) for each in known.values()):
        raise ApiError(
            404, 10063, f"The command {level['name']!r} needs one of its subcommands: {', '.join(known)}."
        )
    for name in values:
        if name not in known:
            text = f"The command {level['name']!r} has no option {name!r}."
            raise invalid(name, "APPLICATION_COMMAND_OPTION_UNKNOWN", text)
    told = []
    for name, option in known.items():
        if name == focused:
            typed = str(values.get(name) or "")
            told.append({"name": name, "type": option["type"], "value": typed, "focused": True})
        elif values.get(name) is not None:
            value = _value(world, channel, option, values[name], resolved)
            told.append({"name": name, "type": option["type"], "value": value})
        elif option.get("required") and focused is None:
            raise invalid(name, "BASE_TYPE_REQUIRED", f"The option {name!r} is required.")
    return told


def _value(world: World, channel: Channel, option: Json, value: Any, resolved: Json) -> Any:
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
        return _resolve(world, channel, kind, int(value), resolved)
    except (ValueError, TypeError, KeyError):
        text = f"The option {name!r} does not take {value!r}."
        raise invalid(name, "APPLICATION_COMMAND_OPTION_INVALID", text) from None


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


def _resolve(world: World, channel: Channel, kind: int, target_id: int, resolved: Json) -> str:
    if kind in (USER, MENTIONABLE) and target_id in world.users:
        return _resolve_user(world, channel, target_id, resolved)
    if kind == CHANNEL:
        target = world.channels[target_id]
        told = wire.channel(world, target) | {"permissions": str(world.permissions(target, 0))}
        resolved.setdefault("channels", {})[str(target_id)] = told
    elif channel.guild_id is not None:
        role = world.guilds[channel.guild_id].roles[target_id]
        resolved.setdefault("roles", {})[str(target_id)] = wire.role(role)
    else:
        raise ValueError
    return str(target_id)


def _resolve_user(world: World, channel: Channel, target_id: int, resolved: Json) -> str:
    resolved.setdefault("users", {})[str(target_id)] = wire.user(world.user(target_id))
    guild = world.guilds.get(channel.guild_id or 0)
    if guild is not None and target_id in guild.members:
        told = wire.member(world, guild.members[target_id], with_user=False)
        told["permissions"] = str(world.permissions(channel, target_id))
        resolved.setdefault("members", {})[str(target_id)] = told
    return str(target_id)


def _resolve_file(world: World, channel: Channel, file: tuple[str, str, bytes], resolved: Json) -> str:
    name, content_type, content = file
    if len(content) > FILE_BYTES:
        raise refusal(40005)
    value = Attachment(
        id=world.snowflakes.next(),
        channel_id=channel.id,
        filename=name,
        content_type=content_type,
        content=content,
    )
    world.loose_files[value.id] = value
    resolved.setdefault("attachments", {})[str(value.id)] = attachment_wire(world, value)
    return str(value.id)


def _chosen(world: World, channel: Channel, select: Json, values: Sequence[str]) -> Json:
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not least <= len(values) <= most:
        text = f"Choose between {least} and {most}."
        raise invalid("values", "COMPONENT_VALIDATION_FAILED", text)
    if select["type"] == components.STRING_SELECT:
        known = [each["value"] for each in select["options"]]
        if any(each not in known for each in values):
            text = f"The menu has only {known}."
            raise invalid("values", "COMPONENT_VALIDATION_FAILED", text)
        return {"values": list(values)}
    kinds = {
        components.USER_SELECT: USER,
        components.ROLE_SELECT: ROLE,
        components.MENTIONABLE_SELECT: MENTIONABLE,
        components.CHANNEL_SELECT: CHANNEL,
    }
    resolved: Json = {}
    told = [_resolve(world, channel, kinds[select["type"]], int(each), resolved) for each in values]
    return {"values": told, "resolved": resolved}


def _begin(
    world: World,
    application: Application,
    kind: int,
    channel: Channel,
    user_id: int,
    data: Json,
    message_id: int | None = None,
    opened: Interaction | None = None,
) -> Interaction:
    now = world.clock()
    for old in [each for each in world.interactions.values() if now - each.at >= LIFETIME_S]:
        del world.interactions[old.id]
    interaction = Interaction(
        id=world.snowflakes.next(),
        application_id=application.id,
        type=kind,
        token=secrets.token_urlsafe(64),
        user_id=user_id,
        channel_id=channel.id,
        guild_id=channel.guild_id,
        data=data,
        at=now,
        message_id=message_id,
        opened_by=None if opened is None else opened.id,
    )
    world.interactions[interaction.id] = interaction
    only = frozenset({application.user_id})
    told = _told(world, application, interaction, channel)
    world.emit(Event("INTERACTION_CREATE", told, channel.guild_id, channel.id, only, people=False))
    return interaction


def _told(world: World, application: Application, interaction: Interaction, channel: Channel) -> Json:
    bot_may = world.permissions(channel, application.user_id)
    told: Json = {
        "id": str(interaction.id),
        "application_id": str(application.id),
        "type": interaction.type,
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "channel": wire.channel(world, channel),
        "locale": "en-US",
        "app_permissions": str(bot_may),
        "entitlements": [],
        "attachment_size_limit": FILE_BYTES,
        "authorizing_integration_owners": owners(interaction),
        "context": 0 if channel.guild_id is not None else 1,
    }
    if interaction.message_id is not None and interaction.message_id in world.messages:
        message = world.messages[interaction.message_id]
        told["message"] = wire.message(world, message, application.user_id)
    if channel.guild_id is None:
        told["user"] = wire.user(world.users[interaction.user_id])
        return told
    guild = world.guilds[channel.guild_id]
    may = world.permissions(channel, interaction.user_id)
    told["channel"]["permissions"] = str(may)
    told["guild_id"] = str(guild.id)
    told["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
    told["guild_locale"] = "en-US"
    told["member"] = wire.member(world, guild.members[interaction.user_id]) | {"permissions": str(may)}
    return told


def owners(interaction: Interaction) -> Json:
    """Through whose installation the application was reached: the server's, or 0 in its own direct messages."""
    return {"0": str(interaction.guild_id or 0)}
