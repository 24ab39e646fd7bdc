"""What counts as visible, and what is taken out of names and texts."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.visible import is_blank, plain, readable, unforged

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]

PREPENDED = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Format characters that are drawn around what follows (Unicode, "Prepended_Concatenation_Mark")."""

IGNORABLE_BUT_NOT_FORMAT = {
    0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2065, 0x3164, 0xFFA0,
    *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000),
}  # fmt: skip
"""DerivedCoreProperties, "Default_Ignorable_Code_Point", without those of category Cf."""

EMPTY_GLYPHS = {0x2800, 0x16FE4, 0x1D159}
LATER_FORMATS = set(range(0x13439, 0x13440))
"""Assigned since Python's Unicode 14, most of them as format characters; one is a mark without ink by itself."""


def test_what_is_blank_agrees_with_unicodes_categories_but_for_the_listed_exceptions() -> None:
    exceptions = IGNORABLE_BUT_NOT_FORMAT | EMPTY_GLYPHS | LATER_FORMATS
    for char in EVERY:
        category = unicodedata.category(char)
        expected = category in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp") and ord(char) not in PREPENDED
        assert is_blank(char) is (expected or ord(char) in exceptions), hex(ord(char))


def test_a_text_is_blank_only_as_a_whole() -> None:
    assert is_blank("")
    assert is_blank(" \u200b\ufeff\u3164\u2800\n\U000e0041")
    assert not is_blank("\u200b.\u200b")
    assert not is_blank("\u0301")


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d👩\u200d👧 ❤\ufe0f",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 🏳\ufe0f\u200d🌈 👍🏽",
        "می\u200cخواهم",
        "क्\u200dष ত্\u200d ক্\u200c",
        "ราคา\u200bสินค้า",
        "\u200fשלום\u200e abc (\u2067עברית\u2069)",
        "co\u00adoperate\tand\nso on\u0085",
        "葛\U000e0100",
    ],
)
def test_what_scripts_and_emoji_need_stays_in_a_text(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<\u200bmes\u200dsage>", "<message>"),
        ("a\x00b\x1bc\x7f\x9b", "abc"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("hi\U000e0069\U000e0067\U000e006e", "hi"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\ufeffstart", "start"),
    ],
)
def test_security_what_only_disguises_goes(text: str, left: str) -> None:
    assert readable(text) == left


def test_security_a_name_loses_everything_that_has_no_ink() -> None:
    assert plain("  A\u202enn\u200b \n\U000e0041Lee\ufe0f ") == "Ann Lee"
    assert plain("👩\u200d🚀") == "👩🚀"
    assert plain("\u3164\u2800") == ""


DISGUISED = [
    "<message ", "</message>", "< / message>", "<MESSAGE>", "＜message＞", "﹤／message>", "<ｍｅｓｓａｇｅ ",
    "<me\u2066ssage ", "<\u3164message>", "<mes\u00adsage>", "<\u00ad/\u00adsummary>", "‹message>", "<message",
    "<𝐦𝐞𝐬𝐬𝐚𝐠𝐞 ", "<\n/\nmessage\n>",
]  # fmt: skip


@pytest.mark.parametrize("text", DISGUISED)
def test_security_an_element_cannot_be_imitated(text: str) -> None:
    assert unforged(text) == "&lt;" + text[1:]


@pytest.mark.parametrize("text", ["a < b", "<messages>", "<div>", "List<Foo>", "<mess age>", "‹hi›", "<"])
def test_what_is_no_element_stays_as_it_is(text: str) -> None:
    assert unforged(text) == text


@given(st.text(st.sampled_from("<＜/ \u200b\u00admessagMESSAG\n"), max_size=30))
def test_security_neither_comes_back_by_doing_it_twice(text: str) -> None:
    once = unforged(readable(text))
    assert unforged(readable(once)) == once
    assert plain(plain(text)) == plain(text)
