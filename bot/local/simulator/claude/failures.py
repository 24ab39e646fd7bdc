"""The API's errors as values: status, type, message, and headers for retries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@dataclass(eq=False)
class Failure(Exception):
    """An answer other than 200; `page` replaces the JSON body, as a proxy's error page does."""

    status: int
    message: str
    error_code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    page: str | None = None

    @property
    def type(self) -> str:
        """The API's name for errors of this status."""
        return TYPES.get(self.status, "api_error")

    def error(self) -> dict[str, Any]:
        """The `error` object of a body or of an event."""
        error: dict[str, Any] = {"type": self.type, "message": self.message}
        if self.error_code:
            error["details"] = {"error_code": self.error_code}
        return error

    def body(self, request_id: str) -> dict[str, Any]:
        """The whole JSON body."""
        return {"type": "error", "error": self.error(), "request_id": request_id}


def refused(message: str) -> Failure:
    """A 400: the request is invalid."""
    return Failure(400, message)
