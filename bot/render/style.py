"""How much of a reply goes into messages, and what goes into files instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """What an operator can set about the look of replies; 0 stands for "no limit".

    A code block of more than `code_file_lines` lines becomes a file, and so does what a reply holds beyond
    `max_messages` messages.
    """

    code_file_lines: int = 0
    max_messages: int = 0
