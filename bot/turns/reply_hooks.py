"""What a writer asks the turn that it writes for, and what the turn knows of its reply."""

from __future__ import annotations

from collections.abc import Callable

from bot.conversation.errors import DiscordNotNow
from bot.render.plan import Posted
from bot.store.claim import Claim
from bot.turns.delay_notice import DelayNotice
from bot.turns.nonce import nonce
from bot.turns.persist import persist
from bot.turns.services import TurnServices
from bot.turns.thread_opening import ThreadOpening
from bot.turns.turn_timeline import TurnTimeline


class ReplyHooks:
    """The hooks of all writers of one reply, which answers the `claim`; `found` are messages of earlier attempts.

    It knows no writer, so that a turn that has ended leaves no cycle of references: such a cycle would keep the
    turn, and the history that it has read, until the next collection. `series` is the suffix of the nonces.
    """

    def __init__(
        self,
        claim: Claim,
        services: TurnServices,
        may_write: Callable[[], bool],
        found: tuple[Posted, ...],
        *,
        series: str,
    ) -> None:
        self.claim = claim
        self.found = found
        self.series = series
        self.opening = ThreadOpening(services.outbox, claim, services.pace, may_write)
        self.delay_notice = DelayNotice(claim, services, may_write)
        self.timeline = TurnTimeline(claim.attempt)
        self._may_write = may_write
        self._journal = services.journal
        self._clock = services.clock

    def nonce(self, part: int) -> str:
        """Return the nonce of a part."""
        return nonce(self.claim, part, self.series)

    def may_write(self) -> bool:
        """Whether the lease allows calls to Discord."""
        return self._may_write()

    async def open(self) -> None:
        """Wait until the channel exists."""
        if not self.found:
            await self.opening.wait()

    async def before_send(self, part: int, _content: str) -> None:
        """Journal the intent to post a part."""
        await self._journal.intend(self.claim, part, self._clock.now_ms())

    async def after_send(self, part: int, message_id: int) -> None:
        """Journal the id of a posted part."""
        timeline = self.timeline.value
        await persist(lambda: self._journal.posted(self.claim, part, message_id, timeline))

    async def delayed(self, refused: DiscordNotNow) -> None:
        """Tell people that the reply comes later."""
        await self.delay_notice.post(refused)
