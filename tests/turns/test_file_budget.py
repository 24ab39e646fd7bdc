"""How files share the tokens of a turn: `file_contents` and `files.token_budget` together."""

from __future__ import annotations

import pytest

from bot.conversation.message import Attachment
from bot.conversation.tokens import PRIOR, pdf_tokens
from bot.files.result import Converted, Pages, Picture, Problem, Words
from bot.files.token_budget import TokenBudget
from bot.turns.file_notices import PROBLEMS
from bot.turns.prepare import Prepared
from tests.conversation.builders import message
from tests.turns.file_bench import Bench, only, with_files

PAGE = pdf_tokens(1)
PHOTO = Picture("image/jpeg", b"jpg", 1568, 1176)


def tokens(prepared: Prepared) -> list[int]:
    return [PRIOR.blocks(each.blocks) for message in prepared.messages for each in message.attachments]


async def test_a_pdf_is_cut_to_the_pages_that_have_room_and_that_is_said() -> None:
    bench = Bench(Pages(b"pdf", 50, 50), room=TokenBudget(3 * PAGE + 10))
    prepared = await bench.prepare(with_files())
    assert tokens(prepared) == [3 * PAGE]
    assert only(prepared).remark == "the first 3 of its 50 pages"
    assert "I read only the first 3 of 50 pages" in prepared.notices[0]
    assert len(bench.asked) == 1


async def test_several_files_share_the_room_and_the_largest_is_cut_first() -> None:
    bench = Bench(Pages(b"pdf", 50, 50), room=TokenBudget(7 * PAGE))
    assert tokens(await bench.prepare(with_files(3))) == [2 * PAGE] * 3
    assert {each.pdf_pages for each in bench.asked} == {7, 2}


async def test_ten_photos_in_a_small_window_are_scaled_down_and_all_of_them_are_seen() -> None:
    bench = Bench(PHOTO, room=TokenBudget(3000))
    prepared = await bench.prepare(with_files(10))
    sizes = tokens(prepared)
    assert min(sizes) > 200
    assert sum(sizes) <= 3000
    assert "scaled down to " in prepared.messages[0].attachments[0].remark
    named = ", ".join(f"`f{number}.png`" for number in range(9))
    assert prepared.notices == (f"I scaled down {named} and `f9.png`, because there is no room for more.",)


@pytest.mark.parametrize("converted", [Pages(b"pdf", 2, 2), PHOTO, Words("x" * 9000)])
async def test_what_has_no_room_at_all_is_said_and_not_sent(converted: Converted) -> None:
    bench = Bench(converted, room=TokenBudget(20))
    prepared = await bench.prepare(with_files())
    assert only(prepared).blocks == ()
    assert prepared.notices == (f"I could not read `f0.png`: {PROBLEMS[Problem.NO_ROOM][1]}.",)
    assert bench.uploads == 0


async def test_a_text_is_cut_in_its_middle_to_what_has_room() -> None:
    prepared = await Bench(Words("looms weave " * 5000), room=TokenBudget(4000)).prepare(with_files())
    (size,) = tokens(prepared)
    assert 3000 < size <= 4000
    assert "characters of its middle are left out" in only(prepared).remark


async def test_what_was_prepared_before_the_turn_grew_counts_and_stays() -> None:
    bench = Bench(Pages(b"pdf", 50, 50), room=TokenBudget(5 * PAGE))
    first = with_files()
    assert tokens(await bench.prepare(first)) == [5 * PAGE]
    second = message("and", number=11, attachments=(Attachment(77, "b.pdf", "", 4),))
    assert tokens(await bench.prepare(first, second)) == [5 * PAGE, 0]


@pytest.mark.parametrize(("older", "size"), [(False, 56 * 42), (True, 1568)])
async def test_a_picture_costs_less_on_a_model_before_claude_4_7(older: bool, size: int) -> None:
    assert tokens(await Bench(PHOTO, room=TokenBudget(older=older)).prepare(with_files())) == [size]
