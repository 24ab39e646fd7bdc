"""The answers of /access."""

from __future__ import annotations

from collections.abc import Collection

from bot.commands.scopes import scope_name, where_set
from bot.conversation import wording
from bot.conversation.access_rules import ALLOW, BLOCK, PERSON, ROLE, Access, AccessDefaults, rules_of
from bot.conversation.limits import Paused, when
from bot.conversation.scope import Scope, Settings


def verdict(
    found: Access,
    server: int | None,
    *,
    names_person: bool,
    who: str = "You",
    elsewhere: int | None = None,
) -> str:
    """Say whether a person may use the bot, and which rule decides; `elsewhere` is a channel other than this one."""
    here = "here" if elsewhere is None else f"in <#{elsewhere}>"
    may = f"{who} may{'' if found.allowed else ' not'} use me {here}"
    if found.origin is None:
        if found.allowed:
            return f"{may}: no rule says otherwise."
        return f"{may}: no rule of this server applies, and whoever runs me has decided so."
    verb = "allows" if found.allowed else "blocks"
    where = where_set(found.origin, names_person=names_person, elsewhere=elsewhere)
    return f"{may}: a rule {verb} {subject(found.origin.name, server)}, {where}."


def app_shown(app: int) -> str:
    """Say that an app is not answered, whatever the rules are."""
    return f"<@{app}> is an app, and I answer people only, whatever the rules are."


def rules_shown(
    scope: Scope,
    settings: Settings,
    server: int | None,
    elsewhere: int | None = None,
    *,
    gone: Collection[str] = (),
) -> str:
    """Show the rules of a scope; `gone` are the names of those for deleted roles."""
    rules = rules_of(settings)
    if not rules:
        return no_rules(scope, elsewhere)
    lines = [f"**The rules for {scope_name(scope, elsewhere)}**"]
    for value, verb in ((ALLOW, "Allowed"), (BLOCK, "Blocked")):
        if names := [name for name in rules if rules[name] == value]:
            whom = (f"{subject(name, server)}{' (deleted)' if name in gone else ''}" for name in names)
            lines.append(f"{verb}: {', '.join(whom)}")
    if any(name in gone for name in rules):
        lines.append(
            wording.small("To remove the rule for a deleted role, use /access clear with the option `rule`.")
        )
    return "\n".join(lines)


def no_rules(scope: Scope, elsewhere: int | None = None) -> str:
    return f"There are no rules for {scope_name(scope, elsewhere)}."


def defaults_shown(defaults: AccessDefaults) -> str:
    """Say who may use the bot where no rule applies. The people whom the operator blocks stay secret."""
    who = "only the roles that whoever runs me has chosen" if defaults.allow_roles else "everybody"
    return f"Where no rule applies: {who}."


def changed(
    scope: Scope, names: list[str], value: str, server: int | None, elsewhere: int | None = None
) -> str:
    who = " and ".join(subject(name, server) for name in names)
    verb = f"{'are' if len(names) > 1 else 'is'} {'allowed' if value == ALLOW else 'blocked'}"
    return f"From the next message on, {who} {verb} in {scope_name(scope, elsewhere)}."


def cleared(scope: Scope, count: int, elsewhere: int | None = None) -> str:
    """Say how many rules were removed."""
    where = scope_name(scope, elsewhere)
    if not count:
        return f"There is no such rule for {where}."
    return f"Removed from {where}: {count} {'rule' if count == 1 else 'rules'}."


def lifted_pause(person: int) -> str:
    """Say that a person's pause has ended."""
    return f"<@{person}> is no longer paused."


def paused(pause: Paused | None, *, is_self: bool) -> str:
    """Say until when a person is paused; `is_self`: it is the person who uses the command. "" without a pause."""
    if pause is None:
        return ""
    who = "You are" if is_self else "They are"
    return f" {who} paused: no answers before the pause ends, {when(pause.until_ms)}."


def subject(name: str, server: int | None) -> str:
    """Mention the role or person of a rule; the bot's messages ping nobody."""
    if name == f"{ROLE}{server}":
        return "@everyone"  # Discord shows the mention of this role with a second @
    return f"<@&{name.removeprefix(ROLE)}>" if name.startswith(ROLE) else f"<@{name.removeprefix(PERSON)}>"
