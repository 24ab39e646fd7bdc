"""A local Claude: the Anthropic Messages API as the unmodified SDK meets it, and a stand-in model."""

from .clock import HandClock
from .gate import Gate
from .record import Call
from .reply import Reply
from .server import Claude

__all__ = ["Call", "Claude", "Gate", "HandClock", "Reply"]
