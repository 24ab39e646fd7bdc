"""What of an entry of the history can be sent."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.turn import Front, sendable
from tests.conversation.builders import turn


def test_a_blank_reply_of_an_older_version_counts_as_none() -> None:
    kept = sendable(replace(turn(1), reply="\u200b\ufeff", seams=(1,), open_end=True))
    assert (kept.outcome, kept.reply, kept.reply_tokens, kept.seams, kept.open_end) == (
        "failed",
        "",
        0,
        (),
        False,
    )
    in_front = sendable(replace(turn(2), front=Front("", (replace(turn(1), reply="\u3164"),))))
    assert in_front.front is not None
    assert in_front.front.kept[0].outcome == "failed"


def test_a_blank_part_belongs_to_its_neighbour() -> None:
    whole = turn(1)
    assert sendable(replace(whole, reply="one\u200b\u200btwo", seams=(3, 5))).seams == (3,)
    assert sendable(replace(whole, reply="\u200bone two", seams=(1, 4))).seams == (4,)
    assert sendable(replace(whole, reply="one\u200b\u200b", seams=(3, 4))).seams == ()
    sound = replace(whole, reply="one two", seams=(4,))
    assert sendable(sound) is sound
