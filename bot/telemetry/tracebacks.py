"""Where an error came from, without what it says.

The text of an exception may quote anything: a message, a request, an address with a password. So a traceback
in the log shows the frames, the type, the numbers an error carries, and the text only of those types whose
text is made of our own words or of the names in the code.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from textwrap import indent

from bot.conversation.errors import StartError

# The interpreter writes these from names in the code. Not so a TypeError: libraries quote the value in it.
SPEAKS_OF_CODE = (AttributeError, NameError, UnboundLocalError, ModuleNotFoundError, ZeroDivisionError)
# What HTTP and Discord errors carry, under the names that our libraries give it.
NUMBERS = ("status", "status_code", "code", "errno")


def describe(error: BaseException) -> str:
    """Name an error in one line that is safe to show."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if type(error) in SPEAKS_OF_CODE or isinstance(error, StartError):
        return f"{name}: {error}"
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return f"{name}: errno={error.errno}"
    numbers = [f"{key}={found}" for key in NUMBERS if type(found := getattr(error, key, None)) is int]
    return f"{name}: {' '.join(numbers)}" if numbers else name


def format_error(error: BaseException) -> str:
    """Format an error and whatever led to it, the origin first, as Python does."""
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
