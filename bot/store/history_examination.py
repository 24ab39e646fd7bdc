"""What the keys of a conversation hold of a person: its history, its messages, and what was read for its turns."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.forgetting import quotes_without, without_person, without_quotes
from bot.conversation.found import NOTHING, Found
from bot.conversation.identity import Identity
from bot.conversation.message import Mention, Message, Quoted, created_ms
from bot.conversation.traces import holds_words, names_of_others, own_messages, quoted_in
from bot.store.codec import dump_message, dump_turn, load_turn
from bot.store.connection import translated
from bot.store.examined import (
    Examined,
    KeptFile,
    KeptMessage,
    KeptQuote,
)
from bot.store.file_store import text_of
from bot.store.key_reader import KeyReader
from bot.store.keys import Keys
from bot.store.person_search import may_concern, read_message
from bot.store.quote_store import FIELD, dump_quotes, load_quotes
from bot.store.scripts import Call
from bot.store.scripts.conversation import Amend
from bot.store.scripts.privacy import ReplaceField


class HistoryExamination:
    """Examines the history of a conversation and what belongs to it."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._read = KeyReader(redis, keys)

    async def history(self, tag: int, who: Identity) -> Examined:
        key = self._keys.history(tag)
        texts = await self._read.entries(self._read.name_of(key))
        newest = _turn_id(texts[-1]) if texts else 0
        mentions, mentioned = list[Mention](), list[int]()
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
            mentions += [each for known in entry.provenance for each in known.mentions]
            if not holds_words(entry, who):
                mentioned.append(index)
            elif first is None:
                first = index
            found += of_entry
            told |= {*entry.members, entry.id} if of_entry.quotes or of_entry.mentions else set()
            calls.append(Amend(history=key, index=index, before=text, after=dump_turn(left)))
            if left.outcome == "removed" and entry.outcome != "removed":
                results.add(entry.id)
                if entry.reply and own:
                    kept[-1] = replace(kept[-1], reply=entry.reply)
        if mentioned and (first is None or mentioned[0] < first):
            summaries = await self._summaries(tag, texts)
            first = mentioned[0] if any(who.may_be_named(each, mentions) for each in summaries) else first
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

    async def within(self, conversation: int, who: Identity) -> Identity:
        """Return the identity for a conversation, with the names of the others who take part in it.

        Where the person has not written, nothing is found by names alone, and nobody's are read.
        """
        others = set[str]()
        if conversation in who.known:
            for text in await self._read.entries(self._read.name_of(self._keys.history(conversation))):
                with suppress(Unreadable):
                    others |= names_of_others(load_turn(text), who)
        return who.within(conversation, others)

    async def _summaries(self, tag: int, texts: Sequence[str]) -> list[str]:
        """Return the summaries of a history, and what somebody wrote in place of the latest one."""
        found = []
        for text in texts:
            with suppress(Unreadable):
                preface = load_turn(text).preface
                found += [preface.summary] if preface is not None else []
        with translated():
            corrected = await self._redis.hget(self._keys.meta(tag), "corrected")
        return [*found, str(corrected or "")]

    async def meta(self, tag: int, who: Identity) -> Examined:
        with translated():
            starter = await self._redis.hget(self._keys.meta(tag), "starter")
        return Examined(tag, kept_starts=(tag,) if str(starter) == str(who.person) else ())

    async def records(self, tag: int, names: Sequence[str], history: Examined, who: Identity) -> Examined:
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
                        own_words = [each for each in _quoted_in(said) if who.wrote(each)]
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

    async def contents(self, tag: int, own: frozenset[int], told: frozenset[int], who: Identity) -> Examined:
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


def _quoted_in(message: Message) -> list[Quoted]:
    quoted = [said for quote in message.quotes for said in quote.messages]
    said = None if message.reference is None else message.reference.said
    return quoted if said is None else [*quoted, said]


def _quoted_files(message: int, quoted: Sequence[Quoted], who: Identity) -> set[str]:
    """Return the fields of the contents of the person's files that a message of somebody else quotes.

    The files of a forward belong to the forwarding message, others to the message that is quoted.
    """
    own = [said for said in quoted if who.wrote(said)]
    return {
        f"{holder}:{file.id}" for said in own for file in said.attachments for holder in (message, said.id)
    }


def _turn_id(text: str) -> int:
    try:
        return load_turn(text).id
    except Unreadable:
        return 0
