"""An entry of the history without one person."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.content import FileSource, Image
from bot.conversation.elements import question
from bot.conversation.forgetting import FORGOTTEN, quotes_without, without_person, without_quotes
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.conversation.message import Attachment, Author, Message, Quote, Quoted, Reference
from bot.conversation.quoting import named
from bot.conversation.traces import own_messages, with_traces_of
from bot.conversation.turn import Preface, Turn
from tests.conversation.builders import ANN, BEN, message, snowflake, turn

HERE = 5
WHO = Identity(
    ANN.id, snowflake(1000), frozenset({"ann"}), frozenset({"Ann"}), known=frozenset({HERE})
).within(HERE, {"ben", "Ben"})
NEWEST = snowflake(500)
PICTURE = Image(FileSource("file_1"), 100, name="loom.png")
SAID = Quoted(snowflake(3), "my words", author=ANN)
OTHERS = Quoted(snowflake(4), "other words", author=BEN)


def entry(*messages: Message, by_id: bool = True) -> Turn:
    """The entry of a turn that answers these messages."""
    made = turn(0, reply="answer")
    return replace(
        made,
        id=messages[0].id,
        sent=(question(messages), *made.sent[1:]),
        members=tuple(each.id for each in messages),
        authors=tuple(each.asker or 0 for each in messages) if by_id else (),
    )


def of_ben(text: str = "hello", number: int = 12, **more: object) -> Message:
    return replace(message(text, author=BEN, number=number), **more)  # type: ignore[arg-type]


def test_an_entry_of_the_person_alone_goes_with_its_reply() -> None:
    left, found = without_person(entry(message("a secret")), WHO, NEWEST)
    assert (left.outcome, left.sent, left.members, left.authors) == ("removed", (), (), ())
    assert found == Found(messages=1, replies=1)
    assert left.amended == NEWEST


def test_when_a_message_of_the_person_was_edited_goes_with_it() -> None:
    own, other = message("a secret"), of_ben("@Ann, hello")
    both, alone = entry(own, other), entry(own)
    edits = ((own.id, 5), (other.id, 6))
    assert without_person(replace(both, edits=edits), WHO, NEWEST)[0].edits == edits[1:]
    assert without_person(replace(alone, edits=edits[:1]), WHO, NEWEST)[0].edits == ()
    older = replace(entry(other), members=(), edits=edits[1:])
    assert without_person(older, WHO, NEWEST)[0].edits == edits[1:]


def test_of_an_entry_of_several_people_the_others_messages_and_the_reply_stay() -> None:
    before = entry(message("a secret"), of_ben())
    left, found = without_person(before, WHO, NEWEST)
    assert left.question == question([of_ben()])
    assert left.reply == "answer"
    assert (left.members, left.authors) == ((of_ben().id,), (BEN.id,))
    assert found == Found(messages=1)


def test_when_the_person_has_edited_a_message_goes_with_the_message() -> None:
    own, other = message("a secret"), of_ben()
    edits = ((own.id, 5), (other.id, 6))
    left, _ = without_person(replace(entry(own, other), edits=edits), WHO, NEWEST)
    assert left.edits == ((other.id, 6),)
    left, _ = without_person(replace(entry(own), edits=edits[:1]), WHO, NEWEST)
    assert left.edits == ()


def test_an_entry_without_the_person_stays_as_it_is() -> None:
    before = entry(of_ben("I like Ann, and mail@ann.example"))
    assert without_person(before, WHO, NEWEST) == (before, Found())


def test_the_history_of_older_versions_names_people_by_their_usernames() -> None:
    left, found = without_person(entry(message("a secret"), of_ben(), by_id=False), WHO, NEWEST)
    assert "secret" not in left.user
    assert found == Found(messages=1)


def test_somebody_who_has_the_username_now_is_not_taken_for_the_person() -> None:
    impostor = message("mine", author=Author(9, "ann", "Another Ann"), number=11)
    before = entry(impostor)
    assert without_person(before, WHO, NEWEST) == (before, Found())


def test_a_message_from_after_the_request_stays() -> None:
    later = message("here I am again", number=2000)
    before = entry(later)
    assert without_person(before, WHO, NEWEST) == (before, Found())


def test_a_proxied_message_belongs_to_the_person_who_wrote_its_original() -> None:
    luna = Author(77, "webhook:77:Luna", "Luna")
    copy = replace(message("through a proxy", author=luna), proxied_for=ANN.id)
    traces = with_traces_of(entry(copy), WHO, HERE)
    assert traces.proxied == {copy.id}
    assert traces.usernames == WHO.usernames
    assert without_person(entry(copy), WHO, NEWEST)[0].outcome == "removed"
    other = replace(message("through a proxy", author=luna), proxied_for=BEN.id)
    assert without_person(entry(other), WHO, NEWEST)[0].outcome == "answered"


def test_files_go_with_their_message_and_those_of_others_stay() -> None:
    mine = replace(
        message("look"), attachments=(Attachment(1, "mine.png", "image/png", 1, blocks=(PICTURE,)),)
    )
    theirs_block = replace(PICTURE, source=FileSource("file_2"))
    theirs = of_ben(attachments=(Attachment(2, "loom.png", "image/png", 1, blocks=(theirs_block,)),))
    left, found = without_person(entry(mine, theirs), WHO, NEWEST)
    assert set(left.sources) == {FileSource("file_2")}
    assert found == Found(messages=1, files=1)


def test_what_others_quote_of_the_person_goes_with_its_files() -> None:
    shown = Attachment(5, "loom.png", "image/png", 1, blocks=(PICTURE,))
    quote = Quote("reply", 1, (replace(SAID, attachments=(shown,)),))
    left, found = without_person(entry(of_ben(quotes=(quote,))), WHO, NEWEST)
    assert f'<quote of="reply" remark="{FORGOTTEN}">' in left.user
    assert "my words" not in left.user
    assert list(left.sources) == []
    assert found == Found(quotes=1, files=1)


def test_of_what_was_said_in_a_room_only_the_person_goes_and_the_title_that_may_be_theirs() -> None:
    quote = Quote("room", 1, (SAID, OTHERS), title="my words as a title")
    left, found = without_person(entry(of_ben(quotes=(quote,))), WHO, NEWEST)
    assert "my words" not in left.user
    assert "other words" in left.user
    assert found == Found(quotes=1)


def test_a_remark_that_names_a_message_by_its_author_names_nobody() -> None:
    remark = f"this replies to {named(ANN, snowflake(3))}, which stands above"
    left, found = without_person(entry(of_ben(quotes=(Quote("reply", 1, remark=remark),))), WHO, NEWEST)
    assert "ann" not in left.user
    assert "this replies to the message by somebody, written at" in left.user
    assert found == Found(mentions=1)


def test_mentions_become_those_of_somebody_and_words_stay() -> None:
    left, found = without_person(entry(of_ben("@Ann and @Anna and Ann, with an @ann")), WHO, NEWEST)
    assert "@somebody and @Anna and Ann, with an @somebody" in left.user
    assert found == Found(mentions=2)


def test_the_pinned_turns_in_front_of_a_window_are_without_the_person() -> None:
    pinned = entry(message("a secret"), of_ben("pinned"))
    alone = entry(message("another secret", number=20))
    before = replace(entry(of_ben()), preface=Preface("a summary", (pinned, alone)))
    left, found = without_person(before, WHO, NEWEST)
    assert left.preface is not None
    (only,) = left.preface.pinned
    assert only.question == question([of_ben("pinned")])
    assert left.preface.summary == "a summary"
    assert found == Found()


def test_a_second_removal_finds_nothing() -> None:
    quote = Quote("room", 1, (SAID, OTHERS), title="a title")
    once, _ = without_person(entry(message("a secret"), of_ben("@Ann", quotes=(quote,))), WHO, NEWEST)
    assert without_person(once, WHO, NEWEST) == (once, Found())


def test_the_messages_of_the_person_are_listed_as_they_wrote_them() -> None:
    attached = (Attachment(1, 'a "b".txt', "text/plain", 1, remark="too large"),)
    mine = replace(message("1 < 2\n</message> & more"), attachments=attached)
    (own,) = own_messages(entry(of_ben(), mine), WHO)
    assert own.message == mine.id
    assert own.text.startswith("1 < 2\n</message> & more")
    assert own.files == ('a "b".txt',)


def test_a_waiting_message_of_somebody_else_quotes_the_person_no_more() -> None:
    waiting = of_ben("@Ann?", reference=Reference(1, SAID.id, SAID), quotes=(Quote("forward", 1, (SAID,)),))
    left, found = without_quotes(waiting, WHO)
    assert left.text == "@somebody?"
    assert left.reference == Reference(1, SAID.id, None, is_deleted=True)
    assert left.quotes == (Quote("forward", 1, remark=FORGOTTEN),)
    assert found == Found(quotes=2, mentions=1)


def test_quotes_of_others_stay() -> None:
    quotes = (Quote("link", 1, (OTHERS,), title="a title"),)
    assert quotes_without(quotes, WHO) == (quotes, Found())
