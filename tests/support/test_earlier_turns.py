"""The conversation before a turn, from the store to a journal and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.message import created_ms
from bot.conversation.turn import Preface, Turn
from bot.store.codec import dump_turn, load_turn
from bot.support.earlier_turns import GONE, MOST_INDEX, EarlierTurns, earlier_turns, held_before
from tests.conversation.builders import turn

NOW_MS = 2_000_000_000_000


def stored(*turns: Turn) -> list[str]:
    return [dump_turn(each) for each in turns]


def indexes(history: list[str], at: int, places: str = "") -> list[int]:
    return [index for index, _ in held_before(history, at, places)]


def journal(*turns: Turn, first: int = 0, **fields: Any) -> dict[str, Any]:
    earlier = [{"index": index, **json.loads(dump_turn(each))} for index, each in enumerate(turns, first)]
    return {"earlier": earlier, **fields}


def asked(**fields: Any) -> list[dict[str, Any]]:
    """The entry of the replayed turn."""
    return [{"index": 9, "turn": {"prefix_key": "mine", "asked_ms": 5000, **fields}}]


def test_a_journal_holds_the_window_before_the_turn_and_pinned_turns_from_before_it() -> None:
    turns = [turn(number, window_start=start) for number, start in enumerate((0, 0, 0, 2, 2, 4))]
    history = stored(*turns)
    assert indexes(history, 3) == [0, 1, 2]
    assert indexes(history, 5) == [2, 3, 4]
    assert indexes(history, 6, " 1 5 17") == [1, 4, 5]
    assert indexes(history, 0) == indexes([], 0) == []


def test_an_entry_that_this_version_cannot_read_is_left_out() -> None:
    assert indexes(["{}", *stored(turn(1), turn(2)), "{}"], 4) == [1, 2]


def test_an_entry_says_when_it_was_asked_although_its_id_is_replaced() -> None:
    old, new = turn(7), replace(turn(8), asked_ms=1_420_070_408_123)
    old = replace(old, id=old.id + (123 << 22))
    found = [entry["turn"]["asked_ms"] for _, entry in held_before(stored(old, new), 2, "")]
    assert found == [created_ms(turn(7).id), 1_420_070_408_123]


def test_entries_keep_their_indexes_and_their_gaps_to_the_turn() -> None:
    first, second = replace(turn(1), asked_ms=1000), replace(turn(2, window_start=3), asked_ms=4000)
    earlier = earlier_turns(journal(first, second, first=3, entry=asked()), NOW_MS)
    assert earlier is not None
    entries = [load_turn(each) for each in earlier.entries("theirs")]
    assert entries[:3] == [GONE] * 3
    assert [each.asked_ms for each in entries[3:]] == [NOW_MS - 4000, NOW_MS - 1000]
    assert earlier.fields == {"cut": "3"}


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"entry": asked()}, "mine"),
        ({"entry": asked(preface={"summary": "s"})}, "second"),  # the turn made a trim
        ({"record": {"began": "7000"}}, "second"),  # the turn runs
    ],
)
def test_the_entries_with_which_the_request_began_get_the_key_of_the_replayed_bot(
    fields: dict[str, Any], key: str
) -> None:
    keys = ("first", "mine", "second", "")
    turns = [replace(turn(number), prefix_key=each) for number, each in enumerate(keys)]
    earlier = earlier_turns(journal(*turns, **fields), NOW_MS)
    assert earlier is not None
    found = [load_turn(each).prefix_key for each in earlier.entries("theirs")]
    assert found == ["theirs" if each == key else each for each in keys]


def test_a_turn_that_runs_was_asked_when_its_attempt_began() -> None:
    known = earlier_turns(journal(replace(turn(1), asked_ms=1000), record={"began": "7000"}), NOW_MS)
    unknown = earlier_turns(journal(replace(turn(1), asked_ms=1000)), NOW_MS)
    assert known is not None
    assert unknown is not None
    assert known.turns[0].asked_ms == NOW_MS - 6000
    assert unknown.turns[0].asked_ms == NOW_MS - 60_000


def test_the_shortest_conversation_that_begins_alike_has_the_summary_and_the_pinned_turns() -> None:
    preface = Preface("what was said", (turn(1),))
    trimming = replace(turn(5, window_start=2, tokens=(900, 900)), preface=preface)
    meta = {"corrected": f"{trimming.id} better", "pins": "5", "starter": "7"}
    earlier = earlier_turns(journal(turn(4), trimming, turn(6), first=2, meta=meta), NOW_MS)
    assert earlier is not None
    assert earlier.fields == {"corrected": meta["corrected"], "pins": "5", "cut": "0"}
    beginning = earlier.beginning
    assert beginning is not None
    (entry,) = map(load_turn, beginning.entries("any"))
    assert (entry.id, entry.preface, entry.tokens, entry.window_start) == (trimming.id, preface, 2, 0)
    assert beginning.fields == {"corrected": meta["corrected"], "cut": "0"}


def test_without_a_preface_every_conversation_begins_alike() -> None:
    assert EarlierTurns({0: turn(1)}, 0, "key", {}).beginning is None


def test_a_journal_without_earlier_turns_has_none() -> None:
    assert earlier_turns({"earlier": []}, NOW_MS) is None
    assert earlier_turns({}, NOW_MS) is None


@pytest.mark.parametrize(
    "broken",
    [{"index": -1}, {"index": MOST_INDEX}, {"index": "x"}, {"turn": 5}, {"turn": {}}, {"version": 99}],
)
def test_entries_that_somebody_has_changed_are_refused(broken: dict[str, Any]) -> None:
    told = journal(turn(1))
    told["earlier"][0] |= broken
    with pytest.raises(ValueError):
        earlier_turns(told, NOW_MS)
