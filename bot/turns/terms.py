"""The terms of a request, from the policy of its turn."""

from __future__ import annotations

from bot.conversation import prompt
from bot.conversation.compose import Terms
from bot.conversation.lifetime import USUAL_RATES
from bot.turns.policy import TurnPolicy


def terms_of(policy: TurnPolicy, user_key: str | None = None) -> Terms:
    """Return the terms; `user_key` is the pseudonym of the person who asks."""
    return Terms(
        model=policy.model,
        max_tokens=policy.max_tokens,
        effort=policy.effort,
        thinking=policy.thinking,
        system=prompt.render_system(policy.system),
        user_key=user_key,
        trimming=policy.trimming,
        limit_tokens=policy.limit_tokens,
        step_tokens=policy.step_tokens,
        cache=policy.cache,
        prices=policy.prices or USUAL_RATES,
    )
