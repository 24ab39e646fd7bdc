"""The proxy of the environment: the same for Discord's REST and gateway and for Claude, never for this machine.

HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY count, in capitals or not. The client of Claude reads them by itself;
discord.py is told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from urllib.parse import urlsplit

from bot.config.exits import Exit
from bot.conversation.errors import StartError

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
SCHEMES = ("http", "https")
HERE = ("localhost", "127.0.0.1", "::1")
SECURE = {"wss": "https", "ws": "http"}


def prepare(environ: MutableMapping[str, str] | None = None) -> None:
    """Raise StartError for a proxy that cannot be used, and keep this machine's addresses away from any."""
    environ = os.environ if environ is None else environ
    for variable in VARIABLES:
        name, address = _found(environ, variable)
        if not address:
            continue
        try:
            parts = urlsplit(address)
            sound = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            scheme = address.partition("://")[0] if "://" in address else ""
            shown = f" ({scheme}://)" if scheme.isalnum() and len(scheme) < len("socks5h") + 4 else ""
            raise StartError(
                f"{name}{shown} cannot be used: a proxy must be http://host:port or https://host:port, "
                "for Discord and Claude alike; correct it, or take it out of the bot's environment",
                exit_code=Exit.PROXY,
            )
    excepted = [name for name in _found(environ, "NO_PROXY")[1].split(",") if name.strip()]
    if "*" not in excepted:
        excepted += [name for name in HERE if name not in excepted]
    for name in ("NO_PROXY", "no_proxy"):
        environ[name] = ",".join(excepted)


def proxy_for(address: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The proxy on the way to an address, None if there is none."""
    return _way(address, os.environ if environ is None else environ)[1] or None


def variable_for(address: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The variable that names the proxy on the way to an address, None if there is none."""
    name, proxy = _way(address, os.environ if environ is None else environ)
    return name if proxy else None


def _way(address: str, environ: Mapping[str, str]) -> tuple[str, str]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in HERE or _excepted(host, parts.port, _found(environ, "NO_PROXY")[1]):
        return "", ""
    scheme = SECURE.get(parts.scheme, parts.scheme)
    name, proxy = _found(environ, f"{scheme.upper()}_PROXY")
    return (name, proxy) if proxy else _found(environ, "ALL_PROXY")


def secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The passwords in the addresses of proxies."""
    environ = os.environ if environ is None else environ
    found = []
    for variable in VARIABLES:
        try:
            found.append(urlsplit(_found(environ, variable)[1]).password)
        except ValueError:
            continue
    return tuple(password for password in found if password)


def _found(environ: Mapping[str, str], variable: str) -> tuple[str, str]:
    """A variable as it is written, and its value; the small letters go first, as with every other program."""
    for name in (variable.lower(), variable):
        if value := environ.get(name, "").strip():
            return name, value
    return variable, ""


def _excepted(host: str, port: int | None, excepted: str) -> bool:
    for entry in excepted.split(","):
        name = entry.strip().lower()
        if name == "*" or (name and _fits(host, port, name)):
            return True
    return False


def _fits(host: str, port: int | None, name: str) -> bool:
    bare = name.lstrip(".")
    named_host, _, named_port = bare.rpartition(":")
    if named_host and named_port.isdecimal() and ":" not in named_host:
        if port != int(named_port):
            return False
        bare = named_host
    return host == bare or host.endswith(f".{bare}")
