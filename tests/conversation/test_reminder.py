"""The steps of a reminder, and its message."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.identity import SOMEBODY
from bot.conversation.recurrence import Every
from bot.conversation.reminder import (
    GIVE_UP_MS,
    LATE_MS,
    Reminder,
    described,
    is_message_of,
    message,
)

NOW = 1_800_000_000_000
HOUR = 3_600_000


def reminder(every: Every = "once") -> Reminder:
    # 1 800 000 000 s is 2027-01-15T08:00:00 UTC.
    return Reminder(
        id=0xABCDEF12345,
        conversation=1,
        channel=2,
        server=3,
        is_private=False,
        person=77,
        text="stir the pot",
        first="2027-01-15T08:00:00",
        zone="UTC",
        every=every,
        due_ms=NOW,
        created_ms=NOW - HOUR,
        since_ms=NOW - HOUR,
    )


def begun(every: Every = "once", at: int = NOW) -> Reminder:
    found = reminder(every).begun("me", at)
    assert found is not None
    return found


def test_a_single_reminder_ends_with_its_post_and_keeps_no_text() -> None:
    after = begun().posted(NOW + 5)
    assert after is not None
    assert (after.state, after.end, after.text) == ("ended", "delivered", "")
    assert after.posted(NOW + 6) is None
    assert after.begun("you", NOW + 6) is None
    assert after.ended("cancelled", NOW + 6) is None


def test_one_that_recurs_waits_for_the_next_time_and_what_was_missed_comes_once() -> None:
    after = begun("day", NOW + 50 * HOUR).posted(NOW + 50 * HOUR)
    assert after is not None
    assert (after.state, after.due_ms) == ("waiting", NOW + 72 * HOUR)
    assert after.nonce != begun("day").nonce


def test_a_reminder_that_is_cancelled_after_its_post_has_begun_may_still_appear() -> None:
    in_time, late = reminder("day").ended("cancelled", NOW), begun("day").ended("cancelled", NOW)
    assert in_time is not None
    assert late is not None
    assert (in_time.is_cancelled, in_time.may_still_appear) == (True, False)
    assert (late.is_cancelled, late.may_still_appear) == (True, True)
    gone = begun().ended("gone", NOW)
    assert gone is not None
    assert (gone.owner, gone.may_still_appear) == ("", False)


def test_a_refused_post_is_tried_for_a_day() -> None:
    again = begun().refused("I may not", NOW + HOUR)
    assert again is not None
    assert (again.state, again.due_ms, again.problem) == ("waiting", NOW, "I may not")
    assert "I may not" in described(again)
    given_up = begun().refused("I may not", NOW + GIVE_UP_MS)
    assert given_up is not None
    assert (given_up.state, given_up.end) == ("ended", "refused")
    skipped = begun("week").refused("I may not", NOW + GIVE_UP_MS)
    assert skipped is not None
    assert (skipped.state, skipped.due_ms) == ("waiting", NOW + 7 * 24 * HOUR)


def test_the_message_mentions_the_person_and_says_when_it_is_late() -> None:
    assert message(begun()).startswith("⏰ <@77> stir the pot\n-# Reminder `12345`")
    assert "late" not in message(begun())
    late = begun(at=NOW + LATE_MS + 1)
    assert f"late, because I could not post it: it was due <t:{NOW // 1000}:f>" in message(late)
    assert f"every day, next <t:{(NOW + 24 * HOUR) // 1000}:f>" in message(begun("day"))


def test_a_message_is_recognised_whoever_has_written_it() -> None:
    assert is_message_of(message(begun(at=NOW + LATE_MS + 1)), reminder())
    assert not is_message_of(message(begun()), replace(reminder(), id=0xABCDEF12346))
    assert not is_message_of(message(begun()), replace(reminder(), text="stir"))
    assert not is_message_of("⏰ <@77> stir the pot", reminder())


def test_a_message_is_recognised_though_its_reminder_has_lost_a_mention_since() -> None:
    posted = message(replace(begun(), text="ask @Ben and <@5> for wool"))
    cleaned = replace(reminder(), text=f"ask {SOMEBODY} and {SOMEBODY} for wool")
    assert is_message_of(posted, cleaned)
    assert is_message_of(
        message(replace(begun(), text="ask @Ben")), replace(reminder(), text=f"ask {SOMEBODY}")
    )
    for other in (f"ask {SOMEBODY} for wool and {SOMEBODY}", f"tell {SOMEBODY} and {SOMEBODY} for wool"):
        assert not is_message_of(posted, replace(reminder(), text=other))
    assert len(replace(reminder(), id=(1 << 52) - 1).nonce) <= 25
