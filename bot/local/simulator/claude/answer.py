"""Sending one answer, whole or in events, with its pace, its gates and its fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NoReturn

from aiohttp import web

from . import events
from .failures import Failure
from .faults import CutShort, Drop, ErrorEvent, Fault, Noise
from .gate import Gate
from .record import Call
from .response import Item, Part, Response, Silence, shortened
from .steps import Json
from .tokens import count_text


class Dropped(Exception):
    """The simulator closed the connection on purpose; nothing more can be sent."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed of a reply: seconds to its first token, then tokens per second (None: at once)."""

    first_token_s: float
    tokens_per_s: float | None

    def before(self, delta: Json, response: Response, pause_s: float | None = None) -> float:
        """Seconds to wait before a delta, `pause_s` if that is given; thinking and citations come with the deltas
        beside them.
        """
        if pause_s is not None:
            return pause_s
        said = delta.get("text") or delta.get("partial_json")
        if not said:
            return 0.0
        if response.pause_s is not None:
            return response.pause_s
        return 0.0 if self.tokens_per_s is None else count_text(said) * response.slowness / self.tokens_per_s


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of one answer.

    `first_usage` is what is known at its start, `begin` makes its cache entries readable, `clock` returns seconds.
    """

    response: Response
    message: dict[str, Any]
    first_usage: dict[str, Any]
    pace: Pace
    gates: Sequence[Gate]
    fault: Fault | None
    begin: Callable[[], None]
    clock: Callable[[], float]


async def whole(answer: Answer, request: web.Request, call: Call) -> web.Response:
    """Answer in one piece; a fault that would break a stream breaks this answer too."""
    for gate in _gates(answer):
        await gate.strike()
    response = answer.response
    for fault in (answer.fault, *response.items):
        if isinstance(fault, ErrorEvent):
            raise fault.failure
        if isinstance(fault, Drop):
            drop(request)
    await asyncio.sleep(answer.pace.first_token_s)
    for item in response.items:
        if isinstance(item, Gate):
            await item.strike()
        elif isinstance(item, Silence):
            await asyncio.sleep(item.seconds)
        elif isinstance(item, Part):
            waits = (
                answer.pace.before(delta, response, item.pause_s(at)) for at, delta in enumerate(item.deltas)
            )
            await asyncio.sleep(sum(waits))
    answer.begin()
    call.deltas, call.content = response.text_deltas, response.content()
    if isinstance(answer.fault, CutShort):
        call.content = shortened(response, answer.fault.after).content()
        return web.json_response({**answer.message, "content": call.content, "stop_reason": None})
    return web.json_response(answer.message)


async def stream(answer: Answer, request: web.Request, response: web.StreamResponse, call: Call) -> None:
    """Answer in server-sent events; the response is prepared here."""
    sending = _Stream(answer, request, response, call)
    await sending.hold(None)
    response.content_type = "text/event-stream"
    response.headers["cache-control"] = "no-cache"
    await response.prepare(request)
    call.status, call.content = 200, answer.response.content()
    answer.begin()
    await response.write(events.opening(answer.message, answer.first_usage))
    await asyncio.sleep(answer.pace.first_token_s)
    if await sending.send():
        await response.write(events.closing(answer.message))


class _Stream:
    """The sending of one stream, block by block."""

    def __init__(
        self, answer: Answer, request: web.Request, response: web.StreamResponse, call: Call
    ) -> None:
        self._answer = answer
        self._request = request
        self._response = response
        self._call = call
        self._total = answer.response.text_deltas
        self._sent = 0
        self._late_s = 0.0

    async def send(self) -> bool:
        """Send every block; False when a fault ended the stream."""
        items = self._answer.response.items
        index = 0
        for item, behind in zip_longest(items, items[1:]):
            match item:
                case Part():
                    if await self._part(index, item, behind):
                        return False
                    index += 1
                case Silence(seconds):
                    await asyncio.sleep(seconds)
                case Gate():
                    await item.strike()
                case _:
                    return False  # it struck behind the block before it
        return bool(self._total) or not await self.hold(0)

    async def _part(self, index: int, part: Part, behind: Item | None) -> bool:
        """Send a block; True when a fault ended the stream."""
        # The start waits for the first delta: a gate before the first delta is before the block.
        unsent = events.block_start(index, part.start)
        for at, delta in enumerate(part.deltas):
            is_text = delta["type"] == "text_delta"
            if is_text and await self.hold(self._sent):
                return True
            await self._pace(delta, part.pause_s(at))
            await self._response.write(unsent + events.block_delta(index, delta))
            unsent = b""
            if is_text:
                self._count()
                if isinstance(self._answer.fault, Noise):
                    await self._response.write(events.noise(self._answer.fault.kind, index))
                if self._sent == self._total and await self.hold(self._sent):
                    return True
        if unsent:
            await self._response.write(unsent)
        if isinstance(behind, ErrorEvent | Drop | CutShort):
            return await self._strike(behind)
        await self._response.write(events.block_stop(index))
        return False

    async def _pace(self, delta: Json, pause_s: float | None) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._answer.pace.before(delta, self._answer.response, pause_s) - self._late_s
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        # A late delta does not delay the deltas after it, as with a real model.
        self._late_s = max(0.0, loop.time() - due)

    def _count(self) -> None:
        call = self._call
        self._sent += 1
        call.deltas += 1
        call.last_text = self._answer.clock()
        call.first_text = call.last_text if call.first_text is None else call.first_text

    async def hold(self, at: int | None) -> bool:
        """Apply the faults due after `at` text deltas; True if a fault ends the stream.

        A fault due after more deltas than there are is applied after the last delta.
        """
        for gate in _gates(self._answer):
            if self._due(gate.after, at):
                await gate.strike()
        fault = self._answer.fault
        if not isinstance(fault, ErrorEvent | Drop | CutShort) or not self._due(fault.after, at):
            return False
        return await self._strike(fault)

    async def _strike(self, fault: ErrorEvent | Drop | CutShort) -> bool:
        if isinstance(fault, Drop):
            drop(self._request)
        if isinstance(fault, ErrorEvent):
            await self._response.write(events.failure(fault.failure))
        return True

    def _due(self, after: int | None, at: int | None) -> bool:
        if after is None or at is None:
            return after is None and at is None
        return at == min(after, self._total)


def _gates(answer: Answer) -> list[Gate]:
    return [*answer.gates, *([answer.fault] if isinstance(answer.fault, Gate) else [])]


def drop(request: web.Request) -> NoReturn:
    """Close the connection, even in the middle of a write."""
    if request.transport is not None:
        request.transport.close()
    raise Dropped


def failed(failure: Failure, request_id: str) -> web.Response:
    """The response of an error."""
    if failure.page is not None:
        return web.Response(
            status=failure.status, text=failure.page, content_type="text/html", headers=failure.headers
        )
    return web.json_response(failure.body(request_id), status=failure.status, headers=failure.headers)
