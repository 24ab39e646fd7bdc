"""The request of a turn, composed from the conversation: pure.

The ledger counts the tokens, trimming chooses the turns, the lifetime rule places the cache breakpoints.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.conversation import breakpoints, elements, fitting, lifetime, prompt
from bot.conversation.budget import Budget
from bot.conversation.ledger import Forecast, Ledger, Prefix
from bot.conversation.lifetime import USUAL_RATES, CacheSetting
from bot.conversation.message import Message
from bot.conversation.past import Past
from bot.conversation.pricing import Prices
from bot.conversation.request import Parameters, PromptMessage, Request, Usage
from bot.conversation.scope import Scope
from bot.conversation.shares import share_out
from bot.conversation.tokens import TokenRates
from bot.conversation.trimming import Edge, TrimPolicy, Window, trim
from bot.conversation.turn import Preface

REFUSED_MARGIN = 0.98
"""A second try stays so far below the limit that the API named, because the count of the rest is a sum."""

MOST_HALVINGS = 4
"""The limit of halvings, because turns fail for other reasons, too: then the message itself is too long."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request depends on besides the conversation, by the choices of its scopes.

    `trimming` respects the model's context. `limit_tokens` is the most that a prompt may hold, None if unknown. Above
    `step_tokens` a prompt costs several times as much; None if there is no such step or the operator accepts it.
    `prices` is None if unknown; `budget_prices` are the highest known ones then. `user_key` is the pseudonym of the
    person who asks. `budget` has the limits that are set. The terms `fallback` are those of the model
    that answers at a full limit, `others` those of the models that answer where this model does not, in order.
    `prompt_scope` is where the system prompt was set, None for the default.
    """

    parameters: Parameters
    system: tuple[str, ...]
    trimming: TrimPolicy
    limit_tokens: int | None = None
    step_tokens: int | None = None
    cache: CacheSetting = "auto"
    prices: Prices | None = None
    user_key: str | None = None
    budget: Budget = field(default_factory=Budget)
    budget_prices: Prices | None = None
    fallback: Terms | None = None
    others: tuple[Terms, ...] = ()
    prompt_scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A request, and what is needed to enter its answer in the ledger.

    `added` are the messages behind the window, those of this turn, and `added_tokens` their estimate. `before` is
    the preface of the request before, `preface` that of this request.
    """

    request: Request
    window: Window
    added: tuple[PromptMessage, ...]
    added_tokens: int
    before: Preface
    preface: Preface
    prefix: Prefix
    ledger: Ledger
    forecast: Forecast
    rates: TokenRates

    @property
    def extends(self) -> bool:
        """Whether the request begins like the request before."""
        return self.prefix == self.ledger.prefix

    @property
    def new_preface(self) -> Preface | None:
        """The preface that the turn has to remember with its trim, None without a trim."""
        return self.preface if self.window.dropped or self.preface != self.before else None

    @property
    def unread(self) -> Plan:
        """The plan as it is remembered if Claude never read the request: no trim, no new preface.

        The next request is planned anew, with the whole history.
        """
        window = replace(self.window, start=self.ledger.prefix.window_start, dropped=0, shortened=False)
        return replace(self, window=window, preface=self.before, prefix=self.ledger.prefix)

    @property
    def total_tokens(self) -> int:
        """The tokens of the whole history and the added messages, as if nothing had been trimmed."""
        return self.forecast.total + self.added_tokens

    @property
    def estimated_tokens(self) -> int:
        """How many of these tokens were never counted by the API."""
        return self.forecast.estimated + self.added_tokens

    def measured(self, usage: Usage) -> int:
        """Return the tokens of the added message, now that the request is answered."""
        return self.ledger.measure(self.added_tokens, usage, self.forecast, extends=self.extends)


def compose(
    terms: Terms,
    past: Past,
    messages: Sequence[Message],
    *,
    now_ms: int,
    summary: str | None = None,
    counted_tokens: int | None = None,
    at_once: bool = False,
    so_far: Sequence[PromptMessage] = (),
) -> Plan:
    """Compose the request that answers `messages`.

    `summary` takes the place of the preface's summary, if there is a trim. `counted_tokens` is the API's own count of
    the whole, where it was asked. With `at_once` pins take effect without a trim. `so_far` are the messages of this
    turn where it takes another request: those that were sent, the part of the reply that came, and a user message
    that asks for more. They are sent as they are, in place of `messages`.
    """
    before = past.preface
    ledger = Ledger(
        past.history,
        Prefix(prompt.prefix_key(terms.parameters.cache_key, terms.system, before), past.window_start),
        before.pinned,
    )
    rates = ledger.rates()
    tools = [tool.json for tool in terms.parameters.tools]
    forecast = ledger.forecast(rates, [*tools, *terms.system, *([before.summary] if before.summary else [])])
    added = tuple(so_far) or (elements.question(messages),)
    added_tokens = sum(map(rates.sent, added))
    if counted_tokens is not None:
        missing = counted_tokens - forecast.total - added_tokens
        forecast = replace(forecast, other=forecast.other + missing)
    shares = share_out(forecast, before.pinned, past.history, past.recalled, model=terms.parameters.model)
    other = shares.other
    if summary is not None:
        other += max(-other, rates.of(summary) - rates.of(before.summary))
    # Messages that were sent stay as they are, whatever room they take; only new messages can be shortened.
    newest_tokens = 0 if so_far else added_tokens
    window = trim(
        shares.turns,
        terms.trimming,
        Edge(past.window_start, shares.pinned),
        other_tokens=other + added_tokens - newest_tokens,
        newest_tokens=newest_tokens,
        pins=past.pins,
        recalled=shares.recalled,
        at_once=at_once or past.at_once,
    )
    preface = replace(before, pinned=tuple(replace(turn, preface=None) for turn in window.pinned))
    if [turn.id for turn in preface.pinned] == [turn.id for turn in before.pinned]:
        preface = before
    if window.dropped and summary is not None:
        preface = replace(preface, summary=summary)
    if window.shortened:
        fitted = fitting.fit(
            messages, window.newest_tokens, lambda shorter: rates.sent(elements.question(shorter))
        )
        window = replace(window, shortened=fitted != tuple(messages))
        added = (elements.question(fitted),)
        added_tokens = sum(map(rates.sent, added))
    prefix = Prefix(prompt.prefix_key(terms.parameters.cache_key, terms.system, preface), window.start)
    sent = prompt.render_messages(window.all_turns, added, preface.summary)
    choice = lifetime.choose(
        terms.cache,
        window.turns,
        prefix,
        prompt_tokens=window.tokens,
        now_ms=now_ms,
        rates=terms.prices or USUAL_RATES,
        pinned=window.pinned,
        added=added,
    )
    request = Request(
        parameters=terms.parameters,
        system=terms.system,
        messages=sent,
        user_key=terms.user_key,
        breakpoints=breakpoints.place(window.all_turns, sent, choice),
    )
    return Plan(request, window, added, added_tokens, before, preface, prefix, ledger, forecast, rates)


def smaller(terms: Terms, plan: Plan, past: Past, tokens: int | None, limit: int | None) -> Terms:
    """Return the terms for a second try at a request that the API has refused as too long.

    The prompt has `tokens` and `limit` are allowed, by the API's own count; if the refusal names neither, half of the
    window is dropped. For each turn that failed just before, the rest is halved once more, up to `MOST_HALVINGS`,
    because that turn may have been refused twice, too.
    """
    if tokens and limit and tokens > limit:
        high = int(limit * REFUSED_MARGIN * plan.window.tokens / tokens)
    else:
        high = plan.window.tokens // 2
    failed = sum(1 for _ in itertools.takewhile(lambda turn: not turn.read, reversed(past.history)))
    high >>= min(failed, MOST_HALVINGS)
    policy = terms.trimming
    share = policy.low_tokens / policy.high_tokens
    low = min(policy.low_tokens, int(high * share))
    pinned = int(policy.pinned_tokens * low / max(1, policy.low_tokens))
    return replace(terms, trimming=TrimPolicy(max(1, high), low, pinned))
