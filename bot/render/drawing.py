"""The process that draws formulas: lines of mathtext in, as JSON, one line of base64 for each picture out."""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
from typing import Any

from bot.render.formula import CPU_MAX_S, MEMORY_MAX_BYTES, SIDE_MAX_PIXELS

# Discord shows pictures at half their pixels on most screens; a formula of this size then looks like its text.
DPI = 200
FONT_POINTS = 14
# Around the formula, and between its lines.
PAD_PIXELS = 24
GAP_PIXELS = 20


class _Lacking(logging.Handler):
    """Notes that mathtext draws a dummy in the place of a character that its fonts lack; it only logs it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lacks = False

    def emit(self, record: logging.LogRecord) -> None:
        """Any warning of mathtext is one of these."""
        self.lacks = True


_LACKING = _Lacking()


def main() -> None:
    """Draw what comes in, and end."""
    _limit()
    logging.getLogger("matplotlib.mathtext").addHandler(_LACKING)
    for lines in json.load(sys.stdin):
        picture = _picture(lines) if lines else b""
        sys.stdout.write(base64.b64encode(picture).decode() + "\n")
        sys.stdout.flush()


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_S, CPU_MAX_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))


def _picture(lines: list[str]) -> bytes:
    """The lines in one picture, or nothing if mathtext cannot draw them, or not in a size that is of use.

    Black on white in a rounded box: on a transparent ground it could not be read in Discord's dark theme, or else
    in the light one, and both are in use.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch

    mpl.rcParams["mathtext.fontset"] = "cm"
    figure = Figure(dpi=DPI)
    _LACKING.lacks = False
    canvas: Any = FigureCanvasAgg(figure)
    try:
        texts = [figure.text(0, 0, f"${line}$", fontsize=FONT_POINTS, transform=None) for line in lines]
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in texts]
        width = max(box.width for box in boxes) + 2 * PAD_PIXELS
        height = sum(box.height for box in boxes) + GAP_PIXELS * (len(lines) - 1) + 2 * PAD_PIXELS
        if max(width, height) > SIDE_MAX_PIXELS:
            return b""
        figure.set_size_inches(width / DPI, height / DPI)
        ground = FancyBboxPatch(
            (0, 0), width, height, boxstyle="round,pad=0,rounding_size=16", transform=None, facecolor="white"
        )
        ground.set_edgecolor("none")
        figure.add_artist(ground)
        top = height - PAD_PIXELS
        for text, box in zip(texts, boxes, strict=True):
            text.set_position((PAD_PIXELS - box.x0, top - box.y1))
            text.set_zorder(ground.get_zorder() + 1)
            top -= box.height + GAP_PIXELS
        out = io.BytesIO()
        figure.savefig(out, format="png", transparent=True)
    except (ValueError, RuntimeError, MemoryError, RecursionError, KeyError):
        return b""
    return b"" if _LACKING.lacks else out.getvalue()


if __name__ == "__main__":
    main()
