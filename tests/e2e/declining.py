"""The bot with one more step of the preparation, which declines messages that ask for that, by a rule of an admin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.__main__ import main
from bot.conversation.scope import Origin, Scope, Setting
from bot.store.claim import Claim
from bot.turns.prepare import Declined, Prepared
from bot.turns.run import Runner
from bot.wiring import turns

SAID = "That is too much for me."


async def declines(claim: Claim, prepared: Prepared) -> Prepared | Declined:
    """Decline a turn whose messages ask for that."""
    if any("decline" in message.text for message in claim.batch.messages):
        return Declined(SAID, Origin(Scope.SERVER, Setting("1", claim.payer.person, 1_800_000_000_000)))
    return prepared


if __name__ == "__main__":

    def declining(services: Any) -> Any:
        """Make the runner with the step in front."""
        return Runner(replace(services, preparation=(declines, *services.preparation)))

    setattr(turns, "Runner", declining)  # noqa: B010 - a plain assignment is what mypy forbids
    main()
