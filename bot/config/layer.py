"""What one source of the settings sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and a description for the operator of where it was set."""

    value: Any
    where: str


Layer = dict[str, Found]  # by path, such as "history.max_tokens"
