"""Removal of the buttons of the reply before the last one."""

from __future__ import annotations

import structlog

from bot.conversation.errors import DiscordError
from bot.render.controls import NONE
from bot.render.outbox import Change
from bot.render.pace import Kind
from bot.turns.services import TurnServices

log = structlog.get_logger()


async def strip_buttons(conversation: int, message: int, services: TurnServices) -> None:
    """Remove a message's buttons once the pace has room; needs no lease, since the text is not touched.

    A failure is not repeated: a press on a stale button is answered and removes the buttons.
    """
    try:
        async with services.pace.waited(conversation, Kind.CHORE):
            await services.outbox.edit(conversation, message, Change(controls=NONE))
    except DiscordError as error:
        log.info("strip_buttons_failed", conversation=conversation, kind=type(error).__name__)
