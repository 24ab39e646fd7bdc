"""The services that all turns share."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.conversation.budget import Limit
from bot.conversation.clock import Clock
from bot.conversation.consulted import Consulted
from bot.conversation.decision import Decision
from bot.conversation.request_cost import RequestCost
from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.render.style import Style
from bot.render.upload import Draw
from bot.store.claim import Claim
from bot.store.journal import Journal
from bot.store.person_limits import PersonLimits
from bot.store.person_turns import PersonTurns
from bot.turns.claim_terms import TermsOf
from bot.turns.made_files import Fetched
from bot.turns.policy import TurnPolicy
from bot.turns.prepare import Step
from bot.turns.reply_generator import ReplyGenerator


async def _schedule_nothing(_conversation: int) -> None:
    """Schedule no cleanup."""


async def _post_no_cards(_conversation: int, _turn: int) -> None:
    """Post no cards."""


async def _look_at_no_cards(_conversation: int) -> None:
    """Look at no cards."""


async def _nothing_consulted(_claim: Claim) -> tuple[Consulted, ...]:
    """Return nothing: there are no tools."""
    return ()


async def _nothing_left_out(_claim: Claim, *, is_told: bool) -> tuple[Consulted, ...]:  # noqa: ARG001
    """Leave nothing out."""
    return ()


async def _nothing_called(_claim: Claim) -> bool:
    """Return False: there are no tools."""
    return False


async def _note_nothing(_channel: int, _messages: Sequence[int], _decision: Decision) -> None:
    """Note no decision."""


async def _note_no_line(_claim: Claim, _limit: Limit) -> None:
    """Note nothing."""


async def _fetch_nothing(_ids: Sequence[str]) -> Fetched:
    """Fetch no files."""
    return Fetched()


@dataclass(frozen=True, slots=True)
class TurnServices:
    """The services of one bot's turns.

    `terms_of` returns the terms of a turn's requests. `preparation` are the steps of `prepare`. `report_cost` is
    called with each request to Claude, once it has ended. `shown` is called with the seconds from the end of a reply
    until Discord shows all of it. `style` decides which text goes into files, `draw` makes
    pictures of formulas. `turn_ended` is called with the outcome and the duration in seconds of each turn.
    `schedule_cleanup` is called with a conversation whose history is about to name fewer files. `note_decision` is
    called with a channel, messages there that got no ordinary answer, and what was decided about them, `note_told`
    with a claim whose person was told of a full limit. `post_cards` is called with a conversation and a turn that is
    shown: calls of tools that wait for a permission get their cards; `look_at_cards` with a conversation in which a
    turn was taken back. `consulted` returns what the tools of a turn's earlier attempts have read and done,
    `left_out` what of this a new request for the turn does not hold, see `earlier_effects`,
    `has_called` whether tools of the turn were called. `clock` is Discord's clock. `person_turns` and
    `person_limits` are None without limits. `fetch_made` fetches files that Claude's code has made. `notices` are the
    notices of a delay that are being posted.
    """

    journal: Journal
    generator: ReplyGenerator
    outbox: Outbox
    pace: Pace
    policy: TurnPolicy
    terms_of: TermsOf
    preparation: tuple[Step, ...] = ()
    style: Style = field(default_factory=Style)
    draw: Draw | None = None
    report_cost: Callable[[RequestCost], None] = lambda _: None
    schedule_cleanup: Callable[[int], Awaitable[None]] = _schedule_nothing
    note_decision: Callable[[int, Sequence[int], Decision], Awaitable[None]] = _note_nothing
    note_told: Callable[[Claim, Limit], Awaitable[None]] = _note_no_line
    post_cards: Callable[[int, int], Awaitable[None]] = _post_no_cards
    look_at_cards: Callable[[int], Awaitable[None]] = _look_at_no_cards
    consulted: Callable[[Claim], Awaitable[tuple[Consulted, ...]]] = _nothing_consulted
    left_out: Callable[..., Awaitable[tuple[Consulted, ...]]] = _nothing_left_out
    has_called: Callable[[Claim], Awaitable[bool]] = _nothing_called
    turn_ended: Callable[[str, float], None] = lambda _outcome, _seconds: None
    shown: Callable[[float], None] = lambda _seconds: None
    clock: Clock = field(default_factory=Clock)
    person_turns: PersonTurns | None = None
    person_limits: PersonLimits | None = None
    fetch_made: Callable[[Sequence[str]], Awaitable[Fetched]] = _fetch_nothing
    notices: set[asyncio.Task[bool]] = field(default_factory=set)

    def today(self) -> dt.date:
        """The day (UTC) on which usage counts now."""
        return dt.datetime.fromtimestamp(self.clock.now_s(), dt.UTC).date()
