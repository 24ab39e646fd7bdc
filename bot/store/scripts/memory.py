"""The call that keeps a fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember(Call):
    """Keep a fact of a person, within the limits of its place; `fact_name` is its field."""

    script: ClassVar[str] = "remember"
    facts: Key
    fact_name: str
    fact: str
    person: int
    most: int
    most_of_person: int
    ttl_s: int
