"""Discord's permission bits, and the order of roles and overwrites.

Pure. The order is that of topics/permissions: @everyone, roles, owner and administrator, then the channel's
overwrites for @everyone, for roles together, for the member.
"""

from __future__ import annotations

from bot.local.simulator.discord.model import Channel, Guild

ADD_REACTIONS = 1 << 6
KICK_MEMBERS = 1 << 1
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
SEND_TTS_MESSAGES = 1 << 12
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_EXTERNAL_EMOJIS = 1 << 18
CONNECT = 1 << 20
SPEAK = 1 << 21
CHANGE_NICKNAME = 1 << 26
MANAGE_ROLES = 1 << 28
MANAGE_WEBHOOKS = 1 << 29
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38
SEND_POLLS = 1 << 49
USE_EXTERNAL_APPS = 1 << 50
PIN_MESSAGES = 1 << 51
BYPASS_SLOWMODE = 1 << 52

ALL = (1 << 53) - 1

# The permissions of @everyone in a new server, as far as the simulator has the features.
DEFAULT_EVERYONE = (
    ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | MENTION_EVERYONE
    | USE_EXTERNAL_EMOJIS
    | CONNECT
    | SPEAK
    | CHANGE_NICKNAME
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
    | SEND_POLLS
    | USE_EXTERNAL_APPS
)

# The permissions of both users in a direct message.
IN_DM = (
    ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_EXTERNAL_EMOJIS
    | USE_APPLICATION_COMMANDS
    | PIN_MESSAGES
    | USE_EXTERNAL_APPS
)

# Without SEND_MESSAGES these have no effect (topics/permissions, "Implicit permissions").
_NEED_SENDING = MENTION_EVERYONE | SEND_TTS_MESSAGES | ATTACH_FILES | EMBED_LINKS


# "Timed out members will temporarily lose all permissions except VIEW_CHANNEL and READ_MESSAGE_HISTORY. Owners and
# admin users with ADMINISTRATOR permissions are exempt." (topics/permissions)
IN_TIME_OUT = VIEW_CHANNEL | READ_MESSAGE_HISTORY


def in_guild(guild: Guild, user_id: int) -> int:
    """A member's permissions in the server as a whole; none for somebody who is no member."""
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if guild.owner_id == user_id:
        return ALL
    granted = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        granted |= guild.roles[role_id].permissions
    return ALL if granted & ADMINISTRATOR else granted


def in_channel(guild: Guild, channel: Channel, user_id: int, now: float = 0.0) -> int:
    """A member's permissions in a channel; for a thread, pass its parent. None at all without VIEW_CHANNEL."""
    granted = in_guild(guild, user_id)
    if granted & ADMINISTRATOR:
        return ALL
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if (everyone := channel.overwrites.get(guild.id)) is not None:
        granted = granted & ~everyone.deny | everyone.allow
    deny = allow = 0
    for role_id in member.role_ids:
        if (overwrite := channel.overwrites.get(role_id)) is not None:
            deny |= overwrite.deny
            allow |= overwrite.allow
    granted = granted & ~deny | allow
    if (own := channel.overwrites.get(user_id)) is not None:
        granted = granted & ~own.deny | own.allow
    if not granted & VIEW_CHANNEL:
        return 0
    if member.timed_out_until is not None and now < member.timed_out_until:
        return granted & IN_TIME_OUT
    return granted
