"""Whom /forget me and /my data take for the person, on a real Redis server: the id decides, and not names."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.elements import question
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.conversation.message import Author, Mention, Message, Quote, Quoted
from bot.conversation.turn import Preface, Turn
from bot.store.codec import dump_correction, dump_turn, load_turn
from bot.store.forget_jobs import ForgetJobs
from bot.store.key_reader import KeyReader
from bot.store.person_search import PersonSearch
from tests.conversation.builders import ANN, BEN, message, snowflake, turn
from tests.store.stage import KEYS, C
from tests.turns.forgetting_stage import BOT, OF_BEN, SECRET, WHO, Bench, bench

__all__ = ["bench"]

ASKED = replace(
    message("@Bobbin, what of @Ann?", author=BEN, number=31), mentions=(BOT, Mention(ANN.id, "Ann"))
)
LUNA = Author(77, "webhook:77:Luna", "Luna")


def named(*names: str) -> Identity:
    """Somebody else, who bears these names now."""
    return Identity(9, snowflake(10_000), frozenset({"mallory"}), frozenset(names))


async def dumped(bench: Bench) -> list[bytes | None]:
    return [await bench.redis.dump(key) async for key in bench.redis.scan_iter(match=f"test:{{{C}}}:*")]


async def forgotten(bench: Bench, who: Identity) -> Found:
    await bench.forgetting.begin(who)
    job = await bench.forgetting.run(who.person)
    assert job is not None
    return job.found


async def trimmed(bench: Bench, *, summary: str, corrected: str = "") -> None:
    """A conversation in which Ben mentions Ann, with a summary of that."""
    await bench.store.answer(ASKED)
    later = turn(50)
    trim = replace(turn(60), window_start=1, preface=Preface(summary))
    await bench.redis.rpush(KEYS.history(C), dump_turn(later), dump_turn(trim))
    fields = {"cut": "1"} | ({"corrected": dump_correction((trim.id, corrected))} if corrected else {})
    await bench.redis.hset(KEYS.meta(C), mapping=fields)  # type: ignore[arg-type]


async def history(bench: Bench) -> list[Turn]:
    return [load_turn(str(text)) for text in await bench.redis.lrange(KEYS.history(C), 0, -1)]


async def test_security_whoever_bears_the_name_of_the_bot_or_of_somebody_changes_nothing(
    bench: Bench,
) -> None:
    await bench.store.answer(SECRET, ASKED)
    await bench.redis.rpush(KEYS.history(C), dump_turn(of_earlier_version(ASKED)))
    before = await dumped(bench)
    assert await forgotten(bench, named("Bobbin", "Ann", "Ben", "what")) == Found()
    assert await dumped(bench) == before


async def test_security_a_person_who_has_written_takes_no_names_of_others_along(bench: Bench) -> None:
    await bench.store.answer(message("hello", author=Author(9, "mallory", "Ann"), number=29), SECRET, ASKED)
    old = of_earlier_version(replace(ASKED, id=snowflake(45), text="@Bobbin, ask @Ann or @Mal"))
    await bench.redis.rpush(KEYS.history(C), dump_turn(old))
    assert await forgotten(bench, named("Bobbin", "Ann", "Mal")) == Found(messages=1, mentions=1)
    written = " ".join(entry.user for entry in await history(bench))
    assert "@Bobbin, what of @Ann?" in written
    assert "@Bobbin, ask @Ann or @somebody" in written


async def test_a_mention_that_an_edit_has_brought_goes_by_the_id(bench: Bench) -> None:
    await bench.store.hear(replace(OF_BEN, mentions=(BOT,)))
    edited = replace(OF_BEN, text="@Annie knows", mentions=(Mention(ANN.id, "Annie"),))
    await bench.store.edit(C, edited, edited_ms=5)
    claim = await bench.store.claim()
    await bench.store.commit(claim, "answer")
    await bench.store.journal.acknowledge(claim, reconcile=False)
    assert (await bench.forget()).found == Found(mentions=1)
    assert await bench.holds("Annie") == []


async def test_a_mention_goes_by_its_name_although_the_person_writes_on_while_everything_is_searched(
    bench: Bench,
) -> None:
    old = of_earlier_version(replace(ASKED, text="what of @Ann?"))
    await bench.redis.rpush(KEYS.history(C), dump_turn(old))
    await bench.store.answer(SECRET)
    await bench.store.answer(message("here I am", number=20_000), posted=78)
    assert (await bench.forget()).found == Found(messages=1, replies=1, mentions=1)


async def test_a_mention_goes_and_leaves_a_summary_that_does_not_name_the_person(bench: Bench) -> None:
    await trimmed(bench, summary="They planned the loom.")
    job = await bench.forget()
    assert job.found == Found(mentions=1)
    entries = await history(bench)
    assert "@Bobbin, what of @somebody?" in entries[0].user
    assert entries[-1].preface == Preface("They planned the loom.")


async def test_a_mention_takes_a_summary_along_that_may_name_the_person(bench: Bench) -> None:
    await trimmed(bench, summary="Ben asked about Ann.")
    assert (await bench.forget()).found == Found(mentions=1, summaries=1)
    assert (await history(bench))[-1].preface is None


async def test_a_mention_takes_along_what_somebody_wrote_of_the_person_in_place_of_a_summary(
    bench: Bench,
) -> None:
    await trimmed(bench, summary="They planned the loom.", corrected="Ben asked about Ann.")
    assert (await bench.forget()).found.summaries == 1
    assert "Ann" not in str(await bench.redis.hgetall(KEYS.meta(C)))


async def test_security_what_is_shown_of_quotes_is_what_the_id_tells(bench: Bench) -> None:
    said = Quoted(snowflake(3), "my words", author=ANN, mentions=())
    quoting = replace(OF_BEN, quotes=(Quote("link", 5, (said,)),), mentions=())
    await bench.redis.rpush(KEYS.history(C), dump_turn(of_earlier_version(quoting)))
    assert (await bench.forgetting.data.kept(WHO)).quotes == ()
    other = replace(quoting, id=snowflake(41))
    await bench.store.hear(other)
    assert [each.text for each in (await bench.forgetting.data.kept(WHO)).quotes] == ["my words"]
    taken = replace(WHO, person=9)
    assert (await bench.forgetting.data.kept(taken)).quotes == ()
    # Without an id beside it, what is removed is rather too much.
    assert (await bench.forget()).found == Found(quotes=2)


async def test_security_messages_of_a_persona_whose_author_is_unknown_are_nobodys(bench: Bench) -> None:
    unknown = replace(message("a private matter", author=LUNA, number=30), proxied_for=0)
    own = replace(message("a persona", author=LUNA, number=31), proxied_for=9)
    await bench.store.answer(unknown, reply="a private answer")
    await bench.store.answer(own, posted=78)
    who = named("Mallory")
    kept = await bench.forgetting.data.kept(who)
    assert [each.text for each in kept.messages] == ["a persona"]
    assert await forgotten(bench, who) == Found(messages=1, replies=1)
    assert await bench.holds("a private matter") != []


async def test_a_job_for_which_an_older_version_has_searched_finds_mentions_by_name(bench: Bench) -> None:
    old = of_earlier_version(replace(ASKED, text="what of @Ann?"))
    await bench.redis.rpush(KEYS.history(C), dump_turn(old))
    await bench.store.answer(SECRET)
    jobs, begun = ForgetJobs(bench.redis, KEYS), await bench.forgetting.begin(WHO)
    await jobs.note_search(begun, *await bench.forgetting.data.search(WHO))
    await bench.redis.hset(KEYS.forget_job(ANN.id), "names", '{"usernames":["ann"],"names":["Ann"]}')
    job = await bench.forgetting.run(ANN.id)
    assert job is not None
    assert job.found == Found(messages=1, replies=1, mentions=1)


async def test_what_a_search_finds_of_a_person_outlives_the_instance(bench: Bench) -> None:
    await bench.store.answer(SECRET, replace(message("x", author=LUNA, number=32), proxied_for=ANN.id))
    search, jobs = PersonSearch(KeyReader(bench.redis, KEYS)), ForgetJobs(bench.redis, KEYS)
    begun = await bench.forgetting.begin(replace(WHO, others=frozenset({BOT.name})))
    who, names = await search.search(begun.identity)
    assert (set(who.known), set(who.proxied)) == ({C}, {snowflake(32)})
    await jobs.note_search(begun, who, names)
    job = await jobs.get(ANN.id)
    assert job is not None
    assert job.identity == who


def of_earlier_version(*messages: Message) -> Turn:
    """An entry without the ids of those who are quoted and mentioned."""
    return replace(
        turn(40),
        sent=(question(messages), *turn(40).sent[1:]),
        members=tuple(each.id for each in messages),
        authors=tuple(each.asker or 0 for each in messages),
    )


async def test_a_receipt_is_verified_although_the_person_writes_where_others_name_them(bench: Bench) -> None:
    old = of_earlier_version(replace(ASKED, text="what of @Ann?"))
    await bench.redis.rpush(KEYS.history(C), dump_turn(old))
    assert await forgotten(bench, WHO) == Found()
    await bench.store.answer(message("here I am", number=20_000))
    assert await bench.forgetting.data.verify(WHO) == Found()
