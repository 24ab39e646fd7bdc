"""What each request to Claude reserves of a limit, and what of it is settled, however the request ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.claude.client import Claude
from bot.conversation.amount import Amount, Unit
from bot.conversation.budget import Limit, Rule, Subject, Use
from bot.conversation.errors import BudgetReached, ClaudeBusy, ClaudeError, ClaudeUnreachable
from bot.conversation.period import Period
from bot.conversation.pricing import MTOK, Prices
from bot.conversation.request import (
    Finished,
    NewAttempt,
    Parameters,
    Request,
    Started,
    StreamEvent,
    TextDelta,
    Usage,
    Waiting,
)
from bot.conversation.request_cost import Purpose
from bot.store.budgets import Amounts, Budgets, Full, Reserved
from bot.store.claim import Claim, Presser
from bot.store.keys import Keys
from bot.turns.metered_claude import Account, MeteredClaude
from bot.turns.reply_stream import ReplyStream
from bot.turns.turn_cost import TurnCost
from tests.conversation.builders import message
from tests.store.claims import a_claim, changed

REQUEST = Request(Parameters("claude-test", 100), (), ())
PRICES = Prices(input=MTOK, write_5m=0, write_1h=0, read=0, output=2 * MTOK)
MOST = Usage(input=50, output=100)
READ = Started(Usage(input=40))
END = Finished("end_turn", Usage(input=40, output=5), "claude-test", "r", "m")


@dataclass
class FakeClaude:
    """Says `events`, one list for each request; an error among them is raised, and without an end it is silent."""

    events: list[tuple[StreamEvent | ClaudeError, ...]]
    silent: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, _request: Request, _caller: object = None) -> AsyncIterator[StreamEvent]:
        for event in self.events.pop(0):
            if isinstance(event, ClaudeError):
                raise event
            yield event
        self.silent.set()
        await asyncio.Event().wait()


def limit(unit: Unit, most: int) -> Limit:
    return Limit(Rule(Subject.SERVER, Amount(most, unit, Period.DAY)), f"server-1-{unit}", 10**10, 1000)


class WatchedBudgets(Budgets):
    """Tells when a reservation is under way."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.began = asyncio.Event()

    async def reserve(
        self, claim: Claim, number: int, limits: Sequence[Limit], amounts: Amounts
    ) -> Reserved | Full:
        self.began.set()
        return await super().reserve(claim, number, limits, amounts)


@dataclass
class Metered:
    """A turn with a limit of each kind, and what is told of them."""

    budgets: Budgets
    messages: int = 10
    tokens: int = 1000
    cost: TurnCost = field(default_factory=TurnCost)
    observed: list[tuple[Use, ...]] = field(default_factory=list)
    token: int = 5
    turn: int = 1
    presser: Presser | None = None

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits."""
        return (
            limit(Unit.MESSAGES, self.messages),
            limit(Unit.TOKENS, self.tokens),
            limit(Unit.MONEY, 10_000),
        )

    def claude(self, *events: tuple[StreamEvent | ClaudeError, ...]) -> tuple[FakeClaude, MeteredClaude]:
        """A Claude that says this."""
        claim = a_claim(self.turn, messages=(message("hello", number=self.turn),), token=self.token)
        claim = changed(claim, presser=self.presser)
        account = Account(
            self.budgets,
            claim,
            lambda: self.limits,
            PRICES,
            lambda _, uses: self.observed.append(uses),
        )
        fake = FakeClaude(list(events))
        return fake, MeteredClaude(cast("Claude", fake), claim.payer, self.cost, PRICES, account)

    async def uses(self) -> tuple[tuple[int, int], ...]:
        """What is settled and reserved of messages, tokens and money, once all is settled."""
        await self.cost.settled()
        return tuple((use.settled, use.reserved) for use in await self.budgets.uses(self.limits))


@pytest.fixture
async def metered(redis: Redis) -> Metered:
    return Metered(Budgets(redis, Keys("test"), instance="me"))


async def read(claude: MeteredClaude, purpose: Purpose = "reply") -> None:
    """Read a reply to its end."""
    async with aclosing(claude.stream(REQUEST, purpose, MOST)) as events:
        async for event in events:
            if isinstance(event, Finished):
                return


async def test_a_request_reserves_the_most_and_settles_what_it_used(metered: Metered) -> None:
    _, claude = metered.claude((READ, TextDelta("Hi."), END))
    await read(claude)
    assert await metered.uses() == ((1, 0), (45, 0), (50, 0))
    assert metered.observed == [
        (Use(0, 1), Use(0, 150), Use(0, 250)),
        (Use(1, 0), Use(45, 0), Use(50, 0)),
    ]


async def test_a_summary_for_which_there_is_no_room_is_done_without(metered: Metered) -> None:
    metered.tokens = 1
    _, claude = metered.claude((END,))
    await read(claude)
    stream = ReplyStream(claude, asyncio.Future(), lambda _: None, lambda _: None)
    assert await stream.summary(REQUEST, MOST) == (None, ())
    text, end = await stream.reply(REQUEST, "reply", MOST)
    assert text == ""
    assert isinstance(end, BudgetReached)


async def test_a_turn_is_one_message_however_many_requests_it_takes_and_a_summary_is_none(
    metered: Metered,
) -> None:
    _, claude = metered.claude((END,), (END,), (END,))
    await read(claude, "summary")
    assert (await metered.uses())[0] == (0, 0)
    await read(claude)
    await read(claude, "continuation")
    assert await metered.uses() == ((1, 0), (135, 0), (150, 0))


async def test_no_summary_is_asked_for_a_turn_whose_message_will_be_refused(metered: Metered) -> None:
    metered.messages = 1
    _, claude = metered.claude((END,))
    await read(claude)
    await metered.uses()
    following = Metered(metered.budgets, messages=1, token=6, turn=2)
    _, claude = following.claude((END,))
    with pytest.raises(BudgetReached):
        await read(claude, "summary")


@pytest.mark.parametrize("error", [ClaudeBusy(), ClaudeUnreachable("no server", sent=False)])
async def test_a_request_that_costs_nothing_is_given_back_and_the_next_is_the_message(
    metered: Metered, error: ClaudeError
) -> None:
    metered.messages = 1
    _, claude = metered.claude((error,), (END,))
    with pytest.raises(type(error)):
        await read(claude)
    assert await metered.uses() == ((0, 0), (0, 0), (0, 0))
    await read(claude)
    assert await metered.uses() == ((1, 0), (45, 0), (50, 0))


async def test_each_try_of_the_client_is_reserved_by_itself(metered: Metered) -> None:
    metered.messages = 1
    _, claude = metered.claude(
        (Waiting(1.0, 2), NewAttempt(), READ, Waiting(1.0, 3, lost=True), NewAttempt(), END)
    )
    await read(claude)
    # The first try was refused, and of the second only what was reserved is known.
    assert await metered.uses() == ((1, 0), (150 + 45, 0), (250 + 50, 0))


async def test_a_try_for_which_there_is_no_room_ends_the_request(metered: Metered) -> None:
    metered.tokens = 120
    _, claude = metered.claude((READ, Waiting(1.0, 2, lost=True), NewAttempt(), END))
    with pytest.raises(BudgetReached) as reached:
        await read(claude)
    assert reached.value.limit.amount.unit is Unit.TOKENS
    assert (await metered.uses())[1] == (150, 0)
    assert metered.cost.unknown == 1


@pytest.mark.parametrize(("person", "named"), [(66, 66), (message("hello").author.id, None)])
async def test_whoever_has_an_answer_written_again_is_named_at_their_limit_unless_they_have_asked(
    metered: Metered, person: int, named: int | None
) -> None:
    metered.messages, metered.presser = 0, Presser(person)
    _, claude = metered.claude((READ, END))
    with pytest.raises(BudgetReached) as reached:
        await read(claude)
    assert reached.value.presser == named


@pytest.mark.parametrize("events", [(), (READ,), (READ, TextDelta("Half"))])
async def test_a_request_that_is_dropped_counts_with_the_most_that_it_may_have_used(
    metered: Metered, events: tuple[StreamEvent, ...]
) -> None:
    fake, claude = metered.claude(events)
    reading = asyncio.create_task(read(claude))
    await fake.silent.wait()
    reading.cancel()
    await asyncio.wait({reading})
    assert await metered.uses() == ((1, 0), (150, 0), (250, 0))


async def test_a_reservation_that_nobody_waits_for_any_more_is_given_back(redis: Redis) -> None:
    watched = WatchedBudgets(redis, Keys("test"), instance="me")
    metered = Metered(watched)
    _, claude = metered.claude((END,))
    reading = asyncio.create_task(read(claude))
    await watched.began.wait()
    reading.cancel()
    await asyncio.wait({reading})
    assert reading.cancelled()
    assert await metered.uses() == ((0, 0), (0, 0), (0, 0))
    assert metered.cost.unknown == 0


async def test_the_next_attempt_at_the_turn_does_not_wait_for_what_the_killed_one_had_reserved(
    metered: Metered,
) -> None:
    metered.messages = 1
    fake, claude = metered.claude(())
    killed = asyncio.create_task(read(claude))
    await fake.silent.wait()
    following = Metered(metered.budgets, messages=1, token=6)
    _, claude = following.claude((END,))
    await read(claude)
    assert (await following.uses())[0] == (1, 0)
    killed.cancel()
    await asyncio.wait({killed})


async def test_the_next_attempt_at_an_answer_that_was_read_to_its_end_is_not_another_message(
    metered: Metered,
) -> None:
    metered.messages = 1
    _, claude = metered.claude((END,))
    await read(claude)
    await metered.uses()
    following = Metered(metered.budgets, messages=1, token=6)
    _, claude = following.claude((END,), (END,))
    await read(claude)
    await read(claude, "continuation")
    assert await following.uses() == ((1, 0), (135, 0), (150, 0))
