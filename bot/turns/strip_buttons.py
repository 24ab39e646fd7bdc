"""The buttons of older replies, taken off where a newer reply stands: they act on the last turn alone."""

from __future__ import annotations

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
from bot.turns.services import TurnServices

log = structlog.get_logger()


async def undress(conversation: int, means: TurnServices) -> None:
    """Take the buttons off all replies but the last, the newest first; what fails is left for the next turn.

    It needs no lease: the text is not touched, and no button ever comes back to a message that is not the last reply.
    """
    try:
        while stale := await means.journal.stale_buttons(conversation):
            message = max(stale)
            async with means.pace.waited(conversation, Kind.CHORE):
                if message in await means.journal.stale_buttons(
                    conversation
                ):  # else it is of the last reply again
                    await _strip(conversation, message, means)
            await means.journal.buttons_removed(conversation, [message])
    except DiscordTooOld:
        log.debug("buttons_too_old", conversation=conversation)  # a press of them takes them off, too
    except (DiscordError, StoreUnavailable) as error:
        log.info("buttons_left", conversation=conversation, kind=type(error).__name__)


async def _strip(conversation: int, message: int, means: TurnServices) -> None:
    try:
        await means.outbox.edit(conversation, message, Change(controls=NONE))
    except (DiscordGone, DiscordRejected):
        log.debug("buttons_gone", conversation=conversation, message=message)
