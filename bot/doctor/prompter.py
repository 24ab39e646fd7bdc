"""Questions to the operator, on a terminal or over a pipe."""

from __future__ import annotations

import getpass
import sys
from typing import Protocol, TextIO


class Aborted(Exception):
    """The input has ended."""


class Prompter(Protocol):
    """Asks the operator questions; both kinds of questions raise Aborted when the input ends."""

    def tell(self, text: str) -> None:
        """Show a text."""
        ...

    def ask(self, question: str, *, default: str = "") -> str:
        """Return the stripped answer, `default` for an empty one."""
        ...

    def ask_secret(self, question: str) -> str:
        """Return an answer that is not shown while it is typed."""
        ...


class Terminal:
    """Standard input and output; a pipe or a file as input is read line by line."""

    def __init__(self, source: TextIO | None = None, out: TextIO | None = None) -> None:
        self._source = source or sys.stdin
        self._out = out or sys.stdout

    def tell(self, text: str) -> None:
        """Show a text."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def ask(self, question: str, *, default: str = "") -> str:
        """Read a line."""
        hint = f" [{default}]" if default else ""
        self._out.write(f"{question}{hint}: ")
        self._out.flush()
        return self._line() or default

    def ask_secret(self, question: str) -> str:
        """Read a line without echo; of a pipe, as `ask` does."""
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
    """Ask for yes or no until the answer is one of the two."""
    while True:
        answer = prompter.ask(f"{question} (yes/no)", default="yes" if default else "no").lower()
        if answer in ("y", "yes", "n", "no"):
            return answer.startswith("y")
