"""Which attachments of a turn are read, and where Discord has them: pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.message import Attachment
from bot.store.claim import Claim
from bot.turns.prepare import Prepared


@dataclass(frozen=True, slots=True)
class WantedFile:
    """An attachment to read; `channel` and `message` are where Discord names its fresh URL."""

    channel: int
    message: int
    attachment: Attachment


def wanted_files(claim: Claim, prepared: Prepared) -> tuple[WantedFile, ...]:
    """Return the attachments to read, each once; attachments of quotes come last.

    An attachment with a remark is not read: the remark says why.
    """
    own, quoted = _attachments(claim, prepared)
    wanted: dict[int, WantedFile] = {}
    for each in (*own, *quoted):
        if not each.attachment.remark:
            wanted.setdefault(each.attachment.id, each)
    return tuple(wanted.values())


def _attachments(claim: Claim, prepared: Prepared) -> tuple[list[WantedFile], list[WantedFile]]:
    """Return the attachments of the messages, and the attachments of their quotes."""
    own: list[WantedFile] = []
    quoted: list[WantedFile] = []
    for message in prepared.messages:
        # The message that opens a thread stands in the channel.
        opened_in = claim.meta.parent if message.opens is not None else None
        channel = opened_in or claim.conversation
        own += [WantedFile(channel, message.id, each) for each in message.attachments]
        for quote in message.quotes:
            for said in quote.messages:
                # A forward is a copy: its files belong to the forwarding message.
                holder = message.id if quote.kind == "forward" else said.id
                where = channel if quote.kind == "forward" else quote.channel
                quoted += [WantedFile(where, holder, each) for each in said.attachments]
    return own, quoted
