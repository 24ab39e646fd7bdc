"""Citations as links, and the list of sources: no title and no address can forge, ping or break Markdown."""

from __future__ import annotations

import pytest

from bot.conversation.citations import (
    LISTED,
    CitedText,
    WebSource,
    address,
    cited_sources,
    named,
    plain_title,
)
from tests.render.restyle.stage import restyle

LOOM = WebSource("https://looms.example/a", "Looms")
WEFT = WebSource("https://weft.example/", "Weft")


def test_a_link_stands_behind_the_cited_text_and_before_the_blanks_at_its_end() -> None:
    text = CitedText()
    shown = text.feed("A loom holds the warp.\n\n") + text.cite([LOOM]) + text.feed("More.")
    assert shown == "A loom holds the warp. [[1]](<https://looms.example/a>)\n\nMore."


def test_pages_are_numbered_by_address_over_the_whole_turn() -> None:
    text = CitedText()
    text.feed("a")
    assert [text.cite([each]) for each in (LOOM, WEFT, LOOM)] == [
        " [[1]](<https://looms.example/a>)",
        " [[2]](<https://weft.example/>)",
        " [[1]](<https://looms.example/a>)",
    ]
    assert text.cite([LOOM, WEFT, LOOM]).count("[[") == 2


def test_a_reply_that_goes_on_keeps_the_numbers_of_its_beginning() -> None:
    text = CitedText("Before [[1]](<https://looms.example/a>) and [[2]](<https://x.example/>)")
    text.feed("on")
    assert text.cite([LOOM]) == " [[1]](<https://looms.example/a>)"
    assert text.cite([WEFT]) == " [[3]](<https://weft.example/>)"


def test_within_a_code_block_there_is_no_link_but_the_source_is_listed() -> None:
    text = CitedText()
    text.feed("```\nx = 1\n")
    assert text.cite([LOOM]) == ""
    text.feed("```\nafter")
    assert text.cite([LOOM]) != ""
    assert "Looms (looms.example)" in text.listed()


def test_what_was_read_and_not_cited_is_named_as_read() -> None:
    text = CitedText()
    text.feed("a")
    text.cite([LOOM])
    text.read([LOOM, WEFT])
    assert text.listed() == (
        "-# Sources: [[1]](<https://looms.example/a>) Looms (looms.example) · "
        "[read](<https://weft.example/>) Weft (weft.example)"
    )


def test_a_long_list_is_cut_and_says_so() -> None:
    text = CitedText()
    text.feed("a")
    for number in range(LISTED + 3):
        text.cite([WebSource(f"https://looms.example/{number}", "Looms")])
    assert text.listed().count("](<") == LISTED
    assert text.listed().endswith("· and 3 more")


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://looms.example/a b", "https://looms.example/a%20b"),
        ("https://looms.example/a)>(<", "https://looms.example/a%29%3E%28%3C"),
        ("https://looms.example/*a*|`b`$c$", "https://looms.example/%2Aa%2A%7C%60b%60%24c%24"),
        ("https://looms.example/\nhttps://evil.example", "https://looms.example/https://evil.example"),
        ("https://good.example@evil.example/", None),
        ("javascript:alert(1)", None),
        ("discord://looms", None),
        ("https://", None),
        ("https://[::1", None),
        ("https://looms.example/" + "a" * 3000 + "?q=1", "https://looms.example/"),
        ("https://looms.example/a?q=" + "b" * 3000, "https://looms.example/a"),
    ],
)
def test_an_address_can_end_no_link_and_hide_no_host(url: str, link: str | None) -> None:
    assert address(url) == link


@pytest.mark.parametrize(
    "title",
    [
        "@everyone",
        "<@123> <@&4> <#5> </help:6>",
        "&#64;everyone &lt;@123&gt;",
        "[click](https://evil.example) ![x](y)",
        "**bold** __u__ ~~s~~ ||spoiler|| `code` $x^2$ \\*",
        "one\ntwo\u2028-# three\n# four",
        "https://evil.example/x and discord.gg/evil",
        "\u202eright to left\u202c",
    ],
)
def test_no_title_can_ping_forge_or_break_markdown(title: str) -> None:
    text = CitedText()
    text.feed("a")
    text.cite([WebSource("https://looms.example/a", title)])
    line = restyle(text.listed())
    shown = line.replace("](<https://looms.example/a>)", "").removeprefix("-# Sources: [[1]")
    assert "\n" not in line
    assert not set(shown) & set("@<>[]`*_~|$\\&#\u202e")
    assert "://" not in shown
    assert "discord.gg/" not in shown


def test_a_long_title_is_cut() -> None:
    assert len(plain_title("word " * 50)) <= 60


def test_pages_are_named_once_by_their_address_and_documents_by_their_title() -> None:
    page = {"type": "web_search_result_location", "url": "https://a.example", "title": None}
    result = {"type": "search_result_location", "source": "https://b.example", "title": "B"}
    file = {"type": "char_location", "document_index": 0, "document_title": "x"}
    found = cited_sources([page, file, None, page, result])
    assert found == (
        WebSource("https://a.example"),
        WebSource("", "x"),
        WebSource("https://b.example", "B"),
    )


def test_a_fetched_page_that_is_cited_by_its_title_has_a_number_and_is_not_listed_as_read() -> None:
    (cited,) = cited_sources([{"type": "char_location", "document_index": 0, "document_title": "Looms"}])
    text = CitedText()
    text.read([LOOM, WEFT])
    text.feed("A loom holds the warp.")
    assert text.cite([cited]) == " [[1]](<https://looms.example/a>)"
    assert text.listed() == (
        "-# Sources: [[1]](<https://looms.example/a>) Looms (looms.example) · "
        "[read](<https://weft.example/>) Weft (weft.example)"
    )


@pytest.mark.parametrize("fetched", [[], [WEFT], [LOOM, WebSource("https://other.example/", "Looms")]])
def test_a_title_that_names_no_page_or_several_makes_no_link(fetched: list[WebSource]) -> None:
    text = CitedText()
    text.read(fetched)
    text.feed("A loom holds the warp.")
    assert text.cite([WebSource("", "Looms")]) == ""


def test_the_same_page_fetched_twice_is_one_page() -> None:
    assert named(WebSource("", "Looms"), [LOOM, LOOM]) == LOOM
