"""What a piece of code leaves to the collector of cycles."""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cycles_of_bot() -> Iterator[list[str]]:
    """Fill the list, at the end, with what belongs to the bot and is freed by the collector only.

    A cycle keeps all that it refers to, as the history of a conversation, until the collector comes by.
    """
    found: list[str] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += sorted({name for each in gc.garbage if (name := _name(each)).startswith("bot.")})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _name(each: object) -> str:
    if isinstance(each, types.FunctionType):
        return f"{each.__module__}.{each.__qualname__}"
    if isinstance(each, types.CoroutineType):
        code = each.cr_code
        return f"bot. coroutine {each.__qualname__}" if "/bot/" in code.co_filename else each.__qualname__
    kind = type(each)
    return f"{kind.__module__}.{kind.__qualname__}"
