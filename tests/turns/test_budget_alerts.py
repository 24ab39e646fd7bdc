"""Which channel is told of which share of a limit, and what happens when it cannot be told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from bot.conversation.amount import Amount, Unit
from bot.conversation.budget import Budget, Limit, Rule, Subject, Use
from bot.conversation.compose import Terms
from bot.conversation.errors import DiscordError, DiscordForbidden, DiscordNotNow, DiscordUnavailable
from bot.conversation.period import Period
from bot.conversation.request import Parameters
from bot.conversation.trimming import marks
from bot.render.outbox import Outbox, Outgoing
from bot.store.budgets import Budgets
from bot.store.claim import Meta
from bot.turns.budget_alerts import BudgetAlerts
from tests.store.claims import a_claim

LIMIT = Limit(Rule(Subject.SERVER, Amount(100, Unit.TOKENS, Period.MONTH)), "server-1-tokens", 10**10, 1000)
TERMS = Terms(Parameters("m", 100), (), marks(1000, 0.5))
CLOSED, OPEN = 8, 9


@dataclass
class Place:
    """Discord and the store of the shares, with one channel in which the bot may write."""

    sent: list[tuple[int, str]] = field(default_factory=list)
    failures: list[DiscordError] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    async def send(self, channel: int, message: Outgoing) -> None:
        self.sent.append((channel, message.content))
        if self.failures:
            raise self.failures.pop()
        if channel == CLOSED:
            raise DiscordForbidden

    async def tell_share(self, _limit: Limit, share: int) -> None:
        self.told.append(share)


async def test_a_notice_that_failed_is_tried_again_at_the_next_share_and_in_another_channel() -> None:
    place = Place()
    alerts = BudgetAlerts(cast("Outbox", place), cast("Budgets", place))
    claim = a_claim(1, meta=Meta(guild=1))
    for channel, used in ((CLOSED, 80), (CLOSED, 90), (CLOSED, 100), (CLOSED, 100), (OPEN, 100)):
        terms = replace(TERMS, budget=Budget(notify=channel))
        alerts.observe(claim, terms, (LIMIT,), (Use(used, 0),))
        if telling := {task for task in asyncio.all_tasks() if task.get_name() == "budget-alert"}:
            await asyncio.wait(telling)
    assert [channel for channel, _ in place.sent] == [CLOSED, CLOSED, OPEN]
    assert place.told == [100]


@pytest.mark.parametrize("failure", [DiscordUnavailable("503"), DiscordNotNow(60.0)])
async def test_a_notice_that_discord_does_not_take_for_now_is_posted_at_the_next_request(
    failure: DiscordError,
) -> None:
    place = Place(failures=[failure])
    alerts = BudgetAlerts(cast("Outbox", place), cast("Budgets", place))
    claim, terms = a_claim(1, meta=Meta(guild=1)), replace(TERMS, budget=Budget(notify=OPEN))
    for _ in range(2):
        alerts.observe(claim, terms, (LIMIT,), (Use(80, 0),))
        await asyncio.wait({task for task in asyncio.all_tasks() if task.get_name() == "budget-alert"})
    assert [channel for channel, _ in place.sent] == [OPEN, OPEN]
    assert place.told == [80]
