"""Waiting for the end of a turn that is just being finished."""

from __future__ import annotations

from bot.gateway.events.wait_until_done import POLLS, wait_until_done


class Turn:
    """A turn that is finished after so many looks; counts them."""

    def __init__(self, looks: int) -> None:
        self.end = looks
        self.looks = 0

    async def look(self) -> str:
        self.looks += 1
        return "done" if self.looks >= self.end else "finishing"


async def seen(turn: Turn) -> str:
    """What is told of a turn."""
    return await wait_until_done(turn.look, lambda state: state == "finishing", poll_s=0.0)


async def test_a_turn_that_is_not_being_finished_is_looked_at_once() -> None:
    turn = Turn(1)
    assert await seen(turn) == "done"
    assert turn.looks == 1


async def test_the_end_of_a_turn_is_seen_even_at_the_last_look() -> None:
    for looks in (2, POLLS):
        assert await seen(Turn(looks)) == "done"


async def test_a_turn_that_does_not_end_is_told_as_it_is() -> None:
    turn = Turn(POLLS + 1)
    assert await seen(turn) == "finishing"
    assert turn.looks == POLLS
