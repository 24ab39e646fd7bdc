"""Messages that are too long are shortened: what they quote before what people wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.content import FileSource, Image
from bot.conversation.elements import question, render_user
from bot.conversation.fitting import LEAST_CHARS, TOO_MUCH, fit
from bot.conversation.message import Attachment, Embed, Message, Quote, Quoted
from bot.conversation.tokens import PRIOR
from tests.conversation.builders import message, snowflake

WORDS = "word " * 400


def measure(messages: Sequence[Message]) -> int:
    return PRIOR.sent(question(messages))


def quoting(text: str, *said: Quoted) -> Message:
    return replace(message(text), quotes=(Quote("forward", 7, said),))


@given(st.lists(st.text(max_size=3000), min_size=1, max_size=4), st.integers(1, 2000))
def test_messages_are_cut_to_fit_whenever_they_can_be(texts: list[str], room: int) -> None:
    fitted = fit([message(text) for text in texts], room, lambda shorter: PRIOR.message(render_user(shorter)))
    assert len(fitted) == len(texts)
    tokens = PRIOR.message(render_user(fitted))
    assert tokens <= room or all(
        len(one.text) <= 120 or len(one.text) <= len(text) for one, text in zip(fitted, texts, strict=True)
    )
    for one, text in zip(fitted, texts, strict=True):
        assert len(one.text) <= len(text)


def test_a_quote_is_shortened_before_the_persons_own_words() -> None:
    long = quoting(WORDS, Quoted(snowflake(1), WORDS))
    (fitted,) = fit([long], measure([message(WORDS)]) + 300, measure)
    (said,) = fitted.quotes[0].messages
    assert fitted.text == WORDS
    assert "is left out: it is too long" in said.text
    assert said.text.startswith("word word")
    assert measure([fitted]) <= measure([message(WORDS)]) + 300


def test_the_longest_quote_is_shortened_first_and_a_short_one_stays() -> None:
    quotes = (Quoted(snowflake(1), "short"), Quoted(snowflake(2), WORDS))
    (fitted,) = fit([quoting("hello", *quotes)], 400, measure)
    short, shortened = fitted.quotes[0].messages
    assert short.text == "short"
    assert LEAST_CHARS <= len(shortened.text) < len(WORDS)


def test_the_embeds_of_a_quote_keep_their_titles() -> None:
    embed = Embed("Build 7", WORDS, (("log", WORDS),), footer="CI")
    (fitted,) = fit([quoting("hello", Quoted(snowflake(1), embeds=(embed,)))], 300, measure)
    (kept,) = fitted.quotes[0].messages[0].embeds
    assert (kept.title, kept.fields, kept.footer) == ("Build 7", (), "")
    assert len(kept.description) <= LEAST_CHARS


def test_where_shorter_quotes_are_not_enough_their_files_go_before_the_persons_own_words_and_files() -> None:
    picture = Image(FileSource("file_1"), 2000, "a.png")
    own, theirs = (Attachment(number, "a.png", "image/png", 4, blocks=(picture,)) for number in (1, 2))
    asked = replace(quoting(WORDS, Quoted(snowflake(1), WORDS, attachments=(theirs,))), attachments=(own,))
    (fitted,) = fit([asked], 4000, measure)
    (left_out,) = fitted.quotes[0].messages[0].attachments
    assert (left_out.blocks, left_out.remark) == ((), TOO_MUCH)
    assert fitted.attachments == (own,)
    assert fitted.text == WORDS
    (fitted,) = fit([asked], 2400, measure)
    assert fitted.attachments == (own,)
    assert len(fitted.text) < len(WORDS)


@given(
    st.lists(
        st.tuples(st.text(max_size=900), st.lists(st.text(max_size=900), max_size=3)), min_size=1, max_size=3
    ),
    st.integers(1, 1500),
)
def test_own_words_are_shortened_only_when_no_quote_can_be(
    written: list[tuple[str, list[str]]], room: int
) -> None:
    messages = [
        quoting(text, *(Quoted(snowflake(number), said) for number, said in enumerate(quoted)))
        for text, quoted in written
    ]
    fitted = fit(messages, room, measure)
    if [each.text for each in fitted] != [each.text for each in messages]:
        longest = max((len(said.text) for each in fitted for said in each.quotes[0].messages), default=0)
        assert longest <= LEAST_CHARS
