"""The bot, but an answer waits for Discord a second at most."""

from __future__ import annotations

from bot.__main__ import main
from bot.commands import interactions
from bot.gateway.connection import thread_listing

if __name__ == "__main__":
    interactions.DISCORD_S = 1.0
    thread_listing.PAGE_S = 1.0
    main()
