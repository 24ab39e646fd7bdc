"""A key of each kind."""

from __future__ import annotations

import datetime as dt
import inspect

from bot.store.keys import Keys

SAMPLES = {
    "day": dt.date(2027, 1, 15),
    "model": "model",
    "instance": "instance",
    "name": "name",
    "file_id": "file_011CNha8iCJcU1wXNR6q4V8w",
    "counter": "server-5-USD-day-20270115",
}


def samples() -> dict[str, str]:
    """Return a key of each kind, by the name of its attribute or method."""
    made = Keys("p")
    found = {name: value for name, value in vars(made).items() if name != "prefix"}
    for name, method in inspect.getmembers(made, inspect.ismethod):
        if not name.startswith("_") and not name.endswith("_prefix"):
            given = {each: SAMPLES.get(each, 5) for each in inspect.signature(method).parameters}
            found[name] = method(**given)
    return found
