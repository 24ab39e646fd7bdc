"""What the client's errors do not tell of the answers of a server."""

from __future__ import annotations

from dataclasses import dataclass

HTTP_ERROR = 400


@dataclass(slots=True)
class Answers:
    """The last status that was an error, and whether an answer was larger than is read."""

    error_status: int = 0
    is_too_large: bool = False

    def note(self, status: int) -> None:
        """Note the status of an answer."""
        if status >= HTTP_ERROR:
            self.error_status = status
