"""By what a person is known: ids where they are stored, names only where nobody else bears them."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.forgetting import FORGOTTEN, quotes_without, without_person, without_quotes
from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.conversation.message import Author, Mention, Message, Quote, Quoted, Reference
from bot.conversation.provenance import Provenance
from bot.conversation.quoting import named
from bot.conversation.traces import names_of_others, own_messages, quoted_in, with_traces_of
from bot.conversation.turn import Turn
from tests.conversation.builders import ANN, BEN, message, snowflake
from tests.conversation.test_forgetting import entry as of_earlier_version

BOT = Mention(500, "Bobbin")
MALLORY = Author(9, "mallory", "Bobbin")
LUNA = Author(77, "webhook:77:Luna", "Luna")
HERE, ELSEWHERE = 5, 6
NEWEST = snowflake(500)


def identity(author: Author, *names: str, known: int = HERE) -> Identity:
    """A person who has written in the conversation `known`."""
    return Identity(
        author.id,
        snowflake(1000),
        frozenset({author.username}),
        frozenset({author.name, *names}),
        known=frozenset({known}),
        others=frozenset({BOT.name}),
    )


def entry(*messages: Message) -> Turn:
    """The entry of a turn as this version writes it."""
    return replace(of_earlier_version(*messages), provenance=tuple(map(Provenance.of, messages)))


def of_ben(text: str, *mentions: Mention, quotes: tuple[Quote, ...] = ()) -> Message:
    return replace(message(text, author=BEN, number=12), mentions=mentions, quotes=quotes)


def quoting(*said: Quoted, remark: str = "") -> Message:
    known = tuple(replace(each, mentions=()) for each in said)
    return of_ben("look", quotes=(Quote("link", ELSEWHERE, known, remark=remark),))


def test_security_a_person_who_bears_the_name_of_the_bot_takes_no_mention_of_the_bot_away() -> None:
    asked = of_ben("@Bobbin what now?", BOT)
    for who in (identity(MALLORY), identity(MALLORY).within(HERE, {"ben", "Ben"})):
        for before in (entry(asked), of_earlier_version(asked)):
            assert without_person(before, who, NEWEST) == (before, Found())
        assert without_quotes(asked, who) == (asked, Found())


def test_security_a_person_who_bears_a_name_of_somebody_else_takes_no_mention_of_them_away() -> None:
    asked = of_ben("@Ann what now?", Mention(ANN.id, "Ann"))
    mallory = identity(replace(MALLORY, name="Ann"))
    assert without_person(entry(asked), mallory.within(HERE, ()), NEWEST) == (entry(asked), Found())
    before = of_earlier_version(asked)
    others = names_of_others(of_earlier_version(message("I am here")), mallory)
    assert "Ann" in others
    assert without_person(before, mallory.within(HERE, others), NEWEST) == (before, Found())


def test_security_where_a_person_has_not_written_no_mention_goes_by_its_name_alone() -> None:
    before = of_earlier_version(of_ben("@Carol what now?"))
    mallory = identity(replace(MALLORY, name="Carol"), known=ELSEWHERE)
    assert without_person(before, mallory.within(HERE, ()), NEWEST) == (before, Found())


def test_a_mention_by_id_goes_under_the_name_that_stood_there_wherever_it_is() -> None:
    asked = of_ben("@Annie, @Bobbin: what now?", Mention(ANN.id, "Annie"), BOT)
    left, found = without_person(entry(asked), identity(ANN, known=ELSEWHERE).within(HERE, ()), NEWEST)
    assert "@somebody, @Bobbin: what now?" in left.user
    assert left.provenance == (Provenance((BOT,), is_complete=True),)
    assert found == Found(mentions=1)
    left_of_message, _ = without_quotes(asked, identity(ANN))
    assert (left_of_message.text, left_of_message.mentions) == ("@somebody, @Bobbin: what now?", (BOT,))


def test_an_id_in_code_or_in_the_text_of_a_command_goes_wherever_it_is() -> None:
    asked = replace(of_ben(f"`<@{ANN.id}>` and <@!{ANN.id}>, not <@{BEN.id}>"), mentions=None)
    who = identity(ANN, known=ELSEWHERE).within(HERE, ())
    for before in (entry(asked), of_earlier_version(asked)):
        left, found = without_person(before, who, NEWEST)
        assert f"`@somebody` and @somebody, not <@{BEN.id}>" in left.user
        assert found == Found(mentions=2)


def test_what_the_person_has_written_since_makes_their_name_no_other_persons() -> None:
    since = entry(message("here I am", number=20_000))
    assert names_of_others(since, identity(ANN)) == frozenset()
    assert "Ann" in names_of_others(since, identity(BEN))


def test_a_mention_of_somebody_whose_name_begins_with_the_persons_stays() -> None:
    before = of_earlier_version(of_ben("@Ann and @Ann Smith"))
    who = identity(ANN).within(HERE, {"Ann Smith"})
    assert "@somebody and @Ann Smith" in without_person(before, who, NEWEST)[0].user


def test_security_a_quote_is_its_authors_by_the_id_and_not_whoever_has_the_username_now() -> None:
    said = Quoted(snowflake(3), "the plan", author=Author(3, "mallory", "Vic"))
    mine = Quoted(snowflake(400), "my words", author=MALLORY)
    before = entry(quoting(said, mine))
    who = identity(MALLORY).within(HERE, ())
    assert quoted_in(before, who) == ("my words",)
    left, found = without_person(before, who, NEWEST)
    assert "the plan" in left.user
    assert "my words" not in left.user
    assert [each.author for known in left.provenance for each in known.said] == [3]
    assert found == Found(quotes=1)
    quotes = quoting(said).quotes
    assert quotes_without(quotes, who) == (quotes, Found())


def test_a_person_who_has_another_username_now_is_found_by_the_id_in_a_quote() -> None:
    said = Quoted(snowflake(3), "my words", author=replace(ANN, username="ann_before"))
    left, found = without_person(entry(quoting(said)), identity(ANN).within(HERE, ()), NEWEST)
    assert "ann_before" not in f"{left.user} {left.provenance}"
    assert FORGOTTEN in left.user
    assert found == Found(quotes=1)


def test_security_of_quotes_without_an_id_what_is_shown_is_less_and_what_is_removed_is_more() -> None:
    before = of_earlier_version(quoting(Quoted(snowflake(3), "my words", author=ANN)))
    who = identity(ANN).within(HERE, ())
    assert without_person(before, who, NEWEST)[1] == Found(quotes=1)
    assert quoted_in(before, replace(who, guesses=False)) == ()
    oldest = of_earlier_version(message("a secret"), by_id=False)
    assert [each.text for each in own_messages(oldest, who)] == ["a secret"]
    assert own_messages(oldest, replace(who, guesses=False)) == ()


def test_security_a_persona_of_the_same_name_makes_no_message_of_an_unknown_author_the_persons() -> None:
    own = replace(message("a persona", author=LUNA, number=20), proxied_for=MALLORY.id)
    who = with_traces_of(entry(own), identity(MALLORY), HERE)
    assert who.usernames == {"mallory"}
    unknown = replace(message("a private matter", author=LUNA), proxied_for=0)
    quote = quoting(Quoted(snowflake(3), "another one", author=LUNA))
    for made in (entry, of_earlier_version):
        for each in (made(unknown), made(quote)):
            assert own_messages(each, who) == ()
            assert quoted_in(each, who) == ()
            assert without_person(each, who.within(HERE, ()), NEWEST) == (each, Found())
    older = replace(who, usernames=who.usernames | {LUNA.username})  # a job of the version before
    assert own_messages(of_earlier_version(unknown, by_id=False), older) == ()


def test_a_quote_of_what_a_proxy_posted_for_the_person_goes_by_the_id_of_the_message() -> None:
    own = replace(message("a persona", author=LUNA, number=20), proxied_for=ANN.id)
    who = with_traces_of(entry(own), identity(ANN), HERE).within(HERE, ())
    said = Quoted(own.id, "a persona", author=LUNA)
    others = Quoted(snowflake(200), "another's", author=LUNA)
    left, found = without_person(entry(quoting(said, others)), who, NEWEST)
    assert "a persona" not in left.user
    assert "another's" in left.user
    assert found == Found(quotes=1)


def test_security_a_remark_by_a_username_stays_where_the_person_has_not_written() -> None:
    before = entry(quoting(remark=f"this replies to {named(ANN, snowflake(3))}"))
    assert without_person(before, identity(ANN, known=ELSEWHERE).within(HERE, ()), NEWEST) == (
        before,
        Found(),
    )
    left, found = without_person(before, identity(ANN).within(HERE, ()), NEWEST)
    assert "by somebody, " in left.user
    assert found == Found(mentions=1)


def test_an_entry_of_which_messages_were_deleted_before_its_commit_is_the_authors_who_are_noted() -> None:
    whole = entry(message("one", number=10), message("two", number=11))
    before = replace(whole, sent=entry(message("two", number=11)).sent)
    assert [each.text for each in own_messages(before, replace(identity(ANN), guesses=False))] == ["two"]
    assert own_messages(before, identity(replace(MALLORY, username="ann"))) == ()


def test_a_text_may_name_the_person_as_a_word_alone() -> None:
    who = identity(ANN)
    assert who.may_be_named("Ben asked ann.", ())
    assert who.may_be_named("Ben asked Annie.", (Mention(ANN.id, "Annie"),))
    assert not who.may_be_named("Ben asked Annie about planning.", (Mention(BEN.id, "Annie"),))


def test_a_waiting_message_keeps_what_it_answers_without_mentions_of_the_person() -> None:
    said = Quoted(snowflake(3), "@Annie knows", author=BEN, mentions=(Mention(ANN.id, "Annie"),))
    waiting = replace(of_ben("why?"), reference=Reference(HERE, said.id, said))
    left, found = without_quotes(waiting, identity(ANN))
    assert left.reference == Reference(HERE, said.id, replace(said, text="@somebody knows", mentions=()))
    assert found == Found(mentions=1)
