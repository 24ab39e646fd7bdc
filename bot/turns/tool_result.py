"""What Claude is told of a call: the output of a tool within bounds, or why there is none; pure."""

from __future__ import annotations

from bot.conversation.consulted import Consulted, ToolEnd
from bot.conversation.content import Document, Image, Text, ToolResult, ToolUse
from bot.conversation.surrogates import whole
from bot.conversation.visible import is_blank
from bot.store.tool_steps import Answered
from bot.tools.tool import ToolOutput

Part = Text | Image | Document

MOST_CHARS = 40_000
"""A longer result is cut: about 16,000 tokens, which each further request of the turn would pay for."""

MOST_ERROR_CHARS = 2000
MOST_BLOCKS = 20

CUT = "\n[the rest was left out, because the result is too long]"
NOTHING = "(nothing)"
BUG = "The tool has failed."


def told(call: ToolUse, text: str, outcome: ToolEnd = "failed") -> Answered:
    """Return the answer to a call that has no output."""
    result = ToolResult(call.id, (Text(error_text(text)),), is_error=True)
    return Answered(result, Consulted(call.name, outcome))


def answered(call: ToolUse, output: ToolOutput) -> Answered:
    """Return the answer to a call that was made; the output is as the API accepts it."""
    return Answered(ToolResult(call.id, output.content), Consulted(call.name, "done", output.sources))


def error_text(text: str) -> str:
    """Return the text of a failure as the API accepts it: not blank, and bounded."""
    text = whole(text)
    return BUG if is_blank(text) else text[:MOST_ERROR_CHARS]


def bounded(output: ToolOutput) -> tuple[Part, ...]:
    """Return the blocks of an output as the API accepts them, its texts cut to `MOST_CHARS` in all.

    The API refuses blank texts and halves of surrogate pairs.
    """
    room = MOST_CHARS
    blocks: list[Part] = []
    for block in output.content:
        if isinstance(block, (Image, Document)):
            blocks.append(block)
            continue
        text = whole(block.text)
        if is_blank(text):
            continue
        if len(text) > room:
            blocks.append(Text((text[:room] + CUT).lstrip()))
            break
        blocks.append(Text(text))
        room -= len(text)
    if len(blocks) > MOST_BLOCKS:
        blocks = [*blocks[:MOST_BLOCKS], Text(CUT.strip())]
    return tuple(blocks) or (Text(NOTHING),)
