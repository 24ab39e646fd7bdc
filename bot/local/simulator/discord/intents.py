"""Gateway intents: which events a session asked for, and what it sees of a message (events/gateway). Pure."""

from __future__ import annotations

from typing import Any

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
GUILD_MESSAGE_REACTIONS = 1 << 10
GUILD_MESSAGE_TYPING = 1 << 11
DIRECT_MESSAGES = 1 << 12
DIRECT_MESSAGE_REACTIONS = 1 << 13
DIRECT_MESSAGE_TYPING = 1 << 14
MESSAGE_CONTENT = 1 << 15
GUILD_MESSAGE_POLLS = 1 << 24
DIRECT_MESSAGE_POLLS = 1 << 25

PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
# The highest bit that Discord knows is DIRECT_MESSAGE_POLLS.
KNOWN = (1 << 26) - 1

_DIRECT = {
    GUILD_MESSAGES: DIRECT_MESSAGES,
    GUILD_MESSAGE_REACTIONS: DIRECT_MESSAGE_REACTIONS,
    GUILD_MESSAGE_TYPING: DIRECT_MESSAGE_TYPING,
    GUILD_MESSAGE_POLLS: DIRECT_MESSAGE_POLLS,
}


_NO_CONTENT: dict[str, Any] = {"content": "", "embeds": [], "attachments": [], "components": []}


def needed(intent: int, *, in_guild: bool) -> int:
    """The intent that an event needs where it happened, from the one that it needs in a server."""
    return intent if in_guild else _DIRECT.get(intent, 0)


def application_flags(privileged: int) -> int:
    """The application's public flags for its privileged intents, as an application below the review sees them."""
    return (
        (1 << 13 if privileged & GUILD_PRESENCES else 0)
        | (1 << 15 if privileged & GUILD_MEMBERS else 0)
        | (1 << 19 if privileged & MESSAGE_CONTENT else 0)
    )


def privileged_of(flags: int) -> int:
    """The privileged intents of an application's public flags, the reverse of `application_flags`."""
    return (
        (GUILD_PRESENCES if flags & 1 << 13 else 0)
        | (GUILD_MEMBERS if flags & 1 << 15 else 0)
        | (MESSAGE_CONTENT if flags & 1 << 19 else 0)
    )


def redacted(message: dict[str, Any], viewer_id: int) -> dict[str, Any]:
    """A message as an application without MESSAGE_CONTENT sees it.

    The content fields stay in one's own messages and in those that mention one; direct messages are never to be
    passed here, as they keep everything.
    """
    message = dict(message)
    if message.get("referenced_message"):
        message["referenced_message"] = redacted(message["referenced_message"], viewer_id)
    own = message["author"]["id"] == str(viewer_id)
    mentioned = any(user["id"] == str(viewer_id) for user in message["mentions"])
    if own or mentioned:
        return message
    message.update(_NO_CONTENT)
    message.pop("poll", None)
    if "message_snapshots" in message:
        # The documentation does not name the copies of forwards; the stricter reading is taken.
        message["message_snapshots"] = [
            {"message": each["message"] | _NO_CONTENT} for each in message["message_snapshots"]
        ]
    return message
