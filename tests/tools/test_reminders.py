"""What Claude is told of a reminder that it cancels."""

from __future__ import annotations

import pytest

from bot.conversation.content import Text
from bot.conversation.reminder import Reminder
from bot.store.reminders import Step
from bot.tools.reminders import POSTING, UNKNOWN, cancel_tool
from bot.tools.tool import ToolContext, ToolFailed, ToolPlace
from tests.conversation.test_reminder import NOW, begun, reminder

CONTEXT = ToolContext(ToolPlace(1), asker=reminder().person, key="k", turn=3)
CODE = {"code": reminder().code}


class Book:
    """Holds a reminder that was read, and what it is by now."""

    def __init__(self, now: Reminder | None) -> None:
        self._now = now

    async def add(self, reminder: Reminder, _in_s: float) -> Reminder:
        """Add nothing."""
        return reminder

    async def of(self, _conversation: int) -> tuple[Reminder, ...]:
        """Return the reminder as it was before."""
        return (reminder(),)

    async def remove(self, _reminder: Reminder) -> None:
        """Remove nothing."""

    async def change(self, _conversation: int, _reminder: int, step: Step) -> tuple[Reminder | None, bool]:
        """Take the step from what the reminder is by now."""
        after = None if self._now is None else step(self._now)
        return (self._now, False) if after is None else (after, True)


@pytest.mark.parametrize("now", [begun().posted(NOW), None], ids=["posted", "removed"])
async def test_a_reminder_that_was_posted_meanwhile_is_not_told_as_cancelled(now: Reminder | None) -> None:
    with pytest.raises(ToolFailed, match=UNKNOWN):
        await cancel_tool(Book(now), lambda: NOW).run(CONTEXT, CODE)


@pytest.mark.parametrize("now", [reminder(), reminder().ended("cancelled", NOW)], ids=["waiting", "repeated"])
async def test_a_reminder_that_waits_or_that_an_earlier_try_has_cancelled_is_told_as_cancelled(
    now: Reminder,
) -> None:
    output = await cancel_tool(Book(now), lambda: NOW).run(CONTEXT, CODE)
    assert output.content == (Text(f"The reminder {reminder().code} is cancelled."),)


@pytest.mark.parametrize("now", [begun(), begun().ended("cancelled", NOW)], ids=["posting", "repeated"])
async def test_of_a_reminder_that_is_just_being_posted_it_is_said_that_it_may_still_appear(
    now: Reminder,
) -> None:
    output = await cancel_tool(Book(now), lambda: NOW).run(CONTEXT, CODE)
    assert output.content == (Text(f"The reminder {reminder().code} is cancelled; {POSTING}."),)
