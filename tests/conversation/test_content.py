from __future__ import annotations

from bot.conversation.content import (
    GONE,
    Block,
    Document,
    FileSource,
    Image,
    InlineSource,
    Opaque,
    Text,
    ToolResult,
    ToolUse,
    fixed_tokens,
    sources,
    text_of,
    without_files,
)
from bot.conversation.tokens import PRIOR

BLOCKS: tuple[Block, ...] = (
    Text("look:"),
    Image(FileSource("file_1"), 1500),
    Document(InlineSource("application/pdf", "d1"), 3000, "loom.pdf"),
    ToolUse("toolu_1", "weave", '{"b":1,"a":[2]}', 40),
    ToolResult("toolu_1", (Text("done"), Image(FileSource("file_2"), 20)), is_error=True),
    Opaque('{"type":"thinking","thinking":"hm","signature":"s"}', 5),
)


def test_the_text_of_blocks_is_that_of_the_text_blocks() -> None:
    assert text_of((*BLOCKS, Text("and?")), "\n") == "look:\nand?"


def test_blocks_that_are_not_text_take_the_tokens_that_they_name() -> None:
    assert fixed_tokens(BLOCKS) == 1500 + 3000 + 40 + 20 + 5
    assert PRIOR.blocks(BLOCKS) == fixed_tokens(BLOCKS) + PRIOR.of("look:") + PRIOR.of("done")


def test_a_text_stands_in_place_of_each_file_that_is_gone() -> None:
    inline, nested = InlineSource("application/pdf", "d1"), FileSource("file_2")
    assert list(sources(BLOCKS)) == [FileSource("file_1"), inline, nested]
    left = without_files(BLOCKS, {inline, nested})
    assert left == (*BLOCKS[:2], GONE, BLOCKS[3], GONE, BLOCKS[5])
    assert without_files(BLOCKS, ()) == BLOCKS
