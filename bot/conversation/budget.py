"""Budgets: limits of what may be asked of Claude, which of them apply to a turn, and when they renew; pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.amount import Amount, Unit, amount_of
from bot.conversation.period import window
from bot.conversation.request_cost import Payer
from bot.conversation.scope import Origin, Scope, Settings


class Subject(StrEnum):
    """Whose requests are counted together; those of a role are those of all people with the role.

    `FALLBACK` are a person's requests to the fallback model.
    """

    BOT = "bot"
    SERVER = "server"
    CHANNEL = "channel"
    ROLE = "role"
    PERSON = "person"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Rule:
    """An amount that somebody has set; those of the settings file have no `origin`.

    A `target` of None stands for each server, channel or person.
    """

    subject: Subject
    amount: Amount
    target: int | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule as it applies to a turn: its `counter`, and when that renews: in seconds since 1970, and from now.

    `is_direct`: the turn is in direct messages.
    """

    rule: Rule
    counter: str
    renews_s: int
    lasts_s: int
    is_direct: bool = False

    @property
    def amount(self) -> Amount:
        """The amount of the rule."""
        return self.rule.amount

    @property
    def began_s(self) -> int:
        """When the counter began, in seconds since 1970."""
        return window(self.amount.period, self.renews_s - 1).began_s


@dataclass(frozen=True, slots=True)
class Use:
    """What of a limit is used up: `settled` by requests that have ended, `reserved` for those under way.

    `told` is the highest share, in percent, of which the admins were told.
    """

    settled: int
    reserved: int
    told: int = 0

    @property
    def total(self) -> int:
        """Both."""
        return self.settled + self.reserved


PREFIX = "budget:"
"""The beginning of the names of the settings that are limits."""

NOTIFY = "budget.notify"
"""The name of the setting of a server that names the channel to be told."""

ALL, EACH = "all", "each"
"""For whom a limit is set: for all together, or for each person; else `person:<id>` or `role:<id>`."""


def setting_name(who: str, amount: Amount) -> str:
    """Return the name of the setting that holds a limit."""
    return f"{PREFIX}{who}:{amount.unit}:{amount.period}"


def rules_of(by_scope: Mapping[Scope, Settings]) -> tuple[Rule, ...]:
    """Return the limits that are set for a channel and its server; a value that is no amount counts as none."""
    return tuple(
        rule
        for scope, settings in by_scope.items()
        if scope is not Scope.THREAD
        for name, setting in settings.items()
        if name.startswith(PREFIX)
        and (rule := _rule(name.removeprefix(PREFIX), Origin(scope, setting))) is not None
    )


def limits_roles(by_scope: Mapping[Scope, Settings]) -> bool:
    """Whether a limit is set for a role."""
    return any(name.startswith(f"{PREFIX}role:") for settings in by_scope.values() for name in settings)


def _rule(name: str, origin: Origin) -> Rule | None:
    who, *_ = name.split(":")
    ids = [int(part) for part in name.split(":")[1:2] if part.isdecimal()]
    try:
        amount = amount_of(origin.setting.value)
    except ValueError:
        return None
    own = Subject.CHANNEL if origin.scope is Scope.CHANNEL else Subject.SERVER
    subjects = {ALL: own, EACH: Subject.PERSON, "person": Subject.PERSON, "role": Subject.ROLE}
    if who not in subjects or (who in ("person", "role")) != bool(ids):
        return None
    return Rule(subjects[who], amount, target=ids[0] if ids else None, origin=origin)


def limits(rules: Iterable[Rule], payer: Payer, now_s: float) -> tuple[Limit, ...]:
    """Return the limits that apply to a turn: all of them must hold.

    A limit for a person takes the place of that for each person in the same scope. Of several limits of one counter
    the smallest is left.
    """
    rules = tuple(rules)
    named = {
        (rule.origin.scope, rule.amount.key)
        for rule in rules
        if rule.origin is not None and rule.subject is Subject.PERSON and rule.target == payer.person
    }
    found: dict[str, Limit] = {}
    for rule in rules:
        each_person = rule.subject is Subject.PERSON and rule.target is None
        if each_person and rule.origin is not None and (rule.origin.scope, rule.amount.key) in named:
            continue
        target = _target(rule, payer)
        if target is None:
            continue
        now = window(rule.amount.period, now_s)
        counter = f"{rule.subject}-{target}-{rule.amount.unit}-{rule.amount.period}-{now.name}"
        if counter not in found or rule.amount.most < found[counter].amount.most:
            lasts_s, is_direct = math.ceil(now.renews_s - now_s), payer.server is None
            found[counter] = Limit(rule, counter, now.renews_s, lasts_s, is_direct=is_direct)
    return tuple(found.values())


def _target(rule: Rule, payer: Payer) -> str | None:
    """Return the part of the counter's name that says whose it is, None if the rule does not apply."""
    own: dict[Subject, int | None] = {
        Subject.BOT: 0,
        Subject.SERVER: payer.server,
        Subject.CHANNEL: payer.channel,
        Subject.PERSON: payer.person,
        Subject.FALLBACK: payer.person,
        Subject.ROLE: rule.target if rule.target in payer.roles else None,
    }
    mine = own[rule.subject]
    if mine is None or (rule.target is not None and rule.target != mine):
        return None
    if rule.origin is None or rule.subject in (Subject.SERVER, Subject.CHANNEL):
        return str(mine)
    within = payer.channel if rule.origin.scope is Scope.CHANNEL else payer.server
    return f"{mine}-in-{within}"


_WIDER = {
    Scope.CHANNEL: (Subject.CHANNEL, Subject.SERVER, Subject.BOT),
    Scope.SERVER: (Subject.SERVER, Subject.BOT),
}


def ceiling(rules: Iterable[Rule], who: str, scope: Scope, amount: Amount) -> Rule | None:
    """Return the lowest limit of the settings file that an amount for somebody in a scope exceeds, None if none."""
    wider = _WIDER[scope]
    if who == EACH or who.startswith("person:"):
        wider = (Subject.PERSON, *wider)
    exceeded = [
        rule
        for rule in rules
        if rule.origin is None
        and rule.subject in wider
        and rule.amount.key == amount.key
        and rule.amount.most < amount.most
    ]
    return min(exceeded, key=lambda rule: rule.amount.most, default=None)


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """The operator's settings: `ceilings` hold for everybody.

    The `fallback_model` answers in place of a model whose limit in tokens or money is full, within the limits
    `fallback` of each person.
    """

    ceilings: tuple[Rule, ...] = ()
    fallback_model: str | None = None
    fallback: tuple[Amount, ...] = ()

    def fallback_rules(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Return the limits of the fallback model: its own, and those of `rules` which it does not pass.

        These are the limits of the whole bot, and all limits in messages.
        """
        hold = (rule for rule in rules if Subject.BOT is rule.subject or rule.amount.unit is Unit.MESSAGES)
        return (*hold, *self._own_fallback)

    def shown_rules(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Return the rules that are shown to a person: those that apply, and those of the fallback model."""
        return (*rules, *self._own_fallback)

    @property
    def _own_fallback(self) -> tuple[Rule, ...]:
        return tuple(Rule(Subject.FALLBACK, amount) for amount in self.fallback)


@dataclass(frozen=True, slots=True)
class Budget:
    """The rules where a turn takes place, and the channel that is told of limits that are nearly full."""

    rules: tuple[Rule, ...] = ()
    notify: int | None = None


def budget_of(ceilings: Iterable[Rule], by_scope: Mapping[Scope, Settings]) -> Budget:
    """Return what applies where these settings are set."""
    channel = by_scope.get(Scope.SERVER, {}).get(NOTIFY)
    notify = int(channel.value) if channel is not None and channel.value.isdecimal() else None
    return Budget((*ceilings, *rules_of(by_scope)), notify)


SHARES = (80, 100)
"""The shares in percent at which the admins are told."""


def share_reached(limit: Limit, use: Use) -> int:
    """Return the highest of these shares that the requests which have ended make up, 0 below all."""
    return max((share for share in SHARES if use.settled * 100 >= limit.amount.most * share), default=0)
