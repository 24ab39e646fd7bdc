from hypothesis import given, strategies as st
from bot.render.draft import Draft


def lay(text, cuts, limit=200):
    d = Draft(limit)
    last = 0
    for c in sorted(cuts):
        c = min(c, len(text))
        d.push(text[last:c])
        last = c
        d.parts
    d.push(text[last:])
    d.finish()
    return d


frag = st.sampled_from(
    [
        "word ",
        "**bold** ",
        "*it* ",
        "`code` ",
        "```py\n",
        "```\n",
        "\n",
        "\n\n",
        "- item\n",
        "  - nested\n",
        "> quote\n",
        "||spoil|| ",
        "[label](https://example.com/a_b) ",
        "漢字。",
        "👨‍👩‍👧",
        "~~s~~ ",
        "**",
        "*",
        "`",
        "||",
        "[",
        "](",
        "~~~\n",
        "   ",
        "Sentence one. ",
        "    indented\n",
        "🇩🇪",
        "# Head\n",
        "x" * 90,
        "`" * 50,
        "\\",
        "<@1>",
        "1. one\n",
        "> ```js\n",
        "> code\n",
        "> ```\n",
    ]
)


@given(st.lists(frag, max_size=120).map("".join), st.lists(st.integers(0, 3000), max_size=10))
def test_all(text, cuts):
    d = lay(text, cuts)
    assert d.parts == lay(text, []).parts
    for p in d.parts:
        assert 0 < len(p) <= 200 and p.strip()
