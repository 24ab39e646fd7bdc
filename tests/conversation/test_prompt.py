"""What Claude is sent."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.prompt import (
    CONTINUE,
    MAX_THREAD_NAME_CHARS,
    PREAMBLE,
    render_messages,
    render_system,
    thread_name,
    thread_name_of_title,
)
from bot.conversation.turn import UNSENT, Outcome, Turn
from tests.conversation.builders import asking, texts, turn

outcomes: st.SearchStrategy[Outcome] = st.sampled_from(get_args(Outcome))
histories = st.lists(outcomes, max_size=8).map(
    lambda kinds: [turn(i, user=f"q{i}", reply=f"a{i}", outcome=kind) for i, kind in enumerate(kinds)]
)


@given(histories)
def test_whatever_became_of_the_turns_the_request_is_valid(history: list[Turn]) -> None:
    messages = render_messages(history, asking("new"))
    assert [m.role for m in messages] == ["user", "assistant"] * (len(messages) // 2) + ["user"]
    assert all(text.strip() for m in messages for text in texts(m))
    assert texts(messages[-1])[-1] == "new"


@given(histories)
def test_a_message_whose_answer_failed_is_still_in_what_claude_reads(history: list[Turn]) -> None:
    messages = render_messages(history, asking("new"))
    sent = [text for m in messages if m.role == "user" for text in texts(m)]
    assert sent == [t.user for t in history if t.outcome not in UNSENT] + ["new"]


@given(histories)
def test_a_request_begins_with_every_byte_of_the_one_before(history: list[Turn]) -> None:
    before = render_messages(history, asking("now"))
    after = render_messages([*history, turn(9, user="now", reply="done")], asking("next"))
    assert after[: len(before)] == before


@given(histories)
def test_a_continued_reply_is_sent_in_the_pieces_it_came_in_and_each_request_extends_the_one_before(
    history: list[Turn],
) -> None:
    cut_short = turn(8, user="count", parts=("one, ",))
    first = render_messages(history, asking("count"))
    second = render_messages(history, (*cut_short.sent, CONTINUE))
    cut_again = turn(8, user="count", parts=("one, ", "two, "))
    third = render_messages(history, (*cut_again.sent, CONTINUE))
    done = turn(8, user="count", parts=("one, ", "two, ", "three"))
    fourth = render_messages([*history, done], asking("thanks"))
    for before, after in ((first, second), (second, third), (third, fourth)):
        assert after[: len(before)] == before
    assert [m.role for m in fourth[len(first) - 1 :]] == ["user", "assistant"] * 3 + ["user"]
    order = texts(CONTINUE)
    assert [texts(m) for m in third[len(first) :]] == [("one, ",), order, ("two, ",), order]


def test_the_system_prompt_is_constant_and_comes_first() -> None:
    assert render_system("Be a pirate.") == (PREAMBLE, "Be a pirate.")
    assert render_system(" ") == (PREAMBLE,)


@given(st.text(max_size=400), st.text(min_size=1, max_size=40))
def test_a_thread_always_gets_a_name_that_discord_takes(text: str, author: str) -> None:
    name = thread_name(text, author)
    assert 1 <= len(name) <= MAX_THREAD_NAME_CHARS
    assert "\n" not in name
    assert name.strip() == name


def test_a_thread_is_named_from_the_first_line() -> None:
    assert thread_name("\n ## How do looms work?\nI wonder.", "Ann") == "How do looms work?"
    assert thread_name("  ", "Ann") == "Chat with Ann"


def test_security_a_threads_name_tells_no_spoiler() -> None:
    assert thread_name("who is ||the killer||?", "Ann") == "who is  ?"
    assert thread_name("||two\nlines|| and more", "Ann") == "and more"
    assert thread_name("||all of it||", "Ann") == "Chat with Ann"


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("<>@#:1|*`~_\n")), max_size=150))
def test_a_title_makes_a_name_that_discord_takes_or_none(title: str) -> None:
    name = thread_name_of_title(title)
    assert name is None or (1 <= len(name) <= MAX_THREAD_NAME_CHARS and name == name.strip())
    assert name is None or "\n" not in name


def test_security_a_name_made_of_a_title_is_one_line_without_markup_mentions_and_spoilers() -> None:
    assert thread_name_of_title(" **How** `looms` work ") == "How looms work"
    assert thread_name_of_title("# Looms\u200b and\tshuttles") == "Looms and shuttles"
    assert thread_name_of_title("<@12> and <@!12> ask <#3> <@&4> <a:wave:5> <t:1:R>") == "and ask :wave:"
    assert thread_name_of_title("Who is ||the killer||?") == "Who is ?"
    assert thread_name_of_title("snake_case and 2 * 3") == "snake_case and 2 * 3"
    assert thread_name_of_title("||all||") is None
    assert thread_name_of_title(" \u200b ") is None
    assert len(thread_name_of_title("word " * 40) or "") <= MAX_THREAD_NAME_CHARS
