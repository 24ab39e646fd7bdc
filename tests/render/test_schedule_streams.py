"""How streams and typing share the calls of a channel and of the bot."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.render.schedule import (
    EDIT_INTERVAL_MIN_S,
    PATIENCE_S,
    PATIENT_MIN_PER_S,
    TOTAL_MAX_PER_S,
    TOTAL_WINDOW_S,
    Kind,
    Schedule,
)
from bot.render.window import WINDOW_S
from tests.render.schedule_world import World, stream


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
