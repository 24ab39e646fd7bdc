"""`enforce_nonce`: a nonce that its author repeats within a few minutes returns the same message.

Discord does not say how long "the past few minutes" are; 3 are assumed here. Pure: time is an argument.
"""

from __future__ import annotations

WINDOW_S = 180.0


class Nonces:
    """The message of each nonce, by author."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], tuple[float, int]] = {}

    def find(self, author_id: int, nonce: str, now: float) -> int | None:
        """The id of the message that this nonce made within the window, deleted or not; None if there is none."""
        made = self._made.get((author_id, nonce))
        if made is None or now - made[0] >= WINDOW_S:
            return None
        return made[1]

    def forget(self, author_id: int) -> None:
        """End the window for one author."""
        self._made = {key: made for key, made in self._made.items() if key[0] != author_id}

    def remember(self, author_id: int, nonce: str, message_id: int, now: float) -> None:
        """Store a nonce, and remove expired nonces."""
        for key in [key for key, (at, _) in self._made.items() if now - at >= WINDOW_S]:
            del self._made[key]
        self._made[(author_id, nonce)] = (now, message_id)
