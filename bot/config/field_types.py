"""The types of settings, with the errors that operators read."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from bot.config.redis_address import read_address
from bot.conversation.amount import EXAMPLES, Amount, amount_of

REDIS_SCHEMES = ("redis", "rediss", "unix")

SENTINEL_PORT = 26379


def address_with(*schemes: str) -> AfterValidator:
    """Accept an address with one of these schemes, a host or path, and a valid port; errors never quote it."""
    allowed = " or ".join(f"{scheme}://" for scheme in schemes)

    def check(value: str | SecretStr) -> str | SecretStr:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        try:
            parts = urlsplit(text)
        except ValueError:
            raise ValueError("must have an IPv6 address in [ ], as in [::1]") from None
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(f"must be an address that begins with {allowed}")
        if not _has_sound_port(parts):
            raise ValueError("must have a port from 1 to 65535 behind the host")
        return value

    return AfterValidator(check)


def _redis_address(value: SecretStr) -> SecretStr:
    return SecretStr(read_address(value.get_secret_value(), REDIS_SCHEMES))


def _host_and_port(value: str) -> str:
    """Read the address of a Sentinel; its port is 26379 if none is given."""
    try:
        parts = urlsplit(f"//{value}")
        host, port = parts.hostname, parts.port or SENTINEL_PORT
    except ValueError:
        host, port = None, 0
    if not host or "@" in value or "://" in value or parts.path or parts.query:
        raise ValueError(f"must be a host and a port, such as sentinel-1:{SENTINEL_PORT}")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _has_sound_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _json(text: str, kind: type) -> Any:
    """Read a list or a table from an environment variable, written as JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, kind):
        return value
    raise ValueError(f"must be {'a JSON object' if kind is dict else 'names with commas between them'}")


def names(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return _json(value, list)
    return [name.strip() for name in value.split(",") if name.strip()]


def table(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _json(value, dict) if value.strip() else {}


FIRST_SNOWFLAKE = 1 << 42
"""An id holds the milliseconds since 2015 above 22 bits, so that only those of the first minutes are smaller."""

_MODEL = re.compile(r"""[^\s"'`,;()\[\]{}<>]{1,200}""")


def _model(value: str) -> str:
    if not _MODEL.fullmatch(value):
        raise ValueError("must be the name of a model, such as claude-sonnet-5-5")
    return value


def _snowflake(value: int) -> int:
    if not FIRST_SNOWFLAKE <= value < 2**64:
        raise ValueError("must be an id of Discord, such as 466378653216014359")
    return value


def _amount(value: Any) -> Any:
    """Read an amount of a budget."""
    if isinstance(value, str):
        return amount_of(value)
    raise ValueError(f"must be an amount such as {EXAMPLES}")


Amounts = Annotated[tuple[Annotated[Amount, BeforeValidator(_amount)], ...], BeforeValidator(names)]
RedisAddress = Annotated[SecretStr, AfterValidator(_redis_address)]
SentinelAddresses = Annotated[
    tuple[Annotated[str, AfterValidator(_host_and_port)], ...], BeforeValidator(names)
]
Model = Annotated[str, AfterValidator(_model)]
Seconds = Annotated[float, Field(ge=0.1, le=3600)]
Snowflake = Annotated[int, BeforeValidator(number), AfterValidator(_snowflake)]
Port = Annotated[int, Field(ge=0, le=65535)]
