"""History entries read back from Discord, for replies whose text only Discord has: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation import elements, reply_wording, status_wording, wording
from bot.conversation.provenance import Provenance
from bot.conversation.request import Usage
from bot.conversation.tokens import PRIOR, estimate
from bot.conversation.turn import Turn, exchange
from bot.conversation.visible import is_blank
from bot.render.mark import unmarked
from bot.render.plan import Posted
from bot.render.rejoin import rejoin
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.turns.revise import keep_earlier


def finished_entry(claim: Claim, parts: Sequence[Posted], model: str) -> tuple[Turn, Result]:
    """Return what to commit for a reply that an earlier attempt has finished."""
    text = rejoin([part.content for part in parts])
    if text.startswith(wording.SMALL):  # the notices are the answer
        result = Result("", tuple(line.removeprefix(wording.SMALL) for line in text.splitlines()))
    else:
        result = Result(text, as_shown=any(part.files for part in parts))
    return _entry(claim, result.reply, model), result


def partial_entry(
    claim: Claim,
    parts: Sequence[Posted],
    model: str,
    notices: tuple[str, str] = (reply_wording.STOPPED, reply_wording.STOPPED_EARLY),
) -> tuple[Turn, Result]:
    """Return what to commit for a turn that ends with the part of its reply that Discord shows.

    The first of the `notices` is shown below that text, the second in place of it if there is none. A regeneration
    keeps the earlier answer: the messages do not tell the text of the new answer from that of the earlier one.
    """
    earlier = claim.earlier.entry
    if earlier is not None and earlier.reply:
        return keep_earlier(claim, earlier, (reply_wording.STOPPED, reply_wording.EARLIER_STANDS))
    shown = [part.content for part in parts if part.content]
    text = (
        "" if all(status_wording.is_status(unmarked(content)) for content in shown) else rejoin(shown).strip()
    )
    if is_blank(text) or text.startswith(wording.SMALL):
        text = ""  # a notice why there was no answer, which Claude did not write
    result = Result(
        text, (notices[0] if text else notices[1],), as_shown=bool(text) and any(part.files for part in parts)
    )
    turn = _entry(claim, text, model)
    if earlier is not None:
        turn = replace(turn, preface=earlier.preface, side_usage=earlier.side_usage, cost=earlier.cost)
    return turn, result


def _entry(claim: Claim, text: str, model: str) -> Turn:
    question = elements.question(claim.batch.messages)
    return Turn(
        id=claim.turn_id,
        sent=exchange(question, text),
        outcome="answered" if text else "failed",
        model=model,
        user_tokens=PRIOR.blocks(question.blocks),
        reply_tokens=estimate(text),
        usage=Usage(),
        window_start=claim.meta.window_start,
        prefix_key="",
        members=tuple(message.id for message in claim.batch.messages),
        authors=tuple(message.asker or 0 for message in claim.batch.messages),
        provenance=tuple(map(Provenance.of, claim.batch.messages)),
    )
