"""What every turn works with."""

from __future__ import annotations

from dataclasses import dataclass

from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.store.journal import Journal
from bot.store.prompts import Prompts
from bot.turns.ask import Asker
from bot.turns.policy import TurnPolicy


@dataclass(frozen=True, slots=True)
class Means:
    """All of it is shared by the turns of one bot."""

    journal: Journal
    prompts: Prompts
    asker: Asker
    outbox: Outbox
    pace: Pace
    policy: TurnPolicy
