"""Whole replies, restyled."""

from __future__ import annotations

from bot.render.part import Formula, TextFile
from bot.render.restyle.restyler import Restyler
from bot.render.style import Style


def restyle(text: str, style: Style | None = None) -> str:
    """The restyled text; the same whether it comes at once or letter by letter."""
    whole, letters = Restyler(style), Restyler(style)
    at_once = whole.push(text) + whole.finish()
    assert "".join(letters.push(char) for char in text) + letters.finish() == at_once
    assert letters.attached == whole.attached
    return at_once


def files(text: str, style: Style | None = None) -> list[Formula | TextFile]:
    restyler = Restyler(style)
    restyler.push(text)
    restyler.finish()
    return [place.file for place in restyler.attached]


def early(text: str) -> str:
    """What is certain before the reply is over."""
    return Restyler().push(text)
