"""Pages of the audit log."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Act, Actor, AuditFilter
from bot.conversation.scope import Scope
from bot.store import audit_log
from bot.store.audit_log import AuditLog
from bot.store.due_queue import DueQueue
from bot.store.keys import Keys

KEYS = Keys("test")
HOME = 3


@pytest.fixture
def audit(redis: Redis) -> AuditLog:
    return AuditLog(redis, KEYS, audit_s=5000)


async def fill(audit: AuditLog, *people: int) -> None:
    for number, person in enumerate(people):
        await audit.note(Actor(HOME, person, 900 + number), Scope.THREAD, number, Act.LEAVE.value)


async def test_pages_go_back_to_the_first_entry_without_a_gap(audit: AuditLog) -> None:
    await fill(audit, *[70] * 7)
    seen: list[int] = []
    before = None
    pages = 0
    while pages == 0 or before is not None:
        page = await audit.page(HOME, AuditFilter(), count=3, before=before)
        seen += [entry.target for entry in page.entries]
        before, pages = page.more, pages + 1
    assert seen == [6, 5, 4, 3, 2, 1, 0]
    assert pages == 3


async def test_a_page_holds_what_the_filter_admits_wherever_that_stands(
    audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "SCANNED_AT_ONCE", 2)
    await fill(audit, 71, 70, 70, 71, 70, 71)
    page = await audit.page(HOME, AuditFilter(person=71), count=2)
    assert [entry.target for entry in page.entries] == [5, 3]
    assert page.more is not None
    rest = await audit.page(HOME, AuditFilter(person=71), count=2, before=page.more)
    assert [entry.target for entry in rest.entries] == [0]
    assert rest.more is None


async def test_a_page_reads_no_more_than_its_limit_and_the_next_one_reads_on(
    audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "SCANNED_AT_ONCE", 2)
    monkeypatch.setattr(audit_log, "MOST_SCANNED", 4)
    await fill(audit, 71, 70, 70, 70, 70, 70)
    page = await audit.page(HOME, AuditFilter(person=71), count=2)
    assert page.entries == ()
    rest = await audit.page(HOME, AuditFilter(person=71), count=2, before=page.more)
    assert [entry.person for entry in rest.entries] == [71]


async def test_a_server_is_due_to_be_posted_once_an_act_is_noted(redis: Redis, audit: AuditLog) -> None:
    await fill(audit, 70)
    assert [item.id for item in await DueQueue(redis, KEYS.audit_posts).take(60.0)] == [HOME]
