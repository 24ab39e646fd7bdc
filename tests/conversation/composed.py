"""Requests that are composed of an invented past."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.compose import Plan, Terms, compose
from bot.conversation.past import Past
from bot.conversation.request import Parameters
from bot.conversation.trimming import marks
from tests.conversation.builders import message, turn

TERMS = Terms(
    parameters=Parameters("claude-sonnet-5-5", 1000),
    system=("Be kind.",),
    trimming=marks(1000, 0.5, pinned_share=0.5),
)
NOW_MS = 1_420_070_400_000 + 10_000_000


def long_past(**changes: object) -> Past:
    history = tuple(turn(n, user=f"q{n}", reply=f"a{n}", tokens=(50, 50)) for n in range(12))
    return replace(Past(history, 3), **changes)  # type: ignore[arg-type]


def ask(past: Past, text: str = "hello", terms: Terms = TERMS, **more: object) -> Plan:
    return compose(terms, past, [message(text)], now_ms=NOW_MS, **more)  # type: ignore[arg-type]
