"""How fast replies are laid out in messages: 1 MB in few and in many deltas, and hostile text."""

from __future__ import annotations

import time
from pathlib import Path

from bot.render.draft import Draft
from bot.render.style import Style
from tests.render.hostile import REPEATED

CORPUS = Path(__file__).parent.parent / "render" / "corpus"
REPLY_CHARS = 1_000_000
# Files, but no end of messages: then the rest would cost nothing.
STYLE = Style(code_file_lines=60)
# A hostile reply of this length, and one of four times it: growth by more than four would be more than linear.
HOSTILE_CHARS = 25_000
TRIES = 3


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


def _hostile(name: str, unit: str) -> str:
    few, many = (
        min(lay_out_s(unit * (chars // len(unit)), chars // 10, ask=True) for _ in range(TRIES))
        for chars in (HOSTILE_CHARS, 4 * HOSTILE_CHARS)
    )
    messages = 4 * HOSTILE_CHARS / 2000
    mb = len(unit.encode()) / len(unit) * 4 * HOSTILE_CHARS / 1e6
    return f"  {name:<32} {1e3 * many / messages:6.1f} ms  {many / mb:6.1f} s/MB  x{many / few:.1f}"


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
    lines.append(
        f"Hostile text of {4 * HOSTILE_CHARS:,} characters in deltas of 10, asking after each; processor time for "
        f"2000 characters and for each MB, and by how much it grows from {HOSTILE_CHARS:,} characters on:"
    )
    lines += [_hostile(name, unit) for name, unit in REPEATED.items()]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
