"""Settings for what a reply shows in messages and what it attaches as files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """The operator's settings for the look of replies; 0 means no limit.

    A code block of more than `code_file_lines` lines becomes a file, and so does the text beyond `max_messages`
    messages.
    """

    code_file_lines: int = 0
    max_messages: int = 0
