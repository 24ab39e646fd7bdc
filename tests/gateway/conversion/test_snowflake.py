"""Ids by their time."""

from __future__ import annotations

import discord
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.message import first_id
from bot.gateway.conversion.snowflake import id_before

MS = st.integers(min_value=1_500_000_000_000, max_value=2_500_000_000_000)


@given(when_ms=MS)
def test_the_first_id_of_a_millisecond_is_the_lowest_one_that_holds_it(when_ms: int) -> None:
    found = first_id(when_ms)
    assert round(discord.utils.snowflake_time(found).timestamp() * 1000) == when_ms
    assert round(discord.utils.snowflake_time(found - 1).timestamp() * 1000) == when_ms - 1


@given(when_ms=MS, seconds=st.integers(min_value=0, max_value=10_000_000))
def test_an_id_before_a_moment_is_the_first_one_of_that_time(when_ms: int, seconds: int) -> None:
    assert id_before(seconds, when_ms / 1000) == first_id(when_ms - seconds * 1000)
