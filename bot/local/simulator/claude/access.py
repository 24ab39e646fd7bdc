"""The check of a request's API key and API version."""

from __future__ import annotations

from collections.abc import Mapping

from .failures import Failure, refused

VERSIONS = ("2023-01-01", "2023-06-01", "2026-10-21")
# From this version on, no model takes sampling parameters.
WITHOUT_SAMPLING = "2026-10-21"


def key_of(headers: Mapping[str, str]) -> str:
    """Return the key of a request, "" if it has none."""
    return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ").strip()


def check_access(headers: Mapping[str, str], key: str | None) -> Failure | None:
    """Refuse a request without a key, with a key other than `key` (None accepts any), or with an unknown version.

    `x-api-key` takes precedence over a bearer token, as in the real API.
    """
    bearer, given = headers.get("authorization", ""), key_of(headers)
    if not given or (bearer and not bearer.startswith("Bearer ") and "x-api-key" not in headers):
        return Failure(401, "x-api-key header is required")
    if key is not None and given != key:
        return Failure(401, "invalid x-api-key" if headers.get("x-api-key") else "Invalid bearer token")
    version = headers.get("anthropic-version")
    if version is None:
        return refused("anthropic-version: header is required")
    if version not in VERSIONS:
        return refused(f'anthropic-version: "{version}" is not a valid version')
    return None


def allows_sampling(headers: Mapping[str, str]) -> bool:
    """Whether the request's API version has `temperature`, `top_p` and `top_k`."""
    return headers.get("anthropic-version", WITHOUT_SAMPLING) < WITHOUT_SAMPLING
