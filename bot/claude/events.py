"""Server-sent events, decoded from the bytes of a stream: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
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
        """Return the events that are complete; an event that is not valid raises when it is iterated.

        Bytes behind the last blank line wait for the next piece.
        """
        piece = self._rest + piece
        if b"\r" in piece:
            # A carriage return at the end may be half of a line break.
            last = b"\r" if piece.endswith(b"\r") else b""
            piece = piece.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n") + last
        *blocks, self._rest = piece.split(b"\n\n")
        return _events(blocks)


def _events(blocks: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the events, decoded together where all are valid: one call costs far less than one for each event."""
    try:
        fields = [each for each in map(_fields, blocks) if any(each)]
        decoded = json.loads(f"[{','.join(data or '{}' for _, data in fields)}]")
        found: Iterable[dict[str, Any]] = [
            _event(kind, value) for (kind, _), value in zip(fields, decoded, strict=True)
        ]
    except ValueError:
        # One of the events is not valid; those before it count.
        found = (_event(kind, _decoded(kind, data)) for kind, data in map(_fields, blocks) if kind or data)
    yield from found


def _fields(block: bytes) -> tuple[str, str]:
    """Return the type and the data of an event, empty where it has none."""
    kind = ""
    data: list[str] = []
    for line in block.decode().split("\n"):
        name, _, value = line.partition(":")
        if name == "event":
            kind = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))
    return kind, "\n".join(data)


def _decoded(kind: str, data: str) -> object:
    try:
        return json.loads(data) if data else {}
    except ValueError:
        if kind != "error":
            raise
        return {}


def _event(kind: str, decoded: object) -> dict[str, Any]:
    event: dict[str, Any] = decoded if isinstance(decoded, dict) else {}
    event.setdefault("type", kind or None)
    return event
