"""The bot, but a thread of its event loop never ends, as for a lookup in DNS that nobody answers."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from bot.__main__ import main
from bot.local import stand_ins

if __name__ == "__main__":
    start = stand_ins.start

    async def held(*arguments: Any) -> Any:
        """Begin the lookup, and go on."""
        asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
        return await start(*arguments)

    setattr(stand_ins, "start", held)  # noqa: B010 - a plain assignment is what mypy forbids
    main()
