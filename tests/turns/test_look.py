"""What belongs to which reply, read from a thread."""

from bot.render.outbox import Seen
from bot.turns.look import find_reply, strays

THREAD = 10


def seen(number: int, reply_to: int | None = None, *, silent: bool = False) -> Seen:
    return Seen(number, f"text {number}", reply_to, silent)


def test_a_reply_is_found_with_its_further_parts() -> None:
    found = find_reply([seen(20, 11), seen(21), seen(30, 12)], [11], THREAD)
    assert found is not None
    assert ([part.id for part in found.parts], found.members) == ([20, 21], (11,))


def test_only_the_messages_up_to_the_one_it_points_to_are_answered_by_a_reply() -> None:
    found = find_reply([seen(20, 12)], [11, 12, 13], THREAD)
    assert found is not None
    assert found.members == (11, 12)


def test_a_part_that_landed_late_is_a_stray() -> None:
    assert strays([seen(20, 11), seen(21)], 11, [20]) == (seen(21),)


def test_a_late_part_of_the_reply_to_a_threads_first_message_is_a_stray_too() -> None:
    assert strays([seen(20), seen(21), seen(30, 12)], None, [20]) == (seen(21),)


def test_notices_and_other_replies_are_no_strays() -> None:
    assert strays([seen(20), seen(21, silent=True), seen(30, 12), seen(31)], None, [20]) == ()
