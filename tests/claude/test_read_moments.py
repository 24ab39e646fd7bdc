"""When streams are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.read_moments import GATHER_S, RAREST, ROOM, ReadMoments


@given(st.integers(1, 5000), st.floats(0, 1e7))
def test_each_stream_is_read_in_its_time(streams: int, now_s: float) -> None:
    moments = ReadMoments()
    moments.streams = streams
    longest_s = GATHER_S if streams <= ROOM else GATHER_S * RAREST
    assert now_s <= moments.next_s(now_s) <= now_s + longest_s * 1.001


def test_streams_are_read_at_the_same_moments() -> None:
    moments = ReadMoments()
    assert moments.next_s(10.01) == moments.next_s(10.19) < moments.next_s(10.21)


@pytest.mark.parametrize(
    ("streams", "now_s", "next_s", "is_crowded"), [(ROOM, 10.01, 10.2, False), (3 * ROOM, 12.01, 12.6, True)]
)
def test_a_crowd_of_streams_is_read_the_more_rarely(
    streams: int, now_s: float, next_s: float, is_crowded: bool
) -> None:
    moments = ReadMoments()
    moments.streams = streams
    assert moments.is_crowded is is_crowded
    assert moments.next_s(now_s) == pytest.approx(next_s)
