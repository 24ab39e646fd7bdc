"""What the keys of one conversation, or of one server, hold of a person, and what removes that.

`/my data`, `/forget me` and `/forget verify` examine in the same way; only the second removes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.forgetting import (
    own_messages,
    quoted_in,
    quotes_without,
    without_person,
    without_quotes,
)
from bot.conversation.found import NOTHING, Found
from bot.conversation.identity import Identity
from bot.conversation.message import Message, Quoted, created_ms
from bot.conversation.scope import WITHHELD
from bot.store.approvals import read_approval
from bot.store.codec import dump_message, dump_turn, load_turn
from bot.store.connection import translated
from bot.store.contracts import contract_of
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
    merged,
)
from bot.store.file_store import text_of
from bot.store.key_reader import KeyReader
from bot.store.keys import Key, Keys
from bot.store.memories import dump_fact, load_fact
from bot.store.person_search import may_concern, read_message
from bot.store.presets import read_presets
from bot.store.quote_store import FIELD, dump_quotes, load_quotes
from bot.store.reminders import dump_reminder, read_reminder
from bot.store.scripts import Call
from bot.store.scripts.conversation import Amend
from bot.store.scripts.privacy import ReplaceField
from bot.store.scripts.usage import ForgetUsage
from bot.store.usage import read_counts

_NUMBER = re.compile(r"\d+")


class Examination:
    """Reads; `Erasure` removes what was found."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._read = KeyReader(redis, keys)

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
            parts += [await self._examine_history(tag, who), await self._examine_meta(tag, who)]
            if ways["message"]:
                parts.append(await self._examine_records(tag, ways["message"], parts[0], who))
            told = frozenset(message for part in parts for message in part.told)
            own = frozenset(message for part in parts for message in part.messages)
            parts.append(await self._examine_contents(tag, own, told, who))
        if ways["approvals"]:
            parts.append(await self._examine_approvals(tag, who))
        if ways["reminders"]:
            parts.append(await self._examine_reminders(tag, who))
        if ways["by expiry"]:
            parts.append(await self._examine_recent(tag, ways["by expiry"], who))
        if ways["key"]:
            parts.append(Examined(tag, keys=frozenset(ways["key"])))
        parts += [await self._examine_settings(tag, name, who) for name in ways["prompt"]]
        parts += [await self._examine_versions(tag, name, who) for name in ways["versions"]]
        parts += [await self._examine_usage(tag, name, who) for name in ways["usage"]]
        parts += [await self._examine_presets(tag, who) for _ in ways["presets"]]
        parts += [await self._examine_memories(tag, name, who) for name in ways["memories"]]
        if any(name.endswith(":audit") for name in ways["kept"]):
            parts.append(await self._examine_audit(tag, who))
        return merged(tag, parts)

    async def _examine_history(self, tag: int, who: Identity) -> Examined:
        key = self._keys.history(tag)
        texts = await self._read.entries(self._read.name_of(key))
        newest = _turn_id(texts[-1]) if texts else 0
        found, calls, messages, kept = NOTHING, list[Call](), set[int](), list[KeptMessage]()
        results, told, quotes = set[int](), set[int](), list[KeptQuote]()
        first: int | None = None
        for index, text in enumerate(texts):
            if not may_concern(text, who):
                continue
            try:
                entry = load_turn(text)
            except Unreadable:
                found += Found(unreadable=1)  # it expires with its conversation
                continue
            own = own_messages(entry, who)
            messages |= {each.message for each in own if each.message is not None}
            kept += [
                KeptMessage(tag, each.message, created_ms(each.message or entry.id), each.text, each.files)
                for each in own
            ]
            quotes += [KeptQuote(tag, entry.id, each) for each in quoted_in(entry, who)]
            left, of_entry = without_person(entry, who, newest)
            if left == entry:
                continue
            first = index if first is None else first
            found += of_entry
            told |= {*entry.members, entry.id} if of_entry.quotes or of_entry.mentions else set()
            calls.append(Amend(history=key, index=index, before=text, after=dump_turn(left)))
            if left.outcome == "removed" and entry.outcome != "removed":
                results.add(entry.id)
                if entry.reply:
                    kept[-1] = replace(kept[-1], reply=entry.reply)
        if calls and not found:
            # Only copies of pinned turns hold something: what these are copies of is gone.
            found += Found(messages=len(calls))
        return Examined(
            tag,
            found,
            messages=frozenset(messages),
            told=frozenset(told),
            index=first,
            calls=tuple(calls),
            results=frozenset(results),
            kept_messages=tuple(kept),
            kept_quotes=tuple(quotes),
        )

    async def _examine_meta(self, tag: int, who: Identity) -> Examined:
        with translated():
            starter = await self._redis.hget(self._keys.meta(tag), "starter")
        return Examined(tag, kept_starts=(tag,) if str(starter) == str(who.person) else ())

    async def _examine_records(
        self, tag: int, names: Sequence[str], history: Examined, who: Identity
    ) -> Examined:
        found, calls, own, kept = NOTHING, list[Call](), set[int](), list[KeptMessage]()
        told, contents, quotes = set[int](), set[str](), list[KeptQuote]()
        for name, (author, payload) in zip(
            names, await self._read.fields(names, ("author", "payload")), strict=True
        ):
            message = int(name.rpartition(":")[2])
            if author == str(who.person):
                if message > who.before:
                    continue
                own.add(message)
                if (
                    message not in history.messages
                    and payload
                    and (said := read_message(payload)) is not None
                ):
                    files = tuple(each.filename for each in said.all_attachments)
                    kept.append(KeptMessage(tag, message, created_ms(message), said.text, files))
                    found += Found(messages=1, files=len(said.attachments))
            elif payload and (said := read_message(payload)) is not None:
                left, of_message = without_quotes(said, who)
                if left != said and message <= who.before:
                    if message not in history.told:
                        found += of_message
                        own_words = [each for each in _quoted_in(said) if who.is_author(each.author)]
                        quotes += [KeptQuote(tag, message, each.text) for each in own_words]
                    told.add(message)
                    contents |= _quoted_files(message, _quoted_in(said), who)
                    record = self._keys.record(tag, message)
                    calls.append(
                        ReplaceField(value=record, field="payload", before=payload, after=dump_message(left))
                    )
        return Examined(
            tag,
            found,
            messages=frozenset(own),
            told=frozenset(told),
            contents=frozenset(contents),
            records=frozenset(own),
            calls=tuple(calls),
            kept_messages=tuple(kept),
            kept_quotes=tuple(quotes),
        )

    async def _examine_contents(
        self, tag: int, own: frozenset[int], told: frozenset[int], who: Identity
    ) -> Examined:
        key = self._keys.files(tag)
        fields = await self._read.hash(self._read.name_of(key))
        found, calls, contents, files = NOTHING, list[Call](), set[str](), list[KeptFile]()
        for name, text in fields.items():
            message, _, attachment = name.partition(":")
            if int(message) in own:
                contents.add(name)
                if attachment.isdecimal():
                    files.append(KeptFile(tag, int(message), int(attachment), text_of(text)))
            elif attachment == FIELD and may_concern(text, who) and int(message) <= who.before:
                fetched = load_quotes(text)
                if fetched is None:
                    contents.add(name)
                    continue
                quotes, of_quotes = quotes_without(fetched.quotes, who)
                if quotes == fetched.quotes:
                    continue
                found += NOTHING if int(message) in told else of_quotes
                calls.append(
                    ReplaceField(
                        value=key, field=name, before=text, after=dump_quotes(replace(fetched, quotes=quotes))
                    )
                )
                quoted = [said for quote in fetched.quotes for said in quote.messages]
                contents |= _quoted_files(int(message), quoted, who)
        return Examined(tag, found, calls=tuple(calls), contents=frozenset(contents), kept_files=tuple(files))

    async def _examine_approvals(self, tag: int, who: Identity) -> Examined:
        key = self._keys.approvals(tag)
        fields = await self._read.hash(self._read.name_of(key))
        calls: list[Call] = [
            ReplaceField(value=key, field=name, before=text, after="")
            for name, text in fields.items()
            if (found := read_approval(text)) is not None
            and found.asker == who.person
            and found.created_ms < created_ms(who.before)
        ]
        return Examined(tag, Found(tool_calls=len(calls)), calls=tuple(calls))

    async def _examine_reminders(self, tag: int, who: Identity) -> Examined:
        key = self._keys.reminders(tag)
        found, calls, kept = NOTHING, list[Call](), []
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
            if message <= who.before and may_concern(text, who):
                recent.add(message)
                said = read_message(text)
                if said is not None and said.author.id == who.person:
                    files = tuple(each.filename for each in said.all_attachments)
                    kept.append(KeptMessage(tag, message, created_ms(message), said.text, files))
        return Examined(tag, recent=frozenset(recent), kept_recent=tuple(kept))

    async def _examine_settings(self, tag: int, name: str, who: Identity) -> Examined:
        target = int(name.rpartition(":")[2])
        fields = await self._read.hash(name)
        prompts, kept, rules = set(), [], []
        for setting, value in fields.items():
            person, _, at_ms = fields.get(f"set:{setting}", "").partition(" ")
            if setting.startswith("set:"):
                continue
            if str(who.person) in _NUMBER.findall(setting):
                rules.append(KeptSetting(tag, target, setting, value, int(at_ms or 0)))
            if person != str(who.person):
                continue
            kept.append(KeptSetting(tag, target, setting, value, int(at_ms or 0)))
            if setting in WITHHELD and int(at_ms or 0) < created_ms(who.before):
                prompts.add(target)
        return Examined(
            tag,
            Found(prompts=len(prompts)),
            prompts=frozenset(prompts),
            kept_settings=tuple(kept),
            kept_rules=tuple(rules),
        )

    async def _examine_versions(self, tag: int, name: str, who: Identity) -> Examined:
        target = int(name.rpartition(":")[2])
        with translated():
            entries: Any = await self._redis.xrange(f"{self._keys.prefix}:{name}")
        texts = [
            (str(entry), fields)
            for entry, fields in entries
            if fields.get("person") == str(who.person) and fields.get("text")
        ]
        kept = tuple(
            KeptSetting(tag, target, f"earlier {fields['name']}", fields["text"], _added_ms(entry))
            for entry, fields in texts
        )
        gone = tuple(entry for entry, _ in texts if _added_ms(entry) < created_ms(who.before))
        return Examined(
            tag,
            Found(prompts=len(gone)),
            versions={target: gone} if gone else {},
            kept_settings=kept,
        )

    async def _examine_usage(self, tag: int, name: str, who: Identity) -> Examined:
        """Find the rows of a day that name the person; a row that began later is not to be forgotten."""
        rows = {
            row: value
            for row, value in (await self._read.hash(name)).items()
            if row.startswith(f"{who.person} ") and int(value.split()[-1]) <= who.before
        }
        usage, day = Key(f"{self._keys.prefix}:{name}"), name.rpartition(":")[2]
        return Examined(
            tag,
            Found(usage=len(rows)),
            calls=tuple(ForgetUsage(usage=usage, row=row) for row in rows),
            kept_usage=tuple(
                KeptUsage(tag, day, row.partition(" ")[2], read_counts(value)) for row, value in rows.items()
            ),
        )

    async def _examine_presets(self, tag: int, who: Identity) -> Examined:
        key = self._keys.presets(tag)
        calls, kept = list[Call](), []
        fields = await self._read.hash(self._read.name_of(key))
        for field, preset in read_presets(fields).items():
            if preset.by != who.person or preset.at_ms >= created_ms(who.before):
                continue
            kept.append(KeptSetting(tag, tag, f"preset {preset.name}", preset.text, preset.at_ms))
            calls.append(ReplaceField(value=key, field=field, before=fields[field], after=""))
        return Examined(tag, Found(prompts=len(calls)), calls=tuple(calls), kept_settings=tuple(kept))

    async def _examine_memories(self, tag: int, name: str, who: Identity) -> Examined:
        key, within = Key(f"{self._keys.prefix}:{name}"), int(name.rpartition(":")[2])
        found, calls, kept = NOTHING, list[Call](), list[KeptFact]()
        for field, text in (await self._read.hash(name)).items():
            fact, is_own = load_fact(text), field.startswith(f"{who.person}:")
            if fact is not None and fact.source > who.before:
                continue
            if is_own:
                found += Found(facts=1)
                calls.append(ReplaceField(value=key, field=field, before=text, after=""))
                if fact is not None:
                    kept.append(KeptFact(tag, within, fact.id, fact.text, fact.at_ms))
            elif fact is not None:
                left, mentions = who.without_any_mention(fact.text)
                if mentions:
                    found += Found(mentions=mentions)
                    after = dump_fact(replace(fact, text=left))
                    calls.append(ReplaceField(value=key, field=field, before=text, after=after))
        return Examined(tag, found, calls=tuple(calls), kept_facts=tuple(kept))

    async def _examine_audit(self, tag: int, who: Identity) -> Examined:
        acts = []
        with translated():
            entries: Any = await self._redis.xrange(self._keys.audit(tag))
        for entry, fields in entries:
            what, before, after = (fields.get(name, "") for name in ("what", "before", "after"))
            is_own = fields.get("person") == str(who.person)
            if is_own or str(who.person) in _NUMBER.findall(f"{what} {before} {after}"):
                at_ms = int(str(entry).partition("-")[0])
                acts.append(KeptAct(tag, int(fields.get("target", 0)), what, before, after, at_ms, is_own))
        return Examined(tag, kept_acts=tuple(acts))


def _quoted_in(message: Message) -> list[Quoted]:
    quoted = [said for quote in message.quotes for said in quote.messages]
    said = None if message.reference is None else message.reference.said
    return quoted if said is None else [*quoted, said]


def _quoted_files(message: int, quoted: Sequence[Quoted], who: Identity) -> set[str]:
    """Return the fields of the contents of the person's files that a message of somebody else quotes.

    The files of a forward belong to the forwarding message, others to the message that is quoted.
    """
    own = [said for said in quoted if who.is_author(said.author)]
    return {
        f"{holder}:{file.id}" for said in own for file in said.attachments for holder in (message, said.id)
    }


def _added_ms(entry: str) -> int:
    """Return when an entry was added to a stream."""
    return int(entry.partition("-")[0])


def _turn_id(text: str) -> int:
    try:
        return load_turn(text).id
    except Unreadable:
        return 0
