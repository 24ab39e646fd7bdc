"""The stand-in model: says that it is not Claude, and helps to try a bot.

The answer depends on the request alone, never on chance.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

from . import samples
from .conversation import Conversation, read
from .file import File
from .prompt import Body
from .received import attached, received
from .reply import Reply
from .stand_in_tools import acts, answered, offers
from .text import cut

WORDS_OF_SYSTEM = 12
WORDS_OF_MESSAGE = 25
WORDS_OF_TITLE = 5
# What `slow` means, beside the pace at which it answers otherwise.
SLOWNESS = 8.0

WORD = re.compile(r"[a-z]+")
TERM = re.compile(r"(-?\d{1,12}(?:\.\d{1,6})?)\s*([-+*x×/÷])\s*(-?\d{1,12}(?:\.\d{1,6})?)")

GREETINGS = (
    "Hello {name}! I'm the local stand-in, not Claude: set `ANTHROPIC_API_KEY` to talk with the real one.",
    "Good to hear from you, {name}. This is the local stand-in, not Claude; with an `ANTHROPIC_API_KEY` the "
    "real one answers here.",
    "Hi {name}, the local stand-in here, not Claude. Set `ANTHROPIC_API_KEY` and the real one takes over.",
)
OFFERS = (
    "Say `code`, `table`, `formula`, `long`, `slow` or `math` and I show what such an answer looks like.",
    "I can also do `code`, a `table`, a `formula`, something `long`, something `slow`, or a bit of `math`.",
    "To see more than an echo, try `code`, `table`, `formula`, `long`, `slow` or `math`.",
)


def stand_in(body: Body, files: Mapping[str, File] | None = None) -> Reply:
    """Return the reply to a request; `files` are the uploads by id."""
    talk = read(body)
    if results := answered(body):
        return Reply(cut(results))
    # A text without a name is a bot's own request, whose further lines may quote what people have said.
    asked_for = talk.last.text if talk.last.name else talk.last.text.partition("\n")[0]
    if steps := acts(body, asked_for):
        return Reply.of(f"{_title(talk)}{steps[0]}", *steps[1:])
    pick = _Pick(repr((talk.said, talk.earlier_turns)))
    words = WORD.findall(talk.last.text.lower())
    asked = next((word for word in words if word in SHOWS), None)
    parts = [_greeting(talk, pick), _seen(talk)]
    if lines := received(talk.blocks, files or {}):
        parts.append("\n".join(["I received:", *(f"- {line}" for line in lines)]))
    parts.append(SHOWS[asked](talk, pick) if asked else pick(OFFERS))
    if not asked and (more := offers(body)):
        parts.append(more)
    return Reply(cut(_title(talk) + "\n\n".join(parts)), slowness=SLOWNESS if asked == "slow" else 1.0)


class _Pick:
    """Chooses among values, always the same for the same text."""

    def __init__(self, text: str) -> None:
        self._number = int.from_bytes(
            hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
        )

    def __call__(self, among: Sequence[str]) -> str:
        return among[self._number % len(among)]


def _title(talk: Conversation) -> str:
    if not talk.asks_title:
        return ""
    asked = [word for word in talk.last.text.split() if not word.startswith("@")]
    words = re.findall(r"\w+(?:[.'’-]\w+)*", " ".join(asked))[:WORDS_OF_TITLE]
    about = " ".join(words) or next(iter(attached(talk.blocks)), "") or "Something without words"
    title = about[:1].upper() + about[1:]
    return f"<thread_title>{title}</thread_title>\n"


def _greeting(talk: Conversation, pick: _Pick) -> str:
    return pick(GREETINGS).format(name=f"**{talk.last.name}**" if talk.last.name else "there")


def _seen(talk: Conversation) -> str:
    lines = []
    if talk.last.text:
        lines.append(f"You wrote: {_quoted(talk.last.text)}")
    others = sorted({said.name for said in talk.said[:-1] if said.name and said.name != talk.last.name})
    if others:
        lines.append(f"Also here since I last spoke: {', '.join(others)}.")
    if talk.earlier_turns:
        lines.append(
            f"I can see {talk.earlier_turns} earlier message{'s' if talk.earlier_turns > 1 else ''}."
        )
    else:
        lines.append("This is the first message that I can see.")
    if talk.system:
        lines.append(f"I was told: {_quoted(talk.system, WORDS_OF_SYSTEM)}")
    return "\n".join(lines)


def _quoted(text: str, words: int = WORDS_OF_MESSAGE) -> str:
    # Their code fences and spans would reach into what follows.
    all_words = text.replace("`", "'").split()
    return f"“{' '.join(all_words[:words])}{' …' if len(all_words) > words else ''}”"


def _math(talk: Conversation, _: _Pick) -> str:
    found = TERM.search(talk.last.text)
    left, sign, right = found.groups() if found else ("12", "×", "7")
    result = _calculate(float(left), sign, float(right))
    line = f"**{left} {sign} {right} = {result}**"
    if found:
        return line
    return f"Give me two numbers and a sign, for instance `math 12 * 7`:\n\n{line}"


def _calculate(left: float, sign: str, right: float) -> str:
    if sign in "/÷" and right == 0:
        return "nothing that a number could say"
    result = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "/": lambda: left / right,
        "÷": lambda: left / right,
    }.get(sign, lambda: left * right)()
    return f"{result:.12g}"


SHOWS: dict[str, Callable[[Conversation, _Pick], str]] = {
    "code": lambda _, pick: pick(samples.CODE),
    "formula": lambda _, pick: pick(samples.FORMULAS),
    "table": lambda _, pick: pick(samples.TABLES),
    "long": lambda _, pick: samples.essay(pick(samples.SUBJECTS)),
    "slow": lambda _, pick: pick(samples.SLOW),
    "math": _math,
}
