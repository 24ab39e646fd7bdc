"""The proxy: used for Discord's REST and gateway and for Claude, never for this machine.

HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are read, in upper or lower case. `discord.proxy` takes the place of
the first three: Claude's client reads the variables by itself, so the setting is written into them. discord.py gets
the proxy as an argument.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from urllib.parse import urlsplit

from bot.config.exits import Exit
from bot.conversation.errors import StartError

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
SCHEMES = ("http", "https")
FROM_SETTING = "BOBBIN_PROXY_OF_SETTINGS"
"""Set where the variables have their values from `discord.proxy`."""

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
HTTP_SCHEME_OF = {"wss": "https", "ws": "http"}


def prepare(environ: MutableMapping[str, str] | None = None, *, setting: str = "") -> None:
    """Raise StartError for a proxy that cannot be used, and add this machine's addresses to NO_PROXY.

    `setting` is `discord.proxy`, which takes the place of the environment's proxies.
    """
    environ = os.environ if environ is None else environ
    if setting:
        for variable in VARIABLES:
            environ.pop(variable, None)
            environ[variable.lower()] = setting
        environ[FROM_SETTING] = "1"
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
    exempt = [name for name in _found(environ, "NO_PROXY")[1].split(",") if name.strip()]
    if "*" not in exempt:
        exempt += [name for name in LOCAL_HOSTS if name not in exempt]
    for name in ("NO_PROXY", "no_proxy"):
        environ[name] = ",".join(exempt)


def proxy_for(address: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the proxy for an address, None without a proxy."""
    return _proxy_variable(address, os.environ if environ is None else environ)[1] or None


def variable_for(address: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the name of the variable or setting that sets the proxy for an address, None without a proxy."""
    environ = os.environ if environ is None else environ
    name, proxy = _proxy_variable(address, environ)
    if not proxy:
        return None
    return "discord.proxy" if FROM_SETTING in environ else name


def _proxy_variable(address: str, environ: Mapping[str, str]) -> tuple[str, str]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in LOCAL_HOSTS or _is_exempt(host, parts.port, _found(environ, "NO_PROXY")[1]):
        return "", ""
    scheme = HTTP_SCHEME_OF.get(parts.scheme, parts.scheme)
    name, proxy = _found(environ, f"{scheme.upper()}_PROXY")
    return (name, proxy) if proxy else _found(environ, "ALL_PROXY")


def secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the passwords in the proxies' addresses."""
    environ = os.environ if environ is None else environ
    found = []
    for variable in VARIABLES:
        try:
            found.append(urlsplit(_found(environ, variable)[1]).password)
        except ValueError:
            continue
    return tuple(password for password in found if password)


def _found(environ: Mapping[str, str], variable: str) -> tuple[str, str]:
    """Return the name of a variable as it is set, and its value; lower case goes first, as in other programs."""
    for name in (variable.lower(), variable):
        if value := environ.get(name, "").strip():
            return name, value
    return variable, ""


def _is_exempt(host: str, port: int | None, exempt: str) -> bool:
    for entry in exempt.split(","):
        name = entry.strip().lower()
        if name == "*" or (name and _matches(host, port, name)):
            return True
    return False


def _matches(host: str, port: int | None, name: str) -> bool:
    entry_host = name.lstrip(".")
    named_host, _, named_port = entry_host.rpartition(":")
    if named_host and named_port.isdecimal() and ":" not in named_host:
        if port != int(named_port):
            return False
        entry_host = named_host
    return host == entry_host or host.endswith(f".{entry_host}")
