import datetime as dt

import pytest
from anthropic import AsyncAnthropic
from structlog.testing import capture_logs

from bot.claude.catalogue import Catalogue
from bot.claude.prices import price_book
from bot.conversation.compose import Terms
from bot.conversation.model import Choice, ModelInfo
from bot.conversation.placeholders import Names
from bot.conversation.pricing import PriceRow
from bot.conversation.prompt import render_system
from bot.conversation.request import Parameters
from bot.conversation.server_tools import ServerToolLimits, definitions
from bot.turns.terms_resolver import HistoryBudget, TermsResolver

DEFAULT = Choice(system="Be kind.", model="claude-sonnet-5-5", effort="medium")


def choose(
    choice: Choice, *, default: Choice = DEFAULT, budget: int = 80_000, max_tokens: int = 8192
) -> Terms:
    return chooser(default, budget, max_tokens)(choice, Names())


def chooser(
    default: Choice = DEFAULT, budget: int = 80_000, max_tokens: int = 8192, *, past_step: bool = False
) -> TermsResolver:
    sdk = AsyncAnthropic(api_key="never used")
    own = {"dear": PriceRow.model_validate({"input": "100", "output": "500"})}
    return TermsResolver(
        Parameters("claude-test", max_tokens),
        default,
        HistoryBudget(budget, 0.5, past_step=past_step),
        Catalogue(sdk),
        price_book(own),
        today=lambda: dt.date(2026, 11, 22),
    )


def test_without_a_choice_the_operator_s_counts() -> None:
    terms = choose(Choice())
    assert terms.parameters == Parameters("claude-sonnet-5-5", 8192, "medium")
    assert terms.system == render_system("Be kind.")
    assert terms.prices is not None
    assert terms.prices.read == 100_000
    assert terms.trimming.high_tokens == 80_000


def test_an_empty_prompt_is_none_at_all() -> None:
    assert choose(Choice(system="")).system == render_system("")


@pytest.mark.parametrize(
    ("model", "budget", "high"),
    [
        ("claude-sonnet-5-5", 2_000_000, 1_000_000 - 8192),
        ("claude-haiku-4-5", 300_000, 200_000 - 8192),
        # Beyond 100,000 tokens the whole prompt costs five times as much.
        ("claude-haiku-5-5", 300_000, 100_000),
        ("our-own-model", 300_000, 300_000),
    ],
)
def test_the_history_is_bounded_by_the_model_and_by_its_price_step(
    model: str, budget: int, high: int
) -> None:
    terms = choose(Choice(model=model), budget=budget)
    assert terms.trimming.high_tokens == high
    assert terms.step_tokens == (100_000 if model == "claude-haiku-5-5" else None)
    assert terms.trimming.low_tokens == high // 2


def test_an_operator_may_have_the_price_step_passed() -> None:
    terms = chooser(budget=300_000, past_step=True)(Choice(model="claude-haiku-5-5"), Names())
    assert terms.trimming.high_tokens == 300_000
    assert terms.step_tokens is None


def test_no_reply_may_be_longer_than_the_model_can_write() -> None:
    assert choose(Choice(model="claude-haiku-4-5"), max_tokens=100_000).parameters.max_tokens == 64_000


def test_a_model_without_effort_is_sent_none_and_that_is_said_once() -> None:
    made = chooser()
    with capture_logs() as logs:
        assert made(Choice(model="claude-haiku-4-5"), Names()).parameters.effort is None
        assert made(Choice(model="claude-haiku-4-5"), Names()).parameters.effort is None
    (line,) = [line for line in logs if line["event"] == "choice_not_sent"]
    assert (line["model"], line["what"]) == ("claude-haiku-4-5", ("effort medium",))


def test_of_a_model_that_nobody_knows_everything_is_believed_and_no_price_known() -> None:
    terms = choose(Choice(model="our-own-model", effort="xhigh", thinking="off"))
    assert (terms.parameters.effort, terms.parameters.thinking) == ("high", "disabled")
    assert terms.prices is None
    assert terms.limit_tokens is None


def test_an_operator_s_own_price_counts() -> None:
    prices = choose(Choice(model="dear")).prices
    assert prices is not None
    assert prices.input == 100_000_000


def test_the_placeholders_of_a_prompt_become_the_names_of_the_conversation() -> None:
    names = Names("Weavers", "looms")
    terms = chooser()(Choice(system="You are in {channel} of {server}."), names)
    assert terms.system == render_system("You are in looms of Weavers.")
    default = chooser(Choice(system="Speak of {thread}.", model="claude-sonnet-5-5"))(Choice(), names)
    assert default.system == render_system("Speak of this thread.")


def test_tools_that_the_model_lacks_or_that_were_refused_are_left_out() -> None:
    sdk = AsyncAnthropic(api_key="never used")
    catalogue = Catalogue(sdk)
    tools = definitions(ServerToolLimits())
    resolver = TermsResolver(
        Parameters("claude-test", 100),
        DEFAULT,
        HistoryBudget(1000, 0.5),
        catalogue,
        price_book({}),
        refuses=lambda model, tool: (model, tool) == ("claude-sonnet-5-5", "web_fetch"),
        today=lambda: dt.date(2026, 11, 22),
    )
    catalogue._listed = {
        "claude-opus-5-5": ModelInfo("claude-opus-5-5", server_tools=frozenset({"web_search"}))
    }

    def names(model: str) -> list[str]:
        return [tool.name for tool in resolver(Choice(model=model), Names(), tools).parameters.tools]

    assert names("claude-sonnet-5-5") == ["web_search", "code_execution"]
    assert names("claude-opus-5-5") == ["web_search"]
    assert names("unknown") == ["web_search", "web_fetch", "code_execution"]
