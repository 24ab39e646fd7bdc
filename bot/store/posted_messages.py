"""What the journal holds of the messages on Discord that show a turn: the parts of the reply, and the notices."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.timeline import Timeline
from bot.store.claim import Claim, UnreadableConversation
from bot.store.codec import dump_timeline
from bot.store.keys import padded
from bot.store.reconciliation import Reconciliation
from bot.store.scripts.turn import Writes


class PostedMessages(Reconciliation):
    """Journals the messages of a turn, each before the bot goes on."""

    async def adopt(self, claim: Claim, members: Sequence[int], parts: Sequence[int]) -> None:
        """Journal the parts of a reply found on Discord; only `members` stay in the turn, the other messages wait."""
        await self._step(
            "adopt",
            claim,
            writes=Writes(
                on_change={"members": joined_ids(members)},
                assign={f"reply:{part}": message for part, message in enumerate(parts)},
                delete_from=("reply:", len(parts)),
            ),
        )

    async def intend(self, claim: Claim, part: int, now_ms: int) -> None:
        """Journal that a part of the reply is about to be posted.

        Fenced if the store has lost joins by a rollback, as in `commit`: the reply would point to a message that is
        answered once more.
        """
        members = {"members": joined_ids(claim.batch.members)}
        await self._step("intend", claim, writes=Writes(init={f"intent:{part}": now_ms}, expected=members))

    async def posted(self, claim: Claim, part: int, message: int, timeline: Timeline = ()) -> None:
        """Journal the id of a part of the reply, and the turn's timeline until then."""
        known = {"timeline": dump_timeline(timeline)} if timeline else {}
        await self._step("posted", claim, writes=Writes(assign={f"reply:{part}": message, **known}))

    async def set_notice(self, claim: Claim, message: int | None) -> None:
        """Journal the id of the notice under the reply, None if there is no notice any more."""
        notice = "" if message is None else f"{claim.attempt.regeneration}:{message}"
        await self._step("set_notice", claim, writes=Writes(assign={"notice": notice}))

    async def set_delay_notice(self, claim: Claim, channel: int, message: int) -> None:
        """Journal the message that tells people that the answer comes later."""
        await self._step("set_delay_notice", claim, writes=Writes(assign={"sign": f"{channel}:{message}"}))

    async def set_unreadable_notice(self, claim: UnreadableConversation) -> None:
        """Journal that the thread has the notice about an unreadable conversation; needs no lease."""
        await self._step("set_unreadable_notice", claim, writes=Writes(assign={"told": "1"}))


def joined_ids(messages: Sequence[int]) -> str:
    return " ".join(map(padded, messages))


def joined_parts(parts: Sequence[int]) -> str:
    return " ".join(map(str, parts))
