"""The choices and answers of /model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from bot.commands import permission_rules
from bot.commands.scopes import scope_name, where_chosen
from bot.conversation import wording
from bot.conversation.model import Choice, Fit, ModelInfo, narrowest
from bot.conversation.pricing import MICRO_USD, Prices
from bot.conversation.scope import Scope

MOST_CHOICES = 25
"""The most choices of an autocompletion (Discord, "Autocomplete")."""

NAME_CHARS = 100
"""The most characters of a choice's name, and of its value."""

NOTHING_CHOSEN = "Nothing was changed: choose at least one of `model`, `effort` and `thinking`."
NOT_OFFERED = "Whoever runs me does not offer that model. Choose one that /model set lists."
MAY_NOT_CHOOSE = {
    Scope.THREAD: permission_rules.BY_SCOPE[Scope.THREAD].refusal("choose its model"),
    Scope.CHANNEL: permission_rules.BY_SCOPE[Scope.CHANNEL].refusal("choose the model of a channel"),
    Scope.SERVER: permission_rules.BY_SCOPE[Scope.SERVER].refusal("choose the model of a server"),
}
UNCHECKED = "I could not check with Claude whether this model exists."


def unknown(model: str, near: Sequence[str]) -> str:
    hint = f"Did you mean: {', '.join(near)}?" if near else "Choose one that /model set lists."
    return f"There is no model called “{model}”. {hint}"


def retired(info: ModelInfo, successor: str | None) -> str:
    """Say that a model is retired, and which model replaces it."""
    when = f" on {info.retires}" if info.retires else ""
    instead = f" {successor} takes its place." if successor else " Choose another one."
    return f"{info.name or info.id} was retired{when} and no longer answers.{instead}"


def offered(
    models: Sequence[ModelInfo], prices: Mapping[str, Prices | None], typed: str
) -> list[tuple[str, str]]:
    """Return names and ids of the models that match the typed words, in the order of `models`."""
    wanted = typed.casefold().split()
    found = [info for info in models if all(word in f"{info.name} {info.id}".casefold() for word in wanted)]
    named = [(_label(info, prices.get(info.id)), info.id) for info in found if len(info.id) <= NAME_CHARS]
    return named[:MOST_CHOICES]


def _label(info: ModelInfo, prices: Prices | None) -> str:
    parts = [info.name or info.id]
    if prices is not None:
        parts.append(f"{_usd(prices.input)} in, {_usd(prices.output)} out")
    if info.retires is not None:
        parts.append(f"ends {info.retires}")
    return " · ".join(parts)[:NAME_CHARS]


def chosen(scope: Scope, wanted: Choice, sent: Fit, *, is_direct: bool = False) -> str:
    """Say what answers in a scope from now on."""
    where = scope_name(scope, is_direct=is_direct)
    lines = [f"{wanted.model} answers in {where} from the next reply on{_manner(sent)}."]
    lines += _left_out(wanted, sent)
    return "\n".join(lines)


def cleared(scope: Scope, *, was_set: bool, is_direct: bool = False) -> str:
    """Say that a choice was removed."""
    where = scope_name(scope, is_direct=is_direct)
    if not was_set:
        return f"There is no model chosen for {where}."
    return f"The model of {where} is removed. /model show tells which one answers from the next reply on."


def shown(
    by_scope: Mapping[Scope, Choice],
    default: Choice,
    info: ModelInfo | None,
    prices: Prices | None,
    sent: Fit,
    *,
    successor: str | None,
    today: dt.date,
    is_direct: bool = False,
) -> str:
    """Show which model answers, which scope chose it, what it costs, and when it is retired."""
    wanted = narrowest([*by_scope.values(), default])

    def where(field: str) -> str:
        return where_chosen(by_scope, field, is_direct=is_direct)

    lines = [f"**{wanted.model}** answers here ({where('model')})."]
    if sent.effort is not None:
        lines.append(f"Effort: {sent.effort} ({where('effort')}).")
    if wanted.thinking is not None and sent.thinking is not None:
        lines.append(f"Thinking: {wanted.thinking} ({where('thinking')}).")
    lines += _left_out(wanted, sent)
    if prices is not None:
        lines.append(_prices(prices))
    if info is not None and info.retired:
        lines.append(retired(info, successor))
    elif info is not None and info.ends_soon(today):
        lines.append(f"It ends on {info.retires}." + (f" {successor} takes its place." if successor else ""))
    return "\n".join(lines)


def _manner(sent: Fit) -> str:
    thinking = {"disabled": "thinking off", "between_tools": "thinking off", None: ""}.get(
        sent.thinking, "thinking on"
    )
    parts = [f"with effort {sent.effort}" if sent.effort else "", thinking]
    words = ", ".join(part for part in parts if part)
    return f", {words}" if words else ""


def _left_out(wanted: Choice, sent: Fit) -> list[str]:
    if not sent.dropped:
        return []
    left_out = (
        f"{wanted.model} does not take {' and '.join(sent.dropped)}, which is set here: I leave that out."
    )
    return [wording.small(left_out)]


def _prices(prices: Prices) -> str:
    line = (
        f"A million tokens cost {_usd(prices.input)} in, {_usd(prices.read)} from the cache, "
        f"{_usd(prices.output)} out"
    )
    if prices.above is None or prices.step_tokens is None:
        return f"{line}."
    above = prices.above
    return (
        f"{line}; {_usd(above.input)}, {_usd(above.read)} and {_usd(above.output)} "
        f"where a request has more than {prices.step_tokens:,}."
    )


def _usd(micro_per_mtok: int) -> str:
    whole, rest = divmod(micro_per_mtok, MICRO_USD)
    if not rest:
        return f"${whole}"
    return f"${whole}." + f"{rest:06d}".rstrip("0").ljust(2, "0")
