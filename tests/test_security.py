"""The tests of abuse: their names begin with `test_security_`, and none of them gets lost."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent

FLOOR = 112
"""So many tests of abuse there are at least. Raise it with the tests that are added."""


def security_tests() -> Iterator[str]:
    """Yield the names of the functions that pytest collects as tests of abuse."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_security_"):
                yield f"{path.relative_to(TESTS)}::{node.name}"


def test_no_test_of_abuse_gets_lost() -> None:
    found = list(security_tests())
    assert len(found) == len(set(found)), "two tests of a file have the same name: pytest runs one of them"
    assert len(found) >= FLOOR
