import datetime as dt

import pytest

from bot.claude.models import TABLE
from bot.claude.prices import price_book
from bot.commands import model_view
from bot.conversation.model import Choice, Fit, ModelInfo, fit
from bot.conversation.pricing import Prices
from bot.conversation.scope import Scope

TODAY = dt.date(2026, 11, 22)
BOOK = price_book()
DEFAULT = Choice(system="Be kind.", model="claude-haiku-5-5", effort="medium")


def prices(model: str) -> Prices | None:
    return BOOK.of(model, TODAY)


def shown(by_scope: dict[Scope, Choice], info: ModelInfo, sent: Fit) -> str:
    return model_view.shown(
        by_scope, DEFAULT, info, prices(info.id), sent, successor="claude-next", today=TODAY
    )


def test_the_default_is_shown_with_its_price_and_where_that_rises() -> None:
    info = TABLE["claude-haiku-5-5"]
    assert shown({Scope.THREAD: Choice()}, info, fit(info, "medium", None)).splitlines() == [
        "**claude-haiku-5-5** answers here (the default of this bot).",
        "Effort: medium (the default of this bot).",
        "A million tokens cost $0.10 in, $0.01 from the cache, $0.50 out; $0.50, $0.05 and $2.50 where a "
        "request has more than 100,000.",
    ]


def test_each_thing_names_the_place_where_it_was_chosen() -> None:
    info = TABLE["claude-haiku-5-5"]
    by_scope = {
        Scope.THREAD: Choice(thinking="off"),
        Scope.CHANNEL: Choice(),
        Scope.SERVER: Choice(effort="low"),
    }
    lines = shown(by_scope, info, fit(info, "low", "off")).splitlines()
    assert "Effort: low (set for this server)." in lines
    assert "Thinking: off (set for this thread)." in lines


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (
            ModelInfo("m", retires=dt.date(2026, 11, 30)),
            "It ends on 2026-11-30. claude-next takes its place.",
        ),
        (
            ModelInfo("m", retires=dt.date(2026, 1, 1), lifecycle="retired"),
            "m was retired on 2026-01-01 and no longer answers. claude-next takes its place.",
        ),
    ],
)
def test_the_end_of_a_model_is_shown_with_its_successor(info: ModelInfo, words: str) -> None:
    assert words in shown({Scope.THREAD: Choice(model="m")}, info, Fit(None, None))


def test_no_more_is_offered_than_an_autocompletion_holds() -> None:
    many = [ModelInfo(f"claude-{number}", name="Claude" + "x" * 200) for number in range(40)]
    found = model_view.offered(many, {}, "")
    assert len(found) == 25
    assert all(len(name) <= 100 for name, _ in found)
    assert model_view.offered([ModelInfo("x" * 101)], {}, "") == []


def test_what_was_typed_is_looked_for_word_by_word_in_name_and_id() -> None:
    known = list(TABLE.values())
    assert [value for _, value in model_view.offered(known, {}, "OPUS 5.5")] == ["claude-opus-5-5"]
    assert [value for _, value in model_view.offered(known, {}, "sonnet-4-6")] == ["claude-sonnet-4-6"]


def test_a_model_that_cannot_be_chosen_is_refused_with_what_to_choose_instead() -> None:
    assert model_view.unknown("m", ["claude-a", "claude-b"]).endswith("Did you mean: claude-a, claude-b?")
    assert model_view.unknown("m", []).endswith("Choose one that /model set lists.")
    assert model_view.NOT_OFFERED.endswith("Choose one that /model set lists.")
