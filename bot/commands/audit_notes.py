"""Writes acts that change no setting to the audit log; changes of settings are logged by the store."""

from __future__ import annotations

import structlog

from bot.commands.invocation import Invocation
from bot.conversation.audit import Act
from bot.conversation.errors import StoreUnavailable
from bot.conversation.scope import Scope
from bot.retry import Schedule, retry
from bot.store.audit_log import AuditLog

log = structlog.get_logger()

NOTE = Schedule(0.3, factor=2, longest_s=5.0, within_s=60.0)
"""Lasts over a failover of the store; the person waits for the answer meanwhile."""


async def note(
    audit_log: AuditLog,
    invocation: Invocation,
    act: Act,
    *,
    before: str = "",
    after: str = "",
    server: bool = False,
) -> None:
    """Log an act for the conversation, or for the server with `server` or outside of a conversation.

    The act is done by now, so a failure is only logged. A repeated call adds no second entry.
    """
    conversation, actor = None if server else invocation.conversation, invocation.actor
    scope = Scope.SERVER if conversation is None else Scope.THREAD

    async def noted() -> None:
        await audit_log.note(actor, scope, conversation or actor.home, act.value, before=before, after=after)

    try:
        await retry(noted, NOTE, on=StoreUnavailable)
    except StoreUnavailable as error:
        log.warning("act_not_noted", act=act.value, interaction=actor.interaction, detail=str(error))
