"""Permissions, by the names that Discord's settings show."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from bot.gateway import error_codes

NAMES = {
    "view_channel": "View Channels",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "create_private_threads": "Create Private Threads",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "manage_threads": "Manage Threads",
    "add_reactions": "Add Reactions",
    "send_polls": "Create Polls",
}
"""discord.py's names of the permissions that the bot may lack, and those that Discord's settings show."""

ALIASES = {"read_messages": "view_channel"}
"""discord.py's names of permissions that have another name here."""

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
"""What the invite link asks for: enough for everything but locked threads."""

BY_CODE = {
    error_codes.REPLY_WITHOUT_HISTORY: NAMES["read_message_history"],
    error_codes.THREAD_LOCKED: NAMES["manage_threads"],
}
"""Error codes of status 400 that mean a missing permission."""

TO_READ = ("view_channel", "read_message_history")
TO_SEND = ("view_channel", "send_messages_in_threads", "send_messages", "read_message_history")
TO_ATTACH = (*TO_SEND, "attach_files")
TO_REACT = ("view_channel", "read_message_history", "add_reactions")
TO_POLL = (*TO_SEND, "send_polls")
OF_TOOLS = {"create_poll": "send_polls", "add_reaction": "add_reactions"}
"""The permissions that tools need, which the invite link does not ask for, by the name of the tool."""

TO_OPEN = ("view_channel", "create_public_threads", "read_message_history")
TO_OPEN_AND_ANSWER = (*TO_OPEN[:2], "send_messages_in_threads", *TO_OPEN[2:])
"""In a channel: to start a thread from a message, and to answer there."""

TO_ANSWER_POSTS = ("view_channel", "send_messages_in_threads", "read_message_history")
TO_OPEN_PRIVATE = ("view_channel", "create_private_threads", "send_messages_in_threads")
TO_POST = ("view_channel", "send_messages")
TO_POST_ONCE = (*TO_POST, "read_message_history")
"""In a channel: to post what is looked for there before it is repeated."""

TO_OPEN_POST = (*TO_POST, "send_messages_in_threads")
"""In a forum: to open a post, and to write in the post."""

TO_ANSWER_FULLY = (*TO_OPEN_AND_ANSWER, "send_messages", "embed_links", "attach_files")
"""In a channel: to answer mentions and /chat, with files and drawn formulas."""

TO_ANSWER_POSTS_FULLY = (*TO_ANSWER_POSTS, "embed_links", "attach_files")
TO_POST_QUESTION = (
    "view_channel",
    "send_messages",
    "create_public_threads",
    "send_messages_in_threads",
    "read_message_history",
)
"""In the channel: to post a question, to start a thread from the question, and to answer there."""


def person_lacks(held: discord.Permissions, *, private: bool = False) -> str | None:
    """Return the first permission that a person lacks to open a thread by themselves, None if they lack none.

    A person may have the bot open a thread only where they may open one. `held` are their permissions in the channel,
    with overwrites and a timeout applied.
    """
    create = "create_private_threads" if private else "create_public_threads"
    return first_lacking(held, ("view_channel", "send_messages", create, "send_messages_in_threads"))


def person_lacks_for_post(held: discord.Permissions) -> str | None:
    """Return the first permission that a person lacks to open a forum post by themselves, None if they lack none."""
    return first_lacking(held, TO_OPEN_POST)


def first_lacking(held: discord.Permissions, needed: tuple[str, ...]) -> str | None:
    """Return the first needed permission that is not held, None if all are."""
    return next((NAMES[name] for name in needed if not getattr(held, name)), None)


def all_lacking(held: discord.Permissions, needed: Iterable[str]) -> tuple[str, ...]:
    """Return every needed permission that is not held."""
    return tuple(name_of(name) for name in needed if not getattr(held, name))


def name_of(flag: str) -> str:
    """Return the name of a permission as Discord's settings show it, as far as those are known."""
    return NAMES.get(flag) or flag.replace("_", " ").title()


def granted(permissions: discord.Permissions) -> tuple[str, ...]:
    """Return discord.py's names of the permissions of a set, each once."""
    return tuple(ALIASES.get(name, name) for name, is_granted in permissions if is_granted)


def bot_lacks(channel: object, needed: tuple[str, ...]) -> str | None:
    """Return the first needed permission that the bot lacks in a channel, overwrites applied, None if none."""
    if not isinstance(channel, discord.abc.GuildChannel) or channel.guild.me is None:
        return None
    return first_lacking(channel.permissions_for(channel.guild.me), needed)


def missing(client: discord.Client, channel_id: int, needed: tuple[str, ...], *, code: int = 0) -> str:
    """Return the first needed permission that the bot lacks in a channel, "" if discord.py's cache cannot tell.

    `code` is the error code of the refusal.
    """
    if code in BY_CODE:
        return BY_CODE[code]
    channel = client.get_channel(channel_id)
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
        # Send Messages has no effect in threads, Send Messages in Threads none outside (Discord, topics/threads).
        if (name, in_thread) in (("send_messages", True), ("send_messages_in_threads", False)):
            continue
        if not getattr(held, name):
            return NAMES[name]
    return ""
