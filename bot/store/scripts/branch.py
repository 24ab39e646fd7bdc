"""Calls that branch a conversation off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class AskBranch(Call):
    """Note the branch that a person asks for; `wish` says of what, `oldest` tells a second press by its time."""

    script: ClassVar[str] = "ask_branch"
    branches: Key
    interaction: str
    wish: str
    job: str
    oldest: str
    branch_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Call):
    """Begin a conversation with copied entries; `items` are names and values of fields, then the entries."""

    script: ClassVar[str] = "branch"
    lease: Key
    history: Key
    meta: Key
    branch_of: int
    ttl_s: int
    pairs_count: int
    items: tuple[str | int, ...]
