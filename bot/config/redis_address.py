"""The check of a Redis address beyond its scheme and host: database, fragment, options after the `?`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

TLS = "rediss"
NAME = re.compile(r"[a-z_]{1,40}")
DATABASE = re.compile(r"/?\d*/?")
SECONDS = re.compile(r"\d+(\.\d+)?")

EXPECTED = {
    "ssl_cert_reqs": "none or required; redis.verify_certificate = false says the same as none",
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


OPTIONS: dict[str, Callable[[str], bool]] = {
    "username": bool,
    "password": bool,
    "db": str.isdecimal,
    "client_name": lambda text: text.isprintable() and " " not in text,
    "socket_timeout": _seconds,
    "socket_connect_timeout": _seconds,
}
TLS_OPTIONS: dict[str, Callable[[str], bool]] = {
    "ssl_cert_reqs": lambda text: text in ("none", "optional", "required"),
    "ssl_check_hostname": lambda text: text.lower() in ("true", "false", "yes", "no", "1", "0"),
    "ssl_ca_certs": _file,
    "ssl_certfile": _file,
    "ssl_keyfile": _file,
}
"""redis-py has more options; they would break what the store relies on, or have a setting of their own."""


def problem_with(address: str) -> str | None:
    """Return what is wrong with an address whose scheme and host are right; None if nothing is wrong.

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
