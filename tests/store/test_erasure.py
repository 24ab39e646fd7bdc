"""What was read may change before it is erased."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.conversation.message import Quoted, Reference, created_ms
from bot.conversation.scope import Scope
from bot.store.codec import load_message
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.key_reader import KeyReader
from bot.store.person_search import PersonSearch
from bot.store.reminders import Reminders
from bot.store.scope_settings import ScopeSettings
from tests.conversation.builders import ANN, BEN, message, snowflake
from tests.conversation.test_reminder import reminder
from tests.store.stage import KEYS, C, RevisedStore

WHO = Identity(ANN.id, snowflake(10_000), frozenset({"ann"}), frozenset({"Ann"}))
SERVER = 9


def erasing(redis: Redis, store: RevisedStore) -> tuple[Examination, Erasure, ScopeSettings]:
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    return Examination(redis, KEYS), Erasure(redis, KEYS, store, settings), settings


async def test_an_edit_by_somebody_else_meanwhile_is_not_lost(redis: Redis) -> None:
    store = RevisedStore(redis)
    said = Quoted(snowflake(3), "a secret", author=ANN)
    quoting = replace(message("hello", author=BEN, number=30), reference=Reference(C, said.id, said))
    await store.hear(quoting)
    examination, erasure, _ = erasing(redis, store)
    _, names = await PersonSearch(KeyReader(redis, KEYS)).search(WHO)
    examined = await examination.examine(C, names, WHO)
    assert examined.found == Found(quotes=1)
    await store.edit(C, replace(quoting, text="hello, edited"), edited_ms=5)
    erased = await erasure.erase(examined, WHO, first=None)
    assert not erased.complete
    again = await examination.examine(C, names, WHO)
    assert again.found == Found(quotes=1)
    assert (await erasure.erase(again, WHO, first=None)).complete
    payload = load_message(str(await redis.hget(KEYS.record(C, quoting.id), "payload")))
    assert payload.text == "hello, edited"
    assert payload.reference == Reference(C, said.id, None, is_deleted=True)


async def test_the_prompts_of_the_person_go_and_the_acts_stay_as_metadata(redis: Redis) -> None:
    store = RevisedStore(redis)
    examination, erasure, settings = erasing(redis, store)
    await settings.change(
        Actor(SERVER, ANN.id, 1), Scope.SERVER, SERVER, {"system": "Be kind.", "model": "m"}
    )
    await settings.change(Actor(SERVER, BEN.id, 2), Scope.CHANNEL, 8, {"system": "Be brief."})
    who = replace(WHO, before=snowflake(10**9))
    _, names = await PersonSearch(KeyReader(redis, KEYS)).search(who)
    examined = await examination.examine(SERVER, names, who)
    assert {each.name for each in examined.kept_settings} == {"system", "model", "earlier system"}
    assert [each.what for each in examined.kept_acts] == ["system", "model"]
    await erasure.erase(examined, who, first=None)
    by_scope = await settings.by_scope(thread=None, channel=8, server=SERVER)
    assert {name: each.value for name, each in by_scope[Scope.SERVER].items()} == {"model": "m"}
    assert by_scope[Scope.CHANNEL]["system"].value == "Be brief."
    texts = [each.text for each in await settings.versions(SERVER, SERVER, count=10)]
    assert "Be kind." not in texts
    assert [each.text for each in await settings.versions(SERVER, 8, count=10)] == ["Be brief."]


async def test_a_mention_of_the_person_goes_from_the_reminders_of_others_whose_text_stays(
    redis: Redis,
) -> None:
    store, book = RevisedStore(redis), Reminders(redis, KEYS)
    early = replace(reminder(), created_ms=created_ms(snowflake(1)))
    texts = {1: f"ask @Ann, or <@{ANN.id}> or <@!{ANN.id}>, for wool", 2: "stir the pot", 3: "ask @Annabel"}
    for number, text in texts.items():
        await book.add(replace(early, id=number, conversation=C, person=BEN.id, text=text), 5)
    await book.add(replace(early, id=4, conversation=C, person=ANN.id, text="a secret"), 5)
    examination, erasure, _ = erasing(redis, store)
    who, names = await PersonSearch(KeyReader(redis, KEYS)).search(WHO)
    examined = await examination.examine(C, names, who)
    assert examined.found == Found(reminders=1, mentions=3)
    assert (await erasure.erase(examined, who, first=None)).complete
    left = {each.id: each.text for each in await book.of(C)}
    assert left == {**texts, 1: "ask @somebody, or @somebody or @somebody, for wool"}
    assert not (await examination.examine(C, names, who)).found
