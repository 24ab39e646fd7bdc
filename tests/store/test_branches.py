"""A branch is asked for once, copied once, holds its files itself, and follows what is deleted in its source."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.branch import BranchJob
from bot.conversation.content import FileSource, Image, InlineSource, Text
from bot.conversation.errors import Fenced, StoreUnavailable
from bot.conversation.message import first_id
from bot.conversation.request import PromptMessage
from bot.conversation.scope import Scope
from bot.conversation.turn import Turn
from bot.store.branches import Branches
from bot.store.claim import Claim
from bot.store.codec import Result, dump_turn, load_turn
from bot.store.file_sweeps import FileSweeps
from bot.store.held_files import HeldFiles, Upload
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.removed_places import RemovedPlaces
from bot.store.revisions import Change
from bot.store.scope_settings import ScopeSettings
from bot.store.shared_files import SharedFiles
from tests.conversation.builders import message, snowflake, turn
from tests.store.claims import lease_of
from tests.store.outage import Outage, without_expiry
from tests.store.stage import CHANNEL_FIELDS, KEYS, ONE, THREE, TWO, C, RevisedStore, Store, answered

B = snowflake(500)
JOB = BranchJob(
    person=7, interaction=snowflake(400), conversation=C, turn=TWO.id, message=TWO.id, server=1, place=2,
    name="looms", by="Ann",
)  # fmt: skip


@pytest.fixture
def held(redis: Redis) -> HeldFiles:
    return HeldFiles(redis, KEYS, ttl_s=1000, upload_s=10_000_000_000, inline_bytes=1_000_000)


@pytest.fixture
def branches(redis: Redis, held: HeldFiles) -> Branches:
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    return Branches(redis, KEYS, SharedFiles(redis, KEYS, held), settings, ttl_s=1000)


@pytest.fixture
async def source(redis: Redis) -> RevisedStore:
    """A conversation of three turns."""
    store = RevisedStore(redis)
    for each in (ONE, TWO, THREE):
        await store.conversations.receive(C, each, source="event", channel_fields=CHANNEL_FIELDS)
        claim = await store.claim()
        await store.commit(claim, f"reply to {each.text}")
        await store.journal.acknowledge(claim, reconcile=False)
    return store


async def past(redis: Redis, conversation: int = B) -> list[str]:
    found = await PinsAndSummaries(redis, KEYS, ttl_s=1000).past(conversation)
    return [each.reply for each in found.history]


async def test_a_second_press_is_the_same_wish_and_a_later_one_another(branches: Branches) -> None:
    first = await branches.ask(JOB)
    second = await branches.ask(replace(JOB, interaction=JOB.interaction + 1))
    assert first.interaction == second.interaction == JOB.interaction
    elsewhere = await branches.ask(replace(JOB, interaction=JOB.interaction + 2, turn=ONE.id))
    assert elsewhere.interaction == JOB.interaction + 2
    noted = await branches.note_thread(first, B)
    assert (await branches.note_thread(first, B + 1)).thread == noted.thread == B
    assert (await branches.ask(replace(JOB, interaction=JOB.interaction + 3))).thread == B
    await branches.done(first)
    assert {job.interaction for job in await branches.open(7)} == {JOB.interaction + 2}
    await branches.give_up(first)
    again = await branches.ask(replace(JOB, interaction=JOB.interaction + 4))
    assert (again.interaction, again.thread) == (JOB.interaction + 4, None)
    later = JOB.interaction + first_id(1_420_070_400_000 + 61_000)
    assert (await branches.ask(replace(JOB, interaction=later))).interaction == later


@pytest.mark.usefixtures("source")
async def test_the_turns_up_to_the_chosen_one_are_copied_once(redis: Redis, branches: Branches) -> None:
    for _ in range(3):
        assert await branches.copy(JOB, B)
    assert await past(redis) == ["reply to one", "reply to two"]
    meta = await redis.hgetall(KEYS.meta(B))
    assert {"guild": "1", "parent": "2", "starter": "7", "cut": "0"}.items() <= meta.items()
    assert await redis.zscore(KEYS.known, str(B)) is not None
    for key in (KEYS.history(B), KEYS.meta(B)):
        assert 0 < await redis.ttl(key) <= 1000


async def test_what_came_before_the_window_is_not_copied(redis: Redis, branches: Branches) -> None:
    turns = [turn(number, user=f"q{number}", reply=f"a{number}") for number in range(5)]
    turns = [replace(each, window_start=0 if at < 3 else 2) for at, each in enumerate(turns)]
    await redis.rpush(KEYS.history(C), *(str(dump_turn(each)) for each in turns))
    await redis.hset(KEYS.meta(C), mapping={"guild": 1, "cut": 2})
    assert await branches.copy(replace(JOB, turn=turns[4].id), B)
    copies = [load_turn(str(each)) for each in await redis.lrange(KEYS.history(B), 0, -1)]
    assert [each.reply for each in copies] == ["a2", "a3", "a4"]
    assert [each.window_start for each in copies] == [0, 0, 0]
    assert [each.prefix_key for each in copies] == ["", turns[3].prefix_key, turns[4].prefix_key]
    assert [each.sent for each in copies] == [each.sent for each in turns[2:]]


@pytest.mark.usefixtures("source")
async def test_the_settings_of_the_thread_come_along(redis: Redis, branches: Branches) -> None:
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    await settings.change(Actor(1, 7, 9), Scope.THREAD, C, {"system": "Be kind.", "model": "claude-test"})
    await settings.change(Actor(1, 8, 10), Scope.THREAD, B, {"model": "claude-other"})
    await branches.copy(JOB, B)
    found = (await settings.by_scope(thread=B, channel=None, server=1))[Scope.THREAD]
    assert (found["system"].value, found["system"].by) == ("Be kind.", 7)
    assert found["model"].value == "claude-other"


@pytest.mark.usefixtures("source")
async def test_a_turn_that_runs_in_the_thread_already_begins_again_with_the_copy(
    redis: Redis, branches: Branches
) -> None:
    store = Store(redis)
    early = message("early", number=600)
    await store.receive(B, early, source="event", channel_fields={"guild": 1, "parent": 2})
    claim = await store.journal.claim(B, "me")
    assert isinstance(claim, Claim)
    assert await branches.copy(JOB, B)
    with pytest.raises(Fenced):
        await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    again = await store.journal.claim(B, "you")
    assert isinstance(again, Claim)
    assert [each.reply for each in again.history] == ["reply to one", "reply to two"]


@pytest.mark.usefixtures("source")
async def test_a_thread_that_has_turns_of_its_own_is_left_alone(redis: Redis, branches: Branches) -> None:
    await redis.rpush(KEYS.history(B), str(dump_turn(turn(9, reply="mine"))))
    assert await branches.copy(JOB, B) is False
    assert await past(redis) == ["mine"]


async def test_what_is_not_there_any_more_is_not_branched(redis: Redis, branches: Branches) -> None:
    assert await branches.copy(JOB, B) is None
    assert not await redis.exists(KEYS.history(B), KEYS.meta(B))


async def test_a_deletion_in_the_source_reaches_the_branches_and_theirs(
    redis: Redis, branches: Branches, source: RevisedStore
) -> None:
    await branches.copy(JOB, B)
    nested = snowflake(700)
    await branches.copy(replace(JOB, conversation=B, turn=ONE.id, interaction=JOB.interaction + 1), nested)
    assert set(await source.conversations_of(ONE.id, C)) == {C, B, nested}
    for each in await source.conversations_of(ONE.id, C):
        assert await source.delete(each, ONE.id) is Change.OLD
    for each in (C, B, nested):
        texts = [str(text) for text in await redis.lrange(KEYS.history(each), 0, -1)]
        assert load_turn(texts[0]).outcome == "removed"


async def test_a_deletion_while_the_copy_is_made_reaches_the_copy(
    redis: Redis, held: HeldFiles, source: RevisedStore
) -> None:
    class Slow(SharedFiles):
        async def share(self, *_: object) -> None:
            await source.delete(C, ONE.id)

    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    branches = Branches(redis, KEYS, Slow(redis, KEYS, held), settings, ttl_s=1000)
    assert await branches.copy(JOB, B)
    assert load_turn(str(await redis.lindex(KEYS.history(B), 0))).outcome == "removed"


@pytest.mark.usefixtures("source")
async def test_the_branch_holds_the_files_and_the_last_holder_deletes_an_upload(
    redis: Redis, branches: Branches, held: HeldFiles
) -> None:
    upload, inline = FileSource("file_1"), InlineSource("image/png", "d2")
    entry = load_turn(str(await redis.lindex(KEYS.history(C), 1)))
    files = (Text("q"), Image(upload, 30), Image(inline, 30))
    with_files = replace(entry, sent=(PromptMessage("user", files), *entry.sent[1:]))
    await redis.lset(KEYS.history(C), 1, str(dump_turn(with_files)))
    await held.record_upload(C, "d1", Upload(1_700_000_000, "file_1"))
    await held.inline.put(await lease_of(redis, KEYS, C), "d2", "AAAA")
    assert (await held.held(B, {upload, inline})).gone == {upload, inline}
    await branches.copy(JOB, B)
    there = await held.held(B, {upload, inline})
    assert (there.gone, there.inline) == (frozenset(), {"d2": "AAAA"})
    sweeps = FileSweeps(redis, KEYS)
    assert not await sweeps.release(C, "file_1")
    assert not await sweeps.release(C, "file_1")
    assert await sweeps.release(B, "file_1")
    assert await sweeps.release(C, "file_2")


async def test_an_upload_that_is_being_deleted_is_not_shared(redis: Redis, held: HeldFiles) -> None:
    await held.record_upload(C, "d1", Upload(1_700_000_000, "file_1"))

    class Swept(SharedFiles):
        """Between the note of the sharing and the copy, the sweep that has begun before takes the upload."""

        async def _note(self, source: int, target: int, file_id: str) -> None:
            await super()._note(source, target, file_id)
            await redis.hdel(KEYS.uploads(C), "d1")

    await Swept(redis, KEYS, held).share(C, B, {FileSource("file_1")})
    assert (await held.held(B, {FileSource("file_1")})).gone == {FileSource("file_1")}
    assert await FileSweeps(redis, KEYS).release(C, "file_1")


async def test_an_upload_that_a_sweep_leaves_to_a_branch_which_does_not_take_it_is_deleted_by_a_sweep(
    redis: Redis, held: HeldFiles
) -> None:
    await held.record_upload(C, "d1", Upload(1_700_000_000, "file_1"))
    sweeps = FileSweeps(redis, KEYS)

    class Swept(SharedFiles):
        """The sweep of the source takes the upload, and lets it go, between the note of the sharing and the copy."""

        async def _note(self, source: int, target: int, file_id: str) -> None:
            unnamed = await sweeps.unnamed(source)
            await super()._note(source, target, file_id)
            assert await sweeps.discard(source, unnamed)
            assert not await sweeps.release(source, file_id)
            await sweeps.deleted(source, (file_id,))

    await Swept(redis, KEYS, held).share(C, B, {FileSource("file_1")})
    assert await sweeps.discarded(B) == ("file_1",)
    assert await redis.ttl(KEYS.discarded(B)) > 0
    assert await sweeps.release(B, "file_1")


async def test_an_upload_that_a_branch_has_shared_before_stays_its_own_where_the_sharing_is_repeated(
    redis: Redis, held: HeldFiles
) -> None:
    await held.record_upload(C, "d1", Upload(1_700_000_000, "file_1"))
    await SharedFiles(redis, KEYS, held).share(C, B, {FileSource("file_1")})
    sweeps = FileSweeps(redis, KEYS)

    class Swept(SharedFiles):
        async def _note(self, source: int, target: int, file_id: str) -> None:
            await super()._note(source, target, file_id)
            assert await sweeps.discard(source, await sweeps.unnamed(source))

    await Swept(redis, KEYS, held).share(C, B, {FileSource("file_1")})
    assert not (await held.held(B, {FileSource("file_1")})).gone
    assert not await sweeps.discarded(B)
    assert not await sweeps.release(C, "file_1")


@pytest.mark.usefixtures("source")
async def test_nothing_of_a_branch_stays_for_ever_wherever_the_copy_is_interrupted(
    redis: Redis, branches: Branches, held: HeldFiles
) -> None:
    entry = load_turn(str(await redis.lindex(KEYS.history(C), 1)))
    files = (Text("q"), Image(FileSource("file_1"), 30))
    with_file = replace(entry, sent=(PromptMessage("user", files), *entry.sent[1:]))
    await redis.lset(KEYS.history(C), 1, str(dump_turn(with_file)))
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    for prompt in ("a prompt", "another"):
        await settings.change(Actor(1, 7, C), Scope.THREAD, C, {"system": prompt})
    kept = [KEYS.uploads(B), KEYS.shared("file_1"), KEYS.scope(1, B), KEYS.versions(1, B), KEYS.meta(B)]
    commands, is_whole = 0, False
    while not is_whole:
        for key in (*kept, KEYS.history(B), KEYS.lease(B)):
            await redis.delete(key)
        await held.record_upload(C, "d1", Upload(1_700_000_000, "file_1"))
        with Outage(redis, commands), contextlib.suppress(StoreUnavailable):
            is_whole = bool(await branches.copy(JOB, B))
        assert not await without_expiry(redis, *kept, KEYS.meta(C)), commands
        commands += 1
    assert await redis.exists(KEYS.uploads(B), KEYS.meta(B)) == 2
    assert await redis.exists(KEYS.shared("file_1")) == 1
    assert await redis.exists(KEYS.scope(1, B), KEYS.versions(1, B)) == 2


@pytest.mark.usefixtures("source")
async def test_what_a_branch_notes_of_a_source_that_is_erased_meanwhile_expires(
    redis: Redis, held: HeldFiles
) -> None:
    class Erased(Branches):
        async def _note_in_source(self, source: int, thread: int) -> None:
            await RemovedPlaces(redis, KEYS).erase_conversation(source)
            await super()._note_in_source(source, thread)

    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    erased = Erased(redis, KEYS, SharedFiles(redis, KEYS, held), settings, ttl_s=1000)
    assert await erased.copy(JOB, B) is None
    assert not await without_expiry(redis, KEYS.meta(C))


async def test_the_thread_of_a_branch_that_is_not_known_any_more_is_noted_for_a_while(
    redis: Redis, branches: Branches
) -> None:
    assert (await branches.note_thread(JOB, B)).thread == B
    assert await redis.ttl(KEYS.branches(JOB.person)) > 0


class Crash(Exception):
    """The process is killed here."""


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("step", ["_note_in_source", "_turns", "_follow"])
async def test_a_copy_that_breaks_off_at_a_step_is_whole_after_the_next_attempt(
    redis: Redis, branches: Branches, held: HeldFiles, step: str
) -> None:
    class Broken(Branches):
        """Does a step, and is killed behind it."""

        async def _note_in_source(self, source: int, thread: int) -> None:
            await super()._note_in_source(source, thread)
            _crash_at("_note_in_source", step)

        async def _turns(self, job: BranchJob) -> tuple[Turn, ...] | None:
            found = await super()._turns(job)
            _crash_at("_turns", step)
            return found

        async def _follow(self, job: BranchJob, thread: int) -> None:  # noqa: ARG002
            _crash_at("_follow", step)

    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    broken = Broken(redis, KEYS, SharedFiles(redis, KEYS, held), settings, ttl_s=1000)
    with pytest.raises(Crash):
        await broken.copy(JOB, B)
    begun = await redis.exists(KEYS.history(B))
    assert bool(begun) == bool(await redis.exists(KEYS.meta(B))) == (step == "_follow")
    assert await branches.copy(JOB, B)
    assert await past(redis) == ["reply to one", "reply to two"]


def _crash_at(here: str, step: str) -> None:
    if here == step:
        raise Crash
