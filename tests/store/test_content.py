from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation.audit import Actor
from bot.conversation.correction import fingerprint
from bot.conversation.errors import Unreadable
from bot.conversation.scope import SYSTEM, Scope
from bot.conversation.timeline import AttemptTimeline, StreamedRequest
from bot.conversation.turn import Preface
from bot.store.claim import Claim, UnreadableConversation
from bot.store.codec import Result, dump_turn
from bot.store.connection import connect
from bot.store.content import MARK, Cipher, Content
from bot.store.counted import CountedRedis
from bot.store.file_store import FileContent, FileStore
from bot.store.held_files import HeldFiles
from bot.store.history import History
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.presets import Presets
from bot.store.revisions import Change
from bot.store.scope_settings import ScopeSettings
from tests.conversation.builders import message
from tests.store.claims import lease_of
from tests.store.stage import (
    CHANNEL_FIELDS,
    KEYS,
    ONE,
    TTL_S,
    TWO,
    C,
    RevisedStore,
    Store,
    answered,
    claimed,
    expire_lease,
    receive,
)
from tests.store.trims import PREFACE, TRIMMED

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
ACTOR = Actor(home=1, person=2, interaction=3)

Connect = Callable[..., CountedRedis]


@pytest.fixture
async def with_keys(redis_url: str, redis: Redis) -> AsyncIterator[Connect]:
    """Makes clients of the empty server that encrypt with keys, or without."""
    made: list[CountedRedis] = []

    def client(*keys: str) -> CountedRedis:
        made.append(connect(redis_url, timeout_s=30.0, cipher=Cipher(keys)))
        return made[-1]

    yield client
    for each in made:
        await each.aclose()


def settings_of(redis: Redis) -> ScopeSettings:
    return ScopeSettings(redis, KEYS, ttl_s=TTL_S, audit_s=TTL_S)


async def everything(redis: Redis) -> str:
    """What a client without keys reads of all keys."""
    found: list[Any] = []
    async for key in redis.scan_iter():
        match str(await redis.type(key)):
            case "hash":
                found.append(await redis.hgetall(key))
            case "list":
                found.append(await redis.lrange(key, 0, -1))
            case "string":
                found.append(await redis.get(key))
            case "stream":
                found.append(await redis.xrange(key))
    return repr(found)


def test_a_text_is_read_with_any_of_the_keys_and_written_with_the_first() -> None:
    old, both = Cipher([OLD]), Cipher([NEW, OLD])
    stored = old.sealed(Content("a text"))
    assert "a text" not in stored
    assert both.opened(stored) == "a text"
    assert Cipher([NEW]).opened(both.sealed(Content("a text"))) == "a text"


def test_what_is_no_content_stays_readable() -> None:
    assert Cipher([OLD]).sealed("an id") == "an id"
    assert Cipher([OLD]).opened(["an id", 5, None, {"a": "b"}]) == ["an id", 5, None, {"a": "b"}]


def test_a_text_of_people_cannot_pass_for_an_encrypted_one() -> None:
    assert Cipher().sealed(Content(f"{MARK}5:gAAAA")) == "5:gAAAA"
    assert Cipher([OLD]).opened(Cipher([OLD]).sealed(Content(f"{MARK}5:gAAAA"))) == "5:gAAAA"


def test_a_text_that_no_key_decrypts_is_reported_once_with_the_setting() -> None:
    stored = Cipher([OLD]).sealed(Content("a text"))
    cipher = Cipher([NEW])
    with capture_logs() as logs:
        assert cipher.opened([stored, stored]) == [stored, stored]
    assert len(logs) == 1
    assert "privacy.keys" in logs[0]["hint"]
    assert "a text" not in repr(logs)


async def test_a_script_that_compares_gets_what_is_stored_whichever_key_has_written_that(
    with_keys: Connect, redis: Redis
) -> None:
    store = RevisedStore(with_keys(OLD))
    await store.answer(ONE)
    rotated = RevisedStore(with_keys(NEW, OLD))
    before = await redis.lindex(KEYS.history(C), 0)
    assert await History(rotated.redis, KEYS).amend(C, ONE.id, replace(ONE, text="changed"))
    after = await redis.lindex(KEYS.history(C), 0)
    assert after != before
    # The changed entry is written anew with the newest key, which alone decrypts it.
    entry = await History(with_keys(NEW), KEYS).last(C)
    assert entry is not None
    assert "changed" in str(entry)


@pytest.mark.parametrize("keys", [(NEW, OLD), ()])
async def test_an_event_without_a_new_text_is_no_edit_after_a_change_of_keys(
    with_keys: Connect, keys: tuple[str, ...]
) -> None:
    first, later = ((OLD,), keys) if keys else ((), (NEW,))
    await RevisedStore(with_keys(*first)).answer(ONE)
    assert await RevisedStore(with_keys(*later)).edit(C, ONE, edited_ms=99) is Change.SAME


async def test_a_summary_is_corrected_and_carried_on_after_a_change_of_keys(with_keys: Connect) -> None:
    old = with_keys(OLD)
    await old.rpush(KEYS.history(C), dump_turn(TRIMMED))
    summaries = PinsAndSummaries(old, KEYS, ttl_s=TTL_S)
    shown = (await summaries.past(C)).preface.summary
    assert await summaries.correct(C, fingerprint(shown), "first correction")
    new = with_keys(NEW, OLD)
    rotated = PinsAndSummaries(new, KEYS, ttl_s=TTL_S)
    assert await rotated.correct(C, fingerprint("first correction"), "second correction")
    assert (await rotated.past(C)).preface.summary == "second correction"


async def test_a_trim_carries_on_a_correction_that_an_earlier_key_has_written(with_keys: Connect) -> None:
    old = with_keys(OLD)
    await old.rpush(KEYS.history(C), dump_turn(TRIMMED))
    summaries = PinsAndSummaries(old, KEYS, ttl_s=TTL_S)
    assert await summaries.correct(C, fingerprint(PREFACE.summary), "They talked of cloth.")
    new = with_keys(NEW, OLD)
    store = Store(new)
    await receive(store, ONE)
    claim = await claimed(store)
    made = replace(answered(claim), preface=Preface("They talked of cloth and of one.", ()))
    await store.journal.commit(claim, made, Result("answer"), window_start=1)
    past = await PinsAndSummaries(new, KEYS, ttl_s=TTL_S).past(C)
    assert past.preface.summary == "They talked of cloth and of one."
    assert not await new.hget(KEYS.meta(C), "corrected")


async def test_the_timeline_of_a_turn_is_encrypted_because_lengths_tell_of_a_text(
    with_keys: Connect, redis: Redis
) -> None:
    store = Store(with_keys(OLD))
    await receive(store, ONE)
    claim = await claimed(store)
    timeline = (AttemptTimeline(1, requests=(StreamedRequest("reply", deltas=(123_456_789_012_345, 7)),)),)
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77, timeline)
    assert "123456789012345" not in await everything(redis)
    await expire_lease(redis)
    assert (await claimed(store)).attempt.timeline == timeline


async def test_a_prompt_is_encrypted_and_the_audit_log_still_tells_its_length(
    with_keys: Connect, redis: Redis
) -> None:
    scope_settings = settings_of(with_keys(OLD))
    await scope_settings.change(ACTOR, Scope.SERVER, 1, {SYSTEM: "be sehr kürz"})
    await scope_settings.change(ACTOR, Scope.SERVER, 1, {SYSTEM: "another"})
    assert "kürz" not in await everything(redis)
    entries: Any = await redis.xrange(KEYS.audit(1))
    assert (entries[0][1]["before"], entries[0][1]["after"]) == ("", "12")
    assert (await scope_settings.effective(thread=5, channel=4, server=1)).system == "another"
    texts = [version.text for version in await scope_settings.versions(1, 1, count=5)]
    assert texts == ["another", "be sehr kürz"]


async def test_a_prompt_that_is_set_already_is_no_change_whichever_key_has_written_it(
    with_keys: Connect, redis: Redis
) -> None:
    await settings_of(with_keys(OLD)).change(ACTOR, Scope.SERVER, 1, {SYSTEM: "be kind"})
    later = replace(ACTOR, interaction=4)
    assert await settings_of(with_keys(NEW, OLD)).change(later, Scope.SERVER, 1, {SYSTEM: "be kind"}) == {}
    assert await redis.xlen(KEYS.versions(1, 1)) == 1


async def test_without_its_key_a_prompt_is_not_guessed(with_keys: Connect) -> None:
    await settings_of(with_keys(OLD)).change(ACTOR, Scope.SERVER, 1, {SYSTEM: "be kind"})
    with pytest.raises(Unreadable):
        await settings_of(with_keys()).effective(thread=5, channel=4, server=1)


async def test_without_its_key_a_conversation_counts_as_unreadable_and_nothing_is_deleted(
    with_keys: Connect,
) -> None:
    store = RevisedStore(with_keys(OLD))
    await store.answer(ONE)
    await receive(Store(with_keys(NEW)), TWO)
    unreadable = await Store(with_keys(NEW)).journal.claim(C, "me")
    assert isinstance(unreadable, UnreadableConversation)
    await Store(with_keys(NEW)).journal.release(unreadable, blameless=True)
    claim = await Store(with_keys(NEW, OLD)).journal.claim(C, "me")
    assert isinstance(claim, Claim)
    assert len(claim.history) == 1
    assert claim.batch.messages == (TWO,)


async def test_what_was_stored_plain_is_read_once_keys_are_set(with_keys: Connect) -> None:
    await RevisedStore(with_keys()).answer(ONE)
    store = Store(with_keys(NEW))
    await receive(store, TWO)
    claim = await claimed(store)
    assert len(claim.history) == 1
    assert claim.batch.messages == (TWO,)


async def test_names_files_bytes_and_presets_are_encrypted(with_keys: Connect, redis: Redis) -> None:
    client = with_keys(OLD)
    named = {**CHANNEL_FIELDS, "server_name": "canary", "channel_name": "canary"}
    await Store(client).receive(C, message("canary", number=9), source="event", channel_fields=named)
    await Store(client).introduce(C + 1, named)
    lease = await lease_of(client, KEYS, C)
    await FileStore(client, KEYS).keep(lease, 9, 1, FileContent((), "canary", "canary"))
    held = HeldFiles(client, KEYS, ttl_s=TTL_S, upload_s=TTL_S, inline_bytes=1000)
    await held.inline.put(lease, "digest", "canary")
    await Presets(client, KEYS).save(ACTOR, "name", "canary", 1)
    assert "canary" not in await everything(redis)
    assert (await claimed(Store(client))).meta.names.server == "canary"
    assert (await FileStore(client, KEYS).contents(C))[9, 1].remark == "canary"
    assert (await Presets(client, KEYS).all(1))["name"].text == "canary"
