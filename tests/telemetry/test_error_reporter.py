"""Errors are reported to a server of Sentry's protocol, and nothing of what people wrote with them."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog

from bot.config import TelemetrySettings
from bot.config.sentry_dsn import Dsn, read_dsn
from bot.conversation.errors import StartError
from bot.telemetry.error_reporter import QUEUED_MAX, ErrorReporter, sender
from bot.telemetry.logs import configure
from bot.telemetry.push import Pushed
from tests.telemetry.push_server import push_server
from tests.telemetry.stage import CONTENT, SECRET, boom

log = structlog.stdlib.get_logger("bot.test")


class Server:
    """Keeps the events that it is sent."""

    def __init__(self, *results: Pushed) -> None:
        self.events: list[dict[str, Any]] = []
        self._results = list(results)

    def send(self, body: bytes) -> Pushed:
        _, _, event = map(json.loads, body.decode().splitlines())
        self.events.append(event)
        return self._results.pop(0) if self._results else Pushed(200)


@pytest.fixture(autouse=True)
def output() -> io.StringIO:
    stream = io.StringIO()
    configure(TelemetrySettings(log_format="json"), [SECRET], stream)
    return stream


def test_an_error_is_reported_with_its_type_its_place_and_its_ids() -> None:
    server = Server()
    with ErrorReporter(server.send):
        try:
            boom(CONTENT)
        except ValueError:
            log.exception("turn_failed", turn=7, conversation=5, text=CONTENT)
    (event,) = server.events
    assert event["logentry"]["formatted"] == "turn_failed"
    assert (event["level"], event["logger"]) == ("error", "bot.test")
    assert event["tags"] == {"turn": "7", "conversation": "5"}
    (value,) = event["exception"]["values"]
    assert (value["type"], value["module"]) == ("ValueError", "builtins")
    frame = value["stacktrace"]["frames"][-1]
    assert (frame["filename"], frame["function"]) == ("tests/telemetry/stage.py", "boom")
    assert CONTENT not in json.dumps(event)


def test_what_led_to_an_error_is_reported_first() -> None:
    server = Server()
    with ErrorReporter(server.send):
        try:
            try:
                boom(CONTENT)
            except ValueError as error:
                raise RuntimeError(CONTENT) from error
        except RuntimeError:
            log.exception("turn_failed")
    assert [each["type"] for each in server.events[0]["exception"]["values"]] == [
        "ValueError",
        "RuntimeError",
    ]
    assert CONTENT not in json.dumps(server.events)


def test_of_a_library_the_name_alone_is_reported() -> None:
    server = Server()
    with ErrorReporter(server.send):
        logging.getLogger("some.library").error("could not send %s", CONTENT)
    (event,) = server.events
    assert event["logentry"]["formatted"] == "error of some.library"
    assert CONTENT not in json.dumps(event)


def test_warnings_are_not_reported() -> None:
    server = Server()
    with ErrorReporter(server.send):
        log.warning("store_unavailable")
    assert server.events == []


def test_an_error_that_repeats_is_reported_once_a_minute() -> None:
    server, now = Server(), [0.0]
    with ErrorReporter(server.send, clock=lambda: now[0]):
        for now[0] in (0.0, 1.0, 59.0, 60.0):
            log.error("tool_broken", tool="dice")
        log.error("another")
    assert [each["logentry"]["formatted"] for each in server.events] == [
        "tool_broken",
        "tool_broken",
        "another",
    ]


def test_what_ends_the_process_is_reported_but_for_what_the_operator_has_to_do() -> None:
    server = Server()
    with pytest.raises(ValueError, match=CONTENT), ErrorReporter(server.send):
        boom(CONTENT)
    with pytest.raises(StartError), ErrorReporter(server.send):
        raise StartError("set DISCORD_TOKEN", exit_code=80)
    assert [each["logentry"]["formatted"] for each in server.events] == ["unhandled_exception"]
    assert server.events[0]["level"] == "fatal"
    assert CONTENT not in json.dumps(server.events)


def test_a_server_that_wants_no_more_for_now_is_left_alone() -> None:
    server, now = Server(Pushed(429, retry_after="30")), [0.0]
    with ErrorReporter(server.send, clock=lambda: now[0]) as reporter:
        for now[0], name in ((0.0, "one"), (1.0, "two"), (31.0, "three")):
            log.error(name)
            reporter.drained()
    assert [each["logentry"]["formatted"] for each in server.events] == ["one", "three"]


def test_a_server_that_is_away_is_one_line_of_the_log(output: io.StringIO) -> None:
    server = Server(*[Pushed(failure="ClientConnectorError")] * 3)
    with ErrorReporter(server.send):
        for name in ("one", "two", "three", "four"):
            log.error(name)
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    named = [line["event"] for line in lines if line["event"].startswith("error_report")]
    assert named == ["error_report_failed", "error_report_restored"]


def test_a_flood_is_cut_off_and_delays_nobody() -> None:
    server = Server()
    reporter = ErrorReporter(server.send)  # its thread does not run yet
    logging.getLogger().addHandler(reporter)
    for number in range(3 * QUEUED_MAX):
        log.error(str(number))
    with reporter:
        reporter.drained()
    assert len(server.events) == QUEUED_MAX


def test_it_speaks_the_protocol() -> None:
    with push_server() as server:
        dsn = read_dsn(f"http://public@127.0.0.1:{server.port}/sub/42")
        assert dsn is not None
        with ErrorReporter(sender(dsn, private=True)):
            log.error("tool_broken")
        found = server.next()
    assert (found.method, found.path) == ("POST", "/sub/api/42/envelope/")
    assert found.headers["Content-Type"] == "application/x-sentry-envelope"
    assert "sentry_key=public" in found.headers["X-Sentry-Auth"]
    head, item, event = map(json.loads, found.body.decode().splitlines())
    assert (head["event_id"], item) == (event["event_id"], {"type": "event"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://key@o1.ingest.sentry.io/7", Dsn("https://o1.ingest.sentry.io/api/7/envelope/", "key")),
        ("https://key:old@host:9000/a/b/7/", Dsn("https://host:9000/a/b/api/7/envelope/", "key")),
        ("https://host/7", None),
        ("https://key@host", None),
        ("https://key@host/", None),
    ],
)
def test_a_dsn_is_read(text: str, expected: Dsn | None) -> None:
    assert read_dsn(text) == expected
