"""Replies that hold what Discord cannot show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from hypothesis import strategies as st

from bot.render.part import Formula, Part, TextFile
from tests.render.markdown import BLOCK, FENCE, HOSTILE_PIECES, INLINE, SENTENCES, SHORT

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

# Longer ones are cut.
_WORD = re.compile(r"(?<![^\W_])[^\W_]{2,99}(?![^\W_])")
# What is markup in the source, and no word of it.
_MARKUP = re.compile(
    r"</?[a-z]+\b|\b(?:align|class|src|alt|href|title)=|\"center\"|'x'|&[a-z]+;|\\[A-Za-z]+|\[\^\d+\]|"
    r"^(?:```|~~~|> ?|\s)+(?:math|latex)|"
    r"\{p?matrix\}|\$[^$]*\$",
    re.MULTILINE,
)


def missing_words(text: str, parts: Sequence[Part]) -> list[str]:
    """The words of the reply that are neither in the messages nor in the files."""
    shown = "\n".join(part.text for part in parts)
    for part in parts:
        for file in part.files:
            shown += "\n" + (
                file.text if isinstance(file, TextFile) else file.tex if isinstance(file, Formula) else ""
            )
    shown += "\n" + unicodedata.normalize("NFKC", shown)
    found = set(_WORD.findall(shown))
    joined = "".join(_WORD.findall(shown))
    return [
        word for word in _WORD.findall(_MARKUP.sub(" ", text)) if word not in found and word not in joined
    ]
