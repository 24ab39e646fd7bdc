"""How fast replies are laid out in messages: 1 MB in few and in many deltas, and hostile text."""

from __future__ import annotations

import time
from pathlib import Path

from bot.render.draft import Draft
from bot.render.style import Style

CORPUS = Path(__file__).parent.parent / "render" / "corpus"
REPLY_CHARS = 1_000_000
# Files, but no end of messages: then the rest would cost nothing.
STYLE = Style(code_file_lines=60)
HOSTILE = (
    "`",
    "``` ",
    "**a ",
    "[a](",
    "<",
    "> ",
    "- **",
    "||",
    "\n",
    " ",
    "👨‍👩‍👧",
    "_*~|`",
    "x",
    "|",
    "$",
    "$x ",
    "\\[",
    "<b>",
    "![",
    "| a |\n|-|\n",
    "&",
)


def lay_out_s(text: str, deltas: int, *, ask: bool) -> float:
    """Seconds of the processor for a whole reply; with `ask`, what to show is asked for after every delta."""
    step = max(1, len(text) // deltas)
    draft = Draft(style=STYLE)
    started = time.process_time()
    for start in range(0, len(text), step):
        draft.push(text[start : start + step])
        if ask:
            _ = draft.parts
    draft.finish()
    _ = draft.parts
    return time.process_time() - started


def main() -> None:
    """Print each figure with its conditions."""
    real = "\n\n".join(path.read_text() for path in sorted(CORPUS.glob("*.md")))
    text = (real * (REPLY_CHARS // len(real) + 1))[:REPLY_CHARS]
    mb = len(text.encode()) / 1e6
    lines = [f"Restyling and laying out {mb:.2f} MB of real-looking replies in messages of 2000 characters:"]
    for deltas in (1, 1_000, 100_000):
        seconds = lay_out_s(text, deltas, ask=False)
        lines.append(f"  {deltas:>7} deltas: {mb / seconds:6.2f} MB/s")
    seconds = lay_out_s(text, 100_000, ask=True)
    lines.append(
        f"  100000 deltas, asking what to show after each: {1e6 * seconds / 100_000:.0f} µs per delta"
    )
    lines.append("Hostile text of 100,000 characters in 10,000 deltas, asking after each:")
    for piece in HOSTILE:
        seconds = lay_out_s(piece * (100_000 // len(piece)), 10_000, ask=True)
        lines.append(f"  {piece!r:<12} {1e6 * seconds / 10_000:6.0f} µs per delta")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
