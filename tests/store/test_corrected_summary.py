"""A summary that is corrected while a trim is under way: `pins_and_summaries` and `journal` together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from bot.conversation.correction import fingerprint
from bot.conversation.past import Past
from bot.conversation.turn import Preface
from bot.store.claim import Claim
from bot.store.codec import Result, dump_turn
from bot.store.conversations import Conversations
from bot.store.journal import Journal
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.turn_control import RegenerateResult, TurnControl
from tests.conversation.builders import message, sent, snowflake, turn
from tests.store.stage import KEYS, C
from tests.store.trims import PREFACE, TRIMMED


@dataclass
class Trimmed:
    """A conversation whose last turn has put a summary in front of the window, and one that is being answered."""

    redis: Redis
    recall: PinsAndSummaries
    journal: Journal
    claim: Claim

    async def corrected(self) -> None:
        """Have somebody correct the summary."""
        shown = fingerprint((await self.recall.past(C)).preface.summary)
        assert await self.recall.correct(C, shown, "They talked of cloth.")

    async def commit(self, preface: Preface | None, window_start: int, claim: Claim | None = None) -> Past:
        """End the turn, and return what the next one finds."""
        claim = claim or self.claim
        entry = replace(
            turn(0), id=claim.turn_id, members=claim.batch.members, preface=preface, window_start=window_start
        )
        for _ in range(2):  # as when the first answer of the store was lost
            await self.journal.commit(claim, entry, Result("answer"), window_start=window_start, cost=5)
        await self.journal.acknowledge(claim, reconcile=False)
        assert await self.redis.hget(KEYS.meta(C), "cost") == "5"
        return await self.recall.past(C)


@pytest.fixture
async def trimmed(redis: Redis, recall: PinsAndSummaries) -> Trimmed:
    await redis.rpush(KEYS.history(C), dump_turn(turn(8)), dump_turn(TRIMMED))
    await redis.hset(KEYS.meta(C), "cut", "1")
    conversations = Conversations(redis, KEYS, ttl_s=1000)
    await conversations.receive(C, message("hello", number=20), source="event", channel_fields={"guild": 1})
    journal = Journal(redis, KEYS, ttl_s=1000, lease_s=5.0, reconcile_s=0.0)
    claim = await journal.claim(C, "me")
    assert isinstance(claim, Claim)
    return Trimmed(redis, recall, journal, claim)


async def test_a_trim_that_was_under_way_leaves_a_corrected_summary_where_it_stands(trimmed: Trimmed) -> None:
    await trimmed.corrected()
    past = await trimmed.commit(Preface("They talked of looms and wool."), 2)
    assert past.preface == replace(PREFACE, summary="They talked of cloth.")
    assert past.window_start == 1
    assert [entry.id for entry in past.history] == [TRIMMED.id, snowflake(20)]


async def test_what_was_under_way_and_makes_no_summary_carries_the_corrected_one_on(trimmed: Trimmed) -> None:
    await trimmed.corrected()
    past = await trimmed.commit(replace(PREFACE, pinned=()), 2)
    assert past.preface == Preface("They talked of cloth.")
    assert past.window_start == 2


async def test_a_correction_from_before_the_turn_is_in_the_summary_that_it_makes(trimmed: Trimmed) -> None:
    await trimmed.corrected()
    claim = await trimmed.journal.claim(C, "me")
    assert isinstance(claim, Claim)
    past = await trimmed.commit(Preface("They talked of cloth and wool."), 2, claim)
    assert past.preface == Preface("They talked of cloth and wool.")
    assert past.window_start == 2


async def test_a_turn_that_trims_again_when_done_anew_is_not_hidden_by_the_correction_of_its_first_trim(
    trimmed: Trimmed,
) -> None:
    await trimmed.commit(Preface("They talked of looms and wool."), 2)
    await trimmed.corrected()
    control = TurnControl(trimmed.redis, KEYS, ttl_s=1000)
    assert await control.regenerate(C, trimmed.claim.turn_id, "wish") is RegenerateResult.OK
    claim = await trimmed.journal.claim(C, "me")
    assert isinstance(claim, Claim)
    assert claim.past.preface.summary == "They talked of cloth."
    entry = replace(turn(20), preface=Preface("They talked of cloth and dye."), members=claim.batch.members)
    await trimmed.journal.commit(claim, entry, Result("answer"), window_start=2)
    assert (await trimmed.recall.past(C)).preface == entry.preface


async def test_a_turn_done_anew_without_a_trim_keeps_the_corrected_summary(trimmed: Trimmed) -> None:
    await trimmed.commit(Preface("They talked of looms and wool."), 2)
    await trimmed.corrected()
    control = TurnControl(trimmed.redis, KEYS, ttl_s=1000)
    await control.regenerate(C, trimmed.claim.turn_id, "wish")
    claim = await trimmed.journal.claim(C, "me")
    assert isinstance(claim, Claim)
    assert claim.earlier.entry is not None
    await trimmed.journal.commit(
        claim, replace(claim.earlier.entry, sent=sent("question", ("anew",))), Result("anew"), window_start=2
    )
    assert (await trimmed.recall.past(C)).preface.summary == "They talked of cloth."
