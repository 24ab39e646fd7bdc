"""What must hold once everything has come to rest, whatever happened before: read from Discord, Redis and Claude.

Each user message has exactly one reply, whose text equals its single entry in the history, which was counted once;
what Claude was sent is valid and alternates; no reply is marked as unfinished; nothing waits; and nothing but what is
meant to stays for ever in Redis. Every file that was posted stands in the history, every file that the history names
exists, and a turn that is asked for again is asked for with the same bytes.
"""

from __future__ import annotations

import asyncio
import fnmatch
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from bot.conversation import approval_card
from bot.conversation.content import FileSource
from bot.conversation.reminder import MARK
from bot.local.simulator.claude.record import Call
from bot.local.simulator.discord import Discord
from bot.render.controls import Button
from bot.render.mark import is_marked
from bot.store.approvals import Approvals
from bot.store.codec import load_turn
from bot.store.contracts import CONTRACTS
from bot.store.keys import USAGE_PLACE, Keys
from bot.store.usage import read_counts
from tests.engine.comparison import (
    ATTACHMENT,
    ORDINARY_TYPES,
    Said,
    difference,
    replies_of,
    short,
    told_twice,
    wrong_requests,
)
from tests.engine.resent import other_bytes
from tests.engine.uploads import Workspace
from tests.patience import Patience

LOOK_S = 0.1
ON_A_CARD = f"bobbin:{Button.ALLOW.value}:"
"""How the custom id of a button of a card begins."""

KEYS_AT_ONCE = 5000


@dataclass(slots=True)
class Scene:
    """Where to look: one bot's view of a Discord, its keys in a Redis, and what was asked of Claude for it."""

    discord: Discord
    bot_user: int
    redis: Redis  # with decoded answers
    prefix: str
    said: list[Said] = field(default_factory=list)
    # An event that never comes is made good by a listing, by which time later messages may have been answered.
    in_order: bool = True
    workspace: Workspace | None = None
    # A person has changed a message, so that its turn is not asked for again as it was.
    edited: bool = False
    # The store has gone back, and files were passed on of which it knows no more.
    forgotten: bool = False
    # Every file is delivered and uploaded; else a line may say that it was not.
    delivered: bool = True
    # Each card says what became of its call. A store that goes back, and a change that lands late, tell nobody.
    cards_follow: bool = False

    async def breaches(self, asked: Collection[Call]) -> list[str]:
        """Everything that does not hold at this moment."""
        found = [*wrong_requests(asked), *told_twice(asked, self.said)]
        if not (self.edited or self.forgotten):
            found += other_bytes(asked, [said.words for said in self.said])
        places: dict[int, list[Said]] = defaultdict(list)
        for said in self.said:
            places[said.place].append(said)
        named: set[str] = set()
        for place, messages in places.items():
            found += await self._place(place, messages, named)
        if self.workspace is not None:
            found += self.workspace.breaches(named, forgotten=self.forgotten)
        return found + await self._store(tuple(places))

    async def come_to_rest(self, asked: Collection[Call], patience: Patience, *, still_s: float) -> list[str]:
        """Wait until all holds, and still does after so long, with nothing changed; return what does not."""
        while True:
            while await self._is_at_work() and not patience.is_over:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(LOOK_S)
            before, began_s = self._shown(), time.monotonic()
            if not (found := await self.breaches(asked)):
                await asyncio.sleep(still_s)
                found = await self.breaches(asked)
                if not found and (after := self._shown()) != before:
                    found = [f"what is shown goes on changing: {difference(before, after)}"]
            if not found or patience.is_over:
                return found
            # Else the looks of all worlds of an arena keep this process busy, and the patience never ends.
            await asyncio.sleep(max(LOOK_S, 20 * (time.monotonic() - began_s)))

    async def _is_at_work(self) -> bool:
        """Whether something waits, which is a breach as well: one look at it costs little, a look at all a lot."""
        keys = Keys(self.prefix)
        pipe = self.redis.pipeline(transaction=False)
        pipe.zcard(keys.work)
        for place in {said.place for said in self.said}:
            pipe.zcard(keys.pending(place))
            pipe.zcard(keys.reconcile(place))
        return any(await pipe.execute())

    def _shown(self) -> dict[int, str]:
        return {
            int(message["id"]): message["content"]
            for place in {said.place for said in self.said}
            for message in self._by_bot(place)
        }

    def _by_bot(self, place: int) -> list[dict[str, Any]]:
        """The bot's messages besides reminders, which are no replies."""
        if place not in self.discord.world.channels:
            return []
        return [
            message
            for message in self.discord.messages(place)
            if message["author"]["id"] == str(self.bot_user)
            and message["type"] in ORDINARY_TYPES
            and not message["content"].startswith(f"{MARK} ")
        ]

    async def _place(self, place: int, messages: list[Said], named: set[str]) -> list[str]:
        """Look at one conversation, and add the ids of the files that its window names to those `named`."""
        keys = Keys(self.prefix)
        found = [
            f"{place}: left unfinished: {message['id']} {short(message['content'])}"
            for message in self._by_bot(place)
            if is_marked(message["content"])
        ]
        entries = [load_turn(str(entry)) for entry in await self.redis.lrange(keys.history(place), 0, -1)]
        found += [
            f"{place}: {count} entries in the history for {turn_id}"
            for turn_id, count in Counter(entry.id for entry in entries).items()
            if count != 1
        ]
        if self.in_order and sorted(entry.id for entry in entries) != [entry.id for entry in entries]:
            found.append(f"{place}: the history is out of order")
        by_turn_id = {entry.id: entry for entry in entries}
        answered: dict[int, list[int]] = defaultdict(list)
        for said in sorted(messages, key=lambda each: each.message):
            record = await self.redis.hgetall(keys.record(place, said.message))
            turn_id = int(record.get("turn", 0))
            if record.get("state") != "done" or turn_id not in by_turn_id:
                found.append(
                    f"{place}: {said.message} ({said.words}) is {record.get('state')!s}, turn {turn_id}"
                )
            else:
                answered[turn_id].append(said.message)
            times = sum(entry.user.count(said.words) for entry in entries)
            if times != 1:
                found.append(f"{place}: {said.message} ({said.words}) is in the history {times} times")
            if turn_id in by_turn_id:
                shown = dict(ATTACHMENT.findall(by_turn_id[turn_id].user))
                found += [
                    f"{place}: {said.message} has {name}, which its turn does not show"
                    for name in said.files
                    if name not in shown or (self.delivered and shown[name] != "below")
                ]
        meta = await self.redis.hgetall(keys.meta(place))
        uploads = {str(text).partition(" ")[2] for text in await self.redis.hvals(keys.uploads(place))}
        window = entries[int(meta.get("cut", 0)) :]
        ids = {
            source.file_id for entry in window for source in entry.sources if isinstance(source, FileSource)
        }
        named |= ids
        found += [f"{place}: {file_id} is named and not held" for file_id in ids if file_id not in uploads]
        total, counted = int(meta.get("cost", 0)), sum(entry.cost or 0 for entry in entries)
        # An attempt that commits nothing costs as well, and has no entry; a regeneration has no entry of its own.
        records = self.redis.pipeline(transaction=False)
        for key in await self._names(f"{keys.record_prefix(place)}*"):
            records.hkeys(key)
        attempts = sum(str(field).startswith("spent:") for held in await records.execute() for field in held)
        exact = attempts == len(entries) and all(entry.cost is not None for entry in entries)
        if total < counted or (exact and total > counted):
            found.append(f"{place}: the conversation has cost {total}, its turns {counted}")
        used = 0
        for key in await self._names(f"{self.prefix}:{{{place}}}:use:*"):
            rows = (value for name, value in (await self.redis.hgetall(key)).items() if name != USAGE_PLACE)
            used += sum(read_counts(str(row)).micro_usd for row in rows)
        # A reset forgets what the conversation has cost, and not what the server has used.
        if used < total or (used > total and "floor" not in meta):
            found.append(f"{place}: the conversation has cost {total}, its usage {used}")
        if self.cards_follow:
            found += await self._cards(place)
        return found + replies_of(place, self._by_bot(place), by_turn_id, answered)

    async def _cards(self, place: int) -> list[str]:
        """Each card says what became of its call, and has buttons as long as that waits."""
        cards = {int(message["id"]): message for message in self._by_bot(place)}
        calls = await Approvals(self.redis, Keys(self.prefix)).of(place)
        found = [
            f"{place}: the card of a call that is {each.state} says {short(message['content'])}"
            for each in calls
            if (message := cards.get(each.card or 0)) is not None
            and (
                message["content"] != approval_card.card(each)
                or bool(message.get("components")) != (each.state == "waiting")
            )
        ]
        waiting = {each.card for each in calls if each.state == "waiting"}
        return found + [
            f"{place}: a card has buttons whose call does not wait: {short(message['content'])}"
            for card, message in cards.items()
            if card not in waiting and ON_A_CARD in str(message.get("components"))
        ]

    async def _store(self, places: Sequence[int]) -> list[str]:
        keys = Keys(self.prefix)
        found = []
        for place in places:
            if waiting := await self.redis.zrange(keys.pending(place), 0, -1):
                found.append(f"{place}: still pending: {waiting}")
            if settling := await self.redis.zrange(keys.reconcile(place), 0, -1):
                found.append(f"{place}: still to be settled: {settling}")
        if work := await self.redis.zrange(keys.work, 0, -1):
            found.append(f"still on the list of work: {work}")
        for_ever = [f"{self.prefix}:{contract.pattern}" for contract in CONTRACTS if not contract.expires]
        names = [
            name
            for name in await self._names(f"{self.prefix}:*")
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in for_ever)
        ]
        lives = self.redis.pipeline(transaction=False)
        for name in names:
            lives.ttl(name)
        return found + [
            f"never expires: {name}"
            for name, ttl_s in zip(names, await lives.execute(), strict=True)
            if ttl_s == -1
        ]

    async def _names(self, pattern: str) -> list[str]:
        """Return the keys that match; many at once, for the worlds of other cases have keys here as well."""
        return [str(key) async for key in self.redis.scan_iter(match=pattern, count=KEYS_AT_ONCE)]
