"""The steps of a turn's tools in words, for a request that may not hold them as they were; pure.

Within a turn the API accepts what Claude said only unchanged, thinking included, and thinking only behind the
messages that it came behind (Anthropic, "Extended thinking"). Where these have changed, as by an edit, the API
accepts the steps neither with their thinking nor without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.conversation.content import Text, ToolResult, ToolUse, text_of
from bot.conversation.elements import render_quote
from bot.conversation.message import Quote, Quoted
from bot.conversation.request import PromptMessage
from bot.conversation.visible import is_blank

DONE = "called for this reply before it was interrupted: this is the result"
FAILED = "called for this reply before it was interrupted, and failed"

GO_ON = (
    "Your reply was interrupted here. What you have called for it is quoted in front of this line, with the results: "
    "do not call it again for the same purpose, and go on with the reply."
)
"""Constant; nobody can forge it, because what people write stands in elements."""


def in_words(
    steps: Sequence[PromptMessage], text: str, *, conversation: int, turn: int
) -> tuple[PromptMessage, ...]:
    """Return the messages that tell of steps: the `text` of the reply that came with them, then the results."""
    quotes = tuple(Text(render_quote(quote)) for quote in _quotes(steps, conversation, turn))
    if is_blank(text):
        return (PromptMessage("user", (*quotes, Text(GO_ON))),) if quotes else ()
    return (PromptMessage.of("assistant", text.rstrip()), PromptMessage("user", (*quotes, Text(GO_ON))))


def _quotes(steps: Sequence[PromptMessage], conversation: int, turn: int) -> Iterator[Quote]:
    names: dict[str, str] = {}
    for block in (block for message in steps for block in message.blocks):
        if isinstance(block, ToolUse):
            names[block.id] = block.name
        elif isinstance(block, ToolResult):
            said = Quoted(turn, text=text_of(block.content, "\n"), by_app=True)
            remark = FAILED if block.is_error else DONE
            yield Quote("tool", conversation, (said,), title=names.get(block.tool_use_id, ""), remark=remark)
