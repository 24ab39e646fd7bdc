"""History entries of replies whose text only Discord has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation import reply_wording, status_wording
from bot.conversation.wording import SMALL
from bot.render.mark import marked
from bot.render.plan import Posted
from bot.render.upload import Attached
from bot.store.codec import Result
from bot.turns.shown_entry import finished_entry, partial_entry
from tests.conversation.builders import message, texts, turn
from tests.store.claims import a_claim, changed

QUESTION = message("and now?", number=50)
CLAIM = a_claim(QUESTION.id, members=(QUESTION.id,), messages=(QUESTION,))
FILE = Attached(7, "code.py", 800)


def posted(*contents: str, files: tuple[Attached, ...] = ()) -> list[Posted]:
    return [Posted(at, content, files) for at, content in enumerate(contents)]


def test_a_finished_reply_is_stored_as_it_stands_in_its_messages() -> None:
    entry, result = finished_entry(CLAIM, posted("One.", "Two."), "m")
    assert result == Result("One.\n\nTwo.")
    assert (entry.reply, entry.outcome, entry.model) == ("One.\n\nTwo.", "answered", "m")
    assert (entry.id, entry.members) == (QUESTION.id, (QUESTION.id,))
    assert "and now?" in "".join(texts(entry.question))
    assert (entry.cost, entry.prefix_key) == (None, "")


def test_a_reply_with_a_file_is_left_as_it_is_shown() -> None:
    assert finished_entry(CLAIM, posted("One.", files=(FILE,)), "m")[1].as_shown
    assert partial_entry(CLAIM, posted("One.", files=(FILE,)), "m")[1].as_shown


def test_notices_in_place_of_a_reply_are_no_reply() -> None:
    entry, result = finished_entry(CLAIM, posted(f"{SMALL}Claude is away.\n{SMALL}Try again."), "m")
    assert result == Result("", ("Claude is away.", "Try again."))
    assert (entry.reply, entry.outcome) == ("", "failed")


def test_a_part_of_a_reply_is_stored_without_its_mark_and_says_that_it_was_stopped() -> None:
    entry, result = partial_entry(CLAIM, posted("One.", marked("Two")), "m")
    assert result == Result("One.\n\nTwo", (reply_wording.STOPPED,))
    assert entry.reply == "One.\n\nTwo"


@pytest.mark.parametrize(
    "shown", [[], [marked(status_wording.THINKING)], [f"{SMALL}Claude is away."], [""]], ids=str
)
def test_messages_without_any_text_of_a_reply_are_no_reply(shown: list[str]) -> None:
    entry, result = partial_entry(CLAIM, posted(*shown), "m", ("half", "none"))
    assert result == Result("", ("none",))
    assert entry.outcome == "failed"


def test_a_regeneration_that_ends_early_keeps_the_earlier_answer() -> None:
    again = changed(CLAIM, entry=turn(50, reply="The old answer."), regeneration=1)
    entry, result = partial_entry(again, posted(marked("The n")), "m")
    assert (entry.reply, result.reply) == ("The old answer.", "The old answer.")
    assert result.notices == (reply_wording.STOPPED, reply_wording.EARLIER_STANDS)


def test_a_regeneration_of_a_failed_turn_keeps_what_the_first_attempt_has_cost() -> None:
    failed = replace(turn(50, outcome="failed"), cost=7)
    entry, _ = partial_entry(changed(CLAIM, entry=failed, regeneration=1), posted(marked("The n")), "m")
    assert (entry.reply, entry.cost) == ("The n", 7)
