"""Hostile texts in every place: what Claude is sent of them, byte for byte."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.conversation.elements import question
from bot.conversation.history_files import file_name
from bot.conversation.prompt import MAX_THREAD_NAME_CHARS, render_summary, thread_name, thread_name_of_title
from bot.conversation.revision import amended
from bot.conversation.wording import FILENAME_MAX_CHARS, named_file
from tests.conversation.builders import message, turn
from tests.conversation.reading import Element, careless_tags, parse, unescaped
from tests.conversation.red_team import CORPUS, Hostile, one_line
from tests.conversation.red_team_places import PLACES, Place, everywhere, sent_texts

GOLDEN = Path(__file__).parent / "golden" / "red_team.txt"
"""The whole corpus as Claude is sent it; REWRITE_GOLDEN=1 writes the file anew."""

each_hostile = pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
MENTION = re.compile(r"<(?:@|#|t:|a?:\w+:)")


@each_hostile
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_security_a_hostile_text_reaches_claude_as_the_text_that_it_is(
    place: Place, hostile: Hostile
) -> None:
    asked, expected = place(hostile)
    assert sent_texts(asked) == expected


@each_hostile
def test_security_the_whole_message_holds_the_elements_that_were_meant_and_no_others(
    hostile: Hostile,
) -> None:
    root = parse("\n".join(sent_texts(everywhere(hostile))))
    assert [each.name for each in root.elements] == [
        *("message", "file", "transcript"),
        *("quote", "file", "transcript"),
        *("quote", *("file", "transcript") * 2),
    ]
    count = Counter(each.name for each in below(root))
    parts = {"message": 1, "quote": 2, "said": 3, "file": 4, "transcript": 4}
    assert count == parts | {"poll": 4, "answer": 8, "embed": 4, "sticker": 4, "attachment": 8}
    fixed = {"at", "of", "seconds", "app", "votes", "state", "shown", "picture"}
    for element in below(root):
        for name, value in element.attributes.items():
            if name == "tags":
                assert value in (look_alike(f"{hostile.plain}, {hostile.plain}"), look_alike(hostile.plain))
            elif name not in fixed:
                assert value == look_alike(hostile.plain), (element.name, name)


@each_hostile
def test_security_the_words_of_a_hostile_text_all_reach_claude(hostile: Hostile) -> None:
    (element,) = parse("\n".join(sent_texts(message(hostile.text)))).elements
    assert one_line(look_alike(unescaped(element.text))) == one_line(look_alike(unescaped(hostile.text)))
    assert element.elements == []


@each_hostile
def test_security_a_summary_holds_a_hostile_text_as_text(hostile: Hostile) -> None:
    rendered = render_summary(hostile.text)
    assert [each.name for each in parse(rendered).elements] == ["summary"]
    assert careless_tags(rendered) == ["<summary", "</summary"]


@each_hostile
def test_security_an_edit_and_a_deletion_find_their_message_among_hostile_ones(hostile: Hostile) -> None:
    first, second = everywhere(hostile), replace(everywhere(hostile), id=message("", number=11).id)
    entry = replace(turn(1), sent=(question([first, second]),), members=(first.id, second.id))
    edited = replace(second, text=f"now {hostile.text}")
    assert amended(entry, second.id, edited, 99).question == question([first, edited])
    assert amended(entry, first.id, None, 99).question == question([second])
    assert amended(entry, second.id, None, 99).question == question([first])


@each_hostile
def test_security_people_read_the_name_of_a_file_as_it_is(hostile: Hostile) -> None:
    names = [file_name(block) for block in question([everywhere(hostile)]).blocks]
    assert {name for name in names if name is not None} == {look_alike(hostile.plain)}


@each_hostile
def test_security_a_notice_names_a_file_as_inline_code_that_the_name_cannot_end(hostile: Hostile) -> None:
    named = named_file(hostile.text)
    assert named == "a file" or re.fullmatch(r"`[^`\n]+`", named)
    assert len(named) <= FILENAME_MAX_CHARS + 2
    assert named.strip("`") == one_line(named.strip("`"))


@each_hostile
def test_security_the_name_of_a_thread_shows_neither_mentions_nor_invisible_characters(
    hostile: Hostile,
) -> None:
    for name in (thread_name_of_title(hostile.text), thread_name(hostile.text, hostile.text)):
        assert name is None or 1 <= len(name) <= MAX_THREAD_NAME_CHARS
        assert name is None or len(name.splitlines()) == 1
    titled = thread_name_of_title(hostile.text) or ""
    assert titled == one_line(titled)
    assert not MENTION.search(titled)
    assert not re.search(r"\|\|.+\|\||\*\*|`", titled)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Looms <@1**2>", "Looms"),
        ("Looms <@\u200b12> x", "Looms x"),
        ("Looms <<@1>@12> x", "Looms < @12> x"),
        ("<@&1>**||**secret||", None),
        ("\u202eLooms\u202c", "Looms"),
    ],
)
def test_security_nothing_that_is_taken_out_of_a_title_makes_a_mention(title: str, name: str | None) -> None:
    assert thread_name_of_title(title) == name


def test_security_the_corpus_is_rendered_as_written_down() -> None:
    rendered = "\n".join(_golden())
    if os.environ.get("REWRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(rendered, "ascii")
    assert rendered == GOLDEN.read_text("ascii"), "to accept the difference, run this with REWRITE_GOLDEN=1"


def _golden() -> Iterator[str]:
    """Yield the corpus as lines of ASCII: each line of an entry once, and the beginning of long lines."""
    for hostile in CORPUS:
        yield f"=== {hostile.name}"
        lines = "\n".join(sent_texts(everywhere(hostile))).split("\n")
        for line in dict.fromkeys(lines):
            shown = line.encode("unicode_escape").decode("ascii")
            yield shown if len(shown) <= 600 else f"{shown[:200]} [{len(shown)} characters]"
    yield ""


def look_alike(text: str) -> str:
    """Return a text with plain characters for those that are escaped as plain ones."""
    return re.sub(
        "[\u02c2\u1438\u2039\u227a\u22d6\u2329\u276c\u276e\u2770\u27e8\u3008\ufe64\uff1c]", "<", text
    ).replace("\uff02", '"')


def below(element: Element) -> Iterator[Element]:
    """Yield all elements within an element."""
    for each in element.elements:
        yield each
        yield from below(each)
