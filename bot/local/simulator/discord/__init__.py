"""A local Discord that speaks the wire: REST v10, gateway and files, so that unmodified libraries run against it."""

from bot.local.simulator.discord.errors import ApiError
from bot.local.simulator.discord.service import Discord

__all__ = ["ApiError", "Discord"]
