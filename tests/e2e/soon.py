"""The bot, but a server that is full of threads is tried again after a few seconds."""

from __future__ import annotations

from bot.__main__ import main
from bot.gateway.outbox import outbox

if __name__ == "__main__":
    outbox.FULL_S = 4.0
    main()
