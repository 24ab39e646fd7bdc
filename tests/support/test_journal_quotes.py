"""The quotes of a turn as a journal holds them, and as a replay stores them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from bot.conversation.elements import question
from bot.conversation.message import Attachment, Author, Quote, Quoted
from bot.local.scene import SceneQuote
from bot.support.filler import Filler
from bot.support.journal_quotes import fetched, quotes_of
from tests.conversation.builders import message

SAID = Quoted(5, "It is <said>tulips</said> & more.", Author(6, "marg", "Margaret"))
FILE = Attachment(7, "tulips.txt", "text/plain", 9)


def entry(*messages: Any) -> list[dict[str, Any]]:
    return [{"turn": {"sent": [asdict(question(messages))]}}]


def test_each_message_has_its_quotes_by_kind_author_and_length() -> None:
    room = Quote("room", 1, (SAID, replace(SAID, own=True), replace(SAID, by_app=True, author=None)))
    reply = Quote("reply", 1, remark="It was deleted.")
    first, second, third = (message(text, number=at) for at, text in enumerate(("one", "two", "three")))
    found = quotes_of(entry(first, replace(second, quotes=(room, reply)), third), str.upper)
    assert [[each["of"] for each in quotes] for quotes in found] == [[], ["room", "reply"], []]
    assert [each["by"] for each in found[1][0]["said"]] == ["person", "you", "app"]
    assert found[1][0]["said"][0]["text"] == "IT IS &LT;SAID>TULIPS&LT;/SAID> & MORE."
    assert (found[1][1]["said"], found[1][1]["remark"]) == ([], "IT WAS DELETED.")


def test_security_no_word_of_a_quote_is_left() -> None:
    quote = Quote("link", 1, (replace(SAID, attachments=(FILE,)),), title="Tulips", tags=("tulips",))
    found = quotes_of(entry(replace(message("see"), quotes=(quote,))), Filler().text)
    text = str(found).lower()
    assert [each for each in ("tulip", "marg", "more") if each in text] == []
    assert len(found[0][0]["title"]) == len("Tulips")


def test_what_is_stored_for_a_replay_has_the_texts_and_no_message_twice() -> None:
    said = (("person", "one"), ("you", "two"), ("app", "three"), ("nobody", "four"))
    stored = [
        fetched((SceneQuote("room", said, "a title"), SceneQuote("forward", said[:1])), at) for at in (0, 1)
    ]
    room, forward = stored[0].quotes
    assert (room.kind, room.title, forward.kind) == ("room", "a title", "link")
    assert [(each.text, each.own, each.by_app) for each in room.messages] == [
        ("one", False, False),
        ("two", True, False),
        ("three", False, True),
        ("four", False, False),
    ]
    ids = [each.id for quotes in stored for quote in quotes.quotes for each in quote.messages]
    assert len(set(ids)) == len(ids) == 10


def test_an_entry_of_another_shape_has_no_quotes() -> None:
    assert quotes_of([{}, {"turn": {}}, {"turn": {"sent": []}}], str) == []
    assert quotes_of([{"turn": {"sent": [{"blocks": [{"text": '<quote of="room">'}]}]}}], str) == []
