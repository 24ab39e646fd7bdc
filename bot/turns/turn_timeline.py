"""Records the timeline of one attempt at a turn while it runs; the steps of the journal carry what it has by then."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.conversation.content import Block, Text, ToolResult, ToolUse, text_of
from bot.conversation.request import (
    BlockStarted,
    Finished,
    NewAttempt,
    PromptMessage,
    StreamEvent,
    TextDelta,
    Waiting,
)
from bot.conversation.timeline import (
    INTERRUPTED,
    RESUMED,
    AttemptTimeline,
    StreamedRequest,
    TimedCall,
    Timeline,
    added,
    joined,
)
from bot.render.plan import Posted
from bot.render.tally import Tally
from bot.store.claim import Attempt

Clock = Callable[[], float]

MOST_HELD = 4000
"""The most numbers of a request that are held in memory while it is streamed."""


@dataclass(slots=True)
class RunningRequest:
    """A request to Claude that is being streamed."""

    purpose: str
    clock: Clock
    begun_ms: int
    _latest_s: float = 0.0
    _deltas: list[int] = field(default_factory=list)
    _blocks: list[str] = field(default_factory=list)
    _failed: list[str] = field(default_factory=list)
    _end: str = ""

    def __post_init__(self) -> None:
        self._latest_s = self.clock()

    def note(self, event: StreamEvent) -> None:
        """Note an event of the stream."""
        match event:
            case TextDelta(text=text) if text:
                now_s = self.clock()
                self._deltas += (round((now_s - self._latest_s) * 1000), len(text))
                self._latest_s = now_s
                if len(self._deltas) > MOST_HELD:
                    self._deltas = list(joined(self._deltas))
            case BlockStarted(kind=kind):
                self._blocks.append(kind)
            case Waiting(error=error):
                self._failed.append(error)
            case NewAttempt():
                self._latest_s = self.clock()
            case Finished(stop_reason=reason):
                self._end = reason

    def ended(self, end: str = INTERRUPTED) -> None:
        """Note how the request ended; the first end counts."""
        self._end = self._end or end

    @property
    def value(self) -> StreamedRequest:
        """The request so far."""
        return StreamedRequest(
            self.purpose,
            self.begun_ms,
            tuple(self._deltas),
            tuple(self._blocks),
            tuple(self._failed),
            self._end,
        )


class TurnTimeline:
    """The timeline of a turn, of which this attempt runs; `tally` counts its calls to Discord."""

    def __init__(self, attempt: Attempt | None = None, clock: Clock = time.monotonic) -> None:
        self._attempt = attempt
        self._clock = clock
        self._begun_s = clock()
        self._requests: list[RunningRequest | StreamedRequest] = []
        self._calls: list[TimedCall] = []
        self._found: tuple[int, ...] = ()
        self._shown: tuple[int, ...] = ()
        self.tally = Tally()

    @property
    def has_requests(self) -> bool:
        """Whether a request was sent or taken up."""
        return bool(self._requests)

    def request(self, purpose: str) -> RunningRequest:
        """Note that a request is sent."""
        begun = RunningRequest(purpose, self._clock, round((self._clock() - self._begun_s) * 1000))
        self._requests.append(begun)
        return begun

    def found(self, parts: Sequence[Posted]) -> None:
        """Note the messages of an earlier attempt."""
        self._found = _lengths(parts)

    def shown(self, parts: Sequence[Posted]) -> None:
        """Note the messages that show the reply."""
        self._shown = _lengths(parts)

    def resumed(self, messages: Sequence[PromptMessage]) -> None:
        """Note what an earlier attempt has said and called."""
        for at, message in enumerate(messages):
            if message.role != "assistant":
                continue
            deltas = (0, length) if (length := len(text_of(message.blocks))) else ()
            self._requests.append(StreamedRequest(RESUMED, 0, deltas, (), (), "tool_use"))
            behind = messages[at + 1].blocks if at + 1 < len(messages) else ()
            self.called(message.blocks, behind, 0.0)

    def called(
        self, said: Sequence[Block], results: Sequence[Block], seconds: float, outcomes: Sequence[str] = ()
    ) -> None:
        """Note the calls among the blocks of the latest request, and their results."""
        answers = {each.tool_use_id: each for each in results if isinstance(each, ToolResult)}
        calls = [each for each in said if isinstance(each, ToolUse)]
        for at, call in enumerate(calls):
            answer = answers.get(call.id)
            outcome = "unanswered" if answer is None else "failed" if answer.is_error else "done"
            if len(outcomes) == len(calls):
                outcome = outcomes[at]
            length = sum(len(each.text) for each in answer.content if isinstance(each, Text)) if answer else 0
            self._calls.append(
                TimedCall(
                    call.name,
                    len(self._requests) - 1,
                    outcome,
                    len(call.input),
                    length,
                    round(seconds * 1000),
                )
            )

    @property
    def value(self) -> Timeline:
        """The timeline so far; without an attempt, or before it did anything, that of the earlier ones."""
        attempt = self._attempt
        if attempt is None:
            return ()
        if not (self._requests or self._found or self._shown):
            return attempt.timeline
        tally = self.tally
        now = AttemptTimeline(
            attempt.number,
            attempt.regeneration,
            self._found,
            tuple(each if isinstance(each, StreamedRequest) else each.value for each in self._requests),
            tuple(self._calls),
            self._shown,
            tally.posts,
            tally.edits,
            tuple(tally.failures),
            tuple(tally.refused),
        )
        return added(attempt.timeline, now)


def _lengths(parts: Sequence[Posted]) -> tuple[int, ...]:
    return tuple(len(part.content) for part in parts)
