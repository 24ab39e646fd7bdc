"""Questions to the operator, on a terminal or over a pipe."""

from __future__ import annotations

import getpass
import sys
from typing import Protocol, TextIO


class Aborted(Exception):
    """There is nobody to answer any more: the input has ended."""


class Prompter(Protocol):
    """Asks, and tells."""

    def tell(self, text: str) -> None:
        """Show a text."""
        ...

    def ask(self, question: str, *, default: str = "") -> str:
        """Return an answer without blanks around it, the default for an empty one; raises Aborted."""
        ...

    def ask_secret(self, question: str) -> str:
        """Return an answer that is not shown while it is typed; raises Aborted."""
        ...


class Terminal:
    """Standard input and output; what is no terminal is read line by line."""

    def __init__(self, source: TextIO | None = None, out: TextIO | None = None) -> None:
        self._source = source or sys.stdin
        self._out = out or sys.stdout

    def tell(self, text: str) -> None:
        """Show a text."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def ask(self, question: str, *, default: str = "") -> str:
        """Ask, and read a line."""
        hint = f" [{default}]" if default else ""
        self._out.write(f"{question}{hint}: ")
        self._out.flush()
        return self._line() or default

    def ask_secret(self, question: str) -> str:
        """Ask, and read a line that a terminal does not show."""
        if not self._source.isatty():
            return self.ask(question)
        try:
            return getpass.getpass(f"{question}: ").strip()
        except EOFError as error:
            raise Aborted from error

    def _line(self) -> str:
        line = self._source.readline()
        if not line:
            raise Aborted
        if not self._source.isatty():
            self._out.write("\n")
        return line.strip()


def agrees(prompter: Prompter, question: str, *, default: bool) -> bool:
    """Ask for yes or no; anything else is asked again."""
    while True:
        answer = prompter.ask(f"{question} (yes/no)", default="yes" if default else "no").lower()
        if answer in ("y", "yes", "n", "no"):
            return answer.startswith("y")
