"""Resolves what people chose for a thread, channel or server to the terms of a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from bot.claude.catalogue import Catalogue, today_utc
from bot.conversation import prompt
from bot.conversation.compose import Terms
from bot.conversation.lifetime import CacheSetting
from bot.conversation.model import Choice, fit
from bot.conversation.placeholders import Names
from bot.conversation.pricing import PriceBook
from bot.conversation.request import Parameters
from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.trimming import marks

log = structlog.get_logger()

LEAST_ROOM_TOKENS = 1000
"""The least room for the history of a model whose context is smaller than its settings need."""


@dataclass(frozen=True, slots=True)
class HistoryBudget:
    """The operator's limits of the history for all models, see `marks`; `past_step` allows prompts beyond a price
    step.
    """

    max_tokens: int
    keep_ratio: float
    pinned_share: float = 0.0
    past_step: bool = False


class TermsResolver:
    """Makes the terms of a request: `default` is used where nothing is chosen.

    `parameters` are the operator's; those that are not chosen pass unchanged. `refuses` is asked whether a tool was
    refused for a model.
    """

    def __init__(
        self,
        parameters: Parameters,
        default: Choice,
        budget: HistoryBudget,
        catalogue: Catalogue,
        prices: PriceBook,
        *,
        cache: CacheSetting = "auto",
        refuses: Callable[[str, str], bool] = lambda _model, _tool: False,
        today: Callable[[], dt.date] = today_utc,
    ) -> None:
        self._parameters = parameters
        self._default = default
        self._budget = budget
        self._catalogue = catalogue
        self._prices = prices
        self._cache = cache
        self._refuses = refuses
        self._today = today
        self._logged: set[tuple[str, tuple[str, ...]]] = set()

    def __call__(self, choice: Choice, names: Names, tools: tuple[ToolDefinition, ...] = ()) -> Terms:
        """Return the terms; options that the model does not take are left out, and logged once.

        The `tools` are those that may be called; those that the model does not have are left out. The `names` are
        those of the conversation, for the placeholders of its prompt.
        """
        wanted = choice.over(self._default)
        model = wanted.model or self._parameters.model
        self._catalogue.use(model)
        info = self._catalogue.find(model)
        sent = fit(info, wanted.effort, wanted.thinking)
        if sent.dropped and (model, sent.dropped) not in self._logged:
            self._logged.add((model, sent.dropped))
            log.info("choice_not_sent", model=model, what=sent.dropped)
        tools = tuple(
            tool
            for tool in tools
            if not self._refuses(model, tool.name)
            and (not tool.runs_at_anthropic or info is None or info.has_server_tool(tool.name))
        )
        prices = self._prices.of(model, self._today())
        most = info.output_tokens if info is not None and info.output_tokens else self._parameters.max_tokens
        reply_tokens = min(self._parameters.max_tokens, most)
        context = None if info is None else info.context_tokens
        if context is not None:
            context = max(context, reply_tokens + LEAST_ROOM_TOKENS)
        budget = self._budget
        step = None if prices is None or budget.past_step else prices.step_tokens
        return Terms(
            parameters=replace(
                self._parameters,
                model=model,
                max_tokens=reply_tokens,
                effort=sent.effort,
                thinking=sent.thinking,
                tools=tools,
            ),
            system=prompt.render_system(names.fill(wanted.system or ""), has_tools=bool(tools)),
            trimming=marks(
                budget.max_tokens,
                budget.keep_ratio,
                context_tokens=context,
                reply_tokens=reply_tokens,
                step_tokens=step,
                pinned_share=budget.pinned_share,
            ),
            limit_tokens=None if context is None else context - reply_tokens,
            step_tokens=step,
            cache=self._cache,
            prices=prices,
            budget_prices=prices or self._prices.highest(self._today()),
        )
