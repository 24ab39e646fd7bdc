"""The certificates that servers are checked against."""

from __future__ import annotations

import ssl
from functools import cache

import httpx2


@cache
def tls_context() -> ssl.SSLContext:
    """Return the context that the clients of this process share: to load certificates takes as long as a request."""
    return httpx2.create_ssl_context()
