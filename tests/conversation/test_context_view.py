"""What Claude sees of a conversation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.compose import Terms
from bot.conversation.content import Block, FileSource, Image, Text
from bot.conversation.context_view import PICTURE_CELLS, SIGNS, ContextView, Part, draw, view
from bot.conversation.elements import render_user
from bot.conversation.history_files import files_of, without_file
from bot.conversation.message import created_ms
from bot.conversation.past import Past
from bot.conversation.prompt import prefix_key
from bot.conversation.request import Parameters, PromptMessage, Usage
from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.trimming import marks
from bot.conversation.turn import Preface, Turn
from tests.conversation.builders import message, snowflake, turn

TERMS = Terms(Parameters("m", 100), ("Be kind.",), marks(1000, 0.5))


WITH_TOOLS = replace(
    TERMS, parameters=replace(TERMS.parameters, tools=(ToolDefinition("time_in", '{"name": "time_in"}'),))
)


def look(past: Past, terms: Terms = TERMS) -> ContextView:
    return view(past, terms, now_ms=created_ms(turn(20).id))


def test_a_new_conversation_is_all_room() -> None:
    seen = look(Past())
    assert (seen.turns, seen.trimmed, seen.first, seen.summary) == (0, 0, None, "")
    assert [part.name for part in seen.parts] == ["system", "free"]


def test_each_part_of_the_window_is_named_with_its_tokens() -> None:
    preface = Preface("They talked of looms.", (turn(1, tokens=(40, 60)),))
    history = (
        turn(7, tokens=(50, 50), outcome="refused"),
        replace(turn(8, tokens=(100, 100)), preface=preface),
    )
    seen = look(Past(history, window_start=7), WITH_TOOLS)
    tokens = {part.name: part.tokens for part in seen.parts}
    assert (tokens["pinned"], tokens["history"]) == (100, 200)
    assert set(tokens) == set(SIGNS)
    assert sum(tokens.values()) == 1000
    assert seen.tokens == 1000 - tokens["free"]
    assert (seen.turns, seen.pinned, seen.trimmed, seen.first) == (2, 1, 7, turn(8).id)
    assert seen.summary == "They talked of looms."


def test_what_is_deleted_is_neither_counted_nor_led_to() -> None:
    removed = replace(turn(7), outcome="removed", sent=(), members=(), amended=turn(9).id)
    # Of the next one the first message is gone, and the second is still there.
    partly = replace(turn(8), members=(snowflake(8) + 1,), amended=turn(9).id)
    seen = look(Past((removed, partly, turn(9)), window_start=7))
    assert (seen.turns, seen.first) == (2, snowflake(8) + 1)


def test_what_was_counted_is_told_from_what_is_estimated_and_what_is_cached() -> None:
    last = turn(10, tokens=(50, 50), usage=Usage(input=8, cache_write_5m=392, output=50))
    seen = look(
        Past((replace(last, model="m", prefix_key=prefix_key(TERMS.parameters.cache_key, TERMS.system)),))
    )
    assert (seen.tokens, seen.estimated) == (450, 0)
    assert seen.cached.warm == 392
    assert seen.share == 0.45


@pytest.mark.parametrize("factor", [1.3, 1 / 1.3])
def test_after_a_change_of_the_model_the_parts_still_add_up_to_the_total(factor: float) -> None:
    before = [replace(turn(at, tokens=(20, 50)), model="older") for at in range(1, 9)]
    counted = round(14 + 560 * factor + 20)
    last = replace(turn(10, tokens=(20, 30), usage=Usage(input=counted, output=30)), model="m")
    seen = look(
        Past((*before, replace(last, prefix_key=prefix_key(TERMS.parameters.cache_key, TERMS.system))))
    )
    tokens = {part.name: part.tokens for part in seen.parts}
    assert seen.tokens == counted + 30
    assert sum(tokens.values()) == 1000
    assert tokens["free"] == 1000 - seen.tokens
    assert tokens["history"] == pytest.approx(560 * factor + 50, abs=12)


def test_the_picture_shows_shares() -> None:
    parts = (Part("history", 750, 0.75), Part("free", 250, 0.25))
    assert draw(parts, 0.75, cells=8) == "██████░░ 75%\n█ history       750\n░ free          250"


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=5))
def test_the_picture_is_always_as_wide_and_holds_every_part(sizes: list[int]) -> None:
    parts = [Part(name, size, 0.1) for name, size in zip(SIGNS, sizes, strict=False)]
    line = draw(parts, 0.5).splitlines()[0].removesuffix(" 50%")
    assert len(line) == PICTURE_CELLS
    assert all(SIGNS[part.name] in line for part in parts)


def test_the_files_never_take_more_than_the_turns_that_hold_them() -> None:
    def with_pictures(number: int, tokens: int) -> Turn:
        pictures = (Image(FileSource(f"{number}-{size}"), size, "loom.png") for size in (300, 100))
        asked = PromptMessage("user", (Text(render_user([message("look", number=number)])), *pictures))
        return replace(turn(number, tokens=(tokens, 10)).asked(asked), user_tokens=tokens)

    # After a deletion the tokens of an entry are an estimate, and so are those of its files.
    seen = look(Past((with_pictures(8, 200), with_pictures(9, 900))))
    assert [file.tokens for file in seen.files] == [300, 150, 100, 50]
    history = next(part.tokens for part in seen.parts if part.name == "history")
    assert sum(file.tokens for file in seen.files) <= history


def test_the_files_of_all_turns_that_are_sent_are_listed_pinned_ones_as_they_are_now() -> None:
    def with_picture(number: int, *blocks: Block) -> Turn:
        asked = PromptMessage("user", (Text(render_user([message("look", number=number)])), *blocks))
        return replace(turn(number).asked(asked), members=(snowflake(number),))

    large, small = (Image(FileSource(name), tokens, name) for name, tokens in (("large", 900), ("small", 30)))
    pinned, gone = with_picture(1, large), with_picture(2, large)
    window = replace(with_picture(8, small), preface=Preface("", (pinned, gone)))
    unsent = replace(with_picture(9, large), outcome="refused")
    now = without_file(gone, files_of(gone)[0].key, turn(8).id)
    seen = look(Past((window, unsent), window_start=7, recalled=(pinned, now)))
    assert [(file.name, file.holder) for file in seen.files] == [
        ("large", snowflake(1)),
        ("small", snowflake(8)),
    ]
