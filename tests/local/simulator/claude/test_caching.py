"""Prompt caching by the documented rules, on a clock moved by hand."""

from __future__ import annotations

from typing import Any

from bot.local.simulator.claude.caching import Cache, Lookup
from bot.local.simulator.claude.catalogue import Model, find
from bot.local.simulator.claude.prompt import Body, flatten

FIVE_MINUTES = {"type": "ephemeral"}
ONE_HOUR = {"type": "ephemeral", "ttl": "1h"}
LONG = "The quick brown fox jumps over the lazy dog. " * 60


def model(name: str = "claude-sonnet-5-5") -> Model:
    found = find(name)
    assert found is not None
    return found


def block(text: str, control: dict[str, str] | None = None) -> Body:
    return {"type": "text", "text": text, **({"cache_control": control} if control else {})}


def body(*texts: str, system: Any = None, **fields: Any) -> Body:
    """A conversation of alternating turns."""
    roles = ("user", "assistant")
    messages = [{"role": roles[at % 2], "content": [block(text)]} for at, text in enumerate(texts)]
    return {
        "model": "claude-sonnet-5-5",
        "messages": messages,
        **({"system": system} if system else {}),
        **fields,
    }


def ask(cache: Cache, request: Body, now: float = 0.0, name: str = "claude-sonnet-5-5") -> Lookup:
    """A request whose response begins at once."""
    prompt = flatten(request, model(name))
    lookup = cache.look_up(prompt, model(name), now)
    cache.begin(lookup)
    assert lookup.total == prompt.tokens
    return lookup


def test_without_a_breakpoint_nothing_is_cached() -> None:
    cache = Cache()
    assert ask(cache, body(LONG)).uncached == ask(cache, body(LONG)).total


def test_the_automatic_breakpoint_writes_everything_and_the_next_turn_reads_it() -> None:
    cache = Cache()
    first = ask(cache, body(LONG, cache_control=FIVE_MINUTES))
    assert (first.read, first.written_1h) == (0, 0)
    assert first.written_5m > 500
    second = ask(cache, body(LONG, "yes", "and now?", cache_control=FIVE_MINUTES))
    assert second.read == first.written_5m
    assert 0 < second.written_5m < 30


def test_an_explicit_breakpoint_leaves_what_follows_uncached() -> None:
    cache = Cache()
    request = body("hello " * 50, system=[block(LONG, ONE_HOUR)])
    first = ask(cache, request)
    assert (first.read, first.written_5m) == (0, 0)
    assert first.written_1h > 500
    assert first.uncached > 100
    second = ask(cache, body("something else", system=[block(LONG, ONE_HOUR)]))
    assert (second.read, second.written_1h) == (first.written_1h, 0)


def test_what_is_below_the_smallest_cacheable_size_is_silently_uncached() -> None:
    cache = Cache()
    request = body("short", cache_control=FIVE_MINUTES)
    assert ask(cache, request).written_5m == 0
    assert ask(cache, request).read == 0
    middling = body("x" * 2000, cache_control=FIVE_MINUTES)
    assert ask(cache, middling).written_5m > model().min_cacheable_tokens
    assert ask(cache, middling, name="claude-haiku-4-5").written_5m == 0


def test_an_entry_lives_five_minutes_from_the_start_of_the_request() -> None:
    cache = Cache()
    request = body(LONG, cache_control=FIVE_MINUTES)
    ask(cache, request, now=0)
    assert ask(cache, request, now=299).read > 0
    assert Cache(dict(cache.entries)).look_up(flatten(request, model()), model(), 598.9).read > 0
    assert ask(cache, request, now=599).read == 0


def test_an_hour_is_an_hour_and_reading_starts_it_anew() -> None:
    cache = Cache()
    request = body(LONG, cache_control=ONE_HOUR)
    assert ask(cache, request, now=0).written_1h > 500
    assert ask(cache, request, now=3599).read > 500
    assert ask(cache, request, now=3599 + 3599).read > 500
    assert ask(cache, request, now=3599 + 3599 + 3600).read == 0


def test_an_entry_cannot_be_read_before_its_response_begins() -> None:
    cache = Cache()
    prompt = flatten(body(LONG, cache_control=FIVE_MINUTES), model())
    first = cache.look_up(prompt, model(), 0.0)
    second = cache.look_up(prompt, model(), 1.0)
    assert second.read == 0
    cache.begin(first)
    assert cache.look_up(prompt, model(), 2.0).read == first.written_5m


def test_a_breakpoint_looks_back_over_twenty_blocks_its_own_included() -> None:
    def conversation(more: int) -> Body:
        extra = [block(f"note {number}") for number in range(more)]
        return {
            "model": "claude-sonnet-5-5",
            "messages": [{"role": "user", "content": [block(LONG), *extra]}],
            "cache_control": FIVE_MINUTES,
        }

    for more, found in ((19, True), (20, False)):
        cache = Cache()
        first = ask(cache, conversation(0))
        assert (ask(cache, conversation(more)).read == first.written_5m) is found


def test_an_earlier_breakpoint_looks_back_for_itself() -> None:
    cache = Cache()
    notes = [block(f"note {number}") for number in range(30)]
    system = [block(LONG, ONE_HOUR)]
    first = ask(cache, body("hello", system=system, cache_control=ONE_HOUR))
    request = body("hello", system=system, cache_control=ONE_HOUR)
    request["messages"][0]["content"] = [block("goodbye"), *notes]
    second = ask(cache, request)
    assert 0 < second.read < first.written_1h


def test_of_two_lifetimes_each_part_is_written_with_its_own() -> None:
    cache = Cache()
    request = body(LONG, system=[block(LONG, ONE_HOUR)], cache_control=FIVE_MINUTES)
    lookup = ask(cache, request)
    assert lookup.written_1h > 500
    assert lookup.written_5m > 500
    later = ask(cache, request, now=301)
    assert (later.read, later.written_5m) == (lookup.written_1h, lookup.written_5m)


def test_models_do_not_share_a_cache() -> None:
    cache = Cache()
    request = body(LONG, cache_control=FIVE_MINUTES)
    ask(cache, request)
    assert ask(cache, request, name="claude-haiku-5-5").read == 0


def test_a_string_is_short_for_a_block_and_turns_of_one_role_are_merged() -> None:
    cache = Cache()
    apart = body(LONG, cache_control=FIVE_MINUTES)
    apart["messages"] = [{"role": "user", "content": LONG}, {"role": "user", "content": "more"}]
    together = body(LONG, cache_control=FIVE_MINUTES)
    together["messages"] = [{"role": "user", "content": [block(LONG), block("more", FIVE_MINUTES)]}]
    first, second = ask(cache, together), ask(cache, apart)
    assert first.written_5m == second.read
    assert first.total == second.total


TOOL = {"name": "look", "description": LONG, "input_schema": {"type": "object"}}
PARTS: dict[str, Any] = {
    "tools": [{**TOOL, "cache_control": FIVE_MINUTES}],
    "system": [block(LONG, FIVE_MINUTES)],
    "cache_control": FIVE_MINUTES,
}


def kept(**changes: Any) -> int:
    """How many of three cached parts (tools, system, messages) a request still reads after some changes."""
    cache = Cache()
    whole = ask(cache, body(LONG, **PARTS)).written_5m
    read = ask(cache, body(LONG, **{**PARTS, **changes})).read
    return round(3 * read / whole)


def test_a_change_invalidates_what_comes_after_it() -> None:
    assert kept() == 3
    assert kept(tools=[{**TOOL, "name": "see", "cache_control": FIVE_MINUTES}]) == 0
    assert kept(system=[block(LONG + ".", FIVE_MINUTES)]) == 1
    assert kept(messages=[{"role": "user", "content": LONG + "."}]) == 2


def test_settings_invalidate_from_where_they_take_effect() -> None:
    web_search = {"type": "web_search_20260318", "name": "web_search"}
    assert kept(tools=[*PARTS["tools"], web_search]) == 1
    assert kept(speed="fast") == 1
    assert kept(tool_choice={"type": "none"}) == 2
    assert kept(thinking={"type": "between_tools"}) == 2
    assert kept(output_config={"effort": "low"}) == 2
    image = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
    assert kept(messages=[{"role": "user", "content": [block(LONG), image]}]) == 2


def test_a_setting_at_its_default_changes_nothing() -> None:
    assert (
        kept(output_config={"effort": "high"}, thinking={"type": "adaptive"}, tool_choice={"type": "auto"})
        == 3
    )


def test_moving_a_breakpoint_does_not_change_the_prefix() -> None:
    cache = Cache()
    first = ask(cache, body(LONG, system=[block(LONG, FIVE_MINUTES)], cache_control=FIVE_MINUTES))
    second = ask(cache, body(LONG, system=[block(LONG)], cache_control=FIVE_MINUTES))
    assert second.read == first.written_5m
