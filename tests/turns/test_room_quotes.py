"""What was said in a room before its first turn: read once, and without the messages that are answered later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.message import Attachment, Quoted, Reference, Room
from bot.conversation.quoting import RoomContent
from bot.conversation.turn import Outcome
from bot.store.claim import Meta
from tests.conversation.builders import BEN, message, snowflake, turn
from tests.store.claims import a_claim
from tests.turns.quote_bench import REPLY, SAID, Bench, quotes


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


async def test_a_message_that_is_answered_later_is_no_part_of_the_room() -> None:
    held = Quoted(snowflake(6), "a question of somebody who waits for other replies", BEN)
    bench = Bench(content=RoomContent((SAID, held), total=3), waits=(held.id,))
    (room,) = quotes(await bench.prepare(replace(message("sum up", number=20), room=Room(1, snowflake(20)))))
    assert (room.messages, room.remark) == ((SAID,), "")


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
