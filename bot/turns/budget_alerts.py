"""Tells the admins, and the operator, that a limit is nearly or wholly used up."""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial

import structlog

from bot.conversation import budget_wording, wording
from bot.conversation.budget import Limit, Subject, Use, share_reached
from bot.conversation.compose import Terms
from bot.conversation.errors import DiscordError, DiscordNotNow, DiscordUnavailable, StoreUnavailable
from bot.render.outbox import Outbox, Outgoing
from bot.store.budgets import Budgets
from bot.store.claim import Claim

log = structlog.get_logger()

TOLD = (Subject.SERVER, Subject.CHANNEL, Subject.ROLE)
"""The limits that the server's channel is told of. What a person has used up is that person's own affair."""


MOST_FAILED = 1000
"""The notices that are remembered because they could not be posted: each is tried once for each channel."""


class BudgetAlerts:
    """Posts each share of each limit once per window: the nonce repeats until the store has noted the share."""

    def __init__(self, outbox: Outbox, budgets: Budgets) -> None:
        self._outbox = outbox
        self._budgets = budgets
        self._telling: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._failed: set[tuple[str, int, int | None]] = set()

    def observe(self, claim: Claim, terms: Terms, limits: tuple[Limit, ...], uses: tuple[Use, ...]) -> None:
        """Tell in the background of the limits of which a share was reached that was not told of yet."""
        channel = terms.budget.notify if claim.meta.guild is not None else None
        subjects = (Subject.BOT, *(TOLD if channel is not None else ()))
        for limit, use in zip(limits, uses, strict=True):
            share = share_reached(limit, use)
            key = limit.counter, share
            if (
                share > use.told
                and limit.rule.subject in subjects
                and (*key, channel) not in self._failed
                and key not in self._telling
            ):
                task = asyncio.create_task(self._tell(channel, limit, share, use), name="budget-alert")
                self._telling[key] = task
                task.add_done_callback(partial(self._ended, key))

    def _ended(self, key: tuple[str, int], _task: asyncio.Task[None]) -> None:
        del self._telling[key]

    async def _tell(self, channel: int | None, limit: Limit, share: int, use: Use) -> None:
        if limit.rule.subject is Subject.BOT:
            log.warning("budget_share_reached", percent=share, limit=str(limit.amount), hint="see [budgets]")
        elif channel is not None:
            text = budget_wording.share_told(limit, share, use.settled)
            nonce = hashlib.sha256(f"{limit.counter} {share}".encode()).hexdigest()[:25]
            try:
                await self._outbox.send(channel, Outgoing(wording.small(text), nonce=nonce, silent=True))
            except (DiscordNotNow, DiscordUnavailable) as error:
                # The next request tries again.
                log.info("budget_alert_delayed", channel=channel, kind=type(error).__name__)
                return
            except DiscordError as error:
                log.warning(
                    "budget_alert_failed",
                    channel=channel,
                    kind=type(error).__name__,
                    hint="give the bot the permission to write there, or choose another channel: /budget notify",
                )
                if len(self._failed) >= MOST_FAILED:
                    self._failed.clear()
                self._failed.add((limit.counter, share, channel))
                return
        try:
            await self._budgets.tell_share(limit, share)
        except StoreUnavailable as error:
            log.debug("budget_share_not_noted", detail=str(error))
