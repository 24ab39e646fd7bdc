"""The process that draws a chart: reads it as JSON, writes a PNG."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

from bot.render.chart import OTHER, amount
from bot.render.drawing_process import limit_process

DPI = 144
WIDTH, HEIGHT = 1100, 700
GROUND, TEXT, GRID = "#ffffff", "#1f2328", "#d9dce1"

# Paul Tol's “muted” scheme: nine colours that people with any colour vision tell apart (personal.sron.nl/~pault), in
# an order in which neighbours differ in brightness as well.
COLOURS = (
    "#332288",
    "#88ccee",
    "#cc6677",
    "#117733",
    "#ddcc77",
    "#882255",
    "#44aa99",
    "#aa4499",
    "#999933",
)
GREY = "#b8bcc2"

NAME_CHARS = 18
TITLE_CHARS = 60
TICKS_MOST = 7
LEAST_ROWS = 5
PAD_INCHES = 0.1


def main() -> None:
    """Draw the chart of the standard input."""
    limit_process()
    sys.stdout.buffer.write(picture(json.load(sys.stdin)))


def picture(chart: dict[str, Any]) -> bytes:
    """Return the chart as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=PAD_INCHES, h_pad=PAD_INCHES)
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=GROUND, layout=layout)
    FigureCanvasAgg(figure)
    figure.suptitle(_fit(chart["title"], TITLE_CHARS), fontsize=12, color=TEXT, parse_math=False)
    panels = [each for each in chart["panels"] if each["bars"]]
    by_day = len(chart["days"]) > 1
    if by_day and panels:
        whole = figure.add_gridspec(len(panels), 2, width_ratios=(1.25, 1))
        _days(figure.add_subplot(whole[:, 0]), chart)
        axes = [figure.add_subplot(whole[row, 1]) for row in range(len(panels))]
    elif by_day:
        _days(figure.add_subplot(), chart)
        axes = []
    else:
        grid = figure.add_gridspec(max(1, len(panels)), 1)
        axes = [figure.add_subplot(grid[row, 0]) for row in range(len(panels))]
    for number, (axis, panel) in enumerate(zip(axes, panels, strict=True)):
        _bars(axis, panel, chart["unit"], COLOURS[0] if number == 0 else COLOURS[6])
    out = io.BytesIO()
    figure.savefig(out, format="png", facecolor=GROUND)
    return out.getvalue()


def _days(axis: Any, chart: dict[str, Any]) -> None:
    days, bottom = range(len(chart["days"])), [0.0] * len(chart["days"])
    for number, series in enumerate(chart["series"]):
        colour = GREY if series["name"] == OTHER else COLOURS[number % len(COLOURS)]
        axis.bar(
            days,
            series["values"],
            bottom=bottom,
            color=colour,
            edgecolor=GROUND,
            linewidth=0.8,
            width=0.82,
            label=_fit(series["name"]) or "?",
        )
        bottom = [low + value for low, value in zip(bottom, series["values"], strict=True)]
    step = -(-len(chart["days"]) // TICKS_MOST)
    axis.set_xticks(list(days)[::step], chart["days"][::step])
    axis.yaxis.set_major_formatter(lambda value, _: amount(value, chart["unit"]))
    axis.margins(x=0.02)
    axis.set_ylim(0, (max(bottom) or 1) * 1.08)
    _plain(axis, "By day and model", grid="y")
    if chart["series"]:
        legend = axis.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.09),
            ncols=2,
            fontsize=8.5,
            frameon=False,
            labelcolor=TEXT,
            handlelength=1.0,
            columnspacing=1.2,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)


def _bars(axis: Any, panel: dict[str, Any], unit: str, colour: str) -> None:
    fitting = [_fit(name) for name, _ in panel["bars"]]
    names = [name if name.strip("#") else f"no. {at}" for at, name in enumerate(fitting, 1)]
    values = [value for _, value in panel["bars"]]
    colours = [GREY if name == OTHER else colour for name, _ in panel["bars"]]
    rows = range(len(names))
    axis.barh(rows, values, color=colours, height=0.7)
    axis.set_yticks(rows, names)
    for text in axis.get_yticklabels():
        text.set_parse_math(False)
    axis.invert_yaxis()
    # Few bars are not to be thicker than many.
    axis.set_ylim(max(len(names), LEAST_ROWS) - 0.4, -0.6)
    most = max(values)
    for row, value in zip(rows, values, strict=True):
        axis.text(
            value + most * 0.02,
            row,
            amount(value, unit),
            va="center",
            fontsize=8.5,
            color=TEXT,
            parse_math=False,
        )
    axis.set_xlim(0, most * 1.32)
    axis.set_xticks([])
    _plain(axis, panel["title"], grid=None)


def _plain(axis: Any, title: str, grid: str | None) -> None:
    axis.set_title(title, fontsize=10, loc="left", color=TEXT, parse_math=False)
    axis.set_facecolor(GROUND)
    axis.tick_params(labelsize=9, colors=TEXT, length=0)
    for side in ("top", "right", "left", "bottom"):
        axis.spines[side].set_visible(side == ("bottom" if grid else "left"))
        axis.spines[side].set_color(GRID)
    axis.set_axisbelow(True)
    if grid:
        axis.grid(axis=grid, color=GRID, linewidth=0.8)


def _fit(text: str, most: int = NAME_CHARS) -> str:
    """Return a text without characters that the font lacks, and not too long."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties())).get_charmap()
    shown = " ".join("".join(character if ord(character) in known else " " for character in text).split())
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"


if __name__ == "__main__":
    main()
