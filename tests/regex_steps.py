"""How many steps a backtracking engine takes for a pattern: a count, where a clock would be flaky.

Python's `re` does not count. So this reads the same parse tree and tries the same things in the same order: greedy
first, back one at a time, no memory of what has failed. A bound above COUNT_MAX is taken as COUNT_MAX, so that
`{0,600}` shows as the constant that it is, and not as growth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

# `re` has them under private names, and typeshed knows neither.
c: Any = import_module("re._constants")
parse: Any = import_module("re._parser").parse

COUNT_MAX = 12

ONE = (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN)
REPEATS = (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT)

Items = Iterable[tuple[Any, Any]]
Test = Callable[[str], bool]
# Where what begins at a place ends, or None.
Step = Callable[[int], int | None]


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


_CATEGORIES: dict[Any, Test] = {
    c.CATEGORY_DIGIT: str.isdecimal,
    c.CATEGORY_SPACE: str.isspace,
    c.CATEGORY_WORD: _is_word,
    c.CATEGORY_NOT_DIGIT: lambda char: not char.isdecimal(),
    c.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    c.CATEGORY_NOT_WORD: lambda char: not _is_word(char),
}


class TooManySteps(Exception):
    """The budget is spent."""


def tester(op: Any, arg: Any, flags: int) -> Test:
    """Whether a node of the tree that takes one character takes this one."""
    if op is c.ANY:
        return (lambda _: True) if flags & re.DOTALL else (lambda char: char != "\n")
    items = [(op, arg)] if op in (c.LITERAL, c.NOT_LITERAL) else list(arg)
    negated = any(kind in (c.NEGATE, c.NOT_LITERAL) for kind, _ in items)

    def takes(char: str) -> bool:
        forms = {char, char.lower(), char.upper()} if flags & re.IGNORECASE else {char}
        found = any(_is_in(kind, value, form) for kind, value in items for form in forms if len(form) == 1)
        return found != negated

    return cache(takes)


def _is_in(kind: Any, value: Any, char: str) -> bool:
    if kind in (c.LITERAL, c.NOT_LITERAL):
        return bool(ord(char) == value)
    if kind is c.RANGE:
        return bool(value[0] <= ord(char) <= value[1])
    return kind is c.CATEGORY and _CATEGORIES[value](char)


class Engine:
    """One pattern; `steps` counts what it tries, and more than `most` of them raise TooManySteps."""

    def __init__(self, pattern: re.Pattern[str], *, most: int) -> None:
        tree = parse(pattern.pattern, pattern.flags)
        self.steps = 0
        self._most = most
        self._text = ""
        self._groups: dict[int, tuple[int, int]] = {}
        self._begun: dict[object, int] = {}
        self._match = self._sequence(tree, tree.state.flags, lambda at: at)
        self._whole = self._sequence(tree, tree.state.flags, lambda at: at if at == len(self._text) else None)

    def fullmatch(self, text: str) -> bool:
        """Whether the pattern matches all of a text."""
        return self._run(self._whole, text, 0) is not None

    def find_all(self, text: str) -> Iterator[tuple[int, int]]:
        """The matches of which each begins where the one before it has ended, or later; none of them is empty."""
        at = 0
        while at <= len(text):
            end = self._run(self._match, text, at)
            if end is not None and end > at:
                yield at, end
            at = max(at + 1, end or 0)

    def _run(self, step: Step, text: str, at: int) -> int | None:
        self._text = text
        self._groups.clear()
        self._begun.clear()
        return step(at)

    def _tick(self) -> None:
        self.steps += 1
        if self.steps > self._most:
            raise TooManySteps

    def _sequence(self, items: Items, flags: int, then: Step) -> Step:
        for op, arg in reversed(list(items)):
            then = self._node(op, arg, flags, then)
        return then

    def _node(self, op: Any, arg: Any, flags: int, then: Step) -> Step:
        if op in ONE:
            return self._run_of(tester(op, arg, flags), 1, 1, then)
        if op in REPEATS:
            return self._repeat(op, arg, flags, then)
        if op is c.SUBPATTERN:
            number, on, off, items = arg
            return self._group(number, items, (flags | on) & ~off, then)
        if op is c.BRANCH:
            return self._either([self._sequence(items, flags, then) for items in arg[1]])
        if op is c.ATOMIC_GROUP:
            return self._atomic(arg, flags, then)
        if op in (c.ASSERT, c.ASSERT_NOT):
            return self._look(arg, flags, then, wanted=op is c.ASSERT)
        if op is c.GROUPREF:
            return self._same(arg, then)
        if op is c.AT:
            return lambda at: then(at) if self._is_at(arg, at, flags) else None
        raise NotImplementedError(str(op))

    def _run_of(self, takes: Test, low: int, high: float, then: Step) -> Step:
        def step(at: int) -> int | None:
            self._tick()
            end, stop = at, min(len(self._text), at + high)
            while end < stop and takes(self._text[end]):
                self._tick()
                end += 1
            for place in range(end, at + low - 1, -1):
                found = then(place)
                if found is not None:
                    return found
            return None

        return step

    def _repeat(self, op: Any, arg: Any, flags: int, then: Step) -> Step:
        least, most, items = arg
        low = min(least, COUNT_MAX)
        high = float("inf") if most is c.MAXREPEAT else min(most, COUNT_MAX)
        if op is c.POSSESSIVE_REPEAT:
            return self._atomic([(c.MAX_REPEAT, arg)], flags, then)
        greedy = op is c.MAX_REPEAT
        if greedy and len(items) == 1 and items[0][0] in ONE:
            op, arg = items[0]
            return self._run_of(tester(op, arg, flags), low, high, then)
        if high == float("inf"):
            then = self._loop(items, flags, then, greedy=greedy)
        else:
            stop = then
            for _ in range(int(high) - low):
                further = self._sequence(items, flags, then)
                then = self._either([further, stop] if greedy else [stop, further])
        for _ in range(low):
            then = self._sequence(items, flags, then)
        return then

    def _loop(self, items: Items, flags: int, then: Step, *, greedy: bool) -> Step:
        slot = object()

        def again(at: int) -> int | None:
            return None if self._begun.get(slot) == at else step(at)  # it took nothing

        body = self._sequence(items, flags, again)

        def further(at: int) -> int | None:
            before = self._begun.get(slot, -1)
            self._begun[slot] = at
            found = body(at)
            self._begun[slot] = before
            return found

        step = self._either([further, then] if greedy else [then, further])
        return step

    def _either(self, steps: list[Step]) -> Step:
        def step(at: int) -> int | None:
            self._tick()
            return next((found for each in steps if (found := each(at)) is not None), None)

        return step

    def _group(self, number: int | None, items: Items, flags: int, then: Step) -> Step:
        starts: list[int] = []

        def end(at: int) -> int | None:
            if number is None:
                return then(at)
            before = self._groups.get(number)
            self._groups[number] = (starts[-1], at)
            found = then(at)
            if found is None and before is not None:
                self._groups[number] = before
            return found

        body = self._sequence(items, flags, end)

        def step(at: int) -> int | None:
            starts.append(at)
            found = body(at)
            starts.pop()
            return found

        return step

    def _atomic(self, items: Items, flags: int, then: Step) -> Step:
        body = self._sequence(items, flags, lambda at: at)

        def step(at: int) -> int | None:
            end = body(at)
            return None if end is None else then(end)

        return step

    def _look(self, arg: Any, flags: int, then: Step, *, wanted: bool) -> Step:
        direction, items = arg
        width = items.getwidth()[0] if direction < 0 else 0
        body = self._sequence(items, flags, lambda at: at)

        def step(at: int) -> int | None:
            holds = at >= width and body(at - width) is not None
            return then(at) if holds == wanted else None

        return step

    def _same(self, number: int, then: Step) -> Step:
        def step(at: int) -> int | None:
            if number not in self._groups:
                return None
            start, end = self._groups[number]
            for char in self._text[start:end]:
                self._tick()
                if self._text[at : at + 1] != char:
                    return None
                at += 1
            return then(at)

        return step

    def _is_at(self, where: Any, at: int, flags: int) -> bool:
        text = self._text
        rest = text[at : at + 2]
        many = bool(flags & re.MULTILINE)
        if where in (c.AT_BEGINNING, c.AT_BEGINNING_STRING):
            return at == 0 or (many and where is c.AT_BEGINNING and text[at - 1] == "\n")
        if where is c.AT_END_STRING:
            return not rest
        if where is c.AT_END:
            return rest in ("", "\n") or (many and rest[0] == "\n")
        edges = (at > 0 and _is_word(text[at - 1])) != (bool(rest) and _is_word(rest[0]))
        return edges == (where is c.AT_BOUNDARY)
