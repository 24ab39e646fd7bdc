"""The file beside the card of a call with long arguments."""

from __future__ import annotations

from bot.conversation import approval_card
from bot.conversation.errors import DiscordForbidden
from bot.conversation.identity import Identity
from bot.render.controls import NONE
from tests.turns.desk_stage import ASKER, CONTEXT, THREAD, TURN, Bench, bench

__all__ = ["bench"]


async def test_long_arguments_are_a_file_of_the_card_that_goes_when_the_person_is_forgotten(
    bench: Bench,
) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north " * 400})
    await bench.desk.post_cards(THREAD, TURN)
    (files,) = bench.outbox.files.values()
    assert [each.name for each in files] == [approval_card.FILE_NAME]
    await bench.desk.forget(THREAD, Identity(ASKER, before=TURN + 1))
    (files,) = bench.outbox.files.values()
    assert files == ()


async def test_where_no_file_can_be_attached_a_call_with_long_arguments_says_so_and_cannot_be_allowed(
    bench: Bench,
) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north " * 400})
    bench.outbox.refuses_files = DiscordForbidden("Attach Files")
    await bench.desk.post_cards(THREAD, TURN)
    ended = await bench.found()
    assert (ended.state, ended.reason, ended.is_shown) == ("withdrawn", "unread", True)
    assert bench.cards() == [approval_card.card(ended)]
    assert approval_card.WITHDRAWN["unread"] in approval_card.card(ended)
    assert ended.card is not None
    assert bench.outbox.controls[ended.card] == NONE
    assert bench.events == ["opened", "withdrawn"]


async def test_where_nothing_can_be_posted_a_call_waits_for_its_card(bench: Bench) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north " * 400})
    bench.outbox.failures += [DiscordForbidden("Send Messages")] * 2
    await bench.desk.post_cards(THREAD, TURN)
    assert ((await bench.found()).state, bench.cards()) == ("waiting", [])
    await bench.looked()
    assert (await bench.found()).card is not None
