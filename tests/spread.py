"""How the tests are spread over the workers of pytest-xdist (`--dist loadgroup --no-loadscope-reorder`).

Tests that mostly wait (end to end, engine) alternate with tests that mostly compute, so that the processors are busy
from the beginning to the end, and no long test is the last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import pytest

CASE = "case"
"""The parameter of the engine's tests whose cases are played in batches, see tests/engine/conftest.py."""

BATCH = 36
"""Cases that one worker plays, some at once. With fewer, a worker waits more often for the last one of a batch."""

TOGETHER = {"e2e": 8}
"""How many tests of a file go to one worker at a time; all of the file's where nothing is said."""

WHOLE = ("test_failures.py",)
"""Files whose tests look at one play together."""


def spread(items: list[pytest.Item]) -> None:
    """Order the tests, and mark those that go to one worker together."""
    streams: dict[str, list[list[pytest.Item]]] = {}
    for group in _groups(items):
        name = group[0].nodeid.split("/")[1]
        streams.setdefault(name if name in ("engine", "e2e") else "", []).append(group)
    placed = [
        ((number + 0.5) / len(groups), group)
        for groups in streams.values()
        for number, group in enumerate(groups)
    ]
    placed.sort(key=lambda place: place[0])
    items[:] = [item for _, group in placed for item in group]
    for number, (_, group) in enumerate(placed):
        for item in group:
            item.add_marker(pytest.mark.xdist_group(f"{number}"))


def _groups(items: Sequence[pytest.Item]) -> Iterator[list[pytest.Item]]:
    for path, tests in groupby(items, key=lambda item: item.path):
        folder = path.parent.name
        if folder == "engine":
            yield from _of_the_engine(list(tests))
        else:
            most = len(items) if path.name in WHOLE else TOGETHER.get(folder, len(items))
            yield from _parts(list(tests), most)


def _of_the_engine(items: Sequence[pytest.Item]) -> Iterator[list[pytest.Item]]:
    cases = [item for item in items if CASE in getattr(getattr(item, "callspec", None), "params", ())]
    yield from _parts(cases, BATCH)
    yield from ([item] for item in items if item not in cases)


def _parts(items: Sequence[pytest.Item], most: int) -> Iterator[list[pytest.Item]]:
    for at in range(0, len(items), most):
        yield list(items[at : at + most])
