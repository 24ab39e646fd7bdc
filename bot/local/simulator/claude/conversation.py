"""The conversation in a request: the last messages with their authors, and the number of earlier turns."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from .prompt import Body, content_blocks
from .received import words_only

# A chat bot may wrap what people write: <message from="Ann" username="ann">hello</message>
WRAPPED = re.compile(r"<message\b([^>]*)>(.*?)</message>", re.DOTALL)
# A chat bot may ask for the title of a thread in words of its own, outside of what people write.
TITLE = "<thread_title>"
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Said:
    """One person's message; `name` is None without a name."""

    name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of the last turn, the number of earlier turns (of either side), and the system prompt.

    `system` is the last block of the system prompt, the part that users can set. `asks_title` if the reply is to
    begin with the title of a thread. `blocks` are those of the last turn.
    """

    said: tuple[Said, ...]
    earlier_turns: int
    system: str
    asks_title: bool = False
    blocks: tuple[Body, ...] = ()

    @property
    def last(self) -> Said:
        """Who wrote last, and what."""
        return self.said[-1] if self.said else Said(None, "")


def read(body: Body) -> Conversation:
    """The conversation in a valid request body."""
    turns: list[tuple[str, list[Body]]] = []
    for message in body["messages"]:
        blocks = content_blocks(message["content"])
        if turns and turns[-1][0] == message["role"]:
            turns[-1][1].extend(blocks)
        elif message["role"] != "system":
            turns.append((message["role"], blocks))
    last = next((blocks for role, blocks in reversed(turns) if role == "user"), [])
    system = [block["text"] for block in content_blocks(body.get("system") or [])]
    text = "\n".join(block["text"] for block in last if block["type"] == "text")
    set_by_users = system[-1] if system else ""
    return Conversation(_said(text), max(len(turns) - 1, 0), set_by_users, TITLE in text, tuple(last))


def _said(text: str) -> tuple[Said, ...]:
    wrapped = tuple(
        Said(_name(dict(ATTRIBUTE.findall(attributes))), html.unescape(words_only(inner)))
        for attributes, inner in WRAPPED.findall(text)
    )
    return wrapped or (Said(None, html.unescape(text).strip()),)


def _name(attributes: dict[str, str]) -> str | None:
    name = attributes.get("from") or attributes.get("name") or attributes.get("username")
    return html.unescape(name) if name else None
