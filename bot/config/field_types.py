"""The types of settings, with the errors that operators read."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from bot.config.redis_address import problem_with
from bot.conversation.amount import EXAMPLES, Amount, amount_of


def address_with(*schemes: str) -> AfterValidator:
    """Accept an address with one of these schemes, a host or path, and a valid port; errors never quote it."""
    allowed = " or ".join(f"{scheme}://" for scheme in schemes)
    hint = ", with anything unusual in its password percent-encoded (# is %23)" if "redis" in schemes else ""

    def check(value: str | SecretStr) -> str | SecretStr:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        try:
            parts = urlsplit(text)
        except ValueError:
            raise ValueError(f"must have an IPv6 address in [ ], as in [::1]{hint}") from None
        if parts.scheme not in schemes or not (parts.path if parts.scheme == "unix" else parts.hostname):
            raise ValueError(f"must be an address that begins with {allowed}{hint}")
        if not _has_sound_port(parts):
            raise ValueError(f"must have a port from 1 to 65535 behind the host{hint}")
        if "redis" in schemes and (wrong := problem_with(text)):
            raise ValueError(wrong)
        return value

    return AfterValidator(check)


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
Model = Annotated[str, AfterValidator(_model)]
Seconds = Annotated[float, Field(ge=0.1, le=3600)]
Snowflake = Annotated[int, BeforeValidator(number), AfterValidator(_snowflake)]
Port = Annotated[int, Field(ge=0, le=65535)]
