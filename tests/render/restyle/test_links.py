"""Pictures, footnotes, badges and references: found, not there, or not certain yet."""

from __future__ import annotations

import pytest

from bot.render.restyle.links import bracketed, image

REFERENCES = {"a": "https://e.x"}


@pytest.mark.parametrize(
    ("text", "shown", "rest"),
    [
        ("[^12] on", "[", "^12] on"),
        ("[![ci](https://i.x)](https://b.x)!", "[ci](https://b.x) ([🖼️](https://i.x))", "!"),
        ("[this][A].", "[this](https://e.x)", "."),
        ("[a][]", "[a](https://e.x)", ""),
        ("[a](https://b.x)", "[", "a](https://b.x)"),
        ("[that][b]", "[", "that][b]"),
    ],
)
def test_what_begins_with_a_bracket_is_shown(text: str, shown: str, rest: str) -> None:
    assert bracketed(text, 0, len(text), REFERENCES, final=True) == (shown, len(text) - len(rest))


@pytest.mark.parametrize("text", ["[", "[^1", "[![ci](https://i.x", "[this", "[this][A"])
def test_a_bracket_waits_for_what_it_may_become_unless_nothing_comes(text: str) -> None:
    assert bracketed(text, 0, len(text), REFERENCES, final=False) is None
    assert bracketed(text, 0, len(text), REFERENCES, final=True) == ("[", 1)


def test_without_references_a_label_waits_for_nothing() -> None:
    assert bracketed("[this", 0, 5, {}, final=False) == ("[", 1)


def test_a_picture_begins_as_the_link_to_it() -> None:
    assert image("![alt](", 0, 7, final=False) == ("[", 2)
    assert image("![](", 0, 4, final=False) == ("[🖼️", 2)
    assert image("![alt", 0, 5, final=False) is None
    assert image("![alt", 0, 5, final=True) == ("!", 1)
