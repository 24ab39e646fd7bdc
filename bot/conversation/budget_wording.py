"""What people are told of limits: which one is full, when it renews, and what still works."""

from __future__ import annotations

from bot.conversation.amount import Amount, Unit, written
from bot.conversation.budget import Limit, Subject
from bot.conversation.errors import BudgetReached
from bot.conversation.pricing import dollars
from bot.conversation.scope import Scope

_WHAT = {
    Unit.MESSAGES: "answers",
    Unit.TOKENS: "tokens",
    Unit.MONEY: "budget",
}


def renews(limit_or_reached: Limit | BudgetReached) -> str:
    """Write when a limit renews, as Discord shows a time: counted down."""
    return f"<t:{limit_or_reached.renews_s}:R>"


_OF_A_PERSON = (Subject.ROLE, Subject.PERSON, Subject.FALLBACK)


def _full(reached: BudgetReached) -> str:
    said, is_personal = _is_full(reached.limit), reached.limit.rule.subject in _OF_A_PERSON
    # The notice stands below the message of who has asked, who would take it for their own.
    return said if reached.presser is None or not is_personal else f"<@{reached.presser}>: {said}"


def _is_full(limit: Limit) -> str:
    what, when = _WHAT[limit.amount.unit], limit.amount.period.current
    origin = limit.rule.origin
    place = "in this channel" if origin is not None and origin.scope is Scope.CHANNEL else "here"
    if limit.is_direct and limit.rule.subject is Subject.CHANNEL:
        return f"These direct messages have used up their {what} for {when}"
    return {
        Subject.BOT: f"I have used up my {what} for {when}",
        Subject.SERVER: f"This server has used up its {what} for {when}",
        Subject.CHANNEL: f"This channel has used up its {what} for {when}",
        Subject.ROLE: f"People with one of your roles have used up their {what} {place} for {when}",
        Subject.PERSON: f"You have used up your {what} {place} for {when}",
        Subject.FALLBACK: f"You have used up your {what} for {when}, also those of the smaller model",
    }[limit.rule.subject]


def _goes_on(limit: Limit) -> str:
    others = {
        Subject.CHANNEL: " Other channels go on.",
        Subject.ROLE: " Others can go on here.",
        Subject.PERSON: " Others can go on here.",
        Subject.FALLBACK: " Others can go on here.",
    }
    if limit.is_direct:
        return " Commands go on working."
    return others.get(limit.rule.subject, "") + " Commands go on working."


def full(reached: BudgetReached) -> str:
    """Say which limit is full, and when it renews."""
    return f"{_full(reached)}; this limit renews {renews(reached)}"


def dropped(reached: BudgetReached) -> str:
    """Say that a message is left unanswered."""
    return f"{full(reached)}. Press Try again then, or write again.{_goes_on(reached.limit)}"


def kept(reached: BudgetReached) -> str:
    """Say that a message is answered later."""
    return (
        f"{full(reached)}. Your message is kept, and the answer comes by itself: "
        f"no need to repeat anything.{_goes_on(reached.limit)}"
    )


def by_fallback(reached: BudgetReached, model: str) -> str:
    """Say that the fallback model has answered."""
    return f"{full(reached)}. Until then {model} answers, a smaller model."


def cut(reached: BudgetReached) -> str:
    """Say that a reply ends early."""
    return f"{_full(reached)}, so the reply ends here. This limit renews {renews(reached)}."


def shown(count: int, unit: Unit) -> str:
    """Write so many units for people."""
    return dollars(count) if unit is Unit.MONEY else f"{count:,} {written(count, unit).split()[1]}"


def amount(value: Amount) -> str:
    """Write an amount for people."""
    return f"{shown(value.most, value.unit)} per {value.period}"


def subject(limit: Limit) -> str:
    """Name for the admins whose limit it is; a role is not pinged, because notices mention nobody."""
    place = "" if limit.rule.origin is None else " of this server"
    if limit.rule.origin is not None and limit.rule.origin.scope is Scope.CHANNEL:
        place = " of a channel"
    target = limit.counter.split("-")[1]
    return {
        Subject.BOT: "all that I answer",
        Subject.SERVER: "this server",
        Subject.CHANNEL: f"<#{target}>",
        Subject.ROLE: f"the role <@&{target}>",
        Subject.PERSON: f"a person{place}",
        Subject.FALLBACK: "a person on the smaller model",
    }[limit.rule.subject]


def share_told(limit: Limit, share: int, used: int) -> str:
    """Tell the admins how much of a limit is used up."""
    what = f"{shown(used, limit.amount.unit)} of {amount(limit.amount)}"
    state = "is used up" if share >= 100 else f"is used up to {share} percent"
    return f"The limit of {subject(limit)} {state}: {what}. It renews {renews(limit)}. See /budget show."
