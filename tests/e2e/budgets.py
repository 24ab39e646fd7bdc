"""Budgets of the history that do not depend on the length of the preamble."""

from __future__ import annotations

from bot.conversation.prompt import PREAMBLE
from bot.conversation.tokens import PRIOR


def max_tokens(beside_the_preamble: int) -> str:
    """The setting `history.max_tokens` that leaves so many tokens beside the preamble."""
    return str(PRIOR.of(PREAMBLE) + beside_the_preamble)
