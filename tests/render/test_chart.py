"""Charts, drawn by a real process."""

from __future__ import annotations

import asyncio
import io
from itertools import combinations

import pytest
from PIL import Image

from bot.render.chart import MOST_SERIES, OTHER, Bars, Chart, Series, amount, bars, draw_chart, stacked
from bot.render.chart_drawing import COLOURS, GREY, GROUND, HEIGHT, WIDTH

DAYS = ("1\nJan", "2", "3")
HOSTILE = "$x_{$ ^\\frac{}{ % # & \x00 漢字 \u202e =1+1"


def chart(**given: object) -> Chart:
    panel = Bars("By channel", (("#general", 3.0), (OTHER, 1.0)))
    fields = {"days": DAYS, "series": (Series("claude-a", (1.0, 0.0, 2.5)),), "panels": (panel,), **given}
    return Chart("Usage", str(fields.pop("unit", "USD")), **fields)  # type: ignore[arg-type]


def opened(picture: bytes | None) -> Image.Image:
    assert picture is not None
    return Image.open(io.BytesIO(picture)).convert("RGBA")


def rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


async def test_a_chart_has_a_ground_of_its_own_and_the_size_that_discord_shows() -> None:
    drawn = opened(await draw_chart(chart()))
    assert drawn.size == (WIDTH, HEIGHT)
    corners = [drawn.getpixel((x, y)) for x in (0, WIDTH - 1) for y in (0, HEIGHT - 1)]
    assert corners == [(*rgb(GROUND), 255)] * 4
    assert drawn.getchannel("A").getextrema() == (255, 255)


async def test_each_series_has_a_colour_of_its_own_and_what_is_left_out_is_grey() -> None:
    series = stacked([Series(f"model {number}", (1.0, 1.0, 1.0)) for number in range(12)])
    drawn = opened(await draw_chart(chart(series=series, panels=())))
    colours = drawn.convert("RGB").getcolors(WIDTH * HEIGHT) or ()
    found = {colour for count, colour in colours if count > 500}
    assert {rgb(colour) for colour in (*COLOURS[: MOST_SERIES - 1], GREY)} <= found


@pytest.mark.parametrize("unit", ["USD", "tokens"])
@pytest.mark.parametrize("days", [("1\nJan",), DAYS])
async def test_names_are_shown_as_they_are_whatever_they_hold(unit: str, days: tuple[str, ...]) -> None:
    values = tuple(1.0 for _ in days)
    hostile = chart(
        unit=unit,
        days=days,
        series=(Series(HOSTILE, values), Series("_hidden", values), Series("漢字", values)),
        panels=(Bars(HOSTILE, ((HOSTILE, 1.0), ("漢字", 2.0), ("", 0.5))),),
    )
    assert opened(await draw_chart(hostile)).size == (WIDTH, HEIGHT)


async def test_a_chart_of_nothing_is_drawn_empty() -> None:
    assert await draw_chart(chart(series=(), panels=()))


async def test_drawing_that_is_cancelled_ends_at_once() -> None:
    drawing = asyncio.create_task(draw_chart(chart()))
    await asyncio.sleep(0)
    drawing.cancel()
    (result,) = await asyncio.gather(drawing, return_exceptions=True)
    assert isinstance(result, asyncio.CancelledError)


async def test_what_cannot_be_drawn_is_none() -> None:
    assert await draw_chart(chart(series=(Series("a", (1.0,)),))) is None


def test_more_series_than_colours_become_one() -> None:
    made = stacked([Series(str(number), (float(number), 1.0)) for number in range(11)])
    assert len(made) == MOST_SERIES
    assert made[-1] == Series(OTHER, (8.0 + 9.0 + 10.0, 3.0))
    assert stacked(made) == made


def test_more_bars_than_there_is_room_for_become_one_with_what_may_not_be_named() -> None:
    found = [("a", 5.0), (OTHER, 4.0), ("b", 3.0), ("c", 2.0), ("nothing", 0.0)]
    assert bars("By channel", found, most=2).bars == (("a", 5.0), ("b", 3.0), (OTHER, 6.0))
    assert bars("By channel", [("a", 5.0)]).bars == (("a", 5.0),)


def test_there_are_eight_colours_that_differ_for_every_vision() -> None:
    """Seen with one kind of cone missing (Machado, Oliveira and Fernandes 2009, severity 1)."""
    missing = {
        "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
        "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
        "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
    }
    assert len(COLOURS) >= 8
    for vision, matrix in missing.items():
        seen = {
            colour: tuple(sum(by * part for by, part in zip(row, rgb(colour), strict=True)) for row in matrix)
            for colour in COLOURS
        }
        for one, two in combinations(COLOURS, 2):
            apart = sum((a - b) ** 2 for a, b in zip(seen[one], seen[two], strict=True)) ** 0.5
            assert apart > 20, (vision, one, two, apart)


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0, "USD", "$0.00"),
        (0.00042, "USD", "$0.0004"),
        (0.5, "USD", "$0.50"),
        (12.345, "USD", "$12.35"),
        (1234.5, "USD", "$1,234"),
        (999, "tokens", "999"),
        (12_345, "tokens", "12.3k"),
        (2_000_000, "tokens", "2M"),
        (3.2e9, "tokens", "3.2G"),
    ],
)
def test_amounts_are_short(value: float, unit: str, written: str) -> None:
    assert amount(value, unit) == written
