"""The mentions of a message, and which of them ping (resources/message, "Allowed Mentions"). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_CODE = re.compile(r"(`{3,}).*?\1|(`{1,2})(?!`).+?\2(?!`)", re.DOTALL)
_MENTION = re.compile(r"(?<!\\)<@(?P<role>&)?!?(?P<id>\d{1,20})>")
_EVERYONE = re.compile(r"(?<!\\)@(?:everyone|here)\b")


@dataclass(frozen=True, slots=True)
class Mentions:
    """The users and roles in a text, in order and once each, and whether @everyone or @here is in it."""

    users: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    everyone: bool = False


def named_in(text: str) -> Mentions:
    """The mentions in a text; code and a backslash prevent a mention."""
    prose = _CODE.sub(" ", text)
    users: dict[int, None] = {}
    roles: dict[int, None] = {}
    for match in _MENTION.finditer(prose):
        (roles if match["role"] else users)[int(match["id"])] = None
    return Mentions(tuple(users), tuple(roles), _EVERYONE.search(prose) is not None)


def allowed(
    named: Mentions, rule: dict[str, Any] | None, replied_to: int | None, *, default_users_only: bool
) -> Mentions:
    """What is left of the named after `allowed_mentions`; `replied_to` is the author of the message replied to.

    Without a rule a message parses everything and pings whom it replies to; an interaction's answer or a webhook's
    message parses users only. With a rule `replied_user` counts as false unless it says otherwise.
    """
    if rule is None:
        users = named.users
        if replied_to is not None and replied_to not in users:
            users = (*users, replied_to)
        if default_users_only:
            return Mentions(users)
        return Mentions(users, named.roles, named.everyone)
    parse = rule.get("parse") or ()
    only_users = {int(each) for each in rule.get("users") or ()}
    only_roles = {int(each) for each in rule.get("roles") or ()}
    users = tuple(each for each in named.users if "users" in parse or each in only_users)
    roles = tuple(each for each in named.roles if "roles" in parse or each in only_roles)
    if replied_to is not None and rule.get("replied_user") and replied_to not in users:
        users = (*users, replied_to)
    return Mentions(users, roles, named.everyone and "everyone" in parse)
