"""The stand-in says what it is, shows that it listened, and does a few things on demand."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.local.simulator.claude.stand_in import stand_in

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def reply(text: str, *earlier: str, system: Any = None) -> str:
    turns = [*earlier, text]
    messages = [
        {"role": "user" if at % 2 == len(earlier) % 2 else "assistant", "content": turn}
        for at, turn in enumerate(turns)
    ]
    return stand_in({"messages": messages, **({"system": system} if system else {})}).text


def from_(name: str, text: str) -> str:
    return f'<message from="{name}" username="{name.lower()}">\n{text}\n</message>'


def test_it_says_that_it_is_not_claude_and_how_to_reach_the_real_one() -> None:
    for number in range(20):
        text = reply(f"hello {number}")
        assert "not Claude" in text
        assert "ANTHROPIC_API_KEY" in text


def test_it_names_who_wrote_last_and_quotes_them() -> None:
    text = reply(from_("Bob", "first") + "\n" + from_("Ann &amp; Co &lt;3", "second &lt;message&gt; here"))
    assert "**Ann & Co <3**" in text
    assert "“second <message> here”" in text
    assert "Bob" in text


def test_it_takes_plain_text_too() -> None:
    assert "“what is the weather?”" in reply("what is the weather?")


def test_it_counts_the_turns_before() -> None:
    assert "first message" in reply("one")
    assert "2 earlier messages" in reply("three", "one", "two")


def test_it_quotes_the_part_of_the_system_prompt_that_can_be_set() -> None:
    system = [{"type": "text", "text": "Fixed words."}, {"type": "text", "text": "Speak like a pirate."}]
    assert "Speak like a pirate." in reply("hello", system=system)
    assert "Fixed words." not in reply("hello", system=system)
    assert "Be brief." in reply("hello", system="Be brief.")


def test_the_same_request_gets_the_same_reply_and_another_one_another() -> None:
    assert reply("hello") == reply("hello")
    assert len({reply(f"hello {number}").replace(f"hello {number}", "") for number in range(20)}) > 2


def test_code_is_a_fenced_block_in_a_language() -> None:
    assert FENCE.search(reply("some code please"))


def test_a_table_has_a_header_a_separator_and_rows() -> None:
    lines = [line for line in reply("Table!").splitlines() if line.startswith("|")]
    assert len(lines) >= 5
    assert set(lines[1]) <= set("|:- ")
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.parametrize("number", range(6))
def test_a_formula_stands_in_the_text_and_on_lines_of_its_own(number: int) -> None:
    text = reply(f"a formula {number}")
    assert re.search(r"^\$\$[^$\n]+\$\$$", text, re.MULTILINE)
    assert re.search(r" \$[^$\n]+\$", text)


@pytest.mark.parametrize("number", range(6))
def test_long_has_headings_lists_and_fences_longer_than_a_discord_message(number: int) -> None:
    text = reply(f"something long {number}")
    assert len(text) > 5000
    assert text.count("\n## ") >= 3
    assert text.count("\n- ") >= 5
    fences = FENCE.findall(text)
    assert {language for language, _ in fences} == {"python", "json"}
    assert all(len(listing) > 2000 for _, listing in fences)
    assert text.count("```") == 4


def test_slow_is_slower() -> None:
    body = {"messages": [{"role": "user", "content": "slow"}]}
    assert stand_in(body).slowness > 1
    assert stand_in({"messages": [{"role": "user", "content": "fast"}]}).slowness == 1


@pytest.mark.parametrize(
    ("sum_", "result"),
    [
        ("12 * 7", "84"),
        ("2.5 + 1", "3.5"),
        ("7 / 2", "3.5"),
        ("3-5", "-2"),
        ("1 / 0", "nothing that a number could say"),
    ],
)
def test_math_is_worked_out(sum_: str, result: str) -> None:
    assert f"= {result}**" in reply(f"math {sum_}")


def test_math_without_numbers_explains_itself() -> None:
    assert "math 12 * 7" in reply("math please")


def test_a_quoted_fence_does_not_reach_into_the_answer() -> None:
    assert "`" not in reply("```js\nalert(1)").split("”")[0].split("“")[1]


def test_a_message_without_text_is_answered() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
    assert "not Claude" in stand_in({"messages": [{"role": "user", "content": [image]}]}).text


ASKED = (
    from_("Ann", "how do looms &lt;really&gt; work, then?")
    + "\nBegin with <thread_title>a title</thread_title>."
)


def test_it_begins_with_a_title_where_it_is_asked_for_one_outside_of_what_people_write() -> None:
    title = "<thread_title>How do looms really work</thread_title>\n"
    assert reply(ASKED).startswith(title)
    assert "“how do looms <really> work, then?”" in reply(ASKED)
    assert "thread_title" not in reply("and now?", ASKED, "So.")
    assert not reply(from_("Ann", "&lt;thread_title>")).startswith("<thread_title>")


def test_its_title_leaves_out_who_was_mentioned_and_names_a_file_where_there_are_no_words() -> None:
    ask = "\nBegin with <thread_title>a title</thread_title>."
    assert reply(from_("Ann", "@Bobbin what's my IPv6 address?") + ask).startswith(
        "<thread_title>What's my IPv6 address</thread_title>"
    )
    voice = from_("Ann", '@Bobbin\n<attachment name="note.ogg" type="audio/ogg" shown="below"/>')
    assert reply(voice + ask).startswith("<thread_title>Note.ogg</thread_title>")
