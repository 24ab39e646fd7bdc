"""Calls that wait for a permission: cards, decisions, and the calls that run afterwards, over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation import approval, approval_card
from bot.conversation.approval import WAITS_S, Approval
from bot.conversation.approval_card import NOT_WAITING, WITHDRAWN, late_answer
from bot.conversation.audit import Actor
from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordForbidden, DiscordUnavailable, StoreUnavailable
from bot.conversation.identity import Identity
from bot.conversation.message import first_id
from bot.conversation.scope import Scope
from bot.render.controls import OF_CARDS
from bot.render.outbox import Change
from bot.render.upload import Attached
from bot.store.approvals import Approvals
from bot.store.codec import dump_turn
from bot.store.revisions import Revisions
from bot.store.scope_settings import ScopeSettings
from bot.tools.gate import Allowed, Refused, Waiting
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolOutput, ToolPlace
from bot.tools.toolbox import Toolbox
from bot.turns.approval_desk import ApprovalDesk
from bot.turns.approval_rules import ApprovalRules
from bot.turns.approval_runs import GONE, INTERRUPTED, TOO_SLOW
from bot.turns.tool_result import BUG, MOST_CHARS
from tests.conversation.builders import turn
from tests.render.fake_outbox import FakeOutbox
from tests.store.stage import KEYS
from tests.turns.tool_stage import Effect, tool

THREAD, CHANNEL, SERVER, ASKER, TURN = 1, 2, 3, 7, 9
KEY = "0123456789abcdef01234567"
CONTEXT = ToolContext(ToolPlace(THREAD, CHANNEL, SERVER), ASKER, KEY, TURN, frozenset({8}))
ID = int(KEY[:13], 16)
SECRET = "the words of a person"


@dataclass
class Bench:
    """One desk on a store and a Discord, whose time stands still unless it is moved."""

    redis: Redis
    effect: Effect = field(default_factory=Effect)
    outbox: FakeOutbox = field(default_factory=lambda: FakeOutbox(round_trip_s=0.0))
    now_s: list[float] = field(default_factory=lambda: [1_700_000_000.0])
    settings: dict[str, Any] = field(default_factory=lambda: {"changes": True, "asks": True})
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.approvals = Approvals(self.redis, KEYS)
        self.scope_settings = ScopeSettings(self.redis, KEYS, ttl_s=1000, audit_s=1000)
        self.desk = self.another()

    @property
    def tool(self) -> Tool:
        return tool("knock", self.effect, **self.settings)

    def another(self, *, without_tool: bool = False, **settings: Any) -> ApprovalDesk:
        """The desk of another instance."""
        clock = Clock(lambda: self.now_s[0], lambda: self.now_s[0])
        box = Toolbox(() if without_tool else (self.tool,))
        rules = ApprovalRules(self.scope_settings, **settings)
        return ApprovalDesk(self.approvals, rules, box, self.outbox, clock, self.events.append)

    async def choose(self, value: str) -> None:
        actor = Actor(SERVER, ASKER, 1)
        await self.scope_settings.change(actor, Scope.CHANNEL, CHANNEL, {"tool:knock": value})

    async def opened(self) -> Approval:
        """A call that waits, with its card."""
        assert isinstance(await self.desk.gate(self.tool, CONTEXT, {"door": "north"}), Waiting)
        await self.desk.post_cards(THREAD, TURN)
        return await self.found()

    async def found(self) -> Approval:
        found = await self.approvals.find(THREAD, ID)
        assert found is not None
        return found

    async def until(self, state: str) -> Approval:
        async with asyncio.timeout(10):
            while (await self.found()).state != state:  # noqa: ASYNC110 - a task of the desk makes it true
                await asyncio.sleep(0.01)
        return await self.found()

    async def looked(self, desk: ApprovalDesk | None = None) -> None:
        """One look of the watch at the conversation."""
        await (desk or self.desk)._look(THREAD)

    def cards(self) -> list[str]:
        return self.outbox.texts()


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis)


@pytest.mark.parametrize(
    ("value", "asks", "verdict"),
    [
        ("", False, Allowed),
        ("", True, Waiting),
        ("on", True, Allowed),
        ("off", False, Refused),
        ("off", True, Refused),
        ("ask", False, Waiting),
    ],
)
async def test_the_settings_of_the_place_decide_and_else_the_tool(
    bench: Bench, value: str, verdict: type, *, asks: bool
) -> None:
    bench.settings = {"changes": True, "asks": asks}
    if value:
        await bench.choose(value)
    found = await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    assert isinstance(found, verdict)
    assert len(await bench.approvals.of(THREAD)) == (verdict is Waiting)


async def test_a_call_that_waits_is_one_call_however_often_it_is_asked_about(bench: Bench) -> None:
    first = await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    assert await bench.another().gate(bench.tool, CONTEXT, {"door": "north"}) == first
    (found,) = await bench.approvals.of(THREAD)
    assert (found.id, found.asker, found.roles, found.state) == (ID, ASKER, (8,), "waiting")


async def test_a_card_is_posted_once_although_two_instances_post_it(bench: Bench) -> None:
    waiting = await bench.opened()
    await bench.another()._cards.post(waiting)
    await bench.looked(bench.another())
    (card,) = bench.cards()
    assert "knock" in card
    assert '"door": "north"' in card
    assert (waiting.card, len(bench.outbox.seen("send"))) == (min(bench.outbox.messages), 1)
    assert bench.outbox.controls[min(bench.outbox.messages)].buttons == OF_CARDS


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


async def test_a_call_that_is_allowed_runs_once_with_its_own_key_and_the_card_tells_it(bench: Bench) -> None:
    await bench.opened()
    assert (await bench.desk.allow(THREAD, ID, ASKER))[1]
    done = await bench.until("done")
    assert (bench.effect.made, done.outcome, done.by) == ([KEY], "done", ASKER)
    await _eventually(lambda: "and done" in bench.cards()[0])
    assert next(iter(bench.outbox.controls.values())).buttons == ()


async def _eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a task of the desk makes it true
            await asyncio.sleep(0.01)


async def test_of_many_presses_on_two_instances_one_makes_the_call(bench: Bench) -> None:
    await bench.opened()
    desks = [bench.desk, bench.another()] * 5
    met = await asyncio.gather(*(desk.allow(THREAD, ID, 100 + at) for at, desk in enumerate(desks)))
    await bench.until("done")
    assert len(bench.effect.made) == 1
    assert [counts for _, counts in met].count(True) == 1
    assert all(each is not None and each.state in NOT_WAITING for each, _ in met)


async def test_of_many_presses_of_one_person_in_one_millisecond_one_makes_the_call(bench: Bench) -> None:
    await bench.opened()
    desks = [bench.desk, bench.another()] * 5
    # So that each has a connection, and none is first.
    await asyncio.gather(*(desk.find(THREAD, ID) for desk in desks))
    met = await asyncio.gather(*(desk.allow(THREAD, ID, ASKER) for desk in desks))
    await bench.until("done")
    assert [counts for _, counts in met].count(True) == 1
    assert len(bench.effect.made) == 1


async def test_a_press_that_comes_late_meets_the_call_as_it_is(bench: Bench) -> None:
    await bench.opened()
    assert (await bench.desk.refuse(THREAD, ID, 11, "too loud"))[1]
    met, counts = await bench.desk.allow(THREAD, ID, ASKER)
    assert met is not None
    assert not counts
    assert (met.state, met.by, met.reason, bench.effect.made) == ("refused", 11, "too loud", [])
    assert "too loud" in bench.cards()[0]
    assert await bench.desk.allow(THREAD, 99, ASKER) == (None, False)


@pytest.mark.parametrize(
    ("fails", "outcome"),
    [
        (ToolFailed("nobody is there"), "nobody is there"),
        (ToolFailed(""), "The tool has failed."),
        (ValueError(SECRET), BUG),
        (asyncio.CancelledError(SECRET), BUG),
        (TimeoutError(), TOO_SLOW),
    ],
    ids=["failed", "blank", "broken", "cancelled", "slow"],
)
async def test_security_a_call_that_fails_says_so_and_tells_the_log_nothing_of_it(
    bench: Bench, fails: BaseException, outcome: str
) -> None:
    bench.effect.fails = fails
    await bench.opened()
    with capture_logs() as logs:
        await bench.desk.allow(THREAD, ID, ASKER)
        failed = await bench.until("failed")
    assert failed.outcome == outcome
    assert SECRET not in str(logs)


@pytest.mark.parametrize("output", [None, "text"])
async def test_a_tool_that_returns_no_output_has_failed(bench: Bench, output: Any) -> None:
    async def run(_context: ToolContext, _arguments: Mapping[str, Any]) -> Any:
        return output

    bench.effect = run  # type: ignore[assignment]
    bench.desk = bench.another()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    assert (await bench.until("failed")).outcome == BUG


async def test_an_outcome_is_bounded(bench: Bench) -> None:
    async def run(_context: ToolContext, _arguments: Mapping[str, Any]) -> ToolOutput:
        return ToolOutput.of("x" * 10 * MOST_CHARS)

    bench.effect = run  # type: ignore[assignment]
    bench.desk = bench.another()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    assert len((await bench.until("done")).outcome) < MOST_CHARS + 100


async def test_a_call_whose_tool_is_gone_fails(bench: Bench) -> None:
    await bench.opened()
    await bench.another(without_tool=True).allow(THREAD, ID, ASKER)
    assert (await bench.until("failed")).outcome == GONE


async def test_a_call_that_nobody_decides_expires_and_the_card_says_so(bench: Bench) -> None:
    await bench.opened()
    bench.now_s[0] += WAITS_S - 1
    await bench.looked()
    assert (await bench.found()).state == "waiting"
    bench.now_s[0] += 1
    await bench.looked()
    assert (await bench.found()).state == "expired"
    assert "Nobody decided in time" in bench.cards()[0]
    assert bench.outbox.controls[min(bench.outbox.messages)].buttons == ()
    met, counts = await bench.desk.allow(THREAD, ID, ASKER)
    assert met is not None
    assert (met.state, counts) == ("expired", False)


@pytest.mark.parametrize("repeats", [False, True])
async def test_a_call_whose_worker_is_gone_runs_again_only_if_it_repeats_safely(
    bench: Bench, *, repeats: bool
) -> None:
    bench.settings |= {"repeats": repeats}
    bench.desk = bench.another()
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))  # and killed
    await bench.looked(bench.another())
    assert (await bench.found()).state == "running"
    bench.now_s[0] += 1000
    await bench.looked(bench.another())
    if repeats:
        await bench.until("done")
        assert bench.effect.made == [KEY]
    else:
        found = await bench.found()
        assert (found.state, found.is_repeated, bench.effect.made) == ("waiting", True, [])
        assert "nobody knows whether it took effect" in bench.cards()[0]


async def test_a_worker_that_comes_back_late_does_not_change_what_was_decided_meanwhile(bench: Bench) -> None:
    bench.effect.gate = asyncio.Event()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.effect.begun.wait()
    bench.now_s[0] += 1000
    await bench.looked(bench.another())
    await bench.another().refuse(THREAD, ID, ASKER, "it was done")
    bench.effect.gate.set()
    async with asyncio.timeout(10):
        while bench.desk._runs.running:  # noqa: ASYNC110 - a task of the desk makes it true
            await asyncio.sleep(0.01)
    assert (await bench.found()).state == "refused"


async def test_a_call_that_is_allowed_is_looked_at_soon_even_if_the_store_goes_away_then(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.opened()
    change = bench.approvals.change

    async def lost(*arguments: Any) -> Any:
        await change(*arguments)
        raise StoreUnavailable("the answer was lost")

    monkeypatch.setattr(bench.approvals, "change", lost)
    with pytest.raises(StoreUnavailable):
        await bench.desk.allow(THREAD, ID, ASKER)
    assert (await bench.found()).state == "running"
    found: Any = await bench.redis.zrange(KEYS.approvals_due, 0, -1, withscores=True)
    ((_, due_ms),) = found
    now_s, _ = await bench.redis.time()
    assert due_ms / 1000 < now_s + 120


async def test_a_card_that_cannot_be_written_now_does_not_keep_the_call_from_running(bench: Bench) -> None:
    await bench.opened()
    bench.outbox.failures.append(DiscordUnavailable("503"))
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.until("done")
    assert bench.effect.made == [KEY]


class Held(FakeOutbox):
    """A Discord that makes one kind of change to a card only once `let` is set."""

    def __init__(self, words: str) -> None:
        super().__init__(round_trip_s=0.0)
        self.words = words
        self.let = asyncio.Event()

    async def edit(self, channel_id: int, message_id: int, change: Change) -> tuple[Attached, ...]:
        if self.words in (change.content or ""):
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
    await _eventually(lambda: "and done" in bench.cards()[0])
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
    assert await bench.desk._look(THREAD) is not None
    assert "can decide" in bench.cards()[0]
    assert await bench.another()._look(THREAD) is None
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


async def test_calls_of_other_conversations_are_left_alone(bench: Bench) -> None:
    await bench.opened()
    place = replace(CONTEXT.place, conversation=50)
    other = replace(CONTEXT, place=place, key="f" * 24, turn=60)
    await bench.desk.gate(bench.tool, other, {"door": "south"})
    await bench.desk.post_cards(THREAD, TURN)
    assert len(bench.cards()) == 1
    await bench.desk.post_cards(50, 60)
    assert len(bench.cards()) == 2


async def _cancelled(bench: Bench) -> None:
    await bench.redis.hset(KEYS.record(THREAD, TURN), "state", "cancelled")


async def _deleted(bench: Bench) -> None:
    entry = replace(turn(1, outcome="removed"), id=TURN, members=())
    await bench.redis.rpush(KEYS.history(THREAD), dump_turn(entry))


@pytest.mark.parametrize("take_back", [_cancelled, _deleted])
async def test_a_call_whose_question_was_deleted_goes_with_its_card(
    bench: Bench, take_back: Callable[[Bench], Awaitable[None]]
) -> None:
    await bench.opened()
    await take_back(bench)
    assert await bench.desk.find(THREAD, ID) is None
    assert bench.cards() == []
    assert await bench.desk.allow(THREAD, ID, ASKER) == (None, False)
    assert bench.effect.made == []


async def test_a_deletion_has_the_watch_look_for_calls_whose_question_is_gone(bench: Bench) -> None:
    await bench.opened()
    await _deleted(bench)
    revisions = Revisions(bench.redis, KEYS, ttl_s=1000)
    await revisions.delete(THREAD, TURN)
    assert [item.id for item in await bench.approvals.due.take(60)] == [THREAD]
    await bench.looked()
    assert bench.cards() == []
    assert await bench.approvals.of(THREAD) == ()
    await bench.redis.delete(KEYS.approvals_due)
    await revisions.delete(50, 60)
    assert await bench.redis.zcard(KEYS.approvals_due) == 0


async def test_a_call_that_was_made_stays_although_its_question_is_deleted(bench: Bench) -> None:
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.until("done")
    await _deleted(bench)
    await bench.looked()
    assert (await bench.found()).state == "done"
    assert len(bench.cards()) == 1


async def test_a_card_that_is_posted_while_its_call_is_forgotten_goes_again(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    waiting = await bench.found()
    await bench.approvals.forget(THREAD, ID)
    await bench.desk._cards.post(waiting)
    assert bench.cards() == []


async def test_a_tool_that_was_switched_off_while_a_call_waited_does_not_run(bench: Bench) -> None:
    await bench.opened()
    await bench.choose("off")
    found, counts = await bench.desk.allow(THREAD, ID, ASKER)
    assert found is not None
    assert (found.state, counts, bench.effect.made) == ("withdrawn", False, [])
    assert late_answer(found) == WITHDRAWN["off"]
    assert WITHDRAWN["off"] in bench.cards()[0]
    assert next(iter(bench.outbox.controls.values())).buttons == ()


async def test_a_tool_that_is_switched_off_after_the_press_does_not_run_either(bench: Bench) -> None:
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    allowed, _ = await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))
    assert allowed is not None
    await bench.choose("off")
    await bench.desk._runs.run(allowed)
    assert ((await bench.found()).state, bench.effect.made) == ("withdrawn", [])


async def test_a_tool_that_the_operator_forbids_while_a_call_waits_does_not_run(bench: Bench) -> None:
    await bench.opened()
    found, counts = await bench.another(never=("knock",)).allow(THREAD, ID, ASKER)
    assert found is not None
    assert (late_answer(found), counts, bench.effect.made) == (WITHDRAWN["never"], False, [])


async def test_a_tool_that_is_on_nowhere_any_more_does_not_run(bench: Bench) -> None:
    async def is_offered(*_: object) -> bool:
        return False

    await bench.opened()
    found, counts = await bench.another(is_offered=is_offered).allow(THREAD, ID, ASKER)
    assert found is not None
    assert (late_answer(found), counts, bench.effect.made) == (WITHDRAWN["off"], False, [])


@pytest.mark.parametrize("roles", [frozenset({8}), frozenset[int]()])
async def test_a_role_that_was_taken_away_while_a_call_waited_stops_the_call(
    bench: Bench, roles: frozenset[int]
) -> None:
    asked: list[tuple[int, int]] = []

    async def roles_of(server: int, person: int) -> frozenset[int]:
        asked.append((server, person))
        return roles

    actor = Actor(SERVER, ASKER, 1)
    values: dict[str, str | None] = {"tool:knock:role:8": "ask", f"tool:knock:role:{SERVER}": "off"}
    await bench.scope_settings.change(actor, Scope.CHANNEL, CHANNEL, values)
    await bench.opened()
    found, counts = await bench.another(roles_of=roles_of).allow(THREAD, ID, ASKER)
    assert found is not None
    assert asked == [(SERVER, ASKER)]
    if roles:
        assert (counts, (await bench.until("done")).roles) == (True, (8,))
    else:
        assert (late_answer(found), counts, bench.effect.made) == (WITHDRAWN["off"], False, [])


async def test_roles_that_cannot_be_found_out_leave_the_call_waiting(bench: Bench) -> None:
    async def roles_of(_server: int, _person: int) -> frozenset[int]:
        raise DiscordUnavailable("503")

    actor = Actor(SERVER, ASKER, 1)
    await bench.scope_settings.change(actor, Scope.CHANNEL, CHANNEL, {"tool:knock:role:8": "ask"})
    await bench.opened()
    with pytest.raises(DiscordUnavailable):
        await bench.another(roles_of=roles_of).allow(THREAD, ID, ASKER)
    assert ((await bench.found()).state, bench.effect.made) == ("waiting", [])


async def test_a_worker_that_is_held_up_before_it_begins_a_call_does_not_make_it_beside_another(
    bench: Bench,
) -> None:
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    allowed, _ = await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))
    assert allowed is not None  # and its worker is held up here
    bench.now_s[0] += 1000
    another = bench.another()
    await bench.looked(another)
    assert (await another.allow(THREAD, ID, ASKER))[1]
    await bench.until("done")
    await bench.desk._runs.run(allowed)
    assert bench.effect.made == [KEY]
    assert (await bench.found()).state == "done"


async def test_a_worker_that_is_held_up_right_behind_the_beginning_of_a_call_does_not_make_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    allowed, _ = await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))
    assert allowed is not None
    monkeypatch.setattr(approval, "INTERRUPTED_AFTER_S", 0.0)
    await bench.desk._runs.run(allowed)
    assert ((await bench.found()).state, bench.effect.made) == ("running", [])


async def test_a_worker_that_comes_back_late_ends_no_run_of_another(bench: Bench) -> None:
    bench.effect.gate = asyncio.Event()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.effect.begun.wait()
    bench.now_s[0] += 1000
    another = bench.another()
    await bench.looked(another)
    bench.effect.begun.clear()
    await another.allow(THREAD, ID, ASKER + 1)
    await bench.effect.begun.wait()
    for task in [*bench.desk._runs.running]:
        task.cancel()
    bench.effect.gate.set()
    assert (await bench.until("done")).by == ASKER + 1


async def _reset(bench: Bench) -> None:
    await bench.redis.hset(KEYS.meta(THREAD), "floor", f"{TURN + 1:020}")


async def test_a_reset_ends_the_call_and_its_card_says_so(bench: Bench) -> None:
    await bench.opened()
    await _reset(bench)
    await bench.looked(bench.another())
    assert (await bench.found()).state == "withdrawn"
    assert WITHDRAWN["reset"] in bench.cards()[0]
    assert next(iter(bench.outbox.controls.values())).buttons == ()
    found, counts = await bench.desk.allow(THREAD, ID, ASKER)
    assert found is not None
    assert (late_answer(found), counts, bench.effect.made) == (WITHDRAWN["reset"], False, [])


async def test_a_press_after_a_reset_is_answered_before_the_watch_has_looked(bench: Bench) -> None:
    await bench.opened()
    await _reset(bench)
    await _cancelled(bench)
    found = await bench.desk.find(THREAD, ID)
    assert found is not None
    assert late_answer(found) == WITHDRAWN["reset"]
    assert WITHDRAWN["reset"] in bench.cards()[0]


async def test_a_call_that_was_interrupted_is_not_taken_up_after_a_reset(bench: Bench) -> None:
    bench.settings |= {"repeats": True}
    bench.desk = bench.another()
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))
    await _reset(bench)
    await bench.looked()
    assert (await bench.found()).state == "running"
    bench.now_s[0] += 1000
    await bench.looked()
    assert ((await bench.found()).outcome, bench.effect.made) == (INTERRUPTED, [])


async def test_a_call_that_is_made_after_a_reset_waits_as_any_other(bench: Bench) -> None:
    await bench.redis.hset(KEYS.meta(THREAD), "floor", f"{TURN - 1:020}")
    await bench.opened()
    await bench.looked()
    assert (await bench.found()).state == "waiting"


async def test_a_card_that_is_posted_while_its_call_is_withdrawn_says_so(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    waiting = await bench.found()
    await _reset(bench)
    await bench.looked()
    await bench.desk._cards.post(waiting)
    assert WITHDRAWN["reset"] in bench.cards()[0]


@pytest.mark.parametrize(("person", "ends"), [(ASKER, True), (ASKER + 1, False)])
async def test_the_cards_of_a_person_who_is_forgotten_end_and_lose_their_words(
    bench: Bench, person: int, *, ends: bool
) -> None:
    await bench.opened()
    before = first_id(round(bench.now_s[0] * 1000) + 60_000)
    await bench.desk.forget(THREAD, Identity(person, before))
    assert ((await bench.found()).state == "withdrawn") is ends
    assert (WITHDRAWN["forgotten"] in bench.cards()[0]) is ends
    assert ("north" in bench.cards()[0]) is not ends


async def test_what_happens_to_a_call_is_reported(bench: Bench) -> None:
    await bench.opened()
    await bench.desk.allow(THREAD, ID, 9)
    await bench.until("done")
    await _eventually(lambda: len(bench.events) >= 3)
    assert bench.events == ["opened", "allowed", "done"]


async def test_a_call_that_nobody_decides_is_reported_as_expired(bench: Bench) -> None:
    await bench.opened()
    bench.now_s[0] += WAITS_S + 1
    await bench.looked()
    assert bench.events == ["opened", "expired"]
