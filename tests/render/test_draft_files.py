"""The files of a reply: the rest beyond the last message, long code and formulas."""

from __future__ import annotations

from bot.render.draft import Draft
from bot.render.part import FILES_MAX, Formula, TextFile
from bot.render.stack import LINES_MAX
from bot.render.style import Style
from tests.render.drafts import count_files, draft_of


def test_a_reply_of_100_kb_goes_on_in_a_file_in_its_own_words() -> None:
    text = "\n\n".join(f"Paragraph {number}: $x^{number % 10}$ <b>bold</b>." for number in range(3000))
    draft = draft_of(text, [], 2000, Style(max_messages=3))
    *_, last = draft.parts
    assert len(draft.parts) == 3
    (file,) = last.files
    assert isinstance(file, TextFile)
    assert file.name == "reply.md"
    assert text.endswith(file.text)
    shown = last.text.split("\n")
    assert shown[-1].startswith("-# ")
    first = int(file.text.removeprefix("Paragraph ").split(":")[0])
    assert shown[-2].startswith(f"Paragraph {first - 1}:")


def test_a_code_block_that_goes_on_in_the_file_is_opened_there_again() -> None:
    code = "".join(f"line {number}\n" for number in range(100))
    draft = draft_of(f"Look:\n\n~~~py\n{code}~~~\nEnd.", [], 300, Style(max_messages=2))
    (file,) = draft.parts[-1].files
    assert isinstance(file, TextFile)
    assert file.text.startswith("~~~py\nline ")
    assert file.text.endswith("line 99\n~~~\nEnd.")


def test_a_reply_that_fits_into_its_messages_needs_no_file() -> None:
    text = "word " * 700
    draft = draft_of(text, [], 2000, Style(max_messages=2))
    assert " ".join(part.text for part in draft.parts) == text.strip()
    assert [part.files for part in draft.parts] == [(), ()]


def test_a_formula_hangs_below_the_message_that_holds_it() -> None:
    text = "word " * 300 + "\n\n$$a = b$$\n\n" + "word " * 300 + "\n\n$$c = d$$"
    parts = draft_of(text).parts
    assert [part.files for part in parts] == [(Formula("a = b"),), (Formula("c = d"),)]
    assert all(file.tex in part.text for part in parts for file in part.files if isinstance(file, Formula))


def test_a_message_holds_no_more_than_ten_files_and_none_is_lost() -> None:
    text = "\n\n".join(f"```\n{number}\n2\n3\n4\n```" for number in range(25))
    for style in (Style(3), Style(3, max_messages=8)):
        parts = draft_of(text, [], 2000, style).parts
        assert [len(part.files) for part in parts] == [9, 9, 7]
    last = draft_of(text, [], 2000, Style(3, max_messages=2)).parts[-1]
    assert len(last.files) == FILES_MAX
    assert isinstance(last.files[-1], TextFile)
    assert last.files[-1].text.strip().startswith("```\n18\n")


def test_formulas_in_running_text_end_no_message_as_they_are_one_picture() -> None:
    steps = " ".join(
        f"Step {each}: we have $$x_{{{each}}} = {each} + y$$ because of that," for each in range(25)
    )
    (part,) = draft_of(f"Derivation. {steps} and so it ends.").parts
    assert part.text.endswith("and so it ends.")
    assert len(part.files) == 25
    assert count_files(part) == 1


def test_more_formulas_than_a_picture_holds_make_another_picture_and_at_last_another_message() -> None:
    text = " ".join(f"$$x={number}$$" for number in range(FILES_MAX * LINES_MAX))
    first, second = draft_of(text, [], 4000).parts
    assert count_files(first) == FILES_MAX - 1
    assert [file.tex for file in (*first.files, *second.files) if isinstance(file, Formula)] == [
        f"x={number}" for number in range(FILES_MAX * LINES_MAX)
    ]


def test_code_that_may_become_a_file_is_shown_while_it_comes() -> None:
    code = "".join(f"line {number}\n" for number in range(15))
    draft = Draft(2000, Style(code_file_lines=20))
    draft.push(f"```py\n{code}")
    assert draft.parts[0].text.endswith("line 9\n… (15 lines so far)\n```")
    draft.push(code)
    assert draft.parts[0].text.endswith("line 9\n… (30 lines so far)\n```")
    assert not draft.parts[0].files
    draft.push("```\n")
    assert draft.parts[0].files == (TextFile("code.py", code * 2),)
