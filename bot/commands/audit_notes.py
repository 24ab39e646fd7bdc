"""Notes in the audit log of what people do by commands that change no setting."""

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
"""Over a failover of the store; the person who has acted waits for the answer meanwhile."""


async def note(
    audit_log: AuditLog,
    invocation: Invocation,
    act: Act,
    *,
    before: str = "",
    after: str = "",
    server: bool = False,
) -> None:
    """Note an act in a conversation; one that concerns the `server`, or outside of a conversation, as the server's.

    The act is done by now: a failure here must not be reported as a failure of the act. A repeated note counts once.
    """
    conversation, actor = None if server else invocation.conversation, invocation.actor
    scope = Scope.SERVER if conversation is None else Scope.THREAD

    async def noted() -> None:
        await audit_log.note(actor, scope, conversation or actor.home, act.value, before=before, after=after)

    try:
        await retry(noted, NOTE, on=StoreUnavailable)
    except StoreUnavailable as error:
        log.warning("act_not_noted", act=act.value, interaction=actor.interaction, detail=str(error))
