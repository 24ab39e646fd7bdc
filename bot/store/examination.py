"""What the keys of one conversation, or of one server, hold of a person, and what removes that.

`/my data`, `/forget me` and `/forget verify` examine in the same way; only the second removes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from redis.asyncio import Redis

from bot.conversation.forgetting import without_quotes
from bot.conversation.found import NOTHING, Found
from bot.conversation.identity import Identity
from bot.conversation.message import created_ms
from bot.store.approvals import dump_approval, read_approval
from bot.store.contracts import contract_of
from bot.store.examined import (
    Examined,
    KeptMessage,
    KeptReminder,
    merged,
)
from bot.store.history_examination import HistoryExamination
from bot.store.key_reader import KeyReader
from bot.store.keys import Keys
from bot.store.person_search import may_concern, read_message
from bot.store.reminders import dump_reminder, read_reminder
from bot.store.scope_examination import ScopeExamination
from bot.store.scripts import Call
from bot.store.scripts.privacy import ReplaceField


class Examination:
    """Reads; `Erasure` removes what was found."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._keys = keys
        self._read = KeyReader(redis, keys)
        self._history = HistoryExamination(redis, keys)
        self._scopes = ScopeExamination(redis, keys, self._history.within)

    async def examine(self, tag: int, names: Sequence[str], who: Identity) -> Examined:
        """Examine keys that share a hash tag."""
        ways: dict[str, list[str]] = defaultdict(list)
        for name in names:
            contract = contract_of(name)
            if contract is not None:
                ways[contract.erased].append(name)
        parts: list[Examined] = []
        if ways["entries"] or ways["message"] or ways["contents"]:
            # Whatever the search found: a turn may have written the others since.
            here = await self._history.within(tag, who)
            parts += [await self._history.history(tag, here), await self._history.meta(tag, who)]
            if ways["message"]:
                parts.append(await self._history.records(tag, ways["message"], parts[0], here))
            told = frozenset(message for part in parts for message in part.told)
            own = frozenset(message for part in parts for message in part.messages)
            parts.append(await self._history.contents(tag, own, told, here))
        if ways["approvals"] or ways["message"]:
            parts.append(await self._examine_approvals(tag, who))
        if ways["reminders"] or ways["message"]:
            parts.append(await self._examine_reminders(tag, who))
        if ways["by expiry"]:
            parts.append(await self._examine_recent(tag, ways["by expiry"], who))
        if ways["key"]:
            parts.append(Examined(tag, keys=frozenset(ways["key"])))
        parts += [await self._scopes.settings(tag, name, who) for name in ways["prompt"]]
        parts += [await self._scopes.versions(tag, name, who) for name in ways["versions"]]
        parts += [await self._scopes.usage(tag, name, who) for name in ways["usage"]]
        parts += [await self._scopes.presets(tag, who) for _ in ways["presets"]]
        parts += [await self._scopes.memories(tag, name, who) for name in ways["memories"]]
        if any(name.endswith(":audit") for name in ways["kept"]):
            parts.append(await self._scopes.audit(tag, who))
        return merged(tag, parts)

    async def _examine_approvals(self, tag: int, who: Identity) -> Examined:
        key = self._keys.approvals(tag)
        fields = await self._read.hash(self._read.name_of(key))
        calls: list[Call] = [
            ReplaceField(
                value=key,
                field=name,
                before=text,
                after="" if (left := found.erased()) is None else dump_approval(left),
            )
            for name, text in fields.items()
            if (found := read_approval(text)) is not None
            and found.asker == who.person
            and found.turn <= who.before
        ]
        return Examined(tag, Found(tool_calls=len(calls)), calls=tuple(calls))

    async def _examine_reminders(self, tag: int, who: Identity) -> Examined:
        key = self._keys.reminders(tag)
        found, calls, kept = NOTHING, list[Call](), []
        who = await self._history.within(tag, who)
        for name, text in (await self._read.hash(self._read.name_of(key))).items():
            reminder = read_reminder(text)
            if reminder is None or reminder.created_ms >= created_ms(who.before):
                continue
            if reminder.person != who.person:
                left, mentions = who.without_any_mention(reminder.text)
                if mentions:
                    found += Found(mentions=mentions)
                    after = dump_reminder(replace(reminder, text=left))
                    calls.append(ReplaceField(value=key, field=name, before=text, after=after))
                continue
            found += Found(reminders=1)
            calls.append(ReplaceField(value=key, field=name, before=text, after=""))
            if not reminder.has_ended:
                kept.append(
                    KeptReminder(tag, reminder.text, reminder.due_ms, reminder.every, reminder.created_ms)
                )
        return Examined(tag, found, calls=tuple(calls), kept_reminders=tuple(kept))

    async def _examine_recent(self, tag: int, names: Sequence[str], who: Identity) -> Examined:
        recent, kept = set(), []
        for name, text in zip(names, await self._read.texts(names), strict=True):
            message = int(name.rpartition(":")[2])
            if message <= who.before and _concerns(text, message, who):
                recent.add(message)
                said = read_message(text)
                if said is not None and said.author.id == who.person:
                    files = tuple(each.filename for each in said.all_attachments)
                    kept.append(KeptMessage(tag, message, created_ms(message), said.text, files))
        return Examined(tag, recent=frozenset(recent), kept_recent=tuple(kept))


def _concerns(text: str, message: int, who: Identity) -> bool:
    """Whether a message that was just accepted is the person's, or holds something of the person."""
    said = read_message(text)
    if said is None:
        return may_concern(text, who)
    return said.author.id == who.person or message in who.proxied or without_quotes(said, who)[0] != said
