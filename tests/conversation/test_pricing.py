import datetime as dt
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import bot.claude
from bot.conversation.pricing import (
    DatedRow,
    PriceBook,
    PriceRow,
    Prices,
    Rates,
    cost,
    dollars,
    exact_cost,
    read_prices,
)
from bot.conversation.request import Usage

TEXT = (Path(bot.claude.__file__).parent / "prices.toml").read_text(encoding="utf-8")
BOOK = read_prices(TEXT)
TODAY = dt.date(2026, 11, 22)

counts = st.integers(0, 300_000)
usages = st.builds(
    Usage,
    input=counts,
    cache_write_5m=counts,
    cache_write_1h=counts,
    cache_read=counts,
    output=st.integers(0, 128_000),
    web_searches=st.integers(0, 5),
    service_tier=st.sampled_from(["", "standard", "priority", "batch"]),
    inference_geo=st.sampled_from(["", "global", "us", "not_available"]),
)
models = st.sampled_from(sorted(BOOK.listed))


def of(model: str, on: dt.date = TODAY) -> Prices:
    prices = BOOK.of(model, on)
    assert prices is not None
    return prices


def test_every_kind_of_token_has_its_own_price() -> None:
    usage = Usage(input=1000, cache_write_5m=2000, cache_write_1h=3000, cache_read=4000, output=500)
    assert cost(usage, of("claude-opus-5-5")) == 1000 * 4 + 2000 * 5 + 3000 * 8 + 800 + 500 * 20


def test_a_price_far_below_a_micro_dollar_for_a_token_is_exact() -> None:
    assert exact_cost(Usage(cache_write_5m=1), of("claude-haiku-5-5")) == Fraction(1, 8)
    assert cost(Usage(cache_read=1_000_000 // 10), of("claude-haiku-5-5")) == 1000


def test_beyond_the_step_the_whole_request_is_dearer_cached_parts_and_output_included() -> None:
    haiku = of("claude-haiku-5-5")
    at_the_step = Usage(input=10_000, cache_read=90_000, output=1000)
    beyond = Usage(input=10_001, cache_read=90_000, output=1000)
    assert cost(at_the_step, haiku) == 1000 + 900 + 500
    assert exact_cost(beyond, haiku) == Fraction("5000.5") + 4500 + 2500


def test_output_does_not_lead_over_the_step() -> None:
    assert cost(Usage(input=100_000, output=100_000), of("claude-haiku-5-5")) == 10_000 + 50_000


def test_the_day_of_a_request_decides_its_price() -> None:
    read = Usage(cache_read=1_000_000)
    assert cost(read, of("claude-sonnet-5-5", dt.date(2026, 10, 6))) == 200_000
    assert cost(read, of("claude-sonnet-5-5", dt.date(2026, 10, 7))) == 100_000
    assert cost(read, of("claude-sonnet-5-5", dt.date(2020, 1, 1))) == 200_000


def test_what_usage_names_multiplies_the_tokens_but_not_the_searches() -> None:
    haiku = of("claude-haiku-5-5")
    assert cost(Usage(input=10_000, inference_geo="us", web_searches=1), haiku) == 1100 + 10_000
    assert cost(Usage(input=10_000, inference_geo="us", service_tier="batch"), haiku) == 550
    assert cost(Usage(input=10_000, inference_geo="global", service_tier="standard"), haiku) == 1000


def test_a_model_is_known_by_its_dated_id_too_and_an_unknown_one_has_no_price() -> None:
    assert BOOK.of("claude-haiku-4-5-20251001", TODAY) == of("claude-haiku-4-5")
    assert BOOK.of("my-own-model", TODAY) is None


def test_an_operators_price_goes_before_the_list_and_what_it_leaves_out_follows_from_the_input() -> None:
    own = {"claude-opus-5": PriceRow.model_validate({"input": "1", "output": "2"})}
    book = read_prices(TEXT, own)
    prices = book.of("claude-opus-5-20260724", TODAY)
    assert prices is not None
    assert prices.at(0) is prices
    assert (prices.input, prices.write_5m, prices.write_1h, prices.read, prices.output) == (
        1_000_000,
        1_250_000,
        2_000_000,
        100_000,
        2_000_000,
    )
    assert book.of("claude-opus-4-8", TODAY) == of("claude-opus-4-8")


@pytest.mark.parametrize(
    "row",
    [
        {"input": "-1", "output": "2"},
        {"input": "0.0000001", "output": "2"},
        {"input": "1"},
        {"input": "1", "output": "2", "step_tokens": 5},
        {"input": "1", "output": "2", "above": {"input": "1", "output": "2"}},
        {"input": "1", "output": "2", "cached": "3"},
    ],
)
def test_a_price_that_makes_no_sense_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PriceRow.model_validate(row)


def test_every_line_of_the_list_names_its_source_and_its_day() -> None:
    for rows in BOOK.listed.values():
        days = [since for since, _ in rows]
        assert len(set(days)) == len(days)
    with pytest.raises(ValidationError):
        DatedRow.model_validate({"model": "m", "input": "1", "output": "2", "seen": "2026-01-01"})


@given(models, st.lists(usages, max_size=20))
def test_what_is_rounded_is_half_a_millionth_of_a_dollar_a_request_at_most(
    model: str, requests: list[Usage]
) -> None:
    prices = of(model)
    exact = sum((exact_cost(usage, prices) for usage in requests), Fraction(0))
    summed = sum(cost(usage, prices) for usage in requests)
    assert abs(summed - exact) <= Fraction(len(requests), 2)


@given(models, usages, st.integers(0, 100_000))
def test_a_longer_reply_is_never_cheaper(model: str, usage: Usage, more: int) -> None:
    longer = Usage(input=usage.input, output=usage.output + more)
    assert cost(longer, of(model)) >= cost(Usage(input=usage.input, output=usage.output), of(model))


@given(models, counts, counts)
def test_reading_from_the_cache_is_cheapest_and_writing_for_an_hour_dearest(
    model: str, cached: int, rest: int
) -> None:
    rates: Rates = of(model).at(cached + rest)
    assert rates.read < rates.input < rates.write_5m < rates.write_1h < rates.output


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "$0.00"),
        (31, "$0.000031"),
        (2_400, "$0.0024"),
        (1_250_000, "$1.25"),
        (1_234_560_000, "$1,234.56"),
    ],
)
def test_dollars_are_written_with_as_many_places_as_count(micro: int, text: str) -> None:
    assert dollars(micro) == text


def test_a_book_of_nothing_knows_nothing() -> None:
    assert PriceBook({}, {}).of("claude-opus-5", TODAY) is None


def test_a_price_of_ones_own_keeps_the_step_and_the_factors_of_the_list() -> None:
    own = {"claude-haiku-5-5": PriceRow.model_validate({"input": "0.2", "output": "1", "read": "0.02"})}
    listed, mine = BOOK.of("claude-haiku-5-5", TODAY), read_prices(TEXT, own).of("claude-haiku-5-5", TODAY)
    assert listed is not None
    assert listed.above is not None
    assert mine is not None
    assert (mine.step_tokens, mine.factors, mine.search) == (
        listed.step_tokens,
        listed.factors,
        listed.search,
    )
    assert mine.above is not None
    assert (mine.input, mine.above.input) == (2 * listed.input, 2 * listed.above.input)
    assert (mine.above.output, mine.above.read) == (2 * listed.above.output, 2 * listed.above.read)


def test_a_step_of_ones_own_goes_before_the_lists() -> None:
    row = {"input": 1, "output": 1, "step_tokens": 7, "above": {"input": 2, "output": 2}}
    own = {"claude-haiku-5-5": PriceRow.model_validate(row)}
    mine = read_prices(TEXT, own).of("claude-haiku-5-5-20251007", TODAY)
    assert mine is not None
    assert mine.step_tokens == 7
    assert mine.at(8).input == 2_000_000


@given(usages)
def test_what_has_no_price_counts_with_the_highest_of_each_kind_surcharges_included(usage: Usage) -> None:
    highest = exact_cost(usage, BOOK.highest(TODAY))
    assert all(highest >= exact_cost(usage, of(model)) for model in BOOK.listed)
