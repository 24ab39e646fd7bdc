"""A branch: a conversation that begins with a copy of another one's turns; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.context_view import ContextView
from bot.conversation.pricing import Prices, cost, dollars
from bot.conversation.request import Usage
from bot.conversation.turn import Turn

NAME_CHARS = 80


@dataclass(frozen=True, slots=True)
class BranchJob:
    """What a person wants: the branch of a `conversation` after one of its turns, by the `interaction`.

    `message` is the one whose menu was used. `place` is the channel of the thread, or the forum of the post, to which
    the `tags` are given; `thread` is the branch's thread once it is known.
    """

    person: int
    interaction: int
    conversation: int
    turn: int
    message: int
    server: int
    place: int
    name: str
    by: str
    private: bool = False
    thread: int | None = None
    is_post: bool = False
    tags: tuple[int, ...] = ()


def copied(turns: Sequence[Turn], window_start: int) -> tuple[Turn, ...]:
    """Return the turns of a window as the first ones of another history.

    Requests for turns from before the window's beginning have another beginning, so that their counts no longer tell
    of the window's.
    """
    return tuple(
        replace(
            turn,
            window_start=max(0, turn.window_start - window_start),
            prefix_key=turn.prefix_key if turn.window_start >= window_start else "",
        )
        for turn in turns
    )


def thread_name(name: str) -> str:
    """Name the thread of a branch of a thread of this name."""
    ending = " (branch)"
    base = name.removesuffix(ending)
    return f"{base[: NAME_CHARS - len(ending)].rstrip()}{ending}"


def opens_post(link: str) -> str:
    """Say in the first message of a forum post that the post is a branch."""
    return f"A branch of [this conversation](<{link}>)."


def begins(job: BranchJob, link: str, price: str) -> str:
    """Say in the branch where it comes from, and what its first answer costs."""
    said = "I know what was said there until then. Just write."
    return f"{job.by} has branched this off [here](<{link}>): {said} {price}"


def left_behind(thread: int, by: str) -> str:
    """Say in the conversation where its branch is."""
    return f"{by} has branched this conversation off: <#{thread}>."


def first_price(seen: ContextView, prices: Prices | None, *, caches: bool) -> str:
    """Name the price of the first answer in a branch, before anybody has asked for it."""
    tokens = seen.tokens
    warm = min(seen.cached.warm, tokens) if caches else 0
    about = f"My first answer here reads about {tokens:,} tokens"
    if prices is None:
        return f"{about}."
    cold = cost(Usage(cache_write_5m=tokens) if caches else Usage(input=tokens), prices)
    if not warm:
        return f"{about}, which costs about {dollars(cold)}, and what is written."
    soon = cost(Usage(cache_read=warm, cache_write_5m=tokens - warm), prices)
    return (
        f"{about}, which costs about {dollars(soon)} as long as they are in the cache, {dollars(cold)} later, and "
        "what is written."
    )
