"""Placeholders in system prompts, such as `{channel}`: the names of where a conversation takes place; pure.

The names of the server and the channel are stored with a conversation at its first message, and stay: a rename
changes no byte of later requests. A name is text that people wrote, and the prompt is where nobody but its author may
write. So a name enters only where the author asked for it, as one bounded line without anything that could be read as
markup.

The name of a thread is text of whoever started the thread. So `{thread}` is filled in when a prompt is set for that
thread, by a person who reads the name and may write anything into this prompt. In the prompt of a channel or a server
`{thread}` reads “this thread”: there the name would let everybody write into the prompt of an administrator.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.conversation.visible import plain

NAME_CHARS = 80
"""The most characters of a name in a prompt."""

THREAD = "{thread}"

_PLACEHOLDER = re.compile(r"\{(server|channel|thread)\}")
_CATEGORIES = ("L", "M", "N", "So", "Zs")
_PUNCTUATION = frozenset("-_.,'!?()+&#…’")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of where a conversation takes place, as they were at its first message; "" where there is none."""

    server: str = ""
    channel: str = ""

    def fill(self, prompt: str) -> str:
        """Return a prompt with the names in place of its placeholders; `this server` where there is no name."""
        names = {"server": self.server, "channel": self.channel}
        return _PLACEHOLDER.sub(lambda found: neutral(names.get(found[1], "")) or f"this {found[1]}", prompt)


def with_thread(prompt: str, name: str) -> str:
    """Return the prompt that is set for a thread of a name."""
    return prompt.replace(THREAD, neutral(name) or THREAD)


def neutral(name: str) -> str:
    """Return a name as one bounded line of letters, digits, symbols and a little punctuation."""
    kept = "".join(char if _is_kept(char) else " " for char in plain(name))
    line = " ".join(kept.split())
    return line if len(line) <= NAME_CHARS else line[: NAME_CHARS - 1].rstrip() + "…"


def _is_kept(char: str) -> bool:
    return char in _PUNCTUATION or unicodedata.category(char).startswith(_CATEGORIES)
