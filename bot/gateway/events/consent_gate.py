"""Asks people for their consent before anything of their messages is kept."""

from __future__ import annotations

import discord
import structlog

from bot.conversation import consent
from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.render.controls import Button, Controls
from bot.render.outbox import Outbox, Outgoing
from bot.store.consents import Consents

log = structlog.get_logger()


class ConsentGate:
    """Holds back the messages of people who have not agreed; `days` and `privacy_url` stand in the question."""

    def __init__(self, consents: Consents, outbox: Outbox, *, days: int, privacy_url: str | None) -> None:
        self._consents = consents
        self._outbox = outbox
        self._days = days
        self._privacy_url = privacy_url
        self._asking: set[tuple[int, int]] = set()

    async def holds_back(self, message: discord.Message, person: int | None) -> bool:
        """Whether a message is left alone until its author agrees; asks the author, once in each server.

        The author of a proxied message may be unknown: nobody has agreed then.
        """
        if person is None:
            return True
        if await self._consents.agreed_ms(person) is not None:
            return False
        await self._consents.wait(person, message.channel.id, message.id)
        if await self._consents.agreed_ms(person) is not None:  # just now, without this message
            await self._consents.answered(person, message.channel.id, message.id)
            return False
        await self._ask_once(message, person)
        return True

    async def admits_edits(self, person: int) -> bool:
        """Whether the edits of a person are applied; an edit waits for the store by itself."""
        try:
            return await self._consents.agreed_ms(person) is not None
        except StoreUnavailable:
            return True

    async def _ask_once(self, message: discord.Message, person: int) -> None:
        """Ask a person below a message, unless they were asked in its server or are being asked there."""
        home = message.channel.id if message.guild is None else message.guild.id
        if (person, home) in self._asking:
            return
        self._asking.add((person, home))
        try:
            # Noted only once the question stands there: nobody would ask again after a failure or a crash. The nonce
            # makes one question of what several instances ask below the same message.
            if not await self._consents.was_asked(person, home) and await self._ask(message):
                await self._consents.note_asked(person, home)
        finally:
            self._asking.discard((person, home))

    async def _ask(self, message: discord.Message) -> bool:
        """Post the question; False if Discord did not take it."""
        is_direct = message.guild is None
        text = consent.question(self._days, self._privacy_url) if is_direct else consent.LINE
        button = Button.AGREE if is_direct else Button.CONSENT
        asked = Outgoing(
            text,
            nonce=f"{message.id}-c",
            reply_to=message.id,
            silent=True,
            controls=Controls(message.id, (button,)),
        )
        try:
            await self._outbox.send(message.channel.id, asked)
        except DiscordError as error:
            log.warning("notice_failed", message=message.id, kind=type(error).__name__)
            return False
        return True
