"""What Claude is told of calls that waited, over a real store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.approval import Approval, State
from bot.conversation.consulted import Consulted
from bot.conversation.message import created_ms
from bot.conversation.turn import Turn
from bot.store.approvals import Approvals
from bot.store.claim import Claim, Lease, Meta
from bot.turns.prepare import Prepared
from bot.turns.tool_outcomes import LEFT_BEHIND, ToolOutcomes
from tests.conversation.builders import message, snowflake, turn
from tests.conversation.test_approval import WAITING
from tests.store.claims import a_claim, changed
from tests.store.stage import KEYS, C

ASKED = replace(
    turn(10), members=(snowflake(10), snowflake(11)), consulted=(Consulted("knock", "waiting", approval=5),)
)
QUESTION = message("so?", number=20)
BRANCH = snowflake(13)
BRANCH_OF_BRANCH = snowflake(14)


@pytest.fixture
def approvals(redis: Redis) -> Approvals:
    return Approvals(redis, KEYS)


def at(second: float) -> int:
    return created_ms(snowflake(0)) + round(second * 1000)


def ended(second: float, state: State = "done", number: int = 5, **changes: object) -> Approval:
    call = replace(
        WAITING, id=number, conversation=C, state=state, since_ms=at(second), outcome="It is open."
    )
    return replace(call, **changes)  # type: ignore[arg-type]


def claim_of(history: tuple[Turn, ...] = (ASKED,), number: int = 20) -> Claim:
    return a_claim(snowflake(number), history=history, messages=(message("so?", number=number),))


METAS = {C: Meta(), BRANCH: Meta(branch_of=C)}


async def _meta_of(conversation: int) -> Meta | None:
    return METAS.get(conversation)


async def told(approvals: Approvals, claim: Claim) -> list[tuple[str, str, str]]:
    prepared = await ToolOutcomes(approvals, _meta_of)(claim, Prepared(claim.batch.messages))
    assert isinstance(prepared, Prepared)
    return [
        (quote.title, quote.remark, quote.messages[0].text)
        for each in prepared.messages
        for quote in each.quotes
        if quote.kind == "tool"
    ]


async def stored(approvals: Approvals, claim: Claim, *calls: Approval) -> None:
    for each in calls:
        await approvals.open(replace(each, conversation=claim.conversation))


@pytest.mark.parametrize(
    ("state", "remark"),
    [
        ("done", "allowed, and done"),
        ("failed", "allowed, and failed"),
        ("refused", "refused"),
        ("expired", "nobody allowed it in time, so it was not done"),
    ],
)
async def test_an_outcome_is_told_with_the_next_message(
    approvals: Approvals, state: State, remark: str
) -> None:
    claim = claim_of()
    await stored(approvals, claim, ended(15, state))
    assert await told(approvals, claim) == [("knock", remark, "It is open.")]


@pytest.mark.parametrize("state", ["waiting", "running"])
async def test_a_call_that_has_not_ended_is_not_told(approvals: Approvals, state: State) -> None:
    claim = claim_of()
    await stored(approvals, claim, ended(15, state))
    assert await told(approvals, claim) == []


@pytest.mark.parametrize(
    "second", [9.0, 10.0, 10.5, 11.0, 11.001, 12.0, 19.999, 20.0, 20.001, 25.0, 30.0, 31.0]
)
async def test_each_outcome_is_told_by_one_turn_whenever_it_ended(
    approvals: Approvals, second: float
) -> None:
    first, second_turn = claim_of(), replace(turn(20), consulted=())
    then = claim_of((ASKED, second_turn), 30)
    last = claim_of((ASKED, second_turn, turn(30)), 40)
    await stored(approvals, first, ended(second))
    times = [len(await told(approvals, each)) for each in (first, then, last)]
    assert sum(times) == (1 if second > 11.0 else 0)


async def test_every_attempt_at_a_turn_has_the_same_outcomes(approvals: Approvals) -> None:
    claim = claim_of()
    await stored(approvals, claim, ended(15))
    before = await told(approvals, claim)
    await stored(approvals, claim, ended(21, number=6))  # it ends between the attempts
    assert await told(approvals, changed(claim, number=2)) == before


async def test_a_turn_that_is_not_sent_again_leaves_the_outcome_to_the_next(approvals: Approvals) -> None:
    refused = replace(turn(20, outcome="refused"), consulted=())
    claim = claim_of((ASKED, refused), 30)
    await stored(approvals, claim, ended(15))
    assert len(await told(approvals, claim)) == 1


async def test_a_turn_that_failed_holds_the_outcome_already(approvals: Approvals) -> None:
    claim = claim_of((ASKED, turn(20, outcome="failed")), 30)
    await stored(approvals, claim, ended(15))
    assert await told(approvals, claim) == []


async def test_a_conversation_without_a_call_that_waited_is_not_looked_up(approvals: Approvals) -> None:
    claim = claim_of((turn(10),))
    await stored(approvals, claim, ended(15))
    assert await told(approvals, claim) == []


async def test_outcomes_are_told_in_the_order_in_which_they_ended(approvals: Approvals) -> None:
    claim = claim_of()
    calls = [ended(15 - number, number=number, outcome=f"{number}") for number in (1, 3, 2)]
    await stored(approvals, claim, *calls)
    assert [text for _, _, text in await told(approvals, claim)] == ["3", "2", "1"]


def in_branch(
    history: tuple[Turn, ...] = (ASKED,), number: int = 20, conversation: int = BRANCH, source: int = C
) -> Claim:
    return replace(claim_of(history, number), lease=Lease(conversation, 1), meta=Meta(branch_of=source))


IN_SOURCE = replace(claim_of(), lease=Lease(C, 1))
OUTCOME = [("knock", "allowed, and done", "It is open.")]
STAYS_THERE = [("knock", LEFT_BEHIND, "")]


@pytest.mark.parametrize("second", [12.0, 13.5, 20.0])
async def test_the_first_turn_of_a_branch_is_told_of_a_call_that_has_ended_by_then(
    approvals: Approvals, second: float
) -> None:
    await stored(approvals, IN_SOURCE, ended(second))
    assert await told(approvals, in_branch()) == OUTCOME
    own = replace(turn(20), consulted=())
    assert await told(approvals, in_branch((ASKED, own), 30)) == []


@pytest.mark.parametrize("calls", [[], [ended(15, "waiting")], [ended(15, "running")], [ended(21)]])
async def test_a_call_that_still_waits_stays_with_the_conversation_before_and_the_branch_is_told_so_once(
    approvals: Approvals, calls: list[Approval]
) -> None:
    await stored(approvals, IN_SOURCE, *calls)
    assert await told(approvals, in_branch()) == STAYS_THERE
    own = replace(turn(20), consulted=())
    assert await told(approvals, in_branch((ASKED, own), 30)) == []


async def test_what_a_copied_turn_was_told_is_not_told_again(approvals: Approvals) -> None:
    await stored(approvals, IN_SOURCE, ended(11.5))
    assert await told(approvals, in_branch((ASKED, replace(turn(12), consulted=())))) == []


async def test_a_turn_of_the_branch_that_is_not_sent_again_leaves_the_outcome_to_the_next(
    approvals: Approvals,
) -> None:
    refused = replace(turn(20, outcome="refused"), consulted=())
    assert await told(approvals, in_branch((ASKED, refused), 30)) == STAYS_THERE


async def test_the_branch_of_a_branch_is_told_as_well(approvals: Approvals) -> None:
    claim = in_branch(conversation=BRANCH_OF_BRANCH, source=BRANCH)
    assert await told(approvals, claim) == STAYS_THERE
    await stored(approvals, IN_SOURCE, ended(15))
    assert await told(approvals, claim) == OUTCOME


async def test_a_branch_is_told_nothing_of_calls_that_it_has_not_copied(approvals: Approvals) -> None:
    await stored(approvals, IN_SOURCE, ended(15, number=6))
    assert await told(approvals, in_branch()) == STAYS_THERE


async def test_a_call_of_the_branchs_own_is_told_as_in_any_conversation(approvals: Approvals) -> None:
    own = replace(turn(20), consulted=(Consulted("ring", "waiting", approval=9),))
    claim = in_branch((ASKED, own), 30)
    await stored(approvals, claim, ended(25, number=9, tool="ring"))
    assert await told(approvals, claim) == [("ring", "allowed, and done", "It is open.")]
