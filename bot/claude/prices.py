"""The shipped price list, in which an operator's own prices take precedence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.conversation.pricing import PriceBook, PriceRow, read_prices


def price_book(own: Mapping[str, PriceRow] | None = None) -> PriceBook:
    """Read `prices.toml`; `own` are an operator's prices, by model."""
    text = Path(__file__).with_name("prices.toml").read_text(encoding="utf-8")
    return read_prices(text, own)
