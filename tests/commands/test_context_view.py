from dataclasses import replace

import pytest

from bot.commands.context_view import FILES_MAX, SUMMARY_GONE, given_back, options, shown, taken_out
from bot.conversation.content import Text
from bot.conversation.context_view import ContextView, Part
from bot.conversation.history_files import HistoryFile
from bot.conversation.lifetime import Cached

PLAIN = ContextView(
    model="claude-sonnet-5-5",
    turns=12,
    pinned=0,
    trimmed=0,
    first=1,
    tokens=6000,
    estimated=0,
    budget=80_000,
    parts=(Part("system", 400, 0.005), Part("history", 5600, 0.07), Part("free", 74_000, 0.925)),
    cached=Cached(5000),
    summary="",
)


def test_a_whole_conversation_is_shown_as_a_picture_with_its_sizes() -> None:
    text, files = shown(PLAIN, link="https://x", cost_micro_usd=23_400, unpriced=0)
    assert files == []
    head, picture, rest = text.split("```")
    assert head == "**What Claude sees here** (claude-sonnet-5-5)\n"
    assert picture == f"text\n{PLAIN.picture}\n"
    assert rest.splitlines() == [
        "6,000 of 80,000 tokens (8%).",
        "It is the whole conversation: 12 turns.",
        "Cache: warm. The next message reads 5,000 tokens at a fraction of the price.",
        "Cost so far: $0.0234.",
    ]


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (
            replace(PLAIN, trimmed=3),
            "It is the latest 12 turns, beginning [here](https://x). "
            "Of what came before, 3 turns are no longer seen.",
        ),
        (
            replace(PLAIN, trimmed=2, pinned=1, turns=2, summary="Looms."),
            "It is the latest turn, beginning [here](https://x). 1 pinned turn from before that is also seen. "
            "Of what came before, 1 turn is seen only through the summary.",
        ),
        (
            replace(PLAIN, trimmed=4, pinned=1, turns=1, first=None, summary="Looms."),
            "None of the latest turns is seen. 1 pinned turn from before is also seen. "
            "Of what came before, 3 turns are seen only through the summary.",
        ),
        (
            replace(PLAIN, returning=2, leaving=1),
            "Pins: at the next trim 2 pinned turns come back and 1 turn that is no longer",
        ),
        (replace(PLAIN, crowded=1), "1 pinned turn more would not fit into the space for pins."),
        (replace(PLAIN, tokens=81_000), "(101%). The next message leaves out the oldest turns."),
        (replace(PLAIN, turns=0, first=None), "Nothing has been said yet."),
        (replace(PLAIN, estimated=240), "6,000 of 80,000 tokens (8%), of which 240 are estimated."),
        (replace(PLAIN, cached=Cached()), "Cache: cold. The next message pays the full price for all of it."),
        (replace(PLAIN, summary="Of ``` looms."), "```text\nOf ``\u200b` looms.\n```"),
    ],
)
def test_what_is_out_of_the_ordinary_is_said(view: ContextView, words: str) -> None:
    text, files = shown(view, link="https://x", cost_micro_usd=0, unpriced=0)
    assert words in text
    assert files == []


def test_what_nobody_knows_the_cost_of_is_said() -> None:
    text, _ = shown(PLAIN, link=None, cost_micro_usd=1_500_000, unpriced=2)
    assert text.endswith("Cost so far: at least $1.50, because 2 requests could not be fully priced.")


@pytest.mark.parametrize("chars", [1000, 1200, 1600, 4000])
def test_the_summary_is_shown_whole_however_long_it_is(chars: int) -> None:
    summary = "``` " + "x" * chars
    text, files = shown(
        replace(PLAIN, trimmed=9999, pinned=99, estimated=99_999, summary=summary),
        link="https://discord.com/channels/" + "9" * 62,
        cost_micro_usd=10**12,
        unpriced=9999,
    )
    assert len(text) <= 2000
    if files:
        assert files[0].fp.read().decode() == summary
        assert text.endswith("\nThe summary of what came before is attached.")
    else:
        assert text.endswith("x" * chars + "\n```")
    assert bool(files) is (chars > 1200)


def test_without_a_cache_that_is_said() -> None:
    text, _ = shown(PLAIN, link=None, cost_micro_usd=0, unpriced=0, caches=False)
    assert "Cache: off." in text


def test_what_somebody_wrote_in_vain_is_given_back() -> None:
    text, files = given_back(SUMMARY_GONE, "They spoke of ``` wheels.")
    assert text == f"{SUMMARY_GONE} What you wrote:\n```text\nThey spoke of ``\u200b` wheels.\n```"
    assert files == []
    assert given_back(SUMMARY_GONE, " ") == (SUMMARY_GONE, [])


@pytest.mark.parametrize("chars", [1800, 1900, 2000, 4000])
def test_what_somebody_wrote_at_length_is_given_back_whole(chars: int) -> None:
    text, files = given_back(SUMMARY_GONE, "x" * chars)
    assert len(text) <= 2000
    assert text.count("x" * chars) + sum(file.fp.read() == b"x" * chars for file in files) == 1


def a_file(name: str = "loom.png", tokens: int = 2352, key: str = "k") -> HistoryFile:
    return HistoryFile(name, "picture", tokens, 10, 10, key, Text("x"))


def test_files_are_listed_with_their_share_of_the_budget() -> None:
    text, _ = shown(replace(PLAIN, files=(a_file(),)), link=None, cost_micro_usd=0, unpriced=0)
    assert "- `loom.png`: picture, 2,352 tokens (3%)\n" in text


def test_more_files_than_have_room_are_summed_up_and_all_of_them_can_be_chosen() -> None:
    files = tuple(a_file("`" * 50 + "x" * 200, 100, str(number)) for number in range(FILES_MAX + 3))
    view = replace(PLAIN, trimmed=9999, pinned=99, estimated=99_999, files=files)
    text, _ = shown(view, link="https://discord.com/channels/" + "9" * 62, cost_micro_usd=10**12, unpriced=9)
    assert "- 3 smaller files: 300 tokens" in text
    assert len(text) < 2000
    offered = options(view)
    assert len({each.value for each in offered}) == len(files)
    assert max(len(each.label) for each in offered) <= 100


def test_what_is_taken_out_is_said_with_when_it_counts() -> None:
    assert "no longer sees it from the next reply on" in taken_out(a_file(), seen=True, busy=False)
    assert "after the reply that is being written" in taken_out(a_file(), seen=True, busy=True)
    assert "no longer saw it anyway" in taken_out(a_file(), seen=False, busy=False)
