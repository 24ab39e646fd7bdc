"""How well the tokens of a message are estimated before it is sent, on a mixed corpus.

The truth is the simulator's tokenizer: a fixed cost for each character by the length of its UTF-8 form. So this
shows that the learning finds the costs of a conversation's own scripts and forgets what no longer holds, not how
near the estimate is to Anthropic's tokenizer, whose cost of a character depends on the words around it.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from bot.conversation.ledger import Ledger, Prefix
from bot.conversation.request import PromptMessage, Usage
from bot.conversation.tokens import PRIOR
from bot.conversation.turn import Turn, exchange
from bot.local.simulator.claude.tokens import BLOCK_TOKENS, REQUEST_TOKENS, TURN_TOKENS, Tokenizer, count_text

TURNS = 40
SEEDS = 20
WARM_UP = 5
"""Turns after which a conversation counts as known."""

PROSE = ("the loom was warped with linen, ", "and nobody knew why. ", "She asked how it works; ", "Well, ")
GERMAN = ("Der Webstuhl wurde mit Leinen bezogen, ", "größer als üblich, ", "fünf Schäfte. ")
CODE = ("def weave(threads):\n    return [t * 2 for t in threads]\n", "if (a && b[i]) { x += 1; }\n", "}\n\n")
CJK = ("織機は布を織る機械です。", "经线和纬线", "베틀로 천을 짠다. ")
EMOJI = ("🧵🪡", "👍🏽", "😀 ", "👩‍👩‍👧 ")
CYRILLIC = ("Ткацкий станок стоит у окна. ", "Основа и уток, ")

KINDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "English prose": (PROSE,),
    "German": (GERMAN,),
    "code and prose": (PROSE, CODE),
    "CJK": (CJK,),
    "Cyrillic": (CYRILLIC,),
    "prose with emoji": (PROSE, EMOJI),
    "everything mixed": (PROSE, GERMAN, CODE, CJK, EMOJI, CYRILLIC),
}


def errors(corpora: tuple[tuple[str, ...], ...], tokenizer: Tokenizer) -> dict[str, list[float]]:
    """Return the relative errors of the new message's estimate and of the whole request's, by what was known."""
    found: dict[str, list[float]] = {"first": [], "known": [], "request": []}
    for seed in range(SEEDS):
        chance = random.Random(seed)

        def text(chance: random.Random = chance) -> str:
            corpus = chance.choice(corpora)
            return "".join(chance.choice(corpus) for _ in range(chance.randint(2, 60))).strip()

        _talk(text, tokenizer, found)
    return found


def _talk(text: Callable[[], str], tokenizer: Tokenizer, found: dict[str, list[float]]) -> None:
    total = REQUEST_TOKENS + 200
    turns: list[Turn] = []
    for number in range(TURNS):
        user, reply = text(), text()
        ledger = Ledger(tuple(turns), Prefix("key", 0))
        rates = ledger.rates()
        forecast = ledger.forecast(rates, ["x" * 500])
        guess = rates.message(user)
        # What the message adds: its own text and framing, and the framing of the reply before it.
        framing = (BLOCK_TOKENS + TURN_TOKENS) * (2 if turns else 1)
        truth = count_text(user, tokenizer) + framing
        total += truth
        found["known" if number >= WARM_UP else "first"].append(abs(guess - truth) / truth)
        if number >= WARM_UP:
            found["request"].append(abs(forecast.total + guess - total) / total)
        usage = Usage(input=total, output=count_text(reply, tokenizer))
        counted = ledger.measure(guess, usage, forecast, extends=True)
        turns.append(
            Turn(
                id=number + 1,
                sent=exchange(PromptMessage.of("user", user), reply),
                outcome="answered",
                model="m",
                user_tokens=counted,
                reply_tokens=usage.output,
                usage=usage,
                window_start=0,
                prefix_key="key",
            )
        )
        total += usage.output


def at(values: list[float], share: float) -> float:
    """Return the value below which this share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    """Print each figure with its conditions."""
    print(  # noqa: T201
        f"Error of the estimate, {SEEDS} conversations of {TURNS} turns each, the simulator's tokenizer (which is "
        f"not Anthropic's);\nprior: {PRIOR}:"
    )
    tokenizers: tuple[Tokenizer, ...] = ("current", "older")
    for tokenizer in tokenizers:
        for kind, corpora in KINDS.items():
            found = errors(corpora, tokenizer)
            told = ", ".join(
                f"{name} p50 {at(values, 0.5):.1%} p95 {at(values, 0.95):.1%}"
                for name, values in (
                    (f"message of the first {WARM_UP}", found["first"]),
                    ("message later", found["known"]),
                    ("whole request later", found["request"]),
                )
            )
            print(f"  {tokenizer:8} {kind:18} {told}")  # noqa: T201


if __name__ == "__main__":
    main()
