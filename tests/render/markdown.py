"""Replies made up by hypothesis: well-formed or hostile; of what Discord shows, or rich in what it does not."""

from __future__ import annotations

from hypothesis import strategies as st

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
    SHORT.map("**{}:**漢".format),
    SHORT.map("看**“{}”**页".format),
    SHORT.map("看*「{}」*を".format),
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

TEX = st.sampled_from(
    [
        r"x",
        r"E = mc^2",
        r"\frac{a+b}{2}",
        r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}",
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        r"\int_0^\infty e^{-x}\,dx",
        r"\text{rate} = \frac{\Delta y}{\Delta x}",
        r"a < b > c",
    ]
)
FORMULA = st.one_of(
    TEX.map("${}$".format),
    TEX.map(r"\({}\)".format),
    TEX.map("$${}$$".format),
    TEX.map("\\[\n{}\n\\]".format),
)
TAGS = st.one_of(
    SHORT.map("<b>{}</b>".format),
    SHORT.map("<i>{}</i>".format),
    SHORT.map("one<br>{}".format),
    SHORT.map("<kbd>{}</kbd>".format),
    SHORT.map("<a href='https://example.com'>{}</a>".format),
    SHORT.map("<!-- {} -->".format),
    SHORT.map("<span class='x'>{}</span>".format),
    st.just("H<sub>2</sub>O and x<sup>2n</sup>"),
    st.just("a &lt; b &amp; c&nbsp;d &copy;"),
    st.just("a note[^1] and [^12]"),
    st.just("![picture](https://example.com/a_b.png)"),
    st.just("$5 and $10, or US$3"),
    st.just("`$HOME` and $PATH:$HOME"),
    st.just("<@123456789012345678> @everyone <:wave:123456789012345678>"),
    SHORT.map("```{}```".format),
    SHORT.map("```` ```{} ````".format),
    st.sampled_from(["(```)", "```` ``` ````", "`` ``` ``", "``` a `` b ```", "` ``a `"]),
)
RICH_LINE = st.lists(st.one_of(INLINE, FORMULA, TAGS), min_size=1, max_size=6).map(" ".join)
CELL = st.one_of(
    SHORT,
    SHORT.map("**{}**".format),
    SHORT.map("`{}`".format),
    st.sampled_from(["", "漢字", "👍🏽", "$x^2$"]),
)


def _table(header: list[str], rows: list[list[str]], bars: bool, prefix: str) -> str:
    lines = [header, ["---", ":-:", "--:", "-"][: len(header)], *rows]
    made = [" | ".join(line) for line in lines]
    return "\n".join(prefix + (f"| {line} |" if bars else line) for line in made)


def _rows(count: int) -> st.SearchStrategy[str]:
    row = st.lists(CELL, min_size=count, max_size=count)
    header = st.lists(SHORT, min_size=count, max_size=count)
    return st.builds(
        _table, header, st.lists(row, max_size=6), st.booleans(), st.sampled_from(["", "", "> ", "  "])
    )


TABLE = st.integers(2, 4).flatmap(_rows)
RICH_BLOCK = st.one_of(
    BLOCK,
    RICH_LINE,
    TABLE,
    st.tuples(SHORT, st.sampled_from(["===", "---"])).map("\n".join),
    st.tuples(st.sampled_from(["#### ", "##### "]), SHORT).map("".join),
    st.lists(st.tuples(st.sampled_from(["- [ ] ", "* [x] ", "+ "]), RICH_LINE).map("".join), max_size=5).map(
        "\n".join
    ),
    st.sampled_from(["---", "***", "* * *", "[^1]: what the note says"]),
    st.tuples(st.sampled_from(["```math\n", "```latex\n"]), TEX, st.just("\n```")).map("".join),
    FENCE,
    st.tuples(SHORT, st.sampled_from([": ```py\nx = 1\n```", ":```\n`y` = 2```"])).map("".join),
    st.sampled_from(["```js\n```", "- Run: ```sh\n  ls\n  ```"]),
    SENTENCES.map("<details>\n<summary>More</summary>\n\n{}\n</details>".format),
)
RICH = st.lists(RICH_BLOCK, max_size=10).map("\n\n".join)

_MARKS = "$ $$ \\( \\) \\[ \\] | || |--| |:-:| --- === *** [^1] [^1]: ![ ]( ) "
_MARKS += "<b> </b> <br> <!-- --> <sub> </sub> &lt; & <a"
HOSTILE_RICH = st.lists(
    st.one_of(
        HOSTILE_PIECES,
        st.sampled_from(_MARKS.split()),
        st.sampled_from(
            ["\n| a | b |\n|---|---|\n", "\n| 1 | 2 |\n", "\\begin{align}", "\\end{align}", "<pre>", "</pre>"]
        ),
        st.sampled_from(
            ["- [ ] ", "#### ", "```math\n", "~~~\n", "[a]: https://b.c\n", "[a][a]", "x = y^2", "$x$"]
        ),
        st.sampled_from(["$" * 40, "|" * 60, "<details><summary>", "&#10;", "&#x1F600;", "code\n" * 20]),
    ),
    max_size=100,
).map("".join)
ANY_RICH = st.one_of(RICH, HOSTILE_RICH, st.tuples(RICH, HOSTILE_RICH, RICH).map("\n".join))
