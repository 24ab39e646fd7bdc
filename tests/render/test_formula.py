"""Formulas, drawn by a real process."""

from __future__ import annotations

import asyncio

from bot.render.formula import draw, draw_all
from bot.render.stack import LINES_MAX, TEX_MAX_CHARS, stacked, stacks

PNG = b"\x89PNG\r\n\x1a\n"
TURNS_MIN = 5


async def test_a_formula_is_drawn_and_what_cannot_be_drawn_is_none() -> None:
    lines = r"\begin{aligned} a &= b \\ c &= \dfrac{1}{2} \text{ if } x \end{aligned}"
    pictures = await draw_all([r"E = mc^2", r"\begin{pmatrix} 1 \end{pmatrix}", r"\unheardof{x}", lines])
    assert [picture and picture[:8] for picture in pictures] == [PNG, None, None, PNG]


async def test_security_a_hostile_formula_is_none() -> None:
    deep = "x^{" * 300 + "}" * 300
    wide = "x+" * (TEX_MAX_CHARS // 2)
    assert await draw_all([deep, wide, "x" * (TEX_MAX_CHARS + 1), "", "$", "\\"]) == [None] * 6


async def test_the_event_loop_goes_on_while_a_formula_is_drawn() -> None:
    drawing = asyncio.create_task(draw(r"\int_0^1 \frac{x}{y} dx"))
    turns = 0
    while not drawing.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert await drawing
    # Importing matplotlib takes far longer than these; a drawing in the loop would leave it one or two.
    assert turns >= TURNS_MIN


async def test_drawing_that_is_cancelled_leaves_no_process() -> None:
    drawing = asyncio.create_task(draw("x^2"))
    await asyncio.sleep(0)
    drawing.cancel()
    results = await asyncio.gather(drawing, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)


async def test_what_mathtext_calls_otherwise_is_drawn() -> None:
    formulas = [
        r"a \le b \ge c \lt d \gt e \gets f",
        r"\lnot a \bmod b \dotsb \dotsc \coloneqq \square",
        r"\frac12 + \frac1{x} + \frac{1}2 + \frac a b + \sqrt 2 + \sqrt2 + \sqrt\pi",
        r"5\$ \xrightarrow{f} b",
    ]
    assert [picture and picture[:8] for picture in await draw_all(formulas)] == [PNG] * len(formulas)


async def test_what_the_fonts_lack_is_not_drawn_as_something_else() -> None:
    lacking, again, good = await draw_all([r"\text{漢字} = 1", r"\text{漢字} = 1", "x = 1"])
    assert lacking is again is None
    assert good


async def test_blanks_in_text_are_drawn() -> None:
    apart, close, explicit = await draw_all([r"x \text{ if } y", r"x \text{if} y", r"x \mathrm{\ if\ } y"])
    assert apart == explicit != close


async def test_formulas_are_stacked_in_one_picture_without_those_that_cannot_be_drawn() -> None:
    fine, hopeless = r"E = mc^2", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"
    one, two, with_hopeless, unknown, none = await draw_all(
        [
            fine,
            stacked([fine, fine]),
            stacked([fine, hopeless]),
            stacked([r"\nonsense", fine]),
            stacked([hopeless, hopeless]),
        ]
    )
    assert one is not None
    assert two is not None
    assert height(two) > 1.4 * height(one)
    assert with_hopeless == unknown == one
    assert none is None


def test_a_picture_holds_no_more_than_can_be_drawn_and_stays_when_another_is_begun() -> None:
    many = [f"x = {number}" for number in range(2 * LINES_MAX + 1)]
    assert [len(stack) for stack in stacks(many)] == [LINES_MAX, LINES_MAX, 1]
    assert stacks(many[:-1]) == stacks(many)[:2]
    long = "x" * (TEX_MAX_CHARS // 3)
    assert stacks([long, long, long, "y" * (TEX_MAX_CHARS + 1), "z"]) == [
        [long, long],
        [long],
        ["y" * (TEX_MAX_CHARS + 1)],
        ["z"],
    ]
    assert all(len(stacked(stack)) <= TEX_MAX_CHARS for stack in stacks([long] * 9))


def height(picture: bytes) -> int:
    return int.from_bytes(picture[20:24], "big")
