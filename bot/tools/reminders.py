"""Reminders: set, listed and cancelled by the person who is answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from bot.conversation.elements import body
from bot.conversation.message import created_ms
from bot.conversation.recurrence import Every, next_ms
from bot.conversation.reminder import MOST_AHEAD_DAYS, MOST_CHARS, MOST_PER_PERSON, Reminder
from bot.conversation.visible import is_blank, plain
from bot.tools.tool import IsForgotten, Tool, ToolContext, ToolFailed, nobody_is_forgotten
from bot.tools.typed import tool_of

MOST_MINUTES = MOST_AHEAD_DAYS * 24 * 60
NOBODY = "Nobody knows who wrote this message, so there is nobody to remind."
TOO_MANY = (
    f"This person has {MOST_PER_PERSON} reminders already, which is the most there can be. One has to be cancelled "
    "first: /reminders list shows them all."
)
UNKNOWN = "This person has no reminder of that code in this conversation; list_reminders shows those that there are."
POSTING = "but its post had begun, so it may still appear this once"
FORGOTTEN = "The person has just had everything forgotten, so nothing was set."
NONE_HERE = "This person has no reminders in this conversation; /reminders list shows those of all places."

Words = Annotated[
    str, Field(description="what the person wants to be reminded of", min_length=1, max_length=MOST_CHARS)
]
Minutes = Annotated[
    float | None,
    Field(description="in how many minutes from now; for a single reminder", gt=0, le=MOST_MINUTES),
]
Local = Annotated[
    str, Field(description="the (first) local date and time, such as 2026-12-24T18:00", max_length=25)
]
Zone = Annotated[
    str,
    Field(
        description="the person's time zone of the IANA database, such as Europe/Berlin; ask if it is not known",
        max_length=64,
    ),
]
Code = Annotated[str, Field(description="the code of the reminder", min_length=1, max_length=10)]


class ReminderBook(Protocol):
    """Keeps reminders; the store implements it."""

    async def add(self, reminder: Reminder, in_s: float) -> Reminder | None:
        """Add a reminder; None if the person has too many."""
        ...

    async def of(self, conversation: int) -> tuple[Reminder, ...]:
        """Return the reminders of a conversation."""
        ...

    async def remove(self, reminder: Reminder) -> None:
        """Remove a reminder."""
        ...

    async def change(
        self, conversation: int, reminder: int, step: Callable[[Reminder], Reminder | None]
    ) -> tuple[Reminder | None, bool]:
        """Take a step, and return whether it was taken."""
        ...


def set_tool(
    book: ReminderBook, now_ms: Callable[[], int], is_forgotten: IsForgotten = nobody_is_forgotten
) -> Tool:
    """Make the tool that sets a reminder."""

    async def set_reminder(
        context: ToolContext,
        text: Words,
        in_minutes: Minutes = None,
        at: Local = "",
        zone: Zone = "",
        every: Every = "once",
    ) -> str:
        """Remind the person whom you answer, in this conversation: once in so many minutes, or at a local time in
        their time zone, once or every day, weekday (Monday to Friday), week, month or year. Give either in_minutes,
        or at and zone.
        """
        if not context.asker:
            raise ToolFailed(NOBODY)
        if is_blank(text):
            raise ToolFailed("A reminder needs words that can be read.")
        now = now_ms()
        first, zone = _first(in_minutes, at, zone, every, now)
        due_ms = next_ms(first, zone, every, now)
        if due_ms is None:
            raise ToolFailed(f"That time is over: it is {_shown(now, zone)} there now.")
        if due_ms - now > MOST_AHEAD_DAYS * 86_400_000:
            raise ToolFailed("That is more than five years ahead, which is too far.")
        place = context.place
        reminder = Reminder(
            id=int(context.key[:13], 16),
            conversation=place.conversation,
            channel=place.channel,
            server=place.server,
            is_private=place.is_private,
            person=context.asker,
            text=plain(text),
            first=first,
            zone=zone,
            every=every,
            due_ms=due_ms,
            created_ms=created_ms(context.turn),  # a person is forgotten up to a message
            since_ms=now,
        )
        kept = await book.add(reminder, (due_ms - now) / 1000)
        if kept is None:
            raise ToolFailed(TOO_MANY)
        if await is_forgotten(context.asker, context.turn):  # after the write, which a search may have missed
            await book.remove(kept)
            raise ToolFailed(FORGOTTEN)
        return f"The reminder {kept.code} is set for {_shown(kept.due_ms, zone)} ({_every(every)})."

    return tool_of(set_reminder, status="Setting a reminder", changes=True, repeats=True, personal=True)


def list_tool(book: ReminderBook) -> Tool:
    """Make the tool that lists reminders."""

    async def list_reminders(context: ToolContext) -> str:
        """List the reminders that the person whom you answer has set in this conversation."""
        mine = await _mine(book, context)
        lines = [
            f"{each.code}: {_shown(each.due_ms, each.zone)} ({_every(each.every)}): {each.text}"
            for each in mine
        ]
        return body("\n".join(lines)) if lines else NONE_HERE

    return tool_of(list_reminders, status="Looking at the reminders")


def cancel_tool(book: ReminderBook, now_ms: Callable[[], int]) -> Tool:
    """Make the tool that cancels a reminder."""

    async def cancel_reminder(context: ToolContext, code: Code) -> str:
        """Cancel a reminder that the person whom you answer has set in this conversation."""
        wanted = code.strip().strip("`").lower()
        for each in await book.of(context.place.conversation):
            # One that is cancelled already may have been so by an attempt that was interrupted.
            if each.person == context.asker and each.code == wanted and each.end in ("", "cancelled"):
                after, _ = await book.change(
                    each.conversation, each.id, lambda found: found.ended("cancelled", now_ms())
                )
                if after is not None and after.is_cancelled:
                    late = f"; {POSTING}" if after.may_still_appear else ""
                    return f"The reminder {each.code} is cancelled{late}."
        raise ToolFailed(UNKNOWN)

    return tool_of(cancel_reminder, status="Cancelling a reminder", changes=True, repeats=True, personal=True)


async def _mine(book: ReminderBook, context: ToolContext) -> list[Reminder]:
    """Return the reminders of the person in this conversation: those of other places are shown nowhere else."""
    found = await book.of(context.place.conversation)
    return [each for each in found if each.person == context.asker and not each.has_ended]


def _first(minutes: float | None, at: str, zone: str, every: Every, now: int) -> tuple[str, str]:
    """Return the first local time and the time zone."""
    if (minutes is None) == (not at):
        raise ToolFailed("Give either in_minutes, or at and zone.")
    if minutes is not None:
        if every != "once":
            raise ToolFailed("A reminder that recurs needs at and zone.")
        return _local(now + round(minutes * 60_000), "UTC"), "UTC"
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolFailed(
            f"{zone!r} is no time zone of the IANA database; such names look like Asia/Tokyo"
        ) from None
    try:
        local = dt.datetime.fromisoformat(at)
    except ValueError:
        raise ToolFailed(f"{at!r} is no date and time; such look like 2026-12-24T18:00") from None
    if local.tzinfo is not None:
        local = local.astimezone(place).replace(tzinfo=None)
    if not 2000 < local.year < 9000:
        raise ToolFailed("That year is not meant.")
    return local.isoformat(), zone


def _local(at_ms: int, zone: str) -> str:
    return dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).replace(tzinfo=None).isoformat()


def _shown(at_ms: int, zone: str) -> str:
    return (
        dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).strftime("%A, %d %B %Y, %H:%M") + f" ({zone})"
    )


def _every(every: Every) -> str:
    return "once" if every == "once" else f"every {every}"
