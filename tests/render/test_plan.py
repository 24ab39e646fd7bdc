"""The plan, performed call by call and cut off anywhere."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.mark import is_marked, marked
from bot.render.plan import Action, Delete, Edit, Posted, Send, plan

PARTS = st.lists(st.sampled_from(["one", "two", "three", "```\ncode\n```"]), min_size=1, max_size=5)
OLD = st.lists(
    st.sampled_from(["", "one", "two", "old", "one ▌", "old ▌", "```\ncode\n```\n▌"]), max_size=6
).map(lambda contents: [Posted(number, content) for number, content in enumerate(contents)])


def perform(shown: Sequence[Posted], action: Action) -> list[Posted]:
    """What Discord shows after one call."""
    if isinstance(action, Send):
        assert action.index == len(shown)
        return [*shown, Posted(100 + action.index, action.content)]
    if isinstance(action, Edit):
        assert shown[action.index].message_id == action.message_id
        changed = Posted(action.message_id, action.content)
        return [changed if posted.message_id == action.message_id else posted for posted in shown]
    return [posted for posted in shown if posted.message_id != action.message_id]


def steps(shown: Sequence[Posted], parts: Sequence[str], *, finished: bool) -> list[list[Posted]]:
    """What Discord shows after each call, until nothing is left to do."""
    history = [list(shown)]
    while actions := plan(history[-1], parts, finished=finished):
        history.append(perform(history[-1], actions[0]))
        assert len(history) <= 2 * (len(shown) + len(parts)) + 2
    return history


def is_unfinished(shown: Sequence[Posted]) -> bool:
    return any(is_marked(posted.content) for posted in shown)


@settings(deadline=None)
@given(OLD, PARTS)
def test_a_finished_plan_shows_exactly_the_parts(old: list[Posted], parts: list[str]) -> None:
    assert [posted.content for posted in steps(old, parts, finished=True)[-1]] == parts


@settings(deadline=None)
@given(OLD, PARTS)
def test_a_plan_cut_off_anywhere_leaves_an_unfinished_reply(old: list[Posted], parts: list[str]) -> None:
    history = steps(old, parts, finished=True)
    for shown in history[1:-1]:
        assert is_unfinished(shown)
    assert not is_unfinished(history[-1])


@settings(deadline=None)
@given(OLD, PARTS)
def test_messages_of_an_earlier_try_are_reused_in_order(old: list[Posted], parts: list[str]) -> None:
    kept = [posted.message_id for posted in steps(old, parts, finished=True)[-1]]
    assert kept[: len(old)] == [posted.message_id for posted in old[: len(parts)]]


@settings(deadline=None)
@given(OLD, PARTS)
def test_a_growing_reply_is_marked_at_its_end_only_and_never_without_a_mark(
    old: list[Posted], parts: list[str]
) -> None:
    history = steps(old, parts, finished=False)
    for shown in history[1:]:
        assert is_unfinished(shown)
    contents = [posted.content for posted in history[-1]]
    assert contents[: len(parts)] == [*parts[:-1], marked(parts[-1])]
    assert len(contents) >= len(old)


@settings(deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=6))
def test_a_reply_that_grows_and_ends_takes_few_calls(stages: list[list[str]]) -> None:
    shown: list[Posted] = []
    for parts in [*(stages[-1][: number + 1] for number in range(len(stages[-1])))]:
        shown = steps(shown, parts, finished=False)[-1]
    history = steps(shown, stages[-1], finished=True)
    assert len(history) == 2
    assert history[-1][-1].content == stages[-1][-1]


def test_a_short_reply_that_is_all_there_is_one_post_without_a_mark() -> None:
    assert plan([], ["all"], finished=True) == (Send(0, "all"),)


def test_the_mark_goes_last_and_surplus_messages_before_it() -> None:
    shown = [Posted(1, "a ▌"), Posted(2, "old"), Posted(3, "older")]
    assert plan(shown, ["new"], finished=True) == (Delete(2), Delete(3), Edit(0, 1, "new"))


def test_nothing_is_done_while_there_is_nothing_to_show() -> None:
    assert plan([Posted(1, "old")], [], finished=False) == ()
    assert plan([Posted(1, "old")], [], finished=True) == (Delete(1),)


def test_a_last_message_that_is_full_to_the_brim_is_still_finished() -> None:
    parts = ["x" * 2000]
    history = steps([Posted(1, "old"), Posted(2, "old")], parts, finished=True)
    assert [posted.content for posted in history[-1]] == parts
    assert all(len(posted.content) <= 2000 for shown in history for posted in shown)
