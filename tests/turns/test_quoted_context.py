"""What a message replies to and links to: quoted once, named where it stands above, and read anew when it is old."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.conversation.message import Quote, Quoted, Reference, Room
from bot.conversation.prompt import CONTINUE
from bot.conversation.quoting import Missing
from bot.store.claim import Meta
from bot.turns.prepare import Prepared
from bot.turns.quote_outcome import ELSEWHERE_FROM_DMS, MISSING
from bot.turns.quoted_context import FRESH_MS, LINKS_MAX, TOO_MANY, QuotedContext
from tests.conversation.builders import BEN, message, snowflake, turn
from tests.store.claims import a_claim
from tests.turns.quote_bench import REPLY, SAID, Bench, link, quotes


async def test_what_a_message_replies_to_is_quoted_from_the_event_without_a_fetch() -> None:
    bench = Bench()
    prepared = await bench.prepare(REPLY)
    assert quotes(prepared) == (Quote("reply", 8, (SAID,)),)
    assert (bench.calls, prepared.notices) == ([], ())


async def test_what_did_not_come_with_the_event_is_fetched_once() -> None:
    bench = Bench()
    reply = replace(REPLY, reference=Reference(8, SAID.id))
    first = await bench.prepare(reply)
    assert quotes(first) == (Quote("reply", 8, (SAID,)),)
    assert await bench.prepare(reply) == first
    assert bench.calls == [("message", None, 8, SAID.id)]


async def test_forwarded_messages_stand_before_what_is_fetched() -> None:
    bench = Bench()
    forward = Quote("forward", 8, (SAID,))
    first = await bench.prepare(replace(REPLY, quotes=(forward,)))
    assert quotes(first) == (forward, Quote("reply", 8, (SAID,)))


async def test_what_stands_above_is_named_only() -> None:
    bench = Bench()
    above = message("how do looms work?", number=5, author=BEN)
    named = "this replies to the message by ben, written at 2015-01-01 00:00 UTC, which stands above"
    prepared = await bench.prepare(above, REPLY)
    assert quotes(prepared) == (Quote("reply", 8, remark=named),)
    claim = a_claim(REPLY.id, messages=(REPLY,), history=(turn(5),))
    assert quotes(await Bench().prepare(REPLY, claim=claim)) == (Quote("reply", 8, remark=named),)
    linking = message(f"and {link(SAID.id)}", number=20)
    assert quotes(await bench.prepare(above, linking)) == (
        Quote("link", 9, remark=named.replace("replies", "links")),
    )
    assert bench.calls == []


async def test_a_reply_of_the_bot_is_named_in_the_window_and_quoted_out_of_it() -> None:
    own = Quoted(snowflake(12), "They weave.", BEN, own=True)
    reply = replace(REPLY, reference=Reference(1, own.id))
    claim = a_claim(reply.id, messages=(reply,), history=(turn(10),))
    prepared = await Bench(own).prepare(reply, claim=claim)
    named = "this replies to your own message written at 2015-01-01 00:00 UTC, which stands above"
    assert quotes(prepared) == (Quote("reply", 1, remark=named),)
    claim = a_claim(reply.id, messages=(reply,), history=(turn(15),))
    assert quotes(await Bench(own).prepare(reply, claim=claim)) == (Quote("reply", 1, (own,)),)


@pytest.mark.parametrize("missing", Missing)
async def test_what_is_missing_is_named_to_claude_and_to_people_and_fails_no_turn(missing: Missing) -> None:
    bench = Bench(missing, missing)
    asked = replace(
        message(f"x {link(7)}", number=20), reference=Reference(8, SAID.id), room=Room(1, snowflake(20))
    )
    prepared = await bench.prepare(asked, claim=a_claim(asked.id, messages=(asked,), meta=Meta(guild=1)))
    for_claude, for_people = MISSING[missing]
    assert [quote.kind for quote in quotes(prepared)] == ["room", "reply", "link"]
    assert all(quote.remark.endswith(for_claude) and not quote.messages for quote in quotes(prepared))
    assert len(prepared.notices) == 3
    assert all(notice.endswith(f"{for_people}.") for notice in prepared.notices)
    # An outage passes, so the next attempt tries again.
    assert bool(bench.kept) is (missing is not Missing.UNAVAILABLE)


async def test_in_direct_messages_a_link_to_a_server_is_not_said_to_lead_out_of_this_server() -> None:
    asked = message(f"x {link(7)}", number=20)
    prepared = await Bench(Missing.ELSEWHERE).prepare(asked)
    assert prepared.notices == (f"I could not read the linked message: {ELSEWHERE_FROM_DMS}.",)


async def test_a_deleted_message_is_named_without_a_fetch() -> None:
    bench = Bench()
    prepared = await bench.prepare(replace(REPLY, reference=Reference(8, SAID.id, is_deleted=True)))
    assert quotes(prepared)[0].remark == "this replies to a message that is not shown to you: it is deleted"
    assert prepared.notices == ("I could not read the message that was replied to: it is deleted.",)
    assert bench.calls == []


async def test_three_links_are_opened_and_the_others_stay_links() -> None:
    bench = Bench()
    prepared = await bench.prepare(message(" ".join(link(each) for each in range(5, 9)), number=20))
    assert [quote.messages[0].id for quote in quotes(prepared)] == [5, 6, 7]
    assert len(bench.calls) == LINKS_MAX
    assert prepared.notices == (TOO_MANY,)


async def test_each_of_several_links_that_are_not_opened_is_named_by_its_place() -> None:
    bench = Bench(Missing.NOT_FOR_ALL)
    replied = f"{link(SAID.id)} {link(6)} {link(7)} {link(6)}"
    prepared = await bench.prepare(replace(REPLY, text=replied))
    _, for_people = MISSING[Missing.NOT_FOR_ALL]
    assert prepared.notices == tuple(
        f"I could not read the {which} linked message: {for_people}." for which in ("second", "third")
    )
    prepared = await Bench(Missing.NOT_FOR_ALL).prepare(message(link(6), number=20))
    assert prepared.notices == (f"I could not read the linked message: {for_people}.",)


async def test_what_is_replied_to_and_linked_is_quoted_once_and_a_link_to_itself_never() -> None:
    linking = replace(REPLY, text=f"{link(SAID.id)} {link(REPLY.id)}")
    bench = Bench()
    assert [quote.kind for quote in quotes(await bench.prepare(linking))] == ["reply"]
    assert bench.calls == []


async def test_an_edit_that_adds_a_link_has_the_quotes_fetched_again() -> None:
    bench = Bench()
    await bench.prepare(message(f"see {link(5)}", number=20))
    prepared = await bench.prepare(message(f"see {link(6)}", number=20))
    assert [quote.messages[0].id for quote in quotes(prepared)] == [6]


async def test_a_reply_that_is_continued_fetches_nothing() -> None:
    bench = Bench()
    prepared = await bench.prepare(replace(REPLY, reference=Reference(8, SAID.id)), so_far=(CONTINUE,))
    assert (bench.calls, quotes(prepared)) == ([], ())


async def test_a_message_that_refers_to_nothing_asks_neither_discord_nor_the_store() -> None:
    step = QuotedContext(cast("Any", None), cast("Any", None), 20, lambda: 0, cast("Any", None))
    asked = message("hello", number=20)
    assert await step(a_claim(asked.id, messages=(asked,)), Prepared((asked,))) == Prepared((asked,))


async def test_what_an_earlier_message_of_the_turn_quotes_is_named_until_that_message_is_deleted() -> None:
    bench = Bench()
    again = replace(message("is it good?", number=21), reference=Reference(8, SAID.id, SAID))
    linking = message(f"I mean {link(SAID.id)}", number=22)
    prepared = await bench.prepare(REPLY, again, linking)
    first, *named = [quote for each in prepared.messages for quote in each.quotes]
    assert first.messages == (SAID,)
    name = "the message by ben, written at 2015-01-01 00:00 UTC, which stands above"
    assert [quote.remark for quote in named] == [f"this replies to {name}", f"this links to {name}"]
    assert not any(quote.messages for quote in named)
    prepared = await bench.prepare(again, linking)
    assert [bool(quote.messages) for each in prepared.messages for quote in each.quotes] == [True, False]


async def test_what_a_person_wrote_into_a_command_is_not_named_as_the_bots_own() -> None:
    opener = Quoted(snowflake(10), "**Ann:** how do looms work?", BEN, own=True)
    reply = replace(message("I mean this", number=20), reference=Reference(1, opener.id, opener))
    claim = a_claim(reply.id, messages=(reply,), history=(turn(10),))
    (quote,) = quotes(await Bench().prepare(reply, claim=claim))
    assert quote.remark == "this replies to the message written at 2015-01-01 00:00 UTC, which stands above"


@pytest.mark.parametrize("text", ["what of this?", f"what of {link(SAID.id)}?"])
async def test_a_message_that_is_answered_later_is_named_where_another_one_refers_to_it(text: str) -> None:
    bench = Bench(waits=(SAID.id,))
    asked = message(text, number=20)
    if "http" not in text:
        asked = replace(asked, reference=Reference(8, SAID.id, SAID))
    (quote,) = quotes(await bench.prepare(asked))
    assert quote.messages == ()
    assert "written at 2015-01-01 00:00 UTC, which waits" in quote.remark
    assert bench.calls == []
    bench.waits = ()  # the message may have joined the turn, or be deleted
    (quote,) = quotes(await bench.prepare(asked))
    assert quote.messages[0].text == SAID.text


@pytest.mark.parametrize("found", [Missing.DELETED, replace(SAID, text="as it is now"), Missing.UNAVAILABLE])
async def test_what_a_waiting_message_replies_to_is_read_again(found: Quoted | Missing) -> None:
    bench = Bench(found, now_ms=FRESH_MS)
    await bench.prepare(REPLY)
    assert bench.calls == []
    bench = Bench(found, now_ms=FRESH_MS + 1)
    (quote,) = quotes(await bench.prepare(REPLY))
    assert bench.calls == [("message", None, 8, SAID.id)]
    if found is Missing.DELETED:
        assert MISSING[found][0] in quote.remark
    else:
        assert quote.messages == (SAID if found is Missing.UNAVAILABLE else found,)


async def test_a_reply_to_an_earlier_message_of_the_turn_that_is_deleted_names_it_as_deleted() -> None:
    bench = Bench(Missing.DELETED)
    first = message("how do looms work?", number=5, author=BEN)
    prepared = await bench.prepare(first, REPLY)
    assert quotes(prepared)[0].remark.endswith("which stands above")
    assert await bench.prepare(first, REPLY) == prepared
    assert bench.calls == []
    bench.now_ms = FRESH_MS + 1
    (quote,) = quotes(await bench.prepare(REPLY))
    assert quote.remark.endswith(MISSING[Missing.DELETED][0])
