"""The search for a person: which keys may hold something of the person, and under which names."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from bot.conversation.elements import attribute, body
from bot.conversation.errors import Unreadable
from bot.conversation.identity import Identity
from bot.conversation.message import Message, Quote, created_ms
from bot.conversation.quoting import NO_WORD
from bot.conversation.traces import with_traces_of
from bot.store.codec import load_message, load_turn
from bot.store.contracts import Erasure, contract_of
from bot.store.key_reader import KeyReader
from bot.store.memories import load_fact
from bot.store.quote_store import FIELD, load_quotes
from bot.store.reminders import read_reminder

WHOLE: tuple[Erasure, ...] = (
    "entries",
    "contents",
    "prompt",
    "versions",
    "presets",
    "memories",
    "usage",
    "approvals",
    "reminders",
)
"""The keys that are examined whatever they hold: a name that is found last may stand in the first of them."""


_ID = re.compile(r"\d{9,20}")
"""The id of a message in a stored text."""


class PersonSearch:
    """Walks over all keys, which takes a while in a large store."""

    def __init__(self, read: KeyReader) -> None:
        self._read = read

    async def search(self, who: Identity) -> tuple[Identity, tuple[str, ...]]:
        """Return the person with all names that were found, and the names of the keys to examine."""
        found: list[str] = []
        async for names in self._read.names():
            ways: dict[str, list[str]] = defaultdict(list)
            for name in names:
                contract = contract_of(name)
                if contract is not None and contract.personal:
                    ways[contract.erased].append(name)
                    found += [name] if contract.exported == "acts" else []
            records, who = await self._records(ways["message"], who)
            recent, who = await self._recent(ways["by expiry"], who)
            found += [*records, *recent]
            who = await self._traces_in_entries(ways["entries"], who)
            who = await self._named_in_quotes(ways["contents"], who)
            who = await self._named_in_facts(ways["memories"], who)
            who = await self._known_by_reminders(ways["reminders"], who)
            found += [name for way in WHOLE for name in ways[way]]
            found += [name for name in ways["key"] if name.startswith(f"{{{who.person}}}:")]
        return who, tuple(found)

    async def _records(self, names: list[str], who: Identity) -> tuple[list[str], Identity]:
        found = []
        for name, (author, payload) in zip(
            names, await self._read.fields(names, ("author", "payload")), strict=True
        ):
            if author == str(who.person) and int(name.rpartition(":")[2]) <= who.before:
                who = replace(who, known=who.known | {_tag_of(name)})
            if author == str(who.person) or payload:
                found.append(name)
                who = _with_names(who, payload, is_own=author == str(who.person))
        return found, who

    async def _recent(self, names: list[str], who: Identity) -> tuple[list[str], Identity]:
        found = []
        for name, text in zip(names, await self._read.texts(names), strict=True):
            if text:
                found.append(name)
                who = _with_names(who, text, is_own=False)
        return found, who

    async def _traces_in_entries(self, names: list[str], who: Identity) -> Identity:
        for name in names:
            for text in await self._read.entries(name):
                if holds_id(text, who):
                    try:
                        who = with_traces_of(load_turn(text), who, _tag_of(name))
                    except Unreadable:
                        continue  # another version wrote it; it expires
        return who

    async def _named_in_facts(self, names: list[str], who: Identity) -> Identity:
        for name in names:
            for field, text in (await self._read.hash(name)).items():
                if field.startswith(f"{who.person}:") and (fact := load_fact(text)) is not None:
                    who = who.with_author(fact.author)
                    if fact.source <= who.before:
                        who = replace(who, known=who.known | {fact.conversation})
        return who

    async def _known_by_reminders(self, names: list[str], who: Identity) -> Identity:
        for name in names:
            for text in (await self._read.hash(name)).values():
                reminder = read_reminder(text)
                if reminder is None or reminder.person != who.person:
                    continue
                if reminder.created_ms < created_ms(who.before):
                    who = replace(who, known=who.known | {_tag_of(name)})
        return who

    async def _named_in_quotes(self, names: list[str], who: Identity) -> Identity:
        for name in names:
            for field, text in (await self._read.hash(name)).items():
                if field.endswith(FIELD) and holds_id(text, who):
                    fetched = load_quotes(text)
                    who = who if fetched is None else _with_names_of_quotes(who, fetched.quotes)
        return who


def holds_id(text: str, who: Identity) -> bool:
    """Whether a stored text holds the person's id."""
    return str(who.person) in text


def may_concern(text: str, who: Identity) -> bool:
    """Whether a stored text may hold something of the person; quick, because most texts do not."""
    if who.proxied and any(int(found) in who.proxied for found in _ID.findall(text)):
        return True
    written = {str(who.person)}
    for name in (*who.usernames, *who.names):
        written |= {name, attribute(name), body(name), NO_WORD.sub("_", name)}
    return any(json.dumps(each, ensure_ascii=False)[1:-1] in text for each in written if each)


def _tag_of(name: str) -> int:
    tag, _, _ = name.removeprefix("{").partition("}")
    return int(tag) if tag.isdigit() else 0


def read_message(text: str) -> Message | None:
    """Read a message, None if another version wrote it."""
    try:
        return load_message(text)
    except Unreadable:
        return None


def _with_names(who: Identity, text: str, *, is_own: bool) -> Identity:
    """Return the person with what a message tells: names, and whether a proxy has posted it."""
    message = read_message(text) if text else None
    if message is None:
        return who
    if is_own or message.author.id == who.person or message.proxied_for == who.person:
        who = who.with_author(message.author)
        if message.author.is_webhook:
            who = replace(who, proxied=who.proxied | {message.id})
    return _with_names_of_quotes(who, message.quotes)


def _with_names_of_quotes(who: Identity, quotes: Iterable[Quote]) -> Identity:
    for quote in quotes:
        for said in quote.messages:
            if said.author is not None and said.author.id == who.person:
                who = who.with_author(said.author)
    return who
