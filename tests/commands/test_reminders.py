"""What /reminders cancel says where the reminder has changed since it was read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.commands import reminders
from bot.commands.invocation import Invocation
from bot.commands.permission_rules import Person
from bot.commands.reminders import ReminderCommands, cancelled, cancelled_late, no_such
from bot.conversation.audit import Actor
from bot.conversation.clock import Clock
from bot.conversation.reminder import Reminder
from bot.store.reminders import Step
from tests.commands import services
from tests.commands.answers import deferred, heard
from tests.conversation.test_reminder import NOW, begun, reminder

OWN, OTHERS = reminder().person, 70


class Book:
    """Holds a reminder that was read, and what it is by now; keeps what is noted."""

    def __init__(self, now: Reminder | None) -> None:
        self._now = now
        self.noted = 0

    async def of_person(self, person: int) -> tuple[Reminder, ...]:
        """Return the reminder as it was before."""
        return (reminder(),) if person == OWN else ()

    async def of(self, _conversation: int) -> tuple[Reminder, ...]:
        """Return the reminder as it was before."""
        return (reminder(),)

    async def change(self, _conversation: int, _reminder: int, step: Step) -> tuple[Reminder | None, bool]:
        """Take the step from what the reminder is by now."""
        after = None if self._now is None else step(self._now)
        return (self._now, False) if after is None else (after, True)

    async def note(self, *_: object, **__: object) -> None:
        """Note the act."""
        self.noted += 1


async def said(monkeypatch: pytest.MonkeyPatch, book: Book, person: int) -> list[str]:
    """Cancel the reminder as a person, who moderates the thread; return the answers."""
    moderator = Person(
        is_direct=False, is_starter=False, manages_threads=True, manages_server=False, manages_messages=True
    )
    answers = heard(monkeypatch, reminders, Invocation(1, 2, 3, moderator, Actor(3, person, 9)))
    feature = ReminderCommands(services(reminders=book, audit_log=book, clock=Clock()))
    interaction = SimpleNamespace(user=SimpleNamespace(id=person), channel_id=1, response=deferred())
    await cast("Any", ReminderCommands.cancel).callback(feature, interaction, reminder().code)
    return answers


@pytest.mark.parametrize("person", [OWN, OTHERS])
@pytest.mark.parametrize("now", [begun().posted(NOW), None], ids=["posted", "removed"])
async def test_a_reminder_that_was_posted_meanwhile_is_not_told_as_cancelled(
    monkeypatch: pytest.MonkeyPatch, person: int, now: Reminder | None
) -> None:
    book = Book(now)
    assert await said(monkeypatch, book, person) == [no_such(reminder().code)]
    assert book.noted == 0


@pytest.mark.parametrize("person", [OWN, OTHERS])
@pytest.mark.parametrize("now", [reminder(), reminder().ended("cancelled", NOW)], ids=["waiting", "repeated"])
async def test_a_reminder_that_waits_or_that_a_first_try_has_cancelled_is_told_as_cancelled(
    monkeypatch: pytest.MonkeyPatch, person: int, now: Reminder
) -> None:
    book = Book(now)
    assert await said(monkeypatch, book, person) == [cancelled(reminder().code)]
    assert book.noted == (person == OTHERS)


@pytest.mark.parametrize("person", [OWN, OTHERS])
@pytest.mark.parametrize("now", [begun(), begun().ended("cancelled", NOW)], ids=["posting", "repeated"])
async def test_of_a_reminder_that_is_just_being_posted_it_is_said_that_it_may_still_appear(
    monkeypatch: pytest.MonkeyPatch, person: int, now: Reminder
) -> None:
    book = Book(now)
    assert await said(monkeypatch, book, person) == [cancelled_late(reminder().code)]
    assert book.noted == (person == OTHERS)
