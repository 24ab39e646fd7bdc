"""The events of a stream, read from its bytes: pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


class EventReader:
    """Takes a body of server-sent events in pieces that end anywhere, and gives its events as plain JSON.

    What the SDK's decoder does line by line is most of what a short event costs. An event is a type, data, or both;
    comments, ids and `retry` are none (https://html.spec.whatwg.org/multipage/server-sent-events.html). Raises
    ValueError for data that is no JSON, or bytes that are not UTF-8.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """The events that are complete by now, each read when it is asked for.

        What follows the last blank line waits for the next piece.
        """
        piece = self._rest + piece
        if b"\r" in piece:
            # One at the end may be half of a line's end.
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
        told = json.loads(text) if text else {}
    except ValueError:
        if kind != "error":
            raise
        told = {}
    event: dict[str, Any] = told if isinstance(told, dict) else {}
    event.setdefault("type", kind or None)
    return event
