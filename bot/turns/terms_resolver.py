"""Resolves what people chose for a thread, channel or server to the policy of a turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from bot.claude.catalogue import Catalogue, today_utc
from bot.conversation.model import Choice, fit
from bot.conversation.pricing import PriceBook
from bot.conversation.trimming import TrimPolicy, marks
from bot.turns.policy import TurnPolicy

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
    """Makes the policy of a turn: `default` is used where nothing is chosen, `policy` has the other fields."""

    def __init__(
        self,
        policy: TurnPolicy,
        default: Choice,
        budget: HistoryBudget,
        catalogue: Catalogue,
        prices: PriceBook,
        *,
        today: Callable[[], dt.date] = today_utc,
    ) -> None:
        self._policy = policy
        self._default = default
        self._budget = budget
        self._catalogue = catalogue
        self._prices = prices
        self._today = today
        self._logged: set[tuple[str, tuple[str, ...]]] = set()

    def __call__(self, choice: Choice) -> TurnPolicy:
        """Return the policy of a turn; options that its model does not take are left out, and logged once."""
        wanted = choice.over(self._default)
        model = wanted.model or self._policy.model
        self._catalogue.use(model)
        info = self._catalogue.find(model)
        sent = fit(info, wanted.effort, wanted.thinking)
        if sent.dropped and (model, sent.dropped) not in self._logged:
            self._logged.add((model, sent.dropped))
            log.info("choice_not_sent", model=model, what=sent.dropped)
        prices = self._prices.of(model, self._today())
        most = info.output_tokens if info is not None and info.output_tokens else self._policy.max_tokens
        policy = replace(
            self._policy,
            model=model,
            effort=sent.effort,
            thinking=sent.thinking,
            system=wanted.system or "",
            max_tokens=min(self._policy.max_tokens, most),
            prices=prices,
        )
        context = None if info is None else info.context_tokens
        if context is not None:
            context = max(context, policy.max_tokens + LEAST_ROOM_TOKENS)
        limit = None if context is None else context - policy.max_tokens
        step = None if prices is None or self._budget.past_step else prices.step_tokens
        policy = replace(policy, limit_tokens=limit, step_tokens=step)
        return replace(policy, trimming=self._trimming(policy, context))

    def _trimming(self, policy: TurnPolicy, context: int | None) -> TrimPolicy:
        budget = self._budget
        return marks(
            budget.max_tokens,
            budget.keep_ratio,
            context_tokens=context,
            reply_tokens=policy.max_tokens,
            step_tokens=policy.step_tokens,
            pinned_share=budget.pinned_share,
        )
