"""However much a post of another app holds, a quote of it is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import bounds
from bot.conversation.bounds import bounded_embeds, bounded_poll, shortened, shortened_filename
from bot.conversation.elements import attribute
from bot.conversation.message import Embed, Poll

EMBED_MAX = bounds.EMBED_CHARS + (2 * bounds.FIELDS_MAX + 6) * len(bounds.SHORTENED)
"""The characters of an embed and a mark in place of each part that was left out."""

DOCUMENT_TITLE_MAX_CHARS = 500
"""Anthropic, "Messages", "title"."""

long_text = st.text(max_size=20).map(lambda text: text * 400)


def chars(embed: Embed) -> int:
    parts = (embed.title, embed.description, embed.author, embed.footer, *sum(embed.fields, ()))
    return sum(map(len, parts))


def test_a_text_that_fits_is_unchanged_and_a_longer_one_is_marked() -> None:
    assert shortened("x" * 2000, 2000) == "x" * 2000
    cut = shortened("x" * 2001, 2000)
    assert len(cut) == 2000
    assert cut.endswith("x [… shortened]")


def test_an_embed_that_fits_is_unchanged() -> None:
    embed = Embed("Build 7", "failed", (("branch", "main"),), "CI", "today", "https://ci.example", True)
    assert bounded_embeds((embed,)) == (embed,)


@given(
    st.lists(
        st.builds(
            Embed,
            long_text,
            long_text,
            st.lists(st.tuples(long_text, long_text), max_size=25).map(tuple),
            long_text,
            long_text,
        ),
        max_size=10,
    )
)
def test_embeds_are_bounded_in_number_and_in_length(embeds: list[Embed]) -> None:
    bounded = bounded_embeds(tuple(embeds))
    assert len(bounded) <= bounds.EMBEDS_MAX + 1
    assert all(chars(each) <= EMBED_MAX + 40 for each in bounded)
    assert all(len(each.fields) <= bounds.FIELDS_MAX + 1 for each in bounded)


def test_what_is_left_out_of_embeds_is_counted() -> None:
    many = tuple(Embed(str(number)) for number in range(8))
    assert bounded_embeds(many) == (*many[:5], Embed(description="[… 3 more embeds]"))
    wide = Embed(fields=tuple((str(number), "x") for number in range(25)))
    assert bounded_embeds((wide,))[0].fields[-1] == ("…", "[15 more fields]")
    deep = Embed(description="x" * 4096, fields=(("a", "b"),))
    assert bounded_embeds((deep,))[0].fields == (("…", "[1 more fields]"),)


def test_a_poll_has_ten_answers_at_most() -> None:
    poll = bounded_poll(Poll("q" * 400, (("a" * 200, 1),) * 12))
    assert len(poll.question) == bounds.POLL_QUESTION_CHARS
    assert len(poll.answers) == 10
    assert all(len(answer) == bounds.POLL_ANSWER_CHARS for answer, _ in poll.answers)


def test_a_long_file_name_keeps_its_ending_and_fits_into_the_title_of_a_document() -> None:
    assert shortened_filename("x" * 70 + ".tar.gz") == "x" * 70 + ".tar.gz"
    name = shortened_filename('"' * 1_000 + ".tar.gz")
    assert len(name) == bounds.FILENAME_CHARS
    assert name.endswith(".tar.gz")
    assert len(attribute(name)) <= DOCUMENT_TITLE_MAX_CHARS
