"""The messages that wait beside a running turn: those that join it, and those that are held back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.message import Message
from bot.store.claim import Claim
from bot.store.codec import pairs
from bot.store.connection import translated
from bot.store.keys import padded
from bot.store.leases import MESSAGES_PER_TURN
from bot.store.posted_messages import PostedMessages, joined_ids
from bot.store.records import read_messages
from bot.store.scripts.turn import Join, Writes


class WaitingMessages(PostedMessages):
    """Lets waiting messages join the turn, and has others wait."""

    async def join(self, claim: Claim) -> tuple[tuple[int, ...], tuple[Message, ...]] | None:
        """Let the messages that wait by now join the turn; None once a part of the reply was journalled.

        Returns the ids of the turn's messages, and those messages that are not deleted.
        """
        keys, conversation = self._keys, claim.conversation
        answer = await self._scripts.run(
            Join(
                lease=keys.lease(conversation),
                record=keys.record(conversation, claim.turn_id),
                pending=keys.pending(conversation),
                token=claim.token,
                turn=padded(claim.turn_id),
                records=keys.record_prefix(conversation),
                max_messages=MESSAGES_PER_TURN,
            )
        )
        if answer[0] == "OK":
            return tuple(int(member) for member in pairs(answer[1])), read_messages(answer[1])
        return None

    async def waiting(self, claim: Claim) -> list[int]:
        """Return the messages that wait in the conversation besides those of the turn, also those held back."""
        with translated():
            found = await self._redis.zrange(self._keys.pending(claim.conversation), 0, -1)
        return [message for each in found if (message := int(str(each))) not in claim.batch.members]

    async def has_more(self, claim: Claim) -> bool:
        """Say whether messages wait besides those of the turn, and besides those that are held back."""
        keys, conversation = self._keys, claim.conversation
        if not (left := await self.waiting(claim)):
            return False
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for message in left:
                pipe.hmget(keys.record(conversation, message), "waits", "members")
            pipe.time()
            *found, (seconds, _) = await pipe.execute()
        held = {
            int(member)
            for waits, members in found
            if int(waits or 0) > seconds * 1000
            for member in str(members or "").split()
        }
        return any(message not in held for message in left)

    async def hold_back(
        self, claim: Claim, for_s: float, members: Sequence[int], *, joins: bool = False
    ) -> None:
        """Have `members` of a turn wait of which nothing is visible; the others are answered without them.

        With `joins` the members are answered together with the next message, if there is one before that time.
        """
        with translated():
            seconds, microseconds = await self._redis.time()
        until_ms = round((seconds + for_s) * 1000 + microseconds / 1000)
        fields: dict[str, str | int] = {
            "members": joined_ids(members),
            "waits": until_ms,
            "joins": int(joins),
        }
        await self._step("hold_back", claim, writes=Writes(assign=fields))
