"""What is known of a model, what somebody chose for a place, and how the two fit together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal, get_args

from bot.conversation.request import Effort, ThinkingType

Lifecycle = Literal["active", "deprecated", "retired"]
Thinking = Literal["on", "off"]

EFFORTS: tuple[Effort, ...] = get_args(Effort)
"""From the least to the most."""

MOST_EFFORT_WITHOUT_THINKING: Effort = "high"
"""Current models refuse more with thinking off (Anthropic, "Thinking"); older ones hardly gain by it."""

EARLY_DAYS = 60
"""The end of a model is announced so many days ahead, as Anthropic does it ("Model deprecations")."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known about a model; None means unknown.

    `efforts` are empty where `output_config.effort` may not be sent at all; `thinking` are the values of
    `thinking.type` that it accepts. `retires` is when it ends, as far as that is
    planned; only `lifecycle` tells whether it has. `line` is the series of models that it belongs to.
    """

    id: str
    context_tokens: int | None = None
    output_tokens: int | None = None
    efforts: tuple[Effort, ...] | None = None
    thinking: tuple[ThinkingType, ...] | None = None
    lifecycle: Lifecycle = "active"
    retires: dt.date | None = None
    name: str = ""
    line: str | None = None
    released: dt.date | None = None

    def takes(self, effort: Effort) -> bool:
        """Whether it takes an effort level, as far as anybody knows."""
        return self.efforts is None or effort in self.efforts

    @property
    def deprecated(self) -> bool:
        """Whether it is headed for its end, or past it."""
        return self.lifecycle != "active"

    @property
    def retired(self) -> bool:
        """Whether requests for it fail."""
        return self.lifecycle == "retired"

    def ends_soon(self, today: dt.date) -> bool:
        """Whether its end is near enough to be announced."""
        return self.retires is not None and (self.retires - today).days <= EARLY_DAYS

    def thinking_type(self, wish: Thinking) -> ThinkingType | None:
        """Return the `thinking.type` that fulfils a wish, None if the model knows none."""
        wanted: tuple[ThinkingType, ...] = (
            ("adaptive", "enabled") if wish == "on" else ("disabled", "between_tools")
        )
        if self.thinking is None:
            return wanted[0]
        return next((kind for kind in wanted if kind in self.thinking), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a place; None where nothing was, so that the next wider place counts."""

    system: str | None = None
    model: str | None = None
    effort: Effort | None = None
    thinking: Thinking | None = None

    def over(self, wider: Choice) -> Choice:
        """Return what counts here, given what counts around it."""
        return Choice(
            system=wider.system if self.system is None else self.system,
            model=self.model or wider.model,
            effort=self.effort or wider.effort,
            thinking=self.thinking or wider.thinking,
        )


def narrowest(choices: Iterable[Choice]) -> Choice:
    """Return what counts, given what was chosen in each place, the narrowest first."""
    return reduce(Choice.over, choices, Choice())


@dataclass(frozen=True, slots=True)
class Fit:
    """What of a choice is sent; `dropped` names what the model does not take, in words for the log."""

    effort: Effort | None
    thinking: ThinkingType | None
    dropped: tuple[str, ...] = ()


def fit(info: ModelInfo | None, effort: Effort | None, thinking: Thinking | None) -> Fit:
    """Return what a model takes of a wish: a request that it would refuse answers nobody.

    Effort and thinking may come from another place than the model, or from before it was changed. Of a model
    that nobody knows everything is believed.
    """
    dropped: list[str] = []
    if info is not None and effort is not None and not info.takes(effort):
        dropped.append(f"effort {effort}")
        effort = None
    kind = None if thinking is None else (info or ModelInfo("")).thinking_type(thinking)
    if thinking is not None and kind is None:
        dropped.append(f"thinking {thinking}")
    if kind in ("disabled", "between_tools") and _beyond(effort):
        dropped.append(f"effort {effort} with thinking off")
        effort = MOST_EFFORT_WITHOUT_THINKING
    return Fit(effort, kind, tuple(dropped))


def objection(info: ModelInfo, effort: Effort | None, thinking: Thinking | None) -> str | None:
    """Say in words for people why a model cannot take this, None if it can."""
    name = info.name or info.id
    if effort is not None and not info.takes(effort):
        if not info.efforts:
            return f"{name} knows no effort levels. Leave the effort out, or choose another model."
        return f"{name} does not know the effort “{effort}”. It knows: {', '.join(info.efforts)}."
    if thinking == "on" and info.thinking_type("on") is None:
        return f"{name} cannot think before it answers."
    if thinking == "off" and info.thinking_type("off") is None:
        return f"{name} always thinks before it answers. A lower effort makes it think less."
    if thinking == "off" and _beyond(effort):
        return (
            f"With thinking off, {name} takes no more than the effort “{MOST_EFFORT_WITHOUT_THINKING}”. "
            "Choose a lower effort, or leave thinking on."
        )
    return None


def _beyond(effort: Effort | None) -> bool:
    return effort is not None and EFFORTS.index(effort) > EFFORTS.index(MOST_EFFORT_WITHOUT_THINKING)
