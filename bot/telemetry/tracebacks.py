"""Tracebacks without the text of errors.

The text of an exception may quote a message, a request or an address with a password. A traceback in the log shows
the frames, the type and the numbers of an error. It shows the text only of types whose text consists of our own words
or of names in the code.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from textwrap import indent

from bot.conversation.errors import StartError

# The interpreter writes their text from names in the code. A TypeError is not here: libraries quote values in it.
SAFE_TEXT = (AttributeError, NameError, UnboundLocalError, ModuleNotFoundError, ZeroDivisionError)
# The attributes of HTTP and Discord errors in our libraries.
NUMBER_ATTRIBUTES = ("status", "status_code", "code", "errno")


def describe(error: BaseException) -> str:
    """Describe an error in one line that is safe to log."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if type(error) in SAFE_TEXT or isinstance(error, StartError):
        return f"{name}: {error}"
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return f"{name}: errno={error.errno}"
    numbers = [
        f"{key}={found}" for key in NUMBER_ATTRIBUTES if type(found := getattr(error, key, None)) is int
    ]
    return f"{name}: {' '.join(numbers)}" if numbers else name


def format_error(error: BaseException) -> str:
    """Format an error and its causes, the first cause first, as Python does."""
    return "\n".join(_parts(error, seen=set()))


def _parts(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    origin = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if origin is not None and id(origin) not in seen:
        yield from _parts(origin, seen)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(error.__traceback__)) + describe(error)
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            if id(part) not in seen:
                yield indent("\n".join(_parts(part, seen)), "  | ")
