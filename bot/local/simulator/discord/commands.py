"""Application commands: what may be registered, under which ids, and which of them a user may run."""

from __future__ import annotations

import re
from typing import Any

from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import Problems, api_error, invalid
from bot.local.simulator.discord.model import Application, Channel, Json
from bot.local.simulator.discord.world import World

SLASH, USER, MESSAGE, ENTRY_POINT = 1, 2, 3, 4
SUBCOMMAND, GROUP = 1, 2
MOST = {SLASH: 100, USER: 15, MESSAGE: 15, ENTRY_POINT: 1}
MOST_OPTIONS = 25
MOST_CHARACTERS = 8000
MOST_CREATES, CREATES_S = 200, 24 * 3600.0
HANDLERS = (1, 2)
_NAME = re.compile(r"[-_'\w]{1,32}")
_KEPT = (
    "name_localizations",
    "description_localizations",
    "options",
    "default_member_permissions",
    "dm_permission",
    "contexts",
    "integration_types",
    "nsfw",
    "handler",
)


def registered(application: Application, guild_id: int | None) -> list[Json]:
    """The commands of a server, or the global ones."""
    wanted = None if guild_id is None else str(guild_id)
    return [each for each in application.commands.values() if each.get("guild_id") == wanted]


def replace_all(world: World, application: Application, guild_id: int | None, bodies: Any) -> list[Json]:
    """Overwrite all commands at once; one of the same type and name keeps its id."""
    if not isinstance(bodies, list):
        raise invalid("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    problems = Problems()
    for index, body in enumerate(bodies):
        _check(body, f"{index}", problems)
    problems.raise_if_any()
    keys = [(body.get("type") or SLASH, body["name"]) for body in bodies]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            text = "Application command names must be unique"
            raise invalid(f"{index}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
    for kind, most in MOST.items():
        if sum(key[0] == kind for key in keys) > most:
            raise api_error(30032)
    before = {(each["type"], each["name"]): each for each in registered(application, guild_id)}
    # "You cannot remove this app's Entry Point command in a bulk update operation" (opcodes and status codes, JSON).
    if any(key[0] == ENTRY_POINT for key in before) and not any(key[0] == ENTRY_POINT for key in keys):
        raise api_error(50240)
    made = [
        _make(world, application, guild_id, body, before.get(key))
        for key, body in zip(keys, bodies, strict=True)
    ]
    _count_creates(world, application, guild_id, sum(key not in before for key in keys))
    for old in before.values():
        del application.commands[int(old["id"])]
    application.commands.update({int(each["id"]): each for each in made})
    return made


def create(world: World, application: Application, guild_id: int | None, body: Json) -> tuple[Json, bool]:
    """Register one command, in the place of one with the same name; also whether it is new."""
    problems = Problems()
    _check(body, "", problems)
    problems.raise_if_any()
    kind = body.get("type") or SLASH
    others = registered(application, guild_id)
    old = next((each for each in others if (each["type"], each["name"]) == (kind, body["name"])), None)
    if old is None:
        if sum(each["type"] == kind for each in others) >= MOST[kind]:
            raise api_error(30032)
        _count_creates(world, application, guild_id, 1)
    made = _make(world, application, guild_id, body, old)
    application.commands[int(made["id"])] = made
    return made, old is None


def modify(world: World, application: Application, command: Json, body: Json) -> Json:
    """Change some of a command's fields."""
    merged = command | body
    problems = Problems()
    _check(merged, "", problems)
    problems.raise_if_any()
    guild_id = int(command["guild_id"]) if "guild_id" in command else None
    made = _make(world, application, guild_id, merged, command)
    application.commands[int(made["id"])] = made
    return made


def find(application: Application, command_id: int, guild_id: int | None) -> Json:
    """A registered command by id."""
    found = application.commands.get(command_id)
    if found is None or found.get("guild_id") != (None if guild_id is None else str(guild_id)):
        raise api_error(10063)
    return found


def offered(world: World, channel: Channel, user_id: int, application: Application) -> list[Json]:
    """The commands that a user's client would offer in a channel, those of the server before the global ones."""
    if channel.guild_id is not None and application.user_id not in world.guilds[channel.guild_id].members:
        return []
    if channel.guild_id is None and application.user_id not in channel.recipients:
        return []
    context = 0 if channel.guild_id is not None else 1
    found = [] if channel.guild_id is None else registered(application, channel.guild_id)
    found = found + registered(application, None)
    return [
        each for each in found if _in_context(each, context) and _permitted(world, channel, user_id, each)
    ]


def _in_context(command: Json, context: int) -> bool:
    if "guild_id" in command:
        return context == 0
    contexts = command.get("contexts")
    if contexts is None:
        return context == 0 or command.get("dm_permission") is not False
    return context in contexts


def _permitted(world: World, channel: Channel, user_id: int, command: Json) -> bool:
    """`default_member_permissions`: all of them are needed; "0" means administrators only."""
    if channel.guild_id is None:
        return True
    granted = world.permissions(channel, user_id)
    if not granted & bits.USE_APPLICATION_COMMANDS:
        return False
    needed = command.get("default_member_permissions")
    if needed is None or granted == bits.ALL:
        return True
    return int(needed) != 0 and granted & int(needed) == int(needed)


def _count_creates(world: World, application: Application, guild_id: int | None, new: int) -> None:
    now, place = world.clock(), guild_id or 0
    recent = [each for each in application.command_creates if now - each[1] < CREATES_S]
    if new and sum(each[0] == place for each in recent) + new > MOST_CREATES:
        raise api_error(30034)
    application.command_creates = recent + [(place, now)] * new


def _make(world: World, application: Application, guild_id: int | None, body: Json, old: Json | None) -> Json:
    kind = body.get("type") or SLASH
    made: Json = {
        "id": old["id"] if old else str(world.snowflakes.next()),
        "application_id": str(application.id),
        "type": kind,
        "name": body["name"],
        "description": body.get("description") or "",
        "default_member_permissions": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
    }
    if guild_id is not None:
        made["guild_id"] = str(guild_id)
    made |= {key: body[key] for key in _KEPT if body.get(key) is not None}
    if made["default_member_permissions"] is not None:
        made["default_member_permissions"] = str(made["default_member_permissions"])
    unchanged = old is not None and {**old, "version": None} == {**made, "version": None}
    made["version"] = old["version"] if old and unchanged else str(world.snowflakes.next())
    return made


def _check(body: Any, path: str, problems: Problems) -> None:
    if not isinstance(body, dict):
        problems.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return
    prefix = f"{path}." if path else ""
    kind = body.get("type") or SLASH
    name = str(body.get("name") or "")
    if kind == ENTRY_POINT:
        # It has a name like a slash command, and says who handles it (resources/application-command).
        _check_name(name, prefix, problems)
        if body.get("handler") not in HANDLERS:
            problems.add(f"{prefix}handler", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
    elif kind == SLASH:
        _check_name(name, prefix, problems)
        _check_description(body, prefix, problems)
        _check_options(body.get("options") or [], f"{prefix}options", problems, depth=0)
    elif kind not in MOST:
        problems.add(f"{prefix}type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4}.")
    else:
        if not 1 <= len(name) <= 32:
            problems.add(f"{prefix}name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length.")
        if body.get("description"):
            text = "Context menu commands cannot have description"
            problems.add(
                f"{prefix}description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED", text
            )
    if _characters(body) > MOST_CHARACTERS:
        text = f"Command exceeds maximum size ({MOST_CHARACTERS})"
        problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", text)


def _check_name(name: str, prefix: str, problems: Problems) -> None:
    if _NAME.fullmatch(name) is None or name != name.lower():
        text = "Command name is invalid"
        problems.add(f"{prefix}name", "APPLICATION_COMMAND_INVALID_NAME", text)


def _check_description(body: Json, prefix: str, problems: Problems) -> None:
    if not 1 <= len(str(body.get("description") or "")) <= 100:
        problems.add(f"{prefix}description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")


def _check_options(options: Any, path: str, problems: Problems, *, depth: int) -> None:
    if not isinstance(options, list) or len(options) > MOST_OPTIONS:
        problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_OPTIONS} or fewer in length.")
        return
    optional_seen = False
    names: set[str] = set()
    for index, option in enumerate(options):
        here = f"{path}.{index}."
        name = str(option.get("name") or "")
        _check_name(name, here, problems)
        _check_description(option, here, problems)
        if name in names:
            text = "Option names must be unique"
            problems.add(f"{here}name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", text)
        names.add(name)
        kind = option.get("type")
        if kind not in range(1, 12) or (kind == GROUP and depth > 0) or (kind == SUBCOMMAND and depth > 1):
            problems.add(
                f"{here}type",
                "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                "Sub-command option type is invalid",
            )
        if kind in (SUBCOMMAND, GROUP):
            _check_options(option.get("options") or [], f"{here}options", problems, depth=depth + 1)
            continue
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            problems.add(f"{here}required", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen |= not option.get("required")
        if len(option.get("choices") or ()) > MOST_OPTIONS:
            problems.add(
                f"{here}choices", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_OPTIONS} or fewer in length."
            )


def _characters(body: Json) -> int:
    """Names, descriptions and choices together, as the limit of 8000 counts them."""
    total = len(str(body.get("name") or "")) + len(str(body.get("description") or ""))
    for choice in body.get("choices") or ():
        total += len(str(choice.get("name") or "")) + len(str(choice.get("value") or ""))
    return total + sum(_characters(each) for each in body.get("options") or () if isinstance(each, dict))
