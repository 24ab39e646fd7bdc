"""Models, what people choose for a scope, and which of these choices a model takes."""

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
"""A retirement is announced so many days ahead, as by Anthropic ("Model deprecations")."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The facts about a model; None means unknown.

    `efforts` is empty if `output_config.effort` may not be sent; `thinking` are the values of `thinking.type` that
    the model accepts. `retires` is the planned date; only `lifecycle` says whether the model is retired. `line` is
    the series of the model. `server_tools` are the tools at Anthropic that the model may use.
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
    server_tools: frozenset[str] | None = None

    def takes(self, effort: Effort) -> bool:
        """Whether the model takes an effort level; True if unknown."""
        return self.efforts is None or effort in self.efforts

    def has_server_tool(self, name: str) -> bool:
        """Whether the model may use a server tool; True if unknown."""
        return self.server_tools is None or name in self.server_tools

    @property
    def deprecated(self) -> bool:
        """Whether the model is deprecated or retired."""
        return self.lifecycle != "active"

    @property
    def retired(self) -> bool:
        """Whether requests for the model fail."""
        return self.lifecycle == "retired"

    def ends_soon(self, today: dt.date) -> bool:
        """Whether the retirement is near enough to be announced."""
        return self.retires is not None and (self.retires - today).days <= EARLY_DAYS

    def thinking_type(self, chosen: Thinking) -> ThinkingType | None:
        """Return the `thinking.type` for on or off, None if the model has none."""
        wanted: tuple[ThinkingType, ...] = (
            ("adaptive", "enabled") if chosen == "on" else ("disabled", "between_tools")
        )
        if self.thinking is None:
            return wanted[0]
        return next((kind for kind in wanted if kind in self.thinking), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a scope; None where nothing was chosen, so that the next wider scope applies."""

    system: str | None = None
    model: str | None = None
    effort: Effort | None = None
    thinking: Thinking | None = None

    def over(self, wider: Choice) -> Choice:
        """Return the choice that applies here, given that of the wider scope."""
        return Choice(
            system=wider.system if self.system is None else self.system,
            model=self.model or wider.model,
            effort=self.effort or wider.effort,
            thinking=self.thinking or wider.thinking,
        )


def narrowest(choices: Iterable[Choice]) -> Choice:
    """Return the choice that applies, given the choices of the scopes, the narrowest first."""
    return reduce(Choice.over, choices, Choice())


@dataclass(frozen=True, slots=True)
class Fit:
    """The part of a choice that is sent; `dropped` names the rest, for the log."""

    effort: Effort | None
    thinking: ThinkingType | None
    dropped: tuple[str, ...] = ()


def fit(info: ModelInfo | None, effort: Effort | None, thinking: Thinking | None) -> Fit:
    """Return what a model takes of a choice, because the API refuses a request with anything else.

    Effort and thinking may come from another scope than the model, or from before the model was changed. A model
    that is not known takes everything.
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
    """Say to people why a model does not take this, None if it does."""
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
