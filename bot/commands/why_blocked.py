"""The answer of /why about a message whose author may not use the bot: one for the author, one for admins."""

from __future__ import annotations

from bot.commands.access_view import subject
from bot.conversation import wording
from bot.conversation.access_rules import FAMILY, PERSON
from bot.conversation.decision import Decision
from bot.conversation.scope import Origin, Scope

PLACES = {Scope.CHANNEL: "in this channel", Scope.SERVER: "in this server"}
ELSEWHERE = {Scope.CHANNEL: "in that channel", Scope.SERVER: "in this server"}

DECIDED = "whoever runs me has decided that"
BY_OPERATOR = f"{DECIDED}, and no rule of this server says otherwise"
LET_IN = "Somebody with the permission “Manage Server” can let you in with /access allow."


def to_author(where: str, decision: Decision, *, server: int | None, is_here: bool, names: bool) -> str:
    """Tell the author; `where` is the link of the message, `is_here`: its channel is the one of the command.

    In direct messages, where `server` is None, the operator alone decides.
    """
    origin, this = decision.origin, f"[This message]({where})"
    if server is None:
        return f"{this} was not answered: {DECIDED}."
    if origin is None:
        return f"{this} was not answered: {BY_OPERATOR}. {LET_IN}"
    return "\n".join(
        [
            f"{this} was not answered. {_rule(origin, server, is_here=is_here)} leaves your messages unanswered"
            f"{_set(origin, names=names)}.",
            _switch(origin, is_here=is_here) if names else LET_IN,
            *_decided(decision),
        ]
    )


def to_admin(where: str, decision: Decision, *, server: int | None, is_here: bool) -> str:
    """Tell those who manage the server: the rule, who set it, and what removes it."""
    origin, this = decision.origin, f"[This message]({where})"
    because = "because its author may not use me there"
    if origin is None:
        return (
            f"{this} was not answered {because}: {BY_OPERATOR}. The settings `access.block` and "
            "`access.allow_roles` decide where no rule does; /access allow lets somebody in nevertheless."
        )
    return "\n".join(
        [
            f"{this} was not answered {because}.",
            f"{_rule(origin, server, is_here=is_here)} blocks them{_set(origin, names=True)}.",
            _switch(origin, is_here=is_here),
            *_decided(decision),
        ]
    )


def _rule(origin: Origin, server: int | None, *, is_here: bool) -> str:
    name = origin.name
    if not name:  # an earlier version decided, which stored no names
        return f"A rule {_place(origin, is_here=is_here)}"
    whom = subject(name, server)
    return f"A rule for {whom if name.startswith(PERSON) else f'the role {whom}'} {_place(origin, is_here=is_here)}"


def _place(origin: Origin, *, is_here: bool) -> str:
    return (PLACES if is_here else ELSEWHERE)[origin.scope]


def _set(origin: Origin, *, names: bool) -> str:
    setting = origin.setting
    if setting.at_ms is None:
        return ""
    by = f" by <@{setting.by}>" if names and setting.by is not None else ""
    return f" (set <t:{setting.at_ms // 1000}:R>{by})"


def _switch(origin: Origin, *, is_here: bool) -> str:
    scope = " scope:this server" if origin.scope is Scope.SERVER else ""
    where = "" if is_here or scope else " there"
    rule = origin.name.removeprefix(FAMILY)
    named = f" rule:{rule}" if rule else ""
    return (
        f"`/access clear{named}{scope}`{where} removes the rule. A rule for the person, set with `/access allow`, "
        "overrides one for a role."
    )


def _decided(decision: Decision) -> list[str]:
    return [wording.small(f"Decided <t:{decision.at_ms // 1000}:R>.")] if decision.at_ms else []
