"""The process that draws formulas: reads lines of mathtext as JSON, writes one line of base64 for each picture.

A picture holds the lines of one formula or of several formulas below each other.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
from typing import Any

from bot.render.drawing_process import limit_process
from bot.render.formula import SIDE_MAX_PIXELS

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
    """Records that mathtext replaced a character that its fonts lack; mathtext only logs the replacement."""

    def __init__(self) -> None:
        super().__init__()
        self.lacks = False
        # Where it did: what it has drawn once it takes from its cache, and logs nothing.
        self.lines: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Every warning of mathtext counts as a replacement."""
        self.lacks = self.lacks or record.levelno >= logging.WARNING


_LACKING = _Lacking()


def main() -> None:
    """Draw the formulas of the standard input."""
    limit_process()
    logging.getLogger("matplotlib.mathtext").addHandler(_LACKING)
    for formulas in json.load(sys.stdin):
        picture = _picture(formulas) if formulas else b""
        sys.stdout.write(base64.b64encode(picture).decode() + "\n")
        sys.stdout.flush()


def _picture(formulas: list[list[str]]) -> bytes:
    """The formulas below each other in one picture, without formulas that mathtext cannot draw.

    Empty if no formula is left, or if the picture is too large.

    Black on white in a rounded box: on a transparent ground a formula would be unreadable in Discord's dark or light
    theme.
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
        extents = []
        try:
            for text in drawn:
                _LACKING.lacks = False
                extents.append(text.get_window_extent(canvas.get_renderer()))
                if _LACKING.lacks:
                    _LACKING.lines.add(text.get_text())
        except CANNOT:
            extents = []
        if not extents or not _LACKING.lines.isdisjoint(text.get_text() for text in drawn):
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
