"""The most that a request may use: its prompt, the part in the cache at its price, and the longest reply."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import estimate
from bot.conversation.compose import Terms, compose
from bot.conversation.content import Opaque, Text, ToolResult
from bot.conversation.past import Past
from bot.conversation.prompt import render_system
from bot.conversation.request import Breakpoints, Finished, Parameters, PromptMessage, Request, Usage
from bot.conversation.side_requests import to_summarize
from bot.conversation.tokens import PRIOR
from bot.conversation.trimming import TrimPolicy
from tests.conversation.builders import message, turn

TERMS = Terms(
    Parameters("claude-test", 1000), render_system("Be kind."), TrimPolicy(50_000, 25_000), cache="5m"
)
REQUEST = Request(TERMS.parameters, (), (), breakpoints=Breakpoints("5m", ()))


def test_the_prompt_counts_by_the_ledger_and_the_reply_at_its_longest() -> None:
    plan = compose(TERMS, Past(), [message("hello")], now_ms=0)
    most = estimate.of_reply(plan, 0)
    assert most.input_total == plan.window.tokens > 0
    assert most.output == 1000


def test_what_is_in_the_cache_counts_as_read_and_the_rest_as_written() -> None:
    plan = compose(TERMS, Past(), [message("hello")], now_ms=0)
    first = replace(
        turn(1, reply="Good."),
        prefix_key=plan.prefix.key,
        window_start=0,
        asked_ms=1000,
        usage=Usage(cache_write_5m=700, input=3, output=10),
    )
    following = compose(TERMS, Past((first,)), [message("and now?", number=2)], now_ms=2000)
    warm, cold = estimate.of_reply(following, 2000), estimate.of_reply(following, 10_000_000)
    assert (warm.cache_read, cold.cache_read) == (700, 0)
    assert warm.input_total == cold.input_total == following.window.tokens
    assert (warm.cache_write_5m, warm.input) == (following.window.tokens - 700, 0)


def test_each_lifetime_of_the_cache_has_its_price_and_no_cache_too() -> None:
    hour = replace(REQUEST, breakpoints=Breakpoints("1h", ()))
    assert estimate.most_of(hour, 50, 20) == Usage(cache_write_1h=30, cache_read=20, output=1000)
    assert estimate.most_of(REQUEST, 50, 80) == Usage(cache_read=50, output=1000)
    assert estimate.most_of(replace(REQUEST, breakpoints=None), 50, 20) == Usage(input=50, output=1000)


def test_a_continuation_reads_what_was_read_and_written_before() -> None:
    end = Finished("pause_turn", Usage(input=5, cache_read=90, output=30), "m", "i", blocks=(Opaque("{}"),))
    most = estimate.of_continuation(REQUEST, end)
    assert (most.input_total, most.cache_read) == (125, 90)


def test_a_summary_reads_the_whole_history() -> None:
    past = Past(tuple(turn(n, tokens=(300, 300)) for n in range(5)))
    plan = compose(TERMS, past, [message("hello", number=9)], now_ms=0)
    most = estimate.of_summary(to_summarize(TERMS, plan, past, 0), plan, past, 0)
    assert most.input_total > plan.total_tokens


def test_a_request_with_the_results_of_tools_reads_them_as_well() -> None:
    text = "word " * 1000
    result = ToolResult("toolu_1", (Text(text),))
    end = Finished("tool_use", Usage(input=5, output=30), "m", "i", blocks=(Opaque("{}"),))
    request = REQUEST.extended((PromptMessage("assistant", end.blocks), PromptMessage("user", (result,))))
    most = estimate.of_continuation(request, end)
    assert most.input_total >= 35 + PRIOR.of(text)


def test_a_request_that_goes_on_behind_the_steps_of_an_earlier_attempt_reads_them_as_well() -> None:
    steps = (PromptMessage.of("assistant", "word " * 100), PromptMessage.of("user", "word " * 100))
    first = Usage(cache_write_5m=50, output=1000)
    assert estimate.behind(REQUEST, first, steps).input_total >= 50 + 2 * PRIOR.of("word " * 100)
    assert estimate.behind(REQUEST, first, ()) == first
