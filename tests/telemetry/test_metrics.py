import urllib.request

import pytest

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.telemetry.metrics import Metrics


def fetch(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    assert isinstance(text, str)
    return text


def test_what_was_counted_and_timed_is_served() -> None:
    metrics = Metrics()
    metrics.messages_received.labels(decision="answer").inc()
    metrics.turns.labels(outcome="done").inc()
    metrics.claude_requests.labels(outcome="ok").inc(2)
    metrics.claude_tokens.labels(kind="output").inc(100)
    metrics.discord_calls.labels(kind="edit", outcome="ok").inc()
    metrics.store_errors.inc()
    metrics.first_text_seconds.observe(0.4)
    metrics.turn_seconds.observe(7)
    with metrics.served("127.0.0.1", 0) as port:
        text = fetch(port)
    for line in (
        'bobbin_messages_received_total{decision="answer"} 1.0',
        'bobbin_turns_total{outcome="done"} 1.0',
        'bobbin_claude_requests_total{outcome="ok"} 2.0',
        'bobbin_claude_tokens_total{kind="output"} 100.0',
        'bobbin_discord_calls_total{kind="edit",outcome="ok"} 1.0',
        "bobbin_store_errors_total 1.0",
        'bobbin_first_text_seconds_bucket{le="0.5"} 1.0',
        'bobbin_turn_seconds_bucket{le="5.0"} 0.0',
    ):
        assert line in text.splitlines()


def test_two_bots_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.store_errors.inc()
    assert first.registry.get_sample_value("bobbin_store_errors_total") == 1
    assert second.registry.get_sample_value("bobbin_store_errors_total") == 0


def test_a_port_in_use_is_refused_in_one_line() -> None:
    with Metrics().served("127.0.0.1", 0) as port, pytest.raises(StartError) as caught:
        Metrics().served("127.0.0.1", port).__enter__()
    assert caught.value.exit_code == Exit.PORT_BUSY
    assert f"127.0.0.1:{port}" in caught.value.line
    with Metrics().served("127.0.0.1", port) as again:  # given back on leaving
        assert again == port
