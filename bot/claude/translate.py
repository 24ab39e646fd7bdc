"""The SDK's exceptions, and the API's error events, as our own tree.

The detail of what is raised holds status, type, error code and request id, never the API's sentence: that one
can quote what people wrote. The SDK's exception stays the cause, with its own text replaced for that reason.
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
    ClaudeBusy,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
)

_BY_STATUS: dict[int, type[ClaudeError]] = {
    401: ClaudeKeyRefused,
    402: ClaudeSpendLimit,
    403: ClaudeKeyRefused,
    404: ClaudeModelUnknown,
    408: ClaudeBusy,
    409: ClaudeBusy,
    413: ClaudeTooLong,
    429: ClaudeBusy,
}

# An error event arrives under status 200: its type stands for the status it would have had.
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

# 429s and 402s that last until somebody pays or the month ends (details.error_code).
_SPEND_LIMIT_CODES = {
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
    "linked_organization_billing_unavailable",
}

# 400s that have no error code of their own, so that only their wording tells them apart.
_SPEND_LIMIT_WORDS = ("your specified api usage limits", "credit balance is too low")
_TOO_LONG_WORDS = ("prompt is too long", "context limit", "context window")

# What else goes wrong between us and the API: what the HTTP client below the SDK's does not translate, and, the last
# two, an answer that is not UTF-8 or not JSON.
_UNREADABLE = (
    AnthropicError,
    aiohttp.ClientError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    UnicodeDecodeError,
    json.JSONDecodeError,
)

# Nobody has taken the request. (The SDK's client calls a connection that broke after the request a ConnectError, too.)
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

# "prompt is too long: 213462 tokens > 200000 maximum", and "… exceed context limit: 190000 + 20000 > 200000".
_TOO_LONG_FIGURES = re.compile(r"(\d{1,9}) tokens > (\d{1,9})")
_NO_ROOM_FIGURES = re.compile(r"(\d{1,9}) \+ (\d{1,9}) > (\d{1,9})")

# What a type, a code or a request id looks like; anything else might be somebody's text.
_LABEL = re.compile(r"[A-Za-z0-9_.:-]{1,80}")


@contextmanager
def translated() -> Iterator[None]:
    """Raise whatever the SDK, its HTTP client or a limit of our own raises within as a `ClaudeError`."""
    try:
        yield
    except APIStatusError as error:
        ours = from_status(error)
        # Whoever logs the traceback prints the cause too.
        error.args = (str(ours),)
        raise ours from error
    except APIError as error:
        # Its text is the SDK's own sentence, but an answer that it could not read may be in there.
        error.args = (type(error).__name__,)
        raise ClaudeUnreachable(_named(error), sent=not isinstance(_root(error), _NOT_SENT)) from error
    except TimeoutError as error:
        raise ClaudeUnreachable("no answer in time") from error
    except _UNREADABLE as error:
        raise ClaudeUnreachable(_named(error)) from error


def from_status(error: APIStatusError) -> ClaudeError:
    """Our error for an answer with a status of 4xx or 5xx."""
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
    """Our error for an `error` event in the middle of a stream."""
    body = event.get("error")
    body = body if isinstance(body, Mapping) else {}
    details = body.get("details")
    code = details.get("error_code") if isinstance(details, Mapping) else None
    return _build(200, body.get("type"), code, body.get("message"), request_id=_label(request_id))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The wait that the headers ask for in seconds, or None; a date is held against the server's clock."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            wish_s = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        if math.isfinite(wish_s) and wish_s >= 0:
            return wish_s
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
        return ClaudeBusy(detail, request_id=request_id, retry_after=retry_after)
    if error_class is ClaudeTooLong:
        tokens, limit = _figures(words)
        return ClaudeTooLong(detail, request_id=request_id, tokens=tokens, limit=limit)
    return error_class(detail, request_id=request_id)


def _figures(words: str) -> tuple[int | None, int | None]:
    """Read how long a prompt is and how long it may be, which only the sentence of the refusal tells."""
    if found := _TOO_LONG_FIGURES.search(words):
        return int(found[1]), int(found[2])
    if found := _NO_ROOM_FIGURES.search(words):
        prompt, reply, context = (int(figure) for figure in found.groups())
        return prompt, context - reply
    return None, None


def _classify(status: int, kind: str | None, code: str | None, message: str) -> type[ClaudeError]:
    if status < 400:
        # An error that names no known type has interrupted a stream that was going well: not our request.
        status = _STATUS_OF_TYPE.get(kind or "", 500)
    if code in _SPEND_LIMIT_CODES:
        return ClaudeSpendLimit
    if status == 400:
        words = message.lower()
        if any(phrase in words for phrase in _SPEND_LIMIT_WORDS):
            return ClaudeSpendLimit
        if any(phrase in words for phrase in _TOO_LONG_WORDS):
            return ClaudeTooLong
    if status >= 500:
        return ClaudeBusy
    return _BY_STATUS.get(status, ClaudeRefusedRequest)


def _label(value: object) -> str | None:
    return value if isinstance(value, str) and _LABEL.fullmatch(value) else None


def _named(error: BaseException) -> str:
    root = _root(error)
    return type(error).__name__ if root is error else f"{type(error).__name__}: {type(root).__name__}"


def _root(error: BaseException) -> BaseException:
    """What the HTTP client has raised, which the SDK wraps once or twice."""
    while isinstance(error, APIError | httpx2.HTTPError) and error.__cause__ is not None:
        error = error.__cause__
    return error
