"""What is kept of a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

from bot.conversation.found import Found, total
from bot.conversation.identity import Identity
from bot.store.examination import Examination
from bot.store.examined import (
    Examined,
    KeptAct,
    KeptFact,
    KeptFile,
    KeptMessage,
    KeptQuote,
    KeptReminder,
    KeptSetting,
    KeptUsage,
)
from bot.store.person_search import PersonSearch
from bot.store.stored_values import KeptValue, StoredValues


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a person.

    `rules` name the person, `started` are conversations that the person began, `quotes` what others quote of them,
    and `values` what is kept by ids and numbers alone.
    """

    messages: tuple[KeptMessage, ...] = ()
    quotes: tuple[KeptQuote, ...] = ()
    files: tuple[KeptFile, ...] = ()
    settings: tuple[KeptSetting, ...] = ()
    acts: tuple[KeptAct, ...] = ()
    usage: tuple[KeptUsage, ...] = ()
    rules: tuple[KeptSetting, ...] = ()
    started: tuple[int, ...] = ()
    reminders: tuple[KeptReminder, ...] = ()
    values: tuple[KeptValue, ...] = ()
    facts: tuple[KeptFact, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


class PersonData:
    """Examines all keys that may hold something of a person; `own_names` are those of the bot."""

    def __init__(
        self,
        search: PersonSearch,
        examination: Examination,
        values: StoredValues,
        own_names: Callable[[], frozenset[str]] = frozenset[str],
    ) -> None:
        self._own_names = own_names
        self._search = search
        self._examination = examination
        self._values = values
        # A walk over all keys takes a while, and anybody can ask for one.
        self._searching = asyncio.Lock()

    async def search(self, who: Identity) -> tuple[Identity, tuple[str, ...]]:
        """Search the keys; see `PersonSearch.search`."""
        async with self._searching:
            return await self._search.search(self._named(who))

    async def verify(self, who: Identity) -> Found:
        """Search everything again for what was to be forgotten."""
        return total([examined.found for examined in await self._examined(who)])

    async def kept(self, who: Identity) -> Kept:
        """Return what is kept of a person, the oldest messages first."""
        examined = await self._examined(replace(who, guesses=False))
        found = [each for one in examined for each in one.kept_messages]
        # A branch holds a copy: the first conversation that holds a message is named, which is where it was written.
        first = {each.id: each for each in sorted(found, key=lambda each: -each.conversation)}
        messages = [each for each in found if each.id is None or each is first[each.id]]
        known = {each.id for each in messages}
        messages += [each for one in examined for each in one.kept_recent if each.id not in known]
        return Kept(
            messages=tuple(sorted(messages, key=lambda each: each.written_ms)),
            quotes=tuple(each for one in examined for each in one.kept_quotes),
            files=tuple(each for one in examined for each in one.kept_files),
            settings=tuple(each for one in examined for each in one.kept_settings),
            acts=tuple(each for one in examined for each in one.kept_acts),
            usage=tuple(each for one in examined for each in one.kept_usage),
            rules=tuple(each for one in examined for each in one.kept_rules),
            facts=tuple(each for one in examined for each in one.kept_facts),
            started=tuple(each for one in examined for each in one.kept_starts),
            values=await self._values.of(who, [each.id for each in messages if each.id is not None]),
            reminders=tuple(each for one in examined for each in one.kept_reminders),
        )

    def _named(self, who: Identity) -> Identity:
        """Return the identity with the bot's names as those of somebody else: nearly every question mentions it."""
        return replace(who, others=who.others | self._own_names())

    async def _examined(self, who: Identity) -> list[Examined]:
        async with self._searching:
            who, names = await self._search.search(self._named(who))
            groups = by_tag(names)
            return [await self._examination.examine(tag, groups[tag], who) for tag in groups]


def by_tag(names: tuple[str, ...]) -> Mapping[int, list[str]]:
    """Group the names of keys by their hash tags."""
    groups: dict[int, list[str]] = {}
    for name in names:
        tag, closed, _ = name.removeprefix("{").partition("}")
        if closed and tag.isdigit():
            groups.setdefault(int(tag), []).append(name)
    return groups
