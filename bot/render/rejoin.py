"""The reply's text, read back from the messages that show it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.render.mark import is_marked, unmarked

_OPENING = re.compile(r"(?P<fence>`{3,}+|~{3,}+)[^\n`]*+\n")


def rejoin(contents: Sequence[str]) -> str:
    """Put messages together again, less the fences that were closed and reopened between them.

    It is the reply as it was restyled for Discord, without what went into files; the Markdown that Claude wrote is
    not known from there. Exact for one message; between several, what separated them is taken for a line break, or
    for a blank line outside of code blocks.
    """
    text = ""
    for content in contents:
        part = unmarked(content) if is_marked(content) else content
        if not text:
            text = part
            continue
        opening = _OPENING.match(part)
        if opening and text.endswith("\n" + opening["fence"]):
            text = text[: -len(opening["fence"])] + part[opening.end() :]
        else:
            text = f"{text}\n\n{part}"
    return text
