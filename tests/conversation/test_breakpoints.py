"""Where the cache breakpoints of a request stand."""

from __future__ import annotations

import pytest

from bot.conversation.breakpoints import of_request, place
from bot.conversation.lifetime import Choice
from bot.conversation.prompt import render_messages
from bot.conversation.request import Breakpoints, Lifetime
from bot.conversation.turn import Turn
from tests.conversation.builders import asking, turn

FIRST, FAILED, CONTINUED = turn(1), turn(2, outcome="failed"), turn(3, parts=("one ", "two"))
TURNS = (FIRST, FAILED, CONTINUED)


def placed(choice: Choice, *turns: Turn) -> Breakpoints | None:
    """The breakpoints of a request with these turns and a new message."""
    return place(turns, render_messages(turns, asking("hello"), ""), choice)


def test_without_caching_there_is_no_breakpoint() -> None:
    assert placed(Choice(None), *TURNS) is None


def test_the_first_request_has_a_breakpoint_after_its_only_message() -> None:
    assert placed(Choice("5m")) == Breakpoints("5m", ((0, "5m"),))


def test_the_newest_blocks_of_this_request_and_of_the_one_before_are_marked() -> None:
    # 0 and 1 are the first exchange, 2 to 5 the continued one, 6 the new message.
    assert placed(Choice("5m"), *TURNS) == Breakpoints("5m", ((4, "5m"), (6, "5m")))


@pytest.mark.parametrize(
    ("anchor", "messages"),
    [
        (FIRST, ((0, "1h"), (4, "5m"), (6, "5m"))),
        (CONTINUED, ((4, "1h"), (6, "5m"))),  # the message that the request before ended with
    ],
)
def test_an_entry_of_an_hour_is_marked_again_and_so_is_the_system_prompt_before_it(
    anchor: Turn, messages: tuple[tuple[int, Lifetime], ...]
) -> None:
    assert placed(Choice("5m", anchor.id), *TURNS) == Breakpoints("1h", messages)


@pytest.mark.parametrize("anchor", [FAILED.id, turn(9).id], ids=["without an answer", "not in the window"])
def test_an_entry_that_ends_at_no_message_is_not_marked(anchor: int) -> None:
    assert placed(Choice("5m", anchor), *TURNS) == placed(Choice("5m"), *TURNS)


@pytest.mark.parametrize(
    ("turns", "asked", "index"),
    [
        (TURNS, FIRST, 0),
        (TURNS, FAILED, 0),  # its own message is the beginning of a later one
        (TURNS, CONTINUED, 4),
        ((FAILED, FIRST), FAILED, None),
    ],
)
def test_the_request_of_a_turn_is_part_of_a_later_one_up_to_its_newest_message(
    turns: tuple[Turn, ...], asked: Turn, index: int | None
) -> None:
    assert of_request(turns, asked.id) == index
