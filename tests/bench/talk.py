"""A conversation in virtual time: trimmed by the bot, cached by its rule, billed by the simulator's cache."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.conversation.ledger import Prefix
from bot.conversation.lifetime import CacheSetting, Chances, Choice, choose
from bot.conversation.message import DISCORD_EPOCH_MS
from bot.conversation.pricing import Prices
from bot.conversation.request import Lifetime, PromptMessage, Usage
from bot.conversation.trimming import Edge, TrimPolicy, trim
from bot.conversation.turn import Turn, exchange
from bot.local.simulator.claude.caching import Cache
from bot.local.simulator.claude.catalogue import Model, find
from bot.local.simulator.claude.prompt import Block, Prompt
from tests.bench.ideal import Asking

SYSTEM_TOKENS = 300
"""The tokens of the system prompt, unless `Sizes` says otherwise."""

FRAMING_TOKENS = 8
"""What ends a prompt and is never cached, as in the simulator."""


WINDOW = TrimPolicy(20_000, 10_000)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Tokens of a message and a reply, with so much play (a share), of the system prompt, and the window's marks."""

    user: int = 60
    reply: int = 250
    play: float = 0.3
    policy: TrimPolicy = WINDOW
    system: int = SYSTEM_TOKENS

    @classmethod
    def beginning_with(cls, first_prompt: int) -> Sizes:
        """A conversation whose first request has about so many tokens, and whose window has room beside them."""
        extra = max(0, first_prompt - cls().user - SYSTEM_TOKENS)
        high, low = WINDOW.high_tokens + extra, WINDOW.low_tokens + extra
        return cls(policy=TrimPolicy(high, low), system=SYSTEM_TOKENS + extra)


@dataclass(frozen=True, slots=True)
class Billed:
    """What a conversation was charged for its input, in tokens at the full price, and how its requests grew."""

    cost: float
    uncached: float
    askings: tuple[Asking, ...]

    @property
    def extending(self) -> float:
        """The share of requests after the first that extend the one before."""
        later = self.askings[1:]
        return sum(asking.extends for asking in later) / max(1, len(later))


def rates_of(model: str) -> Prices:
    """Return a model's prices in thousandths of its input price."""
    prices = known(model).prices_usd_per_mtok
    read = 0.025 if prices.cache_read is None else prices.cache_read / prices.input
    return Prices(1000, 1250, 2000, round(1000 * read), round(1000 * prices.output / prices.input))


def known(name: str) -> Model:
    """Return a model of the simulator's catalogue."""
    model = find(name)
    if model is None:
        raise LookupError(name)
    return model


def talk(
    gaps_s: Iterator[float],
    turns: int,
    *,
    model: str,
    setting: CacheSetting = "auto",
    sizes: Sizes | None = None,
    seed: int = 0,
    rates: Prices | None = None,
    chances: Chances | None = None,
    first: Choice | None = None,
) -> Billed:
    """Play a conversation of so many turns; the same seed has the same windows, whatever the setting.

    `first` is what the first request writes to the cache; without it, what the rule chooses.
    """
    sizes = sizes or Sizes()
    chance = random.Random(seed)
    rates = rates or rates_of(model)
    cache, known_model = Cache(), known(model)
    history: list[Turn] = []
    edge = Edge()
    askings: list[Asking] = []
    cost = uncached = now_s = 0.0
    for number in range(turns):
        user, reply = (_about(size, sizes.play, chance) for size in (sizes.user, sizes.reply))
        window = trim(
            history[edge.window_start :],
            sizes.policy,
            edge,
            other_tokens=sizes.system + FRAMING_TOKENS,
            newest_tokens=user,
        )
        edge = window.edge
        prefix = Prefix("key", window.start)
        at = round(now_s * 1000) << 22
        now_ms = DISCORD_EPOCH_MS + round(now_s * 1000)
        choice = choose(
            setting,
            window.turns,
            prefix,
            prompt_tokens=window.tokens,
            now_ms=now_ms,
            rates=rates,
            chances=chances,
        )
        if number == 0 and first is not None:
            choice = first
        prompt = _prompt(window.turns, window.start, at, user, choice, sizes.system)
        lookup = cache.look_up(prompt, known_model, now_s)
        cache.begin(lookup)
        usage = Usage(
            input=lookup.uncached,
            cache_write_5m=lookup.written_5m,
            cache_write_1h=lookup.written_1h,
            cache_read=lookup.read,
            output=reply,
        )
        cost += billed(usage, rates) / rates.input
        uncached += usage.input_total
        askings.append(Asking(now_s, usage.input_total, extends=number > 0 and not window.dropped))
        history.append(
            Turn(
                id=at,
                sent=exchange(PromptMessage.of("user", "?"), "!"),
                outcome="answered",
                model=model,
                user_tokens=user,
                reply_tokens=reply,
                usage=usage,
                window_start=window.start,
                prefix_key="key",
            )
        )
        now_s += next(gaps_s)
    return Billed(cost, uncached, tuple(askings))


def billed(usage: Usage, rates: Prices) -> float:
    """Return what the input of a request costs."""
    return (
        usage.input * rates.input
        + usage.cache_write_5m * rates.write_5m
        + usage.cache_write_1h * rates.write_1h
        + usage.cache_read * rates.read
    )


def _about(size: int, play: float, chance: random.Random) -> int:
    return max(1, round(size * chance.uniform(1 - play, 1 + play)))


def _prompt(turns: Sequence[Turn], cut: int, at: int, user: int, choice: Choice, system: int) -> Prompt:
    """Build the chain of blocks as the bot's requests have it, marks included."""
    newest = choice.newest
    first: Lifetime | None = "1h" if choice.anchor is not None or newest == "1h" else newest
    tokens = system
    blocks = [_block("system", f"{cut}", tokens, first)]
    for number, turn in enumerate(turns):
        tokens += turn.user_tokens
        mark: Lifetime | None = "1h" if turn.id == choice.anchor else None
        if number == len(turns) - 1 and mark is None:
            mark = newest
        blocks.append(_block("messages", f"{cut}:{turn.id}:u", tokens, mark))
        tokens += turn.reply_tokens
        blocks.append(_block("messages", f"{cut}:{turn.id}:a", tokens, None))
    tokens += user
    blocks.append(_block("messages", f"{cut}:{at}:u", tokens, newest))
    return Prompt("model", "standard", tuple(blocks), tokens + FRAMING_TOKENS, "")


def _block(scope: str, prefix: str, tokens: int, ttl: Lifetime | None) -> Block:
    where = "system" if scope == "system" else "messages"
    return Block(where, (), "text", prefix, prefix, tokens, ttl)  # type: ignore[arg-type]
