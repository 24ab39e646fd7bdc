"""Read a reply's text back from its messages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.render.mark import is_marked, unmarked

_OPENING = re.compile(r"(?P<fence>`{3,}+|~{3,}+)[^\n`]*+\n")


def rejoin(contents: Sequence[str]) -> str:
    """Join messages, without the fences that were closed and reopened between them.

    The result is the restyled reply without its files; the Markdown that Claude wrote cannot be recovered. The
    result is exact for one message; several messages are joined by a line break in code blocks and by a blank line
    elsewhere.
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
