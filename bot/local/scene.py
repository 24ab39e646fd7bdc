"""What a replay plays: people's messages, Claude's replies, the tools. Values only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Then = Literal["", "crash", "stop", "refused"]


@dataclass(frozen=True, slots=True)
class SceneFile:
    """An attached file: its kind ("image", "pdf", "text" or "binary") and its size in bytes."""

    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class SceneQuote:
    """What a message quotes: the `kind` of the quote, and by whom ("person", "app" or "you") each text in it is."""

    kind: str
    said: tuple[tuple[str, str], ...] = ()
    title: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class SceneMessage:
    """A message of the person."""

    text: str
    files: tuple[SceneFile, ...] = ()
    quotes: tuple[SceneQuote, ...] = ()


@dataclass(frozen=True, slots=True)
class SceneCall:
    """A call of a tool, with an input of so many characters; what the tool does then is a `SceneResult`."""

    tool: str
    input: int = 0


@dataclass(frozen=True, slots=True)
class SceneResult:
    """What a tool brings at one call, after `seconds`: so many `characters`, or a failure."""

    seconds: float = 0.0
    characters: int = 0
    fails: bool = False


@dataclass(frozen=True, slots=True)
class SceneTool:
    """A tool with its results, one for each call; with `asks` its calls wait for a permission."""

    name: str
    results: tuple[SceneResult, ...] = ()
    asks: bool = False


@dataclass(frozen=True, slots=True)
class SceneReply:
    """Claude's reply to one request.

    `pauses_s` are the seconds before each of the `deltas`; without any, the text comes in deltas and at a pace of the
    local Claude's own. `failed` are the errors of the tries before; `end` is the stop reason, or the error that ends
    the reply. Behind the text, `then` the bot crashes once Discord shows `shown` characters, the person presses Stop,
    or nothing comes until the bot has met one of the scene's refusals.
    """

    deltas: tuple[str, ...] = ()
    pauses_s: tuple[float, ...] = ()
    calls: tuple[SceneCall, ...] = ()
    searches: int = 0
    failed: tuple[str, ...] = ()
    end: str = "end_turn"
    then: Then = ""
    shown: int = 0

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.deltas)


@dataclass(frozen=True, slots=True)
class SceneRefusal:
    """A call that Discord refuses: a post, or an edit, once `after` calls of that kind have succeeded.

    Discord answers with the `status` and the `code`, with a rate limit of `seconds` if there are any, or else is
    unavailable.
    """

    is_edit: bool
    after: int
    status: int = 0
    code: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A turn. `decisions` are the labels of the buttons to press on the cards of waiting calls, in order.

    `left_out` says what of the turn is not played.
    """

    messages: tuple[SceneMessage, ...]
    replies: tuple[SceneReply, ...] = ()
    tools: tuple[SceneTool, ...] = ()
    decisions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    refusals: tuple[SceneRefusal, ...] = ()

    @property
    def crashes(self) -> int:
        """How often the bot crashes."""
        return sum(reply.then == "crash" for reply in self.replies)

    def requests(self) -> Iterator[tuple[SceneReply, str]]:
        """Yield each request that is sent: its reply, and the error of a try before, "" for the last one."""
        for reply in self.replies:
            for failed in reply.failed:
                yield reply, failed
            yield reply, ""
