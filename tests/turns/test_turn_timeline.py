"""The timeline that an attempt records while it runs."""

from __future__ import annotations

from bot.conversation.content import Text, ToolResult, ToolUse
from bot.conversation.errors import ClaudeBusy, DiscordNotNow
from bot.conversation.request import (
    BlockStarted,
    Finished,
    NewAttempt,
    PromptMessage,
    TextDelta,
    Usage,
    Waiting,
)
from bot.conversation.timeline import INTERRUPTED, RESUMED, AttemptTimeline, StreamedRequest, TimedCall
from bot.render.plan import Posted
from bot.store.claim import Attempt
from bot.store.states import State
from bot.turns.turn_timeline import MOST_HELD, TurnTimeline

EARLIER = (AttemptTimeline(1, found=(3,)),)


class Clock:
    """Goes on when told to."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def recording(number: int = 2) -> tuple[TurnTimeline, Clock]:
    clock = Clock()
    return TurnTimeline(Attempt(State.CLAIMED, number, timeline=EARLIER), clock), clock


def test_an_attempt_that_did_nothing_yet_leaves_the_timeline_as_it_was() -> None:
    assert recording()[0].value == EARLIER
    assert TurnTimeline().value == ()


def test_deltas_are_recorded_by_their_waits_and_lengths_and_never_by_their_text() -> None:
    timeline, clock = recording()
    clock.now_s += 0.25
    request = timeline.request("reply")
    clock.now_s += 1.5
    request.note(BlockStarted("thinking"))
    request.note(TextDelta("secret"))
    clock.now_s += 0.2
    request.note(TextDelta("words"))
    request.note(TextDelta(""))
    request.note(Finished("end_turn", Usage(), "m", "r"))
    request.ended()
    *earlier, attempt = timeline.value
    assert tuple(earlier) == EARLIER
    assert attempt.requests == (
        StreamedRequest("reply", 250, (1500, 6, 200, 5), ("thinking",), (), "end_turn"),
    )


def test_tries_that_failed_and_ends_are_recorded_by_type() -> None:
    timeline, clock = recording()
    request = timeline.request("reply")
    clock.now_s += 3
    request.note(Waiting(1.0, 2, error=ClaudeBusy.__name__))
    clock.now_s += 1
    request.note(NewAttempt())
    clock.now_s += 0.1
    request.note(TextDelta("ab"))
    request.ended("ClaudeUnreachable")
    request.ended()
    broken = timeline.request("reply")
    assert timeline.value[-1].requests[1].end == ""
    broken.ended()
    first, second = timeline.value[-1].requests
    assert (first.failed, first.deltas, first.end) == (("ClaudeBusy",), (100, 2), "ClaudeUnreachable")
    assert second.end == INTERRUPTED


def test_calls_of_tools_are_recorded_by_length_and_outcome() -> None:
    timeline, _ = recording()
    timeline.request("reply").ended("tool_use")
    said = (
        Text("I look."),
        ToolUse("a", "time_in", '{"zone": "UTC"}'),
        ToolUse("b", "ring", "{}"),
        ToolUse("c", "x", "{}"),
    )
    results = (ToolResult("b", (Text("no"),), is_error=True), ToolResult("a", (Text("noon"), Text("!"))))
    timeline.called(said, results, 0.5)
    assert timeline.value[-1].calls == (
        TimedCall("time_in", 0, "done", 15, 5, 500),
        TimedCall("ring", 0, "failed", 2, 2, 500),
        TimedCall("x", 0, "unanswered", 2, 0, 500),
    )
    timeline.called(said[1:2], results, 0.5, ["waiting"])
    assert timeline.value[-1].calls[-1].outcome == "waiting"


def test_steps_of_an_earlier_attempt_are_requests_that_were_taken_up() -> None:
    timeline, _ = recording()
    timeline.resumed(
        (
            PromptMessage("assistant", (Text("I look."), ToolUse("a", "ring", "{}"))),
            PromptMessage("user", (ToolResult("a", (Text("done"),)),)),
        )
    )
    attempt = timeline.value[-1]
    assert attempt.requests == (StreamedRequest(RESUMED, 0, (0, 7), end="tool_use"),)
    assert attempt.calls == (TimedCall("ring", 0, "done", 2, 4),)


def test_messages_on_discord_are_recorded_by_length() -> None:
    timeline, _ = recording()
    timeline.found([Posted(1, "abc"), Posted(2, "")])
    timeline.shown([Posted(1, "abcd")])
    timeline.tally.posts += 1
    timeline.tally.failures.append("DiscordUnavailable")
    attempt = timeline.value[-1]
    assert (attempt.found, attempt.shown, attempt.posts, attempt.failures) == (
        (3, 0),
        (4,),
        1,
        ("DiscordUnavailable",),
    )


def test_an_endless_stream_takes_a_bounded_room() -> None:
    timeline, _ = recording()
    request = timeline.request("reply")
    for _ in range(3 * MOST_HELD):
        request.note(TextDelta("x"))
    assert request.value.characters == 3 * MOST_HELD
    assert len(request.value.deltas) <= MOST_HELD


def test_what_discord_refused_is_recorded_by_numbers() -> None:
    timeline, _ = recording()
    timeline.request("reply")
    timeline.tally.posts = 1
    timeline.tally.failed(DiscordNotNow(30.0), is_edit=False)
    assert timeline.value[-1].failures == ("DiscordNotNow",)
    assert timeline.value[-1].refused == ((0, 1, 0, 0, 30),)
