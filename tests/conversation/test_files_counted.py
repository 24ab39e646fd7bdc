"""The tokens of pictures and PDFs, in everything that counts tokens; figures by the documented formula, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.compose import Plan, Terms, compose
from bot.conversation.content import Block, Document, FileSource, Image
from bot.conversation.context_view import view
from bot.conversation.elements import question
from bot.conversation.ledger import Ledger, Prefix
from bot.conversation.message import Attachment, Message, created_ms
from bot.conversation.past import Past
from bot.conversation.pricing import Prices
from bot.conversation.prompt import prefix_key, render_system
from bot.conversation.request import Parameters, Usage
from bot.conversation.side_requests import counted_total, to_count, to_summarize_what_goes
from bot.conversation.tokens import PRIOR, pdf_tokens, picture_tokens
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import Preface, Turn
from tests.conversation.builders import message, snowflake, turn

PHOTO_TOKENS = 56 * 42
"""1568 by 1176 pixels in squares of 28."""

PHOTO = Image(FileSource("photo"), PHOTO_TOKENS, "a.jpg")
PAGE_TOKENS = 3000 + 45 * 63
"""The text of a page, and a picture of 1240 by 1754 pixels."""

PAPER = Document(FileSource("paper"), 2 * PAGE_TOKENS, "b.pdf")
RATES = Prices(2_000_000, 2_500_000, 4_000_000, 100_000, 10_000_000)


def terms(high: int = 80_000, low: int = 40_000, *, pinned: int = 0, limit: int | None = None) -> Terms:
    return Terms(
        parameters=Parameters("claude-test", 100),
        system=render_system("Be kind."),
        trimming=TrimPolicy(high, low, pinned),
        limit_tokens=limit,
        prices=RATES,
    )


def asking(*blocks: Block, number: int = 50) -> Message:
    files = tuple(Attachment(at, "f", "", 1, blocks=(each,)) for at, each in enumerate(blocks))
    return message("look", number=number, attachments=files)


def entry(number: int, *blocks: Block, usage: Usage | None = None) -> Turn:
    asked = question([asking(*blocks, number=number)])
    made = turn(number, tokens=(PRIOR.sent(asked), 10), usage=usage)
    return replace(made.asked(asked), members=(snowflake(number),))


def plan(terms_: Terms, *history: Turn, new: Message, pins: frozenset[int] = frozenset()) -> Plan:
    past = Past(tuple(history), pins=pins)
    return compose(terms_, past, [new], now_ms=created_ms(snowflake(60)))


def test_the_formula_is_the_documented_one() -> None:
    assert picture_tokens(1568, 1176) == PHOTO_TOKENS
    assert pdf_tokens(1) == PAGE_TOKENS
    # Before Claude 4.7: an edge of 1568 and 1568 tokens at most.
    assert picture_tokens(1568, 1176, older=True) == 1568
    assert picture_tokens(2576, 500, older=True) == 56 * 11
    assert pdf_tokens(1, older=True) == 3000 + 1568


@pytest.mark.parametrize(("block", "tokens"), [(PHOTO, PHOTO_TOKENS), (PAPER, 2 * PAGE_TOKENS)])
def test_the_estimate_of_a_new_message_counts_its_files(block: Block, tokens: int) -> None:
    bare, full = plan(terms(), new=asking()), plan(terms(), new=asking(block))
    # Besides, the text says that a file is attached.
    assert tokens <= full.added_tokens - bare.added_tokens <= tokens + 30
    assert full.window.tokens - bare.window.tokens == full.added_tokens - bare.added_tokens


def test_the_ledger_measures_a_message_with_a_picture_and_learns_its_rates_from_the_text_alone() -> None:
    key = prefix_key("m", ("s",))
    before = replace(entry(1, usage=Usage(input=1000, output=50)), prefix_key=key, reply_tokens=50)
    ledger = Ledger((before,), Prefix(key, 0))
    forecast = ledger.forecast(PRIOR, ["s"])
    assert ledger.measure(2400, Usage(input=1050 + 2390), forecast, extends=True) == 2390
    pictured = replace(
        entry(2, PHOTO, usage=Usage(input=3440, output=50)), prefix_key=key, user_tokens=2390, reply_tokens=50
    )
    rates = Ledger((before, pictured), Prefix(key, 0)).rates()
    assert 0.2 < rates.latin < 0.8


def test_a_trim_drops_the_turns_of_pictures_by_their_tokens() -> None:
    history = [entry(number, PHOTO) for number in range(1, 10)]
    found = plan(terms(20_000, 10_000), *history, new=asking(number=50))
    assert found.window.dropped == 6
    assert found.window.tokens <= 10_000
    photos = [each for sent in found.request.messages for each in sent.blocks if each == PHOTO]
    assert len(photos) == 3


def test_a_pinned_picture_stays_if_it_has_room_among_the_pins() -> None:
    history = [entry(number, PHOTO) for number in range(1, 10)]
    pins = frozenset({snowflake(1)})
    kept = plan(terms(20_000, 10_000, pinned=2500), *history, new=asking(number=50), pins=pins)
    assert [each.id for each in kept.window.pinned] == [snowflake(1)]
    assert kept.window.tokens <= 10_000
    crowded = plan(terms(20_000, 10_000, pinned=2350), *history, new=asking(number=50), pins=pins)
    assert crowded.window.pinned == ()


def test_a_summary_is_asked_for_with_the_files_that_go() -> None:
    history = tuple(entry(number, PHOTO) for number in range(1, 10))
    found = plan(terms(20_000, 10_000), *history, new=asking(number=50))
    request = to_summarize_what_goes(found, Past(history))
    assert sum(each == PHOTO for sent in request.messages for each in sent.blocks) >= found.window.dropped


def test_context_counts_files_in_the_history_and_in_the_pins() -> None:
    past = Past((replace(entry(8, PHOTO), preface=Preface("", (entry(1, PAPER),))),), window_start=7)
    shown = Terms(Parameters("m", 100), ("s",), TrimPolicy(80_000, 40_000))
    seen = view(past, shown, now_ms=created_ms(snowflake(60)))
    tokens = {part.name: part.tokens for part in seen.parts}
    assert PHOTO_TOKENS < tokens["history"] < PHOTO_TOKENS + 100
    assert 2 * PAGE_TOKENS < tokens["pinned"] < 2 * PAGE_TOKENS + 100
    assert [file.tokens for file in seen.files] == [2 * PAGE_TOKENS, PHOTO_TOKENS]


def test_the_api_counts_the_blocks_and_cannot_lower_the_estimate_of_uploaded_files() -> None:
    limit = terms(limit=13_000)
    found = plan(limit, new=asking(PAPER))
    request = to_count(limit, found, Past())
    assert request is not None
    assert PAPER in request.messages[-1].blocks
    assert counted_total(900, found, request) == found.total_tokens
    assert counted_total(40_000, found, request) == 40_000
    text = plan(limit, new=message("loom " * 6000))
    request = to_count(limit, text, Past())
    assert request is not None
    assert counted_total(900, text, request) == 900
