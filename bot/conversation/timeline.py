"""The timeline of a turn: what its attempts did and when, as numbers and as names of the bot and its APIs; pure.

A support bundle has a turn played again by it. It holds nothing that anybody wrote, and it is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

MOST_ATTEMPTS = 4
MOST_REQUESTS = 20
MOST_CALLS = 60
MOST_FAILURES = 20
MOST_NAMES = 60
"""The most types of blocks, and the most errors of tries, of one attempt; its requests have equal parts."""
MOST_MESSAGES = 20
MOST_NUMBERS = 200
"""The most numbers that the deltas of one attempt take; neighbouring deltas are joined until they fit.

Text arrives five times a second (`claude/gathering`): the text of 20 seconds stays as it came, in 0.6 kB.
"""

RESUMED = "resumed"
"""The purpose of a request that an earlier attempt has made: its text and calls were taken up from the journal."""

INTERRUPTED = "interrupted"
"""The end of a request that the bot itself has broken off."""


@dataclass(frozen=True, slots=True)
class StreamedRequest:
    """One request to Claude, at `begun_ms` of its attempt.

    `deltas` are a wait in ms and a number of characters in turn. `blocks` are the types of the blocks without text,
    of a call the tool's name; `failed` are the errors of the tries before the last one. `end` is the stop reason or
    the error's type, "" while the request runs.
    """

    purpose: str
    begun_ms: int = 0
    deltas: tuple[int, ...] = ()
    blocks: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    end: str = ""

    @property
    def characters(self) -> int:
        """The length of the text that arrived."""
        return sum(self.deltas[1::2])


@dataclass(frozen=True, slots=True)
class TimedCall:
    """One call of a tool that runs here, of the request `request` (an index).

    `input` and `result` are lengths in characters; `ms` is the time until all calls of the request had their results.
    """

    tool: str
    request: int
    outcome: str = "done"
    input: int = 0
    result: int = 0
    ms: int = 0


@dataclass(frozen=True, slots=True)
class AttemptTimeline:
    """One attempt, as far as it came before its last step in the journal.

    `number` counts from 1, `regeneration` from 0. `found` are the lengths of the messages of earlier attempts that it
    took over, `shown` those of its own reply in the end. `posts` and `edits` count calls to Discord that succeeded,
    `failures` are the types of errors of the others. `refused` has five numbers for each error of Discord among
    them: 1 for an edit and 0 for a post, how many calls of that kind had succeeded, status, code, and for how many
    seconds Discord allows no call.
    """

    number: int
    regeneration: int = 0
    found: tuple[int, ...] = ()
    requests: tuple[StreamedRequest, ...] = ()
    calls: tuple[TimedCall, ...] = ()
    shown: tuple[int, ...] = ()
    posts: int = 0
    edits: int = 0
    failures: tuple[str, ...] = ()
    refused: tuple[tuple[int, int, int, int, int], ...] = ()


Timeline = tuple[AttemptTimeline, ...]


def added(earlier: Sequence[AttemptTimeline], attempt: AttemptTimeline) -> Timeline:
    """Return the timeline of a turn with one more attempt, whose earlier state is replaced; answers before are left
    out.

    An attempt that Discord has postponed has the same number when it goes on, and then shows what it has requested
    before.
    """
    for each in earlier:
        is_same = (each.regeneration, each.number) == (attempt.regeneration, attempt.number)
        if is_same and each.requests and not attempt.requests:
            attempt = _resumed(each, attempt)
    same = [
        each
        for each in earlier
        if each.regeneration == attempt.regeneration and each.number != attempt.number
    ]
    return (*same, bounded(attempt))[-MOST_ATTEMPTS:]


def _resumed(before: AttemptTimeline, now: AttemptTimeline) -> AttemptTimeline:
    counted = (before.posts, before.edits)
    refused = (
        (is_edit, after + counted[is_edit], status, code, seconds)
        for is_edit, after, status, code, seconds in now.refused
    )
    return replace(
        before,
        shown=now.shown,
        posts=before.posts + now.posts,
        edits=before.edits + now.edits,
        failures=(*before.failures, *now.failures),
        refused=(*before.refused, *refused),
    )


def bounded(attempt: AttemptTimeline) -> AttemptTimeline:
    """Return an attempt that fits: the latest requests and calls stay; of many deltas some are joined."""
    left_out = max(0, len(attempt.requests) - MOST_REQUESTS)
    latest = attempt.requests[left_out:]
    names = MOST_NAMES // max(1, len(latest))
    requests = [replace(each, blocks=each.blocks[:names], failed=each.failed[:names]) for each in latest]
    while sum(len(each.deltas) for each in requests) > MOST_NUMBERS:
        at = max(range(len(requests)), key=lambda index: len(requests[index].deltas))
        requests[at] = replace(requests[at], deltas=joined(requests[at].deltas))
    calls = (replace(each, request=each.request - left_out) for each in attempt.calls)
    return replace(
        attempt,
        found=attempt.found[-MOST_MESSAGES:],
        shown=attempt.shown[-MOST_MESSAGES:],
        requests=tuple(requests),
        calls=tuple(each for each in calls if each.request >= 0)[-MOST_CALLS:],
        failures=attempt.failures[:MOST_FAILURES],
        refused=attempt.refused[:MOST_FAILURES],
    )


def joined(deltas: Sequence[int]) -> tuple[int, ...]:
    """Join each delta with the one behind it; the first stays as it is, because people wait for it."""
    waits, lengths = deltas[2::2], deltas[3::2]
    pairs = zip(map(sum, _twos(waits)), map(sum, _twos(lengths)), strict=True)
    return (*deltas[:2], *chain.from_iterable(pairs))


def _twos(numbers: Sequence[int]) -> list[Sequence[int]]:
    return [numbers[at : at + 2] for at in range(0, len(numbers), 2)]
