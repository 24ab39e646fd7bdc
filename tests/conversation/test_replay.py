"""Random conversations through the bot's own requests and the simulator's cache."""

from __future__ import annotations

import random

import pytest

from bot.conversation.lifetime import in_cache
from bot.local.simulator.claude.caching import LIFETIMES_S, Cache, Lookup
from bot.local.simulator.claude.diagnostics import miss_reason
from bot.local.simulator.claude.prompt import Prompt
from tests.conversation.talk import EVENTS, GAPS_S, TURNS, Talk

CONVERSATIONS = 1000


# Some seconds of arithmetic, which a machine under load draws out.
@pytest.mark.timeout(300)
def test_a_thousand_conversations_read_all_but_the_new_text_unless_a_rule_was_broken() -> None:
    seen: dict[str, int] = {}
    for seed in range(CONVERSATIONS):
        talk = Talk(random.Random(seed), Cache(), summarizes=seed % 3 == 0)
        for _ in range(TURNS):
            reasons = [_step(talk)]
            if talk.summed_up is not None:
                reasons.append("summed up, read" if talk.summed_up.read else "summed up, cold")
            if talk.stopped:
                reasons.append("stopped")
            for reason in reasons:
                seen[reason] = seen.get(reason, 0) + 1
    # Each kind has been met often enough to mean something.
    rare = ("shortened", "pinned")  # it takes a trim before, or two wishes for one reply
    assert min(count for reason, count in seen.items() if reason not in rare) > 25, seen
    assert min(seen.get(reason, 0) for reason in rare) >= 3, seen
    kinds = {"read", "regenerate", "continue", "shortened", "pinned", "expired", "anchored", "trimmed"}
    besides = {"summed up, read", "summed up, cold", "stopped"}
    assert set(seen) == {*kinds, *besides, "refused", "small", *_reasons()}
    assert seen["read"] > CONVERSATIONS


def _reasons() -> set[str]:
    return {reason for reason in EVENTS.values() if reason is not None}


def _step(talk: Talk) -> str:
    """Let something happen and ask; return what became of the cache, having checked that it is as it must be."""
    gap_s = talk.chance.choice(GAPS_S) if talk.chance.random() < 0.5 else 30
    event = talk.chance.choice(list(EVENTS)) if talk.chance.random() < 0.35 else "nothing"
    if talk.history and talk.history[-1].was_continued and talk.chance.random() < 0.3:
        event = "regenerate"  # else hardly ever by chance
    happened = talk.happen(event)
    talk.now_s += gap_s
    before, cached, refused = talk.before, talk.cached, talk.refused
    shortened, talk.shortened = talk.shortened, False
    alive = talk.now_s < talk.alive_until
    hour_alive = any(
        entry.ttl == "1h" and entry.expires_at > talk.now_s and key in _prefixes(before)
        for key, entry in talk.cache.entries.items()
    )
    # Of a reply that was stopped, continued or done anew it is not known what the cache has, and until when.
    known = bool(talk.history) and talk.history[-1].usage.input_total > 0 and not talk.redid
    plan, prompt, lookup = talk.ask()
    if talk.summed_up is not None:
        _check_summary(
            talk.summed_up, cached if alive and known and not refused and event == "nothing" else 0
        )
    kept, placed = in_cache(plan.window.turns, plan.prefix, talk.now_ms), plan.request.breakpoints
    # What is said to be in the cache is there, if anything asks for it.
    assert placed is None or kept.warm <= lookup.read, event
    talk.before, talk.cached = prompt, lookup.total - lookup.uncached
    talk.refused = talk.history[-1].outcome == "refused"
    marked = plan.request.breakpoints
    wrote = lookup.written_5m + lookup.written_1h
    # Where the same is asked again nothing is written, and what is there keeps the lifetime that it had.
    lifetime_s = LIFETIMES_S[marked.newest if wrote else "5m"] if marked is not None else 0.0
    talk.alive_until = talk.now_s + lifetime_s
    if before is None:
        return "small"
    reason = miss_reason(before, prompt)
    expected = EVENTS[event] if happened else None
    if expected is not None:
        assert reason is not None, event
        assert reason["type"] == expected or plan.window.dropped
        return expected
    if plan.window.dropped:
        assert reason is not None
        assert reason["type"] == "messages_changed"
        return "trimmed"
    if refused:
        assert reason is not None
        return "refused"
    if shortened:
        # A reply that had been continued is written anew from its beginning.
        assert reason is not None
        assert reason["type"] == "messages_changed"
        return "shortened"
    if plan.preface != plan.before:
        # Somebody asked for it: pins never change the front by themselves.
        assert event == "pin now"
        assert reason is not None
        assert reason["type"] == "messages_changed"
        return "pinned"
    # No rule was broken: the request is the one before, and more.
    assert reason is None, reason
    if not cached or marked is None:
        return "small"
    if alive:
        assert lookup.read == cached
        return event if happened and event in ("regenerate", "continue") else "read"
    if hour_alive:
        assert 0 < lookup.read <= cached
        return "anchored"
    assert lookup.read <= max(block.tokens for block in prompt.blocks if block.scope == "system")
    return "expired"


def _check_summary(lookup: Lookup, cached: int) -> None:
    """What a trim makes obsolete is not worth being written, and what is known to be there is to be read."""
    assert (lookup.written_5m, lookup.written_1h) == (0, 0)
    assert not cached or lookup.read == cached


def _prefixes(prompt: Prompt | None) -> set[str]:
    return {block.prefix for block in prompt.blocks if block.scope == "messages"} if prompt else set()
