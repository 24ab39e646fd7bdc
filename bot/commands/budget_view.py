"""The answers of /budget."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands import permission_rules
from bot.conversation import budget_wording
from bot.conversation.amount import Amount
from bot.conversation.budget import ALL, EACH, Limit, Rule, Subject, Use
from bot.conversation.scope import Scope

MOST_CHARS = 1900
"""A message holds 2000 (Discord, "Create Message")."""

ONLY_IN_SERVERS = "Limits are set in servers, and these are direct messages. Use the command in a server."
MAY_NOT_SET = permission_rules.SERVER.refusal("change the limits of a server")
TWO_SUBJECTS = "Choose only one of `for`, `role` and `person`."
WHICH_LIMIT = "Which limit? Choose one with the option `limit`, or give `unit` and `per`."
NO_LIMITS = "No limit applies to you here."
NOTIFY_TEST = "I post a notice here when 80 and when 100 percent of a limit of this server are used."
NOTIFY_CLEARED = "I no longer post a notice when a limit is nearly used up."
NO_NOTIFY = (
    "I post no notices when a limit is nearly used up, so nothing was changed. To choose a channel for them, use the "
    "option `channel`."
)

PLACES = {Scope.CHANNEL: "this channel", Scope.SERVER: "this server"}


def notify_set(channel: int) -> str:
    """Say which channel gets the notices."""
    return f"I post a notice in <#{channel}> when 80 and when 100 percent of a limit of this server are used."


def notify_failed(channel: int) -> str:
    """Say that the bot cannot write in the channel for notices."""
    return f"I cannot write in <#{channel}>, so nothing was changed. Give me the permission “Send Messages” there."


def subject(who: str, scope: Scope) -> str:
    """Name for whom a limit is set; mentions in a private answer ping nobody."""
    place = PLACES[scope]
    kind, _, target = who.partition(":")
    return {
        ALL: f"everybody in {place} together",
        EACH: f"each person in {place}",
        "person": f"<@{target}> in {place}",
        "role": f"people with the role <@&{target}> in {place}, together",
    }[kind]


def limit_set(who: str, scope: Scope, amount: Amount) -> str:
    return (
        f"The limit of {subject(who, scope)} is {budget_wording.amount(amount)} from the next request on. "
        "All other limits still apply."
    )


def limit_cleared(who: str, scope: Scope, amount: Amount, *, was_set: bool) -> str:
    what = f"limit in {amount.unit} per {amount.period} for {subject(who, scope)}"
    return f"The {what} is removed." if was_set else f"There is no {what}."


def limits_cleared(scope: Scope, count: int) -> str:
    """Say how many limits the option `limit` has removed."""
    if not count:
        return f"There is no such limit for {PLACES[scope]}."
    return f"Removed from {PLACES[scope]}: {count} {'limit' if count == 1 else 'limits'}."


def exceeds(amount: Amount, ceiling: Rule) -> str:
    """Say that a limit is higher than the operator's."""
    whose = {
        Subject.BOT: "the whole bot",
        Subject.SERVER: "each server",
        Subject.CHANNEL: "each channel",
        Subject.PERSON: "each person",
    }[ceiling.subject]
    return (
        f"{budget_wording.amount(amount)} is more than whoever runs me allows: for {whose} the most is "
        f"{budget_wording.amount(ceiling.amount)}. Nothing was changed."
    )


def shown(
    limits: Sequence[Limit],
    uses: Sequence[Use],
    others: Sequence[tuple[str, Scope, Amount]],
    notify: int | None,
) -> str:
    """Show the limits that apply to the person here; `others` and `notify` are for those who manage the server."""
    lines = ["**Limits that apply to you here** (all of them hold)"] if limits else [NO_LIMITS]
    lines += [_line(limit, use) for limit, use in zip(limits, uses, strict=True)]
    if others:
        lines.append("**Set here**")
        lines += [
            f"- {subject(who, scope)}: {budget_wording.amount(amount)}" for who, scope, amount in others
        ]
    if notify is not None:
        lines.append(f"Notices at 80 and 100 percent: <#{notify}>")
    return _bounded(lines)


def _line(limit: Limit, use: Use) -> str:
    amount, origin = limit.amount, limit.rule.origin
    source = "by the operator"
    if origin is not None:
        by = "" if origin.setting.by is None else f" by <@{origin.setting.by}>"
        source = f"set for {PLACES[origin.scope]}{by}"
    under_way = f", and {budget_wording.shown(use.reserved, amount.unit)} under way" if use.reserved else ""
    return (
        f"- {_whose(limit)}: {budget_wording.shown(use.settled, amount.unit)} of {budget_wording.amount(amount)} "
        f"used{under_way}; renews {budget_wording.renews(limit)} ({source})"
    )


def _whose(limit: Limit) -> str:
    rule = limit.rule
    return {
        Subject.BOT: "The whole bot",
        Subject.SERVER: "This server",
        Subject.CHANNEL: "These direct messages" if limit.is_direct else "This channel",
        Subject.ROLE: f"People with the role <@&{rule.target}>",
        Subject.PERSON: "You",
        Subject.FALLBACK: "You, with the smaller model",
    }[rule.subject]


def _bounded(lines: Sequence[str]) -> str:
    """Join as many lines as fit into a message, and say how many are left out."""
    for count in range(len(lines), 0, -1):
        left_out = len(lines) - count
        text = "\n".join([*lines[:count], *([f"… and {left_out} more."] if left_out else [])])
        if len(text) <= MOST_CHARS:
            return text
    return ""
