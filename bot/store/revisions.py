"""Edits and deletions of messages, wherever the messages are by now: in the inbox, in a turn, in the history.

Each is a script that changes the store by itself, whichever worker has the conversation's lease; the worker learns of
the change by its lease. A repeated edit has no further effect, for every instance of the bot hears of an edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.history_files import HistoryFile, files_of, without_file
from bot.conversation.message import Message, created_ms
from bot.conversation.provenance import known_mentions
from bot.store.approvals import Approvals
from bot.store.codec import dump_message, load_message
from bot.store.connection import translated
from bot.store.file_store import FileStore
from bot.store.file_sweeps import FileSweeps
from bot.store.history import TRIES, History
from bot.store.key_lifetimes import DONE_RECORD_S, TOMBSTONE_S
from bot.store.keys import Keys, padded
from bot.store.records import branches_in
from bot.store.scripts import Scripts
from bot.store.scripts.revision import Hold, Resume, Revise
from bot.store.scripts.turn import TurnStep
from bot.store.stale_summaries import StaleSummaries
from bot.store.turn_control import Edited, RegenerateResult, TurnControl
from bot.store.work_queue import WorkQueue

FIRST_PAUSE_MS = 4_000
LONGEST_PAUSE_MS = 60_000
PAUSE_RESET_MS = 600_000
"""The first edit of an answered turn is answered at once, the next one 4 s after that at the earliest, and so on: a
person who corrects a slip hardly waits, and 15 edits in 15 s cost four answers instead of 15."""


class Change(StrEnum):
    """Where an edit or a deletion was noted."""

    UNKNOWN = "UNKNOWN"
    SAME = "SAME"  # nothing to change
    LATER = "LATER"  # an edit while the turn is just being finished: try again in a moment
    WAITING = "WAITING"  # in the inbox
    ANSWERING = "ANSWERING"  # in the running turn, which begins again
    LAST = "LAST"  # in the last turn, which is answered again
    OLD = "OLD"  # in the history


class Revisions:
    """Notes edits and deletions; see the scripts for what each does to a turn in which state."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._queue = WorkQueue(redis, keys)
        self._history = History(redis, keys)
        self._sweeps = FileSweeps(redis, keys)
        self._approvals = Approvals(redis, keys)
        self._control = TurnControl(redis, keys, ttl_s=ttl_s)
        self._files = FileStore(redis, keys)
        self._summaries = StaleSummaries(redis, keys)

    async def edit(self, conversation: int, message: Message, *, edited_ms: int) -> Change:
        """Store what a message says by now."""
        message, payload = await self._edited(conversation, message)
        for _ in range(TRIES):
            change, turn = await self._revise(conversation, message.id, payload, edited_ms)
            if change in (Change.LAST, Change.ANSWERING):
                await self._hold(conversation, turn or 0, f"{message.id}-{edited_ms}")
            if change is not Change.LAST:
                break
            result = await self._control.regenerate(
                conversation,
                turn or 0,
                f"edit-{message.id}-{edited_ms}",
                edited=Edited(message.id, payload, edited_ms),
            )
            if result is RegenerateResult.OK:
                return change
            # Another edit was faster, and its regeneration is to have this text; or a new message has arrived.
            change = Change.OLD
        if change in (Change.OLD, Change.UNKNOWN) and await self._history.amend(
            conversation, message.id, message, edited_ms=edited_ms
        ):
            return Change.OLD  # the history lives longer than the records of its messages
        return Change.SAME if change is Change.OLD else change

    async def delete(self, conversation: int, message: int) -> Change:
        """Forget a message and its files."""
        change, _ = await self._delete(conversation, message)
        return change

    async def withdraw(self, conversation: int, message: int) -> Change:
        """Forget a message, and withdraw a reply to this message alone; LATER if its turn is just being finished.

        The last turn is taken up again: without messages its reply is withdrawn, with others they are answered again.
        """
        change, turn = await self._delete(conversation, message)
        # SAME with a turn: the message went while its reply was committed, and the reply is just being shown.
        if change not in (Change.OLD, Change.SAME) or turn is None:
            return change
        result = await self._control.regenerate(conversation, turn, f"withdraw-{message}", withdraws=True)
        return {RegenerateResult.OK: Change.LAST, RegenerateResult.BUSY: Change.LATER}.get(result, change)

    async def _delete(self, conversation: int, message: int) -> tuple[Change, int | None]:
        await self._delete_files(conversation, message)
        # The history lives longer than the records of its messages, and holds a turn that is answered again. Twice: a
        # worker that claims such a turn must read its remaining messages, and a commit in between is amended, too.
        amended = await self._delete_from_history(conversation, message)
        change, turn = await self._revise(conversation, message, "", 0)
        if change is not Change.WAITING:
            amended = await self._delete_from_history(conversation, message) or amended
        # Once more: a worker whose turn the deletion has ended may have stored a file until then.
        await self._delete_files(conversation, message)
        await self._approvals.look_soon(conversation)
        return (Change.OLD if amended and change in (Change.UNKNOWN, Change.SAME) else change), turn

    async def file(self, conversation: int, message: int, key: str) -> HistoryFile | None:
        """Return a file of the history by a message of its entry; None if the entry no longer holds the file."""
        entry = await self._history.entry(conversation, message)
        return None if entry is None else next((each for each in files_of(entry) if each.key == key), None)

    async def take_out(self, conversation: int, file: HistoryFile) -> int | None:
        """Take a file out of the history and out of later regenerations.

        Returns the index of the file's entry, None if the file is not there any more.
        """
        await self._files.take_out(conversation, file.block)
        running = (await self._control.status(conversation)).running
        latest = 0 if running is None else running.turn_id  # its request holds the file
        changed = await self._history.change(
            conversation,
            file.holder,
            lambda entry, newest: without_file(entry, file.key, max(newest, latest)),
        )
        return None if changed is None else changed[0]

    async def _delete_from_history(self, conversation: int, message: int) -> bool:
        try:
            index = await self._history.index(conversation, message)
            if index is not None:
                # First, because afterwards nothing tells which summaries may hold the message.
                await self._summaries.drop(conversation, index)
            return await self._history.amend(conversation, message, None)
        except Unreadable:
            return False  # another version wrote the entry; the record of the message goes all the same

    async def _delete_files(self, conversation: int, message: int) -> None:
        key = self._keys.files(conversation)
        with translated():
            fields = [str(field) for field in await self._redis.hkeys(key)]
        if own := [field for field in fields if field.startswith(f"{message}:")]:
            await self._sweeps.schedule(conversation)
            with translated():
                await self._redis.hdel(key, *own)

    async def amend(self, conversation: int, now: Message, *, edited_ms: int) -> bool:
        """Change what the history says of a message, and its record, and leave turns alone."""
        now, payload = await self._edited(conversation, now)
        change, _ = await self._revise(conversation, now.id, payload, edited_ms, amends=True)
        if change is Change.SAME:
            return False  # edited again, or deleted, meanwhile
        return await self._history.amend(conversation, now.id, now, edited_ms=edited_ms)

    async def resume(self, conversation: int) -> bool:
        """Have a reply completed that Discord refused to show whole; False if there is none."""
        keys = self._keys
        found = await self._scripts.run(
            Resume(
                meta=keys.meta(conversation),
                unreconciled=keys.reconcile(conversation),
                records=keys.record_prefix(conversation),
                done_s=DONE_RECORD_S,
            )
        )
        if found:
            await self._queue.add(conversation, created_ms(conversation))
        return bool(found)

    async def conversations_of(self, message: int, channel: int) -> tuple[int, ...]:
        """Return the conversations that a message of a channel may belong to; a thread's first is its own.

        The branches of a conversation may hold the message as well.
        """
        keys = self._keys
        conversations = tuple(dict.fromkeys((message, channel)))
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for each in conversations:
                pipe.exists(keys.record(each, message), keys.history(each))
            found = await pipe.execute()
        known = [each for each, exists in zip(conversations, found, strict=True) if exists]
        return tuple(dict.fromkeys([*known, *await self._branches_of(conversations)]))

    async def _branches_of(self, conversations: Sequence[int]) -> list[int]:
        """Return the branches of conversations, and theirs."""
        found: list[int] = []
        around = list(conversations)
        while around:
            with translated():
                pipe = self._redis.pipeline(transaction=False)
                for each in around:
                    pipe.hkeys(self._keys.meta(each))
                fields = await pipe.execute()
            noted = [branch for names in fields for branch in branches_in([str(name) for name in names])]
            around = [branch for branch in dict.fromkeys(noted) if branch not in found]
            found += around
        return found

    async def tombstone(self, message: int, channel: int) -> bool:
        """Have a deleted message never received, in any conversation of it; False if it was received just now."""
        keys = self._keys
        done = [
            await self._scripts.run(
                TurnStep.of(
                    "tombstone",
                    lease=keys.lease(each),
                    record=keys.record(each, message),
                    unreconciled=keys.reconcile(each),
                    turn=padded(message),
                    expire_s=TOMBSTONE_S,
                )
            )
            for each in dict.fromkeys((message, channel))
        ]
        return all(done)

    async def _edited(self, conversation: int, message: Message) -> tuple[Message, str]:
        """Return the stored message with the new text, and how it is stored.

        The author and the thread that the message opens stay, and so do earlier mentions: an embed may hold them.
        """
        with translated():
            stored = await self._redis.hget(self._keys.record(conversation, message.id), "payload")
        if not stored:
            return message, dump_message(message)
        before = load_message(str(stored))
        edited = replace(
            before,
            text=message.text,
            attachments=message.attachments,
            mentions=known_mentions(before.mentions, message.mentions),
        )
        # As it is stored, if it is the same, because the script compares; another version may have written it.
        return edited, str(stored) if edited == before else dump_message(edited)

    async def _hold(self, conversation: int, turn: int, edit: str) -> None:
        """Have the turn wait, before a worker can claim it; a crash in between costs an answer too many."""
        await self._scripts.run(
            Hold(
                record=self._keys.record(conversation, turn),
                edit=edit,
                first_ms=FIRST_PAUSE_MS,
                longest_ms=LONGEST_PAUSE_MS,
                reset_ms=PAUSE_RESET_MS,
            )
        )

    async def _revise(
        self, conversation: int, message: int, payload: str, edited_ms: int, *, amends: bool = False
    ) -> tuple[Change, int | None]:
        keys = self._keys
        await self._queue.add(conversation, created_ms(message))
        change, turn = await self._scripts.run(
            Revise(
                lease=keys.lease(conversation),
                pending=keys.pending(conversation),
                meta=keys.meta(conversation),
                records=keys.record_prefix(conversation),
                message=padded(message),
                payload=payload,
                edited_ms=edited_ms,
                done_s=DONE_RECORD_S,
                amends=amends,
            )
        )
        await self._queue.add(conversation, created_ms(message))
        return Change(str(change)), int(turn) if turn else None
