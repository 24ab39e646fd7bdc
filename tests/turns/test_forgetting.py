"""Forgetting a person on a real Redis server, while turns run beside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.content import Text
from bot.conversation.elements import question
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.conversation.message import Attachment, Quote, Quoted, Reference, first_id
from bot.conversation.receipt import receipt
from bot.conversation.scope import Scope
from bot.conversation.turn import Preface
from bot.store.codec import dump_turn, load_turn
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.file_store import FileContent, FileStore
from bot.store.forget_jobs import ForgetJob, ForgetJobs
from bot.store.key_reader import KeyReader
from bot.store.person_search import PersonSearch
from bot.store.quote_store import FetchedQuotes, QuoteStore
from bot.store.recent_messages import RecentMessages
from bot.store.scope_settings import ScopeSettings
from bot.store.scripts import Call, Scripts
from bot.store.stored_values import StoredValues
from bot.turns.forgetting import Forgetting
from bot.turns.person_data import by_tag
from tests.conversation.builders import ANN, BEN, message, snowflake, turn
from tests.store.stage import KEYS, C, RevisedStore

WHO = Identity(ANN.id, snowflake(10_000), frozenset({"ann"}), frozenset({"Ann"}))
SECRET = message("a secret", number=30)
OF_BEN = message("hello", author=BEN, number=31)


@dataclass
class Woken:
    conversations: list[int] = field(default_factory=list)

    def signal(self, conversation: int) -> None:
        self.conversations.append(conversation)

    async def publish(self, conversation: int) -> None:
        self.conversations.append(conversation)


@dataclass
class Bench:
    redis: Redis
    store: RevisedStore
    forgetting: Forgetting
    woken: Woken
    told: list[str]
    tell: Callable[[int, str], Awaitable[bool]]
    takes_messages: bool = True

    async def forget(self, who: Identity = WHO) -> ForgetJob:
        await self.forgetting.begin(who)
        job = await self.forgetting.run(ANN.id)
        assert job is not None
        return job

    async def holds(self, word: str = "secret") -> list[str]:
        found = []
        async for key in self.redis.scan_iter(match="test:*"):
            kind = await self.redis.type(key)
            reader = {
                "hash": self.redis.hgetall,
                "list": lambda each: self.redis.lrange(each, 0, -1),
                "string": self.redis.get,
            }
            if kind in reader and word in str(await reader[kind](key)):
                found.append(str(key))
        return found


@pytest.fixture
def bench(redis: Redis) -> Bench:
    store, woken, told = RevisedStore(redis), Woken(), list[str]()
    made: Bench

    async def tell(_person: int, text: str) -> bool:
        if made.takes_messages:
            told.append(text)
        return made.takes_messages

    made = Bench(redis, store, cast("Any", None), woken, told, tell)
    made.forgetting = forgetting_of(made)
    return made


def forgetting_of(bench: Bench) -> Forgetting:
    """One instance's."""
    redis = bench.redis
    return Forgetting(
        ForgetJobs(redis, KEYS),
        PersonSearch(KeyReader(redis, KEYS)),
        Examination(redis, KEYS),
        StoredValues(redis, KEYS),
        Erasure(redis, KEYS, bench.store, ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)),
        cast("Any", bench.woken),
        cast("Any", bench.woken),
        bench.tell,
        secret=b"secret",
        recall_s=0.0,
    )


async def test_what_is_answered_and_what_waits_goes(bench: Bench) -> None:
    await bench.store.answer(SECRET, reply="about the secret")
    await bench.store.hear(message("another secret", number=40))
    job = await bench.forget()
    assert await bench.holds() == []
    assert job.found == Found(messages=2, replies=1)
    assert C in bench.woken.conversations


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


async def test_files_and_quotes_that_were_read_go(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    files, quotes = FileStore(bench.redis, KEYS), QuoteStore(bench.redis, KEYS)
    content = FileContent((Text("a secret file"),))
    await files.keep(C, SECRET.id, 1, content)
    said = Quoted(SECRET.id, "a secret", author=ANN)
    await quotes.keep(C, OF_BEN.id, FetchedQuotes((Quote("reply", C, (said,)),)))
    await files.keep(C, OF_BEN.id, 2, FileContent((Text("another file"),)))
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


async def test_a_repeated_job_finds_nothing(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    await bench.forget()
    assert (await bench.forget()).found == Found()
    assert await bench.forgetting.data.verify(WHO) == Found()


async def test_a_job_that_was_left_goes_on_where_it_stood_and_counts_once(bench: Bench) -> None:
    await bench.store.answer(SECRET)
    begun = await bench.forgetting.begin(WHO)
    jobs = ForgetJobs(bench.redis, KEYS)
    search = PersonSearch(KeyReader(bench.redis, KEYS))
    who, names = await search.search(WHO)
    await jobs.note_search(begun, who, names)
    # What a killed instance has done of the step: it has counted, and removed the record.
    groups = by_tag(names)
    examined = await Examination(bench.redis, KEYS).examine(C, groups[C], who)
    await jobs.note_found(begun, f"{C}:0", examined.found)
    await bench.store.delete(C, SECRET.id)
    job = await bench.forgetting.run(ANN.id)
    assert job is not None
    assert job.found == Found(messages=1, replies=1)
    assert await bench.holds() == []


async def test_the_receipt_of_a_job_that_nobody_waits_for_comes_by_direct_message(bench: Bench) -> None:
    await bench.store.answer(SECRET)
    await bench.forgetting.begin(WHO)
    await bench.redis.zadd(KEYS.forget_queue, {str(ANN.id): 0})
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while not bench.told:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        while await bench.redis.zcard(KEYS.forget_queue):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert "1 message and 1 reply to you alone" in bench.told[0]
    job = await bench.forgetting.latest(ANN.id)
    assert job is not None
    assert job.told


async def test_a_receipt_that_cannot_be_delivered_waits_for_the_next_command(bench: Bench) -> None:
    bench.takes_messages = False
    await bench.forgetting.begin(WHO)
    await bench.redis.zadd(KEYS.forget_queue, {str(ANN.id): 0})
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while await bench.redis.zcard(KEYS.forget_queue):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    job = await bench.forgetting.latest(ANN.id)
    assert job is not None
    assert (job.done, job.told) == (True, False)


async def test_two_instances_that_search_for_the_same_job_leave_one_receipt_that_counts_all(
    bench: Bench,
) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    await bench.forgetting.begin(WHO)
    reached, go_on = asyncio.Event(), asyncio.Event()
    slow = forgetting_of(bench)
    search = slow.data._search.search

    async def searched(who: Identity) -> tuple[Identity, tuple[str, ...]]:
        found = await search(who)
        reached.set()
        await go_on.wait()
        return found

    slow.data._search.search = searched  # type: ignore[method-assign]
    other = asyncio.create_task(slow.run(ANN.id))
    await reached.wait()
    job = await bench.forgetting.run(ANN.id)
    go_on.set()
    assert await asyncio.wait_for(other, 10) == job
    assert await bench.forgetting.latest(ANN.id) == job
    assert job is not None
    assert job.found == Found(messages=1)


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


async def test_what_is_put_back_by_hand_is_found_again(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    keys = KEYS.history(C), KEYS.record(C, SECRET.id), KEYS.meta(C)
    before = [await bench.redis.dump(key) for key in keys]
    assert (await bench.forget()).found == Found(messages=1)
    assert await bench.forgetting.data.verify(WHO) == Found()
    for key, value in zip(keys, before, strict=True):
        await bench.redis.restore(key, 0, value or b"", replace=True)
        if key != keys[2]:
            assert (await bench.forgetting.data.verify(WHO)).messages == 1, key
    assert (await bench.forget()).found.messages == 1
    assert await bench.forgetting.data.verify(WHO) == Found()
    # A copy of a pinned turn alone is found, too.
    pinned = replace(turn(30), members=(SECRET.id,), authors=(ANN.id,), sent=(question([SECRET]),))
    trim = replace(turn(50), window_start=1, preface=Preface("", (pinned,)))
    await bench.redis.rpush(KEYS.history(C), dump_turn(trim))
    assert (await bench.forgetting.data.verify(WHO)).messages == 1
    assert (await bench.forget()).found.messages == 1
    assert await bench.holds() == []


async def test_a_prompt_that_is_set_afterwards_stays_and_is_nothing_left_behind(bench: Bench) -> None:
    settings = ScopeSettings(bench.redis, KEYS, ttl_s=1000, audit_s=1000)
    await settings.change(Actor(9, ANN.id, 1), Scope.SERVER, 9, {"system": "An old secret."})
    async with asyncio.timeout(10):
        server_ms = int((await bench.redis.time())[0]) * 1000
        who = replace(WHO, before=first_id(server_ms + 1000))
        while int((await bench.redis.time())[0]) * 1000 < server_ms + 1000:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for number, prompt in enumerate(("A new secret.", "A newer one.")):
        await settings.change(Actor(9, ANN.id, 2 + number), Scope.SERVER, 9, {"system": prompt})
    assert await bench.forgetting.data.verify(who) == Found(prompts=1)
    await bench.forgetting.begin(who)
    await bench.forgetting.run(ANN.id)
    assert await bench.forgetting.data.verify(who) == Found()
    assert await bench.holds("An old secret") == []
    by_scope = await settings.by_scope(thread=None, channel=None, server=9)
    assert by_scope[Scope.SERVER]["system"].value == "A newer one."
    versions = await settings.versions(9, 9, count=10)
    assert "A new secret." in [each.text for each in versions]


async def test_what_is_kept_of_a_person_names_rules_limits_and_conversations(bench: Bench) -> None:
    settings = ScopeSettings(bench.redis, KEYS, ttl_s=1000, audit_s=1000)
    await settings.change(
        Actor(9, BEN.id, 1), Scope.SERVER, 9, {"access:person:1": "block", "access:person:11": "block"}
    )
    await bench.store.answer(SECRET, reply="about the secret")
    await bench.redis.hset(KEYS.meta(C), "starter", ANN.id)
    await bench.redis.hset(KEYS.budget("person-9-1-tokens-day-20000"), "settled", 5)
    await bench.redis.hset(KEYS.budget("person-9-2-tokens-day-20000"), "settled", 6)
    kept = await bench.forgetting.data.kept(WHO)
    assert [(each.name, each.value) for each in kept.rules] == [("access:person:1", "block")]
    assert kept.started == (C,)
    assert [(each.key, each.value) for each in kept.values] == [
        ("{budgets}:c:person-9-1-tokens-day-20000", {"settled": "5"})
    ]
    assert [each.reply for each in kept.messages] == ["about the secret"]


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
            await files.keep(C, said.id, 5, FileContent((Text("a secret file"),)))
            fetched = replace(said, attachments=(replace(file, id=6),))
            await QuoteStore(bench.redis, KEYS).keep(
                C, OF_BEN.id, FetchedQuotes((Quote("reply", C, (fetched,)),))
            )
            await files.keep(C, said.id, 6, FileContent((Text("another secret file"),)))
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


async def test_what_a_store_that_has_gone_back_holds_again_is_forgotten_anew(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    before = {str(key): await bench.redis.dump(key) async for key in bench.redis.scan_iter(match="test:*")}
    other = forgetting_of(bench)
    await bench.forget(replace(WHO, before=first_id(round(time.time() * 1000))))
    await other.recall()
    await bench.redis.flushdb()
    for key, value in before.items():
        await bench.redis.restore(key, 0, value or b"")
    assert await bench.holds() != []
    await other.recall()
    # The instance that has noticed begins, and whichever looks first does the job.
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while not bench.told:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert await bench.holds() == []
    assert "gone back to an earlier state" in bench.told[0]
    assert "1 message" in bench.told[0]


async def test_an_empty_store_has_nobody_told_of_what_did_not_come_back(bench: Bench) -> None:
    await bench.store.answer(SECRET)
    await bench.forget(replace(WHO, before=first_id(round(time.time() * 1000))))
    await bench.redis.flushdb()
    await bench.forgetting.recall()
    job = await bench.forgetting.run(ANN.id)
    assert job is not None
    assert (job.again, job.done, job.found) == (True, True, Found())
    await bench.redis.zadd(KEYS.forget_queue, {str(ANN.id): 0})
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while await bench.redis.zcard(KEYS.forget_queue):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert bench.told == []


async def test_who_was_forgotten_long_ago_is_not_forgotten_anew(bench: Bench) -> None:
    await bench.forgetting.begin(replace(WHO, before=snowflake(1)))
    await bench.redis.flushdb()
    await bench.forgetting.recall()
    assert await bench.forgetting.latest(ANN.id) is None


async def test_a_message_that_was_just_accepted_is_forgotten_where_it_waits_for_its_copy(
    bench: Bench,
) -> None:
    recent = RecentMessages(bench.redis, KEYS)
    await recent.note(5, 6, SECRET, is_proxied=False)
    quoting = replace(OF_BEN, quotes=(Quote("reply", C, (Quoted(SECRET.id, "a secret", author=ANN),)),))
    await recent.note(5, 6, quoting, is_proxied=False)
    await recent.note(5, 6, message("hello", author=BEN, number=33), is_proxied=False)
    after = replace(WHO, before=snowflake(31) + 1)
    await recent.note(5, 6, message("another secret", number=32), is_proxied=False)
    await bench.forget(after)
    assert await bench.holds() == [KEYS.recent_text(5, snowflake(32))]
    assert await bench.holds("hello") == [KEYS.recent_text(5, snowflake(33))]
