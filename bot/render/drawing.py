"""The process that draws formulas: lines of mathtext in, as JSON, one line of base64 for each picture out.

A picture holds the lines of one formula, or of several that are stacked.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
from typing import Any

from bot.render.formula import CPU_MAX_S, MEMORY_MAX_BYTES, SIDE_MAX_PIXELS

# Twenty-eight pixels beside text of sixteen: legible in their smallest scripts, sharp on the screen of a phone, and
# narrow enough that few are scaled down to the 550 pixels that Discord gives a picture.
DPI = 144
FONT_POINTS = 14
# Around the formula, and between its lines.
PAD_PIXELS = 18
GAP_PIXELS = 16
# What mathtext raises on what it cannot read, or at the limits of the process.
CANNOT = (ValueError, RuntimeError, MemoryError, RecursionError, KeyError)


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
    for formulas in json.load(sys.stdin):
        picture = _picture(formulas) if formulas else b""
        sys.stdout.write(base64.b64encode(picture).decode() + "\n")
        sys.stdout.flush()


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_S, CPU_MAX_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))


def _picture(formulas: list[list[str]]) -> bytes:
    """The formulas below each other in one picture, without those that mathtext cannot draw.

    Nothing if that leaves none, or if it is of a size that is of no use.

    Black on white in a rounded box: on a transparent ground it could not be read in Discord's dark theme, or else
    in the light one, and both are in use.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch

    mpl.rcParams["mathtext.fontset"] = "cm"
    figure = Figure(dpi=DPI)
    canvas: Any = FigureCanvasAgg(figure)
    texts, boxes = [], []
    for formula in formulas:
        drawn = [figure.text(0, 0, f"${line}$", fontsize=FONT_POINTS, transform=None) for line in formula]
        _LACKING.lacks = False
        try:
            extents = [text.get_window_extent(canvas.get_renderer()) for text in drawn]
        except CANNOT:
            extents = []
        if not extents or _LACKING.lacks:
            for text in drawn:
                text.remove()
            continue
        texts += drawn
        boxes += extents
    if not texts:
        return b""
    try:
        width = max(box.width for box in boxes) + 2 * PAD_PIXELS
        height = sum(box.height for box in boxes) + GAP_PIXELS * (len(texts) - 1) + 2 * PAD_PIXELS
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
    except CANNOT:
        return b""
    return out.getvalue()


if __name__ == "__main__":
    main()
