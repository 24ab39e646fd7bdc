"""Claude's replies in the scene of a journal, one for each request of each attempt. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.conversation.timeline import INTERRUPTED, RESUMED
from bot.local.scene import SceneCall, SceneReply
from bot.support.journal_reading import (
    MOST_CHARS,
    MOST_PAUSE_S,
    SIDE,
    dicts,
    earlier_of,
    entry_of,
    numbers,
    reply_of,
    tool_name,
)

ENDING = frozenset({"DiscordForbidden", "DiscordGone", "DiscordRejected"})
"""The types of errors after which the bot shows nothing more of a reply."""

MOST_CRASHES = 5
MOST_TRIES = 10

TITLE_CHARS = len("<thread_title></thread_title>")
"""Deltas that exceed the reply by so much began with a thread title; a replay in direct messages asks for none."""

SUMMARY = "summary"
"""The purpose of a request for a summary, which is made only where earlier turns are."""

FILLER = "These words stand for words that the journal does not hold. "


def replies_without_timeline(journal: dict[str, Any]) -> Iterator[SceneReply]:
    """Yield the replies of a turn of an older release: each attempt before the last one breaks off in the middle."""
    text, entry = reply_of(journal), entry_of(journal)
    broken = max(0, int((journal.get("record") or {}).get("tries") or 1) - 1)
    for _ in range(min(broken, MOST_CRASHES)):
        yield SceneReply((text[: len(text) // 2],), end="ClaudeUnreachable")
    if entry.get("outcome") == "refused":
        yield SceneReply((text[: len(text) // 2],), end="refusal")
    elif not text:
        yield SceneReply(end="ClaudeRefusedRequest")
    else:
        yield SceneReply((text,), end="max_tokens" if entry.get("open_end") else "end_turn")


def replies_of_timeline(journal: dict[str, Any], attempts: Sequence[dict[str, Any]]) -> Iterator[SceneReply]:
    """Yield the replies to the requests of all attempts; an attempt that another one follows ends in a crash."""
    stopped = "stop" in (journal.get("record") or {})
    last = _requests(attempts[-1])
    # Of a turn that runs, or that ended without a reply, the journal holds only the length of the text.
    text = reply_of(journal) or _text_of_length("", sum(_length(each) for _, each in last))
    shares = dict(zip((index for index, _ in last), _shares(text, [each for _, each in last]), strict=True))
    summary = str((entry_of(journal).get("preface") or {}).get("summary") or "")
    steps = _ToolSteps(text, [shares[index] for index, each in last if each.get("purpose") == RESUMED])
    before = 0
    for at, attempt in enumerate(attempts):
        following = attempts[at + 1] if at + 1 < len(attempts) else None
        number = int(attempt.get("number") or 0)
        if number > before + 1:  # of the attempts between, the journal holds only what this one took over
            yield from steps.resumed_by(attempt)
            yield _crash(text, attempt)
            yield from [SceneReply(then="crash")] * min(number - before - 2, MOST_CRASHES)
        before = number
        requests = _requests(attempt, summaries=bool(earlier_of(journal)))
        for index, request in requests:
            end, is_end = str(request.get("end") or ""), index == requests[-1][0]
            if request.get("purpose") == RESUMED:
                continue
            if end == INTERRUPTED and not request.get("deltas") and not is_end:
                continue  # restarted because a message joined; in a replay all messages are there from the start
            if is_end and end in ("", "tool_use") and following is not None:
                if steps.has_unplayed(following):  # it called tools after its last step in the journal
                    yield from steps.resumed_by(following, numbers(request.get("deltas")))
                    yield SceneReply(then="crash", shown=_found(following))
                else:
                    share = _text_of_length(text, max(_length(request), _found(following)))
                    reply = _reply(attempt, index, share)
                    yield replace(reply, calls=(), end="end_turn", then="crash", shown=_found(following))
            elif end == "tool_use":
                yield _reply(attempt, index, steps.text(request))
                steps.played += 1
            elif is_end and stopped and following is None and end == INTERRUPTED:
                yield replace(_reply(attempt, index, shares.get(index, summary)), then="stop")
            elif is_end and following is None and end == INTERRUPTED and _is_refused(attempt):
                yield replace(_reply(attempt, index, shares.get(index, summary)), then="refused")
            elif request.get("purpose") == SUMMARY:
                yield _reply(attempt, index, _text_of_length(summary, _length(request)))
            else:
                is_of_reply = following is None
                yield _reply(
                    attempt, index, shares[index] if is_of_reply else _text_of_length(text, _length(request))
                )


class _ToolSteps:
    """The requests that ended in tool calls, and that a later attempt resumed; `played` counts those played."""

    def __init__(self, reply: str, texts: Sequence[str]) -> None:
        self._reply = reply
        self._texts = texts
        self.played = 0

    def text(self, request: dict[str, Any]) -> str:
        """Return the text of the next step."""
        if self.played < len(self._texts):
            return self._texts[self.played]
        return _text_of_length(self._reply, _length(request))

    def has_unplayed(self, attempt: dict[str, Any]) -> bool:
        """Whether an attempt resumed a step that is not played yet."""
        return len(_resumed(attempt)) > self.played

    def resumed_by(self, attempt: dict[str, Any], deltas: Sequence[int] = ()) -> Iterator[SceneReply]:
        """Yield the resumed steps that are not played yet; `deltas` are those of the first one, if known."""
        for index, request in _resumed(attempt)[self.played :]:
            yield _reply(attempt, index, self.text(request), deltas)
            self.played += 1
            deltas = ()


def _crash(text: str, following: dict[str, Any]) -> SceneReply:
    shown = _found(following)
    return SceneReply((_text_of_length(text, shown),) if shown else (), then="crash", shown=shown)


def _reply(attempt: dict[str, Any], index: int, share: str, deltas: Sequence[int] = ()) -> SceneReply:
    """Return the reply to a request; `share` is its part of the text, `deltas` replace those of the request."""
    request = dicts(attempt.get("requests"))[index]
    calls = [each for each in dicts(attempt.get("calls")) if each.get("request") == index]
    pieces, pauses = _split(share, deltas or numbers(request.get("deltas")))
    end = str(request.get("end") or "end_turn")
    if end == INTERRUPTED or (end == "tool_use" and not calls):
        end = "end_turn"
    return SceneReply(
        pieces,
        pauses,
        tuple(SceneCall(tool_name(each), min(int(each.get("input") or 0), MOST_CHARS)) for each in calls),
        searches=list(request.get("blocks") or ()).count("web_search"),
        failed=tuple(map(str, request.get("failed") or ()))[:MOST_TRIES],
        end=end,
    )


def _requests(attempt: dict[str, Any], *, summaries: bool = False) -> list[tuple[int, dict[str, Any]]]:
    """Return the requests of an attempt that wrote the reply, or `summaries` as well, with their indexes."""
    found = enumerate(dicts(attempt.get("requests")))
    left_out = SIDE - {SUMMARY} if summaries else SIDE
    return [(index, each) for index, each in found if each.get("purpose") not in left_out]


def _resumed(attempt: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(index, each) for index, each in _requests(attempt) if each.get("purpose") == RESUMED]


def _is_refused(attempt: dict[str, Any]) -> bool:
    """Whether Discord ended an attempt."""
    failures = attempt.get("failures") or ()
    return bool(attempt.get("refused")) and str(next(reversed(failures), "")) in ENDING


def _found(attempt: dict[str, Any]) -> int:
    """Return how many characters of earlier attempts an attempt found on Discord."""
    return sum(numbers(attempt.get("found")))


def _length(request: dict[str, Any]) -> int:
    return sum(numbers(request.get("deltas"))[1::2])


def _shares(text: str, requests: Sequence[dict[str, Any]]) -> list[str]:
    """Return the part of a reply that came with each of its requests."""
    lengths = list(map(_length, requests))
    surplus = sum(lengths) - len(text)
    if requests and requests[0].get("purpose") == "continuation":
        lengths[0] += max(0, -surplus)  # the text before the continuation comes with its first request
    shares: list[str] = []
    last = max((at for at, length in enumerate(lengths) if length), default=-1)
    first = next((at for at, length in enumerate(lengths) if length), -1)
    if surplus >= TITLE_CHARS:
        lengths[first] = max(0, lengths[first] - surplus)
    for at, length in enumerate(lengths):
        share = text if at == last else text[:length]
        text = text[len(share) :]
        if requests[at].get("end") == "tool_use":
            text = text.lstrip("\n")  # the bot begins a new paragraph after a call
        shares.append(share)
    return shares


def _split(share: str, deltas: Sequence[int]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Split a text into deltas and pauses (s); the last delta takes the rest, a delta without text is left out."""
    found: list[tuple[str, float]] = []
    pairs = list(zip(deltas[::2], deltas[1::2], strict=False))
    for at, (ms, length) in enumerate(pairs):
        piece = share if at + 1 == len(pairs) else share[:length]
        share = share[len(piece) :]
        if piece:
            found.append((piece, min(max(ms, 0) / 1000, MOST_PAUSE_S)))
    return tuple(piece for piece, _ in found), tuple(pause for _, pause in found)


def _text_of_length(text: str, length: int) -> str:
    """Return `length` characters that begin like the reply: an attempt whose text is unknown wrote the like."""
    length = min(length, MOST_CHARS)
    return text[:length] + (FILLER * (length // len(FILLER) + 1))[: max(0, length - len(text))]
