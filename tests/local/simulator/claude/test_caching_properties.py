"""Properties of the local prompt cache: `caching`, `prompt` and `tokens` together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.local.simulator.claude.caching import LIFETIMES_S, LOOK_BACK_BLOCKS, Cache
from bot.local.simulator.claude.catalogue import Model, find
from bot.local.simulator.claude.prompt import Body, Prompt, flatten
from bot.local.simulator.claude.tokens import count_text

# Few texts, so that requests often share a prefix; some alone reach the smallest cacheable size.
TEXTS = st.sampled_from(["a", "b", "long " * 400, "lang " * 400])
CONTROLS = st.sampled_from([None, None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}])


def sonnet() -> Model:
    model = find("claude-sonnet-5-5")
    assert model is not None
    return model


@st.composite
def blocks(draw: st.DrawFn) -> Body:
    control = draw(CONTROLS)
    return {"type": "text", "text": draw(TEXTS), **({"cache_control": control} if control else {})}


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    body: dict[str, Any] = {"model": "claude-sonnet-5-5", "messages": []}
    if draw(st.booleans()):
        body["system"] = draw(st.lists(blocks(), min_size=1, max_size=2))
    for at in range(draw(st.integers(1, 4))):
        role = "assistant" if at % 2 else "user"
        body["messages"].append({"role": role, "content": draw(st.lists(blocks(), min_size=1, max_size=12))})
    if control := draw(CONTROLS):
        body["cache_control"] = control
    return body


REQUESTS = st.lists(st.tuples(bodies(), st.floats(0, 4000)), min_size=1, max_size=8)


def common_tokens(left: Prompt, right: Prompt) -> int:
    """The tokens of the longest common prefix."""
    tokens = 0
    for one, other in zip(left.blocks, right.blocks, strict=False):
        if one.content != other.content:
            break
        tokens = one.tokens
    return tokens


@given(REQUESTS)
def test_a_cache_never_reads_more_than_a_prefix_shared_with_an_earlier_live_request(
    requests: list[tuple[Body, float]],
) -> None:
    cache, now = Cache(), 0.0
    earlier: list[tuple[Prompt, float]] = []
    for body, pause in requests:
        now += pause
        prompt = flatten(body, sonnet())
        lookup = cache.look_up(prompt, sonnet(), now)
        cache.begin(lookup)
        live = [old for old, at in earlier if now - at < LIFETIMES_S["1h"]]
        assert lookup.read <= max((common_tokens(prompt, old) for old in live), default=0)
        earlier.append((prompt, now))


@given(REQUESTS)
def test_every_input_token_is_counted_once(requests: list[tuple[Body, float]]) -> None:
    cache, now = Cache(), 0.0
    for body, pause in requests:
        now += pause
        prompt = flatten(body, sonnet())
        lookup = cache.look_up(prompt, sonnet(), now)
        cache.begin(lookup)
        assert lookup.total == prompt.tokens
        assert min(lookup.read, lookup.written_5m, lookup.written_1h) >= 0
        assert lookup.uncached > 0


@given(REQUESTS)
def test_the_same_request_again_at_once_reads_all_that_it_wrote_and_writes_nothing(
    requests: list[tuple[Body, float]],
) -> None:
    cache, now = Cache(), 0.0
    for body, pause in requests:
        now += pause
        prompt = flatten(body, sonnet())
        first = cache.look_up(prompt, sonnet(), now)
        cache.begin(first)
        again = cache.look_up(prompt, sonnet(), now)
        assert again.read == first.read + first.written_5m + first.written_1h
        assert again.written_5m == again.written_1h == 0


@given(
    st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=40),
    st.sampled_from(["5m", "1h"]),
    st.data(),
)
def test_an_appended_conversation_reads_everything_but_the_new_text(
    texts: list[str], ttl: str, data: st.DataObject
) -> None:
    cache, now = Cache(), 0.0
    control = {"type": "ephemeral", "ttl": ttl}
    body: Body = {
        "model": "claude-sonnet-5-5",
        "system": [
            {"type": "text", "text": "long " * 400, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        ],
        "messages": [],
        "cache_control": control,
    }
    cached = 0
    for text in texts:
        body["messages"] = [*body["messages"], {"role": "user", "content": text}]
        prompt = flatten(body, sonnet())
        lookup = cache.look_up(prompt, sonnet(), now)
        cache.begin(lookup)
        assert lookup.read == cached
        cached = prompt.blocks[-1].tokens
        assert lookup.read + lookup.written_5m + lookup.written_1h == cached
        body["messages"] = [*body["messages"], {"role": "assistant", "content": "yes " + text}]
        now += data.draw(st.floats(0, LIFETIMES_S["5m"] - 1 if ttl == "5m" else LIFETIMES_S["1h"] - 1))


@given(st.integers(0, 2 * LOOK_BACK_BLOCKS))
def test_how_far_a_breakpoint_sees_depends_on_blocks_alone(more: int) -> None:
    cache = Cache()
    content = [{"type": "text", "text": "long " * 400}]
    body: Body = {"model": "m", "messages": [{"role": "user", "content": content}]}
    body["cache_control"] = {"type": "ephemeral"}
    cache.begin(cache.look_up(flatten(body, sonnet()), sonnet(), 0.0))
    body["messages"] = [{"role": "user", "content": content + [{"type": "text", "text": "x"}] * more}]
    assert (cache.look_up(flatten(body, sonnet()), sonnet(), 0.0).read > 0) is (more < LOOK_BACK_BLOCKS)


@given(bodies())
def test_appending_to_the_messages_only_ever_adds_tokens(body: Body) -> None:
    sizes = [
        flatten({**body, "messages": body["messages"][:length]}, sonnet()).tokens
        for length in range(len(body["messages"]) + 1)
    ]
    assert all(one < other for one, other in pairwise(sizes))
    whole = flatten(body, sonnet())
    part = flatten({**body, "messages": body["messages"][:1]}, sonnet())
    assert [block.tokens for block in part.blocks] == [
        block.tokens for block in whole.blocks[: len(part.blocks)]
    ]


@given(st.text(), st.text())
def test_a_text_counts_at_least_as_much_as_each_of_its_parts(left: str, right: str) -> None:
    assert count_text(left + right) >= max(count_text(left), count_text(right))
    assert count_text(left + right) <= count_text(left) + count_text(right)
