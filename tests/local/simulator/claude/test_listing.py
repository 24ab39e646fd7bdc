"""The list of models, as the SDK pages through it."""

from __future__ import annotations

import anthropic
import pytest
from anthropic import AsyncAnthropic

from bot.local.simulator.claude.catalogue import models


async def test_the_list_holds_what_can_be_used_newest_first(sdk: AsyncAnthropic) -> None:
    page = await sdk.models.list()
    ids = [model.id for model in page.data]
    assert ids[:3] == ["claude-fable-5-2", "claude-haiku-5-5", "claude-sonnet-5-5"]
    assert {model.lifecycle for model in page.data} == {"active", "deprecated"}
    assert (page.first_id, page.last_id, page.has_more) == (ids[0], ids[-1], False)


async def test_pages_follow_one_another_without_gap_or_repeat(sdk: AsyncAnthropic) -> None:
    whole = [model.id for model in (await sdk.models.list(limit=1000)).data]
    assert [model.id async for model in sdk.models.list(limit=2)] == whole
    before = await sdk.models.list(limit=2, before_id=whole[3])
    assert ([model.id for model in before.data], before.has_more) == (whole[1:3], True)


async def test_retired_models_are_listed_on_demand(sdk: AsyncAnthropic) -> None:
    page = await sdk.models.list(lifecycle=["retired"])
    assert [model.id for model in page.data] == [
        model.id for model in models() if model.lifecycle == "retired"
    ]
    assert page.data[0].retires_at is not None


async def test_a_model_tells_its_limits_and_capabilities(sdk: AsyncAnthropic) -> None:
    model = await sdk.models.retrieve("claude-sonnet-5-5")
    assert (model.max_input_tokens, model.max_tokens, model.line) == (1_000_000, 128_000, "sonnet")
    assert model.capabilities is not None
    types = model.capabilities.thinking.types
    assert (types.adaptive.supported, types.between_tools.supported) == (True, True)
    assert (types.disabled.supported, types.enabled.supported) == (False, False)
    assert model.capabilities.effort.medium.supported
    assert model.created_at.year == 2026


async def test_an_alias_leads_to_its_model(sdk: AsyncAnthropic) -> None:
    model = await sdk.models.retrieve("claude-haiku-4-5")
    assert model.id == "claude-haiku-4-5-20251001"
    assert model.capabilities is not None
    assert not model.capabilities.effort.supported


async def test_an_unknown_model_is_not_found(sdk: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        await sdk.models.retrieve("claude-1000")
    assert caught.value.api_message == "model: claude-1000"


@pytest.mark.parametrize("limit", [0, 1001])
async def test_a_page_has_from_1_to_1000_models(sdk: AsyncAnthropic, limit: int) -> None:
    with pytest.raises(anthropic.BadRequestError):
        await sdk.models.list(limit=limit)
