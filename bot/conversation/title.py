"""The title that Claude gives a new thread, as the first line of its reply: asked for, and taken off; pure.

The request for the title is part of the message that opens the thread, and is sent again with that message. The reply
is stored without the title, which the request says. So no later request differs from the first one.
"""

from __future__ import annotations

from typing import Literal

from bot.conversation.content import Text
from bot.conversation.request import Request

OPENING = "<thread_title>"
CLOSING = "</thread_title>"

TITLE_REQUEST = Text(
    f"Begin this one reply with a line of its own: {OPENING}a title for this thread{CLOSING}. The title has three to "
    "eight words in the language of the message above, as plain text. The software that runs this thread names the "
    "thread with that line and takes the line off, so that it is not part of the conversation afterwards. Your reply "
    "follows on the next line. No later reply begins with a title."
)
"""Constant, because it is sent again in each later request. Nobody can forge it: people write inside elements."""

MAX_CHARS = 200
"""The longest text that is held back as a title; three to eight words are less in any language."""


def may_begin_with_title(request: Request) -> bool:
    """Whether the reply to a request may begin with a title.

    Only the first reply of a thread should, but a model may take the request for one that holds for each reply.
    """
    return any(TITLE_REQUEST in message.blocks for message in request.messages)


class TitleReader:
    """Takes the title off a reply that arrives in deltas; everything else is passed on unchanged.

    A title is a first line `<thread_title>…</thread_title>`. A line without the closing tag is no title; the line is
    taken off all the same. White space around the line is taken off with it. If no title is `expected`, nothing is
    held back. `taken` is the text that was taken off. `title` is None until it is known, and if there is none.
    """

    def __init__(self, *, expected: bool) -> None:
        self.title: str | None = None
        self.taken = ""
        self._held = ""
        self._at: Literal["before", "within", "unclosed", "behind", "text"] = "before" if expected else "text"

    @property
    def is_settled(self) -> bool:
        """Whether the title is known, or cannot come any more."""
        return self._at not in ("before", "within")

    def feed(self, delta: str) -> str:
        """Take the next piece of the reply and return the text that is to be shown."""
        if self._at == "text":
            return delta
        self._held += delta
        if self._at == "before":
            self._look_for(OPENING, found="within")
        if self._at == "within":
            self._read()
        if self._at == "unclosed":
            self._take_spaces()
            self._look_for(CLOSING, found="behind")
        if self._at == "behind":
            self._take_spaces()
            if self._held:
                self._at = "text"
        return self._release() if self._at == "text" else ""

    def end(self, *, complete: bool) -> str:
        """Return the rest at the end of the reply.

        The beginning of a title is text only if the reply is `complete`: a reply may consist of the character `<`.
        """
        if self._at == "within" or not complete:
            self._take(len(self._held))
        self._at = "text"
        return self._release()

    def _look_for(self, tag: str, *, found: Literal["within", "behind"]) -> None:
        """Take the tag off, wait for the rest of it, or decide that the text does not begin with it."""
        text = self._held.lstrip()
        indent = len(self._held) - len(text)
        if text.startswith(tag) and indent <= MAX_CHARS:
            self._take(indent + len(tag))
            self._at = found
        elif not tag.startswith(text) or indent > MAX_CHARS:
            self._at = "text"

    def _read(self) -> None:
        closing = self._held.find(CLOSING)
        line_end = self._held.find("\n", len(self._held) - len(self._held.lstrip()))
        if 0 <= closing <= MAX_CHARS and not 0 <= line_end < closing:
            self.title = self._held[:closing].strip() or None
            self._take(closing + len(CLOSING))
            self._at = "behind"
        elif 0 <= line_end <= MAX_CHARS:
            self._take(line_end)
            self._at = "unclosed"
        elif len(self._held) > MAX_CHARS + len(CLOSING):
            self._at = "text"

    def _take_spaces(self) -> None:
        self._take(len(self._held) - len(self._held.lstrip()))

    def _take(self, chars: int) -> None:
        self.taken += self._held[:chars]
        self._held = self._held[chars:]

    def _release(self) -> str:
        released, self._held = self._held, ""
        return released
