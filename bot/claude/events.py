"""Server-sent events, decoded from the bytes of a stream: pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


class EventReader:
    """Decodes a body of server-sent events, in pieces of any size, into plain JSON.

    The SDK's decoder works line by line, which is most of the cost of a short event. An event has a type, data, or
    both; comments, ids and `retry` are ignored (https://html.spec.whatwg.org/multipage/server-sent-events.html).
    Raises ValueError for data that is not JSON, or bytes that are not UTF-8.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """Return the events that are complete, each decoded when it is iterated.

        Bytes behind the last blank line wait for the next piece.
        """
        piece = self._rest + piece
        if b"\r" in piece:
            # A carriage return at the end may be half of a line break.
            last = b"\r" if piece.endswith(b"\r") else b""
            piece = piece.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n") + last
        *blocks, self._rest = piece.split(b"\n\n")
        return (event for block in blocks if (event := _event(block.decode())) is not None)


def _event(block: str) -> dict[str, Any] | None:
    kind = ""
    data: list[str] = []
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        if name == "event":
            kind = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))
    text = "\n".join(data)
    if not kind and not text:
        return None
    try:
        decoded = json.loads(text) if text else {}
    except ValueError:
        if kind != "error":
            raise
        decoded = {}
    event: dict[str, Any] = decoded if isinstance(decoded, dict) else {}
    event.setdefault("type", kind or None)
    return event
