"""No regular expression that sees text of people or models may take more than linear time."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

import bot
from tests.regex_attacks import FOREIGN, attacks, repeats_a_group_possessively
from tests.regex_steps import Engine, TooManySteps

PACKAGES = (
    "render",
    "conversation",
    "gateway",
    "commands",
    "claude",
    "store",
    "config",
    "telemetry",
    "turns",
)
ROOT = Path(bot.__file__).parent
# Matched at one place of a line or a text, and nowhere else in it.
AT_ONE_PLACE = {
    "bot.conversation.amount._AMOUNT",
    "bot.render.lines._ITEM",
    "bot.render.lines._ROW",
    "bot.render.rejoin._OPENING",
    "bot.render.restyle.atoms._NUMBERS",
    "bot.render.restyle.table._DELIMITERS",
    "bot.render.restyle.table._LINK",
    "bot.render.restyle.tex._LINES",
}
# Four times the text takes four times the steps, and sixteen times where the growth is quadratic.
FEW_CHARS, MANY_CHARS = 20, 80
GROWTH_MAX = 8
# A pattern that takes fewer steps for a character is linear, whatever a shorter text takes.
STEPS_PER_CHAR = 10
STEPS_MAX = 20_000


def names() -> list[str]:
    found = [module.name for name in PACKAGES for module in walk_packages([str(ROOT / name)], f"bot.{name}.")]
    return [f"bot.{name}" for name in PACKAGES] + [name for name in found if not name.endswith("__main__")]


def patterns_of(value: Any, name: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from patterns_of(inner, f"{name}[{key}]")
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from patterns_of(inner, f"{name}[{number}]")


def collected() -> dict[str, re.Pattern[str]]:
    """The patterns of all modules, each by the first name that it has."""
    found: dict[str, re.Pattern[str]] = {}
    for module in names():
        for name, value in vars(import_module(module)).items():
            for where, pattern in patterns_of(value, f"{module}.{name}"):
                if isinstance(pattern.pattern, str) and pattern not in found.values():
                    found[where] = pattern
    return found


# In one order, for the processes that share the tests: some tables of patterns are made from sets.
PATTERNS = dict(sorted(collected().items()))


@pytest.fixture(autouse=True)
def deep() -> Iterator[None]:
    """The engine recurses once for each round of a group."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(limit)


def steps(engine: Engine, text: str, *, anywhere: bool) -> int:
    """What it takes to find all matches in a text, or whether it is one."""
    engine.steps = 0
    try:
        if anywhere:
            list(engine.find_all(text))
        else:
            engine.fullmatch(text)
    except TooManySteps:
        return STEPS_MAX
    return engine.steps


def worst(pattern: re.Pattern[str], *, anywhere: bool) -> str:
    """The text for which the steps grow more than the text does, or nothing."""
    engine = Engine(pattern, most=STEPS_MAX)
    for head, unit in attacks(pattern):
        for tail in ("", FOREIGN):
            for whole in (False, True) if anywhere else (False,):
                many = head + unit * (MANY_CHARS // len(unit)) + tail
                taken = steps(engine, many, anywhere=whole)
                if taken <= STEPS_PER_CHAR * len(many):
                    continue
                few = steps(engine, head + unit * (FEW_CHARS // len(unit)) + tail, anywhere=whole)
                if taken == STEPS_MAX or taken > GROWTH_MAX * few:
                    return f"{head!r} + n * {unit!r} + {tail!r}: {few} steps, then {taken}"
    return ""


@pytest.mark.parametrize("name", PATTERNS)
def test_no_group_is_repeated_possessively(name: str) -> None:
    # Python before 3.11.5, that of Debian 12 for example, matches too much there (gh-106052); `(?>(?:ab)*)` is right.
    assert not repeats_a_group_possessively(PATTERNS[name])


def test_a_group_that_is_repeated_possessively_is_noticed() -> None:
    assert repeats_a_group_possessively(re.compile(r"(a(?:ab|c)*+)"))
    assert not repeats_a_group_possessively(re.compile(r"[ab]*+c++(?>(?:ab)*)"))


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_takes_more_than_linear_time(name: str) -> None:
    assert not worst(PATTERNS[name], anywhere=name not in AT_ONE_PLACE)


@pytest.mark.parametrize(
    "name", [name for name in PATTERNS if not re.search(r"\{\d*,?\d\d", PATTERNS[name].pattern)]
)
def test_the_engine_that_counts_matches_what_the_real_one_does(name: str) -> None:
    pattern = PATTERNS[name]
    engine = Engine(pattern, most=STEPS_MAX)
    for head, unit in attacks(pattern)[::7]:
        for text in (head + unit, head + unit * 3, head + unit + FOREIGN):
            engine.steps = 0
            assert engine.fullmatch(text) == bool(pattern.fullmatch(text)), text
            begins = pattern.match(text)
            assert next(engine.find_all(text), (-1, 0))[0] != 0 or begins, text
            assert not (begins and begins.end()) or next(engine.find_all(text)) == begins.span(), text


@pytest.mark.parametrize(
    "pattern",
    [
        r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)]?)\s*)*(?:#{1,6}\s*|-#\s*)?",  # what froze the process
        r"(?:a|a)*b",
        r"(?:a*)*b",
        r"a*a*b",
        r"\s+$",
        r"#{4,6}[ \t]+(?P<text>.*?)(?:[ \t]+#+)?[ \t\r]*",
        r"(`+)(?!`)(.+?)(?<!`)\1(?!`)",
        r"(?<!\w)(\*\*|\*)(?=\S)(.+?)(?<=\S)\1(?!\w)",
    ],
)
def test_a_pattern_that_takes_more_is_found(pattern: str) -> None:
    assert worst(re.compile(pattern), anywhere=True)


def inline_calls(path: Path) -> list[str]:
    """Where a module compiles a pattern in a function, or uses `re` without compiling one."""
    tree = ast.parse(path.read_text())
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "re":
            found.append(f"{path}:{node.lineno}")
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
        if of_re and node.func.attr != "escape" and (node.func.attr != "compile" or id(node) in inside):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_every_pattern_is_compiled_at_the_top_of_its_module_where_it_is_found() -> None:
    found = [call for name in PACKAGES for path in (ROOT / name).rglob("*.py") for call in inline_calls(path)]
    # Made of the secrets that the log hides and of the names of a person to forget, as literals side by side; and of
    # the templates of custom ids, which have 100 characters at most (Discord, "Component Reference").
    of_literals = ("telemetry/logs.py", "commands/tree.py", "conversation/identity.py")
    assert [call for call in found if not call.startswith(of_literals)] == []


def test_what_is_matched_at_one_place_is_not_searched_for() -> None:
    assert set(PATTERNS) >= AT_ONE_PLACE
    for name in AT_ONE_PLACE:
        module, _, short = name.rpartition(".")
        text = Path(str(import_module(module).__file__)).read_text()
        assert not re.search(rf"\b{short}\.(?:search|find|sub|split)", text), name
