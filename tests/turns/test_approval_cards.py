"""The cards of calls: posted once, and changed in the order of what they tell."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.conversation import approval_card
from bot.conversation.approval import WAITS_S
from bot.conversation.errors import DiscordForbidden, DiscordUnavailable
from bot.render.controls import NONE, OF_CARDS, Controls
from bot.render.outbox import Change, Outgoing, Sent
from bot.render.upload import Attached
from bot.turns.approval_watch import RETRY_S
from tests.render.fake_outbox import FakeOutbox
from tests.store.stage import KEYS
from tests.turns.desk_stage import ASKER, CONTEXT, ID, KEY, THREAD, TURN, Bench, bench, eventually

__all__ = ["bench"]


async def test_a_card_is_posted_once_although_two_instances_post_it(bench: Bench) -> None:
    waiting = await bench.opened()
    await bench.another()._cards.post(waiting)
    await bench.looked(bench.another())
    (card,) = bench.cards()
    assert "knock" in card
    assert '"door": "north"' in card
    assert (waiting.card, len(bench.outbox.seen("send"))) == (min(bench.outbox.messages), 1)
    assert bench.outbox.controls[min(bench.outbox.messages)].buttons == OF_CARDS


async def posted_by_the_watch(bench: Bench) -> int:
    """The card of a call whose turn went on writing for longer than Discord knows the nonce."""
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    await bench.looked()
    bench.outbox.nonces.clear()
    card = (await bench.found()).card
    assert card is not None
    return card


async def test_a_turn_that_ends_long_after_the_watch_has_posted_a_card_posts_no_second_one(
    bench: Bench,
) -> None:
    card = await posted_by_the_watch(bench)
    await bench.desk.post_cards(THREAD, TURN)
    assert list(bench.outbox.messages) == [(await bench.found()).card] == [card]


async def test_a_call_that_was_decided_before_its_turn_ended_gets_no_second_card(bench: Bench) -> None:
    card = await posted_by_the_watch(bench)
    await bench.desk.allow(THREAD, ID, ASKER)
    done = await bench.until("done")
    await eventually(lambda: bench.cards() == [approval_card.card(done)])
    await bench.desk.post_cards(THREAD, TURN)
    assert bench.cards() == [approval_card.card(done)]
    assert bench.outbox.controls[card] == NONE


async def test_a_call_that_ended_without_a_card_gets_none(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    await bench.desk.refuse(THREAD, ID, ASKER, "")
    await bench.desk.post_cards(THREAD, TURN)
    assert bench.cards() == []


@pytest.mark.parametrize("knows_nonce", [True, False])
async def test_of_a_watch_and_a_turn_that_post_a_card_at_once_one_card_stays(
    bench: Bench, *, knows_nonce: bool
) -> None:
    bench.outbox = AtOnce(knows_nonce=knows_nonce)
    bench.desk = bench.another()
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    await asyncio.gather(bench.looked(bench.another()), bench.desk.post_cards(THREAD, TURN))
    assert len(bench.outbox.seen("send")) == (1 if knows_nonce else 2)
    assert list(bench.outbox.messages) == [(await bench.found()).card]
    await bench.desk.refuse(THREAD, ID, ASKER, "")
    assert bench.outbox.controls[min(bench.outbox.messages)] == NONE


async def test_a_card_that_is_posted_although_the_call_has_one_is_removed(bench: Bench) -> None:
    waiting = await bench.opened()
    bench.outbox.nonces.clear()
    await bench.another()._cards.post(replace(waiting, card=None))
    assert list(bench.outbox.messages) == [(await bench.found()).card] == [waiting.card]


async def test_a_card_of_a_call_that_does_not_wait_any_more_has_no_buttons(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    refused, _ = await bench.desk.refuse(THREAD, ID, ASKER, "")
    assert refused is not None
    await bench.desk._cards.post(refused)
    assert bench.outbox.seen("send")[0].controls == NONE


async def test_a_press_on_a_card_beside_the_known_one_counts_and_removes_it(bench: Bench) -> None:
    other = await posted_by_a_worker_that_is_gone(bench)
    await bench.desk.post_cards(THREAD, TURN)
    known = (await bench.found()).card
    assert set(bench.outbox.messages) == {other, known}
    pressed = await bench.desk.find(THREAD, ID, other)
    assert pressed is not None
    assert (pressed.card, pressed.state, list(bench.outbox.messages)) == (known, "waiting", [known])


class AtOnce(FakeOutbox):
    """A Discord that gets two posts at once, and may know no nonces any more."""

    def __init__(self, *, knows_nonce: bool) -> None:
        super().__init__(round_trip_s=0.0)
        self.knows_nonce = knows_nonce
        self.both = asyncio.Barrier(2)

    async def send(self, channel_id: int, message: Outgoing) -> Sent:
        nth = await self.both.wait()
        nonce = message.nonce if self.knows_nonce else f"{message.nonce}-{nth}"
        return await super().send(channel_id, replace(message, nonce=nonce))


async def test_a_card_of_direct_messages_names_nobody_else_who_could_decide(bench: Bench) -> None:
    assert "Manage Messages" in approval_card.card(await bench.opened())
    direct = replace(await bench.found(), server=None, channel=None)
    assert "Manage Messages" not in approval_card.card(direct)
    assert f"<@{ASKER}>, you can decide" in approval_card.card(direct)


async def test_a_card_that_the_turn_has_not_posted_is_posted_by_the_watch(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    await bench.looked(bench.another())
    assert len(bench.cards()) == 1


async def test_a_card_that_discord_refuses_leaves_the_call_waiting(bench: Bench) -> None:
    bench.outbox.failures.append(DiscordForbidden("50013"))
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    await bench.desk.post_cards(THREAD, TURN)
    assert (await bench.found()).state == "waiting"


async def posted_by_a_worker_that_is_gone(bench: Bench) -> int:
    """A card of which the store does not know."""
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    sent = await bench.outbox.send(THREAD, Outgoing("a card", nonce="1", controls=Controls(ID, OF_CARDS)))
    return sent.id


async def test_a_press_tells_the_card_that_its_worker_has_not_noted(bench: Bench) -> None:
    card = await posted_by_a_worker_that_is_gone(bench)
    pressed = await bench.desk.find(THREAD, ID, card)
    assert pressed is not None
    assert (pressed.card, pressed.state, bench.outbox.seen("edit")) == (card, "waiting", [])
    await bench.desk.allow(THREAD, ID, ASKER)
    done = await bench.until("done")
    await eventually(lambda: bench.cards() == [approval_card.card(done)])
    assert bench.outbox.controls[card] == NONE


async def test_a_late_press_on_a_card_that_nobody_knew_has_the_card_say_what_the_call_is(
    bench: Bench,
) -> None:
    card = await posted_by_a_worker_that_is_gone(bench)
    refused, _ = await bench.desk.refuse(THREAD, ID, ASKER, "")
    assert refused is not None
    await bench.looked()
    assert bench.cards() == ["a card"]
    await bench.desk.find(THREAD, ID, card)
    assert bench.cards() == [approval_card.card(refused)]
    assert bench.outbox.controls[card] == NONE


async def test_a_worker_that_ends_behind_the_note_of_its_card_leaves_the_card_to_the_watch(
    bench: Bench,
) -> None:
    waiting = await bench.opened()
    await bench.approvals.change(THREAD, ID, lambda each: replace(each, card=None))
    refused, _ = await bench.desk.refuse(THREAD, ID, ASKER, "")
    assert refused is not None
    await bench.approvals.due.remove(THREAD)  # the watch has seen to a call that nobody knew a card of
    bench.outbox = held = Held("Refused")
    posting = asyncio.create_task(bench.another()._cards.post(waiting))
    await eventually(lambda: held.waits)
    posting.cancel()
    assert await bench.approvals.due.all() == (THREAD,)
    held.let.set()
    await bench.looked(bench.another())
    assert approval_card.card(refused) in bench.cards()


class Held(FakeOutbox):
    """A Discord that makes one kind of change to a card only once `let` is set."""

    def __init__(self, words: str) -> None:
        super().__init__(round_trip_s=0.0)
        self.words = words
        self.let = asyncio.Event()
        self.waits = False

    async def edit(self, channel_id: int, message_id: int, change: Change) -> tuple[Attached, ...]:
        if self.words in (change.content or ""):
            self.waits = True
            await self.let.wait()
        return await super().edit(channel_id, message_id, change)


async def test_a_call_that_is_allowed_does_not_wait_for_its_card(bench: Bench) -> None:
    bench.outbox = held = Held("It is running")
    bench.desk = bench.another()
    await bench.opened()
    allowing = asyncio.create_task(bench.desk.allow(THREAD, ID, ASKER))
    await bench.until("done")
    assert bench.effect.made == [KEY]
    held.let.set()
    await allowing


async def test_a_change_of_the_card_that_lands_late_does_not_stay(bench: Bench) -> None:
    bench.outbox = held = Held("It is running")
    bench.desk = bench.another()
    await bench.opened()
    allowing = asyncio.create_task(bench.desk.allow(THREAD, ID, ASKER))
    await eventually(lambda: "and done" in bench.cards()[0])
    held.let.set()
    await allowing
    assert "and done" in bench.cards()[0]
    assert (await bench.found()).is_shown


async def test_a_card_keeps_its_buttons_if_the_call_waits_again_before_an_earlier_change_lands(
    bench: Bench,
) -> None:
    waiting = await bench.opened()
    bench.outbox = held = Held("It is running")
    frozen = bench.another()
    running, _ = await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, each.since_ms))
    assert running is not None
    showing = asyncio.create_task(frozen._cards.show(running))
    bench.now_s[0] += 1000
    await bench.looked(frozen)
    held.let.set()
    await showing
    assert (await bench.found()).state == "waiting"
    assert waiting.card is not None
    assert bench.outbox.controls[waiting.card].buttons == OF_CARDS
    assert "I was interrupted" in bench.cards()[0]


@pytest.mark.parametrize("ends", ["done", "refused", "withdrawn"])
async def test_a_card_whose_change_was_lost_with_the_bot_is_written_by_the_watch(
    bench: Bench, ends: str
) -> None:
    await bench.opened()
    if ends == "done":
        await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, each.since_ms))
        await bench.approvals.change(THREAD, ID, lambda each: each.ended("done", "it rang", each.since_ms))
    elif ends == "refused":
        await bench.approvals.change(THREAD, ID, lambda each: each.refused(ASKER, "", each.since_ms))
    else:
        await bench.approvals.change(THREAD, ID, lambda each: each.withdrawn("off", each.since_ms))
    bench.outbox.failures.append(DiscordUnavailable("503"))
    assert await bench.desk.watch.look(THREAD) is not None
    assert "can decide" in bench.cards()[0]
    assert await bench.another().watch.look(THREAD) is None
    assert "can decide" not in bench.cards()[0]
    edits = len(bench.outbox.seen("edit"))
    await bench.looked()
    assert len(bench.outbox.seen("edit")) == edits


async def test_a_decision_has_the_watch_look_at_its_card_soon(bench: Bench) -> None:
    await bench.opened()
    await bench.approvals.due.postpone(THREAD, WAITS_S)
    bench.outbox.failures.append(DiscordUnavailable("503"))
    await bench.desk.refuse(THREAD, ID, ASKER, "")
    found: Any = await bench.redis.zrange(KEYS.approvals_due, 0, -1, withscores=True)
    now_s, _ = await bench.redis.time()
    assert found[0][1] / 1000 < now_s + 120


async def test_after_the_store_has_gone_back_a_card_that_waits_has_its_buttons_again(bench: Bench) -> None:
    card = (await bench.opened()).card
    assert card is not None
    held = await bench.redis.hgetall(KEYS.approvals(THREAD))
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.until("done")
    await bench.looked()
    assert bench.outbox.controls[card].buttons != OF_CARDS
    await bench.redis.delete(KEYS.approvals(THREAD))
    fields: dict[Any, Any] = dict(held)
    await bench.redis.hset(KEYS.approvals(THREAD), mapping=fields)
    await bench.approvals.due.postpone(THREAD, WAITS_S)
    bench.desk.watch.distrust_cards()
    watching = asyncio.create_task(bench.desk.watch.run(every_s=0.01))
    async with asyncio.timeout(10):
        while bench.outbox.controls[card].buttons != OF_CARDS:  # noqa: ASYNC110 - the watch makes it true
            await asyncio.sleep(0.01)
    watching.cancel()
    assert (await bench.found()).state == "waiting"


async def test_a_call_whose_card_raises_anything_is_looked_at_again_and_delays_no_other(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    await bench.desk.gate(bench.tool, replace(CONTEXT, key="f" * 24), {"door": "south"})
    bench.outbox.failures.append(KeyError("author"))
    with capture_logs() as logs:
        assert await bench.desk.watch.look(THREAD) == RETRY_S
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["approval_failed"]
    assert len(bench.cards()) == 1
    await bench.looked()
    assert len(bench.cards()) == 2


async def test_a_card_that_raises_anything_does_not_end_the_watch_after_the_store_has_gone_back(
    bench: Bench,
) -> None:
    await bench.opened()
    await bench.desk.gate(bench.tool, replace(CONTEXT, turn=TURN + 1, key="f" * 24), {"door": "south"})
    await bench.desk.post_cards(THREAD, TURN + 1)
    bench.outbox.failures.append(KeyError("author"))
    bench.desk.watch.distrust_cards()
    watching = asyncio.create_task(bench.desk.watch.run(every_s=0.01))
    await eventually(lambda: bench.outbox.seen("edit"))
    assert not watching.done()
    watching.cancel()


async def test_a_conversation_whose_calls_cannot_be_looked_at_does_not_end_the_watch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = bench.approvals.of

    async def failing(conversation: int) -> Any:
        if conversation == 50:
            raise KeyError(conversation)
        return await of(conversation)

    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    monkeypatch.setattr(bench.approvals, "of", failing)
    await bench.redis.zadd(KEYS.approvals_due, {"50": 0, str(THREAD): 1})
    watching = asyncio.create_task(bench.desk.watch.run(every_s=0.01))
    await eventually(bench.cards)
    assert not watching.done()
    assert await bench.redis.zscore(KEYS.approvals_due, "50") is not None
    watching.cancel()
