"""What belongs to which reply, read from a thread."""

from bot.render.outbox import Seen
from bot.turns.reply_search import (
    answered_later,
    find_reply,
    orphan_parts,
    superseded_parts,
    unfinished,
    with_others_apart,
)

THREAD = 10


def seen(number: int, reply_to: int | None = None, *, silent: bool = False) -> Seen:
    return Seen(number, f"text {number}", reply_to, silent)


def half(number: int, reply_to: int | None = None, *, silent: bool = False) -> Seen:
    return Seen(number, f"half of {number} ▌", reply_to, silent)


def test_a_reply_is_found_with_its_further_parts() -> None:
    found = find_reply([seen(20, 11), seen(21), seen(30, 12)], [11], THREAD)
    assert found is not None
    assert ([part.id for part in found.parts], found.members) == ([20, 21], (11,))


def test_only_the_messages_up_to_the_one_it_points_to_are_answered_by_a_reply() -> None:
    found = find_reply([seen(20, 12)], [11, 12, 13], THREAD)
    assert found is not None
    assert found.members == (11, 12)


def test_a_part_that_landed_late_is_a_stray() -> None:
    assert orphan_parts([seen(20, 11), seen(21)], 11, [20]) == (seen(21),)


def test_a_late_part_of_the_reply_to_a_threads_first_message_is_a_stray_too() -> None:
    assert orphan_parts([seen(20), seen(21), seen(30, 12)], None, [20]) == (seen(21),)


def test_notices_and_other_replies_are_no_orphan_parts() -> None:
    assert orphan_parts([seen(20), seen(21, silent=True), seen(30, 12), seen(31)], None, [20]) == ()


def test_what_follows_the_known_part_of_another_turn_is_no_orphan_part() -> None:
    own = [seen(20, 11), seen(30), seen(31), seen(40, 20), seen(41)]
    assert orphan_parts(own, 11, [20]) == tuple(own[1:])
    assert [part.id for part in orphan_parts(with_others_apart(own, {30}), 11, [20])] == [40, 41]


def test_a_part_that_stands_apart_belongs_to_the_reply_whose_beginning_it_points_to() -> None:
    own = [seen(20, 11), seen(30, 12), seen(40, 20), seen(41)]
    first, second = find_reply(own, [11], THREAD), find_reply(own, [12], THREAD)
    assert first is not None
    assert second is not None
    assert ([part.id for part in first.parts], first.followed) == ([20, 40, 41], False)
    assert ([part.id for part in second.parts], second.followed) == ([30], True)


def test_a_part_that_stands_apart_is_no_answer_to_a_later_message() -> None:
    assert answered_later([seen(20, 11), seen(30, 12), seen(40, 20)], [12]) == ()


def test_messages_that_were_answered_one_by_one_keep_their_own_replies() -> None:
    found = find_reply([seen(20, 13), seen(30, 11)], [11, 12, 13], THREAD)
    assert found is not None
    assert ([part.id for part in found.parts], found.members) == ([30], (11,))


def test_the_reply_to_one_message_of_a_turn_that_was_answered_whole_is_left_over() -> None:
    own = [seen(20), seen(30, 12), seen(31), seen(40, 13), seen(50, 14)]
    assert superseded_parts(own, [THREAD, 12, 13], 13, THREAD) == tuple(own[:3])


def test_a_reply_beneath_a_notice_answers_the_threads_first_message_wherever_it_stands() -> None:
    own = [seen(20, 12), seen(21), seen(30, silent=True), seen(40, 30), seen(41)]
    first, other = find_reply(own, [THREAD], THREAD), find_reply(own, [12], THREAD)
    assert first is not None
    assert other is not None
    assert ([part.id for part in first.parts], first.members, first.followed) == ([40, 41], (THREAD,), False)
    assert ([part.id for part in other.parts], other.followed) == ([20, 21], True)
    assert answered_later(own, [13]) == ()
    assert orphan_parts(own, None, [40]) == (seen(41),)


def test_an_unfinished_reply_to_what_was_forgotten_is_left_behind() -> None:
    assert unfinished([seen(11, 10), half(13, 12)], before=14) == (13,)


def test_a_message_that_arrived_after_the_reset_still_answers_what_was_before_it() -> None:
    assert unfinished([half(15, 12)], before=14) == (15,)


def test_the_further_part_of_an_unfinished_reply_is_left_behind_too() -> None:
    assert unfinished([seen(13, 12), half(15)], before=14) == (15,)


def test_a_part_that_came_after_the_reset_and_stands_apart_is_left_behind_too() -> None:
    own = [seen(15, 12), half(17, 16), half(18, 15)]
    assert unfinished(own, before=14) == (18,)


def test_a_reply_to_what_came_after_the_reset_stays_with_all_its_parts() -> None:
    assert unfinished([half(17, 16), half(18)], before=14) == ()


def test_the_unfinished_first_reply_of_a_thread_points_to_nothing_and_is_left_behind() -> None:
    assert unfinished([half(13)], before=14) == (13,)


def test_an_unfinished_reply_beneath_a_starter_notice_is_left_behind_whenever_it_arrived() -> None:
    own = [seen(11, 10), seen(15, silent=True), seen(16, 15), half(17), half(19, 18)]
    assert unfinished(own, before=14) == (17,)


def test_what_stands_there_only_to_take_a_nonce_is_left_behind() -> None:
    assert unfinished([half(13, silent=True), half(17, 16)], before=14) == (13,)
