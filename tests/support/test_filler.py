"""Filler: nothing of the text is left but its shape."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.support.filler import FIRST_ID, Filler

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
WORD = re.compile(r"[^\W\d_]{3,}")

MARKDOWN = """# Salary of Margaret
- **Confidential**: see [our wiki](https://intranet.example/salaries?x=12)

```python
def salary(margaret):
    return 4200
```
> ||spoiler|| and `code`, |a|table|
"""


def shape(text: str) -> str:
    """A text with a mark for each letter and each digit."""
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "0", text))


@given(TEXTS)
@example("\N{MEDIUM LEFT PARENTHESIS ORNAMENT}")
def test_length_lines_blanks_and_punctuation_stay(text: str) -> None:
    made = Filler().text(text)
    assert len(made) == len(text) or re.search(r"\d{15}", text)
    if not re.search(r"\d{15}", text):
        assert [unicodedata.category(each)[0] in "PZ" for each in made] == [
            unicodedata.category(each)[0] in "PZ" for each in text
        ]
        assert made.count("\n") == text.count("\n")


@given(
    st.lists(
        st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=4, max_size=14),
        min_size=1,
        max_size=20,
    )
)
def test_no_word_is_left(words: list[str]) -> None:
    made = Filler().text(" ".join(words))
    for word, other in zip(words, made.split(" "), strict=True):
        assert word.lower() != other.lower()


def test_markdown_keeps_its_structure_and_loses_its_words() -> None:
    made = Filler().text(MARKDOWN)
    assert shape(made) == shape(MARKDOWN)
    assert "```python\n" in made
    assert "](https://" in made
    for word in (
        "Salary",
        "Margaret",
        "salary",
        "margaret",
        "Confidential",
        "wiki",
        "intranet",
        "4200",
        "12",
    ):
        assert word not in made


@pytest.mark.parametrize(
    "text", ["Привет, мир", "你好世界", "안녕하세요", "שלום עולם", "مرحبا", "Γειά", "नमस्ते", "こんにちは"]
)
def test_the_script_and_the_direction_of_letters_stay(text: str) -> None:
    made = Filler().text(text)
    assert made != text
    for old, new in zip(text, made, strict=True):
        assert unicodedata.bidirectional(old) == unicodedata.bidirectional(new)
        assert unicodedata.name(old).split()[0] == unicodedata.name(new).split()[0]
        assert len(old.encode()) == len(new.encode())


@pytest.mark.parametrize(
    ("hidden", "offset"),
    [
        ("in circles", ord("\N{CIRCLED LATIN SMALL LETTER A}") - ord("a")),
        ("as tags", 0xE0000),
        ("as selectors", 0xE0100),
        ("as private characters", 0xE000),
        ("as flags", ord("\N{REGIONAL INDICATOR SYMBOL LETTER A}") - ord("a")),
    ],
)
def test_a_word_in_signs_or_invisible_characters_becomes_its_class(hidden: str, offset: int) -> None:
    made = Filler().text("".join(chr(ord(each) + offset) for each in "salary"))
    assert len(set(made)) == 1, hidden
    assert len(made) == len("salary")


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"x{chr(code)}" for code in range(0x363, 0x370)),  # Latin letters above others
        "\N{PARENTHESIZED HANGUL KIYEOK}\N{PARENTHESIZED HANGUL NIEUN}",
        "\N{CIRCLED KATAKANA A}\N{CIRCLED KATAKANA I}",
        "\N{DEVANAGARI LETTER KA}\N{DEVANAGARI VOWEL SIGN I}\N{DEVANAGARI LETTER TA}\N{DEVANAGARI VOWEL SIGN AA}",
    ],
)
def test_marks_and_signs_that_are_letters_become_others_of_their_kind(text: str) -> None:
    made = Filler().text(text)
    for old, new in zip(text, made, strict=True):
        assert old != new
        assert unicodedata.category(old) == unicodedata.category(new)


def test_emoji_keep_their_joiners_their_selectors_and_what_changes_them() -> None:
    family = (
        "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}\N{VARIATION SELECTOR-16}"
    )
    made = Filler().text(family)
    assert made[1] == "\N{ZERO WIDTH JOINER}"
    assert made[-1] == "\N{VARIATION SELECTOR-16}"
    assert made[3] == "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}"
    assert made[0] == made[2] == "\N{SLIGHTLY SMILING FACE}"


def test_an_id_is_the_same_other_id_wherever_it_stands() -> None:
    filler = Filler()
    made = filler.text("<@1576743522734702595> in <#1576743522734702596>: <@1576743522734702595>")
    first, channel, again = re.findall(r"\d+", made)
    assert first == again != channel
    assert int(first) == filler.id(1576743522734702595) >= FIRST_ID
    assert made.count("<@") == 2


def test_the_same_filler_is_made_of_the_same_text() -> None:
    assert Filler().text(MARKDOWN) == Filler().text(MARKDOWN)
