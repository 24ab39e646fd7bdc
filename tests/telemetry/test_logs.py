import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Exit, TelemetrySettings
from bot.conversation.errors import StartError
from bot.telemetry.logs import HIDDEN, configure
from tests.telemetry.stage import CONTENT, ROOT, SECRET, boom, logged, one

QUOTED = f"the key is {SECRET}!"


@dataclass(frozen=True)
class Message:
    content: str


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_an_event_is_one_json_object_with_its_values() -> None:
    event = one(logged(lambda log: log.info("turn_ended", seconds=1.5, thread=7, ok=True, path=Path("/x"))))
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "turn_ended",
        "level": "info",
        "logger": "bot.test",
        "seconds": 1.5,
        "thread": 7,
        "ok": True,
        "path": "/x",
    }


def test_a_terminal_gets_colours_and_everything_else_json() -> None:
    for stream, coloured in ((Terminal(), True), (io.StringIO(), False)):
        configure(TelemetrySettings(), [], stream)
        structlog.stdlib.get_logger("bot.test").info("started")
        assert ("\x1b[" in stream.getvalue()) is coloured
        assert stream.getvalue().startswith("{") is not coloured


def test_configuring_again_replaces_the_first_log() -> None:
    first = io.StringIO()
    configure(TelemetrySettings(), [], first)
    assert logged(lambda log: log.info("once")).count("once") == 1
    assert first.getvalue() == ""


def test_events_below_the_level_are_left_out_and_libraries_begin_at_warning() -> None:
    def act(log: Any) -> None:
        log.debug("ours_debug")
        log.warning("ours_warning")
        logging.getLogger("discord.http").info("theirs_info")
        logging.getLogger("discord.http").warning("theirs %s", "warning")

    for level, seen in {
        "debug": ["ours_debug", "ours_warning", "theirs warning"],
        "info": ["ours_warning", "theirs warning"],
        "error": [],
    }.items():
        assert [json.loads(line)["event"] for line in logged(act, level).splitlines()] == seen


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "act",
    [
        lambda log: log.info(QUOTED),
        lambda log: log.info("x", key=SECRET, nested={"a": [f"Bearer {SECRET}"]}, **{SECRET: 1}),
        lambda _: logging.getLogger("redis").error("cannot connect to redis://:%s@host", SECRET),
        lambda _: logging.getLogger("aiohttp").error("x", extra={"key": SECRET}),
        lambda log: log.bind(key=SECRET).warning("x"),
        lambda log: log.info("x", error=StartError(SECRET, exit_code=Exit.SETTINGS)),
        lambda log: log.info("x", exc_info=StartError(SECRET, exit_code=Exit.SETTINGS)),
    ],
)
def test_a_secret_never_reaches_the_log(act: Callable[[Any], object], form: str) -> None:
    text = logged(act, form=form)
    assert text
    assert "hunter" not in text


@given(st.text(min_size=4).filter(str.strip), st.sampled_from(["json", "console"]))
def test_no_spelling_of_a_secret_survives_the_renderer(secret: str, form: str) -> None:
    stream = io.StringIO()
    configure(TelemetrySettings.model_validate({"log_format": form}), [secret], stream)
    structlog.stdlib.get_logger("bot.test").info("event", value=f"<<{secret}>>")
    assert f"<<{HIDDEN}>>" in stream.getvalue()


def test_of_two_secrets_the_one_inside_the_other_leaves_nothing_behind() -> None:
    stream = io.StringIO()
    configure(TelemetrySettings(), ["password", "redis://:password@host"], stream)
    structlog.stdlib.get_logger("bot.test").info("x", url="redis://:password@host", other="password")
    assert one(stream.getvalue())["url"] == HIDDEN
    assert one(stream.getvalue())["other"] == HIDDEN


def test_the_token_in_an_address_of_discord_is_struck() -> None:
    def act(log: Any) -> None:
        logging.getLogger("discord.http").warning(
            "We are being rate limited. POST https://discord.com/api/v10/webhooks/123/aW50ZXJ/messages"
        )

    assert f"/webhooks/123/{HIDDEN}/messages" in logged(act)


def test_an_error_is_shown_with_its_place_but_without_its_text() -> None:
    def act(log: Any) -> None:
        try:
            try:
                boom(CONTENT)
            except ValueError as error:
                raise RuntimeError(CONTENT) from error
        except RuntimeError as error:
            error.add_note(CONTENT)
            log.exception("turn_failed")
            logging.getLogger("discord.client").exception("Ignoring exception in %s", "on_message")

    for form in ("json", "console"):
        text = logged(act, form=form)
        assert CONTENT not in text
        assert text.count("in boom") == 2
        assert text.count("ValueError") >= 2
        assert text.count("RuntimeError") >= 2


def test_the_texts_in_a_group_of_errors_are_left_out_too() -> None:
    def act(log: Any) -> None:
        log.error(
            "x", exc_info=ExceptionGroup(CONTENT, [ValueError(CONTENT), ExceptionGroup("b", [KeyError(1)])])
        )

    event = one(logged(act))
    assert CONTENT not in event["exception"]
    assert "ValueError" in event["exception"]
    assert "KeyError" in event["exception"]


def test_an_error_keeps_its_numbers_and_what_speaks_of_the_code_alone() -> None:
    class RefusedError(Exception):
        status = 403
        code = 50013

    def shown(error: BaseException) -> str:
        return str(one(logged(lambda log: log.error("x", exc_info=error)))["exception"]).splitlines()[-1]

    assert shown(RefusedError(CONTENT)).endswith("RefusedError: status=403 code=50013")
    assert shown(OSError(111, CONTENT)) == "ConnectionRefusedError: errno=111"
    assert shown(AttributeError("'NoneType' object has no attribute 'x'")).endswith("has no attribute 'x'")
    assert shown(TypeError(CONTENT)) == "TypeError"


def test_an_object_that_may_hold_a_message_is_shown_by_its_type() -> None:
    text = logged(
        lambda log: log.info("x", message=Message(CONTENT), listed=[Message(CONTENT)], kind=Message)
    )
    assert CONTENT not in text
    assert one(text)["listed"] == ["<Message>"]


def test_a_bug_that_ends_the_bot_is_logged_without_its_text() -> None:
    script = (
        "from bot.telemetry.logs import configure; from bot.config import TelemetrySettings; import sys\n"
        "configure(TelemetrySettings(), []); raise ValueError(sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, CONTENT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert CONTENT not in done.stdout + done.stderr
    event = one(done.stdout)
    assert event["event"] == "unhandled_exception"
    assert event["exception"].endswith("ValueError")
