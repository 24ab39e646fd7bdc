"""The plan, performed call by call and cut off anywhere."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.controls import NONE, Controls, when_done, while_written
from bot.render.mark import is_marked, marked
from bot.render.part import Formula, Part, TextFile
from bot.render.plan import Action, Delete, Edit, Posted, Send, plan
from bot.render.upload import Attached

TEXTS = st.sampled_from(["one", "two", "three", "```\ncode\n```"])
FILES = st.lists(
    st.sampled_from([Formula("x^2"), Formula("y"), TextFile("code.py", "pass"), TextFile("code.py", "more")]),
    max_size=3,
).map(tuple)
PARTS = st.lists(st.builds(Part, TEXTS, FILES), min_size=1, max_size=5)
ATTACHED = st.lists(
    st.sampled_from(
        [Attached(1, "code.py", 4), Attached(2, "else.png", 9), Attached(3, "x", file=Formula("x^2"))]
    ),
    max_size=2,
).map(tuple)
CONTROLS = st.sampled_from(
    [None, while_written(5), when_done(5, truncated=False), when_done(5, truncated=True)]
)
OLD_CONTROLS = st.sampled_from([None, NONE, while_written(5), when_done(4, truncated=False)])
OLD_TEXTS = st.sampled_from(["", "one", "two", "old", "one ▌", "old ▌", "```\ncode\n```\n▌"])
OLD = st.lists(st.tuples(OLD_TEXTS, ATTACHED, OLD_CONTROLS), max_size=6).map(
    lambda found: [Posted(number, *what) for number, what in enumerate(found)]
)


def perform(shown: Sequence[Posted], action: Action) -> list[Posted]:
    """What Discord shows after one call."""
    if isinstance(action, Send):
        assert action.index == len(shown)
        files = tuple(Attached(0, "new", file=file) for file in action.files)
        return [*shown, Posted(100 + action.index, action.content, files, action.controls or NONE)]
    if isinstance(action, Edit):
        before = shown[action.index]
        assert before.message_id == action.message_id
        assert action.keep is not None or not action.files
        files = before.files if action.keep is None else action.keep
        files += tuple(Attached(0, "new", file=file) for file in action.files)
        controls = before.controls if action.controls is None else action.controls
        changed = Posted(action.message_id, action.content, files, controls)
        assert changed != before
        return [changed if posted.message_id == action.message_id else posted for posted in shown]
    return [posted for posted in shown if posted.message_id != action.message_id]


def steps(
    shown: Sequence[Posted], parts: Sequence[Part], *, finished: bool, controls: Controls | None = None
) -> list[list[Posted]]:
    """What Discord shows after each call, until nothing is left to do."""
    history = [list(shown)]
    while actions := plan(history[-1], parts, finished=finished, controls=controls):
        history.append(perform(history[-1], actions[0]))
        assert len(history) <= 2 * (len(shown) + len(parts)) + 2
    return history


def is_unfinished(shown: Sequence[Posted]) -> bool:
    return any(is_marked(posted.content) for posted in shown)


def shows(posted: Posted, part: Part) -> bool:
    """Whether a message shows a part's text, and its files in order."""
    files = zip(posted.files, part.files, strict=False)
    return (
        posted.content == part.text
        and len(posted.files) == len(part.files)
        and all(attached.shows(file) for attached, file in files)
    )


@settings(deadline=None)
@given(OLD, PARTS, CONTROLS)
def test_a_finished_plan_shows_exactly_the_parts(
    old: list[Posted], parts: list[Part], controls: Controls | None
) -> None:
    last = steps(old, parts, finished=True, controls=controls)[-1]
    assert len(last) == len(parts)
    assert all(shows(posted, part) for posted, part in zip(last, parts, strict=True))


@settings(deadline=None)
@given(OLD, PARTS, CONTROLS, st.booleans())
def test_the_newest_message_alone_carries_the_buttons(
    old: list[Posted], parts: list[Part], controls: Controls | None, finished: bool
) -> None:
    last = steps(old, parts, finished=finished, controls=controls)[-1]
    found = [posted.controls for posted in last[: len(parts)]]
    if controls is None:
        assert (
            found == [*(posted.controls for posted in old[: len(parts)]), *[NONE] * len(parts)][: len(parts)]
        )
    else:
        assert found == [NONE] * (len(parts) - 1) + [controls]


@settings(deadline=None)
@given(OLD, PARTS, CONTROLS)
def test_a_plan_cut_off_anywhere_leaves_an_unfinished_reply(
    old: list[Posted], parts: list[Part], controls: Controls | None
) -> None:
    history = steps(old, parts, finished=True, controls=controls)
    for shown in history[1:-1]:
        assert is_unfinished(shown)
    assert not is_unfinished(history[-1])


@settings(deadline=None)
@given(OLD, PARTS)
def test_messages_of_an_earlier_try_are_reused_in_order(old: list[Posted], parts: list[Part]) -> None:
    kept = [posted.message_id for posted in steps(old, parts, finished=True)[-1]]
    assert kept[: len(old)] == [posted.message_id for posted in old[: len(parts)]]


@settings(deadline=None)
@given(OLD, PARTS, CONTROLS)
def test_a_growing_reply_is_marked_at_its_end_only_and_never_without_a_mark(
    old: list[Posted], parts: list[Part], controls: Controls | None
) -> None:
    history = steps(old, parts, finished=False, controls=controls)
    for shown in history[1:]:
        assert is_unfinished(shown)
    contents = [posted.content for posted in history[-1]]
    texts = [part.text for part in parts]
    assert contents[: len(parts)] == [*texts[:-1], marked(texts[-1])]
    assert len(contents) >= len(old)


@settings(deadline=None)
@given(PARTS, CONTROLS)
def test_a_reply_that_grows_and_ends_takes_a_post_for_each_message_and_an_edit(
    parts: list[Part], controls: Controls | None
) -> None:
    shown: list[Posted] = []
    calls = 0
    for number in range(len(parts)):
        history = steps(shown, parts[: number + 1], finished=False, controls=controls and while_written(5))
        shown, calls = history[-1], calls + len(history) - 1
    history = steps(shown, parts, finished=True, controls=controls)
    assert len(history) == 2  # text, buttons and mark in one call
    assert calls + 1 == 2 * len(parts)  # each message is posted, and loses its mark
    assert history[-1][-1].content == parts[-1].text


def test_a_short_reply_that_is_all_there_is_one_post_without_a_mark() -> None:
    assert plan([], [Part("all")], finished=True) == (Send(0, "all"),)
    controls = when_done(5, truncated=False)
    files = (Formula("x"),)
    assert plan([], [Part("all", files)], finished=True, controls=controls) == (
        Send(0, "all", files, controls),
    )


def test_files_that_are_there_are_not_sent_again() -> None:
    there = Attached(9, "formula-2d711642b7.png")  # as Discord tells of it, after a restart
    assert there.shows(Formula("x"))
    assert plan([Posted(1, "a", (there,))], [Part("a", (Formula("x"),))], finished=True) == ()
    grown = [Part("b", (Formula("x"), Formula("y")))]
    assert plan([Posted(1, "a", (there,))], grown, finished=True) == (
        Edit(0, 1, "b", keep=(there,), files=(Formula("y"),)),
    )
    assert plan([Posted(1, "a", (there,))], [Part("b", (Formula("x"),))], finished=True) == (Edit(0, 1, "b"),)


def test_files_of_a_message_that_is_not_known_are_replaced() -> None:
    assert plan([Posted(1, "")], [Part("a")], finished=True) == (Edit(0, 1, "a", keep=()),)


def test_the_mark_goes_last_and_surplus_messages_before_it() -> None:
    shown = [Posted(1, "a ▌"), Posted(2, "old"), Posted(3, "older")]
    assert plan(shown, [Part("new")], finished=True) == (Delete(2), Delete(3), Edit(0, 1, "new"))


def test_nothing_is_done_while_there_is_nothing_to_show() -> None:
    assert plan([Posted(1, "old")], [], finished=False) == ()
    assert plan([Posted(1, "old")], [], finished=True) == (Delete(1),)


def test_a_last_message_that_is_full_to_the_brim_is_still_finished() -> None:
    parts = [Part("x" * 2000)]
    history = steps([Posted(1, "old"), Posted(2, "old")], parts, finished=True)
    assert [posted.content for posted in history[-1]] == ["x" * 2000]
    assert all(len(posted.content) <= 2000 for shown in history for posted in shown)
