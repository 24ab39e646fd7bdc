"""By what a person is known in what is kept; pure.

What is stored with an id is compared by the id alone. Display names are chosen freely, and a username that somebody
gave up may be another's: by its name alone a mention counts only where the person has written, and where nobody else
bears the name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.conversation.elements import attribute, body
from bot.conversation.message import WEBHOOK, Author, Mention, Quoted
from bot.conversation.provenance import Provenance
from bot.conversation.quoting import NO_WORD

SOMEBODY = "@somebody"
"""Stands for a mention of the person, as for a mention of an unknown user."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The person to forget: the messages up to the id `before` go.

    The `names` are display names, all that were ever found beside the id, as the `usernames` are; those of webhooks
    are no person's. The person has written in the conversations `known` until then, and through proxies the messages
    `proxied`.

    What older versions stored without an id is the person's by the username, if it `guesses`: what is removed may be
    too much, what is shown may not.

    `others` are the names of others, `by_name` those of the person that nobody else has where it is looked, see
    `within`.
    """

    person: int
    before: int
    usernames: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    known: frozenset[int] = frozenset()
    proxied: frozenset[int] = frozenset()
    others: frozenset[str] = frozenset()
    by_name: frozenset[str] = frozenset()
    guesses: bool = True

    def wrote(self, said: Quoted) -> bool:
        """Whether the person wrote a message that is quoted."""
        return (said.author is not None and said.author.id == self.person) or said.id in self.proxied

    def is_shown(self, username: str, at: str, provenance: Provenance) -> bool:
        """Whether the person wrote a quoted message, by its username and its time as attributes show them."""
        found = [each for each in provenance.said if each.is_shown_as(username, at)]
        if found:
            own = [each.author == self.person or each.message in self.proxied for each in found]
            return any(own) if self.guesses else all(own)
        return self.guesses and self.knows(username)

    def knows(self, username: str) -> bool:
        """Whether a username, as an attribute shows it, is one of the person's."""
        if username.startswith(WEBHOOK):
            return False
        return html.unescape(username) in {html.unescape(attribute(each)) for each in self.usernames}

    def with_author(self, author: Author) -> Identity:
        """Return the identity with one more name; the names of a webhook are not the person's alone."""
        if author.is_webhook:
            return self
        return replace(
            self, usernames=self.usernames | {author.username}, names=self.names | {author.name} - {""}
        )

    def within(self, conversation: int, others: Collection[str]) -> Identity:
        """Return the identity for one conversation, in which others have these names."""
        everybody = self.others | frozenset(others)
        known = self.names | self.usernames if conversation in self.known else frozenset[str]()
        return replace(self, others=everybody, by_name=known - everybody)

    def without_mentions(self, text: str, provenance: Provenance) -> tuple[str, int]:
        """Return a text that somebody else wrote without mentions of the person, and how many there were."""
        own = {each.name for each in provenance.mentions if each.id == self.person}
        others = {each.name for each in provenance.mentions} - own
        if not provenance.is_complete:
            others |= self.others - own
            own |= self.by_name - others
        return self._without(text, own, others)

    def without_any_mention(self, text: str) -> tuple[str, int]:
        """Return a text of which nobody knows whom it mentions without mentions, and how many there were."""
        return self._without(text, self.by_name, self.others)

    def _without(self, text: str, own: Collection[str], others: Collection[str]) -> tuple[str, int]:
        # Code has ids, and so has the text of a command.
        text, by_id = re.subn(rf"<@!?{self.person}>", SOMEBODY, text)
        text, by_name = _without_names(text, own, others)
        return text, by_id + by_name

    def may_be_named(self, text: str, mentions: Sequence[Mention]) -> bool:
        """Whether a text in anybody's words may name the person, who is mentioned elsewhere by these names."""
        mentioned = {each.name for each in mentions if each.id == self.person}
        forms = _forms(self.names | self.usernames | mentioned)
        return (
            bool(forms) and re.search(rf"(?<!\w)(?:{_one_of(forms)})(?!\w)", text, re.IGNORECASE) is not None
        )


def without_name(text: str, who: Identity) -> tuple[str, int]:
    """Remove the username from a remark that names a message by its author, see `quoting.named`."""
    count = 0
    for username in who.usernames & who.by_name:
        text, found = re.subn(rf"\bby {re.escape(NO_WORD.sub('_', username))}, ", "by somebody, ", text)
        count += found
    return text, count


def _without_names(text: str, own: Collection[str], others: Collection[str]) -> tuple[str, int]:
    """Replace mentions by names; the name of somebody else may begin as one of the person's does."""
    gone = _forms(own) - {SOMEBODY[1:]}
    if not gone:
        return text, 0
    count = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal count
        if match[1] not in gone:
            return match[0]
        count += 1
        return SOMEBODY

    text = re.sub(rf"(?<!\w)@({_one_of(gone | _forms(others))})(?!\w)", replaced, text)
    return text, count


def _forms(names: Collection[str]) -> set[str]:
    """Return names as they are and as an element holds them."""
    return {form for name in names if name for form in (name, body(name))}


def _one_of(names: Collection[str]) -> str:
    return "|".join(re.escape(each) for each in sorted(names, key=len, reverse=True))
