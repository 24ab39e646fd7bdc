"""What the running bot sends to an operator's services, and that nothing people wrote is among it."""

from __future__ import annotations

import asyncio
import gzip
import queue

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.local.simulator.claude import faults
from tests.e2e.world import World
from tests.telemetry.push_server import push_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "a secret about tulips"


async def test_a_turn_is_exported_as_a_trace_without_a_word_of_what_was_said(world: World) -> None:
    with push_server() as collector:
        async with world.apart(
            {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        ) as own:
            message = await own.ann.post(own.channel(), f"{own.mention} {SECRET}")
            await own.settled(message)
            assert await own.bots[0].stop() == 0
    names: dict[str, dict[str, object]] = {}
    raw = b""
    while not collector.received.empty():
        found = collector.received.get()
        assert found.path == "/v1/traces"
        body = gzip.decompress(found.body) if found.headers.get("Content-Encoding") == "gzip" else found.body
        raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    values = {each.key: each.value for each in span.attributes}
                    names[span.name] = {
                        key: value.string_value or value.int_value for key, value in values.items()
                    }
    assert {"turn", "claim", "prepare", "request", "stream", "commit", "post"} <= set(names)
    assert names["turn"]["bobbin.turn"] == int(message["id"])
    assert names["turn"]["bobbin.outcome"] == "answered"
    assert str(names["stream"]["anthropic.request_id"]).startswith("req_")
    assert SECRET.encode() not in raw


async def test_a_monitor_is_told_while_the_bot_is_well(world: World) -> None:
    with push_server() as monitor:
        settings = {
            "BOT_TELEMETRY__HEARTBEAT_URL": f"{monitor.url}/ping/hidden-word",
            "BOT_TELEMETRY__PRIVATE": "true",
        }
        async with world.apart(settings) as own:
            found = await asyncio.to_thread(monitor.next)
            assert (found.method, found.path) == ("GET", "/ping/hidden-word")
            assert "hidden-word" not in own.bots[0].output


async def test_a_failure_of_the_bot_is_reported_without_a_word_of_what_was_said(world: World) -> None:
    with push_server() as sentry:
        settings = {
            "BOT_TELEMETRY__SENTRY_DSN": f"http://hidden-key@127.0.0.1:{sentry.port}/1",
            "BOT_TELEMETRY__PRIVATE": "true",
        }
        async with world.apart(settings) as own:
            own.claude.faults.add(faults.unauthorized())
            await own.ann.post(own.channel(), f"{own.mention} {SECRET}")
            await own.bots[0].logged("claude_unusable")
            found = await asyncio.to_thread(sentry.next)
            assert found.path == "/api/1/envelope/"
            assert b"claude_unusable" in found.body
            assert "hidden-key" not in own.bots[0].output
            with pytest.raises(queue.Empty):
                sentry.received.get_nowait()
        assert SECRET.encode() not in found.body
