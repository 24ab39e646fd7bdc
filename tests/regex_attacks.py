"""Texts that make a pattern work as hard as it can: a beginning that it takes, one thing again and again, an end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from tests.regex_steps import COUNT_MAX, ONE, REPEATS, Items, c, parse, tester

# One of each kind of character that patterns tell apart.
_KINDS = " \t\n\ra0Z_.,-*+#>`~|$\\[](){}<>&!:/=\"'^é漢"
# What people and models really repeat.
FIXED = (
    " ",
    "\t",
    "\n",
    "0",
    "a",
    "> ",
    "- ",
    "1. ",
    "10",
    "`",
    "|",
    "$",
    "\\",
    "[",
    "[a](",
    "<a",
    "**",
    "_",
)
# Nothing takes it.
FOREIGN = "\x01"
_WAYS = range(4)
_HEADS_MAX = 3
_FIRST_MAX, _SECOND_MAX = 3, 6


def attacks(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """Beginnings, and what to repeat behind each: for every repeat of the pattern what leads to it and it takes."""
    tree = parse(pattern.pattern, pattern.flags)
    flags = tree.state.flags
    chars = sorted(set(_chars(tree, flags)))
    whole = {_sample(tree, flags, way) for way in _WAYS}
    units = {*chars, *whole, *(text[:-1] for text in whole), *(text + " " for text in whole), *FIXED}
    found = set(product(["", FOREIGN], units))
    for heads, body in _repeats(tree, flags, [""]):
        own = {_sample(body, flags, way) for way in _WAYS}
        taken = [char for char in chars if _takes(body, flags, char)]
        pairs = {
            first + second
            for first in taken[:_FIRST_MAX]
            for second in (*taken[:_FIRST_MAX], *chars[:_SECOND_MAX])
        }
        begun = {head + each + end for head in heads for each in own for end in ("", " ")}
        found |= set(product(heads, own | pairs | set(chars))) | set(product([""], begun))
    return sorted((head, unit) for head, unit in found if unit)


def repeats_a_group_possessively(pattern: re.Pattern[str]) -> bool:
    """Whether a possessive repeat has more than one character in it, as in `(?:ab)*+`."""

    def found(items: Any) -> bool:
        return any(
            (op is c.POSSESSIVE_REPEAT and [each for each, _ in arg[2]] not in [[one] for one in ONE])
            or any(map(found, _inside(op, arg)))
            for op, arg in items
        )

    return found(parse(pattern.pattern, pattern.flags))


def _takes(items: Any, flags: int, char: str) -> bool:
    return any(tester(op, arg, flags)(char) for op, arg in _ones(items))


def _ones(items: Items) -> Iterator[tuple[Any, Any]]:
    """The nodes that take one character, wherever they stand."""
    for op, arg in items:
        if op in ONE:
            yield op, arg
        for inner in _inside(op, arg):
            yield from _ones(inner)


def _inside(op: Any, arg: Any) -> list[Any]:
    if op in REPEATS:
        return [arg[2]]
    if op is c.SUBPATTERN:
        return [arg[3]]
    if op is c.BRANCH:
        return list(arg[1])
    if op in (c.ASSERT, c.ASSERT_NOT):
        return [arg[1]]
    return [arg] if op is c.ATOMIC_GROUP else []


def _chars(items: Items, flags: int) -> Iterator[str]:
    for op, arg in _ones(items):
        taken = _taken(op, arg, flags)
        yield from (*taken[:3], taken[-1])


def _taken(op: Any, arg: Any, flags: int) -> list[str]:
    """Some of the characters that a node takes."""
    if op is c.LITERAL:
        return [chr(arg)]
    takes = tester(op, arg, flags)
    named = [chr(value if kind is c.LITERAL else value[0]) for kind, value in _members(op, arg)]
    return [char for char in (*_KINDS, *named) if takes(char)] or [FOREIGN]


def _members(op: Any, arg: Any) -> list[tuple[Any, Any]]:
    return [each for each in arg if each[0] in (c.LITERAL, c.RANGE)] if op is c.IN else []


def _sample(items: Items, flags: int, way: int) -> str:
    """A text that the nodes take, or nearly: they may look at more than they take."""
    text = ""
    for op, arg in items:
        if op in ONE:
            taken = _taken(op, arg, flags)
            text += taken[way % len(taken)]
        elif op in REPEATS:
            times = min(arg[1], max(arg[0], way % 2))
            text += _sample(arg[2], flags, way) * min(times, COUNT_MAX)
        elif op not in (c.ASSERT, c.ASSERT_NOT):
            inside = _inside(op, arg)
            text += _sample(inside[way % len(inside)], flags, way) if inside else ""
    return text


def _repeats(items: Items, flags: int, heads: Iterable[str]) -> Iterator[tuple[list[str], Any]]:
    """Each repeat that has no bound, or a large one, with texts that lead to it."""
    heads = list(heads)
    for op, arg in items:
        if op in REPEATS and arg[1] > 1:
            yield heads, arg[2]
        for inner in _inside(op, arg):
            yield from _repeats(inner, flags, heads)
        longer = {head + _sample([(op, arg)], flags, way) for head in heads for way in _WAYS}
        heads = sorted(longer, key=len)[:_HEADS_MAX]
