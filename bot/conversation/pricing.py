"""The cost of a request: exact arithmetic, from a price list with dates and sources.

Prices are micro-dollars for a million tokens ($0.125 per million tokens is 125,000), costs whole micro-dollars.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.conversation.request import Usage

MICRO_USD = 1_000_000
"""Micro-dollars in a dollar."""

MTOK = 1_000_000
"""The number of tokens that a price is for."""

_DATE_SUFFIX = re.compile(r"-\d{8}$")


@dataclass(frozen=True, slots=True)
class Rates:
    """Micro-dollars for a million tokens of each kind; `output` includes thinking."""

    input: int
    write_5m: int
    write_1h: int
    read: int
    output: int


@dataclass(frozen=True, slots=True)
class Prices(Rates):
    """The prices of one model.

    A request whose prompt exceeds `step_tokens`, cached parts included, pays `above` for all of it, the output
    too. `search` is micro-dollars for one web search. `factors` multiply the price of tokens by what `usage`
    names: a service tier, or where the model ran.
    """

    step_tokens: int | None = None
    above: Rates | None = None
    search: int = 0
    factors: tuple[tuple[str, Fraction], ...] = ()

    def at(self, prompt_tokens: int) -> Rates:
        """Return the rates of a request with so many input tokens, cached ones included."""
        beyond = self.step_tokens is not None and prompt_tokens > self.step_tokens
        return self.above if beyond and self.above is not None else self


def exact_cost(usage: Usage, prices: Prices) -> Fraction:
    """Return the cost of a request in micro-dollars, not rounded."""
    rates = prices.at(usage.input_total)
    tokens = (
        usage.input * rates.input
        + usage.cache_write_5m * rates.write_5m
        + usage.cache_write_1h * rates.write_1h
        + usage.cache_read * rates.read
        + usage.output * rates.output
    )
    factor = Fraction(1)
    for name, by in prices.factors:
        factor *= by if name in (usage.service_tier, usage.inference_geo) else 1
    return Fraction(tokens, MTOK) * factor + usage.web_searches * prices.search


def cost(usage: Usage, prices: Prices) -> int:
    """Return the cost of a request in whole micro-dollars, a half rounded to the even number.

    Each request is rounded once, by half a micro-dollar at most; the cost of a conversation is the sum of these.
    """
    return round(exact_cost(usage, prices))


def dollars(micro_usd: int) -> str:
    """Write an amount for people: in dollars and cents from one dollar on, else with more decimals."""
    amount = Decimal(micro_usd) / MICRO_USD
    if abs(amount) >= 1 or not amount:
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if micro_usd >= 100 else f"${amount:.6f}"


PerMtok = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class RateRow(BaseModel):
    """Rates as they stand in a file: US dollars for a million tokens.

    Cache writes and reads that are not given follow from `input` as for most models: 1.25, 2 and 0.1 of it
    (Anthropic, "Prompt caching").
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    input: PerMtok
    output: PerMtok
    write_5m: PerMtok | None = None
    write_1h: PerMtok | None = None
    read: PerMtok | None = None

    def rates(self) -> Rates:
        """Return the rates in micro-dollars."""
        given = (self.write_5m, self.write_1h, self.read)
        factors = (Decimal("1.25"), Decimal(2), Decimal("0.1"))
        rest = (self.input * by if own is None else own for own, by in zip(given, factors, strict=True))
        write_5m, write_1h, read = map(_micro, rest)
        return Rates(_micro(self.input), write_5m, write_1h, read, _micro(self.output))


class PriceRow(RateRow):
    """The prices of a model, and from how many prompt tokens on other prices apply."""

    step_tokens: Annotated[int, Field(gt=0, le=100_000_000)] | None = None
    above: RateRow | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.step_tokens is None) != (self.above is None):
            raise ValueError("step_tokens and above belong together")
        return self

    def prices(self) -> Prices:
        """Return the prices in micro-dollars, without surcharges."""
        rates = self.rates()
        given = {field.name: getattr(rates, field.name) for field in fields(rates)}
        above = None if self.above is None else self.above.rates()
        return Prices(**given, step_tokens=self.step_tokens, above=above)


class DatedRow(PriceRow):
    """A row of the price list: since when it applies, its source, and when the source was read."""

    model: Annotated[str, Field(min_length=1)]
    since: dt.date = dt.date.min
    seen: dt.date
    source: Annotated[str, Field(min_length=1)]
    factors: dict[str, PerMtok] = {}


class Searches(BaseModel):
    """The price of a thousand web searches in US dollars."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd_per_1000: PerMtok
    seen: dt.date
    source: str


class PriceList(BaseModel):
    """The price list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    price: tuple[DatedRow, ...]
    web_search: Searches


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The prices of all models: an operator's own first, then those of the list, by date."""

    own: Mapping[str, Prices]
    listed: Mapping[str, Sequence[tuple[dt.date, Prices]]]

    def of(self, model: str, on: dt.date) -> Prices | None:
        """Return the prices of a model on a day, None if unknown; the model id may end in a date."""
        names = (model, _DATE_SUFFIX.sub("", model))
        listed = next((self._on(rows, on) for name in names if (rows := self.listed.get(name))), None)
        own = next((self.own[name] for name in names if name in self.own), None)
        return listed if own is None else _filled(own, listed)

    def highest(self, on: dt.date) -> Prices:
        """Return the highest price of each kind that any model has on a day."""
        known = [*self.own.values(), *(self._on(rows, on) for rows in self.listed.values())]
        rates = [rates for prices in known for rates in (prices, prices.above) if rates is not None]
        most: dict[str, Any] = {
            kind.name: max((getattr(each, kind.name) for each in rates), default=0) for kind in fields(Rates)
        }
        of_each = [dict(prices.factors) for prices in known]
        names = sorted({name for each in of_each for name in each})
        factors = tuple((name, max(each.get(name, Fraction(1)) for each in of_each)) for name in names)
        search = max((prices.search for prices in known), default=0)
        return Prices(**most, search=search, factors=factors)

    @staticmethod
    def _on(rows: Sequence[tuple[dt.date, Prices]], on: dt.date) -> Prices:
        # A day before the first row means that the clock is wrong: the model was not for sale.
        return next((prices for since, prices in reversed(rows) if since <= on), rows[0][1])


def _filled(own: Prices, listed: Prices | None) -> Prices:
    """Add factors, and a price step that the operator does not name, from the list to an operator's prices.

    Above the step each price is multiplied as in the list.
    """
    if listed is None:
        return own
    own = replace(own, factors=listed.factors)
    if own.above is not None or listed.above is None:
        return own
    kinds = [field.name for field in fields(Rates)]
    above = {
        kind: round(Fraction(getattr(own, kind)) * getattr(listed.above, kind) / getattr(listed, kind))
        if getattr(listed, kind)
        else getattr(listed.above, kind)
        for kind in kinds
    }
    return replace(own, step_tokens=listed.step_tokens, above=Rates(**above))


def read_prices(text: str, own: Mapping[str, PriceRow] | None = None) -> PriceBook:
    """Read the price list (TOML); `own` are an operator's prices, which take precedence.

    Raises ValueError if the list is invalid.
    """
    # A float cannot hold 0.1 exactly.
    document: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
    whole = PriceList.model_validate(document)
    search = _micro(whole.web_search.usd_per_1000 / 1000)
    listed: dict[str, list[tuple[dt.date, Prices]]] = {}
    for row in sorted(whole.price, key=lambda row: row.since):
        factors = tuple((name, Fraction(by)) for name, by in row.factors.items())
        listed.setdefault(row.model, []).append(
            (row.since, replace(row.prices(), search=search, factors=factors))
        )
    given = {model: replace(row.prices(), search=search) for model, row in (own or {}).items()}
    return PriceBook(given, listed)


def _micro(usd: Decimal) -> int:
    return int((usd * MICRO_USD).to_integral_value())
