"""Makes the scene of a replay from a journal, which somebody else has sent: every number in it is bounded. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.local.scene import (
    Scene,
    SceneFile,
    SceneMessage,
    SceneQuote,
    SceneRefusal,
    SceneResult,
    SceneTool,
)
from bot.support.journal_reading import (
    MOST_CHARS,
    MOST_PAUSE_S,
    attempts_of,
    dicts,
    earlier_of,
    entry_of,
    is_running,
    tool_name,
)
from bot.support.scene_replies import replies_of_timeline, replies_without_timeline

MOST_MESSAGES = 50
MOST_FILES = 10
MOST_QUOTES = 10
MOST_SAID = 50
MOST_SAID_CHARS = 10_000
"""Bounds the quotes: a room has up to `reply.context_messages` messages, and embeds are longer than a message."""

MOST_REFUSALS = 20

REFUSED_STATUS, UNAVAILABLE_STATUS = 400, 500
"""From the first status on Discord refuses a call, from the second one on it is unavailable."""

LEAST_LIMIT_S = 7.0
"""A shorter rate limit is waited out within the call (`gateway/connection/bans`), and therefore no failure."""

PLAYED_ERRORS = ("Discord", "FilesRefused")
"""How the types of errors begin that are played; others are of the bot itself."""

WITHOUT_TEXT = "(a message without text)"

ALLOW, REFUSE = "Allow once", "Refuse"

DECISIONS = {"running": ALLOW, "done": ALLOW, "failed": ALLOW, "refused": REFUSE}

PLAYED_BLOCKS = frozenset(
    {"thinking", "redacted_thinking", "web_search", "web_search_tool_result", "tool_use"}
)
"""The types of blocks without text that a replay plays; calls of our own tools stand in the journal by name."""

_MESSAGE = re.compile(r"<message\b[^>]*>\n?(.*?)\n?</message>", re.DOTALL)
_ELEMENT = re.compile(r"^</?(?:attachment|sticker|poll|answer|embed)\b[^>]*>\n?", re.MULTILINE)


def scene_of(journal: dict[str, Any]) -> Scene:
    """Return the scene; AttributeError, KeyError, TypeError or ValueError and the like for a malformed journal."""
    attempts = attempts_of(journal)
    replies = tuple(replies_of_timeline(journal, attempts) if attempts else replies_without_timeline(journal))
    tools = tuple(_tools(attempts))
    names = {tool.name for tool in tools}
    replies = tuple(
        replace(reply, calls=tuple(call for call in reply.calls if call.tool in names)) for reply in replies
    )
    decisions = [
        DECISIONS[each["state"]] for each in dicts(journal.get("calls")) if each.get("state") in DECISIONS
    ]
    return Scene(
        tuple(_messages(journal))[:MOST_MESSAGES],
        replies,
        tools,
        tuple(decisions),
        tuple(_left_out(journal, attempts)),
        tuple(_refusals(attempts))[:MOST_REFUSALS],
    )


def _messages(journal: dict[str, Any]) -> Iterator[SceneMessage]:
    entry = entry_of(journal)
    rendered = [
        "".join(str(block.get("text", "")) for block in message["blocks"])
        for message in entry.get("sent", ())
        if message["role"] == "user"
    ]
    texts = [text for each in rendered for text in _MESSAGE.findall(each)] or rendered
    if not texts:
        texts = [str(each.get("text", "")) for each in dicts(journal.get("messages"))]
    files = [tuple(map(_file, dicts(each)))[:MOST_FILES] for each in journal.get("files") or ()]
    quotes = [tuple(map(_quote, dicts(each)[:MOST_QUOTES])) for each in journal.get("quotes") or ()]
    found = False
    for at, text in enumerate(texts):
        said = SceneMessage(
            _ELEMENT.sub("", text).strip(),
            files[at] if at < len(files) else (),
            quotes[at] if at < len(quotes) else (),
        )
        if said.quotes and not (said.text or said.files):
            said = replace(said, text=WITHOUT_TEXT)  # a forward
        if said.text or said.files:
            found = True
            yield said
    if not found:
        yield SceneMessage(WITHOUT_TEXT)


def _quote(quote: dict[str, Any]) -> SceneQuote:
    said = dicts(quote.get("said"))[:MOST_SAID]
    texts = ((str(each.get("by")), str(each.get("text"))[:MOST_SAID_CHARS]) for each in said)
    return SceneQuote(
        str(quote.get("of")),
        tuple((by, _ELEMENT.sub("", text).strip()) for by, text in texts),
        str(quote.get("title") or "")[:MOST_SAID_CHARS],
        str(quote.get("remark") or "")[:MOST_SAID_CHARS],
    )


def _file(file: dict[str, Any]) -> SceneFile:
    return SceneFile(str(file.get("kind")), int(file.get("bytes") or 0))


def _tools(attempts: Sequence[dict[str, Any]]) -> Iterator[SceneTool]:
    """Yield each tool that was called, with the results of its calls in all attempts."""
    calls = [each for attempt in attempts for each in dicts(attempt.get("calls"))]
    for name in dict.fromkeys(map(tool_name, calls)):
        own = [each for each in calls if tool_name(each) == name]
        results = (
            SceneResult(
                min(int(each.get("ms") or 0) / 1000, MOST_PAUSE_S),
                min(int(each.get("result") or 0), MOST_CHARS),
                each.get("outcome") not in ("done", "waiting"),
            )
            for each in own
        )
        yield SceneTool(name, tuple(results), asks=any(each.get("outcome") == "waiting" for each in own))


def _refusals(attempts: Sequence[dict[str, Any]]) -> Iterator[SceneRefusal]:
    """Yield the calls that Discord refused, of all attempts; the counts of the attempts before one are added up."""
    before = [0, 0]
    for attempt in attempts:
        last: tuple[int, int] | None = None
        for each in attempt.get("refused") or ():
            is_edit, after, status, code, seconds = map(int, each)
            if seconds and last == (is_edit, after):
                continue  # the bot made no call, because the limit was in force
            last = (is_edit, after) if seconds else None
            is_answer = REFUSED_STATUS <= status < UNAVAILABLE_STATUS
            yield SceneRefusal(
                bool(is_edit),
                before[bool(is_edit)] + max(0, after),
                status if is_answer else 0,
                code if is_answer else 0,
                max(LEAST_LIMIT_S, min(seconds, MOST_PAUSE_S)) if seconds > 0 else 0.0,
            )
        before[0] += int(attempt.get("posts") or 0)
        before[1] += int(attempt.get("edits") or 0)


def _left_out(journal: dict[str, Any], attempts: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield descriptions of what the replay does not play."""
    called = {str(each.get("tool")) for attempt in attempts for each in dicts(attempt.get("calls"))}
    blocks = {
        str(block)
        for attempt in attempts
        for request in dicts(attempt.get("requests"))
        for block in request.get("blocks") or ()
    }
    if others := sorted(blocks - PLAYED_BLOCKS - called):
        yield f"blocks of these types: {', '.join(others)}"
    failures = [
        name
        for attempt in attempts
        for name in map(str, attempt.get("failures") or ())
        if not attempt.get("refused") or not name.startswith(PLAYED_ERRORS)
    ]
    if failures:
        yield f"errors of Discord: {', '.join(failures)}"
    if attempts and is_running(journal):
        yield "what follows: the journal was read while the turn ran"
    if journal.get("entries", 0) > 1 and "earlier" not in journal:
        yield "the history before the turn, which a bundle of an older release does not hold"
    if '"source"' in json.dumps(earlier_of(journal)):
        yield "the files of earlier turns: a text stands in their place"
    quoted = (
        str(said.get("text"))
        for quotes in journal.get("quotes") or ()
        for quote in dicts(quotes)[:MOST_QUOTES]
        for said in dicts(quote.get("said"))[:MOST_SAID]
    )
    if any("<attachment" in text for text in quoted):
        yield "the files of quotes"
