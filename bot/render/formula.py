"""Draw formulas as pictures; a separate process draws each batch."""

from __future__ import annotations

import base64
import json
import re

from bot.render.drawing_process import run_drawing
from bot.render.restyle.tex import lines_of
from bot.render.stack import LINES_MAX, TEX_MAX_CHARS, parted

# Limit for each side of a picture: Discord scales wider pictures down to the message.
SIDE_MAX_PIXELS = 4000

# Names that mathtext lacks, and what it has instead.
_ALIASES = {
    r"\\dfrac|\\tfrac|\\cfrac": r"\\frac",
    r"\\text(?:rm|normal|sf|it|bf)?\s*(?=\{)|\\mbox\s*(?=\{)|\\operatorname\*?\s*(?=\{)": r"\\mathrm",
    r"\\sqrt\s*([0-9]|\\[A-Za-z]+(?![A-Za-z{])|(?<=\s)[A-Za-z])": r"\\sqrt{\1}",
    r"\\frac\s*([0-9]|(?<=\s)[A-Za-z])": r"\\frac{\1}",
    r"(\\frac\{(?:[^{}]|\{[^{}]*\})*\})\s*([0-9A-Za-z])": r"\1{\2}",
    r"\\(?:boldsymbol|bm|pmb)\s*(?=\{)": r"\\mathbf",
    r"\\(?:lvert|rvert)(?![A-Za-z])": "|",
    r"\\(?:lVert|rVert)(?![A-Za-z])": r"\\|",
    r"\\(?:displaystyle|textstyle|limits|nolimits)(?![A-Za-z])": "",
    r"\\implies(?![A-Za-z])": r"\\Longrightarrow",
    r"\\impliedby(?![A-Za-z])": r"\\Longleftarrow",
    r"\\iff(?![A-Za-z])": r"\\Longleftrightarrow",
    r"\\land(?![A-Za-z])": r"\\wedge",
    r"\\lor(?![A-Za-z])": r"\\vee",
    r"\\(?:bigl|bigr|Bigl|Bigr|biggl|biggr|Biggl|Biggr|big|Big|bigg|Bigg)(?![A-Za-z])": "",
    r"\\pmod\s*\{([^{}]*)\}": r"\\;(\\mathrm{mod}\\;\1)",
    r"\\tag\s*\{([^{}]*)\}": r"\\qquad(\1)",
    r"\\boxed\s*(?=\{)": "",
    r"\\(le|ge)(?![A-Za-z])": r"\\\1q",
    r"\\lt(?![A-Za-z])": "<",
    r"\\gt(?![A-Za-z])": ">",
    r"\\gets(?![A-Za-z])": r"\\leftarrow",
    r"\\lnot(?![A-Za-z])": r"\\neg",
    r"\\bmod(?![A-Za-z])": r"\\;\\mathrm{mod}\\;",
    r"\\dots[bm](?![A-Za-z])": r"\\cdots",
    r"\\dotsc(?![A-Za-z])": r"\\ldots",
    r"\\coloneqq(?![A-Za-z])": r"\\,:=\\,",
    r"\\(?:square|Box|qed)(?![A-Za-z])": "□",
    r"\\xrightarrow\s*\{([^{}]*)\}": r"\\overset{\1}{\\longrightarrow}",
}
# Commands that mathtext does not know, and delimiters that would end the formula early.
_HOPELESS = re.compile(r"\\begin|(?<!\\)\$|(?<!\\)(?:\\\\)*\\$")
_TEXT = re.compile(r"(\\(?:text(?:rm|normal|sf|it|bf)?|mbox)\s*\{)([^{}$]*)(?=\})")
_BLANKS = re.compile(r"\s+")
_ALIAS = [(re.compile(pattern), text) for pattern, text in _ALIASES.items()]


async def draw(tex: str) -> bytes | None:
    """Draw a formula as a PNG; None where it cannot be drawn, or not within DRAW_TIMEOUT_S."""
    return (await draw_all([tex]))[0]


async def draw_all(formulas: list[str]) -> list[bytes | None]:
    """Draw several formulas in one process, which costs little more than one formula; in their order."""
    drawable = [_drawable(tex) for tex in formulas]
    if not any(drawable):
        return [None] * len(formulas)
    drawn = await run_drawing("bot.render.drawing", json.dumps(drawable).encode())
    # A process that reached its limits may have drawn some of the formulas.
    pictures = [base64.b64decode(line) or None for line in drawn.split(b"\n")[: len(formulas)]]
    return [*pictures, *[None] * (len(formulas) - len(pictures))]


def _drawable(tex: str) -> list[list[str]]:
    """The lines of each formula in mathtext's syntax, without formulas that mathtext cannot draw."""
    if len(tex) > TEX_MAX_CHARS:
        return []
    formulas = [lines for each in parted(tex) if (lines := _lines(each))]
    return formulas if sum(map(len, formulas)) <= LINES_MAX else []


def _lines(tex: str) -> list[str]:
    lines = [line for line in lines_of(tex) if line]
    if any(_HOPELESS.search(line) for line in lines):
        return []
    lines = [_TEXT.sub(lambda text: text[1] + _BLANKS.sub(r"\\ ", text[2]), line) for line in lines]
    for pattern, text in _ALIAS:
        lines = [pattern.sub(text, line) for line in lines]
    return [" ".join(line.split()) for line in lines]
