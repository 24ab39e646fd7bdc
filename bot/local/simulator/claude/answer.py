"""Sending one answer, whole or in events, with its pace, its gates and its fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from aiohttp import web

from . import events
from .failures import Failure
from .faults import CutShort, Drop, Ending, ErrorEvent, Fault, Noise
from .gate import Gate
from .record import Call
from .reply import Reply
from .tokens import count_text


class Dropped(Exception):
    """The simulator closed the connection on purpose; nothing more can be sent."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed of a reply: seconds to its first token, then tokens per second (None: at once)."""

    first_token_s: float
    tokens_per_s: float | None

    def before(self, delta: str, reply: Reply) -> float:
        """Seconds to wait before a delta."""
        if reply.pause_s is not None:
            return reply.pause_s
        if self.tokens_per_s is None:
            return 0.0
        return count_text(delta) * reply.slowness / self.tokens_per_s


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of one answer; `begin` makes its cache entries readable, `clock` returns seconds."""

    reply: Reply
    message: dict[str, Any]
    pace: Pace
    gates: Sequence[Gate]
    fault: Fault | None
    begin: Callable[[], None]
    clock: Callable[[], float]


def ended(reply: Reply, fault: Fault | None) -> Reply:
    """The reply after a fault that changes only its end."""
    if not isinstance(fault, Ending):
        return reply
    return replace(
        reply,
        deltas=reply.deltas if fault.after is None else reply.deltas[: fault.after],
        stop_reason=fault.stop_reason,
        stop_details=fault.stop_details,
        stop_sequence=None,
        closing=reply.closing if fault.after is None else (),
        thinks=fault.thinks,
    )


async def whole(answer: Answer, request: web.Request, call: Call) -> web.Response:
    """Answer in one piece; a fault that would break a stream breaks this answer too."""
    for gate in _gates(answer):
        await gate.strike()
    if isinstance(answer.fault, ErrorEvent):
        raise answer.fault.failure
    if isinstance(answer.fault, Drop):
        drop(request)
    reply = answer.reply
    await asyncio.sleep(
        answer.pace.first_token_s + sum(answer.pace.before(delta, reply) for delta in reply.deltas)
    )
    answer.begin()
    call.deltas = len(reply.deltas)
    if isinstance(answer.fault, CutShort):
        cut = replace(reply, deltas=reply.deltas[: answer.fault.after])
        return web.json_response({**answer.message, "content": cut.content(), "stop_reason": None})
    return web.json_response(answer.message)


async def stream(answer: Answer, request: web.Request, response: web.StreamResponse, call: Call) -> None:
    """Answer in server-sent events; the response is prepared here."""
    await _hold(answer, None, request)
    response.content_type = "text/event-stream"
    response.headers["cache-control"] = "no-cache"
    await response.prepare(request)
    call.status = 200
    answer.begin()
    await response.write(events.opening(answer.message))
    await asyncio.sleep(answer.pace.first_token_s)
    await response.write(events.before_text(answer.reply))
    if not await _text(answer, request, response, call):
        return
    await response.write(events.after_text(answer.reply) + events.closing(answer.message))


async def _text(answer: Answer, request: web.Request, response: web.StreamResponse, call: Call) -> bool:
    """Send the text; False when a fault ended the stream."""
    reply = answer.reply
    loop = asyncio.get_running_loop()
    late_s = 0.0
    for at, sent in enumerate(events.text(reply)):
        if await _hold(answer, at, request, response):
            return False
        due = loop.time() + answer.pace.before(reply.deltas[at], reply) - late_s
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        await response.write(sent)
        # A late delta does not delay the deltas after it, as with a real model.
        late_s = max(0.0, loop.time() - due)
        call.deltas += 1
        call.last_text = answer.clock()
        call.first_text = call.last_text if call.first_text is None else call.first_text
        if isinstance(answer.fault, Noise):
            await response.write(events.noise(answer.fault.kind, reply.text_index))
    return not await _hold(answer, len(reply.deltas), request, response)


async def _hold(
    answer: Answer, at: int | None, request: web.Request, response: web.StreamResponse | None = None
) -> bool:
    """Apply the faults due after `at` deltas; True if a fault ends the stream.

    A fault due after more deltas than there are is applied after the last delta.
    """
    for gate in _gates(answer):
        if _due(gate.after, at, answer):
            await gate.strike()
    fault = answer.fault
    if not isinstance(fault, ErrorEvent | Drop | CutShort) or not _due(fault.after, at, answer):
        return False
    if isinstance(fault, Drop):
        drop(request)
    if isinstance(fault, ErrorEvent) and response is not None:
        await response.write(events.failure(fault.failure))
    return True


def _gates(answer: Answer) -> list[Gate]:
    return [*answer.gates, *([answer.fault] if isinstance(answer.fault, Gate) else [])]


def _due(after: int | None, at: int | None, answer: Answer) -> bool:
    if after is None or at is None:
        return after is None and at is None
    return at == min(after, len(answer.reply.deltas))


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
