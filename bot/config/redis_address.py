"""The address of Redis as operators and hosts write it, read into the form that redis-py understands."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

TLS = "rediss"
ALIASES = {"valkey": "redis", "valkeys": TLS}
"""Valkey's own clients know these schemes, and hosts of Valkey write them."""

NAME = re.compile(r"[a-z_]{1,40}")
DATABASE = re.compile(r"/?\d*/?")
SECONDS = re.compile(r"\d+(\.\d+)?")

EXPECTED = {
    "ssl_cert_reqs": "none or required; redis.verify_certificate = false says the same as none",
    "family": "0, 4 or 6",
    "ssl_check_hostname": "true or false",
    "ssl_ca_certs": "a file that is there",
    "ssl_certfile": "a file that is there",
    "ssl_keyfile": "a file that is there",
    "db": "a whole number",
    "socket_timeout": "a number of seconds",
    "socket_connect_timeout": "a number of seconds",
    "client_name": "a name without blanks",
}


def _file(text: str) -> bool:
    return Path(text).is_file()


def _seconds(text: str) -> bool:
    return SECONDS.fullmatch(text) is not None and float(text) > 0


CERT_PREFIX = "cert_"
"""Python's ssl module names the values of ssl_cert_reqs CERT_NONE and so on, and so do some hosts."""

WITHOUT_EFFECT = frozenset({"family"})
"""Options of other libraries that change nothing here. ioredis wants family=0 for hosts with IPv6 alone; Python tries
every address of a host."""

OPTIONS: dict[str, Callable[[str], bool]] = {
    "family": lambda text: text in ("0", "4", "6"),
    "username": bool,
    "password": bool,
    "db": str.isdecimal,
    "client_name": lambda text: text.isprintable() and " " not in text,
    "socket_timeout": _seconds,
    "socket_connect_timeout": _seconds,
}
TLS_OPTIONS: dict[str, Callable[[str], bool]] = {
    "ssl_cert_reqs": lambda text: text.lower().removeprefix(CERT_PREFIX) in ("none", "optional", "required"),
    "ssl_check_hostname": lambda text: text.lower() in ("true", "false", "yes", "no", "1", "0"),
    "ssl_ca_certs": _file,
    "ssl_certfile": _file,
    "ssl_keyfile": _file,
}
"""redis-py has more options; they would break what the store relies on, or have a setting of their own."""


WITH_LOGIN = frozenset({"redis", TLS})


def read_address(address: str, schemes: Collection[str]) -> str:
    """Return an address as redis-py reads it; ValueError names the part that is wrong, and quotes no password.

    A password may hold `@ : / # ? %` as they are: if an address cannot be read otherwise, its login ends at the
    last `@`.
    """
    written, separator, behind = address.partition("://")
    scheme = ALIASES.get(written.lower(), written.lower())
    address = f"{scheme}{separator}{behind}" if separator else address
    wrong = _problem_with(address, schemes)
    login, at, rest = behind.rpartition("@")
    if wrong is not None and at and scheme in WITH_LOGIN:
        user, colon, password = login.partition(":")
        other = f"{scheme}://{quote(user, safe='')}{colon}{quote(password, safe='')}@{rest}"
        if _problem_with(other, schemes) is None:
            address, wrong = other, None
    if wrong is not None:
        raise ValueError(wrong)
    return _without_foreign_options(address)


def _problem_with(address: str, schemes: Collection[str]) -> str | None:
    allowed = " or ".join(f"{scheme}://" for scheme in schemes)
    hint = ", with anything unusual in its password percent-encoded (# is %23)"
    try:
        parts = urlsplit(address)
    except ValueError:
        return f"must have an IPv6 address in [ ], as in [::1]{hint}"
    if parts.scheme not in schemes:
        return f"must be an address that begins with {allowed}{hint}"
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        return f"must be an address that begins with {allowed} and names a host or a path{hint}"
    try:
        has_sound_port = parts.port != 0
    except ValueError:
        has_sound_port = False
    if not has_sound_port:
        return f"must have a port from 1 to 65535 behind the host{hint}"
    return _problem_behind_the_host(address)


def _without_foreign_options(address: str) -> str:
    parts = urlsplit(address)
    options = parse_qsl(parts.query, keep_blank_values=True)
    written = urlencode(
        [
            (name, text.lower().removeprefix(CERT_PREFIX) if name == "ssl_cert_reqs" else text)
            for name, text in options
            if name not in WITHOUT_EFFECT
        ],
        quote_via=quote,
    )
    return parts._replace(query=written).geturl() if options else address


def _problem_behind_the_host(address: str) -> str | None:
    """Return what is wrong with the database, the fragment or the options; None if nothing is wrong.

    A part is quoted only if it cannot be part of a password that contains a `?` or `/`.
    """
    parts = urlsplit(address)
    if parts.scheme != "unix" and not DATABASE.fullmatch(unquote(parts.path)):
        return "the part behind the host is not the number of a database, as in /0"
    if parts.fragment:
        return "there is a # in it; within a password write %23"
    known = OPTIONS | TLS_OPTIONS if parts.scheme == TLS else OPTIONS
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            if name in TLS_OPTIONS:
                return f"{name} is known with {TLS}:// only"
            shown = repr(name) if NAME.fullmatch(name) else "what stands"
            return f"{shown} behind the ? is not known; known are {', '.join(known)}"
        if not known[name](text):
            return f"the value of {name} behind the ? must be {EXPECTED.get(name, 'given')}"
    return None
