"""What every turn works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.conversation.clock import Clock
from bot.conversation.model import Choice
from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.render.style import Style
from bot.render.upload import Draw
from bot.store.journal import Journal
from bot.store.scoped_overrides import ScopedOverrides
from bot.turns.policy import TurnPolicy
from bot.turns.reply_generator import ReplyGenerator


@dataclass(frozen=True, slots=True)
class TurnServices:
    """All of it is shared by the turns of one bot.

    `choose` makes the policy of a turn from what was chosen; `ended` is told how each turn came to its end, and
    after how many seconds. `style` says what of a reply goes into files, `draw` makes pictures of its formulas.
    `clock` is Discord's.
    """

    journal: Journal
    prompts: ScopedOverrides
    asker: ReplyGenerator
    outbox: Outbox
    pace: Pace
    policy: TurnPolicy
    choose: Callable[[Choice], TurnPolicy]
    style: Style = field(default_factory=Style)
    draw: Draw | None = None
    ended: Callable[[str, float], None] = lambda _outcome, _seconds: None
    clock: Clock = field(default_factory=Clock)
