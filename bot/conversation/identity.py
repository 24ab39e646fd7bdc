"""By what a person is known in what is kept; pure."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from bot.conversation.elements import attribute, body
from bot.conversation.message import Author
from bot.conversation.quoting import NO_WORD

SOMEBODY = "@somebody"
"""Stands for a mention of the person, as for a mention of an unknown user."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The person to forget: the messages up to the id `before` go.

    The history of older versions names people by their usernames alone. The username of somebody who writes through
    a proxy names the webhook as well, so that it belongs to one person. The `names` are display names.
    """

    person: int
    before: int
    usernames: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def is_author(self, author: Author | None) -> bool:
        """Whether the person wrote something."""
        return author is not None and (author.id == self.person or author.username in self.usernames)

    def knows(self, username: str) -> bool:
        """Whether a username, as an attribute shows it, is one of the person's."""
        return html.unescape(username) in {html.unescape(attribute(each)) for each in self.usernames}

    def with_author(self, author: Author) -> Identity:
        """Return the identity with one more name."""
        return replace(
            self, usernames=self.usernames | {author.username}, names=self.names | {author.name} - {""}
        )

    def without_mentions(self, text: str) -> tuple[str, int]:
        """Return a text that somebody else wrote without mentions of the person, and how many there were."""
        names = {each for name in (*self.names, *self.usernames) if name for each in (name, body(name))}
        if not names:
            return text, 0
        longest_first = sorted(names, key=len, reverse=True)
        return re.subn(rf"(?<!\w)@(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", SOMEBODY, text)

    def without_any_mention(self, text: str) -> tuple[str, int]:
        """Return a text that may name the person by the id as well, without mentions, and how many there were."""
        text, by_id = re.subn(rf"<@!?{self.person}>", SOMEBODY, text)
        text, by_name = self.without_mentions(text)
        return text, by_id + by_name


def without_name(text: str, who: Identity) -> tuple[str, int]:
    """Remove the username from a remark that names a message by its author, see `quoting.named`."""
    count = 0
    for username in who.usernames:
        text, found = re.subn(rf"\bby {re.escape(NO_WORD.sub('_', username))}, ", "by somebody, ", text)
        count += found
    return text, count
