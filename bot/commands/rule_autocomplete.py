"""Autocompletion of the stored rules of a scope, also of those for deleted roles and people who left."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import discord
from discord import app_commands

from bot.commands import permission_rules
from bot.commands.interactions import Interaction
from bot.commands.scopes import chosen_channel
from bot.conversation.errors import StoreUnavailable
from bot.conversation.scope import Scope, Settings
from bot.conversation.visible import plain
from bot.gateway.conversion.names import display_name
from bot.store.scope_settings import ScopeSettings

RULES_S = 0.8
"""Bounds the lookup of the rules: Discord requests an autocompletion at each keystroke, and waits 3 s for it."""

NAMES_S = 0.6
"""Bounds the lookup of the names of people; without names their ids are offered."""

MOST_CHOICES = 25
"""The most choices of an autocompletion (Discord, "Autocomplete")."""

MEMBERS_AT_ONCE = 100
"""The most members that one request names (Discord, "Request Guild Members")."""

NAME_CHARS = 60
"""A choice holds 100 characters (Discord, "Application Command Option Choice")."""

OTHER_SUBJECTS = {"all": "all together", "each": "each person"}


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule: the `key` that a choice sends, the `kind` and `id` of its subject, and its effect in words (`says`).

    `kind` is `role`, `person`, or a subject without an id (whose `id` is 0).
    """

    key: str
    kind: str
    id: int
    says: str


def stored_rule(family: str, name: str, says: str) -> StoredRule:
    """Return the rule of the setting `name`, which begins with `family`."""
    key = name.removeprefix(family)
    kind, id_, *_ = [*key.split(":"), ""]
    return StoredRule(key, kind, int(id_) if id_.isdecimal() else 0, says)


def matching(rules: Collection[StoredRule], text: str) -> list[StoredRule]:
    """Return the rules that a text means: that of an offered choice, or those for the id or mention in the text."""
    text = text.strip()
    exact = [rule for rule in rules if rule.key == text]
    digits = text.strip("<@&!>")
    is_id = digits.isascii() and digits.isdecimal() and len(digits) <= 20
    return exact or [rule for rule in rules if is_id and rule.id == int(digits) > 0]


async def autocomplete_rules(
    interaction: Interaction,
    settings: ScopeSettings,
    typed: str,
    *,
    default: Scope,
    family: str,
    says: Mapping[str, str] | None = None,
) -> list[app_commands.Choice[str]]:
    """Offer the rules of the chosen scope, first those whose role or person is gone.

    Nothing is offered to people who may not set rules, nor while the store is slow. `says` are the words for values.
    """
    server = interaction.guild_id
    if server is None or not permission_rules.SERVER.allows(_person(interaction)):
        return []
    scope = next((each for each in Scope if each == interaction.namespace.scope), default)
    channel = chosen_channel(interaction)
    if channel is None or not _may_see(interaction, channel):
        return []
    try:
        async with asyncio.timeout(RULES_S):
            by_scope = await settings.by_scope(thread=None, channel=channel, server=server)
    except (StoreUnavailable, TimeoutError):
        return []
    rules = _rules(by_scope.get(scope, {}), family, says or {})
    return choices(rules, await _names(interaction.guild, rules), server, typed)


def choices(
    rules: Sequence[StoredRule], names: Mapping[tuple[str, int], str | None], server: int, typed: str
) -> list[app_commands.Choice[str]]:
    """Return the choices that contain what was typed.

    `names` holds None for a role or person who is gone, and no entry for one whose name is unknown.
    """
    wanted = plain(typed).casefold()
    found = []
    for rule in rules:
        subject = (rule.kind, rule.id)
        is_gone = subject in names and names[subject] is None
        label = f"{_subject(rule, names, server)}: {rule.says}"
        if wanted in label.casefold():
            found.append((not is_gone, app_commands.Choice(name=label, value=rule.key)))
    return [choice for _, choice in sorted(found, key=lambda each: each[0])][:MOST_CHOICES]


def _subject(rule: StoredRule, names: Mapping[tuple[str, int], str | None], server: int) -> str:
    subject = (rule.kind, rule.id)
    if subject == ("role", server):
        return "@everyone"
    if name := names.get(subject):
        return f"@{plain(name)[:NAME_CHARS]}"
    if rule.kind == "role":
        return f"a deleted role ({rule.id})"
    if rule.kind == "person":
        return f"{'somebody who left' if subject in names else 'a person'} ({rule.id})"
    return OTHER_SUBJECTS.get(rule.kind, rule.kind)


def _rules(settings: Settings, family: str, says: Mapping[str, str]) -> list[StoredRule]:
    return [
        stored_rule(family, name, says.get(setting.value, setting.value))
        for name, setting in sorted(settings.items())
        if name.startswith(family)
    ]


async def _names(
    guild: discord.Guild | None, rules: Sequence[StoredRule]
) -> dict[tuple[str, int], str | None]:
    """Return the names of the roles and people, None for those who are gone; no people while Discord is slow."""
    if guild is None:
        return {}
    names: dict[tuple[str, int], str | None] = {}
    for rule in rules:
        if rule.kind == "role":
            role = guild.get_role(rule.id)
            names["role", rule.id] = None if role is None else role.name
    people = [rule.id for rule in rules if rule.kind == "person"][:MEMBERS_AT_ONCE]
    if not people:
        return names
    try:
        async with asyncio.timeout(NAMES_S):
            found = await guild.query_members(user_ids=people, limit=MEMBERS_AT_ONCE, cache=False)
    except (TimeoutError, discord.DiscordException, aiohttp.ClientError, OSError):
        return names
    names |= {("person", person): None for person in people}
    return names | {("person", member.id): display_name(member) for member in found}


def _may_see(interaction: Interaction, channel: int) -> bool:
    """Whether the person sees a channel; the interaction holds their permissions for its own channel only."""
    here, guild, person = interaction.channel, interaction.guild, interaction.user
    if channel in (interaction.channel_id, getattr(here, "parent_id", None)):
        return True
    found = None if guild is None else guild.get_channel(channel)
    return (
        found is not None
        and isinstance(person, discord.Member)
        and found.permissions_for(person).view_channel
    )


def _person(interaction: Interaction) -> permission_rules.Person:
    return permission_rules.Person(
        is_direct=interaction.guild_id is None,
        is_starter=False,
        manages_threads=False,
        manages_server=interaction.permissions.manage_guild,
    )
