"""Consecutive text deltas of one block, merged: pure.

The deltas that arrive together are one text to the reply, and each event costs the reply a dozen calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def merged(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the events, consecutive text deltas of one block as one event.

    A ValueError of `events` is raised after the events before it.
    """
    texts: list[str] = []
    index: object = None
    try:
        for event in events:
            text = _text_of(event)
            if texts and (text is None or event.get("index") != index):
                yield _text_delta(index, texts)
                texts = []
            if text is None:
                yield event
            else:
                index = event.get("index")
                texts.append(text)
    except ValueError:
        if texts:
            yield _text_delta(index, texts)
        raise
    if texts:
        yield _text_delta(index, texts)


def _text_of(event: dict[str, Any]) -> str | None:
    """Return the text of a text delta, None for any other event."""
    if event.get("type") != "content_block_delta":
        return None
    delta = event.get("delta")
    if not isinstance(delta, dict) or delta.get("type") != "text_delta":
        return None
    text = delta.get("text")
    return text if isinstance(text, str) else None


def _text_delta(index: object, texts: list[str]) -> dict[str, Any]:
    delta = {"type": "text_delta", "text": "".join(texts)}
    return {"type": "content_block_delta", "index": index, "delta": delta}
