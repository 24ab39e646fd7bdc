"""Usage as a table for spreadsheets; pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from bot.conversation.pricing import MICRO_USD
from bot.conversation.usage import UsageRow, by
from bot.conversation.visible import plain

COLUMNS = (
    "day",
    "channel_id",
    "channel",
    "person_id",
    "person",
    "model",
    "messages",
    "requests",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "cost_usd",
    "requests_of_unknown_cost",
    "web_searches",
)

OTHER = "other"
"""In place of a channel that the person may not read."""

MOST_ROWS = 50_000
"""About 7 MB, which Discord takes everywhere; of more rows those that cost most are left."""

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""With these a spreadsheet takes a cell for a formula (OWASP, "CSV Injection")."""

_SEPARATED = re.compile(r"([;|])(?=\s*[" + re.escape("".join(_FORMULA)) + "])")
"""Where the comma separates decimals, a spreadsheet takes these for the end of a cell."""


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    shown = _SEPARATED.sub(r"\1'", plain(text))
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else shown


def written(
    rows: Sequence[tuple[UsageRow, int | None]],
    channel_name: Callable[[int], str],
    person_name: Callable[[int], str],
) -> bytes:
    """Return the sums by day, channel, person and model as CSV, which Excel reads as UTF-8."""
    channels = dict(rows)
    sums = by(channels, lambda row: (row.day, channels[row], row.person, row.model))
    kept = sorted(
        list(sums.items())[:MOST_ROWS], key=lambda item: (item[0][0], item[0][1] or 0, *item[0][2:])
    )
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for (day, channel, person, model), counts in kept:
        writer.writerow(
            (
                day.isoformat(),
                channel or "",
                OTHER if channel is None else neutral(channel_name(channel)),
                person or "",
                neutral(person_name(person)),
                neutral(model),
                counts.messages,
                counts.requests,
                counts.input,
                counts.cache_read,
                counts.cache_write,
                counts.output,
                f"{Decimal(counts.micro_usd) / MICRO_USD:.6f}",
                counts.unpriced,
                counts.searches,
            )
        )
    return out.getvalue().encode("utf-8-sig")
