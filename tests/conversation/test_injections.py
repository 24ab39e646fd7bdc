"""Whatever brings a planted text in: the text stays inside its element, and hides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.conversation import elements
from bot.conversation.citations import CitedText, WebSource, plain_title
from bot.conversation.consulted import Consulted, render_consulted
from bot.conversation.content import Text
from bot.conversation.memory import Fact, news
from bot.conversation.message import Message, Quote, Quoted, Room, created_ms
from bot.conversation.quoting import RoomContent, room_quote
from bot.conversation.visible import is_blank
from tests.conversation.builders import ANN, BEN, message, snowflake
from tests.conversation.injections import INJECTIONS, Injection, hidden, skeleton

HARMLESS = "nothing to see"

each_injection = pytest.mark.parametrize("injection", INJECTIONS, ids=lambda injection: injection.name)


def sent(said: Message) -> str:
    """All texts of the message of a request."""
    blocks = elements.question([said]).blocks
    return "\n".join(block.text for block in blocks if isinstance(block, Text))


def by_stranger(text: str) -> Quoted:
    return Quoted(snowflake(3), text, author=replace(BEN, name=text))


def quoted(kind: str) -> Callable[[str], str]:
    def way(text: str) -> str:
        quote = Quote("reply", 7, (by_stranger(text),), title=text, tags=(text,), remark=text)
        return sent(replace(message("look"), quotes=(replace(quote, kind=kind),)))  # type: ignore[arg-type]

    return way


def remembered(text: str) -> str:
    at = snowflake(4)
    fact = Fact("a1", text, replace(ANN, name=text), created_ms(at), at, 100, 10)
    return sent(replace(message("look", number=50), quotes=news([fact], snowflake(50), {ANN.id}, ()).quotes))


def linked_channel(text: str) -> str:
    found = RoomContent((by_stranger(text), by_stranger(f"x {text}")), title=text, tags=(text,))
    return elements.render_quote(room_quote(found, Room(7, before=1 << 62))[0])


WAYS: dict[str, Callable[[str], str]] = {
    "a message": lambda text: sent(message(text)),
    "a reply to a stranger": quoted("reply"),
    "a link to a stranger": quoted("link"),
    "a forward": quoted("forward"),
    "a fact": remembered,
    "a linked channel": linked_channel,
    "a message that a search has found": lambda text: elements.render_said(by_stranger(text)),
    "a file": lambda text: elements.file_element(text, text).text,
    "a transcript": lambda text: elements.transcript_element(text, text, of=text, seconds=3).text,
    "the address of a source": lambda text: render_consulted([Consulted("web_fetch", "done", (text,))]),
    "a list of reminders or posts": elements.body,
    "the name of a channel": elements.attribute,
}


@pytest.mark.parametrize("way", WAYS)
@each_injection
def test_security_a_planted_text_leaves_the_elements_of_a_request_as_they_are(
    way: str, injection: Injection
) -> None:
    render = WAYS[way]
    found = render(injection.text)
    assert skeleton(found) == skeleton(render(HARMLESS))
    assert hidden(found) == []


@each_injection
def test_security_a_planted_title_of_a_source_is_no_markdown_no_mention_and_no_link(
    injection: Injection,
) -> None:
    title = plain_title(injection.text)
    assert skeleton(title) == []
    for mark in ("[", "](", "<", ">", "@", "`", "*", "|", "://", "discord.gg/", "\n"):
        assert mark not in title
    cited = CitedText()
    cited.feed("It is so.")
    cited.cite([WebSource("https://looms.example/", injection.text)])
    cited.read(
        [WebSource(injection.text, injection.text), WebSource("https://wefts.example/", injection.text)]
    )
    listed = cited.listed()
    assert skeleton(listed) == []
    assert listed.count("](<http") == listed.count("[") - 1
    assert "\n" not in listed
    assert hidden(listed) == []


@each_injection
def test_security_an_address_that_is_planted_does_not_leave_its_link(injection: Injection) -> None:
    cited = CitedText()
    cited.feed("It is so.")
    link = cited.cite([WebSource(f"https://looms.example/{injection.text}", "Looms")])
    assert link.startswith(" [[1]](<https://looms.example/")
    assert link.endswith(">)")
    for mark in ("<", ">", " ", "\n"):
        assert mark not in link[len(" [[1]](<") : -len(">)")]


def test_the_oracle_sees_every_disguise_and_nothing_in_plain_words() -> None:
    assert len(INJECTIONS) >= 40
    assert skeleton(HARMLESS) == skeleton("a < b and <b>said</b> <messages>") == []
    disguises = ("zero width", "Cyrillic", "wide letters", "mathematical letters", "accents", "controls")
    for each in INJECTIONS:
        assert not is_blank(each.text)
        if each.name in (*disguises, "a message", "a quote", "right to left", "brackets that look alike"):
            assert skeleton(each.text), each.name
