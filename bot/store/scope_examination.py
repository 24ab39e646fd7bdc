"""What the keys of a channel, of a server or of a day hold of a person."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from redis.asyncio import Redis

from bot.conversation.found import NOTHING, Found
from bot.conversation.identity import Identity
from bot.conversation.message import created_ms
from bot.conversation.scope import WITHHELD
from bot.store.connection import translated
from bot.store.examined import (
    Examined,
    KeptAct,
    KeptFact,
    KeptSetting,
    KeptUsage,
)
from bot.store.key_reader import KeyReader
from bot.store.keys import Key, Keys
from bot.store.memories import dump_fact, load_fact
from bot.store.person_search import holds_id
from bot.store.presets import read_presets
from bot.store.scripts import Call
from bot.store.scripts.privacy import ReplaceField
from bot.store.scripts.usage import ForgetUsage
from bot.store.usage import read_counts

_NUMBER = re.compile(r"\d+")


class ScopeExamination:
    """Examines settings, prompts, presets, the usage of a day, remembered facts and the audit log.

    `within` returns the identity for the conversation in which a fact was learnt.
    """

    def __init__(
        self, redis: Redis, keys: Keys, within: Callable[[int, Identity], Awaitable[Identity]]
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._within = within
        self._read = KeyReader(redis, keys)

    async def settings(self, tag: int, name: str, who: Identity) -> Examined:
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

    async def versions(self, tag: int, name: str, who: Identity) -> Examined:
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

    async def usage(self, tag: int, name: str, who: Identity) -> Examined:
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

    async def presets(self, tag: int, who: Identity) -> Examined:
        key = self._keys.presets(tag)
        calls, kept = list[Call](), []
        fields = await self._read.hash(self._read.name_of(key))
        for field, preset in read_presets(fields).items():
            if preset.by != who.person or preset.at_ms >= created_ms(who.before):
                continue
            kept.append(KeptSetting(tag, tag, f"preset {preset.name}", preset.text, preset.at_ms))
            calls.append(ReplaceField(value=key, field=field, before=fields[field], after=""))
        return Examined(tag, Found(prompts=len(calls)), calls=tuple(calls), kept_settings=tuple(kept))

    async def memories(self, tag: int, name: str, who: Identity) -> Examined:
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
            elif fact is not None and (holds_id(fact.text, who) or who.may_be_named(fact.text, ())):
                here = await self._within(fact.conversation, who)
                left, mentions = here.without_any_mention(fact.text)
                if mentions:
                    found += Found(mentions=mentions)
                    after = dump_fact(replace(fact, text=left))
                    calls.append(ReplaceField(value=key, field=field, before=text, after=after))
        return Examined(tag, found, calls=tuple(calls), kept_facts=tuple(kept))

    async def audit(self, tag: int, who: Identity) -> Examined:
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


def _added_ms(entry: str) -> int:
    """Return when an entry was added to a stream."""
    return int(entry.partition("-")[0])
