"""Amounts of a limit: so many messages, tokens or dollars in each period; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bot.conversation.period import Period
from bot.conversation.pricing import MICRO_USD


class Unit(StrEnum):
    """What a limit counts; money is in micro-dollars, tokens are those of input and output together."""

    MESSAGES = "messages"
    TOKENS = "tokens"
    MONEY = "USD"


MOST = 10**15
"""Redis' scripts count in doubles, which hold larger numbers inexactly."""


EXAMPLES = "“5 USD per day”, “200000 tokens per month” or “20 messages per minute”"


_AMOUNT = re.compile(
    r"(?P<dollars>\$)?\s*(?P<number>\d[\d_]*(?:\.\d{1,6})?)\s*"
    rf"(?:(?P<unit>usd|\$|tokens?|messages?)\s*)?(?:per|a|/)\s*(?P<period>{'|'.join(Period)})",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """So many units in each period."""

    most: int
    unit: Unit
    period: Period

    def __str__(self) -> str:
        return f"{written(self.most, self.unit)} per {self.period}"

    @property
    def key(self) -> tuple[Unit, Period]:
        """What two amounts must share to be compared."""
        return self.unit, self.period


def written(count: int, unit: Unit) -> str:
    """Write so many units as an operator writes them."""
    if unit is Unit.MONEY:
        usd = f"{Decimal(count) / MICRO_USD:f}"
        return f"{usd.rstrip('0').rstrip('.') if '.' in usd else usd} USD"
    return f"{count} {unit.value.removesuffix('s') if count == 1 else unit}"


def amount_of(text: str) -> Amount:
    """Read an amount such as `5 USD per day`; ValueError if the text is none."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"must be an amount such as {EXAMPLES}")
    number, name, period = found["number"], (found["unit"] or "").lower(), found["period"]
    unit = Unit.TOKENS if name[:1] == "t" else Unit.MESSAGES if name[:1] == "m" else Unit.MONEY
    if (found["dollars"] and unit is not Unit.MONEY) or not (found["dollars"] or name):
        raise ValueError(f"must be an amount such as {EXAMPLES}")
    count = Decimal(number.replace("_", "")) * (MICRO_USD if unit is Unit.MONEY else 1)
    if count != int(count):
        raise ValueError(f"must be a whole number of {unit}")
    if not 0 < count <= MOST:
        raise ValueError("must be more than 0, and less than a million million")
    return Amount(int(count), unit, Period(period.lower()))
