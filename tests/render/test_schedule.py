"""The schedule of calls, in simulated time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.schedule import (
    EDIT_INTERVAL_MIN_S,
    PATIENCE_S,
    PATIENT_MIN_PER_S,
    TOTAL_MAX_PER_S,
    TOTAL_WINDOW_S,
    Call,
    Demand,
    Kind,
    Schedule,
)
from bot.render.window import WINDOW_S

COUNTED = (Kind.FIRST, Kind.PART, Kind.LAST, Kind.FILL, Kind.EDIT, Kind.CHORE)


@dataclass(slots=True)
class World:
    """Asks, grants and ends calls in the order of their times; each call takes `took_s` of its number."""

    schedule: Schedule = field(default_factory=Schedule)
    took_s: Callable[[int], float] = lambda _: 0.15
    now: float = 0.0
    granted: list[Call] = field(default_factory=list)
    asked_at: dict[Call, float] = field(default_factory=dict)
    then: dict[Call, Callable[[], None]] = field(default_factory=dict)
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    number: int = 0

    def at(self, when: float, event: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.events, (when, self.number, event))

    def ask(self, channel_id: int, kind: Kind, then: Callable[[], None] = lambda: None) -> None:
        call = self.schedule.ask(channel_id, kind, self.now)
        self.asked_at[call] = self.now
        self.then[call] = then

    def run(self, until: float = inf) -> None:
        """Until nothing is left to happen."""
        for _ in range(200_000):
            self.grant()
            woken = self.schedule.next_at(self.now)
            event_at = self.events[0][0] if self.events else inf
            self.now = max(self.now, min(woken, event_at))
            if self.now >= until or self.now == inf:
                return
            while self.events and self.events[0][0] <= self.now:
                heapq.heappop(self.events)[2]()
        raise AssertionError("the schedule never comes to rest")

    def grant(self) -> None:
        for call in self.schedule.grant(self.now):
            took = self.took_s(len(self.granted))
            self.granted.append(call)
            self.at(self.now + took, lambda call=call: self.end(call))  # type: ignore[misc]

    def end(self, call: Call) -> None:
        self.schedule.end(call, self.now)
        self.then.pop(call, lambda: None)()


def most_in_a_window(times: list[float], window_s: float) -> int:
    """How many of the times fall into the fullest window."""
    times = sorted(times)
    return max((sum(start <= time < start + window_s for time in times) for start in times), default=0)


ASKS = st.lists(
    st.tuples(st.floats(0, 20), st.integers(0, 12), st.sampled_from(list(Kind)[:-1])),
    min_size=1,
    max_size=150,
)


@settings(max_examples=60, deadline=None)
@given(
    ASKS,
    st.lists(st.floats(0.01, 2.0), min_size=1, max_size=20),
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_no_window_of_a_channel_or_of_the_bot_has_too_many_calls_and_all_are_granted(
    asks: list[tuple[float, int, Kind]], took: list[float], moments: list[float]
) -> None:
    world = World(took_s=lambda number: took[number % len(took)])
    for when, channel_id, kind in asks:
        world.at(when, lambda channel_id=channel_id, kind=kind: world.ask(channel_id, kind))  # type: ignore[misc]
    world.run()
    assert len(world.granted) == len(asks)
    # Discord counts a call at some moment between its beginning and its end.
    counted = {
        call: call.began + moments[number % len(moments)] * (call.ended - call.began)
        for number, call in enumerate(world.granted)
    }
    for channel_id in range(13):
        calls = [call for call in world.granted if call.channel_id == channel_id and call.kind in COUNTED]
        assert most_in_a_window([counted[call] for call in calls], 5.0) <= 5
        edits = [call.began for call in calls if call.kind is Kind.EDIT]
        assert most_in_a_window(edits, 5.0) <= 4
        assert all(later - earlier >= EDIT_INTERVAL_MIN_S - 1e-6 for earlier, later in pairwise(edits))
    assert most_in_a_window(list(counted.values()), 1.0) <= TOTAL_MAX_PER_S


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(0, 300), st.integers(0, 100))
def test_what_is_urgent_never_waits_behind_what_is_not(urgent: int, patient: int, before: int) -> None:
    world = World()
    for channel_id in range(patient):
        world.ask(channel_id, Kind.EDIT)
    for channel_id in range(before):
        world.ask(2000 + channel_id, Kind.FIRST)
    world.grant()
    at_first = len(world.granted)
    for channel_id in range(urgent):
        world.ask(1000 + channel_id, Kind.LAST)
    world.run()
    urgent_began = [call.began for call in world.granted[at_first:] if call.urgent]
    # All that others may take of each second, and only after a while, is what keeps them from starving.
    window_s = TOTAL_WINDOW_S + 0.15
    seconds = ((urgent + before) / TOTAL_MAX_PER_S + 1) * window_s
    if seconds > PATIENCE_S:
        seconds = ((urgent + before) / (TOTAL_MAX_PER_S - PATIENT_MIN_PER_S) + 1) * window_s
    assert max(urgent_began) <= seconds
    assert len(world.granted) == urgent + patient + before


def test_edits_go_on_when_urgent_calls_fill_every_second() -> None:
    world = World()
    for number in range(20):
        for channel_id in range(50):
            world.at(number, lambda channel_id=channel_id: world.ask(channel_id + 1000, Kind.DELETE))  # type: ignore[misc]
    world.run(until=0.001)
    for channel_id in range(40):
        world.ask(channel_id, Kind.EDIT)
    world.run(until=PATIENCE_S)
    assert not any(call.kind is Kind.EDIT for call in world.granted)
    world.run(until=PATIENCE_S + 40 / PATIENT_MIN_PER_S * (TOTAL_WINDOW_S + 0.15))
    edits = [call for call in world.granted if call.kind is Kind.EDIT]
    assert len(edits) == 40
    assert [call.channel_id for call in edits] == list(range(40))


def stream(world: World, channel_id: int, until: float, edits: dict[int, int]) -> None:
    """A reply that always has more to show."""

    def again() -> None:
        edits[channel_id] = edits.get(channel_id, 0) + 1
        if world.now < until:
            world.ask(channel_id, Kind.EDIT, again)

    world.schedule.streams += 1
    world.ask(channel_id, Kind.FIRST, again)


def test_streams_share_fairly_and_further_apart_the_more_there_are() -> None:
    gaps = []
    for streams in (1, 20, 50, 100, 200):
        world = World()
        edits: dict[int, int] = {}
        for channel_id in range(streams):
            stream(world, channel_id, 40.0, edits)
        world.run(until=40.0)
        counts = [edits[channel_id] for channel_id in range(streams)]
        assert max(counts) - min(counts) <= 2
        began = [call.began for call in world.granted if call.channel_id == 0]
        gaps.append((began[-1] - began[1]) / (len(began) - 2))
    assert gaps == sorted(gaps)
    assert gaps[1] == pytest.approx((WINDOW_S + 0.15) / 4, abs=0.01)
    assert gaps[-1] < 12


def test_a_last_edit_finds_room_at_once_in_a_channel_that_streams() -> None:
    for ends_at in (1.0, 3.7, 5.05, 9.9, 20.3):
        world = World()
        stream(world, 1, ends_at, {})
        world.at(ends_at + 0.2, lambda world=world: world.ask(1, Kind.LAST))  # type: ignore[misc]
        world.run()
        (last,) = (call for call in world.granted if call.kind is Kind.LAST)
        assert last.began == world.asked_at[last]


def test_200_replies_that_end_at_once_are_shown_as_fast_as_the_bot_may() -> None:
    world = World()
    for channel_id in range(200):
        world.ask(channel_id, Kind.LAST)
    world.run()
    # Each 48 take the second that Discord counts them in, and the round trip in which it is not known when.
    assert max(call.began for call in world.granted) <= 1.2 * 200 / 50


def test_200_first_texts_at_once_are_shown_before_anything_else() -> None:
    world = World()
    for channel_id in range(200):
        world.ask(channel_id + 1000, Kind.READ)
        world.ask(channel_id + 2000, Kind.CHORE)
    world.grant()  # of what was there before them
    for channel_id in range(200):
        world.ask(channel_id, Kind.FIRST)
    world.run()
    assert max(call.began for call in world.granted if call.kind is Kind.FIRST) <= 1.2 * 225 / 50
    assert len(world.granted) == 600


def test_a_stream_is_never_still_for_longer_than_its_share_of_the_channel() -> None:
    for took_s in (0.05, 0.15, 0.4):
        world = World(took_s=lambda _, took_s=took_s: took_s)  # type: ignore[misc]
        stream(world, 1, 30.0, {})
        world.run()
        longest = max(later.began - earlier.began for earlier, later in pairwise(world.granted))
        share_s = WINDOW_S + took_s - 3 * EDIT_INTERVAL_MIN_S
        assert longest <= max(EDIT_INTERVAL_MIN_S, share_s) + 1e-6


def test_what_nobody_waits_for_leaves_two_calls_of_a_channel_and_goes_behind_all_text() -> None:
    world = World()
    for kind in (Kind.LAST, Kind.LAST, Kind.LAST, Kind.CHORE):
        world.ask(1, kind)
    world.run()
    assert [call.kind for call in world.granted][-1] is Kind.CHORE
    assert world.granted[-1].began >= WINDOW_S
    world = World()
    for channel_id in range(30):
        world.ask(channel_id, Kind.CHORE)
    for channel_id in range(100, 130):
        world.ask(channel_id, Kind.EDIT)
    world.run()
    assert [call.kind for call in world.granted] == 30 * [Kind.EDIT] + 30 * [Kind.CHORE]


def test_typing_goes_only_where_each_reply_that_is_written_could_have_a_call_besides() -> None:
    schedule = Schedule()
    assert schedule.try_now(1, Kind.TYPING, 0.0) is not None
    for channel_id in range(30):
        schedule.ask(channel_id, Kind.FIRST, 0.0)
    assert schedule.try_now(2, Kind.TYPING, 0.0) is None
    granted = schedule.grant(0.0)
    assert len(granted) == 30
    for call in granted:
        schedule.end(call, 0.1)
    schedule.streams = TOTAL_MAX_PER_S - 20
    assert schedule.try_now(2, Kind.TYPING, 0.5) is None
    assert schedule.try_now(2, Kind.TYPING, 1.2) is not None
    schedule.streams = 200
    assert schedule.try_now(2, Kind.TYPING, 10.0) is None


def test_a_call_that_is_given_up_while_it_waits_takes_no_room() -> None:
    schedule = Schedule()
    given_up = schedule.ask(1, Kind.EDIT, 0.0)
    schedule.end(given_up, 0.0)
    assert schedule.grant(0.0) == []
    assert schedule.next_at(0.0) == inf


def test_channels_that_are_quiet_are_forgotten() -> None:
    schedule = Schedule()
    for channel_id in range(2000):
        now = channel_id * 0.1
        call = schedule.ask(channel_id, Kind.FIRST, now)
        assert schedule.grant(now) == [call]
        schedule.end(call, now)
    assert len(schedule._windows) < 700


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 120), st.lists(st.floats(0, 60), max_size=120), st.floats(0.01, 0.6))
def test_whatever_asks_is_granted_in_time_while_replies_come_and_go(
    streams: int, bursts: list[float], took_s: float
) -> None:
    world = World(took_s=lambda _: took_s)
    for channel_id in range(streams):
        stream(world, channel_id, 60.0, {})
    for number, when in enumerate(bursts):
        for kind in (Kind.FIRST, Kind.READ, Kind.FILL, Kind.OTHER):
            world.at(when, lambda channel_id=1000 + number, kind=kind: world.ask(channel_id, kind))  # type: ignore[misc]
    world.run()
    assert world.asked_at.keys() == set(world.granted)
    waited = {kind: [0.0] for kind in Kind}
    for call in world.granted:
        waited[call.kind].append(call.began - world.asked_at[call])
    per_s = TOTAL_MAX_PER_S / (TOTAL_WINDOW_S + took_s)
    assert max(waited[Kind.FIRST]) <= (streams + 4 * len(bursts)) / per_s + TOTAL_WINDOW_S + took_s
    # Edits share what is left for them, and never less than their least share.
    least_per_s = PATIENT_MIN_PER_S / (TOTAL_WINDOW_S + took_s)
    assert max(waited[Kind.EDIT]) <= (streams + 2 * len(bursts)) / least_per_s + PATIENCE_S + 10


def test_a_process_with_a_part_of_the_calls_keeps_to_it_and_edits_less_often() -> None:
    schedule = Schedule(streams=50)
    whole_s = schedule.edit_interval_s
    schedule.limit = TOTAL_MAX_PER_S // 4
    assert schedule.edit_interval_s == pytest.approx(4 * whole_s)
    calls = [schedule.ask(channel, Kind.FIRST, 0.0) for channel in range(20)]
    assert schedule.grant(0.0) == calls[:12]
    assert schedule.is_short(0.0)
    assert schedule.demand(0.0) == Demand(12, 20 + 50)
    schedule.limit = 16
    assert schedule.grant(0.0) == calls[12:16]


def test_calls_that_wait_for_their_channel_or_for_the_whole_limit_are_no_reason_to_ask_for_more() -> None:
    schedule = Schedule()
    for _ in range(TOTAL_MAX_PER_S + 1):
        schedule.ask(0, Kind.OTHER, 0.0)
    schedule.grant(0.0)
    assert not schedule.is_short(0.0)
