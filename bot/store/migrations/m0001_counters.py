"""What is used up of a limit: the sum in a field of its own, as the release before wrote it, beside the parts.

Between the two releases `settled` held the parts of all instances as one text, which the release before cannot read.
"""

from __future__ import annotations

import re
from typing import Any

from bot.store.connection import translated
from bot.store.migrations.migration import Migration, Target

_COUNTER = re.compile(r"\{budgets\}:c:.*", re.DOTALL)


def _concerns(name: str) -> bool:
    return _COUNTER.fullmatch(name) is not None


async def _settled(target: Target, name: str) -> str:
    with translated():
        return str(await target.redis.hget(f"{target.keys.prefix}:{name}", "settled") or "")


async def _needs(target: Target, name: str) -> bool:
    settled = await _settled(target, name)
    return bool(settled) and not settled.isdecimal()


async def _change(target: Target, name: str) -> None:
    settled = await _settled(target, name)
    if settled and not settled.isdecimal():
        with translated():
            parts = {
                instance: int(amount)
                for instance, _, amount in (part.rpartition(":") for part in settled.split())
            }
            fields: dict[str, int] = {f"by:{each}": amount for each, amount in parts.items() if each}
            mapping: Any = fields | {"settled": sum(parts.values())}
            await target.redis.hset(f"{target.keys.prefix}:{name}", mapping=mapping)


MIGRATION = Migration(
    number=1,
    title="the sum of each limit in a field of its own",
    concerns=_concerns,
    needs=_needs,
    change=_change,
)
