"""The buttons of older replies, taken off where a newer reply stands: they act on the last turn alone."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.conversation.errors import (
    DiscordError,
    DiscordGone,
    DiscordRejected,
    DiscordTooOld,
    StoreUnavailable,
)
from bot.render.controls import NONE
from bot.render.outbox import Change
from bot.render.pace import Kind
from bot.turns.means import Means

log = structlog.get_logger()


async def undress(conversation: int, messages: Sequence[int], means: Means) -> None:
    """Take the buttons off some messages; what fails is left for the next turn.

    It needs no lease: the text is not touched, and no button ever comes back to a message that is not the last reply.
    """
    bare: list[int] = []
    try:
        for message in messages:
            # Of the lowest priority: it waits for room in the channel, and for nobody who waits for text.
            async with means.pace.waited(conversation, Kind.EDIT):
                if message not in await means.journal.dressed(conversation):
                    continue  # meanwhile done, or it is a message of the last reply again
                try:
                    await means.outbox.edit(conversation, message, Change(controls=NONE))
                except (DiscordGone, DiscordRejected):
                    log.debug("buttons_gone", conversation=conversation, message=message)
                except DiscordTooOld:
                    break  # what a press of them does is to take them off, too
            bare.append(message)
        await means.journal.undressed(conversation, bare)
    except (DiscordError, StoreUnavailable) as error:
        log.info("buttons_left", conversation=conversation, kind=type(error).__name__)
