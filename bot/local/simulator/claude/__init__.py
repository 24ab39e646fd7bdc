"""A local Claude: the Anthropic Messages API as the unmodified SDK meets it, and a stand-in model."""

from .acts import bash, cited, create_file, web_fetch, web_search
from .clock import HandClock
from .gate import Gate
from .record import Call
from .reply import Reply
from .server import Claude
from .steps import MadeFile, Page, Raw, ServerToolUse, Text, Thinking, ToolUse

__all__ = [
    "Call",
    "Claude",
    "Gate",
    "HandClock",
    "MadeFile",
    "Page",
    "Raw",
    "Reply",
    "ServerToolUse",
    "Text",
    "Thinking",
    "ToolUse",
    "bash",
    "cited",
    "create_file",
    "web_fetch",
    "web_search",
]
