"""Translates the SDK's exceptions and the API's error events into the errors of `bot.conversation.errors`.

The detail of an error contains status, type, error code and request id, never the API's message, which can quote
what people wrote. The SDK's exception stays the cause; its text is replaced for the same reason.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx2
from anthropic import AnthropicError, APIError, APIStatusError

from bot.conversation.errors import (
    ClaudeAccountDisabled,
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeContainerGone,
    ClaudeError,
    ClaudeFileGone,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeToolRefused,
    ClaudeUnreachable,
    ClaudeWrongAddress,
)
from bot.conversation.server_tools import SERVER_TOOLS

RATE_LIMITED = 429
OVERLOADED = 529

_BY_STATUS: dict[int, type[ClaudeError]] = {
    401: ClaudeKeyRefused,
    402: ClaudeSpendLimit,
    403: ClaudeKeyRefused,
    404: ClaudeModelUnknown,
    405: ClaudeWrongAddress,
    408: ClaudeBusy,
    409: ClaudeBusy,
    413: ClaudeTooLong,
    RATE_LIMITED: ClaudeBusy,
}

# An error event arrives with status 200: its type stands for the status of a refused request.
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
}

# Errors 429 and 402 that last until somebody pays or the month ends (details.error_code).
_SPEND_LIMIT_CODES = {
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
    "linked_organization_billing_unavailable",
}

# Errors 400 without an error code of their own: only their message distinguishes them.
_SPEND_LIMIT_WORDS = ("your specified api usage limits", "credit balance is too low")
_DISABLED_WORDS = ("organization has been disabled",)
_BLOCKED_WORDS = ("blocked by content filtering policy",)
# The API's message for an unknown path; for an unknown model it is "model: <id>". A server that is not the Claude API
# answers without its error types.
_NO_ROUTE_WORDS = ("not found", "")
_TOO_LONG_WORDS = ("prompt is too long", "context limit", "context window")

# Other failures between the bot and the API: exceptions of the HTTP client that the SDK does not translate, and, the
# last two, a response that is not UTF-8 or not JSON.
_UNREADABLE = (
    AnthropicError,
    aiohttp.ClientError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    UnicodeDecodeError,
    json.JSONDecodeError,
)

# The request was not sent. (The SDK's client also raises ConnectError for a connection that breaks later.)
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

_BY_WORDS: tuple[tuple[tuple[str, ...], type[ClaudeError]], ...] = (
    (_SPEND_LIMIT_WORDS, ClaudeSpendLimit),
    (_DISABLED_WORDS, ClaudeAccountDisabled),
    (_TOO_LONG_WORDS, ClaudeTooLong),
)

# "prompt is too long: 213462 tokens > 200000 maximum", and "… exceed context limit: 190000 + 20000 > 200000".
_TOO_LONG_FIGURES = re.compile(r"(\d{1,9}) tokens > (\d{1,9})")
_NO_ROOM_FIGURES = re.compile(r"(\d{1,9}) \+ (\d{1,9}) > (\d{1,9})")

# How the API speaks of a file in a message that it cannot find; the sentences are not documented.
_FILE = re.compile(r"\bfiles?\b|\bfile_id\b")

# How the API speaks of tools that it refuses; a complaint of a message's content begins with the message's place.
_TOOLS = re.compile(r"\btools?\b")
_NAMED = {name: re.compile(rf"\b{name}(?:_\d+)?\b") for name in SERVER_TOOLS}
_OF_CONTENT = re.compile(r"messages?\b")
_CONTAINER = re.compile(r"\bcontainers?\b")

# The form of a type, a code or a request id; any other value might be what a person wrote.
_LABEL = re.compile(r"[A-Za-z0-9_.:-]{1,80}")


@contextmanager
def translated() -> Iterator[None]:
    """Raise exceptions of the SDK, of its HTTP client and of timeouts as `ClaudeError`."""
    try:
        yield
    except APIStatusError as error:
        ours = from_status(error)
        # A logged traceback prints the cause too.
        error.args = (str(ours),)
        raise ours from error
    except APIError as error:
        # The text may contain a response that the SDK could not read.
        error.args = (type(error).__name__,)
        raise ClaudeUnreachable(_named(error), sent=not isinstance(_root(error), _NOT_SENT)) from error
    except TimeoutError as error:
        raise ClaudeUnreachable("no answer in time") from error
    except _UNREADABLE as error:
        raise ClaudeUnreachable(_named(error)) from error


def from_status(error: APIStatusError) -> ClaudeError:
    """Return the error for a response with a status of 4xx or 5xx."""
    headers = error.response.headers
    return _build(
        error.status_code,
        error.type,
        error.error_code,
        error.api_message,
        request_id=_label(error.request_id),
        retry_after=retry_after_s(headers),
    )


def from_event(event: Mapping[str, Any], request_id: str | None) -> ClaudeError:
    """Return the error for an `error` event in the middle of a stream."""
    body = event.get("error")
    body = body if isinstance(body, Mapping) else {}
    details = body.get("details")
    code = details.get("error_code") if isinstance(details, Mapping) else None
    return _build(200, body.get("type"), code, body.get("message"), request_id=_label(request_id))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the wait that the headers ask for in seconds, or None; a date is compared with the server's clock."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            requested_s = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        if math.isfinite(requested_s) and requested_s >= 0:
            return requested_s
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (ValueError, TypeError):
        return None


def _build(
    status: int,
    kind: object,
    code: object,
    message: object,
    *,
    request_id: str | None,
    retry_after: float | None = None,
) -> ClaudeError:
    kind, code = _label(kind), _label(code)
    detail = " ".join(label for label in (str(status), kind, code, request_id) if label)
    words = message if isinstance(message, str) else ""
    error_class = _classify(status, kind, code, words)
    if error_class is ClaudeBusy:
        rate_limited = status == RATE_LIMITED or kind == "rate_limit_error"
        return ClaudeBusy(
            detail,
            request_id=request_id,
            retry_after=retry_after,
            rate_limited=rate_limited,
            overloaded=status == OVERLOADED or kind == "overloaded_error",
        )
    if error_class is ClaudeTooLong:
        tokens, limit = _figures(words)
        return ClaudeTooLong(detail, request_id=request_id, tokens=tokens, limit=limit)
    if error_class is ClaudeToolRefused:
        named = tuple(name for name, pattern in _NAMED.items() if pattern.search(words))
        return ClaudeToolRefused(detail, request_id=request_id, tools=named)
    return error_class(detail, request_id=request_id)


def _figures(words: str) -> tuple[int | None, int | None]:
    """Return the length of a prompt and its limit, which only the message of the error contains."""
    if found := _TOO_LONG_FIGURES.search(words):
        return int(found[1]), int(found[2])
    if found := _NO_ROOM_FIGURES.search(words):
        prompt, reply, context = (int(figure) for figure in found.groups())
        return prompt, context - reply
    return None, None


def _classify(status: int, kind: str | None, code: str | None, message: str) -> type[ClaudeError]:
    if status < 400:
        # An unknown type in mid-stream: the request was accepted, so the server is at fault.
        status = _STATUS_OF_TYPE.get(kind or "", 500)
    if code in _SPEND_LIMIT_CODES:
        return ClaudeSpendLimit
    words = message.lower()
    # With any error type: the same request would be blocked again.
    if any(phrase in words for phrase in _BLOCKED_WORDS):
        return ClaudeBlocked
    by_words = _BY_WORDS if status == 400 else ()
    if (
        kind_of := next((each for phrases, each in by_words if any(p in words for p in phrases)), None)
    ) is not None:
        return kind_of
    if not _OF_CONTENT.match(words) and (of_tools := _of_tools(status, words)) is not None:
        return of_tools
    if (
        status == 404
        and "model" not in words
        and not _FILE.search(words)
        and (kind != "not_found_error" or words.rstrip(".") in _NO_ROUTE_WORDS)
    ):
        return ClaudeWrongAddress
    if status in (400, 404) and (code == "file_expired" or _FILE.search(words)):
        return ClaudeFileGone
    if status >= 500:
        return ClaudeBusy
    return _BY_STATUS.get(status, ClaudeRefusedRequest)


def _of_tools(status: int, words: str) -> type[ClaudeError] | None:
    if status in (400, 404) and _CONTAINER.search(words):
        return ClaudeContainerGone
    return ClaudeToolRefused if status in (400, 422) and _TOOLS.search(words) else None


def _label(value: object) -> str | None:
    return value if isinstance(value, str) and _LABEL.fullmatch(value) else None


def _named(error: BaseException) -> str:
    root = _root(error)
    return type(error).__name__ if root is error else f"{type(error).__name__}: {type(root).__name__}"


def _root(error: BaseException) -> BaseException:
    """Return the exception of the HTTP client, which the SDK wraps once or twice."""
    while isinstance(error, APIError | httpx2.HTTPError) and error.__cause__ is not None:
        error = error.__cause__
    return error
