"""Interactions by users: commands, context menus, components, modals, autocompletion; each an INTERACTION_CREATE."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from bot.local.simulator.discord import commands, components, modals, wire
from bot.local.simulator.discord import options as options_
from bot.local.simulator.discord.attachments import FILE_BYTES
from bot.local.simulator.discord.errors import ApiError, api_error, invalid
from bot.local.simulator.discord.model import Application, Channel, Interaction, Json, Message
from bot.local.simulator.discord.world import Event, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
# An interaction's token is valid for 15 minutes.
LIFETIME_S = 15 * 60.0


def command(world: World, channel: Channel, user_id: int, name: str, options: Json) -> Interaction:
    """Run a slash command, `name` with its subcommands: `system set`.

    Raises what the client would say: 10063 for a command that does not exist or is not offered to this user here
    (50013 if it is for lack of permissions), 50035 for wrong options.
    """
    root, *path = name.split()
    application, found = _choose(world, channel, user_id, root, commands.SLASH)
    resolved: Json = {}
    payload = options_.collect(world, channel, found, path, options, resolved, user_id=user_id, focused=None)
    data = _command_data(found, payload, resolved)
    return _begin(world, application, COMMAND, channel, user_id, data)


def autocomplete(
    world: World, channel: Channel, user_id: int, name: str, options: Json, focused: str
) -> Interaction:
    """Ask for the choices of one option while it is typed."""
    root, *path = name.split()
    application, found = _choose(world, channel, user_id, root, commands.SLASH)
    payload = options_.collect(world, channel, found, path, options, {}, user_id=user_id, focused=focused)
    return _begin(world, application, AUTOCOMPLETE, channel, user_id, _command_data(found, payload, {}))


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
    options_.resolve_user(world, channel, target_id, resolved)
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
        raise api_error(10008)
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
        data |= _chosen(world, channel, found, values or (), user_id)
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


def _chosen(world: World, channel: Channel, select: Json, values: Sequence[str], user_id: int) -> Json:
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
        components.USER_SELECT: options_.USER,
        components.ROLE_SELECT: options_.ROLE,
        components.MENTIONABLE_SELECT: options_.MENTIONABLE,
        components.CHANNEL_SELECT: options_.CHANNEL,
    }
    resolved: Json = {}
    payload = [
        options_.resolve(world, channel, kinds[select["type"]], int(each), resolved, user_id)
        for each in values
    ]
    return {"values": payload, "resolved": resolved}


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
        held_up_s=world.held_up_s(),
        message_id=message_id,
        opened_by=None if opened is None else opened.id,
    )
    world.interactions[interaction.id] = interaction
    only = frozenset({application.user_id})
    payload = _shown(world, application, interaction, channel)
    world.emit(Event("INTERACTION_CREATE", payload, channel.guild_id, channel.id, only, people=False))
    return interaction


def _shown(world: World, application: Application, interaction: Interaction, channel: Channel) -> Json:
    bot_may = world.permissions(channel, application.user_id)
    payload: Json = {
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
        payload["message"] = wire.message(world, message, application.user_id)
    if channel.guild_id is None:
        payload["user"] = wire.user(world.users[interaction.user_id])
        return payload
    guild = world.guilds[channel.guild_id]
    may = world.permissions(channel, interaction.user_id)
    payload["channel"]["permissions"] = str(may)
    payload["guild_id"] = str(guild.id)
    payload["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
    payload["guild_locale"] = "en-US"
    payload["member"] = wire.member(world, guild.members[interaction.user_id]) | {"permissions": str(may)}
    return payload


def owners(interaction: Interaction) -> Json:
    """The owner of the installation: the server, or 0 in direct messages with the application."""
    return {"0": str(interaction.guild_id or 0)}
