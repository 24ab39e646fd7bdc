"""The DSN of a project at Sentry, or at another server of its protocol: where error events go, and the key.

Sentry, "SDK Overview", "Parsing the DSN": {PROTOCOL}://{PUBLIC_KEY}@{HOST}{PATH}/{PROJECT_ID}.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Dsn:
    """The address to which events are posted, and the public key of the project."""

    envelope_url: str
    key: str


def read_dsn(text: str) -> Dsn | None:
    """Read a DSN, None if it is none."""
    parts = urlsplit(text)
    path, _, project = parts.path.rstrip("/").rpartition("/")
    if not (parts.username and parts.hostname and project):
        return None
    host = parts.netloc.rpartition("@")[2]
    return Dsn(f"{parts.scheme}://{host}{path}/api/{project}/envelope/", parts.username)
