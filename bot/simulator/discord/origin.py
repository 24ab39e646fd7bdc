"""Who may use the control API and the page: this machine only, and no foreign web page through its browser."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web


def foreign(request: web.Request) -> str | None:
    """Why a request is not from here, in one line; None if it is.

    A `Host` that is no loopback name is a page that rebound its own name to this machine; an `Origin` that is not
    this very server is a page of somebody else.
    """
    if request.remote is None or not _loopback(request.remote):
        return "The control API answers only to this machine."
    if not _loopback(_hostname(f"//{request.host}")):
        return f"The host {request.host!r} is not a name of this machine."
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return f"The origin {origin!r} is not this server."
    return None


def _hostname(address: str) -> str:
    return urlsplit(address).hostname or ""


def _loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
