"""The rules that say who may do what with the bot. Each refusal is generated from its rule. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.scope import Scope


@dataclass(frozen=True, slots=True)
class Person:
    """The person who uses a command, as far as rules ask; `is_starter`: they started the conversation."""

    is_direct: bool
    is_starter: bool
    manages_threads: bool
    manages_server: bool
    manages_messages: bool = False


PERMISSIONS = {
    "manages_messages": "Manage Messages",
    "manages_threads": "Manage Threads",
    "manages_server": "Manage Server",
}
"""The fields of Person that are permissions, with the names in Discord's settings."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Allows everybody who has one of the permissions, or one of the roles that are set.

    `starter`: who started the conversation; `asker`: whom the reply answers; `poster`: who posted the file; `direct`:
    everybody in direct messages.
    """

    permissions: tuple[str, ...]
    starter: bool = False
    asker: bool = False
    poster: bool = False
    direct: bool = True

    def allows(self, person: Person, *, asked: bool = False, posted: bool = False) -> bool:
        """Whether a person is allowed; `asked`: the reply answers them; `posted`: the file is theirs."""
        return (
            (self.direct and person.is_direct)
            or (self.starter and person.is_starter)
            or (self.asker and asked)
            or (self.poster and posted)
            or any(getattr(person, permission) for permission in self.permissions)
        )

    def refusal(self, what: str) -> str:
        """Say who can do `what`, such as "stop it"."""
        flags = {
            "the person who posted it": self.poster,
            "the person who asked": self.asker,
            "the person who started this thread": self.starter,
        }
        names = _either([f"“{PERMISSIONS[permission]}”" for permission in self.permissions])
        known = "".join(f"{who}, " for who, counts in flags.items() if counts)
        return f"Only {known}{'or ' if known else ''}somebody with the permission {names} can {what}."


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


CONVERSATION = Rule(("manages_threads", "manages_server"), starter=True)
"""For a conversation as a whole."""

REPLY = Rule(("manages_messages", "manages_threads", "manages_server"), asker=True)
"""For a single reply."""

STOP = replace(REPLY, starter=True)
"""For stopping a reply, which keeps everybody in the thread waiting while it is written."""

FILE = Rule(("manages_messages", "manages_threads", "manages_server"), starter=True, poster=True)
"""For a file in a conversation."""

SERVER = Rule(("manages_server",), direct=False)
"""For settings of more than one conversation."""

BY_SCOPE = {Scope.THREAD: CONVERSATION, Scope.CHANNEL: SERVER, Scope.SERVER: SERVER}
"""For the settings of a scope, such as prompt and model."""
