"""What a reset finds left over."""

from __future__ import annotations

from bot.gateway.memory import left_behind
from bot.render.outbox import Seen


def seen(message: int, content: str, reply_to: int | None = None) -> Seen:
    """One of the bot's messages."""
    return Seen(id=message, content=content, reply_to=reply_to, silent=False)


def test_an_unfinished_reply_to_what_was_forgotten_is_left_behind() -> None:
    assert left_behind([seen(11, "done", 10), seen(13, "half a ▌", 12)], before=14) == [13]


def test_a_message_that_arrived_after_the_reset_still_answers_what_was_before_it() -> None:
    assert left_behind([seen(15, "half a ▌", 12)], before=14) == [15]


def test_the_further_part_of_an_unfinished_reply_goes_too() -> None:
    assert left_behind([seen(13, "one", 12), seen(15, "two ▌")], before=14) == [15]


def test_a_reply_to_what_came_after_the_reset_stays_with_all_its_parts() -> None:
    assert left_behind([seen(17, "one ▌", 16), seen(18, "two ▌")], before=14) == []


def test_the_unfinished_first_reply_of_a_thread_points_to_nothing_and_goes() -> None:
    assert left_behind([seen(13, "half a ▌")], before=14) == [13]
