"""The account of a turn: what of the limits its requests may use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bot.conversation.budget import Limit, Use, limits
from bot.conversation.compose import Terms
from bot.store.budgets import Budgets
from bot.store.claim import Claim
from bot.turns.metered_claude import Account

Observe = Callable[[Claim, Terms, tuple[Limit, ...], tuple[Use, ...]], None]
"""Gets to know what of the limits of a claimed turn is used up."""


def observe_nothing(_claim: Claim, _terms: Terms, _limits: tuple[Limit, ...], _uses: tuple[Use, ...]) -> None:
    """Observe nothing."""


class Accounts:
    """Opens the accounts of turns; `observe` gets to know what of the limits is used up. No budgets, no limits."""

    def __init__(self, budgets: Budgets | None, observe: Observe, now_s: Callable[[], float]) -> None:
        self._budgets = budgets
        self._observe = observe
        self._now_s = now_s

    def of(self, claim: Claim, terms: Terms) -> Account | None:
        rules, prices = terms.budget.rules, terms.budget_prices
        if self._budgets is None or prices is None or not rules:
            return None
        return Account(
            self._budgets,
            claim,
            lambda: limits(rules, claim.payer, self._now_s()),
            prices,
            partial(self._observe, claim, terms),
        )
