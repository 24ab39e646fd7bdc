"""What comes of a round anew, and of a turn that is stopped while nobody works on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation import wording
from bot.render.plan import Posted
from bot.store.states import State
from bot.turns.conclusion import Conclusion
from bot.turns.nonce import nonce
from bot.turns.reply_generator import Generated
from bot.turns.revise import not_worse
from bot.turns.shown_entry import partial_entry
from tests.conversation.builders import message, turn
from tests.store.claims import a_claim, changed

OLD = turn(10, user="old words", reply="The old answer.")
CLAIM = a_claim(OLD.id, conversation=5, messages=(message("new words"),), state=State.POSTED)
AGAIN = changed(CLAIM, regeneration=1, entry=OLD)


def asked(conclusion: Conclusion) -> Generated:
    entry = turn(10, user="new words", reply=conclusion.reply, outcome=conclusion.outcome)
    return Generated(entry, conclusion, 0)


def test_an_answer_takes_the_place_of_the_one_before() -> None:
    new = asked(Conclusion("answered", "The new answer."))
    assert not_worse(AGAIN, new) == new


def test_where_there_is_no_new_answer_the_one_before_stands_with_what_is_asked_by_now() -> None:
    kept = not_worse(AGAIN, asked(Conclusion("failed", "", ("Claude is away.",))))
    assert (kept.turn.user, kept.turn.reply, kept.turn.outcome) == (
        "new words",
        "The old answer.",
        "answered",
    )
    assert kept.conclusion.notices == ("Claude is away.", wording.EARLIER_STANDS)


def test_a_refusal_takes_the_place_of_the_answer_before() -> None:
    refused = asked(Conclusion("refused", "", (wording.REFUSED,)))
    assert not_worse(AGAIN, refused) == refused


def test_a_refusal_of_words_that_were_answered_before_leaves_that_answer() -> None:
    refused = asked(Conclusion("refused", "", (wording.BLOCKED,)))
    refused = replace(refused, turn=refused.turn.asked(OLD.question))
    kept = not_worse(AGAIN, refused)
    assert (kept.turn.reply, kept.turn.outcome) == ("The old answer.", "answered")
    assert kept.conclusion.notices == (wording.BLOCKED, wording.EARLIER_STANDS)


def test_a_first_answer_that_fails_has_failed() -> None:
    failed = asked(Conclusion("failed", "", ("Claude is away.",)))
    assert not_worse(CLAIM, failed) == failed


@pytest.mark.parametrize("turn_id", [OLD.id, 2**63, 2**64 - 1])
@pytest.mark.parametrize("again", [0, 1, 255, 4095])
def test_a_nonce_is_never_longer_than_discord_takes_and_differs_between_regenerations(
    turn_id: int, again: int
) -> None:
    claim = changed(CLAIM, turn_id=turn_id, regeneration=again)
    names = [nonce(claim, part, series) for part in (0, 1, 99, "n") for series in ("", "b")]
    assert all(len(name) <= 25 for name in names)
    other = changed(claim, regeneration=again + 1)
    assert not set(names) & {nonce(other, part, series) for part in (0, 1, 99, "n") for series in ("", "b")}


def test_what_was_written_before_a_stop_is_the_reply() -> None:
    entry, result = partial_entry(CLAIM, [Posted(7, "Half of it ▌")], "claude-test")
    assert (entry.reply, result.reply, result.notices) == ("Half of it", "Half of it", (wording.STOPPED,))


@pytest.mark.parametrize("shown", [[], [Posted(7, "")], [Posted(7, f"{wording.THINKING} ▌")]])
def test_a_stop_before_any_text_leaves_a_notice_and_the_message(shown: list[Posted]) -> None:
    entry, result = partial_entry(CLAIM, shown, "claude-test")
    assert (entry.outcome, entry.reply, result.notices) == ("failed", "", (wording.STOPPED_EARLY,))
    assert "new words" in entry.user


def test_a_stop_of_a_round_anew_leaves_the_answer_before() -> None:
    entry, result = partial_entry(AGAIN, [Posted(7, "Half ▌")], "claude-test")
    assert entry.reply == result.reply == "The old answer."
