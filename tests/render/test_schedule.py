"""The schedule of calls, in simulated time."""

from __future__ import annotations

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
    Demand,
    Kind,
    Schedule,
)
from tests.render.schedule_world import World, stream

COUNTED = (Kind.FIRST, Kind.PART, Kind.LAST, Kind.FILL, Kind.EDIT, Kind.CHORE)


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
