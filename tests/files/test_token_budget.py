"""The room of a turn's files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.tokens import picture_tokens
from bot.files.result import Limits, Picture
from bot.files.token_budget import LEAST_EDGE_PX, TokenBudget, level
from bot.files.worker import convert
from tests.files import samples

sizes_of_files = st.lists(st.integers(0, 100_000), min_size=1, max_size=10)


@given(sizes_of_files, st.integers(0, 200_000))
def test_the_room_is_never_exceeded_and_nothing_is_cut_that_has_room(sizes: list[int], room: int) -> None:
    most = level(sizes, room)
    assert sum(min(size, most) for size in sizes) <= room or sum(sizes) <= room
    if sum(sizes) <= room:
        assert most >= max(sizes)
    else:
        assert sum(min(size, most + 1) for size in sizes) > room - len(sizes)


@given(st.integers(200, 1568), st.integers(200, 1568), st.integers(1, 3000), st.booleans())
def test_a_picture_is_scaled_to_what_has_room(width: int, height: int, most: int, older: bool) -> None:
    made = Picture("image/png", b"", width, height)
    limits = TokenBudget(older=older).narrowed(Limits(), made, most)
    if limits is None:
        assert most < 5000
        return
    edge, longest = limits.image_max_edge, max(width, height)
    assert edge >= LEAST_EDGE_PX
    scaled = max(1, round(width * edge / longest)), max(1, round(height * edge / longest))
    if edge <= longest:
        assert picture_tokens(*scaled, older=older) <= most


def test_a_real_photo_takes_no_more_than_its_room() -> None:
    photo = samples.photo((4000, 3000))
    made = convert(photo, Limits())
    for most in (100, 300, 1000):
        limits = TokenBudget().narrowed(Limits(), made, most)
        assert limits is not None
        smaller = convert(photo, limits)
        assert isinstance(smaller, Picture)
        assert 0.6 * most < TokenBudget().size(smaller) <= most
