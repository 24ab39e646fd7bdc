"""Discord's objects as JSON.

Ids are text, times are ISO 8601, and optional keys are left out where Discord leaves them out.
"""

from bot.local.simulator.discord.wire.channels import channel, hidden_channel, thread_member
from bot.local.simulator.discord.wire.guilds import application, guild, guild_create
from bot.local.simulator.discord.wire.messages import HAS_THREAD, gateway_message, message, reactions
from bot.local.simulator.discord.wire.users import member, own_user, role, user

__all__ = [
    "HAS_THREAD",
    "application",
    "channel",
    "gateway_message",
    "guild",
    "guild_create",
    "hidden_channel",
    "member",
    "message",
    "own_user",
    "reactions",
    "role",
    "thread_member",
    "user",
]
