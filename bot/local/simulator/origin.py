"""Access to a simulated server: from this machine only, and from no foreign web page in a browser."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

# Sent with every response. `frame-ancestors` has an effect only as a header.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Sec-Fetch-Site of requests that no foreign page makes: from this server's own pages and the address bar.
_OWN_SITES = frozenset({"same-origin", "none"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guard(app: web.Application) -> None:
    """Refuse foreign requests, also on unknown routes; 403 with one readable line."""
    app.middlewares.append(_refuse_foreign)
    app.on_response_prepare.append(_add_headers)


@web.middleware
async def _refuse_foreign(request: web.Request, handler: Handler) -> web.StreamResponse:
    if (reason := foreign(request)) is not None:
        return web.json_response({"error": reason}, status=403)
    return await handler(request)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def foreign(request: web.Request) -> str | None:
    """Return why a request is foreign, in one line; None if it is not.

    A `Host` other than a loopback name is a page that rebound its own name to this machine. An `Origin` other than
    this server is a foreign page, and so is a `Sec-Fetch-Site` of another site or port, unless a person follows a
    link to the page.
    """
    if request.remote is None or not _loopback(request.remote):
        return "This server answers only to its own machine."
    if not _loopback(_hostname(f"//{request.host}")):
        return f"The host {request.host!r} is not a name of this machine."
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return f"The origin {origin!r} is not this server."
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITES and not _follows_a_link(request):
        return f"The request comes from another page (Sec-Fetch-Site: {site})."
    return None


def _follows_a_link(request: web.Request) -> bool:
    headers = request.headers
    document = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    return request.method == "GET" and request.path == "/" and document


def _hostname(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
