"""The scene that a journal tells of, for a replay: pure. The journal is from somebody else, and is taken as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.conversation.timeline import INTERRUPTED, RESUMED
from bot.local.scene import (
    Scene,
    SceneCall,
    SceneFile,
    SceneMessage,
    SceneReply,
    SceneResult,
    SceneTool,
    Then,
)
from bot.support.journal_reading import attempts_of, entry_of, numbers, reply_of

SIDE = frozenset({"summary", "count", "catch-up"})
"""The purposes of requests that a replay does not make: it has no history."""

MOST_PAUSE_S = 10.0
MOST_MESSAGES = 50
MOST_FILES = 10

TITLE_CHARS = len("<thread_title></thread_title>")
"""A reply that is longer than its text by so much began with a title, which direct messages have not."""

TOOL_PREFIX = "replay_"
"""What the names of the replay's tools begin with: those of the bot itself are taken."""

ALLOW, REFUSE = "Allow once", "Refuse"

DECISIONS = {"running": ALLOW, "done": ALLOW, "failed": ALLOW, "refused": REFUSE}

PLAYED_BLOCKS = frozenset(
    {"thinking", "redacted_thinking", "web_search", "web_search_tool_result", "tool_use"}
)
"""The blocks without text that a replay has; calls of our own tools are played by their names."""

FILLER = "These words stand for words that the journal does not hold. "

_MESSAGE = re.compile(r"<message\b[^>]*>\n?(.*?)\n?</message>", re.DOTALL)
_ELEMENT = re.compile(r"^</?(?:attachment|sticker|poll|answer|embed)\b[^>]*>\n?", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")


def scene_of(journal: dict[str, Any]) -> Scene:
    """Return what a journal tells of a turn."""
    attempts = attempts_of(journal)
    replies = tuple(_timed(journal, attempts) if attempts else _untimed(journal))
    tools = tuple(_tools(attempts))
    names = {tool.name for tool in tools}
    replies = tuple(
        replace(reply, calls=tuple(call for call in reply.calls if call.tool in names)) for reply in replies
    )
    decisions = [
        DECISIONS[each["state"]] for each in _dicts(journal.get("calls")) if each.get("state") in DECISIONS
    ]
    return Scene(
        tuple(_messages(journal))[:MOST_MESSAGES],
        replies,
        tools,
        tuple(decisions),
        tuple(_left_out(journal, attempts)),
    )


def _messages(journal: dict[str, Any]) -> Iterator[SceneMessage]:
    entry = entry_of(journal)
    rendered = [
        "".join(str(block.get("text", "")) for block in message["blocks"])
        for message in entry.get("sent", ())
        if message["role"] == "user"
    ]
    texts = [text for each in rendered for text in _MESSAGE.findall(each) or [each]]
    if not texts:
        texts = [str(each.get("text", "")) for each in _dicts(journal.get("messages"))]
    files = [tuple(map(_file, _dicts(each)))[:MOST_FILES] for each in journal.get("files") or ()]
    found = False
    for at, text in enumerate(texts):
        said = SceneMessage(_ELEMENT.sub("", text).strip(), files[at] if at < len(files) else ())
        if said.text or said.files:
            found = True
            yield said
    if not found:
        yield SceneMessage("(a message without text)")


def _file(told: dict[str, Any]) -> SceneFile:
    return SceneFile(str(told.get("kind")), int(told.get("bytes") or 0))


def _untimed(journal: dict[str, Any]) -> Iterator[SceneReply]:
    """Yield the replies where there is no timeline: each attempt before the last one breaks off in the middle."""
    text, entry = reply_of(journal), entry_of(journal)
    broken = max(0, int((journal.get("record") or {}).get("tries") or 1) - 1)
    for _ in range(min(broken, 10)):
        yield SceneReply((text[: len(text) // 2],), end="ClaudeUnreachable")
    if entry.get("outcome") == "refused":
        yield SceneReply((text[: len(text) // 2],), end="refusal")
    elif not text:
        yield SceneReply(end="ClaudeRefusedRequest")
    else:
        yield SceneReply((text,), end="max_tokens" if entry.get("open_end") else "end_turn")


def _timed(journal: dict[str, Any], attempts: Sequence[dict[str, Any]]) -> Iterator[SceneReply]:
    text, stopped = reply_of(journal), "stop" in (journal.get("record") or {})
    known = 0  # the calls whose results the next attempt takes up
    before = 0
    for at, attempt in enumerate(attempts):
        requests = [each for each in _dicts(attempt.get("requests")) if each.get("purpose") not in SIDE]
        resumed = [each for each in requests if each.get("purpose") == RESUMED]
        is_last = at + 1 == len(attempts)
        whole = _shares(text, requests) if is_last else [None] * len(requests)
        for _ in range(before + 1, int(attempt.get("number") or 0)):
            # Nothing of this attempt reached the journal but what the next one found.
            for index, request in enumerate(resumed[known:], known):
                yield _reply(attempt, request, whole[index] or _sample(text, request))
            known = max(known, len(resumed))
            shown = sum(numbers(attempt.get("found")))
            yield SceneReply(_whole(_some(text, shown)), then="crash", shown=shown)
        before = int(attempt.get("number") or 0)
        for index, request in enumerate(requests):
            if request.get("purpose") == RESUMED:
                continue
            is_end = index + 1 == len(requests)
            if request.get("end") == INTERRUPTED and not request.get("deltas") and not is_end:
                continue  # restarted, because a message joined: here all messages are there from the start
            known += request.get("end") == "tool_use"
            then: Then = ""
            shown = 0
            if is_end and not request.get("end") and not is_last:
                then, shown = "crash", sum(numbers(attempts[at + 1].get("found")))
            elif is_end and is_last and stopped and request.get("end") == INTERRUPTED:
                then = "stop"
            yield _reply(attempt, request, whole[index] or _sample(text, request), then, shown, text)


def _reply(
    attempt: dict[str, Any],
    request: dict[str, Any],
    share: str,
    then: Then = "",
    shown: int = 0,
    text: str = "",
) -> SceneReply:
    index = _dicts(attempt.get("requests")).index(request)
    calls = [each for each in _dicts(attempt.get("calls")) if each.get("request") == index]
    deltas, pauses = _cut(share, numbers(request.get("deltas")))
    if then == "crash" and shown > len(share):  # the journal was written before the last of the text came
        deltas, pauses = (*deltas, _some(text, shown)[len(share) :]), (*pauses, 0.2)
    end = str(request.get("end") or "end_turn")
    if end == INTERRUPTED or (end == "tool_use" and not calls):
        end = "end_turn"
    return SceneReply(
        deltas,
        pauses,
        tuple(SceneCall(_tool_name(each), int(each.get("input") or 0)) for each in calls),
        searches=list(request.get("blocks") or ()).count("web_search"),
        failed=tuple(map(str, request.get("failed") or ()))[:10],
        end=end,
        then=then,
        shown=shown,
    )


def _shares(text: str, requests: Sequence[dict[str, Any]]) -> list[str | None]:
    """Return which part of a reply came with each of its requests."""
    lengths = [sum(numbers(each.get("deltas"))[1::2]) for each in requests]
    surplus = sum(lengths) - len(text)
    if requests and requests[0].get("purpose") == "continuation":
        text = text[max(0, -surplus) :]
    shares: list[str | None] = []
    last = max((at for at, length in enumerate(lengths) if length), default=-1)
    first = next((at for at, length in enumerate(lengths) if length), -1)
    if surplus >= TITLE_CHARS:
        lengths[first] = max(0, lengths[first] - surplus)
    for at, length in enumerate(lengths):
        share = text if at == last else text[:length]
        text = text[len(share) :]
        if requests[at].get("end") == "tool_use":
            text = text.lstrip("\n")  # the text behind a call is a paragraph of its own
        shares.append(share)
    return shares


def _cut(share: str, deltas: Sequence[int]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Cut a text as it came: the last delta has what is left, and one for which nothing is left goes."""
    found: list[tuple[str, float]] = []
    pairs = list(zip(deltas[::2], deltas[1::2], strict=False))
    for at, (ms, length) in enumerate(pairs):
        piece = share if at + 1 == len(pairs) else share[:length]
        share = share[len(piece) :]
        if piece:
            found.append((piece, min(max(ms, 0) / 1000, MOST_PAUSE_S)))
    return tuple(piece for piece, _ in found), tuple(pause for _, pause in found)


def _sample(text: str, request: dict[str, Any]) -> str:
    """Return a text for a request whose text is not in the journal: a later attempt says about the same."""
    return _some(text, sum(numbers(request.get("deltas"))[1::2]))


def _some(text: str, length: int) -> str:
    """Return a text of a length that begins as the reply."""
    length = min(length, 100_000)
    return text[:length] + (FILLER * (length // len(FILLER) + 1))[: max(0, length - len(text))]


def _whole(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _tools(attempts: Sequence[dict[str, Any]]) -> Iterator[SceneTool]:
    """Yield the tools that were called; those called by attempts that others have taken up stand once for each."""
    calls = [each for attempt in attempts for each in _dicts(attempt.get("calls"))]
    for name in dict.fromkeys(map(_tool_name, calls)):
        own = [each for each in calls if _tool_name(each) == name]
        results = (
            SceneResult(
                min(int(each.get("ms") or 0) / 1000, MOST_PAUSE_S),
                min(int(each.get("result") or 0), 100_000),
                each.get("outcome") not in ("done", "waiting"),
            )
            for each in own
        )
        yield SceneTool(name, tuple(results), asks=any(each.get("outcome") == "waiting" for each in own))


def _tool_name(call: dict[str, Any]) -> str:
    name = str(call.get("tool") or "")
    return TOOL_PREFIX + (name if _NAME.fullmatch(name) else "tool")


def _left_out(journal: dict[str, Any], attempts: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield what a replay does not play."""
    called = {str(each.get("tool")) for attempt in attempts for each in _dicts(attempt.get("calls"))}
    blocks = {
        str(block)
        for attempt in attempts
        for request in _dicts(attempt.get("requests"))
        for block in request.get("blocks") or ()
    }
    if others := sorted(blocks - PLAYED_BLOCKS - called):
        yield f"blocks of these types: {', '.join(others)}"
    failures = [str(each) for attempt in attempts for each in attempt.get("failures") or ()]
    if failures:
        yield f"errors of Discord: {', '.join(failures)}"
    if attempts and entry_of(journal) == {} and not (journal.get("result") or {}):
        yield "what follows: the journal was read while the turn ran"
    if journal.get("entries", 0) > 1:
        yield "the history before the turn"


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
