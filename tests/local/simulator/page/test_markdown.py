"""Discord's Markdown as the page renders it: each construct, and nothing that text could smuggle in."""

from collections.abc import Mapping
from html.parser import HTMLParser
from itertools import product

import pytest

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node

NAMES = "{user: (id) => ({7: 'Ann <b>'})[id], channel: (id) => ({8: 'general'})[id]}"


def render(*texts: str) -> list[str]:
    shown: list[str] = run("markdown.js", f"a.map((each) => m.render(each, {NAMES}))", *texts)
    return shown


def fence(code: str, language: str = "") -> str:
    named = f' data-language="{language}"' if language else ""
    return f'<figure class="code"{named}><pre><code>{code}</code></pre></figure>'


def link(address: str, shown: str) -> str:
    return f'<a href="{address}" title="{address}" target="_blank" rel="noopener noreferrer">{shown}</a>'


CONSTRUCTS = {
    "plain text": ("Hello\nyou", "Hello\nyou"),
    "bold": ("a **b** c", "a <strong>b</strong> c"),
    "bold over lines": ("**a\nb**", "<strong>a\nb</strong>"),
    "italic with asterisks": ("*a*", "<em>a</em>"),
    "italic with underscores": ("_a_", "<em>a</em>"),
    "a name with underscores": ("snake_case_name", "snake_case_name"),
    "a product": ("2 * 3 * 4", "2 * 3 * 4"),
    "bold italic": ("***a***", "<strong><em>a</em></strong>"),
    "bold in italic": ("*a **b** c*", "<em>a <strong>b</strong> c</em>"),
    "underline": ("__a__", "<u>a</u>"),
    "strike": ("~~a~~", "<s>a</s>"),
    "spoiler": (
        "||a||",
        '<span class="spoiler" role="button" tabindex="0" aria-label="Spoiler">a</span>',
    ),
    "an escaped sign": (r"\*a\* \\", "*a* \\"),
    "no escape of letters": (r"C:\new", r"C:\new"),
    "inline code": ("`a **b** <i>`", "<code>a **b** &lt;i&gt;</code>"),
    "inline code with a backtick": ("`` `a` ``", "<code>`a`</code>"),
    "headings": ("# A\n## B\n### C\ntext", "<h1>A</h1><h2>B</h2><h3>C</h3>text"),
    "a link to a message": (
        "see https://discord.com/channels/1/8/9.",
        'see <a class="mention" href="#8/9">#general › 💬</a>.',
    ),
    "a named link to a message": ("[here](https://discord.com/channels/1/8/9)", '<a href="#8/9">here</a>'),
    "a link to the message that a thread was opened from": (
        "[here](https://discord.com/channels/1/5/8)",
        '<a href="#8">here</a>',
    ),
    "a link to the first message of a post": (
        "[here](https://discord.com/channels/1/8/8)",
        '<a href="#8/8">here</a>',
    ),
    "a link to a message of an unknown channel": (
        "https://discord.com/channels/1/5/9",
        link("https://discord.com/channels/1/5/9", "https://discord.com/channels/1/5/9"),
    ),
    "no fourth heading": ("#### D", "#### D"),
    "a hash without a space": ("#general", "#general"),
    "small text": ("-# tiny *print*", "<small>tiny <em>print</em></small>"),
    "a quote": ("> a\n> **b**\nc", "<blockquote>a\n<strong>b</strong></blockquote>c"),
    "a quote to the end": (">>> a\n\nb", "<blockquote>a\n\nb</blockquote>"),
    "no quote in a quote": ("> > a", "<blockquote>&gt; a</blockquote>"),
    "a comparison": ("a > b", "a &gt; b"),
    "a list": ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
    "a list with asterisks": ("* a\n* *b*", "<ul><li>a</li><li><em>b</em></li></ul>"),
    "a nested list": (
        "- a\n  - b\n    - c\n- d",
        "<ul><li>a\n<ul><li>b\n<ul><li>c</li></ul></li></ul></li><li>d</li></ul>",
    ),
    "an ordered list": ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
    "a list that starts later": ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
    "bullets in an ordered list": (
        "1. a\n   - b\n2. c",
        "<ol><li>a\n<ul><li>b</li></ul></li><li>c</li></ol>",
    ),
    "a line that goes on an item": ("- a\n  b\n- c", "<ul><li>a\nb</li><li>c</li></ul>"),
    "a fence in an item": (
        "1. a\n   ```\n   b\n     c\n   ```\n2. d",
        f"<ol><li>a\n{fence('b' + chr(10) + '  c')}</li><li>d</li></ol>",
    ),
    "text after a list": ("- a\nb", "<ul><li>a</li></ul>b"),
    "a fence": ("a\n```\n<b> **c**\n```\nd", f"a\n{fence('&lt;b&gt; **c**')}d"),
    "a fence in one line": ("```a```", fence("a")),
    "a fence with a language": (
        "```py\nif x:\n    return 'a'  # b\n```",
        fence(
            '<span class="t-keyword">if</span> x:\n    <span class="t-keyword">return</span> '
            '<span class="t-string">&#39;a&#39;</span>  <span class="t-comment"># b</span>',
            "py",
        ),
    ),
    "a fence with an unknown language": ("```brainf\n<+>\n```", fence("&lt;+&gt;", "brainf")),
    "a fence named like an inherited property": ("```constructor\na\n```", fence("a", "constructor")),
    "a fence that is not closed": ("```py\nx", "```py\nx"),
    "a heading sign in a fence": ("```\n# a\n- b\n> c\n```", fence("# a\n- b\n&gt; c")),
    "a bare link": (
        "see https://a.example/b?c=d&e.",
        f"see {link('https://a.example/b?c=d&amp;e', 'https://a.example/b?c=d&amp;e')}.",
    ),
    "a link in parentheses": (
        "(https://a.example/b)",
        f"({link('https://a.example/b', 'https://a.example/b')})",
    ),
    "a link in angle brackets": ("<https://a.example>", link("https://a.example", "https://a.example")),
    "a masked link": ("[a **b**](https://a.example)", link("https://a.example", "a <strong>b</strong>")),
    "a masked link with parentheses": ("[a](https://a.example/b_(c))", link("https://a.example/b_(c)", "a")),
    "a masked link with brackets": (
        "a [[1]](<https://a.example>)",
        f"a {link('https://a.example', '[1]')}",
    ),
    "no script as a link": ("[a](javascript:alert(1))", "[a](javascript:alert(1))"),
    "no data as a link": ("[a](data:text/html,b) <data:c>", "[a](data:text/html,b) &lt;data:c&gt;"),
    "a mention": ("<@7> <@!7>", '<span class="mention" data-user="7">@Ann &lt;b&gt;</span> ' * 2),
    "a mention of a stranger": ("<@9>", '<span class="mention" data-user="9">@unknown-user</span>'),
    "a channel": ("<#8>", '<a class="mention" href="#8">#general</a>'),
    "a channel unknown": ("<#9>", '<span class="mention">#unknown</span>'),
    "everyone": ("@everyone", '<span class="mention">@everyone</span>'),
    "a command": ("</system set:9>", '<span class="mention">/system set</span>'),
    "a custom emoji": ("<:wave:123>", ":wave:"),
    "a moment": (
        "<t:0:d>",
        '<time datetime="1970-01-01T00:00:00.000Z" title="Thursday, January 1, 1970 at 12:00 AM">1/1/70</time>',
    ),
    "a moment out of range": ("<t:9999999999999>", "Invalid Date"),
    "no table": ("| a | b |\n|---|---|", "| a | b |\n|---|---|"),
    "no formula": ("$x^2$ \\(y\\)", "$x^2$ (y)"),
}


def test_each_construct_is_rendered_as_discord_does() -> None:
    shown = render(*(text for text, _ in CONSTRUCTS.values()))
    got = dict(zip(CONSTRUCTS, shown, strict=True))
    assert {name: html.strip() for name, html in got.items()} == {
        name: html.strip() for name, (_, html) in CONSTRUCTS.items()
    }


NOTHING: frozenset[str] = frozenset()
ALLOWED: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("strong", "em", "u", "s", "code", "pre", "h1", "h2", "h3", "small"), NOTHING),
    **dict.fromkeys(("blockquote", "ul", "li"), NOTHING),
    "ol": frozenset({"start"}),
    "figure": frozenset({"class", "data-language"}),
    "span": frozenset({"class", "role", "tabindex", "aria-label", "data-user"}),
    "a": frozenset({"href", "title", "target", "rel", "class"}),
    "time": frozenset({"datetime", "title"}),
}


class Strict(HTMLParser):
    """Notes every tag and attribute that Discord's Markdown never needs, and tags that do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        allowed = ALLOWED.get(tag)
        if allowed is None:
            self.wrong.append(tag)
            return
        for name, value in attrs:
            if name not in allowed:
                self.wrong.append(f"{tag} {name}")
            if name == "href" and not (value or "").startswith(("http://", "https://", "#8")):
                self.wrong.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"declaration {decl}")


def complaints(html: str) -> list[str]:
    parser = Strict()
    parser.feed(html)
    parser.close()
    return parser.wrong + parser.open


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "https://a.example/\"onclick=alert(1)//'",
    '[x](https://a.example/"onclick=alert(1))',
    "[<img src=x>](https://a.example)",
    "<https://a.example/'\"onx=1>",
    "javascript:alert(1)",
    "[x](JaVaScRiPt:alert(1))",
    "<@7>",
    "<#8>",
    "<t:1:R>",
    "</a onx:1>",
    "&lt;b&gt;&#60;b>",
    "<!--",
    "\\<b>",
    "**",
    "*",
    "__",
    "_",
    "~~",
    "||",
    "`",
    "```",
    "```html\n",
    "```py\n",
    "\n",
    "\n- ",
    "\n  1. ",
    "\n> ",
    "\n# ",
    "\n-# ",
)


def test_no_text_can_bring_in_html_of_its_own() -> None:
    texts = [a + b + "x " + c for a, b, c in product(HOSTILE, repeat=3)]
    shown = render(*texts)
    wrong = {text: found for text, html in zip(texts, shown, strict=True) if (found := complaints(html))}
    assert wrong == {}


def test_the_strict_parser_would_notice_injected_html() -> None:
    assert complaints("<b>x</b>") == ["b"]
    assert complaints('<a href="javascript:x">y</a>') == ["a href=javascript:x"]
    assert complaints('<em onclick="x">y') == ["em onclick", "em"]


@pytest.mark.parametrize(
    "piece",
    [
        "`",
        "`a",
        "**_",
        "*a ",
        "> ",
        "- ",
        "||",
        "```",
        "```\n",
        "```a\n",
        "[",
        "[a](",
        "<",
        "~~*",
        "  - x\n",
        "\\",
        "1. ",
    ],
)
def test_hostile_repetition_neither_hangs_nor_exhausts_the_stack(piece: str) -> None:
    text = (piece * 4000)[:4000]
    timed = "(() => { const from = performance.now(); return [m.render(a[0]), performance.now() - from]; })()"
    html, took_ms = run("markdown.js", timed, text)
    assert complaints(html) == []
    # It usually takes a few milliseconds; a pattern that explodes takes seconds.
    assert took_ms < 500


def test_no_letter_of_a_text_is_lost() -> None:
    text = "a **b** c\n- d\n  - e\n\nf\n```py\ng = 1\n```\n> h\n# i\nj <k> & l"
    shown = render(text)[0]
    assert [letter for letter in "abcdefghijkl" if letter not in shown] == []
