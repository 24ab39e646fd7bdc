"""Scripted faults: each applies to one request, in the given order, or to the first request that matches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .failures import Failure
from .gate import Gate
from .prompt import Body

Predicate = Callable[[Body], bool]


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An `error` event after so many text deltas, then the end of the stream."""

    failure: Failure
    after: int


@dataclass(frozen=True, slots=True)
class Drop:
    """The socket closes after so many text deltas; None: before there is any answer."""

    after: int | None


@dataclass(frozen=True, slots=True)
class CutShort:
    """The stream ends in good order after so many text deltas, but without `message_stop`."""

    after: int


@dataclass(frozen=True, slots=True)
class Ending:
    """The reply ends after so many text deltas (None: all of them) with this stop reason.

    Without `thinks` there is no thinking block either.
    """

    stop_reason: str
    after: int | None = None
    stop_details: dict[str, Any] | None = None
    thinks: bool = True


@dataclass(frozen=True, slots=True)
class Noise:
    """Between the usual events come some of unknown types, or some that hold no data."""

    kind: str


Fault = Failure | ErrorEvent | Drop | CutShort | Ending | Noise | Gate


def rate_limited(retry_after_s: float | None = None) -> Failure:
    """429; real ones carry `retry-after`, but not all do."""
    headers = {} if retry_after_s is None else {"retry-after": f"{retry_after_s:g}"}
    return Failure(429, "This request would exceed your organization's rate limit.", headers=headers)


def spend_limit() -> Failure:
    """429 that lasts to the end of the month: `enforced_spend_limit_reached`, without `retry-after`."""
    return Failure(
        429,
        "Your organization has reached the monthly API usage threshold of its tier.",
        error_code="enforced_spend_limit_reached",
    )


def usage_limit() -> Failure:
    """400: a limit that the account's owner has set is reached."""
    return Failure(
        400, "You have reached your specified API usage limits. You will regain access next month."
    )


def organization_disabled() -> Failure:
    """400: Anthropic has disabled the account.

    Its sentence alone tells it from other 400s.
    """
    return Failure(400, "This organization has been disabled.")


def overloaded() -> Failure:
    """529."""
    return Failure(529, "Overloaded")


def server_error() -> Failure:
    """500."""
    return Failure(500, "Internal server error")


def bad_gateway() -> Failure:
    """502 with a proxy's HTML page for a body."""
    page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    return Failure(502, "Bad Gateway", page=page)


def timed_out() -> Failure:
    """504."""
    return Failure(504, "Request timed out")


def unauthorized() -> Failure:
    """401."""
    return Failure(401, "invalid x-api-key")


def payment_required() -> Failure:
    """402."""
    return Failure(402, "There is a problem with your organization's billing.")


def forbidden() -> Failure:
    """403."""
    return Failure(403, "Your API key does not have permission to use the specified resource.")


def not_found() -> Failure:
    """404."""
    return Failure(404, "The requested resource could not be found.")


def too_large() -> Failure:
    """413."""
    return Failure(413, "Request exceeds the maximum size")


def bad_request(message: str) -> Failure:
    """400 with a message."""
    return Failure(400, message)


def content_filtered() -> Failure:
    """400, before the stream or as an error event: the words are all that tells it.

    As people report them, https://github.com/anthropics/claude-code/issues/58367.
    """
    return Failure(400, "Output blocked by content filtering policy")


def error_event(after: int, failure: Failure | None = None) -> ErrorEvent:
    """An error in mid-stream, overloaded by default; an unstreamed request gets it as its status."""
    return ErrorEvent(failure or overloaded(), after)


def dropped(after: int | None = None) -> Drop:
    """The connection breaks."""
    return Drop(after)


def cut_short(after: int) -> CutShort:
    """The stream ends too early, but cleanly."""
    return CutShort(after)


def stall(after: int | None = None, seconds: float | None = None) -> Gate:
    """Nothing comes, for so many seconds or until `.release()`."""
    return Gate(after, seconds)


def refusal(category: str | None = "cyber", after: int = 0, explanation: str | None = None) -> Ending:
    """The classifiers step in; before the first delta, there is no content at all."""
    details = {"type": "refusal", "category": category, "explanation": explanation}
    return Ending("refusal", after, details, thinks=after > 0)


def max_tokens(after: int) -> Ending:
    """The reply runs into `max_tokens`."""
    return Ending("max_tokens", after)


def context_window_exceeded(after: int) -> Ending:
    """The reply runs into the end of the context window."""
    return Ending("model_context_window_exceeded", after)


def pause_turn(after: int | None = None) -> Ending:
    """The model pauses a long turn."""
    return Ending("pause_turn", after)


def stopped(reason: str, after: int | None = None, *, thinks: bool = True) -> Ending:
    """Any stop reason, unknown ones included."""
    return Ending(reason, after, thinks=thinks)


def empty() -> Ending:
    """`end_turn` without any content."""
    return Ending("end_turn", 0, thinks=False)


def unknown_events() -> Noise:
    """Events and deltas of types that no client knows yet."""
    return Noise("unknown")


def events_without_data() -> Noise:
    """Events that only have a name, and comments, as the format allows."""
    return Noise("without_data")


@dataclass(slots=True)
class Order:
    """A queued fault; `left` None means that it never runs out."""

    fault: Fault
    fits: Predicate
    left: int | None


class Faults:
    """The faults still to come; each request takes the first that fits it.

    A fault that lets no answer begin (an error status, a connection dropped before) leaves a queued reply in its
    place, for the next try; every other fault uses it up.
    """

    def __init__(self) -> None:
        self._orders: list[Order] = []

    def add(self, *faults: Fault, when: Predicate = lambda _: True, times: int | None = 1) -> None:
        """Order faults, each for `times` requests that fit `when`, None for all of them from then on."""
        self._orders.extend(Order(fault, when, times) for fault in faults)

    def take(self, body: Body) -> Fault | None:
        """The fault that strikes this request, if any; it is used up."""
        for order in self._orders:
            if order.left != 0 and order.fits(body):
                order.left = None if order.left is None else order.left - 1
                return order.fault
        return None

    def clear(self) -> None:
        """Forget every fault that has not struck."""
        self._orders.clear()
