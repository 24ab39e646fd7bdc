"""A thread as a page: nothing of what people wrote becomes an element of their choice, and nothing is loaded."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.export_html import POLICY, to_html
from bot.conversation.export_markup import to_html as markup
from bot.conversation.message import Author
from tests.conversation.red_team import CORPUS
from tests.conversation.test_export import LIVELY, export, said

OURS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "h1",
        "p",
        "div",
        "span",
        "article",
    ),
    *("time", "a", "ul", "li", "blockquote", "pre", "code", "strong", "u", "s", "small", "h3", "h4", "h5"),
}
ATTRIBUTES = {"class", "id", "href", "rel", "tabindex", "datetime", "data-language", "charset", "lang"} | {
    *("name", "content", "http-equiv"),
}
VOID = {"meta"}


class Page(HTMLParser):
    """The elements of a page as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def check(text: str) -> Page:
    """Read a page, all of whose elements must be ours."""
    page = Page(text)
    assert page.open == []
    assert set(page.elements) <= OURS
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    hrefs = [value for name, value in page.attributes if name == "href"]
    assert all(href.startswith(("http://", "https://", "#m")) for href in hrefs)
    return page


def test_the_page_holds_what_was_said_by_whom_and_when() -> None:
    page = check(to_html(LIVELY))
    text = "".join(page.texts)
    for part in (
        "How do looms work?",
        "#looms · Weavers",
        "3 messages",
        "Ann",
        "APP",
        "in reply to Ann",
        "plan.pdf",
    ):
        assert part in text, part
    for part in ("Which?", "wool · 2", "Build 7", "main", "passed on", "wave"):
        assert part in text, part


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = to_html(LIVELY)
    page = check(text)
    assert ("content", POLICY) in page.attributes
    assert not {"script", "img", "link", "iframe", "form"} & set(page.elements)
    assert "url(" not in text
    assert "@import" not in text


def test_messages_of_one_author_stand_together_for_some_minutes() -> None:
    text = to_html(export(said(1, "one"), said(2, "two"), said(3, "three", Author(71, "ben", "Ben"))))
    assert text.count('class="first"') == 2
    assert text.count('class="more"') == 1


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a **b** __c__ ~~d~~", "a <strong>b</strong> <u>c</u> <s>d</s>"),
        ("||e||", '<span class="spoiler" tabindex="0">e</span>'),
        ("`**b**` and `<i>`", "<code>**b**</code> and <code>&lt;i&gt;</code>"),
        (
            "```py\nif a < b:\n    pass\n```",
            '<pre data-language="py"><code>if a &lt; b:\n    pass</code></pre>',
        ),
        ("a:\n```\nb\n```\n\nc", "a:\n<pre><code>b</code></pre>\nc"),
        ("```a < b```", "<pre><code>a &lt; b</code></pre>"),
        ("# one\n-# two\n> three", "<h3>one</h3><small>two</small><blockquote>three</blockquote>"),
        (
            "see https://example.com/a?b=1&c=2.",
            'see <a href="https://example.com/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">'
            "https://example.com/a?b=1&amp;c=2</a>.",
        ),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("line\nline", "line\nline"),
    ],
)
def test_the_simple_markup_of_discord_is_shown(text: str, html: str) -> None:
    assert markup(text) == html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "</style><script>alert(1)</script>",
        "</article></main></body><img src=x onerror=alert(1)>",
        'https://example.com/"onmouseover="alert(1)',
        "https://example.com/'><script>",
        '```" onload=alert(1)\n<b>\n```',
        "**<b>** ||<i>|| `</code><b>`",
        "<!-- ** -->",
        "[a](javascript:alert(1)) ![b](https://example.org/b.png)",
        'https://example.org/"style="background:url(//example.org)',
        "&lt;b&gt; &#60;b&#62;",
        "\x00<\u200bscript>",
    ],
)
def test_security_no_text_of_people_becomes_an_element(attack: str) -> None:
    author = Author(id=70, username=attack, name=attack)
    page = check(to_html(export(said(1, attack, author, stickers=(attack,), forwarded=attack), title=attack)))
    plain = check(to_html(export(said(1, "x", stickers=("x",), forwarded="x"), title="x")))
    assert {*page.elements} <= {*plain.elements, "a", "code", "pre", "strong", "span"}


def test_security_the_red_team_s_texts_stay_text() -> None:
    for hostile in CORPUS:
        check(to_html(export(said(1, hostile.text), title=hostile.text)))


@given(st.text(alphabet=st.sampled_from("<>&\"'`*_~|#-/ \n:hatps.ab"), max_size=60))
def test_security_whatever_is_written_the_elements_are_ours_and_closed(text: str) -> None:
    check(to_html(export(said(1, text), said(2, text, Author(71, text, text)), title=text)))


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("it ends: ||everybody\nleaves||.", "everybody\nleaves"),
        ("||`warp = 1`||", "<code>warp = 1</code>"),
        ("||||x y||", "x y"),
    ],
)
def test_a_spoiler_hides_lines_and_code_as_well(text: str, hidden: str) -> None:
    assert f'<span class="spoiler" tabindex="0">{hidden}</span>' in markup(text)


def test_a_spoiler_hides_a_link_and_code_holds_no_spoiler() -> None:
    made = markup("||see https://example.org/end now||")
    assert made.startswith('<span class="spoiler" tabindex="0">see <a href="https://example.org/end"')
    assert made.endswith(" now</span>")
    assert "spoiler" not in markup("`a || b` and `c || d`")
