"""The step that fetches quotes, with Discord and the store replaced at our own seams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from bot.conversation.message import Attachment, Message, Quote, Quoted, Reference, Room
from bot.conversation.message_links import Link
from bot.conversation.prompt import CONTINUE
from bot.conversation.quoting import Missing, RoomContent
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import Outcome
from bot.store.claim import Claim, Meta
from bot.store.quote_store import FetchedQuotes
from bot.turns.prepare import Prepared
from bot.turns.quote_outcome import MISSING
from bot.turns.quoted_context import FRESH_MS, LINKS_MAX, TOO_MANY, QuotedContext
from tests.conversation.builders import BEN, message, snowflake, turn
from tests.store.claims import a_claim

SAID = Quoted(snowflake(5), "how do looms work?", BEN)
REPLY = replace(message("what does this mean?", number=20), reference=Reference(8, SAID.id, SAID))


def link(number: int) -> str:
    return f"https://discord.com/channels/1/9/{number}"


@dataclass
class Bench:
    """Answers as told, and notes the calls."""

    answer: Quoted | Missing = SAID
    content: RoomContent | Missing = field(default_factory=RoomContent)
    calls: list[Any] = field(default_factory=list)
    kept: dict[int, FetchedQuotes] = field(default_factory=dict)
    now_ms: int = 0
    waits: tuple[int, ...] = ()

    async def waiting(self, _claim: Claim) -> tuple[int, ...]:
        return self.waits

    async def message(self, guild: int | None, channel: int, message: int) -> Quoted | Missing:
        self.calls.append(("message", guild, channel, message))
        return self.answer

    async def linked(self, link: Link, **_: Any) -> Quoted | Missing:
        self.calls.append(link)
        return replace(self.answer, id=link.message) if isinstance(self.answer, Quoted) else self.answer

    async def room(self, room: Room, *, count: int, **_: Any) -> RoomContent | Missing:
        self.calls.append((room, count))
        return self.content

    async def fetched(self, _conversation: int, messages: Sequence[int]) -> dict[int, FetchedQuotes]:
        return {each: self.kept[each] for each in messages if each in self.kept}

    async def keep(self, _conversation: int, message: int, quotes: FetchedQuotes) -> None:
        self.kept[message] = quotes

    async def trimming(self, _claim: Claim) -> TrimPolicy:
        return TrimPolicy(high_tokens=10**6, low_tokens=10**5)

    async def prepare(self, *messages: Message, claim: Claim | None = None, **more: Any) -> Prepared:
        step = QuotedContext(cast("Any", self), cast("Any", self), 20, lambda: self.now_ms, self.trimming)
        step = replace(step, waiting=self.waiting)
        claim = claim or a_claim(
            messages[0].id, messages=messages, members=tuple(each.id for each in messages)
        )
        return await step(claim, Prepared(messages, **more))


def quotes(prepared: Prepared) -> tuple[Quote, ...]:
    return prepared.messages[-1].quotes


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
    prepared = await bench.prepare(asked)
    for_claude, for_people = MISSING[missing]
    assert [quote.kind for quote in quotes(prepared)] == ["room", "reply", "link"]
    assert all(quote.remark.endswith(for_claude) and not quote.messages for quote in quotes(prepared))
    assert len(prepared.notices) == 3
    assert all(notice.endswith(f"{for_people}.") for notice in prepared.notices)
    # An outage passes, so the next attempt tries again.
    assert bool(bench.kept) is (missing is not Missing.UNAVAILABLE)


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


async def test_the_room_is_read_before_the_first_turn_and_not_again() -> None:
    content = RoomContent((SAID, Quoted(snowflake(6), "with threads")), title="Looms")
    asked = replace(REPLY, room=Room(1, REPLY.id))
    bench = Bench(content=content)
    room, reply = quotes(await bench.prepare(asked))
    assert (room.kind, room.title, room.messages) == ("room", "Looms", content.messages[1:])
    assert reply.messages == (SAID,)
    assert bench.calls == [(asked.room, 20)]
    claim = a_claim(asked.id, messages=(asked,), history=(turn(5),))
    bench = Bench(content=content)
    assert [quote.kind for quote in quotes(await bench.prepare(asked, claim=claim))] == ["reply"]
    assert bench.calls == []


async def test_a_command_names_the_number_of_messages_and_after_a_reset_none_are_read() -> None:
    bench = Bench()
    asked = replace(message("sum it up", number=20), room=Room(8, snowflake(20), 5))
    await bench.prepare(asked)
    assert bench.calls == [(asked.room, 5)]
    bench = Bench()
    claim = replace(a_claim(asked.id, messages=(asked,)), meta=Meta(floor=snowflake(3)))
    assert quotes(await bench.prepare(asked, claim=claim)) == ()
    assert bench.calls == []


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


async def test_a_message_of_the_room_is_quoted_again_only_to_open_its_files() -> None:
    file = Attachment(7, "loom.png", "image/png", 4)
    with_file = replace(SAID, id=snowflake(6), attachments=(file,))
    bench = Bench(content=RoomContent((SAID, with_file)))
    first = replace(message("sum up", number=20), room=Room(1, snowflake(20)))
    second = replace(message("this?", number=21), reference=Reference(1, SAID.id, SAID))
    third = replace(message("and this?", number=22), reference=Reference(1, with_file.id, with_file))
    prepared = await bench.prepare(first, second, third)
    _, named, opened = [quote for each in prepared.messages for quote in each.quotes]
    assert (named.messages, opened.messages) == ((), (with_file,))


async def test_what_a_person_wrote_into_a_command_is_not_named_as_the_bots_own() -> None:
    opener = Quoted(snowflake(10), "**Ann:** how do looms work?", BEN, own=True)
    reply = replace(message("I mean this", number=20), reference=Reference(1, opener.id, opener))
    claim = a_claim(reply.id, messages=(reply,), history=(turn(10),))
    (quote,) = quotes(await Bench().prepare(reply, claim=claim))
    assert quote.remark == "this replies to the message written at 2015-01-01 00:00 UTC, which stands above"


async def test_a_message_that_is_answered_later_is_no_part_of_the_room() -> None:
    held = Quoted(snowflake(6), "a question of somebody who waits for other replies", BEN)
    bench = Bench(content=RoomContent((SAID, held), total=3), waits=(held.id,))
    (room,) = quotes(await bench.prepare(replace(message("sum up", number=20), room=Room(1, snowflake(20)))))
    assert (room.messages, room.remark) == ((SAID,), "")


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


async def test_two_first_mentions_in_one_turn_get_the_room_once_and_the_second_one_if_the_first_is_deleted() -> (
    None
):
    first = replace(message("one", number=20), room=Room(1, snowflake(20)))
    second = replace(message("two", number=21), author=BEN, room=Room(1, snowflake(21)))
    bench = Bench(content=RoomContent((SAID,)))
    prepared = await bench.prepare(first, second)
    assert [[quote.kind for quote in each.quotes] for each in prepared.messages] == [["room"], []]
    assert [quote.kind for quote in quotes(await bench.prepare(second))] == ["room"]


@pytest.mark.parametrize(("outcome", "is_read"), [("removed", True), ("refused", False), ("failed", False)])
async def test_the_room_is_read_again_after_the_deletion_of_the_first_turn_alone(
    outcome: Outcome, is_read: bool
) -> None:
    asked = replace(message("again", number=20), room=Room(1, snowflake(20)))
    claim = a_claim(asked.id, messages=(asked,), history=(turn(10, outcome=outcome),))
    bench = Bench(content=RoomContent((SAID,)))
    assert bool(quotes(await bench.prepare(asked, claim=claim))) is is_read


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
