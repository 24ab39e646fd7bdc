"""A poll's counts as the page keeps them between the events."""

from typing import Any

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node


def poll(*counts: tuple[int, int, bool]) -> dict[str, Any]:
    results = [{"id": answer, "count": count, "me_voted": mine} for answer, count, mine in counts]
    return {"question": {"text": "Tea?"}, "results": {"answer_counts": results, "is_finalized": False}}


def counted(
    value: dict[str, Any], answer: int, step: int, *, mine: bool = False
) -> dict[int, tuple[int, bool]]:
    vote = {"answer_id": answer, "step": step, "mine": mine}
    told = run("polls.js", "m.counted(...a)", value, vote)
    return {each["id"]: (each["count"], each["me_voted"]) for each in told["results"]["answer_counts"]}


def test_the_first_vote_makes_a_count() -> None:
    assert counted(poll(), 1, 1) == {1: (1, False)}
    assert counted({"question": {"text": "Tea?"}}, 2, 1, mine=True) == {2: (1, True)}


def test_a_vote_of_somebody_else_leaves_ones_own_alone() -> None:
    assert counted(poll((1, 2, True)), 1, 1) == {1: (3, True)}
    assert counted(poll((1, 2, True)), 1, -1) == {1: (1, True)}


def test_ones_own_vote_is_counted_once_where_it_was_loaded_before_its_event() -> None:
    assert counted(poll((1, 2, True)), 1, 1, mine=True) == {1: (2, True)}
    assert counted(poll((1, 2, True)), 1, -1, mine=True) == {1: (1, False)}


def test_an_event_that_does_not_know_the_person_keeps_their_votes() -> None:
    expression = "m.ownVotes(m.withOwnVotes(...a))"
    assert run("polls.js", expression, poll((1, 3, False), (2, 1, False)), poll((2, 1, True))) == [2]
    assert run("polls.js", expression, poll((1, 3, False)), None) == []
