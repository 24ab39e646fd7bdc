"""How many tokens something takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.tokens import (
    PRIOR,
    TokenRates,
    classes,
    estimate,
    is_older,
    pdf_tokens,
    picture_tokens,
)


@given(st.text(), st.text())
def test_an_estimate_grows_with_the_text(a: str, b: str) -> None:
    assert estimate(a) <= estimate(a + b) <= estimate(a) + estimate(b)


@given(st.text())
def test_every_character_belongs_to_one_class(text: str) -> None:
    counts = classes(text)
    assert sum(counts) == len(text)
    assert min(counts) >= 0


def test_scripts_beyond_latin_count_for_more() -> None:
    assert estimate("織機は布を織る") > estimate("looms w")
    assert estimate("🧵🪡") > estimate("織機")
    assert classes("weave {1}") == (6, 3, 0, 0, 0)
    assert classes("織🧵ж") == (0, 0, 1, 1, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from(["織機は布" * 20, "looms weave " * 20]), st.floats(0.5, 1.9)), max_size=8
    )
)
def test_rates_stay_positive_whatever_is_learned(texts: list[tuple[str, float]]) -> None:
    learned = PRIOR.learned([(text, round(estimate(text) * factor)) for text, factor in texts])
    assert all(getattr(learned, name) > 0 for name in TokenRates.__dataclass_fields__)


def test_a_class_learns_from_its_own_texts_only() -> None:
    text = "looms weave cloth " * 20
    learned = PRIOR.learned([(text, len(text) // 4)] * 12)
    assert learned.of(text) == pytest.approx(len(text) / 4, rel=0.05)
    assert (learned.cjk, learned.emoji, learned.other) == (PRIOR.cjk, PRIOR.emoji, PRIOR.other)


@pytest.mark.parametrize(
    ("size", "older", "tokens"),
    [
        ((28, 28), False, 1),
        ((29, 28), False, 2),
        ((1000, 1000), False, 36 * 36),
        ((4000, 4000), False, 4784),
        ((4000, 4000), True, 1568),
        ((5152, 28), False, 92),
    ],
)
def test_a_picture_costs_a_token_for_each_square_of_28_pixels(
    size: tuple[int, int], older: bool, tokens: int
) -> None:
    assert picture_tokens(*size, older=older) == tokens


@pytest.mark.parametrize(
    ("model", "older"),
    [
        ("claude-sonnet-5-5", False),
        ("claude-haiku-5-5", False),
        ("claude-opus-5", False),
        ("claude-opus-4-8", False),
        ("claude-opus-4-7", False),
        ("claude-sonnet-4-6", True),
        ("claude-haiku-4-5-20251001", True),
        ("claude-opus-4-20250514", True),
        ("claude-3-5-sonnet-20241022", True),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("claude-fable-5-2", False),
        ("something-else", False),
    ],
)
def test_a_model_before_claude_4_7_is_known_by_its_name(model: str, older: bool) -> None:
    assert is_older(model) is older


def test_a_pdf_costs_its_text_and_a_picture_for_each_page() -> None:
    assert pdf_tokens(2) == 2 * pdf_tokens(1)
    assert pdf_tokens(1) > 3000


@given(st.text(st.characters(codec=None), max_size=40))
def test_letters_and_blanks_are_latin_and_the_rest_of_ascii_are_signs(text: str) -> None:
    latin, signs, *_ = classes(text)
    assert latin == sum(each.isascii() and (each.isalpha() or each == " ") for each in text)
    assert latin + signs == sum(map(str.isascii, text))
