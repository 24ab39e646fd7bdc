from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from bot.claude.client import Claude
from bot.claude.models import TABLE
from bot.conversation import error_wording
from bot.conversation.errors import ClaudeModelUnknown
from bot.conversation.request import Request
from bot.local.simulator.claude import Claude as Simulator
from tests.claude.conftest import changed
from tests.claude.server import Server, refusal
from tests.claude.test_models import MODEL, answer, described, listing

DAY = dt.timedelta(days=1)


class Calendar:
    def __init__(self, today: dt.date) -> None:
        self.today = today

    def __call__(self) -> dt.date:
        return self.today


def ending(model: str, day: str, lifecycle: str = "deprecated") -> dict[str, object]:
    return described(id=model, lifecycle=lifecycle, retires_at=f"{day}T00:00:00Z")


async def test_the_catalogue_of_the_local_claude_is_read_whole() -> None:
    async with Simulator() as simulator, _client(simulator.base_url) as claude:
        await claude.check_model("claude-haiku-4-5")
        catalogue = claude.catalogue
        assert catalogue.complete
        assert [info.id for info in catalogue.models()][:2] == ["claude-fable-5-2", "claude-haiku-5-5"]
        assert "claude-3-5-haiku-20241022" not in [info.id for info in catalogue.models()]
        retired = catalogue.find("claude-3-5-haiku-20241022")
        assert retired is not None
        assert retired.retired
        sonnet = catalogue.find("claude-sonnet-5-5")
        assert sonnet is not None
        assert sonnet.thinking == ("adaptive", "between_tools")
        alias = catalogue.find("claude-sonnet-4-5")
        assert alias is not None
        assert alias.retires == dt.date(2026, 11, 30)


async def test_the_table_says_what_the_local_claude_says() -> None:
    async with Simulator() as simulator, _client(simulator.base_url) as claude:
        await claude.check_model("claude-sonnet-5-5")
        for id_, shipped in TABLE.items():
            listed = claude.catalogue.find(id_)
            assert listed is not None
            assert (listed.context_tokens, listed.output_tokens, listed.efforts, listed.line) == (
                shipped.context_tokens,
                shipped.output_tokens,
                shipped.efforts,
                shipped.line,
            )
            assert set(listed.thinking or ()) == set(shipped.thinking or ())


async def test_a_list_of_several_pages_is_read_to_its_end(server: Server, claude: Claude) -> None:
    first = {"data": [described()], "has_more": True, "last_id": MODEL}
    server.models["/v1/models"] = answer(first)
    # The server knows no cursor and gives the same page for ever.
    await claude.catalogue.refresh()
    assert [info.id for info in claude.catalogue.models()] == [MODEL]


async def test_a_catalogue_that_cannot_be_read_again_stays_as_it_was(server: Server, claude: Claude) -> None:
    server.models["/v1/models"] = listing(described(id="claude-novel-7"))
    await claude.catalogue.refresh()
    server.models["/v1/models"] = refusal(500, "api_error")
    with capture_logs() as logs:
        await claude.catalogue.refresh()
    assert [line["event"] for line in logs] == ["catalogue_not_read"]
    assert [info.id for info in claude.catalogue.models()] == ["claude-novel-7"]


async def test_without_a_models_api_the_table_is_used(claude: Claude) -> None:
    with capture_logs() as logs:
        await claude.catalogue.refresh()
    assert len(logs) == 1
    assert not claude.catalogue.complete
    assert {info.id for info in claude.catalogue.models()} == set(TABLE)


async def test_the_end_of_a_model_is_near_from_60_days_before(
    server: Server, connect: Callable[..., Claude]
) -> None:
    calendar = Calendar(dt.date(2027, 3, 1) - 61 * DAY)
    catalogue = connect(today=calendar).catalogue
    near = described(lifecycle="active", retires_at="2027-03-01T00:00:00Z")
    server.models["/v1/models"] = listing(near, ending("claude-unused-1", "2027-01-05"))
    await catalogue.refresh()
    assert not catalogue.ends_soon(MODEL)
    calendar.today += DAY
    assert catalogue.ends_soon(MODEL)
    assert catalogue.ends_soon("claude-unused-1")
    assert not catalogue.ends_soon("claude-nobody-knows-1")


async def test_a_model_comes_into_use_once_a_day(connect: Callable[..., Claude]) -> None:
    calendar = Calendar(dt.date(2027, 3, 1))
    catalogue = connect(today=calendar).catalogue
    seen = []
    for _ in range(2):
        for _ in range(2):
            catalogue.use(MODEL)
            seen.append((catalogue.another_used.is_set(), catalogue.take_used()))
        calendar.today += DAY
    assert seen == [(True, frozenset({MODEL})), (False, frozenset())] * 2


async def test_the_newest_active_model_of_the_same_line_succeeds(server: Server, claude: Claude) -> None:
    server.models["/v1/models"] = listing(
        ending("claude-sonnet-4-5-20250929", "2026-11-30") | {"created_at": "2025-09-29T00:00:00Z"},
        described(id="claude-sonnet-5", created_at="2026-06-30T00:00:00Z"),
        described(id="claude-sonnet-6", created_at="2027-06-30T00:00:00Z", lifecycle="deprecated"),
        described(),
        described(id="claude-opus-7", line="opus", created_at="2027-06-30T00:00:00Z"),
    )
    await claude.catalogue.refresh()
    assert claude.catalogue.successor("claude-sonnet-4-5") == MODEL
    assert claude.catalogue.successor(MODEL) is None  # what is older takes nobody's place
    assert claude.catalogue.successor("nobody-knows") is None


async def test_a_request_for_a_model_that_is_gone_names_what_takes_its_place(request_: Request) -> None:
    async with Simulator() as simulator, _client(simulator.base_url) as claude:
        await claude.catalogue.refresh()
        gone = changed(request_, model="claude-3-5-haiku-20241022", effort=None)
        with pytest.raises(ClaudeModelUnknown) as caught:
            async for _ in claude.stream(gone):
                pass
        assert str(caught.value).startswith("404 not_found_error ")
        assert str(caught.value).endswith(": claude-3-5-haiku-20241022 was retired on 2026-02-19")
        said = error_wording.explain(caught.value)
        assert "claude-3-5-haiku-20241022 is not available" in said
        assert "claude-haiku-5-5 takes its place" in said
        assert "/model set" in said
        assert "claude.model" in said


def _client(base_url: str) -> Claude:
    return Claude(api_key="sk-test", base_url=base_url, first_text_timeout_s=5.0, stall_timeout_s=5.0)
