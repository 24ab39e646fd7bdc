"""What a conversation with pictures costs, against the clairvoyant optimum for the same windows.

The whole way is played in virtual time: the bot composes each request and renders it for the wire; the simulator
reads the body, counts pictures by their own bytes, and bills by its cache. The two count pictures independently.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image as Pillow

from bot.claude.wire import stream_arguments
from bot.conversation.compose import Terms, compose
from bot.conversation.content import FileSource, Image
from bot.conversation.message import DISCORD_EPOCH_MS, Attachment, Author, Message
from bot.conversation.past import Past
from bot.conversation.prompt import render_system
from bot.conversation.request import Parameters, Usage
from bot.conversation.tokens import PRIOR, picture_tokens
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import Turn, exchange
from bot.local.simulator.claude.caching import Cache
from bot.local.simulator.claude.file import File
from bot.local.simulator.claude.files import Files
from bot.local.simulator.claude.prompt import flatten
from bot.local.simulator.claude.tokens import count_text
from tests.bench.arrivals import STEADY, Pattern
from tests.bench.caching import MODELS, STEADY_GOAL
from tests.bench.ideal import Asking, least_cost
from tests.bench.talk import billed, known, rates_of

TURNS = 200
PICTURES = 10
SEEDS = 2
SIZES_PX = ((1568, 1176), (1176, 1568), (1568, 882), (1280, 720), (724, 1568))
"""A photo, one on its side, two screenshots, and one of a phone, as the bot scales them."""

USER_CHARS, REPLY_CHARS, PLAY = 150, 625, 0.3
"""About 60 and 250 tokens."""

WINDOWS = {"10,000 to 20,000": TrimPolicy(20_000, 10_000), "40,000 to 80,000": TrimPolicy(80_000, 40_000)}
AUTHOR = Author(1, "ann", "Ann")
WORDS = ("loom", "weaves", "the", "wool", "blue", "of", "and", "a", "shuttle", "warp")


@dataclass(frozen=True, slots=True)
class Played:
    """What a conversation was billed, in tokens at the full price; `errors` are those of each picture's estimate."""

    cost: float
    askings: tuple[Asking, ...]
    errors: tuple[float, ...]


def picture(number: int, files: Files) -> Image:
    """Upload a picture of real bytes; its tokens are the bot's estimate."""
    width, height = SIZES_PX[number % len(SIZES_PX)]
    out = io.BytesIO()
    Pillow.new("RGB", (width, height), (number * 20 % 256, 90, 120)).save(out, "PNG")
    file = File(f"file_{number}", "file.png", "image/png", out.getvalue(), "", None)
    files.files[file.id] = file
    return Image(FileSource(file.id), picture_tokens(width, height), f"{number}.png")


def play(gaps_s: Iterator[float], *, model: str, policy: TrimPolicy, seed: int = 0) -> Played:
    """Play a conversation of `TURNS` turns, `PICTURES` of which bring a picture."""
    chance = random.Random(seed)
    with_picture = sorted(chance.sample(range(TURNS), PICTURES))
    facts, rates, cache, uploads = known(model), rates_of(model), Cache(), Files(lambda: 0.0, "")
    terms = Terms(
        parameters=Parameters(model, 1000),
        system=render_system("Be brief."),
        trimming=policy,
        prices=rates,
    )
    history: list[Turn] = []
    askings: list[Asking] = []
    errors: list[float] = []
    before: list[str] = []
    start, cost, now_s = 0, 0.0, 0.0
    for number in range(TURNS):
        now_ms = DISCORD_EPOCH_MS + round(now_s * 1000)
        files = (picture(with_picture.index(number), uploads),) if number in with_picture else ()
        attachments = tuple(Attachment(number, each.name, "image/png", 1, blocks=(each,)) for each in files)
        message = Message(round(now_s * 1000) << 22, AUTHOR, _text(USER_CHARS, chance), attachments)
        plan = compose(terms, Past(tuple(history[start:]), start), [message], now_ms=now_ms)
        prompt = flatten(uploads.seen(dict(stream_arguments(plan.request))), facts)
        lookup = cache.look_up(prompt, facts, now_s)
        cache.begin(lookup)
        reply = _text(REPLY_CHARS, chance)
        usage = Usage(
            input=lookup.uncached,
            cache_write_5m=lookup.written_5m,
            cache_write_1h=lookup.written_1h,
            cache_read=lookup.read,
            output=count_text(reply, facts.tokenizer),
        )
        cost += billed(usage, rates) / rates.input
        shared = [block for block in prompt.blocks if block.prefix in before]
        extends = before[-1] in [block.prefix for block in shared] if before else False
        shared_tokens = max((block.tokens for block in shared), default=0)
        cacheable = shared_tokens if shared_tokens >= facts.min_cacheable_tokens else 0
        askings.append(Asking(now_s, prompt.tokens, extends, cacheable))
        before = [block.prefix for block in prompt.blocks]
        if files and plan.extends:
            errors.append(plan.window.tokens / prompt.tokens - 1)
        start = plan.window.start
        history.append(
            Turn(
                id=message.id,
                sent=exchange(plan.added[0], reply),
                outcome="answered",
                model=model,
                user_tokens=plan.measured(usage),
                reply_tokens=usage.output,
                usage=usage,
                window_start=start,
                prefix_key=plan.prefix.key,
                members=(message.id,),
                preface=plan.new_preface,
            )
        )
        now_s += next(gaps_s)
    return Played(cost, tuple(askings), tuple(errors))


def ratio(pattern: Pattern, *, model: str, policy: TrimPolicy, seeds: int = SEEDS) -> tuple[float, Played]:
    """Return the cost in parts of the optimum's, summed over the seeds, and the last conversation."""
    cost = best = 0.0
    for seed in range(seeds):
        played = play(pattern(random.Random(seed)), model=model, policy=policy, seed=seed)
        cost += played.cost
        best += least_cost(played.askings, rates_of(model), known(model).min_cacheable_tokens)
    return cost / best, played


def _text(chars: int, chance: random.Random) -> str:
    length = round(chars * chance.uniform(1 - PLAY, 1 + PLAY))
    words = ""
    while len(words) < length:
        words += f"{chance.choice(WORDS)} "
    return words.strip()


def main() -> None:
    """Print each figure with its goal."""
    print(  # noqa: T201
        f"Billed input, in parts of the clairvoyant optimum for the same windows; {TURNS} turns of about "
        f"{PRIOR.of('x' * USER_CHARS)} and {PRIOR.of('x' * REPLY_CHARS)} tokens,\n{PICTURES} of them with a picture "
        f"of 1,196 to 2,352 tokens, {SEEDS} seeds, virtual time, tokens and cache of the simulator."
    )
    for model in MODELS:
        for window, policy in WINDOWS.items():
            print(f"{model}, window {window} tokens:")  # noqa: T201
            for name, pattern in STEADY.items():
                found, played = ratio(pattern, model=model, policy=policy)
                breaks = sum(not each.extends for each in played.askings[1:])
                worst = max(map(abs, played.errors), default=0.0)
                missed = "  MISSED" if found > STEADY_GOAL else ""
                print(  # noqa: T201
                    f"  {name:28} {found:.3f} (goal {STEADY_GOAL:.2f}){missed:8}  breaks of the cache {breaks}, "
                    f"largest error of a request's estimate {worst:.2%}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
