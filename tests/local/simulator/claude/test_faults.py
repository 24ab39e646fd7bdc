"""Each fault reaches the SDK's user as documented."""

from __future__ import annotations

import asyncio

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message, MessageParam

from bot.local.simulator.claude import Claude, faults
from bot.local.simulator.claude.failures import Failure

SONNET = "claude-sonnet-5-5"
HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]


async def create(sdk: AsyncAnthropic) -> Message:
    return await sdk.messages.create(model=SONNET, max_tokens=1000, messages=HELLO)


async def stream(sdk: AsyncAnthropic, heard: list[str] | None = None) -> Message:
    """Stream a reply; the deltas that arrive before something breaks are in `heard`."""
    async with sdk.messages.stream(model=SONNET, max_tokens=1000, messages=HELLO) as stream:
        async for text in stream.text_stream:
            if heard is not None:
                heard.append(text)
        return await stream.get_final_message()


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


@pytest.mark.parametrize(
    ("fault", "expected", "kind"),
    [
        (faults.rate_limited(7), anthropic.RateLimitError, "rate_limit_error"),
        (faults.rate_limited(), anthropic.RateLimitError, "rate_limit_error"),
        (faults.overloaded(), anthropic.OverloadedError, "overloaded_error"),
        (faults.server_error(), anthropic.InternalServerError, "api_error"),
        (faults.timed_out(), anthropic.GatewayTimeoutError, "timeout_error"),
        (faults.unauthorized(), anthropic.AuthenticationError, "authentication_error"),
        (faults.payment_required(), anthropic.PaymentRequiredError, "billing_error"),
        (faults.forbidden(), anthropic.PermissionDeniedError, "permission_error"),
        (faults.not_found(), anthropic.NotFoundError, "not_found_error"),
        (faults.too_large(), anthropic.ContentTooLargeError, "request_too_large"),
        (faults.bad_request("no such luck"), anthropic.BadRequestError, "invalid_request_error"),
        (faults.usage_limit(), anthropic.BadRequestError, "invalid_request_error"),
    ],
)
@pytest.mark.parametrize("ask", [create, stream])
async def test_an_error_status_is_its_own_exception(
    claude: Claude,
    sdk: AsyncAnthropic,
    fault: Failure,
    expected: type[anthropic.APIStatusError],
    kind: str,
    ask: object,
) -> None:
    claude.faults.add(fault)
    with pytest.raises(expected) as caught:
        await (create(sdk) if ask is create else stream(sdk))
    error = caught.value
    assert (error.status_code, error.type, error.api_message) == (fault.status, kind, fault.message)
    assert error.error_code is None
    assert error.request_id == claude.requests[0].request_id
    assert error.response.headers.get("retry-after") == fault.headers.get("retry-after")


async def test_retry_after_is_sent_in_seconds(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.faults.add(faults.rate_limited(7))
    with pytest.raises(anthropic.RateLimitError) as caught:
        await create(sdk)
    assert caught.value.response.headers["retry-after"] == "7"


async def test_the_spend_limit_is_a_rate_limit_with_a_code_and_no_end(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.faults.add(faults.spend_limit())
    with pytest.raises(anthropic.RateLimitError) as caught:
        await create(sdk)
    assert type(caught.value).__name__ == "EnforcedSpendLimitReachedError"
    assert caught.value.error_code == "enforced_spend_limit_reached"
    assert "retry-after" not in caught.value.response.headers


async def test_a_proxy_answers_in_html(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.faults.add(faults.bad_gateway())
    with pytest.raises(anthropic.InternalServerError) as caught:
        await create(sdk)
    assert (caught.value.status_code, caught.value.type) == (502, None)
    assert "<html>" in str(caught.value.body)


async def test_an_error_event_in_mid_stream_is_a_status_error_of_status_200(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(["one ", "two ", "three"])
    claude.faults.add(faults.error_event(after=2))
    heard: list[str] = []
    with pytest.raises(anthropic.APIStatusError) as caught:
        await stream(sdk, heard)
    assert type(caught.value) is anthropic.APIStatusError
    assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")
    assert heard == ["one ", "two "]


async def test_an_error_event_strikes_an_unstreamed_message_as_a_status(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.faults.add(faults.error_event(after=2))
    with pytest.raises(anthropic.OverloadedError):
        await create(sdk)


@pytest.mark.parametrize("after", [0, 2, 99])
async def test_a_dropped_stream_is_no_error_of_the_sdk(
    claude: Claude, sdk: AsyncAnthropic, after: int
) -> None:
    claude.say(["one ", "two ", "three"])
    claude.faults.add(faults.dropped(after=after))
    heard: list[str] = []
    with pytest.raises(httpx2.RemoteProtocolError):
        await stream(sdk, heard)
    assert heard == ["one ", "two ", "three"][:after]
    assert not claude.requests[0].hung_up


@pytest.mark.parametrize("ask", [create, stream])
async def test_a_connection_dropped_before_the_answer_is_a_connection_error(
    claude: Claude, sdk: AsyncAnthropic, ask: object
) -> None:
    claude.say("still here")
    claude.faults.add(faults.dropped())
    with pytest.raises(anthropic.APIConnectionError):
        await (create(sdk) if ask is create else stream(sdk))
    assert text_of(await create(sdk)) == "still here"


async def test_a_stream_cut_short_ends_without_an_exception(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(["one ", "two ", "three"])
    claude.faults.add(faults.cut_short(after=1))
    message = await stream(sdk)
    assert (text_of(message), message.stop_reason) == ("one ", None)


async def test_a_stall_lasts_until_it_is_released(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(["one ", "two"])
    stall = faults.stall(after=1)
    claude.faults.add(stall)
    heard: list[str] = []
    reading = asyncio.create_task(stream(sdk, heard))
    await claude.until(lambda: heard)
    await asyncio.wait({reading}, timeout=0.2)  # nothing tells that nothing comes
    assert not reading.done()
    assert heard == ["one "]
    stall.release()
    assert text_of(await reading) == "one two"


async def test_a_stall_ends_when_the_caller_leaves(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(["one ", "two"])
    claude.faults.add(faults.stall(after=1))
    with pytest.raises((httpx2.ReadTimeout, anthropic.APITimeoutError)):
        await stream(sdk.with_options(timeout=1.5))
    await claude.until(lambda: claude.requests[0].hung_up)


@pytest.mark.parametrize("after", [None, 0, 1])
async def test_a_stall_of_some_seconds_ends_by_itself(
    claude: Claude, sdk: AsyncAnthropic, after: int | None
) -> None:
    claude.say(["one ", "two"])
    claude.faults.add(faults.stall(after, seconds=0.01))
    assert text_of(await stream(sdk)) == "one two"


async def test_a_stall_before_any_answer_times_out_as_a_connection_error(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    stall = faults.stall()
    claude.faults.add(stall)
    with pytest.raises(anthropic.APITimeoutError):
        await create(sdk.with_options(timeout=1.5))
    await stall.reached()


@pytest.mark.parametrize("ask", [create, stream])
async def test_a_refusal_names_its_category(claude: Claude, sdk: AsyncAnthropic, ask: object) -> None:
    claude.say(["one ", "two ", "three"])
    claude.faults.add(faults.refusal("bio", after=2, explanation="Not this."))
    message = await (create(sdk) if ask is create else stream(sdk))
    assert (message.stop_reason, text_of(message)) == ("refusal", "one two ")
    assert message.stop_details is not None
    assert (message.stop_details.category, message.stop_details.explanation) == ("bio", "Not this.")


@pytest.mark.parametrize(
    ("fault", "reason", "text"),
    [
        (faults.max_tokens(after=2), "max_tokens", "one two "),
        (faults.context_window_exceeded(after=1), "model_context_window_exceeded", "one "),
        (faults.pause_turn(), "pause_turn", "one two three"),
        (faults.stopped("tea_break", after=1), "tea_break", "one "),
        (faults.empty(), "end_turn", ""),
    ],
)
@pytest.mark.parametrize("ask", [create, stream])
async def test_a_reply_ends_as_ordered(
    claude: Claude, sdk: AsyncAnthropic, fault: faults.Ending, reason: str, text: str, ask: object
) -> None:
    claude.say(["one ", "two ", "three"])
    claude.faults.add(fault)
    message = await (create(sdk) if ask is create else stream(sdk))
    assert (message.stop_reason, text_of(message)) == (reason, text)


@pytest.mark.parametrize("fault", [faults.empty(), faults.refusal()])
@pytest.mark.parametrize("ask", [create, stream])
async def test_a_reply_can_have_no_content_at_all(
    claude: Claude, sdk: AsyncAnthropic, fault: faults.Ending, ask: object
) -> None:
    claude.faults.add(fault)
    message = await (create(sdk) if ask is create else stream(sdk))
    assert (message.content, message.stop_reason) == ([], fault.stop_reason)


@pytest.mark.parametrize("fault", [faults.unknown_events(), faults.events_without_data()])
async def test_unknown_events_and_events_without_data_do_no_harm(
    claude: Claude, sdk: AsyncAnthropic, fault: faults.Noise
) -> None:
    claude.say(["one ", "two ", "three"])
    claude.faults.add(fault)
    message = await stream(sdk)
    assert (message.stop_reason, text_of(message)) == ("end_turn", "one two three")


async def test_faults_strike_in_order_and_then_no_more(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say("finally")
    claude.faults.add(faults.overloaded(), faults.server_error())
    with pytest.raises(anthropic.OverloadedError):
        await create(sdk)
    with pytest.raises(anthropic.InternalServerError):
        await create(sdk)
    assert text_of(await create(sdk)) == "finally"


async def test_a_fault_waits_for_the_request_that_it_fits(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.faults.add(faults.overloaded(), when=lambda body: bool(body.get("stream")), times=2)
    await create(sdk)
    for _ in range(2):
        with pytest.raises(anthropic.OverloadedError):
            await stream(sdk)
    await stream(sdk)


async def test_a_wrong_request_is_refused_before_any_fault_strikes(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.faults.add(faults.overloaded())
    with pytest.raises(anthropic.BadRequestError):
        await sdk.messages.create(model=SONNET, max_tokens=10, messages=[])
    with pytest.raises(anthropic.OverloadedError):
        await create(sdk)
