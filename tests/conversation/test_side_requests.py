"""Requests for summaries and for counts."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.compose import Terms
from bot.conversation.past import Past
from bot.conversation.prompt import CONTINUE, SUMMARY_REQUEST, render_messages
from bot.conversation.request import Breakpoints, Usage
from bot.conversation.side_requests import to_count, to_summarize
from bot.conversation.trimming import marks
from tests.conversation.builders import asking, sent, snowflake, texts, turn
from tests.conversation.composed import NOW_MS, TERMS, ask, long_past


def cached_past(usage: Usage, ago_s: int = 60, **changes: object) -> Past:
    """A conversation whose last turn was asked a while ago, and cached as its usage says."""
    past = long_past()
    key = ask(past).ledger.prefix.key
    asked = turn(10_000 - ago_s, user="last", usage=usage, window_start=3, **changes)  # type: ignore[arg-type]
    answered = replace(asked, prefix_key=key)
    return replace(past, history=(*past.history, answered))


WRITTEN = Usage(input=5, cache_write_5m=900, cache_read=300)


def test_the_request_for_a_summary_extends_the_one_before_and_reads_it() -> None:
    past = cached_past(WRITTEN)
    plan = ask(past)
    request = to_summarize(TERMS, plan, past, NOW_MS)
    before = render_messages(past.history, asking("hello"))
    assert request.messages[:-1] == before[:-1]
    assert texts(request.messages[-1]) == (SUMMARY_REQUEST,)
    assert request.breakpoints == Breakpoints("5m", ((len(before) - 3, "5m"),))
    assert (request.parameters, request.system) == (TERMS.parameters, TERMS.system)


def test_the_request_for_a_summary_marks_only_what_it_can_read() -> None:
    def mark(past: Past, terms: Terms = TERMS) -> str | None:
        request = to_summarize(terms, ask(past, terms=terms), past, NOW_MS)
        if request.breakpoints is None:
            return None
        ((at, _),) = request.breakpoints.messages
        return texts(request.messages[at])[-1]

    assert mark(cached_past(WRITTEN)) == "last"
    assert mark(cached_past(WRITTEN), replace(TERMS, cache="off")) is None
    assert mark(cached_past(WRITTEN, ago_s=400)) is None
    assert mark(cached_past(Usage(input=900))) is None
    assert (
        mark(cached_past(WRITTEN), replace(TERMS, parameters=replace(TERMS.parameters, model="another")))
        is None
    )
    # Only what was written for an hour is left.
    old = cached_past(Usage(input=5, cache_write_1h=900), ago_s=1000)
    newer = replace(old.history[-1], id=snowflake(9500), sent=sent("newer", ("answer",)), usage=WRITTEN)
    assert mark(replace(old, history=(*old.history, newer))) == "last"
    # What was not answered stands in front of what comes next, which was never cached.
    assert mark(cached_past(WRITTEN, outcome="failed")) == "q11"
    assert mark(cached_past(WRITTEN, parts=("an", "swer"))) == texts(CONTINUE)[0]


def test_only_what_is_near_the_limit_is_counted_and_the_count_is_believed() -> None:
    past = long_past()
    plan = ask(past)
    assert to_count(TERMS, plan, past) is None
    near = replace(TERMS, limit_tokens=plan.total_tokens + 50)
    counted = to_count(near, plan, past)
    assert counted is not None
    assert counted.messages == render_messages(past.history, plan.added)
    assert to_count(replace(TERMS, limit_tokens=1_000_000), plan, past) is None
    believed = ask(past, counted_tokens=700)
    assert believed.window.dropped == 0
    assert abs(believed.window.tokens - 700) <= len(past.history)  # shared out in whole tokens


def test_what_another_model_has_counted_is_counted_anew_where_the_price_may_rise() -> None:
    terms = replace(TERMS, trimming=marks(1300, 0.5), step_tokens=1300)
    past = long_past()
    plan = ask(past, terms=terms)  # no turn was asked like this: all is an estimate
    assert plan.window.dropped == 0
    counted = to_count(terms, plan, past)
    assert counted is not None
    assert counted.messages == render_messages(past.history, plan.added)
    dearer = ask(past, terms=terms, counted_tokens=plan.window.tokens * 4 // 3)
    assert dearer.window.dropped
    assert dearer.window.tokens <= 1300
    assert to_count(replace(terms, step_tokens=None), plan, past) is None
    # What is known needs no count, however near it is.
    key = plan.prefix.key
    answered = replace(
        turn(12, tokens=(10, 10), usage=Usage(input=1200, output=10)),
        window_start=past.window_start,
        prefix_key=key,
    )
    known = Past((*past.history, answered), past.window_start)
    assert to_count(terms, ask(known, terms=terms), known) is None


def test_what_a_trim_leaves_is_counted_where_that_may_still_be_too_much() -> None:
    terms = replace(TERMS, trimming=marks(500, 0.9), step_tokens=500)
    past = long_past()
    plan = ask(past, terms=terms)
    assert plan.total_tokens > 2 * 500
    assert to_count(terms, plan, past) is not None
