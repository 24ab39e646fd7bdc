"""Revisions of a turn: its reply is regenerated, continued, stopped, or withdrawn.

The protocol; from the claim on, a revision takes the same steps as a first answer:

- *Regenerate or continue* (Regenerate, Continue, an edit of a message of the last turn): one script takes the last
  turn from `done` back to `posted`, sets its messages pending again, keeps the ids of its reply and counts the
  regeneration. The claiming worker finds the reply on Discord and never takes it for the answer, however finished it
  looks: only the journal knows which regeneration wrote it. The messages are edited; surplus messages are deleted at
  the end. The commit replaces the history entry in place; until then the earlier answer stays. Nonces contain the
  regeneration, because the nonces of deleted messages bring nothing back. After a crash before the commit the next
  worker repeats the regeneration; after the commit it shows the new text. A regeneration without any text (Claude is
  unavailable, or the turn was stopped) shows the earlier answer again.
- *Stop*: a flag of the turn, which the lease's holder reads with each renewal, at once after a wakeup. The stream is
  interrupted and concluded as if it had ended there. If the holder is gone, its successor makes no request: the text
  that Discord shows is the reply. A turn that waits until Discord can show its answer ends at once.
- *An edit or a deletion before the commit*: one script changes the message and fences the holder off; the next worker
  takes the turn up as after a crash. If all its messages are deleted, its reply is withdrawn.
- *A refusal* (the thread is locked, a permission is missing): the text that Discord shows is committed, unless a
  longer text is committed already, and the turn ends as `done` and `halted`. So the turn is the last one and can be
  regenerated. It is reconciled after a while, when its thread is unlocked, and when the next reply could be shown:
  this shows the missing text, or a notice that the reply is partial.
"""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import reply_wording
from bot.conversation.errors import DiscordRejected
from bot.conversation.request import Usage
from bot.conversation.turn import Turn
from bot.render.plan import Posted
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.turns.conclusion import Conclusion
from bot.turns.generated import Generated
from bot.turns.services import TurnServices
from bot.turns.shown_reply import delete_for_repost, find_shown, too_old


async def take_up(claim: Claim, services: TurnServices) -> tuple[tuple[Posted, ...], bool]:
    """Find the messages of the earlier answer and journal those that still exist.

    Returns them, and whether another reply was posted after them.
    """
    try:
        parts, followed = await find_shown(claim, services)
    except DiscordRejected:  # a server without this listing: the ids in the journal must suffice
        return tuple(Posted(message, "") for message in claim.attempt.replies.values()), False
    if too_old(parts, services):
        return await delete_for_repost(claim, parts, services), False
    await services.journal.adopt(claim, claim.batch.members, [part.message_id for part in parts])
    return parts, followed


def not_worse(claim: Claim, generated: Generated) -> Generated:
    """Return the outcome of a regeneration, or the earlier answer if the regeneration has no answer.

    A refusal replaces the earlier answer if the messages were edited, because a refused message must not be sent
    again; messages that were answered before are accepted.
    """
    earlier, conclusion, now = claim.earlier.entry, generated.conclusion, generated.turn
    if earlier is None or not earlier.reply or conclusion.outcome == "answered":
        return generated
    if conclusion.outcome == "refused" and now.question != earlier.question:
        return generated
    earlier = replace(
        earlier.asked(now.question),
        user_tokens=now.user_tokens,
        members=now.members,
        authors=now.authors,
        provenance=now.provenance,
        window_start=now.window_start,
        preface=now.preface,
        side_usage=now.side_usage,
        cost=now.cost,
        consulted=(*earlier.consulted, *now.consulted),
    )
    turn, result = keep_earlier(claim, earlier, (*conclusion.notices, reply_wording.EARLIER_STANDS))
    if not earlier.was_continued:
        # The prompt was read as for the earlier answer; the output of this request is not sent again.
        read = replace(now.usage, output=0, thinking=0)
        turn = replace(turn, usage=read, prefix_key=now.prefix_key, asked_ms=now.asked_ms)
    conclusion = Conclusion("answered", result.reply, result.notices, open_end=result.open_end)
    return Generated(turn, conclusion, generated.window_start)


def keep_earlier(claim: Claim, earlier: Turn, notices: tuple[str, ...]) -> tuple[Turn, Result]:
    """Return the earlier answer as the outcome of a regeneration without an answer."""
    turn = replace(earlier, id=claim.turn_id, outcome="answered", usage=Usage(), prefix_key="")
    return turn, Result(earlier.reply, notices, earlier.open_end)
