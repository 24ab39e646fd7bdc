import pytest

from bot.conversation.context import Share, View
from bot.gateway.context_answers import shown

NAMES = ("system prompt", "summary", "pinned", "history", "room left")


def looked(sizes: tuple[int, ...] = (400, 0, 0, 5600, 74_000), **changes: object) -> View:
    plain: dict[str, object] = {
        "model": "claude-sonnet-5-5",
        "shares": tuple(Share(name, size) for name, size in zip(NAMES, sizes, strict=True)),
        "budget": 80_000,
        "used": 6000,
        "estimated": 0,
        "turns": 12,
        "pinned": 0,
        "trimmed": 0,
        "first": 1,
        "cached": 5000,
        "caches": True,
        "summary": "",
    }
    return View(**{**plain, **changes})  # type: ignore[arg-type]


def test_a_whole_conversation_is_shown_as_a_picture_with_its_sizes() -> None:
    text = shown(looked(), link="https://x", cost_micro_usd=23_400, unpriced=0)
    assert text.splitlines() == [
        "**What Claude sees here** (claude-sonnet-5-5)",
        "🟦🟩⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜⬜",
        "🟦 system prompt 400 · 🟩 history 5,600 · ⬜ room left 74,000",
        "6,000 of 80,000 tokens (8 percent).",
        "It is the whole conversation: 12 turns.",
        "Cache: warm. The next message reads 5,000 tokens at a fraction of the price.",
        "Cost so far: $0.0234.",
    ]


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (
            looked(trimmed=3),
            "It is the latest 12 turns, beginning [here](https://x). "
            "Of what came before, 3 turns are not seen any more.",
        ),
        (
            looked(trimmed=1, pinned=1, turns=1, summary="Looms."),
            "It is the latest 1 turn, beginning [here](https://x). 1 pinned turn from before that is kept. "
            "Of what came before, 1 turn is known by its summary alone.",
        ),
        (looked(turns=0, first=None), "Nothing has been said yet."),
        (looked(estimated=240), "6,000 of 80,000 tokens (8 percent), of which 240 are estimated."),
        (looked(cached=0), "Cache: cold. The next message pays the full price for all of it."),
        (looked(caches=False), "Cache: off."),
        (looked(summary="Of ``` looms."), "```text\nOf `\u200b`` looms.\n```"),
    ],
)
def test_what_is_out_of_the_ordinary_is_said(view: View, words: str) -> None:
    assert words in shown(view, link="https://x", cost_micro_usd=0, unpriced=0)


def test_what_nobody_knows_the_cost_of_is_said() -> None:
    text = shown(looked(), link=None, cost_micro_usd=1_500_000, unpriced=2)
    assert text.endswith("Cost so far: $1.50 and 2 requests of which the cost is not known.")


def test_the_longest_answer_fits_into_a_message() -> None:
    text = shown(
        looked(trimmed=9999, pinned=99, estimated=99_999, summary="x" * 9000),
        link="https://discord.com/channels/" + "9" * 62,
        cost_micro_usd=10**12,
        unpriced=9999,
    )
    assert len(text) <= 2000
