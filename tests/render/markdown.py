"""Replies to lay out: well-formed ones, hostile ones, and how the parts are put together again."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import strategies as st

from bot.render.layout import Layout, Piece
from bot.render.measure import is_visible

_WORDS = """
a word the reply model of which and thread conversation message streaming idempotent snake_case_name naïve
3.14 e.g. don't (in brackets) 42% x=1 C++ hello, world. Really? Yes! Привет мир שלום עולם مرحبا بالعالم हिन्दी
ক্ষমা Straße 한국어 日本語の文章です。 漢字仮名交じり文、 ภาษาไทย 👍🏽 👨‍👩‍👧‍👦 🇩🇪🇫🇷 e\u0301a\u0308 𝒳𝒴 ❤️
"""
WORDS = st.sampled_from(_WORDS.split())
PHRASE = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
SHORT = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
INLINE = st.one_of(
    PHRASE,
    PHRASE,
    SHORT.map("**{}**".format),
    SHORT.map("*{}*".format),
    SHORT.map("***{}***".format),
    SHORT.map("~~{}~~".format),
    SHORT.map("||{}||".format),
    SHORT.map("`{}`".format),
    SHORT.map("``{} ` tick``".format),
    SHORT.map("**{}:**漢字".format),
    SHORT.map("看**“{}”**页面".format),
    SHORT.map("看*「{}」*を開く".format),
    SHORT.map("**`{}`**then".format),
    SHORT.map("[{}](https://example.com/a_b/c?d=e&f=*)".format),
    SHORT.map("**bold *and* {}**".format),
    SHORT.map("[`{}`](<https://example.com/x>)".format),
    st.just("<https://example.com/auto_link_>"),
    st.just("https://example.com/a_long/bare_link_with_underscores"),
    st.just("<:smile:123456789012345678>"),
)
SENTENCES = st.lists(INLINE, min_size=1, max_size=10).map(" ".join)
CODE_LINE = st.sampled_from(
    [
        "def f(x: int) -> int:",
        "    return x * 2  # **not bold**",
        "",
        "    if a || b: `tick`",
        "x = [1](2)",
        "\tindented by a tab",
        "日本語 = '漢字'",
        "> not a quote",
        "# not a heading",
        "a very long line of code " * 9,
        "y" * 230,
    ]
)
CODE = st.lists(CODE_LINE, min_size=1, max_size=25).map("\n".join).filter(lambda code: bool(code.strip()))
MARKERS = st.sampled_from(["```", "```", "```", "````", "~~~"])
LANGUAGES = st.sampled_from(["", "python", "c++", "js", "text title=x"])


def _fence(marker: str, language: str, code: str, prefix: str) -> str:
    lines = [f"{marker}{language}", *code.split("\n"), marker]
    return "\n".join((prefix + line).rstrip() if prefix == "> " else prefix + line for line in lines)


def _whole_fence(language: str, code: str, prefix: str) -> str:
    return "\n".join(prefix + line for line in [f"```{language}", *code.split("\n"), "```"])


FENCE = st.builds(_fence, MARKERS, LANGUAGES, CODE, st.sampled_from(["", "", "   ", "> "]))
ITEMS = st.lists(
    st.tuples(st.sampled_from(["- ", "  - ", "1. ", "    - ", "* "]), SENTENCES), min_size=1, max_size=8
)
LIST = ITEMS.map(lambda items: "\n".join(bullet + text for bullet, text in items))
QUOTE = st.lists(SENTENCES, min_size=1, max_size=4).map(
    lambda lines: "\n".join(f"> {line}" for line in lines)
)
HEADING = st.tuples(st.sampled_from(["# ", "## ", "### "]), SHORT).map("".join)
PARAGRAPH = st.lists(SENTENCES, min_size=1, max_size=4).map("\n".join)
BLOCK = st.one_of(PARAGRAPH, PARAGRAPH, FENCE, LIST, QUOTE, HEADING)
REPLY = st.lists(BLOCK, max_size=10).map("\n\n".join)
# What Discord shows as it is written.
PLAIN_FENCE = st.builds(_whole_fence, LANGUAGES, CODE, st.sampled_from(["", "", "   ", "> "]))
PLAIN_BLOCK = st.one_of(PARAGRAPH, PARAGRAPH, PLAIN_FENCE, LIST, QUOTE, HEADING)
PLAIN_REPLY = st.lists(PLAIN_BLOCK, max_size=10).map("\n\n".join)

_MARKERS = "` `` ``` ```` ~~~ * ** *** _ __ ~~ || | [ ]( ) ] ! < > ▌ \\ <@1> word https://example.com/"
HOSTILE_PIECES = st.one_of(
    st.sampled_from(_MARKERS.split()),
    st.sampled_from(["\n", "\n\n", "\r\n", " ", "    ", "- ", "> ", ">> ", "1. ", "# ", "-# ", " ▌", "\t"]),
    st.sampled_from(["\n```py\n", "\n```\n", "\n~~~\n", "\n> ```\n", "a b c", "漢字。", "👨‍👩‍👧", "🇩🇪"]),
    st.sampled_from(["\u200b", "\u200d", "\u202e", "\u00a0", "\u3000", "\ufeff", "\x00", "\u2028", "\x85"]),
    st.sampled_from(["x" * 90, "`" * 70, "\n" * 30, " " * 90, "> " * 40, "e\u0301"]),
)
HOSTILE = st.lists(HOSTILE_PIECES, max_size=150).map("".join)
ANY_REPLY = st.one_of(REPLY, HOSTILE, st.tuples(REPLY, HOSTILE, REPLY).map("\n".join))


def lay_out(text: str, cuts: list[int], limit: int) -> Layout:
    """A finished draft of the text, pushed in deltas cut at the places."""
    draft = Layout(limit)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts), len(text)]
    for start, end in pairwise(places):
        draft.push(text[start:end])
    draft.finish()
    return draft


def put_together(text: str, pieces: tuple[Piece, ...]) -> str | None:
    """Why the bodies of the pieces are not the reply, or None if they are."""
    at = 0
    for index, piece in enumerate(pieces):
        found = text.find(piece.body, at)
        if found < 0:
            return f"part {index} is not in the reply"
        gap = text[at:found]
        if re.match(r"[> ]*(?:`{3,}|~{3,})", piece.opening):
            if gap not in ("", "\n"):
                return f"before part {index}, code is missing: {gap!r}"
        elif is_visible(gap):
            return f"before part {index}, text is missing: {gap!r}"
        at = found + len(piece.body)
    rest = text[at:]
    return f"the end is missing: {rest!r}" if is_visible(rest) else None
