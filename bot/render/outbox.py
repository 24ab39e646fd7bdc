"""The interface by which replies are posted to Discord; the gateway implements it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.render.controls import NONE, Controls
from bot.render.measure import MESSAGE_LIMIT_UNITS, units
from bot.render.upload import Attached, Upload


def fits(content: str) -> bool:
    """Whether a text fits into one message."""
    return units(content) <= MESSAGE_LIMIT_UNITS


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to post: at most 2000 characters of `content` (Discord, resources/message).

    `nonce` (at most 25 characters) makes a repeated send the same message. `reply_to` is the id of the
    message it answers, None for none. `silent` marks the bot's own small notices (flag
    SUPPRESS_NOTIFICATIONS), so that a reader of the thread can tell them from replies. At most 10 `files`.
    A mention notifies nobody but the people `mentions`.
    """

    content: str
    nonce: str
    reply_to: int | None = None
    silent: bool = False
    files: tuple[Upload, ...] = ()
    controls: Controls = NONE
    mentions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """An edit of a message's text, files and buttons; None leaves each unchanged.

    Files whose ids are in `keep` stay, and `files` are added behind them.
    """

    content: str | None = None
    keep: tuple[int, ...] | None = None
    files: tuple[Upload, ...] = ()
    controls: Controls | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as Discord stores it; with a repeated nonce, the message posted first."""

    id: int
    content: str
    reply_to: int | None = None
    files: tuple[Attached, ...] = ()
    controls: Controls = NONE


@dataclass(frozen=True, slots=True)
class Seen:
    """One of the bot's own messages in a channel; `reply_to` and `silent` as in Outgoing."""

    id: int
    content: str
    reply_to: int | None
    silent: bool
    files: tuple[Attached, ...] = ()
    controls: Controls = NONE


class Outbox(Protocol):
    """Posts to Discord; `channel_id` is the id of a thread or a DM channel.

    Raises DiscordGone, DiscordForbidden, DiscordRejected, DiscordNotNow or DiscordUnavailable. Lost calls have been
    repeated before; no call is made before the time that Discord has asked for.
    """

    def ready(self, channel_id: int, *, opens: bool = False, guild: int | None = None) -> None:
        """Raise DiscordNotNow if nothing can be posted there yet, as far as is known without a call.

        If the call `opens` a thread, the channel is the thread's parent channel.
        """
        ...

    def check_history(self, channel_id: int) -> None:
        """Raise DiscordForbidden if `own_messages` would tell nothing, as far as is known without a call.

        Discord answers who may not read the history with an empty list.
        """
        ...

    async def send(self, channel_id: int, message: Outgoing) -> Sent:
        """Post a message; a repeated nonce returns the message posted first, as it is now."""
        ...

    async def edit(self, channel_id: int, message_id: int, change: Change) -> tuple[Attached, ...]:
        """Change one of the bot's messages, and return its files."""
        ...

    async def delete(self, channel_id: int, message_id: int) -> None:
        """Delete one of the bot's messages; a message that is already deleted is no error."""
        ...

    async def typing(self, channel_id: int) -> None:
        """Show that the bot is typing, for 10 s or until it posts; never raises."""
        ...

    async def open_thread(self, channel: int, message: int, name: str) -> None:
        """Start a thread from a message; the thread's id is the message's. An existing thread is no error."""
        ...

    async def own_messages(self, channel_id: int, after: int) -> tuple[Seen, ...]:
        """Return the bot's own messages after an id, oldest first; at most the first hundred messages are read."""
        ...
