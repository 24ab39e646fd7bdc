"""Which permission is missing, by the name that Discord's settings show."""

from __future__ import annotations

import discord

from bot.gateway import error_codes

NEEDED = {
    "view_channel": "View Channels",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "create_private_threads": "Create Private Threads",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
    "manage_threads": "Manage Threads",
}
"""What the bot may lack, by discord.py's names and by those that Discord's settings show."""

INVITE = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    create_private_threads=True,
    read_message_history=True,
    embed_links=True,
    attach_files=True,
)
"""The least that the bot works well with; the invite link asks for these."""

BY_CODE = {
    error_codes.REPLY_WITHOUT_HISTORY: NEEDED["read_message_history"],
    error_codes.THREAD_LOCKED: NEEDED["manage_threads"],
}
"""Errors that name the permission by themselves; Discord gives them the status 400."""

TO_READ = ("view_channel", "read_message_history")
TO_SEND = ("view_channel", "send_messages_in_threads", "send_messages", "read_message_history")
TO_ATTACH = (*TO_SEND, "attach_files")
TO_OPEN = ("view_channel", "create_public_threads", "read_message_history")
TO_OPEN_PRIVATE = ("view_channel", "create_private_threads", "send_messages_in_threads")


def person_lacks(held: discord.Permissions, *, private: bool = False) -> str | None:
    """Name what a person lacks to open a thread by themselves; what the bot may is not lent to anybody.

    `held` are their permissions in the channel, with its overwrites (and a time-out) counted in.
    """
    create = "create_private_threads" if private else "create_public_threads"
    for name in ("view_channel", "send_messages", create, "send_messages_in_threads"):
        if not getattr(held, name):
            return NEEDED[name]
    return None


def missing(client: discord.Client, place: int, needed: tuple[str, ...], *, code: int = 0) -> str:
    """Name the first of the needed permissions that the bot lacks in a place, "" if that cannot be told."""
    if code in BY_CODE:
        return BY_CODE[code]
    channel = client.get_channel(place)
    guild = getattr(channel, "guild", None)
    if (
        guild is None
        or guild.me is None
        or not isinstance(channel, (discord.abc.GuildChannel, discord.Thread))
    ):
        return ""
    held = channel.permissions_for(guild.me)
    in_thread = isinstance(channel, discord.Thread)
    for name in needed:
        # In a thread SEND_MESSAGES has no effect, outside of one SEND_MESSAGES_IN_THREADS (Discord, threads).
        if (name, in_thread) in (("send_messages", True), ("send_messages_in_threads", False)):
            continue
        if not getattr(held, name):
            return NEEDED[name]
    return ""
