"""The catalogue of models that the local Claude serves."""

from __future__ import annotations

from bot.local.simulator.claude.catalogue import find, models


def test_beyond_100k_tokens_haiku_costs_five_times_as_much() -> None:
    haiku = find("claude-haiku-5-5")
    assert haiku is not None
    prices = haiku.prices_usd_per_mtok
    assert prices.above is not None
    assert prices.above.prompt_tokens == 100_000
    assert (prices.above.input, prices.above.output) == (prices.input * 5, prices.output * 5)


def test_no_two_models_share_a_name() -> None:
    names = [name for model in models() for name in (model.id, *model.aliases)]
    assert len(set(names)) == len(names)
