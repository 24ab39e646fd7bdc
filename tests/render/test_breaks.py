"""Where replies break, by example."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.render.layout import Layout
from tests.render.discord import stray
from tests.render.laid_out import CLINGING, LOREM, parts, shown
from tests.render.test_layout import is_sendable, open_fence
from tests.render.whole import lay_out, put_together

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.md"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
@pytest.mark.parametrize("limit", [300, 600, 2000])
def test_a_real_looking_reply_is_whole_and_balanced_letter_by_letter(path: Path, limit: int) -> None:
    text = path.read_text()
    draft = Layout(limit)
    for char in text:
        draft.push(char)
        part = (draft.texts or ("x",))[-1]
        assert is_sendable(part, limit)
        assert not open_fence(part)
    draft.finish()
    assert put_together(text, draft.pieces) is None
    assert draft.texts == parts(text, limit)


@pytest.mark.parametrize("text", CLINGING)
def test_emphasis_that_ends_in_punctuation_ends_before_a_letter_too(text: str) -> None:
    draft = Layout(200)
    for char in text:
        draft.push(char)
        assert not any(stray(part) for part in draft.texts), draft.texts
    draft.finish()
    assert draft.texts == (text,)


def test_a_reply_that_fits_is_one_message() -> None:
    text = ("x" * 99 + "\n") * 20
    assert parts(text, 2000) == (text.strip(),)
    assert len(parts(text + "y", 2000)) == 2


def test_length_counts_as_the_stricter_of_discord_s_two_ways() -> None:
    assert [len(part) for part in parts("𝒳" * 1000, 2000)] == [1000]
    assert [len(part.encode("utf-16-le")) // 2 <= 2000 for part in parts("𝒳" * 1001, 2000)] == [True, True]


def test_a_blank_reply_is_no_message() -> None:
    assert parts("") == parts(" \n\t ") == parts("\u200b\n") == ()


def test_blocks_are_better_than_lines_and_lines_than_sentences() -> None:
    paragraph = f"{LOREM}\n{LOREM}".strip()
    assert parts(f"{paragraph}\n\n{paragraph}", 200) == (paragraph, paragraph)
    lines = [LOREM.strip() * 2, LOREM.strip()]
    assert parts("\n".join(lines), 160) == tuple(lines)


def test_a_long_paragraph_breaks_after_a_sentence() -> None:
    assert all(part.endswith("elitr.") for part in parts(LOREM * 20, 200))


def test_a_sentence_does_not_end_after_an_abbreviation_or_a_number() -> None:
    text = "Some animals, e.g. cats and dogs, weigh more than 3. Others, " * 5
    assert not any(part.endswith(("e.g.", "3.")) for part in parts(text, 200))


def test_a_long_sentence_breaks_between_words() -> None:
    text = "word " * 200
    assert " ".join(parts(text, 200)) == text.strip()


def test_a_long_word_gives_way_to_a_break_before_it() -> None:
    url = "https://example.com/" + "a" * 170
    assert parts(f"see this one: {url}", 200) == ("see this one:", url)


def test_a_word_longer_than_a_message_is_cut_and_nothing_is_lost() -> None:
    assert "".join(parts("x" * 1000, 200)) == "x" * 1000


def test_text_without_blanks_breaks_between_characters_but_not_before_a_comma() -> None:
    text = "日本語、" * 100
    cut = parts(text, 200)
    assert "".join(cut) == text
    assert not any(part.startswith("、") for part in cut)


@pytest.mark.parametrize("cluster", ["👨‍👩‍👧‍👦", "🇩🇪", "e\u0301\u0323", "👍🏽", "क्ष", "각", "1️⃣", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"])
def test_what_a_reader_sees_as_one_character_is_not_torn(cluster: str) -> None:
    for part in parts("x" + cluster * 200, 200):
        assert part.lstrip("x") == cluster * (len(part.lstrip("x")) // len(cluster))


def test_a_fence_cut_in_two_is_reopened_in_its_language() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(30))
    cut = parts(f"Look:\n\n```python\n{code}\n```\nDone.", 200)
    assert len(cut) > 2
    assert all(part.endswith("\n```") for part in cut[:-1])
    assert all(part.startswith("```python\n") for part in cut[1:])
    body = "\n".join(part.removeprefix("Look:\n\n").removesuffix("\nDone.")[10:-4] for part in cut)
    assert body == code


@pytest.mark.parametrize(("marker", "prefix"), [("````", ""), ("~~~", ""), ("```", "> ")])
def test_a_fence_is_reopened_with_its_own_marker_and_quote(marker: str, prefix: str) -> None:
    lines = [f"{marker}rust", *(f"let x{n} = {n};" for n in range(30)), marker]
    cut = parts("\n".join(prefix + line for line in lines), 200)
    assert all(part.startswith(f"{prefix}{marker}rust\n{prefix}let") for part in cut)
    assert all(part.endswith(f"\n{prefix}{marker}") for part in cut)


def test_a_fence_in_a_list_keeps_the_indentation_of_its_code() -> None:
    lines = ["1. Do this:", "   ```yaml", *(f"   key_{n}: {n}" for n in range(30)), "   ```", "2. Done"]
    cut = parts("\n".join(lines), 200)
    assert all(part.startswith("```yaml\n   key_") for part in cut[1:])
    assert all(part.endswith("\n   ```") for part in cut[:-1])


def test_a_fence_far_to_the_right_ends_where_it_ends_also_at_the_start_of_a_message() -> None:
    item = f"- {LOREM}\n  - {LOREM}\n\n"
    code = "      ```py\n      x = 1\n      ```\n\n"
    for text in (f"{item}{code}{LOREM * 8}", f"{LOREM * 3}\n\n{code}{LOREM * 8}"):
        for deltas in (1, len(text)):
            draft = Layout(200)
            for start in range(0, len(text), len(text) // deltas):
                draft.push(text[start : start + len(text) // deltas])
            draft.finish()
            assert sum(part.count("```") for part in draft.texts) == 2
            assert draft.texts == parts(text, 200)


def test_blank_lines_and_indentation_of_code_survive_a_break() -> None:
    code = "def f():\n    one = 1\n\n\n    return one\n\n" * 10
    draft = lay_out(f"```\n{code}```", [], 200)
    bodies = [piece.body for piece in draft.pieces]
    assert "\n".join(bodies) == f"```\n{code}```"


def test_a_fence_that_closes_right_after_a_break_is_not_reopened_for_nothing() -> None:
    for length in range(120, 200):
        cut = parts(f"```\n{'x ' * (length // 2)}\n```\n\nAfter it.", 200)
        assert not any("```\n```" in part or part.startswith("```\n\n") for part in cut), cut


def test_an_unclosed_fence_is_closed_at_the_end() -> None:
    assert parts("```py\nx = 1") == ("```py\nx = 1\n```",)
    assert parts("> ```py\n> x = 1\n\n") == ("> ```py\n> x = 1\n> ```",)


def test_emphasis_is_kept_whole_if_there_is_another_place() -> None:
    text = "Some words first. " * 6 + "**and then a bold sentence that goes on and on until it ends**. " * 2
    assert not any(part.count("**") % 2 for part in parts(text, 200))
    assert "".join(parts(text, 200)).count("**") == 4


def test_a_link_is_kept_whole() -> None:
    text = "word " * 30 + "[a label of several words](https://example.com/some/long/path) " + "word " * 30
    assert any(
        "[a label of several words](https://example.com/some/long/path)" in part for part in parts(text, 200)
    )


def test_a_heading_stays_with_what_it_heads() -> None:
    cut = parts(f"{LOREM * 2}\n\n## Heading\n\n{LOREM * 2}", 200)
    assert cut[1].startswith("## Heading")


def test_what_leads_on_with_a_colon_stays_with_its_list() -> None:
    cut = parts(f"{LOREM * 2}\n\nThese are three:\n\n- {LOREM}\n- {LOREM}\n- {LOREM}", 200)
    assert cut[1].startswith("These are three:")


def test_a_list_breaks_between_its_outer_items() -> None:
    item = "- outer item with some words\n  - inner item with some words\n  - inner item\n"
    assert all(part.startswith("- outer") for part in parts(item * 10, 200))


def test_a_broken_quote_goes_on_as_a_quote() -> None:
    assert all(part.startswith("> ") for part in parts("> " + LOREM * 10, 200))


def test_a_message_does_not_end_with_the_mark_of_an_empty_line_of_a_quote() -> None:
    text = "\n> \n".join(f"> {LOREM * 2}" for _ in range(12))
    for part in parts(text, 300):
        assert not stray(part), part
        assert part.endswith("elitr.")
    assert shown("> one\n> \n> ") == ("> one",)
    assert parts("> one\n> \n> ") == ("> one",)


def test_a_break_makes_no_heading_list_or_quote_of_what_is_none() -> None:
    for start in ("# ", "- ", "> ", "1. ", "```", "| "):
        for part in parts(f"some words and then {start}" * 30, 200)[1:]:
            assert not part.startswith(start.strip()), part


def test_ten_thousand_backticks_go_through() -> None:
    cut = parts("`" * 10_000, 2000)
    assert "".join(cut).replace("\\", "") == "`" * 10_000
    assert not any(open_fence(part) for part in cut)


def test_the_beginning_of_a_line_of_backticks_opens_no_code_block() -> None:
    text = "```" + "x" * 90 + "`" * 70
    cut = parts(text, 160)
    assert "".join(cut).replace("\\", "") == text
    assert not any(open_fence(part) for part in cut)


def test_a_layout_that_is_finished_takes_nothing_more() -> None:
    draft = lay_out("text", [], 200)
    draft.finish()
    with pytest.raises(ValueError, match="finished"):
        draft.push("x")


def test_a_limit_too_small_for_a_fence_is_refused() -> None:
    with pytest.raises(ValueError, match="160"):
        Layout(100)
