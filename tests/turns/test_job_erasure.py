"""What a job erases, beside turns that run and conversations that fail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.conversation.content import Text
from bot.conversation.elements import question
from bot.conversation.errors import Fenced
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.conversation.message import Attachment, Author, Quote, Quoted, Reference
from bot.conversation.receipt import receipt
from bot.conversation.turn import Preface
from bot.store.codec import Result, dump_turn, load_turn
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.file_store import FileContent, FileStore
from bot.store.forget_jobs import ForgetJobs
from bot.store.key_reader import KeyReader
from bot.store.memories import Memories
from bot.store.person_search import PersonSearch
from bot.store.quote_store import FetchedQuotes, QuoteStore
from bot.store.reminders import Reminders
from bot.store.scope_settings import ScopeSettings
from bot.store.scripts import Call, Scripts
from bot.store.stored_values import StoredValues
from bot.tools.memory import MemoryTools
from bot.tools.memory_places import MemoryPlaces
from bot.tools.reminders import set_tool
from bot.tools.tool import ToolContext, ToolFailed, ToolPlace
from bot.turns.forgetting import Forgetting
from tests.conversation.builders import ANN, BEN, message, snowflake, turn
from tests.store.claims import lease_of
from tests.store.stage import KEYS, C
from tests.turns.forgetting_stage import OF_BEN, SECRET, WHO, Bench, bench, forgetting_of

__all__ = ["bench"]


async def test_a_running_turn_of_the_person_alone_is_fenced_off_and_its_entry_goes(bench: Bench) -> None:
    await bench.store.hear(SECRET)
    await bench.store.claim()
    job = await bench.forget()
    assert await bench.holds() == []
    assert job.found.messages == 1
    assert (await bench.store.journal.claim(C, "other")) is not None


async def test_a_turn_that_has_read_what_goes_is_waited_for_and_its_entry_examined(bench: Bench) -> None:
    quoted = replace(OF_BEN, reference=Reference(C, SECRET.id, Quoted(SECRET.id, "a secret", author=ANN)))
    await bench.store.hear(quoted)
    claim = await bench.store.claim()
    await bench.forgetting.begin(WHO)
    forgetting = asyncio.create_task(bench.forgetting.run(ANN.id))
    record = KEYS.record(C, OF_BEN.id)
    async with asyncio.timeout(10):
        while "secret" in str(await bench.redis.hget(record, "payload")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not forgetting.done()
    quote = Quote("reply", C, (Quoted(SECRET.id, "a secret", author=ANN),))
    asked = question([replace(OF_BEN, quotes=(quote,))])
    entry = replace(turn(0), id=claim.turn_id, members=(OF_BEN.id,), authors=(BEN.id,))
    entry = replace(entry, sent=(asked, *entry.sent[1:]))
    await bench.redis.rpush(KEYS.history(C), dump_turn(entry))
    await bench.redis.hset(KEYS.lease(C), "expires", "0")
    job = await asyncio.wait_for(forgetting, 10)
    assert job is not None
    assert job.done
    assert await bench.holds() == []
    assert job.found.quotes == 2


async def test_a_worker_that_was_frozen_for_longer_than_its_lease_commits_nothing_of_the_person(
    bench: Bench,
) -> None:
    quoted = replace(OF_BEN, reference=Reference(C, SECRET.id, Quoted(SECRET.id, "a secret", author=ANN)))
    await bench.store.hear(quoted)
    claim = await bench.store.claim()
    await bench.redis.hset(KEYS.lease(C), "expires", 1000 * (int(time.time()) - 1))
    await bench.forget()
    quote = Quote("reply", C, (Quoted(SECRET.id, "a secret", author=ANN),))
    entry = replace(turn(0), id=claim.turn_id, sent=(question([replace(OF_BEN, quotes=(quote,))]),))
    with pytest.raises(Fenced):
        await bench.store.journal.commit(claim, entry, Result("a secret"), window_start=0)
    assert await bench.holds() == []
    again = await bench.store.claim()
    assert again.batch.members == (OF_BEN.id,)
    assert again.token > claim.token


async def test_a_lease_that_is_let_go_keeps_its_token(bench: Bench) -> None:
    await bench.store.answer(SECRET)
    before = await bench.redis.hgetall(KEYS.lease(C))
    await bench.forget()
    assert await bench.redis.hgetall(KEYS.lease(C)) == before


async def test_files_and_quotes_that_were_read_go(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    files, quotes = FileStore(bench.redis, KEYS), QuoteStore(bench.redis, KEYS)
    content = FileContent((Text("a secret file"),))
    lease = await lease_of(bench.redis, KEYS, C)
    await files.keep(lease, SECRET.id, 1, content)
    said = Quoted(SECRET.id, "a secret", author=ANN)
    await quotes.keep(lease, OF_BEN.id, FetchedQuotes((Quote("reply", C, (said,)),)))
    await files.keep(lease, OF_BEN.id, 2, FileContent((Text("another file"),)))
    job = await bench.forget()
    assert await bench.holds() == []
    assert await bench.holds("another file") == [KEYS.files(C)]
    assert job.found == Found(messages=1, quotes=1)


async def test_a_summary_of_what_the_person_wrote_goes(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    trim = replace(turn(50), window_start=1, preface=Preface("about the secret"))
    await bench.redis.rpush(KEYS.history(C), dump_turn(trim))
    await bench.redis.hset(KEYS.meta(C), "cut", 1)
    job = await bench.forget()
    assert await bench.holds() == []
    assert job.found == Found(messages=1, summaries=1)
    left = [load_turn(str(text)) for text in await bench.redis.lrange(KEYS.history(C), 0, -1)]
    assert left[0].reply == "answer"
    assert "hello" in left[0].user


async def test_a_summary_that_a_turn_writes_while_an_instance_is_killed_goes(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    await bench.store.hear(message("what was said?", author=BEN, number=40))
    claim = await bench.store.claim()  # it has read the history with the secret
    await bench.forgetting.begin(WHO)
    killed = asyncio.create_task(bench.forgetting.run(ANN.id))
    async with asyncio.timeout(10):
        while "secret" in str(await bench.redis.lrange(KEYS.history(C), 0, -1)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    trim = replace(turn(0), id=claim.turn_id, window_start=1, preface=Preface("about the secret"))
    await bench.redis.rpush(KEYS.history(C), dump_turn(trim))
    await bench.redis.hset(KEYS.meta(C), "cut", 1)
    await bench.redis.hset(KEYS.lease(C), "expires", "0")
    job = await forgetting_of(bench).run(ANN.id)
    assert await bench.holds() == []
    assert job is not None
    assert job.found.summaries == 1


async def test_what_another_version_wrote_holds_nothing_else_up_and_is_told(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    trim = replace(turn(50), window_start=1, preface=Preface("about the secret"))
    await bench.redis.rpush(KEYS.history(C), dump_turn(trim))
    await bench.redis.rpush(KEYS.history(C), '{"version": 99, "of": "@Ann"}')
    await bench.redis.hset(KEYS.meta(C), "cut", 1)
    job = await bench.forget()
    assert await bench.holds() == []
    assert job.found == Found(messages=1, summaries=1, unreadable=1)
    text = receipt(job.found, job.code)
    assert (
        "Removed: 1 message and 1 summary that may have told of you. 1 entry was written by another" in text
    )
    assert await bench.forgetting.data.verify(WHO) == Found(unreadable=1)


async def test_a_conversation_that_fails_keeps_no_other_waiting(bench: Bench) -> None:
    await bench.store.answer(SECRET)
    await bench.redis.hset(KEYS.files(1), "no-id:1", "x")
    await bench.forgetting.begin(WHO)
    with pytest.raises(ValueError, match="no-id"):
        await bench.forgetting.run(ANN.id)
    assert await bench.holds() == []
    await bench.redis.delete(KEYS.files(1))
    job = await bench.forgetting.run(ANN.id)
    assert job is not None
    assert job.done


async def test_a_job_that_is_killed_at_any_script_and_goes_on_elsewhere_removes_and_counts_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, at, calls = Scripts.run, 0, 0

    async def dying(self: Scripts, call: Call, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise asyncio.CancelledError
        answer = await run(self, call, **options)
        if -calls == at:
            raise asyncio.CancelledError
        return answer

    seen, steps = set[Found](), 100
    for step in range(steps + 1):
        for at in {step, -step}:
            await bench.redis.flushdb()
            quote = Quote("reply", C, (Quoted(SECRET.id, "a secret", author=ANN),))
            alone = message("mine", number=20)
            await bench.store.answer(alone, reply="a secret reply")
            file = Attachment(5, "loom.png", "image/png", 1)
            said = Quoted(snowflake(3), "a secret", author=ANN, attachments=(file,))
            quoting = replace(OF_BEN, quotes=(quote,), reference=Reference(C, said.id, said))
            await bench.store.answer(SECRET, quoting, reply="about that", posted=78)
            files = FileStore(bench.redis, KEYS)
            lease = await lease_of(bench.redis, KEYS, C)
            await files.keep(lease, said.id, 5, FileContent((Text("a secret file"),)))
            fetched = replace(said, attachments=(replace(file, id=6),))
            await QuoteStore(bench.redis, KEYS).keep(
                lease, OF_BEN.id, FetchedQuotes((Quote("reply", C, (fetched,)),))
            )
            await files.keep(lease, said.id, 6, FileContent((Text("another secret file"),)))
            trim = replace(turn(50), window_start=1, preface=Preface("about the secret"))
            await bench.redis.rpush(KEYS.history(C), dump_turn(trim))
            await bench.redis.hset(KEYS.meta(C), "cut", 1)
            await bench.store.hear(message("another secret", number=60))
            await bench.forgetting.begin(WHO)
            calls = 0
            monkeypatch.setattr(Scripts, "run", dying)
            with suppress(asyncio.CancelledError):
                await forgetting_of(bench).run(ANN.id)
            monkeypatch.undo()
            is_over = calls < step
            job = await forgetting_of(bench).run(ANN.id)
            assert await bench.holds() == [], at
            assert job is not None
            seen.add(job.found)
            assert len(seen) == 1, (at, seen)
        if is_over:
            break
    assert 5 < step < steps


async def test_a_branch_that_was_made_since_the_search_is_looked_at_as_well(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN, reply="noted")
    await bench.forgetting.begin(WHO)
    branch, copy = snowflake(700), await bench.redis.lrange(KEYS.history(C), 0, -1)

    class LateSearch(PersonSearch):
        """The copy is made between the search and the erasure."""

        async def search(self, who: Identity) -> tuple[Identity, tuple[str, ...]]:
            found = await super().search(who)
            await bench.redis.rpush(KEYS.history(branch), *map(str, copy))
            await bench.redis.hset(KEYS.meta(branch), "guild", "1")
            await bench.redis.hset(KEYS.meta(C), f"branch:{branch}", "1")
            return found

    forgetting = Forgetting(
        ForgetJobs(bench.redis, KEYS),
        LateSearch(KeyReader(bench.redis, KEYS)),
        Examination(bench.redis, KEYS),
        StoredValues(bench.redis, KEYS),
        Erasure(bench.redis, KEYS, bench.store, ScopeSettings(bench.redis, KEYS, ttl_s=1000, audit_s=1000)),
        cast("Any", bench.woken),
        cast("Any", bench.woken),
        bench.tell,
        secret=b"secret",
        recall_s=0.0,
    )
    job = await forgetting.run(ANN.id)
    assert job is not None
    assert job.done
    assert await bench.holds() == []
    assert "hello" in str(await bench.redis.lrange(KEYS.history(branch), 0, -1))


ASKED = ToolContext(ToolPlace(C, server=9), asker=ANN.id, key="0123456789abcdef0123", turn=SECRET.id)


class Public:
    """Every place is public."""

    def is_public(self, _server: int, _channel: int, _conversation: int) -> bool:
        return True


async def ann(_person: int) -> Author:
    return ANN


async def set_a_reminder(bench: Bench) -> None:
    jobs, book = ForgetJobs(bench.redis, KEYS), Reminders(bench.redis, KEYS)
    tool = set_tool(book, lambda: round(time.time() * 1000), jobs.covers)
    await tool.run(ASKED, {"text": "a secret", "in_minutes": 5})


async def have_a_fact_remembered(bench: Bench) -> None:
    jobs, memories = ForgetJobs(bench.redis, KEYS), Memories(bench.redis, KEYS, ttl_s=1000)
    places = MemoryPlaces(Public())
    tools = MemoryTools(memories, places, ann, lambda: round(time.time() * 1000), jobs.covers)
    await tools.tools()[0].run(ASKED, {"fact": "a secret", "about_me": False})


@pytest.mark.parametrize("call", [set_a_reminder, have_a_fact_remembered])
async def test_a_tool_that_ends_after_the_search_leaves_nothing_of_the_person(
    bench: Bench, call: Callable[[Bench], Awaitable[None]]
) -> None:
    await bench.store.hear(SECRET)
    await bench.store.claim()
    await bench.forget()
    with pytest.raises(ToolFailed):
        await call(bench)
    assert await bench.holds() == []
    assert not await bench.forgetting.data.verify(WHO)


@pytest.mark.parametrize("call", [set_a_reminder, have_a_fact_remembered])
async def test_what_a_tool_has_kept_for_a_message_goes_with_it_though_it_was_kept_later(
    bench: Bench, call: Callable[[Bench], Awaitable[None]]
) -> None:
    await call(bench)
    assert await bench.forgetting.data.verify(WHO)
    await bench.forget()
    assert await bench.holds() == []


@pytest.mark.parametrize("call", [set_a_reminder, have_a_fact_remembered])
async def test_what_a_tool_keeps_for_a_later_message_stays(
    bench: Bench, call: Callable[[Bench], Awaitable[None]]
) -> None:
    await bench.forget(replace(WHO, before=SECRET.id - 1))
    await call(bench)
    assert len(await bench.holds()) == 1
