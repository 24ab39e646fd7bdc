"""The step of the preparation that finds which files of the conversation are available, and reads their bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from bot.store.claim import Claim
from bot.store.held_files import HeldFiles
from bot.turns.prepare import Prepared

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FileAvailability:
    """Puts a text in place of each file that is gone; this is the last step that reads or adds files."""

    held: HeldFiles

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Return the content without the files that are gone, and with the bytes of inline files."""
        named = claim.past.sources | prepared.sources
        if not named:
            return prepared
        held = await self.held.held(claim.conversation, named)
        if held.expired:
            log.warning(
                "files_gone",
                conversation=claim.conversation,
                files=held.expired,
                hint="uploads expire after 90 days at Anthropic; a text stands in their place from now on",
            )
        return replace(prepared.without_files(held.gone), gone=held.gone, inline=held.inline)
